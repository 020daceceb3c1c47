/* SPDX-License-Identifier: MIT */
/* lane.c - a thread that is handed the word and gives it back. At RESTS and WAITS it does not want it, at READY it
 * does, at GOES it has it. */
#include "worker/lane.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"

enum at { RESTS, GOES, WAITS, READY, ENDS };

struct tb_lane {
    tb_lane_fn *fn;
    void *arg;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum at at; /* under lock */
};

static void become(struct tb_lane *l, enum at at)
{
    l->at = at;
    pthread_cond_broadcast(&l->changed);
}

static void *work(void *arg)
{
    struct tb_lane *l = arg;
    pthread_mutex_lock(&l->lock);
    for (;;) {
        while (l->at == RESTS)
            pthread_cond_wait(&l->changed, &l->lock);
        if (l->at == ENDS)
            break;
        pthread_mutex_unlock(&l->lock);
        l->fn(l->arg);
        pthread_mutex_lock(&l->lock);
        become(l, RESTS);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

static void release(struct tb_lane *l)
{
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

struct tb_lane *tb_lane_open(tb_lane_fn *fn, void *arg, struct tb_err *err)
{
    struct tb_lane *l = tb_xcalloc(1, sizeof *l);
    l->fn = fn;
    l->arg = arg;
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->changed, NULL);
    if (pthread_create(&l->thread, NULL, work, l) == 0)
        return l;
    tb_fail(err, TB_ERR_LIMIT, "the system gives no thread for a run");
    release(l);
    return NULL;
}

void tb_lane_close(struct tb_lane *l)
{
    if (!l)
        return;
    pthread_mutex_lock(&l->lock);
    become(l, ENDS);
    pthread_mutex_unlock(&l->lock);
    pthread_join(l->thread, NULL);
    release(l);
}

bool tb_lane_turn(struct tb_lane *l)
{
    pthread_mutex_lock(&l->lock);
    if (l->at != WAITS)
        become(l, GOES);
    while (l->at == GOES)
        pthread_cond_wait(&l->changed, &l->lock);
    bool is_over = l->at == RESTS;
    pthread_mutex_unlock(&l->lock);
    return is_over;
}

bool tb_lane_is_waiting(struct tb_lane *l)
{
    pthread_mutex_lock(&l->lock);
    bool waits = l->at == WAITS;
    pthread_mutex_unlock(&l->lock);
    return waits;
}

void tb_lane_wait(struct tb_lane *l, bool waits)
{
    pthread_mutex_lock(&l->lock);
    become(l, waits ? WAITS : READY);
    while (!waits && l->at != GOES)
        pthread_cond_wait(&l->changed, &l->lock);
    pthread_mutex_unlock(&l->lock);
}
