/* base64url - RFC 4648 §5 without padding, read strictly: there is one text for every string of
 * bytes, so that nothing that was signed can be written in a second way. */
#ifndef AUTH_BASE64URL_H
#define AUTH_BASE64URL_H

#include <stdbool.h>
#include <stddef.h>

/* Characters that `size` bytes become, without NUL. */
#define BASE64URL_LENGTH(size) (((size)*4 + 2) / 3)

/* Decodes into bytes (capacity of them) and sets *used. False for any character outside the
 * alphabet ('=', '+', '/', white space, NUL), spare bits that are not zero, an impossible length,
 * or too little capacity; then bytes hold nothing of use. */
bool base64url_decode(const char *text, size_t size, unsigned char *bytes, size_t capacity,
                      size_t *used);
/* Writes BASE64URL_LENGTH(size) characters and NUL. */
void base64url_encode(const unsigned char *bytes, size_t size, char *text);

#endif
