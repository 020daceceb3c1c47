/* SPDX-License-Identifier: MIT */
/* worker.c - plan -> run folders, and what a plan would take. All runs of a plan are put into the store first, so that
 * whatever happens afterwards is seen and can be gone on with; serve.c trains them. */
#include "worker/worker.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/duty.h"
#include "store/writer.h"
#include "worker/change.h"
#include "worker/planner.h"
#include "worker/put.h"
#include "worker/session.h"
#include "worker/worker_priv.h"

static const double young_beat_s = 30, long_silence_s = 600;

struct tb_worker *tb_worker_open(const struct tb_worker_spec *spec, const char *recipe_path, bool create,
                                 struct tb_err *err)
{
    struct tb_worker *w = tb_xcalloc(1, sizeof *w);
    w->spec = spec;
    w->shelf = tb_shelf_open(recipe_path, tb_session_data_dir());
    w->store = tb_store_open(spec->store, create, err);
    if (w->store)
        return w;
    tb_worker_close(w);
    return NULL;
}

void tb_worker_close(struct tb_worker *w)
{
    if (!w)
        return;
    for (int i = 0; i < w->n_k; i++)
        w->k[i]->close(w->k[i]);
    tb_shelf_close(w->shelf);
    tb_store_close(w->store);
    free(w);
}

void tb_worker_result_free(struct tb_worker_result *r)
{
    free(r->run);
    *r = (struct tb_worker_result){ 0 };
}

struct tb_kernels *tb_worker_kernels(struct tb_worker *w, int n_threads, struct tb_err *err)
{
    char why[200];
    for (int i = 0; i < w->n_k; i++)
        if (w->n_threads[i] == n_threads || w->n_k == TB_WORKER_BACK_ENDS)
            return w->k[i]; /* any number of threads gives the same bits */
    struct tb_kernels *k = tb_kernels_open(NULL, n_threads, why, sizeof why);
    if (!k) {
        tb_fail(err, TB_ERR_USAGE, "%s", why);
        return NULL;
    }
    w->n_threads[w->n_k] = n_threads;
    w->k[w->n_k++] = k;
    return k;
}

void tb_worker_tell_skipped(const struct tb_worker *w, const char *id, const char *name, enum tb_state state)
{
    if (w->spec->skipped)
        w->spec->skipped(w->spec->view.arg, id, name, state);
}

void tb_worker_tell_failure(const char *id, const struct tb_err *why)
{
    char text[sizeof why->where + sizeof why->text + 16];
    tb_log(TB_LOG_ERROR, "run %s: %s", id, tb_err_string(why, text, sizeof text));
}

/* ---- putting runs into the store */
static bool create_run(struct tb_worker *w, const struct tb_plan *p, const struct tb_job *j, const char *id,
                       struct tb_err *err)
{
    struct tb_put how = { .argv = w->spec->argv, .recipe = p->recipe, .overrides = p->overrides,
                          .env = w->env };
    return tb_put_run(w->store, j, &how, id, err);
}

/* Makes sure that the run is there, `anew` under an id that is free; another process may be quicker. */
static bool claim(struct tb_worker *w, const struct tb_plan *p, const struct tb_job *j, bool anew, char id[TB_RUN_ID],
                  struct tb_err *err)
{
    tb_str_copy(id, TB_RUN_ID, j->id);
    for (;;) {
        struct tb_err why = { 0 };
        if (anew)
            tb_store_next_id(w->store, j->id, id);
        else if (tb_changes_pick_id(w->store, j->id, id))
            return true;
        if (create_run(w, p, j, id, &why))
            return true;
        if (!tb_store_has(w->store, id)) {
            *err = why;
            return false;
        }
    }
}

enum tb_state tb_worker_state_now(const struct tb_worker *w, const char *id)
{
    struct tb_metrics m;
    char *dir = tb_store_run_dir(w->store, id);
    enum tb_state state = tb_metrics_load(&m, dir, NULL) ? m.state : TB_STATE_QUEUED;
    tb_metrics_free(&m);
    free(dir);
    return state;
}

static bool put_run(struct tb_worker *w, const struct tb_plan *p, const struct tb_config *c, int n_virtual,
                    struct tb_worker_run *r, struct tb_err *err)
{
    struct tb_job j;
    bool good = tb_job_open(&j, w->shelf, c, n_virtual, 0, err);
    if (good) {
        bool has_it = tb_changes_pick_id(w->store, j.id, r->id);
        bool anew = has_it && (w->spec->again || j.seconds > 0); /* what minutes hold depends on the machine */
        good = claim(w, p, &j, anew, r->id, err);
        r->state = good && has_it && !anew ? tb_worker_state_now(w, r->id) : TB_STATE_QUEUED;
    }
    tb_job_close(&j);
    return good;
}

static bool save_recipe(struct tb_worker *w, const struct tb_plan *p, struct tb_err *err)
{
    char sha[65];
    bool good = !*p->recipe || tb_store_save_recipe(w->store, p->recipe, strlen(p->recipe), sha, err);
    for (size_t i = 0; good && i < p->n_modules; i++)
        good = tb_store_save_recipe(w->store, p->modules[i].text, strlen(p->modules[i].text), sha, err);
    return good;
}

/* The journal of a run that is over: a crash came between its last snapshot and the end of that. */
static void remove_journal(const char *dir)
{
    struct tb_run_writer *w = tb_journal_any(dir) ? tb_run_writer_open(dir, NULL) : NULL;
    if (w && tb_state_is_over(tb_run_writer_metrics(w)->state))
        tb_run_writer_snapshot(w, NULL);
    tb_run_writer_close(w);
}

static bool is_left(enum tb_state s)
{
    return s == TB_STATE_QUEUED || s == TB_STATE_RUNNING || s == TB_STATE_PAUSED || s == TB_STATE_LOST
        || s == TB_STATE_STOPPED || s == TB_STATE_STALLED;
}

/* Somebody on another machine, whose locks may not be seen here. */
static bool is_held_elsewhere(const struct tb_run_sight *s)
{
    return s->pid && !s->is_here && s->beat_s < young_beat_s;
}

/* After a crash or a long absence: what became of it. */
static void tell_put_back(const struct tb_worker *w, const char *id, const struct tb_metrics *m,
                          const struct tb_run_sight *s)
{
    char words[300];
    const char *why = m->note[0] ? m->note : m->ended_by;
    if (m->state == TB_STATE_QUEUED || m->state == TB_STATE_STOPPED)
        why = "";
    else if (s->state == TB_STATE_LOST)
        why = s->is_here ? "its worker was killed, or worker/*.log of the store says why it ended"
                         : "its machine was started anew";
    else if (m->state == TB_STATE_RUNNING || m->state == TB_STATE_PAUSED)
        why = "its machine was not heard of since";
    if (!w->spec->put_back || m->step == 0)
        return;
    snprintf(words, sizeof words, "was %s at step %lld%s%s%s; goes on",
             m->state == TB_STATE_QUEUED ? "left" : m->state == s->state && tb_state_is_over(m->state)
                                                        ? tb_state_name(m->state) : "lost",
             (long long)m->step, *why ? " (" : "", why, *why ? ")" : "");
    w->spec->put_back(w->spec->view.arg, id, tb_json_str(tb_metrics_fact(m, "run", "name"), ""), words);
}

static bool write_queued(const char *dir, struct tb_err *why)
{
    struct tb_run_writer *w = tb_run_writer_open(dir, why);
    bool good = w && tb_run_writer_state(w, TB_STATE_QUEUED, NULL, "put on the list again", why);
    tb_run_writer_close(w);
    return good;
}

/* Puts it on the list. Who has it already and is well will come to its end without that. */
static bool queue_run(struct tb_worker *w, const char *dir, struct tb_worker_run *r, struct tb_err *err)
{
    struct tb_err why = { 0 };
    enum tb_hold hold = TB_HOLD_FREE;
    if (r->state == TB_STATE_QUEUED)
        return true;
    bool good = write_queued(dir, &why);
    if (!good && why.kind == TB_ERR_BUSY)
        hold = tb_hold_settle(&w->patience, dir, TB_STATE_RUNNING);
    if (!good && why.kind == TB_ERR_BUSY && hold == TB_HOLD_FREE)
        good = write_queued(dir, &why);
    if (hold == TB_HOLD_STUCK) {
        r->was_busy = true;
        r->state = TB_STATE_LOST;
        tb_hold_tell(dir, err);
        return false;
    }
    if (good)
        r->state = TB_STATE_QUEUED;
    else if (why.kind == TB_ERR_BUSY)
        r->state = TB_STATE_RUNNING;
    else if (err)
        *err = why;
    return good || why.kind == TB_ERR_BUSY;
}

/* One that cannot be read does not keep the others off the list. is_asked: by name, so also one that failed. */
static bool list_run(struct tb_worker *w, struct tb_worker_run *r, bool is_asked, struct tb_err *err)
{
    struct tb_metrics m;
    struct tb_run_sight sight;
    char *dir = tb_store_run_dir(w->store, r->id);
    bool good = tb_metrics_load(&m, dir, err);
    r->state = good ? m.state : TB_STATE_LOST;
    r->n_events = good ? m.n_events : 0;
    tb_run_look(dir, m.state, &sight);
    if (good && is_held_elsewhere(&sight)) {
        r->state = TB_STATE_RUNNING;
    } else if (good && (is_left(m.state) || (is_asked && m.state != TB_STATE_DONE))) {
        good = queue_run(w, dir, r, err);
        if (good && r->state == TB_STATE_QUEUED)
            tell_put_back(w, r->id, &m, &sight);
    } else if (good) {
        tb_worker_tell_skipped(w, r->id, tb_json_str(tb_metrics_fact(&m, "run", "name"), ""), m.state);
        remove_journal(dir);
    }
    tb_metrics_free(&m);
    free(dir);
    return good;
}

static bool list_all(struct tb_worker *w, struct tb_worker_result *result, bool is_asked, struct tb_err *err)
{
    for (size_t i = 0; i < result->n; i++) {
        struct tb_err why = { 0 };
        if (list_run(w, &result->run[i], is_asked, &why))
            continue;
        if (result->n == 1 && err)
            *err = why;
        if (result->n == 1)
            return false;
        tb_worker_tell_failure(result->run[i].id, &why);
    }
    return result->n == 0 || tb_duty_ring(tb_store_path(w->store), err);
}

bool tb_worker_put(struct tb_worker *w, const struct tb_plan *p, struct tb_worker_result *result, struct tb_err *err)
{
    *result = (struct tb_worker_result){ 0 };
    int n_virtual = tb_job_virtual_rows(w->shelf, p->whole ? p->whole : p, err);
    if (n_virtual < 0 || !save_recipe(w, p, err))
        return false;
    result->run = tb_xcalloc(p->n_runs, sizeof *result->run);
    for (size_t i = 0; i < p->n_runs; i++) {
        if (!put_run(w, p, &p->runs[i], n_virtual, &result->run[i], err))
            return false;
        result->n++;
    }
    return list_all(w, result, false, err);
}

static void add_run(struct tb_worker_result *result, const struct tb_run_item *item)
{
    struct tb_worker_run *r = &result->run[result->n++];
    tb_str_copy(r->id, TB_RUN_ID, item->sum.id);
    r->state = (enum tb_state)item->sum.state;
}

/* Also one that was left by a machine which is silent for longer than clocks may differ: a store that was copied. */
static bool is_nobodys(const struct tb_run_sight *s)
{
    return s->pid == 0 || (!s->is_here && s->beat_s > long_silence_s);
}

/* Left unfinished, and with nobody; what holds a run and hangs is met again when the run is put on the list. */
static bool is_to_go_on(struct tb_worker *w, const struct tb_run_item *item)
{
    if (item->sum.damage[0] || !is_left(item->sight.state))
        return false;
    if (!item->sight.is_here || !item->sight.pid)
        return is_nobodys(&item->sight);
    char *dir = tb_store_run_dir(w->store, item->sum.id);
    enum tb_hold hold = tb_hold_settle(&w->patience, dir, (enum tb_state)item->sum.state);
    free(dir);
    return hold != TB_HOLD_ALIVE;
}

static bool find_runs(struct tb_worker *w, const char *const *refs, size_t n, struct tb_worker_result *result,
                      struct tb_err *err)
{
    struct tb_run_item *all = NULL;
    size_t n_all = 0;
    bool good = tb_store_list(w->store, &all, &n_all, err);
    result->run = tb_xcalloc(n + n_all, sizeof *result->run);
    for (size_t i = 0; i < n && good; i++) {
        int64_t at = tb_run_find(all, n_all, refs[i], err);
        good = at >= 0;
        if (good)
            add_run(result, &all[at]);
    }
    for (size_t i = 0; n == 0 && i < n_all; i++)
        if (is_to_go_on(w, &all[i]))
            add_run(result, &all[i]);
        else if (!all[i].sum.damage[0])
            result->n_of[all[i].sight.state]++;
    free(all);
    return good;
}

bool tb_worker_pick(struct tb_worker *w, const char *const *refs, size_t n, struct tb_worker_result *result,
                    struct tb_err *err)
{
    *result = (struct tb_worker_result){ 0 };
    return find_runs(w, refs, n, result, err) && list_all(w, result, n > 0, err);
}

void tb_worker_tally(const char *store, struct tb_worker_result *r)
{
    struct tb_store *s = tb_store_open(store, false, NULL);
    struct tb_worker w = { .store = s };
    r->n_failed = r->n_unfinished = 0;
    for (size_t i = 0; s && i < r->n; i++) {
        if (r->run[i].state != TB_STATE_LOST)
            r->run[i].state = tb_worker_state_now(&w, r->run[i].id);
        r->n_failed += r->run[i].state == TB_STATE_FAILED
                    || (r->run[i].state == TB_STATE_LOST && !r->run[i].was_busy);
        r->n_unfinished += is_left(r->run[i].state) && r->run[i].state != TB_STATE_LOST && !r->run[i].was_busy;
    }
    tb_store_close(s);
}

/* ---- plan: the same without training */

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

static struct tb_json *planned(const struct tb_worker *w, const struct tb_job *j)
{
    struct tb_json *row = tb_job_plan_facts(j);
    char *method = tb_stack_name(j->stack);
    struct tb_metrics m;
    const char *state = "new";
    char id[TB_RUN_ID];
    tb_str_copy(id, sizeof id, j->id);
    if (w->store && tb_changes_pick_id(w->store, j->id, id)) {
        char *dir = tb_store_run_dir(w->store, id);
        struct tb_run_sight sight = { .state = TB_STATE_QUEUED };
        if (tb_metrics_load(&m, dir, NULL))
            tb_run_look(dir, m.state, &sight);
        tb_metrics_free(&m);
        free(dir);
        state = tb_state_name(sight.state);
    }
    tb_json_set(row, "id", tb_json_new_str(id));
    tb_json_set(row, "name", tb_json_new_str(tb_config_name(&j->config)));
    tb_json_set(row, "state", tb_json_new_str(state));
    tb_json_set(row, "method", tb_json_new_str(method));
    tb_json_set(row, "base", tb_json_new_str(j->base->name));
    tb_json_set(row, "data", tb_job_data_facts(j));
    set_rates(row, j);
    free(method);
    return row;
}

static bool learn_pace(struct tb_worker *w, struct tb_pace *pace, const struct tb_config *c, int n_virtual,
                       struct tb_err *err)
{
    struct tb_job j = { 0 };
    bool good = tb_job_open(&j, w->shelf, c, n_virtual, 0, err) && tb_pace_learn(pace, &j, err);
    tb_job_close(&j);
    return good;
}

static bool plan_run(struct tb_worker *w, struct tb_pace *pace, const struct tb_config *c, int n_virtual,
                     struct tb_json *runs, struct tb_err *err)
{
    struct tb_job j = { 0 };
    bool is_measured, good = tb_job_open(&j, w->shelf, c, n_virtual, 0, err);
    uint64_t idle = tb_shelf_idle_bytes(w->shelf) + tb_pace_left_bytes(pace); /* which `run` does not have */
    j.fixed_bytes -= idle < j.fixed_bytes ? idle : j.fixed_bytes;
    struct tb_json *row = good ? planned(w, &j) : NULL;
    double seconds = good ? tb_pace_seconds(pace, &j, &is_measured, err) : NAN;
    good = good && !isnan(seconds);
    if (good) {
        tb_json_set(row, "est_s", tb_json_new_real(seconds));
        tb_json_set(row, "est_is_measured", tb_json_new_bool(is_measured));
        tb_json_set(row, "pace", tb_pace_facts(pace));
        tb_json_append(runs, tb_json_ref(row));
    }
    tb_json_free(row);
    tb_job_close(&j);
    return good;
}

struct tb_json *tb_plan_runs(const struct tb_plan *p, struct tb_shelf *shelf, struct tb_pace *pace, const char *store,
                             struct tb_err *err)
{
    struct tb_json *runs = tb_json_new_list(), *out = NULL;
    /* A store that is not there yet holds none of them. */
    struct tb_worker w = { .shelf = shelf, .store = tb_store_open(store, false, NULL) };
    int n_virtual = tb_job_virtual_rows(shelf, p->whole ? p->whole : p, err);
    bool good = n_virtual >= 0;
    for (size_t i = 0; good && tb_pace_is_curious(pace) && i < p->n_runs; i++)
        good = learn_pace(&w, pace, &p->runs[i], n_virtual, err);
    for (size_t i = 0; good && i < p->n_runs; i++)
        good = plan_run(&w, pace, &p->runs[i], n_virtual, runs, err);
    if (good) {
        out = tb_json_new_map();
        tb_json_set(out, "runs", tb_json_ref(runs));
        tb_json_set(out, "n_same", tb_json_new_int((int64_t)p->n_same));
    }
    tb_json_free(runs);
    tb_store_close(w.store);
    return out;
}
