/* SPDX-License-Identifier: MIT */
/* compare_left.c - what a sweep that is not over still lacks, and the command it goes on with: more seeds of the arms
 * that are ahead now would be seeds of trials that may not be the best. */
#include <stdlib.h>

#include "base/mem.h"
#include "cli/compare.h"
#include "view/sweeps.h"

static size_t points_of(const struct tb_sweep *s, size_t arm)
{
    const struct tb_json *points = tb_json_get(s->spec, "points");
    size_t n = 0;
    for (size_t i = 0; i < tb_json_len(points); i++)
        n += (size_t)tb_json_int(tb_json_get(tb_json_at(points, i), "arm"), -1) == arm;
    return n;
}

/* Trials of the search and other seeds of its finalists that will have to be over. */
static void count_wanted(const struct tb_sweep *s, size_t arm, size_t *trials, size_t *seeds)
{
    size_t n = points_of(s, arm), most = (size_t)tb_sweep_trials(s);
    size_t n_seeds = tb_json_len(tb_json_get(s->spec, "seeds"));
    size_t finalists = (size_t)tb_json_int(tb_json_get(s->spec, "finalists"), 0);
    *trials = n < most ? n : most;
    *seeds = (finalists < *trials ? finalists : *trials) * (n_seeds ? n_seeds - 1 : 0);
}

/* "lora 4 of 6 trials and 2 of 2 other seeds". */
static void say_arm(struct tb_buf *b, const struct tb_sweep *s, size_t arm)
{
    size_t trials, seeds, n_trials = 0, n_seeds = 0;
    count_wanted(s, arm, &trials, &seeds);
    for (size_t i = 0; i < s->n; i++)
        if (s->trial[i].arm == arm && tb_state_is_over(s->trial[i].state))
            *(s->trial[i].of < 0 ? &n_trials : &n_seeds) += 1;
    if (n_trials >= trials && n_seeds >= seeds)
        return;
    tb_buf_fmt(b, "%s%s ", b->n ? ", " : "", tb_sweep_arm(s, arm));
    if (n_trials < trials)
        tb_buf_fmt(b, "%zu of %zu trials", trials - n_trials, trials);
    if (n_seeds < seeds)
        tb_buf_fmt(b, "%s%zu of %zu other seeds", n_trials < trials ? " and " : "", seeds - n_seeds, seeds);
}

char *tb_compare_left(const struct tb_compare *x)
{
    const struct tb_sweep *s = &x->sweep;
    struct tb_buf missing = { 0 }, b = { 0 };
    if (s->phase == TB_SWEEP_OVER)
        return NULL;
    for (size_t arm = 0; arm < tb_sweep_arms(s); arm++)
        say_arm(&missing, s, arm);
    bool is_on = s->phase == TB_SWEEP_ON && tb_sweep_is_led(s);
    tb_buf_fmt(&b, "the sweep is not over (%s)%s%s; %s: tunebench sweep %s %s",
               is_on ? "it goes on" : tb_sweep_stand_name(s->phase, false), missing.n ? ", still missing: " : "",
               missing.n ? missing.p : "", is_on ? "look on" : "go on", s->id, is_on ? "--follow" : "--resume");
    tb_args_tell_store(&b, x->a);
    tb_buf_free(&missing);
    return tb_buf_take(&b);
}
