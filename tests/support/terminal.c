/* terminal - see terminal.h. */
#include "support/terminal.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000 };

struct screen {
    int master;
    char *output;
    size_t size, used;
    size_t from; /* what was shown since the last answer begins here */
};

/* More of what is shown; false where there is no more, or none comes in time. */
static bool read_more(struct screen *screen)
{
    struct pollfd wait = { .fd = screen->master, .events = POLLIN };
    if (screen->used + 1 >= screen->size || poll(&wait, 1, PATIENCE_MS) <= 0)
        return false;
    ssize_t got =
        read(screen->master, screen->output + screen->used, screen->size - 1 - screen->used);
    if (got <= 0) /* EIO: the other side is closed */
        return false;
    screen->used += (size_t)got;
    screen->output[screen->used] = '\0';
    return true;
}

static void take_step(struct screen *screen, const struct terminal_step *step, pid_t pid)
{
    while (!strstr(screen->output + screen->from, step->question))
        cr_assert(read_more(screen), "'%s' is not asked: %s", step->question, screen->output);
    screen->from = screen->used;
    if (step->signal)
        cr_assert_eq(kill(pid, step->signal), 0);
    else
        cr_assert_eq(write(screen->master, step->answer, strlen(step->answer)),
                     (ssize_t)strlen(step->answer));
}

int terminal_run(const struct process *process, const struct terminal_step steps[], char *output,
                 size_t size, bool *echoes)
{
    int terminal;
    struct termios state;
    struct process watched = *process;
    struct screen screen = { .output = output, .size = size };
    output[0] = '\0';
    cr_assert_eq(openpty(&screen.master, &terminal, NULL, NULL, NULL), 0, "%s", strerror(errno));
    watched.terminal = terminal;
    pid_t pid = process_start(&watched);
    for (; steps->question; steps++)
        take_step(&screen, steps, pid);
    int status = process_wait(pid, PATIENCE_MS);
    cr_assert_eq(tcgetattr(terminal, &state), 0);
    *echoes = (state.c_lflag & ECHO) != 0;
    close(terminal);
    while (read_more(&screen))
        ;
    close(screen.master);
    return status;
}
