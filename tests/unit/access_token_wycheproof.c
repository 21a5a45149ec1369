/* access_token_wycheproof - published vectors of forged and true signatures (C2SP/wycheproof,
 * JSON Web Signature and Key), where the signature itself is checked. */
#include "auth/access_token_steps.h"
#include "support/jwk.h"
#include "support/keys.h"
#include "support/libjwt_watch.h"
#include "support/tokens.h"
#include <criterion/criterion.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static bool is_in(int id, const int *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == id)
            return true;
    return false;
}
#define IS_IN(id, list) is_in(id, list, sizeof(list) / sizeof *(list))

static json_object *member(json_object *object, const char *name)
{
    json_object *value = NULL;
    json_object_object_get_ex(object, name, &value);
    return value;
}

/* The key that a group's vectors are for. Algorithms that are not ours stand under the one of ours
 * that takes the same kind of key: then the token's own `alg` is what must be refused. */
static bool make_key(json_object *jwk, struct key *key)
{
    static const struct {
        const char *type, *curve;
        enum key_algorithm algorithm;
    } kinds[] = { { "oct", "", KEY_HS256 },
                  { "EC", "P-256", KEY_ES256 },
                  { "RSA", "", KEY_RS256 } };
    *key = (struct key){ 0 };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].type, jwk_text(jwk, "kty")) == 0 &&
            strcmp(kinds[i].curve, jwk_text(jwk, "crv")) == 0)
            key->algorithm = kinds[i].algorithm;
    if (!key->algorithm)
        return false;
    if (key->algorithm == KEY_HS256) {
        char *digits = jwk_hexadecimal(jwk);
        size_t size = strlen(digits) / 2;
        key->verifier = secret_new_empty(size);
        sodium_hex2bin(secret_bytes(key->verifier), size, digits, size * 2, NULL, NULL, NULL);
        free(digits);
    } else {
        char *pem = jwk_pem(jwk, false);
        key->verifier = secret_new(pem, strlen(pem));
        free(pem);
    }
    return true;
}

static bool is_signed(const struct key *key, const char *text)
{
    struct access_form form;
    struct secret *token = tokens_text(text);
    bool good = access_form_read(token, &form) && access_token_is_signed(key, token, &form);
    secret_free(token);
    return good;
}

/* 372, 373: junk in the middle of a valid token. 259: an empty payload. */
static const int refused_on_purpose[] = { 259, 372, 373 };
/* 353 to 356: what is wrong is that the key was made for encryption; key files of ours have no
 * other use than signatures. 332: a good RS256 signature, by a key for PS512, which we call one for
 * RS256. 367, 370: to the letter 357, which is valid. */
static const int not_a_question[] = { 332, 353, 354, 355, 356, 367, 370 };

struct tally {
    int good[KEY_MAC], bad[KEY_MAC];
};

static void run_signature(json_object *test, const struct key *key, bool is_ours,
                          struct tally *tally)
{
    int id = json_object_get_int(member(test, "tcId"));
    bool valid = strcmp(jwk_text(test, "result"), "valid") == 0;
    bool expected = valid && is_ours && !IS_IN(id, refused_on_purpose);
    if (IS_IN(id, not_a_question))
        return;
    cr_expect_eq(is_signed(key, jwk_text(test, "jws")), expected, "tcId %d: %s, %s", id,
                 jwk_text(test, "comment"), jwk_text(test, "result"));
    tally->good[key->algorithm] += expected;
    tally->bad[key->algorithm] += !expected;
}

static void run_signature_group(json_object *group, struct tally *tally)
{
    struct key key;
    json_object *public = member(group, "public"), *tests = member(group, "tests");
    json_object *jwk = public ? public : member(group, "private");
    if (!make_key(jwk, &key))
        return;
    const char *algorithm = jwk_text(jwk, "alg");
    bool is_ours = strcmp(algorithm, key_algorithm_name(key.algorithm)) == 0;
    for (size_t i = 0; i < json_object_array_length(tests); i++)
        run_signature(json_object_array_get_idx(tests, i), &key, is_ours, tally);
    secret_free(key.verifier);
}

/* Most payloads of the vectors are not JSON, and libjwt would stop there. */
Test(access_token_wycheproof, signatures_are_judged_as_published)
{
    struct tally tally = { { 0 }, { 0 } };
    json_object *corpus = jwk_corpus("wycheproof/json_web_signature_test.json");
    json_object *groups = member(corpus, "testGroups");
    libjwt_watch_allow_any_payload();
    for (size_t i = 0; i < json_object_array_length(groups); i++)
        run_signature_group(json_object_array_get_idx(groups, i), &tally);
    cr_log_info("HS256 %d good, %d bad; ES256 %d, %d; RS256 %d, %d", tally.good[KEY_HS256],
                tally.bad[KEY_HS256], tally.good[KEY_ES256], tally.bad[KEY_ES256],
                tally.good[KEY_RS256], tally.bad[KEY_RS256]);
    cr_assert_geq(tally.good[KEY_HS256], 5);
    cr_assert_geq(tally.good[KEY_ES256], 2);
    cr_assert_geq(tally.good[KEY_RS256], 5);
    cr_assert_geq(tally.bad[KEY_HS256], 30);
    cr_assert_geq(tally.bad[KEY_ES256], 30);
    cr_assert_geq(tally.bad[KEY_RS256], 200);
    cr_assert_geq(libjwt_watch_count(), 2 * 250, "they were refused for their signatures");
    json_object_put(corpus);
}

/* Of what is judged above a bit is flipped, as a control that good ones are good by their
 * signature. */
Test(access_token_wycheproof, a_good_vector_with_another_payload_is_refused)
{
    json_object *corpus = jwk_corpus("wycheproof/json_web_signature_test.json");
    json_object *groups = member(corpus, "testGroups");
    libjwt_watch_allow_any_payload();
    for (size_t i = 0; i < 3; i++) { /* HS256, ES256, RS256 */
        struct key key;
        json_object *group = json_object_array_get_idx(groups, i);
        json_object *public = member(group, "public");
        json_object *first = json_object_array_get_idx(member(group, "tests"), 0);
        char *text = strdup(jwk_text(first, "jws"));
        cr_assert(make_key(public ? public : member(group, "private"), &key));
        cr_assert(is_signed(&key, text));
        strchr(text, '.')[1] = 'a';
        cr_assert_not(is_signed(&key, text));
        free(text);
        secret_free(key.verifier);
    }
    json_object_put(corpus);
}

/* 1: a set with keys of several algorithms, which ours may be, for each key has its own. 7: a key
 * of a smart card's flawed generator, which can be told by its modulus alone; it is not looked for,
 * because such a key never leaves its card. 21: the use is for encryption, see above. */
static const int not_for_us[] = { 1, 7, 21 };
/* Valid, of an algorithm that is not ours. */
static const int another_algorithm[] = { 14, 15 };

/* Writes the keys as files; false where one cannot even be written. */
static bool write_keys(json_object *keys, const char *directory)
{
    bool written = true;
    for (size_t i = 0; i < json_object_array_length(keys); i++) {
        json_object *jwk = json_object_array_get_idx(keys, i);
        bool is_mac = strcmp(jwk_text(jwk, "kty"), "oct") == 0;
        char name[256];
        char *text = is_mac                                       ? jwk_hexadecimal(jwk)
                     : *jwk_text(jwk, "n") || *jwk_text(jwk, "x") ? jwk_pem(jwk, true)
                                                                  : NULL;
        snprintf(name, sizeof name, "%s.%s.%s.%s", jwk_text(jwk, "kid"), jwk_text(jwk, "alg"),
                 i ? "created" : "verifying", is_mac ? "key" : "pem");
        if (text)
            keys_write(directory, name, text);
        written = written && text;
        free(text);
    }
    return written;
}

/* Whether the keys load and the token is signed by the one that it names. */
static bool passes(json_object *keys, const char *text)
{
    char message[KEY_MESSAGE_SIZE];
    bool good = false;
    struct keyset *keyset = NULL;
    struct access_form form;
    struct secret *token = tokens_text(text);
    char *directory = keys_directory_new();
    keys_write_usual(directory);
    if (write_keys(keys, directory) && keyset_load(directory, &keyset, message) == ERROR_NONE &&
        access_form_read(token, &form)) {
        const struct key *key = keyset_find(keyset, form.header.key_id);
        good = key && access_token_is_signed(key, token, &form);
    }
    keyset_free(keyset);
    keys_directory_free(directory);
    secret_free(token);
    return good;
}

Test(access_token_wycheproof, keys_are_judged_as_published)
{
    int good = 0, bad = 0;
    json_object *corpus = jwk_corpus("wycheproof/json_web_key_test.json");
    json_object *groups = member(corpus, "testGroups");
    libjwt_watch_allow_any_payload();
    for (size_t i = 0; i < json_object_array_length(groups); i++) {
        json_object *group = json_object_array_get_idx(groups, i), *tests = member(group, "tests");
        json_object *keys = member(member(group, "private"), "keys");
        for (size_t j = 0; j < json_object_array_length(tests); j++) {
            json_object *test = json_object_array_get_idx(tests, j);
            int id = json_object_get_int(member(test, "tcId"));
            bool expected =
                strcmp(jwk_text(test, "result"), "valid") == 0 && !IS_IN(id, another_algorithm);
            if (IS_IN(id, not_for_us))
                continue;
            cr_expect_eq(passes(keys, jwk_text(test, "jws")), expected, "tcId %d: %s", id,
                         jwk_text(test, "comment"));
            good += expected;
            bad += !expected;
        }
    }
    cr_assert_eq(good, 3);
    cr_assert_geq(bad, 20);
    json_object_put(corpus);
}
