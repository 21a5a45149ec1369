/* buffer - bytes that grow up to a limit. Always NUL-terminated behind `size`. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
    char *data;      /* NULL until the first byte */
    size_t size;     /* bytes in use */
    size_t capacity; /* bytes allocated */
    size_t limit;    /* most bytes that may be in use */
    bool overflowed; /* an append did not fit; nothing of it was taken */
};

void buffer_init(struct buffer *buffer, size_t limit);
/* Wipes and frees the bytes; the buffer can be used again. */
void buffer_clear(struct buffer *buffer);
/* Wipes the bytes and forgets them, keeping the memory (up to some KiB) for the next use. */
void buffer_reset(struct buffer *buffer);

/* Each returns false, and sets overflowed, when the limit would be passed. */
bool buffer_append(struct buffer *buffer, const void *bytes, size_t size);
bool buffer_text(struct buffer *buffer, const char *text);
bool buffer_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Room for size more bytes behind the end, or NULL past the limit; buffer_extend then takes `used`
 * of them. */
char *buffer_room(struct buffer *buffer, size_t size);
void buffer_extend(struct buffer *buffer, size_t used);

#endif
