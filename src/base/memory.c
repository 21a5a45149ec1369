/* memory - see memory.h. */
#include "base/memory.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *memory, size_t size)
{
    if (memory)
        return memory;
    fprintf(stderr, "therappai-auth: out of memory for %zu bytes\n", size);
    abort();
}

void *memory_new(size_t size)
{
    return checked(calloc(1, size ? size : 1), size);
}

void *memory_resize(void *memory, size_t size)
{
    return checked(realloc(memory, size ? size : 1), size);
}

char *memory_text(const char *text)
{
    return text ? memory_text_of(text, strlen(text)) : NULL;
}

char *memory_text_of(const char *text, size_t size)
{
    char *copy = memory_new(size + 1);
    memcpy(copy, text, size);
    return copy;
}
