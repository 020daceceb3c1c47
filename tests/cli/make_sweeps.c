/* SPDX-License-Identifier: MIT */
/* make_sweeps.c - their losses are made up, their decisions are those of the program. */
#include "tests/cli/make_sweeps.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "store/duty.h"
#include "store/writer.h"
#include "sweep/sweep.h"
#include "tests/made_run.h"

enum { STEPS = 20, EVERY = 5, TOKENS = 256, LEFT = 10, FAILS = 3, LONG = 4 };

/* Where the rate of each is best, and how good that is. */
static const struct arm {
    const char *name, *key;
    double best_lr, loss;
} arms[] = {
    { "lora", "\"r\": {\"draw\": \"choice\", \"of\": [2, 4, 8]}", 1e-3, 1.1 },
    { "prefix", "\"tokens\": {\"draw\": \"int\", \"of\": [5, 30]}", 8e-3, 1.3 },
    { "prompt", "\"tokens\": {\"draw\": \"int\", \"of\": [5, 30]}", 9e-2, 1.8 },
};
enum { N_ARMS = sizeof arms / sizeof *arms };

static struct tb_err err;

static double rate_of(int k)
{
    return 1e-4 * pow(10, 3.0 * ((k * 7 + 2) % 11) / 10);
}

static struct tb_json *config_of(int k, const char *tag)
{
    const struct arm *a = &arms[k % N_ARMS];
    char *more = tb_xasprintf("\"optim.lr\":%.3g,\"method.kind\":\"%s\"", rate_of(k), a->name),
         *name = tb_xasprintf("%s-%s%d%s-s0", a->name, tag, k / N_ARMS,
                              k == LONG && *tag == 'c' ? "-\xe6\x8f\x90\xe7\xa4\xba-with-a-name-that-has-no-end" : "");
    struct tb_json *config = made_config(STEPS * TOKENS, 0, more);
    tb_json_set(config, "exec.name", tb_json_new_str(name));
    free(name);
    free(more);
    return config;
}

static const char recipe[] = "return t.sweep {}\n";

/* `n` points in each arm; `tag` is in all names. */
static struct tb_plan *plan_of(int n, const char *tag, const char *rest)
{
    struct tb_plan *p = tb_plan_new();
    struct tb_buf b = { 0 };
    p->cap_runs = (size_t)(N_ARMS * n);
    p->runs = tb_xcalloc(p->cap_runs, sizeof *p->runs);
    tb_plan_set_recipe(p, "recipes/lr-search.lua", recipe, sizeof recipe - 1);
    for (int k = 0; k < N_ARMS * n; k++)
        p->runs[p->n_runs++].map = config_of(k, tag);
    tb_buf_fmt(&b, "{\"search\": {\"kind\": \"random\", \"trials\": %d, \"seed\": 0}, %s, \"arms\": [", n, rest);
    for (int i = 0; i < N_ARMS; i++)
        tb_buf_fmt(&b, "%s{\"name\": \"%s\", \"templates\": [{\"method.kind\": \"%s\", \"method.lr\": {\"draw\": "
                   "\"log_uniform\", \"of\": [0.0001, 0.1]}, %s}]}", i ? ", " : "", arms[i].name, arms[i].name,
                   arms[i].key);
    tb_buf_str(&b, "], \"points\": [");
    for (int k = 0; k < N_ARMS * n; k++)
        tb_buf_fmt(&b, "%s{\"arm\": %d, \"point\": {\"template\": 0, \"method.lr\": %.3g, \"%s\": %d}}", k ? ", " : "",
                   k % N_ARMS, rate_of(k), k % N_ARMS ? "tokens" : "r", k % N_ARMS ? 5 + 3 * (k % 8) : 2 << k / 3 % 3);
    tb_buf_str(&b, "]}");
    p->sweep = parse(b.p);
    tb_buf_free(&b);
    return p;
}

static void begin(struct tb_sweep *s, struct tb_store *store, struct tb_plan *p)
{
    must(tb_sweep_open(s, tb_store_path(store), p, &err), &err);
    must(tb_sweep_note(s, "begin", NULL, &err, "random: %lld trials in each of %d arms",
                       (long long)tb_sweep_trials(s), N_ARMS), &err);
}

static size_t due(struct tb_sweep *s, size_t **list)
{
    size_t n = 0;
    must(tb_sweep_due(s, list, &n, &err), &err);
    return n;
}

static double loss_of(const struct tb_trial *t, int step)
{
    double lr = tb_json_real(tb_json_get(t->config.map, "optim.lr"), 1), off = log10(lr / arms[t->arm].best_lr);
    return arms[t->arm].loss + 0.3 * off * off + 2.5 * exp(-0.15 * step)
         + 0.004 * (double)tb_json_int(tb_json_get(t->config.map, "seed"), 0);
}

static void evaluate(struct tb_sweep *s, size_t i, struct tb_run_writer *w, int step)
{
    struct tb_eval_row row = { step, TOKENS * step, 0.5 * step, loss_of(&s->trial[i], step), 400 };
    must(tb_run_writer_eval(w, &row, &err) && tb_sweep_see_run(s, i, false, &err), &err);
}

/* A run of this trial that is on the list, opened for writing. */
static struct tb_run_writer *make_run(struct tb_store *store, struct tb_sweep *s, size_t i, char tag)
{
    char id[20];
    snprintf(id, sizeof id, "%c%015zu", tag, i);
    made_run(store, id, tb_trial_name(&s->trial[i]), tb_json_copy(s->trial[i].config.map), ",\"n_tokens\":5120", "");
    must(tb_sweep_ran(s, i, id, TB_STATE_QUEUED, &err), &err);
    char *dir = tb_store_run_dir(store, id);
    struct tb_run_writer *w = tb_run_writer_open(dir, &err);
    must(w != NULL, &err);
    free(dir);
    return w;
}

static void seal(struct tb_sweep *s, size_t i, struct tb_run_writer *w, enum tb_state state, const char *why,
                 const char *note)
{
    must(tb_run_writer_seal(w, state, why, note, NULL, &err), &err);
    tb_run_writer_close(w);
    must(tb_sweep_see_run(s, i, false, &err), &err);
}

/* Trains up to `steps`, or until it is given up. One that gets to the end of its budget is done. */
static void train(struct tb_sweep *s, size_t i, struct tb_run_writer *w, int steps)
{
    const struct tb_trial *t = &s->trial[i];
    must(tb_run_writer_state(w, TB_STATE_RUNNING, NULL, NULL, &err), &err);
    for (int step = 1; step <= steps && !t->gives_up; step++) {
        struct tb_train_row row = { step, TOKENS * step, 0.5 * step, loss_of(t, step), 1e-3, 0.75, 512, 64 << 20 };
        must(tb_run_writer_train(w, &row, &err), &err);
        if (step % EVERY == 0)
            evaluate(s, i, w, step);
    }
    if (t->gives_up)
        seal(s, i, w, TB_STATE_PRUNED, "sweep", tb_json_str(tb_json_get(t->last, "text"), ""));
    else if (steps == STEPS)
        seal(s, i, w, TB_STATE_DONE, "budget", NULL);
    else
        tb_run_writer_close(w);
}

static const char asha[] = "\"prune\": {\"kind\": \"asha\", \"min\": 1280, \"eta\": 2}, \"objective\": {\"metric\": "
                           "\"eval/loss\"}";

static void make_left(struct tb_store *store)
{
    struct tb_sweep s;
    size_t *list = NULL;
    begin(&s, store, plan_of(6, "c", asha));
    size_t n = due(&s, &list);
    for (size_t k = 0; k < n && k < LEFT + 4; k++) {
        struct tb_run_writer *w = make_run(store, &s, list[k], 'c');
        if (k == 1) {
            struct tb_json *facts = parse("{\"result\":{\"protected\":true}}");
            must(tb_run_writer_facts(w, facts, &err), &err);
            tb_json_free(facts);
        }
        if (k == FAILS)
            seal(&s, list[k], w, TB_STATE_FAILED, "divergence", "loss is NaN at step 2");
        else if (k < LEFT + 2)
            train(&s, list[k], w, k < LEFT ? STEPS : 7 + (int)(k - LEFT));
        else
            tb_run_writer_close(w);
    }
    free(list);
    tb_sweep_close(&s);
}

static void make_over(struct tb_store *store)
{
    struct tb_sweep s;
    size_t *list = NULL;
    char *rest = tb_xasprintf("%s, \"seeds\": [0, 1, 2], \"finalists\": 1", asha);
    begin(&s, store, plan_of(4, "b", rest));
    for (size_t n; (n = due(&s, &list)) > 0;) {
        for (size_t k = 0; k < n; k++)
            train(&s, list[k], make_run(store, &s, list[k], 'b'), STEPS);
        free(list);
        list = NULL;
    }
    must(tb_sweep_note(&s, "end", NULL, &err, "%zu of %zu runs are over", s.n, s.n), &err);
    free(list);
    free(rest);
    tb_sweep_close(&s);
}

static void make_failed(struct tb_store *store)
{
    struct tb_sweep s;
    struct tb_err why = { .kind = TB_ERR_USAGE, .text = "method.r = 4096: expected at most 64, the width of the base" };
    size_t *list = NULL;
    begin(&s, store, plan_of(1, "a", asha));
    size_t n = due(&s, &list);
    for (size_t k = 0; k < n; k++)
        must(tb_sweep_refuse(&s, list[k], &why, &err), &err);
    must(tb_sweep_note(&s, "end", NULL, &err, "no trial has a result"), &err);
    free(list);
    tb_sweep_close(&s);
}

/* A folder with a plan that is none. */
static void make_damaged(struct tb_store *store)
{
    char *dir = tb_xasprintf("%s/sweeps/0123456789ab", tb_store_path(store)), *path = tb_path_join(dir, "plan.json"),
         *above = tb_path_join(tb_store_path(store), "sweeps");
    must(tb_dir_make(above, 0700, &err) && tb_dir_make(dir, 0700, &err) && tb_file_replace(path, "{}", 2, &err), &err);
    free(above);
    free(path);
    free(dir);
}

void make_sweeps(struct tb_store *s)
{
    make_damaged(s);
    make_failed(s);
    make_over(s);
    make_left(s);
}

/* The runs that were left, opened as a worker that resumes them does. */
static size_t hold_runs(struct tb_store *store, const struct tb_sweep *s, struct tb_run_writer **w, size_t most)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n && n < most; i++) {
        const struct tb_trial *t = &s->trial[i];
        if (!*t->run || t->is_over || t->state == TB_STATE_QUEUED)
            continue;
        char *dir = tb_store_run_dir(store, t->run);
        w[n] = tb_run_writer_open(dir, &err);
        must(w[n++] != NULL, &err);
        free(dir);
    }
    return n;
}

void lead_sweep(struct tb_store *store)
{
    struct tb_sweep s;
    struct tb_run_writer *w[4];
    char byte;
    struct tb_duty *duty = tb_duty_take(tb_store_path(store), "detached", &err);
    must(duty && tb_sweep_take(&s, tb_store_path(store), "@last", &err) && tb_sweep_see_all(&s, false, &err), &err);
    size_t n = hold_runs(store, &s, w, sizeof w / sizeof *w);
    printf("%zu runs\n", n);
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    while (n)
        tb_run_writer_close(w[--n]);
    tb_sweep_close(&s);
    tb_duty_leave(duty);
}
