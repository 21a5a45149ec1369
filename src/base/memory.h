/* memory - allocation that ends the process, with a message, when there is no memory left. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

/* All of these return memory for the caller to free(), never NULL. Sizes that a client chooses are
 * bounded before. */
void *memory_new(size_t size);                       /* zeroed */
void *memory_resize(void *memory, size_t size);      /* as realloc */
char *memory_text(const char *text);                 /* a copy; NULL stays NULL */
char *memory_text_of(const char *text, size_t size); /* a copy of size bytes with NUL added */

#endif
