/* SPDX-License-Identifier: MIT */
/* beyond_test.c - what golden traces, made in evaluation mode and with one kind of step, cannot see: dropout,
 * clipping, accumulation, virtual rows that start as a text, where virtual rows stand, shared prompts and sliding
 * windows. Each against what the words mean: a mean over masks, a scaled gradient, the text as real context. */
#include <stdlib.h>

#include "method/saved.h"
#include "tests/methods/rig.h"
#include "tests/tap.h"

enum { ROWS = 8 };

static int32_t ids[ROWS][RIG_TOK];
static struct tb_row rows[ROWS];
static struct tb_model *model;
static const char *cpu; /* back end under test; NULL: the fastest */

static void louder(const struct tb_weight *w, float by)
{
    float *p = (float *)w->p;
    for (int64_t i = 0; i < w->rows * w->cols; i++)
        p[i] *= by;
}

/* A fresh model hardly looks at its context; with larger weights each token changes the losses of those behind it. */
static struct tb_model *loud_model(void)
{
    struct tb_model *m = rig_model(2);
    for (int l = 0; m && l < m->shape.n_layers; l++)
        for (int r = 0; r < TB_N_LINEAR; r++)
            louder(&m->layers[l].linear[r], 12);
    if (m)
        louder(&m->embed, 20);
    return m;
}

/* Eight rows with 2 to 24 labels; rows 2, 4 and 6 share a prompt of 9 tokens. */
static void make_rows(void)
{
    static const int length[ROWS] = { 11, 7, 33, 4, 19, 26, 12, 14 }, prompt[ROWS] = { 5, 3, 9, 2, 9, 20, 9, 0 };
    for (int r = 0; r < ROWS; r++) {
        rig_tokens(ids[r], length[r], r);
        rows[r] = (struct tb_row){ ids[r], length[r], prompt[r] };
    }
    memcpy(ids[4], ids[2], 9 * sizeof ids[0][0]);
    memcpy(ids[6], ids[2], 9 * sizeof ids[0][0]);
}

/* A step of the first n rows: what came out, the loss of each row, and the gradients. */
struct took {
    struct tb_step_out out;
    double row_loss[ROWS];
    int row_labels[ROWS];
    struct tb_saved grad;
};

static void forget(struct took *t)
{
    tb_saved_free(&t->grad);
}

static bool take_step(struct rig *g, const struct tb_row *first, int n, uint64_t seed, int64_t step, struct took *t)
{
    struct tb_err err = { 0 };
    *t = (struct took){ 0 };
    if (!tb_engine_gradient(g->engine, first, n, seed, step, &t->out, &err)) {
        printf("# %s\n", err.text);
        return false;
    }
    tb_engine_row_losses(g->engine, t->row_loss, t->row_labels, n);
    for (int p = 0; p < g->stack->n; p++)
        tb_saved_gradients(&t->grad, g->stack->part[p], g->stack->part[p]->part);
    return true;
}

/* Opens a setup, makes one step and closes it again. */
static bool step_of(const struct rig_setup *u, uint64_t seed, int64_t step, struct took *t)
{
    struct tb_err err = { 0 };
    struct rig g;
    bool good = rig_open(&g, model, u, &err) && rig_start(&g, &err);
    if (!good)
        printf("# %s\n", err.text);
    good = good && take_step(&g, rows, ROWS, seed, step, t);
    rig_close(&g);
    return good;
}

/* Largest difference of the rows' losses over the loss. */
static double apart(const struct took *a, const struct took *b)
{
    double worst = 0;
    for (int r = 0; r < ROWS; r++)
        worst = fmax(worst, fabs(a->row_loss[r] / a->row_labels[r] - b->row_loss[r] / b->row_labels[r]));
    return worst / a->out.loss;
}

static bool same_bits(const struct took *a, const struct took *b)
{
    bool same = a->grad.n == b->grad.n && a->grad.n > 0 && a->out.loss == b->out.loss
             && a->out.grad_norm == b->out.grad_norm && memcmp(a->row_loss, b->row_loss, sizeof a->row_loss) == 0;
    for (size_t i = 0; same && i < a->grad.n; i++)
        same = memcmp(a->grad.at[i].data, b->grad.at[i].data, (size_t)a->grad.at[i].n * sizeof(float)) == 0;
    return same;
}

/* ---- dropout */

enum { TOK = 6, D = 32, MASKS = 1000 };
static const char lora_dropped[] = "{\"r\": 4, \"dropout\": 0.3, \"targets\": [\"q\", \"o\"]}";
static const char lora_whole[] = "{\"r\": 4, \"targets\": [\"q\", \"o\"]}";

/* One seat by itself, with its own device memory. */
struct bench {
    struct tb_kernels *k;
    const struct tb_seat *seat;
    float *x, *y, *keep, *temp;
    uint32_t *row;
};

static void open_bench(struct bench *b, struct rig *g)
{
    float x[TOK * D];
    uint32_t row[TOK];
    *b = (struct bench){ .k = g->k, .seat = &g->stack->part[0]->seats[0] };
    for (int i = 0; i < TOK * D; i++) {
        uint32_t c[4] = { 7, 0, 0, (uint32_t)i }, w[4];
        tb_philox(w, c, 4);
        x[i] = 2 * tb_rng_uniform(w[0]) - 1;
    }
    for (int i = 0; i < TOK; i++)
        row[i] = 3u << 12 | (uint32_t)i;
    b->x = g->k->alloc(g->k, sizeof x);
    b->y = g->k->alloc(g->k, sizeof x);
    b->keep = g->k->alloc(g->k, (size_t)(TOK * b->seat->keep_floats) * sizeof(float));
    b->temp = g->k->alloc(g->k, (size_t)(TOK * b->seat->temp_floats) * sizeof(float));
    b->row = g->k->alloc(g->k, sizeof row);
    g->k->put(g->k, b->x, x, sizeof x);
    g->k->put(g->k, b->row, row, sizeof row);
}

static void close_bench(struct bench *b)
{
    void *all[] = { b->x, b->y, b->keep, b->temp, b->row };
    for (int i = 0; i < 5; i++)
        b->k->release(b->k, all[i]);
}

/* What the adapter adds to y = 0, under the mask of a step. */
static void output(struct bench *b, bool is_training, uint32_t step, float y[TOK * D])
{
    struct tb_mat out = tb_mat_of(b->y, TOK, D);
    struct tb_pass p = { .k = b->k, .x = tb_mat_of(b->x, TOK, D), .y = out, .is_training = is_training,
                         .drop = { .seed = 5, .step = step, .row = b->row }, .keep = b->keep, .temp = b->temp,
                         .n_tok = TOK };
    b->k->fill(b->k, out, 0);
    b->seat->adapter->method->after(b->seat, &p);
    b->k->get(b->k, y, b->y, TOK * D * sizeof *y);
}

/* Each output's mean over all masks is known to its deviation / sqrt(masks); of 192 of them the worst lies some 3 of
 * those away, and the mean square is 1. */
static void check_mean(struct bench *b)
{
    static double sum[TOK * D], square[TOK * D];
    float whole[TOK * D], y[TOK * D];
    double worst = 0, mean = 0;
    int n_moved = 0;
    output(b, false, 0, whole);
    for (uint32_t s = 0; s < MASKS; s++) {
        output(b, true, s, y);
        for (int i = 0; i < TOK * D; i++) {
            sum[i] += (double)y[i];
            square[i] += (double)y[i] * (double)y[i];
        }
    }
    for (int i = 0; i < TOK * D; i++) {
        double m = sum[i] / MASKS, deviation = sqrt(square[i] / MASKS - m * m);
        double z = (m - (double)whole[i]) / (deviation / sqrt(MASKS));
        worst = fmax(worst, fabs(z));
        mean += z * z / (TOK * D);
        n_moved += deviation > 0;
    }
    ok(n_moved == TOK * D && worst < 4.5 && mean > 0.5 && mean < 2,
       "dropout: the mean of %d masks is the whole output (worst %.2f, mean square %.2f of the error)", MASKS, worst,
       mean);
}

static void dropout_mean(void)
{
    struct rig_setup u = { .method = { "lora" }, .keys = { lora_dropped }, .threads = 1, .quantum_tok = 512,
                           .micro_tok = 2048 };
    struct tb_err err = { 0 };
    struct rig g;
    struct bench b;
    bool good = rig_open(&g, model, &u, &err) && rig_start(&g, &err);
    ok(good, "lora with dropout %s", err.text);
    if (good) {
        open_bench(&b, &g);
        check_mean(&b);
        close_bench(&b);
        const struct tb_seat *s = g.stack->part[0]->seats;
        ok(s[0].drop_hash != s[1].drop_hash, "dropout: each site has masks of its own");
    }
    rig_close(&g);
}

static void dropout_masks(void)
{
    struct rig_setup u = { .method = { "lora", "prompt" }, .keys = { lora_dropped }, .cpu = "ref", .threads = 1,
                           .quantum_tok = 16, .micro_tok = 4096 };
    struct rig_setup v = u, w = u, x = u;
    struct took one, other;
    v.micro_tok = 16;
    v.threads = 2;
    w.quantum_tok = 512;
    x.keys[0] = lora_whole;
    bool good = step_of(&u, 5, 7, &one);
    ok(good && step_of(&v, 5, 7, &other) && same_bits(&one, &other),
       "dropout: the same bits with two threads and each quantum alone");
    forget(&other);
    good = good && step_of(&w, 5, 7, &other);
    ok(good && apart(&one, &other) < 1e-6,
       "dropout: the same masks under another cut into quanta, in rows and in virtual rows: %.2g", apart(&one, &other));
    forget(&other);
    ok(good && step_of(&u, 5, 8, &other) && apart(&one, &other) > 1e-4, "dropout: other masks in the next step");
    forget(&other);
    ok(good && step_of(&u, 6, 7, &other) && apart(&one, &other) > 1e-4, "dropout: other masks from another seed");
    forget(&other);
    ok(good && step_of(&x, 5, 7, &other) && apart(&one, &other) > 1e-4, "dropout: without it the loss is another");
    forget(&other);
    forget(&one);
}

/* Evaluates all rows after a step in which masks were on. */
static bool evaluate_after(const char *keys, double loss[ROWS], int labels[ROWS])
{
    struct rig_setup u = { .method = { "lora" }, .keys = { keys }, .threads = 1, .quantum_tok = 16, .micro_tok = 64,
                           .step_rows = ROWS };
    struct tb_err err = { 0 };
    struct rig g;
    struct took t = { 0 };
    bool good = rig_open(&g, model, &u, &err) && rig_start(&g, &err) && take_step(&g, rows, ROWS, 5, 0, &t)
             && tb_engine_evaluate(g.engine, rows, ROWS, loss, labels, &err);
    forget(&t);
    rig_close(&g);
    return good;
}

static void dropout_evaluation(void)
{
    double a[ROWS], b[ROWS];
    int n[ROWS], m[ROWS];
    ok(evaluate_after(lora_dropped, a, n) && evaluate_after(lora_whole, b, m) && memcmp(a, b, sizeof a) == 0
           && memcmp(n, m, sizeof n) == 0,
       "dropout: an evaluation has none, bit for bit");
}

/* ---- clipping */

static double norm_of(const struct tb_saved *grad)
{
    double sum = 0;
    for (size_t i = 0; i < grad->n; i++)
        for (int64_t j = 0; j < grad->at[i].n; j++)
            sum += (double)grad->at[i].data[j] * (double)grad->at[i].data[j];
    return sqrt(sum);
}

/* All gradients of the stack times a number. */
static void scale_gradients(struct rig *g, float by)
{
    for (int p = 0; p < g->stack->n; p++) {
        const struct tb_adapter *a = g->stack->part[p];
        for (int i = 0; i < a->n_tensors; i++) {
            const struct tb_tensor *t = &a->tensors[i];
            size_t n = (size_t)(t->w.rows * t->w.cols);
            float *v = tb_xcalloc(n, sizeof *v);
            tb_tensor_get(g->k, t, t->g, v);
            for (size_t j = 0; j < n; j++)
                v[j] *= by;
            g->k->put(g->k, t->g.p, v, n * sizeof *v);
            free(v);
        }
    }
}

/* Two updates, clipped at c, or of gradients scaled by hand and unclipped. A large eps makes the update depend on the
 * gradient's size, which AdamW otherwise takes out. */
static bool update_twice(double c, bool by_hand, struct tb_saved *state, double norm[2])
{
    struct rig_setup u = { .method = { "lora", "prompt" }, .threads = 1, .quantum_tok = 64, .micro_tok = 256 };
    struct tb_update up = { .lr = { 0.1, 0.3 }, .beta1 = .9, .beta2 = .999, .eps = 0.1, .clip = by_hand ? 0 : c };
    struct tb_err err = { 0 };
    struct rig g;
    bool good = rig_open(&g, model, &u, &err) && rig_start(&g, &err);
    for (; good && up.step < 2; up.step++) {
        struct took t;
        good = take_step(&g, rows, ROWS, 5, up.step, &t);
        norm[up.step] = norm_of(&t.grad);
        good = good && fabs(t.out.grad_norm / norm[up.step] - 1) < 1e-6;
        if (by_hand)
            scale_gradients(&g, (float)fmin(1, c / (norm[up.step] + 1e-6)));
        tb_engine_update(g.engine, &up, &t.out);
        forget(&t);
    }
    tb_saved_state(state, g.stack);
    rig_close(&g);
    return good;
}

static double distance(const struct tb_saved *a, const struct tb_saved *b)
{
    double worst = a->n == b->n ? 0 : INFINITY;
    for (size_t i = 0; i < a->n && a->n == b->n; i++) {
        double diff = 0, size = 0;
        for (int64_t j = 0; j < a->at[i].n; j++) {
            diff = fmax(diff, fabs((double)a->at[i].data[j] - (double)b->at[i].data[j]));
            size = fmax(size, fabs((double)a->at[i].data[j]));
        }
        worst = fmax(worst, size > 0 ? diff / size : diff);
    }
    return worst;
}

static void clipping(void)
{
    struct tb_saved clipped = { 0 }, by_hand = { 0 }, free_one = { 0 }, wide = { 0 };
    double norm[2], hand_norm[2], whole[2], wide_norm[2];
    bool good = update_twice(0, false, &free_one, whole);
    double c = whole[0] / 3;
    ok(good, "clipping: the norm that is told is that of all gradients together: %.4g", whole[0]);
    good = update_twice(c, false, &clipped, norm) && update_twice(c, true, &by_hand, hand_norm);
    ok(good && norm[0] == whole[0], "clipping: the norm is told as it was before");
    ok(good && norm[0] > c && norm[1] > c && distance(&clipped, &by_hand) < 2e-6,
       "clipping: an update is that of the gradient times c / (norm + 1e-6): %.2g", distance(&clipped, &by_hand));
    ok(distance(&clipped, &free_one) > 1e-3, "clipping: it matters");
    good = update_twice(3 * whole[0], false, &wide, wide_norm);
    ok(good && distance(&wide, &free_one) == 0, "clipping: a smaller gradient stays as it is");
    tb_saved_free(&clipped);
    tb_saved_free(&by_hand);
    tb_saved_free(&free_one);
    tb_saved_free(&wide);
}

/* ---- accumulation */

/* Sums the gradients of steps of one row each, weighted by their labels. */
static bool sum_of_rows(const struct rig_setup *u, int n_labels, struct tb_saved *sum, double *loss)
{
    struct tb_err err = { 0 };
    struct rig g;
    bool good = rig_open(&g, model, u, &err) && rig_start(&g, &err);
    *loss = 0;
    for (int r = 0; good && r < ROWS; r++) {
        struct took t;
        good = take_step(&g, rows + r, 1, 5, 0, &t);
        double share = (double)t.out.n_labels / n_labels;
        *loss += t.out.loss * share;
        for (size_t i = 0; r && i < sum->n; i++)
            for (int64_t j = 0; j < sum->at[i].n; j++)
                sum->at[i].data[j] += (float)share * t.grad.at[i].data[j];
        if (r) {
            forget(&t);
            continue;
        }
        *sum = t.grad;
        for (size_t i = 0; i < sum->n; i++)
            for (int64_t j = 0; j < sum->at[i].n; j++)
                sum->at[i].data[j] *= (float)share;
    }
    rig_close(&g);
    return good;
}

static void accumulation(void)
{
    struct rig_setup u = { .method = { "lora", "prefix" }, .threads = 1, .quantum_tok = 32, .micro_tok = 4096 };
    struct rig_setup v = u;
    struct took whole, parts = { 0 };
    struct tb_saved sum = { 0 };
    double loss = 0, mean;
    int n = 0, want = 0;
    v.micro_tok = 16;
    bool good = step_of(&u, 5, 0, &whole) && step_of(&v, 5, 0, &parts);
    for (int r = 0; r < ROWS; r++) {
        loss += whole.row_loss[r];
        n += whole.row_labels[r];
        want += rows[r].n - (rows[r].n_prompt > 1 ? rows[r].n_prompt : 1);
    }
    ok(good && n == want && whole.out.n_labels == want && fabs(whole.out.loss - loss / n) < 1e-12,
       "accumulation: the loss is the sum over labels by their number, %d", want);
    ok(good && same_bits(&whole, &parts), "accumulation: the same bits in small micro-batches");
    good = good && sum_of_rows(&u, want, &sum, &mean);
    ok(good && fabs(mean - whole.out.loss) < 1e-6 && distance(&whole.grad, &sum) < 1e-5,
       "accumulation: the gradient is that of each row by its labels: %.2g", distance(&whole.grad, &sum));
    forget(&whole);
    forget(&parts);
    tb_saved_free(&sum);
}

/* ---- virtual rows that start as a text */

enum { TEXT = 12 };

/* Losses of rows behind `n` tokens of real context, by the bare model; only the rows' own labels count. */
static bool behind(const int32_t *context, int n, double loss[ROWS], int labels[ROWS])
{
    static int32_t joined[ROWS][RIG_TOK + 2 * TEXT];
    struct rig_setup u = { .cpu = cpu, .threads = 1, .quantum_tok = 512, .micro_tok = 2048,
                           .row_tok = RIG_TOK + 2 * TEXT };
    struct tb_row longer[ROWS];
    struct tb_err err = { 0 };
    struct rig g;
    for (int r = 0; r < ROWS; r++) {
        memcpy(joined[r], context, (size_t)n * sizeof *context);
        memcpy(joined[r] + n, ids[r], (size_t)rows[r].n * sizeof *ids[r]);
        longer[r] = (struct tb_row){ joined[r], n + rows[r].n, n + (rows[r].n_prompt > 1 ? rows[r].n_prompt : 1) };
    }
    bool good = rig_open(&g, model, &u, &err) && tb_engine_evaluate(g.engine, longer, ROWS, loss, labels, &err);
    if (!good)
        printf("# %s\n", err.text);
    rig_close(&g);
    return good;
}

/* The same by a stack just started, whose part i begins as n_text[i] tokens of text[i]. */
static bool started(const struct rig_setup *u, const int32_t *const text[RIG_PARTS], const int n_text[RIG_PARTS],
                    double loss[ROWS], int labels[ROWS])
{
    struct tb_start start[RIG_PARTS] = { { 0 } };
    struct tb_err err = { 0 };
    struct rig g;
    for (int i = 0; i < RIG_PARTS; i++)
        start[i] = (struct tb_start){ .seed = 5, .text = text[i], .n_text = n_text[i] };
    bool good = rig_open(&g, model, u, &err) && tb_engine_start(g.engine, start, &err)
             && tb_engine_evaluate(g.engine, rows, ROWS, loss, labels, &err);
    if (!good)
        printf("# %s\n", err.text);
    rig_close(&g);
    return good;
}

static bool agree(const double a[ROWS], const int n[ROWS], const double b[ROWS], const int m[ROWS])
{
    bool good = true;
    for (int r = 0; r < ROWS; r++) {
        good = good && n[r] == m[r] && fabs(a[r] / b[r] - 1) < 1e-5;
        if (n[r] != m[r] || fabs(a[r] / b[r] - 1) >= 1e-5)
            printf("# row %d: %.9g over %d labels, want %.9g over %d\n", r, a[r], n[r], b[r], m[r]);
    }
    return good;
}

/* A stack whose virtual rows begin as the text, against that text as real context. `rows_of` part i: how many rows of
 * text it makes (prefix first: it stands before the prompt). */
static void check_text(const char *name, const struct rig_setup *u, const int32_t *const text[RIG_PARTS],
                       const int n_text[RIG_PARTS], const int n_rows[RIG_PARTS])
{
    int32_t context[2 * TEXT];
    double a[ROWS], b[ROWS];
    int labels[ROWS], m[ROWS], n = 0;
    for (int kind = 0; kind < 2; kind++)
        for (int i = 0; i < RIG_PARTS && u->method[i]; i++)
            for (int j = 0; strcmp(u->method[i], kind ? "prompt" : "prefix") == 0 && j < n_rows[i]; j++)
                context[n++] = text[i][j % n_text[i]];
    ok(started(u, text, n_text, a, labels) && behind(context, n, b, m) && agree(a, labels, b, m), "%s", name);
}

/* Without this the agreement below would say nothing: tokens of the context, their order and their distance matter. */
static void check_context(const int32_t *one, const int32_t *two)
{
    int32_t turned[TEXT];
    double base[ROWS], other[ROWS];
    int n[ROWS];
    memcpy(turned, one, sizeof turned);
    turned[0] = one[TEXT - 1];
    turned[TEXT - 1] = one[0];
    bool good = behind(one, TEXT, base, n);
    const struct {
        const int32_t *text;
        int n;
    } another[] = { { two, TEXT }, { turned, TEXT }, { one, TEXT - 1 }, { one, 0 } };
    for (size_t i = 0; i < sizeof another / sizeof another[0]; i++) {
        good = good && behind(another[i].text, another[i].n, other, n);
        for (int r = 0; r < ROWS; r++)
            good = good && fabs(other[r] / base[r] - 1) > 1e-4;
    }
    ok(good, "the context decides the losses of all rows");
}

static void texts(void)
{
    int32_t one[TEXT], two[TEXT];
    static const char five[] = "{\"tokens\": 5, \"init\": \"text\"}";
    static const char twelve[] = "{\"tokens\": 12, \"init\": \"text\"}";
    struct rig_setup u = { .method = { "prefix" }, .keys = { twelve }, .cpu = cpu, .threads = 1, .quantum_tok = 24,
                           .micro_tok = 64 };
    rig_tokens(one, TEXT, 101);
    rig_tokens(two, TEXT, 102);
    check_context(one, two);
    const int32_t *text[RIG_PARTS] = { one, two, one };
    check_text("a prefix started from a text is that text as context", &u, text, (int[]){ 12, 0, 0 },
               (int[]){ 12, 0, 0 });
    check_text("a short text is repeated", &u, text, (int[]){ 5, 0, 0 }, (int[]){ 12, 0, 0 });
    u.keys[0] = five;
    check_text("a long one is cut", &u, text, (int[]){ 12, 0, 0 }, (int[]){ 5, 0, 0 });
    u.share = true;
    check_text("with shared prompts as well", &u, text, (int[]){ 12, 0, 0 }, (int[]){ 5, 0, 0 });
    u.share = false;
    u.method[0] = "prompt";
    check_text("a prompt started from a text is that text in front", &u, text, (int[]){ 12, 0, 0 },
               (int[]){ 5, 0, 0 });
    u.keys[0] = twelve;
    check_text("a prompt of a repeated text", &u, text, (int[]){ 5, 0, 0 }, (int[]){ 12, 0, 0 });
    /* LoRA starts as nothing; the prefix takes the first positions, the prompt the next, whatever their order. */
    u = (struct rig_setup){ .method = { "prompt", "lora", "prefix" }, .keys = { five, "{}", twelve }, .cpu = cpu,
                            .threads = 1, .quantum_tok = 24, .micro_tok = 64 };
    check_text("prompt + lora + prefix: the prefix, then the prompt, then the row", &u, text, (int[]){ 5, 0, 12 },
               (int[]){ 5, 0, 12 });
    u = (struct rig_setup){ .method = { "lora", "prefix", "prompt" }, .keys = { "{}", twelve, five }, .cpu = cpu,
                            .threads = 1, .quantum_tok = 512, .micro_tok = 2048, .share = true };
    check_text("lora + prefix + prompt with shared prompts", &u, text, (int[]){ 0, 12, 5 }, (int[]){ 0, 12, 5 });
}

/* ---- shared prompts, windows */

static void sharing(const char *name, const char *a, const char *b)
{
    struct rig_setup u = { .method = { a, b }, .cpu = cpu, .threads = 1, .quantum_tok = 48, .micro_tok = 64 };
    struct rig_setup v = u;
    struct took apart_ = { 0 }, shared = { 0 };
    v.share = true;
    bool good = step_of(&u, 5, 0, &apart_) && step_of(&v, 5, 0, &shared);
    ok(good && apart(&apart_, &shared) < 1e-5 && distance(&apart_.grad, &shared.grad) < 1e-4,
       "%s: shared prompts change neither losses (%.2g) nor gradients (%.2g)", name, apart(&apart_, &shared),
       distance(&apart_.grad, &shared.grad));
    forget(&apart_);
    forget(&shared);
}

static void windows(void)
{
    int32_t one[TEXT];
    double wide[ROWS], narrow[ROWS];
    int n[ROWS], m[ROWS];
    rig_tokens(one, TEXT, 101);
    const int32_t *text[RIG_PARTS] = { one, NULL, NULL };
    struct rig_setup u = { .method = { "prefix" }, .keys = { "{\"tokens\": 5, \"init\": \"text\"}" }, .cpu = cpu,
                           .threads = 1, .quantum_tok = 24, .micro_tok = 64 };
    bool good = behind(one, 0, wide, n);
    model->shape.window = 6;
    good = good && behind(one, 0, narrow, m);
    ok(good && fabs(narrow[2] - wide[2]) > 1e-2 && narrow[3] == wide[3],
       "a window of 6 tokens changes a long row and not one that it holds");
    sharing("window, lora", "lora", NULL);
    sharing("window, lora + prompt", "lora", "prompt");
    sharing("window, prefix", "prefix", NULL);
    check_text("window: a prefix from a text slides out like the text", &u, text, (int[]){ 5, 0, 0 },
               (int[]){ 5, 0, 0 });
    u.method[0] = "prompt";
    u.share = true;
    check_text("window: so does a prompt", &u, text, (int[]){ 5, 0, 0 }, (int[]){ 5, 0, 0 });
    model->shape.window = 0;
}

int main(void)
{
    model = loud_model();
    ok(model != NULL, "a tiny model from scratch");
    if (!model)
        return done();
    make_rows();
    dropout_mean();
    dropout_masks();
    dropout_evaluation();
    clipping();
    accumulation();
    for (int i = 0; i < 2; i++) {
        cpu = i ? NULL : "ref";
        printf("# on %s\n", cpu ? cpu : "the fastest back end");
        texts();
        sharing("lora", "lora", NULL);
        sharing("lora + prefix", "lora", "prefix");
        sharing("prefix + prompt", "prefix", "prompt");
        windows();
    }
    tb_model_close(model);
    return done();
}
