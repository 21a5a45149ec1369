/* routes - see routes.h. */
#include "api/routes.h"
#include "api/handlers.h"
#include <string.h>

/* What a handler answers by itself. Whatever asks the database may find it away. */
#define ERRORS(...)                                                                                \
    (const enum error[])                                                                           \
    {                                                                                              \
        __VA_ARGS__, ERROR_NONE                                                                    \
    }
#define NO_ERRORS   ERRORS(ERROR_NONE)
#define DATABASE    ERRORS(ERROR_UNAVAILABLE)
#define OWN_ACCOUNT ERRORS(ERROR_ACCOUNT_DISABLED, ERROR_UNAVAILABLE)
#define OTHERS_ACCOUNT                                                                             \
    ERRORS(ERROR_ACCOUNT_DISABLED, ERROR_BEYOND_RIGHTS, ERROR_LAST_ADMIN, ERROR_UNAVAILABLE)
#define OWN_PASSWORD                                                                               \
    ERRORS(ERROR_ACCOUNT_DISABLED, ERROR_RATE_LIMITED, ERROR_UNAVAILABLE, ERROR_BUSY)
#define MAIL ERRORS(ERROR_NOT_FOUND, ERROR_RATE_LIMITED, ERROR_UNAVAILABLE)

/* clang-format off */
static const struct route table[] = {
    { METHOD_POST,  "/signup/",  ACCESS_PUBLIC,     PERMISSION_INVALID,       BODY_JSON,          signup_post,  "Create an account",
      &schema_sign_up, STATUS_CREATED, &schema_profile, ERRORS(ERROR_EMAIL_TAKEN, ERROR_RATE_LIMITED, ERROR_UNAVAILABLE, ERROR_BUSY), NULL },
    { METHOD_POST,  "/login/",   ACCESS_PUBLIC,     PERMISSION_INVALID,       BODY_JSON,          login_post,   "Log in: get an access token and a refresh token",
      &schema_login, STATUS_OK, &schema_tokens, ERRORS(ERROR_INVALID_CREDENTIALS, ERROR_ACCOUNT_DISABLED, ERROR_FOREIGN_ORIGIN, ERROR_RATE_LIMITED, ERROR_UNAVAILABLE, ERROR_BUSY), NULL },
    { METHOD_POST,  "/refresh/", ACCESS_PUBLIC,     PERMISSION_INVALID,       BODY_JSON_OPTIONAL, refresh_post, "Renew the access token",
      &schema_refresh, STATUS_OK, &schema_tokens, ERRORS(ERROR_INVALID_REFRESH_TOKEN, ERROR_ACCOUNT_DISABLED, ERROR_FOREIGN_ORIGIN, ERROR_RATE_LIMITED, ERROR_UNAVAILABLE), NULL },
    { METHOD_POST,  "/logout/",  ACCESS_OPTIONAL,   PERMISSION_INVALID,       BODY_JSON_OPTIONAL, logout_post,  "End this session",
      &schema_logout, STATUS_NO_CONTENT, NULL, ERRORS(ERROR_INVALID_REFRESH_TOKEN, ERROR_FOREIGN_ORIGIN, ERROR_UNAVAILABLE), NULL },
    { METHOD_GET,   "/profile/", ACCESS_PERMISSION, PERMISSION_PROFILE_READ,  BODY_NONE,          profile_get,  "Read the own profile",
      NULL, STATUS_OK, &schema_profile, OWN_ACCOUNT, NULL },
    { METHOD_PUT,   "/profile/", ACCESS_PERMISSION, PERMISSION_PROFILE_WRITE, BODY_JSON_OR_MULTIPART, profile_put,  "Replace the own profile",
      &schema_profile_put, STATUS_OK, &schema_profile, OWN_ACCOUNT, NULL },
    { METHOD_PATCH, "/profile/", ACCESS_PERMISSION, PERMISSION_PROFILE_WRITE, BODY_JSON_OR_MULTIPART, profile_put,  "Change the own profile",
      &schema_profile_patch, STATUS_OK, &schema_profile, OWN_ACCOUNT, NULL },
    { METHOD_DELETE, "/profile/", ACCESS_PERMISSION, PERMISSION_PROFILE_WRITE, BODY_JSON,         account_delete_own, "Delete the own account",
      &schema_profile_delete, STATUS_NO_CONTENT, NULL, OWN_PASSWORD, NULL },
    { METHOD_GET,   "/profile/export/", ACCESS_PERMISSION, PERMISSION_PROFILE_READ, BODY_NONE,    export_get,   "All that is known of the own account",
      NULL, STATUS_OK, &schema_export, OWN_ACCOUNT, NULL },
    { METHOD_GET,   "/personal-info/", ACCESS_PERMISSION, PERMISSION_PROFILE_READ, BODY_NONE,     personal_info_get, "Read what the own account tells about its person",
      NULL, STATUS_OK, &schema_personal_info, OWN_ACCOUNT, NULL },
    { METHOD_PUT,   "/personal-info/", ACCESS_PERMISSION, PERMISSION_PROFILE_WRITE, BODY_JSON,    personal_info_put, "Replace it",
      &schema_personal_info_put, STATUS_OK, &schema_personal_info, OWN_ACCOUNT, NULL },
    { METHOD_POST,  "/password/", ACCESS_TOKEN,     PERMISSION_INVALID,       BODY_JSON,          password_post, "Change the password",
      &schema_password_change, STATUS_NO_CONTENT, NULL, OWN_PASSWORD, NULL },
    { METHOD_POST,  "/password-reset/request/", ACCESS_PUBLIC, PERMISSION_INVALID, BODY_JSON,     reset_request_post, "Ask for a code for a new password, by mail; 200 whether or not there is such an account",
      &schema_reset_request, STATUS_OK, &schema_nothing, MAIL, NULL },
    { METHOD_POST,  "/password-reset/verify-otp/", ACCESS_PUBLIC, PERMISSION_INVALID, BODY_JSON,  reset_verify_post, "Whether a code is right, which it stays",
      &schema_reset_code, STATUS_OK, &schema_nothing, ERRORS(ERROR_INVALID_OTP, ERROR_NOT_FOUND, ERROR_RATE_LIMITED, ERROR_UNAVAILABLE), NULL },
    { METHOD_POST,  "/password-reset/confirm/", ACCESS_PUBLIC, PERMISSION_INVALID, BODY_JSON,     reset_confirm_post, "Set a new password by a code; every session ends",
      &schema_reset, STATUS_NO_CONTENT, NULL, ERRORS(ERROR_INVALID_OTP, ERROR_NOT_FOUND, ERROR_RATE_LIMITED, ERROR_UNAVAILABLE, ERROR_BUSY), NULL },
    { METHOD_GET,   "/sessions/", ACCESS_TOKEN,     PERMISSION_INVALID,       BODY_NONE,          sessions_get, "List the own sessions",
      NULL, STATUS_OK, &schema_sessions, OWN_ACCOUNT, NULL },
    { METHOD_DELETE, "/sessions/", ACCESS_TOKEN,    PERMISSION_INVALID,       BODY_NONE,          sessions_delete, "End all own sessions",
      NULL, STATUS_NO_CONTENT, NULL, OWN_ACCOUNT, NULL },
    { METHOD_DELETE, "/sessions/{id}/", ACCESS_TOKEN, PERMISSION_INVALID,     BODY_NONE,          session_delete, "End one of the own sessions",
      NULL, STATUS_NO_CONTENT, NULL, OWN_ACCOUNT, NULL },
    { METHOD_GET,   "/admin/users/", ACCESS_PERMISSION, PERMISSION_USERS_READ, BODY_NONE,     admin_users_get, "Find accounts, by id",
      NULL, STATUS_OK, &schema_accounts, OWN_ACCOUNT, &schema_accounts_query },
    { METHOD_POST,  "/admin/users/", ACCESS_PERMISSION, PERMISSION_USERS_WRITE, BODY_JSON,    admin_users_post, "Create an account for somebody",
      &schema_account_new, STATUS_CREATED, &schema_account, ERRORS(ERROR_ACCOUNT_DISABLED, ERROR_EMAIL_TAKEN, ERROR_BEYOND_RIGHTS, ERROR_UNAVAILABLE, ERROR_BUSY), NULL },
    { METHOD_GET,   "/admin/users/{id}/", ACCESS_PERMISSION, PERMISSION_USERS_READ, BODY_NONE, admin_user_get, "Read an account",
      NULL, STATUS_OK, &schema_account, OWN_ACCOUNT, NULL },
    { METHOD_PATCH, "/admin/users/{id}/", ACCESS_PERMISSION, PERMISSION_USERS_WRITE, BODY_JSON, admin_user_patch, "Change an account: its name, its roles, whether it is disabled",
      &schema_account_change, STATUS_OK, &schema_account, OTHERS_ACCOUNT, NULL },
    { METHOD_DELETE, "/admin/users/{id}/", ACCESS_PERMISSION, PERMISSION_USERS_WRITE, BODY_NONE, admin_user_delete, "Delete an account",
      NULL, STATUS_NO_CONTENT, NULL, OTHERS_ACCOUNT, NULL },
    { METHOD_GET,   "/admin/users/{id}/sessions/", ACCESS_PERMISSION, PERMISSION_USERS_READ, BODY_NONE, admin_sessions_get, "List the sessions of an account",
      NULL, STATUS_OK, &schema_account_sessions, OWN_ACCOUNT, NULL },
    { METHOD_DELETE, "/admin/users/{id}/sessions/", ACCESS_PERMISSION, PERMISSION_USERS_WRITE, BODY_NONE, admin_sessions_delete, "End the sessions of an account",
      NULL, STATUS_NO_CONTENT, NULL, ERRORS(ERROR_ACCOUNT_DISABLED, ERROR_BEYOND_RIGHTS, ERROR_UNAVAILABLE), NULL },
    { METHOD_POST,  "/admin/users/{id}/password-reset/", ACCESS_PERMISSION, PERMISSION_USERS_WRITE, BODY_NONE, admin_password_reset_post, "Send the owner of an account a code for a new password; none where one went a moment ago",
      NULL, STATUS_NO_CONTENT, NULL, ERRORS(ERROR_ACCOUNT_DISABLED, ERROR_BEYOND_RIGHTS, ERROR_UNAVAILABLE), NULL },
    { METHOD_GET,   "/admin/roles/", ACCESS_PERMISSION, PERMISSION_USERS_READ, BODY_NONE,     admin_roles_get, "List the roles",
      NULL, STATUS_OK, &schema_roles, OWN_ACCOUNT, NULL },
    { METHOD_GET,   "/admin/audit/", ACCESS_PERMISSION, PERMISSION_USERS_READ, BODY_NONE,     admin_audit_get, "Read the audit log, the newest first",
      NULL, STATUS_OK, &schema_audit, OWN_ACCOUNT, &schema_audit_query },
    { METHOD_GET,   "/.well-known/jwks.json/", ACCESS_PUBLIC, PERMISSION_INVALID, BODY_NONE,      jwks_get,     "The public keys that verify access tokens",
      NULL, STATUS_OK, &schema_key_set, NO_ERRORS, NULL },
    { METHOD_POST,  "/introspect/", ACCESS_PERMISSION, PERMISSION_TOKENS_INTROSPECT, BODY_FORM,   introspect_post, "Whether a token is active, and whose it is (RFC 7662)",
      &schema_introspect, STATUS_OK, &schema_introspection, OWN_ACCOUNT, NULL },
    { METHOD_POST,  "/revoke/",  ACCESS_PUBLIC,     PERMISSION_INVALID,       BODY_FORM,          revoke_post,  "End the session of a token (RFC 7009)",
      &schema_revoke, STATUS_OK, &schema_nothing, DATABASE, NULL },
    { METHOD_GET,   "/openapi.json/", ACCESS_PUBLIC, PERMISSION_INVALID,      BODY_NONE,          description_get, "This description (OpenAPI 3.1)",
      NULL, STATUS_OK, &schema_description, NO_ERRORS, NULL },
    { METHOD_GET,   "/docs/",    ACCESS_PUBLIC,     PERMISSION_INVALID,       BODY_NONE,          docs_get,     "This description, for people",
      NULL, STATUS_OK, &schema_page, NO_ERRORS, NULL },
    { METHOD_GET,   "/docs/script.js/", ACCESS_PUBLIC, PERMISSION_INVALID,    BODY_NONE,          docs_script_get, "The script of that page",
      NULL, STATUS_OK, &schema_script, NO_ERRORS, NULL },
    { METHOD_GET,   "/docs/style.css/", ACCESS_PUBLIC, PERMISSION_INVALID,    BODY_NONE,          docs_style_get, "The style of that page",
      NULL, STATUS_OK, &schema_style, NO_ERRORS, NULL },
    { METHOD_GET,   "/healthz/", ACCESS_LOCAL,      PERMISSION_INVALID,       BODY_NONE,          healthz_get,  "Whether the process lives",
      NULL, STATUS_OK, &schema_status, NO_ERRORS, NULL },
    { METHOD_GET,   "/readyz/",  ACCESS_LOCAL,      PERMISSION_INVALID,       BODY_NONE,          readyz_get,   "Whether the database answers and its schema is current",
      NULL, STATUS_OK, &schema_status, DATABASE, NULL },
    { METHOD_GET,   "/metrics/", ACCESS_LOCAL,      PERMISSION_INVALID,       BODY_NONE,          metrics_get,  "What the workers of this host counted, for Prometheus",
      NULL, STATUS_OK, &schema_metrics, NO_ERRORS, NULL },
};
/* clang-format on */

enum { ROUTE_COUNT = sizeof table / sizeof table[0] };

const struct route *routes(size_t *count)
{
    *count = ROUTE_COUNT;
    return table;
}

static const char *documentation_flaw(const struct route *route)
{
    if ((route->body == BODY_NONE) != !route->request)
        return "a route's body has no schema, or the reverse";
    if (route->status == 0 || (route->status == STATUS_NO_CONTENT) != !route->answer)
        return "a route does not say what it answers";
    return route->errors ? NULL : "a route does not say what errors it answers";
}

static const char *row_flaw(size_t row)
{
    const struct route *route = &table[row];
    if (route->method == METHOD_INVALID || !route->handle || !route->summary)
        return "a route lacks its method, handler or summary";
    if (route->access == ACCESS_INVALID || route->body == BODY_INVALID)
        return "a route does not say who may call it, or what its body is";
    if ((route->access == ACCESS_PERMISSION) != (route->permission != PERMISSION_INVALID))
        return "a route names a permission without demanding one, or the reverse";
    const char *flaw = documentation_flaw(route);
    if (flaw)
        return flaw;
    for (size_t i = 0; i < row; i++)
        if (table[i].method == route->method && !strcmp(table[i].path, route->path))
            return "two routes have the same method and path";
    return NULL;
}

const char *routes_flaw(void)
{
    for (size_t row = 0; row < ROUTE_COUNT; row++) {
        const char *flaw = row_flaw(row);
        if (flaw)
            return flaw;
    }
    return NULL;
}

static const char parameter_segment[] = "{id}";

/* Where the parameter begins, in the row's path and in every path that matches it. */
static size_t parameter_at(const char *pattern)
{
    const char *segment = strstr(pattern, parameter_segment);
    return segment ? (size_t)(segment - pattern) : strlen(pattern);
}

static bool matches(const char *pattern, const char *path)
{
    size_t at = parameter_at(pattern);
    if (pattern[at] == '\0')
        return !strcmp(pattern, path);
    if (strncmp(pattern, path, at) != 0)
        return false;
    size_t size = strcspn(path + at, "/");
    return size > 0 && !strcmp(pattern + at + sizeof parameter_segment - 1, path + at + size);
}

void routes_parameter(const struct route *route, const char *path,
                      char parameter[REQUEST_PATH_SIZE])
{
    size_t at = parameter_at(route->path), size = 0;
    if (route->path[at])
        size = strcspn(path + at, "/");
    memcpy(parameter, path + (size ? at : 0), size);
    parameter[size] = '\0';
}

const struct route *routes_find(enum method method, const char *path, unsigned *allowed)
{
    const struct route *found = NULL;
    enum method wanted = method == METHOD_HEAD ? METHOD_GET : method;
    *allowed = 0;
    for (size_t row = 0; row < ROUTE_COUNT; row++) {
        if (!matches(table[row].path, path))
            continue;
        *allowed |= table[row].method | METHOD_OPTIONS;
        if (table[row].method == METHOD_GET)
            *allowed |= METHOD_HEAD;
        if (table[row].method == wanted)
            found = &table[row];
    }
    return found;
}
