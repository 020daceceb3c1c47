/* SPDX-License-Identifier: MIT */
/* compare_data.c - the runs of a comparison measured on another text: its rows take the place of those that the runs
 * were evaluated on, and everything a report says of losses is of them. What a run has recorded is not changed. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/compare.h"
#include "view/measured.h"
#include "worker/session.h"

enum { MAX_METRICS = 16, MAX_THREADS = 4096, REF = 64 };

void tb_compare_ref(const struct tb_pick *p, char *ref, size_t n)
{
    if (p->at >= 0)
        snprintf(ref, n, "%s:%lld", p->item.sum.id, (long long)p->at);
    else
        snprintf(ref, n, "%s", p->item.sum.id);
}

struct asked {
    const struct tb_compare *x;
    const char *text;
};

static void tell(void *arg, size_t place, double loss)
{
    const struct asked *a = arg;
    const struct tb_run_summary *s = place ? &a->x->run[place - 1].item.sum : NULL;
    fprintf(stderr, "%s: loss %.4f on %s (%zu of %zu)\n", !s ? "the base" : *s->name ? s->name : s->id, loss, a->text,
            place + 1, a->x->n + 1);
}

static bool measure(const struct tb_compare *x, const char *text, bool with_metrics, struct tb_measured *m,
                    struct tb_err *err)
{
    char (*ref)[REF] = tb_xcalloc(x->n + 1, sizeof *ref);
    const char **refs = tb_xcalloc(x->n + 1, sizeof *refs), *metric[MAX_METRICS];
    struct asked asked = { x, text };
    struct tb_measure_spec spec = { .store = tb_store_path(x->store), .run = refs, .n = x->n, .data = text,
                                    .metrics = metric, .done = tell, .arg = &asked };
    long threads;
    int n_metrics = 0;
    for (size_t i = 0; i < x->n; i++) {
        tb_compare_ref(&x->run[i], ref[i], sizeof ref[i]);
        refs[i] = ref[i];
    }
    bool good = tb_args_int(x->a, "threads", 0, MAX_THREADS, 0, &threads, err)
             && (!with_metrics || tb_args_list(x->a, "metric", metric, MAX_METRICS, &n_metrics, err));
    spec.n_metrics = (size_t)n_metrics;
    spec.threads = good ? (int)threads : 0;
    good = good && tb_session_measure(m, &spec, err);
    free(refs);
    free(ref);
    return good;
}

/* ---- into what was loaded of a run */

/* As if they were the rows of its last evaluation. */
static void put_rows(struct tb_metrics *m, const struct tb_measure *loss)
{
    size_t n;
    const struct tb_row_loss *last = tb_last_rows(m, &n);
    int64_t step = last[0].step;
    m->n_rows = (size_t)(last - m->rows);
    for (size_t i = 0; i < loss->n_rows; i++) {
        const struct tb_measure_row *r = &loss->row[i];
        m->rows = tb_grow(m->rows, m->n_rows, &m->cap_rows, sizeof *m->rows);
        m->rows[m->n_rows++] = (struct tb_row_loss){ step, r->row_id, r->prompt_id, r->n_tok, r->value };
    }
}

static void put_loss(struct tb_pick *p, const struct tb_measured *m, const struct tb_measured_one *one)
{
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "id", tb_json_new_str(m->id));
    tb_json_set(p->m.facts, "measured", map);
    put_rows(&p->m, &one->loss);
    p->item.sum.first_eval = m->base.loss.value;
    p->item.sum.last_eval = one->loss.value;
    p->item.sum.best_step = -1;
    if (one->scores)
        tb_json_set(p->m.facts, "scores", tb_json_copy(one->scores));
}

static void put_forgetting(struct tb_pick *p, const struct tb_measured *m, const struct tb_measured_one *one)
{
    struct tb_json *map = tb_json_new_map();
    struct tb_paired pair;
    bool is_paired = tb_measure_pair(&pair, &m->base.loss, &one->loss, NULL);
    tb_json_set(map, "path", tb_json_new_str(m->path));
    tb_json_set(map, "before", tb_json_new_real(m->base.loss.value));
    tb_json_set(map, "after", tb_json_new_real(one->loss.value));
    tb_json_set(map, "low", tb_json_new_real(is_paired ? pair.low : NAN));
    tb_json_set(map, "high", tb_json_new_real(is_paired ? pair.high : NAN));
    tb_json_set(p->m.facts, "forget", map);
}

static bool take_data(struct tb_compare *x, struct tb_err *err)
{
    struct tb_measured m = { 0 };
    bool good = measure(x, tb_args_get(x->a, "data"), true, &m, err);
    for (size_t i = 0; good && i < x->n; i++)
        put_loss(&x->run[i], &m, &m.run[i]);
    if (good) {
        x->text = tb_xcalloc(1, sizeof *x->text);
        *x->text = (struct tb_report_text){ .path = tb_xstrdup(m.path), .n_rows = m.base.loss.n_rows,
                                            .n_prompts = m.n_prompts, .n_known = m.n_known,
                                            .base_loss = m.base.loss.value,
                                            .base_scores = m.base.scores };
        tb_str_copy(x->text->id, sizeof x->text->id, m.id);
        m.base.scores = NULL;
    }
    tb_measured_free(&m);
    return good;
}

static bool take_forgetting(struct tb_compare *x, struct tb_err *err)
{
    struct tb_measured m = { 0 };
    bool good = measure(x, tb_args_get(x->a, "forget"), false, &m, err);
    for (size_t i = 0; good && i < x->n; i++)
        put_forgetting(&x->run[i], &m, &m.run[i]);
    tb_measured_free(&m);
    return good;
}

bool tb_compare_measure(struct tb_compare *x, struct tb_err *err)
{
    if (tb_args_has(x->a, "metric") && !tb_args_has(x->a, "data"))
        return tb_fail(err, TB_ERR_USAGE, "--metric is of texts behind the prompts of --data; give that too");
    if (x->n == 0)
        return true;
    return (!tb_args_has(x->a, "data") || take_data(x, err))
        && (!tb_args_has(x->a, "forget") || take_forgetting(x, err));
}
