/* SPDX-License-Identifier: MIT */
/* story.h - a small run as a worker and its clients write it: store, recipe, run, rows, evaluations, events, samples, a
 * checkpoint, a request with its answer, marks, snapshots, a resume, the seal, a note after it, the index. It does what
 * is not there yet, so the same story told again finishes one that was cut off. What a call acknowledged is counted
 * in `heard`, what must survive a power loss in `sure`; both may lie in shared memory, for another process to check. */
#ifndef TB_TESTS_STORY_H
#define TB_TESTS_STORY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "store/checkpoint.h"
#include "store/fsck.h"
#include "store/marks.h"
#include "store/store.h"
#include "store/writer.h"
#include "tests/crash/visit.h"

enum { STORY_STEPS = 24, STORY_RESUMED = 8, STORY_TENSOR = 48 };
#define STORY_ID "0123456789abcdef"
#define STORY_RECIPE "return 'a recipe'\n"

/* Numbers of what was acknowledged: steps, or 0 and 1. */
enum story_fact {
    STORY_RECIPE_KEPT, STORY_RUN, STORY_TRAIN, STORY_EVALS, STORY_LOSSES, STORY_NOTES, STORY_SAMPLES, STORY_CHECKPOINT,
    STORY_ASKED, STORY_ANSWERED, STORY_TAGGED, STORY_SEALED, STORY_NOTED, STORY_N,
};

struct story_said {
    int heard[STORY_N], sure[STORY_N];
    char complaint[600]; /* the first error that was not as it should be */
};

struct story {
    const char *root;
    int tries;
    struct story_said *said;
    struct tb_store *store;
    struct tb_run_writer *w;
    char *dir;
    int step;
};

/* Whether a disk that refused a sync may have left holes in records that were not safe. */
static bool story_may_damage;

typedef bool story_fn(struct story *t, struct tb_err *err);

/* Tries a call; each failure must name a file of the store. */
static bool story_try(struct story *t, const char *name, story_fn *fn)
{
    char text[800];
    for (int i = 0; i < t->tries; i++) {
        struct tb_err err = { 0 };
        if (fn(t, &err))
            return true;
        tb_err_string(&err, text, sizeof text);
        if ((err.kind != TB_ERR_IO || !strstr(text, t->root)) && !t->said->complaint[0])
            snprintf(t->said->complaint, sizeof t->said->complaint, "%s: kind %d: %.500s", name, err.kind, text);
    }
    return false;
}

static void story_heard(struct story *t, enum story_fact f, int v)
{
    t->said->heard[f] = v > t->said->heard[f] ? v : t->said->heard[f];
}

/* What a replaced file holds is synced when the call returns. */
static void story_kept(struct story *t, enum story_fact f, int v)
{
    story_heard(t, f, v);
    t->said->sure[f] = t->said->heard[f];
}

/* All records so far are synced. */
static void story_synced(struct story *t)
{
    static const enum story_fact records[] = { STORY_TRAIN, STORY_EVALS, STORY_LOSSES, STORY_NOTES, STORY_SAMPLES,
                                               STORY_TAGGED, STORY_NOTED };
    for (size_t i = 0; i < sizeof records / sizeof *records; i++)
        t->said->sure[records[i]] = t->said->heard[records[i]];
}

static double story_loss(int step)
{
    return 1.0 / step;
}

static bool story_open(struct story *t, struct tb_err *err)
{
    return (t->store = tb_store_open(t->root, true, err)) != NULL;
}

static bool story_recipe(struct story *t, struct tb_err *err)
{
    char sha[65];
    if (!tb_store_save_recipe(t->store, STORY_RECIPE, strlen(STORY_RECIPE), sha, err))
        return false;
    story_kept(t, STORY_RECIPE_KEPT, 1);
    return true;
}

static bool story_create(struct story *t, struct tb_err *err)
{
    if (tb_store_has(t->store, STORY_ID))
        return true;
    struct tb_json *config = tb_json_new_map();
    tb_json_set(config, "seed", tb_json_new_int(7));
    struct tb_run_new run = { .id = STORY_ID, .name = "story", .config = config, .recipe = STORY_RECIPE,
                              .n_recipe = strlen(STORY_RECIPE) };
    bool good = tb_run_create(tb_store_runs_dir(t->store), &run, err);
    tb_json_free(config);
    if (good)
        story_kept(t, STORY_RUN, 1);
    return good;
}

static bool story_take(struct story *t, struct tb_err *err)
{
    if (!(t->w = tb_run_writer_open(t->dir, err)))
        return false;
    tb_run_writer_set_segment(t->w, 900);
    return true;
}

static const struct tb_metrics *story_has(const struct story *t)
{
    return tb_run_writer_metrics(t->w);
}

static bool story_begin(struct story *t, struct tb_err *err)
{
    return story_has(t)->state != TB_STATE_QUEUED || tb_run_writer_state(t->w, TB_STATE_RUNNING, NULL, NULL, err);
}

static bool story_train(struct story *t, struct tb_err *err)
{
    struct tb_train_row row = { t->step, 64.0 * t->step, 0.1 * t->step, story_loss(t->step), 1e-3, 1, 600, 0 };
    float loss[] = { (float)t->step, (float)story_loss(t->step) };
    if (!tb_run_writer_step_rows(t->w, t->step, loss, 2, err) || !tb_run_writer_train(t->w, &row, err))
        return false;
    story_heard(t, STORY_TRAIN, t->step);
    return true;
}

static bool story_has_note(const struct tb_metrics *m, int step, int *n)
{
    char text[32];
    snprintf(text, sizeof text, "step %d", step);
    *n = 0;
    for (size_t i = 0; i < m->n_events; i++)
        *n += strcmp(m->events[i].text, text) == 0;
    return *n > 0;
}

static bool story_note(struct story *t, struct tb_err *err)
{
    int n;
    if (!story_has_note(story_has(t), t->step, &n)
        && !tb_run_writer_event(t->w, t->step, "note", err, "step %d", t->step))
        return false;
    story_heard(t, STORY_NOTES, t->step);
    return true;
}

static int story_count(const struct tb_metrics *m, enum story_fact f)
{
    return (int)(f == STORY_EVALS ? m->n_eval : f == STORY_LOSSES ? m->n_rows / 2 : m->n_samples);
}

/* The n-th evaluation, with its results by row and its sample. */
static bool story_eval(struct story *t, struct tb_err *err)
{
    int n = t->step / 12 + 1;
    struct tb_eval_row row = { t->step, 64.0 * t->step, 0.1 * t->step, story_loss(t->step) + 1, 30 };
    struct tb_row_loss rows[] = { { t->step, 1, 1, 10, 2.5 }, { t->step, 2, 1, 20, t->step } };
    struct tb_sample sample = { t->step, 1, "prompt", "output" };
    if (story_count(story_has(t), STORY_EVALS) < n && !tb_run_writer_eval(t->w, &row, err))
        return false;
    story_heard(t, STORY_EVALS, n);
    if (story_count(story_has(t), STORY_LOSSES) < n && !tb_run_writer_rows(t->w, rows, 2, err))
        return false;
    story_heard(t, STORY_LOSSES, n);
    if (story_count(story_has(t), STORY_SAMPLES) < n && !tb_run_writer_sample(t->w, &sample, err))
        return false;
    story_heard(t, STORY_SAMPLES, n);
    return true;
}

static struct tb_array story_tensor(float *v, const char *name)
{
    for (int i = 0; i < STORY_TENSOR; i++)
        v[i] = (float)i / 8;
    return (struct tb_array){ .name = name, .type = TB_ARRAY_F32, .rank = 1, .shape = { STORY_TENSOR }, .data = v };
}

static bool story_is_tensor(const struct tb_array *a)
{
    bool same = a && a->type == TB_ARRAY_F32 && a->rank == 1 && a->shape[0] == STORY_TENSOR;
    for (int i = 0; same && i < STORY_TENSOR; i++)
        same = ((const float *)a->data)[i] == (float)i / 8;
    return same;
}

static bool story_checkpoint(struct story *t, struct tb_err *err)
{
    float v[STORY_TENSOR];
    struct tb_array tensor = story_tensor(v, "values/a");
    struct tb_json *state = tb_json_new_map();
    tb_json_set(state, "step", tb_json_new_int(t->step));
    struct tb_checkpoint c = { .step = t->step, .state = state, .tensor = &tensor, .n = 1 };
    bool good = tb_run_writer_checkpoint(t->w, &c, err);
    tb_json_free(state);
    if (good) {
        story_synced(t);
        story_kept(t, STORY_CHECKPOINT, t->step);
    }
    return good;
}

static bool story_ask(struct story *t, struct tb_err *err)
{
    unsigned seq;
    struct tb_ctl_answer a;
    tb_ctl_look(t->dir, 1, "pause", &a);
    if (a.state == TB_CTL_MISSING && !tb_ctl_post(t->dir, "pause", NULL, &seq, err))
        return false;
    story_kept(t, STORY_ASKED, 1);
    return true;
}

/* As the store thread does it: what cannot be taken now is looked for again later. */
static bool story_answer(struct story *t, struct tb_err *err)
{
    struct tb_ctl_request q;
    struct tb_ctl_answer a;
    for (int i = 0; i < t->tries; i++)
        while (tb_run_writer_request(t->w, &q)) {
            bool good = tb_ctl_done(t->dir, &q, t->step, "done", NULL) || tb_ctl_done(t->dir, &q, t->step, "done", err);
            tb_ctl_free(&q);
            if (!good)
                return false;
        }
    tb_ctl_look(t->dir, 1, "pause", &a);
    if (a.state == TB_CTL_DONE)
        story_kept(t, STORY_ANSWERED, 1);
    return true;
}

static bool story_fact(struct story *t, const char *key, struct tb_json *value, enum story_fact f, struct tb_err *err)
{
    struct tb_json *marks = tb_json_new_map();
    tb_json_set(marks, key, value);
    struct tb_json *facts = tb_marks_facts(marks, err);
    bool good = facts && (tb_metrics_fact(story_has(t), "result", key) || tb_run_writer_facts(t->w, facts, err));
    if (good)
        story_heard(t, f, 1);
    tb_json_free(facts);
    tb_json_free(marks);
    return good;
}

static bool story_tag(struct story *t, struct tb_err *err)
{
    return story_fact(t, "protected", tb_json_new_bool(true), STORY_TAGGED, err);
}

static bool story_snapshot(struct story *t, struct tb_err *err)
{
    if (!tb_run_writer_snapshot(t->w, err))
        return false;
    story_synced(t);
    return true;
}

static bool story_sync(struct story *t, struct tb_err *err)
{
    if (!tb_run_writer_sync(t->w, err))
        return false;
    story_synced(t);
    return true;
}

static bool story_resume(struct story *t, struct tb_err *err)
{
    return tb_run_writer_resume(t->w, STORY_RESUMED, err);
}

static bool story_seal(struct story *t, struct tb_err *err)
{
    float v[STORY_TENSOR];
    struct tb_array tensor = story_tensor(v, "base_model.lora_A.weight");
    struct tb_final adapter = { .tensor = &tensor, .n = 1, .peft_config = "{}" };
    if (story_has(t)->state != TB_STATE_DONE
        && !tb_run_writer_seal(t->w, TB_STATE_DONE, "budget", "", &adapter, err))
        return false;
    story_synced(t);
    story_kept(t, STORY_SEALED, 1);
    return true;
}

static bool story_later(struct story *t, struct tb_err *err)
{
    return story_fact(t, "note", tb_json_new_str("looked at"), STORY_NOTED, err);
}

/* Everything else that belongs to this step. */
static bool story_around(struct story *t)
{
    int i = t->step;
    bool good = true;
    if (i % 3 == 0)
        good = good && story_try(t, "event", story_note);
    if (i % 12 == 6)
        good = good && story_try(t, "eval", story_eval);
    if (i == STORY_RESUMED)
        good = good && story_try(t, "checkpoint", story_checkpoint);
    if (i == 10)
        good = good && story_try(t, "request", story_ask) && story_try(t, "answer", story_answer);
    if (i == 12)
        good = good && story_try(t, "marks", story_tag);
    if (i == 14)
        good = good && story_try(t, "snapshot", story_snapshot);
    return good && (i % 5 != 0 || story_try(t, "sync", story_sync));
}

static bool story_steps(struct story *t, int last)
{
    bool good = true;
    for (t->step = 1; good && t->step <= last; t->step++)
        good = (t->step <= story_has(t)->step || story_try(t, "row", story_train)) && story_around(t);
    return good;
}

static bool story_reopen(struct story *t)
{
    tb_run_writer_close(t->w);
    t->w = NULL;
    return story_try(t, "writer", story_take);
}

static bool story_ends(struct story *t)
{
    struct tb_run_item *all;
    size_t n;
    bool good = story_try(t, "seal", story_seal) && story_reopen(t) && story_try(t, "note", story_later)
             && story_try(t, "last sync", story_sync);
    tb_run_writer_close(t->w);
    t->w = NULL;
    if (!good)
        return false;
    good = tb_store_list(t->store, &all, &n, NULL); /* a cache that cannot be written is nobody's error */
    free(all);
    return good;
}

/* True once it is told to its end. */
static bool story_tell(struct story *t)
{
    bool good = story_try(t, "store", story_open) && story_try(t, "recipe", story_recipe)
             && story_try(t, "run", story_create);
    t->dir = good ? tb_store_run_dir(t->store, STORY_ID) : NULL;
    good = good && story_try(t, "writer", story_take) && story_try(t, "state", story_begin);
    if (good && story_has(t)->n_resumes == 0 && story_has(t)->state == TB_STATE_RUNNING)
        good = story_steps(t, 16) && story_reopen(t) && story_try(t, "resume", story_resume);
    good = good && (story_has(t)->state == TB_STATE_DONE || story_steps(t, STORY_STEPS)) && story_ends(t);
    tb_run_writer_close(t->w);
    tb_store_close(t->store);
    free(t->dir);
    return good;
}

/* ---- the check afterwards */

#define STORY_MUST(cond, ...) \
    do { \
        if (!(cond)) { \
            snprintf(why, 600, __VA_ARGS__); \
            return false; \
        } \
    } while (0)

/* Those of the rows of a step that is there. */
static bool story_has_losses(const struct tb_metrics *m, int step)
{
    size_t n;
    const float *loss = tb_step_rows_of(&m->step_rows, step, &n);
    return loss && n == 2 && loss[0] == (float)step && loss[1] == (float)story_loss(step);
}

static bool story_check_tables(const struct tb_metrics *m, const int *least, char *why)
{
    STORY_MUST((int)m->n_train >= least[STORY_TRAIN], "%zu rows, %d expected", m->n_train, least[STORY_TRAIN]);
    for (int i = 0; i < (int)m->n_train; i++)
        STORY_MUST(m->train[i].step == i + 1 && m->train[i].loss == story_loss(i + 1) && story_has_losses(m, i + 1),
                   "row %d is wrong", i + 1);
    for (int f = STORY_EVALS; f <= STORY_LOSSES; f++)
        STORY_MUST(story_count(m, (enum story_fact)f) >= least[f], "%d of table %d, %d expected",
                   story_count(m, (enum story_fact)f), f, least[f]);
    STORY_MUST((int)m->n_samples >= least[STORY_SAMPLES], "%zu samples", m->n_samples);
    for (int i = 0; i < (int)m->n_eval; i++)
        STORY_MUST(m->eval[i].step == 6 + 12 * i && m->eval[i].loss == story_loss(6 + 12 * i) + 1, "eval %d", i);
    for (int i = 3; i <= STORY_STEPS; i += 3) {
        int n;
        story_has_note(m, i, &n);
        STORY_MUST(n <= 1 && (n == 1 || i > least[STORY_NOTES]), "event of step %d is there %d times", i, n);
    }
    STORY_MUST(!least[STORY_TAGGED] || tb_metrics_fact(m, "result", "protected"), "the mark is lost");
    STORY_MUST(!least[STORY_NOTED] || *tb_marks_note(m), "the note is lost");
    STORY_MUST(!least[STORY_SEALED] || m->state == TB_STATE_DONE, "the end is lost");
    STORY_MUST(!m->journal.is_damaged || story_may_damage, "damage: %s", m->journal.words);
    return true;
}

static bool story_check_run(const char *dir, const int *least, char *why)
{
    struct tb_metrics m;
    struct tb_err err = { 0 };
    struct tb_ctl_answer a;
    struct tb_checkpoint c;
    bool good = tb_metrics_load(&m, dir, &err);
    if (good)
        good = story_check_tables(&m, least, why);
    else
        snprintf(why, 600, "the run cannot be read: %s %.400s", err.where, err.text);
    tb_metrics_free(&m);
    if (!good)
        return false;
    if (least[STORY_CHECKPOINT]) {
        STORY_MUST(tb_checkpoint_read(&c, dir, STORY_RESUMED, &err), "checkpoint: %.400s", err.text);
        good = story_is_tensor(tb_checkpoint_find(&c, "values/a"));
        tb_checkpoint_free(&c);
        STORY_MUST(good, "the checkpoint holds something else");
    }
    tb_ctl_look(dir, 1, "pause", &a);
    STORY_MUST(!least[STORY_ASKED] || a.state != TB_CTL_MISSING, "the request is lost");
    STORY_MUST(!least[STORY_ANSWERED] || a.state == TB_CTL_DONE, "the answer is lost");
    return true;
}

static bool story_check_recipe(const char *root, bool must, char *why)
{
    char sha[65], *text = NULL, *path;
    tb_sha256_hex(STORY_RECIPE, strlen(STORY_RECIPE), sha);
    path = tb_xasprintf("%s/recipes/%.12s.lua", root, sha);
    bool there = tb_file_exists(path);
    text = there ? tb_file_read(path, 4096, NULL, NULL) : NULL;
    bool good = there ? text && strcmp(text, STORY_RECIPE) == 0 : !must;
    free(text);
    free(path);
    STORY_MUST(good, "the recipe is lost or cut");
    return true;
}

/* What is there is whole, and nothing below `least` is missing. */
static bool story_check(const char *root, const int *least, char *why)
{
    struct tb_run_item *all = NULL;
    size_t n = 0;
    STORY_MUST(visit_tree(root), "%s does not open", visited.bad);
    struct tb_store *s = tb_store_open(root, false, NULL);
    STORY_MUST(s || !least[STORY_RECIPE_KEPT], "the store is gone");
    if (!s)
        return true;
    bool is_good = tb_store_list(s, &all, &n, NULL) && n == (size_t)tb_store_has(s, STORY_ID)
                && (n == 0 || !all[0].sum.damage[0]);
    if (!is_good)
        snprintf(why, 600, "the list is not right: %zu runs, %s", n, n ? all[0].sum.damage : "");
    char *dir = tb_store_run_dir(s, STORY_ID);
    if (is_good && (n || least[STORY_RUN]))
        is_good = story_check_run(dir, least, why);
    is_good = is_good && story_check_recipe(root, least[STORY_RECIPE_KEPT], why);
    free(dir);
    free(all);
    tb_store_close(s);
    return is_good;
}

static void story_finding(void *user, const struct tb_finding *f)
{
    if (!f->is_note && !strstr(f->file, ".tmp-") && !strstr(f->file, ".new-"))
        snprintf(user, 600, "fsck: %.60s %.200s: %.200s", f->run, f->file, f->what);
}

/* Tells it again, to the end, and compares with what it must be then. */
static bool story_finish(const char *root, char *why)
{
    static const int all[STORY_N] = { 1, 1, STORY_STEPS, 2, 2, STORY_STEPS, 2, STORY_RESUMED, 1, 1, 1, 1, 1 };
    struct story_said said = { 0 };
    struct tb_final f;
    struct tb_fsck k = { .tell = story_finding, .user = why };
    char *dir = tb_xasprintf("%s/runs/" STORY_ID, root);
    bool told = story_tell(&(struct story){ .root = root, .tries = 1, .said = &said });
    if (!told)
        snprintf(why, 600, "does not go on: %.500s", said.complaint);
    bool good = told && story_check(root, all, why) && tb_snapshot_final(&f, dir, NULL);
    if (good) {
        good = f.n == 1 && story_is_tensor(&f.tensor[0]) && !tb_journal_any(dir);
        snprintf(why, 600, "%s", good ? "" : "no adapter at the end, or a journal");
        tb_final_free(&f);
    }
    good = good && tb_fsck_store(&k, root, NULL) && !*why;
    if (good)
        tb_fsck_run(&k, root, STORY_ID);
    free(dir);
    return good && !*why;
}

#endif
