/* personal_info - see personal_info.h. */
#include "auth/personal_info.h"
#include "auth/client.h"
#include "auth/sealed.h"
#include "base/clock.h"
#include "base/log.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utf8proc.h>

enum { INTEGER_SIZE = 24, POINT_BYTES_MAX = 4, YEAR_MIN = 1900, DAY = 86400 };

typedef const char *flaw_finder(const char *text, size_t size);
static flaw_finder date_flaw, text_flaw, number_flaw;

static const struct {
    const char *name;
    flaw_finder *flaw;
} columns[PERSONAL_INFO_COLUMNS] = {
    [PERSONAL_INFO_DATE_OF_BIRTH] = { "date_of_birth", date_flaw },
    [PERSONAL_INFO_GOALS] = { "goals", text_flaw },
    [PERSONAL_INFO_THERAPY_FOCUS] = { "therapy_focus", text_flaw },
    [PERSONAL_INFO_ADDICTION_TYPE] = { "addiction_type", text_flaw },
    [PERSONAL_INFO_MOOD] = { "mood", text_flaw },
    [PERSONAL_INFO_CONTACT_NUMBER] = { "contact_number", number_flaw },
};

void personal_info_clear(struct personal_info *info)
{
    for (int i = 0; i < PERSONAL_INFO_COLUMNS; i++)
        secret_free(info->values[i]);
    *info = (struct personal_info){ 0 };
}

const char *personal_info_name(enum personal_info_column column)
{
    return columns[column].name;
}

/* Flaws -----------------------------------------------------------------------------------------*/

const char *personal_info_flaw(enum personal_info_column column, const char *text, size_t size)
{
    return columns[column].flaw(text, size);
}

static bool is_date_shaped(const char *text, size_t size)
{
    static const char shape[] = "9999-99-99";
    if (size != sizeof shape - 1)
        return false;
    for (size_t i = 0; i < size; i++)
        if (shape[i] == '9' ? text[i] < '0' || text[i] > '9' : text[i] != '-')
            return false;
    return true;
}

static int days_of(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static const char *date_flaw(const char *text, size_t size)
{
    struct tm today;
    char limit[16];
    if (!is_date_shaped(text, size))
        return "This is not a date like 1990-12-31.";
    int year = (int)strtol(text, NULL, 10), month = (int)strtol(text + 5, NULL, 10),
        day = (int)strtol(text + 8, NULL, 10);
    if (month < 1 || month > 12 || day < 1 || day > days_of(year, month))
        return "The calendar has no such day.";
    if (year < YEAR_MIN)
        return "A date of birth is not before 1900.";
    /* Somewhere it is tomorrow already. */
    time_t now = (time_t)(clock_now() + DAY);
    gmtime_r(&now, &today);
    strftime(limit, sizeof limit, "%Y-%m-%d", &today);
    return strncmp(text, limit, size) > 0 ? "A date of birth is not in the future." : NULL;
}

static bool is_control(utf8proc_int32_t point)
{
    return utf8proc_category(point) == UTF8PROC_CATEGORY_CC && point != '\n' && point != '\r' &&
           point != '\t';
}

static const char *text_flaw(const char *text, size_t size)
{
    static const char too_long[] = "This has more than 2,000 characters.";
    int count = 0;
    if (size > (size_t)PERSONAL_INFO_TEXT_MAX * POINT_BYTES_MAX)
        return too_long;
    for (size_t at = 0; at < size; count++) {
        utf8proc_int32_t point;
        utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)text + at,
                                                   (utf8proc_ssize_t)(size - at), &point);
        if (length <= 0)
            return "This is not UTF-8.";
        if (is_control(point))
            return "This has control characters other than line breaks and tabs.";
        at += (size_t)length;
    }
    return count > PERSONAL_INFO_TEXT_MAX ? too_long : NULL;
}

static const char *number_flaw(const char *text, size_t size)
{
    bool has_digit = false;
    if (size > PERSONAL_INFO_NUMBER_MAX)
        return "This has more than 40 characters.";
    for (size_t i = 0; i < size; i++) {
        if (!text[i] || !strchr("0123456789+-() ./", text[i]))
            return "A number has only digits, blanks and + - ( ) . /";
        has_digit = has_digit || (text[i] >= '0' && text[i] <= '9');
    }
    return has_digit ? NULL : "A number has digits.";
}

/* Reading ---------------------------------------------------------------------------------------*/

/* One account's, as it stands in the database. */
struct stored {
    int64_t user_id;
    const char *key_id;
    const char *sealed[PERSONAL_INFO_COLUMNS];
};

/* A key that another host made may not be known here yet. */
static const struct key *find_key(struct auth *auth, const char *id)
{
    const struct key *key = keyset_find_data(auth->keyset, id);
    if (!key && keyset_refresh(auth->keyset, true))
        key = keyset_find_data(auth->keyset, id);
    return key;
}

/* One that was just made may not be known here yet. */
static const struct key *encrypting_key(struct auth *auth)
{
    const struct key *key = keyset_data(auth->keyset);
    if (!key && keyset_refresh(auth->keyset, true))
        key = keyset_data(auth->keyset);
    if (!key)
        LOG(LOG_LEVEL_ERROR, "no_data_key",
            log_text("reason", "therappai-auth key generate --algorithm DATA makes one"));
    return key;
}

static bool open_values(const struct key *key, const struct stored *stored,
                        struct personal_info *info)
{
    for (int i = 0; i < PERSONAL_INFO_COLUMNS; i++) {
        const struct sealed_place place = { stored->user_id, columns[i].name };
        if (!stored->sealed[i])
            continue;
        info->values[i] = sealed_open(key, place, stored->sealed[i]);
        if (!info->values[i])
            return false;
    }
    return true;
}

static enum error open_stored(struct auth *auth, const struct stored *stored,
                              struct personal_info *info)
{
    const struct key *key = find_key(auth, stored->key_id);
    if (key && open_values(key, stored, info))
        return ERROR_NONE;
    personal_info_clear(info);
    if (!key && !encrypting_key(auth))
        return ERROR_UNAVAILABLE;
    LOG(LOG_LEVEL_ERROR, key ? "personal_info_does_not_open" : "data_key_not_known",
        log_integer("user", stored->user_id), log_text("key", stored->key_id));
    return ERROR_INTERNAL;
}

enum error personal_info_read(struct auth *auth, const struct access_claims *claims,
                              struct personal_info *info)
{
    enum { DISABLED, KEY_ID, FIRST };
    char user[INTEGER_SIZE];
    struct db_result *result = NULL;
    struct stored stored = { .user_id = claims->user_id };
    snprintf(user, sizeof user, "%" PRId64, claims->user_id);
    const char *const values[] = { user, claims->session_id };
    enum error error = db_run(auth->db, STATEMENT_PERSONAL_INFO_READ, values, &result);
    if (!error && db_rows(result) == 0)
        error = ERROR_INVALID_TOKEN;
    if (!error && db_boolean(result, 0, DISABLED))
        error = ERROR_ACCOUNT_DISABLED;
    if (!error && (stored.key_id = db_value(result, 0, KEY_ID)) != NULL) {
        for (int i = 0; i < PERSONAL_INFO_COLUMNS; i++)
            stored.sealed[i] = db_value(result, 0, FIRST + i);
        error = open_stored(auth, &stored, info);
    }
    db_result_free(result);
    return error;
}

/* Writing ---------------------------------------------------------------------------------------*/

static void seal_values(const struct key *key, int64_t user_id, const struct personal_info *info,
                        char *sealed[PERSONAL_INFO_COLUMNS])
{
    for (int i = 0; i < PERSONAL_INFO_COLUMNS; i++) {
        const struct sealed_place place = { user_id, columns[i].name };
        sealed[i] = info->values[i] ? sealed_make(key, place, info->values[i]) : NULL;
    }
}

static void free_sealed(char *sealed[PERSONAL_INFO_COLUMNS])
{
    for (int i = 0; i < PERSONAL_INFO_COLUMNS; i++)
        free(sealed[i]);
}

enum error personal_info_write(struct auth *auth, const struct access_claims *claims,
                               const struct personal_info *info, const struct client *client)
{
    enum { FIRST = 5 };
    char user[INTEGER_SIZE], *sealed[PERSONAL_INFO_COLUMNS];
    struct db_result *result = NULL;
    const struct key *key = encrypting_key(auth);
    if (!key)
        return ERROR_UNAVAILABLE;
    snprintf(user, sizeof user, "%" PRId64, claims->user_id);
    const char *values[FIRST + PERSONAL_INFO_COLUMNS] = { user, claims->session_id,
                                                          client_address(client),
                                                          client->request_id, key->id };
    seal_values(key, claims->user_id, info, sealed);
    for (int i = 0; i < PERSONAL_INFO_COLUMNS; i++)
        values[FIRST + i] = sealed[i];
    enum error error = db_run(auth->db, STATEMENT_PERSONAL_INFO_WRITE, values, &result);
    if (!error && db_rows(result) == 0)
        error = ERROR_INVALID_TOKEN;
    if (!error && db_boolean(result, 0, 0))
        error = ERROR_ACCOUNT_DISABLED;
    free_sealed(sealed);
    db_result_free(result);
    return error;
}

/* Keys change -----------------------------------------------------------------------------------*/

enum error personal_info_count(struct auth *auth, const char *key_id, int64_t *by_it,
                               int64_t *by_others)
{
    struct db_result *result = NULL;
    const char *const values[] = { key_id };
    enum error error = db_run(auth->db, STATEMENT_PERSONAL_INFO_COUNT, values, &result);
    if (!error) {
        *by_it = db_integer(result, 0, 0);
        *by_others = db_integer(result, 0, 1);
    }
    db_result_free(result);
    return error;
}

/* `version` is that of the row which `info` was read from. The key is looked up here: to open the
 * row may have loaded the keys anew. */
static enum error store(struct auth *auth, const struct stored *stored, const char *version,
                        const struct personal_info *info)
{
    enum { FIRST = 3 };
    char user[INTEGER_SIZE], *sealed[PERSONAL_INFO_COLUMNS];
    const struct key *key = encrypting_key(auth);
    if (!key)
        return ERROR_UNAVAILABLE;
    snprintf(user, sizeof user, "%" PRId64, stored->user_id);
    const char *values[FIRST + PERSONAL_INFO_COLUMNS] = { user, version, key->id };
    seal_values(key, stored->user_id, info, sealed);
    for (int i = 0; i < PERSONAL_INFO_COLUMNS; i++)
        values[FIRST + i] = sealed[i];
    enum error error = db_run(auth->db, STATEMENT_PERSONAL_INFO_RENEW, values, NULL);
    free_sealed(sealed);
    return error;
}

static enum error renew_row(struct auth *auth, const struct db_result *result, int row,
                            struct personal_info_renewal *renewal)
{
    enum { USER_ID, ROW_VERSION, KEY_ID, FIRST };
    enum error error = ERROR_NONE;
    struct personal_info info = { 0 };
    struct stored stored = { .user_id = db_integer(result, row, USER_ID),
                             .key_id = db_value(result, row, KEY_ID) };
    for (int i = 0; i < PERSONAL_INFO_COLUMNS; i++)
        stored.sealed[i] = db_value(result, row, FIRST + i);
    if (open_stored(auth, &stored, &info))
        renewal->failed++;
    else
        error = store(auth, &stored, db_value(result, row, ROW_VERSION), &info);
    renewal->after = stored.user_id;
    personal_info_clear(&info);
    return error;
}

enum error personal_info_renew(struct auth *auth, struct personal_info_renewal *renewal)
{
    char last[INTEGER_SIZE];
    struct db_result *result = NULL;
    const struct key *key = encrypting_key(auth);
    if (!key)
        return ERROR_UNAVAILABLE;
    snprintf(last, sizeof last, "%" PRId64, renewal->after);
    const char *const values[] = { key->id, last };
    enum error error = db_run(auth->db, STATEMENT_PERSONAL_INFO_OLD, values, &result);
    renewal->looked = error ? 0 : db_rows(result);
    for (int row = 0; row < renewal->looked && !error; row++)
        error = renew_row(auth, result, row, renewal);
    db_result_free(result);
    return error;
}
