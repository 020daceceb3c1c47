/* SPDX-License-Identifier: MIT */
/* model_scratch_test.c - models from scratch: sites in the order of the pass, names and sizes of the weights, the
 * numbers of doc/frozen.md 4, and a forward pass in plain loops that shows the copying heads copy. */
#include <stdlib.h>

#include "kernels/rng.h"
#include "model/model.h"
#include "tests/tap.h"

enum { VOCAB = 97, D = 96, LAYERS = 3, HEADS = 6, KV = 2, HD = D / HEADS, FF = 40, TOKENS = 48 };

static struct tb_err err;

static struct tb_scratch spec_of(const char *init, bool is_tied)
{
    struct tb_scratch s = { .vocab = VOCAB, .d = D, .n_layers = LAYERS, .n_heads = HEADS, .n_kv = KV, .ff = FF,
                            .context = 128, .rope_theta = 500000, .norm_eps = 1e-5, .is_tied = is_tied, .seed = 7 };
    snprintf(s.init, sizeof s.init, "%s", init);
    return s;
}

static struct tb_model *make(const char *init, bool is_tied)
{
    struct tb_scratch s = spec_of(init, is_tied);
    struct tb_model *m = tb_model_scratch(&s, &err);
    if (!m)
        printf("# %s\n", err.text);
    return m;
}

static void sites(const struct tb_model *m)
{
    static const char *const want[] = {
        "model.embed_tokens 8 96 97", "model 4 96 96", "model.layers.0.input_layernorm 32 96 96",
        "model.layers.0.self_attn.q_proj 1 96 96", "model.layers.0.self_attn.k_proj 1 96 32",
        "model.layers.0.self_attn.v_proj 1 96 32", "model.layers.0.self_attn 2 32 32",
        "model.layers.0.self_attn.o_proj 1 96 96", "model.layers.0.post_attention_layernorm 32 96 96",
        "model.layers.0.mlp.gate_proj 1 96 40", "model.layers.0.mlp.up_proj 1 96 40",
        "model.layers.0.mlp.down_proj 1 40 96", "model.layers.1.input_layernorm 32 96 96",
    };
    int n = sizeof want / sizeof want[0];
    is_int(m->n_sites, LAYERS * 10 + 4, "sites of 3 layers");
    for (int i = 0; i < n && i < m->n_sites; i++) {
        const struct tb_site *s = &m->sites[i];
        char got[160];
        snprintf(got, sizeof got, "%s %d %d %d", s->name, (int)s->kind, s->in, s->out);
        ok(strcmp(got, want[i]) == 0, "site %d is %s", i, got);
    }
    const struct tb_site *last = &m->sites[m->n_sites - 1];
    is_str(last[-1].name, "model.norm", "the final norm is the last but one");
    is_str(last->name, "lm_head", "the head is last");
    ok(last->layer == -1 && last[-1].role == TB_DOWN && m->sites[2].role == TB_Q && m->sites[8].role == TB_GATE
       && m->sites[11].layer == 0 && m->sites[11].role == TB_DOWN, "layers and roles");
}

/* What tb_model_each went by. */
struct seen {
    int n, n_norms, stop_at;
    int64_t n_params;
    bool has_head;
};

static bool see(void *arg, const char *name, const struct tb_weight *w, const float *gain, int64_t rows, int64_t cols)
{
    struct seen *s = arg;
    s->n_params += rows * cols;
    s->n_norms += gain != NULL && !w && rows == 1;
    s->has_head = s->has_head || strcmp(name, "lm_head.weight") == 0;
    return ++s->n != s->stop_at;
}

static void each(const struct tb_model *m, bool is_tied)
{
    struct seen all = { 0 }, some = { .stop_at = 5 };
    int64_t layer = 2 * D * D + 2 * D * KV * HD + 3 * D * FF + 2 * D, want = LAYERS * layer + D + VOCAB * D;
    ok(tb_model_each(m, see, &all) && all.n == LAYERS * 9 + 2 + !is_tied && all.n_norms == 2 * LAYERS + 1,
       "every weight once, tied %d", is_tied);
    ok(all.has_head == !is_tied, "a tied head is not repeated");
    want += is_tied ? 0 : VOCAB * D;
    ok(all.n_params == want && m->n_params == want && m->bytes == 4 * (uint64_t)want, "numbers and bytes");
    ok(!tb_model_each(m, see, &some) && some.n == 5, "the walk stops");
}

static const float *values(const struct tb_weight *w)
{
    return w->p;
}

static double deviation(const struct tb_weight *w)
{
    double sum = 0;
    for (int64_t i = 0; i < w->rows * w->cols; i++)
        sum += (double)values(w)[i] * (double)values(w)[i];
    return sqrt(sum / (double)(w->rows * w->cols));
}

static void normal(void)
{
    struct tb_model *m = make("normal", true), *again = make("normal", true), *untied = make("normal", false);
    uint32_t counter[4] = { tb_rng_hash("init", "model.layers.1.mlp.up_proj.weight"), 0, 5, 2 }, word[4];
    float pair[2];
    sites(m);
    each(m, true);
    each(untied, false);
    tb_philox(word, counter, 7);
    tb_rng_normal2(word[2], word[3], pair);
    const struct tb_weight *up = &m->layers[1].linear[TB_UP];
    ok(up->rows == FF && up->cols == D && up->row_bytes == D * 4 && up->type == TB_F32 && up->rule == TB_RULE_NONE,
       "a weight's form");
    ok(values(up)[5 * D + 10] == (float)(0.02 * pair[0]) && values(up)[5 * D + 11] == (float)(0.02 * pair[1]),
       "row 5, columns 10 and 11 are word pair 2 of block 2 (doc/frozen.md 4)");
    near(deviation(&m->embed), 0.02, 1e-3, "the table's deviation");
    near(deviation(&m->layers[0].linear[TB_DOWN]), 0.02 / sqrt(2 * LAYERS), 1e-3,
         "what writes into the stream is smaller");
    ok(m->layers[2].mlp_norm[D - 1] == 1 && m->final_norm[0] == 1, "gains are 1");
    ok(m->head.p == m->embed.p && untied->head.p != untied->embed.p && untied->head.rows == VOCAB, "tied and untied");
    ok(memcmp(m->layers[2].linear[TB_Q].p, untied->layers[2].linear[TB_Q].p, D * D * 4) == 0
       && memcmp(m->embed.p, again->embed.p, VOCAB * D * 4) == 0, "a name and a seed give the same weight everywhere");
    is_str(m->type_name, "f32", "type");
    is_str(m->shape.family, "llama", "family");
    ok(strlen(m->base_id) == 64 && strcmp(m->base_id, again->base_id) == 0 && strcmp(m->base_id, untied->base_id) != 0,
       "the id follows from what was asked for");
    tb_model_close(m);
    tb_model_close(again);
    tb_model_close(untied);
}

/* ---- a forward pass in plain loops: attention of the first two blocks is all that copying needs */

static void apply(double *y, const struct tb_weight *w, const double *x)
{
    for (int64_t r = 0; r < w->rows; r++) {
        y[r] = 0;
        for (int64_t c = 0; c < w->cols; c++)
            y[r] += (double)values(w)[r * w->cols + c] * x[c];
    }
}

static void norm(double *y, const double *x)
{
    double sum = 0;
    for (int i = 0; i < D; i++)
        sum += x[i] * x[i];
    for (int i = 0; i < D; i++)
        y[i] = x[i] / sqrt(sum / D + 1e-5);
}

static void rotate(double *x, int pos)
{
    for (int i = 0; i < HD / 2; i++) {
        double f = pos * pow(500000, -2.0 * i / HD), a = x[i], b = x[i + HD / 2];
        x[i] = a * cos(f) - b * sin(f);
        x[i + HD / 2] = b * cos(f) + a * sin(f);
    }
}

static double x[TOKENS][D], q[TOKENS][D], k[TOKENS][KV * HD], v[TOKENS][KV * HD], share[TOKENS][TOKENS];

/* Softmax of head h at token t into share[t] (kept of head 0). */
static void attend(double *out, int t, int h)
{
    double p[TOKENS], sum = 0, *mine = q[t] + h * HD;
    int at = h / (HEADS / KV) * HD;
    for (int s = 0; s <= t; s++) {
        double score = 0;
        for (int i = 0; i < HD; i++)
            score += mine[i] * k[s][at + i];
        sum += p[s] = exp(score / sqrt(HD));
    }
    for (int s = 0; s <= t; s++) {
        if (h == 0)
            share[t][s] = p[s] / sum;
        for (int i = 0; i < HD; i++)
            out[h * HD + i] += p[s] / sum * v[s][at + i];
    }
}

static void block(const struct tb_model *m, int layer)
{
    const struct tb_weight *w = m->layers[layer].linear;
    double n[D], back[D];
    for (int t = 0; t < TOKENS; t++) {
        norm(n, x[t]);
        apply(q[t], &w[TB_Q], n);
        apply(k[t], &w[TB_K], n);
        apply(v[t], &w[TB_V], n);
        for (int h = 0; h < HEADS; h++)
            rotate(q[t] + h * HD, t);
        for (int h = 0; h < KV; h++)
            rotate(k[t] + h * HD, t);
    }
    for (int t = 0; t < TOKENS; t++) {
        double out[D] = { 0 };
        for (int h = 0; h < HEADS; h++)
            attend(out, t, h);
        apply(back, &w[TB_O], out);
        for (int i = 0; i < D; i++)
            x[t][i] += back[i];
    }
}

/* Loss of the second half of a text that repeats itself. */
static double repeated_loss(const struct tb_model *m, const int *ids)
{
    double n[D], logits[VOCAB], loss = 0;
    for (int t = TOKENS / 2; t < TOKENS - 1; t++) {
        double sum = 0;
        norm(n, x[t]);
        apply(logits, &m->head, n);
        for (int i = 0; i < VOCAB; i++)
            sum += exp(logits[i]);
        loss += log(sum) - logits[ids[t + 1]];
    }
    return loss / (TOKENS / 2 - 1);
}

static double run(const struct tb_model *m, double *before, double *match)
{
    int ids[TOKENS];
    *before = *match = 0;
    for (int t = 0; t < TOKENS; t++) {
        ids[t] = 1 + t % (TOKENS / 2) * 53 % (VOCAB - 1);
        for (int i = 0; i < D; i++)
            x[t][i] = (double)values(&m->embed)[ids[t] * D + i];
    }
    block(m, 0);
    for (int t = 1; t < TOKENS; t++)
        *before += share[t][t - 1] / (TOKENS - 1);
    block(m, 1);
    for (int t = TOKENS / 2; t < TOKENS - 1; t++)
        *match += share[t][t - TOKENS / 2 + 1] / (TOKENS / 2 - 1);
    return repeated_loss(m, ids);
}

static void copying(bool is_tied)
{
    struct tb_model *m = make("copying", is_tied), *plain = make("normal", is_tied);
    double before, match, loss = run(m, &before, &match);
    printf("# share on the token before %.3f, on what followed last time %.3f, loss %.3f of %.3f\n", before, match,
           loss, log(VOCAB));
    ok(before > 0.8, "block 0 looks at the token before");
    ok(match > 0.5, "block 1 looks behind the last place of this token");
    ok(loss < 0.7 * log(VOCAB), "a repeated text is predicted without training");
    ok(values(&m->embed)[5 * D] == 0.15f && values(&m->head)[6 * D] == 0.15f, "channel 0 of the table is constant");
    const float *q1 = values(&m->layers[1].linear[TB_Q]), *drawn1 = values(&plain->layers[1].linear[TB_Q]);
    ok(memcmp(m->layers[2].linear[TB_Q].p, plain->layers[2].linear[TB_Q].p, D * D * 4) == 0
       && memcmp(q1 + HD * D, drawn1 + HD * D, HD * D * 4) == 0 && memcmp(q1, drawn1, HD * D * 4) != 0,
       "other heads and layers are as drawn");
    loss = run(plain, &before, &match);
    ok(before < 0.3 && match < 0.3 && loss > 0.9 * log(VOCAB), "an ordinary start does none of this");
    tb_model_close(m);
    tb_model_close(plain);
}

static void refuse(const struct tb_scratch *s, enum tb_err_kind kind, const char *word)
{
    struct tb_err e = { 0 };
    struct tb_model *m = tb_model_scratch(s, &e);
    ok(!m && e.kind == kind && strstr(e.text, word), "refused: %s", e.text);
    tb_model_close(m);
}

static void refusals(void)
{
    struct tb_scratch s = spec_of("xavier", true);
    refuse(&s, TB_ERR_RECIPE, "xavier");
    s = spec_of("normal", true);
    s.n_heads = 5;
    refuse(&s, TB_ERR_RECIPE, "heads = 5");
    s.n_heads = 32;
    refuse(&s, TB_ERR_RECIPE, "odd");
    s = spec_of("normal", true);
    s.n_kv = 4;
    refuse(&s, TB_ERR_RECIPE, "no multiple of 4");
    s = spec_of("normal", true);
    s.n_layers = 4096;
    s.d = s.ff = 1 << 20;
    s.n_heads = s.n_kv = 1 << 10;
    refuse(&s, TB_ERR_LIMIT, "MB are free");
    s = spec_of("copying", true);
    s.rope_theta = 10;
    refuse(&s, TB_ERR_RECIPE, "rope_theta");
    s = spec_of("copying", true);
    s.n_layers = 1;
    refuse(&s, TB_ERR_RECIPE, "2 layers");
}

int main(void)
{
    normal();
    copying(true);
    copying(false);
    refusals();
    tb_model_close(NULL);
    return done();
}
