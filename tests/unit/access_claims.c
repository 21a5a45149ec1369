/* access_claims - header and claims of a token, each rule broken once, under a signature that
 * holds. */
#include "auth/access_token_steps.h"
#include "base/clock.h"
#include "support/keys.h"
#include "support/tokens.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static char *directory;
static struct keyset *keyset;

static void start(void)
{
    directory = keys_directory_new();
    keys_write_usual(directory);
    keyset = keys_load(directory);
    clock_fake(TOKENS_NOW);
}

static void finish(void)
{
    keyset_free(keyset);
    keys_directory_free(directory);
}

TestSuite(access_claims, .init = start, .fini = finish);

/* What the claims alone are worth, without libjwt, which is stricter with some JSON. */
static enum error judge(const void *payload, size_t size)
{
    struct access_statement statement;
    if (!access_claims_read(payload, size, &tokens_config, &statement))
        return ERROR_INVALID_TOKEN;
    return access_token_check_time(&statement, &tokens_config);
}

static void check(const char *payload, enum error expected)
{
    cr_assert_eq(judge(payload, strlen(payload)), expected, "%s", payload);
    cr_assert_eq(
        tokens_verify_free(tokens_sign(tokens_usual_signer(), TOKENS_HEADER, payload), keyset),
        expected, "signed: %s", payload);
}

struct claim_case {
    const char *value; /* JSON; NULL: missing */
    enum error expected;
};

static void run(const char *member, const struct claim_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *payload = tokens_payload(member, cases[i].value);
        check(payload, cases[i].expected);
        free(payload);
    }
}
#define RUN(member, cases) run(member, cases, sizeof(cases) / sizeof *(cases))

Test(access_claims, token_type_is_access)
{
    static const struct claim_case cases[] = {
        { "\"access\"", ERROR_NONE },           { NULL, ERROR_INVALID_TOKEN },
        { "\"refresh\"", ERROR_INVALID_TOKEN }, { "\"Access\"", ERROR_INVALID_TOKEN },
        { "\"\"", ERROR_INVALID_TOKEN },        { "\"access\\u0000\"", ERROR_INVALID_TOKEN },
        { "null", ERROR_INVALID_TOKEN },        { "[\"access\"]", ERROR_INVALID_TOKEN },
        { "true", ERROR_INVALID_TOKEN },
    };
    RUN("token_type", cases);
}

Test(access_claims, issuer_is_ours)
{
    static const struct claim_case cases[] = {
        { "\"https:\\/\\/auth.example.org\"", ERROR_NONE },
        { NULL, ERROR_INVALID_TOKEN },
        { "\"https://auth.example.org/\"", ERROR_INVALID_TOKEN },
        { "\"https://auth.example.or\"", ERROR_INVALID_TOKEN },
        { "\"https://other.example.org\"", ERROR_INVALID_TOKEN },
        { "\"HTTPS://AUTH.EXAMPLE.ORG\"", ERROR_INVALID_TOKEN },
        { "[\"https://auth.example.org\"]", ERROR_INVALID_TOKEN },
        { "\"\"", ERROR_INVALID_TOKEN },
    };
    RUN("iss", cases);
}

Test(access_claims, audience_is_ours_and_one_string)
{
    static const struct claim_case cases[] = {
        { "\"https://example.org\"", ERROR_NONE },
        { NULL, ERROR_INVALID_TOKEN },
        { "\"https://other.example.org\"", ERROR_INVALID_TOKEN },
        { "[\"https://example.org\"]", ERROR_INVALID_TOKEN },
        { "[\"https://example.org\",\"https://other.example.org\"]", ERROR_INVALID_TOKEN },
        { "null", ERROR_INVALID_TOKEN },
        { "{}", ERROR_INVALID_TOKEN },
    };
    RUN("aud", cases);
}

Test(access_claims, subject_is_a_positive_number_written_in_one_way)
{
    static const struct claim_case cases[] = {
        { "\"1\"", ERROR_NONE },
        { "\"9223372036854775807\"", ERROR_NONE },
        { "\"9223372036854775808\"", ERROR_INVALID_TOKEN },
        { "\"18446744073709551658\"", ERROR_INVALID_TOKEN },
        { "\"99999999999999999999999\"", ERROR_INVALID_TOKEN },
        { NULL, ERROR_INVALID_TOKEN },
        { "42", ERROR_INVALID_TOKEN },
        { "\"\"", ERROR_INVALID_TOKEN },
        { "\"0\"", ERROR_INVALID_TOKEN },
        { "\"-1\"", ERROR_INVALID_TOKEN },
        { "\"+42\"", ERROR_INVALID_TOKEN },
        { "\"042\"", ERROR_INVALID_TOKEN },
        { "\" 42\"", ERROR_INVALID_TOKEN },
        { "\"42 \"", ERROR_INVALID_TOKEN },
        { "\"42a\"", ERROR_INVALID_TOKEN },
        { "\"4e1\"", ERROR_INVALID_TOKEN },
        { "\"0x2a\"", ERROR_INVALID_TOKEN },
        { "\"42\\u0000\"", ERROR_INVALID_TOKEN },
        { "\"\\u0664\\u0662\"", ERROR_INVALID_TOKEN },
    };
    RUN("sub", cases);
}

Test(access_claims, session_is_a_uuid)
{
    static const struct claim_case cases[] = {
        { "\"00000000-0000-0000-0000-000000000000\"", ERROR_NONE },
        { NULL, ERROR_INVALID_TOKEN },
        { "\"\"", ERROR_INVALID_TOKEN },
        { "\"0B5F1C9E-6F0A-4D0E-9A54-5D2A3A1F7C11\"", ERROR_INVALID_TOKEN },
        { "\"0b5f1c9e-6f0a-4d0e-9a54-5d2a3a1f7c1\"", ERROR_INVALID_TOKEN },
        { "\"0b5f1c9e-6f0a-4d0e-9a54-5d2a3a1f7c11'\"", ERROR_INVALID_TOKEN },
        { "1", ERROR_INVALID_TOKEN },
    };
    RUN("sid", cases);
}

Test(access_claims, expiry_is_a_whole_number_that_can_be_a_time)
{
    static const struct claim_case cases[] = {
        { "1800000001", ERROR_NONE },
        { "253402300799", ERROR_NONE },
        { "0", ERROR_TOKEN_EXPIRED },
        { NULL, ERROR_INVALID_TOKEN },
        { "\"1800000900\"", ERROR_INVALID_TOKEN },
        { "1800000900.0", ERROR_INVALID_TOKEN },
        { "1800000900.5", ERROR_INVALID_TOKEN },
        { "1.8e9", ERROR_INVALID_TOKEN },
        { "18e8", ERROR_INVALID_TOKEN },
        { "-1", ERROR_INVALID_TOKEN },
        { "-1800000900", ERROR_INVALID_TOKEN },
        { "253402300800", ERROR_INVALID_TOKEN },
        { "9223372036854775807", ERROR_INVALID_TOKEN },
        { "9223372036854775808", ERROR_INVALID_TOKEN },
        { "18446744073709551616", ERROR_INVALID_TOKEN },
        { "-9223372036854775809", ERROR_INVALID_TOKEN },
        { "99999999999999999999999999999999", ERROR_INVALID_TOKEN },
        { "1e400", ERROR_INVALID_TOKEN },
        { "NaN", ERROR_INVALID_TOKEN },
        { "Infinity", ERROR_INVALID_TOKEN },
        { "null", ERROR_INVALID_TOKEN },
        { "true", ERROR_INVALID_TOKEN },
        { "[1800000900]", ERROR_INVALID_TOKEN },
    };
    RUN("exp", cases);
}

Test(access_claims, issue_is_not_in_the_future_beyond_the_leeway)
{
    static const struct claim_case cases[] = {
        { "1799990000", ERROR_NONE },
        { "1800000005", ERROR_NONE },
        { "1800000006", ERROR_INVALID_TOKEN },
        { "1900000000", ERROR_INVALID_TOKEN },
        { NULL, ERROR_INVALID_TOKEN },
        { "\"1800000000\"", ERROR_INVALID_TOKEN },
        { "1800000000.0", ERROR_INVALID_TOKEN },
        { "-1", ERROR_INVALID_TOKEN },
    };
    RUN("iat", cases);
}

Test(access_claims, not_before_may_be_missing_but_is_kept_where_it_stands)
{
    static const struct claim_case cases[] = {
        { NULL, ERROR_NONE },
        { "1799999000", ERROR_NONE },
        { "1800000005", ERROR_NONE },
        { "1800000006", ERROR_INVALID_TOKEN },
        { "\"1800000000\"", ERROR_INVALID_TOKEN },
        { "1799999000.5", ERROR_INVALID_TOKEN },
        { "-1", ERROR_INVALID_TOKEN },
        { "null", ERROR_INVALID_TOKEN },
    };
    RUN("nbf", cases);
}

Test(access_claims, not_yet_valid_comes_before_expired)
{
    char *payload = tokens_payload("nbf", "1800009000");
    char *exp = strstr(payload, "1800000900");
    memcpy(exp, "1700000000", 10);
    cr_assert_eq(
        tokens_verify_free(tokens_sign(tokens_usual_signer(), TOKENS_HEADER, payload), keyset),
        ERROR_INVALID_TOKEN);
    free(payload);
}

/* A bound on what is signed too: no claim but exp is wrong when the answer is "expired". */
Test(access_claims, wrong_and_expired_is_invalid)
{
    clock_fake(TOKENS_NOW + 10000);
    cr_assert_eq(tokens_verify_free(tokens_with(NULL, NULL), keyset), ERROR_TOKEN_EXPIRED);
    cr_assert_eq(tokens_verify_free(tokens_with("iss", "\"x\""), keyset), ERROR_INVALID_TOKEN);
    cr_assert_eq(tokens_verify_free(tokens_with("token_type", NULL), keyset), ERROR_INVALID_TOKEN);
    cr_assert_eq(tokens_verify_free(tokens_with("roles", "1"), keyset), ERROR_INVALID_TOKEN);
}

Test(access_claims, token_id_is_a_short_text)
{
    static const struct claim_case cases[] = {
        { "\"x\"", ERROR_NONE },
        { "\"0123456789012345678901234567890123456789012345678901234567890123\"", ERROR_NONE },
        { "\"01234567890123456789012345678901234567890123456789012345678901234\"",
          ERROR_INVALID_TOKEN },
        { NULL, ERROR_INVALID_TOKEN },
        { "\"\"", ERROR_INVALID_TOKEN },
        { "1", ERROR_INVALID_TOKEN },
    };
    RUN("jti", cases);
}

Test(access_claims, roles_are_an_array_of_names)
{
    static const struct claim_case cases[] = {
        { "[]", ERROR_NONE },
        { "[\"a\",\"b\"]", ERROR_NONE },
        { NULL, ERROR_INVALID_TOKEN },
        { "\"user\"", ERROR_INVALID_TOKEN },
        { "null", ERROR_INVALID_TOKEN },
        { "{}", ERROR_INVALID_TOKEN },
        { "[\"\"]", ERROR_INVALID_TOKEN },
        { "[\"user admin\"]", ERROR_INVALID_TOKEN },
        { "[\"user\\u0000\"]", ERROR_INVALID_TOKEN },
        { "[\"us\\ner\"]", ERROR_INVALID_TOKEN },
        { "[1]", ERROR_INVALID_TOKEN },
        { "[null]", ERROR_INVALID_TOKEN },
        { "[[\"user\"]]", ERROR_INVALID_TOKEN },
        { "[\"user\",{}]", ERROR_INVALID_TOKEN },
    };
    RUN("roles", cases);
}

Test(access_claims, scope_is_a_text_of_names)
{
    static const struct claim_case cases[] = {
        { "\"\"", ERROR_NONE },
        { "\"a b\"", ERROR_NONE },
        { NULL, ERROR_INVALID_TOKEN },
        { "[\"a\"]", ERROR_INVALID_TOKEN },
        { "\" a\"", ERROR_INVALID_TOKEN },
        { "\"a \"", ERROR_INVALID_TOKEN },
        { "\"a  b\"", ERROR_INVALID_TOKEN },
        { "\" \"", ERROR_INVALID_TOKEN },
        { "\"a\\tb\"", ERROR_INVALID_TOKEN },
        { "\"a\\u0000\"", ERROR_INVALID_TOKEN },
        { "\"\\u00e9\"", ERROR_INVALID_TOKEN },
        { "null", ERROR_INVALID_TOKEN },
    };
    RUN("scope", cases);
}

Test(access_claims, names_too_long_for_us_are_refused_and_not_cut)
{
    static const struct {
        const char *member, *format_before, *format_behind;
        int most;
    } cases[] = { { "scope", "\"", "\"", ACCESS_SCOPE_SIZE - 1 },
                  { "roles", "[\"", "\"]", ACCESS_ROLES_SIZE - 1 } };
    for (size_t i = 0; i < 2; i++) {
        for (int over = 0; over < 2; over++) {
            char value[2048];
            int size = cases[i].most + over;
            snprintf(value, sizeof value, "%s%0*d%s", cases[i].format_before, size, 7,
                     cases[i].format_behind);
            cr_assert_eq(tokens_verify_free(tokens_with(cases[i].member, value), keyset),
                         over ? ERROR_INVALID_TOKEN : ERROR_NONE, "%s of %d", cases[i].member,
                         size);
        }
    }
}

Test(access_claims, unknown_members_are_ignored)
{
    static const struct claim_case cases[] = {
        { "1", ERROR_NONE },
        { "{\"a\":{\"a\":[\"}\",\"\\\"\",\":\"]},\"b\":\":\"}", ERROR_NONE },
        { "\"\\\\\"", ERROR_NONE },
    };
    RUN("later", cases);
    RUN("crit", cases);
}

Test(access_claims, payload_is_one_json_object)
{
    static const char *const payloads[] = { "null",    "1",     "\"text\"",
                                            "[]",      "{}",    "",
                                            "{",       "}",     "{} {}",
                                            "{'a':1}", "{a:1}", "{\"a\":1,}",
                                            "/* */{}", "[{}]",  "\xef\xbb\xbf{}" };
    static const char *const around[][2] = { { "", "x" },    { "[", "]" },   { "", "{}" },
                                             { "x", "" },    { "/**/", "" }, { "", "// end" },
                                             { "\xff", "" }, { "", "," },    { "", "}" } };
    char *good = tokens_payload(NULL, NULL);
    char text[1024];
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++)
        check(payloads[i], ERROR_INVALID_TOKEN);
    for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
        snprintf(text, sizeof text, "%s%s%s", around[i][0], good, around[i][1]);
        check(text, ERROR_INVALID_TOKEN);
    }
    check(good, ERROR_NONE);
    free(good);
}

Test(access_claims, members_are_written_as_json_wants_it)
{
    static const struct claim_case cases[] = {
        { "\"a\"", ERROR_NONE },         { "'a'", ERROR_INVALID_TOKEN },
        { "True", ERROR_INVALID_TOKEN }, { "01", ERROR_INVALID_TOKEN },
        { "[1,]", ERROR_INVALID_TOKEN }, { "/* */ 1", ERROR_INVALID_TOKEN },
    };
    RUN("later", cases);
}

Test(access_claims, nul_anywhere_is_refused)
{
    char *good = tokens_payload("later", "\"text\"");
    size_t size = strlen(good);
    char *bytes = strdup(good);
    cr_assert_eq(judge(bytes, size), ERROR_NONE);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = '\0';
        cr_assert_eq(judge(bytes, size), ERROR_INVALID_TOKEN, "at %zu", i);
        bytes[i] = good[i];
    }
    cr_assert_eq(judge(bytes, size + 1), ERROR_INVALID_TOKEN, "behind");
    free(bytes);
    free(good);
}

/* Without libjwt, as above. */
Test(access_claims, header_members_are_texts_without_nul)
{
    static const struct {
        const char *json;
        bool good;
    } cases[] = {
        { "{\"alg\":\"HS256\",\"kid\":\"hs-1\",\"typ\":\"JWT\"}", true },
        { "{\"kid\":\"hs-1\"}", true },
        { "{}", true },
        { "{\"kid\":\"hs-1\\u0000\"}", false },
        { "{\"alg\":\"HS256\\u0000\"}", false },
        { "{\"typ\":null}", false },
        { "{\"kid\":1}", false },
        { "{\"alg\":[\"HS256\"]}", false },
        { "{\"alg\":\"HS256HS256HS256HS256\"}", false },
        { "{\"crit\":[]}", false },
        { "{\"kid\":\"a\",\"kid\":\"a\"}", false },
        { "{'kid':'a'}", false },
        { "[]", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct access_header header;
        const char *json = cases[i].json;
        cr_assert_eq(access_claims_read_header((const unsigned char *)json, strlen(json), &header),
                     cases[i].good, "%s", json);
    }
}

Test(access_claims, text_that_is_not_utf8_is_refused)
{
    static const struct claim_case cases[] = {
        { "\"caf\xc3\xa9\"", ERROR_NONE },
        { "\"caf\xe9\"", ERROR_INVALID_TOKEN },
    };
    RUN("later", cases);
}

Test(access_claims, deep_nesting_is_refused)
{
    char value[2048] = "";
    cr_assert_eq(tokens_verify_free(tokens_with("later", "[[[[1]]]]"), keyset), ERROR_NONE);
    memset(value, '[', 1000);
    memset(value + 1000, ']', 1000);
    cr_assert_eq(tokens_verify_free(tokens_with("later", value), keyset), ERROR_INVALID_TOKEN);
}
