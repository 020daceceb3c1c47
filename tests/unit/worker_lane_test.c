/* SPDX-License-Identifier: MIT */
/* worker_lane_test.c - work that waits in the middle of a turn: the turn ends, and the work goes on with the next one,
 * not before. */
#include "worker/lane.h"

#include <semaphore.h>

#include "base/clock.h"
#include "tests/tap.h"

static struct tb_lane *lane;
static sem_t gate;
static int n_calls, place; /* place: how far it came */
static bool waits;

static void work(void *arg)
{
    n_calls++;
    place = 1;
    if (!waits)
        return;
    tb_lane_wait(lane, true);
    sem_wait(&gate);
    tb_lane_wait(lane, false);
    place = 2;
}

int main(void)
{
    struct tb_err err = { 0 };
    sem_init(&gate, 0, 0);
    lane = tb_lane_open(work, NULL, &err);
    ok(lane && tb_lane_turn(lane) && n_calls == 1 && place == 1, "a turn from its beginning to its end %s", err.text);
    waits = true;
    place = 0;
    ok(!tb_lane_turn(lane) && n_calls == 2 && place == 1 && tb_lane_is_waiting(lane), "it waits: the turn is over");
    ok(!tb_lane_turn(lane) && n_calls == 2 && tb_lane_is_waiting(lane), "a turn does nothing while it waits");
    sem_post(&gate);
    while (tb_lane_is_waiting(lane))
        tb_clock_nap(0.001);
    tb_clock_nap(0.02);
    is_int(place, 1, "it goes on only with its next turn");
    ok(tb_lane_turn(lane) && place == 2 && n_calls == 2, "and then to the end of the same work");
    waits = false;
    ok(tb_lane_turn(lane) && n_calls == 3, "the next turn begins anew");
    tb_lane_close(lane);
    tb_lane_close(NULL);
    sem_destroy(&gate);
    return done();
}
