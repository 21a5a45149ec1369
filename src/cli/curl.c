/* curl - see curl.h. */
#include "cli/curl.h"
#include "base/clock.h"
#include <errno.h>
#include <json-c/json.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CURL_SECONDS = 10, PATIENCE_MS = 15000, STEP_NS = 5000000, OUTPUT_MAX = 64 * 1024 };
enum { BODY_DESCRIPTOR = 3, FILE_COUNT = 4 };

/* What the program has as descriptors 0 to 3: the request, what it says, why it failed, the body.
 * Temporary files without a name: nobody has to wait for the other side. */
struct files {
    FILE *list[FILE_COUNT];
};

static void close_files(struct files *files)
{
    for (int i = 0; i < FILE_COUNT; i++)
        if (files->list[i])
            fclose(files->list[i]);
}

static bool open_files(struct files *files)
{
    bool good = true;
    *files = (struct files){ { NULL } };
    for (int i = 0; i < FILE_COUNT; i++)
        good = (files->list[i] = tmpfile()) != NULL && good;
    return good;
}

/* curl(1), --config. */
static bool write_request(const struct curl_request *request, const struct files *files)
{
    FILE *config = files->list[STDIN_FILENO], *body = files->list[BODY_DESCRIPTOR];
    fprintf(config,
            "silent\nshow-error\ninclude\nproto = \"=http,https\"\nnoproxy = \"*\"\n"
            "max-time = %d\nurl = \"%s\"\nheader = \"Expect:\"\n",
            CURL_SECONDS, request->url);
    for (int i = 0; request->headers[i]; i++)
        fprintf(config, "header = \"%s\"\n", request->headers[i]);
    if (request->body_size)
        fprintf(config, "data-binary = \"@/dev/fd/%d\"\n", BODY_DESCRIPTOR);
    for (size_t i = 0; i < request->body_size; i++)
        fputc(' ', body);
    return fflush(config) == 0 && fflush(body) == 0 && fseek(config, 0, SEEK_SET) == 0 &&
           fseek(body, 0, SEEK_SET) == 0;
}

static int start(const struct files *files, pid_t *pid)
{
    static char program[] = "curl", no_file[] = "--disable", option[] = "--config", input[] = "-";
    char *const arguments[] = { program, no_file, option, input, NULL };
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return error;
    /* Only the first of them can be descriptor 3: main sees to it that 0 to 2 are taken. */
    for (int i = 0; i < FILE_COUNT && !error; i++)
        error = posix_spawn_file_actions_adddup2(&actions, fileno(files->list[i]), i);
    if (!error)
        error = posix_spawnp(pid, program, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* Its exit status, or -1. */
static int await(pid_t pid)
{
    const struct timespec step = { 0, STEP_NS };
    int status = 0;
    for (int64_t end = clock_monotonic_ms() + PATIENCE_MS; clock_monotonic_ms() < end;) {
        pid_t ended = waitpid(pid, &status, WNOHANG);
        if (ended == pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        if (ended < 0 && errno != EINTR)
            return -1;
        nanosleep(&step, NULL);
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return -1;
}

/* The file from its start, NUL-terminated, to be freed. */
static char *read_file(FILE *file)
{
    char *content = calloc(1, OUTPUT_MAX + 1);
    if (content && fseek(file, 0, SEEK_SET) == 0)
        content[fread(content, 1, OUTPUT_MAX, file)] = '\0';
    return content;
}

/* One line, without what curl puts before it. */
static void read_failure(const struct files *files, char failure[CURL_FAILURE_SIZE])
{
    char *said = read_file(files->list[STDERR_FILENO]);
    const char *line = said ? said : "";
    if (!strncmp(line, "curl: ", strlen("curl: ")))
        line += strlen("curl: ");
    snprintf(failure, CURL_FAILURE_SIZE, "%.*s", (int)strcspn(line, "\r\n"),
             *line ? line : "curl ended without a word");
    free(said);
}

/* The value of a header line, where it is that header. */
static void take_header(const char *line, size_t size, const char *name, char value[CURL_WORD_SIZE])
{
    size_t length = strlen(name);
    if (size <= length || strncasecmp(line, name, length) != 0 || line[length] != ':')
        return;
    length += 1 + strspn(line + length + 1, " \t");
    snprintf(value, CURL_WORD_SIZE, "%.*s", (int)(size > length ? size - length : 0),
             line + length);
}

/* The text behind the headers of the last answer (a 100 Continue may come before it), or NULL. */
static const char *take_headers(const char *text, struct curl_reply *reply)
{
    while (!strncmp(text, "HTTP/", strlen("HTTP/"))) {
        *reply = (struct curl_reply){ 0 };
        const char *status = strchr(text, ' ');
        reply->status = status ? (int)strtol(status, NULL, 10) : 0;
        for (size_t size; *text && (size = strcspn(text, "\r\n")) > 0;) {
            take_header(text, size, "Server", reply->server);
            take_header(text, size, "Content-Type", reply->type);
            take_header(text, size, "X-Request-Id", reply->request_id);
            text += size + (text[size] == '\r');
            text += *text == '\n';
        }
        text += *text == '\r';
        text += *text == '\n';
        if (reply->status >= 200)
            return text;
    }
    return NULL;
}

/* Ours is an object that has a request id and a code. */
static void take_code(const char *body, struct curl_reply *reply)
{
    json_object *object = json_tokener_parse(body), *code = NULL, *id = NULL;
    if (json_object_is_type(object, json_type_object) &&
        json_object_object_get_ex(object, "request_id", &id) &&
        json_object_object_get_ex(object, "code", &code) &&
        json_object_is_type(code, json_type_string))
        snprintf(reply->code, sizeof reply->code, "%s", json_object_get_string(code));
    json_object_put(object);
}

static bool read_reply(const struct files *files, struct curl_reply *reply)
{
    char *said = read_file(files->list[STDOUT_FILENO]);
    const char *body = said ? take_headers(said, reply) : NULL;
    if (body) {
        snprintf(reply->body, sizeof reply->body, "%s", body);
        take_code(body, reply);
    }
    free(said);
    return body != NULL;
}

bool curl_send(const struct curl_request *request, struct curl_reply *reply,
               char failure[CURL_FAILURE_SIZE])
{
    struct files files;
    pid_t pid = -1;
    bool answered = false;
    int error = open_files(&files) && write_request(request, &files) ? 0 : errno;
    if (!error)
        error = start(&files, &pid);
    if (error) {
        snprintf(failure, CURL_FAILURE_SIZE, "the program curl does not start: %s",
                 strerror(error));
        goto out;
    }
    /* An answer that came counts, also where its end or the rest of the request got lost. */
    await(pid);
    answered = read_reply(&files, reply);
    if (!answered)
        read_failure(&files, failure);
out:
    close_files(&files);
    return answered;
}
