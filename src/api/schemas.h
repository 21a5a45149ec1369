/* schemas - what the bodies of requests and answers look like, for the description of the interface
 * (openapi.h). The end-to-end tests hold every answer against them. */
#ifndef API_SCHEMAS_H
#define API_SCHEMAS_H

enum schema_type {
    SCHEMA_TEXT,
    SCHEMA_INTEGER,
    SCHEMA_BOOLEAN,
    SCHEMA_OBJECT,
    SCHEMA_LIST,    /* of objects, or, where `of` is NULL, of texts */
    SCHEMA_MESSAGES /* {"member": ["…"], …} */
};

/* SCHEMA_NULLABLE is always there, and may be null. */
enum schema_presence {
    SCHEMA_REQUIRED,
    SCHEMA_OPTIONAL,
    SCHEMA_NULLABLE,
    SCHEMA_OPTIONAL_NULLABLE
};

struct schema_member {
    const char *name;
    enum schema_type type;
    enum schema_presence presence;
    const char *format; /* as JSON Schema and OpenAPI name it, or NULL */
    const char *description;
    const struct schema *of;
};

struct schema {
    const char *name; /* of letters and digits, each once */
    const char *description;
    const char *media_type;              /* of a text; NULL: an object */
    const struct schema_member *members; /* up to one without a name; NULL: not told */
    const char *example;                 /* JSON; NULL where the members are not told */
};

/* Requests */
extern const struct schema schema_sign_up, schema_login, schema_refresh, schema_logout,
    schema_profile_put, schema_profile_patch, schema_profile_upload, schema_profile_delete,
    schema_password_change, schema_reset_request, schema_reset_code, schema_reset,
    schema_introspect, schema_revoke, schema_personal_info_put, schema_account_new,
    schema_account_change;

/* Queries */
extern const struct schema schema_accounts_query, schema_audit_query;

/* Answers */
extern const struct schema schema_profile, schema_tokens, schema_sessions, schema_export,
    schema_introspection, schema_nothing, schema_key_set, schema_personal_info, schema_status,
    schema_description, schema_page, schema_script, schema_style, schema_account, schema_accounts,
    schema_account_sessions, schema_roles, schema_audit, schema_metrics;

/* Of every error. */
extern const struct schema schema_problem;

#endif
