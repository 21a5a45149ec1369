/* curl - one HTTP request by the program curl: what a client of the service sees, TLS included,
 * without a library that every worker would carry. */
#ifndef CLI_CURL_H
#define CLI_CURL_H

#include <stdbool.h>
#include <stddef.h>

enum { CURL_WORD_SIZE = 80, CURL_FAILURE_SIZE = 256 };

struct curl_request {
    const char *url;        /* without quotation marks and backslashes */
    const char *headers[4]; /* "Name: value", likewise; up to NULL */
    size_t body_size;       /* a POST with so many blanks; 0: a GET */
};

struct curl_reply {
    int status;
    char server[CURL_WORD_SIZE];     /* its header Server, or "" */
    char request_id[CURL_WORD_SIZE]; /* its header X-Request-Id, or "" */
    char type[CURL_WORD_SIZE];       /* its header Content-Type, or "" */
    char body[CURL_WORD_SIZE];       /* how its body begins */
    char code[CURL_WORD_SIZE];       /* `code` of our errors (http/problem.c), or "": not from us */
};

/* Arguments show no one anything: the request goes by standard input. Follows no redirect, asks no
 * proxy, needs 15 s at most. False with a sentence in failure where no HTTP answer came. */
bool curl_send(const struct curl_request *request, struct curl_reply *reply,
               char failure[CURL_FAILURE_SIZE]);

#endif
