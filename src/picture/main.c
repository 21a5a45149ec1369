/* therappai-auth-picture - takes a picture from anybody on standard input, and writes it small,
 * upright and without anything but its pixels to standard output. A program of its own, so that a
 * flaw of a decoder meets no key, no connection and no file. Exits with an enum picture_status. */
#include "base/picture_status.h"
#include "picture/header.h"
#include "picture/image.h"
#include "picture/sandbox.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { INPUT_MAX = 64 << 20, STEP = 1 << 20 };

struct input {
    unsigned char *bytes;
    size_t size;
};

/* Up to the end of standard input; one byte more than INPUT_MAX is too much. */
static bool read_input(struct input *input)
{
    for (;;) {
        if (input->size > INPUT_MAX)
            return false;
        unsigned char *larger = realloc(input->bytes, input->size + STEP);
        if (!larger)
            return false;
        input->bytes = larger;
        ssize_t count = read(STDIN_FILENO, input->bytes + input->size, STEP);
        if (count < 0 && errno != EINTR)
            return false;
        if (count == 0)
            return true;
        input->size += count > 0 ? (size_t)count : 0;
    }
}

static bool write_output(const struct image *image)
{
    const char *bytes = image->bytes;
    for (size_t done = 0; done < image->size;) {
        ssize_t count = write(STDOUT_FILENO, bytes + done, image->size - done);
        if (count < 0 && errno != EINTR)
            return false;
        done += count > 0 ? (size_t)count : 0;
    }
    return true;
}

static enum picture_status convert(const struct input *input)
{
    struct header header;
    struct image image = { 0 };
    if (!header_read(input->bytes, input->size, &header))
        return header.type == HEADER_NONE ? PICTURE_UNKNOWN : PICTURE_BROKEN;
    if ((uint64_t)header.width * header.height > PICTURE_PIXELS_MAX)
        return PICTURE_TOO_LARGE;
    enum picture_status status = image_convert(input->bytes, input->size, &header, &image);
    if (status != PICTURE_BROKEN && !write_output(&image))
        status = PICTURE_NOT_WRITTEN;
    image_free(&image);
    return status;
}

/* Nothing that runs at a usual exit is needed, and little of it is allowed. */
int main(void)
{
    struct input input = { 0 };
    if (!sandbox_enter())
        _exit(PICTURE_NO_SANDBOX);
    enum picture_status status = read_input(&input) ? convert(&input) : PICTURE_NOT_READ;
    free(input.bytes);
    _exit((int)status);
}
