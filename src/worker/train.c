/* SPDX-License-Identifier: MIT */
/* train.c - the loop of one run. Everything that decides its numbers is a function of the step: order, rate, masks;
 * so a resume needs a checkpoint and nothing else. Between steps it looks for signals and requests; a request is
 * answered with the step at which it was done. */
#include "worker/train.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/marks.h"
#include "worker/forgetting.h"
#include "worker/measuring.h"
#include "worker/train_priv.h"

static atomic_int wished; /* lock-free, so a signal handler may set it */

void tb_train_wish(enum tb_wish wish)
{
    atomic_store(&wished, (int)wish);
}

enum tb_wish tb_train_wished(void)
{
    return (enum tb_wish)atomic_load(&wished);
}

double tb_training_wall(const struct tb_training *t)
{
    return t->wall_s + (t->clock_runs ? tb_recorder_clock(t->recorder) - t->since : 0);
}

void tb_training_go_on(struct tb_training *t)
{
    t->since = tb_recorder_clock(t->recorder);
}

static void start_clock(struct tb_training *t)
{
    tb_training_go_on(t);
    t->clock_runs = true;
}

static void stop_clock(struct tb_training *t)
{
    t->wall_s = tb_training_wall(t);
    t->clock_runs = false;
}

uint64_t tb_training_peak(struct tb_training *t)
{
    uint64_t now = t->can_measure_peak ? tb_mem_peak_bytes() : 0;
    if (now > t->company_bytes && now - t->company_bytes > t->peak_bytes)
        t->peak_bytes = now - t->company_bytes;
    return t->peak_bytes;
}

void tb_training_note(struct tb_training *t, const char *kind, const char *text)
{
    tb_recorder_event(t->recorder, t->step, kind, text, NULL);
    if (t->view->note)
        t->view->note(t->view->arg, t->job, t->step, kind, text);
}

static void on_trouble(void *arg, const char *words)
{
    struct tb_training *t = arg;
    if (t->view->trouble)
        t->view->trouble(t->view->arg, words);
    else if (words)
        tb_log(TB_LOG_ERROR, "run %s: %s; it is tried again every 10 s, nothing is lost", t->job->id, words);
}

/* Others have their turns meanwhile, and so memory that is not its own. */
static void on_stall(void *arg, bool waits)
{
    struct tb_training *t = arg;
    if (!t->turn || !t->turn->stall)
        return;
    if (waits)
        tb_training_peak(t);
    t->turn->stall(t->turn->lane, waits);
    if (!waits)
        t->can_measure_peak = tb_mem_peak_reset();
}

/* ---- beginning */
static bool set_running(struct tb_run_writer *w, void *arg, struct tb_err *err)
{
    const struct tb_training *t = arg;
    struct tb_json *env = tb_json_new_map(), *plan = tb_json_new_map(), *facts = tb_json_new_map();
    tb_json_set(env, "device", tb_json_new_str("cpu"));
    tb_json_set(env, "isa", tb_json_new_str(t->k->name));
    tb_json_set(env, "threads", tb_json_new_int(t->k->n_threads));
    tb_json_set(facts, "env", env);
    tb_job_put_memory(t->job, plan); /* as it was admitted */
    tb_json_set(facts, "plan", plan);
    bool good = tb_run_writer_state(w, TB_STATE_RUNNING, NULL, NULL, err) && tb_run_writer_facts(w, facts, err);
    tb_json_free(facts);
    return good;
}

static bool open_engine(struct tb_training *t, struct tb_err *err)
{
    struct tb_job *j = t->job;
    t->engine = tb_engine_open(j->base->model, t->k, j->stack, &j->spec, err);
    t->rows = tb_xcalloc((size_t)j->spec.step_rows, sizeof *t->rows);
    t->row_loss = tb_xcalloc((size_t)j->spec.step_rows, sizeof *t->row_loss);
    t->eval_rows = tb_xcalloc((size_t)j->n_eval + 1, sizeof *t->eval_rows);
    t->eval_loss = tb_xcalloc((size_t)j->n_eval + 1, sizeof *t->eval_loss);
    t->eval_labels = tb_xcalloc((size_t)j->n_eval + 1, sizeof *t->eval_labels);
    for (int i = 0; i < j->n_eval; i++)
        t->eval_rows[i] = tb_dataset_row(j->data, j->eval_row[i]);
    return t->engine != NULL;
}

bool tb_training_start(struct tb_training *t, struct tb_err *err)
{
    struct tb_start *start = tb_job_start(t->job, err);
    bool good = start && tb_engine_start(t->engine, start, err);
    tb_job_start_free(t->job, start);
    return good;
}

/* From the newest checkpoint, else from the start. */
static bool begin(struct tb_training *t, struct tb_err *err)
{
    bool found = false;
    t->best_step = t->last_kept = -1;
    t->best_loss = INFINITY;
    tb_stopping_from_json(&t->stopping, NULL);
    if (!tb_training_general_before(t, err) || !open_engine(t, err) || !tb_training_start(t, err)
        || !tb_training_recall(t, err) || !tb_training_load(t, &found, err) || !tb_training_follow(t, err)
        || !tb_training_probe_begin(t, err) || !tb_recorder_do(t->recorder, set_running, t, err))
        return false;
    t->saved_s = t->wall_s;
    t->state = TB_STATE_RUNNING;
    t->has_begun = true;
    if (t->view->begin)
        t->view->begin(t->view->arg, t->job, t->dir, t->step);
    return true;
}

/* ---- a step */
int tb_training_rows(struct tb_training *t, int64_t step, int64_t *tokens)
{
    int n, n_train;
    const int *train = tb_dataset_train(t->job->data, &n_train);
    const int *at = tb_order_step(t->job->order, step, &n);
    for (int i = 0; i < n; i++) {
        t->rows[i] = tb_dataset_row(t->job->data, train[at[i]]);
        *tokens += t->rows[i].n;
    }
    return n;
}

struct tb_update tb_training_update(const struct tb_training *t, double factor)
{
    const struct tb_config *c = &t->job->config;
    struct tb_update u = { .beta1 = tb_config_real(c, "optim.beta1"), .beta2 = tb_config_real(c, "optim.beta2"),
                           .eps = tb_config_real(c, "optim.eps"), .decay = tb_config_real(c, "optim.decay"),
                           .clip = tb_config_real(c, "optim.clip"), .step = t->step };
    for (int i = 0; i < t->job->stack->n; i++)
        u.lr[i] = tb_training_lr(t, i) * factor;
    return u;
}

/* One step and its row. *diverged with the reason in words. */
static bool step(struct tb_training *t, bool *diverged, char words[256], struct tb_err *err)
{
    double begin_s = tb_clock_mono_s();
    int64_t before = t->tokens;
    struct tb_step_out out;
    struct tb_update u = tb_training_update(t, tb_schedule_factor(&t->job->schedule, t->step));
    int n = tb_training_rows(t, t->step, &t->tokens);
    if (!tb_engine_gradient(t->engine, t->rows, n, (uint64_t)tb_config_int(&t->job->config, "seed"), t->step, &out,
                            err))
        return false;
    tb_engine_update(t->engine, &u, &out);
    t->step++;
    double took = tb_clock_mono_s() - begin_s;
    struct tb_train_row row = { .step = (double)t->step, .tokens = (double)t->tokens, .wall_s = tb_training_wall(t),
                                .loss = out.loss, .lr = u.lr[0], .grad_norm = out.grad_norm,
                                .tok_per_s = (double)(t->tokens - before) / fmax(took, 1e-9),
                                .mem_bytes = (double)tb_mem_rss_bytes() };
    *diverged = tb_watch_diverged(&t->watch, out.loss, words, 256) && !tb_training_outlives(t, &out, words);
    if (!*diverged && !out.is_finite) {
        snprintf(words, 256, "the gradient is not finite");
        *diverged = true;
    }
    if (t->view->step)
        t->view->step(t->view->arg, t->job, &row);
    tb_engine_row_means(t->engine, t->row_loss, n);
    if (!tb_recorder_train(t->recorder, &row, t->row_loss, n))
        return tb_fail(err, TB_ERR_IO, "%s: its journal cannot be written", t->dir);
    return true;
}

/* ---- between steps */
static bool is_spent(const struct tb_training *t)
{
    if (t->job->seconds > 0)
        return tb_training_wall(t) >= t->job->seconds;
    return t->step >= t->job->n_steps;
}

static bool is_last(const struct tb_training *t)
{
    return t->stopping.ends || is_spent(t);
}

static bool is_eval_due(const struct tb_training *t)
{
    if (is_last(t))
        return true;
    for (int i = 0; i < t->job->n_eval_at; i++)
        if (t->job->eval_at[i] == t->step)
            return true;
    return false;
}

/* *diverged as in step: what a broken run would write into a checkpoint is not wanted. */
static bool border(struct tb_training *t, bool *diverged, char words[256], struct tb_err *err)
{
    double every = tb_config_real(&t->job->config, "exec.checkpoint_s");
    if (is_eval_due(t)) {
        if (!tb_training_evaluate(t, err))
            return false;
        *diverged = tb_training_is_broken(t, words, 256);
        return *diverged || ((is_last(t) || tb_training_measure(t, false, err)) && tb_training_save(t, err));
    }
    if (tb_training_wall(t) - t->saved_s >= every)
        return tb_training_save(t, err);
    return true;
}

static bool set_state(struct tb_run_writer *w, void *arg, struct tb_err *err)
{
    return tb_run_writer_state(w, *(enum tb_state *)arg, NULL, NULL, err);
}

static void pause_or_go_on(struct tb_training *t, bool pause)
{
    enum tb_state state = pause ? TB_STATE_PAUSED : TB_STATE_RUNNING;
    if (pause == t->is_paused || !tb_recorder_do(t->recorder, set_state, &state, NULL))
        return;
    t->is_paused = pause;
    t->state = state;
    if (t->view->note)
        t->view->note(t->view->arg, t->job, t->step, pause ? "paused" : "resumed", "as asked");
}

static bool write_marks(struct tb_run_writer *w, void *arg, struct tb_err *err)
{
    return tb_marks_write(w, arg, err);
}

/* Answers what was asked; true if the run is to stop. */
static bool answer(struct tb_training *t, struct tb_ctl_request *q)
{
    bool prunes = strcmp(q->verb, "prune") == 0, stops = prunes || strcmp(q->verb, "stop") == 0, good = true;
    const char *note = "done";
    char words[256];
    struct tb_err err = { 0 };
    if (strcmp(q->verb, "pause") == 0)
        pause_or_go_on(t, true);
    else if (strcmp(q->verb, "resume") == 0)
        pause_or_go_on(t, false);
    else if (strcmp(q->verb, "facts") == 0)
        good = tb_recorder_do(t->recorder, write_marks, q->args, &err);
    else if (strcmp(q->verb, "set") == 0)
        note = (good = tb_training_set(t, q->args, words, sizeof words, &err)) ? words : note;
    else if (strcmp(q->verb, "checkpoint") != 0 && !stops)
        note = TB_CTL_UNKNOWN;
    else if (t->probe.is_on)
        note = stops ? "its rate was being probed; nothing to keep" : TB_CTL_NOT_DONE "its rate is being probed";
    else if ((good = tb_training_save(t, &err)))
        note = t->last_kept == t->step ? "checkpoint kept" : TB_CTL_NOT_DONE "a trained value is not finite";
    if (!good && stops && err.kind == TB_ERR_IO) { /* it leaves all the same */
        tb_training_behind(t, &err, words, sizeof words);
        good = true;
        note = words;
    }
    tb_err_prefix(&err, "not done");
    if (stops)
        tb_str_copy(t->why, sizeof t->why, tb_json_str(tb_json_get(q->args, "reason"), ""));
    tb_recorder_answer(t->recorder, q, t->step, good ? note : err.text);
    t->is_pruned |= prunes;
    return stops;
}

/* Looks for requests and signals. */
static bool is_asked_to_leave(struct tb_training *t)
{
    struct tb_ctl_request q;
    bool stops = false;
    while (!stops && tb_recorder_request(t->recorder, &q))
        stops = answer(t, &q);
    return stops || tb_train_wished() != TB_WISH_NONE;
}

static bool end_done(struct tb_training *t, struct tb_err *err)
{
    char words[160];
    if (!tb_training_measure(t, true, err))
        return false;
    t->state = TB_STATE_DONE;
    if (is_spent(t))
        return tb_training_seal(t, t->state, "budget", NULL, err);
    tb_stopping_words(&t->stopping, words, sizeof words);
    return tb_training_seal(t, t->state, "patience", words, err);
}

/* A run that repeats another one ends where that did. */
static bool end_early(struct tb_training *t, struct tb_err *err)
{
    t->state = TB_STATE_STOPPED;
    return (t->step == t->last_kept || tb_training_save(t, err))
        && tb_training_seal(t, t->state, "rerun", "ended where the run did that it repeats", err);
}

/* One piece of work between two looks at what was asked: the first evaluation, or a step with what is due behind it. */
static bool advance(struct tb_training *t, enum tb_turn *turn, struct tb_err *err)
{
    char words[256];
    bool diverged = false;
    *turn = TB_TURN_OVER;
    if (is_last(t) && t->has_started)
        return end_done(t, err);
    if (is_asked_to_leave(t))
        return tb_training_leave(t, err);
    if (t->has_started && t->step == t->until)
        return end_early(t, err);
    *turn = t->is_paused ? TB_TURN_IDLE : TB_TURN_ON;
    if (t->is_paused)
        return !tb_recorder_is_lost(t->recorder) || tb_fail(err, TB_ERR_IO, "%s is gone", t->dir);
    if (!tb_training_follow(t, err))
        return false;
    if (!t->has_started) {
        t->has_started = true;
        return t->step > 0 || !is_eval_due(t) || (tb_training_evaluate(t, err) && tb_training_measure(t, false, err));
    }
    bool probes = t->probe.is_on;
    if (!tb_training_follow(t, err) || !(probes ? tb_training_probe_step : step)(t, &diverged, words, err))
        return false;
    if (!probes && !diverged && !border(t, &diverged, words, err))
        return false;
    if (!diverged && !is_last(t))
        return true;
    *turn = TB_TURN_OVER;
    if (!diverged)
        return end_done(t, err);
    t->state = TB_STATE_FAILED;
    return tb_training_diverge(t, words, err);
}

/* Somebody wants it to end, and it could not write: what was asked is answered by its end. */
static bool is_left_waiting(struct tb_training *t, const struct tb_err *why)
{
    struct tb_ctl_request q;
    char words[256];
    while (tb_recorder_request(t->recorder, &q)) {
        t->is_pruned |= strcmp(q.verb, "prune") == 0;
        tb_str_copy(t->why, sizeof t->why, tb_json_str(tb_json_get(q.args, "reason"), ""));
        tb_training_behind(t, why, words, sizeof words);
        tb_recorder_answer(t->recorder, &q, t->step, words);
    }
    return tb_recorder_is_stopping(t->recorder) || tb_train_wished() != TB_WISH_NONE;
}

bool tb_training_turn(struct tb_training *t, const struct tb_turn_spec *spec, enum tb_turn *turn, struct tb_err *err)
{
    double until = tb_clock_mono_s() + spec->seconds;
    struct tb_err why = { 0 };
    bool good;
    t->turn = spec;
    t->company_bytes = spec->company_bytes;
    t->can_measure_peak = tb_mem_peak_reset();
    start_clock(t);
    do
        good = advance(t, turn, &why);
    while (good && *turn == TB_TURN_ON && tb_clock_mono_s() < until && !(spec->enough && spec->enough(spec->arg)));
    if (!good && why.kind == TB_ERR_IO && is_left_waiting(t, &why)) {
        *turn = TB_TURN_OVER;
        good = tb_training_leave(t, &why);
    }
    stop_clock(t);
    tb_training_peak(t);
    t->turn = NULL;
    if (!good && err)
        *err = why;
    return good;
}

bool tb_training_is_asked(const struct tb_training *t)
{
    return tb_recorder_is_asked(t->recorder);
}

void tb_training_look(struct tb_training *t)
{
    tb_recorder_look(t->recorder);
}

enum tb_state tb_training_state(const struct tb_training *t)
{
    return t->state;
}

/* Between the look at a run and its lock somebody may have stopped it. */
static bool has_not_ended(struct tb_run_writer *w, void *arg, struct tb_err *err)
{
    enum tb_state seen = *(enum tb_state *)arg;
    return tb_state_is_over(seen) || !tb_state_is_over(tb_run_writer_metrics(w)->state)
        || tb_fail(err, TB_ERR_BUSY, "another process ended the run just now");
}

struct tb_training *tb_training_begin(struct tb_job *j, struct tb_kernels *k, const char *dir,
                                      const struct tb_train_view *view, enum tb_state seen, struct tb_err *err)
{
    struct tb_training *t = tb_xcalloc(1, sizeof *t);
    t->job = j;
    t->k = k;
    t->dir = dir;
    t->view = view;
    t->recorder = tb_recorder_open(dir, j->spec.step_rows, on_trouble, on_stall, t, err);
    if (t->recorder && tb_recorder_do(t->recorder, has_not_ended, &seen, err) && begin(t, err))
        return t;
    tb_training_end(t);
    return NULL;
}

void tb_training_end(struct tb_training *t)
{
    if (!t)
        return;
    tb_recorder_close(t->recorder);
    if (t->has_begun && t->view->end)
        t->view->end(t->view->arg, t->job, t->state);
    tb_engine_close(t->engine);
    free(t->rows);
    free(t->row_loss);
    free(t->eval_rows);
    free(t->eval_loss);
    free(t->eval_labels);
    tb_training_forget(t);
    free(t);
}
