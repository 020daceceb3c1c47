/* SPDX-License-Identifier: MIT */
/* serve.c - the process on duty for a store: takes queued runs as memory allows, gives each its turn, step by step, and
 * looks for new ones. Runs in flight share the loaded base, data and back end; each has its own engine, and its own
 * store thread. A turn lasts about a second, so that curves of a comparison grow side by side, and ends early when
 * somebody asked another run for something. A run that cannot write waits in the middle of its turn, on its own thread
 * (worker/lane.h), and the others go on. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/duty.h"
#include "store/runlog.h"
#include "store/writer.h"
#include "worker/lane.h"
#include "worker/lead.h"
#include "worker/worker_priv.h"

static const double turn_s = 1, scan_s = 10, nap_s = 0.05;

/* A run in flight. */
struct slot {
    char id[TB_RUN_ID];
    char *dir;
    bool lacks_memory;
    uint64_t held_bytes; /* measured behind its turns */
    struct tb_job job;
    struct tb_training *training;
    struct tb_train_view view;
    struct server *server;
    bool is_in_trouble; /* cannot write; under `saying` */
    bool has_news; /* a trial that was evaluated: its sweep decides before it trains on */
    struct tb_lane *lane;
    bool is_waiting; /* in the middle of a turn */
    struct tb_turn_spec spec; /* of its turn, and what came of that */
    enum tb_turn turn;
    bool is_good;
    struct tb_err why;
};

/* A run that is left alone: memory did not suffice, or it cannot be read. */
struct put_off {
    char id[TB_RUN_ID];
    bool is_for_good;
};

struct server {
    struct tb_worker *w;
    struct tb_worker_result *mine; /* NULL: none in particular */
    struct tb_duty *duty;
    struct tb_leads *leads; /* NULL: it leads none */
    pthread_mutex_t saying; /* store threads say something too */
    int n_in_trouble;       /* runs that cannot be written; under `saying` */
    struct slot *slot[TB_WORKER_MOST_IN_FLIGHT];
    int n_slots, most;
    struct put_off *off;
    size_t n_off, cap_off;
    double scan_at, idle_since;
    uint64_t idle_bytes, fixed_bytes; /* of the process beside the runs: anonymous, and with its code */
    bool has_waiting; /* a run on the list for which memory did not suffice */
};

/* Of a run; it is over when none is in trouble. */
static void say_trouble(struct slot *slot, const char *words)
{
    struct server *s = slot->server;
    pthread_mutex_lock(&s->saying);
    s->n_in_trouble += (words != NULL) - slot->is_in_trouble;
    slot->is_in_trouble = words != NULL;
    if (words || s->n_in_trouble == 0)
        tb_duty_say_trouble(s->duty, words);
    pthread_mutex_unlock(&s->saying);
}

static void say_leaving(struct server *s, bool is_leaving)
{
    pthread_mutex_lock(&s->saying);
    tb_duty_say_leaving(s->duty, is_leaving);
    pthread_mutex_unlock(&s->saying);
}

static struct tb_worker_run *find_mine(const struct server *s, const char *id)
{
    for (size_t i = 0; s->mine && i < s->mine->n; i++)
        if (strcmp(s->mine->run[i].id, id) == 0)
            return &s->mine->run[i];
    return NULL;
}

static struct put_off *find_off(const struct server *s, const char *id)
{
    for (size_t i = 0; i < s->n_off; i++)
        if (strcmp(s->off[i].id, id) == 0)
            return &s->off[i];
    return NULL;
}

/* True if it was not before. */
static bool put_off(struct server *s, const char *id, bool for_good)
{
    struct put_off *o = find_off(s, id);
    bool is_new = !o;
    if (is_new) {
        s->off = tb_grow(s->off, s->n_off, &s->cap_off, sizeof *s->off);
        o = &s->off[s->n_off++];
        *o = (struct put_off){ 0 };
        tb_str_copy(o->id, TB_RUN_ID, id);
    }
    o->is_for_good = o->is_for_good || for_good;
    return is_new;
}

static bool is_in_flight(const struct server *s, const char *id)
{
    for (int i = 0; i < s->n_slots; i++)
        if (strcmp(s->slot[i]->id, id) == 0)
            return true;
    return false;
}

/* ---- taking runs */

/* What a failed run leaves for whoever looks later; NaN and the like are sealed by training itself. */
static bool mark_failed(const char *dir, const struct tb_err *why)
{
    struct tb_run_writer *w = tb_run_writer_open(dir, NULL);
    if (!w)
        return false;
    tb_run_log(dir, TB_LOG_ERROR, "%s", why->text);
    tb_run_writer_event(w, tb_run_writer_metrics(w)->step, "error", NULL, "%s", why->text);
    bool good = tb_run_writer_seal(w, TB_STATE_FAILED, "error", why->text, NULL, NULL);
    tb_run_writer_close(w);
    return good;
}

static void mark_waiting(const char *dir, const struct tb_err *why)
{
    struct tb_run_writer *w = tb_run_writer_open(dir, NULL);
    if (w)
        tb_run_writer_event(w, tb_run_writer_metrics(w)->step, "memory", NULL, "waits: %s", why->text);
    tb_run_writer_close(w);
}

/* A run as it is stored, worked out again; rows are those it began with. */
static bool open_stored(struct server *s, const struct tb_metrics *m, struct tb_job *j, struct tb_err *err)
{
    struct tb_config c;
    int max_tok = (int)tb_json_int(tb_metrics_fact(m, "data", "max_tok"), 0);
    const char *base_id = tb_json_str(tb_metrics_fact(m, "base", "id"), "");
    const char *order = tb_json_str(tb_metrics_fact(m, "data", "order_hash"), "");
    const char *data_id = tb_json_str(tb_metrics_fact(m, "data", "id"), "");
    bool good = tb_job_stored_config(&c, tb_json_get(m->facts, "config"), err);
    if (good && s->w->spec->memory)
        tb_json_set(c.map, "exec.memory", tb_json_new_str(s->w->spec->memory));
    good = good && tb_job_open(j, s->w->shelf, &c, 0, max_tok, err);
    tb_json_free(c.map);
    if (!good)
        return false;
    if (strcmp(base_id, j->base->id) != 0)
        return tb_fail_at(err, TB_ERR_FORMAT, j->base->path, 0, "the base has changed since the run began");
    if (strcmp(order, j->order_hash) != 0 || strcmp(data_id, tb_dataset_hash(j->data)) != 0)
        return tb_fail_at(err, TB_ERR_FORMAT, tb_json_str(tb_metrics_fact(m, "data", "path"), ""), 0,
                          "the data have changed since the run began");
    return true;
}

/* Bytes that runs in flight, but for `except`, hold for themselves. */
static uint64_t company(const struct server *s, const struct slot *except)
{
    uint64_t sum = 0;
    for (int i = 0; i < s->n_slots; i++)
        sum += s->slot[i] != except ? s->slot[i]->held_bytes : 0;
    return sum;
}

/* What the process holds beside runs is known while none is in flight; what a run holds is seen behind its turn, since
 * memory that nobody has touched yet is none. */
static void weigh(struct server *s, struct slot *slot)
{
    uint64_t all = tb_mem_anon_bytes(), others = s->idle_bytes + company(s, slot);
    slot->held_bytes = all > others ? all - others : 0;
}

/* What is free and not spoken for: runs in flight will touch what they were admitted with sooner or later. */
static uint64_t room_left(const struct server *s)
{
    uint64_t room = tb_mem_free_bytes(), spoken_for = 0;
    for (int i = 0; i < s->n_slots; i++)
        spoken_for += tb_job_outstanding(&s->slot[i]->job, s->slot[i]->held_bytes);
    return room > spoken_for ? room - spoken_for : 0;
}

/* A run that no waiting would help fails; any other waits. */
static bool admit(struct server *s, struct slot *slot, struct tb_err *err)
{
    struct tb_err why = { 0 };
    if (tb_job_admit(&slot->job, room_left(s), &why))
        return true;
    slot->lacks_memory = tb_job_may_ever_fit(&slot->job, tb_mem_total_bytes(), err);
    if (slot->lacks_memory)
        *err = why;
    return false;
}

/* On a store thread. Clients look on from elsewhere: they read it in the text of the one on duty. */
static void on_trouble(void *arg, const char *words)
{
    struct slot *slot = arg;
    say_trouble(slot, words);
    if (words)
        tb_log(TB_LOG_ERROR, "run %s: %s; it is tried again every 10 s, nothing is lost", slot->id, words);
}

static void on_eval(void *arg, const struct tb_job *j, const struct tb_eval_row *row)
{
    struct slot *slot = arg;
    slot->has_news = tb_leads_has(slot->server->leads, slot->id);
}

/* On the thread of its lane. */
static void take_turn(void *arg)
{
    struct slot *slot = arg;
    slot->is_good = tb_training_turn(slot->training, &slot->spec, &slot->turn, &slot->why);
}

static void on_stall(void *lane, bool waits)
{
    tb_lane_wait(lane, waits);
}

static bool begin(struct server *s, struct slot *slot, struct tb_err *err)
{
    struct tb_metrics m;
    bool good = tb_metrics_load(&m, slot->dir, err);
    if (good && m.state != TB_STATE_QUEUED) /* since it was listed somebody stopped it, or trained it */
        good = tb_fail(err, TB_ERR_BUSY, "the run is no longer on the list");
    good = good && open_stored(s, &m, &slot->job, err);
    tb_metrics_free(&m);
    if (!good)
        return false;
    if (s->n_slots == 0) {
        s->idle_bytes = tb_mem_anon_bytes();
        s->fixed_bytes = slot->job.fixed_bytes;
    }
    slot->job.fixed_bytes = s->fixed_bytes;
    if (!admit(s, slot, err))
        return false;
    int threads = s->w->spec->threads > 0 ? s->w->spec->threads : tb_job_threads(&slot->job);
    struct tb_kernels *k = tb_worker_kernels(s->w, threads, err);
    slot->server = s;
    slot->view = s->w->spec->view;
    if (s->w->spec->is_detached)
        slot->view = (struct tb_train_view){ .arg = slot, .eval = on_eval, .trouble = on_trouble };
    slot->lane = k ? tb_lane_open(take_turn, slot, err) : NULL;
    slot->training = slot->lane ? tb_training_begin(&slot->job, k, slot->dir, &slot->view, TB_STATE_QUEUED, err)
                                : NULL;
    return slot->training != NULL;
}

static void end_slot(struct slot *slot)
{
    tb_training_end(slot->training);
    tb_lane_close(slot->lane);
    if (slot->is_in_trouble)
        say_trouble(slot, NULL);
    tb_job_close(&slot->job);
    free(slot->dir);
    free(slot);
}

/* Waits on the list for other programs to end; where nobody would wait for that it is left there. */
static void wait_for_memory(struct server *s, const char *id, const char *dir, const struct tb_err *why)
{
    struct tb_worker_run *r = find_mine(s, id);
    bool gives_up = s->n_slots == 0 && !s->w->spec->is_detached;
    s->has_waiting = true;
    if (put_off(s, id, gives_up))
        mark_waiting(dir, why);
    if (gives_up)
        tb_worker_tell_failure(id, why);
    if (gives_up && r)
        r->was_busy = true;
}

/* A run that could not begin or go on. */
static void after_failure(struct server *s, const char *id, const char *dir, const struct tb_err *why)
{
    if (why->kind == TB_ERR_BUSY)
        return; /* another process has it, or it was stopped a moment ago */
    tb_worker_tell_failure(id, why);
    if (!mark_failed(dir, why)) /* else its state keeps us off, until somebody wants it resumed */
        put_off(s, id, true);
}

static bool take(struct server *s, const char *id)
{
    struct slot *slot = tb_xcalloc(1, sizeof *slot);
    struct tb_err why = { 0 };
    tb_str_copy(slot->id, TB_RUN_ID, id);
    slot->dir = tb_store_run_dir(s->w->store, id);
    if (begin(s, slot, &why)) {
        s->slot[s->n_slots++] = slot;
        weigh(s, slot);
        return true;
    }
    /* What training held is given back before anybody writes into the folder. */
    char *dir = tb_xstrdup(slot->dir);
    bool lacks_memory = slot->lacks_memory;
    end_slot(slot);
    if (lacks_memory)
        wait_for_memory(s, id, dir, &why);
    else
        after_failure(s, id, dir, &why);
    free(dir);
    return false;
}

static bool is_takeable(const struct server *s, const struct tb_run_item *item)
{
    const struct put_off *o = find_off(s, item->sum.id);
    return !item->sum.damage[0] && item->sum.state == TB_STATE_QUEUED && item->sight.pid == 0
        && !(o && o->is_for_good) && !is_in_flight(s, item->sum.id);
}

/* A run that is paused keeps its memory, but nobody waits for its place. */
static bool has_place(const struct server *s)
{
    int n = 0;
    for (int i = 0; i < s->n_slots; i++)
        n += tb_training_state(s->slot[i]->training) != TB_STATE_PAUSED;
    return n < s->most && s->n_slots < TB_WORKER_MOST_IN_FLIGHT;
}

/* Fills free places, runs of our own first, each in the order in which they were made. */
static void fill(struct server *s)
{
    struct tb_run_item *all = NULL;
    size_t n = 0;
    struct tb_err err;
    tb_leads_tend(s->leads);
    s->scan_at = tb_clock_mono_s() + scan_s;
    s->has_waiting = false;
    if (!tb_store_list(s->w->store, &all, &n, &err))
        n = 0;
    for (int own = 1; own >= 0; own--)
        for (size_t i = 0; i < n && has_place(s) && tb_train_wished() == TB_WISH_NONE; i++)
            if (is_takeable(s, &all[i]) && (find_mine(s, all[i].sum.id) != NULL) == own)
                take(s, all[i].sum.id);
    free(all);
}

/* ---- turns */

/* One that cannot write answers by itself. */
static bool is_asked(const struct slot *slot)
{
    return slot->is_waiting ? !tb_lane_is_waiting(slot->lane) : tb_training_is_asked(slot->training);
}

/* One that is paused would only be measured. */
static bool has_to_do(const struct slot *slot)
{
    return is_asked(slot) || (!slot->is_waiting && tb_training_state(slot->training) != TB_STATE_PAUSED);
}

static void drop(struct server *s, int i)
{
    end_slot(s->slot[i]);
    memmove(&s->slot[i], &s->slot[i + 1], (size_t)(s->n_slots - i - 1) * sizeof *s->slot);
    s->n_slots--;
    s->scan_at = 0; /* its place is free */
}

/* Whether anybody but the one that has its turn was asked for something that it can answer. */
static bool is_other_asked(void *arg)
{
    const struct slot *own = arg;
    const struct server *s = own->server;
    for (int i = 0; i < s->n_slots; i++)
        if (s->slot[i] != own && is_asked(s->slot[i]))
            return true;
    return tb_train_wished() != TB_WISH_NONE || own->has_news || tb_leads_is_asked(s->leads);
}

/* Gives it its turn, of no length if it only has to answer; one that waited goes on with the turn it had. False if it
 * is no longer in flight. *active: it trained. */
static bool give_turn(struct server *s, int i, double seconds, bool *active)
{
    struct slot *slot = s->slot[i];
    char id[TB_RUN_ID];
    if (!slot->is_waiting)
        slot->spec = (struct tb_turn_spec){ .seconds = seconds, .company_bytes = company(s, slot),
                                            .enough = is_other_asked, .arg = slot, .stall = on_stall,
                                            .lane = slot->lane };
    memcpy(id, slot->id, sizeof id);
    slot->is_waiting = !tb_lane_turn(slot->lane);
    if (slot->is_waiting)
        return true;
    enum tb_turn turn = slot->turn;
    struct tb_err why = slot->why;
    if (slot->is_good) {
        *active = *active || turn != TB_TURN_IDLE;
        weigh(s, slot);
        bool has_news = slot->has_news || turn == TB_TURN_OVER;
        slot->has_news = false;
        if (turn == TB_TURN_OVER)
            drop(s, i);
        if (has_news)
            tb_leads_saw(s->leads, id);
        if (has_news && turn != TB_TURN_OVER)
            tb_training_look(slot->training); /* its sweep may have given it up: not another step then */
        return turn != TB_TURN_OVER;
    }
    char *dir = tb_xstrdup(slot->dir);
    drop(s, i);
    if (why.kind == TB_ERR_IO) { /* its folder is gone, or cannot be written and we were asked to leave */
        tb_worker_tell_failure(id, &why);
        put_off(s, id, true);
    } else {
        after_failure(s, id, dir, &why);
    }
    tb_leads_saw(s->leads, id);
    free(dir);
    *active = true;
    return false;
}

/* For runs that somebody put on the list, and for sweeps that somebody asked for something. */
static void look_around(struct server *s)
{
    if (tb_duty_was_rung(s->duty))
        s->scan_at = 0;
    if (tb_leads_is_asked(s->leads))
        tb_leads_tend(s->leads);
    if (tb_clock_mono_s() >= s->scan_at && has_place(s))
        fill(s);
}

/* One round: everybody once, but whoever was asked for something before the next. True if somebody trained. */
static bool go_round(struct server *s)
{
    bool active = false;
    for (int i = 0; i < s->n_slots; i++) {
        for (int j = 0; j < s->n_slots; j++)
            if (j != i && is_asked(s->slot[j]) && !give_turn(s, j, 0, &active))
                j--;
        if (i < s->n_slots && has_to_do(s->slot[i]) && !give_turn(s, i, turn_s, &active))
            i--;
        look_around(s);
    }
    return active;
}

/* A run of ours that is still to come: on the list, or with another process. */
static bool is_open(struct server *s, struct tb_worker_run *r)
{
    const struct put_off *o = find_off(s, r->id);
    struct tb_run_sight sight;
    if ((o && o->is_for_good) || r->was_busy || tb_state_is_over(r->state))
        return false;
    char *dir = tb_store_run_dir(s->w->store, r->id);
    r->state = tb_dir_exists(dir) ? tb_worker_state_now(s->w, r->id) : TB_STATE_FAILED;
    tb_run_look(dir, r->state, &sight);
    free(dir);
    return r->state == TB_STATE_QUEUED || (sight.pid && !tb_state_is_over(r->state));
}

static bool is_mine_open(struct server *s)
{
    for (size_t i = 0; i < s->mine->n; i++)
        if (is_in_flight(s, s->mine->run[i].id) || is_open(s, &s->mine->run[i]))
            return true;
    return false;
}

/* Whether to go on with nothing in flight. Says that it leaves, then looks once more (store/duty.h). */
static bool has_more(struct server *s)
{
    if (tb_train_wished() != TB_WISH_NONE || !tb_dir_exists(tb_store_path(s->w->store)))
        return false;
    if (s->mine)
        return is_mine_open(s);
    if (s->has_waiting || tb_leads_has_work(s->leads) || tb_clock_mono_s() < s->idle_since + s->w->spec->idle_s)
        return true;
    say_leaving(s, true);
    fill(s);
    if (s->n_slots == 0)
        return false;
    say_leaving(s, false);
    return true;
}

/* Runs that others put on the list go back there. */
static void leave_all(struct server *s)
{
    enum tb_wish wish = tb_train_wished();
    bool active = false;
    say_leaving(s, true);
    if (wish == TB_WISH_NONE)
        tb_train_wish(TB_WISH_YIELD);
    while (s->n_slots) {
        bool is_there = give_turn(s, 0, 0, &active);
        if (is_there && s->slot[0]->is_waiting)
            tb_clock_nap(nap_s);
        else if (is_there) /* cannot be: it was asked to leave */
            drop(s, 0);
    }
    tb_train_wish(wish);
}

bool tb_worker_serve(struct tb_worker *w, struct tb_worker_result *mine, struct tb_err *err)
{
    struct server s = { .w = w, .mine = mine, .most = w->spec->in_flight };
    /* A back end that is not there would fail every run. */
    if (!tb_worker_kernels(w, w->spec->threads > 0 ? w->spec->threads : tb_kernels_default_threads(), err))
        return false;
    if (s.most <= 0 || s.most > TB_WORKER_MOST_IN_FLIGHT)
        s.most = s.most <= 0 ? TB_WORKER_IN_FLIGHT : TB_WORKER_MOST_IN_FLIGHT;
    s.duty = tb_duty_take(tb_store_path(w->store), w->spec->is_detached ? "detached" : "foreground", err);
    if (!s.duty)
        return false;
    pthread_mutex_init(&s.saying, NULL);
    s.leads = mine ? NULL : tb_leads_open(w);
    s.idle_since = tb_clock_mono_s();
    for (;;) {
        look_around(&s);
        bool active = go_round(&s);
        if (s.n_slots)
            s.idle_since = tb_clock_mono_s();
        if (tb_train_wished() != TB_WISH_NONE || (s.n_slots == 0 && !has_more(&s)))
            break;
        if (s.mine && active && s.n_slots && !is_mine_open(&s))
            break;
        if (!active)
            tb_clock_nap(s.n_slots ? nap_s : 4 * nap_s);
    }
    leave_all(&s);
    tb_leads_close(s.leads);
    for (size_t i = 0; mine && i < mine->n; i++)
        mine->n_busy += mine->run[i].was_busy;
    tb_duty_leave(s.duty);
    pthread_mutex_destroy(&s.saying);
    free(s.off);
    return true;
}
