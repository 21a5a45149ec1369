/* header - what the first bytes of a picture say of it: read before anything decodes it, whatever
 * its name is. */
#ifndef PICTURE_HEADER_H
#define PICTURE_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum header_type { HEADER_NONE = 0, HEADER_JPEG, HEADER_PNG, HEADER_WEBP, HEADER_GIF };

struct header {
    enum header_type type;
    uint32_t width, height; /* of what would be decoded; never 0 */
    int orientation;        /* of the Exif of a JPEG, 1 to 8; else 1 */
};

/* By the content of the file: ISO/IEC 10918-1 (JPEG), RFC 2083 (PNG), RFC 9649 (WebP), GIF 87a and
 * 89a. False where it is none of these, or its header is broken; then type alone is set
 * (HEADER_NONE for a file that is none). */
bool header_read(const unsigned char *bytes, size_t size, struct header *header);

#endif
