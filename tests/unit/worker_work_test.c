/* SPDX-License-Identifier: MIT */
/* worker_work_test.c - work told before it is done, against the engine's counters after it; what makes a run take
 * longer; and that all arms of a plan are told their time by one speed, whatever was measured before. */
#include <math.h>

#include "tests/tap.h"
#include "tests/unit/worker_lab.h"
#include "worker/planner.h"
#include "worker/session_priv.h"
#include "worker/work.h"

static struct lab lab;
static struct tb_shelf *shelf;
static struct tb_err err;

static bool work_out(struct tb_job *j, const char *changes)
{
    struct tb_json *draft = lab_draft(&lab, changes);
    struct tb_config c = { .map = tb_config_complete(draft, &err) };
    *j = (struct tb_job){ 0 };
    bool good = c.map && tb_job_open(j, shelf, &c, 0, 0, &err);
    if (!good)
        printf("# %s: %s\n", changes ? changes : "the usual run", err.text);
    tb_json_free(c.map);
    tb_json_free(draft);
    return good;
}

/* ---- against the engine */
static bool same(const struct tb_counters *a, const struct tb_counters *b)
{
    const int64_t *x = (const int64_t *)a, *y = (const int64_t *)b;
    bool eq = true;
    for (size_t i = 0; i < sizeof *a / sizeof *x; i++)
        if (x[i] != y[i]) {
            printf("# counter %zu: told %lld, was %lld\n", i, (long long)x[i], (long long)y[i]);
            eq = false;
        }
    return eq;
}

static bool step(const struct tb_job *j, struct tb_engine *e)
{
    struct tb_counters told = { 0 }, was, before = *tb_engine_counters(e);
    struct tb_step_out out;
    int n;
    struct tb_row *rows = tb_work_first_rows(j, &n);
    bool good = tb_work_step(&told, j, rows, n, &err) && tb_engine_gradient(e, rows, n, 0, 0, &out, &err);
    was = *tb_engine_counters(e);
    free(rows);
    return good && before.steps == 0 && told.linear_forward > 0 && same(&told, &was);
}

static bool score(const struct tb_job *j, struct tb_engine *e)
{
    struct tb_counters told = *tb_engine_counters(e);
    struct tb_row *rows = tb_xcalloc((size_t)j->n_eval, sizeof *rows);
    double *loss = tb_xcalloc((size_t)j->n_eval, sizeof *loss);
    int *labels = tb_xcalloc((size_t)j->n_eval, sizeof *labels);
    for (int i = 0; i < j->n_eval; i++)
        rows[i] = tb_dataset_row(j->data, j->eval_row[i]);
    bool good = j->n_eval > 0 && tb_work_score(&told, j, rows, j->n_eval, &err)
             && tb_engine_evaluate(e, rows, j->n_eval, loss, labels, &err) && same(&told, tb_engine_counters(e));
    free(rows);
    free(loss);
    free(labels);
    return good;
}

static void check_counts(const char *name, const char *changes)
{
    struct tb_job j;
    struct tb_session s = { 0 };
    bool good = work_out(&j, changes);
    struct tb_stack *stack = good ? tb_stack_open(j.config.map, j.base->model, &err) : NULL;
    good = stack && tb_session_open(&s, j.base->model, stack, &j.spec, 1, &err);
    ok(good && step(&j, s.engine), "%s: a step is told as the engine counts it", name);
    ok(good && score(&j, s.engine), "%s: so is an evaluation", name);
    tb_session_close(&s);
    tb_job_close(&j);
}

static void check_all_counts(void)
{
    static const char *const runs[][2] = {
        { "lora", "{}" },
        { "lora on v of the upper block", "{\"method.lora.targets\": [\"v\"], \"method.lora.layers\": [1]}" },
        { "lora on down, computed again", "{\"method.lora.targets\": [\"down\"], \"exec.memory\": \"small\"}" },
        { "lora, computed again", "{\"exec.memory\": \"small\"}" },
        { "dora", "{\"method.kind\": \"dora\"}" },
        { "prefix", "{\"method.kind\": \"prefix\", \"method.prefix.tokens\": 5}" },
        { "prompt", "{\"method.kind\": \"prompt\", \"method.prompt.tokens\": 5}" },
        { "ia3", "{\"method.kind\": \"ia3\"}" },
        { "oft", "{\"method.kind\": \"oft\", \"method.oft.block\": 4}" },
        { "loha", "{\"method.kind\": \"loha\"}" },
        { "full", "{\"method.kind\": \"full\"}" },
        { "several micro-batches", "{\"batch.rows\": 8, \"exec.micro_tokens\": 64}" },
    };
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++)
        check_counts(runs[i][0], runs[i][1]);
}

/* ---- of a run */
static struct tb_work of(const char *changes)
{
    struct tb_work w = { NAN, NAN, NAN };
    struct tb_job j;
    if (!work_out(&j, changes) || !tb_work_of(&w, &j, &err))
        w.training = NAN;
    tb_job_close(&j);
    return w;
}

static void check_runs(void)
{
    struct tb_work usual = of("{\"budget.n\": 8, \"eval.every\": \"4steps\", \"eval.rows\": 10}"),
                   often = of("{\"budget.n\": 8, \"eval.every\": \"2steps\", \"eval.rows\": 10}"),
                   longer = of("{\"budget.n\": 16, \"eval.every\": \"8steps\", \"eval.rows\": 10}"),
                   rows = of("{\"budget.n\": 8, \"eval.every\": \"4steps\", \"eval.rows\": 5}"),
                   full = of("{\"budget.n\": 8, \"method.kind\": \"full\"}");
    ok(usual.training > 0 && usual.scoring > 0 && usual.measuring == 0, "training and evaluations are work");
    ok(often.training == usual.training && fabs(often.scoring / usual.scoring - 5.0 / 3) < 1e-9,
       "five evaluations in the place of three take 5/3 of their work: %.4g", often.scoring / usual.scoring);
    ok(fabs(longer.training / usual.training - 2) < 0.2 && longer.scoring == usual.scoring,
       "twice the steps are twice the training: %.4g", longer.training / usual.training);
    ok(rows.scoring < 0.7 * usual.scoring, "half the rows: %.4g", rows.scoring / usual.scoring);
    ok(full.training > 1.2 * usual.training, "full computes more than lora: %.4g", full.training / usual.training);
}

/* ---- arms of a plan */
static void remember(const char *shares)
{
    char *dir = tb_path_join(lab.dir, "tunebench"), *path = tb_path_join(dir, "pace.json");
    tb_dir_make(dir, 0700, NULL);
    lab_write(path, shares, &err);
    free(path);
    free(dir);
}

static struct tb_json *plan_of(const char *const *changes, int n, bool measures)
{
    struct tb_worker_spec spec = { .store = lab.dir, .measures = measures };
    struct tb_plan *p = lab_plan(&lab, changes, n, &err);
    struct tb_json *plan = p ? tb_worker_plan(p, &spec, &err) : NULL;
    if (!plan)
        printf("# %s\n", err.text);
    tb_plan_free(p);
    return plan;
}

static const struct tb_json *fact(const struct tb_json *plan, size_t run, const char *key)
{
    return tb_json_get(tb_json_get(tb_json_at(tb_json_get(plan, "runs"), run), "pace"), key);
}

static bool rests_on_one_speed(const struct tb_json *plan, size_t n)
{
    bool eq = tb_json_len(tb_json_get(plan, "runs")) == n;
    for (size_t i = 1; i < n; i++)
        eq = eq && tb_json_equal(fact(plan, i, "share"), fact(plan, 0, "share"))
          && tb_json_equal(fact(plan, i, "probe_gflops"), fact(plan, 0, "probe_gflops"));
    return eq;
}

static void check_arms(void)
{
    static const char *const arms[] = { "{\"method.kind\": \"lora\"}", "{\"method.kind\": \"prefix\"}",
                                        "{\"method.kind\": \"full\"}" };
    remember("{}");
    struct tb_json *plan = plan_of(arms, 3, false);
    ok(rests_on_one_speed(plan, 3) && tb_json_int(fact(plan, 0, "n_measured"), -1) == 0,
       "nothing measured: all arms by the usual speed");
    tb_json_free(plan);
    plan = plan_of(arms, 2, true);
    ok(rests_on_one_speed(plan, 2) && tb_json_int(fact(plan, 0, "n_measured"), -1) == 2,
       "two arms measured: both by the same speed, also the one that was measured first");
    tb_json_free(plan);
    plan = plan_of(arms, 3, false);
    ok(rests_on_one_speed(plan, 3) && tb_json_int(fact(plan, 0, "n_measured"), -1) == 2,
       "a method that nobody measured goes by what was measured of others");
    tb_json_free(plan);
}

int main(void)
{
    if (!lab_open(&lab, 40, &err)) {
        ok(false, "lab: %s", err.text);
        return done();
    }
    setenv("XDG_CACHE_HOME", lab.dir, 1);
    shelf = tb_shelf_open(lab.dir, NULL);
    check_all_counts();
    check_runs();
    check_arms();
    tb_shelf_close(shelf);
    lab_close(&lab);
    return done();
}
