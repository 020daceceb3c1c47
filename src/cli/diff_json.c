/* SPDX-License-Identifier: MIT */
/* diff_json.c - a comparison for programs. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/diff.h"
#include "cli/run_json.h"
#include "cli/show_votes.h"
#include "view/lines.h"
#include "view/verdict.h"

static struct tb_json *keys(const struct tb_diff_key *key, size_t n, size_t n_arms, bool want_equal)
{
    struct tb_json *out = tb_json_new_map();
    for (size_t k = 0; k < n; k++) {
        struct tb_json *values = tb_json_new_list();
        for (size_t i = 0; i < n_arms; i++) {
            const char *text = key[k].value[i];
            struct tb_json *v = *text ? tb_json_parse(text, strlen(text), "value", NULL) : NULL;
            tb_json_append(values, v ? v : tb_json_new_null());
        }
        if (key[k].is_equal == want_equal)
            tb_json_set(out, key[k].key, values);
        else
            tb_json_free(values);
    }
    return out;
}

static struct tb_json *runs(const struct tb_diff_job *x)
{
    struct tb_json *out = tb_json_new_list();
    for (size_t i = 0; i < x->n; i++) {
        struct tb_json *r = tb_json_new_map();
        for (int c = 0; tb_run_column_at((size_t)c); c++)
            tb_json_set(r, tb_run_column_at((size_t)c)->name, tb_run_value(&x->run[i].item, c));
        if (x->is_front)
            tb_json_set(r, "pareto", tb_json_new_bool(x->is_front[i]));
        tb_json_append(out, r);
    }
    return out;
}

/* Of each run, in the order of `runs`. */
static struct tb_json *changes(const struct tb_diff_job *x)
{
    struct tb_json *out = tb_json_new_list();
    for (size_t i = 0; i < x->n; i++) {
        const struct tb_json *list = tb_json_get(x->run[i].m.facts, "changes");
        tb_json_append(out, list ? tb_json_copy(list) : tb_json_new_list());
    }
    return out;
}

static struct tb_json *arms(const struct tb_diff_job *x)
{
    struct tb_json *out = tb_json_new_list();
    for (size_t i = 0; i < x->arms.n; i++) {
        const struct tb_arm *a = &x->arms.arm[i];
        struct tb_json *map = tb_json_new_map(), *ids = tb_json_new_list();
        for (size_t k = 0; k < a->n; k++)
            tb_json_append(ids, tb_json_new_str(a->item[k]->sum.id));
        tb_json_set(map, "name", tb_json_new_str(a->name));
        tb_json_set(map, "runs", ids);
        tb_json_set(map, "eval_loss", tb_json_new_real(a->eval));
        tb_json_set(map, "eval_sd", tb_json_new_real(a->eval_sd));
        tb_json_append(out, map);
    }
    return out;
}

static void put_paired(struct tb_json *out, const struct tb_paired *p)
{
    struct tb_json *steps = tb_json_new_list(), *seeds = tb_json_new_list();
    tb_json_append(steps, tb_json_new_int(p->step_a));
    tb_json_append(steps, tb_json_new_int(p->step_b));
    tb_json_append(seeds, tb_json_new_int((int64_t)p->n_seeds_a));
    tb_json_append(seeds, tb_json_new_int((int64_t)p->n_seeds_b));
    tb_json_set(out, "steps", steps);
    tb_json_set(out, "seeds", seeds);
    tb_json_set(out, "by_seed", tb_json_new_bool(p->is_by_seed));
    tb_json_set(out, "difference", tb_json_new_real(p->difference));
    tb_json_set(out, "low", tb_json_new_real(p->low));
    tb_json_set(out, "high", tb_json_new_real(p->high));
    tb_json_set(out, "n_rows", tb_json_new_int((int64_t)p->n_rows));
    tb_json_set(out, "n_prompts", tb_json_new_int((int64_t)p->n_prompts));
    tb_json_set(out, "n_better", tb_json_new_int((int64_t)p->n_better));
    tb_json_set(out, "n_worse", tb_json_new_int((int64_t)p->n_worse));
    tb_json_set(out, "n_left_out", tb_json_new_int((int64_t)p->n_left_out));
}

static void put_words(struct tb_json *out, const struct tb_verdict *v)
{
    tb_json_set(out, "verdict", tb_json_new_str(v->result));
    tb_json_set(out, "cost", tb_json_new_str(v->cost));
    tb_json_set(out, "caution", tb_json_new_str(v->but));
    tb_json_set(out, "doubt", tb_json_new_str(v->doubt));
    tb_json_set(out, "settle", tb_json_new_str(v->settle));
}

static struct tb_json *paired(const struct tb_diff_job *x, size_t i)
{
    struct tb_paired p;
    struct tb_verdict v;
    struct tb_err why = { 0 };
    const struct tb_arm *a = &x->arms.arm[0], *b = &x->arms.arm[i];
    struct tb_json *out = tb_json_new_map();
    bool is_paired = tb_arms_pair(&p, a, b, &why);
    tb_verdict_pair(&v, a, b, is_paired ? &p : NULL, why.text);
    tb_json_set(out, "reference", tb_json_new_str(a->item[0]->sum.id));
    tb_json_set(out, "run", tb_json_new_str(b->item[0]->sum.id));
    if (is_paired)
        put_paired(out, &p);
    put_words(out, &v);
    tb_verdict_free(&v);
    return out;
}

static struct tb_json *rows(const struct tb_diff_job *x)
{
    struct tb_json *out = tb_json_new_list();
    for (size_t i = 0; i < x->n_rows; i++) {
        const struct tb_row_across *r = &x->row[i];
        const struct tb_json *text = tb_json_at(x->texts, i);
        struct tb_json *map = tb_json_new_map(), *loss = tb_json_new_list();
        for (size_t k = 0; k < x->arms.n; k++)
            tb_json_append(loss, tb_json_new_real(r->loss[k]));
        tb_json_set(map, "row_id", tb_json_new_int(r->row_id));
        tb_json_set(map, "prompt_id", tb_json_new_int(r->prompt_id));
        tb_json_set(map, "n_tok", tb_json_new_int(r->n_tok));
        tb_json_set(map, "loss", loss);
        tb_json_set(map, "prompt", tb_json_new_str(tb_json_str(tb_json_get(text, "prompt"), NULL)));
        tb_json_set(map, "completion", tb_json_new_str(tb_json_str(tb_json_get(text, "completion"), NULL)));
        tb_json_append(out, map);
    }
    return out;
}

/* Lines of the recipe of each arm that A's does not have, and the other way round; "" where it is the same. */
static struct tb_json *recipes(const struct tb_diff_job *x)
{
    struct tb_json *out = tb_json_new_list();
    for (size_t i = 1; i < x->arms.n; i++) {
        struct tb_lines l;
        tb_lines_diff(&l, x->m[0]->recipe, x->m[i]->recipe, 0);
        tb_json_append(out, tb_json_new_str(l.n_removed + l.n_added ? l.text : ""));
        tb_lines_free(&l);
    }
    return out;
}

struct tb_json *tb_diff_json(const struct tb_diff_job *x)
{
    struct tb_json *out = tb_json_new_map(), *pairs = tb_json_new_list();
    struct tb_verdict v;
    size_t n = x->arms.n;
    for (size_t i = 1; i < n; i++)
        tb_json_append(pairs, paired(x, i));
    tb_json_set(out, "runs", runs(x));
    tb_json_set(out, "arms", arms(x));
    tb_json_set(out, "changes", changes(x));
    tb_json_set(out, "differ", keys(x->d.key, x->d.n_keys, n, false));
    if (x->is_all)
        tb_json_set(out, "equal", keys(x->d.key, x->d.n_keys, n, true));
    tb_json_set(out, "same", keys(x->d.same, x->d.n_same, n, true));
    tb_json_set(out, "not_same", keys(x->d.same, x->d.n_same, n, false));
    tb_json_set(out, "recipes", recipes(x));
    tb_json_set(out, "paired", pairs);
    if (x->row)
        tb_json_set(out, "rows", rows(x));
    tb_json_set(out, "votes", tb_votes_json(x));
    tb_verdict_all(&v, &x->arms);
    put_words(out, &v);
    tb_verdict_free(&v);
    return out;
}
