/* picture_header - what is read of a picture before anything decodes it. */
#include "picture/header.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define BYTES(of) of, sizeof(of) - 1

#define PNG_OF(sides)        "\x89PNG\r\n\x1a\n\0\0\0\rIHDR" sides
#define WEBP_OF(chunk)       "RIFF\x40\0\0\0WEBP" chunk
#define FRAME(marker, sides) "\xff" marker "\0\x0b\x08" sides "\x01\x11\0\0"
#define EXIF(tiff)                                                                                 \
    "\xff\xe1\0\x22"                                                                               \
    "Exif\0\0" tiff

/* One entry: the orientation. */
#define BIG_TIFF(value)    "MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0" value "\0\0\0\0\0\0"
#define LITTLE_TIFF(value) "II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0" value "\0\0\0\0\0\0\0"

static const struct {
    const char *what;
    const char *bytes;
    size_t size;
    struct header header;
} good[] = {
    { "PNG", BYTES(PNG_OF("\0\0\x02\x01\0\0\x01\x03")), { HEADER_PNG, 513, 259, 1 } },
    { "a large PNG",
      BYTES(PNG_OF("\xff\xff\xff\xff\x7f\xff\xff\xff")),
      { HEADER_PNG, 4294967295U, 2147483647U, 1 } },
    { "GIF 87a", BYTES("GIF87a\x02\x01\x03\x02"), { HEADER_GIF, 258, 515, 1 } },
    { "GIF 89a", BYTES("GIF89a\x02\x01\x03\x02"), { HEADER_GIF, 258, 515, 1 } },
    { "WebP, lossy",
      BYTES(WEBP_OF("VP8 \x20\0\0\0\0\0\0\x9d\x01\x2a\x02\x41\x03\x82")),
      { HEADER_WEBP, 258, 515, 1 } },
    { "WebP, lossless",
      BYTES(WEBP_OF("VP8L\x20\0\0\0\x2f\x01\xc1\x80\x10")),
      { HEADER_WEBP, 258, 516, 1 } },
    { "WebP, extended",
      BYTES(WEBP_OF("VP8X\x0a\0\0\0\0\0\0\0\x01\x01\0\x02\x02\0")),
      { HEADER_WEBP, 258, 515, 1 } },
    { "JPEG", BYTES("\xff\xd8" FRAME("\xc0", "\x02\x03\x01\x02")), { HEADER_JPEG, 258, 515, 1 } },
    { "JPEG, progressive",
      BYTES("\xff\xd8" FRAME("\xc2", "\x02\x03\x01\x02")),
      { HEADER_JPEG, 258, 515, 1 } },
    { "JPEG with fill bytes and tables",
      BYTES("\xff\xd8\xff\xff\xff\xdb\0\x03\0\xff\xc4\0\x02" FRAME("\xc1", "\x02\x03\x01\x02")),
      { HEADER_JPEG, 258, 515, 1 } },
    { "a marker within a segment",
      BYTES("\xff\xd8\xff\xfe\0\x11" FRAME("\xc0", "\0\1\0\1") "\0\0" FRAME("\xc0",
                                                                            "\x02\x03\x01\x02")),
      { HEADER_JPEG, 258, 515, 1 } },
    { "JPEG, turned",
      BYTES("\xff\xd8" EXIF(BIG_TIFF("\x06")) FRAME("\xc0", "\0\2\0\1")),
      { HEADER_JPEG, 1, 2, 6 } },
    { "JPEG, turned, the other way",
      BYTES("\xff\xd8" EXIF(LITTLE_TIFF("\x08")) FRAME("\xc0", "\0\2\0\1")),
      { HEADER_JPEG, 1, 2, 8 } },
    { "an orientation that there is not",
      BYTES("\xff\xd8" EXIF(BIG_TIFF("\x09")) FRAME("\xc0", "\0\2\0\1")),
      { HEADER_JPEG, 1, 2, 1 } },
    { "an orientation of 0",
      BYTES("\xff\xd8" EXIF(BIG_TIFF("\0")) FRAME("\xc0", "\0\2\0\1")),
      { HEADER_JPEG, 1, 2, 1 } },
};

/* On the heap, so that a byte read past the end is seen. */
static bool read_copy(const char *bytes, size_t size, struct header *header)
{
    unsigned char *copy = malloc(size ? size : 1);
    memcpy(copy, bytes, size);
    bool result = header_read(copy, size, header);
    free(copy);
    return result;
}

Test(picture_header, says_type_sides_and_orientation)
{
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct header header;
        cr_assert(read_copy(good[i].bytes, good[i].size, &header), "%s", good[i].what);
        cr_assert_eq(header.type, good[i].header.type, "%s", good[i].what);
        cr_assert_eq(header.width, good[i].header.width, "%s: %u", good[i].what, header.width);
        cr_assert_eq(header.height, good[i].header.height, "%s: %u", good[i].what, header.height);
        cr_assert_eq(header.orientation, good[i].header.orientation, "%s: %d", good[i].what,
                     header.orientation);
    }
}

/* The last bytes of a frame say nothing of its sides, but its length counts them. */
Test(picture_header, that_is_cut_is_none)
{
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        for (size_t size = 0; size < good[i].size; size++) {
            struct header header;
            cr_assert_not(read_copy(good[i].bytes, size, &header), "%s, %zu bytes", good[i].what,
                          size);
        }
}

Test(picture_header, that_breaks_its_format_is_none)
{
    static const struct {
        const char *what, *bytes;
        size_t size;
        enum header_type type;
    } cases[] = {
        { "nothing", BYTES(""), HEADER_NONE },
        { "a text", BYTES("hello, world; this is no picture"), HEADER_NONE },
        { "SVG", BYTES("<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), HEADER_NONE },
        { "BMP", BYTES("BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x02\0\0\0\x02\0\0\0"),
          HEADER_NONE },
        { "a ZIP", BYTES("PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), HEADER_NONE },
        { "another RIFF", BYTES("RIFF\x40\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\0\0\0\0\0\0"),
          HEADER_NONE },
        { "WEBP in something else", BYTES("XXXX\x40\0\0\0WEBPVP8L\x20\0\0\0\x2f\x01\xc1\x80\x10"),
          HEADER_NONE },
        { "behind a byte", BYTES(" \x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1"), HEADER_NONE },
        { "PNG without a width", BYTES(PNG_OF("\0\0\0\0\0\0\0\1")), HEADER_PNG },
        { "PNG without a height", BYTES(PNG_OF("\0\0\0\1\0\0\0\0")), HEADER_PNG },
        { "PNG that begins with another chunk",
          BYTES("\x89PNG\r\n\x1a\n\0\0\0\rtEXt\0\0\0\1\0\0\0\1"), HEADER_PNG },
        { "GIF without a height", BYTES("GIF89a\1\0\0\0"), HEADER_GIF },
        { "WebP without its mark",
          BYTES(WEBP_OF("VP8 \x20\0\0\0\0\0\0\x9d\x01\x2b\x02\x41\x03\x82")), HEADER_WEBP },
        { "WebP of an unknown kind",
          BYTES(WEBP_OF("VP9 \x20\0\0\0\0\0\0\x9d\x01\x2a\x02\x41\x03\x82")), HEADER_WEBP },
        { "JPEG without a frame", BYTES("\xff\xd8\xff\xd9"), HEADER_JPEG },
        { "JPEG whose scan comes first", BYTES("\xff\xd8\xff\xda\0\x02" FRAME("\xc0", "\0\1\0\1")),
          HEADER_JPEG },
        { "JPEG with a height of 0", BYTES("\xff\xd8" FRAME("\xc0", "\0\0\0\1")), HEADER_JPEG },
        { "a segment of no length", BYTES("\xff\xd8\xff\xe0\0\0" FRAME("\xc0", "\0\1\0\1")),
          HEADER_JPEG },
        { "something between segments", BYTES("\xff\xd8\xff\xe0\0\x02x" FRAME("\xc0", "\0\1\0\1")),
          HEADER_JPEG },
        { "a table for a frame", BYTES("\xff\xd8" FRAME("\xc4", "\0\1\0\1")), HEADER_JPEG },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct header header;
        cr_assert_not(read_copy(cases[i].bytes, cases[i].size, &header), "%s", cases[i].what);
        cr_assert_eq(header.type, cases[i].type, "%s", cases[i].what);
    }
}

/* Directories that point anywhere, and that go on for ever. */
Test(picture_header, of_a_broken_exif_is_upright)
{
    static const struct {
        const char *what, *tiff;
        size_t size;
    } cases[] = {
        { "empty", BYTES("") },
        { "no byte order", BYTES("XX\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0") },
        { "a directory far away",
          BYTES("MM\0\x2a\xff\xff\xff\xff\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0") },
        { "a directory that is cut",
          BYTES("MM\0\x2a\0\0\0\x08\xff\xff\x01\x10\0\x03\0\0\0\x01\0\x06\0\0") },
        { "another type", BYTES("MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x04\0\0\0\x01\0\x06\0\0") },
        { "an entry that is cut", BYTES("MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01") },
    };
    static const char frame[] = FRAME("\xc0", "\0\2\0\1");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char bytes[128] = "\xff\xd8\xff\xe1\0\0Exif\0";
        size_t size = 12;
        bytes[5] = (char)(8 + cases[i].size);
        memcpy(bytes + size, cases[i].tiff, cases[i].size);
        size += cases[i].size;
        memcpy(bytes + size, frame, sizeof frame - 1);
        size += sizeof frame - 1;
        struct header header;
        cr_assert(read_copy(bytes, size, &header), "%s", cases[i].what);
        cr_assert_eq(header.orientation, 1, "%s", cases[i].what);
    }
}
