/* SPDX-License-Identifier: MIT */
/* methods_test.c - walks methods.def: for every method on a tiny random llama,
 *   - the gradient of each trained tensor against the change of the loss along it,
 *   - the same bits with 1 and 2 threads, with the guard back end's plain loops where it is the same, in one
 *     micro-batch or many, with activations kept or computed again, twice in a row,
 *   - its state put into a fresh engine gives the same next step,
 *   - an update moves the loss down.
 * Pairs of methods are stacked where they may be. Usage: methods_test [METHOD]. */
#include <stdlib.h>

#include "method/saved.h"
#include "tests/methods/rig.h"
#include "tests/tap.h"

enum { ROWS = 5 };

static int32_t ids[ROWS][40];
static struct tb_row rows[ROWS];

static void make_rows(void)
{
    static const int length[ROWS] = { 11, 7, 33, 4, 19 }, prompt[ROWS] = { 5, 3, 9, 2, 9 };
    for (int r = 0; r < ROWS; r++) {
        rig_tokens(ids[r], length[r], r);
        rows[r] = (struct tb_row){ ids[r], length[r], prompt[r] };
    }
    memcpy(ids[4], ids[2], 9 * sizeof ids[0][0]); /* two rows share a prompt */
}

static double loss_of(struct rig *g, struct tb_step_out *out)
{
    struct tb_err err = { 0 };
    if (!tb_engine_gradient(g->engine, rows, ROWS, 5, 0, out, &err)) {
        printf("# %s\n", err.text);
        return NAN;
    }
    return out->loss;
}

/* Central difference of the loss along a tensor's own gradient against the gradient's length. */
static bool check_tensor(struct rig *g, struct tb_adapter *a, struct tb_tensor *t)
{
    size_t n = (size_t)(t->w.rows * t->w.cols);
    float *w = tb_xcalloc(n, sizeof *w), *grad = tb_xcalloc(n, sizeof *grad), *moved = tb_xcalloc(n, sizeof *moved);
    struct tb_step_out out;
    double norm = 0, side[2];
    loss_of(g, &out);
    tb_tensor_get(a->k, t, t->w, w);
    tb_tensor_get(a->k, t, t->g, grad);
    for (size_t i = 0; i < n; i++)
        norm += (double)grad[i] * grad[i];
    norm = sqrt(norm);
    double h = norm > 0 ? fmin(0.02, 2e-3 / norm) : 1;
    for (int s = 0; s < 2; s++) {
        for (size_t i = 0; i < n; i++)
            moved[i] = (float)(w[i] + (s ? -h : h) * grad[i] / norm);
        tb_tensor_put(a->k, t, moved);
        side[s] = loss_of(g, &out);
    }
    tb_tensor_put(a->k, t, w);
    /* A loss is known to about 2e-7, so a slope to that over the distance. */
    double got = (side[0] - side[1]) / (2 * h);
    bool good = norm > 0 && fabs(got - norm) <= 0.02 * norm + 2e-7 / (2 * h);
    if (!good)
        printf("# %s: gradient's length %.6g, the loss moves by %.6g\n", t->name, norm, got);
    free(w);
    free(grad);
    free(moved);
    return good;
}

/* DoRA takes the norm of the changed weight as a constant in its gradient (its paper, 4.3), so the gradients of A
 * and B are no slopes; the golden cases hold them. */
static bool is_slope(const struct tb_adapter *a, const struct tb_tensor *t)
{
    return t->want.kind == TB_TRAINED && (strcmp(a->method->name, "dora") != 0 || strstr(t->name, "magnitude"));
}

static void check_gradients(const struct tb_model *m, const char *a, const char *b)
{
    struct rig_setup u = { .method = { a, b }, .cpu = "ref", .threads = 1, .quantum_tok = 16, .micro_tok = 64 };
    struct tb_err err = { 0 };
    struct rig g;
    bool good = rig_open(&g, m, &u, &err) && rig_start(&g, &err);
    if (!good)
        printf("# %s\n", err.text);
    for (int p = 0; good && p < g.stack->n; p++)
        for (int i = 0; i < g.stack->part[p]->n_tensors; i++)
            if (is_slope(g.stack->part[p], &g.stack->part[p]->tensors[i]))
                good = check_tensor(&g, g.stack->part[p], &g.stack->part[p]->tensors[i]) && good;
    ok(good, "%s%s%s: gradients are the slopes of the loss", a, b ? " + " : "", b ? b : "");
    rig_close(&g);
}

/* Trains three steps; the state afterwards, and the gradients of the last of them. */
static bool train(const struct tb_model *m, const struct rig_setup *u, struct tb_saved *state, double *loss)
{
    struct tb_update up = { .lr = { 1e-2, 1e-2 }, .beta1 = .9, .beta2 = .999, .eps = 1e-8, .clip = 1 };
    struct tb_err err = { 0 };
    struct tb_step_out out = { 0 };
    struct rig g;
    bool good = rig_open(&g, m, u, &err) && rig_start(&g, &err);
    for (up.step = 0; good && up.step < 3; up.step++) {
        good = tb_engine_gradient(g.engine, rows, ROWS, 5, up.step, &out, &err);
        loss[up.step] = out.loss;
        tb_engine_update(g.engine, &up, &out);
    }
    if (good)
        tb_saved_state(state, g.stack);
    else
        printf("# %s\n", err.text);
    for (int p = 0; good && p < g.stack->n; p++)
        tb_saved_gradients(state, g.stack->part[p], g.stack->part[p]->part);
    rig_close(&g);
    return good;
}

static bool same_state(const struct tb_saved *a, const struct tb_saved *b)
{
    if (a->n != b->n || a->n == 0)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (memcmp(a->at[i].data, b->at[i].data, (size_t)a->at[i].n * sizeof(float)) != 0) {
            printf("# %s differs\n", a->at[i].name);
            return false;
        }
    return true;
}

static void check_bits(const struct tb_model *m, const char *a, const char *b)
{
    struct rig_setup one = { .method = { a, b }, .threads = 1, .quantum_tok = 16, .micro_tok = 4096 };
    struct rig_setup many = { .method = { a, b }, .threads = 2, .quantum_tok = 16, .micro_tok = 16 };
    struct rig_setup small = { .method = { a, b }, .threads = 2, .quantum_tok = 16, .micro_tok = 64,
                               .recompute = true };
    struct tb_saved s1 = { 0 }, s2 = { 0 }, s3 = { 0 };
    double l1[3], l2[3], l3[3];
    bool good = train(m, &one, &s1, l1) && train(m, &many, &s2, l2);
    ok(good && same_state(&s1, &s2) && memcmp(l1, l2, sizeof l1) == 0,
       "%s%s%s: same bits with 2 threads and one quantum a micro-batch", a, b ? " + " : "", b ? b : "");
    ok(good && l1[2] < l1[0], "%s%s%s: the loss goes down", a, b ? " + " : "", b ? b : "");
    good = good && train(m, &small, &s3, l3);
    ok(good && same_state(&s1, &s3) && memcmp(l1, l3, sizeof l1) == 0,
       "%s%s%s: same bits where activations are computed again", a, b ? " + " : "", b ? b : "");
    tb_saved_free(&s1);
    tb_saved_free(&s2);
    tb_saved_free(&s3);
}

/* The guard back end traps any host look into device memory, and is ref otherwise. */
static void check_guard(const struct tb_model *m, const char *a)
{
    struct rig_setup plain = { .method = { a }, .cpu = "ref", .threads = 1, .quantum_tok = 16, .micro_tok = 4096 };
    struct rig_setup guarded = plain;
    struct tb_saved s1 = { 0 };
    double l1[3], l2[3];
    guarded.cpu = "guard";
    bool good = train(m, &plain, &s1, l1);
    for (int i = 0; i < 2; i++) {
        struct tb_saved s2 = { 0 };
        guarded.recompute = i == 1;
        ok(good && train(m, &guarded, &s2, l2) && same_state(&s1, &s2),
           "%s: no hook looks into device memory (guard%s)", a, i ? ", computed again" : "");
        tb_saved_free(&s2);
    }
    tb_saved_free(&s1);
}

/* Restores after two steps into a fresh engine; its third step has the same bits. */
static void check_resume(const struct tb_model *m, const char *a)
{
    struct rig_setup u = { .method = { a }, .threads = 1, .quantum_tok = 16, .micro_tok = 64 };
    struct tb_update up = { .lr = { 1e-2 }, .beta1 = .9, .beta2 = .999, .eps = 1e-8 };
    struct tb_err err = { 0 };
    struct tb_step_out out[2];
    struct tb_saved kept = { 0 };
    struct rig g, h = { 0 };
    bool good = rig_open(&g, m, &u, &err) && rig_start(&g, &err);
    for (up.step = 0; good && up.step < 2; up.step++) {
        good = tb_engine_gradient(g.engine, rows, ROWS, 5, up.step, &out[0], &err);
        tb_engine_update(g.engine, &up, &out[0]);
    }
    if (good)
        tb_saved_state(&kept, g.stack);
    good = good && rig_open(&h, m, &u, &err) && rig_start(&h, &err) && tb_saved_restore(&kept, h.stack, &err);
    good = good && tb_engine_gradient(g.engine, rows, ROWS, 5, 2, &out[0], &err)
        && tb_engine_gradient(h.engine, rows, ROWS, 5, 2, &out[1], &err);
    ok(good && out[0].loss == out[1].loss && out[0].grad_norm == out[1].grad_norm, "%s: resumes with the same bits", a);
    if (!good)
        printf("# %s\n", err.text);
    tb_saved_free(&kept);
    rig_close(&g);
    rig_close(&h);
}

/* Shared prompts are the same computation in another order: the loss agrees to rounding. */
static void check_sharing(const struct tb_model *m, const char *a)
{
    struct rig_setup u = { .method = { a }, .cpu = "ref", .threads = 1, .quantum_tok = 512, .micro_tok = 4096 };
    struct tb_err err = { 0 };
    struct tb_step_out out[2] = { 0 };
    bool good = true;
    for (int i = 0; i < 2 && good; i++) {
        struct rig g;
        u.share = i == 1;
        good = rig_open(&g, m, &u, &err) && rig_start(&g, &err);
        if (good)
            loss_of(&g, &out[i]);
        rig_close(&g);
    }
    ok(good && fabs(out[0].loss - out[1].loss) < 1e-5 && fabs(out[0].grad_norm / out[1].grad_norm - 1) < 1e-4,
       "%s: shared prompts give the same loss and gradients", a);
}

static void check_conflicts(const struct tb_model *m)
{
    static const char *const pair[][2] = { { "full", "lora" }, { "prefix", "prefix" }, { "prompt", "prompt" },
                                           { "loha", "loha" } };
    for (size_t i = 0; i < sizeof pair / sizeof pair[0]; i++) {
        struct rig_setup u = { .method = { pair[i][0], pair[i][1] }, .cpu = "ref", .threads = 1, .quantum_tok = 16,
                               .micro_tok = 64 };
        struct tb_err err = { 0 };
        struct rig g;
        ok(!rig_open(&g, m, &u, &err) && err.kind == TB_ERR_RECIPE, "%s + %s is refused: %s", pair[i][0], pair[i][1],
           err.text);
        rig_close(&g);
    }
}

/* Each entry of targets and layers has to be met by something, in a recipe. */
static void check_slips(const struct tb_model *m)
{
    static const struct {
        const char *kind, *targets, *layers, *word; /* NULL: fine */
    } slip[] = {
        { "lora", "[\"q\", \"down\"]", "[]", NULL },
        { "lora", "[\"all-linear\"]", "[1]", NULL },
        { "lora", "[\"self_attn.k_proj\", \".*layers.0.*up_proj\"]", "[0, 1]", NULL },
        { "lora", "[\"q\", \"x\"]", "[]", "'x'" },
        { "ia3", "[\"k\", \"donw\", \"v\"]", "[]", "'donw'" },
        { "oft", "[\"x\"]", "[]", "\"x\"" },
        { "loha", "[\"q\", \".*layers.1.*up_proj\"]", "[0]", "'.*layers.1.*up_proj'" },
        { "lora", "[\"q\"]", "[0, 2]", "layer 2" },
        { "lora", "[\".*layers.0.*\"]", "[0, 1]", "layer 1" },
    };
    for (size_t i = 0; i < sizeof slip / sizeof slip[0]; i++) {
        char *text = tb_xasprintf("{\"method.kind\": \"%s\", \"method.%s.targets\": %s, \"method.%s.layers\": %s%s}",
                                  slip[i].kind, slip[i].kind, slip[i].targets, slip[i].kind, slip[i].layers,
                                  strcmp(slip[i].kind, "oft") == 0 ? ", \"method.oft.block\": 8" : "");
        struct tb_err err = { 0 };
        struct tb_json *flat = tb_json_parse(text, strlen(text), "slip", &err);
        struct tb_stack *s = tb_stack_open(flat, m, &err);
        ok(slip[i].word ? !s && err.kind == TB_ERR_RECIPE && strstr(err.text, slip[i].word) : s != NULL,
           "%s at %s, layers %s: %s", slip[i].kind, slip[i].targets, slip[i].layers, s ? "fine" : err.text);
        tb_stack_close(s);
        tb_json_free(flat);
        free(text);
    }
}

int main(int argc, char **argv)
{
    static const char *const stacks[][2] = { { "lora", "prefix" }, { "lora", "prompt" }, { "prefix", "prompt" },
                                             { "lora", "ia3" },    { "oft", "lora" },    { "loha", "ia3" },
                                             { "lora", "lora" },   { "dora", "prompt" } };
    struct tb_model *m = rig_model(2);
    make_rows();
    for (int i = 0; m && tb_method_at(i); i++) {
        const char *name = tb_method_at(i)->name;
        if (argc > 1 && strcmp(argv[1], name) != 0)
            continue;
        check_gradients(m, name, NULL);
        check_bits(m, name, NULL);
        check_guard(m, name);
        check_resume(m, name);
        check_sharing(m, name);
    }
    for (size_t i = 0; m && argc < 2 && i < sizeof stacks / sizeof stacks[0]; i++) {
        check_gradients(m, stacks[i][0], stacks[i][1]);
        check_bits(m, stacks[i][0], stacks[i][1]);
    }
    if (m && argc < 2)
        check_conflicts(m);
    if (m && argc < 2)
        check_slips(m);
    ok(m != NULL, "a tiny model from scratch");
    tb_model_close(m);
    return done();
}
