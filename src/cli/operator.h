/* operator - who uses the command line, and what the commands of src/auth work with. */
#ifndef CLI_OPERATOR_H
#define CLI_OPERATOR_H

#include "auth/auth.h"

enum { OPERATOR_NAME_SIZE = 64 };

struct operator
{
    struct auth auth; /* without keys; the hash queue only after operator_open_hash_queue */
    char name[OPERATOR_NAME_SIZE]; /* for the audit log: the account of the person, as sudo says it,
                                      or that of the process */
};

/* As a worker connects (option database). From now on the log goes to stderr, errors alone. */
void operator_open(const struct config *config, struct operator* operator);
/* For what hashes a password: in turn with the workers of this host. False, said on stderr. */
bool operator_open_hash_queue(struct operator* operator, const char * command);
void operator_close(struct operator* operator);

/* Says on stderr what went wrong, in a sentence; returns EXIT_FAILED. */
int operator_fail(const char *command, enum error error);

#endif
