/* outbox - see outbox.h. */
#include "auth/outbox.h"
#include "auth/keyset.h"
#include "auth/reset_code.h"
#include <inttypes.h>
#include <stdio.h>

enum { INTEGER_SIZE = 24, GIVEN_UP_AFTER_S = 4 * 60 * 60 };

static const char *write_integer(int64_t integer, char text[INTEGER_SIZE])
{
    snprintf(text, INTEGER_SIZE, "%" PRId64, integer);
    return text;
}

static void take_letter(const struct db_result *result, struct outbox_letter *letter)
{
    enum { ID, ATTEMPTS, LAST, EMAIL, EMAIL_KEY };
    letter->id = db_integer(result, 0, ID);
    letter->attempts = db_integer(result, 0, ATTEMPTS);
    letter->last = db_boolean(result, 0, LAST);
    snprintf(letter->email, sizeof letter->email, "%s", db_value(result, 0, EMAIL));
    snprintf(letter->email_key, sizeof letter->email_key, "%s", db_value(result, 0, EMAIL_KEY));
}

enum error outbox_take(struct auth *auth, struct outbox_letter *letter, bool *taken)
{
    char limit[INTEGER_SIZE];
    struct db_result *result = NULL;
    const char *const values[] = { write_integer(GIVEN_UP_AFTER_S, limit) };
    enum error error = db_run(auth->db, STATEMENT_OUTBOX_TAKE, values, &result);
    if (!error) {
        *taken = db_rows(result) > 0;
        if (*taken)
            take_letter(result, letter);
    }
    db_result_free(result);
    return error;
}

enum error outbox_issue(struct auth *auth, const struct outbox_letter *letter, struct secret **code)
{
    char id[INTEGER_SIZE], attempts[INTEGER_SIZE], life[INTEGER_SIZE], mac[RESET_MAC_SIZE];
    struct db_result *result = NULL;
    struct secret *made = reset_code_new();
    reset_code_mac(made, letter->email_key, auth->keyset, mac);
    const char *const values[] = { write_integer(letter->id, id),
                                   write_integer(letter->attempts, attempts), mac,
                                   write_integer(auth->config->reset_lifetime_s, life) };
    enum error error = db_run(auth->db, STATEMENT_OUTBOX_ISSUE, values, &result);
    bool issued = !error && db_integer(result, 0, 0) > 0;
    db_result_free(result);
    if (!issued)
        secret_free(made);
    if (!error)
        *code = issued ? made : NULL;
    return error;
}

enum error outbox_end(struct auth *auth, const struct outbox_letter *letter, const char *failure)
{
    char id[INTEGER_SIZE], attempts[INTEGER_SIZE];
    const char *const values[] = { write_integer(letter->id, id),
                                   write_integer(letter->attempts, attempts), failure };
    return db_run(auth->db, STATEMENT_OUTBOX_END, values, NULL);
}
