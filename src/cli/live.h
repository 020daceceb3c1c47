/* SPDX-License-Identifier: MIT */
/* live.h - training as it goes: a line per run that renews itself on a terminal, plain lines elsewhere. Words go to
 * stderr, so that results on stdout can be piped. */
#ifndef TB_CLI_LIVE_H
#define TB_CLI_LIVE_H

#include "cli/out.h"
#include "worker/worker.h"

/* A run in flight. */
struct tb_lane {
    const void *key;
    int64_t n_steps;
    double seconds;   /* of a budget in minutes, else 0 */
    double first_s;   /* of the run's clock when it began here */
    int64_t first_step;
    double mean_loss, weight; /* smoothed for the eye, weight 0.9 */
    double eval, share, tok_s;
    int tenth;        /* of the budget, last one told in plain lines */
    char name[96], left[48];
};

struct tb_live {
    bool is_terminal; /* stderr is one */
    int n_drawn;      /* lines that stand there and will be drawn anew */
    double shown_s;   /* when that was, monotonic */
    struct tb_lane *lane;
    size_t n, cap;
};

/* What is said of a run when it begins. */
struct tb_live_facts {
    const char *name, *memory; /* memory: "fast" or "small" */
    const char *excess;        /* words about a rank that is too large, or NULL */
    int64_t n_trainable, n_steps, bytes, n_eval, from_step;
    double share, seconds;
};

/* Flags of verbs that end with a comparison. */
#define TB_FLAGS_COMPARE \
    { "group", "seed|none", false, "mean over seeds, or single runs (the mean where every arm has several seeds)" }, \
    { "runs", NULL, false, "with means: the single runs below them" }

/* Fills a spec from the flags store, threads, memory, in-flight and again, and with what training calls; `live` must
 * outlive it. */
bool tb_live_open(struct tb_live *live, struct tb_worker_spec *spec, const struct tb_args *a, struct tb_err *err);
void tb_live_close(struct tb_live *live);
/* One run's progress; `key` is any address that stands for it. */
void tb_live_begin(struct tb_live *l, const void *key, const struct tb_live_facts *f);
void tb_live_step(struct tb_live *l, const void *key, const struct tb_train_row *row);
void tb_live_eval(struct tb_live *l, const void *key, const struct tb_eval_row *row);
void tb_live_note(struct tb_live *l, const void *key, int64_t step, const char *kind, const char *text);
void tb_live_end(struct tb_live *l, const void *key, enum tb_state state);
/* The worker cannot write, or (NULL) can again. */
void tb_live_trouble(struct tb_live *l, const char *words);
/* What had happened to a run that is put on the list again; arg: the tb_live. */
void tb_live_put_back(void *arg, const char *id, const char *name, const char *words);
/* A run that is over already, or that somebody else trains; arg: the tb_live. */
void tb_live_skipped(void *arg, const char *id, const char *name, enum tb_state state);

/* SIGINT: stop after a checkpoint, twice: leave at once; SIGTERM and SIGUSR1: yield; SIGHUP: a worker goes on. What was
 * asked for is told by tb_train_wished. */
void tb_live_signals(bool is_worker);
/* Exit code after training: 130 or 75 after a signal, 5 if a run failed or was stopped, 75 for want of memory, else
 * 0. */
int tb_live_exit(const struct tb_worker_result *r);
/* The comparison of the result's runs on stdout. */
bool tb_live_compare(const struct tb_out *o, const struct tb_args *a, const struct tb_worker_result *r,
                     struct tb_err *err);

#endif
