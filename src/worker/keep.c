/* SPDX-License-Identifier: MIT */
/* keep.c - checkpoints of a run: what goes in, which stay (store/keeping.h), and how a run goes on from one.
 * Tensors carry the names of tb_saved_state; the state is {step, tokens, wall_s, best_step, best_loss, watch,
 * stopping, rates (where they were probed), numeric, isa}. There is no cursor: order and masks are functions of the
 * step. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/numeric.h"
#include "method/saved.h"
#include "store/keeping.h"
#include "worker/arrays.h"
#include "worker/train_priv.h"

static struct tb_json *state_of(const struct tb_training *t)
{
    struct tb_json *s = tb_json_new_map();
    tb_json_set(s, "step", tb_json_new_int(t->step));
    tb_json_set(s, "tokens", tb_json_new_int(t->tokens));
    tb_json_set(s, "wall_s", tb_json_new_real(tb_training_wall(t)));
    tb_json_set(s, "best_step", tb_json_new_int(t->best_step));
    tb_json_set(s, "best_loss", tb_json_new_real(t->best_loss));
    tb_json_set(s, "watch", tb_watch_to_json(&t->watch));
    tb_json_set(s, "stopping", tb_stopping_to_json(&t->stopping));
    if (t->probe.n)
        tb_json_set(s, "rates", tb_probe_rates_json(t->lr, t->job->stack->n));
    tb_json_set(s, "numeric", tb_json_new_int(TB_NUMERIC));
    tb_json_set(s, "isa", tb_json_new_str(t->k->name));
    return s;
}

/* Those that nothing keeps go. What lies behind this step was left by an earlier try, and is not judged yet. */
static bool remove_rest(struct tb_run_writer *w, int64_t step, struct tb_err *err)
{
    struct tb_kept *list;
    size_t n = tb_keep_list(tb_run_writer_metrics(w), tb_run_writer_dir(w), &list);
    bool good = true;
    for (size_t i = 0; good && i < n && list[i].step < step; i++)
        good = list[i].why || tb_checkpoint_remove(tb_run_writer_dir(w), list[i].step, err);
    free(list);
    return good;
}

static bool write_checkpoint(struct tb_run_writer *w, void *arg, struct tb_err *err)
{
    struct tb_checkpoint *c = arg;
    return tb_run_writer_checkpoint(w, c, err) && remove_rest(w, c->step, err);
}

/* Whether all trained values are; moments may overflow without harm. */
static bool is_finite(const struct tb_saved *s)
{
    for (size_t i = 0; i < s->n; i++)
        for (int64_t j = 0; !strchr(s->at[i].name, '@') && j < s->at[i].n; j++)
            if (!isfinite(s->at[i].data[j]))
                return false;
    return true;
}

static bool write_saved(struct tb_training *t, const struct tb_saved *saved, struct tb_err *err)
{
    struct tb_json *state = state_of(t);
    size_t n;
    struct tb_array *arrays = tb_arrays_of(saved, &n);
    struct tb_checkpoint c = { .step = t->step, .state = state, .tensor = arrays, .n = n };
    bool good = tb_recorder_do(t->recorder, write_checkpoint, &c, err);
    if (good) {
        t->last_kept = t->step;
        t->saved_s = tb_training_wall(t);
    }
    free(arrays);
    tb_json_free(state);
    return good;
}

bool tb_training_save(struct tb_training *t, struct tb_err *err)
{
    struct tb_saved saved = { 0 };
    tb_saved_state(&saved, t->job->stack);
    bool good = is_finite(&saved) ? write_saved(t, &saved, err)
                                  : tb_recorder_event(t->recorder, t->step, "checkpoint",
                                                      "not kept: a trained value is not finite", err);
    tb_saved_free(&saved);
    return good;
}

static bool take_state(struct tb_training *t, const struct tb_checkpoint *c, struct tb_err *err)
{
    const struct tb_json *s = c->state;
    t->step = tb_json_int(tb_json_get(s, "step"), -1);
    t->tokens = tb_json_int(tb_json_get(s, "tokens"), -1);
    t->wall_s = tb_json_real(tb_json_get(s, "wall_s"), 0);
    t->best_step = tb_json_int(tb_json_get(s, "best_step"), -1);
    t->best_loss = tb_json_real(tb_json_get(s, "best_loss"), INFINITY);
    tb_watch_from_json(&t->watch, tb_json_get(s, "watch"));
    tb_stopping_from_json(&t->stopping, tb_json_get(s, "stopping"));
    tb_probe_rates(tb_json_get(s, "rates"), t->job->stack->n, t->lr);
    if (t->step == c->step && t->tokens >= 0 && (!t->job->n_steps || t->step <= t->job->n_steps))
        return true;
    return tb_fail_at(err, TB_ERR_FORMAT, t->dir, 0, "checkpoint %lld holds no state of step %lld", (long long)c->step,
                      (long long)c->step);
}

static void compare_makers(struct tb_training *t, const struct tb_json *state, char words[400])
{
    const char *isa = tb_json_str(tb_json_get(state, "isa"), "");
    int64_t numeric = tb_json_int(tb_json_get(state, "numeric"), 0);
    size_t n = strlen(words);
    if (strcmp(isa, t->k->name) != 0 || numeric != TB_NUMERIC)
        snprintf(words + n, 400 - n,
                 "%sthe checkpoint was made by %s (numeric version %lld), this is %s (%d): the bits may "
                 "differ from here on",
                 n ? "; " : "", isa, (long long)numeric, t->k->name, TB_NUMERIC);
}

/* A damaged journal may have lost rows that the checkpoint has behind it; they are not made again. Steps before
 * `first` were another run's. */
static void tell_missing(struct tb_run_writer *w, int64_t first, int64_t step)
{
    const struct tb_metrics *m = tb_run_writer_metrics(w);
    int64_t n = 0;
    for (size_t i = 0; i < m->n_train; i++)
        n += m->train[i].step <= (double)step;
    if (n < step - first)
        tb_run_writer_event(w, step, "recovered", NULL,
                            "%lld of the %lld steps up to here are missing in the tables, and so in final_hash: their "
                            "records are lost; the checkpoint holds what they trained",
                            (long long)(step - first - n), (long long)(step - first));
}

/* Also where no checkpoint was left and steps that are recorded are made again from the first. */
static bool write_resume(struct tb_run_writer *w, void *arg, struct tb_err *err)
{
    const struct tb_training *t = arg;
    int64_t first = t->start > 0 ? t->start : 0;
    bool is_new = t->step == first && tb_run_writer_metrics(w)->n_train == 0;
    if (!is_new && !tb_run_writer_resume(w, t->step, err))
        return false;
    tell_missing(w, first, t->step);
    return true;
}

static bool restore(struct tb_training *t, const struct tb_checkpoint *c, struct tb_err *err)
{
    struct tb_saved saved = { 0 };
    bool good = tb_saved_of_arrays(&saved, c->tensor, c->n, err) && tb_saved_restore(&saved, t->job->stack, err)
             && take_state(t, c, err);
    tb_saved_free(&saved);
    return good;
}

bool tb_training_load(struct tb_training *t, bool *found, struct tb_err *err)
{
    struct tb_checkpoint c;
    struct tb_err why = { 0 };
    char words[400] = "";
    *found = tb_checkpoint_newest(&c, t->dir, -1, true, words, sizeof words, &why);
    if (!*found && why.kind != TB_ERR_NOTFOUND) {
        if (err)
            *err = why;
        return false;
    }
    bool good = *found || t->start < 0
             || tb_fail_at(err, TB_ERR_FORMAT, t->dir, 0, "the checkpoint of step %lld, from which the run begins, is "
                           "gone or damaged; clone its parent again", (long long)t->start);
    if (*found) {
        good = restore(t, &c, err);
        compare_makers(t, c.state, words);
        t->last_kept = c.step;
        tb_checkpoint_free(&c);
    }
    good = good && tb_recorder_do(t->recorder, write_resume, t, err);
    return good && (!words[0] || tb_recorder_event(t->recorder, t->step, "checkpoint", words, err));
}
