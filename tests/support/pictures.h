/* pictures - pictures to send, and the forms that they are sent in. All of it lives until
 * pictures_forget. */
#ifndef SUPPORT_PICTURES_H
#define SUPPORT_PICTURES_H

#include "support/http_client.h"
#include <stddef.h>

struct picture {
    const char *bytes;
    size_t size;
};

enum picture_kind { PICTURE_KIND_JPEG, PICTURE_KIND_PNG, PICTURE_KIND_WEBP, PICTURE_KIND_GIF };

/* Red in its left half, blue in its right one. */
struct picture picture_new(enum picture_kind kind, int width, int height);
/* A PNG of noise, that is not compressed: some three bytes a pixel. */
struct picture picture_noise(int width, int height);
/* The JPEG with an Exif segment: turned by a quarter, made where nobody is to know. */
struct picture picture_with_exif(struct picture jpeg);
struct picture picture_joined(const void *first, size_t first_size, const void *second,
                              size_t second_size);
struct picture picture_text(const char *text);

/* Its sides, and the colour of a pixel (0xRRGGBB, with the alpha of libgd before it); -1 where it
 * is no picture of its Content-Type. */
int picture_sides(const struct http_reply *reply, int *width, int *height);
int picture_colour(const struct http_reply *reply, int x, int y);

#define PICTURES_FORM "multipart/form-data; boundary=\"-- a:b --\""
/* A part; name NULL ends the list. */
struct picture_part {
    const char *header; /* of the part, less its empty line: "Content-Disposition: …" */
    struct picture content;
};
/* A body for PICTURES_FORM. */
struct picture picture_form(const struct picture_part *parts, size_t count);
/* The usual one: `name` (NULL: no such part) and the picture. */
struct picture picture_upload(const char *name, struct picture picture);

void pictures_forget(void);

#endif
