/* response - the bytes of a reply. */
#include "http/response.h"
#include <criterion/criterion.h>
#include <string.h>

static struct response response;
static struct request request;
static struct buffer out;

static void start(void)
{
    request = (struct request){ .method = METHOD_GET, .id = "id-1" };
    response_init(&response);
    buffer_init(&out, 1024 * 1024);
}

static void finish(void)
{
    response_clear(&response);
    buffer_clear(&out);
}

TestSuite(response, .init = start, .fini = finish);

static void expect(const char *expected)
{
    buffer_reset(&out);
    response_render(&response, &request, &out);
    cr_assert_str_eq(out.data, expected);
}

static json_object *greeting(void)
{
    json_object *object = json_object_new_object();
    json_object_object_add(object, "greeting", json_object_new_string("hello/\xc3\xa9"));
    return object;
}

#define COMMON                                                                                     \
    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Request-Id: id-1\r\n"
#define GREETING_HEAD                                                                              \
    "Status: 201 Created\r\nContent-Type: application/json\r\n" COMMON "Content-Length: "          \
    "23\r\n\r\n"

Test(response, json_is_sent_with_every_header)
{
    response_json(&response, STATUS_CREATED, greeting());
    expect(GREETING_HEAD "{\"greeting\":\"hello/\xc3\xa9\"}");
}

Test(response, head_has_the_length_of_get_and_no_body)
{
    request.method = METHOD_HEAD;
    response_json(&response, STATUS_CREATED, greeting());
    expect(GREETING_HEAD);
}

Test(response, no_content_has_neither_type_nor_length)
{
    response_status(&response, STATUS_NO_CONTENT);
    expect("Status: 204 No Content\r\n" COMMON "\r\n");
}

Test(response, a_status_alone_has_an_empty_body)
{
    response_status(&response, STATUS_OK);
    expect("Status: 200 OK\r\n" COMMON "Content-Length: 0\r\n\r\n");
}

Test(response, a_status_drops_the_body_that_was_there)
{
    response_json(&response, STATUS_OK, greeting());
    response_status(&response, STATUS_NO_CONTENT);
    expect("Status: 204 No Content\r\n" COMMON "\r\n");
}

Test(response, a_second_body_replaces_the_first)
{
    response_json(&response, STATUS_OK, json_object_new_object());
    response_json(&response, STATUS_CREATED, greeting());
    expect(GREETING_HEAD "{\"greeting\":\"hello/\xc3\xa9\"}");
}

Test(response, further_headers_come_last)
{
    response_status(&response, STATUS_OK);
    response_header(&response, "Allow", "GET, HEAD");
    response_header(&response, "Retry-After", "5");
    expect("Status: 200 OK\r\n" COMMON
           "Content-Length: 0\r\nAllow: GET, HEAD\r\nRetry-After: 5\r\n\r\n");
}

Test(response, a_cacheable_one_does_not_say_no_store)
{
    response_status(&response, STATUS_OK);
    response.cacheable = true;
    response_header(&response, "Cache-Control", "max-age=60");
    expect("Status: 200 OK\r\nX-Content-Type-Options: nosniff\r\nX-Request-Id: id-1\r\n"
           "Content-Length: 0\r\nCache-Control: max-age=60\r\n\r\n");
}

Test(response, a_header_with_a_control_character_is_left_out)
{
    static const char *const texts[] = {
        "a\r\nSet-Cookie: x=y", "a\nb", "a\rb", "a\tb", "\x7f", "\x1b[0m"
    };
    response_status(&response, STATUS_OK);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        response_header(&response, "X-Value", texts[i]);
        response_header(&response, texts[i], "value");
    }
    expect("Status: 200 OK\r\n" COMMON "Content-Length: 0\r\n\r\n");
    response_header(&response, "X-Value", "caf\xc3\xa9");
    expect("Status: 200 OK\r\n" COMMON "Content-Length: 0\r\nX-Value: caf\xc3\xa9\r\n\r\n");
}

Test(response, headers_past_their_limit_are_left_out_whole)
{
    char value[4001];
    memset(value, 'a', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    response_status(&response, STATUS_OK);
    for (int i = 0; i < 5; i++)
        response_header(&response, "X-Long", value);
    response_render(&response, &request, &out);
    cr_assert_lt(out.size, 8192 + 512);
    cr_assert_str_eq(out.data + out.size - 6, "aa\r\n\r\n");
}

#define DEFECT_HEAD "Status: 500 Internal Server Error\r\nContent-Type: application/json\r\n" COMMON

static void expect_defect(void)
{
    response_render(&response, &request, &out);
    cr_assert_eq(strncmp(out.data, DEFECT_HEAD, strlen(DEFECT_HEAD)), 0, "%s", out.data);
    cr_assert_not_null(strstr(out.data, "\"code\":\"internal\""));
    cr_assert_not_null(strstr(out.data, "\"request_id\":\"id-1\""));
}

Test(response, without_a_status_it_is_a_500)
{
    expect_defect();
}

Test(response, a_status_that_is_not_in_the_table_is_a_500)
{
    response_status(&response, (enum response_status)299);
    expect_defect();
}

Test(response, a_body_that_is_too_large_is_a_500)
{
    enum { SIZE = 5 * 1024 * 1024 };
    json_object *object = json_object_new_object();
    char *text = calloc(1, SIZE + 1);
    memset(text, 'a', SIZE);
    json_object_object_add(object, "text", json_object_new_string(text));
    free(text);
    response_json(&response, STATUS_OK, object);
    expect_defect();
}

Test(response, clearing_makes_it_new)
{
    response_json(&response, STATUS_OK, greeting());
    response_header(&response, "Allow", "GET");
    response.cacheable = true;
    response_clear(&response);
    cr_assert_eq(response.status, 0);
    cr_assert_not(response.cacheable);
    response_status(&response, STATUS_OK);
    expect("Status: 200 OK\r\n" COMMON "Content-Length: 0\r\n\r\n");
}
