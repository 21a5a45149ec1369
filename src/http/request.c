/* request - see request.h. */
#include "http/request.h"
#include "http/request_headers.h"
#include "http/utf8.h"
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    enum method method;
} methods[] = { { "GET", METHOD_GET },         { "HEAD", METHOD_HEAD },
                { "POST", METHOD_POST },       { "PUT", METHOD_PUT },
                { "PATCH", METHOD_PATCH },     { "DELETE", METHOD_DELETE },
                { "OPTIONS", METHOD_OPTIONS }, { "OTHER", METHOD_OTHER } };
enum { METHOD_COUNT = sizeof methods / sizeof methods[0] };

const char *method_name(enum method method)
{
    for (size_t i = 0; i < METHOD_COUNT; i++)
        if (methods[i].method == method)
            return methods[i].name;
    return "INVALID";
}

/* Names are case-sensitive (RFC 9110 §9.1). */
static enum method method_of(const char *name)
{
    for (size_t i = 0; name && i < METHOD_COUNT; i++)
        if (!strcmp(methods[i].name, name))
            return methods[i].method;
    return METHOD_OTHER;
}

/* What stands behind "NAME=", or NULL where the variable is another one. */
static const char *value_of(const char *variable, const char *name)
{
    size_t size = strlen(name);
    return !strncmp(variable, name, size) && variable[size] == '=' ? variable + size + 1 : NULL;
}

/* Web servers may pass a variable twice; the first one counts (nginx does). */
const char *request_variable(char *const *environment, const char *name)
{
    const char *value = NULL;
    for (; *environment && !value; environment++)
        value = value_of(*environment, name);
    return value;
}

static bool has_twice(char *const *environment, const char *name)
{
    int count = 0;
    for (; *environment; environment++)
        count += value_of(*environment, name) != NULL;
    return count > 1;
}

static const char *filled_variable(char *const *environment, const char *name)
{
    const char *value = request_variable(environment, name);
    return value && *value ? value : NULL;
}

/* Behind the "scheme://host" of an absolute form (RFC 9112 §3.2.2); one with nothing behind it is
 * the root. */
static const char *behind_host(const char *uri)
{
    size_t scheme =
        strspn(uri, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
    if (scheme == 0 || strncmp(uri + scheme, "://", 3) != 0)
        return uri;
    const char *host = uri + scheme + 3;
    const char *path = host + strcspn(host, "/?#");
    return *path == '/' ? path : "/";
}

enum { PATH_END = -1, PATH_FLAW = -2 };

static int hexadecimal(char digit)
{
    static const char alphabet[] = "0123456789abcdef0123456789ABCDEF";
    const char *found = digit ? strchr(alphabet, digit) : NULL;
    return found ? (int)(found - alphabet) % 16 : -1;
}

/* The next byte of the path, decoded once, or PATH_END or PATH_FLAW. An encoded slash and a
 * backslash are refused because web servers disagree on what they mean, NUL and other control
 * characters because they end or forge what is written with them (RFC 3986 §7.3). */
static int next_byte(const char **uri)
{
    const char *at = *uri;
    if (!*at || *at == '?')
        return PATH_END;
    *uri = at + 1;
    int byte = (unsigned char)*at;
    if (byte == '%') {
        int high = hexadecimal(at[1]);
        int low = high < 0 ? -1 : hexadecimal(at[2]);
        if (low < 0)
            return PATH_FLAW;
        byte = high * 16 + low;
        *uri = at + 3;
        if (byte == '/')
            return PATH_FLAW;
    } else if (byte == '#') {
        return PATH_FLAW;
    }
    return byte < 0x20 || byte == 0x7f || byte == '\\' ? PATH_FLAW : byte;
}

static bool strip_base(const char **uri, const char *base_path)
{
    for (; *base_path; base_path++)
        if (next_byte(uri) != (unsigned char)*base_path)
            return false;
    return true;
}

/* Decodes the rest into `path`, with a slash at both ends. */
static bool copy_path(const char *uri, char path[REQUEST_PATH_SIZE])
{
    size_t size = 0;
    int byte;
    while ((byte = next_byte(&uri)) >= 0) {
        if ((size == 0 && byte != '/') || size >= REQUEST_PATH_SIZE - 2)
            return false;
        path[size++] = (char)byte;
    }
    if (byte == PATH_FLAW)
        return false;
    if (size == 0 || path[size - 1] != '/')
        path[size++] = '/';
    path[size] = '\0';
    return true;
}

static bool is_utf8(const char *text)
{
    for (size_t left = strlen(text), size; left > 0; left -= size, text += size) {
        size = utf8_character(text, left);
        if (size == 0)
            return false;
    }
    return true;
}

static bool has_dot_segment(const char *path)
{
    return strstr(path, "/./") || strstr(path, "/../");
}

static bool parse_path(const char *uri, const char *base_path, char path[REQUEST_PATH_SIZE])
{
    if (uri)
        uri = behind_host(uri);
    if (uri && strip_base(&uri, base_path) && copy_path(uri, path) && is_utf8(path) &&
        !has_dot_segment(path))
        return true;
    path[0] = '\0';
    return false;
}

/* RFC 9110 §8.6: digits alone. One too large to count is as large as can be. */
static bool parse_length(const char *text, int64_t *length)
{
    int64_t value = 0;
    *length = -1;
    if (!text)
        return true;
    if (text[strspn(text, "0123456789")])
        return false;
    for (; *text; text++) {
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, *text - '0', &value)) {
            value = INT64_MAX;
            break;
        }
    }
    *length = value;
    return true;
}

enum error request_parse(struct request *request, char *const *environment, const char *base_path)
{
    const char *content_type = filled_variable(environment, "CONTENT_TYPE");
    *request = (struct request){
        .method = method_of(request_variable(environment, "REQUEST_METHOD")),
        .media_type = request_media_type(content_type),
        .content_type = content_type,
        .authorization = request_variable(environment, "HTTP_AUTHORIZATION"),
        .cookie = request_variable(environment, "HTTP_COOKIE"),
        .origin = request_variable(environment, "HTTP_ORIGIN"),
        .fetch_site = request_variable(environment, "HTTP_SEC_FETCH_SITE"),
        .is_preflight = filled_variable(environment, "HTTP_ACCESS_CONTROL_REQUEST_METHOD") != NULL,
        .remote_address = filled_variable(environment, "REMOTE_ADDR"),
        .forwarded_for = request_variable(environment, "HTTP_X_FORWARDED_FOR"),
        .forwarded_twice = has_twice(environment, "HTTP_X_FORWARDED_FOR"),
        .if_none_match = request_variable(environment, "HTTP_IF_NONE_MATCH"),
        .user_agent = filled_variable(environment, "HTTP_USER_AGENT"),
        .wants_problem_json = request_accepts(request_variable(environment, "HTTP_ACCEPT"),
                                              "application/problem+json"),
    };
    request_identify(request_variable(environment, "HTTP_X_REQUEST_ID"), request->id);
    bool counted =
        parse_length(filled_variable(environment, "CONTENT_LENGTH"), &request->content_length);
    const char *uri = request_variable(environment, "REQUEST_URI");
    const char *query = uri ? strchr(uri, '?') : NULL;
    request->query = query ? query + 1 : "";
    if (!parse_path(uri, base_path, request->path))
        return ERROR_NOT_FOUND;
    return counted ? ERROR_NONE : ERROR_INCOMPLETE_BODY;
}

/* RFC 6750 §2.1: 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=" and nothing behind;
 * so two headers that a web server joined with a comma are none (lighttpd does). */
static bool is_b64token(const char *text, size_t *size)
{
    size_t body =
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/");
    *size = body + strspn(text + body, "=");
    return body > 0 && !text[*size];
}

enum error request_bearer(const struct request *request, struct secret **token)
{
    static const char scheme[] = "bearer";
    const char *header = request->authorization;
    size_t size = sizeof scheme - 1;
    if (!header || strncasecmp(header, scheme, size) != 0)
        return ERROR_MISSING_TOKEN;
    if (header[size] && header[size] != ' ')
        return ERROR_MISSING_TOKEN;
    header += size + strspn(header + size, " "); /* 1*SP, RFC 9110 §11.4 */
    if (!is_b64token(header, &size))
        return ERROR_INVALID_TOKEN;
    *token = secret_new(header, size);
    return ERROR_NONE;
}
