/* flows - see flows.h. */
#include "support/flows.h"
#include "support/expect.h"

const char *sign_up_body(const char *email, const char *password)
{
    return text("{'email':'%s','name':'Ada','password':'%s','confirm_password':'%s'}", email,
                password, password);
}

const char *log_in_body(const char *email, const char *password)
{
    return text("{'email':'%s','password':'%s'}", email, password);
}

const char *refresh_body(const char *token)
{
    return text("{'refresh':'%s'}", token);
}

void sign_up(const char *email)
{
    expect_json(HTTP("POST", "/signup/", .body = sign_up_body(email, PASSWORD)), 201);
}

static struct tokens take_tokens(const struct http_reply *reply)
{
    expect_json(reply, 200);
    return (struct tokens){ member_text(reply, "access"), member_text(reply, "refresh") };
}

struct tokens log_in(const char *email)
{
    return take_tokens(HTTP("POST", "/login/", .body = log_in_body(email, PASSWORD)));
}

struct tokens new_user(const char *email)
{
    sign_up(email);
    return log_in(email);
}

struct tokens refresh(const char *token)
{
    return take_tokens(HTTP("POST", "/refresh/", .body = refresh_body(token)));
}
