/* SPDX-License-Identifier: MIT */
/* ring.c - bounded queue of records between two threads.
 * Only the writer moves `put`, only the reader moves `got`; both count up for ever and the record
 * with number i lies at i mod n. The lock guards the waiting alone: the writer never takes it. */
#include "base/ring.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/mem.h"

struct tb_ring {
    unsigned char *records;
    size_t size, n;
    _Atomic size_t put, got;
    bool is_woken; /* under lock */
    pthread_mutex_t lock;
    pthread_cond_t bell;
};

struct tb_ring *tb_ring_open(size_t record_bytes, size_t n_records)
{
    pthread_condattr_t attr;
    tb_assert(record_bytes > 0 && n_records > 0 && n_records <= SIZE_MAX / record_bytes);
    struct tb_ring *r = tb_xcalloc(1, sizeof *r);
    r->records = tb_xcalloc(n_records, record_bytes);
    r->size = record_bytes;
    r->n = n_records;
    pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&r->bell, &attr);
    pthread_condattr_destroy(&attr);
    return r;
}

void tb_ring_close(struct tb_ring *r)
{
    if (!r)
        return;
    pthread_cond_destroy(&r->bell);
    pthread_mutex_destroy(&r->lock);
    free(r->records);
    free(r);
}

bool tb_ring_put(struct tb_ring *r, const void *record)
{
    size_t i = atomic_load_explicit(&r->put, memory_order_relaxed);
    if (i - atomic_load_explicit(&r->got, memory_order_acquire) == r->n)
        return false;
    memcpy(r->records + i % r->n * r->size, record, r->size);
    atomic_store_explicit(&r->put, i + 1, memory_order_release);
    return true;
}

bool tb_ring_get(struct tb_ring *r, void *record)
{
    size_t i = atomic_load_explicit(&r->got, memory_order_relaxed);
    if (i == atomic_load_explicit(&r->put, memory_order_acquire))
        return false;
    memcpy(record, r->records + i % r->n * r->size, r->size);
    atomic_store_explicit(&r->got, i + 1, memory_order_release);
    return true;
}

static bool is_ready(struct tb_ring *r)
{
    return atomic_load_explicit(&r->put, memory_order_acquire) != atomic_load_explicit(&r->got, memory_order_relaxed);
}

static struct timespec deadline(double seconds)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    seconds = seconds > 0 ? seconds < 1e8 ? seconds : 1e8 : 0;
    int64_t ns = t.tv_nsec + (int64_t)(seconds * 1e9);
    t.tv_sec += (time_t)(ns / 1000000000);
    t.tv_nsec = (long)(ns % 1000000000);
    return t;
}

bool tb_ring_wait(struct tb_ring *r, double seconds)
{
    struct timespec until = deadline(seconds);
    int rc = 0;
    pthread_mutex_lock(&r->lock);
    while (rc == 0 && !r->is_woken)
        rc = pthread_cond_timedwait(&r->bell, &r->lock, &until);
    r->is_woken = false;
    pthread_mutex_unlock(&r->lock);
    return is_ready(r);
}

void tb_ring_wake(struct tb_ring *r)
{
    pthread_mutex_lock(&r->lock);
    r->is_woken = true;
    pthread_cond_signal(&r->bell);
    pthread_mutex_unlock(&r->lock);
}
