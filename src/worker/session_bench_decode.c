/* SPDX-License-Identifier: MIT */
/* session_bench_decode.c - tokens made a second behind drawn prompts, with one row and with more at once, at several
 * lengths of context. Two ceilings stand beside them: the speed probe, and how fast this machine reads memory, since
 * every token reads all weights. Where the time goes is told in shares, by operation. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "engine/generate.h"
#include "kernels/bench.h"
#include "kernels/rng.h"
#include "kernels/timed.h"
#include "plan/plan.h"
#include "worker/session_priv.h"

static const double probe_s = 0.2;

static const int contexts[] = { 64, 256, 1024 };

enum { N_CONTEXTS = sizeof contexts / sizeof *contexts, AGAIN = 3 };

struct decode {
    const struct tb_bench_decode_spec *spec;
    struct tb_session s;
    struct tb_generator *generator;
    struct tb_made *made; /* [batch] */
    int32_t *ids;         /* [batch, row_tok] */
    int row_tok;          /* of the longest rows */
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

static void put_of(struct decode *d, int prompt, int n, const char *what, double v)
{
    char key[80];
    snprintf(key, sizeof key, "context_%d_rows_%d_%s", prompt, n, what);
    put(d, key, v);
}

/* Prompts and first tokens of n rows. */
static bool begin(struct decode *d, int prompt, int n, struct tb_err *err)
{
    const struct tb_sampling greedy = { .repeat_penalty = 1, .top_p = 1 };
    struct tb_generate_row *rows = tb_xcalloc((size_t)n, sizeof *rows);
    for (int i = 0; i < n; i++)
        rows[i] = (struct tb_generate_row){ .ids = d->ids + i * d->row_tok, .n = prompt, .number = (uint32_t)i };
    bool good = tb_generator_begin(d->generator, rows, n, err) && tb_generator_next(d->generator, &greedy, d->made);
    free(rows);
    return good;
}

/* One more token of each row; the seconds it took. */
static double next(struct decode *d)
{
    const struct tb_sampling greedy = { .repeat_penalty = 1, .top_p = 1 };
    const double start = tb_clock_mono_s();
    tb_generator_next(d->generator, &greedy, d->made);
    return tb_clock_mono_s() - start;
}

/* The best of some times, since others may use the machine: of prompts, of all tokens behind one, of single ones. */
static bool measure(struct decode *d, int prompt, int n, struct tb_err *err)
{
    double prompt_s = INFINITY, all_s = INFINITY, token_s = INFINITY;
    for (int again = 0; again < AGAIN; again++) {
        double start = tb_clock_mono_s(), sum = 0;
        if (!begin(d, prompt, n, err))
            return false;
        prompt_s = fmin(prompt_s, tb_clock_mono_s() - start);
        for (int i = 1; i < d->spec->tokens; i++) {
            const double took = next(d);
            token_s = fmin(token_s, took);
            sum += took;
        }
        all_s = fmin(all_s, sum);
    }
    put_of(d, prompt, n, "tok_per_s", n * (d->spec->tokens - 1) / all_s);
    put_of(d, prompt, n, "best_tok_per_s", n / token_s);
    put_of(d, prompt, n, "prompt_tok_per_s", n * prompt / prompt_s);
    return true;
}

/* ---- where the time of a token goes */

static const struct part {
    const char *name;
    int n;
    enum tb_op op[3];
} parts[] = {
    { "products_share", 1, { TB_OP_gemv_w } },
    { "attention_share", 3, { TB_OP_attend_cache, TB_OP_rope, TB_OP_scatter } },
    { "norms_share", 2, { TB_OP_rmsnorm, TB_OP_silu_mul } },
    { "scores_share", 1, { TB_OP_xent } },
};

enum { N_PARTS = sizeof parts / sizeof *parts };

static double seconds_of(const struct tb_timed *t, const struct part *p)
{
    double sum = 0;
    for (int i = 0; i < p->n; i++)
        sum += t->seconds[p->op[i]];
    return sum;
}

/* The product with the head alone, as long as one of those in `times` tokens. */
static double head_s(struct decode *d, const struct tb_model *m, int times)
{
    struct tb_kernels *k = d->s.k;
    struct tb_mat x = tb_mat_of(k->alloc(k, (size_t)m->head.cols * sizeof(float)), 1, m->head.cols);
    struct tb_mat y = tb_mat_of(k->alloc(k, (size_t)m->head.rows * sizeof(float)), 1, m->head.rows);
    const double start = tb_clock_mono_s();
    for (int i = 0; x.p && y.p && i < times; i++)
        k->gemv_w(k, y, x, &m->head);
    const double took = tb_clock_mono_s() - start;
    k->release(k, x.p);
    k->release(k, y.p);
    return took;
}

static bool measure_parts(struct decode *d, const struct tb_model *m, int prompt, struct tb_err *err)
{
    struct tb_timed timed;
    double all = 0;
    if (!begin(d, prompt, 1, err))
        return false;
    tb_timed_begin(&timed, d->s.k);
    for (int i = 1; i < d->spec->tokens; i++)
        all += next(d);
    tb_timed_end(&timed, d->s.k);
    put(d, "parts_context", prompt);
    for (int i = 0; i < N_PARTS; i++)
        put(d, parts[i].name, seconds_of(&timed, &parts[i]) / all);
    put(d, "head_share", head_s(d, m, d->spec->tokens - 1) / all); /* of the products' */
    return true;
}

/* ---- all of it */

static bool measure_all(struct decode *d, const struct tb_model *m, struct tb_err *err)
{
    const struct tb_bench_decode_spec *b = d->spec;
    bool good = true;
    for (int i = 0; good && i < (b->prompt ? 1 : N_CONTEXTS); i++) {
        const int prompt = b->prompt ? b->prompt : contexts[i];
        if (prompt + b->tokens > d->row_tok)
            break;
        good = measure(d, prompt, 1, err) && (b->batch == 1 || measure(d, prompt, b->batch, err));
    }
    return good && measure_parts(d, m, b->prompt ? b->prompt : contexts[0], err);
}

/* Tokens of the longest rows: what the model's context leaves of the contexts. */
static int longest(const struct tb_bench_decode_spec *b, const struct tb_model *m)
{
    if (b->prompt)
        return b->prompt + b->tokens;
    int i = N_CONTEXTS - 1;
    while (i > 0 && contexts[i] + b->tokens > m->shape.context)
        i--;
    return contexts[i] + b->tokens;
}

static bool open_stack(const struct tb_bench_decode_spec *b, const struct tb_model *m, struct tb_stack **stack,
                       struct tb_err *err)
{
    if (!b->method)
        return true;
    struct tb_json *draft = tb_json_new_map();
    *stack = tb_plan_method_parse(b->method, draft, err) ? tb_stack_open(draft, m, err) : NULL;
    tb_json_free(draft);
    return *stack != NULL;
}

static bool run(struct decode *d, const struct tb_model *m, struct tb_err *err)
{
    const struct tb_bench_decode_spec *b = d->spec;
    d->row_tok = longest(b, m);
    struct tb_engine_spec spec = { .step_rows = b->batch, .row_tok = d->row_tok };
    struct tb_generator_spec rows = { b->batch, d->row_tok };
    struct tb_stack *stack = NULL;
    if (!open_stack(b, m, &stack, err) || !tb_session_open(&d->s, m, stack, &spec, b->threads, err)
        || !(d->generator = tb_generator_open(d->s.engine, &rows, err)))
        return false;
    d->made = tb_xcalloc((size_t)b->batch, sizeof *d->made);
    d->ids = tb_xcalloc((size_t)b->batch * (size_t)d->row_tok, sizeof *d->ids);
    draw(d->ids, b->batch * d->row_tok, m->shape.vocab);
    tb_json_set(d->out, "isa", tb_json_new_str(d->s.k->name));
    tb_json_set(d->out, "threads", tb_json_new_int(d->s.k->n_threads));
    tb_json_set(d->out, "weights_bytes", tb_json_new_int((int64_t)m->bytes));
    put(d, "probe_before_gflops", tb_kernels_probe(d->s.k, probe_s));
    put(d, "read_before_bytes_per_s", 1e9 * tb_bench_read(d->s.k, probe_s));
    bool good = measure_all(d, m, err);
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
    free(d.made);
    free(path);
    if (good)
        return d.out;
    tb_json_free(d.out);
    return NULL;
}
