/* problem - see problem.h. */
#include "http/problem.h"
#include "base/log.h"
#include <stdio.h>

/* Statuses, titles and codes are part of the contract with clients; details may be reworded. */
/* clang-format off */
static const struct problem table[ERROR_COUNT] = {
    [ERROR_INVALID_JSON] = { ERROR_INVALID_JSON, 400, "Bad Request", "invalid_json",
        "The request body must be one JSON object in UTF-8. Please check its syntax, and that no member stands in it twice.",
        NULL, 0 },
    [ERROR_INVALID_FORM] = { ERROR_INVALID_FORM, 400, "Bad Request", "invalid_form",
        "The form, in the request body or behind the address, must be UTF-8 and escaped as application/x-www-form-urlencoded. Please check its escapes, and that no field stands in it twice.",
        NULL, 0 },
    [ERROR_INCOMPLETE_BODY] = { ERROR_INCOMPLETE_BODY, 400, "Bad Request", "invalid_json",
        "The request body ended early or came too slowly. Please send the request again.",
        NULL, 0 },
    [ERROR_VALIDATION] = { ERROR_VALIDATION, 400, "Bad Request", "validation_error",
        "Some fields are missing or not valid. Please correct those listed under errors and send the request again.",
        NULL, 0 },
    [ERROR_EMAIL_TAKEN] = { ERROR_EMAIL_TAKEN, 400, "Bad Request", "validation_error",
        "This email address has an account already. Please log in, or sign up with another address.",
        NULL, 0 },
    [ERROR_INVALID_REFRESH_TOKEN] = { ERROR_INVALID_REFRESH_TOKEN, 400, "Invalid refresh token", "invalid_refresh_token",
        "This refresh token is not valid, or no longer. Please log in again.",
        NULL, 0 },
    [ERROR_INVALID_OTP] = { ERROR_INVALID_OTP, 400, "Bad Request", "invalid_otp",
        "This code is not valid, or no longer. Please check it, or ask for a new one.",
        NULL, 0 },
    [ERROR_MISSING_TOKEN] = { ERROR_MISSING_TOKEN, 401, "Unauthorized", "missing_token",
        "Please log in, and send the access token in the header Authorization: Bearer.",
        "", 0 },
    [ERROR_INVALID_TOKEN] = { ERROR_INVALID_TOKEN, 401, "Unauthorized", "invalid_token",
        "This access token is not valid here. Please log in again.",
        "error=\"invalid_token\", error_description=\"The access token is not valid\"", 0 },
    [ERROR_TOKEN_EXPIRED] = { ERROR_TOKEN_EXPIRED, 419, "Token expired", "token_expired",
        "The access token has expired. Please get a new one with the refresh token and send the request again.",
        "error=\"invalid_token\", error_description=\"The access token expired\"", 0 },
    [ERROR_INVALID_CREDENTIALS] = { ERROR_INVALID_CREDENTIALS, 401, "Unauthorized", "invalid_credentials",
        "The email address or the password is wrong. Please check both and try again.",
        "", 0 },
    [ERROR_ACCOUNT_DISABLED] = { ERROR_ACCOUNT_DISABLED, 403, "Forbidden", "forbidden",
        "This account is disabled. Please contact the operator of this site.",
        NULL, 0 },
    [ERROR_INSUFFICIENT_SCOPE] = { ERROR_INSUFFICIENT_SCOPE, 403, "Forbidden", "forbidden",
        "Your account does not have the permission that this needs. Please ask the operator of this site for it.",
        "error=\"insufficient_scope\"", 0 },
    [ERROR_BEYOND_RIGHTS] = { ERROR_BEYOND_RIGHTS, 403, "Forbidden", "forbidden",
        "This account, or one of these roles, has permissions that you do not have; or the account is your own. Somebody with more permissions must do this.",
        NULL, 0 },
    [ERROR_LAST_ADMIN] = { ERROR_LAST_ADMIN, 403, "Forbidden", "forbidden",
        "This account is the last one that may administer. Please give another account the role admin first.",
        NULL, 0 },
    [ERROR_NOT_LOCAL] = { ERROR_NOT_LOCAL, 403, "Forbidden", "forbidden",
        "This page is shown only on the host that the service runs on.",
        NULL, 0 },
    [ERROR_FOREIGN_ORIGIN] = { ERROR_FOREIGN_ORIGIN, 403, "Forbidden", "forbidden",
        "The cookie of this service is for the pages of its own site. Please ask the operator of this site to allow the origin of this page.",
        NULL, 0 },
    [ERROR_NOT_FOUND] = { ERROR_NOT_FOUND, 404, "Not Found", "not_found",
        "There is nothing at this address. Please check the path.",
        NULL, 0 },
    [ERROR_METHOD_NOT_ALLOWED] = { ERROR_METHOD_NOT_ALLOWED, 405, "Method Not Allowed", "method_not_allowed",
        "This address does not offer this method. The header Allow lists those that it does.",
        NULL, 0 },
    [ERROR_PAYLOAD_TOO_LARGE] = { ERROR_PAYLOAD_TOO_LARGE, 413, "Payload Too Large", "payload_too_large",
        "The request body is larger than this address takes. Please send less.",
        NULL, 0 },
    [ERROR_UNSUPPORTED_MEDIA_TYPE] = { ERROR_UNSUPPORTED_MEDIA_TYPE, 415, "Unsupported Media Type", "unsupported_media_type",
        "This address takes another type of request body. Please send it as JSON in UTF-8, with the header Content-Type: application/json, or as the form that the description of this address names.",
        NULL, 0 },
    [ERROR_INVALID_MULTIPART] = { ERROR_INVALID_MULTIPART, 400, "Bad Request", "invalid_form",
        "The request body must be multipart/form-data, each part with the name of its field, up to the last boundary. Please check how it is made.",
        NULL, 0 },
    [ERROR_RATE_LIMITED] = { ERROR_RATE_LIMITED, 429, "Too Many Requests", "rate_limited",
        "There were too many attempts. Please wait for as many seconds as the header Retry-After says, and try again.",
        NULL, 60 },
    [ERROR_INTERNAL] = { ERROR_INTERNAL, 500, "Internal Server Error", "internal",
        "Something went wrong on our side. Please try again later; if it happens again, give the request id to the operator of this site.",
        NULL, 0 },
    [ERROR_UNAVAILABLE] = { ERROR_UNAVAILABLE, 503, "Service Unavailable", "unavailable",
        "The service cannot answer just now. Your login is not lost; please try again in a few seconds.",
        NULL, 5 },
    [ERROR_BUSY] = { ERROR_BUSY, 503, "Service Unavailable", "unavailable",
        "Many people are logging in just now. Please try again in a few seconds.",
        NULL, 2 },
};
/* clang-format on */

const struct problem *problem_of(enum error error)
{
    if ((unsigned)error < ERROR_COUNT && table[error].status)
        return &table[error];
    LOG(LOG_LEVEL_ERROR, "error_without_answer", log_text("error", error_name(error)));
    return &table[ERROR_INTERNAL];
}

/* A quoted string (RFC 9110 §5.6.4). */
static void append_quoted(struct buffer *out, const char *name, const char *value)
{
    buffer_format(out, "%s=\"", name);
    for (; *value; value++)
        buffer_format(out, "%s%c", *value == '"' || *value == '\\' ? "\\" : "", *value);
    buffer_text(out, "\"");
}

/* RFC 6750 §3: no error where no token came; the scope that is missing, where one is. */
static void challenge(const struct problem *problem, const struct problem_options *options,
                      struct response *response)
{
    struct buffer value;
    buffer_init(&value, 1024);
    buffer_text(&value, "Bearer ");
    append_quoted(&value, "realm", options->realm ? options->realm : "");
    if (*problem->challenge)
        buffer_format(&value, ", %s", problem->challenge);
    if (problem->error == ERROR_INSUFFICIENT_SCOPE && options->scope) {
        buffer_text(&value, ", ");
        append_quoted(&value, "scope", options->scope);
    }
    response_header(response, "WWW-Authenticate", value.data);
    buffer_clear(&value);
}

static void add_text(json_object *object, const char *member, const char *text)
{
    json_object_object_add(object, member, json_object_new_string(text));
}

/* {"email": ["…", "…"], …} */
static json_object *member_errors(const struct field_errors *errors)
{
    json_object *object = json_object_new_object();
    for (int i = 0; i < errors->count; i++) {
        json_object *messages = NULL;
        if (!json_object_object_get_ex(object, errors->list[i].member, &messages)) {
            messages = json_object_new_array();
            json_object_object_add(object, errors->list[i].member, messages);
        }
        json_object_array_add(messages, json_object_new_string(errors->list[i].message));
    }
    return object;
}

static json_object *body_of(const struct problem *problem, const struct field_errors *errors,
                            const struct request *request)
{
    json_object *body = json_object_new_object();
    json_object_object_add(body, "status", json_object_new_int(problem->status));
    add_text(body, "title", problem->title);
    add_text(body, "code", problem->code);
    add_text(body, "detail", problem->detail);
    if (errors && errors->count)
        json_object_object_add(body, "errors", member_errors(errors));
    add_text(body, "request_id", request->id);
    return body;
}

/* 419 is of no standard; an option turns it into the 401 of RFC 6750 §3.1. */
static struct problem as_configured(const struct problem *row,
                                    const struct problem_options *options)
{
    struct problem problem = *row;
    if (problem.error == ERROR_TOKEN_EXPIRED && options->expired_status == 401) {
        problem.status = 401;
        problem.title = table[ERROR_INVALID_TOKEN].title;
    }
    if (options->retry_after)
        problem.retry_after = options->retry_after;
    return problem;
}

void problem_render(enum error error, const struct field_errors *errors,
                    const struct problem_options *options, const struct request *request,
                    struct response *response)
{
    const struct problem problem = as_configured(problem_of(error), options);
    response_json(response, STATUS_OK, body_of(&problem, errors, request));
    response->status = problem.status;
    response->reason = problem.title;
    response->cacheable = false;
    if (request->wants_problem_json)
        response->content_type = "application/problem+json"; /* RFC 9457 §3 */
    if (problem.challenge)
        challenge(&problem, options, response);
    if (problem.retry_after) {
        char seconds[16];
        snprintf(seconds, sizeof seconds, "%d", problem.retry_after);
        response_header(response, "Retry-After", seconds);
    }
}
