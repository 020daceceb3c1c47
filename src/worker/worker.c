/* SPDX-License-Identifier: MIT */
/* worker.c - plan -> run folders -> training. All runs of a plan are put into the store first, so that whatever happens
 * afterwards is seen and can be gone on with; then each is claimed by its lock and trained. */
#include "worker/worker.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/numeric.h"
#include "base/str.h"
#include "store/runlog.h"
#include "store/writer.h"
#include "worker/session.h"

struct work {
    const struct tb_worker_spec *spec;
    struct tb_store *store;
    struct tb_shelf *shelf;
    struct tb_kernels *k;
    int n_threads;
    bool is_asked; /* for these runs by name: also those that failed */
    struct tb_worker_result *result;
};

static bool open_work(struct work *w, const struct tb_worker_spec *spec, const char *recipe_path, bool create,
                      struct tb_worker_result *result, struct tb_err *err)
{
    *w = (struct work){ .spec = spec, .result = result };
    *result = (struct tb_worker_result){ 0 };
    w->shelf = tb_shelf_open(recipe_path, tb_session_data_dir());
    w->store = tb_store_open(spec->store, create, err);
    return w->store != NULL;
}

static void close_work(struct work *w)
{
    if (w->k)
        w->k->close(w->k);
    tb_shelf_close(w->shelf);
    tb_store_close(w->store);
}

void tb_worker_result_free(struct tb_worker_result *r)
{
    free(r->run);
    *r = (struct tb_worker_result){ 0 };
}

/* The back end with as many threads as the run asks for. */
static bool use_threads(struct work *w, int n, struct tb_err *err)
{
    char why[200];
    if (w->k && w->n_threads == n)
        return true;
    if (w->k)
        w->k->close(w->k);
    w->n_threads = n;
    w->k = tb_kernels_open(NULL, n, why, sizeof why);
    return w->k || tb_fail(err, TB_ERR_USAGE, "%s", why);
}

/* ---- putting runs into the store */
static bool create_run(struct work *w, const struct tb_plan *p, const struct tb_job *j, const char *id,
                       struct tb_err *err)
{
    struct tb_json *plan = tb_job_plan_facts(j), *base = tb_job_base_facts(j), *data = tb_job_data_facts(j);
    struct tb_json *env = tb_run_env(w->spec->argv, TB_VERSION, TB_NUMERIC);
    struct tb_run_new run = { .id = id, .name = tb_config_name(&j->config), .config = j->config.map,
                              .recipe = *p->recipe ? p->recipe : NULL, .n_recipe = strlen(p->recipe),
                              .overrides = p->overrides, .plan = plan, .base = base, .data = data, .env = env };
    bool good = tb_run_create(tb_store_runs_dir(w->store), &run, err);
    tb_json_free(plan);
    tb_json_free(base);
    tb_json_free(data);
    tb_json_free(env);
    return good;
}

/* Makes sure that the run is there, `anew` under an id that is free; another process may be quicker. */
static bool claim(struct work *w, const struct tb_plan *p, const struct tb_job *j, bool anew, char id[TB_RUN_ID],
                  struct tb_err *err)
{
    tb_str_copy(id, TB_RUN_ID, j->id);
    for (;;) {
        struct tb_err why = { 0 };
        if (anew)
            tb_store_next_id(w->store, j->id, id);
        else if (tb_store_has(w->store, id))
            return true;
        if (create_run(w, p, j, id, &why))
            return true;
        if (!tb_store_has(w->store, id)) {
            *err = why;
            return false;
        }
    }
}

/* As it is stored now; queued if that cannot be read. */
static enum tb_state state_now(const struct work *w, const char *id)
{
    struct tb_metrics m;
    char *dir = tb_store_run_dir(w->store, id);
    enum tb_state state = tb_metrics_load(&m, dir, NULL) ? m.state : TB_STATE_QUEUED;
    tb_metrics_free(&m);
    free(dir);
    return state;
}

static bool put_run(struct work *w, const struct tb_plan *p, const struct tb_config *c, int n_virtual,
                    struct tb_worker_run *r, struct tb_err *err)
{
    struct tb_job j;
    bool good = tb_job_open(&j, w->shelf, c, n_virtual, 0, err);
    if (good) {
        bool has_it = tb_store_has(w->store, j.id);
        bool anew = has_it && (w->spec->again || j.seconds > 0); /* what minutes hold depends on the machine */
        good = claim(w, p, &j, anew, r->id, err);
        r->state = good && has_it && !anew ? state_now(w, r->id) : TB_STATE_QUEUED;
    }
    tb_job_close(&j);
    return good;
}

static bool save_recipe(struct work *w, const struct tb_plan *p, struct tb_err *err)
{
    char sha[65];
    bool good = !*p->recipe || tb_store_save_recipe(w->store, p->recipe, strlen(p->recipe), sha, err);
    for (size_t i = 0; good && i < p->n_modules; i++)
        good = tb_store_save_recipe(w->store, p->modules[i].text, strlen(p->modules[i].text), sha, err);
    return good;
}

static bool put_all(struct work *w, const struct tb_plan *p, struct tb_err *err)
{
    int n_virtual = tb_job_virtual_rows(w->shelf, p, err);
    if (n_virtual < 0 || !save_recipe(w, p, err))
        return false;
    w->result->run = tb_xcalloc(p->n_runs, sizeof *w->result->run);
    for (size_t i = 0; i < p->n_runs; i++) {
        if (!put_run(w, p, &p->runs[i], n_virtual, &w->result->run[i], err))
            return false;
        w->result->n++;
    }
    return true;
}

/* ---- training them */
static bool is_left(enum tb_state s)
{
    return s == TB_STATE_QUEUED || s == TB_STATE_RUNNING || s == TB_STATE_PAUSED || s == TB_STATE_LOST
        || s == TB_STATE_STOPPED;
}

static void tell_skipped(const struct work *w, const char *id, const char *name, enum tb_state state)
{
    if (w->spec->skipped)
        w->spec->skipped(w->spec->view.arg, id, name, state);
}

/* What a failed run leaves for whoever looks later; NaN and the like are sealed by training itself. */
static void mark_failed(const char *dir, const struct tb_err *why)
{
    struct tb_run_writer *w = tb_run_writer_open(dir, NULL);
    if (!w)
        return;
    tb_run_log(dir, TB_LOG_ERROR, "%s", why->text);
    tb_run_writer_event(w, tb_run_writer_metrics(w)->step, "error", NULL, "%s", why->text);
    tb_run_writer_seal(w, TB_STATE_FAILED, "error", why->text, NULL, NULL);
    tb_run_writer_close(w);
}

/* Somebody else trains it: waits until its lock is free, or somebody wants to leave. */
static void wait_for(const struct work *w, const char *id, const char *dir)
{
    struct timespec nap = { .tv_nsec = 250000000 };
    int lock = -1;
    tell_skipped(w, id, "", TB_STATE_RUNNING);
    while (lock < 0 && tb_dir_exists(dir) && tb_train_wished() == TB_WISH_NONE) {
        nanosleep(&nap, NULL);
        lock = tb_run_lock(dir, NULL);
    }
    tb_run_unlock(lock);
}

/* A run as it is stored, worked out again; rows are those it began with. */
static bool open_stored(struct work *w, const struct tb_metrics *m, struct tb_job *j, struct tb_err *err)
{
    struct tb_config c;
    int max_tok = (int)tb_json_int(tb_metrics_fact(m, "data", "max_tok"), 0);
    const char *base_id = tb_json_str(tb_metrics_fact(m, "base", "id"), "");
    const char *order = tb_json_str(tb_metrics_fact(m, "data", "order_hash"), "");
    bool good = tb_job_stored_config(&c, tb_json_get(m->facts, "config"), err)
             && tb_job_open(j, w->shelf, &c, 0, max_tok, err);
    tb_json_free(c.map);
    if (!good)
        return false;
    if (strcmp(base_id, j->base->id) != 0)
        return tb_fail_at(err, TB_ERR_FORMAT, j->base->path, 0, "the base has changed since the run began");
    if (strcmp(order, j->order_hash) != 0)
        return tb_fail_at(err, TB_ERR_FORMAT, tb_json_str(tb_metrics_fact(m, "data", "path"), ""), 0,
                          "the data have changed since the run began");
    return true;
}

/* *began: the run was taken; what goes wrong from then on is its own failure. */
static bool train_stored(struct work *w, const struct tb_metrics *m, const char *dir, enum tb_state *state, bool *began,
                         struct tb_err *err)
{
    struct tb_job j = { 0 };
    bool good = open_stored(w, m, &j, err)
             && use_threads(w, w->spec->threads > 0 ? w->spec->threads : tb_job_threads(&j), err);
    *began = good;
    good = good && tb_train(&j, w->k, dir, &w->spec->view, state, err);
    tb_job_close(&j);
    return good;
}

static void tell_failure(const char *id, const struct tb_err *why)
{
    char text[sizeof why->where + sizeof why->text + 16];
    tb_log(TB_LOG_ERROR, "run %s: %s", id, tb_err_string(why, text, sizeof text));
}

/* What is left of a run whose training returned an error. */
static void after_failure(struct work *w, const char *id, const char *dir, bool began, const struct tb_err *why)
{
    tell_failure(id, why);
    if (why->kind == TB_ERR_BUSY)
        w->result->n_busy++;
    else
        w->result->n_failed++;
    if (began && why->kind != TB_ERR_BUSY && why->kind != TB_ERR_IO)
        mark_failed(dir, why);
}

/* Whether a run in this state is to be trained. One that somebody stopped since it was put on the list, or while it was
 * waited for, is not. */
static bool is_wanted(const struct work *w, enum tb_state state, enum tb_state before)
{
    if (tb_train_wished() != TB_WISH_NONE || (tb_state_is_over(state) && !tb_state_is_over(before)))
        return false;
    return is_left(state) || (w->is_asked && state != TB_STATE_DONE);
}

/* The journal of a run that is over: a crash came between its last snapshot and the end of that. */
static void remove_journal(const char *dir)
{
    struct tb_run_writer *w = tb_journal_any(dir) ? tb_run_writer_open(dir, NULL) : NULL;
    if (w && tb_state_is_over(tb_run_writer_metrics(w)->state))
        tb_run_writer_snapshot(w, NULL);
    tb_run_writer_close(w);
}

/* Trains it if that is wanted. *is_held: another process has it; nothing was done. */
static bool try_run(struct work *w, struct tb_worker_run *r, const char *dir, bool *is_held, struct tb_err *err)
{
    enum tb_state before = r->state;
    struct tb_metrics m;
    struct tb_err why = { 0 };
    bool began = false, good = tb_metrics_load(&m, dir, err);
    *is_held = false;
    r->state = good ? m.state : TB_STATE_LOST;
    if (good && !is_wanted(w, m.state, before)) {
        struct tb_run_sight sight;
        tb_run_look(dir, m.state, &sight);
        tell_skipped(w, r->id, tb_json_str(tb_metrics_fact(&m, "run", "name"), ""), sight.state);
        if (tb_state_is_over(m.state))
            remove_journal(dir);
    } else if (good && !train_stored(w, &m, dir, &r->state, &began, &why)) {
        *is_held = began && why.kind == TB_ERR_BUSY && strstr(why.text, "another process");
        r->state = TB_STATE_LOST;
        if (!*is_held)
            after_failure(w, r->id, dir, began, &why);
        tb_metrics_free(&m);
        return true; /* counted there */
    }
    w->result->n_failed += r->state == TB_STATE_FAILED;
    w->result->n_unfinished += good && is_left(r->state);
    tb_metrics_free(&m);
    return good;
}

/* One run of the store. Its own failure is told and counted; false only if it cannot be read. */
static bool do_run(struct work *w, struct tb_worker_run *r, struct tb_err *err)
{
    char *dir = tb_store_run_dir(w->store, r->id);
    bool is_held, good = try_run(w, r, dir, &is_held, err);
    while (good && is_held) {
        wait_for(w, r->id, dir);
        good = try_run(w, r, dir, &is_held, err);
    }
    free(dir);
    return good;
}

/* One that cannot be read does not end the others. */
static bool do_all(struct work *w, struct tb_err *err)
{
    for (size_t i = 0; i < w->result->n; i++) {
        struct tb_err why = { 0 };
        if (do_run(w, &w->result->run[i], &why))
            continue;
        if (w->result->n == 1) {
            *err = why;
            return false;
        }
        tell_failure(w->result->run[i].id, &why);
        w->result->n_failed++;
    }
    return true;
}

bool tb_worker_run(const struct tb_plan *p, const struct tb_worker_spec *spec, struct tb_worker_result *result,
                   struct tb_err *err)
{
    struct work w;
    bool good = open_work(&w, spec, p->recipe_path, true, result, err) && put_all(&w, p, err) && do_all(&w, err);
    close_work(&w);
    return good;
}

static void add_run(struct work *w, const struct tb_run_item *item)
{
    struct tb_worker_run *r = &w->result->run[w->result->n++];
    tb_str_copy(r->id, TB_RUN_ID, item->sum.id);
    r->state = (enum tb_state)item->sum.state;
}

static bool find_runs(struct work *w, const char *const *refs, size_t n, struct tb_err *err)
{
    struct tb_run_item *all = NULL;
    size_t n_all = 0;
    bool good = tb_store_list(w->store, &all, &n_all, err);
    w->result->run = tb_xcalloc(n + n_all, sizeof *w->result->run);
    for (size_t i = 0; i < n && good; i++) {
        int64_t at = tb_run_find(all, n_all, refs[i], err);
        good = at >= 0;
        if (good)
            add_run(w, &all[at]);
    }
    for (size_t i = 0; n == 0 && i < n_all; i++)
        if (!all[i].sum.damage[0] && is_left(all[i].sight.state) && all[i].sight.pid == 0)
            add_run(w, &all[i]);
    free(all);
    return good;
}

bool tb_worker_resume(const char *const *refs, size_t n, const struct tb_worker_spec *spec,
                      struct tb_worker_result *result, struct tb_err *err)
{
    struct work w;
    bool good = open_work(&w, spec, "", false, result, err);
    w.is_asked = n > 0;
    good = good && find_runs(&w, refs, n, err) && do_all(&w, err);
    close_work(&w);
    return good;
}

/* ---- plan: the same without training */

/* FLOP of a training step for each token, both directions, without the adapters' own. */
static double flop_per_token(const struct tb_job *j)
{
    const struct tb_shape *s = &j->base->model->shape;
    double q = (double)s->n_heads * s->head_dim, kv = (double)s->n_kv * s->head_dim;
    double linear = s->n_layers * (s->d * (2 * q + 2 * kv) + 3.0 * s->d * s->ff), head = (double)s->vocab * s->d;
    bool is_full = !j->stack->part[0]->method->peft_type;
    return (is_full ? 6 : 4) * (linear + head);
}

/* Training and its evaluations, which only go forward. */
static double seconds_of(const struct tb_job *j, double gflops)
{
    double tok = 0, forward = flop_per_token(j) / (j->stack->part[0]->method->peft_type ? 2 : 3);
    for (int i = 0; i < j->n_eval; i++)
        tok += tb_dataset_row(j->data, j->eval_row[i]).n;
    double evals = forward * tok * j->n_eval_at, training = flop_per_token(j) * (double)j->n_tokens;
    return j->seconds > 0 ? j->seconds + evals / (gflops * 1e9) : (training + evals) / (gflops * 1e9);
}

/* Each part of a stack has its own: lr is null there, and lrs has them in the order of the parts. */
static void set_rates(struct tb_json *row, const struct tb_job *j)
{
    struct tb_json *all = tb_json_new_list();
    bool is_stack = j->stack->n > 1;
    for (int i = 0; i < j->stack->n; i++)
        tb_json_append(all, tb_json_new_real(tb_job_lr(j, i)));
    tb_json_set(row, "lr", is_stack ? tb_json_new_null() : tb_json_copy(tb_json_at(all, 0)));
    if (is_stack)
        tb_json_set(row, "lrs", tb_json_ref(all));
    tb_json_free(all);
}

static struct tb_json *planned(const struct work *w, const struct tb_job *j, double gflops)
{
    struct tb_json *row = tb_job_plan_facts(j);
    char *method = tb_stack_name(j->stack);
    struct tb_metrics m;
    const char *state = "new";
    if (w->store && tb_store_has(w->store, j->id)) {
        char *dir = tb_store_run_dir(w->store, j->id);
        struct tb_run_sight sight = { .state = TB_STATE_QUEUED };
        if (tb_metrics_load(&m, dir, NULL))
            tb_run_look(dir, m.state, &sight);
        tb_metrics_free(&m);
        free(dir);
        state = tb_state_name(sight.state);
    }
    tb_json_set(row, "id", tb_json_new_str(j->id));
    tb_json_set(row, "name", tb_json_new_str(tb_config_name(&j->config)));
    tb_json_set(row, "state", tb_json_new_str(state));
    tb_json_set(row, "method", tb_json_new_str(method));
    tb_json_set(row, "base", tb_json_new_str(j->base->name));
    tb_json_set(row, "data", tb_job_data_facts(j));
    set_rates(row, j);
    tb_json_set(row, "est_s", tb_json_new_real(seconds_of(j, gflops)));
    free(method);
    return row;
}

static bool plan_runs(struct work *w, const struct tb_plan *p, struct tb_json *runs, struct tb_err *err)
{
    int n_virtual = tb_job_virtual_rows(w->shelf, p, err);
    if (n_virtual < 0 || !use_threads(w, tb_kernels_default_threads(), err))
        return false;
    /* The best of three short probes, since other programs may run; whole steps reach about six tenths of it. */
    double gflops = 0;
    for (int i = 0; i < 3; i++)
        gflops = fmax(gflops, 0.6 * tb_kernels_probe(w->k, 0.1));
    for (size_t i = 0; i < p->n_runs; i++) {
        struct tb_job j = { 0 };
        bool good = tb_job_open(&j, w->shelf, &p->runs[i], n_virtual, 0, err);
        if (good)
            tb_json_append(runs, planned(w, &j, gflops));
        tb_job_close(&j);
        if (!good)
            return false;
    }
    return true;
}

struct tb_json *tb_worker_plan(const struct tb_plan *p, const struct tb_worker_spec *spec, struct tb_err *err)
{
    struct tb_json *runs = tb_json_new_list(), *out = NULL;
    /* A store that is not there yet holds none of them. */
    struct work w = { .spec = spec, .shelf = tb_shelf_open(p->recipe_path, tb_session_data_dir()),
                      .store = tb_store_open(spec->store, false, NULL) };
    if (plan_runs(&w, p, runs, err)) {
        out = tb_json_new_map();
        tb_json_set(out, "runs", tb_json_ref(runs));
        tb_json_set(out, "n_same", tb_json_new_int((int64_t)p->n_same));
    }
    tb_json_free(runs);
    close_work(&w);
    return out;
}
