/* SPDX-License-Identifier: MIT */
/* follow.c - reading behind a writer (store/tail.h), and what is seen of it. */
#include "cli/follow.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

/* Its owner may have ended it between the look at the journal and that at the lock: what is stored once the lock is
 * free is the last word. */
static void look(struct tb_follow *f)
{
    tb_run_look(f->tail.dir, f->m.state, &f->sight);
    if (f->sight.state == TB_STATE_LOST && tb_tail_poll(&f->tail, &f->m, NULL, NULL))
        tb_run_look(f->tail.dir, f->m.state, &f->sight);
}

bool tb_follow_open(struct tb_follow *f, const char *dir, struct tb_err *err)
{
    bool good = tb_tail_open(&f->tail, &f->m, dir, err);
    look(f);
    return good;
}

bool tb_follow_poll(struct tb_follow *f, struct tb_err *err)
{
    bool good = tb_tail_poll(&f->tail, &f->m, NULL, err);
    look(f);
    return good;
}

void tb_follow_close(struct tb_follow *f)
{
    tb_metrics_free(&f->m);
    tb_tail_close(&f->tail);
    *f = (struct tb_follow){ 0 };
}

bool tb_follow_goes_on(const struct tb_follow *f)
{
    return !tb_state_is_over(f->sight.state) && f->sight.state != TB_STATE_LOST;
}

static volatile sig_atomic_t is_interrupted;

static void on_interrupt(int sig)
{
    is_interrupted = sig != 0;
}

void tb_follow_catch(void)
{
    struct sigaction sa = { .sa_handler = on_interrupt };
    sigemptyset(&sa.sa_mask);
    sigaction(SIGINT, &sa, NULL);
}

bool tb_follow_wait(double seconds)
{
    struct timespec left = { .tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9) };
    while (!is_interrupted && nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
    return !is_interrupted;
}
