/* access_form - see access_form.h. */
#include "auth/access_form.h"
#include "auth/base64url.h"

/* Decodes the part before `end`. */
static bool decode_part(const char *text, const char *end, unsigned char *bytes, size_t *size)
{
    return end > text && base64url_decode(text, (size_t)(end - text), bytes, ACCESS_PART_MAX, size);
}

/* libjwt skips what is not base64url, and takes an empty key or header as it comes, so the form is
 * judged here before libjwt sees it. A third dot fails as a character of the signature. */
bool access_form_read(const struct secret *token, struct access_form *form)
{
    unsigned char header[ACCESS_PART_MAX];
    size_t header_size, size = secret_size(token);
    if (size > ACCESS_TOKEN_MAX)
        return false;
    const char *text = secret_reveal(token), *end = text + size;
    const char *first = memchr(text, '.', size);
    const char *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;
    if (!second)
        return false;
    form->signed_size = (size_t)(second - text);
    return decode_part(text, first, header, &header_size) &&
           access_claims_read_header(header, header_size, &form->header) &&
           decode_part(first + 1, second, form->payload, &form->payload_size) &&
           decode_part(second + 1, end, form->signature, &form->signature_size);
}
