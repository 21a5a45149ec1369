/* access_claims - see access_claims.h. */
#include "auth/access_claims.h"
#include "auth/base64url.h"
#include "auth/uuid.h"
#include "base/memory.h"
#include <json-c/json.h>
#include <sodium.h>
#include <stdlib.h>

enum { DEPTH_MAX = 8, TOKEN_ID_BYTES = 16, TOKEN_ID_MAX = 64, USER_ID_SIZE = 20 };

/* The end of the year 9999, so that sums do not overflow. */
#define TIME_MAX INT64_C(253402300799)

static const char token_type[] = "access";

/* How many members the outermost object of well-formed JSON names. */
static int count_members(const char *text, size_t size)
{
    int depth = 0, members = 0;
    bool in_string = false;
    for (size_t i = 0; i < size; i++) {
        char character = text[i];
        if (in_string && character == '\\')
            i++;
        else if (character == '"')
            in_string = !in_string;
        else if (in_string)
            continue;
        else if (character == '{' || character == '[')
            depth++;
        else if (character == '}' || character == ']')
            depth--;
        else if (character == ':' && depth == 1)
            members++;
    }
    return members;
}

/* One object and nothing else. json-c keeps the last of duplicate members silently, so they are
 * counted (RFC 7515 §4, RFC 8725 §2.4). */
static json_object *parse_object(const unsigned char *bytes, size_t size)
{
    const char *text = (const char *)bytes;
    json_object *object = NULL;
    if (memchr(bytes, '\0', size))
        return NULL;
    json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
    if (!tokener)
        return NULL;
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    object = json_tokener_parse_ex(tokener, text, (int)size);
    bool good = json_tokener_get_error(tokener) == json_tokener_success &&
                json_tokener_get_parse_end(tokener) == size &&
                json_object_is_type(object, json_type_object) &&
                json_object_object_length(object) == count_members(text, size);
    json_tokener_free(tokener);
    if (good)
        return object;
    json_object_put(object);
    return NULL;
}

/* The text of a JSON string without NUL, or NULL. */
static const char *text_of(json_object *value)
{
    if (!json_object_is_type(value, json_type_string))
        return NULL;
    const char *text = json_object_get_string(value);
    return strlen(text) == (size_t)json_object_get_string_len(value) ? text : NULL;
}

static const char *get_text(json_object *object, const char *member)
{
    json_object *value;
    return json_object_object_get_ex(object, member, &value) ? text_of(value) : NULL;
}

static bool copy_text(const char *text, char *to, size_t size)
{
    size_t length = text ? strlen(text) : size;
    if (length >= size)
        return false;
    memcpy(to, text, length + 1);
    return true;
}

/* Counts the member in *known where it is there. */
static bool read_header_member(json_object *object, const char *member, char *to, size_t size,
                               int *known)
{
    json_object *value;
    if (!json_object_object_get_ex(object, member, &value))
        return true;
    ++*known;
    return copy_text(text_of(value), to, size);
}

bool access_claims_read_header(const unsigned char *json, size_t size, struct access_header *header)
{
    struct access_header read = { 0 };
    int known = 0;
    json_object *object = parse_object(json, size);
    bool good = object &&
                read_header_member(object, "alg", read.algorithm, sizeof read.algorithm, &known) &&
                read_header_member(object, "typ", read.type, sizeof read.type, &known) &&
                read_header_member(object, "kid", read.key_id, sizeof read.key_id, &known) &&
                json_object_object_length(object) == known;
    json_object_put(object);
    if (good)
        *header = read;
    return good;
}

/* A NumericDate (RFC 7519 §2): of ours, a whole number that is not negative. */
static bool get_time(json_object *object, const char *member, int64_t *time)
{
    json_object *value;
    if (!json_object_object_get_ex(object, member, &value) ||
        !json_object_is_type(value, json_type_int))
        return false;
    *time = json_object_get_int64(value); /* json-c holds what is larger at the largest */
    return *time >= 0 && *time <= TIME_MAX;
}

static bool is_text(json_object *object, const char *member, const char *expected)
{
    const char *text = get_text(object, member);
    return text && strcmp(text, expected) == 0;
}

/* A user's id as we write it: no sign, no leading zero. */
static bool read_user_id(const char *text, int64_t *id)
{
    int64_t value = 0;
    if (!text || *text == '0' || *text == '\0')
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        int digit = *text - '0';
        if (value > (INT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *id = value;
    return true;
}

static bool read_session_id(const char *text, char session_id[SESSION_ID_SIZE])
{
    unsigned char bytes[UUID_BYTES];
    return text && uuid_parse(text, bytes) && copy_text(text, session_id, SESSION_ID_SIZE);
}

/* scope-token of RFC 6749 §3.3. */
static bool is_name_character(char character)
{
    return character > 0x20 && character < 0x7f && character != '"' && character != '\\';
}

/* Names separated by single spaces; or none. */
static bool is_name_list(const char *names)
{
    char before = ' ';
    if (*names == '\0')
        return true;
    for (; *names; names++) {
        if (*names == ' ' ? before == ' ' : !is_name_character(*names))
            return false;
        before = *names;
    }
    return before != ' ';
}

static bool append_name(const char *name, char *list, size_t size)
{
    size_t used = strlen(list), length = name ? strlen(name) : 0;
    if (!length || strchr(name, ' ') || used + (used > 0) + length >= size)
        return false;
    if (used)
        list[used++] = ' ';
    memcpy(list + used, name, length + 1);
    return true;
}

static bool read_roles(json_object *object, char roles[ACCESS_ROLES_SIZE])
{
    json_object *array;
    if (!json_object_object_get_ex(object, "roles", &array) ||
        !json_object_is_type(array, json_type_array))
        return false;
    roles[0] = '\0';
    for (size_t i = 0; i < json_object_array_length(array); i++)
        if (!append_name(text_of(json_object_array_get_idx(array, i)), roles, ACCESS_ROLES_SIZE))
            return false;
    return is_name_list(roles);
}

static bool read_scope(json_object *object, char scope[ACCESS_SCOPE_SIZE])
{
    return copy_text(get_text(object, "scope"), scope, ACCESS_SCOPE_SIZE) && is_name_list(scope);
}

static bool has_token_id(json_object *object)
{
    const char *id = get_text(object, "jti");
    size_t length = id ? strlen(id) : 0;
    return length > 0 && length <= TOKEN_ID_MAX;
}

static bool read_times(json_object *object, struct access_statement *statement)
{
    struct access_claims *claims = &statement->claims;
    if (!get_time(object, "iat", &claims->issued_at) ||
        !get_time(object, "exp", &claims->expires_at))
        return false;
    statement->not_before = claims->issued_at;
    if (!json_object_object_get_ex(object, "nbf", NULL))
        return true;
    int64_t not_before;
    if (!get_time(object, "nbf", &not_before))
        return false;
    if (not_before > statement->not_before)
        statement->not_before = not_before;
    return true;
}

/* token_type stands for the `typ: at+jwt` that libjwt cannot write (RFC 8725 §3.11); iss and aud as
 * RFC 8725 §3.8, §3.9. `aud` of ours is one string; as an array, which RFC 7519 §4.1.3 allows, it
 * is not from us. */
static bool read_members(json_object *object, const struct config *config,
                         struct access_statement *statement)
{
    struct access_claims *claims = &statement->claims;
    return is_text(object, "token_type", token_type) && is_text(object, "iss", config->issuer) &&
           is_text(object, "aud", config->audience) &&
           read_user_id(get_text(object, "sub"), &claims->user_id) &&
           read_session_id(get_text(object, "sid"), claims->session_id) && has_token_id(object) &&
           read_roles(object, claims->roles) && read_scope(object, claims->scope) &&
           read_times(object, statement);
}

bool access_claims_read(const unsigned char *json, size_t size, const struct config *config,
                        struct access_statement *statement)
{
    struct access_statement read = { 0 };
    json_object *object = parse_object(json, size);
    bool good = object && read_members(object, config, &read);
    json_object_put(object);
    if (good)
        *statement = read;
    return good;
}

static bool is_writable(const struct access_claims *claims)
{
    unsigned char bytes[UUID_BYTES];
    return claims->user_id > 0 && uuid_parse(claims->session_id, bytes) &&
           is_name_list(claims->roles) && is_name_list(claims->scope);
}

static json_object *role_array(const char *roles)
{
    json_object *array = json_object_new_array();
    while (*roles) {
        size_t length = strcspn(roles, " ");
        json_object_array_add(array, json_object_new_string_len(roles, (int)length));
        roles += length + (roles[length] == ' ');
    }
    return array;
}

static json_object *new_token_id(void)
{
    unsigned char bytes[TOKEN_ID_BYTES];
    char text[BASE64URL_LENGTH(TOKEN_ID_BYTES) + 1];
    randombytes_buf(bytes, sizeof bytes);
    base64url_encode(bytes, sizeof bytes, text);
    return json_object_new_string(text);
}

char *access_claims_write(const struct access_claims *claims, const struct config *config)
{
    char user_id[USER_ID_SIZE + 1];
    if (!is_writable(claims))
        return NULL;
    snprintf(user_id, sizeof user_id, "%lld", (long long)claims->user_id);
    json_object *object = json_object_new_object();
    json_object_object_add(object, "token_type", json_object_new_string(token_type));
    json_object_object_add(object, "iss", json_object_new_string(config->issuer));
    json_object_object_add(object, "aud", json_object_new_string(config->audience));
    json_object_object_add(object, "sub", json_object_new_string(user_id));
    json_object_object_add(object, "sid", json_object_new_string(claims->session_id));
    json_object_object_add(object, "iat", json_object_new_int64(claims->issued_at));
    json_object_object_add(object, "exp", json_object_new_int64(claims->expires_at));
    json_object_object_add(object, "jti", new_token_id());
    json_object_object_add(object, "roles", role_array(claims->roles));
    json_object_object_add(object, "scope", json_object_new_string(claims->scope));
    char *text = memory_text(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
    json_object_put(object);
    return text;
}
