/* key_pem - a new key of each algorithm is one of that algorithm, and of no other. */
#include "auth/key_pem.h"
#include <criterion/criterion.h>

static const enum key_algorithm algorithms[] = { KEY_ES256, KEY_RS256, KEY_EDDSA };
enum { COUNT = sizeof algorithms / sizeof algorithms[0] };

Test(key_pem, a_new_key_is_taken_for_its_own_algorithm_and_no_other)
{
    for (size_t made = 0; made < COUNT; made++) {
        struct secret *pem = key_pem_new(algorithms[made]);
        cr_assert_not_null(pem, "%zu", made);
        for (size_t wanted = 0; wanted < COUNT; wanted++) {
            struct secret *private_key = NULL, *public_key = NULL;
            const char *flaw = key_pem_read(pem, algorithms[wanted], &private_key, &public_key);
            cr_assert_eq(flaw == NULL, made == wanted, "%zu as %zu: %s", made, wanted,
                         flaw ? flaw : "taken");
            cr_assert_eq(private_key && public_key, made == wanted);
            secret_free(private_key);
            secret_free(public_key);
        }
        secret_free(pem);
    }
}
