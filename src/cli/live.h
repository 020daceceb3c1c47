/* SPDX-License-Identifier: MIT */
/* live.h - training as it goes: a line per run that renews itself on a terminal, plain lines elsewhere. Words go to
 * stderr, so that results on stdout can be piped. */
#ifndef TB_CLI_LIVE_H
#define TB_CLI_LIVE_H

#include "cli/out.h"
#include "worker/worker.h"

struct tb_live {
    bool is_terminal; /* stderr is one */
    bool has_line;    /* an unfinished line stands there */
    int64_t n_steps, n_tokens;
    double first_s;   /* of the run's clock when it began here */
    int64_t first_step;
    double mean_loss, weight; /* smoothed for the eye, weight 0.9 */
    double eval, shown_s; /* shown_s: when the line was drawn last, monotonic */
    double share, tok_s; /* of the line drawn last */
    int columns;         /* of the terminal then */
    int tenth;        /* of the budget, last one told in plain lines */
    char name[96];
};

/* Flags of verbs that end with a comparison. */
#define TB_FLAGS_COMPARE \
    { "group", "seed|none", false, "mean over seeds, or single runs (the mean where every arm has several seeds)" }, \
    { "runs", NULL, false, "with means: the single runs below them" }

/* Fills a spec from the flags store, threads and again, and with what a worker calls; `live` must outlive it. */
bool tb_live_open(struct tb_live *live, struct tb_worker_spec *spec, const struct tb_args *a, struct tb_err *err);
/* SIGINT: stop after a checkpoint, twice: leave at once; SIGTERM and SIGUSR1: yield; SIGHUP: go on. */
void tb_live_signals(void);
/* Exit code after training: 130 or 75 after a signal, 5 if a run failed or was stopped, 75 for want of memory, else
 * 0. */
int tb_live_exit(const struct tb_worker_result *r);
/* The comparison of the result's runs on stdout. */
bool tb_live_compare(const struct tb_out *o, const struct tb_args *a, const struct tb_worker_result *r,
                     struct tb_err *err);

#endif
