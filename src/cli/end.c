/* SPDX-License-Identifier: MIT */
/* end.c - those that wait come first: a worker whose run ends takes the next one at once. What undoes it: a run that
 * had begun goes on, one that waited waits again. */
#include "cli/end.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "store/writer.h"

enum { SEAL_S = 10 }; /* patience with a run that has just come to its end */

struct ending {
    const struct tb_end *e;
    struct tb_steer s;
    bool is_forced;
};

static char *inverse(const struct tb_steer *s, size_t i)
{
    bool waited = tb_choice_item(&s->runs, i)->sum.state == TB_STATE_QUEUED && !tb_steer_is_held(s, i);
    return tb_choice_command(&s->runs, i, "resume", waited ? "--stage" : NULL);
}

static void tell_over(struct ending *x, size_t i, enum tb_state state)
{
    char words[80];
    snprintf(words, sizeof words, "is %s already; nothing to %s", tb_state_name(state), x->e->verb);
    tb_steer_tell(&x->s, i, &(struct tb_told){ .words = words });
}

/* Asks, and waits until the run is sealed. False if its owner has left without doing it. */
static bool end_held(struct ending *x, size_t i, const char *dir)
{
    struct tb_steer *s = &x->s;
    struct tb_asked asked;
    struct tb_err err = { 0 };
    double until = tb_clock_mono_s() + s->wait_s;
    if (!tb_request(dir, x->e->verb, NULL, s->wait_s, &asked, &err)) {
        tb_steer_fail(s, i, &err);
        return true;
    }
    if (asked.state == TB_ASKED_NOBODY || asked.state == TB_ASKED_REFUSED) {
        tb_request_wait_end(dir, SEAL_S);
        return false;
    }
    bool sealed = asked.state == TB_ASKED_DONE && tb_request_wait_end(dir, until - tb_clock_mono_s());
    const char *words = asked.state == TB_ASKED_DONE && !sealed ? "checkpoint kept; its files are still written" : NULL;
    tb_steer_answer(s, i, &asked, words, inverse(s, i));
    return true;
}

static void seal(struct ending *x, size_t i, struct tb_run_writer *w)
{
    struct tb_steer *s = &x->s;
    const struct tb_metrics *m = tb_run_writer_metrics(w);
    struct tb_err err = { 0 };
    char words[80];
    snprintf(words, sizeof words, "%s before its first step", x->e->done);
    if (tb_state_is_over(m->state)) {
        tell_over(x, i, m->state);
        return;
    }
    if (m->step > 0)
        snprintf(words, sizeof words, "%s at step %lld", x->e->done, (long long)m->step);
    if (tb_run_writer_seal(w, x->e->state, "user", words, NULL, &err))
        tb_steer_tell(s, i, &(struct tb_told){ .has_changed = true, .words = words, .inverse = inverse(s, i) });
    else
        tb_steer_fail(s, i, &err);
}

/* Through the writer; whoever has taken the run since it was listed is asked. */
static void end_free(struct ending *x, size_t i, const char *dir)
{
    struct tb_err err = { 0 };
    struct tb_run_writer *w = tb_run_writer_open(dir, &err);
    if (w)
        seal(x, i, w);
    else if (err.kind != TB_ERR_BUSY || !end_held(x, i, dir))
        tb_steer_fail(&x->s, i, &err);
    tb_run_writer_close(w);
}

static void end(struct ending *x, size_t i)
{
    static const char spared[] = "is protected and so not pruned; --force prunes it all the same";
    const struct tb_run_item *item = tb_choice_item(&x->s.runs, i);
    char *dir = tb_choice_dir(&x->s.runs, i);
    if (tb_state_is_over(item->sight.state) && !item->sum.damage[0])
        tell_over(x, i, item->sight.state);
    else if (x->e->spares_protected && item->sum.is_protected && !x->is_forced)
        tb_steer_tell(&x->s, i, &(struct tb_told){ .exit_code = tb_err_exit(TB_ERR_USAGE), .words = spared });
    else if (!tb_steer_is_held(&x->s, i) || !end_held(x, i, dir))
        end_free(x, i, dir);
    free(dir);
}

bool tb_end_runs(const struct tb_end *e, const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct ending x = { .e = e, .is_forced = tb_args_has(a, "force") };
    char usage[64];
    snprintf(usage, sizeof usage, "%s RUN..", e->verb);
    if (!tb_args_count(a, 1, TB_ARGS_MAX, usage, err))
        return false;
    bool good = tb_steer_open(&x.s, a, a->pos, a->n_pos, NULL, err);
    for (int held = 0; good && held < 2; held++)
        for (size_t i = 0; i < x.s.runs.n; i++)
            if (tb_steer_is_held(&x.s, i) == held)
                end(&x, i);
    tb_steer_close(&x.s, good, exit_code);
    return good;
}
