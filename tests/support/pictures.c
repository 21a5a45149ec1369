/* pictures - see pictures.h. */
#include "support/pictures.h"
#include <criterion/criterion.h>
#include <gd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT_MAX = 64 };

static struct {
    char *list[KEPT_MAX];
    int count;
} kept;

static struct picture keep(char *bytes, size_t size)
{
    cr_assert_lt(kept.count, KEPT_MAX);
    kept.list[kept.count++] = bytes;
    return (struct picture){ bytes, size };
}

void pictures_forget(void)
{
    while (kept.count > 0)
        free(kept.list[--kept.count]);
}

static void *encode(gdImage *image, enum picture_kind kind, int *size)
{
    switch (kind) {
    case PICTURE_KIND_PNG:
        return gdImagePngPtr(image, size);
    case PICTURE_KIND_WEBP:
        return gdImageWebpPtr(image, size);
    case PICTURE_KIND_GIF:
        return gdImageGifPtr(image, size);
    case PICTURE_KIND_JPEG:
    default:
        return gdImageJpegPtr(image, size, 90);
    }
}

static struct picture keep_encoded(void *bytes, int size)
{
    cr_assert(bytes && size > 0);
    struct picture picture = picture_joined(bytes, (size_t)size, "", 0);
    gdFree(bytes);
    return picture;
}

struct picture picture_new(enum picture_kind kind, int width, int height)
{
    int size = 0;
    gdImage *image = gdImageCreateTrueColor(width, height);
    gdImageFilledRectangle(image, 0, 0, width / 2 - 1, height - 1, 0xff0000);
    gdImageFilledRectangle(image, width / 2, 0, width - 1, height - 1, 0x0000ff);
    void *bytes = encode(image, kind, &size);
    gdImageDestroy(image);
    return keep_encoded(bytes, size);
}

struct picture picture_noise(int width, int height)
{
    int size = 0;
    unsigned value = 1;
    gdImage *image = gdImageCreateTrueColor(width, height);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            value = value * 1664525 + 1013904223;
            gdImageSetPixel(image, x, y, (int)(value >> 8));
        }
    void *bytes = gdImagePngPtrEx(image, &size, 0);
    gdImageDestroy(image);
    return keep_encoded(bytes, size);
}

struct picture picture_joined(const void *first, size_t first_size, const void *second,
                              size_t second_size)
{
    char *bytes = malloc(first_size + second_size + 1);
    cr_assert_not_null(bytes);
    memcpy(bytes, first, first_size);
    memcpy(bytes + first_size, second, second_size);
    return keep(bytes, first_size + second_size);
}

struct picture picture_text(const char *text)
{
    return picture_joined(text, strlen(text), "", 0);
}

struct picture picture_with_exif(struct picture jpeg)
{
    static const char exif[] = "\xff\xe1\0\x42"
                               "Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"
                               "\0\0\0\0GPSLatitude 52.5200 GPSLongitude";
    struct picture start = picture_joined(jpeg.bytes, 2, exif, sizeof exif - 1);
    return picture_joined(start.bytes, start.size, jpeg.bytes + 2, jpeg.size - 2);
}

static gdImage *decode(const struct http_reply *reply)
{
    const char *type = http_header(reply, "Content-Type");
    if (type && !strcmp(type, "image/jpeg"))
        return gdImageCreateFromJpegPtr((int)reply->size, reply->body);
    if (type && !strcmp(type, "image/png"))
        return gdImageCreateFromPngPtr((int)reply->size, reply->body);
    return NULL;
}

int picture_sides(const struct http_reply *reply, int *width, int *height)
{
    gdImage *image = decode(reply);
    if (!image)
        return -1;
    *width = gdImageSX(image);
    *height = gdImageSY(image);
    gdImageDestroy(image);
    return 0;
}

int picture_colour(const struct http_reply *reply, int x, int y)
{
    gdImage *image = decode(reply);
    if (!image)
        return -1;
    int colour = gdImageGetTrueColorPixel(image, x, y);
    gdImageDestroy(image);
    return colour;
}

struct picture picture_form(const struct picture_part *parts, size_t count)
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bytes, &size);
    fputs("a preamble, which says nothing\r\n", out);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "\r\n---- a:b --\r\n%s\r\n\r\n", parts[i].header);
        fwrite(parts[i].content.bytes, 1, parts[i].content.size, out);
    }
    fputs("\r\n---- a:b ----\r\nan epilogue", out);
    fclose(out);
    return keep(bytes, size);
}

struct picture picture_upload(const char *name, struct picture picture)
{
    const struct picture_part parts[] = {
        { "Content-Disposition: form-data; name=\"profile_pic\"; filename=\"me; \\\"at "
          "home\\\".jpg\";"
          " filename*=UTF-8''me.jpg\r\nContent-Type: application/octet-stream",
          picture },
        { "content-disposition: FORM-DATA;\r\n name=name", picture_text(name ? name : "") },
    };
    return picture_form(parts, name ? 2 : 1);
}
