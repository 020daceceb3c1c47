/* SPDX-License-Identifier: MIT */
/* at_work.c - listing costs some stat calls for each run there is, so it takes at most a twentieth of the time. A run
 * that ends in between is seen by its own journal. */
#include "cli/at_work.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

enum { SELDOM = 20 };
static const double list_every_s = 2;

void tb_at_work_open(struct tb_at_work *w, struct tb_store *s)
{
    *w = (struct tb_at_work){ .store = s, .listed_at = -INFINITY };
}

static void close_run(struct tb_at_work_run *r)
{
    tb_follow_close(&r->f);
    free(r);
}

void tb_at_work_close(struct tb_at_work *w)
{
    for (size_t i = 0; i < w->n; i++)
        close_run(w->run[i]);
    free(w->run);
    *w = (struct tb_at_work){ 0 };
}

static bool is_at_work(const struct tb_run_item *item)
{
    return tb_state_is_live(item->sight.state) && !item->sum.damage[0];
}

static struct tb_at_work_run *find(struct tb_at_work *w, const char *id)
{
    for (size_t i = 0; i < w->n; i++)
        if (strcmp(w->run[i]->item.sum.id, id) == 0)
            return w->run[i];
    return NULL;
}

/* One that is new; one that cannot be read (it was just removed) is passed over. */
static void add(struct tb_at_work *w, const struct tb_run_item *item)
{
    struct tb_at_work_run *r = tb_xcalloc(1, sizeof *r);
    char *dir = tb_store_run_dir(w->store, item->sum.id);
    *r = (struct tb_at_work_run){ .item = *item, .memory = NAN, .cpu = NAN, .used_at = -1, .is_listed = true };
    if (tb_follow_open(&r->f, dir, NULL)) {
        w->run = tb_grow(w->run, w->n, &w->cap, sizeof *w->run);
        w->run[w->n++] = r;
    } else {
        close_run(r);
    }
    free(dir);
}

/* Runs that are neither listed nor alive any more leave. */
static void drop(struct tb_at_work *w)
{
    size_t kept = 0;
    for (size_t i = 0; i < w->n; i++) {
        if (w->run[i]->is_listed && tb_state_is_live(w->run[i]->item.sight.state))
            w->run[kept++] = w->run[i];
        else
            close_run(w->run[i]);
    }
    w->n = kept;
}

static bool list(struct tb_at_work *w, struct tb_err *err)
{
    struct tb_run_item *all = NULL;
    double from = tb_clock_mono_s();
    if (!tb_store_list(w->store, &all, &w->n_all, err)) {
        free(all);
        return false;
    }
    w->n_waiting = w->n_lost = 0;
    for (size_t i = 0; i < w->n; i++)
        w->run[i]->is_listed = false;
    for (size_t i = 0; i < w->n_all; i++) {
        struct tb_at_work_run *known = is_at_work(&all[i]) ? find(w, all[i].sum.id) : NULL;
        w->n_waiting += all[i].sight.state == TB_STATE_QUEUED && !all[i].sum.damage[0];
        w->n_lost += all[i].sight.state == TB_STATE_LOST;
        if (known)
            known->is_listed = true;
        else if (is_at_work(&all[i]))
            add(w, &all[i]);
    }
    free(all);
    w->listed_at = tb_clock_mono_s();
    w->list_s = w->listed_at - from;
    return true;
}

/* Processors kept busy since the last look; at the first look since the process began. */
static void measure(struct tb_at_work_run *r)
{
    struct tb_usage now;
    double at = tb_clock_mono_s();
    r->cpu = NAN;
    if (!r->item.sight.is_here || !r->item.sight.pid || !tb_usage_read(r->item.sight.pid, &now))
        return;
    bool is_first = r->used_at < 0 || now.cpu_s < r->used.cpu_s;
    double busy = is_first ? now.cpu_s : now.cpu_s - r->used.cpu_s, took = is_first ? now.age_s : at - r->used_at;
    r->cpu = took > 0 ? busy / took : NAN;
    r->memory = (double)now.rss_bytes;
    r->used = now;
    r->used_at = at;
}

static void look_at(struct tb_at_work_run *r)
{
    struct tb_run_beat beat;
    double age_s;
    const struct tb_metrics *m = &r->f.m;
    char id[TB_RUN_ID];
    tb_str_copy(id, sizeof id, r->item.sum.id); /* the folder's, not the one in the file */
    if (!tb_follow_poll(&r->f, NULL))
        r->f.sight.state = TB_STATE_LOST;
    tb_summary_of(&r->item.sum, m);
    tb_str_copy(r->item.sum.id, sizeof r->item.sum.id, id);
    r->item.sight = r->f.sight;
    r->memory = m->n_train ? m->train[m->n_train - 1].mem_bytes : NAN;
    r->host[0] = '\0';
    if (tb_run_beat_read(r->f.tail.dir, &beat, &age_s))
        tb_str_copy(r->host, sizeof r->host, beat.host);
    measure(r);
}

bool tb_at_work_look(struct tb_at_work *w, struct tb_err *err)
{
    double pause = fmax(list_every_s, SELDOM * w->list_s);
    if (tb_clock_mono_s() - w->listed_at >= pause && !list(w, err))
        return false;
    for (size_t i = 0; i < w->n; i++)
        look_at(w->run[i]);
    drop(w);
    return true;
}
