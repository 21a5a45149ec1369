/* option_value - see option_value.h. */
#include "base/option_value.h"
#include "base/memory.h"
#include "base/secret.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct unit {
    const char *suffix;
    int64_t factor;
};

/* Per kind, the largest first; "" is what a number without a suffix means. */
static const struct unit none[] = { { "", 1 }, { NULL, 0 } };
static const struct unit seconds[] = { { "d", 86400 }, { "h", 3600 }, { "m", 60 },
                                       { "s", 1 },     { "", 1 },     { NULL, 0 } };
static const struct unit milliseconds[] = { { "h", 3600000 }, { "m", 60000 }, { "s", 1000 },
                                            { "ms", 1 },      { "", 1000 },   { NULL, 0 } };
static const struct unit bytes[] = {
    { "G", 1 << 30 }, { "M", 1 << 20 }, { "k", 1 << 10 }, { "", 1 }, { NULL, 0 }
};
static const struct unit kibibytes[] = {
    { "G", 1 << 20 }, { "M", 1 << 10 }, { "k", 1 }, { NULL, 0 }
};

static const struct unit *units_of(enum option_kind kind)
{
    static const struct unit *const table[] = {
        [OPTION_INTEGER] = none,    [OPTION_OCTAL] = none,
        [OPTION_SECONDS] = seconds, [OPTION_MILLISECONDS] = milliseconds,
        [OPTION_BYTES] = bytes,     [OPTION_KIBIBYTES] = kibibytes,
    };
    return table[kind];
}

bool option_value_is_text(const struct option *option)
{
    return option->kind == OPTION_TEXT || option->kind == OPTION_CONNECTION;
}

char **option_value_text(struct config *config, const struct option *option)
{
    return (char **)(void *)((char *)config + option->offset);
}

void option_value_clear(struct config *config, const struct option *option)
{
    char **member = option_value_text(config, option);
    if (*member)
        secret_wipe(*member, strlen(*member));
    free(*member);
    *member = NULL;
}

static int64_t number_of(const struct config *config, const struct option *option)
{
    return *(const int64_t *)(const void *)((const char *)config + option->offset);
}

static const char *text_of(const struct config *config, const struct option *option)
{
    return *(char *const *)(const void *)((const char *)config + option->offset);
}

static const struct unit *find_unit(const struct unit *unit, const char *suffix)
{
    while (unit->suffix && strcasecmp(unit->suffix, suffix))
        unit++;
    return unit->suffix ? unit : NULL;
}

/* Digits and a unit, within the bounds. */
static bool parse_number(const struct option *option, const char *text, int64_t *number)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    long long value = strtoll(text, &end, option->kind == OPTION_OCTAL ? 8 : 10);
    const struct unit *unit = find_unit(units_of(option->kind), end);
    if (errno || !unit || __builtin_mul_overflow(value, unit->factor, &value))
        return false;
    if (value < option->least || value > option->most)
        return false;
    *number = value;
    return true;
}

static bool parse_choice(const struct option *option, const char *text, int64_t *number)
{
    for (const struct option_choice *choice = option->choices; choice->name; choice++) {
        if (strcmp(choice->name, text))
            continue;
        *number = choice->value;
        return true;
    }
    return false;
}

static const char *set_text(struct config *config, const struct option *option, const char *text)
{
    const char *flaw = option->flaw ? option->flaw(text) : NULL;
    if (!flaw && strlen(text) >= OPTION_VALUE_SIZE)
        flaw = "it is too long";
    for (const char *c = text; !flaw && *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            flaw = "it holds a control character";
    if (flaw)
        return flaw;
    char *copy = memory_text(text);
    option_value_clear(config, option);
    *option_value_text(config, option) = copy;
    return NULL;
}

const char *option_value_set(struct config *config, const struct option *option, const char *text,
                             char *reason, size_t size)
{
    int64_t number = 0;
    if (option_value_is_text(option))
        return set_text(config, option, text);
    bool good = option->kind == OPTION_CHOICE ? parse_choice(option, text, &number)
                                              : parse_number(option, text, &number);
    if (good) {
        *(int64_t *)(void *)((char *)config + option->offset) = number;
        return NULL;
    }
    char allowed[OPTION_VALUE_SIZE / 2];
    option_value_describe(option, allowed, sizeof allowed);
    snprintf(reason, size, "it takes %s", allowed);
    return reason;
}

static void print_number(const struct option *option, int64_t number, char *text, size_t size)
{
    if (option->kind == OPTION_OCTAL) {
        snprintf(text, size, "0%llo", (unsigned long long)number);
        return;
    }
    const struct unit *unit = units_of(option->kind);
    while (unit[1].suffix && (number == 0 || number % unit->factor))
        unit++;
    snprintf(text, size, "%lld%s", (long long)(number / unit->factor), unit->suffix);
}

void option_value_print(const struct config *config, const struct option *option,
                        char text[OPTION_VALUE_SIZE])
{
    if (option_value_is_text(option)) {
        snprintf(text, OPTION_VALUE_SIZE, "%s", text_of(config, option));
        return;
    }
    int64_t number = number_of(config, option);
    if (option->kind != OPTION_CHOICE) {
        print_number(option, number, text, OPTION_VALUE_SIZE);
        return;
    }
    for (const struct option_choice *choice = option->choices; choice->name; choice++)
        if (choice->value == number)
            snprintf(text, OPTION_VALUE_SIZE, "%s", choice->name);
}

static void describe_choices(const struct option *option, char *text, size_t size)
{
    size_t used = 0;
    for (const struct option_choice *choice = option->choices; choice->name; choice++) {
        int length = snprintf(text + used, size - used, "%s%s", used ? ", " : "", choice->name);
        used += (size_t)length < size - used ? (size_t)length : 0;
    }
}

void option_value_describe(const struct option *option, char *text, size_t size)
{
    char least[32], most[32];
    if (option->kind == OPTION_CHOICE) {
        describe_choices(option, text, size);
        return;
    }
    if (option_value_is_text(option)) {
        snprintf(text, size, "a text");
        return;
    }
    print_number(option, option->least, least, sizeof least);
    print_number(option, option->most, most, sizeof most);
    snprintf(text, size, "%s to %s", least, most);
}
