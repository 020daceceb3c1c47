/* SPDX-License-Identifier: MIT */
/* row_losses_test.c - what a step says of each of its rows: together they are the step's loss, alone they are what an
 * evaluation says where there is no dropout, and they have the same bits with any threads, micro-batches and memory,
 * also where rows share a prompt or cross quanta. */
#include <stdlib.h>

#include "tests/methods/rig.h"
#include "tests/tap.h"

enum { ROWS = 7, STEPS = 3, MUTE = 4 };

static int32_t ids[ROWS][RIG_TOK];
static struct tb_row rows[ROWS];
static struct tb_model *model;

/* Rows 1, 3 and 5 share a prompt of 9 tokens; row MUTE is all prompt. */
static void make_rows(void)
{
    static const int length[ROWS] = { 11, 33, 7, 19, 26, 12, 40 }, prompt[ROWS] = { 5, 9, 3, 9, 26, 9, 0 };
    for (int r = 0; r < ROWS; r++) {
        rig_tokens(ids[r], length[r], r);
        rows[r] = (struct tb_row){ ids[r], length[r], prompt[r] };
    }
    memcpy(ids[3], ids[1], 9 * sizeof ids[0][0]);
    memcpy(ids[5], ids[1], 9 * sizeof ids[0][0]);
}

struct course {
    struct tb_step_out out[STEPS];
    double sum[STEPS][ROWS], eval[STEPS][ROWS]; /* eval: of the same weights, before the step */
    float mean[STEPS][ROWS];
    int labels[ROWS];
};

static bool train(const struct rig_setup *u, struct course *c)
{
    struct tb_update up = { .lr = { 1e-2, 1e-2 }, .beta1 = .9, .beta2 = .999, .eps = 1e-8, .clip = 1 };
    struct tb_err err = { 0 };
    struct rig g;
    *c = (struct course){ 0 };
    bool good = rig_open(&g, model, u, &err) && rig_start(&g, &err);
    for (; good && up.step < STEPS; up.step++) {
        int64_t i = up.step;
        good = tb_engine_evaluate(g.engine, rows, ROWS, c->eval[i], c->labels, &err)
            && tb_engine_gradient(g.engine, rows, ROWS, 5, i, &c->out[i], &err);
        tb_engine_update(g.engine, &up, &c->out[i]);
        tb_engine_row_losses(g.engine, c->sum[i], c->labels, ROWS);
        tb_engine_row_means(g.engine, c->mean[i], ROWS);
    }
    if (!good)
        printf("# %s\n", err.text);
    rig_close(&g);
    return good;
}

static bool add_up(const struct course *c)
{
    bool good = true;
    for (int s = 0; s < STEPS; s++) {
        double sum = 0, of_means = 0;
        int n = 0;
        for (int r = 0; r < ROWS; r++) {
            sum += c->sum[s][r];
            of_means += c->labels[r] ? (double)c->mean[s][r] * c->labels[r] : 0;
            n += c->labels[r];
        }
        good = good && n == c->out[s].n_labels && sum / n == c->out[s].cross_entropy
            && fabs(of_means / n - c->out[s].loss) < 1e-6;
    }
    return good;
}

static bool same(const struct course *a, const struct course *b)
{
    return memcmp(a->mean, b->mean, sizeof a->mean) == 0 && memcmp(a->sum, b->sum, sizeof a->sum) == 0;
}

static void check(const char *name, struct rig_setup u, bool has_dropout)
{
    static const struct { int threads, micro_tok; bool recompute; } way[] = {
        { 1, 16, false }, { 2, 16, false }, { 2, 64, true }, { 2, 4096, false }, { 1, 4096, true },
    };
    struct course one, other;
    u.quantum_tok = 24;
    u.micro_tok = 64;
    u.threads = 1;
    if (!ok(train(&u, &one), "%s trains", name))
        return;
    ok(add_up(&one), "%s: the rows of each step are its loss", name);
    ok(isnan(one.mean[0][MUTE]) && one.mean[0][0] > 0, "%s: a row without labels has none", name);
    ok(one.mean[0][0] != one.mean[STEPS - 1][0], "%s: they change with the steps", name);
    bool is_eval = memcmp(one.sum, one.eval, sizeof one.sum) == 0;
    ok(is_eval != has_dropout, "%s: %s an evaluation says", name, has_dropout ? "other than" : "what");
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        u.threads = way[i].threads;
        u.micro_tok = way[i].micro_tok;
        u.recompute = way[i].recompute;
        ok(train(&u, &other) && same(&one, &other), "%s: the same bits on %d threads, %d tokens at a time%s", name,
           u.threads, u.micro_tok, u.recompute ? ", memory small" : "");
    }
}

int main(void)
{
    static const char dropped[] = "{\"r\": 4, \"dropout\": 0.3, \"targets\": [\"all-linear\"]}";
    tb_method_register();
    make_rows();
    model = rig_model(2);
    if (!model)
        return 1;
    check("lora", (struct rig_setup){ .method = { "lora" } }, false);
    check("lora with dropout, prompts shared",
          (struct rig_setup){ .method = { "lora" }, .keys = { dropped }, .share = true }, true);
    check("prefix, prompts shared", (struct rig_setup){ .method = { "prefix" }, .share = true }, false);
    check("oft + prompt", (struct rig_setup){ .method = { "oft", "prompt" } }, false);
    tb_model_close(model);
    return done();
}
