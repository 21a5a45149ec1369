/* options - see options.h. */
#include "base/options.h"
#include "base/address.h"
#include "base/config.h"
#include "base/log.h"
#include "base/mail_name.h"
#include "base/origin.h"
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#ifndef THERAPPAI_AUTH_MAIL_TEMPLATE
#define THERAPPAI_AUTH_MAIL_TEMPLATE "/usr/share/therappai-auth/password-reset.txt"
#endif
#ifndef THERAPPAI_AUTH_MIGRATION_DIRECTORY
#define THERAPPAI_AUTH_MIGRATION_DIRECTORY "/usr/share/therappai-auth/sql"
#endif
#ifndef THERAPPAI_AUTH_PICTURE_PROGRAM
#define THERAPPAI_AUTH_PICTURE_PROGRAM "/usr/libexec/therappai-auth-picture"
#endif

static const struct option_choice switches[] = { { "on", 1 }, { "off", 0 }, { NULL, 0 } };
static const struct option_choice expired_statuses[] = { { "419", 419 },
                                                         { "401", 401 },
                                                         { NULL, 0 } };
static const struct option_choice rotations[] = { { "on-use", ROTATION_ON_USE },
                                                  { "strict", ROTATION_STRICT },
                                                  { "off", ROTATION_OFF },
                                                  { NULL, 0 } };
static const struct option_choice status_accesses[] = { { "loopback", STATUS_ACCESS_LOOPBACK },
                                                        { "any", STATUS_ACCESS_ANY },
                                                        { NULL, 0 } };
static const struct option_choice mail_tls[] = { { "remote", MAIL_TLS_REMOTE },
                                                 { "always", MAIL_TLS_ALWAYS },
                                                 { "never", MAIL_TLS_NEVER },
                                                 { NULL, 0 } };
static const struct option_choice log_levels[] = { { "error", LOG_LEVEL_ERROR },
                                                   { "warn", LOG_LEVEL_WARN },
                                                   { "info", LOG_LEVEL_INFO },
                                                   { "debug", LOG_LEVEL_DEBUG },
                                                   { NULL, 0 } };
static const struct option_choice log_formats[] = { { "logfmt", LOG_FORMAT_LOGFMT },
                                                    { "json", LOG_FORMAT_JSON },
                                                    { NULL, 0 } };
static const struct option_choice log_targets[] = { { "stderr", LOG_TARGET_STDERR },
                                                    { "syslog", LOG_TARGET_SYSLOG },
                                                    { NULL, 0 } };

/* RFC 3986 §2.3, and the slash between segments. */
static const char path_characters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";

static const char *base_path_flaw(const char *text)
{
    size_t size = strlen(text);
    if (size == 0)
        return NULL;
    if (text[0] != '/' || text[size - 1] == '/')
        return "it begins with a slash and does not end in one (the root is \"\")";
    if (size > 128 || text[strspn(text, path_characters)])
        return "it has at most 128 of A-Z a-z 0-9 - . _ ~ and slashes";
    if (strstr(text, "//") || strstr(text, "/."))
        return "no segment of it is empty or begins with a dot";
    return NULL;
}

/* Stands in a quoted string of WWW-Authenticate (RFC 9110 §5.6.4), where some characters would need
 * escapes that not every client understands. */
static const char *name_flaw(const char *text)
{
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++)
        if (text[i] < ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\')
            return "it has only ASCII characters, and no quotation mark or backslash";
    return size > 0 && size <= 256 ? NULL : "it has 1 to 256 characters";
}

static const char *directory_flaw(const char *text)
{
    return *text ? NULL : "it is the path of a directory";
}

static const char *file_flaw(const char *text)
{
    return *text ? NULL : "it is the path of a file";
}

static const char *program_flaw(const char *text)
{
    return *text ? NULL : "it is the path of a program";
}

/* Goes into answers as it is (RFC 3986 §4.2, §3). */
static const char *url_flaw(const char *text)
{
    size_t size = strlen(text);
    if ((*text != '/' && strncmp(text, "https://", 8) && strncmp(text, "http://", 7)) || size > 512)
        return "it begins with a slash, https:// or http://, and has at most 512 characters";
    if (strchr(text, '\\') || text[strcspn(text, " \"<>?#%{}|^`")] || text[size - 1] == '/')
        return "it has no query and no escapes, and does not end in a slash";
    for (size_t i = 0; i < size; i++)
        if (text[i] < ' ' || text[i] > '~')
            return "it has only ASCII characters";
    return NULL;
}

static const char *connection_flaw(const char *text)
{
    return *text ? NULL : "it is a libpq connection string";
}

static const char *listen_flaw(const char *text)
{
    const char *colon = strrchr(text, ':');
    if (*text == '\0')
        return NULL;
    if (*text == '/' && strlen(text) >= sizeof((struct sockaddr_un *)NULL)->sun_path)
        return "the path of a Unix socket has at most 107 bytes";
    if (*text == '/')
        return NULL;
    if (!colon || colon == text || strlen(colon + 1) > 5 ||
        colon[1 + strspn(colon + 1, "0123456789")])
        return "it is the path of a Unix socket, beginning with a slash, or host:port";
    long port = strtol(colon + 1, NULL, 10);
    return port >= 1 && port <= 65535 ? NULL : "the port is 1 to 65535";
}

/* clang-format off */
#define AT(member) offsetof(struct config, member)
#define TEXT(member, initial, flaw, help) \
    { #member, OPTION_TEXT, AT(member), initial, NULL, 0, 0, NULL, help, flaw }
#define INSTALLED(member, initial, shown, flaw, help) \
    { #member, OPTION_TEXT, AT(member), initial, shown, 0, 0, NULL, help, flaw }
#define CONNECTION(member, initial, flaw, help) \
    { #member, OPTION_CONNECTION, AT(member), initial, NULL, 0, 0, NULL, help, flaw }
#define NUMBER(name, kind, member, initial, least, most, help) \
    { name, kind, AT(member), initial, NULL, least, most, NULL, help, NULL }
#define CHOICE(member, initial, choices, help) \
    { #member, OPTION_CHOICE, AT(member), initial, NULL, 0, 0, choices, help, NULL }
/* clang-format on */

#define MINUTE INT64_C(60)
#define DAY    INT64_C(86400)
#define KIB    INT64_C(1024)
#define MIB    (KIB * KIB)

/* clang-format off */
static const struct option table[] = {
    TEXT(base_path, "/api/v1", base_path_flaw, "where the service is mounted; empty for the root"),
    TEXT(listen, "", listen_flaw, "path of the Unix socket to listen on, or host:port; empty where the socket is handed over"),
    NUMBER("listen_mode", OPTION_OCTAL, listen_mode, "0660", 0600, 0777, "mode of that Unix socket; whoever may open it may speak for every client"),
    TEXT(run_directory, "/run/therappai-auth", directory_flaw, "holds what the workers of this host share; on local storage"),
    TEXT(key_directory, "/var/lib/therappai-auth/keys", directory_flaw, "holds the key files"),
    NUMBER("workers", OPTION_INTEGER, workers, "8", 1, 256, "processes that serve requests, one at a time each"),
    NUMBER("io_timeout", OPTION_MILLISECONDS, io_timeout_ms, "10s", 10, 600000, "longest wait for the web server to send or take something"),
    NUMBER("drain_timeout", OPTION_MILLISECONDS, drain_timeout_ms, "10s", 0, 600000, "how long a request may go on when its worker is told to stop"),
    NUMBER("purge_interval", OPTION_SECONDS, purge_interval_s, "1h", 1, 30 * DAY, "how often sessions and audit rows that are long over are removed"),
    CONNECTION(database, "dbname=therappai_auth user=therappai_auth_worker", connection_flaw, "libpq connection string of the workers; a password is better kept in a passfile"),
    CONNECTION(database_owner, "dbname=therappai_auth user=therappai_auth_owner", NULL, "libpq connection string of migrate; empty: the same as database"),
    NUMBER("database_timeout", OPTION_MILLISECONDS, database_timeout_ms, "2s", 10, 60000, "longest wait for the database at each question, with connecting"),
    CHOICE(database_prepare, "on", switches, "prepared statements; off behind pgbouncer in transaction mode"),
    INSTALLED(migration_directory, THERAPPAI_AUTH_MIGRATION_DIRECTORY, "PREFIX/share/therappai-auth/sql", directory_flaw, "holds the numbered migrations"),
    TEXT(issuer, "therappai-auth", name_flaw, "claim iss of access tokens, and the realm in WWW-Authenticate"),
    TEXT(audience, "therappai", name_flaw, "claim aud of access tokens"),
    NUMBER("access_lifetime", OPTION_SECONDS, access_lifetime_s, "15m", 1, DAY, "life of an access token"),
    NUMBER("access_jitter", OPTION_INTEGER, access_jitter_percent, "5", 0, 50, "per cent by which a life is shortened at random, so that not all tabs refresh at once"),
    NUMBER("clock_leeway", OPTION_SECONDS, clock_leeway_s, "5s", 0, 5 * MINUTE, "how far clocks may be apart"),
    CHOICE(expired_status, "419", expired_statuses, "status of an expired access token; 401 for clients that know RFC 6750 alone"),
    NUMBER("refresh_lifetime", OPTION_SECONDS, refresh_lifetime_s, "30d", 1, 3650 * DAY, "life of a session, from the login"),
    NUMBER("refresh_idle", OPTION_SECONDS, refresh_idle_s, "14d", 1, 3650 * DAY, "a session ends when nobody refreshed it for so long"),
    CHOICE(refresh_rotation, "on-use", rotations, "when a refresh token is retired: at the first use of its successor, at its own first use, or never"),
    NUMBER("argon2_memory", OPTION_KIBIBYTES, argon2_memory_kib, "19M", 1 * KIB, MIB, "memory of one password hash"),
    NUMBER("argon2_passes", OPTION_INTEGER, argon2_passes, "2", 1, 20, "passes of one password hash over its memory"),
    NUMBER("hash_slots", OPTION_INTEGER, hash_slots, "0", 0, 256, "password hashes at once on this host; 0: one a processor"),
    NUMBER("hash_queue", OPTION_INTEGER, hash_queue, "16", 0, 256, "how many more may wait; a quarter of the workers stays free in any case"),
    NUMBER("hash_timeout", OPTION_MILLISECONDS, hash_timeout_ms, "5s", 1, 60000, "longest wait for one's turn to hash; past it 503"),
    NUMBER("throttle_login", OPTION_INTEGER, throttle_login, "10", 0, 100000, "logins to an account from one address that may fail within throttle_window; past it 429; 0: no limit"),
    NUMBER("throttle_login_account", OPTION_INTEGER, throttle_login_account, "50", 0, 100000, "likewise from all addresses that it never logged in from; 0: no limit"),
    NUMBER("throttle_login_address", OPTION_INTEGER, throttle_login_address, "100", 0, 100000, "likewise from one address, to all accounts that never logged in from it; 0: no limit"),
    NUMBER("throttle_sign_up", OPTION_INTEGER, throttle_sign_up, "20", 0, 100000, "sign-ups from one address within throttle_window, failed or not; 0: no limit"),
    NUMBER("throttle_refresh", OPTION_INTEGER, throttle_refresh, "100", 0, 100000, "forged refresh tokens from one address, and failed refreshes of one session, likewise; 0: no limit"),
    NUMBER("throttle_password", OPTION_INTEGER, throttle_password, "10", 0, 100000, "wrong passwords of who is logged in, likewise; 0: no limit"),
    NUMBER("throttle_reset", OPTION_INTEGER, throttle_reset, "50", 0, 100000, "requests for a code for a new password, and codes tried, from one address, failed or not, likewise; 0: no limit"),
    NUMBER("throttle_window", OPTION_SECONDS, throttle_window_s, "10m", 1, DAY, "in which so many may fail; they are forgotten evenly"),
    NUMBER("reset_lifetime", OPTION_SECONDS, reset_lifetime_s, "15m", MINUTE, 60 * MINUTE, "life of a code for a new password, from its sending"),
    NUMBER("reset_attempts", OPTION_INTEGER, reset_attempts, "5", 1, 20, "wrong attempts after which a code is dead"),
    NUMBER("reset_interval", OPTION_SECONDS, reset_interval_s, "2m", 1, 60 * MINUTE, "least time between two codes for one account"),
    TEXT(mail_server, "", mail_server_flaw, "smtp://host:port or smtps://host:port; empty: no mail, and nobody can ask for a new password"),
    CHOICE(mail_tls, "remote", mail_tls, "to smtp:// use STARTTLS: unless the server is on the loopback, always, or never"),
    TEXT(mail_ca_file, "", NULL, "certificates (PEM) that the mail server's is verified by; empty: those of the system"),
    TEXT(mail_user, "", mail_user_flaw, "who logs in to the mail server; empty: nobody"),
    TEXT(mail_password_file, "", NULL, "file with its password, in one line; nobody but its owner may read it"),
    TEXT(mail_from, "", mail_from_flaw, "address that mail comes from"),
    TEXT(mail_subject, "Your code for a new password", mail_subject_flaw, "subject of the mail with a code"),
    INSTALLED(mail_template, THERAPPAI_AUTH_MAIL_TEMPLATE, "PREFIX/share/therappai-auth/password-reset.txt", file_flaw, "text of that mail, UTF-8, with {code} and {minutes} in it"),
    NUMBER("mail_timeout", OPTION_MILLISECONDS, mail_timeout_ms, "8s", 100, 30000, "longest that the sending of one mail takes"),
    NUMBER("body_limit", OPTION_BYTES, body_limit, "64k", 256, MIB, "largest JSON body"),
    NUMBER("upload_limit", OPTION_BYTES, upload_limit, "5M", 256, 64 * MIB, "largest multipart/form-data body, a picture with what is sent beside it"),
    CHOICE(status_access, "loopback", status_accesses, "who may ask for /healthz, /readyz and /metrics"),
    TEXT(trusted_proxies, "", address_list_flaw, "addresses and networks of the proxies before the web server whose X-Forwarded-For is believed, separated by spaces"),
    TEXT(public_url, "", origin_flaw, "where browsers find the service: https://host or https://host:port, without a path"),
    TEXT(allowed_origins, "", origin_list_flaw, "pages of which other origins may call the service (CORS), separated by spaces"),
    CHOICE(cookie, "off", switches, "cookie mode: a login may ask for its refresh token in a cookie"),
    CHOICE(cookie_access, "off", switches, "such a login also gets a cookie that opens guarded page loads"),
    NUMBER("audit_retention", OPTION_SECONDS, audit_retention_s, "365d", 30 * DAY, 3650 * DAY, "how long the audit log keeps a row"),
    TEXT(picture_directory, "/var/lib/therappai-auth/pictures", directory_flaw, "holds the profile pictures; the web server serves it"),
    TEXT(picture_url, "/pictures", url_flaw, "where the web server serves them: a path on this site, or a URL"),
    INSTALLED(picture_program, THERAPPAI_AUTH_PICTURE_PROGRAM, "PREFIX/libexec/therappai-auth-picture", program_flaw, "the program that decodes pictures"),
    CHOICE(log_level, "info", log_levels, "what is logged; debug adds a line for each request that succeeds"),
    CHOICE(log_format, "logfmt", log_formats, "how a line looks"),
    CHOICE(log_target, "stderr", log_targets, "where lines go"),
};
/* clang-format on */

const struct option *options(size_t *count)
{
    *count = sizeof table / sizeof table[0];
    return table;
}
