/* SPDX-License-Identifier: MIT */
/* base_ring_test.c - order, borders, and two threads with a ring so small that both must wait. */
#include <pthread.h>
#include <sched.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/ring.h"
#include "tests/tap.h"

enum { N = 20000 };

static void alone(void)
{
    struct tb_ring *r = tb_ring_open(sizeof(int), 3);
    int got = -1, wrong = 0;
    ok(!tb_ring_get(r, &got) && got == -1, "empty");
    for (int i = 0; i < 100; i += 3) {
        for (int k = 0; k < 3; k++)
            wrong += !tb_ring_put(r, &(int){ i + k });
        wrong += tb_ring_put(r, &(int){ -5 });
        for (int k = 0; k < 3; k++)
            wrong += !tb_ring_get(r, &got) || got != i + k;
        wrong += tb_ring_get(r, &got);
    }
    is_int(wrong, 0, "fills and empties in order");
    double from = tb_clock_mono_s();
    ok(!tb_ring_wait(r, 0.02), "nothing comes");
    ok(tb_clock_mono_s() - from >= 0.019, "after the time asked for");
    tb_ring_wake(r);
    from = tb_clock_mono_s();
    ok(!tb_ring_wait(r, 10) && tb_clock_mono_s() - from < 5, "a wake before the wait counts");
    tb_ring_put(r, &got);
    ok(tb_ring_wait(r, 0), "something is there");
    tb_ring_get(r, &got);
    tb_ring_close(r);
    tb_ring_close(NULL);
}

static void *write_all(void *arg)
{
    for (int64_t i = 0; i < N; i++) {
        int64_t record[2] = { i, ~i };
        while (!tb_ring_put(arg, record))
            sched_yield();
    }
    return NULL;
}

static void *wake(void *arg)
{
    tb_ring_wake(arg);
    return NULL;
}

static void together(void)
{
    struct tb_ring *r = tb_ring_open(2 * sizeof(int64_t), 4);
    int64_t record[2], n = 0;
    int wrong = 0;
    pthread_t writer;
    pthread_create(&writer, NULL, write_all, r);
    for (double from = tb_clock_mono_s(); n < N && tb_clock_mono_s() - from < 60; tb_ring_wait(r, 1e-4))
        for (; tb_ring_get(r, record); n++)
            wrong += record[0] != n || record[1] != ~n;
    pthread_join(writer, NULL);
    is_int(n, N, "all records arrive");
    is_int(wrong, 0, "whole and in order");
    double from = tb_clock_mono_s();
    pthread_create(&writer, NULL, wake, r);
    ok(!tb_ring_wait(r, 10) && tb_clock_mono_s() - from < 5, "woken by another thread");
    pthread_join(writer, NULL);
    tb_ring_close(r);
}

int main(void)
{
    alone();
    together();
    return done();
}
