/* schemas - see schemas.h. */
#include "api/schemas.h"
#include <stddef.h>

#define EMAIL    "ada@example.org"
#define PASSWORD "correct horse battery staple"
#define REFRESH                                                                                    \
    "therappai_rt_sW9HBgsfl55vCk0OmlRdKjofXBEAAAAAXQ0rb2Vv3zVhLhJ8mYl0bO4c1T6f8kPp2aQzq8uJx3s"
#define ACCESS  "eyJhbGciOiJIUzI1NiIsImtpZCI6ImhzLTEiLCJ0eXAiOiJKV1QifQ.eyJzdWIiOiI3In0.c2lnbmF0dXJl"
#define CODE    "7K3M-9QXT"
#define SESSION "0b5f1c9e-6f0a-4d0e-9a54-5d2a3a1f7c11"

#define PROFILE_EXAMPLE "{\"id\":7,\"email\":\"" EMAIL "\",\"name\":\"Ada\",\"profile_pic\":null}"
#define SESSION_EXAMPLE                                                                            \
    "{\"id\":\"" SESSION "\",\"created\":\"2026-01-31T12:00:00Z\","                                \
    "\"last_used\":\"2026-01-31T12:10:00Z\",\"expires\":\"2026-02-14T12:10:00Z\","                 \
    "\"address\":\"192.0.2.7\",\"user_agent\":\"Example/1.0\",\"current\":true}"

#define PERSONAL_INFO_EXAMPLE                                                                      \
    "{\"date_of_birth\":\"1990-12-31\",\"goals\":\"Sleep through the "                             \
    "night.\",\"therapy_focus\":\"anxiety\","                                                      \
    "\"addiction_type\":null,\"mood\":\"hopeful\",\"contact_number\":\"+49 30 123456\"}"

/* clang-format off */

/* Requests ------------------------------------------------------------------------------------- */

static const struct schema_member sign_up[] = {
    { "email",            SCHEMA_TEXT, SCHEMA_REQUIRED, "email",    "Compared without regard to case; one account each.", NULL },
    { "name",             SCHEMA_TEXT, SCHEMA_REQUIRED, NULL,       "At most 200 characters.", NULL },
    { "password",         SCHEMA_TEXT, SCHEMA_REQUIRED, "password", NULL, NULL },
    { "confirm_password", SCHEMA_TEXT, SCHEMA_REQUIRED, "password", "The same again.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_sign_up = {
    "SignUp", NULL, NULL, sign_up,
    "{\"email\":\"" EMAIL "\",\"name\":\"Ada\",\"password\":\"" PASSWORD "\",\"confirm_password\":\"" PASSWORD "\"}"
};

static const struct schema_member login[] = {
    { "email",    SCHEMA_TEXT,    SCHEMA_REQUIRED, "email",    NULL, NULL },
    { "password", SCHEMA_TEXT,    SCHEMA_REQUIRED, "password", NULL, NULL },
    { "cookie",   SCHEMA_BOOLEAN, SCHEMA_OPTIONAL, NULL,       "Whether the refresh token goes into a cookie instead of the answer; refused where the service gives none.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_login = {
    "Login", NULL, NULL, login, "{\"email\":\"" EMAIL "\",\"password\":\"" PASSWORD "\"}"
};

static const struct schema_member refresh[] = {
    { "refresh", SCHEMA_TEXT, SCHEMA_OPTIONAL, NULL, "The refresh token; in cookie mode it comes in the cookie.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_refresh = {
    "Refresh", NULL, NULL, refresh, "{\"refresh\":\"" REFRESH "\"}"
};

static const struct schema_member logout[] = {
    { "refresh", SCHEMA_TEXT, SCHEMA_OPTIONAL, NULL, "The refresh token, which is enough without an access token.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_logout = {
    "Logout", NULL, NULL, logout, "{\"refresh\":\"" REFRESH "\"}"
};

static const struct schema_member personal_info_put[] = {
    { "date_of_birth",   SCHEMA_TEXT, SCHEMA_OPTIONAL_NULLABLE, "date", "YYYY-MM-DD, not in the future.", NULL },
    { "goals",           SCHEMA_TEXT, SCHEMA_OPTIONAL_NULLABLE, NULL, "At most 2,000 characters, as the following.", NULL },
    { "therapy_focus",   SCHEMA_TEXT, SCHEMA_OPTIONAL_NULLABLE, NULL, NULL, NULL },
    { "addiction_type",  SCHEMA_TEXT, SCHEMA_OPTIONAL_NULLABLE, NULL, NULL, NULL },
    { "mood",            SCHEMA_TEXT, SCHEMA_OPTIONAL_NULLABLE, NULL, NULL, NULL },
    { "contact_number",  SCHEMA_TEXT, SCHEMA_OPTIONAL_NULLABLE, NULL, "At most 40 characters.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_personal_info_put = {
    "PersonalInfoReplacement", "What is missing, null or empty is not told from then on.", NULL, personal_info_put, PERSONAL_INFO_EXAMPLE
};

static const struct schema_member profile_put[] = {
    { "name", SCHEMA_TEXT, SCHEMA_REQUIRED, NULL, "At most 200 characters.", NULL },
    { "profile_pic", SCHEMA_TEXT, SCHEMA_OPTIONAL_NULLABLE, NULL, "null or empty removes the picture; anything else changes nothing.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_profile_put = {
    "ProfileReplacement", NULL, NULL, profile_put, "{\"name\":\"Ada Lovelace\"}"
};

static const struct schema_member profile_patch[] = {
    { "name", SCHEMA_TEXT, SCHEMA_OPTIONAL, NULL, "At most 200 characters.", NULL },
    { "profile_pic", SCHEMA_TEXT, SCHEMA_OPTIONAL_NULLABLE, NULL, "null or empty removes the picture; anything else changes nothing.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_profile_patch = {
    "ProfileChange", "What is missing stays as it is.", NULL, profile_patch, "{\"name\":\"Countess Ada\"}"
};

static const struct schema_member profile_upload[] = {
    { "name",        SCHEMA_TEXT, SCHEMA_OPTIONAL, NULL,     "At most 200 characters; PUT demands it.", NULL },
    { "profile_pic", SCHEMA_TEXT, SCHEMA_OPTIONAL, "binary", "A JPEG, PNG, WebP or GIF picture; it becomes at most 512 pixels a side and loses all that is beside its pixels. An empty one removes the picture.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_profile_upload = {
    "ProfileUpload", "A form with a file (RFC 7578).", NULL, profile_upload, NULL
};

static const struct schema_member profile_delete[] = {
    { "password", SCHEMA_TEXT, SCHEMA_REQUIRED, "password", "The account's.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_profile_delete = {
    "AccountDeletion", NULL, NULL, profile_delete, "{\"password\":\"" PASSWORD "\"}"
};

static const struct schema_member password_change[] = {
    { "current_password", SCHEMA_TEXT, SCHEMA_REQUIRED, "password", NULL, NULL },
    { "new_password",     SCHEMA_TEXT, SCHEMA_REQUIRED, "password", NULL, NULL },
    { "confirm_password", SCHEMA_TEXT, SCHEMA_REQUIRED, "password", "The new one again.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_password_change = {
    "PasswordChange", NULL, NULL, password_change,
    "{\"current_password\":\"" PASSWORD "\",\"new_password\":\"a better horse\",\"confirm_password\":\"a better horse\"}"
};

static const struct schema_member reset_request[] = {
    { "email", SCHEMA_TEXT, SCHEMA_REQUIRED, "email", "The mail goes to the address as the account has it.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_reset_request = {
    "PasswordResetRequest", NULL, NULL, reset_request, "{\"email\":\"" EMAIL "\"}"
};

static const struct schema_member reset_code[] = {
    { "email", SCHEMA_TEXT, SCHEMA_REQUIRED, "email", NULL, NULL },
    { "otp",   SCHEMA_TEXT, SCHEMA_REQUIRED, NULL,    "The code of the mail, in any case, with or without its hyphen.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_reset_code = {
    "PasswordResetCode", NULL, NULL, reset_code, "{\"email\":\"" EMAIL "\",\"otp\":\"" CODE "\"}"
};

static const struct schema_member reset[] = {
    { "email",            SCHEMA_TEXT, SCHEMA_REQUIRED, "email",    NULL, NULL },
    { "otp",              SCHEMA_TEXT, SCHEMA_REQUIRED, NULL,       "The code of the mail, in any case, with or without its hyphen.", NULL },
    { "new_password",     SCHEMA_TEXT, SCHEMA_REQUIRED, "password", NULL, NULL },
    { "confirm_password", SCHEMA_TEXT, SCHEMA_REQUIRED, "password", "The new one again.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_reset = {
    "PasswordReset", NULL, NULL, reset,
    "{\"email\":\"" EMAIL "\",\"otp\":\"" CODE "\",\"new_password\":\"a better horse\",\"confirm_password\":\"a better horse\"}"
};

static const struct schema_member introspect[] = {
    { "token",           SCHEMA_TEXT, SCHEMA_REQUIRED, NULL, "An access token or a refresh token.", NULL },
    { "token_type_hint", SCHEMA_TEXT, SCHEMA_OPTIONAL, NULL, "Not needed: a token tells what it is.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_introspect = {
    "IntrospectionRequest", NULL, NULL, introspect, "{\"token\":\"" ACCESS "\",\"token_type_hint\":\"access_token\"}"
};
const struct schema schema_revoke = {
    "Revocation", NULL, NULL, introspect, "{\"token\":\"" REFRESH "\",\"token_type_hint\":\"refresh_token\"}"
};

/* Answers -------------------------------------------------------------------------------------- */

static const struct schema_member profile[] = {
    { "id",          SCHEMA_INTEGER, SCHEMA_REQUIRED, "int64",         NULL, NULL },
    { "email",       SCHEMA_TEXT,    SCHEMA_REQUIRED, "email",         "As its owner wrote it.", NULL },
    { "name",        SCHEMA_TEXT,    SCHEMA_REQUIRED, NULL,            NULL, NULL },
    { "profile_pic", SCHEMA_TEXT,    SCHEMA_NULLABLE, "uri-reference", "null: none.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_profile = { "Profile", NULL, NULL, profile, PROFILE_EXAMPLE };

static const struct schema_member tokens[] = {
    { "access",     SCHEMA_TEXT,    SCHEMA_REQUIRED, NULL,    "A JWT, for the header Authorization: Bearer.", NULL },
    { "refresh",    SCHEMA_TEXT,    SCHEMA_OPTIONAL, NULL,    "Gets the next access token; to be kept instead of the one before it. Missing in cookie mode.", NULL },
    { "token_type", SCHEMA_TEXT,    SCHEMA_REQUIRED, NULL,    "Bearer.", NULL },
    { "expires_in", SCHEMA_INTEGER, SCHEMA_REQUIRED, "int64", "Seconds that the access token lives.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_tokens = {
    "Tokens", NULL, NULL, tokens,
    "{\"access\":\"" ACCESS "\",\"refresh\":\"" REFRESH "\",\"token_type\":\"Bearer\",\"expires_in\":873}"
};

static const struct schema_member session[] = {
    { "id",         SCHEMA_TEXT,    SCHEMA_REQUIRED, "uuid",      NULL, NULL },
    { "created",    SCHEMA_TEXT,    SCHEMA_REQUIRED, "date-time", NULL, NULL },
    { "last_used",  SCHEMA_TEXT,    SCHEMA_REQUIRED, "date-time", "The last refresh, to the minute.", NULL },
    { "expires",    SCHEMA_TEXT,    SCHEMA_REQUIRED, "date-time", "If it is not used again.", NULL },
    { "address",    SCHEMA_TEXT,    SCHEMA_NULLABLE, NULL,        "Of the login.", NULL },
    { "user_agent", SCHEMA_TEXT,    SCHEMA_NULLABLE, NULL,        "Of the login.", NULL },
    { "current",    SCHEMA_BOOLEAN, SCHEMA_REQUIRED, NULL,        "Whether it is the caller's.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
static const struct schema schema_session = { "Session", NULL, NULL, session, SESSION_EXAMPLE };

static const struct schema_member sessions[] = {
    { "sessions", SCHEMA_LIST, SCHEMA_REQUIRED, NULL, "The last used first, at most 1,000.", &schema_session },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_sessions = {
    "Sessions", NULL, NULL, sessions, "{\"sessions\":[" SESSION_EXAMPLE "]}"
};

static const struct schema_member event[] = {
    { "event",   SCHEMA_TEXT, SCHEMA_REQUIRED, NULL,        "login, logout, password_changed and so on.", NULL },
    { "at",      SCHEMA_TEXT, SCHEMA_REQUIRED, "date-time", NULL, NULL },
    { "address", SCHEMA_TEXT, SCHEMA_NULLABLE, NULL,        NULL, NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
#define EVENT_EXAMPLE "{\"event\":\"login\",\"at\":\"2026-01-31T12:00:00Z\",\"address\":\"192.0.2.7\"}"
static const struct schema schema_event = { "Event", NULL, NULL, event, EVENT_EXAMPLE };

static const struct schema_member personal_info[] = {
    { "date_of_birth",   SCHEMA_TEXT, SCHEMA_NULLABLE, "date", "YYYY-MM-DD, not in the future.", NULL },
    { "goals",           SCHEMA_TEXT, SCHEMA_NULLABLE, NULL, "At most 2,000 characters, as the following.", NULL },
    { "therapy_focus",   SCHEMA_TEXT, SCHEMA_NULLABLE, NULL, NULL, NULL },
    { "addiction_type",  SCHEMA_TEXT, SCHEMA_NULLABLE, NULL, NULL, NULL },
    { "mood",            SCHEMA_TEXT, SCHEMA_NULLABLE, NULL, NULL, NULL },
    { "contact_number",  SCHEMA_TEXT, SCHEMA_NULLABLE, NULL, "At most 40 characters.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_personal_info = {
    "PersonalInfo", "Encrypted at rest.", NULL, personal_info, PERSONAL_INFO_EXAMPLE
};

static const struct schema_member export[] = {
    { "profile",  SCHEMA_OBJECT, SCHEMA_REQUIRED, NULL,        NULL, &schema_profile },
    { "personal_info", SCHEMA_OBJECT, SCHEMA_REQUIRED, NULL,   NULL, &schema_personal_info },
    { "created",  SCHEMA_TEXT,   SCHEMA_REQUIRED, "date-time", "The account.", NULL },
    { "roles",    SCHEMA_LIST,   SCHEMA_REQUIRED, NULL,        NULL, NULL },
    { "sessions", SCHEMA_LIST,   SCHEMA_REQUIRED, NULL,        NULL, &schema_session },
    { "history",  SCHEMA_LIST,   SCHEMA_REQUIRED, NULL,        "The newest first, at most 1,000.", &schema_event },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_export = {
    "Export", NULL, NULL, export,
    "{\"profile\":" PROFILE_EXAMPLE ",\"personal_info\":" PERSONAL_INFO_EXAMPLE ",\"created\":\"2026-01-31T12:00:00Z\",\"roles\":[\"user\"],"
    "\"sessions\":[" SESSION_EXAMPLE "],\"history\":[" EVENT_EXAMPLE "]}"
};

static const struct schema_member introspection[] = {
    { "active",     SCHEMA_BOOLEAN, SCHEMA_REQUIRED, NULL,    "false: not ours, or over; then nothing else is said.", NULL },
    { "token_type", SCHEMA_TEXT,    SCHEMA_OPTIONAL, NULL,    "Bearer: an access token. refresh_token: one that lets nobody in.", NULL },
    { "scope",      SCHEMA_TEXT,    SCHEMA_OPTIONAL, NULL,    "Permissions, separated by spaces.", NULL },
    { "sub",        SCHEMA_TEXT,    SCHEMA_OPTIONAL, NULL,    "The user's id.", NULL },
    { "sid",        SCHEMA_TEXT,    SCHEMA_OPTIONAL, "uuid",  "The session.", NULL },
    { "iss",        SCHEMA_TEXT,    SCHEMA_OPTIONAL, NULL,    NULL, NULL },
    { "aud",        SCHEMA_TEXT,    SCHEMA_OPTIONAL, NULL,    NULL, NULL },
    { "iat",        SCHEMA_INTEGER, SCHEMA_OPTIONAL, "int64", "Seconds since 1970; of a refresh token, when its session began.", NULL },
    { "exp",        SCHEMA_INTEGER, SCHEMA_OPTIONAL, "int64", "Seconds since 1970.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_introspection = {
    "Introspection", NULL, NULL, introspection,
    "{\"active\":true,\"token_type\":\"Bearer\",\"scope\":\"profile:read profile:write\",\"sub\":\"7\",\"sid\":\"" SESSION "\","
    "\"iss\":\"therappai-auth\",\"aud\":\"therappai\",\"iat\":1769860800,\"exp\":1769861673}"
};

static const struct schema_member nothing[] = { { NULL, 0, 0, NULL, NULL, NULL } };
const struct schema schema_nothing = { "Nothing", NULL, NULL, nothing, "{}" };

static const struct schema_member key[] = {
    { "kty", SCHEMA_TEXT, SCHEMA_REQUIRED, NULL, "EC, RSA or OKP.", NULL },
    { "use", SCHEMA_TEXT, SCHEMA_REQUIRED, NULL, "sig.", NULL },
    { "alg", SCHEMA_TEXT, SCHEMA_REQUIRED, NULL, "ES256, RS256 or EdDSA.", NULL },
    { "kid", SCHEMA_TEXT, SCHEMA_REQUIRED, NULL, "As in the header of the tokens.", NULL },
    { "crv", SCHEMA_TEXT, SCHEMA_OPTIONAL, NULL, "Of EC: P-256; of OKP: Ed25519.", NULL },
    { "x",   SCHEMA_TEXT, SCHEMA_OPTIONAL, NULL, "Of EC and OKP.", NULL },
    { "y",   SCHEMA_TEXT, SCHEMA_OPTIONAL, NULL, "Of EC.", NULL },
    { "n",   SCHEMA_TEXT, SCHEMA_OPTIONAL, NULL, "Of RSA.", NULL },
    { "e",   SCHEMA_TEXT, SCHEMA_OPTIONAL, NULL, "Of RSA.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
/* The key of RFC 7517, appendix A.1. */
#define KEY_EXAMPLE \
    "{\"kty\":\"EC\",\"use\":\"sig\",\"alg\":\"ES256\",\"kid\":\"20260131T120000Z-1\",\"crv\":\"P-256\"," \
    "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\",\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}"
static const struct schema schema_key = { "Key", "RFC 7517.", NULL, key, KEY_EXAMPLE };

static const struct schema_member key_set[] = {
    { "keys", SCHEMA_LIST, SCHEMA_REQUIRED, NULL, "Empty where tokens are signed by HS256.", &schema_key },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_key_set = {
    "KeySet", "RFC 7517.", NULL, key_set, "{\"keys\":[" KEY_EXAMPLE "]}"
};

static const struct schema_member status[] = {
    { "status", SCHEMA_TEXT, SCHEMA_REQUIRED, NULL, "alive or ready.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_status = { "Status", NULL, NULL, status, "{\"status\":\"ready\"}" };

const struct schema schema_description = {
    "Description", "An OpenAPI 3.1 document.", NULL, NULL, NULL
};

const struct schema schema_page = { "Page", NULL, "text/html", NULL, NULL };
const struct schema schema_script = { "Script", NULL, "text/javascript", NULL, NULL };
const struct schema schema_style = { "Style", NULL, "text/css", NULL, NULL };
const struct schema schema_metrics = { "Metrics", "The text format of Prometheus, version 0.0.4.", "text/plain", NULL, NULL };

/* Administrators ------------------------------------------------------------------------------- */

#define ACCOUNT_EXAMPLE \
    "{\"id\":8,\"email\":\"grace@example.org\",\"name\":\"Grace\",\"roles\":[\"user\"],\"disabled\":false,\"created\":\"2026-01-31T12:00:00Z\",\"password_changed\":\"2026-01-31T12:00:00Z\",\"last_login\":null,\"sessions\":0}"

static const struct schema_member account_new[] = {
    { "email", SCHEMA_TEXT, SCHEMA_REQUIRED, "email", NULL, NULL },
    { "name", SCHEMA_TEXT, SCHEMA_REQUIRED, NULL, "At most 200 characters.", NULL },
    { "password", SCHEMA_TEXT, SCHEMA_REQUIRED, "password", NULL, NULL },
    { "roles", SCHEMA_LIST, SCHEMA_OPTIONAL, NULL, "Those of a sign-up where it is missing.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_account_new = {
    "NewAccount", NULL, NULL, account_new,
    "{\"email\":\"grace@example.org\",\"name\":\"Grace\",\"password\":\"correct horse battery staple\",\"roles\":[\"user\"]}"
};

static const struct schema_member account_change[] = {
    { "name", SCHEMA_TEXT, SCHEMA_OPTIONAL, NULL, NULL, NULL },
    { "disabled", SCHEMA_BOOLEAN, SCHEMA_OPTIONAL, NULL, "true ends every session.", NULL },
    { "roles", SCHEMA_LIST, SCHEMA_OPTIONAL, NULL, "All that the account is to have.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_account_change = {
    "AccountChange", "What is missing stays as it is; all of it is done or nothing.", NULL, account_change,
    "{\"name\":\"Grace Hopper\",\"disabled\":true,\"roles\":[\"user\"]}"
};

static const struct schema_member accounts_query[] = {
    { "search", SCHEMA_TEXT, SCHEMA_OPTIONAL, NULL, "Part of the email address or the name, in any case.", NULL },
    { "role", SCHEMA_TEXT, SCHEMA_OPTIONAL, NULL, NULL, NULL },
    { "disabled", SCHEMA_BOOLEAN, SCHEMA_OPTIONAL, NULL, NULL, NULL },
    { "limit", SCHEMA_INTEGER, SCHEMA_OPTIONAL, NULL, "1 to 100; 50 where it is missing.", NULL },
    { "after", SCHEMA_TEXT, SCHEMA_OPTIONAL, NULL, "The next of the page before.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_accounts_query = {
    "AccountsQuery", NULL, NULL, accounts_query,
    "{\"search\":\"GRACE\",\"role\":\"user\",\"disabled\":false,\"limit\":2,\"after\":\"0\"}"
};

static const struct schema_member audit_query[] = {
    { "user", SCHEMA_INTEGER, SCHEMA_OPTIONAL, "int64", "Whose account it is about.", NULL },
    { "event", SCHEMA_TEXT, SCHEMA_OPTIONAL, NULL, NULL, NULL },
    { "limit", SCHEMA_INTEGER, SCHEMA_OPTIONAL, NULL, "1 to 100; 50 where it is missing.", NULL },
    { "before", SCHEMA_TEXT, SCHEMA_OPTIONAL, NULL, "The next of the page before.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_audit_query = {
    "AuditQuery", NULL, NULL, audit_query,
    "{\"user\":8,\"event\":\"login\",\"limit\":10,\"before\":\"1000000\"}"
};

static const struct schema_member account[] = {
    { "id", SCHEMA_INTEGER, SCHEMA_REQUIRED, "int64", NULL, NULL },
    { "email", SCHEMA_TEXT, SCHEMA_REQUIRED, NULL, NULL, NULL },
    { "name", SCHEMA_TEXT, SCHEMA_REQUIRED, NULL, NULL, NULL },
    { "roles", SCHEMA_LIST, SCHEMA_REQUIRED, NULL, NULL, NULL },
    { "disabled", SCHEMA_BOOLEAN, SCHEMA_REQUIRED, NULL, NULL, NULL },
    { "created", SCHEMA_TEXT, SCHEMA_REQUIRED, "date-time", NULL, NULL },
    { "password_changed", SCHEMA_TEXT, SCHEMA_NULLABLE, "date-time", NULL, NULL },
    { "last_login", SCHEMA_TEXT, SCHEMA_NULLABLE, "date-time", "Of the sessions that are kept.", NULL },
    { "sessions", SCHEMA_INTEGER, SCHEMA_REQUIRED, NULL, "That live.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_account = {
    "Account", NULL, NULL, account,
    ACCOUNT_EXAMPLE
};

static const struct schema_member accounts[] = {
    { "users", SCHEMA_LIST, SCHEMA_REQUIRED, NULL, "By id.", &schema_account },
    { "next", SCHEMA_TEXT, SCHEMA_NULLABLE, NULL, "For the query of the next page; null: this is the last.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_accounts = {
    "Accounts", NULL, NULL, accounts,
    "{\"users\":[" ACCOUNT_EXAMPLE "],\"next\":null}"
};

static const struct schema_member account_session[] = {
    { "id", SCHEMA_TEXT, SCHEMA_REQUIRED, "uuid", NULL, NULL },
    { "created", SCHEMA_TEXT, SCHEMA_REQUIRED, "date-time", NULL, NULL },
    { "last_used", SCHEMA_TEXT, SCHEMA_REQUIRED, "date-time", NULL, NULL },
    { "expires", SCHEMA_TEXT, SCHEMA_REQUIRED, "date-time", NULL, NULL },
    { "address", SCHEMA_TEXT, SCHEMA_NULLABLE, NULL, NULL, NULL },
    { "user_agent", SCHEMA_TEXT, SCHEMA_NULLABLE, NULL, NULL, NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
static const struct schema schema_account_session = {
    "AccountSession", NULL, NULL, account_session,
    "{\"id\":\"" SESSION "\",\"created\":\"2026-01-31T12:00:00Z\",\"last_used\":\"2026-01-31T12:10:00Z\",\"expires\":\"2026-02-14T12:10:00Z\",\"address\":\"192.0.2.7\",\"user_agent\":\"Example/1.0\"}"
};

static const struct schema_member account_sessions[] = {
    { "sessions", SCHEMA_LIST, SCHEMA_REQUIRED, NULL, "The last used first, at most 1,000.", &schema_account_session },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_account_sessions = {
    "AccountSessions", NULL, NULL, account_sessions,
    "{\"sessions\":[" "{\"id\":\"" SESSION "\",\"created\":\"2026-01-31T12:00:00Z\",\"last_used\":\"2026-01-31T12:10:00Z\",\"expires\":\"2026-02-14T12:10:00Z\",\"address\":\"192.0.2.7\",\"user_agent\":\"Example/1.0\"}" "]}"
};

static const struct schema_member role[] = {
    { "name", SCHEMA_TEXT, SCHEMA_REQUIRED, NULL, NULL, NULL },
    { "permissions", SCHEMA_LIST, SCHEMA_REQUIRED, NULL, NULL, NULL },
    { "accounts", SCHEMA_INTEGER, SCHEMA_REQUIRED, NULL, "How many have it.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
static const struct schema schema_role = {
    "Role", NULL, NULL, role,
    "{\"name\":\"user\",\"permissions\":[\"profile:read\",\"profile:write\"],\"accounts\":41}"
};

static const struct schema_member roles[] = {
    { "roles", SCHEMA_LIST, SCHEMA_REQUIRED, NULL, "By name.", &schema_role },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_roles = {
    "Roles", NULL, NULL, roles,
    "{\"roles\":[" "{\"name\":\"user\",\"permissions\":[\"profile:read\",\"profile:write\"],\"accounts\":41}" "]}"
};

static const struct schema_member audited[] = {
    { "at", SCHEMA_TEXT, SCHEMA_REQUIRED, "date-time", NULL, NULL },
    { "event", SCHEMA_TEXT, SCHEMA_REQUIRED, NULL, NULL, NULL },
    { "user", SCHEMA_INTEGER, SCHEMA_NULLABLE, "int64", "Whose account.", NULL },
    { "actor", SCHEMA_INTEGER, SCHEMA_NULLABLE, "int64", "The account that did it.", NULL },
    { "operator", SCHEMA_TEXT, SCHEMA_NULLABLE, NULL, "Who used the command line.", NULL },
    { "session", SCHEMA_TEXT, SCHEMA_NULLABLE, "uuid", NULL, NULL },
    { "address", SCHEMA_TEXT, SCHEMA_NULLABLE, NULL, NULL, NULL },
    { "request_id", SCHEMA_TEXT, SCHEMA_NULLABLE, NULL, NULL, NULL },
    { "detail", SCHEMA_TEXT, SCHEMA_NULLABLE, NULL, NULL, NULL },
    { "id", SCHEMA_INTEGER, SCHEMA_REQUIRED, "int64", NULL, NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
static const struct schema schema_audited = {
    "AuditedEvent", NULL, NULL, audited,
    "{\"at\":\"2026-01-31T12:00:00Z\",\"event\":\"login\",\"user\":8,\"actor\":8,\"operator\":null,\"session\":null,\"address\":\"192.0.2.7\",\"request_id\":\"b1946ac92492d2347c6235b4d2611184\",\"detail\":null,\"id\":314}"
};

static const struct schema_member audit[] = {
    { "events", SCHEMA_LIST, SCHEMA_REQUIRED, NULL, "The newest first.", &schema_audited },
    { "next", SCHEMA_TEXT, SCHEMA_NULLABLE, NULL, "For the query of the next page; null: this is the last.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_audit = {
    "Audit", NULL, NULL, audit,
    "{\"events\":[" "{\"at\":\"2026-01-31T12:00:00Z\",\"event\":\"login\",\"user\":8,\"actor\":8,\"operator\":null,\"session\":null,\"address\":\"192.0.2.7\",\"request_id\":\"b1946ac92492d2347c6235b4d2611184\",\"detail\":null,\"id\":314}" "],\"next\":null}"
};

/* Errors --------------------------------------------------------------------------------------- */

static const struct schema_member problem[] = {
    { "status",     SCHEMA_INTEGER,  SCHEMA_REQUIRED, NULL, "As in the status line.", NULL },
    { "title",      SCHEMA_TEXT,     SCHEMA_REQUIRED, NULL, "As in the status line.", NULL },
    { "code",       SCHEMA_TEXT,     SCHEMA_REQUIRED, NULL, "For programs.", NULL },
    { "detail",     SCHEMA_TEXT,     SCHEMA_REQUIRED, NULL, "What to do; for people, and may be reworded.", NULL },
    { "errors",     SCHEMA_MESSAGES, SCHEMA_OPTIONAL, NULL, "Members at fault, and what is wrong with each.", NULL },
    { "request_id", SCHEMA_TEXT,     SCHEMA_REQUIRED, NULL, "As in X-Request-Id and in the log.", NULL },
    { NULL, 0, 0, NULL, NULL, NULL }
};
const struct schema schema_problem = {
    "Problem", "RFC 9457; with its media type where Accept names it.", NULL, problem,
    "{\"status\":404,\"title\":\"Not Found\",\"code\":\"not_found\",\"detail\":\"There is nothing at this address.\",\"request_id\":\"b1946ac92492d2347c6235b4d2611184\"}"
};
