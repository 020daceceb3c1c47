/* SPDX-License-Identifier: MIT */
/* small_test.c - blocks that keep only their input (exec.memory = "small") on a model of four blocks, where
 * methods_test has two: the same bits as with everything kept, also with dropout, shared prompts, windows, blocks that
 * are not trained below, adapters at every linear, and evaluations between the steps; a prefix that starts from a text,
 * whose K and V are read while blocks share their memory; and the bytes that it saves, to the last one. */
#include <stdlib.h>

#include "method/saved.h"
#include "tests/methods/rig.h"
#include "tests/tap.h"

enum { LAYERS = 4, ROWS = 6, STEPS = 3, TEXT = 5 };

static int32_t ids[ROWS][RIG_TOK], text[TEXT];
static struct tb_row rows[ROWS];
static struct tb_model *model;

/* Rows 1, 3 and 5 share a prompt of 9 tokens. */
static void make_rows(void)
{
    static const int length[ROWS] = { 11, 33, 7, 19, 26, 12 }, prompt[ROWS] = { 5, 9, 3, 9, 0, 9 };
    for (int r = 0; r < ROWS; r++) {
        rig_tokens(ids[r], length[r], r);
        rows[r] = (struct tb_row){ ids[r], length[r], prompt[r] };
    }
    memcpy(ids[3], ids[1], 9 * sizeof ids[0][0]);
    memcpy(ids[5], ids[1], 9 * sizeof ids[0][0]);
    rig_tokens(text, TEXT, 101);
}

/* What came of some steps: losses, those of an evaluation behind each, all tensors, and the last gradients. */
struct course {
    double loss[STEPS], norm[STEPS], eval[STEPS][ROWS];
    struct tb_saved state;
};

static bool begin(struct rig *g, const struct rig_setup *u, struct tb_err *err)
{
    struct tb_start start[RIG_PARTS];
    for (int i = 0; i < RIG_PARTS; i++)
        start[i] = (struct tb_start){ .seed = 5, .text = text, .n_text = TEXT };
    return rig_open(g, model, u, err) && tb_engine_start(g->engine, start, err);
}

static bool train(const struct rig_setup *u, struct course *c)
{
    struct tb_update up = { .lr = { 1e-2, 1e-2, 1e-2 }, .beta1 = .9, .beta2 = .999, .eps = 1e-8, .clip = 1 };
    struct tb_err err = { 0 };
    struct tb_step_out out = { 0 };
    struct rig g;
    int labels[ROWS];
    *c = (struct course){ 0 };
    bool good = begin(&g, u, &err);
    for (; good && up.step < STEPS; up.step++) {
        good = tb_engine_gradient(g.engine, rows, ROWS, 5, up.step, &out, &err);
        c->loss[up.step] = out.loss;
        c->norm[up.step] = out.grad_norm;
        tb_engine_update(g.engine, &up, &out);
        good = good && tb_engine_evaluate(g.engine, rows, ROWS, c->eval[up.step], labels, &err);
    }
    if (good)
        tb_saved_state(&c->state, g.stack);
    else
        printf("# %s\n", err.text);
    for (int p = 0; good && p < g.stack->n; p++)
        tb_saved_gradients(&c->state, g.stack->part[p], g.stack->part[p]->part);
    rig_close(&g);
    return good;
}

static bool same(const struct course *a, const struct course *b)
{
    bool good = memcmp(a->loss, b->loss, sizeof a->loss) == 0 && memcmp(a->norm, b->norm, sizeof a->norm) == 0
             && memcmp(a->eval, b->eval, sizeof a->eval) == 0 && a->state.n == b->state.n && a->state.n > 0;
    for (size_t i = 0; good && i < a->state.n; i++) {
        const struct tb_saved_tensor *x = &a->state.at[i], *y = &b->state.at[i];
        good = memcmp(x->data, y->data, (size_t)x->n * sizeof *x->data) == 0;
        if (!good)
            printf("# %s differs\n", x->name);
    }
    return good;
}

/* Kept, against computed again in one micro-batch and in many, on one thread and on two. */
static void check(const char *name, const struct rig_setup *fast)
{
    struct course kept, again;
    bool good = train(fast, &kept);
    for (int i = 0; i < 2; i++) {
        struct rig_setup small = *fast;
        small.recompute = true;
        small.threads = 1 + i;
        small.micro_tok = i ? 16 : 4096;
        ok(good && train(&small, &again) && same(&kept, &again), "%s: the same bits %s", name,
           i ? "with each quantum alone" : "in one pass");
        tb_saved_free(&again.state);
    }
    tb_saved_free(&kept.state);
}

static void bits(void)
{
    static const char dropped[] = "{\"r\": 4, \"dropout\": 0.3, \"targets\": [\"all-linear\"]}";
    static const char top[] = "{\"r\": 4, \"layers\": [2, 3]}", last[] = "{\"r\": 4, \"layers\": [3]}";
    static const char low[] = "{\"r\": 4, \"layers\": [0, 1]}";
    static const char blocks[] = "{\"block\": 8, \"targets\": [\"all-linear\"]}";
    static const char texts[] = "{\"tokens\": 5, \"init\": \"text\"}", every[] = "{\"targets\": [\"all-linear\"]}";
    static const struct {
        const char *name;
        struct rig_setup setup;
    } arm[] = {
        { "lora at all linears with dropout", { .method = { "lora" }, .keys = { dropped } } },
        { "dora at all linears", { .method = { "dora" }, .keys = { every } } },
        { "lora on the two top blocks", { .method = { "lora" }, .keys = { top } } },
        { "lora on the two lowest blocks", { .method = { "lora" }, .keys = { low } } },
        { "lora on the last block", { .method = { "lora" }, .keys = { last } } },
        { "oft at all linears", { .method = { "oft" }, .keys = { blocks } } },
        { "ia3 at all linears", { .method = { "ia3" }, .keys = { every } } },
        { "loha at all linears", { .method = { "loha" }, .keys = { every } } },
        { "full, a tied table", { .method = { "full" } } },
        { "prefix from a text, prompts shared", { .method = { "prefix" }, .keys = { texts }, .share = true } },
        { "oft + lora with dropout + prompt",
          { .method = { "oft", "lora", "prompt" }, .keys = { blocks, dropped, texts } } },
        { "dora + prefix from a text + prompt",
          { .method = { "dora", "prefix", "prompt" }, .keys = { every, texts, texts } } },
    };
    for (size_t i = 0; i < sizeof arm / sizeof arm[0]; i++) {
        struct rig_setup u = arm[i].setup;
        u.threads = 1;
        u.quantum_tok = 24;
        u.micro_tok = 64;
        check(arm[i].name, &u);
    }
}

static void windows(void)
{
    struct rig_setup u = { .method = { "lora", "prefix" }, .threads = 1, .quantum_tok = 24, .micro_tok = 64 };
    model->shape.window = 6;
    check("a window of 6 tokens, lora + prefix", &u);
    model->shape.window = 0;
}

/* The text runs through the bare model; each block's rows are those of an engine in which every block has its own. */
static void texts_start(void)
{
    struct rig_setup u = { .method = { "prefix" }, .keys = { "{\"tokens\": 5, \"init\": \"text\"}" }, .cpu = "guard",
                           .threads = 1, .quantum_tok = 24, .micro_tok = 64 };
    struct tb_saved s[2] = { { 0 } };
    struct tb_err err = { 0 };
    bool good = true;
    for (int i = 0; i < 2; i++) {
        struct rig g;
        u.recompute = i == 1;
        good = begin(&g, &u, &err) && good;
        tb_saved_state(&s[i], g.stack);
        rig_close(&g);
    }
    const struct tb_saved_tensor *a = s[0].at, *b = s[1].at;
    int64_t part = good ? a->dims[1] / LAYERS : 1;
    ok(good && a->n == b->n && memcmp(a->data, b->data, (size_t)a->n * sizeof *a->data) == 0,
       "a prefix starts from the text's K and V of every block %s", err.text);
    bool differ = good;
    for (int l = 1; differ && l < LAYERS; l++)
        differ = memcmp(a->data, a->data + l * part, (size_t)part * sizeof *a->data) != 0;
    ok(differ, "which differ from block to block");
    tb_saved_free(&s[0]);
    tb_saved_free(&s[1]);
}

static struct tb_footprint footprint(const char *keys, bool recompute)
{
    struct rig_setup u = { .method = { "lora" }, .keys = { keys } };
    struct tb_engine_spec spec = { .micro_tok = 64, .quantum_tok = 24, .is_training = true, .recompute = recompute,
                                   .step_rows = RIG_ROWS, .row_tok = RIG_TOK };
    struct tb_err err = { 0 };
    struct tb_footprint f = { 0 };
    struct tb_stack *s = rig_stack(model, &u, &err);
    if (s)
        tb_engine_footprint(model, s, &spec, &f);
    tb_stack_close(s);
    return f;
}

/* In floats per token: what a block keeps beside its input, and what its adapters keep. One set is left of them; where
 * blocks below are not trained, these have it already. */
static void check_bytes(const char *keys, int n_trained, int n_sites)
{
    const struct tb_shape *s = &model->shape;
    int64_t q = s->n_heads * s->head_dim, kv = s->n_kv * s->head_dim, tok = 64;
    int64_t block = 2 * q + 2 * kv + s->n_heads + s->d + 2 * s->ff + 2, keep = n_sites * (4 + 16);
    struct tb_footprint fast = footprint(keys, false), small = footprint(keys, true);
    int64_t n_blocks = n_trained == LAYERS ? n_trained - 1 : n_trained;
    is_int((int64_t)(fast.activations - small.activations),
           (int64_t)sizeof(float) * tok * (n_blocks * block + (n_trained - 1) * keep), keys);
    ok(fast.adapter == small.adapter && fast.logits == small.logits && fast.scratch == small.scratch,
       "and nothing else changes");
}

static void bytes(void)
{
    check_bytes("{\"r\": 4, \"targets\": [\"q\", \"v\"]}", LAYERS, 2);
    check_bytes("{\"r\": 4, \"targets\": [\"q\", \"v\", \"down\"], \"layers\": [2, 3]}", 2, 3);
}

int main(void)
{
    model = rig_model(LAYERS);
    ok(model != NULL, "a tiny model from scratch");
    if (!model)
        return done();
    make_rows();
    bits();
    windows();
    texts_start();
    bytes();
    tb_model_close(model);
    return done();
}
