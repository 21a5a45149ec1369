/* config - see config.h. */
#include "base/config.h"
#include "base/mail_name.h"
#include "base/memory.h"
#include "base/option_value.h"
#include "base/options.h"
#include "base/secret.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char prefix[] = "THERAPPAI_AUTH_", file_variable[] = "CONFIG";

enum { LINE_SIZE = 4096, NAME_SIZE = 64, WHERE_SIZE = 320 };

void config_init(struct config *config)
{
    size_t count;
    const struct option *table = options(&count);
    memset(config, 0, sizeof *config);
    for (size_t i = 0; i < count; i++) {
        char reason[CONFIG_MESSAGE_SIZE];
        const char *flaw =
            option_value_set(config, &table[i], table[i].initial, reason, sizeof reason);
        if (flaw) {
            fprintf(stderr, "therappai-auth: default of '%s': %s\n", table[i].name, flaw);
            abort();
        }
    }
}

void config_clear(struct config *config)
{
    size_t count;
    const struct option *table = options(&count);
    for (size_t i = 0; i < count; i++)
        if (option_value_is_text(&table[i]))
            option_value_clear(config, &table[i]);
    memset(config, 0, sizeof *config);
}

void config_copy(struct config *to, const struct config *from)
{
    size_t count;
    const struct option *table = options(&count);
    *to = *from;
    for (size_t i = 0; i < count; i++) {
        if (!option_value_is_text(&table[i]))
            continue;
        char **member = option_value_text(to, &table[i]);
        *member = memory_text(*member);
    }
}

static bool complain(char *message, const char *where, const char *what)
{
    snprintf(message, CONFIG_MESSAGE_SIZE, "%s%s", where, what);
    return false;
}

/* `where` begins the sentence: "FILE:LINE: ", "THERAPPAI_AUTH_X: ", "--set: ". A name that cannot
 * be an option's is not repeated: it may be a piece of a connection string that went astray. */
static const struct option *find(const char *name, const char *where, char *message)
{
    size_t count, size = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    const struct option *table = options(&count);
    for (size_t i = 0; i < count; i++)
        if (!strcmp(table[i].name, name))
            return &table[i];
    if (size == 0 || size >= NAME_SIZE || name[size])
        complain(message, where, "no option has such a name (small letters, digits, underscores)");
    else
        snprintf(message, CONFIG_MESSAGE_SIZE, "%sunknown option '%s'", where, name);
    return NULL;
}

static bool set(struct config *config, const struct option *option, const char *value,
                const char *where, char *message)
{
    char reason[CONFIG_MESSAGE_SIZE / 2];
    const char *flaw = option_value_set(config, option, value, reason, sizeof reason);
    if (flaw)
        snprintf(message, CONFIG_MESSAGE_SIZE, "%sbad value of option '%s': %s", where,
                 option->name, flaw);
    return !flaw;
}

static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t size = strlen(text);
    while (size && strchr(" \t\r\n", text[size - 1]))
        text[--size] = '\0';
    return text;
}

/* Takes the quotation marks away, in which a value may be empty, begin or end with spaces, and hold
 * a '#'. Without them a '#' is refused, rather than to guess whether a comment was meant. Returns
 * NULL, or what is wrong. */
static const char *unquote(char **value)
{
    char *text = *value;
    size_t size = strlen(text);
    if (*text == '"' && (size < 2 || text[size - 1] != '"'))
        return "the value begins with a quotation mark and does not end in one";
    if (*text == '"') {
        text[size - 1] = '\0';
        *value = text + 1;
        return NULL;
    }
    if (*text == '#' || strstr(text, " #") || strstr(text, "\t#"))
        return "a comment stands on a line of its own; a value with '#' stands in quotation marks";
    return NULL;
}

/* Splits "name = value" in place. Returns NULL, or what is wrong. */
static const char *split(char *text, char **name, char **value)
{
    char *equals = strchr(text, '=');
    if (!equals)
        return "this is not 'option = value'";
    *equals = '\0';
    *name = trim(text);
    *value = trim(equals + 1);
    return unquote(value);
}

struct reader {
    struct config *config;
    const char *path;
    int line;
    int *lines; /* per option, the line that it stands in; 0: not yet */
    char *message;
};

static bool note_line(const struct reader *reader, const struct option *option, const char *where)
{
    size_t count;
    int *line = &reader->lines[option - options(&count)];
    if (*line) {
        snprintf(reader->message, CONFIG_MESSAGE_SIZE, "%soption '%s' stands in line %d already",
                 where, option->name, *line);
        return false;
    }
    *line = reader->line;
    return true;
}

static bool read_line(const struct reader *reader, char *line, size_t size)
{
    char where[WHERE_SIZE], *name, *value;
    snprintf(where, sizeof where, "%.256s:%d: ", reader->path, reader->line);
    if (strlen(line) != size)
        return complain(reader->message, where, "the line holds a NUL");
    if (size == LINE_SIZE - 1 && line[size - 1] != '\n')
        return complain(reader->message, where, "the line is too long");
    line = trim(line);
    if (!*line || *line == '#')
        return true;
    const char *flaw = split(line, &name, &value);
    if (flaw)
        return complain(reader->message, where, flaw);
    const struct option *option = find(name, where, reader->message);
    return option && note_line(reader, option, where) &&
           set(reader->config, option, value, where, reader->message);
}

/* fgets, but it tells how many bytes came, NUL among them. */
static size_t next_line(FILE *file, char line[LINE_SIZE])
{
    size_t size = 0;
    int c;
    while (size < LINE_SIZE - 1 && (c = getc(file)) != EOF) {
        line[size++] = (char)c;
        if (c == '\n')
            break;
    }
    line[size] = '\0';
    return size;
}

static bool read_lines(struct reader *reader, FILE *file)
{
    char line[LINE_SIZE];
    bool good = true;
    size_t size;
    while (good && (size = next_line(file, line)) > 0) {
        reader->line++;
        good = read_line(reader, line, size);
    }
    if (good && ferror(file)) {
        snprintf(reader->message, CONFIG_MESSAGE_SIZE, "%.256s: %s", reader->path, strerror(errno));
        good = false;
    }
    secret_wipe(line, sizeof line);
    return good;
}

bool config_read_file(struct config *config, const char *path, char message[CONFIG_MESSAGE_SIZE])
{
    size_t count;
    options(&count);
    FILE *file = fopen(path, "re");
    if (!file) {
        snprintf(message, CONFIG_MESSAGE_SIZE, "%.256s: %s", path, strerror(errno));
        return false;
    }
    struct reader reader = { .config = config,
                             .path = path,
                             .lines = memory_new(count * sizeof *reader.lines),
                             .message = message };
    bool good = read_lines(&reader, file);
    free(reader.lines);
    fclose(file);
    return good;
}

/* "DATABASE_TIMEOUT" to "database_timeout"; false where it is longer than any name. What is not a
 * capital, a digit or an underscore becomes '?', which no option has. */
static bool name_of_variable(const char *variable, size_t size, char name[NAME_SIZE])
{
    if (size >= NAME_SIZE)
        return false;
    for (size_t i = 0; i < size; i++) {
        char c = variable[i];
        if (c >= 'A' && c <= 'Z')
            name[i] = (char)(c - 'A' + 'a');
        else
            name[i] = (char)((c >= '0' && c <= '9') || c == '_' ? c : '?');
    }
    name[size] = '\0';
    return true;
}

static bool read_variable(struct config *config, const char *variable, size_t size,
                          const char *value, char *message)
{
    char name[NAME_SIZE], where[WHERE_SIZE];
    if (!name_of_variable(variable, size, name) || strchr(name, '?'))
        return complain(message, "environment: ",
                        "a variable that begins with THERAPPAI_AUTH_ is not that of an option");
    snprintf(where, sizeof where, "%s%.*s: ", prefix, (int)size, variable);
    const struct option *option = find(name, where, message);
    return option && set(config, option, value, where, message);
}

bool config_read_environment(struct config *config, char *const *environment,
                             char message[CONFIG_MESSAGE_SIZE])
{
    for (; *environment; environment++) {
        const char *variable = *environment + sizeof prefix - 1;
        if (strncmp(*environment, prefix, sizeof prefix - 1))
            continue;
        size_t size = strcspn(variable, "=");
        if (!variable[size] ||
            (size == sizeof file_variable - 1 && !strncmp(variable, file_variable, size)))
            continue;
        if (!read_variable(config, variable, size, variable + size + 1, message))
            return false;
    }
    return true;
}

bool config_set(struct config *config, const char *assignment, char message[CONFIG_MESSAGE_SIZE])
{
    static const char where[] = "--set: ";
    char *copy = memory_text(assignment), *name, *value;
    size_t size = strlen(copy);
    const char *flaw = split(copy, &name, &value);
    bool good = false;
    if (flaw) {
        complain(message, where, flaw);
    } else {
        const struct option *option = find(name, where, message);
        good = option && set(config, option, value, where, message);
    }
    secret_wipe(copy, size);
    free(copy);
    return good;
}

/* A client must be able to refresh before its session is idle for too long; a session cannot be
 * idle for longer than it lives; who hashes is a worker; and a cookie is taken from known pages. */
bool config_check(const struct config *config, char message[CONFIG_MESSAGE_SIZE])
{
    const char *flaw = NULL;
    if (config->refresh_idle_s > config->refresh_lifetime_s)
        flaw = "refresh_idle is longer than refresh_lifetime";
    else if (config->access_lifetime_s >= config->refresh_idle_s)
        flaw = "access_lifetime is not shorter than refresh_idle";
    else if (config->hash_slots > config->workers)
        flaw = "hash_slots is more than workers";
    else if (config->cookie && !*config->public_url && !*config->allowed_origins)
        flaw = "with cookie = on, public_url or allowed_origins says whose pages may use it";
    else if (config->cookie_access && !config->cookie)
        flaw = "cookie_access = on needs cookie = on";
    else
        flaw = mail_options_flaw(config);
    return !flaw || complain(message, "the options do not fit together: ", flaw);
}

/* Whether the query of a URI may hold one: escapes can hide the word (RFC 3986 §2.1). */
static bool query_may_hold_password(const char *uri)
{
    const char *query = strchr(uri, '?');
    return query && strchr(query, '%');
}

/* Keyword password or sslpassword, a URI with user:password@, or what may be one of them: in doubt
 * it does. */
static bool may_hold_password(const char *connection)
{
    const char *scheme = strstr(connection, "://");
    const char *at = scheme ? strrchr(scheme, '@') : NULL;
    if (at && memchr(scheme + 3, ':', (size_t)(at - scheme) - 3))
        return true;
    return strcasestr(connection, "password") || (scheme && query_may_hold_password(scheme));
}

static void print_assignment(const char *name, const char *value, FILE *out)
{
    size_t size = strlen(value);
    bool quoted = size == 0 || strchr(value, '#') || strchr(" \"", value[0]) ||
                  strchr(" \"", value[size - 1]);
    const char *quote = quoted ? "\"" : "";
    fprintf(out, "%s = %s%s%s\n", name, quote, value, quote);
}

void config_print(const struct config *config, FILE *out)
{
    size_t count;
    const struct option *table = options(&count);
    for (size_t i = 0; i < count; i++) {
        char value[OPTION_VALUE_SIZE];
        option_value_print(config, &table[i], value);
        if (table[i].kind == OPTION_CONNECTION && may_hold_password(value))
            fprintf(out, "# %s: not shown, because it holds a password\n", table[i].name);
        else
            print_assignment(table[i].name, value, out);
        secret_wipe(value, sizeof value);
    }
}

static const char *shown_default(const struct option *option)
{
    return option->shown ? option->shown : option->initial;
}

void config_print_sample(FILE *out)
{
    size_t count;
    const struct option *table = options(&count);
    fputs("# Options of therappai-auth, each with its default: 'option = value', one a line, the\n"
          "# value in \"quotation marks\" where it is empty or holds a '#'. What the environment\n"
          "# (THERAPPAI_AUTH_<OPTION>) and then --set say comes after this file.\n"
          "# Times are written as 500ms, 90s, 15m, 12h or 30d, sizes as 64k, 19M or 1G.\n",
          out);
    for (size_t i = 0; i < count; i++) {
        char allowed[OPTION_VALUE_SIZE];
        option_value_describe(&table[i], allowed, sizeof allowed);
        fprintf(out, "\n# %s", table[i].help);
        if (!option_value_is_text(&table[i]))
            fprintf(out, " (%s)", allowed);
        fputs("\n#", out);
        print_assignment(table[i].name, shown_default(&table[i]), out);
    }
}

void config_print_markdown(FILE *out)
{
    size_t count;
    const struct option *table = options(&count);
    fputs("| option | default | takes | meaning |\n|---|---|---|---|\n", out);
    for (size_t i = 0; i < count; i++) {
        const char *initial = shown_default(&table[i]), *mark = *initial ? "`" : "";
        char allowed[OPTION_VALUE_SIZE];
        option_value_describe(&table[i], allowed, sizeof allowed);
        fprintf(out, "| `%s` | %s%s%s | %s | %s |\n", table[i].name, mark,
                *initial ? initial : "empty", mark, allowed, table[i].help);
    }
}

/* Of roff: a text as it is, on a line of its own or, in quotation marks, as an argument. */
static void print_roff(const char *text, FILE *out)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", out);
    for (; *text; text++) {
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '"')
            fputs("\\(dq", out);
        else if (*text == '-')
            fputs("\\-", out);
        else
            putc(*text, out);
    }
}

static void print_man_option(const struct option *option, FILE *out)
{
    const char *initial = shown_default(option);
    char allowed[OPTION_VALUE_SIZE];
    option_value_describe(option, allowed, sizeof allowed);
    fprintf(out, ".It Cm %s\n", option->name);
    putc(toupper((unsigned char)option->help[0]), out);
    print_roff(option->help + 1, out);
    fputs(".\nTakes ", out);
    print_roff(allowed, out);
    fputs(".\nThe default is\n", out);
    fputs(*initial ? ".Ql \"" : "an empty text", out);
    print_roff(initial, out);
    fputs(*initial ? "\" .\n" : ".\n", out);
}

/* The date is that of this text. */
static const char man_head[] =
    ".\\\" Made by 'therappai-auth sample-config --man' (make documentation).\n"
    ".Dd November 23, 2026\n"
    ".Dt THERAPPAI-AUTH.CONF 5\n"
    ".Os\n"
    ".Sh NAME\n"
    ".Nm therappai-auth.conf\n"
    ".Nd options of therappai-auth\n"
    ".Sh SYNOPSIS\n"
    ".Nm /etc/therappai-auth/therappai-auth.conf\n"
    ".Sh DESCRIPTION\n"
    "Each line is empty, a comment that begins with\n"
    ".Ql # ,\n"
    "or\n"
    ".Pp\n"
    ".D1 Ar option No = Ar value\n"
    ".Pp\n"
    "A value that is empty, that begins or ends in a space, or that holds a\n"
    ".Ql #\n"
    "stands in quotation marks.\n"
    "Times are written as\n"
    ".Ql 500ms ,\n"
    ".Ql 90s ,\n"
    ".Ql 15m ,\n"
    ".Ql 12h\n"
    "or\n"
    ".Ql 30d ,\n"
    "sizes as\n"
    ".Ql 64k ,\n"
    ".Ql 19M\n"
    "or\n"
    ".Ql 1G .\n"
    ".Pp\n"
    "After the file comes the environment, with each option as\n"
    ".Ev THERAPPAI_AUTH_ Ns Ar OPTION\n"
    "in capital letters, and then\n"
    ".Fl \\-set Ar option Ns = Ns Ar value\n"
    "on the command line; the last one wins.\n"
    "An unknown option or a bad value stops the start with the file, the line and the\n"
    "reason.\n"
    ".Pp\n"
    "The options:\n"
    ".Bl -tag -width Ds\n";

static const char man_foot[] =
    ".El\n"
    ".Sh FILES\n"
    ".Bl -tag -width Ds\n"
    ".It Pa /etc/therappai-auth/therappai-auth.conf\n"
    "The usual file.\n"
    "It is read by root and the account of the service alone where it holds a\n"
    "password; one in a\n"
    ".Pa ~/.pgpass\n"
    "of that account is better kept.\n"
    ".El\n"
    ".Sh EXAMPLES\n"
    ".Bd -literal\n"
    "listen = /run/therappai-auth/auth.sock\n"
    "workers = 16\n"
    "database = host=db1,db2 dbname=therappai_auth\n"
    "issuer = \"https://www.example.org\"\n"
    "access_lifetime = 5m\n"
    ".Ed\n"
    ".Sh SEE ALSO\n"
    ".Xr therappai-auth 1 ,\n"
    ".Xr therappai-auth 7\n";

void config_print_man(FILE *out)
{
    size_t count;
    const struct option *table = options(&count);
    fputs(man_head, out);
    for (size_t i = 0; i < count; i++)
        print_man_option(&table[i], out);
    fputs(man_foot, out);
}
