/* terminal - a program that a person uses: it has a pseudo-terminal, and answers to its questions.
 */
#ifndef SUPPORT_TERMINAL_H
#define SUPPORT_TERMINAL_H

#include "support/processes.h"

struct terminal_step {
    const char *question; /* waited for, among what was said since the last answer; NULL ends */
    const char *answer;   /* sent as it is: with its "\n" */
    int signal;           /* sent to the program instead; 0: none */
};

/* Runs to its end. All that the terminal showed goes into `output`, NUL-terminated; what was typed
 * stands there only where the program let it be seen. Returns as process_wait; fails the test where
 * a question does not come within 10 s. *echoes gets whether the terminal shows what is typed when
 * all is over. */
int terminal_run(const struct process *process, const struct terminal_step steps[], char *output,
                 size_t size, bool *echoes);

#endif
