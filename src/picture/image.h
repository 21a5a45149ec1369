/* image - a picture decoded, made upright and small, and encoded anew: nothing but its pixels is
 * left. The only place that knows libgd. */
#ifndef PICTURE_IMAGE_H
#define PICTURE_IMAGE_H

#include "base/picture_status.h"
#include "picture/header.h"

/* The bytes that a caller writes; to be freed with image_free. */
struct image {
    void *bytes;
    size_t size;
};

/* At most PICTURE_SIDE_MAX pixels a side: PICTURE_IS_PNG where some of it is transparent, else
 * PICTURE_IS_JPEG; of an animation the first picture. PICTURE_BROKEN where it cannot be decoded. */
enum picture_status image_convert(unsigned char *bytes, size_t size, const struct header *header,
                                  struct image *image);
void image_free(struct image *image);

#endif
