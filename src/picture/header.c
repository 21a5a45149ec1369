/* header - see header.h. */
#include "picture/header.h"
#include <string.h>

struct span {
    const unsigned char *at;
    size_t size;
};

/* A number of `count` bytes, or 0 where the span ends before. */
static uint32_t number(struct span span, size_t offset, size_t count, bool big_endian)
{
    uint32_t value = 0;
    if (offset > span.size || count > span.size - offset)
        return 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | span.at[offset + (big_endian ? i : count - 1 - i)];
    return value;
}

static uint32_t big(struct span span, size_t offset, size_t count)
{
    return number(span, offset, count, true);
}

static uint32_t little(struct span span, size_t offset, size_t count)
{
    return number(span, offset, count, false);
}

static bool has(struct span span, size_t offset, const char *text, size_t size)
{
    return offset <= span.size && size <= span.size - offset &&
           memcmp(span.at + offset, text, size) == 0;
}

/* JPEG ------------------------------------------------------------------------------------------*/

/* Exif 2.3 §4.6: TIFF, whose first directory holds the tag Orientation. What is not understood is
 * upright. */
static int exif_orientation(struct span tiff)
{
    enum { ORIENTATION = 0x0112, ENTRY_SIZE = 12, SHORT = 3 };
    bool big_endian = has(tiff, 0, "MM", 2);
    if (!big_endian && !has(tiff, 0, "II", 2))
        return 1;
    size_t directory = number(tiff, 4, 4, big_endian);
    uint32_t count = number(tiff, directory, 2, big_endian);
    for (uint32_t i = 0; i < count; i++) {
        size_t entry = directory + 2 + (size_t)i * ENTRY_SIZE;
        if (number(tiff, entry, 2, big_endian) != ORIENTATION ||
            number(tiff, entry + 2, 2, big_endian) != SHORT)
            continue;
        uint32_t value = number(tiff, entry + 8, 2, big_endian);
        return value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}

/* The next segment, from its marker on, without what entropy coding follows. False at anything
 * else. */
static bool next_segment(struct span file, size_t *offset, unsigned *marker, struct span *segment)
{
    enum { STANDALONE = 0x01, FIRST_RESTART = 0xd0, END = 0xd9 };
    if (big(file, *offset, 1) != 0xff)
        return false;
    while (big(file, *offset, 1) == 0xff) /* fill bytes */
        ++*offset;
    *marker = big(file, *offset, 1);
    ++*offset;
    if (*marker == 0 || *marker == STANDALONE || (*marker >= FIRST_RESTART && *marker <= END))
        return false;
    size_t length = big(file, *offset, 2);
    if (length < 2 || length > file.size - *offset)
        return false;
    *segment = (struct span){ file.at + *offset + 2, length - 2 };
    *offset += length;
    return true;
}

/* SOF0 to SOF15, less the three markers of that range that are none. */
static bool is_frame(unsigned marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

static bool read_jpeg(struct span file, struct header *header)
{
    enum { SCAN = 0xda, APP1 = 0xe1, EXIF_SIZE = 6 };
    size_t offset = 2;
    unsigned marker;
    struct span segment;
    while (next_segment(file, &offset, &marker, &segment) && marker != SCAN) {
        if (marker == APP1 && has(segment, 0, "Exif\0\0", EXIF_SIZE))
            header->orientation =
                exif_orientation((struct span){ segment.at + EXIF_SIZE, segment.size - EXIF_SIZE });
        if (is_frame(marker) && header->height == 0) {
            header->height = big(segment, 1, 2);
            header->width = big(segment, 3, 2);
            return true;
        }
    }
    return false;
}

/* The others ------------------------------------------------------------------------------------*/

static bool read_png(struct span file, struct header *header)
{
    header->width = big(file, 16, 4);
    header->height = big(file, 20, 4);
    return has(file, 8, "\0\0\0\rIHDR", 8);
}

static bool read_gif(struct span file, struct header *header)
{
    header->width = little(file, 6, 2);
    header->height = little(file, 8, 2);
    return true;
}

/* The first chunk says it: lossy, lossless, or extended. */
static bool read_webp(struct span file, struct header *header)
{
    enum { SIDE = 0x3fff /* 14 bits */ };
    if (has(file, 12, "VP8 ", 4) && has(file, 23, "\x9d\x01\x2a", 3)) {
        header->width = little(file, 26, 2) & SIDE;
        header->height = little(file, 28, 2) & SIDE;
        return true;
    }
    if (has(file, 12, "VP8L", 4) && has(file, 20, "\x2f", 1) && file.size >= 25) {
        uint32_t sides = little(file, 21, 4);
        header->width = (sides & SIDE) + 1;
        header->height = (sides >> 14 & SIDE) + 1;
        return true;
    }
    if (has(file, 12, "VP8X", 4) && file.size >= 30) {
        header->width = little(file, 24, 3) + 1;
        header->height = little(file, 27, 3) + 1;
        return true;
    }
    return false;
}

static const struct {
    enum header_type type;
    size_t offset;
    const char *mark;
    size_t size;
    bool (*read)(struct span file, struct header *header);
} types[] = {
    { HEADER_JPEG, 0, "\xff\xd8\xff", 3, read_jpeg },
    { HEADER_PNG, 0, "\x89PNG\r\n\x1a\n", 8, read_png },
    { HEADER_WEBP, 8, "WEBP", 4, read_webp },
    { HEADER_GIF, 0, "GIF87a", 6, read_gif },
    { HEADER_GIF, 0, "GIF89a", 6, read_gif },
};

bool header_read(const unsigned char *bytes, size_t size, struct header *header)
{
    struct span file = { bytes, size };
    *header = (struct header){ .orientation = 1 };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (!has(file, types[i].offset, types[i].mark, types[i].size))
            continue;
        if (types[i].type == HEADER_WEBP && !has(file, 0, "RIFF", 4))
            continue;
        header->type = types[i].type;
        return types[i].read(file, header) && header->width > 0 && header->height > 0;
    }
    return false;
}
