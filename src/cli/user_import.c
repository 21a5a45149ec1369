/* user_import - see user_transfer.h. */
#include "auth/transfer.h"
#include "base/memory.h"
#include "base/secret.h"
#include "cli/arguments.h"
#include "cli/operator.h"
#include "cli/progress.h"
#include "cli/user_transfer.h"
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE_MAX = 64 * 1024, ROLES_SIZE = 1024, DEPTH_MAX = 8 };

static const char command[] = "user import";

struct import {
    struct operator_desk desk;
    struct progress progress; /* accounts imported */
    int64_t line, existing, bad;
};

/* One line --------------------------------------------------------------------------------------*/

/* The line as an object, to be freed; NULL where it is anything else. */
static json_object *parse(const char *line, size_t size)
{
    struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    json_object *object = json_tokener_parse_ex(tokener, line, (int)size + 1);
    bool whole = json_tokener_get_error(tokener) == json_tokener_success &&
                 json_tokener_get_parse_end(tokener) == size;
    json_tokener_free(tokener);
    if (whole && json_object_is_type(object, json_type_object))
        return object;
    json_object_put(object);
    return NULL;
}

/* The text of a string; NULL where it is none, or holds a NUL. */
static const char *text_of(json_object *value)
{
    if (!json_object_is_type(value, json_type_string) ||
        strlen(json_object_get_string(value)) != (size_t)json_object_get_string_len(value))
        return NULL;
    return json_object_get_string(value);
}

/* An array of names as "a b c"; without the member every account has the role that a sign-up gives.
 */
static bool join_roles(json_object *object, char roles[ROLES_SIZE])
{
    json_object *list = NULL;
    size_t used = 0;
    snprintf(roles, ROLES_SIZE, "user");
    if (!json_object_object_get_ex(object, "roles", &list))
        return true;
    if (!json_object_is_type(list, json_type_array))
        return false;
    roles[0] = '\0';
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        const char *name = text_of(json_object_array_get_idx(list, i));
        if (!name || !*name || strchr(name, ' ') || used + strlen(name) + 2 > ROLES_SIZE)
            return false;
        used += (size_t)snprintf(roles + used, ROLES_SIZE - used, "%s%s", i ? " " : "", name);
    }
    return true;
}

/* The account lives as long as `object` and `roles`. Returns what is wrong, or NULL. */
static const char *read_account(json_object *object, char roles[ROLES_SIZE],
                                struct transfer_account *account)
{
    json_object *disabled = NULL;
    *account = (struct transfer_account){
        .email = text_of(json_object_object_get(object, "email")),
        .name = text_of(json_object_object_get(object, "name")),
        .password_hash = text_of(json_object_object_get(object, "password_hash")),
        .roles = roles,
    };
    if (!account->email || !account->name || !account->password_hash)
        return "email, name and password_hash are not all there as strings";
    if (!join_roles(object, roles))
        return "roles is not an array of names";
    if (json_object_object_get_ex(object, "disabled", &disabled)) {
        if (!json_object_is_type(disabled, json_type_boolean))
            return "disabled is neither true nor false";
        account->disabled = json_object_get_boolean(disabled);
    }
    return transfer_flaw(account);
}

static void tell(struct import *import, const char *what)
{
    import->bad++;
    fprintf(stderr, "therappai-auth: %s: line %" PRId64 ": %s\n", command, import->line, what);
}

/* False where it makes no sense to go on. */
static bool import_account(struct import *import, const struct transfer_account *account)
{
    enum error error = transfer_import(&import->desk.auth, account, &import->desk.actor);
    if (error == ERROR_EMAIL_TAKEN)
        import->existing++;
    else if (error == ERROR_NOT_FOUND)
        tell(import, "there is no role of one of these names");
    else if (error)
        operator_fail(command, error);
    else
        progress_add(&import->progress, 1);
    return !error || error == ERROR_EMAIL_TAKEN || error == ERROR_NOT_FOUND;
}

static bool import_line(struct import *import, const char *line, size_t size)
{
    char roles[ROLES_SIZE];
    struct transfer_account account;
    json_object *object = parse(line, size);
    const char *flaw = object ? read_account(object, roles, &account) : "this is no JSON object";
    bool good = true;
    if (flaw)
        tell(import, flaw);
    else
        good = import_account(import, &account);
    json_object_put(object);
    return good;
}

/* All lines -------------------------------------------------------------------------------------*/

/* The next line into `line` (LINE_SIZE_MAX bytes), without its end. -1 at the end of all; a line
 * that is too long is read to its end, and has *whole false. */
static int64_t read_line(FILE *in, char *line, bool *whole)
{
    int64_t size = 0;
    int c;
    while ((c = getc(in)) != EOF && c != '\n') {
        if (size < LINE_SIZE_MAX - 1)
            line[size] = (char)c;
        size++;
    }
    *whole = size < LINE_SIZE_MAX;
    line[*whole ? size : 0] = '\0';
    return c == EOF && size == 0 ? -1 : size;
}

static bool import_lines(struct import *import, FILE *in)
{
    char *line = memory_new(LINE_SIZE_MAX);
    bool whole, good = true;
    for (int64_t size; good && (size = read_line(in, line, &whole)) >= 0;) {
        import->line++;
        if (!whole)
            tell(import, "this is longer than any account");
        else if (line[strspn(line, " \t\r")] != '\0' || memchr(line, '\0', (size_t)size))
            good = import_line(import, line, (size_t)size);
    }
    if (ferror(in)) {
        fprintf(stderr, "therappai-auth: %s: cannot read: %s\n", command, strerror(errno));
        good = false;
    }
    secret_wipe(line, LINE_SIZE_MAX);
    free(line);
    return good;
}

static int run(const struct config *config, FILE *in)
{
    struct import import = { .progress = { .what = "accounts imported" } };
    operator_open(config, &import.desk);
    bool good = import_lines(&import, in);
    progress_finish(&import.progress);
    if (import.existing)
        fprintf(stderr, "%" PRId64 " were there already, and were left as they are\n",
                import.existing);
    if (import.bad)
        fprintf(stderr, "%" PRId64 " lines were not imported\n", import.bad);
    operator_close(&import.desk);
    return good && !import.bad ? EXIT_DONE : EXIT_FAILED;
}

int user_import(const struct config *config, int argc, char **argv)
{
    const char *path = NULL;
    const struct arguments_option options[] = { { "--input", NULL, &path }, { NULL, NULL, NULL } };
    if (!arguments_take(command, &argc, argv, options, (struct arguments_words){ 0, 0 }))
        return EXIT_USAGE;
    FILE *in = path ? fopen(path, "re") : stdin;
    if (!in) {
        fprintf(stderr, "therappai-auth: %s: %s: %s\n", command, path, strerror(errno));
        return EXIT_FAILED;
    }
    int status = run(config, in);
    if (path)
        fclose(in);
    return status;
}
