/* SPDX-License-Identifier: MIT */
/* worker_lab.h - a temporary folder with a small tokenizer, a file of pairs and room for stores; and runs on them with
 * a scratch base, as configs and plans. Changes to the usual run are written as JSON: {"seed": 1, "optim.lr": 0.1}. */
#ifndef TB_TESTS_UNIT_WORKER_LAB_H
#define TB_TESTS_UNIT_WORKER_LAB_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "dataset/dataset.h"
#include "method/method.h"
#include "plan/plan.h"
#include "text/trainer.h"
#include "worker/worker.h"

struct lab {
    char dir[200];
    char *tokenizer, *pairs;
    char *usual; /* the usual run as a draft */
};

/* Lines "name[..], food[..] || .."; three completions for each prompt. */
static inline void lab_pairs(struct tb_buf *b, int n_prompts)
{
    static const char *const name[] = { "Ada", "Bo", "Cleo", "Dunn", "Eve", "Finn", "Gus" };
    static const char *const food[] = { "pie", "soup", "plums", "rice", "stew" };
    static const char *const place[] = { "inn", "mill", "park", "river bank" };
    for (int i = 0; i < n_prompts; i++)
        for (int j = 0; j < 3; j++) {
            const char *who = name[i % 7], *what = food[i % 5], *where = place[i % 4];
            tb_buf_fmt(b, "name[%s %d], food[%s], near[%s] || ", who, i, what, where);
            if (j == 0)
                tb_buf_fmt(b, "%s serves %s.\n", who, what);
            else if (j == 1)
                tb_buf_fmt(b, "At the %s, %s is known for %s.\n", where, who, what);
            else
                tb_buf_fmt(b, "For %s go to the %s and ask for %s, who has served it for years.\n", what, where, who);
        }
}

static inline bool lab_write(const char *path, const char *text, struct tb_err *err)
{
    return tb_file_replace(path, text, strlen(text), err);
}

static inline bool lab_train(const struct lab *l, const struct tb_buf *text, struct tb_err *err)
{
    struct tb_trainer_spec spec = { .n_vocab = 320 };
    struct tb_trainer *t = tb_trainer_open(&spec, err);
    bool good = t && tb_dir_make(l->tokenizer, 0700, err) && tb_trainer_add(t, text->p, text->n, err)
             && tb_trainer_write(t, l->tokenizer, NULL, err);
    tb_trainer_close(t);
    return good;
}

/* n_prompts times three rows. Close it also after a failure. */
static inline bool lab_open(struct lab *l, int n_prompts, struct tb_err *err)
{
    const char *temp = getenv("TMPDIR");
    struct tb_buf text = { 0 };
    *l = (struct lab){ 0 };
    tb_method_register();
    tb_dataset_register();
    snprintf(l->dir, sizeof l->dir, "%s/tunebench-lab-XXXXXX", temp && *temp ? temp : "/tmp");
    if (!mkdtemp(l->dir))
        return tb_fail(err, TB_ERR_IO, "cannot make %s", l->dir);
    l->tokenizer = tb_path_join(l->dir, "tokenizer");
    l->pairs = tb_path_join(l->dir, "pairs.txt");
    l->usual = tb_xasprintf("{\"base\": \"scratch\", \"scratch.d\": 16, \"scratch.layers\": 2, \"scratch.heads\": 2, "
                            "\"scratch.kv_heads\": 1, \"scratch.ff\": 24, \"scratch.context\": 96, "
                            "\"scratch.init\": \"normal\", \"scratch.tokenizer\": \"%s\", \"data.kind\": \"pairs\", "
                            "\"data.path\": [\"%s\"], \"budget.unit\": \"steps\", \"budget.n\": 10, "
                            "\"method.kind\": \"lora\"}", l->tokenizer, l->pairs);
    lab_pairs(&text, n_prompts);
    bool good = lab_train(l, &text, err) && lab_write(l->pairs, text.p, err);
    tb_buf_free(&text);
    return good;
}

static inline void lab_close(struct lab *l)
{
    if (*l->dir)
        tb_dir_remove(l->dir, NULL);
    free(l->tokenizer);
    free(l->pairs);
    free(l->usual);
}

static inline struct tb_json *lab_without_scratch(const struct lab *l)
{
    struct tb_json *all = tb_json_parse(l->usual, strlen(l->usual), "the usual run", NULL), *rest = tb_json_new_map();
    for (void *it = tb_json_first(all); it; it = tb_json_next(all, it))
        if (strncmp(tb_json_iter_key(it), "scratch.", 8) != 0)
            tb_json_set(rest, tb_json_iter_key(it), tb_json_copy(tb_json_iter_value(it)));
    tb_json_free(all);
    return rest;
}

/* The usual run with changes (JSON, NULL: none). Where they name another base, the keys of t.scratch go. */
static inline struct tb_json *lab_draft(const struct lab *l, const char *changes)
{
    struct tb_json *c = changes ? tb_json_parse(changes, strlen(changes), changes, NULL) : tb_json_new_map();
    struct tb_json *draft = tb_json_get(c, "base") ? lab_without_scratch(l)
                                                   : tb_json_parse(l->usual, strlen(l->usual), "the usual run", NULL);
    for (void *it = tb_json_first(c); it; it = tb_json_next(c, it))
        tb_json_set(draft, tb_json_iter_key(it), tb_json_copy(tb_json_iter_value(it)));
    tb_json_free(c);
    return draft;
}

/* A plan of one run for each of n changes; NULL and *err if one is refused. */
static inline struct tb_plan *lab_plan(const struct lab *l, const char *const *changes, int n, struct tb_err *err)
{
    struct tb_plan *p = tb_plan_new();
    bool good = true;
    for (int i = 0; good && i < n; i++) {
        struct tb_json *draft = lab_draft(l, changes[i]);
        good = tb_plan_add(p, draft, NULL, NULL, NULL, err);
        tb_json_free(draft);
    }
    if (good && tb_plan_finish(p, NULL, err))
        return p;
    tb_plan_free(p);
    return NULL;
}

/* What `run` does in one process: puts the plan's runs on the list and trains them. */
static inline bool lab_carry_out(const struct tb_plan *p, const struct tb_worker_spec *spec,
                                 struct tb_worker_result *result, struct tb_err *err)
{
    struct tb_worker *w = tb_worker_open(spec, p->recipe_path, true, err);
    bool good = w && tb_worker_put(w, p, result, err) && tb_worker_serve(w, result, err);
    tb_worker_close(w);
    if (good)
        tb_worker_tally(spec->store, result);
    return good;
}

/* What `resume` does in one process. */
static inline bool lab_go_on(const char *const *refs, size_t n, const struct tb_worker_spec *spec,
                             struct tb_worker_result *result, struct tb_err *err)
{
    struct tb_worker *w = tb_worker_open(spec, "", false, err);
    bool good = w && tb_worker_pick(w, refs, n, result, err) && tb_worker_serve(w, result, err);
    tb_worker_close(w);
    if (good)
        tb_worker_tally(spec->store, result);
    return good;
}

/* How one run of a plan came out. */
struct lab_end {
    enum tb_state state;
    char id[TB_RUN_ID];
    char *dir;
    struct tb_metrics m; /* as it is stored */
    int64_t wish_at;     /* the step after which `wish` is made, 0: none */
    enum tb_wish wish;
    int n_steps;
};

static inline void lab_on_step(void *arg, const struct tb_job *j, const struct tb_train_row *row)
{
    struct lab_end *e = arg;
    e->n_steps++;
    if (e->wish_at && row->step == (double)e->wish_at)
        tb_train_wish(e->wish);
}

static inline void lab_forget(struct lab_end *e)
{
    tb_metrics_free(&e->m);
    free(e->dir);
    e->dir = NULL;
}

/* Trains the usual run with changes in a store of the lab: from its beginning, or on from where it was left. e is to
 * be forgotten also after a failure. */
static inline bool lab_run(const struct lab *l, const char *store, const char *changes, int64_t wish_at,
                           enum tb_wish wish, struct lab_end *e)
{
    static char *argv[] = { "test", NULL };
    struct tb_err err = { 0 };
    struct tb_worker_result r = { 0 };
    char *path = tb_path_join(l->dir, store);
    *e = (struct lab_end){ .wish_at = wish_at, .wish = wish };
    tb_metrics_init(&e->m);
    struct tb_worker_spec spec = { .store = path, .argv = argv, .threads = 1,
                                   .view = { .arg = e, .step = lab_on_step } };
    struct tb_plan *p = lab_plan(l, &changes, 1, &err);
    tb_train_wish(TB_WISH_NONE);
    bool good = p && lab_carry_out(p, &spec, &r, &err) && r.n == 1;
    tb_train_wish(TB_WISH_NONE);
    if (good) {
        e->state = r.run[0].state;
        snprintf(e->id, sizeof e->id, "%s", r.run[0].id);
        e->dir = tb_xasprintf("%s/runs/%s", path, e->id);
        tb_metrics_free(&e->m);
        good = tb_metrics_load(&e->m, e->dir, &err);
    }
    if (!good)
        printf("# %s: %s\n", store, err.text);
    tb_worker_result_free(&r);
    tb_plan_free(p);
    free(path);
    return good;
}

static inline bool lab_has_event(const struct tb_metrics *m, const char *kind, const char *words)
{
    for (size_t i = 0; i < m->n_events; i++)
        if (strcmp(m->events[i].kind, kind) == 0 && strstr(m->events[i].text, words))
            return true;
    return false;
}

/* Same tables but for times, and the same final hash. */
static inline bool lab_same(const struct tb_metrics *a, const struct tb_metrics *b)
{
    const struct tb_json *x = tb_metrics_fact(a, "result", "final_hash"),
                         *y = tb_metrics_fact(b, "result", "final_hash");
    bool same = a->n_train == b->n_train && a->n_eval == b->n_eval && x && tb_json_equal(x, y);
    for (size_t i = 0; same && i < a->n_train; i++)
        same = a->train[i].loss == b->train[i].loss && a->train[i].lr == b->train[i].lr
            && a->train[i].tokens == b->train[i].tokens;
    for (size_t i = 0; same && i < a->n_eval; i++)
        same = a->eval[i].loss == b->eval[i].loss && a->eval[i].step == b->eval[i].step;
    return same;
}

#endif
