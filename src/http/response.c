/* response - see response.h. */
#include "http/response.h"
#include "base/log.h"
#include "http/problem.h"
#include <stddef.h>

enum { HEADERS_MAX = 8192, BODY_MAX = 4 * 1024 * 1024, OWN_HEADERS_MAX = 1024 };

static const struct {
    enum response_status status;
    const char *reason;
} reasons[] = { { STATUS_OK, "OK" },
                { STATUS_CREATED, "Created" },
                { STATUS_NO_CONTENT, "No Content" },
                { STATUS_NOT_MODIFIED, "Not Modified" } };

void response_init(struct response *response)
{
    *response = (struct response){ 0 };
    buffer_init(&response->headers, HEADERS_MAX);
    buffer_init(&response->body, BODY_MAX);
}

void response_clear(struct response *response)
{
    buffer_clear(&response->headers);
    buffer_clear(&response->body);
    response_init(response);
}

void response_status(struct response *response, enum response_status status)
{
    response->status = 0;
    response->reason = NULL;
    response->content_type = NULL;
    buffer_reset(&response->body);
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status) {
            response->status = (int)status;
            response->reason = reasons[i].reason;
        }
    }
}

static bool has_control_character(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

/* A line break in a value would let whoever chose it write headers, or a body (CWE-113). */
void response_header(struct response *response, const char *name, const char *value)
{
    if (has_control_character(name) || has_control_character(value)) {
        LOG(LOG_LEVEL_ERROR, "header_left_out", log_text("reason", "control character"));
        return;
    }
    if (!buffer_format(&response->headers, "%s: %s\r\n", name, value))
        LOG(LOG_LEVEL_ERROR, "header_left_out", log_text("reason", "too many headers"));
}

/* json-c writes into memory of its own, that outlives the call; it is wiped, since answers hold
 * tokens. */
static bool append_json(struct buffer *body, json_object *object)
{
    size_t size = 0;
    const char *text = json_object_to_json_string_length(
        object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &size);
    bool done = text && buffer_append(body, text, size);
    secret_wipe((char *)text, size);
    return done;
}

void response_json(struct response *response, enum response_status status, json_object *object)
{
    response_status(response, status);
    response->content_type = "application/json";
    if (!append_json(&response->body, object)) {
        LOG(LOG_LEVEL_ERROR, "response_too_large", log_integer("limit", BODY_MAX));
        response->status = 0;
    }
    json_free(object);
}

void response_bytes(struct response *response, enum response_status status,
                    const char *content_type, const void *bytes, size_t size)
{
    response_status(response, status);
    response->content_type = content_type;
    if (!buffer_append(&response->body, bytes, size)) {
        LOG(LOG_LEVEL_ERROR, "response_too_large", log_integer("limit", BODY_MAX));
        response->status = 0;
    }
}

static void render_head(const struct response *response, const struct request *request,
                        struct buffer *out)
{
    buffer_format(out, "Status: %d %s\r\n", response->status, response->reason);
    if (response->content_type)
        buffer_format(out, "Content-Type: %s\r\n", response->content_type);
    if (!response->cacheable)
        buffer_text(out, "Cache-Control: no-store\r\n");
    buffer_format(out, "X-Content-Type-Options: nosniff\r\nX-Request-Id: %s\r\n", request->id);
    /* RFC 9110 §8.6: a 204 has none, and that of a 304 would be the body's; HEAD has that of GET */
    if (response->status != STATUS_NO_CONTENT && response->status != STATUS_NOT_MODIFIED)
        buffer_format(out, "Content-Length: %zu\r\n",
                      response->content_type ? response->body.size : 0);
    if (response->headers.size)
        buffer_append(out, response->headers.data, response->headers.size);
    buffer_text(out, "\r\n");
}

static void render_defect(const struct request *request, struct buffer *out)
{
    const struct problem_options options = { 0 };
    struct response defect;
    response_init(&defect);
    problem_render(ERROR_INTERNAL, NULL, &options, request, &defect);
    response_render(&defect, request, out);
    response_clear(&defect);
}

void response_render(const struct response *response, const struct request *request,
                     struct buffer *out)
{
    if (!response->status || !response->reason) {
        render_defect(request, out);
        return;
    }
    render_head(response, request, out);
    if (response->content_type && response->body.size && request->method != METHOD_HEAD)
        buffer_append(out, response->body.data, response->body.size);
}

void response_send(const struct response *response, const struct request *request,
                   struct fcgi *fcgi)
{
    struct buffer out;
    if (!response->status || !response->reason)
        LOG(LOG_LEVEL_ERROR, "response_without_status",
            log_text("method", method_name(request->method)));
    buffer_init(&out, OWN_HEADERS_MAX + HEADERS_MAX + BODY_MAX);
    response_render(response, request, &out);
    fcgi_write(fcgi, out.data, out.size);
    buffer_clear(&out);
}
