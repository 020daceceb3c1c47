/* SPDX-License-Identifier: MIT */
/* sweep.h - a search under way: its trials, what was decided about them and why. It lives in a folder of the store,
 *     sweeps/<id>/plan.json      the whole plan, written once before anything else
 *                 events.jsonl   one decision a line, appended before it is acted upon
 *                 lock           held by the process that leads it
 *                 wanted         there while somebody should lead it: whoever is on duty for the store does
 *                 ctl/           requests to whoever leads it (store/ctl.h)
 * and in the runs themselves, which say how far they are. Whoever opens it anew replays the events and looks at the
 * runs: nothing is repeated and nothing lost, at whatever line the process before was killed. The id is a hash of the
 * plan, so the same recipe leads on the same sweep. */
#ifndef TB_SWEEP_SWEEP_H
#define TB_SWEEP_SWEEP_H

#include "plan/plan.h"
#include "store/metrics.h"
#include "sweep/objective.h"
#include "sweep/prune.h"
#include "sweep/search.h"

#define TB_SWEEP_PLAN "plan.json"
#define TB_SWEEP_WANTED "wanted"

enum {
    TB_SWEEP_ID = 13,    /* 12 hex digits and a zero byte */
    TB_SWEEP_BATCH = 4,  /* trials, over all arms, that a search by results chooses at once */
};

/* As its events have it. A sweep that is on and led by nobody was left by a crash. */
enum tb_sweep_phase { TB_SWEEP_NEW, TB_SWEEP_ON, TB_SWEEP_PAUSED, TB_SWEEP_STOPPED, TB_SWEEP_OVER };

struct tb_trial {
    size_t arm, point;       /* point: index of the plan's run that it is */
    ptrdiff_t of;            /* another seed of this trial, a finalist; -1: a trial of the search */
    struct tb_config config; /* owned for another seed, else lent from the plan */
    char run[TB_RUN_ID];     /* "" until it is in the store */
    enum tb_state state;     /* of the run when it was looked at last */
    bool is_over, is_told;   /* is_told: its end is an event */
    bool gives_up, is_protected;
    int n_decided;
    struct tb_curve curve;   /* without the evaluation before the first step */
    double tokens, budget_tok; /* trained, and planned */
    double wall_s;             /* of training, without evaluations and pauses */
    int64_t step;
    char note[160];            /* why its run ended, "" */
    const struct tb_json *last; /* the event that decided about it last, NULL: none; lent */
};

struct tb_sweep {
    char id[TB_SWEEP_ID];
    char *dir, *runs;            /* its folder, and the one of all runs */
    struct tb_plan *plan;
    const struct tb_json *spec;  /* plan->sweep */
    const struct tb_search *search;
    const struct tb_prune *prune; /* NULL: none */
    struct tb_objective objective;
    struct tb_trial *trial;
    size_t n, cap;
    struct tb_json *events;      /* list of maps: at, kind, text, and what belongs to the kind */
    ptrdiff_t winner;            /* trial that reached the target, -1 */
    enum tb_sweep_phase phase;
    ptrdiff_t failed;            /* trial whose failure ends it, -1 */
    bool fails_fast;             /* the first trial that fails does */
    bool is_spent;               /* most_tok was reached: no other trial begins */
    double most_tok;             /* no trial begins once so many are spent; 0: no bound */
    size_t n_log;                /* bytes of the log that are in events */
    int lock, log;               /* descriptors, -1: read only */
};

/* The sweep of a plan (which is taken over, also on failure), made where it is missing and led from now on. TB_ERR_BUSY
 * if another process leads it; s->id is set then. s is to be closed also after a failure. */
bool tb_sweep_open(struct tb_sweep *s, const char *store, struct tb_plan *plan, struct tb_err *err);
/* The same of one that is there, by what tb_sweep_load takes. */
bool tb_sweep_take(struct tb_sweep *s, const char *store, const char *ref, struct tb_err *err);
/* To look at: ref is an id, the beginning of one, or @last. */
bool tb_sweep_load(struct tb_sweep *s, const char *store, const char *ref, struct tb_err *err);
/* The same without a look at its runs: what its log says of them. */
bool tb_sweep_load_log(struct tb_sweep *s, const char *store, const char *ref, struct tb_err *err);
/* The events since. */
bool tb_sweep_hear(struct tb_sweep *s, struct tb_err *err);
void tb_sweep_close(struct tb_sweep *s);
/* Writes its plan anew: the same points and maybe more behind them. */
bool tb_sweep_write_plan(const struct tb_sweep *s, struct tb_err *err);
/* The same with another plan in the place of its own; taken over, also on failure. */
bool tb_sweep_replan(struct tb_sweep *s, struct tb_plan *plan, struct tb_err *err);
/* Whether a process leads it now; and that somebody should, or need not. */
bool tb_sweep_is_led(const struct tb_sweep *s);
bool tb_sweep_want(const struct tb_sweep *s, bool is_wanted, struct tb_err *err);
const char *tb_sweep_phase_name(enum tb_sweep_phase phase);

/* Ids of all sweeps of a store, the one made last in front; only_wanted: those that somebody should lead. malloc'ed;
 * their number. */
size_t tb_sweep_list(const char *store, bool only_wanted, char (**ids)[TB_SWEEP_ID]);
/* The one that ref means: an id, the beginning of one, or @last. */
bool tb_sweep_find(const char *store, const char *ref, char id[TB_SWEEP_ID], struct tb_err *err);

size_t tb_sweep_arms(const struct tb_sweep *s);
const char *tb_sweep_arm(const struct tb_sweep *s, size_t arm); /* its name */
/* Trials of the search that an arm has in all. */
int64_t tb_sweep_trials(const struct tb_sweep *s);
/* Its point in the space; and its name. Lent. */
const struct tb_json *tb_sweep_point(const struct tb_sweep *s, const struct tb_trial *t);
const char *tb_trial_name(const struct tb_trial *t);
/* Best value of the objective so far, lower is better (tb_objective_shown); NaN if there is none, or the run failed. */
double tb_trial_value(const struct tb_trial *t);

/* Records a decision. more: further members of the event, taken over; NULL: none. */
bool tb_sweep_note(struct tb_sweep *s, const char *kind, struct tb_json *more, struct tb_err *err, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* Applies one event of the log; what makes no sense is passed over. Private to this folder. */
void tb_sweep_apply(struct tb_sweep *s, const struct tb_json *event);

/* next.c: the trials that are to be trained now, begun ones first; new ones are recorded. None: the sweep is over. The
 * list is malloc'ed. */
bool tb_sweep_due(struct tb_sweep *s, size_t **due, size_t *n, struct tb_err *err);
/* A trial whose run cannot be made: it has failed, which ends no sweep by itself. */
bool tb_sweep_refuse(struct tb_sweep *s, size_t i, const struct tb_err *why, struct tb_err *err);
/* In which run of the store a trial is, and how that was found there. */
bool tb_sweep_ran(struct tb_sweep *s, size_t i, const char *run, enum tb_state found, struct tb_err *err);

/* watch.c: what is recorded of a trial's run, and the decisions that follow: gives_up and winner are set. */
bool tb_sweep_see(struct tb_sweep *s, size_t i, const struct tb_metrics *m, struct tb_err *err);
/* The same, and whether it is over by that; and of one whose run cannot be read, which nobody will train: it has
 * failed, but for a run that is busy. */
bool tb_sweep_see_read(struct tb_sweep *s, size_t i, const struct tb_metrics *m, bool goes_on, struct tb_err *err);
void tb_sweep_see_none(struct tb_sweep *s, size_t i, const struct tb_err *why);
/* The same for one that is in the store, or for all. A stopped run is over unless `goes_on`. */
bool tb_sweep_see_run(struct tb_sweep *s, size_t i, bool goes_on, struct tb_err *err);
bool tb_sweep_see_all(struct tb_sweep *s, bool goes_on, struct tb_err *err);
/* Steps that a trial trained behind its newest checkpoint: after a crash they are done again. */
int64_t tb_sweep_lost_steps(const struct tb_sweep *s, size_t i);

#endif
