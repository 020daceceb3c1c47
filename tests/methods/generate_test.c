/* SPDX-License-Identifier: MIT */
/* generate_test.c - rows continued token by token, for every method and for stacks of them: greedy tokens are the
 * largest logits of whole forward passes, and their log-probabilities those of an evaluation; a row has the same bits
 * alone and in a batch, with one thread and two; no host look into device memory; a prefix or prompt that starts from a
 * text says what the bare model says behind that text. On weights of blocks log-probabilities may be 1e-4 from those of
 * an evaluation. Usage: generate_test [METHOD]. */
#include <stdlib.h>

#include "engine/generate.h"
#include "tests/methods/rig.h"
#include "tests/tap.h"

enum { ROWS = 4, MADE = 12, TEXT = 5 };

static const int length[ROWS] = { 7, 1, 19, 4 };
static const struct tb_sampling greedy = { .repeat_penalty = 1, .top_p = 1 };
static struct tb_model *model;
static double tolerance = 1e-5; /* of log-probabilities, against whole passes */

/* What was made for each row. */
struct text {
    int32_t ids[ROWS][RIG_TOK];
    float logprob[ROWS][RIG_TOK];
    int n[ROWS];
};

static void prompt(int32_t *ids, int row)
{
    rig_tokens(ids, length[row], row + 30);
}

/* Rows first .. first + n - 1, MADE tokens each. */
static bool make(struct tb_generator *g, const struct tb_sampling *s, int first, int n, struct text *t,
                 struct tb_err *err)
{
    struct tb_generate_row rows[ROWS];
    struct tb_made made[ROWS];
    int32_t ids[ROWS][RIG_TOK];
    int n_made;
    for (int i = 0; i < n; i++) {
        prompt(ids[i], first + i);
        rows[i] = (struct tb_generate_row){ .ids = ids[i], .n = length[first + i], .number = (uint32_t)(first + i) };
        t->n[first + i] = 0;
    }
    if (!tb_generator_begin(g, rows, n, err))
        return false;
    while ((n_made = tb_generator_next(g, s, made)))
        for (int i = 0; i < n_made; i++) {
            int row = first + made[i].row, at = t->n[row]++;
            t->ids[row][at] = made[i].id;
            t->logprob[row][at] = made[i].logprob;
            if (t->n[row] == MADE)
                tb_generator_end(g, made[i].row);
        }
    return true;
}

static bool same(const struct text *a, const struct text *b)
{
    for (int r = 0; r < ROWS; r++)
        if (a->n[r] != b->n[r] || memcmp(a->ids[r], b->ids[r], (size_t)a->n[r] * sizeof(int32_t)) != 0
            || memcmp(a->logprob[r], b->logprob[r], (size_t)a->n[r] * sizeof(float)) != 0)
            return false;
    return true;
}

/* Opens the stack of a setup with stirred values (the bare model has none) and a generator on it. */
static struct tb_generator *open_on(struct rig *g, const struct rig_setup *u, struct tb_err *err)
{
    struct tb_generator_spec spec = { ROWS, 35 };
    if (!rig_open(g, model, u, err) || (g->stack && !rig_start(g, err)))
        return NULL;
    return tb_generator_open(g->engine, &spec, err);
}

static bool made_by(const struct rig_setup *u, const struct tb_sampling *s, bool alone, struct text *t)
{
    struct tb_err err = { 0 };
    struct rig g;
    struct tb_generator *gen = open_on(&g, u, &err);
    bool good = gen != NULL;
    for (int i = 0; good && i < (alone ? ROWS : 1); i++)
        good = make(gen, s, i, alone ? 1 : ROWS, t, &err);
    if (!good)
        printf("# %s\n", err.text);
    tb_generator_close(gen);
    rig_close(&g);
    return good;
}

/* ---- against whole passes */

struct whole {
    int n, n_other;
    double far;
    const struct text *t;
    int row;
};

/* Logits of a row's made tokens in turn. */
static void compare(void *arg, int first, int n, const float *logits)
{
    struct whole *w = arg;
    for (int i = 0; i < n; i++) {
        const float *l = logits + (int64_t)i * RIG_VOCAB;
        double sum = 0, max = -1e30;
        int best = 0;
        for (int j = 0; j < RIG_VOCAB; j++) {
            best = l[j] > l[best] ? j : best;
            max = fmax(max, (double)l[j]);
        }
        for (int j = 0; j < RIG_VOCAB; j++)
            sum += exp((double)l[j] - max);
        int32_t id = w->t->ids[w->row][first + i];
        w->n_other += id != best && (double)(l[best] - l[id]) > tolerance;
        w->far = fmax(w->far, fabs((double)l[id] - max - log(sum) - (double)w->t->logprob[w->row][first + i]));
        w->n++;
    }
}

static void check_whole(const char *name, const struct rig_setup *u)
{
    struct tb_err err = { 0 };
    struct rig g;
    struct text t = { 0 };
    struct whole w = { .t = &t };
    struct tb_generator *gen = open_on(&g, u, &err);
    bool good = gen && make(gen, &greedy, 0, ROWS, &t, &err);
    if (good)
        tb_engine_tap_logits(g.engine, compare, &w);
    for (w.row = 0; good && w.row < ROWS; w.row++) {
        int32_t ids[RIG_TOK];
        double loss;
        int labels;
        prompt(ids, w.row);
        memcpy(ids + length[w.row], t.ids[w.row], MADE * sizeof *ids);
        struct tb_row row = { ids, length[w.row] + MADE, length[w.row] };
        good = tb_engine_evaluate(g.engine, &row, 1, &loss, &labels, &err);
    }
    ok(good && w.n == ROWS * MADE && w.n_other == 0 && w.far < tolerance,
       "%s: greedy tokens are those of whole passes, log-probabilities within %.1e %s", name, w.far, err.text);
    tb_generator_close(gen);
    rig_close(&g);
}

static void check_bits(const char *name, const struct rig_setup *u, const struct tb_sampling *s)
{
    struct rig_setup two = *u;
    struct text batch = { 0 }, alone = { 0 };
    two.threads = 2;
    ok(made_by(u, s, false, &batch) && made_by(&two, s, true, &alone) && batch.n[0] == MADE && same(&batch, &alone),
       "%s: a row has the same bits alone and among others, with one thread and two", name);
}

static void check_guard(const char *name, const struct rig_setup *u)
{
    struct rig_setup plain = *u, guarded = *u;
    struct text a = { 0 }, b = { 0 };
    plain.cpu = "ref";
    guarded.cpu = "guard";
    ok(made_by(&plain, &greedy, false, &a) && made_by(&guarded, &greedy, false, &b) && same(&a, &b),
       "%s: nothing looks into device memory", name);
}

static void check_all(const char *name, const char *a, const char *b, const char *c)
{
    static const struct tb_sampling warm = { .repeat_penalty = 1.3, .temperature = 0.9, .top_k = 40, .top_p = 0.95,
                                             .seed = 4 };
    struct rig_setup u = { .method = { a, b, c }, .threads = 1, .quantum_tok = 16, .micro_tok = 32 };
    check_whole(name, &u);
    check_bits(name, &u, &warm);
    check_guard(name, &u);
    model->shape.window = 6;
    check_whole("the same in a window of 6", &u);
    model->shape.window = 0;
}

/* ---- weights of blocks */

/* A weight as blocks of 32 numbers of 8 or 4 bits times a power of two. */
static void pack(struct tb_weight *w, enum tb_type type)
{
    const int n_bytes = tb_type_info((int)type)->bytes, most = type == TB_Q8_0 ? 127 : 7;
    const int64_t n_blocks = w->rows * w->cols / 32;
    uint8_t *to = tb_xcalloc((size_t)n_blocks, (size_t)n_bytes);
    for (int64_t b = 0; b < n_blocks; b++) {
        const float *x = (const float *)w->p + b * 32;
        uint8_t *q = to + b * n_bytes;
        float max = 0x1p-14f;
        for (int i = 0; i < 32; i++)
            max = fmaxf(max, fabsf(x[i]));
        int exponent = (int)ceilf(log2f(max / (float)most));
        exponent = exponent < -14 ? -14 : exponent;
        q[1] = (uint8_t)((exponent + 15) << 2); /* a half */
        for (int i = 0; i < 32; i++) {
            int v = (int)lrintf(ldexpf(x[i], -exponent));
            if (type == TB_Q8_0)
                q[2 + i] = (uint8_t)v;
            else
                q[2 + i % 16] |= (uint8_t)((v + 8) << i / 16 * 4);
        }
    }
    *w = (struct tb_weight){ .type = type, .p = to, .rows = w->rows, .cols = w->cols,
                             .row_bytes = (size_t)(w->cols / 32 * n_bytes) };
}

static void pack_model(bool packs)
{
    for (int l = 0; l < model->shape.n_layers; l++)
        for (int r = 0; r < TB_N_LINEAR; r++)
            if (packs)
                pack(&model->layers[l].linear[r], r % 2 ? TB_Q8_0 : TB_Q4_0);
            else
                free((void *)model->layers[l].linear[r].p);
    if (packs)
        pack(&model->embed, TB_Q8_0);
    else
        free((void *)model->embed.p);
    model->head = model->embed;
}

/* Products of single tokens round x to 16 bits there (ops.def, gemv_w). */
static void check_packed(void)
{
    struct tb_scratch s = { .vocab = RIG_VOCAB, .d = 64, .n_layers = 2, .n_heads = 4, .n_kv = 2, .ff = 96,
                            .context = 128, .rope_theta = 10000, .norm_eps = 1e-5, .is_tied = true, .init = "normal",
                            .seed = 3 };
    struct tb_model *plain = model;
    struct tb_err err = { 0 };
    model = tb_model_scratch(&s, &err);
    ok(model != NULL, "a model whose rows are blocks %s", err.text);
    if (model) {
        tolerance = 1e-4;
        pack_model(true);
        check_all("packed: the bare model", NULL, NULL, NULL);
        check_all("packed: lora + prefix", "lora", "prefix", NULL);
        pack_model(false);
        tb_model_close(model);
        tolerance = 1e-5;
    }
    model = plain;
}

/* ---- texts as virtual rows */

static void check_text(const char *method)
{
    struct rig_setup with = { .method = { method }, .keys = { "{\"tokens\": 5, \"init\": \"text\"}" }, .threads = 1,
                              .quantum_tok = 16, .micro_tok = 64 };
    struct rig_setup bare = { .threads = 1, .quantum_tok = 16, .micro_tok = 64 };
    struct tb_generator_spec spec = { 1, 35 };
    int32_t ids[RIG_TOK];
    struct tb_start start = { .seed = 5, .text = ids, .n_text = TEXT };
    struct tb_made a, b;
    struct tb_err err = { 0 };
    struct rig g, h = { 0 };
    struct tb_generator *on_g = NULL, *on_h = NULL;
    double far = 0;
    int n = 0;
    rig_tokens(ids, TEXT + length[0], 101);
    bool good = rig_open(&g, model, &with, &err) && tb_engine_start(g.engine, &start, &err)
             && rig_open(&h, model, &bare, &err) && (on_g = tb_generator_open(g.engine, &spec, &err))
             && (on_h = tb_generator_open(h.engine, &spec, &err));
    good = good && tb_generator_begin(on_g, &(struct tb_generate_row){ .ids = ids + TEXT, .n = length[0] }, 1, &err)
        && tb_generator_begin(on_h, &(struct tb_generate_row){ .ids = ids, .n = TEXT + length[0] }, 1, &err);
    for (; good && n < MADE; n++) {
        good = tb_generator_next(on_g, &greedy, &a) && tb_generator_next(on_h, &greedy, &b) && a.id == b.id;
        far = fmax(far, fabs((double)a.logprob - (double)b.logprob));
    }
    ok(good && far < 1e-5, "%s from a text: what the bare model says behind it, within %.1e %s", method, far,
       err.text);
    tb_generator_close(on_g);
    tb_generator_close(on_h);
    rig_close(&g);
    rig_close(&h);
}

/* ---- rows that end, alternatives, refusals */

static void check_ends(struct tb_generator *g)
{
    struct tb_err err = { 0 };
    struct tb_generate_row rows[ROWS];
    struct tb_made made[ROWS];
    struct tb_candidate top[5];
    int32_t ids[ROWS][RIG_TOK];
    for (int i = 0; i < ROWS; i++) {
        prompt(ids[i], i);
        rows[i] = (struct tb_generate_row){ .ids = ids[i], .n = length[i] };
    }
    ok(tb_generator_begin(g, rows, ROWS, &err), "four rows begin");
    is_int(tb_generator_next(g, &greedy, made), ROWS, "each makes a token");
    bool good = true;
    for (int i = 0; i < ROWS; i++)
        good &= tb_generator_top(g, i, 5, top) == 5 && top[0].id == made[i].id
             && fabsf(top[0].logit - made[i].logprob) < 1e-6f && top[4].logit <= top[3].logit;
    ok(good, "the most likely alternative of a greedy token is itself");
    tb_generator_end(g, 0);
    tb_generator_end(g, 2);
    is_int(tb_generator_next(g, &greedy, made), 2, "two rows go on where two have ended");
    ok(made[0].row == 1 && made[1].row == 3, "the other two");
    int n, n_last = 0, longest = 0;
    for (int i = 2; (n = tb_generator_next(g, &greedy, made)); i++)
        for (int j = 0; j < n; j++) {
            n_last += made[j].is_last;
            longest = i + 1 + length[made[j].row];
        }
    ok(n_last == 2 && longest == 35, "rows end where they are full: %d ended, the last with %d tokens", n_last,
       longest);
    is_int(tb_generator_next(g, &greedy, made), 0, "and stay ended");
}

static void refuses(struct tb_generator *g, const struct tb_generate_row *row, int n, const char *word)
{
    struct tb_err err = { 0 };
    ok(!tb_generator_begin(g, row, n, &err) && err.kind == TB_ERR_LIMIT && strstr(err.text, word), "refused: %s",
       err.text);
}

static void check_limits(void)
{
    struct rig_setup bare = { .threads = 1, .quantum_tok = 16, .micro_tok = 64 };
    struct tb_generator_spec spec = { ROWS, 400 };
    struct tb_err err = { 0 };
    struct rig g;
    int32_t ids[RIG_TOK] = { 0 }, outside = RIG_VOCAB;
    struct tb_generator *gen = open_on(&g, &bare, &err);
    struct tb_generate_row row[ROWS + 1] = { { .ids = ids, .n = 1 } };
    ok(gen != NULL, "a generator on the bare model");
    if (!gen)
        return;
    check_ends(gen);
    refuses(gen, row, ROWS + 1, "5 rows");
    refuses(gen, &(struct tb_generate_row){ .ids = ids }, 1, "empty");
    refuses(gen, &(struct tb_generate_row){ .ids = ids, .n = 35 }, 1, "may have 34");
    refuses(gen, &(struct tb_generate_row){ .ids = &outside, .n = 1 }, 1, "vocabulary");
    refuses(gen, &(struct tb_generate_row){ .ids = ids, .n = 1, .route = 1 }, 1, "route 1");
    ok(!tb_generator_open(g.engine, &spec, &err) && err.kind == TB_ERR_LIMIT, "refused: %s", err.text);
    tb_generator_close(gen);
    rig_close(&g);
}

int main(int argc, char **argv)
{
    static const char *const stacks[][3] = { { "lora", "prefix" }, { "prefix", "prompt" }, { "oft", "lora", "prompt" },
                                             { "loha", "ia3", "prefix" }, { "dora", "prompt" } };
    model = rig_model(2);
    ok(model != NULL, "a tiny model from scratch");
    for (int i = 0; model && tb_method_at(i); i++)
        if (argc < 2 || strcmp(argv[1], tb_method_at(i)->name) == 0)
            check_all(tb_method_at(i)->name, tb_method_at(i)->name, NULL, NULL);
    if (!model || argc > 1)
        return done();
    check_all("the bare model", NULL, NULL, NULL);
    for (size_t i = 0; i < sizeof stacks / sizeof stacks[0]; i++) {
        char *name = tb_xasprintf("%s + %s%s%s", stacks[i][0], stacks[i][1], stacks[i][2] ? " + " : "",
                                  stacks[i][2] ? stacks[i][2] : "");
        check_all(name, stacks[i][0], stacks[i][1], stacks[i][2]);
        free(name);
    }
    check_packed();
    check_text("prefix");
    check_text("prompt");
    check_limits();
    tb_model_close(model);
    return done();
}
