/* email - the form of an email address and the key under which accounts are found. */
#ifndef AUTH_EMAIL_H
#define AUTH_EMAIL_H

#include <stdbool.h>
#include <stddef.h>

enum { EMAIL_MAX = 254 /* bytes, RFC 5321 §4.5.3.1.3 */, EMAIL_KEY_SIZE = 1024 };

/* Checks `email` (size bytes; trimmed of nothing): valid UTF-8, 3 to 254 bytes, one '@' with
 * something before and a domain with a dot or `localhost` behind, no space, control or format
 * character (nobody sees them) or other '@'. Returns NULL, or a sentence for the client. */
const char *email_flaw(const char *email, size_t size);
/* The key of an email without a flaw: NFC and case folded, so that letters' case makes no second
 * account. Writes it, NUL-terminated, and returns true; false where it is no UTF-8 or does not fit
 * (then there can be no such account). */
bool email_key(const char *email, size_t size, char key[EMAIL_KEY_SIZE]);

#endif
