/* expect - what every reply must be (contract: Conventions, Errors), as assertions. */
#ifndef SUPPORT_EXPECT_H
#define SUPPORT_EXPECT_H

#include "support/http_client.h"
#include <stdint.h>

/* The status, and the headers that every reply of ours has. */
void expect_status(const struct http_reply *reply, int status);
/* The same with a JSON body. */
void expect_json(const struct http_reply *reply, int status);
/* The same with no body. */
void expect_no_content(const struct http_reply *reply);

/* An error of the table: body, and the reason phrase but for 419, whose reason lighttpd drops. */
void expect_problem(const struct http_reply *reply, int status, const char *title,
                    const char *code);
/* 400 validation_error that holds this member against the client. */
void expect_field_error(const struct http_reply *reply, const char *member);
/* Whether it does. */
bool has_field_error(const struct http_reply *reply, const char *member);
/* 503 with Retry-After. */
void expect_unavailable(const struct http_reply *reply);

/* Members of the body, which must be there. */
const char *member_text(const struct http_reply *reply, const char *member);
int64_t member_integer(const struct http_reply *reply, const char *member);

#endif
