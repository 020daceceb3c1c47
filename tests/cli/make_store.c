/* SPDX-License-Identifier: MIT */
/* make_store.c - stores for the tests of ls, show and diff, without training:
 *     make_store STORE        eight runs in all states, one of them damaged, the stopped one with twice the budget
 *     make_store seeds STORE  two arms and a stack, three seeds of each, with recipes
 *     make_store sweeps STORE one that a crash left, one that is over, one whose trials all failed, a damaged one
 *     make_store family STORE  a run, clones of it and of those, one whose parent is gone; two samples of a row
 *     make_store lead STORE   leads the newest of its sweeps as a worker would, until stdin ends
 *     make_store old STORE    makes its runs such as an earlier version wrote: without losses of training rows
 *     make_store hold STORE   keeps the lost run as its worker would, until stdin ends
 * Every number is made up and the same each time; TUNEBENCH_NOW fixes the dates. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/writer.h"
#include "tests/cli/make_sweeps.h"
#include "tests/made_run.h"
#include "tests/recipes/words.h"

enum { STEPS = 20, ROWS = 40, LOST = 5 };

#define LORA16 "\"method.kind\":\"lora\",\"method.lora.r\":16"
#define LORA4 "\"method.kind\":\"lora\",\"method.lora.r\":4"
#define STACK "\"method.kind\":\"stack\",\"method.0.kind\":\"lora\",\"method.1.kind\":\"prompt\""

static const struct sample_run {
    const char *id, *name, *method; /* keys of the draft */
    double lr, worse;               /* added to each loss */
    int seed;
    enum tb_state state;
    int salt; /* of its own noise */
    const char *lineage;
} runs[] = {
    { "1111111111111111", "lora-r16-s0", LORA16, 5e-4, 0, 0, TB_STATE_DONE, 0, NULL },
    { "2222222222222222", "prefix20-s0", "\"method.kind\":\"prefix\"", 5e-3, 0.25, 0, TB_STATE_DONE, 0, NULL },
    { "3333333333333333", "lora-r16-s1", LORA16, 5e-4, 0.001, 1, TB_STATE_DONE, 0, NULL },
    { "4444444444444444", "full-s0", "\"method.kind\":\"full\"", 1, 9, 0, TB_STATE_FAILED, 0, NULL },
    { "5555555555555555", "prompt20-s0", "\"method.kind\":\"prompt\"", 1e-2, 0, 0, TB_STATE_QUEUED, 0, NULL },
    { "6666666666666666", "lost-s0", LORA4, 5e-4, 0.5, 0, TB_STATE_RUNNING, 0, NULL },
    { "7777777777777777", "evil\x1b[2J\xe2\x80\xae-s0", "\"method.kind\":\"ia3\"", 5e-3, 0.1, 0, TB_STATE_STOPPED, 0,
      NULL },
    { "8888888888888888", "damaged-s0", "\"method.kind\":\"lora\"", 5e-4, 0, 0, TB_STATE_DONE, 0, NULL },
};
enum { N_RUNS = sizeof runs / sizeof *runs };

/* Adapters of three sizes; worse by 0, 0.002 and 0.3. */
static const struct sample_run arms[] = {
    { "a", "lora-r16", LORA16, 5e-4, 0, 0, TB_STATE_DONE, 0, NULL },
    { "b", "lora-r4", LORA4, 5e-4, 0.002, 0, TB_STATE_DONE, 5, NULL },
    { "c", "lora+prompt", STACK, 0, 0.3, 0, TB_STATE_DONE, 0, NULL },
};
enum { N_ARMS = sizeof arms / sizeof *arms, N_SEEDS = 3 };

static const struct sample_run family[] = {
    { "a111111111111111", "lora-r16", LORA16, 5e-4, 0, 0, TB_STATE_DONE, 0, NULL },
    { "a222222222222222", "lora-r16-lr0.001", LORA16, 1e-3, -0.05, 0, TB_STATE_DONE, 2,
      "{\"parent\":\"a111111111111111\",\"parent_step\":10,\"start\":10,\"mode\":\"warm\","
      "\"changed\":{\"optim.lr\":[0.0005,0.001]}}" },
    { "a333333333333333", "lora-r16-lr0.001-decay0.1", LORA16, 1e-3, -0.06, 0, TB_STATE_STOPPED, 3,
      "{\"parent\":\"a222222222222222\",\"parent_step\":20,\"start\":20,\"mode\":\"weights\"}" },
    { "a444444444444444", "lora-r4", LORA4, 5e-4, 0.02, 0, TB_STATE_DONE, 4,
      "{\"parent\":\"a111111111111111\",\"mode\":\"cold\"}" },
    { "a555555555555555", "\xe4\xb8\x96\xe7\x95\x8c-caf\xc3\xa9", LORA4, 5e-4, 0.1, 0, TB_STATE_FAILED, 5,
      "{\"parent\":\"dead000000000000\",\"mode\":\"cold\"}" },
};
enum { N_FAMILY = sizeof family / sizeof *family };

static struct tb_json *config_of(const struct sample_run *r)
{
    char *more = r->lr > 0 ? tb_xasprintf("\"optim.lr\":%g,%s", r->lr, r->method) : tb_xstrdup(r->method);
    struct tb_json *config = made_config(r->state == TB_STATE_STOPPED ? 10240 : 5120, r->seed, more);
    free(more);
    return config;
}

static void create(struct tb_store *s, const struct sample_run *r)
{
    made_run(s, r->id, r->name, config_of(r), ",\"predicted\":{\"weights\":8388608}",
             ",\"eval_hash\":\"e7a1\",\"n_rows\":5250");
}

static void evaluate(struct tb_run_writer *w, const struct sample_run *r, int step)
{
    struct tb_err err = { 0 };
    struct tb_row_loss rows[ROWS];
    double sum = 0;
    for (int i = 0; i < ROWS; i++) {
        double noise = (double)((i * 7919 + r->seed * 31 * (i + 3) + r->salt * i * i) % 101) / 1010;
        rows[i] = (struct tb_row_loss){ step, i, i / 2 * 2, 10, 2.0 - 0.04 * step + noise + r->worse };
        sum += rows[i].loss;
    }
    struct tb_eval_row eval = { step, 256.0 * step, 0.5 * step, sum / ROWS, 10.0 * ROWS };
    must(tb_run_writer_eval(w, &eval, &err) && tb_run_writer_rows(w, rows, ROWS, &err), &err);
}

static void checkpoint(struct tb_run_writer *w, int step)
{
    struct tb_err err = { 0 };
    struct tb_json *state = parse("{\"numeric\":1}");
    struct tb_checkpoint c = { .step = step, .state = state };
    must(tb_run_writer_checkpoint(w, &c, &err), &err);
    tb_json_free(state);
}

static void train(struct tb_run_writer *w, const struct sample_run *r, int steps)
{
    struct tb_err err = { 0 };
    evaluate(w, r, 0);
    for (int i = 1; i <= steps; i++) {
        bool is_nan = r->state == TB_STATE_FAILED && i == steps;
        struct tb_train_row row = { i, 256.0 * i, 0.5 * i, is_nan ? NAN : 3 - 0.05 * i + r->worse, r->lr, 0.75, 512,
                                    64 << 20 };
        float loss[] = { (float)row.loss - 0.25f, (float)row.loss, (float)row.loss + 0.25f };
        must(tb_run_writer_step_rows(w, i, loss, 3, &err) && tb_run_writer_train(w, &row, &err), &err);
        if (i % 5 == 0 && !is_nan)
            evaluate(w, r, i);
        if (i % 10 == 0)
            checkpoint(w, i);
    }
}

/* Where it comes from, and an earlier sample of the row that finish() writes one of. */
static void descend(struct tb_run_writer *w, const struct sample_run *r)
{
    struct tb_err err = { 0 };
    struct tb_sample sample = { 10, 7, "name[Zizzi]", "Zizzi is a caf\xc3\xa9 \xe4\xb8\x96\xe7\x95\x8c" };
    char *text = tb_xasprintf("{\"lineage\":%s,\"result\":{\"checkpoints\":{\"10\":[\"mid\"]}}}", r->lineage);
    struct tb_json *facts = parse(text);
    must(tb_run_writer_sample(w, &sample, &err) && tb_run_writer_facts(w, facts, &err), &err);
    tb_json_free(facts);
    free(text);
}

static void finish(struct tb_run_writer *w, const struct sample_run *r)
{
    struct tb_err err = { 0 };
    struct tb_sample sample = { STEPS, 7, "name[Zizzi]\x1b[31m", "Zizzi is a pub" };
    struct tb_json *facts = parse("{\"result\":{\"peak_bytes\":71303168,\"adapter_bytes\":49152,"
                                  "\"final_hash\":\"abcdef012345\",\"tags\":[\"ref\",\"try\"]}}");
    must(tb_run_writer_sample(w, &sample, &err) && tb_run_writer_facts(w, facts, &err), &err);
    tb_json_free(facts);
    must(tb_run_writer_event(w, STEPS, "note", &err, "made for a test"), &err);
    bool failed = r->state == TB_STATE_FAILED;
    const char *why = failed ? "divergence" : "budget", *note = failed ? "loss is NaN at step 12" : NULL;
    must(tb_run_writer_seal(w, r->state, why, note, NULL, &err), &err);
}

static void fill(struct tb_store *s, const struct sample_run *r)
{
    struct tb_err err = { 0 };
    create(s, r);
    if (r->state == TB_STATE_QUEUED)
        return;
    char *dir = tb_store_run_dir(s, r->id);
    struct tb_run_writer *w = tb_run_writer_open(dir, &err);
    must(w && tb_run_writer_state(w, TB_STATE_RUNNING, NULL, NULL, &err), &err);
    train(w, r, r->state == TB_STATE_DONE ? STEPS : 12);
    if (r->lineage)
        descend(w, r);
    if (r->state != TB_STATE_RUNNING)
        finish(w, r);
    tb_run_writer_close(w);
    free(dir);
}

static void fill_all(struct tb_store *s, const struct sample_run *r, int n)
{
    for (int i = 0; i < n; i++)
        fill(s, &r[i]);
}

static void fill_arms(struct tb_store *s)
{
    for (int i = 0; i < N_ARMS * N_SEEDS; i++) {
        char id[20], name[40];
        struct sample_run r = arms[i % N_ARMS];
        r.seed = i / N_ARMS;
        snprintf(id, sizeof id, "%s00000000000000%d", r.id, r.seed);
        snprintf(name, sizeof name, "%s-s%d", r.name, r.seed);
        r.id = id;
        r.name = name;
        fill(s, &r);
    }
}

/* One bit of the last run's file flips. */
static void damage(struct tb_store *s)
{
    struct tb_err err = { 0 };
    size_t n;
    char *dir = tb_store_run_dir(s, runs[N_RUNS - 1].id), *path = tb_path_join(dir, TB_FILE_H5),
         *bytes = tb_file_read(path, 1 << 24, &n, &err);
    must(bytes != NULL, &err);
    bytes[n / 2] ^= 1;
    must(tb_file_replace(path, bytes, n, &err), &err);
    free(bytes);
    free(path);
    free(dir);
}

static void fill_usual(struct tb_store *s)
{
    fill_all(s, runs, N_RUNS);
    damage(s);
}

static void make_old(struct tb_store *s)
{
    struct tb_err err = { 0 };
    struct tb_run_item *all;
    size_t n;
    must(tb_store_list(s, &all, &n, &err), &err);
    for (size_t i = 0; i < n; i++) {
        struct tb_metrics m;
        char *dir = tb_store_run_dir(s, all[i].sum.id);
        must(tb_metrics_load(&m, dir, &err), &err);
        tb_step_rows_free(&m.step_rows);
        must(tb_snapshot_write(&m, dir, NULL, true, &err), &err);
        tb_metrics_free(&m);
        free(dir);
    }
    free(all);
}

static void hold(struct tb_store *s)
{
    struct tb_err err = { 0 };
    char byte, *dir = tb_store_run_dir(s, runs[LOST].id);
    struct tb_run_writer *w = tb_run_writer_open(dir, &err);
    must(w != NULL, &err);
    printf("%ld\n", (long)getpid());
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    tb_run_writer_close(w);
    free(dir);
}

int main(int argc, char **argv)
{
    static const char *const kinds[] = { "usual", "seeds", "sweeps", "family", "lead", "old", "hold", NULL };
    struct tb_err err = { 0 };
    const char *kind = argc == 3 ? argv[1] : "usual";
    if (argc < 2 || argc > 3 || !tb_str_in(kind, kinds))
        return 2;
    words_add();
    struct tb_store *s = tb_store_open(argv[argc - 1], true, &err);
    must(s != NULL, &err);
    if (strcmp(kind, "seeds") == 0)
        fill_arms(s);
    else if (strcmp(kind, "sweeps") == 0)
        make_sweeps(s);
    else if (strcmp(kind, "family") == 0)
        fill_all(s, family, N_FAMILY);
    else if (strcmp(kind, "lead") == 0)
        lead_sweep(s);
    else if (strcmp(kind, "old") == 0)
        make_old(s);
    else if (strcmp(kind, "hold") == 0)
        hold(s);
    else
        fill_usual(s);
    tb_store_close(s);
    return 0;
}
