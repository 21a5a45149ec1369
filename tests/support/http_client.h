/* http_client - HTTP requests as a test wants them, and all that came back. Replies and texts live
 * until http_forget. */
#ifndef SUPPORT_HTTP_CLIENT_H
#define SUPPORT_HTTP_CLIENT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

struct http_call {
    const char *method;
    const char *path;  /* below the base of http_site, sent as it is: no dot segment is removed */
    const char *id;    /* goes in where the path says {id}; NULL: the path has none */
    const char *body;  /* NULL: none */
    size_t size;       /* of the body; 0: up to its NUL */
    const char *type;  /* Content-Type; NULL: application/json where there is a body; "": none */
    const char *token; /* sent as "Authorization: Bearer TOKEN"; NULL: no such header */
    const char *headers[6]; /* further lines, "Name: value"; as they are, duplicates included */
    bool chunked;           /* the body goes without a Content-Length */
    const char *about;      /* the case, for messages; may be NULL */
};

struct http_header {
    char *name, *value;
};
enum { HTTP_HEADERS_MAX = 32 };

struct http_reply {
    int status;       /* 0: no HTTP answer came; `failure` says why */
    char reason[128]; /* of the status line */
    char failure[256];
    struct http_header headers[HTTP_HEADERS_MAX]; /* of the last answer: not of a 100 Continue */
    int header_count;
    char *body; /* never NULL, NUL-terminated */
    size_t size;
    json_object *object; /* the body, where it is JSON; else NULL */
    char about[160];     /* "POST /login/ (the case)" */
};

/* "http://127.0.0.1:8080/api/v1": where calls go from now on. Copied. */
void http_site(const char *base);

/* HTTP("GET", "/profile/", .token = access) */
#define HTTP(...) http_send(&CALL(__VA_ARGS__))
#define CALL(verb, ...)                                                                            \
    (struct http_call)                                                                             \
    {                                                                                              \
        .method = verb, .path = __VA_ARGS__                                                        \
    }
/* Never NULL. No call takes longer than 60 s. */
const struct http_reply *http_send(const struct http_call *call);
/* All at once, over a connection each. */
void http_send_all(const struct http_call *calls, size_t count, const struct http_reply **replies);

/* The value of the first header of that name, in any case, or NULL. */
const char *http_header(const struct http_reply *reply, const char *name);

/* A formatted text, in which every ' of the format has become ": text("{'email':'%s'}", email). */
const char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same without formatting. */
const char *as_json(const char *quoted);
/* A text of `count` times `unit`. */
const char *repeated(const char *unit, size_t count);

/* Frees all replies and texts. */
void http_forget(void);

#endif
