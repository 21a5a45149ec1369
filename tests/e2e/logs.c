/* logs - what is in them, and what never is (contract: What never happens). */
#include "support/expect.h"
#include "support/flows.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

TestSuite(logs, .fini = stack_stop);

#define EMAIL  "ada.lovelace@example.org"
#define WRONG  "a wrong password of hers"
#define REFERS "X-Request-Id: request-1843"

static const char *content_of(const char *name)
{
    FILE *file = fopen(stack_path(name), "r");
    cr_assert_not_null(file, "%s", name);
    char *content = NULL;
    size_t size = 0;
    ssize_t length = getdelim(&content, &size, '\0', file);
    fclose(file);
    const char *copy = text("%s", length > 0 ? content : "");
    free(content);
    return copy;
}

/* Not in one piece, nor its last part, which alone would do for some. */
static void expect_absent(const char *log, const char *what, const char *secret)
{
    size_t length = strlen(secret);
    cr_assert_null(strstr(log, secret), "%s is in the log", what);
    if (length > 40)
        cr_assert_null(strstr(log, secret + length - 20), "the end of %s is in the log", what);
}

/* Each flow, well and ill, so that whatever would be logged is. */
static struct tokens use_everything(void)
{
    HTTP("POST", "/signup/", .body = sign_up_body(EMAIL, PASSWORD), .headers = { REFERS });
    HTTP("POST", "/signup/", .body = sign_up_body(EMAIL, PASSWORD));
    HTTP("POST", "/signup/", .body = text("{'email':'" EMAIL "','password':'" PASSWORD "'"));
    struct tokens tokens = log_in(EMAIL);
    HTTP("POST", "/login/", .body = log_in_body(EMAIL, WRONG));
    HTTP("POST", "/login/", .body = log_in_body(EMAIL, WRONG), .type = "text/plain");
    HTTP("GET", "/profile/", .token = tokens.access);
    HTTP("PUT", "/profile/", .token = tokens.access, .body = as_json("{'name':'Ada L.'}"));
    HTTP("GET", "/profile/", .token = text("%sx", tokens.access));
    HTTP("GET", "/profile/", .token = tokens.refresh);
    HTTP("GET", "/nothing/", .token = tokens.access);
    HTTP("DELETE", "/profile/", .token = tokens.access);
    HTTP("POST", "/refresh/", .body = refresh_body(text("%sx", tokens.refresh)));
    struct tokens second = refresh(tokens.refresh), third = refresh(second.refresh);
    HTTP("POST", "/refresh/", .body = refresh_body(tokens.refresh)); /* a replay */
    HTTP("POST", "/refresh/", .body = refresh_body(third.refresh));
    HTTP("POST", "/logout/", .token = third.access, .body = refresh_body(third.refresh));
    return third;
}

Test(logs, hold_no_password_token_or_email)
{
    static const char *const names[] = { "service.log", "lighttpd.log", "access.log" };
    STACK(.lighttpd = "accesslog.format = \"%h %r %s %{X-Request-Id}i\"\n");
    struct tokens tokens = use_everything();
    stack_sql("ALTER TABLE users RENAME TO hidden"); /* a defect, which is logged at length */
    HTTP("POST", "/login/", .body = log_in_body(EMAIL, PASSWORD));
    stack_sql("ALTER TABLE hidden RENAME TO users");
    const char *hash = stack_sql("SELECT password FROM users");
    stack_configure("database = host=/nonexistent dbname=none");
    stack_reload_and_wait();
    HTTP("POST", "/login/", .body = log_in_body(EMAIL, PASSWORD));
    stack_stop_web_server();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *log = content_of(names[i]);
        expect_absent(log, "the password", PASSWORD);
        expect_absent(log, "the wrong password", WRONG);
        expect_absent(log, "the access token", tokens.access);
        expect_absent(log, "the refresh token", tokens.refresh);
        expect_absent(log, "a refresh token's beginning", "therappai_rt_");
        expect_absent(log, "an access token's beginning", "eyJ");
        expect_absent(log, "the hash of the password", hash);
        expect_absent(log, "the email address", EMAIL);
        expect_absent(log, "the name", "Ada L.");
    }
    cr_assert(strstr(content_of("service.log"), "request-1843"), "the requests are not logged");
    cr_assert(strstr(content_of("access.log"), "request-1843"), "the requests are not logged");
}

/* A client that put its token into the address told lighttpd, which is ours to configure, but us
 * it did not. */
Test(logs, of_the_service_hold_no_address_as_it_was_asked_for)
{
    STACK();
    HTTP("GET", "/profile/?access_token=in-the-query", .headers = { REFERS });
    HTTP("GET", "/in-the-path/");
    const char *log = content_of("service.log");
    expect_absent(log, "the query", "in-the-query");
    expect_absent(log, "the path", "in-the-path");
    cr_assert(strstr(log, "request-1843"));
}

Test(logs, a_value_cannot_forge_a_line)
{
    STACK();
    sign_up("ada@example.org");
    HTTP("POST", "/login/", .body = log_in_body("ada@example.org", PASSWORD),
         .headers = { "User-Agent: x\tlevel=error event=forged", "X-Request-Id: x event=forged" });
    HTTP("POST", "/login/", .body = log_in_body("a\\nevent=forged\\n@example.org", PASSWORD));
    cr_assert_null(strstr(stack_log(), "\nevent=forged"));
    cr_assert_null(strstr(stack_log(), " event=forged"));
}

Test(logs, are_json_where_the_option_says_so)
{
    int lines = 0;
    STACK(.settings = { "log_format = json" });
    use_everything();
    char *log = strdup(stack_log()), *rest = log;
    for (char *line; (line = strsep(&rest, "\n")) && *line; lines++) {
        json_object *object = json_tokener_parse(line);
        cr_assert(json_object_is_type(object, json_type_object), "%s", line);
        json_object_put(object);
    }
    free(log);
    cr_assert_gt(lines, 10);
}

/* The least that an operator needs: who replayed, when, in which request. */
Test(logs, a_replay_is_a_warning_with_its_session)
{
    STACK(.settings = { "log_level = warn" });
    struct tokens first = new_user("ada@example.org");
    refresh(refresh(first.refresh).refresh);
    const char *session = stack_sql("SELECT id FROM sessions");
    HTTP("POST", "/refresh/", .body = refresh_body(first.refresh), .headers = { REFERS });
    cr_assert(stack_log_await(0, "replay"));
    const char *line = strstr(stack_log(), "replay");
    cr_assert(strstr(line, session), "%s", stack_log());
    cr_assert(strstr(stack_log(), "request-1843"), "%s", stack_log());
    cr_assert_null(strstr(stack_log(), "level=debug"));
}
