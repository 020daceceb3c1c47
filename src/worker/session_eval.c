/* SPDX-License-Identifier: MIT */
/* session_eval.c - the loss of a run, of adapter folders or of the bare base on rows of text (session_subject.c). A run
 * on a text of the caller's is set against its base there, row by row: what it learned of it, or forgot. */
#include <math.h>
#include <stdlib.h>

#include "view/measured.h"
#include "worker/job.h"
#include "worker/losses.h"
#include "worker/session_priv.h"

struct eval {
    const struct tb_eval_spec *spec;
    struct tb_subject on;
    struct tb_session s;
    struct tb_losses own, base; /* base: of the base alone, where that was asked for */
    bool has_base;
};

static void close_eval(struct eval *e)
{
    tb_session_close(&e->s);
    tb_subject_close(&e->on);
    tb_losses_close(&e->own);
    tb_losses_close(&e->base);
}

static bool check(const struct tb_eval_spec *s, struct tb_err *err)
{
    if (s->run && (s->base || s->n_adapters))
        return tb_fail(err, TB_ERR_USAGE, "a run has its own base and adapter: give either RUN, or --base and "
                       "--adapter");
    if (!s->run && !s->base)
        return tb_fail(err, TB_ERR_USAGE, "what is to be evaluated? a RUN of the store, or --base with --adapter DIR");
    if (!s->run && !s->data)
        return tb_fail(err, TB_ERR_USAGE, "on which text? --data FILE (a RUN has held-out rows of its own)");
    return true;
}

/* ---- evaluating */

static bool measure(struct eval *e, struct tb_err *err)
{
    tb_losses_open(&e->own, e->on.data, e->on.row, e->on.n);
    struct tb_engine_spec spec = tb_losses_spec(&e->own);
    return tb_subject_start(&e->on, &e->s, &spec, e->spec->threads, err)
        && tb_losses_take(&e->own, e->s.engine, err);
}

/* After the run, whose engine is given back first. */
static bool measure_base(struct eval *e, struct tb_err *err)
{
    e->has_base = e->spec->run && e->spec->data;
    if (!e->has_base)
        return true;
    tb_session_close(&e->s);
    tb_losses_open(&e->base, e->on.data, e->on.row, e->on.n);
    struct tb_engine_spec spec = tb_losses_spec(&e->base);
    return tb_session_open(&e->s, e->on.base->model, NULL, &spec, e->spec->threads, err)
        && tb_losses_take(&e->base, e->s.engine, err);
}

/* {loss, perplexity} of the base and {value, low, high} of what training changed. */
static void put_base(const struct eval *e, struct tb_json *out)
{
    struct tb_json *base = tb_json_new_map(), *change = tb_json_new_map();
    struct tb_measure before = tb_losses_measure(&e->base);
    struct tb_measure after = tb_losses_measure(&e->own);
    struct tb_paired p;
    bool is_paired = tb_measure_pair(&p, &before, &after, NULL);
    tb_json_set(base, "loss", tb_json_new_real(before.value));
    tb_json_set(base, "perplexity", tb_json_new_real(exp(before.value)));
    tb_json_set(change, "value", tb_json_new_real(is_paired ? p.difference : NAN));
    tb_json_set(change, "low", tb_json_new_real(is_paired ? p.low : NAN));
    tb_json_set(change, "high", tb_json_new_real(is_paired ? p.high : NAN));
    tb_json_set(out, "base", base);
    tb_json_set(out, "change", change);
    free(before.row);
    free(after.row);
}

/* The same by source of a mix: a list of {path, loss, n_tok, n_rows}. */
static struct tb_json *by_source(const struct eval *e)
{
    struct tb_json *list = tb_json_new_list();
    for (int s = 0; s < tb_dataset_sources(e->on.data); s++) {
        struct tb_json *map = tb_json_new_map();
        double sum = 0;
        int64_t n_tok = 0, n_rows = 0;
        for (int i = 0; i < e->on.n; i++) {
            if (e->own.labels[i] == 0 || tb_dataset_source_of(e->on.data, e->on.row[i]) != s)
                continue;
            sum += e->own.loss[i];
            n_tok += e->own.labels[i];
            n_rows++;
        }
        tb_json_set(map, "path", tb_json_new_str(tb_dataset_source(e->on.data, s)->path));
        tb_json_set(map, "loss", n_tok ? tb_json_new_real(sum / (double)n_tok) : tb_json_new_null());
        tb_json_set(map, "n_tok", tb_json_new_int(n_tok));
        tb_json_set(map, "n_rows", tb_json_new_int(n_rows));
        tb_json_append(list, map);
    }
    return list;
}

static struct tb_json *result(const struct eval *e)
{
    struct tb_json *j = tb_json_new_map(), *rows = tb_json_new_list();
    bool is_mix = tb_dataset_sources(e->on.data) > 1;
    double sum = 0;
    int64_t n_tok = 0;
    for (int i = 0; i < e->on.n; i++) {
        struct tb_json *row = tb_json_new_map();
        if (e->own.labels[i] == 0) {
            tb_json_free(row);
            continue;
        }
        tb_json_set(row, "row", tb_json_new_int(e->on.row[i]));
        if (is_mix)
            tb_json_set(row, "source", tb_json_new_int(tb_dataset_source_of(e->on.data, e->on.row[i])));
        tb_json_set(row, "loss", tb_json_new_real(e->own.loss[i] / e->own.labels[i]));
        if (e->has_base)
            tb_json_set(row, "base_loss", tb_json_new_real(e->base.loss[i] / e->base.labels[i]));
        tb_json_set(row, "n_tok", tb_json_new_int(e->own.labels[i]));
        tb_json_append(rows, row);
        sum += e->own.loss[i];
        n_tok += e->own.labels[i];
    }
    tb_json_set(j, "loss", tb_json_new_real(sum / (double)n_tok));
    tb_json_set(j, "perplexity", tb_json_new_real(exp(sum / (double)n_tok)));
    tb_json_set(j, "n_tok", tb_json_new_int(n_tok));
    tb_json_set(j, "n_rows", tb_json_new_int((int64_t)tb_json_len(rows)));
    tb_json_set(j, "rows", rows);
    if (e->has_base)
        put_base(e, j);
    if (is_mix)
        tb_json_set(j, "sources", by_source(e));
    return j;
}

struct tb_json *tb_session_eval(const struct tb_eval_spec *s, struct tb_err *err)
{
    struct eval e = { .spec = s };
    struct tb_subject_spec on = { .base = s->base, .adapters = s->adapters, .n_adapters = s->n_adapters,
                                  .store = s->store, .run = s->run, .data = s->data };
    struct tb_json *j = NULL;
    if (check(s, err) && tb_subject_open(&e.on, &on, err) && tb_subject_rows(&e.on, err) && measure(&e, err)
        && measure_base(&e, err))
        j = result(&e);
    close_eval(&e);
    return j;
}
