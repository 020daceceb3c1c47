/* SPDX-License-Identifier: MIT */
/* watch.c - from what a run has recorded to decisions about its trial. Each is an event with its reason before it is
 * acted upon. A protected run is spared, which is an event too; other seeds of finalists are never pruned, since their
 * spread is what they are for. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/checkpoint.h"
#include "store/marks.h"
#include "sweep/sweep.h"

static void take(struct tb_trial *t, const struct tb_objective *o, const struct tb_metrics *m)
{
    tb_objective_curve(o, m, &t->curve);
    t->state = m->state;
    t->tokens = m->n_train ? m->train[m->n_train - 1].tokens : 0;
    t->wall_s = m->n_train ? m->train[m->n_train - 1].wall_s : 0;
    t->step = m->step;
    tb_str_copy(t->note, sizeof t->note, m->note);
    t->budget_tok = (double)tb_json_int(tb_metrics_fact(m, "plan", "n_tokens"), 0);
    t->is_protected = tb_marks_is_protected(m);
}

static struct tb_json *about(const struct tb_sweep *s, size_t i, double tokens, double value)
{
    struct tb_json *more = tb_json_new_map();
    tb_json_set(more, "trial", tb_json_new_int((int64_t)i));
    tb_json_set(more, "tokens", tb_json_new_real(tokens));
    tb_json_set(more, "value", tb_json_new_real(tb_objective_shown(&s->objective, value)));
    return more;
}

/* All trials of the search in this one's arm, itself among them. */
static size_t rivals(const struct tb_sweep *s, size_t i, const struct tb_curve **curve, size_t *who)
{
    size_t n = 0;
    for (size_t k = 0; k < s->n; k++) {
        if (s->trial[k].arm != s->trial[i].arm || s->trial[k].of >= 0)
            continue;
        if (k == i)
            *who = n;
        curve[n++] = &s->trial[k].curve;
    }
    return n;
}

static bool record(struct tb_sweep *s, size_t i, const struct tb_prune_answer *a, struct tb_err *err)
{
    const struct tb_trial *t = &s->trial[i];
    struct tb_json *more = about(s, i, a->tokens, a->value);
    const char *kind = !a->gives_up ? "keep" : t->is_protected ? "spare" : "prune";
    tb_json_set(more, "rung", tb_json_new_int(a->rung));
    return tb_sweep_note(s, kind, more, err, "%s: %s%s", tb_trial_name(t), a->reason,
                         a->gives_up && t->is_protected ? "; it is protected and goes on" : "");
}

static bool judge(struct tb_sweep *s, size_t i, struct tb_err *err)
{
    const struct tb_curve **curve = tb_xcalloc(s->n + 1, sizeof *curve);
    struct tb_prune_ask q = { .keys = tb_json_get(s->spec, "prune"), .curve = curve,
                              .budget_tok = s->trial[i].budget_tok, .is_max = s->objective.sign < 0 };
    struct tb_prune_answer a;
    bool good = true;
    q.n = rivals(s, i, curve, &q.who);
    while (good && !s->trial[i].gives_up) {
        q.n_decided = s->trial[i].n_decided;
        s->prune->decide(&q, &a);
        if (!a.is_decided)
            break;
        good = record(s, i, &a, err);
    }
    free(curve);
    return good;
}

static bool has_won(const struct tb_sweep *s, const struct tb_trial *t)
{
    double v = tb_trial_value(t);
    return s->winner < 0 && !isnan(v) && v <= s->objective.target;
}

static bool tell_end(struct tb_sweep *s, size_t i, struct tb_err *err)
{
    const struct tb_trial *t = &s->trial[i];
    struct tb_json *more = about(s, i, t->tokens, tb_trial_value(t));
    tb_json_set(more, "state", tb_json_new_str(tb_state_name(t->state)));
    return tb_sweep_note(s, "over", more, err, "%s: %s%s%s", tb_trial_name(t), tb_state_name(t->state),
                         *t->note ? ", " : "", t->note);
}

bool tb_sweep_refuse(struct tb_sweep *s, size_t i, const struct tb_err *why, struct tb_err *err)
{
    const struct tb_trial *t = &s->trial[i];
    char words[sizeof why->where + sizeof why->text + 32];
    struct tb_json *more = about(s, i, 0, NAN);
    tb_json_set(more, "state", tb_json_new_str(tb_state_name(TB_STATE_FAILED)));
    return tb_sweep_note(s, "over", more, err, "%s: cannot be trained: %s", tb_trial_name(t),
                         tb_err_string(why, words, sizeof words));
}

/* A person's word, told where the decisions are. */
static bool tell_protection(struct tb_sweep *s, size_t i, bool was_protected, struct tb_err *err)
{
    struct tb_trial *t = &s->trial[i];
    if (t->is_protected == was_protected)
        return true;
    struct tb_json *more = tb_json_new_map();
    tb_json_set(more, "trial", tb_json_new_int((int64_t)i));
    tb_json_set(more, "protected", tb_json_new_bool(t->is_protected));
    return tb_sweep_note(s, "protect", more, err, "%s %s", tb_trial_name(t),
                         t->is_protected ? "is protected by its user: no rule ends it" : "is no longer protected");
}

bool tb_sweep_see(struct tb_sweep *s, size_t i, const struct tb_metrics *m, struct tb_err *err)
{
    struct tb_trial *t = &s->trial[i];
    bool was_protected = t->is_protected;
    take(t, &s->objective, m);
    if (s->log < 0)
        return true;
    if (!tell_protection(s, i, was_protected, err))
        return false;
    if (t->of >= 0)
        return true;
    if (has_won(s, t) && !tb_sweep_note(s, "target", about(s, i, t->tokens, tb_trial_value(t)), err,
                                        "%s reached %.4g, the target is %.4g: the sweep ends", tb_trial_name(t),
                                        tb_objective_shown(&s->objective, tb_trial_value(t)),
                                        tb_objective_shown(&s->objective, s->objective.target)))
        return false;
    return !s->prune || tb_state_is_over(t->state) || judge(s, i, err);
}

bool tb_sweep_see_read(struct tb_sweep *s, size_t i, const struct tb_metrics *m, bool goes_on, struct tb_err *err)
{
    struct tb_trial *t = &s->trial[i];
    bool good = tb_sweep_see(s, i, m, err);
    bool is_held = t->state == TB_STATE_STOPPED && (goes_on || strcmp(m->ended_by, "sweep") == 0);
    t->is_over = tb_state_is_over(t->state) && !is_held;
    return good;
}

void tb_sweep_see_none(struct tb_sweep *s, size_t i, const struct tb_err *why)
{
    struct tb_trial *t = &s->trial[i];
    if (why->kind == TB_ERR_BUSY)
        return;
    t->state = TB_STATE_FAILED;
    t->is_over = true;
    tb_str_copy(t->note, sizeof t->note, why->text);
}

bool tb_sweep_see_run(struct tb_sweep *s, size_t i, bool goes_on, struct tb_err *err)
{
    const struct tb_trial *t = &s->trial[i];
    struct tb_metrics m;
    struct tb_err why = { 0 };
    char *dir = *t->run ? tb_path_join(s->runs, t->run) : NULL;
    bool good = true;
    if (dir && tb_metrics_load(&m, dir, &why))
        good = tb_sweep_see_read(s, i, &m, goes_on, err);
    else if (dir)
        tb_sweep_see_none(s, i, &why);
    if (dir)
        tb_metrics_free(&m);
    free(dir);
    return good && (s->log < 0 || !t->is_over || t->is_told || tell_end(s, i, err));
}

bool tb_sweep_see_all(struct tb_sweep *s, bool goes_on, struct tb_err *err)
{
    bool good = true;
    for (size_t i = 0; good && i < s->n; i++)
        good = tb_sweep_see_run(s, i, goes_on, err);
    return good;
}

int64_t tb_sweep_lost_steps(const struct tb_sweep *s, size_t i)
{
    char *dir = tb_path_join(s->runs, s->trial[i].run);
    int64_t *steps = NULL, last = 0;
    size_t n = tb_checkpoint_list(dir, &steps);
    for (size_t k = 0; k < n; k++)
        last = steps[k] > last && steps[k] <= s->trial[i].step ? steps[k] : last;
    free(steps);
    free(dir);
    return s->trial[i].step - last;
}
