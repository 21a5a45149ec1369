/* access_token - attacks on the access token, through a web server (RFC 8725). Each has its
 * positive control: the same hands make a token that is let in. */
#include "support/expect.h"
#include "support/flows.h"
#include "support/keys.h"
#include "support/stack.h"
#include "support/tokens.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

TestSuite(access_token, .fini = stack_stop);

static void expect_refused(const char *token, const char *about)
{
    expect_problem(HTTP("GET", "/profile/", .token = token, .about = about), 401, "Unauthorized",
                   "invalid_token");
}

static void expect_taken(const char *token, const char *about)
{
    expect_json(HTTP("GET", "/profile/", .token = token, .about = about), 200);
}

/* The JSON of the token's part: 0 the header, 1 the payload. */
static const char *part(const char *token, int which)
{
    unsigned char bytes[4096];
    size_t size = 0;
    const char *from = which ? strchr(token, '.') + 1 : token;
    cr_assert(sodium_base642bin(bytes, sizeof bytes, from, strcspn(from, "."), NULL, &size, NULL,
                                sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0);
    return text("%.*s", (int)size, (const char *)bytes);
}

/* `json` with one member of another value (its JSON), or without it (NULL). */
static const char *with(const char *json, const char *member, const char *value)
{
    json_object *object = json_tokener_parse(json);
    json_object_object_del(object, member);
    if (value)
        json_object_object_add(object, member, json_tokener_parse(value));
    const char *result =
        text("%s", json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
                                                              JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(object);
    return result;
}

/* header.payload.signature, where the signature is that of `signer`. */
static const char *forged(const struct tokens_signer *signer, const char *header,
                          const char *payload)
{
    struct secret *token = tokens_sign(signer, header, payload);
    const char *copy = text("%s", secret_reveal(token));
    secret_free(token);
    return copy;
}

/* The server's own key, read from its file. */
static struct tokens_signer own_key(const char *algorithm)
{
    static char content[8192];
    static unsigned char key[256];
    size_t size = 0;
    FILE *file = fopen(stack_key(algorithm), "r");
    cr_assert_not_null(file, "%s: %s", stack_key(algorithm), strerror(errno));
    content[fread(content, 1, sizeof content - 1, file)] = '\0';
    fclose(file);
    if (strstr(content, "-----BEGIN"))
        return (struct tokens_signer){ .pem = content };
    cr_assert(sodium_hex2bin(key, sizeof key, content, strspn(content, "0123456789abcdefABCDEF"),
                             NULL, &size, NULL) == 0);
    return (struct tokens_signer){ .mac_key = key, .mac_key_size = size };
}

Test(access_token, without_an_algorithm_is_refused_in_every_spelling)
{
    static const char *const spellings[] = { "\"none\"",  "\"None\"", "\"NONE\"", "\"nOnE\"",
                                             "\"none \"", "\"\"",     "null",     NULL };
    STACK();
    const char *token = new_user("ada@example.org").access;
    const struct tokens_signer signer = own_key("HS256");
    expect_taken(forged(&signer, part(token, 0), part(token, 1)), "signed anew with our key");
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        const char *header = with(part(token, 0), "alg", spellings[i]);
        const char *signed_one = forged(&signer, header, part(token, 1));
        size_t bare = (size_t)(strrchr(signed_one, '.') - signed_one);
        expect_refused(text("%.*s.", (int)bare, signed_one), spellings[i]);
        expect_refused(text("%.*s", (int)bare, signed_one), spellings[i]);
        expect_refused(signed_one, spellings[i]);
        header = with(header, "kid", NULL);
        expect_refused(text("%.*s.", (int)bare, forged(&signer, header, part(token, 1))),
                       spellings[i]);
    }
}

/* RFC 8725 §2.1: the public key is public, and a verifier that believes the header takes it for a
 * MAC key. */
Test(access_token, signed_by_hmac_with_the_public_key_is_refused)
{
    STACK(.algorithm = "ES256");
    const char *token = new_user("ada@example.org").access;
    const struct tokens_signer own = own_key("ES256");
    expect_taken(token, "as issued");
    expect_taken(forged(&own, part(token, 0), part(token, 1)), "signed anew with our key");
    char *pem = keys_public_pem(own.pem);
    const char *header = with(part(token, 0), "alg", "\"HS256\"");
    for (size_t cut = 0; cut < 2; cut++) {
        const struct tokens_signer public = { .mac_key = pem, .mac_key_size = strlen(pem) - cut };
        expect_refused(forged(&public, header, part(token, 1)), "HMAC with the public key");
        expect_refused(forged(&public, with(header, "kid", NULL), part(token, 1)), "no kid");
        expect_refused(forged(&public, part(token, 0), part(token, 1)), "alg as it was");
    }
    free(pem);
}

Test(access_token, signed_by_another_key_is_refused)
{
    STACK();
    const char *token = new_user("ada@example.org").access;
    char *pem = keys_ec_pem("P-256");
    const struct tokens_signer other_mac = { .mac_key = "0123456789abcdef0123456789abcdef",
                                             .mac_key_size = 32 },
                               empty = { .mac_key = "", .mac_key_size = 0 },
                               other_pem = { .pem = pem };
    expect_refused(forged(&other_mac, part(token, 0), part(token, 1)), "another MAC key");
    expect_refused(forged(&empty, part(token, 0), part(token, 1)), "an empty MAC key");
    expect_refused(forged(&other_pem, with(part(token, 0), "alg", "\"ES256\""), part(token, 1)),
                   "an EC key");
    expect_refused(forged(&other_mac, with(part(token, 0), "kid", "\"mine\""), part(token, 1)),
                   "a kid that is not ours");
    expect_refused(
        forged(&other_mac, with(part(token, 0), "kid", "\"../../../../dev/null\""), part(token, 1)),
        "a path as kid");
    expect_taken(token, "as issued");
    free(pem);
}

Test(access_token, headers_that_bring_their_own_key_are_refused)
{
    static const char *const members[][2] = {
        { "jwk", "{\"kty\":\"oct\",\"k\":\"AAAA\"}" },
        { "jku", "\"http://127.0.0.1/keys\"" },
        { "x5u", "\"http://127.0.0.1/keys\"" },
        { "crit", "[\"exp\"]" },
        { "typ", "\"at+jwt\"" },
        { "zip", "\"DEF\"" },
    };
    STACK();
    const char *token = new_user("ada@example.org").access;
    const struct tokens_signer signer = own_key("HS256");
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        expect_refused(
            forged(&signer, with(part(token, 0), members[i][0], members[i][1]), part(token, 1)),
            members[i][0]);
    expect_taken(forged(&signer, part(token, 0), part(token, 1)), "as it was");
}

/* Signed by our key, but not for this. */
Test(access_token, claims_that_are_not_ours_are_refused)
{
    static const char *const claims[][2] = {
        { "iss", "\"https://elsewhere.example\"" },
        { "iss", NULL },
        { "aud", "\"another-service\"" },
        { "aud", NULL },
        { "token_type", "\"refresh\"" },
        { "token_type", NULL },
        { "sub", "\"0\"" },
        { "sub", "\"1 OR 1=1\"" },
        { "sub", "1" },
        { "sub", NULL },
        { "sid", "\"x\"" },
        { "sid", NULL },
        { "iat", "9999999999" },
        { "nbf", "9999999999" },
        { "exp", "\"9999999999\"" },
        { "exp", "9999999999.5" },
        { "exp", NULL },
        { "scope", "[\"profile:read\"]" },
    };
    STACK();
    const char *token = new_user("ada@example.org").access;
    const struct tokens_signer signer = own_key("HS256");
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++)
        expect_refused(
            forged(&signer, part(token, 0), with(part(token, 1), claims[i][0], claims[i][1])),
            claims[i][0]);
    expect_taken(forged(&signer, part(token, 0), part(token, 1)), "as it was");
}

Test(access_token, any_changed_letter_makes_it_invalid)
{
    STACK();
    const char *token = new_user("ada@example.org").access;
    char *changed = strdup(token);
    for (size_t i = 0; i < strlen(token); i += 11) {
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        expect_refused(changed, text("letter %zu", i));
        changed[i] = token[i];
    }
    expect_taken(changed, "as it was");
    free(changed);
    expect_refused(text("%s=", token), "padded");
    expect_refused(text("%s.", token), "a fourth part");
    expect_refused(text("%.*s", (int)strlen(token) - 1, token), "cut");
}

Test(access_token, two_of_them_are_refused_and_the_schemes_case_does_not_matter)
{
    STACK();
    const char *token = new_user("ada@example.org").access;
    static const char *const schemes[] = { "Bearer", "bearer", "BEARER", "bEaReR" };
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        expect_json(HTTP("GET", "/profile/",
                         .headers = { text("Authorization: %s %s", schemes[i], token) }),
                    200);
    const struct http_reply *twice = HTTP("GET", "/profile/", .token = token,
                                          .headers = { text("Authorization: Bearer %s", token) });
    /* the web server may refuse it first */
    cr_assert(twice->status == 401 || twice->status == 400, "%d %s", twice->status, twice->body);
    expect_problem(HTTP("GET", "/profile/",
                        .headers = { text("Authorization: Bearer %s, Bearer %s", token, token) }),
                   401, "Unauthorized", "invalid_token");
    expect_problem(
        HTTP("GET", "/profile/", .headers = { text("Authorization: Bearer %s %s", token, token) }),
        401, "Unauthorized", "invalid_token");
}

Test(access_token, an_oversized_one_is_refused_before_anything_parses_it)
{
    STACK();
    const char *token = new_user("ada@example.org").access;
    expect_refused(repeated("A", 4097), "4,097 letters");
    expect_refused(text("%s.%s.%s", repeated("e", 2000), repeated("A", 2000), repeated("A", 2000)),
                   "three parts");
    const struct http_reply *huge = HTTP("GET", "/profile/", .token = repeated("A", 7900));
    cr_assert(huge->status == 401 || huge->status == 431, "%d", huge->status);
    expect_taken(token, "ours");
}
