/* buffer - see buffer.h. */
#include "base/buffer.h"
#include "base/memory.h"
#include "base/secret.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256, KEPT_CAPACITY = 16384 };

void buffer_init(struct buffer *buffer, size_t limit)
{
    *buffer = (struct buffer){ .limit = limit };
}

void buffer_clear(struct buffer *buffer)
{
    secret_wipe(buffer->data, buffer->capacity);
    free(buffer->data);
    buffer_init(buffer, buffer->limit);
}

void buffer_reset(struct buffer *buffer)
{
    if (buffer->capacity > KEPT_CAPACITY) {
        buffer_clear(buffer);
        return;
    }
    secret_wipe(buffer->data, buffer->size);
    buffer->size = 0;
    buffer->overflowed = false;
}

/* Moves to larger memory without leaving a copy of the old bytes behind, as realloc would. */
static void grow(struct buffer *buffer, size_t needed)
{
    size_t capacity = buffer->capacity ? buffer->capacity : FIRST_CAPACITY;
    while (capacity < needed)
        capacity *= 2;
    char *data = memory_new(capacity);
    if (buffer->size)
        memcpy(data, buffer->data, buffer->size);
    secret_wipe(buffer->data, buffer->capacity);
    free(buffer->data);
    buffer->data = data;
    buffer->capacity = capacity;
}

char *buffer_room(struct buffer *buffer, size_t size)
{
    if (size > buffer->limit || buffer->size > buffer->limit - size) {
        buffer->overflowed = true;
        return NULL;
    }
    size_t needed = buffer->size + size + 1;
    if (needed > buffer->capacity)
        grow(buffer, needed);
    return buffer->data + buffer->size;
}

void buffer_extend(struct buffer *buffer, size_t used)
{
    buffer->size += used;
    buffer->data[buffer->size] = '\0';
}

bool buffer_append(struct buffer *buffer, const void *bytes, size_t size)
{
    char *room = buffer_room(buffer, size);
    if (!room)
        return false;
    if (size)
        memcpy(room, bytes, size);
    buffer_extend(buffer, size);
    return true;
}

bool buffer_text(struct buffer *buffer, const char *text)
{
    return buffer_append(buffer, text, strlen(text));
}

bool buffer_format(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        return false;
    char *room = buffer_room(buffer, (size_t)length);
    if (!room)
        return false;
    va_start(arguments, format);
    vsnprintf(room, (size_t)length + 1, format, arguments);
    va_end(arguments);
    buffer_extend(buffer, (size_t)length);
    return true;
}
