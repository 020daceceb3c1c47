/* SPDX-License-Identifier: MIT */
/* repeat.c - two tables walked together. A step's row comes before an evaluation of that step, so the first difference
 * is the earlier of the two tables' first ones, the row's where both are at one step. */
#include "view/repeat.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/* Takes the difference at `step` over unless an earlier one is known. */
static void part(struct tb_repeat *r, double step, const char *what, double was, double is)
{
    if (r->parts_at >= 0 && r->parts_at <= (int64_t)step)
        return;
    r->parts_at = (int64_t)step;
    r->what = what;
    r->was = was;
    r->is = is;
}

static void compare_train(struct tb_repeat *r, const struct tb_metrics *a, const struct tb_metrics *b)
{
    for (size_t i = 0; i < a->n_train && a->train[i].step <= (double)a->step; i++, r->n_steps++) {
        const struct tb_train_row *x = &a->train[i], *y = i < b->n_train ? &b->train[i] : NULL;
        if (!y || y->step != x->step)
            part(r, x->step, "", 0, 0);
        else if (!same_bits(x->loss, y->loss))
            part(r, x->step, "loss", x->loss, y->loss);
        else if (!same_bits(x->grad_norm, y->grad_norm))
            part(r, x->step, "grad_norm", x->grad_norm, y->grad_norm);
    }
}

static void compare_evals(struct tb_repeat *r, const struct tb_metrics *a, const struct tb_metrics *b)
{
    for (size_t i = 0; i < a->n_eval && a->eval[i].step <= (double)a->step; i++, r->n_evals++) {
        const struct tb_eval_row *x = &a->eval[i], *y = i < b->n_eval ? &b->eval[i] : NULL;
        if (!y || y->step != x->step)
            part(r, x->step, "", 0, 0);
        else if (!same_bits(x->loss, y->loss))
            part(r, x->step, "eval/loss", x->loss, y->loss);
    }
}

void tb_repeat_compare(struct tb_repeat *r, const struct tb_metrics *first, const struct tb_metrics *second)
{
    const char *was = tb_json_str(tb_metrics_fact(first, "result", "final_hash"), ""),
               *is = tb_json_str(tb_metrics_fact(second, "result", "final_hash"), "");
    *r = (struct tb_repeat){ .parts_at = -1, .what = "" };
    compare_train(r, first, second);
    compare_evals(r, first, second);
    r->hash = !*was || !*is ? "not recorded" : strcmp(was, is) == 0 ? "equal" : "differs";
    r->is_exact = r->parts_at < 0 && strcmp(r->hash, "differs") != 0;
}

/* Both in few digits, unless those do not tell them apart. */
static void two_numbers(const struct tb_repeat *r, char was[32], char is[32])
{
    snprintf(was, 32, "%.6g", r->was);
    snprintf(is, 32, "%.6g", r->is);
    if (strcmp(was, is) == 0) {
        tb_str_shortest(was, 32, r->was);
        tb_str_shortest(is, 32, r->is);
    }
}

void tb_repeat_words(const struct tb_repeat *r, char *dst, size_t n)
{
    char was[32], is[32];
    two_numbers(r, was, is);
    if (r->parts_at >= 0 && *r->what)
        snprintf(dst, n, "parts at step %lld: %s %s against %s", (long long)r->parts_at, r->what, was, is);
    else if (r->parts_at >= 0)
        snprintf(dst, n, "parts at step %lld, which was not made again", (long long)r->parts_at);
    else
        snprintf(dst, n, "%s: %zu step%s, %zu evaluation%s, final_hash %s",
                 r->is_exact ? "bit-exact" : "parts at its end", r->n_steps, r->n_steps == 1 ? "" : "s", r->n_evals,
                 r->n_evals == 1 ? "" : "s", r->hash);
}
