/* SPDX-License-Identifier: MIT */
/* rig.h - what the tests of methods and engine share: a tiny random llama, rows of random tokens, and a stack of
 * methods with its engine on a back end, opened and closed together. */
#ifndef TB_TESTS_METHODS_RIG_H
#define TB_TESTS_METHODS_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/engine.h"
#include "kernels/rng.h"

enum { RIG_VOCAB = 61, RIG_PARTS = 3, RIG_ROWS = 8, RIG_TOK = 40 };

/* What to open: a stack of up to three methods, or none (the bare model, which can only be evaluated). */
struct rig_setup {
    const char *method[RIG_PARTS];
    const char *keys[RIG_PARTS]; /* JSON; NULL: small sizes and random start values */
    const char *cpu;             /* back end; NULL: the fastest */
    int threads, quantum_tok, micro_tok;
    bool share;             /* rows with equal prompts share them */
    bool recompute;         /* blocks keep only their input */
    int step_rows, row_tok; /* largest step; 0: RIG_ROWS, RIG_TOK */
};

struct rig {
    struct tb_kernels *k;
    struct tb_stack *stack;
    struct tb_engine *engine;
};

/* n tokens that look random; another stream for another row. */
static inline void rig_tokens(int32_t *ids, int n, int row)
{
    for (int i = 0; i < n; i++) {
        uint32_t c[4] = { 77, 0, (uint32_t)row, (uint32_t)i }, w[4];
        tb_philox(w, c, 1);
        ids[i] = (int32_t)(w[0] % RIG_VOCAB);
    }
}

static inline struct tb_model *rig_model(int n_layers)
{
    struct tb_scratch s = { .vocab = RIG_VOCAB, .d = 32, .n_layers = n_layers, .n_heads = 4, .n_kv = 2, .ff = 48,
                            .context = 128, .rope_theta = 10000, .norm_eps = 1e-5, .is_tied = true, .init = "normal",
                            .seed = 3 };
    struct tb_err err = { 0 };
    struct tb_model *m = tb_model_scratch(&s, &err);
    if (!m)
        printf("# %s\n", err.text);
    return m;
}

static inline struct tb_json *rig_keys(const char *method, const char *text)
{
    if (text)
        return tb_json_parse(text, strlen(text), method, NULL);
    struct tb_json *j = tb_json_new_map();
    if (strcmp(method, "prefix") == 0 || strcmp(method, "prompt") == 0) {
        tb_json_set(j, "tokens", tb_json_new_int(3));
        tb_json_set(j, "init", tb_json_new_str("random"));
    }
    if (strcmp(method, "oft") == 0)
        tb_json_set(j, "block", tb_json_new_int(8));
    return j;
}

/* The parts of a setup as a stack; NULL and *err if one of them or all together are refused. */
static inline struct tb_stack *rig_stack(const struct tb_model *m, const struct rig_setup *u, struct tb_err *err)
{
    struct tb_adapter *parts[RIG_PARTS];
    int n = 0;
    for (; n < RIG_PARTS && u->method[n]; n++) {
        struct tb_json *keys = rig_keys(u->method[n], u->keys[n]);
        parts[n] = tb_adapter_open(tb_method_find(u->method[n]), keys, m, u->method[n], err);
        tb_json_free(keys);
        if (parts[n])
            continue;
        while (n-- > 0)
            tb_adapter_close(parts[n]);
        return NULL;
    }
    return tb_stack_of(parts, n, err);
}

/* Close it also after a failure. */
static inline bool rig_open(struct rig *g, const struct tb_model *m, const struct rig_setup *u, struct tb_err *err)
{
    char why[200];
    *g = (struct rig){ .k = tb_kernels_open(u->cpu, u->threads, why, sizeof why) };
    if (!g->k)
        return tb_fail(err, TB_ERR_LIMIT, "%s", why);
    if (u->method[0] && !(g->stack = rig_stack(m, u, err)))
        return false;
    struct tb_engine_spec spec = { .micro_tok = u->micro_tok, .quantum_tok = u->quantum_tok,
                                   .is_training = g->stack != NULL, .share_prompts = u->share,
                                   .recompute = u->recompute,
                                   .step_rows = u->step_rows ? u->step_rows : RIG_ROWS,
                                   .row_tok = u->row_tok ? u->row_tok : RIG_TOK };
    g->engine = tb_engine_open(m, g->k, g->stack, &spec, err);
    return g->engine != NULL;
}

static inline void rig_close(struct rig *g)
{
    tb_engine_close(g->engine);
    tb_stack_close(g->stack);
    if (g->k)
        g->k->close(g->k);
    *g = (struct rig){ 0 };
}

/* Small random numbers on a tensor. */
static inline void rig_stir_tensor(struct tb_adapter *a, int index, int part)
{
    const struct tb_tensor *t = &a->tensors[index];
    int64_t n = t->w.rows * t->w.cols;
    float *w = tb_xcalloc((size_t)n, sizeof *w);
    tb_tensor_get(a->k, t, t->w, w);
    for (int64_t j = 0; j < n; j++) {
        uint32_t c[4] = { 99, (uint32_t)index, (uint32_t)part, (uint32_t)j }, word[4];
        tb_philox(word, c, 2);
        w[j] += 0.2f * (tb_rng_uniform(word[0]) - 0.5f);
    }
    tb_tensor_put(a->k, t, w);
    free(w);
}

/* Start values, then small random numbers on everything trained, so that no gradient is zero by construction. */
static inline bool rig_start(struct rig *g, struct tb_err *err)
{
    struct tb_start s[RIG_PARTS] = { { .seed = 5 }, { .seed = 5 }, { .seed = 5 } };
    if (!tb_engine_start(g->engine, s, err))
        return false;
    for (int p = 0; p < g->stack->n; p++)
        for (int i = 0; i < g->stack->part[p]->n_tensors; i++)
            if (g->stack->part[p]->tensors[i].want.kind == TB_TRAINED)
                rig_stir_tensor(g->stack->part[p], i, p);
    return true;
}

#endif
