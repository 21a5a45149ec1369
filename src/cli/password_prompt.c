/* password_prompt - see password_prompt.h. */
#include "cli/password_prompt.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4 * 1024 + 1 }; /* more than the longest password, in UTF-8 */

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
enum { SIGNAL_COUNT = sizeof signals / sizeof signals[0] };

static volatile sig_atomic_t caught;

static void catch (int signal)
{
    caught = signal;
}

/* The line without its end, or NULL and why. */
static struct secret *read_line(const char **flaw)
{
    struct secret *line = secret_new_empty(LINE_MAX_BYTES);
    unsigned char *bytes = secret_bytes(line);
    size_t size = 0;
    ssize_t count = 0;
    while (size < LINE_MAX_BYTES && !caught) {
        count = read(STDIN_FILENO, bytes + size, 1);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0 || bytes[size] == '\n')
            break;
        size++;
    }
    *flaw = NULL;
    if (caught)
        *flaw = "interrupted";
    else if (count < 0)
        *flaw = strerror(errno);
    else if (size == 0)
        *flaw = "there is no password on standard input";
    else if (size == LINE_MAX_BYTES)
        *flaw = "this is longer than any password";
    else if (memchr(bytes, '\0', size))
        *flaw = "a password has no NUL";
    struct secret *result = *flaw ? NULL : secret_new(bytes, size);
    secret_free(line);
    return result;
}

static struct secret *ask(const char *question, const char **flaw)
{
    fputs(question, stderr);
    fflush(stderr);
    struct secret *answer = read_line(flaw);
    fputc('\n', stderr);
    return answer;
}

static struct secret *ask_twice(const char **flaw)
{
    struct secret *first = ask("Password: ", flaw);
    if (!first)
        return NULL;
    struct secret *second = ask("Once more: ", flaw);
    if (second && !secret_equal(first, second))
        *flaw = "the two differ";
    secret_free(second);
    if (!*flaw)
        return first;
    secret_free(first);
    return NULL;
}

/* The terminal is put back whatever ends this, and a signal that came meanwhile is raised again
 * then. */
static struct secret *ask_terminal(const struct termios *usual, const char **flaw)
{
    struct sigaction before[SIGNAL_COUNT];
    const struct sigaction action = { .sa_handler = catch }; /* no SA_RESTART: read() returns */
    struct termios silent = *usual;
    caught = 0;
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        sigaction(signals[i], &action, &before[i]);
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    struct secret *password = NULL;
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0)
        password = ask_twice(flaw);
    else
        *flaw = strerror(errno);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, usual);
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        sigaction(signals[i], &before[i], NULL);
    if (caught)
        raise(caught);
    return password;
}

struct secret *password_prompt(const char *command)
{
    const char *flaw = NULL;
    struct termios usual;
    struct secret *password =
        tcgetattr(STDIN_FILENO, &usual) == 0 ? ask_terminal(&usual, &flaw) : read_line(&flaw);
    if (!password)
        fprintf(stderr, "therappai-auth: %s: %s\n", command, flaw);
    return password;
}
