/* SPDX-License-Identifier: MIT */
/* verb_diff.c - tunebench diff A B ..: runs side by side, or arms of several seeds. A is the reference. What differs,
 * what proves that the rest is the same, the results, and a verdict with its doubt. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/diff.h"
#include "cli/refs.h"
#include "cli/verb.h"
#include "worker/session.h"

enum { MAX_RUNS = 512 };

static bool load(struct tb_diff_job *x, const struct tb_store *s, const struct tb_run_item *all, size_t n,
                 struct tb_err *err)
{
    struct tb_ref *chosen = NULL;
    size_t n_chosen = 0;
    bool good = tb_refs_find(x->a, all, n, &chosen, &n_chosen, err);
    if (good && (n_chosen < 2 || n_chosen > MAX_RUNS))
        good = tb_fail(err, TB_ERR_USAGE, "%zu run%s; diff compares 2 to %d of them", n_chosen,
                       n_chosen == 1 ? "" : "s", MAX_RUNS);
    x->run = tb_xcalloc(n_chosen + 1, sizeof *x->run);
    for (size_t i = 0; good && i < n_chosen; i++)
        good = tb_pick_from(&x->run[x->n++], s, all, n, chosen[i].ref, err);
    free(chosen);
    return good;
}

static bool make_arms(struct tb_diff_job *x, const struct tb_run_item *all, size_t n_all, struct tb_err *err)
{
    enum tb_arms_by by;
    const struct tb_run_item **item = tb_xcalloc(x->n + 1, sizeof *item);
    const struct tb_metrics **m = tb_xcalloc(x->n + 1, sizeof *m);
    for (size_t i = 0; i < x->n; i++) {
        item[i] = &x->run[i].item;
        m[i] = &x->run[i].m;
    }
    bool good = tb_arms_by_named(tb_args_get(x->a, "group"), &by, err);
    if (good)
        tb_arms_make(&x->arms, item, m, x->n, all, n_all, by);
    if (good && x->arms.n == 1 && by == TB_ARMS_AUTO) { /* seeds of one arm: what differs is the seed */
        tb_arms_free(&x->arms);
        tb_arms_make(&x->arms, item, m, x->n, all, n_all, TB_ARMS_SINGLE);
    }
    free(m);
    free(item);
    if (good && x->arms.n > TB_DIFF_ARMS)
        good = tb_fail(err, TB_ERR_LIMIT, "%zu arms; diff has letters for %d", x->arms.n, TB_DIFF_ARMS);
    for (size_t i = 0; good && i < x->arms.n; i++)
        x->m[i] = x->arms.arm[i].m[0];
    return good;
}

static bool mark_front(struct tb_diff_job *x, struct tb_err *err)
{
    const char *columns = tb_args_get(x->a, "pareto");
    if (!columns)
        return true;
    if (!tb_pareto_open(&x->pareto, columns, err))
        return false;
    double *v = tb_xcalloc(x->n * x->pareto.n + 1, sizeof *v);
    x->is_front = tb_xcalloc(x->n + 1, sizeof *x->is_front);
    for (size_t i = 0; i < x->n * x->pareto.n; i++)
        v[i] = tb_pareto_value(&x->pareto, i % x->pareto.n, &x->run[i / x->pareto.n].item);
    tb_pareto_front(v, x->n, x->pareto.n, x->is_front);
    free(v);
    return true;
}

/* The rows that differ most, with their texts if the file is still there. */
static bool find_rows(struct tb_diff_job *x, struct tb_err *err)
{
    long most;
    if (!tb_args_int(x->a, "rows", 1, 1000, 0, &most, err))
        return false;
    if (!most)
        return true;
    x->row = tb_rows_across(x->m, x->arms.n, (size_t)most, &x->n_rows);
    int64_t *id = tb_xcalloc(x->n_rows + 1, sizeof *id);
    for (size_t i = 0; i < x->n_rows; i++)
        id[i] = x->row[i].row_id;
    if (x->n_rows)
        x->texts = tb_session_row_texts(tb_args_get(x->a, "store"), x->arms.arm[0].item[0]->sum.id, id, x->n_rows,
                                        &x->why);
    free(id);
    return true;
}

static void answer(struct tb_diff_job *x)
{
    tb_diff_make(&x->d, x->m, x->arms.n);
    if (x->out.form == TB_EMIT_JSON)
        tb_out_json(&x->out, tb_diff_json(x));
    else if (x->out.form == TB_EMIT_TEXT)
        tb_diff_text(x);
    else
        tb_diff_keys(x);
    tb_diff_free(&x->d);
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_run_item *all = NULL;
    size_t n = 0;
    struct tb_diff_job *x = tb_xcalloc(1, sizeof *x);
    struct tb_store *s = NULL;
    x->a = a;
    x->is_all = tb_args_has(a, "all");
    bool has_filter = a->n_pos == 1 && strpbrk(a->pos[0], "=<>!:");
    bool good = tb_args_count(a, has_filter ? 1 : 2, TB_ARGS_MAX, "diff A B .. | FILTER", err)
             && tb_out_open(&x->out, a, err) && (s = tb_pick_store(a, err)) && tb_store_list(s, &all, &n, err)
             && load(x, s, all, n, err) && make_arms(x, all, n, err) && mark_front(x, err) && find_rows(x, err);
    if (good)
        answer(x);
    tb_json_free(x->texts);
    tb_rows_across_free(x->row, x->n_rows);
    free(x->is_front);
    tb_arms_free(&x->arms);
    for (size_t i = 0; i < x->n; i++)
        tb_pick_free(&x->run[i]);
    free(x->run);
    free(x);
    free(all);
    tb_store_close(s);
    return good;
}

static const struct tb_flag flags[] = {
    { "all", NULL, false, "also the keys that are equal" },
    { "group", "seed|none", false, "mean over seeds, or single runs (the mean where every arm has several seeds)" },
    { "pareto", "COLUMNS", false, "a chart of two columns or more, 'eval/loss,adapter_bytes', and what none beats" },
    { "rows", "N", false, "the N rows on which the runs differ most, with their texts" },
    TB_FLAG_JSON, TB_FLAG_CSV, TB_FLAG_PLAIN, TB_FLAG_OUTPUT, { 0 }
};

const struct tb_verb tb_verb_diff = {
    .name = "diff", .usage = "A B .. | FILTER",
    .help = "Compares runs with the first of them, and gives a verdict.\n"
            "What should be the same is shown to be the same by hashes. The verdict comes from the losses of the\n"
            "same evaluation rows, with a 95 % interval by resampling prompts, and seeds where every arm has several.\n"
            "RUN:400 takes part as it was then.",
    .examples = "  tunebench diff lora-r8-s0 prefix20-s0\n"
                "  tunebench diff @best @last --all --rows 5\n"
                "  tunebench diff method:lora,prefix --pareto eval/loss,adapter_bytes\n"
                "  tunebench diff lora-r8-s0:200 lora-r8-s0 --json | jq .paired\n",
    .flags = flags, .is_paged = true, .run = run,
};
