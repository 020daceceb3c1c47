/* SPDX-License-Identifier: MIT */
/* session_bench_decode.c - tokens made a second behind drawn prompts, with one row and with more at once. Two ceilings
 * stand beside them: the speed probe, and how fast this machine reads memory, since every token reads all weights. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "engine/generate.h"
#include "kernels/bench.h"
#include "kernels/rng.h"
#include "plan/plan.h"
#include "worker/session_priv.h"

static const double probe_s = 0.2;

struct decode {
    const struct tb_bench_decode_spec *spec;
    struct tb_session s;
    struct tb_generator *generator;
    int32_t *ids; /* [batch, prompt] */
    struct tb_json *out;
};

static void put(struct decode *d, const char *key, double v)
{
    tb_json_set(d->out, key, tb_json_new_real(v));
}

static void draw(int32_t *ids, int n, int vocab)
{
    for (int i = 0; i < n; i++) {
        uint32_t counter[4] = { tb_rng_hash("sample", "bench"), 0, (uint32_t)i, 0 }, word[4];
        tb_philox(word, counter, 0);
        ids[i] = (int32_t)(word[0] % (uint32_t)vocab);
    }
}

/* Prompts and tokens of n rows; the best of three times, since others may use the machine. */
static bool measure(struct decode *d, int n, struct tb_err *err)
{
    const struct tb_bench_decode_spec *b = d->spec;
    const struct tb_sampling greedy = { .repeat_penalty = 1, .top_p = 1 };
    struct tb_generate_row *rows = tb_xcalloc((size_t)n, sizeof *rows);
    struct tb_made *made = tb_xcalloc((size_t)n, sizeof *made);
    double prompt_s = 1e30, token_s = 1e30;
    bool good = true;
    char key[40];
    for (int i = 0; i < n; i++)
        rows[i] = (struct tb_generate_row){ .ids = d->ids + i * b->prompt, .n = b->prompt, .number = (uint32_t)i };
    for (int again = 0; good && again < 3; again++) {
        double begin = tb_clock_mono_s(), first;
        good = tb_generator_begin(d->generator, rows, n, err) && tb_generator_next(d->generator, &greedy, made);
        first = tb_clock_mono_s();
        for (int i = 1; good && i < b->tokens; i++) {
            double before = tb_clock_mono_s();
            good = tb_generator_next(d->generator, &greedy, made) == n;
            double took = tb_clock_mono_s() - before;
            token_s = took < token_s ? took : token_s;
        }
        double mean = (tb_clock_mono_s() - first) / (b->tokens - 1);
        snprintf(key, sizeof key, "rows_%d_tok_per_s", n);
        if (good && mean > 0 && n * 1.0 / mean > tb_json_real(tb_json_get(d->out, key), 0))
            put(d, key, n / mean);
        prompt_s = first - begin < prompt_s ? first - begin : prompt_s;
    }
    snprintf(key, sizeof key, "rows_%d_best_tok_per_s", n);
    put(d, key, n / token_s);
    snprintf(key, sizeof key, "rows_%d_prompt_tok_per_s", n);
    put(d, key, n * b->prompt / prompt_s);
    free(rows);
    free(made);
    return good;
}

static bool run(struct decode *d, const struct tb_model *m, struct tb_err *err)
{
    const struct tb_bench_decode_spec *b = d->spec;
    struct tb_engine_spec spec = { .step_rows = b->batch, .row_tok = b->prompt + b->tokens };
    struct tb_generator_spec rows = { b->batch, b->prompt + b->tokens };
    struct tb_stack *stack = NULL;
    if (b->method) {
        struct tb_json *draft = tb_json_new_map();
        stack = tb_plan_method_parse(b->method, draft, err) ? tb_stack_open(draft, m, err) : NULL;
        tb_json_free(draft);
        if (!stack)
            return false;
    }
    if (!tb_session_open(&d->s, m, stack, &spec, b->threads, err)
        || !(d->generator = tb_generator_open(d->s.engine, &rows, err)))
        return false;
    d->ids = tb_xcalloc((size_t)b->batch * (size_t)b->prompt, sizeof *d->ids);
    draw(d->ids, b->batch * b->prompt, m->shape.vocab);
    tb_json_set(d->out, "isa", tb_json_new_str(d->s.k->name));
    tb_json_set(d->out, "threads", tb_json_new_int(d->s.k->n_threads));
    tb_json_set(d->out, "weights_bytes", tb_json_new_int((int64_t)m->bytes));
    put(d, "probe_before_gflops", tb_kernels_probe(d->s.k, probe_s));
    put(d, "read_before_bytes_per_s", 1e9 * tb_bench_read(d->s.k, probe_s));
    bool good = true;
    for (int n = 1; good && n <= b->batch; n *= 2)
        good = measure(d, n, err);
    put(d, "read_after_bytes_per_s", 1e9 * tb_bench_read(d->s.k, probe_s));
    put(d, "probe_after_gflops", tb_kernels_probe(d->s.k, probe_s));
    return good;
}

struct tb_json *tb_session_bench_decode(const struct tb_bench_decode_spec *b, struct tb_err *err)
{
    struct decode d = { .spec = b, .out = tb_json_new_map() };
    char *path = tb_session_base_path(b->base, err);
    struct tb_model *m = path ? tb_model_open(path, err) : NULL;
    tb_json_set(d.out, "base", tb_json_new_str(b->base));
    if (b->method)
        tb_json_set(d.out, "method", tb_json_new_str(b->method));
    bool good = m && run(&d, m, err);
    tb_generator_close(d.generator);
    tb_session_close(&d.s);
    tb_model_close(m);
    free(d.ids);
    free(path);
    if (good)
        return d.out;
    tb_json_free(d.out);
    return NULL;
}
