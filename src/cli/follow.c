/* SPDX-License-Identifier: MIT */
/* follow.c - reading behind a writer. As a rule the journal continues where we are. After a snapshot has swept segments
 * away, or a run was sealed, it does not: then everything is read again. */
#include "cli/follow.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"

static bool apply(void *user, const struct tb_record *r, struct tb_err *err)
{
    return tb_metrics_apply(user, r, err);
}

static bool load(struct tb_follow *f, struct tb_err *err)
{
    struct tb_metrics fresh;
    bool good = tb_metrics_load(&fresh, f->dir, err);
    if (good) {
        tb_metrics_free(&f->m);
        f->m = fresh;
    } else {
        tb_metrics_free(&fresh);
    }
    return good;
}

/* Its owner may have ended it between the look at the journal and that at the lock: what is stored once the lock is
 * free is the last word. */
static void look(struct tb_follow *f)
{
    tb_run_look(f->dir, f->m.state, &f->sight);
    if (f->sight.state == TB_STATE_LOST && load(f, NULL))
        tb_run_look(f->dir, f->m.state, &f->sight);
}

bool tb_follow_open(struct tb_follow *f, const char *dir, struct tb_err *err)
{
    *f = (struct tb_follow){ .dir = tb_xstrdup(dir) };
    tb_metrics_init(&f->m);
    bool good = load(f, err);
    look(f);
    return good;
}

bool tb_follow_poll(struct tb_follow *f, struct tb_err *err)
{
    struct tb_journal_end end;
    struct tb_err why = { 0 };
    bool good = tb_journal_replay(f->dir, f->m.seq, apply, &f->m, &end, &why);
    if (!good || end.first_seq == 0 || end.first_seq > f->m.seq + 1)
        good = load(f, &why);
    if (!good && why.kind == TB_ERR_BUSY) /* between two snapshots; next time */
        good = true;
    if (!good && err)
        *err = why;
    look(f);
    return good;
}

void tb_follow_close(struct tb_follow *f)
{
    tb_metrics_free(&f->m);
    free(f->dir);
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
