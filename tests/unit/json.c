/* json - bodies that are objects, and the many that are not. */
#include "http/json.h"
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum error parse(const char *text, json_object **object)
{
    *object = NULL;
    return json_parse(text, strlen(text), object);
}

static void refuse(const char *what, const char *bytes, size_t size)
{
    json_object *object = NULL;
    cr_assert_eq(json_parse(bytes, size, &object), ERROR_INVALID_JSON, "%s", what);
    cr_assert_null(object, "%s", what);
}

Test(json, objects_are_parsed)
{
    static const char *const texts[] = {
        "{}",
        " \t\r\n{ } \n",
        "{\"a\":1}",
        "{\"a\":\"\"}",
        "{\"a\":null,\"b\":true,\"c\":-0.5e+10,\"d\":[1,[],{}],\"e\":{\"a\":{\"a\":0}}}",
        "{\"\":1}",
        "{\"a\":\"\\u0000\\ud83d\\ude00\\n\\/\\\\\"}",
        "{\"a\":\"\xf0\x9f\x98\x80\x7f\"}",
        "{\"a\":123456789012345678901234567890}",
        "{\"a\":1e999}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        json_object *object;
        cr_assert_eq(parse(texts[i], &object), ERROR_NONE, "%s", texts[i]);
        cr_assert(json_object_is_type(object, json_type_object));
        json_free(object);
    }
}

Test(json, what_is_not_one_object_is_refused)
{
    static const char *const texts[] = {
        "",
        " ",
        "null",
        "1",
        "\"a\"",
        "[]",
        "[{}]",
        "{}{}",
        "{} x",
        "x{}",
        "{},",
        "{",
        "}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\":1 \"b\":2}",
        "{a:1}",
        "{1:1}",
        "{'a':1}",
        "{\"a\":'b'}",
        "{\"a\":1}//",
        "{/**/}",
        "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{\"a\":-Infinity}",
        "{\"a\":01}",
        "{\"a\":-01}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":+1}",
        "{\"a\":0x1}",
        "{\"a\":1e}",
        "{\"a\":1e+}",
        "{\"a\":-}",
        "{\"a\":True}",
        "{\"a\":nul}",
        "{\"a\":\"\t\"}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\x1f\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\u12g4\"}",
        "{\"a\":\"\\",
        "{\"a\":\"",
        "{\"a\":\"\xff\"}",
        "{\"a\":\"\xc0\x80\"}",
        "{\"a\":\"\xed\xa0\x80\"}",
        "\xef\xbb\xbf{}",
        "{\x0c}",
        "{\"a\":\"\\ud83d\"}",
        "{\"a\":\"\\ude00\"}",
        "{\"a\":\"\\ud83d\\ud83d\"}",
        "{\"a\":\"\\ud83dx\"}",
        "{\"a\\u0000\":1}",
        "{\"\xff\":1}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        refuse(texts[i], texts[i], strlen(texts[i]));
}

Test(json, a_nul_byte_is_refused_wherever_it_stands)
{
    refuse("in a string", "{\"a\":\"b\0c\"}", 11);
    refuse("behind the object", "{}\0", 3);
    refuse("before the object", "\0{}", 3);
    refuse("in white space", "{\0}", 3);
    refuse("in a name", "{\"a\0\":1}", 8);
    refuse("behind the object, with another one", "{}\0{}", 5);
}

Test(json, the_size_and_not_a_nul_ends_the_text)
{
    json_object *object = NULL;
    cr_assert_eq(json_parse("{}garbage", 2, &object), ERROR_NONE);
    json_free(object);
    refuse("cut", "{\"a\":1}", 6);
}

Test(json, duplicate_members_are_refused_however_they_are_written)
{
    static const char *const texts[] = {
        "{\"a\":1,\"a\":2}",
        "{\"a\":1,\"a\":1}",
        "{\"a\":1,\"\\u0061\":2}",
        "{\"x\":{\"a\":1,\"a\":2}}",
        "{\"x\":[0,{\"a\":1,\"b\":1,\"a\":2}]}",
        "{\"a\":{\"b\":1},\"a\":{}}",
        "{\"\":1,\"\":2}",
    };
    static const char *const distinct = "{\"a\":{\"a\":1},\"A\":[{\"a\":1},{\"a\":1}],\"a \":2}";
    json_object *object;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        refuse(texts[i], texts[i], strlen(texts[i]));
    cr_assert_eq(parse(distinct, &object), ERROR_NONE);
    json_free(object);
}

/* {"a":[[…]]} with so many levels in all. */
static void nest(char *text, size_t levels)
{
    size_t lists = levels - 1;
    memcpy(text, "{\"a\":", 5);
    memset(text + 5, '[', lists);
    memset(text + 5 + lists, ']', lists);
    memcpy(text + 5 + 2 * lists, "}", 2);
}

Test(json, depth_is_bounded)
{
    char text[256];
    json_object *object;
    nest(text, JSON_DEPTH_MAX);
    cr_assert_eq(parse(text, &object), ERROR_NONE);
    json_free(object);
    nest(text, JSON_DEPTH_MAX + 1);
    refuse("a level more", text, strlen(text));
}

Test(json, a_hundred_thousand_levels_do_no_harm)
{
    enum { SIZE = 100000 };
    char *text = malloc(SIZE);
    memset(text, '[', SIZE);
    memcpy(text, "{\"a\":", 5);
    refuse("brackets", text, SIZE);
    for (size_t i = 0; i + 5 <= SIZE; i += 5)
        memcpy(text + i, "{\"a\":", 5);
    refuse("braces", text, SIZE);
    free(text);
}

Test(json, texts_are_taken_with_their_size)
{
    json_object *object;
    struct field_errors errors = { 0 };
    const char *text = NULL;
    size_t size = 0;
    cr_assert_eq(parse("{\"name\":\"a\\u0000b\"}", &object), ERROR_NONE);
    cr_assert(json_text(object, "name", JSON_REQUIRED, &text, &size, &errors));
    cr_assert_eq(size, 3);
    cr_assert_arr_eq(text, "a\0b", 3);
    cr_assert_eq(errors.count, 0);
    json_free(object);
}

Test(json, a_missing_member_is_an_error_only_where_it_is_required)
{
    json_object *object;
    struct field_errors errors = { 0 };
    const char *text = NULL;
    size_t size = 0;
    cr_assert_eq(parse("{}", &object), ERROR_NONE);
    cr_assert_not(json_text(object, "name", JSON_OPTIONAL, &text, &size, &errors));
    cr_assert_eq(errors.count, 0);
    cr_assert_not(json_text(object, "name", JSON_REQUIRED, &text, &size, &errors));
    cr_assert_eq(errors.count, 1);
    cr_assert_str_eq(errors.list[0].member, "name");
    cr_assert_str_eq(errors.list[0].message, "This field is required.");
    cr_assert_null(text, "written although there is none");
    json_free(object);
}

Test(json, a_member_that_is_no_string_is_an_error)
{
    static const char *const values[] = { "null", "1", "true", "[]", "{}", "[\"a\"]" };
    static const enum json_presence presences[] = { JSON_REQUIRED, JSON_OPTIONAL };
    for (size_t i = 0; i < 2 * sizeof values / sizeof values[0]; i++) {
        char body[64];
        json_object *object;
        struct field_errors errors = { 0 };
        struct secret *secret = (struct secret *)body;
        snprintf(body, sizeof body, "{\"name\":%s}", values[i / 2]);
        cr_assert_eq(parse(body, &object), ERROR_NONE);
        cr_assert_not(json_secret(object, "name", presences[i % 2], &secret, &errors));
        cr_assert_null(secret, "%s", body);
        cr_assert_eq(errors.count, 1, "%s", body);
        json_free(object);
    }
}

Test(json, a_secret_is_a_copy_that_outlives_the_object)
{
    json_object *object;
    struct field_errors errors = { 0 };
    struct secret *secret = NULL;
    cr_assert_eq(parse("{\"password\":\"correct horse\"}", &object), ERROR_NONE);
    cr_assert(json_secret(object, "password", JSON_REQUIRED, &secret, &errors));
    json_free(object);
    cr_assert_str_eq(secret_reveal(secret), "correct horse");
    cr_assert_eq(secret_size(secret), 13);
    secret_free(secret);
}

Test(json, freeing_wipes_every_string)
{
    json_object *object, *kept[4];
    const char *texts[4];
    static const char *const pointers[] = { "/a", "/b/0", "/b/1/c", "/d/e" };
    cr_assert_eq(parse("{\"a\":\"password\",\"b\":[\"password\",{\"c\":\"password\"}],"
                       "\"d\":{\"e\":\"a password that is too long to stand within its object\"}}",
                       &object),
                 ERROR_NONE);
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(json_pointer_get(object, pointers[i], &kept[i]), 0);
        json_object_get(kept[i]); /* so that its memory can still be looked at */
        texts[i] = json_object_get_string(kept[i]);
        cr_assert_eq(texts[i][0], i < 3 ? 'p' : 'a');
    }
    json_free(object);
    for (size_t i = 0; i < 4; i++) {
        for (int byte = 0; byte < json_object_get_string_len(kept[i]); byte++)
            cr_assert_eq(texts[i][byte], '\0', "%s", pointers[i]);
        json_object_put(kept[i]);
    }
    json_free(NULL);
}

Test(json, field_errors_stop_at_their_maximum)
{
    struct field_errors errors = { 0 };
    for (int i = 0; i < FIELD_ERRORS_MAX + 3; i++)
        field_errors_add(&errors, "name", i < FIELD_ERRORS_MAX ? "early" : "late");
    cr_assert_eq(errors.count, FIELD_ERRORS_MAX);
    cr_assert_str_eq(errors.list[FIELD_ERRORS_MAX - 1].message, "early");
}

/* JSONTestSuite: y_ must parse, n_ must not, i_ is up to the parser. */

enum { CORPUS_FILE_MAX = 1024 * 1024 };

/* Valid by RFC 8259, and refused here on purpose: json-c would keep the last of the duplicates, and
 * cut the name at the NUL. */
static const char *const refused_on_purpose[] = { "y_object_duplicated_key.json",
                                                  "y_object_duplicated_key_and_value.json",
                                                  "y_object_escaped_null_in_key.json" };

static bool is_refused_on_purpose(const char *name)
{
    for (size_t i = 0; i < sizeof refused_on_purpose / sizeof refused_on_purpose[0]; i++)
        if (!strcmp(name, refused_on_purpose[i]))
            return true;
    return false;
}

static bool parses(const char *bytes, size_t size)
{
    json_object *object = NULL;
    enum error error = json_parse(bytes, size, &object);
    json_free(object);
    return error == ERROR_NONE;
}

/* As it stands, and as the value of a member. */
static void check_file(const char *directory, const char *name)
{
    static char bytes[CORPUS_FILE_MAX + 6] = "{\"a\":";
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "%s", path);
    size_t size = fread(bytes + 5, 1, CORPUS_FILE_MAX, file);
    fclose(file);
    bytes[5 + size] = '}';
    bool bare = parses(bytes + 5, size), wrapped = parses(bytes, size + 6);
    if (name[0] == 'n')
        cr_expect_not(bare, "%s parses", name);
    if (name[0] == 'n')
        cr_expect_not(wrapped, "%s parses as the value of a member", name);
    if (name[0] == 'y')
        cr_expect_eq(wrapped, !is_refused_on_purpose(name), "%s", name);
    if (name[0] == 'y')
        cr_expect_eq(bare,
                     bytes[5 + strspn(bytes + 5, " \t\r\n")] == '{' && !is_refused_on_purpose(name),
                     "%s", name);
}

Test(json, the_public_test_suite_is_passed)
{
    char path[3072];
    const char *corpora = getenv("TEST_CORPORA");
    if (!corpora)
        cr_skip("TEST_CORPORA does not say where json-test-suite is\n");
    snprintf(path, sizeof path, "%s/json-test-suite/test_parsing", corpora);
    DIR *directory = opendir(path);
    if (!directory)
        cr_skip("there is no %s\n", path);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (entry->d_name[0] == '.')
            continue;
        check_file(path, entry->d_name);
        count++;
    }
    closedir(directory);
    cr_assert_gt(count, 300, "only %d files", count);
}
