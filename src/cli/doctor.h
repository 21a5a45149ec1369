/* doctor - what its checks share. Each is a row of the table in doctor.c: name, function, what is
 * good or wrong, the line that mends it. */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include "base/config.h"
#include "cli/curl.h"
#include "db/db.h"

enum verdict { VERDICT_SKIPPED, VERDICT_GOOD, VERDICT_WRONG };

enum { DOCTOR_TEXT_SIZE = 512, DOCTOR_URL_SIZE = 512 };

struct doctor {
    const struct config *config;
    const char *url;               /* the origin that clients call; "": not known */
    struct db *db;                 /* as a worker has it */
    struct curl_reply reply;       /* of the first question, once the check web-server is good */
    char detail[DOCTOR_TEXT_SIZE]; /* empty before each check, as is the next */
    char remedy[DOCTOR_TEXT_SIZE]; /* where the row's own line would not do */
};

/* What a check found; the line that mends it. */
void doctor_found(struct doctor *doctor, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void doctor_mend(struct doctor *doctor, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

typedef enum verdict doctor_check(struct doctor *doctor);

/* doctor_host.c: this host, without the web server. */
doctor_check doctor_account, doctor_key_files, doctor_keys, doctor_data_key, doctor_socket,
    doctor_database, doctor_database_role, doctor_schema, doctor_personal_info, doctor_clock,
    doctor_picture_directory;
/* doctor_site.c: through the web server, as a client. */
doctor_check doctor_web_server, doctor_backend, doctor_path, doctor_authorization,
    doctor_request_id, doctor_body_limit, doctor_upload_limit, doctor_pictures;

#endif
