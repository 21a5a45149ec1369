/* jwks - GET /.well-known/jwks.json through a web server. */
#include "support/expect.h"
#include "support/flows.h"
#include "support/jwk.h"
#include "support/keys.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(jwks, .fini = stack_stop);

static const struct http_reply *read_keys(void)
{
    const struct http_reply *reply = HTTP("GET", "/.well-known/jwks.json/");
    cr_assert_eq(reply->status, 200, "%s", reply->body);
    cr_assert_str_eq(http_header(reply, "Content-Type"), "application/json");
    return reply;
}

static json_object *keys_of(const struct http_reply *reply)
{
    json_object *keys = NULL;
    cr_assert(json_object_object_get_ex(reply->object, "keys", &keys));
    return keys;
}

/* Waits until there are so many. */
static json_object *await_keys(size_t count)
{
    json_object *keys = keys_of(read_keys());
    for (int i = 0; i < 200 && json_object_array_length(keys) != count; i++) {
        usleep(50000);
        keys = keys_of(read_keys());
    }
    cr_assert_eq(json_object_array_length(keys), count, "%s", json_object_to_json_string(keys));
    return keys;
}

static void expect_public_half(json_object *jwk, char *private_pem)
{
    char *published = jwk_pem(jwk, false), *expected = keys_public_pem(private_pem);
    cr_assert(published && expected);
    cr_assert_str_eq(published, expected, "%s", json_object_to_json_string(jwk));
    free(published);
    free(expected);
    free(private_pem);
}

Test(jwks, has_no_symmetric_key)
{
    STACK(.settings = { "workers = 1" });
    new_user("ada@example.org");
    cr_assert_eq(json_object_array_length(keys_of(read_keys())), 0);
}

Test(jwks, has_the_public_half_of_every_key_that_verifies_or_is_going_to)
{
    STACK(.settings = { "workers = 1" });
    char *ec = keys_ec_pem("P-256"), *rsa = keys_rsa_pem(2048), *old = keys_ec_pem("P-256");
    keys_write(stack_path("keys"), "a.ES256.created.pem", ec);
    keys_write(stack_path("keys"), "b.RS256.verifying.pem", rsa);
    keys_write(stack_path("keys"), "c.ES256.retired.pem", old);
    free(old);
    json_object *keys = await_keys(2);
    static const char *const texts[][4] = { { "a", "ES256", "EC", "P-256" },
                                            { "b", "RS256", "RSA", "" } };
    for (size_t i = 0; i < 2; i++) {
        json_object *key = json_object_array_get_idx(keys, i);
        cr_assert_str_eq(jwk_text(key, "kid"), texts[i][0]);
        cr_assert_str_eq(jwk_text(key, "alg"), texts[i][1]);
        cr_assert_str_eq(jwk_text(key, "kty"), texts[i][2]);
        cr_assert_str_eq(jwk_text(key, "crv"), texts[i][3]);
        cr_assert_str_eq(jwk_text(key, "use"), "sig");
    }
    cr_assert_null(strstr(json_object_to_json_string(keys), "\"d\""), "a private half");
    expect_public_half(json_object_array_get_idx(keys, 0), ec);
    expect_public_half(json_object_array_get_idx(keys, 1), rsa);
}

static void expect_to_verify(const char *algorithm)
{
    STACK(.settings = { "workers = 1" }, .algorithm = algorithm);
    struct tokens tokens = new_user("ada@example.org");
    json_object *key = json_object_array_get_idx(await_keys(1), 0);
    char *forged = strdup(tokens.access);
    cr_assert_str_eq(jwk_text(key, "alg"), algorithm);
    cr_assert(jwk_verifies(key, tokens.access), "%s", algorithm);
    forged[strcspn(forged, ".") + 5] ^= 1;
    cr_assert_not(jwk_verifies(key, forged), "%s", algorithm);
    free(forged);
}

Test(jwks, verifies_tokens_by_es256)
{
    expect_to_verify("ES256");
}

Test(jwks, verifies_tokens_by_rs256)
{
    expect_to_verify("RS256");
}

/* Where libjwt can; else keys.c looks for the refusal. */
Test(jwks, verifies_tokens_by_eddsa)
{
    if (key_algorithm_flaw("EdDSA"))
        cr_skip_test("this libjwt cannot");
    expect_to_verify("EdDSA");
}

Test(jwks, is_cacheable_until_a_key_changes)
{
    STACK(.settings = { "workers = 1" });
    char *ec = keys_ec_pem("P-256");
    const struct http_reply *reply = read_keys();
    const char *tag = http_header(reply, "ETag");
    cr_assert_str_eq(http_header(reply, "Cache-Control"), "public, max-age=300");
    const char *known[] = { text("If-None-Match: %s", tag), text("If-None-Match: W/%s, \"x\"", tag),
                            "If-None-Match: *" };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const struct http_reply *same =
            HTTP("GET", "/.well-known/jwks.json/", .headers = { known[i] }, .about = known[i]);
        cr_assert_eq(same->status, 304, "%s: %d", known[i], same->status);
        cr_assert_eq(same->size, 0);
        cr_assert_str_eq(http_header(same, "ETag"), tag);
    }
    keys_write(stack_path("keys"), "a.ES256.created.pem", ec);
    free(ec);
    await_keys(1);
    reply = HTTP("GET", "/.well-known/jwks.json", .headers = { known[0] });
    cr_assert_eq(reply->status, 200, "no last slash, and another tag: %d", reply->status);
    cr_assert_str_neq(http_header(reply, "ETag"), tag);
}
