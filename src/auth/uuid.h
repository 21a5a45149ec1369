/* uuid - the one text of a UUID that we write and take (RFC 9562 §4, in lower case). */
#ifndef AUTH_UUID_H
#define AUTH_UUID_H

#include <stdbool.h>

enum { UUID_BYTES = 16, UUID_SIZE = 37 /* with NUL */ };

/* False for any other text: capital letters, braces, another length. */
bool uuid_parse(const char *text, unsigned char bytes[UUID_BYTES]);
void uuid_format(const unsigned char bytes[UUID_BYTES], char text[UUID_SIZE]);

#endif
