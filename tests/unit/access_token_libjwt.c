/* access_token_libjwt - what libjwt does not see to, one test each. */
#include "auth/access_token.h"
#include "base/clock.h"
#include "base/memory.h"
#include "support/keys.h"
#include "support/libjwt_watch.h"
#include "support/tokens.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static char *directory, *ec_pem;
static struct keyset *keyset;

#define ES256_HEADER "{\"alg\":\"ES256\",\"kid\":\"ec\",\"typ\":\"JWT\"}"

static void start(void)
{
    directory = keys_directory_new();
    ec_pem = keys_ec_pem("P-256");
    keys_write_usual(directory);
    keys_write(directory, "ec.ES256.verifying.pem", ec_pem);
    keyset = keys_load(directory);
    clock_fake(TOKENS_NOW);
}

static void finish(void)
{
    keyset_free(keyset);
    keys_directory_free(directory);
    free(ec_pem);
}

TestSuite(access_token_libjwt, .init = start, .fini = finish);

static enum error verify_header(const struct tokens_signer *signer, const char *header)
{
    char *payload = tokens_payload(NULL, NULL);
    enum error error = tokens_verify_free(tokens_sign(signer, header, payload), keyset);
    free(payload);
    return error;
}

static void refuse_headers(const char *const *headers, size_t count)
{
    cr_assert_eq(verify_header(tokens_usual_signer(), TOKENS_HEADER), ERROR_NONE);
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(verify_header(tokens_usual_signer(), headers[i]), ERROR_INVALID_TOKEN, "%s",
                     headers[i]);
}
#define REFUSE_HEADERS(headers) refuse_headers(headers, sizeof(headers) / sizeof *(headers))

/* RFC 8725 §2.1: the forger has the public key, and the token says HS256. */
Test(access_token_libjwt, a_public_key_does_not_pass_for_the_key_of_a_mac)
{
    static const char header[] = "{\"alg\":\"HS256\",\"kid\":\"ec\",\"typ\":\"JWT\"}";
    char *public = keys_public_pem(ec_pem), hexadecimal[1024] = "";
    const struct tokens_signer forger = { .mac_key = public, .mac_key_size = strlen(public) };
    int before = libjwt_watch_count();
    cr_assert_eq(verify_header(&forger, header), ERROR_INVALID_TOKEN);
    cr_assert_eq(libjwt_watch_count(), before, "libjwt never saw it");

    /* The same token verifies where those bytes are the key of a MAC. */
    for (size_t i = 0; i < strlen(public); i++)
        snprintf(hexadecimal + i * 2, 3, "%02x", (unsigned char)public[i]);
    keys_remove(directory, "ec.ES256.verifying.pem");
    keys_write(directory, "ec.HS256.verifying.key", hexadecimal);
    keyset_free(keyset);
    keyset = keys_load(directory);
    cr_assert_eq(verify_header(&forger, header), ERROR_NONE);
    free(public);
}

/* RFC 8725 §3.1. */
Test(access_token_libjwt, the_algorithm_is_the_keys_own_to_the_letter)
{
    static const char *const algorithms[] = { "none",  "None",  "nOnE",  "NONE",   "none ", "",
                                              "hs256", "Hs256", "HS384", "HS512",  "RS256", "ES256",
                                              "ES384", "PS256", "EdDSA", "HS256 ", "MAC" };
    cr_assert_eq(verify_header(tokens_usual_signer(), TOKENS_HEADER), ERROR_NONE);
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
        char header[128];
        snprintf(header, sizeof header, "{\"alg\":\"%s\",\"kid\":\"hs-1\",\"typ\":\"JWT\"}",
                 algorithms[i]);
        cr_assert_eq(verify_header(tokens_usual_signer(), header), ERROR_INVALID_TOKEN, "%s",
                     header);
    }
}

Test(access_token_libjwt, an_unsigned_token_is_refused)
{
    static const char *const algorithms[] = { "none", "None", "nOnE", "NONE", "HS256" };
    static const char *const signatures[] = { "", "AA", "e30" };
    char *payload = tokens_payload(NULL, NULL);
    char *body = tokens_base64url(payload, strlen(payload));
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
        for (size_t j = 0; j < sizeof signatures / sizeof *signatures; j++) {
            char header[128], text[2048];
            snprintf(header, sizeof header, "{\"alg\":\"%s\",\"kid\":\"hs-1\",\"typ\":\"JWT\"}",
                     algorithms[i]);
            char *head = tokens_base64url(header, strlen(header));
            snprintf(text, sizeof text, "%s.%s.%s", head, body, signatures[j]);
            cr_assert_eq(tokens_verify(text, keyset), ERROR_INVALID_TOKEN, "%s, '%s'", header,
                         signatures[j]);
            free(head);
        }
    }
    free(payload);
    free(body);
}

/* Versions before 1.17 compare MACs in a time that tells how much of them is right. */
Test(access_token_libjwt, a_wrong_mac_never_reaches_it)
{
    struct secret *token = tokens_with(NULL, NULL);
    int before = libjwt_watch_count();
    cr_assert_eq(tokens_verify(secret_reveal(token), keyset), ERROR_NONE);
    cr_assert_eq(libjwt_watch_count(), before + 2);
    secret_bytes(token)[secret_size(token) - 2] ^= 1;
    cr_assert_eq(tokens_verify(secret_reveal(token), keyset), ERROR_INVALID_TOKEN);
    cr_assert_eq(libjwt_watch_count(), before + 2);
    secret_free(token);
}

/* libjwt takes no key for no check, and a key of one byte for a key. */
Test(access_token_libjwt, a_key_that_is_empty_or_short_never_reaches_it)
{
    static const char *const texts[] = {
        "", "\n", "41", "00112233445566778899aabbccddeeff00112233445566778899aabbccddee"
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        keys_write(directory, KEYS_HS256, texts[i]);
        cr_assert_not_null(strstr(keys_load_failure(directory), KEYS_HS256), "'%s'", texts[i]);
    }
    keys_write(directory, KEYS_HS256, keys_hexadecimal(1));
    keyset_free(keys_load(directory));
}

Test(access_token_libjwt, claims_that_it_does_not_look_at_are_looked_at)
{
    static const struct {
        const char *member, *value;
        enum error expected;
    } cases[] = {
        { NULL, NULL, ERROR_NONE },
        { "exp", "1700000000", ERROR_TOKEN_EXPIRED },
        { "exp", "\"1800000900\"", ERROR_INVALID_TOKEN },
        { "exp", "1800000900.5", ERROR_INVALID_TOKEN },
        { "nbf", "1800001000", ERROR_INVALID_TOKEN },
        { "iss", "\"https://other.example.org\"", ERROR_INVALID_TOKEN },
        { "aud", "\"https://other.example.org\"", ERROR_INVALID_TOKEN },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert_eq(tokens_verify_free(tokens_with(cases[i].member, cases[i].value), keyset),
                     cases[i].expected, "%s", cases[i].value ? cases[i].value : "(as it is)");
}

/* RFC 7515 §4.1.11, RFC 8725 §3.10. */
Test(access_token_libjwt, a_header_with_anything_but_alg_typ_kid_is_refused)
{
#define USUAL "\"alg\":\"HS256\",\"kid\":\"hs-1\",\"typ\":\"JWT\""
    static const char *const headers[] = {
        "{" USUAL ",\"crit\":[\"exp\"]}",
        "{" USUAL ",\"crit\":[]}",
        "{" USUAL ",\"b64\":false,\"crit\":[\"b64\"]}",
        "{" USUAL ",\"jku\":\"https://example.org/keys\"}",
        "{" USUAL ",\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}}",
        "{" USUAL ",\"x5c\":[]}",
        "{" USUAL ",\"x5u\":\"https://example.org/\"}",
        "{" USUAL ",\"zip\":\"DEF\"}",
        "{" USUAL ",\"cty\":\"JWT\"}",
        "{" USUAL ",\"\":\"\"}",
    };
    REFUSE_HEADERS(headers);
}

/* Four bytes of a payload or header are three; spaces in the header make up for the rest. */
Test(access_token_libjwt, a_token_of_4096_bytes_is_read_and_a_longer_one_is_not)
{
    static const char *const headers[] = { TOKENS_HEADER, " " TOKENS_HEADER, "  " TOKENS_HEADER };
    char padding[ACCESS_TOKEN_MAX] = "\"";
    int longest = 0, too_long = 0;
    for (size_t i = 0; i < 3 * 300; i++) {
        size_t size = 2500 + i / 3;
        memset(padding + 1, 'x', size);
        memcpy(padding + 1 + size, "\"", 2);
        char *payload = tokens_payload("padding", padding);
        struct secret *token = tokens_sign(tokens_usual_signer(), headers[i % 3], payload);
        size_t length = secret_size(token);
        cr_assert_eq(tokens_verify_free(token, keyset),
                     length > 4096 ? ERROR_INVALID_TOKEN : ERROR_NONE, "%zu bytes", length);
        longest += length == 4096;
        too_long += length == 4097;
        free(payload);
    }
    cr_assert_gt(longest, 0);
    cr_assert_gt(too_long, 0);
}

/* By the length of what it is given libjwt takes room on the stack. */
Test(access_token_libjwt, a_token_of_nine_megabytes_ends_in_a_refusal)
{
    size_t size = 9 << 20;
    char *padding = memory_new(size + 3);
    memset(padding, 'x', size);
    padding[0] = padding[size - 1] = '"';
    int before = libjwt_watch_count();
    cr_assert_eq(tokens_verify_free(tokens_with("padding", padding), keyset), ERROR_INVALID_TOKEN);
    cr_assert_eq(libjwt_watch_count(), before, "libjwt never saw it");
    free(padding);
}

static void replace_and_refuse(const char *text, size_t place, const char *by)
{
    char changed[ACCESS_TOKEN_MAX];
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)place, text, by, text + place);
    cr_assert_eq(tokens_verify(changed, keyset), ERROR_INVALID_TOKEN, "'%s' at %zu", by, place);
    if (text[place] == '\0' || strncmp(by, text + place, strlen(by)) == 0)
        return;
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)place, text, by, text + place + 1);
    cr_assert_eq(tokens_verify(changed, keyset), ERROR_INVALID_TOKEN, "'%s' for %zu", by, place);
}

Test(access_token_libjwt, a_token_in_any_other_form_is_refused)
{
    static const char *const junk[] = { "=", "==", "+", "/", "\n",   "\r\n",
                                        " ", "?",  ".", "%", "\xff", "\x80" };
    char *payload = tokens_payload(NULL, NULL);
    const struct tokens_signer signer = { .pem = ec_pem };
    struct secret *token = tokens_sign(&signer, ES256_HEADER, payload);
    const char *text = secret_reveal(token);
    size_t first = strcspn(text, "."), second = first + 1 + strcspn(text + first + 1, ".");
    size_t size = secret_size(token);
    const size_t places[] = { 0,          1,           first,    first + 1, second,
                              second + 1, second + 40, size - 1, size };
    cr_assert_eq(tokens_verify(text, keyset), ERROR_NONE);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        for (size_t j = 0; j < sizeof junk / sizeof *junk; j++)
            replace_and_refuse(text, places[i], junk[j]);
    secret_free(token);
    free(payload);
}

/* Spare bits: 64 bytes leave 4 of them in the last character, 32 bytes 2. */
Test(access_token_libjwt, a_signature_has_no_second_last_character)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const struct tokens_signer ec = { .pem = ec_pem };
    char *payload = tokens_payload(NULL, NULL);
    struct secret *tokens[] = { tokens_with(NULL, NULL), tokens_sign(&ec, ES256_HEADER, payload) };
    for (size_t i = 0; i < 2; i++) {
        int passed = 0;
        char *last = (char *)secret_bytes(tokens[i]) + secret_size(tokens[i]) - 1;
        for (int j = 0; j < 64; j++) {
            *last = alphabet[j];
            passed += tokens_verify(secret_reveal(tokens[i]), keyset) == ERROR_NONE;
        }
        cr_assert_eq(passed, 1, "%zu", i);
        secret_free(tokens[i]);
    }
    free(payload);
}

Test(access_token_libjwt, a_token_with_a_nul_inside_is_refused)
{
    struct secret *token = tokens_with(NULL, NULL);
    size_t size = secret_size(token);
    char text[ACCESS_TOKEN_MAX];
    memcpy(text, secret_reveal(token), size + 1);
    cr_assert_eq(tokens_verify_free(secret_new(text, size), keyset), ERROR_NONE);
    cr_assert_eq(tokens_verify_free(secret_new(text, size + 1), keyset), ERROR_INVALID_TOKEN);
    secret_free(token);
}

Test(access_token_libjwt, typ_is_jwt)
{
    static const char *const headers[] = {
        "{\"alg\":\"HS256\",\"kid\":\"hs-1\",\"typ\":\"at+jwt\"}",
        "{\"alg\":\"HS256\",\"kid\":\"hs-1\",\"typ\":\"jwt\"}",
        "{\"alg\":\"HS256\",\"kid\":\"hs-1\",\"typ\":\"\"}",
        "{\"alg\":\"HS256\",\"kid\":\"hs-1\",\"typ\":null}",
        "{\"alg\":\"HS256\",\"kid\":\"hs-1\",\"typ\":1}",
        "{\"alg\":\"HS256\",\"kid\":\"hs-1\",\"typ\":[\"JWT\"]}",
        "{\"alg\":\"HS256\",\"kid\":\"hs-1\"}",
    };
    REFUSE_HEADERS(headers);
}

/* libjwt cannot write `at+jwt`, so a claim says what the token is for. */
Test(access_token_libjwt, a_jwt_of_another_purpose_is_refused)
{
    cr_assert_eq(tokens_verify_free(tokens_with(NULL, NULL), keyset), ERROR_NONE);
    cr_assert_eq(tokens_verify_free(tokens_with("token_type", NULL), keyset), ERROR_INVALID_TOKEN);
    cr_assert_eq(tokens_verify_free(tokens_with("token_type", "\"id\""), keyset),
                 ERROR_INVALID_TOKEN);
}

Test(access_token_libjwt, a_member_of_the_header_that_comes_twice_is_refused)
{
    static const char *const headers[] = {
        "{\"alg\":\"none\"," USUAL "}",        "{" USUAL ",\"alg\":\"HS256\"}",
        "{" USUAL ",\"\\u0061lg\":\"HS256\"}", "{\"kid\":\"ec\"," USUAL "}",
        "{" USUAL ",\"typ\":\"JWT\"}",
    };
    REFUSE_HEADERS(headers);
}

Test(access_token_libjwt, a_claim_that_comes_twice_is_refused)
{
    static const char *const twice[] = { "\"sub\":\"42\"",
                                         "\"sub\":\"1\"",
                                         "\"s\\u0075b\":\"1\"",
                                         "\"exp\":1900000000",
                                         "\"scope\":\"users:write\"",
                                         "\"token_type\":\"access\"" };
    char *good = tokens_payload(NULL, NULL), text[1024];
    for (size_t i = 0; i < sizeof twice / sizeof *twice; i++) {
        snprintf(text, sizeof text, "{%s,%s", twice[i], good + 1);
        cr_assert_eq(
            tokens_verify_free(tokens_sign(tokens_usual_signer(), TOKENS_HEADER, text), keyset),
            ERROR_INVALID_TOKEN, "%s before", twice[i]);
        snprintf(text, sizeof text, "%.*s,%s}", (int)strlen(good) - 1, good, twice[i]);
        cr_assert_eq(
            tokens_verify_free(tokens_sign(tokens_usual_signer(), TOKENS_HEADER, text), keyset),
            ERROR_INVALID_TOKEN, "%s behind", twice[i]);
    }
    snprintf(text, sizeof text, "{\"later\":{\"sub\":\"1\"},%s", good + 1);
    cr_assert_eq(
        tokens_verify_free(tokens_sign(tokens_usual_signer(), TOKENS_HEADER, text), keyset),
        ERROR_NONE, "inside another member it is another claim");
    free(good);
}

/* libjwt reads as far as the NUL: it would see a whole payload and we another one. */
Test(access_token_libjwt, a_payload_with_nul_is_refused)
{
    char *good = tokens_payload(NULL, NULL);
    char bytes[1024];
    size_t size = strlen(good);
    memcpy(bytes, good, size);
    memcpy(bytes + size, "\0{}", 3);
    cr_assert_eq(tokens_verify_free(
                     tokens_sign_bytes(tokens_usual_signer(), TOKENS_HEADER, bytes, size), keyset),
                 ERROR_NONE);
    for (size_t more = 1; more <= 3; more++)
        cr_assert_eq(tokens_verify_free(tokens_sign_bytes(tokens_usual_signer(), TOKENS_HEADER,
                                                          bytes, size + more),
                                        keyset),
                     ERROR_INVALID_TOKEN, "%zu bytes behind", more);
    free(good);
}

/* It parses the PEM at every call, so what verified is remembered. */
Test(access_token_libjwt, a_token_that_is_remembered_does_not_reach_it_again)
{
    struct access_claims claims;
    struct access_memory *memory = access_memory_new();
    char *payload = tokens_payload(NULL, NULL);
    const struct tokens_signer signer = { .pem = ec_pem };
    struct secret *token = tokens_sign(&signer, ES256_HEADER, payload);
    int before = libjwt_watch_count();
    cr_assert_eq(access_token_recall(memory, token, keyset, &tokens_config, &claims), ERROR_NONE);
    int after = libjwt_watch_count();
    cr_assert_eq(after, before + 2, "libjwt parsed its header and payload");
    cr_assert_eq(access_token_recall(memory, token, keyset, &tokens_config, &claims), ERROR_NONE);
    cr_assert_eq(libjwt_watch_count(), after);
    secret_free(token);
    free(payload);
    access_memory_free(memory);
}
