/* SPDX-License-Identifier: MIT */
/* recorder.c - one thread around a tb_run_writer. It sleeps on the ring and wakes for rows, for a call, and at least
 * every 100 ms for requests and housekeeping. Calls are answered in `err`, `good`; there is one at a time. */
#include "worker/recorder.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/ring.h"
#include "worker/train.h"

enum { N_ROWS = 4096 };
static const double poll_s = 0.1, retry_s = 10;

struct tb_recorder {
    struct tb_run_writer *w;
    struct tb_ring *ring;
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
    atomic_bool quits, is_lost;
    tb_trouble_fn *trouble;
    void *trouble_arg;
};

static void nap(double s)
{
    struct timespec t = { .tv_sec = (time_t)s, .tv_nsec = (long)((s - (double)(time_t)s) * 1e9) };
    nanosleep(&t, NULL);
}

/* Until the next try. The heart beats on: that file needs no room. */
static void wait_to_retry(struct tb_recorder *r)
{
    for (double until = tb_clock_mono_s() + retry_s; tb_clock_mono_s() < until;) {
        if (tb_train_wished() != TB_WISH_NONE)
            return;
        nap(poll_s);
        if (tb_run_writer_beat_due(r->w) == 0)
            tb_run_writer_beat(r->w, NULL);
    }
}

static bool is_gone(struct tb_recorder *r, struct tb_err *err)
{
    if (!tb_run_writer_is_gone(r->w))
        return false;
    atomic_store(&r->is_lost, true);
    tb_fail_at(err, TB_ERR_IO, tb_run_writer_dir(r->w), 0, "the folder of the run was removed or replaced");
    return true;
}

static void tell_recovery(struct tb_recorder *r, double since, const char *words)
{
    r->trouble(r->trouble_arg, NULL);
    tb_run_writer_event(r->w, tb_run_writer_metrics(r->w)->step, "disk", NULL, "writing failed for %.0f s: %s",
                        tb_clock_mono_s() - since, words);
}

/* Calls fn until it works, fails for good, or somebody wants to leave. */
static bool persist(struct tb_recorder *r, tb_recorder_fn *fn, void *arg, struct tb_err *err)
{
    struct tb_err first = { 0 };
    for (double since = 0;;) {
        struct tb_err why = { 0 };
        if (fn(r->w, arg, &why)) {
            if (first.kind)
                tell_recovery(r, since, first.text);
            return true;
        }
        if (why.kind != TB_ERR_IO || tb_train_wished() != TB_WISH_NONE) {
            *err = why;
            return false;
        }
        if (is_gone(r, err))
            return false;
        if (!first.kind) {
            first = why;
            since = tb_clock_mono_s();
            r->trouble(r->trouble_arg, why.text);
        }
        wait_to_retry(r);
    }
}

static bool write_row(struct tb_run_writer *w, void *arg, struct tb_err *err)
{
    return tb_run_writer_train(w, arg, err);
}

static void write_rows(struct tb_recorder *r)
{
    struct tb_train_row row;
    struct tb_err err;
    while (!atomic_load(&r->is_lost) && tb_ring_get(r->ring, &row))
        if (!persist(r, write_row, &row, &err))
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
    pthread_mutex_lock(&r->lock);
    r->request = q;
    r->has_request = true;
    pthread_mutex_unlock(&r->lock);
}

static void *work(void *arg)
{
    struct tb_recorder *r = arg;
    while (!atomic_load(&r->quits)) {
        tb_ring_wait(r->ring, poll_s);
        write_rows(r);
        answer_call(r);
        if (!tb_run_writer_tend(r->w, NULL))
            is_gone(r, NULL);
        look_for_request(r);
    }
    write_rows(r);
    return NULL;
}

struct tb_recorder *tb_recorder_open(const char *dir, tb_trouble_fn *trouble, void *arg, struct tb_err *err)
{
    struct tb_recorder *r = tb_xcalloc(1, sizeof *r);
    r->trouble = trouble;
    r->trouble_arg = arg;
    r->w = tb_run_writer_open(dir, err);
    if (!r->w) {
        free(r);
        return NULL;
    }
    r->ring = tb_ring_open(sizeof(struct tb_train_row), N_ROWS);
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->answered, NULL);
    if (pthread_create(&r->thread, NULL, work, r) == 0)
        return r;
    tb_fail(err, TB_ERR_LIMIT, "the system gives no thread for the store");
    tb_ring_close(r->ring);
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
    tb_run_writer_close(r->w);
    tb_ring_close(r->ring);
    pthread_cond_destroy(&r->answered);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

bool tb_recorder_train(struct tb_recorder *r, const struct tb_train_row *row)
{
    while (!tb_ring_put(r->ring, row)) {
        if (atomic_load(&r->is_lost))
            return false;
        nap(poll_s / 10);
    }
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
    while (r->fn)
        pthread_cond_wait(&r->answered, &r->lock);
    bool good = r->good;
    pthread_mutex_unlock(&r->lock);
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
    return tb_run_writer_event(w, e->step, e->kind, err, "%s", e->text);
}

bool tb_recorder_event(struct tb_recorder *r, int64_t step, const char *kind, const char *text, struct tb_err *err)
{
    return tb_recorder_do(r, write_event, &(struct event_call){ step, kind, text }, err);
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

struct answer_call {
    const struct tb_ctl_request *q;
    int64_t step;
    const char *note;
};

static bool write_answer(struct tb_run_writer *w, void *arg, struct tb_err *err)
{
    const struct answer_call *a = arg;
    return tb_ctl_done(tb_run_writer_dir(w), a->q, a->step, a->note, err);
}

void tb_recorder_answer(struct tb_recorder *r, struct tb_ctl_request *q, int64_t step, const char *note)
{
    tb_recorder_do(r, write_answer, &(struct answer_call){ q, step, note }, NULL);
    tb_ctl_free(q);
}
