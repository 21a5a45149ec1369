/* throttle - see throttle.h. */
#include "auth/throttle.h"
#include "auth/audit.h"
#include "auth/email.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/metrics.h"
#include "base/shared_file.h"
#include <arpa/inet.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* A slot is a tag and a time in milliseconds since 1970; 0 is free. Until the time has come the
 * bucket is not full: it is the "theoretical arrival time" of the generic cell rate algorithm
 * (ITU-T I.371, annex A), all that a bucket needs to remember. */
typedef _Atomic uint64_t slot;
enum { TIME_BITS = 42, WAYS = 8, SETS = 8192, ADDRESS_SIZE = sizeof(struct in6_addr) };
#define TIME_MASK  ((UINT64_C(1) << TIME_BITS) - 1)
#define TRUSTED_MS (INT64_C(30) * 86400 * 1000)

struct table {
    slot slots[SETS][WAYS];
};

/* The file. Who is trusted has a table of its own, so that many people do not drive out who is
 * limited. */
struct shared {
    unsigned char key[crypto_shorthash_KEYBYTES];
    unsigned char unused[64 - crypto_shorthash_KEYBYTES];
    struct table buckets, trusted;
};

struct throttle {
    const struct config *config;
    struct shared *shared;
    int64_t wait_ms;
};

static void fill(void *bytes)
{
    struct shared *shared = bytes;
    randombytes_buf(shared->key, sizeof shared->key);
}

static const struct shared_file_layout layout = { "throttle", 1, sizeof(struct shared), fill };

struct throttle *throttle_open(const struct config *config)
{
    struct throttle *throttle = memory_new(sizeof *throttle);
    throttle->config = config;
    throttle->shared = shared_file_map(config->run_directory, &layout);
    return throttle;
}

void throttle_free(struct throttle *throttle)
{
    if (!throttle)
        return;
    shared_file_unmap(throttle->shared, &layout);
    free(throttle);
}

int throttle_retry_after(const struct throttle *throttle)
{
    int64_t seconds = throttle ? (throttle->wait_ms + 999) / 1000 : 1;
    return seconds > 0 ? (int)seconds : 1;
}

/* Slots -----------------------------------------------------------------------------------------*/

static slot *set_of(struct table *table, uint64_t digest)
{
    return table->slots[digest % SETS];
}

/* Never 0. */
static uint64_t tag_of(uint64_t digest)
{
    uint64_t tag = digest >> TIME_BITS;
    return (tag ? tag : 1) << TIME_BITS;
}

static slot *find(struct table *table, uint64_t digest)
{
    slot *set = set_of(table, digest);
    for (int i = 0; i < WAYS; i++)
        if ((atomic_load(&set[i]) & ~TIME_MASK) == tag_of(digest))
            return &set[i];
    return NULL;
}

/* The slot of the digest, or the one that is nearest to its time. */
static slot *find_or_choose(struct table *table, uint64_t digest)
{
    slot *set = set_of(table, digest), *found = find(table, digest);
    if (found)
        return found;
    found = set;
    for (int i = 1; i < WAYS; i++)
        if ((atomic_load(&set[i]) & TIME_MASK) < (atomic_load(found) & TIME_MASK))
            found = &set[i];
    return found;
}

/* The time of a slot, never before now; and never further ahead than a bucket can be, where the
 * clock was set back or the option changed. */
static int64_t time_of(uint64_t value, uint64_t tag, int64_t now_ms, int64_t most_ms)
{
    int64_t time = (value & ~TIME_MASK) == tag ? (int64_t)(value & TIME_MASK) : 0;
    if (time < now_ms)
        return now_ms;
    return time > now_ms + most_ms ? now_ms + most_ms : time;
}

/* 0, or how long there is no token. */
static int64_t take(struct table *table, uint64_t digest, int64_t interval_ms, int64_t window_ms)
{
    int64_t now_ms = clock_now() * 1000;
    uint64_t tag = tag_of(digest), value;
    slot *place;
    int64_t time;
    bool refused;
    do {
        place = find_or_choose(table, digest);
        value = atomic_load(place);
        time = time_of(value, tag, now_ms, window_ms);
        refused = time + interval_ms > now_ms + window_ms;
        time += refused ? 0 : interval_ms;
    } while (!atomic_compare_exchange_weak(place, &value, tag | ((uint64_t)time & TIME_MASK)));
    return refused ? time + interval_ms - now_ms - window_ms : 0;
}

static void give_back(struct table *table, uint64_t digest, int64_t interval_ms)
{
    slot *place = find(table, digest);
    uint64_t value = place ? atomic_load(place) : 0;
    while (place && (value & ~TIME_MASK) == tag_of(digest) &&
           !atomic_compare_exchange_weak(place, &value, value - (uint64_t)interval_ms))
        continue;
}

static bool is_before(struct table *table, uint64_t digest)
{
    slot *place = find(table, digest);
    return place && (int64_t)(atomic_load(place) & TIME_MASK) > clock_now() * 1000;
}

static void remember(struct table *table, uint64_t digest, int64_t until_ms)
{
    slot *place = find_or_choose(table, digest);
    atomic_store(place, tag_of(digest) | ((uint64_t)until_ms & TIME_MASK));
}

/* Limits ----------------------------------------------------------------------------------------*/

enum scope { SCOPE_NONE = 0, SCOPE_SUBJECT, SCOPE_ADDRESS, SCOPE_PAIR };

struct limit {
    enum scope scope;
    size_t option; /* in struct config: the tokens of a full bucket */
    bool trusting; /* does not apply to who is known at this address */
};

#define AT(member) offsetof(struct config, member)
/* clang-format off */
static const struct rule {
    const char *name; /* in the audit log */
    enum metric metric;
    bool remembers;   /* from where it succeeded */
    bool counts_all;  /* what succeeds as well */
    struct limit limits[THROTTLE_LIMITS_MAX];
} rules[THROTTLE_KIND_COUNT] = {
    [THROTTLE_LOGIN] = { "login", METRIC_THROTTLED_LOGINS, true, false,
        { { SCOPE_PAIR,    AT(throttle_login),         false },
          { SCOPE_SUBJECT, AT(throttle_login_account), true },
          { SCOPE_ADDRESS, AT(throttle_login_address), true } } },
    [THROTTLE_SIGN_UP] = { "sign_up", METRIC_THROTTLED_SIGN_UPS, false, true,
        { { SCOPE_ADDRESS, AT(throttle_sign_up), false } } },
    [THROTTLE_FORGED] = { "refresh", METRIC_THROTTLED_REFRESHES, false, false,
        { { SCOPE_ADDRESS, AT(throttle_refresh), false } } },
    [THROTTLE_REFRESH] = { "refresh", METRIC_THROTTLED_REFRESHES, false, false,
        { { SCOPE_SUBJECT, AT(throttle_refresh), false } } },
    [THROTTLE_PASSWORD] = { "password", METRIC_THROTTLED_PASSWORDS, false, false,
        { { SCOPE_SUBJECT, AT(throttle_password), false } } },
    [THROTTLE_RESET] = { "reset", METRIC_THROTTLED_RESETS, false, true,
        { { SCOPE_ADDRESS, AT(throttle_reset), false } } },
};
/* clang-format on */

static int64_t window_of(const struct throttle *throttle)
{
    return throttle->config->throttle_window_s * 1000;
}

/* 0: there is no limit. */
static int64_t interval_of(const struct throttle *throttle, const struct limit *limit)
{
    int64_t burst;
    memcpy(&burst, (const char *)throttle->config + limit->option, sizeof burst);
    if (burst <= 0)
        return 0;
    int64_t interval_ms = window_of(throttle) / burst;
    return interval_ms > 0 ? interval_ms : 1;
}

/* Digests ---------------------------------------------------------------------------------------*/

/* False: there is none, or it is this host's own. An IPv4 address is as IPv6 writes it. */
static bool read_address(const char *text, unsigned char address[ADDRESS_SIZE])
{
    static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
    struct in6_addr binary;
    if (text && inet_pton(AF_INET, text, address + sizeof mapped) == 1)
        memcpy(address, mapped, sizeof mapped);
    else if (text && inet_pton(AF_INET6, text, &binary) == 1)
        memcpy(address, &binary, ADDRESS_SIZE);
    else
        return false;
    if (memcmp(address, mapped, sizeof mapped) == 0)
        return address[sizeof mapped] != 127;
    bool own = memcmp(address, &in6addr_loopback, ADDRESS_SIZE) == 0;
    memset(address + ADDRESS_SIZE / 2, 0, ADDRESS_SIZE / 2);
    return !own;
}

/* What is not known is left out. Never 0. */
static uint64_t digest_of(const struct throttle *throttle, enum throttle_kind kind,
                          enum scope scope, const char *subject, const unsigned char *address)
{
    unsigned char text[2 + ADDRESS_SIZE + EMAIL_KEY_SIZE] = { (unsigned char)kind,
                                                              (unsigned char)scope };
    uint64_t digest;
    size_t size = 2 + ADDRESS_SIZE;
    if (scope != SCOPE_SUBJECT && address)
        memcpy(text + 2, address, ADDRESS_SIZE);
    if (scope != SCOPE_ADDRESS && subject) {
        size_t length = strnlen(subject, sizeof text - size);
        memcpy(text + size, subject, length);
        size += length;
    }
    crypto_shorthash((unsigned char *)&digest, text, size, throttle->shared->key);
    sodium_memzero(text, sizeof text);
    return digest ? digest : 1;
}

/* Tries -----------------------------------------------------------------------------------------*/

static void give_all_back(struct throttle *throttle, const struct throttle_try *attempt)
{
    for (int i = 0; i < THROTTLE_LIMITS_MAX; i++)
        if (attempt->digests[i])
            give_back(&throttle->shared->buckets, attempt->digests[i],
                      interval_of(throttle, &rules[attempt->kind].limits[i]));
}

/* Once in a window for each empty bucket, or the log would grow as an attacker likes. */
static enum error refuse(struct auth *auth, const struct throttle_try *attempt, uint64_t digest,
                         const struct client *client)
{
    const struct rule *rule = &rules[attempt->kind];
    struct throttle *throttle = auth->throttle;
    int64_t window_ms = window_of(throttle);
    const struct audit_event event = { .name = "throttled", .detail = rule->name };
    metrics_count(rule->metric);
    give_all_back(throttle, attempt);
    if (take(&throttle->shared->buckets, ~digest, window_ms, window_ms) == 0)
        (void)audit_write(auth, &event,
                          client); /* its failure is logged; 429 is the answer still */
    return ERROR_RATE_LIMITED;
}

static bool applies(const struct limit *limit, bool has_address, bool trusted)
{
    if (limit->scope == SCOPE_NONE || (limit->scope == SCOPE_ADDRESS && !has_address))
        return false;
    return !(limit->trusting && trusted);
}

enum error throttle_enter(struct auth *auth, enum throttle_kind kind, const char *subject,
                          const struct client *client, struct throttle_try *attempt)
{
    struct throttle *throttle = auth->throttle;
    unsigned char address[ADDRESS_SIZE];
    *attempt = (struct throttle_try){ .kind = kind };
    if (!throttle)
        return ERROR_NONE;
    bool has_address = read_address(client->address, address);
    if (has_address && subject)
        attempt->pair = digest_of(throttle, kind, SCOPE_NONE, subject, address);
    bool trusted = attempt->pair && is_before(&throttle->shared->trusted, attempt->pair);
    for (int i = 0; i < THROTTLE_LIMITS_MAX; i++) {
        const struct limit *limit = &rules[kind].limits[i];
        int64_t interval_ms =
            applies(limit, has_address, trusted) ? interval_of(throttle, limit) : 0;
        if (!interval_ms)
            continue;
        uint64_t digest =
            digest_of(throttle, kind, limit->scope, subject, has_address ? address : NULL);
        throttle->wait_ms =
            take(&throttle->shared->buckets, digest, interval_ms, window_of(throttle));
        if (throttle->wait_ms)
            return refuse(auth, attempt, digest, client);
        attempt->digests[i] = digest;
    }
    return ERROR_NONE;
}

static bool has_failed(enum error result)
{
    return result == ERROR_INVALID_CREDENTIALS || result == ERROR_INVALID_REFRESH_TOKEN ||
           result == ERROR_EMAIL_TAKEN || result == ERROR_INVALID_OTP;
}

void throttle_leave(struct auth *auth, const struct throttle_try *attempt, enum error result)
{
    struct throttle *throttle = auth->throttle;
    const struct rule *rule = &rules[attempt->kind];
    if (!throttle || has_failed(result) || (!result && rule->counts_all))
        return;
    give_all_back(throttle, attempt);
    if (!result && rule->remembers && attempt->pair)
        remember(&throttle->shared->trusted, attempt->pair, clock_now() * 1000 + TRUSTED_MS);
}
