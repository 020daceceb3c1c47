/* SPDX-License-Identifier: MIT */
/* pick.c - finding a run in a store and loading it, as a whole or up to a step. */
#include "cli/pick.h"

#include <stdlib.h>

#include "base/str.h"
#include "store/checkpoint.h"

struct tb_store *tb_pick_store(const struct tb_args *a, struct tb_err *err)
{
    return tb_store_open(tb_args_get(a, "store"), false, err);
}

/* Events and samples of later steps, in whatever order a resumed run left them. */
static void drop_texts(struct tb_metrics *m, int64_t step)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n_events; i++) {
        if (m->events[i].step <= step) {
            m->events[n++] = m->events[i];
            continue;
        }
        free(m->events[i].kind);
        free(m->events[i].text);
    }
    m->n_events = n;
    tb_metrics_drop_samples(m, step);
}

/* Drops what was recorded behind `step`. */
static void end_at(struct tb_metrics *m, int64_t step)
{
    double last = (double)step;
    m->step = step;
    while (m->n_train && m->train[m->n_train - 1].step > last)
        m->n_train--;
    while (m->n_eval && m->eval[m->n_eval - 1].step > last)
        m->n_eval--;
    while (m->n_rows && m->rows[m->n_rows - 1].step > step)
        m->n_rows--;
    drop_texts(m, step);
}

static int64_t last_checkpoint(const char *dir)
{
    int64_t *steps = NULL;
    size_t n = tb_checkpoint_list(dir, &steps);
    int64_t last = n ? steps[n - 1] : -1;
    free(steps);
    return last;
}

/* What stands behind the colon as a step; negative and *err if the run has no such step. */
static bool resolve(struct tb_pick *p, const char *ref, struct tb_err *err)
{
    int64_t step;
    if (!tb_run_ref_step(ref, &step, err))
        return false;
    if (step == TB_REF_NONE)
        return true;
    if (step == TB_REF_BEST)
        p->at = p->item.sum.best_step;
    else if (step == TB_REF_LAST)
        p->at = last_checkpoint(p->dir);
    else
        p->at = step;
    if (p->at < 0)
        return tb_fail(err, TB_ERR_NOTFOUND, "'%s': the run has no %s", ref,
                       step == TB_REF_BEST ? "evaluation yet" : "checkpoint");
    if (p->at > p->m.step)
        return tb_fail(err, TB_ERR_NOTFOUND, "'%s': the run is at step %lld", ref, (long long)p->m.step);
    return true;
}

bool tb_pick_from(struct tb_pick *p, const struct tb_store *s, const struct tb_run_item *all, size_t n,
                  const char *ref, struct tb_err *err)
{
    *p = (struct tb_pick){ .at = -1 };
    tb_metrics_init(&p->m);
    int64_t i = tb_run_find(all, n, ref, err);
    if (i < 0)
        return false;
    p->item = all[i];
    p->dir = tb_store_run_dir(s, p->item.sum.id);
    tb_metrics_free(&p->m);
    if (!tb_metrics_load(&p->m, p->dir, err) || !resolve(p, ref, err))
        return false;
    if (p->at >= 0) {
        char id[TB_RUN_ID];
        tb_str_copy(id, sizeof id, p->item.sum.id);
        end_at(&p->m, p->at);
        tb_summary_of(&p->item.sum, &p->m);
        tb_str_copy(p->item.sum.id, sizeof p->item.sum.id, id); /* the folder's, not the one in the file */
    }
    return true;
}

bool tb_pick_run(struct tb_pick *p, struct tb_store *s, const char *ref, struct tb_err *err)
{
    struct tb_run_item *all = NULL;
    size_t n = 0;
    *p = (struct tb_pick){ .at = -1 };
    bool good = tb_store_list(s, &all, &n, err) && tb_pick_from(p, s, all, n, ref, err);
    free(all);
    return good;
}

void tb_pick_free(struct tb_pick *p)
{
    tb_metrics_free(&p->m);
    free(p->dir);
    p->dir = NULL;
}
