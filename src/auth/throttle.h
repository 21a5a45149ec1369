/* throttle - how often something may be tried, over all workers of the host (shared_file).
 *
 * A try takes a token out of one bucket for each limit that its kind has, before any password is
 * hashed, which protects the hash queue too; a try that did not fail gives them back. So attempts
 * at the same moment count, and what succeeds does not. A bucket holds as many tokens as the
 * limit's option says (0: no limit) and is full again after the option throttle_window.
 *
 * Logins have three limits, because an attacker must not be able to lock a person out:
 *   - account and address together, strict: guessing from one place;
 *   - an account over all addresses, wider: guessing from many places;
 *   - an address over all accounts, wide: one password tried on many accounts. People behind one
 *     address (a clinic) share it, but only failures count.
 * From where a person logged in before (30 days) only the first one applies, so that neither who
 * fails on their account from elsewhere nor who fails beside them keeps them out.
 *
 * An address is that of the connection; of IPv6 the first 64 bits, because a client has all the
 * others. None that is known, or this host's own, has no limit of its own: all clients would share
 * it behind a proxy. The file holds no subject but a 64-bit keyed digest (SipHash) cut to a tag and
 * a place, and a time; its key is in it, random. Where a set of places is full, what is nearest to
 * being forgotten anyway makes room: a flood of new subjects, one failure each, drives out itself
 * and not who failed often. */
#ifndef AUTH_THROTTLE_H
#define AUTH_THROTTLE_H

#include "auth/auth.h"
#include <stdbool.h>
#include <stdint.h>

/* What is tried, and what `subject` is of it. */
enum throttle_kind {
    THROTTLE_LOGIN,    /* the key of the email (email.h) */
    THROTTLE_SIGN_UP,  /* NULL; the address counts */
    THROTTLE_FORGED,   /* NULL: a refresh token that is none of ours; the address counts */
    THROTTLE_REFRESH,  /* the session: a token of ours that its session may not know any more */
    THROTTLE_PASSWORD, /* the user's id: the password of who is logged in */
    THROTTLE_RESET,    /* NULL: a code for a new password, asked for or tried; the address counts */
    THROTTLE_KIND_COUNT
};

struct throttle;

/* Never NULL; the configuration must outlive it. */
struct throttle *throttle_open(const struct config *config);
/* NULL-safe. */
void throttle_free(struct throttle *throttle);

enum { THROTTLE_LIMITS_MAX = 3 };
/* A try under way. */
struct throttle_try {
    enum throttle_kind kind;
    uint64_t digests[THROTTLE_LIMITS_MAX]; /* of the buckets it took from; 0: none */
    uint64_t pair;                         /* subject and address; 0: either is not known */
};

/* ERROR_RATE_LIMITED: too many failed; counted, and audited once in a window for each bucket that
 * was empty; there is no try then. Without auth->throttle everything may be tried. */
enum error throttle_enter(struct auth *auth, enum throttle_kind kind, const char *subject,
                          const struct client *client, struct throttle_try *attempt);
/* Ends a try. ERROR_NONE: it succeeded, and of a login the address is remembered.
 * ERROR_INVALID_CREDENTIALS, ERROR_INVALID_REFRESH_TOKEN, ERROR_EMAIL_TAKEN: it failed. Any other
 * error says nothing of the client. A sign-up and a reset count as well where they
 * succeed. */
void throttle_leave(struct auth *auth, const struct throttle_try *attempt, enum error result);

/* Seconds until the last try that was refused by this process may be repeated; at least 1. */
int throttle_retry_after(const struct throttle *throttle);

#endif
