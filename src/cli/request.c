/* SPDX-License-Identifier: MIT */
/* request.c - a request is looked after every 50 ms. Nothing is told as done before the owner has said so; if the
 * owner died meanwhile, what nobody has taken is withdrawn, so that it cannot surprise the next one. */
#include "cli/request.h"

#include <stdio.h>

#include "base/clock.h"
#include "store/ctl.h"
#include "store/metrics.h"
#include "store/run.h"

static const double look_every_s = 0.05, probe_every_s = 1;

/* A free lock of an owner on this machine. */
static bool is_nobody_there(const char *dir)
{
    struct tb_run_sight s;
    tb_run_look(dir, TB_STATE_RUNNING, &s);
    return s.state == TB_STATE_LOST;
}

/* Takes over what is known of the request; false while there is nothing to tell. */
static bool has_answer(const char *dir, const char *verb, unsigned seq, struct tb_asked *a)
{
    struct tb_ctl_answer answer;
    tb_ctl_look(dir, seq, verb, &answer);
    if (answer.state == TB_CTL_ASKED || answer.state == TB_CTL_TAKEN)
        return false;
    bool done = answer.state == TB_CTL_DONE && tb_ctl_was_done(answer.note);
    a->state = done ? TB_ASKED_DONE : TB_ASKED_REFUSED;
    a->step = answer.step;
    snprintf(a->note, sizeof a->note, "%s",
             answer.state == TB_CTL_DONE ? answer.note : TB_CTL_NOT_DONE "the request was not understood");
    return true;
}

bool tb_request(const char *dir, const char *verb, const struct tb_json *args, double wait_s, struct tb_asked *a,
                struct tb_err *err)
{
    unsigned seq;
    *a = (struct tb_asked){ .asked_ns = tb_clock_wall_ns() };
    if (!tb_ctl_post(dir, verb, args, &seq, err))
        return false;
    double now = tb_clock_mono_s(), until = now + wait_s, probe_at = now + probe_every_s;
    while (now < until && !has_answer(dir, verb, seq, a)) {
        if (now >= probe_at && is_nobody_there(dir) && !has_answer(dir, verb, seq, a)) {
            tb_ctl_withdraw(dir, seq, verb);
            a->state = TB_ASKED_NOBODY;
            break;
        }
        probe_at = now >= probe_at ? now + probe_every_s : probe_at;
        tb_clock_nap(look_every_s);
        now = tb_clock_mono_s();
    }
    return true;
}

/* An owner elsewhere is not seen by its lock: then the state that is stored has to do. */
static bool has_ended(const char *dir)
{
    struct tb_run_sight s;
    struct tb_metrics m;
    tb_run_look(dir, TB_STATE_RUNNING, &s);
    if (s.is_here)
        return s.state == TB_STATE_LOST;
    bool over = tb_metrics_load(&m, dir, NULL) && tb_state_is_over(m.state);
    tb_metrics_free(&m);
    return over;
}

bool tb_request_wait_end(const char *dir, double wait_s)
{
    double until = tb_clock_mono_s() + wait_s;
    while (!has_ended(dir)) {
        if (tb_clock_mono_s() >= until)
            return false;
        tb_clock_nap(look_every_s);
    }
    return true;
}
