/* user_export - see user_transfer.h. */
#include "auth/transfer.h"
#include "cli/arguments.h"
#include "cli/operator.h"
#include "cli/progress.h"
#include "cli/text.h"
#include "cli/user_transfer.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_SIZE_MAX = 64 * 1024 };

static const char command[] = "user export";

struct export
{
    FILE *out;
    struct buffer line;
    struct progress progress;
};

static void append_text(struct buffer *line, const char *member, const char *value)
{
    buffer_format(line, ", \"%s\": ", member);
    text_for_json(line, value);
}

static bool write_account(void *context, const struct transfer_account *account)
{
    struct export *export = context;
    struct buffer *line = &export->line;
    buffer_reset(line);
    buffer_format(line, "{\"id\": %" PRId64, account->id);
    append_text(line, "email", account->email);
    append_text(line, "name", account->name);
    append_text(line, "password_hash", account->password_hash);
    buffer_text(line, ", \"roles\": ");
    text_list_for_json(line, account->roles);
    append_text(line, "created", account->created);
    buffer_format(line, ", \"disabled\": %s}\n", account->disabled ? "true" : "false");
    progress_add(&export->progress, 1);
    return fwrite(line->data, 1, line->size, export->out) == line->size;
}

/* A file that is new, and its owner's alone: one that exists may be open to others. */
static FILE *open_file(const char *path)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *out = file < 0 ? NULL : fdopen(file, "w");
    if (!out)
        fprintf(stderr, "therappai-auth: %s: %s: %s\n", command, path, strerror(errno));
    return out;
}

/* Whether all of it is there. */
static bool finish_file(FILE *out)
{
    bool good = fflush(out) == 0 && !ferror(out);
    if (good && out != stdout)
        good = fsync(fileno(out)) == 0;
    if (!good)
        fprintf(stderr, "therappai-auth: %s: cannot write: %s\n", command, strerror(errno));
    if (out != stdout)
        fclose(out);
    return good;
}

static int run(const struct config *config, FILE *out)
{
    struct operator_desk desk;
    struct export export = { .out = out, .progress = { .what = "accounts exported" } };
    operator_open(config, &desk);
    buffer_init(&export.line, LINE_SIZE_MAX);
    fputs("The export has password hashes in it: keep it as you keep the database.\n", stderr);
    enum error error = transfer_export(&desk.auth, desk.name, write_account, &export);
    bool written = finish_file(out);
    progress_finish(&export.progress);
    buffer_clear(&export.line);
    operator_close(&desk);
    if (error)
        return operator_fail(command, error);
    return written ? EXIT_DONE : EXIT_FAILED;
}

int user_export(const struct config *config, int argc, char **argv)
{
    const char *path = NULL;
    const struct arguments_option options[] = { { "--output", NULL, &path }, { NULL, NULL, NULL } };
    if (!arguments_take(command, &argc, argv, options, (struct arguments_words){ 0, 0 }))
        return EXIT_USAGE;
    FILE *out = path ? open_file(path) : stdout;
    if (!out)
        return EXIT_FAILED;
    int status = run(config, out);
    if (path && status != EXIT_DONE)
        unlink(path);
    return status;
}
