/* image - see image.h. */
#include "picture/image.h"
#include <gd.h>
#include <limits.h>
#include <stdarg.h>

enum { JPEG_QUALITY = 85, PNG_LEVEL = 9 };

/* What libgd complains of is the client's, and no line of ours. */
static void say_nothing(int priority, const char *format, va_list values)
{
    (void)priority;
    (void)format;
    (void)values;
}

static gdImage *decode(void *data, size_t size, enum header_type type)
{
    int count = (int)size;
    if (size > INT_MAX)
        return NULL;
    switch (type) {
    case HEADER_JPEG:
        return gdImageCreateFromJpegPtr(count, data);
    case HEADER_PNG:
        return gdImageCreateFromPngPtr(count, data);
    case HEADER_WEBP:
        return gdImageCreateFromWebpPtr(count, data);
    case HEADER_GIF:
        return gdImageCreateFromGifPtr(count, data);
    case HEADER_NONE:
    default:
        return NULL;
    }
}

static gdImage *new_image(int width, int height)
{
    gdImage *image = gdImageCreateTrueColor(width, height);
    if (image) {
        gdImageAlphaBlending(image, 0);
        gdImageSaveAlpha(image, 1);
    }
    return image;
}

/* One side where the longer one becomes PICTURE_SIDE_MAX; never 0, never larger than it was. */
static int scaled(int side, int longer)
{
    if (longer <= PICTURE_SIDE_MAX)
        return side;
    int64_t small = ((int64_t)side * PICTURE_SIDE_MAX + longer / 2) / longer;
    return small > 0 ? (int)small : 1;
}

static gdImage *shrink(gdImage *from)
{
    int width = gdImageSX(from), height = gdImageSY(from);
    int longer = width > height ? width : height;
    gdImage *to = new_image(scaled(width, longer), scaled(height, longer));
    if (to)
        gdImageCopyResampled(to, from, 0, 0, 0, 0, gdImageSX(to), gdImageSY(to), width, height);
    return to;
}

/* Exif 2.3 §4.6.4: where the pixel at (x, y) of the upright picture stands in the stored one:
 * sides swapped first, then mirrored. */
static const struct {
    bool swapped, mirrored_x, mirrored_y;
} orientations[] = {
    [1] = { false, false, false }, [2] = { false, true, false }, [3] = { false, true, true },
    [4] = { false, false, true },  [5] = { true, false, false }, [6] = { true, false, true },
    [7] = { true, true, true },    [8] = { true, true, false },
};

static gdImage *turn_upright(gdImage *from, int orientation)
{
    bool swapped = orientations[orientation].swapped;
    int last_x = gdImageSX(from) - 1, last_y = gdImageSY(from) - 1;
    gdImage *to = swapped ? new_image(last_y + 1, last_x + 1) : new_image(last_x + 1, last_y + 1);
    if (!to)
        return NULL;
    for (int y = 0; y < gdImageSY(to); y++) {
        for (int x = 0; x < gdImageSX(to); x++) {
            int from_x = swapped ? y : x, from_y = swapped ? x : y;
            if (orientations[orientation].mirrored_x)
                from_x = last_x - from_x;
            if (orientations[orientation].mirrored_y)
                from_y = last_y - from_y;
            gdImageSetPixel(to, x, y, gdImageGetTrueColorPixel(from, from_x, from_y));
        }
    }
    return to;
}

static bool is_transparent(gdImage *image)
{
    for (int y = 0; y < gdImageSY(image); y++)
        for (int x = 0; x < gdImageSX(image); x++)
            if (gdTrueColorGetAlpha(gdImageTrueColorPixel(image, x, y)) != gdAlphaOpaque)
                return true;
    return false;
}

static enum picture_status encode(gdImage *from, struct image *image)
{
    int size = 0;
    bool transparent = is_transparent(from);
    image->bytes = transparent ? gdImagePngPtrEx(from, &size, PNG_LEVEL)
                               : gdImageJpegPtr(from, &size, JPEG_QUALITY);
    if (!image->bytes || size <= 0)
        return PICTURE_BROKEN;
    image->size = (size_t)size;
    return transparent ? PICTURE_IS_PNG : PICTURE_IS_JPEG;
}

enum picture_status image_convert(unsigned char *bytes, size_t size, const struct header *header,
                                  struct image *image)
{
    gdImage *small = NULL, *upright = NULL;
    enum picture_status status = PICTURE_BROKEN;
    gdSetErrorMethod(say_nothing);
    gdImage *whole = decode(bytes, size, header->type);
    if (whole)
        small = shrink(whole);
    if (small)
        upright = turn_upright(small, header->orientation);
    if (upright)
        status = encode(upright, image);
    if (whole)
        gdImageDestroy(whole);
    if (small)
        gdImageDestroy(small);
    if (upright)
        gdImageDestroy(upright);
    return status;
}

void image_free(struct image *image)
{
    gdFree(image->bytes);
    *image = (struct image){ 0 };
}
