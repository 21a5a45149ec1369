/* reset_code - see reset_code.h. */
#include "auth/reset_code.h"
#include <ctype.h>
#include <sodium.h>
#include <string.h>

enum { SYMBOLS = 8, GROUP = SYMBOLS / 2, TYPED_MAX = 32 };

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

struct secret *reset_code_new(void)
{
    char text[SYMBOLS + 1];
    for (int i = 0; i < SYMBOLS + 1; i++)
        text[i] = alphabet[randombytes_uniform(sizeof alphabet - 1)];
    text[GROUP] = '-';
    struct secret *code = secret_new(text, sizeof text);
    secret_wipe(text, sizeof text);
    return code;
}

static char as_symbol(char typed)
{
    char capital = (char)toupper((unsigned char)typed);
    if (capital == 'O')
        return '0';
    if (capital == 'I' || capital == 'L')
        return '1';
    return capital;
}

/* The symbols of a code, or "" where it is none. */
static void read_symbols(const struct secret *code, char symbols[SYMBOLS + 1])
{
    const char *typed = secret_reveal(code);
    size_t used = 0;
    bool good = secret_size(code) <= TYPED_MAX;
    for (size_t i = 0; good && i < secret_size(code); i++) {
        char symbol = as_symbol(typed[i]);
        if (symbol == '-' || symbol == ' ')
            continue;
        good = used < SYMBOLS && symbol && strchr(alphabet, symbol);
        if (good)
            symbols[used++] = symbol;
    }
    symbols[good && used == SYMBOLS ? used : 0] = '\0';
}

/* Label and email key end with a NUL, so that no two inputs look alike. */
static void compute_mac(const struct key *key, const char *email_key, const char *symbols,
                        char text[RESET_MAC_SIZE])
{
    static const unsigned char label[] = "therappai-auth password reset v1";
    unsigned char mac[KEY_MAC_SIZE];
    crypto_auth_hmacsha512256_state state;
    crypto_auth_hmacsha512256_init(&state, (const unsigned char *)secret_reveal(key->private_key),
                                   secret_size(key->private_key));
    crypto_auth_hmacsha512256_update(&state, label, sizeof label);
    crypto_auth_hmacsha512256_update(&state, (const unsigned char *)email_key,
                                     strlen(email_key) + 1);
    crypto_auth_hmacsha512256_update(&state, (const unsigned char *)symbols, strlen(symbols));
    crypto_auth_hmacsha512256_final(&state, mac);
    sodium_bin2hex(text, RESET_MAC_SIZE, mac, sizeof mac);
    secret_wipe(&state, sizeof state);
}

void reset_code_mac(const struct secret *code, const char *email_key, const struct keyset *keyset,
                    char mac[RESET_MAC_SIZE])
{
    char symbols[SYMBOLS + 1];
    read_symbols(code, symbols);
    compute_mac(keyset_mac(keyset), email_key, symbols, mac);
    secret_wipe(symbols, sizeof symbols);
}

void reset_code_macs(const struct secret *typed, const char *email_key, const struct keyset *keyset,
                     struct buffer *macs)
{
    char symbols[SYMBOLS + 1], mac[RESET_MAC_SIZE];
    read_symbols(typed, symbols);
    for (size_t i = 0; i < keyset_count(keyset); i++) {
        const struct key *key = keyset_at(keyset, i);
        if (key->algorithm != KEY_MAC || key->state == KEY_RETIRED)
            continue;
        compute_mac(key, email_key, symbols, mac);
        buffer_format(macs, "%s%s", macs->size ? " " : "", mac);
    }
    secret_wipe(symbols, sizeof symbols);
}
