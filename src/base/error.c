/* error - see error.h. */
#include "base/error.h"
#include <stddef.h>

static const char *const names[ERROR_COUNT] = {
    [ERROR_NONE] = "none",
    [ERROR_INVALID_JSON] = "invalid_json",
    [ERROR_INVALID_FORM] = "invalid_form",
    [ERROR_VALIDATION] = "validation_error",
    [ERROR_EMAIL_TAKEN] = "email_taken",
    [ERROR_INVALID_REFRESH_TOKEN] = "invalid_refresh_token",
    [ERROR_INVALID_OTP] = "invalid_otp",
    [ERROR_MISSING_TOKEN] = "missing_token",
    [ERROR_INVALID_TOKEN] = "invalid_token",
    [ERROR_TOKEN_EXPIRED] = "token_expired",
    [ERROR_INVALID_CREDENTIALS] = "invalid_credentials",
    [ERROR_ACCOUNT_DISABLED] = "account_disabled",
    [ERROR_INSUFFICIENT_SCOPE] = "insufficient_scope",
    [ERROR_BEYOND_RIGHTS] = "beyond_rights",
    [ERROR_NOT_LOCAL] = "not_local",
    [ERROR_FOREIGN_ORIGIN] = "foreign_origin",
    [ERROR_NOT_FOUND] = "not_found",
    [ERROR_LAST_ADMIN] = "last_admin",
    [ERROR_METHOD_NOT_ALLOWED] = "method_not_allowed",
    [ERROR_PAYLOAD_TOO_LARGE] = "payload_too_large",
    [ERROR_UNSUPPORTED_MEDIA_TYPE] = "unsupported_media_type",
    [ERROR_RATE_LIMITED] = "rate_limited",
    [ERROR_UNSUPPORTED_PICTURE] = "unsupported_picture",
    [ERROR_INVALID_MULTIPART] = "invalid_multipart",
    [ERROR_INCOMPLETE_BODY] = "incomplete_body",
    [ERROR_INTERNAL] = "internal",
    [ERROR_UNAVAILABLE] = "unavailable",
    [ERROR_BUSY] = "busy",
    [ERROR_DUPLICATE] = "duplicate",
};

const char *error_name(enum error error)
{
    const char *name = (unsigned)error < ERROR_COUNT ? names[error] : NULL;
    return name ? name : "unknown";
}
