/* error - the list of everything that can go wrong; http/problem says how a client sees each of
 * them. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

enum error {
    ERROR_NONE = 0,

    /* The request is at fault. */
    ERROR_INVALID_JSON,
    ERROR_INVALID_FORM,
    ERROR_VALIDATION, /* members missing or wrong; the field errors say which */
    ERROR_EMAIL_TAKEN,
    ERROR_INVALID_REFRESH_TOKEN, /* unknown, malformed, expired, revoked or replayed: one answer */
    ERROR_INVALID_OTP, /* unknown email, no code, a wrong one, expired, used up: one answer */
    ERROR_MISSING_TOKEN,
    ERROR_INVALID_TOKEN,
    ERROR_TOKEN_EXPIRED,
    ERROR_INVALID_CREDENTIALS,
    ERROR_ACCOUNT_DISABLED,
    ERROR_INSUFFICIENT_SCOPE,
    ERROR_BEYOND_RIGHTS,  /* who asks may not do it to that account, or with these roles */
    ERROR_NOT_LOCAL,      /* a status page asked for from another host */
    ERROR_FOREIGN_ORIGIN, /* a cookie came, and a page that may not use it made the request */
    ERROR_NOT_FOUND,
    ERROR_LAST_ADMIN, /* nobody could administer any more; of operators and administrators */
    ERROR_METHOD_NOT_ALLOWED,
    ERROR_PAYLOAD_TOO_LARGE,
    ERROR_UNSUPPORTED_MEDIA_TYPE,
    ERROR_RATE_LIMITED, /* too many attempts */
    ERROR_INVALID_MULTIPART,
    ERROR_INCOMPLETE_BODY, /* the body ended before CONTENT_LENGTH */

    /* We are at fault, or what we stand on. */
    ERROR_INTERNAL,
    ERROR_UNAVAILABLE,         /* the database is away or too slow */
    ERROR_BUSY,                /* the hashing queue is full */
    ERROR_UNSUPPORTED_PICTURE, /* held against its member, so that it reaches no client by itself */
    ERROR_DUPLICATE, /* a unique constraint refused the row (SQLSTATE 23505); never reaches a client
                      */

    ERROR_COUNT
};

/* The error's name for a log line, in lower case with underscores. Never NULL. */
const char *error_name(enum error error);

#endif
