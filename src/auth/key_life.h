/* key_life - what happens to a key after it was made: created → signing → verifying → retired.
 * Every step is a rename in the key directory, which the workers see within a second. At no time is
 * there no key that signs. */
#ifndef AUTH_KEY_LIFE_H
#define AUTH_KEY_LIFE_H

#include "auth/keyset.h"

/* Every function here: ERROR_INTERNAL with a sentence in message, also where somebody else is
 * changing keys at the same time. */

struct key_rotation {
    char id[KEY_ID_MAX + 1]; /* of the key that signs now */
    enum key_algorithm algorithm;
    bool made;       /* it is new; else it was there in state created */
    size_t relieved; /* keys of the same use that signed and verify from now on */
};

/* The youngest key of the algorithm in state created, or NULL: what a rotation takes. */
const struct key *key_life_created(const struct keyset *keyset, enum key_algorithm algorithm);

/* Lets the youngest key of the algorithm in state created sign or, where there is none, a new one;
 * then those that signed for the same use verify. KEY_ALGORITHM_INVALID: the algorithm that signs
 * access tokens already. */
enum error key_life_rotate(const char *directory, enum key_algorithm algorithm,
                           struct key_rotation *rotation, char message[KEY_MESSAGE_SIZE]);

/* When the last token that the key signed is over, in seconds since 1970: 0 for one that never
 * signed, INT64_MAX for the one that signs. `lives` says how long tokens of each use live. */
int64_t key_life_end(const struct keyset *keyset, const struct key *key,
                     const int64_t lives[KEY_USES]);

/* Retires a key: its tokens are void. Unless `force` is set only one whose tokens are over; one
 * that signs never. */
enum error key_life_retire(const char *directory, const char *id, const int64_t lives[KEY_USES],
                           bool force, char message[KEY_MESSAGE_SIZE]);

#endif
