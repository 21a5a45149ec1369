/* person - see person.h. */
#include "support/person.h"
#include "auth/hash_queue.h"
#include "auth/refresh_token.h"
#include "support/database.h"
#include "support/keys.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

const struct client person_client = { "192.0.2.7", "test/1", "request-1" };
struct auth person_auth;
struct config person_config;
char *person_keys;

static char queue_path[] = "/tmp/therappai-queue-XXXXXX";
static struct hash_queue_options queue_options = { queue_path, 2, 64, 20000 };
static pid_t holder;

static void open_queue(void)
{
    hash_queue_free(person_auth.hash_queue);
    cr_assert_eq(hash_queue_open(&queue_options, &person_auth.hash_queue), ERROR_NONE);
}

void person_start(void)
{
    cr_assert(secret_start());
    database_create();
    close(mkstemp(queue_path));
    config_init(&person_config);
    person_config.argon2_memory_kib = 1024;
    person_config.argon2_passes = 1;
    person_keys = keys_directory_new();
    keys_write_usual(person_keys);
    person_auth.config = &person_config;
    person_auth.db = database_open(DATABASE_WORKER);
    person_load_keys();
    open_queue();
}

void person_finish(void)
{
    person_let_go();
    db_free(person_auth.db);
    hash_queue_free(person_auth.hash_queue);
    keyset_free(person_auth.keyset);
    config_clear(&person_config);
    unlink(queue_path);
    keys_directory_free(person_keys);
    database_drop();
}

/* The old connection is left alone: ending it here would end it for the other process too. */
static struct db *volatile inherited;

void person_forked(void)
{
    inherited = person_auth.db;
    person_auth.db = database_open(DATABASE_WORKER);
    open_queue();
}

void person_load_keys(void)
{
    keyset_free(person_auth.keyset);
    person_auth.keyset = keys_load(person_keys);
}

void person_connect(int64_t timeout_ms)
{
    const struct db_options options = { .conninfo = database_conninfo(DATABASE_WORKER),
                                        .timeout_ms = timeout_ms,
                                        .prepare = true,
                                        .application_name = "test" };
    db_free(person_auth.db);
    person_auth.db = db_new(&options);
}

static _Noreturn void hold_slot(int line)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    open_queue();
    char said = hash_queue_enter(person_auth.hash_queue) ? 'B' : 'Y';
    if (write(line, &said, 1) == 1)
        pause();
    _exit(EXIT_FAILURE);
}

void person_fill_hash_queue(void)
{
    int lines[2];
    char said;
    queue_options.slots = 1;
    queue_options.queue = 0;
    open_queue();
    cr_assert_eq(pipe(lines), 0);
    holder = fork();
    cr_assert_geq(holder, 0);
    if (holder == 0)
        hold_slot(lines[1]);
    cr_assert_eq(read(lines[0], &said, 1), 1);
    cr_assert_eq(said, 'Y');
    close(lines[0]);
    close(lines[1]);
}

void person_let_go(void)
{
    if (holder) {
        kill(holder, SIGKILL);
        waitpid(holder, NULL, 0);
    }
    holder = 0;
}

/* What people do --------------------------------------------------------------------------------*/

enum error person_sign_up(const char *email, const char *password)
{
    struct user user = { 0 };
    struct secret *secret = secret_new(password, strlen(password));
    enum error error = user_sign_up(&person_auth, email, "Ada", secret, &person_client, &user);
    user_clear(&user);
    secret_free(secret);
    return error;
}

enum error person_log_in(const char *email, const char *password, struct token_pair *pair)
{
    struct secret *secret = secret_new(password, strlen(password));
    enum error error =
        session_login(&person_auth, email, strlen(email), secret, &person_client, pair);
    secret_free(secret);
    return error;
}

int64_t person_new(void)
{
    cr_assert_eq(person_sign_up(PERSON_EMAIL, PERSON_PASSWORD), ERROR_NONE);
    return database_integer("select id from users where email = '%s'", PERSON_EMAIL);
}

struct token_pair person_session(void)
{
    struct token_pair pair = { 0 };
    cr_assert_eq(person_log_in(PERSON_EMAIL, PERSON_PASSWORD, &pair), ERROR_NONE);
    return pair;
}

struct access_claims person_claims(const struct token_pair *pair)
{
    struct access_claims claims;
    enum error error =
        access_token_verify(pair->access, person_auth.keyset, &person_config, &claims);
    cr_assert_eq(error, ERROR_NONE, "%s", error_name(error));
    return claims;
}

bool person_is_live(const struct token_pair *pair)
{
    struct user user = { 0 };
    struct access_claims claims = person_claims(pair);
    enum error error = user_read(&person_auth, &claims, &user);
    user_clear(&user);
    return error == ERROR_NONE;
}

enum error person_refresh(const struct token_pair *pair, struct token_pair *next)
{
    const struct client client = { "192.0.2.8", "test/1", "refresh-1" };
    return session_refresh(&person_auth, pair->refresh, &client, next);
}

enum error person_try_refresh(const struct token_pair *pair)
{
    struct token_pair next = { 0 };
    enum error error = person_refresh(pair, &next);
    cr_assert_eq(!next.refresh, error != ERROR_NONE);
    token_pair_clear(&next);
    return error;
}

struct token_pair person_next(const struct token_pair *pair)
{
    struct token_pair next = { 0 };
    enum error error = person_refresh(pair, &next);
    cr_assert_eq(error, ERROR_NONE, "%s", error_name(error));
    return next;
}

void person_expect_refused(const struct token_pair *pair, const char *about)
{
    enum error error = person_try_refresh(pair);
    cr_assert_eq(error, ERROR_INVALID_REFRESH_TOKEN, "%s: %s", about, error_name(error));
}

struct token_pair person_generation(const struct token_pair *pair, uint32_t generation)
{
    struct refresh_token token = { .generation = generation };
    struct access_claims claims = person_claims(pair);
    memcpy(token.session_id, claims.session_id, sizeof token.session_id);
    struct token_pair made = { .refresh = refresh_token_make(&token, person_auth.keyset) };
    cr_assert_not_null(made.refresh);
    return made;
}

const char *person_end_reason(void)
{
    return database_sql("select coalesce(end_reason, 'lives') from sessions order by created_at");
}
