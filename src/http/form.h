/* form - request bodies as application/x-www-form-urlencoded (URL Standard §5.1), read strictly. */
#ifndef HTTP_FORM_H
#define HTTP_FORM_H

#include "base/error.h"
#include "base/secret.h"
#include "http/json.h"
#include <stdbool.h>
#include <stddef.h>

enum { FORM_FIELDS_MAX = 16 };

struct form;

/* `name=value` pairs in UTF-8; none at all is a form too. To be freed with form_free. Errors:
 * ERROR_INVALID_FORM: a field without a name, a broken escape, NUL, no UTF-8, more than
 * FORM_FIELDS_MAX fields, or a name twice (RFC 6749 §3.2 forbids it, and two readers might differ
 * on which of them counts). */
enum error form_parse(const char *bytes, size_t size, struct form **form);
/* Wipes and frees. NULL-safe. */
void form_free(struct form *form);

/* The value, owned by the form; NULL where it is missing or empty, which is the same (RFC 6749
 * §3.2). */
const char *form_text(const struct form *form, const char *name);
/* A required value as a secret, to be freed with secret_free. Where there is none, adds to `errors`
 * and returns false. */
bool form_secret(const struct form *form, const char *name, struct secret **secret,
                 struct field_errors *errors);

#endif
