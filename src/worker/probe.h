/* SPDX-License-Identifier: MIT */
/* probe.h - short trials that choose the learning rate of a run before it begins. Each rate is trained from the start
 * values on the rows of the run's first steps, constant after the usual share of warm-up; the lowest debiased mean loss
 * (that of watch.h) wins, the lower rate among equal ones, never one that diverged. Then the run begins from its start
 * values. A stack has a factor in the place of a rate, which multiplies the rates of all its parts.
 *
 * Nothing is recorded before the decision, so a run that is interrupted probes once more and decides the same. The
 * decision is an event, and the facts "probe" {rate (null in a stack), rates of the parts, steps, tokens, seconds,
 * tried: [{rate or factor, loss, taken}]}; tokens and time of a probe are not the run's. */
#ifndef TB_WORKER_PROBE_H
#define TB_WORKER_PROBE_H

#include "plan/probe.h"
#include "worker/job.h"
#include "worker/watch.h"

struct tb_probe {
    bool is_on;    /* it is going on */
    bool is_stack; /* rates are factors */
    int n, i;      /* how many there are; which is tried now */
    double rate[TB_PROBE_MOST]; /* rising */
    double loss[TB_PROBE_MOST]; /* infinite: diverged */
    int64_t steps, at;          /* of each; done with this one */
    struct tb_watch watch;
    int64_t tokens;
    double seconds;
};

/* Rates and steps of a run's probe, from its config; p->n is 0 if it has none. */
void tb_probe_plan(struct tb_probe *p, const struct tb_job *j);
/* Tokens that it will train on, 0 if it has none. */
int64_t tb_probe_tokens(const struct tb_job *j);
/* The rates of all parts out of a list of the facts or of a checkpoint; false if it is none. */
bool tb_probe_rates(const struct tb_json *list, int n_parts, double *lr);
/* And such a list; a new value. */
struct tb_json *tb_probe_rates_json(const double *lr, int n_parts);
/* Index of the rate that wins; -1 if all diverged. */
int tb_probe_winner(const struct tb_probe *p);

#endif
