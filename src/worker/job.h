/* SPDX-License-Identifier: MIT */
/* job.h - a run worked out in every number before it begins: base, data, steps, rows to evaluate on, adapters, memory.
 * The same for `plan`, `run`, `resume` and the one-shot verbs. */
#ifndef TB_WORKER_JOB_H
#define TB_WORKER_JOB_H

#include "engine/engine.h"
#include "store/layout.h"
#include "worker/schedule.h"
#include "worker/shelf.h"

enum { TB_JOB_MAX_EVALS = 4096, TB_JOB_ROW_TOK = 1024 };

struct tb_job {
    struct tb_config config; /* settled: absolute paths; owned */
    const struct tb_base *base;
    struct tb_dataset *data;
    struct tb_order *order;
    struct tb_stack *stack; /* unbound */
    char id[TB_RUN_ID];     /* of its identity; a run made again has another folder */
    int max_tok;            /* rows may be this long */
    int64_t n_steps;        /* 0: a budget in minutes */
    int64_t n_tokens;       /* of those steps */
    int64_t step_tok;       /* most tokens of a step, 0: not known */
    double seconds;         /* budget in minutes, else 0 */
    struct tb_schedule schedule;
    int *eval_row;          /* row numbers of the data set */
    int n_eval;
    int64_t *eval_at;       /* steps after which it is evaluated, rising; the last is n_steps */
    int n_eval_at;
    int longest;            /* tokens of the longest row */
    struct tb_engine_spec spec;
    struct tb_footprint need;  /* with spec.recompute as it is */
    struct tb_footprint other; /* with the other */
    struct tb_dataset *general; /* text of eval.forget, and its rows (general.h); NULL: none */
    int *general_row, n_general;
    char general_id[65];
    uint64_t writing_bytes; /* beside training: texts where metrics read them, the base alone on the general text */
    uint64_t fixed_bytes;   /* of the process beside the run, measured now */
    uint64_t free_bytes;    /* when spec.recompute was decided */
    char order_hash[65], eval_hash[65];
};

/* Most virtual rows of any run of a plan, so that all drop the same rows; -1 and *err on failure. */
int tb_job_virtual_rows(struct tb_shelf *s, const struct tb_plan *p, struct tb_err *err);

/* A config out of a run's file: each key is checked as a recipe's would be, newer keys are filled in. c->map is to be
 * freed also after a failure. */
bool tb_job_stored_config(struct tb_config *c, const struct tb_json *stored, struct tb_err *err);

/* Works out a run. The config is copied. n_virtual as above; max_tok > 0 (of an earlier run) overrides it. */
bool tb_job_open(struct tb_job *j, struct tb_shelf *s, const struct tb_config *c, int n_virtual, int max_tok,
                 struct tb_err *err);
void tb_job_close(struct tb_job *j); /* also after a failure */

/* After keys of the config changed that may be changed under way: the schedule and the evaluations anew. */
bool tb_job_renew(struct tb_job *j, struct tb_err *err);
/* What stands for the rows of a text in an id: the hash of its content, with the limit of rows where that dropped some;
 * malloc'ed. */
char *tb_job_rows_id(const struct tb_job *j, const struct tb_dataset *d);
/* For the data of the run, and behind them the general text if it has one; malloc'ed. */
char *tb_job_content(const struct tb_job *j);

/* Bytes of the process beside any run, as they are now. */
uint64_t tb_job_fixed_bytes(void);
/* Predicted peak memory, bytes. */
uint64_t tb_job_bytes(const struct tb_job *j);
/* Decides by exec.memory whether activations are computed again, which changes no bit: "auto" keeps them where that
 * fits into `room` bytes. tb_job_open does so for what is free then. */
void tb_job_choose_memory(struct tb_job *j, uint64_t room);
/* Decides anew and says whether the run fits: TB_ERR_BUSY with need, free, and what would fit. */
bool tb_job_admit(struct tb_job *j, uint64_t room, struct tb_err *err);
/* Whether waiting for memory makes sense for one that was not admitted: `total` bytes would be enough. TB_ERR_LIMIT. */
bool tb_job_may_ever_fit(const struct tb_job *j, uint64_t total, struct tb_err *err);
/* Bytes of its own that it will need and does not hold yet; the base's file, which runs share, left out. */
uint64_t tb_job_outstanding(const struct tb_job *j, uint64_t held);
/* Adds to the plan's facts: memory ("fast" or "small"), predicted_bytes, predicted {component: bytes}, fast_bytes,
 * small_bytes, free_bytes. */
void tb_job_put_memory(const struct tb_job *j, struct tb_json *map);
/* FLOP for each token of training that are spent on computing activations again. */
double tb_job_again_flop(const struct tb_job *j);
/* Facts for tb_run_new: plan, base, data; new maps. */
struct tb_json *tb_job_plan_facts(const struct tb_job *j);
struct tb_json *tb_job_base_facts(const struct tb_job *j);
struct tb_json *tb_job_data_facts(const struct tb_job *j);
/* Of each source of a mix: a list of {path, kind, weight, first_row, n_rows, n_train, n_held, n_eval, n_dropped,
 * n_epoch, tok, share}: the last three are rows and tokens of an epoch, and their share of its tokens. Row r of an
 * evaluation is of the source with first_row <= r < first_row + n_rows. */
struct tb_json *tb_job_sources(const struct tb_job *j);
/* Learning rate of part i at its peak; threads of the run. */
double tb_job_lr(const struct tb_job *j, int part);
int tb_job_threads(const struct tb_job *j);
/* Start values: what tb_engine_start wants for each part. Arrays live until tb_job_start_free. */
struct tb_start *tb_job_start(const struct tb_job *j, struct tb_err *err);
void tb_job_start_free(const struct tb_job *j, struct tb_start *s);
/* Tokens of a quantum: 512, TUNEBENCH_QUANTUM in tests. */
int tb_job_quantum(void);

#endif
