/* SPDX-License-Identifier: MIT */
/* recorder.c - one thread around a tb_run_writer. It wakes for a call, and every 20 ms for rows and housekeeping: a row
 * costs the step thread a copy, where waking a sleeper would cost 20 us on a busy machine. Every 100 ms it looks for
 * requests. Calls are answered in `err`, `good`; there is one at a time. What it does and meets is told in the run's
 * log. */
#include "worker/recorder.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/ring.h"
#include "base/str.h"
#include "store/runlog.h"
#include "worker/train.h"

enum { MOST_STEPS = 4096, LEAST_STEPS = 16, RING_BYTES = 1 << 20 };
static const double rest_s = 0.02, poll_s = 0.1, retry_s = 10;

/* A step as it waits to be written, with room for the losses of as many rows as any step has. */
struct step {
    struct tb_train_row row;
    int n;
    bool has_losses; /* written already, when a full disk makes it try again */
    float loss[];
};

struct tb_recorder {
    struct tb_run_writer *w;
    struct tb_ring *ring;
    struct step *to, *from; /* one on its way into the ring, one out of it */
    int step_rows; /* 0: steps too large for their losses to be kept */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t answered;
    tb_recorder_fn *fn; /* asked for and not done yet; under lock */
    void *arg;
    struct tb_err *err;
    bool good;
    bool has_request;   /* under lock */
    struct tb_ctl_request request;
    double request_at;
    char told[160]; /* last complaint of housekeeping, "" while it works */
    atomic_bool quits, is_lost, is_stalled, is_stopping;
    double stalled_s, stalled_at; /* the step thread waited so long, and waits since */
    tb_trouble_fn *trouble;
    tb_stall_fn *stall;
    void *watcher; /* of both */
};

static bool is_gone(struct tb_recorder *r, struct tb_err *err)
{
    if (!tb_run_writer_is_gone(r->w))
        return false;
    atomic_store(&r->is_lost, true);
    tb_fail_at(err, TB_ERR_IO, tb_run_writer_dir(r->w), 0, "the folder of the run was removed or replaced");
    return true;
}

static const char *dir_of(const struct tb_recorder *r)
{
    return tb_run_writer_dir(r->w);
}

static void tell_recovery(struct tb_recorder *r, double since, const char *words)
{
    tb_run_log(dir_of(r), TB_LOG_INFO, "writing works again after %.0f s", tb_clock_mono_s() - since);
    r->trouble(r->watcher, NULL);
    tb_run_writer_event(r->w, tb_run_writer_metrics(r->w)->step, "disk", NULL, "writing failed for %.0f s: %s",
                        tb_clock_mono_s() - since, words);
}

static bool is_stop(const struct tb_ctl_request *q)
{
    return strcmp(q->verb, "stop") == 0 || strcmp(q->verb, "prune") == 0;
}

static void look_for_request(struct tb_recorder *r)
{
    struct tb_ctl_request q;
    if (r->request_at > tb_clock_mono_s())
        return;
    r->request_at = tb_clock_mono_s() + poll_s;
    pthread_mutex_lock(&r->lock);
    bool has_one = r->has_request;
    pthread_mutex_unlock(&r->lock);
    if (has_one || !tb_run_writer_request(r->w, &q))
        return;
    tb_run_log(dir_of(r), TB_LOG_INFO, "request %u: %s", q.seq, q.verb);
    if (is_stop(&q))
        atomic_store(&r->is_stopping, true);
    pthread_mutex_lock(&r->lock);
    r->request = q;
    r->has_request = true;
    pthread_mutex_unlock(&r->lock);
}

/* While nothing can be written: only a stop can be carried out, by the step thread. */
static void answer_waiting(struct tb_recorder *r, const struct tb_err *why)
{
    struct tb_ctl_request q;
    char note[200];
    look_for_request(r);
    if (atomic_load(&r->is_stopping) || !tb_recorder_request(r, &q))
        return;
    snprintf(note, sizeof note, TB_CTL_NOT_DONE "it waits: %s; only a stop is answered",
             tb_stall_words(tb_stall_of(why)));
    tb_ctl_done(dir_of(r), &q, tb_run_writer_metrics(r->w)->step, note, NULL);
    tb_ctl_free(&q);
}

static bool is_left(const struct tb_recorder *r)
{
    return tb_train_wished() != TB_WISH_NONE || atomic_load(&r->is_stopping);
}

/* Until the next try. The heart beats on: that file needs no room. */
static void wait_to_retry(struct tb_recorder *r, const struct tb_err *why)
{
    for (double until = tb_clock_mono_s() + retry_s; tb_clock_mono_s() < until && !is_left(r);) {
        tb_clock_nap(poll_s);
        answer_waiting(r, why);
        if (tb_run_writer_beat_due(r->w) == 0)
            tb_run_writer_beat(r->w, NULL);
    }
}

static void set_stalled(struct tb_recorder *r, enum tb_stall stall)
{
    tb_run_writer_stall(r->w, stall);
    pthread_mutex_lock(&r->lock);
    atomic_store(&r->is_stalled, stall != TB_STALL_NONE);
    pthread_cond_signal(&r->answered);
    pthread_mutex_unlock(&r->lock);
}

static void begin_stall(struct tb_recorder *r, const struct tb_err *why)
{
    tb_run_log(dir_of(r), TB_LOG_WARN, "%s; tried again every %.0f s", why->text, retry_s);
    r->trouble(r->watcher, why->text);
    set_stalled(r, tb_stall_of(why));
}

/* Calls fn until it works, fails for good, or somebody wants to leave. */
static bool persist(struct tb_recorder *r, tb_recorder_fn *fn, void *arg, struct tb_err *err)
{
    struct tb_err first = { 0 };
    double since = tb_clock_mono_s();
    bool good;
    for (;;) {
        struct tb_err why = { 0 };
        good = fn(r->w, arg, &why);
        if (good)
            break;
        *err = why;
        if (why.kind != TB_ERR_IO || is_left(r) || is_gone(r, err))
            break;
        if (!first.kind)
            begin_stall(r, &why);
        first = first.kind ? first : why;
        wait_to_retry(r, &why);
    }
    if (first.kind && good)
        tell_recovery(r, since, first.text);
    if (first.kind)
        set_stalled(r, TB_STALL_NONE);
    return good;
}

/* Losses first: whoever sees the step finds them. */
static bool write_step(struct tb_run_writer *w, void *arg, struct tb_err *err)
{
    struct step *s = arg;
    s->has_losses = s->has_losses || tb_run_writer_step_rows(w, (int64_t)s->row.step, s->loss, (size_t)s->n, err);
    return s->has_losses && tb_run_writer_train(w, &s->row, err);
}

static void write_rows(struct tb_recorder *r)
{
    struct tb_err err;
    while (!atomic_load(&r->is_lost) && tb_ring_get(r->ring, r->from))
        if (!persist(r, write_step, r->from, &err))
            atomic_store(&r->is_lost, true);
}

static void answer_call(struct tb_recorder *r)
{
    pthread_mutex_lock(&r->lock);
    tb_recorder_fn *fn = r->fn;
    pthread_mutex_unlock(&r->lock);
    if (!fn)
        return;
    write_rows(r); /* rows that came before the call */
    bool good = !is_gone(r, r->err) && persist(r, fn, r->arg, r->err);
    pthread_mutex_lock(&r->lock);
    r->good = good;
    r->fn = NULL;
    pthread_cond_signal(&r->answered);
    pthread_mutex_unlock(&r->lock);
}

/* Beat, sync, snapshot. What fails is tried again anyway, so it is only told, once. */
static void tend(struct tb_recorder *r)
{
    struct tb_err err = { 0 };
    if (tb_run_writer_tend(r->w, &err)) {
        r->told[0] = '\0';
    } else if (!is_gone(r, NULL) && strncmp(r->told, err.text, sizeof r->told - 1) != 0) {
        tb_str_copy(r->told, sizeof r->told, err.text);
        tb_run_log(dir_of(r), TB_LOG_WARN, "%s", err.text);
    }
}

static void *work(void *arg)
{
    struct tb_recorder *r = arg;
    while (!atomic_load(&r->quits)) {
        tb_ring_wait(r->ring, rest_s);
        write_rows(r);
        answer_call(r);
        tend(r);
        look_for_request(r);
    }
    write_rows(r);
    return NULL;
}

static void tell_taken(const struct tb_recorder *r)
{
    const struct tb_metrics *m = tb_run_writer_metrics(r->w);
    tb_run_log(dir_of(r), TB_LOG_INFO, "process %ld takes it, %s at step %lld", (long)getpid(), tb_state_name(m->state),
               (long long)m->step);
}

static void tell_left(const struct tb_recorder *r)
{
    const struct tb_metrics *m = tb_run_writer_metrics(r->w);
    if (!tb_run_writer_is_gone(r->w))
        tb_run_log(dir_of(r), TB_LOG_INFO, "process %ld leaves it, %s at step %lld", (long)getpid(),
                   tb_state_name(m->state), (long long)m->step);
}

/* Fewer steps where they are large, which take their time. */
static void open_ring(struct tb_recorder *r)
{
    size_t size = sizeof *r->to + (size_t)r->step_rows * sizeof *r->to->loss, n = RING_BYTES / size;
    r->to = tb_xcalloc(1, size);
    r->from = tb_xcalloc(1, size);
    r->ring = tb_ring_open(size, n > MOST_STEPS ? MOST_STEPS : n > LEAST_STEPS ? n : LEAST_STEPS);
}

static void close_ring(struct tb_recorder *r)
{
    tb_ring_close(r->ring);
    free(r->from);
    free(r->to);
}

struct tb_recorder *tb_recorder_open(const char *dir, int step_rows, tb_trouble_fn *trouble, tb_stall_fn *stall,
                                     void *arg, struct tb_err *err)
{
    struct tb_recorder *r = tb_xcalloc(1, sizeof *r);
    r->step_rows = step_rows <= TB_STEP_ROWS_STEP ? step_rows : 0;
    r->trouble = trouble;
    r->stall = stall;
    r->watcher = arg;
    r->w = tb_run_writer_open(dir, err);
    if (!r->w) {
        free(r);
        return NULL;
    }
    open_ring(r);
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->answered, NULL);
    tell_taken(r);
    if (pthread_create(&r->thread, NULL, work, r) == 0)
        return r;
    tb_fail(err, TB_ERR_LIMIT, "the system gives no thread for the store");
    close_ring(r);
    tb_run_writer_close(r->w);
    free(r);
    return NULL;
}

/* What was asked after the last step. */
static void answer_rest(struct tb_recorder *r)
{
    int64_t step = tb_run_writer_metrics(r->w)->step;
    while (!tb_run_writer_is_gone(r->w) && (r->has_request || tb_run_writer_request(r->w, &r->request))) {
        tb_ctl_done(tb_run_writer_dir(r->w), &r->request, step, TB_CTL_NOT_DONE TB_CTL_ENDED, NULL);
        tb_ctl_free(&r->request);
        r->has_request = false;
    }
    if (r->has_request)
        tb_ctl_free(&r->request);
}

void tb_recorder_close(struct tb_recorder *r)
{
    if (!r)
        return;
    atomic_store(&r->quits, true);
    tb_ring_wake(r->ring);
    pthread_join(r->thread, NULL);
    answer_rest(r);
    tell_left(r);
    tb_run_writer_close(r->w);
    close_ring(r);
    pthread_cond_destroy(&r->answered);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

double tb_recorder_clock(const struct tb_recorder *r)
{
    return tb_clock_mono_s() - r->stalled_s;
}

static void begin_waiting(struct tb_recorder *r)
{
    if (r->stalled_at > 0)
        return;
    r->stalled_at = tb_clock_mono_s();
    r->stall(r->watcher, true);
}

static void end_waiting(struct tb_recorder *r)
{
    if (r->stalled_at <= 0)
        return;
    r->stall(r->watcher, false);
    r->stalled_s += tb_clock_mono_s() - r->stalled_at;
    r->stalled_at = 0;
}

bool tb_recorder_train(struct tb_recorder *r, const struct tb_train_row *row, const float *loss, int n)
{
    r->to->row = *row;
    r->to->n = n <= r->step_rows ? n : 0;
    memcpy(r->to->loss, loss, (size_t)r->to->n * sizeof *loss);
    while (!tb_ring_put(r->ring, r->to) && !atomic_load(&r->is_lost)) {
        if (atomic_load(&r->is_stalled))
            begin_waiting(r);
        tb_clock_nap(poll_s / 10);
    }
    end_waiting(r);
    return !atomic_load(&r->is_lost);
}

bool tb_recorder_do(struct tb_recorder *r, tb_recorder_fn *fn, void *arg, struct tb_err *err)
{
    struct tb_err why = { 0 };
    pthread_mutex_lock(&r->lock);
    r->fn = fn;
    r->arg = arg;
    r->err = &why;
    tb_ring_wake(r->ring);
    while (r->fn) {
        if (atomic_load(&r->is_stalled))
            begin_waiting(r);
        pthread_cond_wait(&r->answered, &r->lock);
    }
    bool good = r->good;
    pthread_mutex_unlock(&r->lock);
    end_waiting(r);
    if (!good && err)
        *err = why;
    return good;
}

struct event_call {
    int64_t step;
    const char *kind, *text;
};

static bool write_event(struct tb_run_writer *w, void *arg, struct tb_err *err)
{
    const struct event_call *e = arg;
    if (!tb_run_writer_event(w, e->step, e->kind, err, "%s", e->text))
        return false;
    tb_run_log(tb_run_writer_dir(w), TB_LOG_INFO, "step %lld, %s: %s", (long long)e->step, e->kind, e->text);
    return true;
}

bool tb_recorder_event(struct tb_recorder *r, int64_t step, const char *kind, const char *text, struct tb_err *err)
{
    return tb_recorder_do(r, write_event, &(struct event_call){ step, kind, text }, err);
}

static bool look_now(struct tb_run_writer *w, void *arg, struct tb_err *err)
{
    struct tb_recorder *r = arg;
    r->request_at = 0;
    look_for_request(r);
    return true;
}

void tb_recorder_look(struct tb_recorder *r)
{
    if (!atomic_load(&r->is_stalled)) /* then it looks all the time */
        tb_recorder_do(r, look_now, r, NULL);
}

bool tb_recorder_request(struct tb_recorder *r, struct tb_ctl_request *q)
{
    pthread_mutex_lock(&r->lock);
    bool has_one = r->has_request;
    if (has_one)
        *q = r->request;
    r->has_request = false;
    pthread_mutex_unlock(&r->lock);
    return has_one;
}

bool tb_recorder_is_asked(struct tb_recorder *r)
{
    pthread_mutex_lock(&r->lock);
    bool has_one = r->has_request;
    pthread_mutex_unlock(&r->lock);
    return has_one || atomic_load(&r->is_lost);
}

bool tb_recorder_is_lost(const struct tb_recorder *r)
{
    return atomic_load(&r->is_lost);
}

bool tb_recorder_is_stopping(const struct tb_recorder *r)
{
    return atomic_load(&r->is_stopping);
}

struct answer_call {
    const struct tb_ctl_request *q;
    int64_t step;
    const char *note;
};

static bool write_answer(struct tb_run_writer *w, void *arg, struct tb_err *err)
{
    const struct answer_call *a = arg;
    if (!tb_ctl_done(tb_run_writer_dir(w), a->q, a->step, a->note, err))
        return false;
    tb_run_log(tb_run_writer_dir(w), TB_LOG_INFO, "request %u at step %lld: %s", a->q->seq, (long long)a->step,
               a->note);
    return true;
}

void tb_recorder_answer(struct tb_recorder *r, struct tb_ctl_request *q, int64_t step, const char *note)
{
    tb_recorder_do(r, write_answer, &(struct answer_call){ q, step, note }, NULL);
    tb_ctl_free(q);
}
