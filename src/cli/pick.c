/* SPDX-License-Identifier: MIT */
/* pick.c - finding a run in a store and loading it, as a whole or up to a step. */
#include "cli/pick.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/refs.h"
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
    tb_measures_drop(&m->measures, step);
    tb_step_rows_drop(&m->step_rows, step);
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

/* Whether it can be nothing but a filter: it has an operator, and what stands behind a colon is no step. */
static bool is_filter(const char *ref)
{
    int64_t step;
    return strpbrk(ref, "=<>") || (strchr(ref, ':') && !tb_run_ref_step(ref, &step, NULL));
}

/* The run that the word means; -1 on failure. *by_filter: it is a filter, and no step stands behind a colon. */
static int64_t find(const struct tb_run_item *all, size_t n, const char *ref, bool *by_filter, struct tb_err *err)
{
    struct tb_args one = { .pos = { ref }, .n_pos = 1 };
    struct tb_ref *refs = NULL;
    size_t n_refs = 0;
    *by_filter = is_filter(ref) && tb_run_find(all, n, ref, NULL) < 0;
    if (!*by_filter)
        return tb_run_find(all, n, ref, err);
    bool good = tb_refs_find(&one, all, n, &refs, &n_refs, err);
    int64_t found = good && n_refs == 1 ? (int64_t)refs[0].index : -1;
    if (good && n_refs != 1)
        tb_fail(err, TB_ERR_NOTFOUND, "%zu runs pass '%.100s', and one is needed; `tunebench ls '%.100s'` lists them",
                n_refs, ref, ref);
    free(refs);
    return found;
}

bool tb_pick_ref(const struct tb_args *a, const char *word, char ref[TB_PICK_REF], struct tb_err *err)
{
    struct tb_run_item *all = NULL;
    size_t n = 0;
    bool by_filter, fits = tb_str_copy(ref, TB_PICK_REF, word);
    if (!is_filter(word))
        return fits || tb_fail(err, TB_ERR_NOTFOUND, "no run '%.60s..'", word);
    struct tb_store *s = tb_pick_store(a, err);
    int64_t i = s && tb_store_list(s, &all, &n, err) ? find(all, n, word, &by_filter, err) : -1;
    if (i >= 0 && by_filter)
        tb_str_copy(ref, TB_PICK_REF, all[i].sum.id);
    free(all);
    tb_store_close(s);
    return i >= 0;
}

bool tb_pick_from(struct tb_pick *p, const struct tb_store *s, const struct tb_run_item *all, size_t n,
                  const char *ref, struct tb_err *err)
{
    bool by_filter = false;
    *p = (struct tb_pick){ .at = -1 };
    tb_metrics_init(&p->m);
    int64_t i = find(all, n, ref, &by_filter, err);
    if (i < 0)
        return false;
    p->item = all[i];
    p->dir = tb_store_run_dir(s, p->item.sum.id);
    tb_metrics_free(&p->m);
    if (!tb_metrics_load(&p->m, p->dir, err) || (!by_filter && !resolve(p, ref, err)))
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
