/* pictures - profile pictures through a web server: what is taken, what is kept, what is refused.
 */
#include "support/pictures.h"
#include "support/expect.h"
#include "support/flows.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

static void finish(void)
{
    pictures_forget();
    stack_stop();
}

TestSuite(pictures, .fini = finish);

static const struct http_reply *send_form(const struct tokens *tokens, struct picture body)
{
    return HTTP("PATCH", "/profile/", .token = tokens->access, .type = PICTURES_FORM,
                .body = body.bytes, .size = body.size);
}

static const char *take(const struct tokens *tokens, struct picture picture)
{
    const struct http_reply *reply = send_form(tokens, picture_upload(NULL, picture));
    expect_json(reply, 200);
    return text("%s", member_text(reply, "profile_pic"));
}

/* The picture as a browser gets it. */
static const struct http_reply *look(const char *url)
{
    const char *base = stack_base();
    http_site(text("%.*s", (int)(strlen(base) - strlen("/api/v1")), base));
    const struct http_reply *reply = HTTP("GET", url);
    http_site(base);
    return reply;
}

/* lighttpd looks for a file that it has just served only some seconds later. */
static void expect_gone(const char *url)
{
    int status = look(url)->status;
    for (int i = 0; i < 50 && status != 404; i++) {
        usleep(100000);
        status = look(url)->status;
    }
    cr_assert_eq(status, 404, "%s: %d", url, status);
}

static int count_files(void)
{
    int count = 0;
    const struct dirent *entry;
    DIR *stream = opendir(stack_path("pictures"));
    while (stream && (entry = readdir(stream)) != NULL)
        count += entry->d_name[0] != '.';
    if (stream)
        closedir(stream);
    return count;
}

static bool has_no_picture(const struct tokens *tokens)
{
    json_object *value = NULL;
    const struct http_reply *reply = HTTP("GET", "/profile/", .token = tokens->access);
    return json_object_object_get_ex(reply->object, "profile_pic", &value) && !value;
}

static bool holds(const struct http_reply *reply, const char *bytes)
{
    return memmem(reply->body, reply->size, bytes, strlen(bytes)) != NULL;
}

/* Red on its left, blue on its right, but for what compression makes of them. */
static void expect_halves(const struct http_reply *reply, int width, int height)
{
    int left = picture_colour(reply, width / 8, height / 2),
        right = picture_colour(reply, width - 1 - width / 8, height / 2);
    cr_assert((left >> 16 & 0xff) > 180 && (left & 0xff) < 80, "%06x", (unsigned)left);
    cr_assert((right & 0xff) > 180 && (right >> 16 & 0xff) < 80, "%06x", (unsigned)right);
}

Test(pictures, of_each_kind_are_taken_and_become_small)
{
    static const struct {
        enum picture_kind kind;
        int width, height, kept_width, kept_height;
    } cases[] = {
        { PICTURE_KIND_JPEG, 1000, 600, 512, 307 }, { PICTURE_KIND_PNG, 600, 1200, 256, 512 },
        { PICTURE_KIND_WEBP, 512, 512, 512, 512 },  { PICTURE_KIND_GIF, 40, 20, 40, 20 },
        { PICTURE_KIND_PNG, 5000, 4, 512, 1 },
    };
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int width, height;
        const char *url =
            take(&tokens, picture_new(cases[i].kind, cases[i].width, cases[i].height));
        cr_assert_eq(strncmp(url, "/pictures/", 10), 0, "%s", url);
        cr_assert_eq(strspn(url + 10, "0123456789abcdef"), 32, "%s", url);
        const struct http_reply *reply = look(url);
        cr_assert_eq(reply->status, 200, "%s", reply->about);
        cr_assert_eq(picture_sides(reply, &width, &height), 0, "%s", reply->about);
        cr_assert_eq(width, cases[i].kept_width, "%zu: %d", i, width);
        cr_assert_eq(height, cases[i].kept_height, "%zu: %d", i, height);
        expect_halves(reply, width, height);
        cr_assert_str_eq(http_header(reply, "X-Content-Type-Options"), "nosniff");
        cr_assert(strstr(http_header(reply, "Cache-Control"), "immutable"));
        cr_assert_eq(count_files(), 1, "the one before is gone");
    }
    cr_assert_eq(look("/pictures/")->status / 100, 4, "nobody is told which there are");
    cr_assert_str_eq(stack_sql("select count(*) from audit where event = 'picture_changed'"), "5");
}

Test(pictures, lose_everything_but_their_pixels)
{
    int width, height;
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    struct picture turned = picture_with_exif(picture_new(PICTURE_KIND_JPEG, 400, 200));
    struct picture sent = picture_joined(turned.bytes, turned.size, "<?php evil(); ?>PK\3\4", 20);
    const struct http_reply *reply = look(take(&tokens, sent));
    cr_assert(memmem(sent.bytes, sent.size, "GPSLatitude", 11), "the case is none");
    static const char *const traces[] = { "Exif", "GPS", "php", "PK\3\4" };
    for (size_t i = 0; i < sizeof traces / sizeof traces[0]; i++)
        cr_assert_not(holds(reply, traces[i]), "%s", traces[i]);
    cr_assert_eq(picture_sides(reply, &width, &height), 0);
    cr_assert(width == 200 && height == 400, "upright: %d x %d", width, height);
    int top = picture_colour(reply, 100, 50);
    cr_assert((top >> 16 & 0xff) > 180, "the left is the top now: %06x", (unsigned)top);
}

Test(pictures, come_with_a_name_or_without_one)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    struct picture small = picture_new(PICTURE_KIND_PNG, 8, 8);
    const struct http_reply *reply = send_form(&tokens, picture_upload("Countess", small));
    expect_json(reply, 200);
    cr_assert_str_eq(member_text(reply, "name"), "Countess");
    cr_assert_eq(look(member_text(reply, "profile_pic"))->status, 200);
    struct picture nameless = picture_upload(NULL, small);
    expect_field_error(HTTP("PUT", "/profile/", .token = tokens.access, .type = PICTURES_FORM,
                            .body = nameless.bytes, .size = nameless.size),
                       "name");
    expect_field_error(send_form(&tokens, picture_upload("a\tb", small)), "name");
    cr_assert_eq(count_files(), 1, "what was refused left nothing");
    const struct picture_part name = { "Content-Disposition: form-data; name=\"name\"",
                                       picture_text("Ada") };
    reply = send_form(&tokens, picture_form(&name, 1));
    expect_json(reply, 200);
    cr_assert_str_eq(member_text(reply, "name"), "Ada");
    cr_assert_eq(count_files(), 1, "the picture stays");
}

Test(pictures, are_removed_when_their_owner_wants_it)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    struct picture small = picture_new(PICTURE_KIND_PNG, 8, 8), empty = picture_text("");
    const char *const bodies[] = { "{'profile_pic':null}", "{'profile_pic':''}", NULL };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        const char *url = take(&tokens, small);
        expect_json(HTTP("PATCH", "/profile/", .token = tokens.access,
                         .body = text("{'profile_pic':'%s'}", url)),
                    200);
        cr_assert_eq(look(url)->status, 200, "sent back as it is it stays");
        expect_json(bodies[i] ? HTTP("PATCH", "/profile/", .token = tokens.access,
                                     .body = as_json(bodies[i]))
                              : send_form(&tokens, picture_upload(NULL, empty)),
                    200);
        cr_assert(has_no_picture(&tokens), "%zu", i);
        expect_gone(url);
        cr_assert_eq(count_files(), 0, "%zu", i);
    }
}

Test(pictures, go_with_their_account)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    const char *url = take(&tokens, picture_new(PICTURE_KIND_JPEG, 8, 8));
    cr_assert_eq(look(url)->status, 200);
    expect_no_content(HTTP("DELETE", "/profile/", .token = tokens.access,
                           .body = text("{'password':'%s'}", PASSWORD)));
    expect_gone(url);
    cr_assert_eq(count_files(), 0);
}

Test(pictures, that_are_none_are_refused_and_the_one_before_stays)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    struct picture png = picture_new(PICTURE_KIND_PNG, 64, 64),
                   jpeg = picture_new(PICTURE_KIND_JPEG, 64, 64);
    const char *url = take(&tokens, png);
    const struct {
        const char *what;
        struct picture picture;
    } cases[] = {
        { "a text", picture_text("<?php evil(); ?>") },
        { "SVG", picture_text("<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>") },
        { "half a PNG", picture_joined(png.bytes, png.size / 2, "", 0) },
        { "the header of a JPEG", picture_joined(jpeg.bytes, 200, "", 0) },
        { "a PNG behind a byte", picture_joined(" ", 1, png.bytes, png.size) },
        { "a PNG of 60,000 by 60,000 pixels",
          picture_joined("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xea\x60\0\0\xea\x60\x08\x02\0\0\0", 29,
                         png.bytes + 29, png.size - 29) },
        { "a GIF of 65,535 by 65,535 pixels",
          picture_joined("GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\2\1\0;", 27, "",
                         0) },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_field_error(send_form(&tokens, picture_upload("Other", cases[i].picture)),
                           "profile_pic");
        cr_assert_eq(count_files(), 1, "%s left something", cases[i].what);
    }
    cr_assert_str_eq(take(&tokens, png) + 42, ".jpg", "positive control");
    expect_gone(url);
    cr_assert_str_eq(stack_sql("select count(*) from users where name = 'Other'"), "0");
}

Test(pictures, that_are_too_large_are_refused_before_they_are_read)
{
    STACK(.settings = { "upload_limit = 1M" });
    struct tokens tokens = new_user("ada@example.org");
    struct picture large = picture_noise(600, 600); /* 1.08 MB */
    cr_assert_gt(large.size, 1U << 20);
    for (int chunked = 0; chunked <= 1; chunked++) {
        struct picture body = picture_upload(NULL, large);
        expect_problem(HTTP("PATCH", "/profile/", .token = tokens.access, .type = PICTURES_FORM,
                            .body = body.bytes, .size = body.size, .chunked = chunked),
                       413, "Payload Too Large", "payload_too_large");
        cr_assert_eq(count_files(), 0);
    }
    take(&tokens, picture_noise(500, 600));
}

Test(pictures, in_a_form_that_breaks_its_rules_are_refused)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    struct picture png = picture_new(PICTURE_KIND_PNG, 8, 8);
    const struct picture_part twice[] = {
        { "Content-Disposition: form-data; name=profile_pic; filename=a", png },
        { "Content-Disposition: form-data; name=profile_pic; filename=b", png },
        { "Content-Disposition: form-data; name=other", picture_text("is ignored") },
        { "Content-Type: text/plain", picture_text("has no name") },
        { "Content-Disposition: form-data; name=name\r\nContent-Transfer-Encoding: base64",
          picture_text("QWRh") },
    };
    struct picture good = picture_form(twice, 1);
    expect_field_error(send_form(&tokens, picture_form(twice, 2)), "profile_pic");
    const struct {
        const char *what, *type;
        struct picture body;
    } cases[] = {
        { "without a boundary", "multipart/form-data", good },
        { "of another boundary", "multipart/form-data; boundary=x", good },
        { "cut before its end", PICTURES_FORM, picture_joined(good.bytes, good.size - 20, "", 0) },
        { "with a part that has no name", PICTURES_FORM, picture_form(twice + 3, 1) },
        { "with an encoded part", PICTURES_FORM, picture_form(twice + 4, 1) },
        { "that is empty", PICTURES_FORM, picture_text("\r\n") },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_problem(HTTP("PATCH", "/profile/", .token = tokens.access, .type = cases[i].type,
                            .body = cases[i].body.bytes, .size = cases[i].body.size,
                            .about = cases[i].what),
                       400, "Bad Request", "invalid_form");
        cr_assert_eq(count_files(), 0, "%s", cases[i].what);
    }
    expect_json(send_form(&tokens, picture_form(twice, 1)), 200);
    expect_json(send_form(&tokens, picture_form(twice + 2, 1)), 200);
    struct picture_part many[17];
    for (size_t i = 0; i < 17; i++)
        many[i] = twice[2];
    expect_problem(send_form(&tokens, picture_form(many, 17)), 413, "Payload Too Large",
                   "payload_too_large");
    expect_json(send_form(&tokens, picture_form(many, 16)), 200);
    expect_problem(
        HTTP("POST", "/login/", .type = PICTURES_FORM, .body = good.bytes, .size = good.size), 415,
        "Unsupported Media Type", "unsupported_media_type");
}

Test(pictures, need_a_session_that_lives)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    struct picture body = picture_upload(NULL, picture_new(PICTURE_KIND_PNG, 8, 8));
    expect_problem(
        HTTP("PATCH", "/profile/", .type = PICTURES_FORM, .body = body.bytes, .size = body.size),
        401, "Unauthorized", "missing_token");
    expect_no_content(HTTP("POST", "/logout/", .token = tokens.access));
    expect_problem(send_form(&tokens, body), 401, "Unauthorized", "invalid_token");
    cr_assert_eq(count_files(), 0);
}

Test(pictures, that_cannot_be_decoded_here_change_nothing_and_the_log_says_why)
{
    STACK(.settings = { "picture_program = /nonexistent/program" });
    struct tokens tokens = new_user("ada@example.org");
    expect_problem(send_form(&tokens, picture_upload("Other", picture_new(PICTURE_KIND_PNG, 8, 8))),
                   500, "Internal Server Error", "internal");
    cr_assert(stack_log_await(0, "picture_program_failed"));
    cr_assert(has_no_picture(&tokens));
    cr_assert_eq(count_files(), 0);
    cr_assert_str_eq(stack_sql("select count(*) from users where name = 'Other'"), "0");
}

static const char *leave(const char *name, int age)
{
    const char *path = stack_path(text("pictures/%s", name));
    const struct utimbuf times = { time(NULL) - age, time(NULL) - age };
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file, "%s", path);
    fclose(file);
    cr_assert_eq(utime(path, &times), 0);
    return path;
}

/* What a crash between two steps leaves, at whichever: a file that no row names. */
Test(pictures, that_nobody_has_are_collected)
{
    char output[2048];
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    const char *url = take(&tokens, picture_new(PICTURE_KIND_PNG, 8, 8));
    const char *const gone[] = { leave("00112233445566778899aabbccddeeff.jpg", 3700),
                                 leave("00112233445566778899aabbccddeeff.png", 3700),
                                 leave("00112233445566778899aabbccddeeff.new", 3700) };
    const char *const kept[] = { leave("11112233445566778899aabbccddeeff.new", 3000),
                                 leave("operator's notes.jpg", 9999), leave(url + 10, 9999) };
    const char *const arguments[] = { "housekeeper", "--once", NULL };
    cr_assert_eq(stack_run(arguments, output, sizeof output), 0, "%s", output);
    for (size_t i = 0; i < 3; i++) {
        cr_assert_neq(access(gone[i], F_OK), 0, "%s", gone[i]);
        cr_assert_eq(access(kept[i], F_OK), 0, "%s", kept[i]);
    }
}

Test(pictures, sent_at_the_same_time_leave_one)
{
    enum { CALLS = 8 };
    struct http_call calls[CALLS];
    const struct http_reply *replies[CALLS];
    STACK(.settings = { "workers = 4" });
    struct tokens tokens = new_user("ada@example.org");
    struct picture body = picture_upload(NULL, picture_new(PICTURE_KIND_PNG, 64, 64));
    for (int i = 0; i < CALLS; i++)
        calls[i] = CALL("PATCH", "/profile/", .token = tokens.access, .type = PICTURES_FORM,
                        .body = body.bytes, .size = body.size);
    http_send_all(calls, CALLS, replies);
    for (int i = 0; i < CALLS; i++)
        cr_assert_eq(replies[i]->status, 200, "%s", replies[i]->body);
    cr_assert_eq(count_files(), 1);
    const struct http_reply *reply = HTTP("GET", "/profile/", .token = tokens.access);
    cr_assert_eq(look(member_text(reply, "profile_pic"))->status, 200);
}
