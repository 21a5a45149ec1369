/* utf8 - what is well-formed UTF-8 (RFC 3629 §4). */
#ifndef HTTP_UTF8_H
#define HTTP_UTF8_H

#include <stddef.h>

/* How many bytes (1 to 4) the character takes that `text` begins with; 0 where it is not
 * well-formed: a stray or missing continuation, an overlong form, a surrogate, above U+10FFFF, or
 * `size` is 0. */
size_t utf8_character(const char *text, size_t size);

#endif
