/* SPDX-License-Identifier: MIT */
/* counters_test.c - the engine does the work that it must and no more: its counters against the formulas of
 * doc/frozen.md 8 and of the transformer, to the last operation, on rows whose cut into quanta is worked out by
 * hand. And once a step was made, no step and no evaluation asks for memory, longer rows and larger steps included. */
#include <stdlib.h>

#include "tests/methods/rig.h"
#include "tests/tap.h"

enum { LAYERS = 3, ROWS = 5 };

static const int length[ROWS] = { 11, 7, 33, 4, 19 };
static int32_t ids[ROWS][RIG_TOK];
static struct tb_row rows[ROWS];

/* prompt: tokens of each row that are no target. */
static void make_rows(const int prompt[ROWS])
{
    for (int r = 0; r < ROWS; r++) {
        rig_tokens(ids[r], length[r], r);
        rows[r] = (struct tb_row){ ids[r], length[r], prompt[r] };
    }
}

/* A setup, and what is to come of it. */
struct arm {
    const char *name;
    struct rig_setup setup;
    int lowest;                 /* block of the lowest trained place */
    bool needs_input_dx;        /* the gradient goes on below that block's q, k and v */
    bool is_full;
    bool keeps_down;            /* adapters at down keep something: it is computed again as well */
    int n_kv, n_input;
    int64_t tokens, pairs;      /* of the rows in their packing, without virtual rows as tokens */
    int quanta, micro_batches;
};

static int64_t triangle(int64_t n)
{
    return n * (n + 1) / 2;
}

/* Pairs of rows that share nothing: each token sees itself, what stands before it and all virtual rows. */
static int64_t pairs_of(int n_virtual)
{
    int64_t sum = 0;
    for (int i = 0; i < ROWS; i++)
        sum += triangle(length[i]) + (int64_t)length[i] * n_virtual;
    return sum;
}

static struct tb_counters expected(const struct tb_model *m, const struct arm *a, bool is_training)
{
    const struct tb_shape *s = &m->shape;
    int64_t q = s->n_heads * s->head_dim, kv = s->n_kv * s->head_dim, d = s->d;
    int64_t qkv = d * (q + 2 * kv), block = qkv + q * d + 3 * d * s->ff, trained = LAYERS - a->lowest;
    int64_t roots = a->quanta * a->n_input;
    struct tb_counters c = { .steps = is_training, .micro_batches = a->micro_batches, .quanta = a->quanta,
                             .tokens = a->tokens + roots,
                             .pairs = a->pairs + a->quanta * triangle(a->n_input) + roots * a->n_kv };
    for (int i = 0; i < ROWS; i++)
        c.labels += length[i] - (rows[i].n_prompt > 1 ? rows[i].n_prompt : 1);
    c.linear_forward = 2 * LAYERS * block * c.tokens;
    c.attention_forward = 4 * q * LAYERS * c.pairs;
    c.head_forward = 2 * d * s->vocab * c.labels;
    if (!is_training)
        return c;
    c.linear_dx = 2 * (trained * block - (a->needs_input_dx ? 0 : qkv)) * c.tokens;
    c.linear_dw = a->is_full ? c.linear_forward : 0;
    c.attention_back = 10 * q * trained * c.pairs;
    if (a->setup.recompute && trained > 1) {
        c.linear_again = 2 * (trained - 1) * (block - (a->keeps_down ? 0 : d * s->ff)) * c.tokens;
        c.attention_again = 4 * q * (trained - 1) * c.pairs;
    }
    c.head_dx = c.head_forward;
    c.head_dw = a->is_full ? c.head_forward : 0;
    return c;
}

static struct tb_counters minus(const struct tb_counters *a, const struct tb_counters *b)
{
    struct tb_counters c;
    const int64_t *x = (const int64_t *)a, *y = (const int64_t *)b;
    for (size_t i = 0; i < sizeof c / sizeof(int64_t); i++)
        ((int64_t *)&c)[i] = x[i] - y[i];
    return c;
}

static bool same(const struct tb_counters *got, const struct tb_counters *want)
{
    static const char *const name[] = { "steps", "micro-batches", "quanta", "tokens", "labels", "pairs",
                                        "linear forward", "linear dX", "linear dW", "attention forward",
                                        "attention back", "head forward", "head dX", "head dW",
                                        "linear again", "attention again" };
    const int64_t *g = (const int64_t *)got, *w = (const int64_t *)want;
    bool good = sizeof *got / sizeof(int64_t) == sizeof name / sizeof name[0];
    for (size_t i = 0; good && i < sizeof name / sizeof name[0]; i++)
        if (g[i] != w[i])
            printf("# %s: got %lld, want %lld\n", name[i], (long long)g[i], (long long)w[i]);
    return good && memcmp(got, want, sizeof *got) == 0;
}

/* Two steps, then an evaluation of the same rows: three times the forward, twice the backward. */
static void check_one(const struct tb_model *m, const struct arm *a)
{
    const char *how = a->setup.recompute ? ", small" : "";
    struct tb_err err = { 0 };
    struct tb_step_out out;
    struct tb_counters before, got, want = expected(m, a, true);
    struct rig g;
    double loss[ROWS];
    int labels[ROWS];
    bool good = rig_open(&g, m, &a->setup, &err) && rig_start(&g, &err)
             && tb_engine_gradient(g.engine, rows, ROWS, 5, 0, &out, &err);
    if (good) {
        before = *tb_engine_counters(g.engine);
        ok(same(&before, &want), "%s%s: a step", a->name, how);
        good = tb_engine_gradient(g.engine, rows, ROWS, 5, 1, &out, &err);
        got = minus(tb_engine_counters(g.engine), &before);
        ok(good && same(&got, &want), "%s%s: and the next", a->name, how);
        before = *tb_engine_counters(g.engine);
        good = tb_engine_evaluate(g.engine, rows, ROWS, loss, labels, &err);
        got = minus(tb_engine_counters(g.engine), &before);
        want = expected(m, a, false);
        ok(good && same(&got, &want), "%s%s: an evaluation goes forward only", a->name, how);
    }
    ok(good, "%s%s: opened and run %s", a->name, how, err.text);
    rig_close(&g);
}

/* With activations kept, then computed again: each trained block but the last one goes forward once more. */
static void check_arm(const struct tb_model *m, const struct arm *a)
{
    struct arm small = *a;
    small.setup.recompute = true;
    check_one(m, a);
    check_one(m, &small);
}

/* With quanta of 24 tokens the rows are cut 11 + 7, 33, 4 + 19; micro-batches of 64 hold the first two, then the third.
 * Virtual rows do not count for the quanta, but for the micro-batches. */
static void plain_rows(const struct tb_model *m)
{
    static const int prompt[ROWS] = { 5, 3, 16, 2, 9 }, none[ROWS] = { 0 };
    struct rig_setup u = { .cpu = "ref", .threads = 1, .quantum_tok = 24, .micro_tok = 64 };
    struct arm one = { .setup = u, .tokens = 74, .pairs = pairs_of(0), .quanta = 3, .micro_batches = 2 };
    struct arm a = one;
    make_rows(prompt);
    a.name = "lora on q and v";
    a.setup.method[0] = "lora";
    check_arm(m, &a);
    a.name = "lora on q and v, each quantum alone";
    a.setup.micro_tok = 16;
    a.micro_batches = 3;
    check_arm(m, &a);
    a = one;
    a.name = "lora on the two top blocks";
    a.setup.method[0] = "lora";
    a.setup.keys[0] = "{\"layers\": [1, 2]}";
    a.lowest = 1;
    check_arm(m, &a);
    a = one;
    a.name = "lora on v and down";
    a.setup.method[0] = "lora";
    a.setup.keys[0] = "{\"targets\": [\"v\", \"down\"]}";
    a.keeps_down = true;
    check_arm(m, &a);
    a = one;
    a.name = "prefix";
    a.setup.method[0] = "prefix";
    a.n_kv = 3;
    a.pairs = pairs_of(3);
    check_arm(m, &a);
    a = one;
    a.name = "prompt";
    a.setup.method[0] = "prompt";
    a.needs_input_dx = true;
    a.n_input = 3;
    a.pairs = pairs_of(3);
    check_arm(m, &a);
    a = one;
    a.name = "lora + prefix + prompt";
    a.setup.method[0] = "lora";
    a.setup.method[1] = "prefix";
    a.setup.method[2] = "prompt";
    a.needs_input_dx = true;
    a.n_kv = a.n_input = 3;
    a.pairs = pairs_of(6);
    check_arm(m, &a);
    a = one;
    a.name = "full, which takes each quantum alone";
    a.setup.method[0] = "full";
    a.needs_input_dx = a.is_full = true;
    a.micro_batches = 3;
    check_arm(m, &a);
    make_rows(none);
    a = one;
    a.name = "lora, every token but the first a label";
    a.setup.method[0] = "lora";
    check_arm(m, &a);
}

/* Rows 0, 2 and 4 begin with the same 9 tokens: 8 of them are shared, in one copy for each piece of the group. */
static void shared_rows(const struct tb_model *m)
{
    static const int prompt[ROWS] = { 9, 3, 9, 2, 9 };
    struct arm a = { .name = "lora, prompts shared",
                     .setup = { .method = { "lora" }, .cpu = "ref", .threads = 1, .quantum_tok = 512,
                                .micro_tok = 2048, .share = true },
                     .quanta = 1, .micro_batches = 1, .tokens = 74 - 2 * 8, .pairs = pairs_of(0) - 2 * triangle(8) };
    make_rows(prompt);
    memcpy(ids[2], ids[0], 9 * sizeof ids[0][0]);
    memcpy(ids[4], ids[0], 9 * sizeof ids[0][0]);
    check_arm(m, &a);
    /* 8 + 3 + 25 own tokens of rows 0 and 2, then 8 + 11 of row 4 with 7 of row 1 and 4 of row 3. */
    a.name = "lora, a group of equal prompts in two pieces";
    a.setup.quantum_tok = 36;
    a.quanta = 2;
    a.tokens = 74 - 8;
    a.pairs = pairs_of(0) - triangle(8);
    check_arm(m, &a);
    a.name = "prompt, a group of equal prompts in two pieces";
    a.setup.method[0] = "prompt";
    a.needs_input_dx = true;
    a.n_input = 3;
    a.pairs = pairs_of(3) - triangle(8) - 3 * 8;
    check_arm(m, &a);
    a.name = "prefix, prompts shared";
    a.setup.method[0] = "prefix";
    a.setup.quantum_tok = 512;
    a.needs_input_dx = false;
    a.n_input = 0;
    a.n_kv = 3;
    a.quanta = 1;
    a.tokens = 74 - 2 * 8;
    a.pairs = pairs_of(3) - 2 * (triangle(8) + 3 * 8);
    check_arm(m, &a);
}

/* One step of n rows as training makes it, and an evaluation. */
static bool step(struct rig *g, int n, int64_t at)
{
    struct tb_update up = { .lr = { 1e-3, 1e-3 }, .beta1 = .9, .beta2 = .999, .eps = 1e-8, .clip = 1, .step = at };
    struct tb_step_out out;
    double loss[2 * ROWS];
    int labels[2 * ROWS];
    if (!tb_engine_gradient(g->engine, rows, n, 5, at, &out, NULL))
        return false;
    tb_engine_update(g->engine, &up, &out);
    return tb_engine_evaluate(g->engine, rows, n, loss, labels, NULL);
}

/* Row 2 becomes the longest by far. */
static void lengthen(void)
{
    static int32_t longest[3 * RIG_TOK];
    rig_tokens(longest, 3 * RIG_TOK, 2);
    rows[2] = (struct tb_row){ longest, 3 * RIG_TOK, 9 };
}

/* A step of two short rows, one of all five with a long one, two more; on one thread or two. */
static void check_allocations(const struct tb_model *m, const char *one, const char *two, bool recompute)
{
    struct rig_setup u = { .method = { one, two }, .threads = 1 + recompute, .quantum_tok = 24, .micro_tok = 48,
                           .share = true, .row_tok = 3 * RIG_TOK, .recompute = recompute };
    struct tb_err err = { 0 };
    struct rig g;
    bool good = rig_open(&g, m, &u, &err) && rig_start(&g, &err) && step(&g, 2, 0);
    uint64_t before = tb_mem_allocations();
    for (int s = 1; good && s < 4; s++)
        good = step(&g, s == 1 ? ROWS : 3, s);
    uint64_t n = tb_mem_allocations() - before;
    ok(good && n == 0, "%s%s%s%s: %llu allocations after the first step %s", one, two ? " + " : "", two ? two : "",
       recompute ? ", small" : "", (unsigned long long)n, err.text);
    rig_close(&g);
}

/* The plain loops of ref allocate in every operation. */
static bool has_fast_kernels(void)
{
    char why[200];
    struct tb_kernels *k = tb_kernels_open(NULL, 1, why, sizeof why);
    bool is_fast = k && strcmp(k->name, "ref") != 0 && strcmp(k->name, "guard") != 0;
    if (k)
        k->close(k);
    return is_fast;
}

static void allocations(const struct tb_model *m)
{
    uint64_t before = tb_mem_allocations();
    free(tb_xcalloc(1, 1));
    if (tb_mem_allocations() == before || !has_fast_kernels()) {
        skip("no allocations after the first step",
             "counting of malloc is not built in (--enable-debug), or there are only plain kernels");
        return;
    }
    lengthen();
    for (int i = 0; tb_method_at(i); i++)
        for (int small = 0; small < 2; small++)
            check_allocations(m, tb_method_at(i)->name, NULL, small);
    check_allocations(m, "lora", "prompt", false);
    check_allocations(m, "prefix", "prompt", true);
}

int main(void)
{
    struct tb_model *m = rig_model(LAYERS);
    ok(m != NULL, "a tiny model from scratch");
    if (m) {
        plain_rows(m);
        shared_rows(m);
        allocations(m);
    }
    tb_model_close(m);
    return done();
}
