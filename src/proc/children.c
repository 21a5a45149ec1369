/* children - see children.h. */
#include "proc/children.h"
#include <stddef.h>

enum { EARLY_MS = 1000, FIRST_DELAY_MS = 100, LONGEST_DELAY_MS = 5000 };

struct census children_count(const struct children *children, enum child_role role)
{
    struct census census = { 0 };
    for (int i = 0; i < CHILDREN_MAX; i++) {
        const struct child *child = &children->list[i];
        if (child->role != role || child->stop_ms)
            continue;
        bool current = child->generation == children->generation;
        census.current += current;
        census.starting += current && !child->ready;
        census.old += !current;
    }
    return census;
}

/* While old ones serve, their successors start one at a time. */
bool children_need(const struct children *children, enum child_role role, int wanted,
                   int64_t now_ms)
{
    struct census census = children_count(children, role);
    if (children_alive(children) == CHILDREN_MAX)
        return false; /* there is no place to remember it */
    if (census.current >= wanted || now_ms < children->backoff[role].not_before_ms)
        return false;
    if (census.old > 0 && census.starting > 0)
        return false;
    return census.current + census.old < wanted + (census.old > 0);
}

struct child *children_dismissible(struct children *children, enum child_role role, int wanted)
{
    struct census census = children_count(children, role);
    if (census.old == 0 || census.starting > 0 || census.current + census.old <= wanted)
        return NULL;
    for (int i = 0; i < CHILDREN_MAX; i++) {
        struct child *child = &children->list[i];
        if (child->role == role && !child->stop_ms && child->generation != children->generation)
            return child;
    }
    return NULL;
}

static struct child *find(struct children *children, pid_t pid)
{
    for (int i = 0; i < CHILDREN_MAX; i++)
        if (children->list[i].role != CHILD_NONE && children->list[i].pid == pid)
            return &children->list[i];
    return NULL;
}

void children_add(struct children *children, enum child_role role, pid_t pid, int64_t now_ms)
{
    for (int i = 0; i < CHILDREN_MAX; i++) {
        if (children->list[i].role != CHILD_NONE)
            continue;
        children->list[i] = (struct child){
            .role = role, .pid = pid, .generation = children->generation, .started_ms = now_ms
        };
        return;
    }
}

void children_mark_ready(struct children *children, pid_t pid)
{
    struct child *child = find(children, pid);
    if (child)
        child->ready = true;
}

static void put_off(struct backoff *backoff, int64_t now_ms)
{
    int64_t delay = FIRST_DELAY_MS;
    for (int i = 0; i < backoff->failures && delay < LONGEST_DELAY_MS; i++)
        delay *= 2;
    backoff->failures++;
    backoff->not_before_ms = now_ms + (delay < LONGEST_DELAY_MS ? delay : LONGEST_DELAY_MS);
}

struct child children_remove(struct children *children, pid_t pid, int64_t now_ms)
{
    struct child *child = find(children, pid);
    if (!child)
        return (struct child){ .role = CHILD_NONE };
    struct child gone = *child;
    child->role = CHILD_NONE;
    bool early = !gone.ready || now_ms - gone.started_ms < EARLY_MS;
    if (early && !gone.stop_ms)
        put_off(&children->backoff[gone.role], now_ms);
    else if (!gone.stop_ms)
        children->backoff[gone.role] = (struct backoff){ 0 };
    return gone;
}

int children_alive(const struct children *children)
{
    int alive = 0;
    for (int i = 0; i < CHILDREN_MAX; i++)
        alive += children->list[i].role != CHILD_NONE;
    return alive;
}
