/* http_client - see http_client.h. */
#include "support/http_client.h"
#include <curl/curl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { TIMEOUT_S = 60 };

static char site[256];

/* What http_forget frees. */
struct kept {
    struct kept *next;
    struct http_reply *reply; /* or */
    char *text;
};
static struct kept *kept;

/* A call under way. */
struct transfer {
    const struct http_call *call;
    CURL *curl;
    struct curl_slist *lines;
    size_t size, sent; /* of the body */
    struct http_reply *reply;
};

static void *need(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

static void keep(struct http_reply *reply, char *text)
{
    struct kept *entry = need(malloc(sizeof *entry));
    *entry = (struct kept){ kept, reply, text };
    kept = entry;
}

static void drop_headers(struct http_reply *reply)
{
    for (int i = 0; i < reply->header_count; i++) {
        free(reply->headers[i].name);
        free(reply->headers[i].value);
    }
    reply->header_count = 0;
}

static void free_reply(struct http_reply *reply)
{
    if (!reply)
        return;
    drop_headers(reply);
    json_object_put(reply->object);
    free(reply->body);
    free(reply);
}

void http_forget(void)
{
    while (kept) {
        struct kept *entry = kept;
        kept = entry->next;
        free_reply(entry->reply);
        free(entry->text);
        free(entry);
    }
}

void http_site(const char *base)
{
    snprintf(site, sizeof site, "%s", base);
}

static char *double_quoted(const char *quoted)
{
    char *copy = need(strdup(quoted));
    for (char *c = copy; *c; c++)
        if (*c == '\'')
            *c = '"';
    return copy;
}

const char *as_json(const char *quoted)
{
    char *result = double_quoted(quoted);
    keep(NULL, result);
    return result;
}

const char *text(const char *format, ...)
{
    char *quoted = double_quoted(format), *result = NULL;
    va_list values;
    va_start(values, format);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    int length = vasprintf(&result, quoted, values);
#pragma GCC diagnostic pop
    va_end(values);
    free(quoted);
    if (length < 0)
        abort();
    keep(NULL, result);
    return result;
}

const char *repeated(const char *unit, size_t count)
{
    size_t size = strlen(unit);
    char *result = need(malloc(size * count + 1));
    for (size_t i = 0; i < count; i++)
        memcpy(result + i * size, unit, size);
    result[size * count] = '\0';
    keep(NULL, result);
    return result;
}

/* "HTTP/1.1 419 Token expired\r\n" begins an answer: what came before was provisional. */
static void take_status_line(struct http_reply *reply, const char *line, size_t size)
{
    drop_headers(reply);
    char version[16], reason[sizeof reply->reason] = "";
    char copy[256];
    snprintf(copy, sizeof copy, "%.*s", (int)size, line);
    if (sscanf(copy, "%15s %d %127[^\r\n]", version, &reply->status, reason) < 2)
        reply->status = 0;
    snprintf(reply->reason, sizeof reply->reason, "%s", reason);
}

static size_t take_header(char *line, size_t one, size_t size, void *context)
{
    struct http_reply *reply = context;
    (void)one;
    if (size >= 5 && !strncmp(line, "HTTP/", 5)) {
        take_status_line(reply, line, size);
        return size;
    }
    const char *colon = memchr(line, ':', size);
    if (!colon || reply->header_count == HTTP_HEADERS_MAX)
        return size;
    const char *value = colon + 1, *end = line + size;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' '))
        end--;
    struct http_header *header = &reply->headers[reply->header_count++];
    header->name = need(strndup(line, (size_t)(colon - line)));
    header->value = need(strndup(value, (size_t)(end - value)));
    return size;
}

static size_t take_body(char *bytes, size_t one, size_t size, void *context)
{
    struct http_reply *reply = context;
    (void)one;
    reply->body = need(realloc(reply->body, reply->size + size + 1));
    memcpy(reply->body + reply->size, bytes, size);
    reply->size += size;
    reply->body[reply->size] = '\0';
    return size;
}

static size_t give_body(char *room, size_t one, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t size = transfer->size - transfer->sent;
    if (size > one * count)
        size = one * count;
    memcpy(room, transfer->call->body + transfer->sent, size);
    transfer->sent += size;
    return size;
}

static void add_line(struct transfer *transfer, const char *format, const char *value)
{
    char line[8192];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(line, sizeof line, format, value);
#pragma GCC diagnostic pop
    transfer->lines = need(curl_slist_append(transfer->lines, line));
}

static void set_lines(struct transfer *transfer)
{
    const struct http_call *call = transfer->call;
    const char *type = call->type ? call->type : call->body ? "application/json" : "";
    add_line(transfer, *type ? "Content-Type: %s" : "Content-Type:%s", type);
    add_line(transfer, "%s", "Expect:");
    if (call->token)
        add_line(transfer, "Authorization: Bearer %s", call->token);
    if (!call->body && call->method[0] == 'P')
        add_line(transfer, "%s", "Content-Length: 0"); /* RFC 9110 §8.6, and lighttpd insists */
    if (call->chunked)
        add_line(transfer, "%s", "Transfer-Encoding: chunked");
    for (size_t i = 0; i < sizeof call->headers / sizeof call->headers[0] && call->headers[i]; i++)
        transfer->lines = need(curl_slist_append(transfer->lines, call->headers[i]));
    curl_easy_setopt(transfer->curl, CURLOPT_HTTPHEADER, transfer->lines);
}

static void set_body(struct transfer *transfer)
{
    CURL *curl = transfer->curl;
    if (transfer->call->chunked) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_body);
        curl_easy_setopt(curl, CURLOPT_READDATA, transfer);
    } else {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->size);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, transfer->call->body);
    }
}

static void begin(struct transfer *transfer, const struct http_call *call)
{
    char url[4096];
    *transfer = (struct transfer){ .call = call };
    transfer->curl = need(curl_easy_init());
    struct http_reply *reply = transfer->reply = need(calloc(1, sizeof *reply));
    reply->body = need(strdup(""));
    keep(reply, NULL);
    snprintf(reply->about, sizeof reply->about, "%s %.60s%s%s%s", call->method, call->path,
             call->about ? " (" : "", call->about ? call->about : "", call->about ? ")" : "");
    if (call->body)
        transfer->size = call->size ? call->size : strlen(call->body);
    const char *place = call->id ? strstr(call->path, "{id}") : NULL;
    int before = place ? (int)(place - call->path) : (int)strlen(call->path);
    snprintf(url, sizeof url, "%s%.*s%s%s", site, before, call->path, place ? call->id : "",
             place ? place + strlen("{id}") : "");
    CURL *curl = transfer->curl;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reply->failure);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, reply);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, reply);
    if (call->body)
        set_body(transfer);
    else if (!strcmp(call->method, "HEAD"))
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
    set_lines(transfer);
}

static const struct http_reply *end(struct transfer *transfer, CURLcode code)
{
    struct http_reply *reply = transfer->reply;
    if (code != CURLE_OK) {
        if (!reply->failure[0])
            snprintf(reply->failure, sizeof reply->failure, "%s", curl_easy_strerror(code));
        reply->status = 0;
    }
    curl_easy_cleanup(transfer->curl);
    curl_slist_free_all(transfer->lines);
    reply->object = json_tokener_parse(reply->body);
    return reply;
}

const struct http_reply *http_send(const struct http_call *call)
{
    struct transfer transfer;
    begin(&transfer, call);
    return end(&transfer, curl_easy_perform(transfer.curl));
}

void http_send_all(const struct http_call *calls, size_t count, const struct http_reply **replies)
{
    struct transfer *transfers = need(calloc(count, sizeof *transfers));
    CURLcode *codes = need(calloc(count, sizeof *codes));
    CURLM *multi = need(curl_multi_init());
    for (size_t i = 0; i < count; i++) {
        begin(&transfers[i], &calls[i]);
        codes[i] = CURLE_FAILED_INIT;
        curl_easy_setopt(transfers[i].curl, CURLOPT_PRIVATE, &codes[i]);
        curl_easy_setopt(transfers[i].curl, CURLOPT_FRESH_CONNECT, 1L);
        curl_multi_add_handle(multi, transfers[i].curl);
    }
    int running = 1, waiting;
    while (running && curl_multi_perform(multi, &running) == CURLM_OK)
        curl_multi_poll(multi, NULL, 0, 100, NULL);
    for (CURLMsg *message; (message = curl_multi_info_read(multi, &waiting));) {
        CURLcode *code = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &code);
        *code = message->data.result;
    }
    for (size_t i = 0; i < count; i++) {
        curl_multi_remove_handle(multi, transfers[i].curl);
        replies[i] = end(&transfers[i], codes[i]);
    }
    curl_multi_cleanup(multi);
    free(codes);
    free(transfers);
}

const char *http_header(const struct http_reply *reply, const char *name)
{
    for (int i = 0; i < reply->header_count; i++)
        if (!strcasecmp(reply->headers[i].name, name))
            return reply->headers[i].value;
    return NULL;
}
