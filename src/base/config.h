/* config - the options: one table drives the file, the environment, the command line, the printed
 * configuration, the sample file and the documentation. */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum config_rotation { ROTATION_ON_USE, ROTATION_STRICT, ROTATION_OFF };
/* STARTTLS, where the server is not on this very host; always; never. */
enum config_mail_tls { MAIL_TLS_REMOTE, MAIL_TLS_ALWAYS, MAIL_TLS_NEVER };
enum config_status_access { STATUS_ACCESS_LOOPBACK, STATUS_ACCESS_ANY };

/* Texts are owned by the struct; durations are in the unit that the option's name or help gives. */
struct config {
    /* where */
    char *base_path; /* without a slash at the end; "" is the root */
    char *listen;    /* path of a Unix socket, or host:port; "" where the listener is inherited */
    int64_t listen_mode; /* of the Unix socket, octal in the file */
    char *run_directory;
    char *key_directory;

    /* processes */
    int64_t workers;
    int64_t io_timeout_ms; /* no byte from or to the web server for so long ends the connection */
    int64_t drain_timeout_ms; /* how long a worker may finish its request at TERM */
    int64_t purge_interval_s; /* housekeeper */

    /* database */
    char *database;       /* libpq connection string of the workers */
    char *database_owner; /* of migrate; "" is the same */
    int64_t database_timeout_ms;
    int64_t database_prepare; /* boolean */
    char *migration_directory;

    /* tokens */
    char *issuer;
    char *audience;
    int64_t access_lifetime_s;
    int64_t access_jitter_percent;
    int64_t clock_leeway_s;
    int64_t expired_status; /* 419 or 401 */
    int64_t refresh_lifetime_s;
    int64_t refresh_idle_s;
    int64_t refresh_rotation; /* enum config_rotation */

    /* passwords */
    int64_t argon2_memory_kib;
    int64_t argon2_passes;
    int64_t hash_slots;      /* 0: as many as there are processors */
    int64_t hash_queue;      /* how many more workers may wait for a slot */
    int64_t hash_timeout_ms; /* longest wait for a slot */

    /* limits: tries that may fail in a window; 0: no limit */
    int64_t throttle_login;         /* of an account from an address */
    int64_t throttle_login_account; /* of an account from anywhere */
    int64_t throttle_login_address; /* of an address on any account */
    int64_t throttle_sign_up;       /* of an address, failed or not */
    int64_t throttle_refresh;       /* of an address, and of a session */
    int64_t throttle_password;      /* of an account that is logged in */
    int64_t throttle_reset;         /* of an address, failed or not */
    int64_t throttle_window_s;
    /* password reset */
    int64_t reset_lifetime_s;
    int64_t reset_attempts; /* wrong ones, past which a code is dead */
    int64_t reset_interval_s;

    /* mail */
    char *mail_server; /* smtp://host:port or smtps://host:port; "": there is no mail */
    int64_t mail_tls;  /* enum config_mail_tls */
    char *mail_ca_file;
    char *mail_user; /* "": nobody logs in */
    char *mail_password_file;
    char *mail_from;
    char *mail_subject;
    char *mail_template;
    int64_t mail_timeout_ms; /* for one mail */

    /* requests */
    int64_t body_limit;    /* bytes of a JSON body */
    int64_t upload_limit;  /* bytes of a multipart/form-data body */
    int64_t status_access; /* enum config_status_access */

    /* browsers */
    char *trusted_proxies; /* a list of base/address */
    char *public_url;      /* an origin, or "" */
    char *allowed_origins; /* separated by single spaces */
    int64_t cookie;        /* boolean */
    int64_t cookie_access; /* boolean */

    /* records */
    int64_t audit_retention_s;

    /* profile pictures */
    char *picture_directory;
    char *picture_url; /* where the web server serves it; no slash at the end */
    char *picture_program;

    /* log */
    int64_t log_level; /* enum log_level */
    int64_t log_format;
    int64_t log_target;
};

/* Defaults everywhere. */
void config_init(struct config *config);
void config_clear(struct config *config);
/* A deep copy into uninitialised storage. */
void config_copy(struct config *to, const struct config *from);

enum { CONFIG_MESSAGE_SIZE = 512 };

/* Each sets options on top of what is there and returns true, or false with a sentence in message
 * ("FILE:LINE: unknown option 'x'"), in which case config may hold part of it. */
bool config_read_file(struct config *config, const char *path, char message[CONFIG_MESSAGE_SIZE]);
/* Every THERAPPAI_AUTH_<OPTION>; an unknown one is an error too, but for THERAPPAI_AUTH_CONFIG (the
 * file's name). */
bool config_read_environment(struct config *config, char *const *environment,
                             char message[CONFIG_MESSAGE_SIZE]);
/* "option=value", as behind --set. */
bool config_set(struct config *config, const char *assignment, char message[CONFIG_MESSAGE_SIZE]);
/* What no single option can see, for example that more workers may not hash than there are. */
bool config_check(const struct config *config, char message[CONFIG_MESSAGE_SIZE]);

/* Writes every option as a file that config_read_file takes. A database string that holds a
 * password is left out, as a comment. */
void config_print(const struct config *config, FILE *out);
/* Writes the documented sample file: every option commented out with its default, help, bounds. */
void config_print_sample(FILE *out);
/* Writes the Markdown table of README.md. */
void config_print_markdown(FILE *out);
/* Writes the manual page therappai-auth.conf(5), in mdoc(7). */
void config_print_man(FILE *out);

#endif
