/* SPDX-License-Identifier: MIT */
/* keeping.c - the policy of checkpoints. The best are looked for among those that are there: step 0 is evaluated, but
 * has none. Since one goes when it is no more among the best, none of those that went would be now. */
#include "store/keeping.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/checkpoint.h"
#include "store/ctl.h"
#include "store/lineage.h"
#include "store/marks.h"

static double eval_at(const struct tb_metrics *m, int64_t step)
{
    for (size_t i = 0; i < m->n_eval; i++)
        if (m->eval[i].step == (double)step)
            return m->eval[i].loss;
    return NAN;
}

static void rank_all(struct tb_kept *k, size_t n, int64_t n_best)
{
    for (size_t i = 0; i < n; i++) {
        if (isnan(k[i].eval))
            continue;
        k[i].rank = 1;
        for (size_t j = 0; j < n; j++)
            k[i].rank += k[j].eval < k[i].eval || (k[j].eval == k[i].eval && j < i);
        k[i].why |= k[i].rank <= n_best ? TB_KEEP_BEST : 0;
    }
}

static void mark_asked(struct tb_kept *k, size_t n, const char *dir)
{
    int64_t *asked;
    size_t n_asked = tb_ctl_steps(dir, "checkpoint", &asked);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n_asked; j++)
            k[i].why |= asked[j] == k[i].step ? TB_KEEP_ASKED : 0;
    free(asked);
}

static bool is_tagged(const struct tb_metrics *m, int64_t step)
{
    struct tb_json *tags = tb_marks_checkpoint(m, step);
    bool has_one = tb_json_len(tags) > 0;
    tb_json_free(tags);
    return has_one;
}

size_t tb_keep_list(const struct tb_metrics *m, const char *dir, struct tb_kept **list)
{
    int64_t *steps;
    size_t n = tb_checkpoint_list(dir, &steps);
    unsigned all = tb_marks_is_protected(m) ? TB_KEEP_PROTECTED : 0;
    struct tb_kept *k = tb_xcalloc(n + 1, sizeof *k);
    for (size_t i = 0; i < n; i++)
        k[i] = (struct tb_kept){ .step = steps[i], .why = all | (is_tagged(m, steps[i]) ? TB_KEEP_TAGGED : 0),
                                 .eval = eval_at(m, steps[i]) };
    if (n)
        k[n - 1].why |= TB_KEEP_NEWEST;
    for (size_t i = 0; i < n; i++)
        k[i].why |= steps[i] == tb_lineage_start(m) ? TB_KEEP_START : 0;
    rank_all(k, n, tb_json_int(tb_metrics_fact(m, "config", "exec.keep_best"), 1));
    mark_asked(k, n, dir);
    free(steps);
    *list = k;
    return n;
}
