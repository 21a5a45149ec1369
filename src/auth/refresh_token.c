/* refresh_token - see refresh_token.h. */
#include "auth/refresh_token.h"
#include "auth/base64url.h"
#include "auth/uuid.h"
#include <sodium.h>

enum {
    SESSION_AT = KEY_FINGERPRINT_SIZE,
    GENERATION_AT = SESSION_AT + UUID_BYTES,
    MAC_AT = GENERATION_AT + 4,
    PREFIX_SIZE = sizeof REFRESH_TOKEN_PREFIX - 1,
    TEXT_SIZE = PREFIX_SIZE + BASE64URL_LENGTH(REFRESH_TOKEN_BYTES)
};

/* libsodium's HMAC-SHA-512/256: HMAC-SHA-512 cut to 32 bytes. The label, with its NUL, keeps the
 * key's MACs for other things apart from these. */
static void compute_mac(const struct key *key, const unsigned char bytes[MAC_AT],
                        unsigned char mac[KEY_MAC_SIZE])
{
    static const unsigned char label[] = "therappai-auth refresh token v1";
    crypto_auth_hmacsha512256_state state;
    crypto_auth_hmacsha512256_init(&state, (const unsigned char *)secret_reveal(key->private_key),
                                   secret_size(key->private_key));
    crypto_auth_hmacsha512256_update(&state, label, sizeof label);
    crypto_auth_hmacsha512256_update(&state, bytes, MAC_AT);
    crypto_auth_hmacsha512256_final(&state, mac);
    secret_wipe(&state, sizeof state);
}

struct secret *refresh_token_make(const struct refresh_token *token, const struct keyset *keyset)
{
    unsigned char bytes[REFRESH_TOKEN_BYTES];
    char text[TEXT_SIZE + 1] = REFRESH_TOKEN_PREFIX;
    const struct key *key = keyset_mac(keyset);
    if (token->generation >= REFRESH_GENERATION_MAX ||
        !uuid_parse(token->session_id, bytes + SESSION_AT))
        return NULL;
    memcpy(bytes, key->fingerprint, KEY_FINGERPRINT_SIZE);
    for (int i = 0; i < 4; i++)
        bytes[GENERATION_AT + i] = (unsigned char)(token->generation >> (24 - 8 * i));
    compute_mac(key, bytes, bytes + MAC_AT);
    base64url_encode(bytes, sizeof bytes, text + PREFIX_SIZE);
    struct secret *made = secret_new(text, TEXT_SIZE);
    secret_wipe(bytes, sizeof bytes);
    secret_wipe(text, sizeof text);
    return made;
}

static bool decode(const struct secret *text, unsigned char bytes[REFRESH_TOKEN_BYTES])
{
    const char *characters = secret_reveal(text);
    size_t used;
    return secret_size(text) == TEXT_SIZE &&
           memcmp(characters, REFRESH_TOKEN_PREFIX, PREFIX_SIZE) == 0 &&
           base64url_decode(characters + PREFIX_SIZE, TEXT_SIZE - PREFIX_SIZE, bytes,
                            REFRESH_TOKEN_BYTES, &used) &&
           used == REFRESH_TOKEN_BYTES;
}

/* A key that another process made a moment ago is worth a look at the directory. */
static const struct key *find_key(struct keyset *keyset, const unsigned char *fingerprint)
{
    const struct key *key = keyset_find_mac(keyset, fingerprint);
    if (!key && keyset_refresh(keyset, true))
        key = keyset_find_mac(keyset, fingerprint);
    return key;
}

static bool is_ours(const unsigned char bytes[REFRESH_TOKEN_BYTES], struct keyset *keyset)
{
    unsigned char mac[KEY_MAC_SIZE];
    const struct key *key = find_key(keyset, bytes);
    if (!key)
        return false;
    compute_mac(key, bytes, mac);
    bool equal = sodium_memcmp(mac, bytes + MAC_AT, sizeof mac) == 0;
    secret_wipe(mac, sizeof mac);
    return equal;
}

enum error refresh_token_parse(const struct secret *text, struct keyset *keyset,
                               struct refresh_token *token)
{
    unsigned char bytes[REFRESH_TOKEN_BYTES];
    uint32_t generation = 0;
    bool ours = decode(text, bytes) && is_ours(bytes, keyset);
    for (int i = 0; ours && i < 4; i++)
        generation = generation << 8 | bytes[GENERATION_AT + i];
    ours = ours && generation < REFRESH_GENERATION_MAX;
    if (ours) {
        uuid_format(bytes + SESSION_AT, token->session_id);
        token->generation = generation;
    }
    secret_wipe(bytes, sizeof bytes);
    return ours ? ERROR_NONE : ERROR_INVALID_REFRESH_TOKEN;
}
