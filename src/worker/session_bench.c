/* SPDX-License-Identifier: MIT */
/* session_bench.c - matrix products, and training steps on rows of drawn tokens, every token but the first a label,
 * between two speed probes. The first step pays for fresh memory and is told apart, from the
 * start of the process. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "kernels/bench.h"
#include "kernels/rng.h"
#include "plan/plan.h"
#include "worker/job.h"
#include "worker/session_priv.h"

static const double probe_s = 0.2;

static struct tb_stack *stack_of(const char *method, const struct tb_model *m, struct tb_err *err)
{
    struct tb_json *draft = tb_json_new_map();
    struct tb_stack *s = tb_plan_method_parse(method, draft, err) ? tb_stack_open(draft, m, err) : NULL;
    tb_json_free(draft);
    return s;
}

/* batch rows of seq tokens, the same in every run. */
static int32_t *draw(struct tb_row *rows, int batch, int seq, int vocab)
{
    int32_t *ids = tb_xcalloc((size_t)batch * (size_t)seq, sizeof *ids);
    for (int r = 0; r < batch; r++) {
        for (int i = 0; i < seq; i++) {
            uint32_t counter[4] = { tb_rng_hash("sample", "bench"), 0, (uint32_t)r << 12 | (uint32_t)i, 0 }, word[4];
            tb_philox(word, counter, 0);
            ids[r * seq + i] = (int32_t)(word[0] % (uint32_t)vocab);
        }
        rows[r] = (struct tb_row){ ids + r * seq, seq, 1 };
    }
    return ids;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void put(struct tb_json *j, const char *key, double v)
{
    tb_json_set(j, key, tb_json_new_real(v));
}

/* One step; its seconds, negative on failure. */
static double step(struct tb_engine *e, const struct tb_row *rows, int n, int64_t at, double *loss, struct tb_err *err)
{
    struct tb_update u = { .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .clip = 1, .step = at };
    struct tb_step_out out;
    double begin = tb_clock_mono_s();
    for (int i = 0; i < TB_STACK_PARTS; i++)
        u.lr[i] = 1e-4;
    if (!tb_engine_gradient(e, rows, n, 0, at, &out, err))
        return -1;
    tb_engine_update(e, &u, &out);
    *loss = out.loss;
    return tb_clock_mono_s() - begin;
}

static bool measure(const struct tb_bench_spec *b, struct tb_session *s, const struct tb_row *rows, struct tb_json *out,
                    struct tb_err *err)
{
    double *took = tb_xcalloc((size_t)b->steps, sizeof *took), loss = NAN;
    bool good = step(s->engine, rows, b->batch, 0, &loss, err) >= 0;
    put(out, "first_step_s", tb_clock_since_start_s());
    put(out, "first_loss", loss);
    put(out, "probe_before_gflops", tb_kernels_probe(s->k, probe_s));
    for (int i = 0; good && i < b->steps; i++)
        good = (took[i] = step(s->engine, rows, b->batch, i + 1, &loss, err)) >= 0;
    put(out, "probe_after_gflops", tb_kernels_probe(s->k, probe_s));
    qsort(took, (size_t)b->steps, sizeof *took, by_size);
    put(out, "best_s", took[0]);
    put(out, "median_s", took[b->steps / 2]);
    put(out, "tok_per_s", (double)b->batch * b->seq / took[0]);
    free(took);
    return good;
}

static uint64_t predicted(const struct tb_model *m, const struct tb_stack *s, const struct tb_engine_spec *spec)
{
    struct tb_footprint n;
    tb_engine_footprint(m, s, spec, &n);
    return n.weights + n.adapter + n.activations + n.logits + n.scratch + tb_job_fixed_bytes();
}

/* Start values; a text to start from is made of the rows' own tokens. */
static bool start(struct tb_session *s, const struct tb_row *rows, struct tb_err *err)
{
    struct tb_start all[TB_STACK_PARTS] = { 0 };
    for (int i = 0; i < TB_STACK_PARTS; i++)
        all[i] = (struct tb_start){ .text = rows[0].ids, .n_text = rows[0].n };
    return tb_engine_start(s->engine, all, err);
}

static bool bench(const struct tb_bench_spec *b, const struct tb_model *m, struct tb_json *out, struct tb_err *err)
{
    struct tb_engine_spec spec = { .micro_tok = 2048, .quantum_tok = tb_job_quantum(), .is_training = true,
                                   .recompute = b->recompute, .step_rows = b->batch, .row_tok = b->seq };
    struct tb_session s = { 0 };
    struct tb_stack *stack = stack_of(b->method, m, err);
    if (!stack)
        return false;
    struct tb_row *rows = tb_xcalloc((size_t)b->batch, sizeof *rows);
    int32_t *ids = draw(rows, b->batch, b->seq, m->shape.vocab);
    tb_json_set(out, "predicted_bytes", tb_json_new_int((int64_t)predicted(m, stack, &spec)));
    tb_json_set(out, "n_trainable", tb_json_new_int(tb_stack_trainable(stack)));
    bool good = tb_session_open(&s, m, stack, &spec, b->threads, err) && start(&s, rows, err)
             && measure(b, &s, rows, out, err);
    if (good) {
        tb_json_set(out, "isa", tb_json_new_str(s.k->name));
        tb_json_set(out, "threads", tb_json_new_int(s.k->n_threads));
        tb_json_set(out, "peak_rss_bytes", tb_json_new_int((int64_t)tb_mem_peak_bytes()));
    }
    tb_session_close(&s);
    free(rows);
    free(ids);
    return good;
}

struct tb_json *tb_session_bench_step(const struct tb_bench_spec *b, struct tb_err *err)
{
    struct tb_json *out = tb_json_new_map();
    char *path = tb_session_base_path(b->base, err);
    struct tb_model *m = path ? tb_model_open(path, err) : NULL;
    tb_json_set(out, "base", tb_json_new_str(b->base));
    tb_json_set(out, "method", tb_json_new_str(b->method));
    tb_json_set(out, "memory", tb_json_new_str(b->recompute ? "small" : "fast"));
    bool good = m && bench(b, m, out, err);
    tb_model_close(m);
    free(path);
    if (good)
        return out;
    tb_json_free(out);
    return NULL;
}

static struct tb_json *rate_of(const struct tb_bench_row *r, const struct tb_kernels *k)
{
    struct tb_json *j = tb_json_new_map();
    tb_json_set(j, "name", tb_json_new_str(r->name));
    tb_json_set(j, "type", tb_json_new_str(tb_type_info(r->type)->name));
    tb_json_set(j, "m", tb_json_new_int(r->m));
    tb_json_set(j, "n", tb_json_new_int(r->n));
    tb_json_set(j, "k", tb_json_new_int(r->k));
    tb_json_set(j, "isa", tb_json_new_str(k->name));
    put(j, "gflops", r->gflops);
    put(j, "probe_gflops", r->probe);
    put(j, "share", r->share);
    return j;
}

struct tb_json *tb_session_bench_gemm(const char *filter, int rounds, int threads, struct tb_err *err)
{
    char why[256];
    int n_all, n = 0;
    const struct tb_bench_row *all = tb_bench_rows(&n_all);
    struct tb_bench_row *rows = tb_xcalloc((size_t)n_all, sizeof *rows);
    struct tb_kernels *k = tb_kernels_open(NULL, threads > 0 ? threads : tb_kernels_default_threads(), why, sizeof why);
    struct tb_bench b = { 0 };
    bool good = k || tb_fail(err, TB_ERR_USAGE, "%s", why);
    for (int i = 0; i < n_all; i++)
        if (!filter || strstr(all[i].name, filter))
            rows[n++] = all[i];
    if (good && n == 0)
        good = tb_fail(err, TB_ERR_NOTFOUND, "no shape is called '%.60s'", filter);
    for (int i = 0; good && i < rounds; i++)
        good = tb_bench_run(&b, k, rows, n) || tb_fail(err, TB_ERR_LIMIT, "no memory for the shapes");
    struct tb_json *out = good ? tb_json_new_list() : NULL;
    for (int i = 0; good && i < n; i++)
        tb_json_append(out, rate_of(&rows[i], k));
    if (k)
        k->close(k);
    free(rows);
    return out;
}
