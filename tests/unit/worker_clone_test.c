/* SPDX-License-Identifier: MIT */
/* worker_clone_test.c - runs made out of runs, and runs changed under way: what is changed is met again with the same
 * bits by whoever goes on from before it; a warm clone goes on with the bits of its parent; a start is never dropped;
 * equal clones are one run, other ones have other ids; a rerun is the same to the last bit. */
#include "worker/worker.h"

#include "store/checkpoint.h"
#include "store/lineage.h"
#include "store/writer.h"
#include "tests/tap.h"
#include "tests/unit/worker_lab.h"
#include "view/repeat.h"
#include "worker/change.h"
#include "worker/clone.h"

static const char usual[] =
    "{\"method.lora.r\": 2, \"method.lora.dropout\": 0.2, \"budget.n\": 20, \"batch.rows\": 5, "
    "\"eval.every\": \"4steps\", \"data.eval\": 0.2, \"exec.checkpoint_s\": 1e6, \"exec.threads\": 1, "
    "\"exec.name\": \"usual\"}";

static struct lab lab;
static char *argv[] = { "test", NULL };

/* Stops or yields at a step. */
struct watcher {
    int64_t at;
    enum tb_wish wish;
};

static void on_step(void *arg, const struct tb_job *j, const struct tb_train_row *row)
{
    const struct watcher *w = arg;
    if (w->at && row->step == (double)w->at)
        tb_train_wish(w->wish);
}

static char *store_path(const char *store)
{
    return tb_path_join(lab.dir, store);
}

static char *dir_of(const char *store, const char *id)
{
    return tb_xasprintf("%s/%s/runs/%s", lab.dir, store, id);
}

/* Trains the usual run with more changes, in a store of this name, or goes on with run `id`. */
static bool train(const char *store, const char *changes, const char *id, struct watcher w, char made[TB_RUN_ID])
{
    struct tb_err err = { 0 };
    struct tb_worker_result result = { 0 };
    char *path = store_path(store);
    struct tb_worker_spec spec = { .store = path, .argv = argv, .threads = 1,
                                   .view = { .arg = &w, .step = on_step } };
    struct tb_plan *p = id ? NULL : lab_plan(&lab, &changes, 1, &err);
    tb_train_wish(TB_WISH_NONE);
    bool good = id ? lab_go_on(&id, 1, &spec, &result, &err) : p && lab_carry_out(p, &spec, &result, &err);
    if (!good || result.n != 1)
        printf("# %s: %s\n", store, err.text);
    else
        snprintf(made, TB_RUN_ID, "%s", result.run[0].id);
    tb_train_wish(TB_WISH_NONE);
    good = good && result.n == 1 && result.n_failed == 0;
    tb_worker_result_free(&result);
    tb_plan_free(p);
    free(path);
    return good;
}

static const struct watcher to_the_end;

/* The metrics of a run, to be freed. */
static bool load(const char *store, const char *id, struct tb_metrics *m)
{
    char *dir = dir_of(store, id);
    bool good = tb_metrics_load(m, dir, NULL);
    free(dir);
    return good;
}

static bool is_same(const char *store, const char *id, const char *other_store, const char *other)
{
    struct tb_metrics a = { 0 }, b = { 0 };
    struct tb_repeat r = { .is_exact = false };
    char words[200] = "cannot be read";
    bool good = load(store, id, &a);
    good = load(other_store, other, &b) && good;
    if (good) {
        tb_repeat_compare(&r, &a, &b);
        tb_repeat_words(&r, words, sizeof words);
        r.is_exact &= strcmp(r.hash, "equal") == 0;
    }
    printf("# %s\n", words);
    tb_metrics_free(&a);
    tb_metrics_free(&b);
    return r.is_exact;
}

static void drop_behind(const char *store, const char *id, int64_t step)
{
    int64_t *steps;
    char *dir = dir_of(store, id);
    size_t n = tb_checkpoint_list(dir, &steps);
    for (size_t i = 0; i < n; i++)
        if (steps[i] > step)
            tb_checkpoint_remove(dir, steps[i], NULL);
    free(steps);
    free(dir);
}

/* ---- changes */

/* What the verb does to a run that nobody has. */
static bool set(const char *store, const char *id, const char *asked)
{
    char *dir = dir_of(store, id);
    struct tb_err err = { 0 };
    struct tb_run_writer *w = tb_run_writer_open(dir, &err);
    const struct tb_metrics *m = w ? tb_run_writer_metrics(w) : NULL;
    const struct tb_json *config = w ? tb_json_get(m->facts, "config") : NULL;
    struct tb_json *a = tb_json_parse(asked, strlen(asked), "test", NULL),
                   *now = w ? tb_changes_config(config, tb_changes_of(m), m->step, &err) : NULL,
                   *s = now ? tb_change_settle(now, a, 20, 0, &err) : NULL;
    struct tb_json *list = s ? tb_changes_with(tb_changes_of(m), now, s, m->step) : NULL;
    bool has_event = false, good = list && tb_changes_record(w, m->step, list, "changed", &has_event, &err);
    if (!good)
        printf("# %s\n", err.text);
    tb_json_free(list);
    tb_json_free(s);
    tb_json_free(now);
    tb_json_free(a);
    tb_run_writer_close(w);
    free(dir);
    return good;
}

static const char asked[] =
    "{\"optim.lr\": 0.02, \"optim.clip\": 0.1, \"eval.every\": \"3steps\", \"schedule.name\": \"constant\"}";

static char changed_id[TB_RUN_ID];

static void changes(void)
{
    char id[TB_RUN_ID], again[TB_RUN_ID];
    struct tb_metrics m = { 0 };
    bool good = train("a", usual, NULL, (struct watcher){ 10, TB_WISH_YIELD }, changed_id)
             && set("a", changed_id, asked) && train("a", usual, changed_id, to_the_end, changed_id);
    good = good && load("a", changed_id, &m);
    ok(good && m.n_train == 20 && m.train[9].lr < 1e-3 && m.train[10].lr == 0.02 && m.train[19].lr == 0.02,
       "in force from its step on, the schedule with it");
    ok(good && m.n_eval == 3 + 4 && m.eval[3].step == 12 && m.eval[4].step == 15 && m.eval[6].step == 20,
       "evaluated as before up to there, then as it says");
    tb_metrics_free(&m);

    good = train("b", usual, NULL, (struct watcher){ 10, TB_WISH_YIELD }, id) && set("b", id, asked)
        && train("b", usual, id, (struct watcher){ 14, TB_WISH_YIELD }, id);
    drop_behind("b", id, 8);
    good = good && train("b", usual, id, to_the_end, id);
    ok(good && is_same("a", changed_id, "b", id), "gone on from before the change: the same bits");
    good = load("b", id, &m);
    ok(good && m.resumed_at < 10 && m.n_resumes == 2, "it did begin at step %lld", (long long)m.resumed_at);
    tb_metrics_free(&m);

    good = train("a", usual, NULL, to_the_end, id);
    char *want = tb_xasprintf("%s-2", changed_id);
    ok(good && strcmp(id, want) == 0, "the plan makes a new run of it: %s", id);
    ok(!is_same("a", changed_id, "a", id), "which is another one");
    good = train("a", usual, NULL, to_the_end, again);
    ok(good && strcmp(again, id) == 0, "but only one");
    free(want);
}

/* ---- clones */

struct clone {
    char id[TB_RUN_ID];
    bool is_there;
    int64_t steps, tokens;
};

static bool clone(const char *store, const char *parent, enum tb_clone_mode mode, int64_t at, const char *const *sets,
                  struct clone *c, struct tb_err *err)
{
    char *path = store_path(store);
    struct tb_override over[4];
    struct tb_overrides all = { .at = over };
    for (; sets && sets[all.n]; all.n++)
        over[all.n] = (struct tb_override){ .text = sets[all.n] };
    struct tb_clone_spec spec = { .store = path, .parent = parent, .at = at, .mode = mode, .set = &all, .argv = argv };
    struct tb_clone *made = tb_clone_open(&spec, err);
    bool good = made && tb_clone_put(made, err);
    *c = (struct clone){ .steps = -1 };
    if (good) {
        const struct tb_json *f = tb_clone_facts(made);
        snprintf(c->id, sizeof c->id, "%s", tb_json_str(tb_json_get(f, "id"), ""));
        c->is_there = tb_json_bool(tb_json_get(f, "is_there"), false);
        c->steps = tb_json_int(tb_json_get(f, "steps"), -1);
        c->tokens = tb_json_int(tb_json_get(f, "tokens"), -1);
    }
    tb_clone_close(made);
    free(path);
    return good;
}

static void is_refused(const char *parent, enum tb_clone_mode mode, const char *set, const char *word, const char *way)
{
    const char *const sets[] = { set, NULL };
    struct clone c;
    struct tb_err err = { 0 };
    bool good = clone("p", parent, mode, TB_REF_LAST, sets, &c, &err);
    ok(!good && strstr(err.text, word) && strstr(err.text, way), "%s: %s", set ? set : "nothing", err.text);
}

/* Rows and evaluations of the clone are those of its parent behind the step. */
static bool goes_on(const struct tb_metrics *parent, const struct tb_metrics *m, int64_t step)
{
    bool same = m->n_train == parent->n_train - (size_t)step && m->n_train > 0;
    for (size_t i = 0; same && i < m->n_train; i++)
        same = memcmp(&m->train[i].loss, &parent->train[i + (size_t)step].loss, sizeof(double)) == 0
            && m->train[i].tokens == parent->train[i + (size_t)step].tokens
            && m->train[i].lr == parent->train[i + (size_t)step].lr;
    size_t first = parent->n_eval - m->n_eval;
    for (size_t i = 0; same && i < m->n_eval; i++)
        same = m->eval[i].step > (double)step && m->eval[i].loss == parent->eval[first + i].loss;
    return same;
}

static bool has_event(const struct tb_metrics *m, const char *word)
{
    for (size_t i = 0; i < m->n_events; i++)
        if (strstr(m->events[i].text, word))
            return true;
    return false;
}

static bool has_checkpoint(const char *store, const char *id, int64_t step)
{
    char *dir = dir_of(store, id), *path = tb_checkpoint_path(dir, step);
    bool there = tb_file_exists(path);
    free(path);
    free(dir);
    return there;
}

static char parent[TB_RUN_ID]; /* in store p: stopped at step 12 */
static char whole[TB_RUN_ID];  /* in store w: the same to its end */

static void warm(void)
{
    static const char *const faster[] = { "optim.lr=0.01", NULL };
    static const char *const other_exec[] = { "exec.micro_tokens=512", NULL };
    struct clone c, same, other, third;
    struct tb_metrics m = { 0 }, w = { 0 };
    struct tb_err err = { 0 };
    bool good = clone("p", parent, TB_CLONE_AUTO, TB_REF_LAST, NULL, &c, &err);
    ok(good && c.steps == 8 && c.tokens > 0 && !c.is_there, "a warm clone is to make 8 steps %s", err.text);
    ok(has_checkpoint("p", c.id, 12), "it has its start before it begins");
    good = load("p", c.id, &m);
    ok(good && m.state == TB_STATE_QUEUED && m.step == 12 && m.n_train == 0 && tb_lineage_start(&m) == 12
           && strcmp(tb_lineage_parent(&m), parent) == 0, "queued at step 12, and it says of which run");
    tb_metrics_free(&m);
    good = train("p", NULL, c.id, to_the_end, c.id) && load("p", c.id, &m) && load("w", whole, &w);
    ok(good && goes_on(&w, &m, 12), "unchanged it goes on with the bits of the parent: %zu rows", m.n_train);
    ok(good && m.n_resumes == 0 && !has_event(&m, "missing"), "its first step is no resume, and no step is missing");
    ok(has_checkpoint("p", c.id, 12) && has_checkpoint("p", c.id, 20), "start and end are kept");
    tb_metrics_free(&m);
    tb_metrics_free(&w);
    good = clone("p", parent, TB_CLONE_WARM, 12, other_exec, &same, &err);
    ok(good && same.is_there && strcmp(same.id, c.id) == 0, "an equal one is the same run");
    good = clone("p", parent, TB_CLONE_WARM, 12, faster, &other, &err)
        && clone("p", parent, TB_CLONE_WEIGHTS, 12, faster, &third, &err);
    ok(good && !other.is_there && strcmp(other.id, c.id) != 0 && strcmp(third.id, other.id) != 0
           && strlen(other.id) == 16, "another rate or another mode: another id");
    good = set("p", other.id, "{\"optim.clip\": 3}") && clone("p", parent, TB_CLONE_WARM, 12, faster, &same, &err);
    char *want = tb_xasprintf("%s-2", other.id);
    ok(good && !same.is_there && strcmp(same.id, want) == 0, "one that was changed is not it any more");
    free(want);
}

/* Killed right behind its start, and where nothing but the start is left. */
static void interrupted(void)
{
    static const char *const faster[] = { "lr=0.01", "budget=30steps", NULL };
    struct clone c, d;
    struct tb_metrics m = { 0 };
    struct tb_err err = { 0 };
    bool good = clone("p", parent, TB_CLONE_WARM, 12, faster, &c, &err);
    ok(good && c.steps == 18, "a larger budget %s", err.text);
    good = train("p", NULL, c.id, (struct watcher){ 15, TB_WISH_YIELD }, c.id);
    drop_behind("p", c.id, 12);
    good = good && train("p", NULL, c.id, (struct watcher){ 29, TB_WISH_YIELD }, c.id);
    ok(has_checkpoint("p", c.id, 12), "the start outlives %s", "many checkpoints");
    drop_behind("p", c.id, 12);
    good = good && train("p", NULL, c.id, to_the_end, c.id) && load("p", c.id, &m);
    ok(good && m.n_train == 18 && m.train[0].step == 13 && m.train[17].step == 30 && m.n_resumes == 2
           && !has_event(&m, "replay") && !has_event(&m, "missing"), "gone on from the start twice");
    tb_metrics_free(&m);
    good = clone("p", c.id, TB_CLONE_RERUN, 0, NULL, &d, &err) && train("p", NULL, d.id, to_the_end, d.id);
    ok(good && is_same("p", c.id, "p", d.id), "the same bits as one that was not interrupted");
    drop_behind("p", d.id, -1);
    good = clone("p", parent, TB_CLONE_WEIGHTS, 12, faster, &c, &err);
    drop_behind("p", c.id, -1);
    good = good && !train("p", NULL, c.id, to_the_end, c.id) && load("p", c.id, &m);
    ok(good && m.state == TB_STATE_FAILED && strstr(m.note, "clone its parent again"), "without its start it fails: %s",
       m.note);
    tb_metrics_free(&m);
}

static void weights(void)
{
    static const char *const sets[] = { "data.order=file", "batch=3", NULL };
    struct clone c;
    struct tb_metrics m = { 0 }, w = { 0 };
    struct tb_err err = { 0 };
    bool good = clone("p", parent, TB_CLONE_WEIGHTS, TB_REF_LAST, sets, &c, &err);
    ok(good && has_checkpoint("p", c.id, 0), "a clone of the weights has a start of step 0 %s", err.text);
    good = good && train("p", NULL, c.id, to_the_end, c.id) && load("p", c.id, &m) && load("w", whole, &w);
    ok(good && m.n_train == 20 && m.train[0].step == 1 && m.eval[0].step == 0 && m.n_resumes == 0,
       "it makes all steps");
    ok(good && m.eval[0].loss == w.eval[3].loss && m.eval[0].loss != w.eval[0].loss,
       "and begins with the loss that the parent had at step 12");
    ok(has_checkpoint("p", c.id, 0), "the start is kept");
    tb_metrics_free(&m);
    tb_metrics_free(&w);
}

static void cold(void)
{
    static const char *const sets[] = { "method.lora.r=3", NULL };
    static const char same[] =
        "{\"method.lora.r\": 3, \"method.lora.dropout\": 0.2, \"budget.n\": 20, \"batch.rows\": 5, "
        "\"eval.every\": \"4steps\", \"data.eval\": 0.2, \"exec.checkpoint_s\": 1e6, \"exec.threads\": 1}";
    char id[TB_RUN_ID], *path = store_path("p");
    struct clone c;
    struct tb_metrics m = { 0 };
    struct tb_err err = { 0 };
    int64_t seeds[2] = { 0 };
    bool good = clone("p", parent, TB_CLONE_COLD, 0, sets, &c, &err) && load("p", c.id, &m);
    ok(good && c.steps == 20 && tb_json_real(tb_metrics_fact(&m, "config", "method.lora.alpha"), 0) == 6,
       "alpha follows r as it did in the parent %s", err.text);
    tb_metrics_free(&m);
    good = train("p", same, NULL, to_the_end, id);
    ok(good && strcmp(id, c.id) == 0, "its id is that of the plan that says the same");
    good = clone("p", parent, TB_CLONE_COLD, 0, sets, &c, &err);
    ok(good && c.is_there && strcmp(c.id, id) == 0, "and it is not made twice");
    good = tb_clone_seeds(path, parent, 2, seeds, &err);
    ok(good && seeds[0] == 1 && seeds[1] == 2, "the next seeds");
    good = clone("p", parent, TB_CLONE_COLD, 0, (const char *const[]){ "seed=1", NULL }, &c, &err)
        && tb_clone_seeds(path, parent, 2, seeds, &err);
    ok(good && seeds[0] == 2 && seeds[1] == 3, "but those that are there");
    free(path);
}

/* Of a run that was changed the clone has what is in force at its step. */
static void of_changed(void)
{
    struct clone at_end, c;
    struct tb_metrics m = { 0 };
    struct tb_err err = { 0 };
    static const char *const longer[] = { "budget=24steps", NULL };
    bool good = clone("a", changed_id, TB_CLONE_WARM, TB_REF_LAST, longer, &at_end, &err) && load("a", at_end.id, &m);
    ok(good && tb_json_real(tb_metrics_fact(&m, "config", "optim.lr"), 0) == 0.02 && !tb_changes_of(&m)
           && strcmp(tb_json_str(tb_metrics_fact(&m, "config", "eval.every"), ""), "3steps") == 0,
       "what was changed is its own from the start %s", err.text);
    tb_metrics_free(&m);
    good = clone("a", changed_id, TB_CLONE_RERUN, 0, NULL, &c, &err) && load("a", c.id, &m);
    ok(good && tb_json_real(tb_metrics_fact(&m, "config", "optim.lr"), 0) < 1e-3 && tb_changes_of(&m),
       "a rerun is to be changed again");
    tb_metrics_free(&m);
    good = train("a", NULL, c.id, to_the_end, c.id);
    ok(good && is_same("a", changed_id, "a", c.id), "with the same bits");
    good = clone("p", parent, TB_CLONE_RERUN, 0, NULL, &c, &err) && train("p", NULL, c.id, to_the_end, c.id)
        && load("p", c.id, &m);
    ok(good && m.state == TB_STATE_STOPPED && m.step == 12 && strcmp(m.ended_by, "rerun") == 0,
       "one that was stopped ends where it did");
    tb_metrics_free(&m);
    ok(is_same("p", parent, "p", c.id), "also to the bit");
}

static void refusals(void)
{
    is_refused(parent, TB_CLONE_AUTO, "method.lora.r=4", "method.lora.r is fixed", "--cold");
    is_refused(parent, TB_CLONE_AUTO, "seed=4", "seed is fixed", "--weights");
    is_refused(parent, TB_CLONE_WARM, "batch.rows=4", "batch.rows is fixed", "--weights");
    is_refused(parent, TB_CLONE_WARM, "data.eval=0.3", "data.eval is fixed", "place in the order");
    is_refused(parent, TB_CLONE_WEIGHTS, "scratch.d=32", "scratch.d is fixed", "--cold");
    is_refused(parent, TB_CLONE_WEIGHTS, "seed=4", "scratch", "--cold");
    is_refused(parent, TB_CLONE_WEIGHTS, "method.lora.r=4", "dimensions", "--cold");
    is_refused(parent, TB_CLONE_WEIGHTS, "method.lora.targets=q", "belong to nothing", "--cold");
    is_refused(parent, TB_CLONE_WARM, "budget=12steps", "nothing is left", "budget");
    is_refused(parent, TB_CLONE_COLD, NULL, "nothing is changed", "rerun");
    is_refused(parent, TB_CLONE_COLD, "optim.rl=1", "optim.rl", "did you mean");
    struct clone c;
    struct tb_err err = { 0 };
    ok(!clone("p", parent, TB_CLONE_WARM, 5, NULL, &c, &err) && err.kind == TB_ERR_NOTFOUND && strstr(err.text, "12"),
       "no such checkpoint: %s", err.text);
    ok(clone("p", parent, TB_CLONE_WARM, TB_REF_BEST, (const char *const[]){ "optim.eps=1e-7", NULL }, &c, &err),
       "the best one");
    static const char *const soft[] = { "method.lora.dropout=0.1", NULL };
    ok(clone("p", parent, TB_CLONE_AUTO, TB_REF_LAST, soft, &c, &err), "dropout is not fixed");
}

int main(void)
{
    struct tb_err err = { 0 };
    setenv("TUNEBENCH_QUANTUM", "64", 1);
    bool good = lab_open(&lab, 16, &err);
    ok(good, "a tokenizer and pairs %s", err.text);
    if (good) {
        changes();
        ok(train("p", usual, NULL, (struct watcher){ 12, TB_WISH_STOP }, parent)
               && train("w", usual, NULL, to_the_end, whole), "parents");
        warm();
        interrupted();
        weights();
        cold();
        of_changed();
        refusals();
    }
    lab_close(&lab);
    return done();
}
