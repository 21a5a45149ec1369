/* base64url - see base64url.h. */
#include "auth/base64url.h"
#include <sodium.h>

/* libsodium 1.0.18 reads every byte above 127 as '_'. */
static bool is_ascii(const char *text, size_t size)
{
    unsigned char seen = 0;
    for (size_t i = 0; i < size; i++)
        seen |= (unsigned char)text[i];
    return seen < 0x80;
}

bool base64url_decode(const char *text, size_t size, unsigned char *bytes, size_t capacity,
                      size_t *used)
{
    size_t decoded;
    if (!is_ascii(text, size))
        return false;
    /* Without a list of characters to skip and without an end pointer libsodium takes all of the
     * text or nothing, and refuses spare bits. */
    if (sodium_base642bin(bytes, capacity, text, size, NULL, &decoded, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING))
        return false;
    *used = decoded;
    return true;
}

void base64url_encode(const unsigned char *bytes, size_t size, char *text)
{
    sodium_bin2base64(text, BASE64URL_LENGTH(size) + 1, bytes, size,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}
