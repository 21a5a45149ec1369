/* form - see form.h. */
#include "http/form.h"
#include "base/memory.h"
#include "http/utf8.h"
#include <stdlib.h>
#include <string.h>

struct form {
    struct secret *text; /* all names and values, each with a NUL behind it */
    int count;
    struct {
        const char *name, *value;
    } fields[FORM_FIELDS_MAX];
};

void form_free(struct form *form)
{
    if (!form)
        return;
    secret_free(form->text);
    free(form);
}

static int hexadecimal(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

static bool is_utf8(const char *text, size_t size)
{
    for (size_t length; size > 0; size -= length, text += length) {
        length = utf8_character(text, size);
        if (length == 0)
            return false;
    }
    return true;
}

/* Decodes a name or value in its place, which it never outgrows, and ends it with NUL. */
static bool decode(char *text, size_t size)
{
    size_t used = 0;
    for (size_t at = 0; at < size; at++) {
        int byte = text[at] == '+' ? ' ' : (unsigned char)text[at];
        if (text[at] == '%') {
            int high = at + 2 < size ? hexadecimal(text[at + 1]) : -1;
            int low = at + 2 < size ? hexadecimal(text[at + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            byte = high * 16 + low;
            at += 2;
        }
        if (byte == 0)
            return false;
        text[used++] = (char)byte;
    }
    text[used] = '\0';
    return is_utf8(text, used);
}

static const char *find(const struct form *form, const char *name)
{
    for (int i = 0; i < form->count; i++)
        if (!strcmp(form->fields[i].name, name))
            return form->fields[i].value;
    return NULL;
}

static bool add_field(struct form *form, char *field, size_t size)
{
    char *equals = memchr(field, '=', size);
    size_t name = equals ? (size_t)(equals - field) : size;
    char *value = equals ? equals + 1 : field + size;
    if (!decode(value, (size_t)(field + size - value)) || !decode(field, name))
        return false;
    if (!*field || form->count == FORM_FIELDS_MAX || find(form, field))
        return false;
    form->fields[form->count].name = field;
    form->fields[form->count].value = equals ? value : "";
    form->count++;
    return true;
}

enum error form_parse(const char *bytes, size_t size, struct form **form)
{
    struct form *made = memory_new(sizeof *made);
    made->text = secret_new(bytes, size);
    char *text = (char *)secret_bytes(made->text);
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '&', size - at);
        size_t length = end ? (size_t)(end - (text + at)) : size - at;
        bool is_last_and_empty = end && at + length + 1 == size;
        if (is_last_and_empty || !add_field(made, text + at, length)) {
            form_free(made);
            return ERROR_INVALID_FORM;
        }
        at += length + 1;
    }
    *form = made;
    return ERROR_NONE;
}

const char *form_text(const struct form *form, const char *name)
{
    const char *value = find(form, name);
    return value && *value ? value : NULL;
}

bool form_secret(const struct form *form, const char *name, struct secret **secret,
                 struct field_errors *errors)
{
    const char *value = form_text(form, name);
    *secret = NULL;
    if (!value) {
        field_errors_add(errors, name, "This field is required.");
        return false;
    }
    *secret = secret_new(value, strlen(value));
    return true;
}
