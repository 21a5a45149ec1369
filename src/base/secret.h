/* secret - memory that wipes itself when freed and that no log function accepts.
 * Passwords, tokens and keys travel as `struct secret *`; the type keeps them out of every `const
 * char *`. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

struct secret;

/* To be called once, before anything else of this program: makes the cryptographic library ready.
 * Returns false where it refuses. */
bool secret_start(void);

/* A copy of size bytes (or size zero bytes), with a NUL behind them. To be freed with secret_free.
 */
struct secret *secret_new(const void *bytes, size_t size);
struct secret *secret_new_empty(size_t size);
/* Wipes and frees. NULL-safe. */
void secret_free(struct secret *secret);

/* The bytes, NUL-terminated, owned by the secret. Whoever calls this answers for where they go. */
const char *secret_reveal(const struct secret *secret);
unsigned char *secret_bytes(struct secret *secret);
size_t secret_size(const struct secret *secret);

/* Whether both hold the same bytes, in time that depends on the sizes alone. */
bool secret_equal(const struct secret *a, const struct secret *b);

/* Overwrites size bytes in a way that the compiler may not leave out. */
void secret_wipe(void *memory, size_t size);

#endif
