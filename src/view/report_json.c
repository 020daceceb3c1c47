/* SPDX-License-Identifier: MIT */
/* report_json.c - a report for programs: one line for each arm as a table, and all of it as JSON. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/numeric.h"
#include "view/report_priv.h"

static const struct tb_table_column columns[] = {
    { "arm", NULL, TB_UNIT_TEXT, false },
    { "name", NULL, TB_UNIT_TEXT, false },
    { "method", NULL, TB_UNIT_TEXT, false },
    { "runs", NULL, TB_UNIT_TEXT, false },
    { "seeds", NULL, TB_UNIT_PLAIN, false },
    { "eval_loss", NULL, TB_UNIT_LOSS, false },
    { "low", NULL, TB_UNIT_LOSS, false },
    { "high", NULL, TB_UNIT_LOSS, false },
    { "eval_sd", NULL, TB_UNIT_LOSS, false },
    { "first_eval", NULL, TB_UNIT_LOSS, false },
    { "reference", NULL, TB_UNIT_TEXT, false },
    { "difference", NULL, TB_UNIT_LOSS, false },
    { "difference_low", NULL, TB_UNIT_LOSS, false },
    { "difference_high", NULL, TB_UNIT_LOSS, false },
    { "rows_better", NULL, TB_UNIT_PLAIN, false },
    { "rows_worse", NULL, TB_UNIT_PLAIN, false },
    { "fresh_difference", NULL, TB_UNIT_LOSS, false },
    { "fresh_low", NULL, TB_UNIT_LOSS, false },
    { "fresh_high", NULL, TB_UNIT_LOSS, false },
    { "p_prompts", NULL, TB_UNIT_LOSS, false },
    { "p_seeds", NULL, TB_UNIT_LOSS, false },
    { "p", NULL, TB_UNIT_LOSS, false },
    { "p_holm", NULL, TB_UNIT_LOSS, false },
    { "trainable", NULL, TB_UNIT_COUNT, false },
    { "share", NULL, TB_UNIT_SHARE, false },
    { "adapter_bytes", NULL, TB_UNIT_BYTES, false },
    { "peak_bytes", NULL, TB_UNIT_BYTES, false },
    { "wall_s", NULL, TB_UNIT_SECONDS, false },
    { "tok_s", NULL, TB_UNIT_PLAIN, false },
    { "reach_tok", NULL, TB_UNIT_COUNT, false },
    { "reach_seeds", NULL, TB_UNIT_PLAIN, false },
    { "forget_before", NULL, TB_UNIT_LOSS, false },
    { "forget_after", NULL, TB_UNIT_LOSS, false },
    { "forget", NULL, TB_UNIT_LOSS, false },
    { "forget_low", NULL, TB_UNIT_LOSS, false },
    { "forget_high", NULL, TB_UNIT_LOSS, false },
    { "front", NULL, TB_UNIT_TEXT, false },
    { "trials", NULL, TB_UNIT_PLAIN, false },
    { "pruned", NULL, TB_UNIT_PLAIN, false },
    { "failed", NULL, TB_UNIT_PLAIN, false },
    { "search_tok", NULL, TB_UNIT_COUNT, false },
    { "chosen", NULL, TB_UNIT_TEXT, false },
    { "edges", NULL, TB_UNIT_TEXT, false },
};
enum { N_COLUMNS = sizeof columns / sizeof *columns };

static void put_who(struct tb_table *t, const struct tb_arm *a, size_t i)
{
    tb_table_text(t, (char[]){ (char)('A' + i), '\0' });
    tb_table_text(t, a->name);
    tb_table_text(t, a->item[0]->sum.method);
    tb_arm_put_ids(t, a);
    tb_table_int(t, (int64_t)a->n);
}

static void put_loss(struct tb_table *t, const struct tb_report *r, size_t i)
{
    const struct tb_report_arm *a = &r->arm[i];
    tb_table_known_real(t, tb_report_loss(r, i));
    tb_table_known_real(t, a->has_level ? a->level.low : NAN);
    tb_table_known_real(t, a->has_level ? a->level.high : NAN);
    tb_table_known_real(t, r->arms->arm[i].eval_sd);
    tb_table_known_real(t, r->arms->arm[i].first_eval);
}

static void put_difference(struct tb_table *t, const struct tb_report *r, size_t i)
{
    const struct tb_report_arm *a = &r->arm[i];
    tb_table_text(t, i == r->reference ? NULL : (char[]){ (char)('A' + r->reference), '\0' });
    tb_table_known_real(t, a->is_paired ? a->p.difference : NAN);
    tb_table_known_real(t, a->is_paired ? a->p.low : NAN);
    tb_table_known_real(t, a->is_paired ? a->p.high : NAN);
    tb_table_known_int(t, a->is_paired ? (int64_t)a->p.n_better : -1);
    tb_table_known_int(t, a->is_paired ? (int64_t)a->p.n_worse : -1);
    tb_table_known_real(t, a->has_fresh ? a->fresh.difference : NAN);
    tb_table_known_real(t, a->has_fresh ? a->fresh.low : NAN);
    tb_table_known_real(t, a->has_fresh ? a->fresh.high : NAN);
    tb_table_known_real(t, a->e.p_prompts);
    tb_table_known_real(t, a->e.p_seeds);
    tb_table_known_real(t, a->e.p);
    tb_table_known_real(t, a->p_holm);
}

static void put_costs(struct tb_table *t, const struct tb_report *r, size_t i)
{
    const struct tb_arm *a = &r->arms->arm[i];
    const struct tb_report_arm *found = &r->arm[i];
    struct tb_buf front = { 0 };
    tb_table_known_int(t, a->n_trainable);
    tb_table_known_real(t, a->share);
    tb_table_known_int(t, a->adapter_bytes);
    tb_table_known_int(t, a->peak_bytes);
    tb_table_known_real(t, a->wall_s);
    tb_table_known_real(t, a->tok_s);
    tb_table_known_real(t, found->reach_tok);
    tb_table_int(t, (int64_t)found->n_reached);
    tb_table_known_real(t, found->forget_before);
    tb_table_known_real(t, found->forget_after);
    tb_table_known_real(t, found->forget);
    tb_table_known_real(t, found->forget_low);
    tb_table_known_real(t, found->forget_high);
    for (int c = 0; c < TB_N_COSTS; c++)
        if (found->is_front[c])
            tb_buf_fmt(&front, "%s%s", front.n ? "," : "", tb_report_costs[c].name);
    tb_table_cell(t, &(struct tb_cell){ .type = TB_CELL_LIST, .s = front.p ? front.p : (char *)"" });
    tb_buf_free(&front);
}

static void put_search(struct tb_table *t, const struct tb_report_search *s)
{
    tb_table_known_int(t, s ? s->n_trials : -1);
    tb_table_known_int(t, s ? s->n_pruned : -1);
    tb_table_known_int(t, s ? s->n_failed : -1);
    tb_table_known_real(t, s ? s->search_tok : NAN);
    tb_table_text(t, s ? s->chosen : NULL);
    tb_table_text(t, s ? s->edges : NULL);
}

/* Names of the metrics' columns, three each, in one string that the table owns. */
static char *score_names(const struct tb_report *r)
{
    static const char *const ending[] = { "", "_low", "_high" };
    struct tb_buf b = { 0 };
    for (size_t k = 0; k < r->n_scores; k++)
        for (int e = 0; e < 3; e++) {
            tb_buf_fmt(&b, "%s%s", r->score[k], ending[e]);
            tb_buf_char(&b, '\0');
        }
    return tb_buf_take(&b);
}

void tb_report_table(const struct tb_report *r, struct tb_table *t)
{
    struct tb_table_column head[N_COLUMNS + 3 * TB_REPORT_SCORES];
    char *names = score_names(r), *at = names;
    size_t n = N_COLUMNS;
    memcpy(head, columns, sizeof columns);
    for (size_t k = 0; k < 3 * r->n_scores; k++, at += strlen(at) + 1)
        head[n++] = (struct tb_table_column){ at, NULL, TB_UNIT_LOSS, false };
    tb_table_init(t, head, n);
    t->names = names;
    for (size_t i = 0; i < r->arms->n; i++) {
        put_who(t, &r->arms->arm[i], i);
        put_loss(t, r, i);
        put_difference(t, r, i);
        put_costs(t, r, i);
        put_search(t, r->sweep ? &r->sweep->arm[i] : NULL);
        for (size_t k = 0; k < r->n_scores; k++) {
            tb_table_known_real(t, r->arm[i].score[k].mean);
            tb_table_known_real(t, r->arm[i].score[k].low);
            tb_table_known_real(t, r->arm[i].score[k].high);
        }
    }
}

/* ---- JSON */

static struct tb_json *arms(const struct tb_report *r)
{
    struct tb_table t;
    tb_report_table(r, &t);
    struct tb_json *j = tb_table_json(&t);
    tb_table_free(&t);
    return j;
}

static struct tb_json *reals(const double *v, size_t n)
{
    struct tb_json *list = tb_json_new_list();
    for (size_t i = 0; i < n; i++)
        tb_json_append(list, tb_json_new_real(v[i]));
    return list;
}

static struct tb_json *curves(const struct tb_report *r)
{
    struct tb_json *out = tb_json_new_list();
    for (size_t i = 0; i < r->arms->n; i++) {
        const struct tb_report_arm *a = &r->arm[i];
        struct tb_json *map = tb_json_new_map();
        tb_json_set(map, "arm", tb_json_new_strn((char[]){ (char)('A' + i) }, 1));
        tb_json_set(map, "tokens", reals(a->tokens, a->n_curve));
        tb_json_set(map, "loss", reals(a->loss, a->n_curve));
        tb_json_set(map, "lowest", reals(a->low, a->n_curve));
        tb_json_set(map, "highest", reals(a->high, a->n_curve));
        tb_json_append(out, map);
    }
    return out;
}

static struct tb_json *checks(const struct tb_report *r)
{
    struct tb_json *out = tb_json_new_list();
    for (size_t i = 0; i < r->n_checks; i++) {
        struct tb_json *map = tb_json_new_map();
        tb_json_set(map, "name", tb_json_new_str(r->check[i].name));
        tb_json_set(map, "ok", tb_json_new_bool(r->check[i].is_good));
        tb_json_set(map, "text", tb_json_new_str(r->check[i].words));
        tb_json_append(out, map);
    }
    return out;
}

static struct tb_json *verdict(const struct tb_verdict *v)
{
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "result", tb_json_new_str(v->result));
    tb_json_set(map, "cost", tb_json_new_str(v->cost));
    tb_json_set(map, "caution", tb_json_new_str(v->but));
    tb_json_set(map, "doubt", tb_json_new_str(v->doubt));
    tb_json_set(map, "settle", tb_json_new_str(v->settle));
    return map;
}

static struct tb_json *trial(const struct tb_report_trial *t)
{
    static const char *const fates[] = { [TB_FATE_FINALIST] = "finalist", [TB_FATE_OVER] = "over",
                                         [TB_FATE_PRUNED] = "pruned", [TB_FATE_FAILED] = "failed",
                                         [TB_FATE_OPEN] = "open" };
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "name", tb_json_new_str(t->name));
    tb_json_set(map, "arm", t->arm == SIZE_MAX ? tb_json_new_null()
                                               : tb_json_new_strn((char[]){ (char)('A' + t->arm) }, 1));
    tb_json_set(map, "fate", tb_json_new_str(fates[t->fate]));
    tb_json_set(map, "reason", tb_json_new_str(t->reason));
    tb_json_set(map, "tokens", reals(t->tokens, t->n));
    tb_json_set(map, "value", reals(t->value, t->n));
    return map;
}

static struct tb_json *sweep(const struct tb_report_sweep *s)
{
    struct tb_json *map = tb_json_new_map(), *trials = tb_json_new_list();
    for (size_t i = 0; i < s->n; i++)
        tb_json_append(trials, trial(&s->trial[i]));
    tb_json_set(map, "id", tb_json_new_str(s->id));
    tb_json_set(map, "recipe", tb_json_new_str(s->recipe_path));
    tb_json_set(map, "metric", tb_json_new_str(s->metric));
    tb_json_set(map, "plan", tb_json_new_str(s->plan));
    tb_json_set(map, "is_over", tb_json_new_bool(s->is_over));
    tb_json_set(map, "spent_tok", tb_json_new_real(s->spent_tok));
    tb_json_set(map, "saved_tok", tb_json_new_real(s->saved_tok));
    tb_json_set(map, "rungs", reals(s->rung, s->n_rungs));
    tb_json_set(map, "trials", trials);
    return map;
}

static struct tb_json *lost(const struct tb_report *r)
{
    struct tb_json *out = tb_json_new_list();
    for (size_t i = 0; i < r->n_lost; i++) {
        struct tb_json *map = tb_json_new_map();
        tb_json_set(map, "name", tb_json_new_str(r->lost[i].name));
        tb_json_set(map, "why", tb_json_new_str(r->lost[i].why));
        tb_json_append(out, map);
    }
    return out;
}

static struct tb_json *measured(const struct tb_report_text *t)
{
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "path", tb_json_new_str(t->path));
    tb_json_set(map, "id", tb_json_new_str(t->id));
    tb_json_set(map, "n_rows", tb_json_new_int((int64_t)t->n_rows));
    tb_json_set(map, "n_prompts", tb_json_new_int((int64_t)t->n_prompts));
    tb_json_set(map, "n_known", t->n_known < 0 ? tb_json_new_null() : tb_json_new_int(t->n_known));
    tb_json_set(map, "base_loss", tb_json_new_real(t->base_loss));
    if (t->base_scores)
        tb_json_set(map, "base_scores", tb_json_copy(t->base_scores));
    return map;
}

static struct tb_json *merged(const struct tb_report *r)
{
    struct tb_json *out = tb_json_new_list();
    for (size_t i = 0; i < r->arms->n; i++)
        tb_json_append(out, tb_json_new_str(r->merged[i]));
    return out;
}

struct tb_json *tb_report_json(const struct tb_report *r)
{
    const struct tb_metrics *m = r->arms->arm[0].m[0];
    struct tb_json *out = tb_json_new_map();
    tb_json_set(out, "version", tb_json_new_str(TB_VERSION));
    tb_json_set(out, "reference", tb_json_new_strn((char[]){ (char)('A' + r->reference) }, 1));
    tb_json_set(out, "n_prompts", tb_json_new_int((int64_t)r->arm[r->reference].level.n_prompts));
    tb_json_set(out, "arms", arms(r));
    tb_json_set(out, "checks", checks(r));
    tb_json_set(out, "verdict", verdict(&r->verdict));
    tb_json_set(out, "left_out", lost(r));
    tb_json_set(out, "curves", curves(r));
    if (r->sweep)
        tb_json_set(out, "sweep", sweep(r->sweep));
    if (r->text)
        tb_json_set(out, "measured", measured(r->text));
    if (r->merged)
        tb_json_set(out, "merged", merged(r));
    tb_json_set(out, "env", tb_json_copy(tb_json_get(m->facts, "env")));
    tb_json_set(out, "recipe", tb_json_new_str(m->recipe));
    return out;
}
