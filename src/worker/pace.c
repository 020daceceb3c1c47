/* SPDX-License-Identifier: MIT */
/* pace.c - steps on the rows of a run's own first step, twice as many rows each time, until the step is whole or
 * the time is up. Of a large model that is a part of a step, from which the rest is told by what the last rows took
 * more: packing the weights costs the same for one row as for many. */
#include "worker/pace.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/xdg.h"
#include "worker/measuring.h"
#include "worker/probe.h"
#include "worker/session_priv.h"

enum { MAX_KEPT = 256, MAX_BYTES = 1 << 20, ENOUGH_STEPS = 5 };
static const double probe_s = 0.1, measure_s = 1.5, enough_s = 0.3;
static const double usual_share = 0.6; /* of the probe that whole steps reach */
static const double decode_share = 0.1; /* of an evaluation's rate that texts are written with */

struct tb_pace {
    enum tb_pace_when when;
    struct tb_json *fresh; /* keys that were measured by this process */
    int n_threads;        /* of the probe, 0: none yet */
    double gflops;        /* of the probe */
    char isa[24];
    char *path;           /* of what is kept, NULL: nowhere */
    struct tb_json *kept; /* {key: {train, eval}} */
    uint64_t left_bytes;
};

struct tb_pace *tb_pace_open(enum tb_pace_when when)
{
    struct tb_pace *p = tb_xcalloc(1, sizeof *p);
    p->when = when;
    p->fresh = tb_json_new_map();
    p->path = tb_xdg_cache("pace.json");
    bool is_file = p->path && tb_file_size(p->path) >= 0;
    p->kept = is_file ? tb_json_load(p->path, MAX_BYTES, NULL) : NULL;
    if (tb_json_type(p->kept) != TB_JSON_MAP || tb_json_len(p->kept) > MAX_KEPT) {
        tb_json_free(p->kept);
        p->kept = tb_json_new_map();
    }
    return p;
}

void tb_pace_close(struct tb_pace *p)
{
    if (!p)
        return;
    tb_json_free(p->fresh);
    tb_json_free(p->kept);
    free(p->path);
    free(p);
}

/* ---- work */

static bool is_full(const struct tb_job *j)
{
    return !j->stack->part[0]->method->peft_type;
}

/* FLOP of both directions for each token, without the adapters' own. */
static double pass_flop(const struct tb_job *j)
{
    const struct tb_shape *s = &j->base->model->shape;
    double q = (double)s->n_heads * s->head_dim, kv = (double)s->n_kv * s->head_dim;
    double linear = s->n_layers * (s->d * (2 * q + 2 * kv) + 3.0 * s->d * s->ff), head = (double)s->vocab * s->d;
    return (is_full(j) ? 6 : 4) * (linear + head);
}

/* Training computes again what it had no room to keep. */
static double train_flop(const struct tb_job *j)
{
    return pass_flop(j) + tb_job_again_flop(j);
}

/* Evaluations only go forward. */
static double eval_flop(const struct tb_job *j)
{
    return pass_flop(j) / (is_full(j) ? 3 : 2);
}

/* ---- measuring */

/* Rows of the first step, malloc'ed. */
static struct tb_row *rows_of_step(const struct tb_job *j, int *n)
{
    int n_train;
    const int *train = tb_dataset_train(j->data, &n_train), *at = tb_order_step(j->order, 0, n);
    struct tb_row *rows = tb_xcalloc((size_t)*n, sizeof *rows);
    for (int i = 0; i < *n; i++)
        rows[i] = tb_dataset_row(j->data, train[at[i]]);
    return rows;
}

static double tokens_of(const struct tb_row *rows, int n)
{
    double tok = 0;
    for (int i = 0; i < n; i++)
        tok += rows[i].n;
    return tok;
}

/* Seconds of one step, NaN if it failed. */
static double step(struct tb_engine *e, const struct tb_row *rows, int n)
{
    struct tb_update u = { .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .clip = 1 };
    struct tb_step_out out;
    double from = tb_clock_mono_s();
    for (int i = 0; i < TB_STACK_PARTS; i++)
        u.lr[i] = 1e-6;
    if (!tb_engine_gradient(e, rows, n, 0, 0, &out, NULL))
        return NAN;
    tb_engine_update(e, &u, &out);
    return tb_clock_mono_s() - from;
}

/* Tokens a second of the best of some whole steps, until `end` at the latest; `took`: what one takes, about. The best,
 * as of the probe: other programs may run. */
static double whole_rate(struct tb_engine *e, const struct tb_row *rows, int n, double took, double end)
{
    double best = INFINITY, sum = 0;
    int n_steps = 0;
    bool is_enough = false;
    while (n_steps == 0 || (!is_enough && tb_clock_mono_s() + took < end)) {
        double s = step(e, rows, n);
        best = s < best ? s : best;
        sum += s;
        n_steps++;
        is_enough = !(n_steps < ENOUGH_STEPS || sum < enough_s); /* also after a failure: NaN */
    }
    return tokens_of(rows, n) / best;
}

/* Tokens a second of a whole step of n_rows, of which n took `took` and half as many took `half`. */
static double extended_rate(const struct tb_row *rows, int n_rows, int n, double took, double half)
{
    double tok = tokens_of(rows, n), more = tok - tokens_of(rows, n / 2), mean = took / tok;
    double each = n > 1 && more > 0 ? (took - half) / more : mean;
    each = fmin(fmax(each, mean / 2), mean);
    double whole = tokens_of(rows, n_rows);
    return whole / (took + (whole - tok) * each);
}

/* Of training. *n_reached: rows that fitted into the time. */
static double train_rate(struct tb_engine *e, const struct tb_row *rows, int n_rows, int *n_reached)
{
    double half, took = step(e, rows, 1), end = tb_clock_mono_s() + measure_s; /* the first reads the weights */
    int n = 1;
    for (took = half = step(e, rows, 1); 2 * n < n_rows && tb_clock_mono_s() + 2 * took < end; n *= 2) {
        half = took;
        took = step(e, rows, 2 * n);
    }
    *n_reached = n;
    double left = end - tb_clock_mono_s(), whole_s = took * n_rows / n;
    if (2 * n >= n_rows && whole_s < left) {
        *n_reached = n_rows;
        took = step(e, rows, n_rows); /* fresh memory */
        return whole_rate(e, rows, n_rows, took, end);
    }
    return extended_rate(rows, n_rows, n, took, half);
}

static double eval_rate(struct tb_engine *e, const struct tb_row *rows, int n)
{
    double *loss = tb_xcalloc((size_t)n, sizeof *loss), best = INFINITY;
    int *labels = tb_xcalloc((size_t)n, sizeof *labels);
    bool good = true;
    for (int i = 0; good && i < 2; i++) {
        double from = tb_clock_mono_s();
        good = tb_engine_evaluate(e, rows, n, loss, labels, NULL);
        best = fmin(best, tb_clock_mono_s() - from);
    }
    free(loss);
    free(labels);
    return good ? tokens_of(rows, n) / best : NAN;
}

/* The best of three short probes, since other programs may run. */
static double best_probe(struct tb_kernels *k)
{
    double best = 0;
    for (int i = 0; i < 3; i++)
        best = fmax(best, tb_kernels_probe(k, probe_s));
    return best;
}

/* {train, eval}: shares of the probe beside them; NULL if nothing can be measured (no memory, say). */
static struct tb_json *measure(const struct tb_pace *p, const struct tb_job *j)
{
    struct tb_session s = { 0 };
    struct tb_stack *stack = tb_stack_open(j->config.map, j->base->model, NULL);
    struct tb_json *out = NULL;
    int n, n_reached;
    struct tb_row *rows = rows_of_step(j, &n);
    if (stack && n > 0 && tb_session_open(&s, j->base->model, stack, &j->spec, p->n_threads, NULL)) {
        double before = best_probe(s.k), train = train_rate(s.engine, rows, n, &n_reached),
               eval = eval_rate(s.engine, rows, n_reached), flops = fmax(before, best_probe(s.k)) * 1e9;
        out = tb_json_new_map();
        tb_json_set(out, "train", tb_json_new_real(train * train_flop(j) / flops));
        tb_json_set(out, "eval", tb_json_new_real(eval * eval_flop(j) / flops));
    }
    tb_session_close(&s);
    free(rows);
    return out;
}

/* ---- what is known */

static bool probe(struct tb_pace *p, int n_threads, struct tb_err *err)
{
    char why[200];
    if (p->n_threads == n_threads)
        return true;
    struct tb_kernels *k = tb_kernels_open(NULL, n_threads, why, sizeof why);
    if (!k)
        return tb_fail(err, TB_ERR_USAGE, "%s", why);
    p->gflops = best_probe(k);
    p->n_threads = n_threads;
    tb_str_copy(p->isa, sizeof p->isa, k->name);
    k->close(k);
    return true;
}

static char *key_of(const struct tb_pace *p, const struct tb_job *j)
{
    char host[256] = "", *method = tb_stack_name(j->stack);
    gethostname(host, sizeof host - 1);
    char *key = tb_xasprintf("%s %s %d %.16s %s", host, p->isa, p->n_threads, j->base->id, method);
    free(method);
    return key;
}

static bool is_share(const struct tb_json *shares, const char *name)
{
    double v = tb_json_real(tb_json_get(shares, name), NAN);
    return v > 1e-4 && v < 10;
}

/* A cache that cannot be written is none. */
static void keep(struct tb_pace *p, const char *key, struct tb_json *shares)
{
    if (tb_json_len(p->kept) >= MAX_KEPT)
        tb_json_del(p->kept, tb_json_iter_key(tb_json_first(p->kept)));
    tb_json_set(p->kept, key, shares);
    tb_xdg_keep(p->path, p->kept);
}

static bool is_wanted(const struct tb_pace *p, const char *key)
{
    bool is_missing = !tb_json_get(p->kept, key);
    return !tb_json_get(p->fresh, key) && (p->when == TB_PACE_ANEW || (p->when == TB_PACE_MISSING && is_missing));
}

/* Lent; NULL if it was never measured, and is not now. */
static const struct tb_json *shares_of(struct tb_pace *p, const struct tb_job *j)
{
    char *key = key_of(p, j);
    uint64_t before = tb_mem_anon_bytes();
    struct tb_json *fresh = is_wanted(p, key) ? measure(p, j) : NULL;
    uint64_t after = tb_mem_anon_bytes();
    p->left_bytes += after > before ? after - before : 0;
    if (fresh)
        keep(p, key, fresh);
    tb_json_set(p->fresh, key, tb_json_new_bool(true));
    const struct tb_json *shares = tb_json_get(p->kept, key);
    free(key);
    return is_share(shares, "train") && is_share(shares, "eval") ? shares : NULL;
}

uint64_t tb_pace_left_bytes(const struct tb_pace *p)
{
    return p->left_bytes;
}

double tb_pace_seconds(struct tb_pace *p, const struct tb_job *j, bool *is_measured, struct tb_err *err)
{
    double tok = 0;
    if (!probe(p, tb_job_threads(j), err))
        return NAN;
    const struct tb_json *shares = shares_of(p, j);
    double flops = p->gflops * 1e9, train = flops * tb_json_real(tb_json_get(shares, "train"), usual_share),
           eval = flops * tb_json_real(tb_json_get(shares, "eval"), usual_share);
    for (int i = 0; i < j->n_eval; i++)
        tok += tb_dataset_row(j->data, j->eval_row[i]).n;
    *is_measured = shares != NULL;
    return (j->seconds > 0 ? j->seconds : train_flop(j) * (double)(j->n_tokens + tb_probe_tokens(j)) / train)
         + eval_flop(j) * (tok * j->n_eval_at + (double)tb_measuring_reads(j)
                           + (double)tb_measuring_writes(j) / decode_share) / eval;
}
