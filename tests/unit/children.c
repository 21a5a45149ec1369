/* children - the master's table: refill, back-off, and replacement one after another. */
#include "proc/children.h"
#include <criterion/criterion.h>

static struct children children;

static void start(int n, pid_t first)
{
    for (int i = 0; i < n; i++) {
        children_add(&children, CHILD_WORKER, first + i, 0);
        children_mark_ready(&children, first + i);
    }
}

Test(children, are_started_until_there_are_as_many_as_wanted)
{
    for (int i = 0; i < 3; i++) {
        cr_assert(children_need(&children, CHILD_WORKER, 3, 0), "at %d", i);
        children_add(&children, CHILD_WORKER, 100 + i, 0);
    }
    cr_assert_not(children_need(&children, CHILD_WORKER, 3, 0));
    cr_assert_eq(children_alive(&children), 3);
    cr_assert(children_need(&children, CHILD_HOUSEKEEPER, 1, 0), "roles are counted apart");
}

Test(children, one_that_dies_after_a_long_life_is_replaced_at_once)
{
    start(2, 100);
    struct child gone = children_remove(&children, 100, 5000);
    cr_assert_eq(gone.role, CHILD_WORKER);
    cr_assert(children_need(&children, CHILD_WORKER, 2, 5000));
}

Test(children, one_that_dies_at_its_start_is_replaced_later_each_time)
{
    int64_t now = 0, delay = 0;
    for (int i = 0; i < 10; i++) {
        children_add(&children, CHILD_WORKER, 100, now);
        children_remove(&children, 100, now);
        cr_assert_not(children_need(&children, CHILD_WORKER, 1, now + delay), "failure %d", i);
        int64_t waited = 0;
        while (!children_need(&children, CHILD_WORKER, 1, now + waited))
            waited += 50;
        cr_assert(waited >= delay, "failure %d waits %d ms", i, (int)waited);
        cr_assert(waited <= 5000, "failure %d waits %d ms", i, (int)waited);
        delay = waited - 50;
        now += waited;
    }
}

Test(children, one_that_was_told_to_stop_causes_no_delay)
{
    start(1, 100);
    children.list[0].stop_ms = 10;
    children_remove(&children, 100, 20);
    cr_assert(children_need(&children, CHILD_WORKER, 1, 20));
}

Test(children, a_stranger_is_nobody)
{
    start(1, 100);
    cr_assert_eq(children_remove(&children, 999, 0).role, CHILD_NONE);
    cr_assert_eq(children_alive(&children), 1);
}

Test(children, of_an_old_generation_go_one_by_one_and_only_when_a_successor_is_ready)
{
    enum { WANTED = 3 };
    pid_t next = 200;
    start(WANTED, 100);
    children.generation++;
    for (int round = 0; round < WANTED; round++) {
        cr_assert_null(children_dismissible(&children, CHILD_WORKER, WANTED), "round %d", round);
        cr_assert(children_need(&children, CHILD_WORKER, WANTED, 0), "round %d", round);
        children_add(&children, CHILD_WORKER, next, 0);
        cr_assert_not(children_need(&children, CHILD_WORKER, WANTED, 0), "one at a time");
        cr_assert_null(children_dismissible(&children, CHILD_WORKER, WANTED), "not ready yet");
        children_mark_ready(&children, next++);
        struct child *old = children_dismissible(&children, CHILD_WORKER, WANTED);
        cr_assert_not_null(old, "round %d", round);
        cr_assert_eq(old->generation, 0);
        old->stop_ms = 1;
        cr_assert_null(children_dismissible(&children, CHILD_WORKER, WANTED), "one at a time");
    }
    cr_assert_not(children_need(&children, CHILD_WORKER, WANTED, 0));
    cr_assert_eq(children_count(&children, CHILD_WORKER).current, WANTED);
    cr_assert_eq(children_count(&children, CHILD_WORKER).old, 0);
}

Test(children, become_fewer_where_the_new_configuration_wants_fewer)
{
    start(4, 100);
    children.generation++;
    int started = 0;
    for (int i = 0; i < 20; i++) {
        if (children_need(&children, CHILD_WORKER, 2, 0)) {
            children_add(&children, CHILD_WORKER, 200 + started, 0);
            children_mark_ready(&children, 200 + started++);
        }
        struct child *old = children_dismissible(&children, CHILD_WORKER, 2);
        if (old)
            old->stop_ms = 1;
    }
    cr_assert_eq(children_count(&children, CHILD_WORKER).current, 2);
    cr_assert_eq(children_count(&children, CHILD_WORKER).old, 0);
}

Test(children, of_an_old_generation_stay_while_their_successors_fail)
{
    start(2, 100);
    children.generation++;
    for (int64_t now = 0; now < 60000; now += 100) {
        if (children_need(&children, CHILD_WORKER, 2, now)) {
            children_add(&children, CHILD_WORKER, 200, now);
            children_remove(&children, 200, now);
        }
        cr_assert_null(children_dismissible(&children, CHILD_WORKER, 2));
    }
    cr_assert_eq(children_count(&children, CHILD_WORKER).old, 2);
}
