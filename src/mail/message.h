/* message - a mail as it goes over the wire (RFC 5322, RFC 2045): plain text in UTF-8. */
#ifndef MAIL_MESSAGE_H
#define MAIL_MESSAGE_H

#include "base/buffer.h"
#include "base/secret.h"
#include <stdint.h>

enum { MESSAGE_SIZE_MAX = 128 * 1024 };

struct message {
    const char *from, *to; /* plain (mail_address_is_plain) */
    const char *subject;   /* without control characters */
    int64_t date;          /* seconds since 1970 */
    const char *text;      /* of a template: {code} and {minutes} are filled in, nothing else is */
    const struct secret *code;
    int64_t minutes;
};

/* Writes headers and body, with CRLF at each line's end, into an empty buffer of at least
 * MESSAGE_SIZE_MAX. The body is quoted-printable (RFC 2045 §6.7), so that no server has to change
 * it. Returns false, with nothing in the buffer, where an address is not plain, the subject has a
 * control character, or it does not fit. */
bool message_write(const struct message *message, struct buffer *out);

#endif
