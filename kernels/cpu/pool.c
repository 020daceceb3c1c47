/* SPDX-License-Identifier: MIT */
/* pool.c - own threads with a short spin before they sleep.
 * Between two operations of a step there are a few microseconds, so a waiter first spins for
 * SPIN_NS and only then sleeps on the one condition variable. Three words are waited for: `started`
 * (a new run), `finished` (its end) and `phase` (a barrier); each only counts up. A waker changes
 * the word first and then looks at `sleepers`, a waiter raises `sleepers` first and then looks at
 * the word, both sequentially consistent: no wake is lost. */
#include "kernels/cpu/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

enum { SPIN_NS = 40000, SPIN_LOOK = 32 };

struct worker {
    struct tb_pool *pool;
    pthread_t id;
    int index;
};

struct tb_pool {
    alignas(64) atomic_uint started;
    alignas(64) atomic_uint finished;
    alignas(64) atomic_int pending;
    alignas(64) atomic_int arrived;
    alignas(64) atomic_uint phase;
    alignas(64) atomic_int sleepers;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    int n, n_tasks;
    bool is_closing;
    void (*task)(void *arg, int i, int thread);
    void *arg;
    struct worker *worker; /* n - 1 */
};

static long long now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void relax(void)
{
#ifdef __x86_64__
    __builtin_ia32_pause();
#endif
}

static bool spin(atomic_uint *word, unsigned old)
{
    long long end = 0;
    do {
        for (int i = 0; i < SPIN_LOOK; i++) {
            if (atomic_load_explicit(word, memory_order_acquire) != old)
                return true;
            relax();
        }
        if (!end)
            end = now_ns() + SPIN_NS;
    } while (now_ns() < end);
    return false;
}

/* Returns when *word is no longer `old`. */
static void wait_change(struct tb_pool *p, atomic_uint *word, unsigned old)
{
    if (spin(word, old))
        return;
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->sleepers, 1);
    while (atomic_load(word) == old)
        pthread_cond_wait(&p->wake, &p->lock);
    atomic_fetch_sub(&p->sleepers, 1);
    pthread_mutex_unlock(&p->lock);
}

static void advance(struct tb_pool *p, atomic_uint *word)
{
    atomic_fetch_add(word, 1);
    if (!atomic_load(&p->sleepers))
        return;
    pthread_mutex_lock(&p->lock);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
}

static void run_share(struct tb_pool *p, int thread)
{
    int end = (int)((long long)p->n_tasks * (thread + 1) / p->n);
    for (int i = (int)((long long)p->n_tasks * thread / p->n); i < end; i++)
        p->task(p->arg, i, thread);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct tb_pool *p = w->pool;
    for (unsigned seen = 0;; seen++) {
        wait_change(p, &p->started, seen);
        if (p->is_closing)
            return NULL;
        run_share(p, w->index);
        if (atomic_fetch_sub(&p->pending, 1) == 1)
            advance(p, &p->finished);
    }
}

static void stop(struct tb_pool *p, int n_started)
{
    p->is_closing = true;
    advance(p, &p->started);
    for (int i = 0; i < n_started; i++)
        pthread_join(p->worker[i].id, NULL);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    free(p->worker);
    free(p);
}

/* Signals sent to the process are left to the caller's thread; faults (SIGBUS in a mapped file)
 * belong to who made them. */
static int start(struct tb_pool *p)
{
    sigset_t mask, old;
    sigfillset(&mask);
    sigdelset(&mask, SIGBUS);
    sigdelset(&mask, SIGSEGV);
    sigdelset(&mask, SIGFPE);
    sigdelset(&mask, SIGILL);
    pthread_sigmask(SIG_SETMASK, &mask, &old);
    int i = 0;
    for (; i < p->n - 1; i++) {
        p->worker[i] = (struct worker){ .pool = p, .index = i + 1 };
        if (pthread_create(&p->worker[i].id, NULL, work, &p->worker[i]) != 0)
            break;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return i;
}

struct tb_pool *tb_pool_open(int n_threads)
{
    struct tb_pool *p = aligned_alloc(64, sizeof *p);
    struct worker *w = calloc((size_t)n_threads, sizeof *w);
    if (!p || !w) {
        free(p);
        free(w);
        return NULL;
    }
    *p = (struct tb_pool){ .n = n_threads, .worker = w };
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    int n_started = start(p);
    if (n_started == n_threads - 1)
        return p;
    stop(p, n_started);
    return NULL;
}

void tb_pool_close(struct tb_pool *p)
{
    if (p)
        stop(p, p->n - 1);
}

void tb_pool_run(struct tb_pool *p, int n_tasks, void (*task)(void *arg, int i, int thread),
                 void *arg)
{
    if (p->n == 1 || n_tasks <= 1) {
        for (int i = 0; i < n_tasks; i++)
            task(arg, i, 0);
        return;
    }
    p->n_tasks = n_tasks;
    p->task = task;
    p->arg = arg;
    atomic_store(&p->pending, p->n - 1);
    unsigned seen = atomic_load(&p->finished);
    advance(p, &p->started);
    run_share(p, 0);
    wait_change(p, &p->finished, seen);
}

void tb_pool_barrier(struct tb_pool *p)
{
    if (p->n == 1)
        return;
    unsigned seen = atomic_load(&p->phase);
    if (atomic_fetch_add(&p->arrived, 1) == p->n - 1) {
        atomic_store(&p->arrived, 0);
        advance(p, &p->phase);
    } else {
        wait_change(p, &p->phase, seen);
    }
}
