/* operator - who uses the command line, and what the commands of src/auth work with. */
#ifndef CLI_OPERATOR_H
#define CLI_OPERATOR_H

#include "auth/audit.h"
#include "auth/auth.h"

enum { OPERATOR_NAME_SIZE = 64 };

struct operator_desk {
    struct auth auth; /* keys only where the command sets them (freed with the desk), the hash queue
                         only after operator_open_hash_queue */
    char name[OPERATOR_NAME_SIZE]; /* for the audit log: the account of the person, as sudo says it,
                                      or that of the process */
    struct audit_actor actor;      /* has that name; the desk is not to be copied */
};

/* As a worker connects (option database). From now on the log goes to stderr, errors alone. */
void operator_open(const struct config *config, struct operator_desk *desk);
/* The same as the owner of the schema (option database_owner), for what workers may not do. */
void operator_open_owner(const struct config *config, struct operator_desk *desk);
/* For what hashes a password: in turn with the workers of this host. False, said on stderr. */
bool operator_open_hash_queue(struct operator_desk *desk, const char *command);
void operator_close(struct operator_desk *desk);

/* Says on stderr what went wrong, in a sentence; returns EXIT_FAILED. */
int operator_fail(const char *command, enum error error);

#endif
