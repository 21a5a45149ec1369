/* person - what src/auth needs to serve people: a database, keys, a hash queue and cheap hashes;
 * and what people do. */
#ifndef SUPPORT_PERSON_H
#define SUPPORT_PERSON_H

#include "auth/auth.h"
#include "auth/session.h"
#include "auth/user.h"
#include <stdbool.h>
#include <stdint.h>

/* Everything below works with these. A test may change the options. */
extern struct auth person_auth;
extern struct config person_config;
extern const struct client person_client;
extern char *person_keys; /* directory of the keys: KEYS_HS256 and KEYS_MAC */

/* For .init and .fini. */
void person_start(void);
void person_finish(void);

/* In a forked process, first of all: connections and locks are not inherited. */
void person_forked(void);
/* The key directory as it is now. */
void person_load_keys(void);
/* A database connection with another deadline. */
void person_connect(int64_t timeout_ms);
/* A hash queue of one slot without anybody waiting, which another process has taken until
 * person_let_go. */
void person_fill_hash_queue(void);
void person_let_go(void);

#define PERSON_EMAIL    "ada@example.org"
#define PERSON_PASSWORD "correct horse"

enum error person_sign_up(const char *email, const char *password);
enum error person_log_in(const char *email, const char *password, struct token_pair *pair);
/* Signs PERSON_EMAIL up and returns the account's id. */
int64_t person_new(void);
/* Logs PERSON_EMAIL in; to be cleared. Either fails the test where it does not work. */
struct token_pair person_session(void);
/* What the access token says; fails the test where it does not verify. */
struct access_claims person_claims(const struct token_pair *pair);
/* Whether the session of the access token still lives, as the database says. */
bool person_is_live(const struct token_pair *pair);

enum error person_refresh(const struct token_pair *pair, struct token_pair *next);
/* The same, without keeping what it gives. */
enum error person_try_refresh(const struct token_pair *pair);
/* The same, and fails the test where there is nothing to keep, or where there is. */
struct token_pair person_next(const struct token_pair *pair);
void person_expect_refused(const struct token_pair *pair, const char *about);
/* A refresh token of any generation of the pair's session, under the key that signs now. */
struct token_pair person_generation(const struct token_pair *pair, uint32_t generation);
/* Why the first session ended, or "lives". */
const char *person_end_reason(void);

#endif
