/* SPDX-License-Identifier: MIT */
/* metrics.h - everything a run has recorded, in memory: the same struct for the writer, who grows
 * it, and for readers, who load it from run.h5 and the journal. Rows are in order of their step; a
 * row of a step that is there already replaces it, which is how a resumed run overwrites the steps
 * it repeats. */
#ifndef TB_STORE_METRICS_H
#define TB_STORE_METRICS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "store/journal.h"
#include "store/layout.h"
#include "store/measure.h"
#include "store/step_rows.h"

#include <stddef.h>
#include <stdint.h>

/* Result of one held-out row; loss = mean nats per label token of it. prompt_id is equal for rows
 * with equal prompts (the row_id of the first of them): intervals resample prompts. */
struct tb_row_loss {
    int64_t step, row_id, prompt_id, n_tok;
    double loss;
};

struct tb_event {
    double wall_s;
    int64_t step;
    char *kind, *text; /* kind: one word, "checkpoint", "divergence", "recovered", .. */
    char at[24];       /* UTC */
};

struct tb_sample {
    int64_t step, row_id;
    char *prompt, *output;
};

struct tb_metrics {
    struct tb_train_row *train;
    struct tb_eval_row *eval;
    struct tb_row_loss *rows;
    struct tb_event *events;
    struct tb_sample *samples;
    size_t n_train, n_eval, n_rows, n_events, n_samples;
    size_t cap_train, cap_eval, cap_rows, cap_events, cap_samples;
    struct tb_measures measures;
    struct tb_step_rows step_rows;
    enum tb_state state; /* as stored: see tb_run_look for lost */
    char ended_by[32], note[160], changed[24]; /* of the last change of state; changed: UTC */
    int64_t step; /* of the last train row written, which after a resume may lie before the last one
                     in train */
    int64_t resumed_at;  /* step of the last resume, -1: never */
    int n_resumes;
    /* Map of maps: run config base data lineage plan env result; overrides is a list. */
    struct tb_json *facts;
    char *recipe;          /* text, NULL if there was none */
    size_t n_recipe;
    uint64_t seq;          /* of the last record in here */
    uint64_t h5_seq;       /* @journal_seq of run.h5 */
    struct tb_journal_end journal; /* what reading it found */
    bool is_newer; /* some of it is of a newer version of tunebench and was left out: not to be written to */
};

void tb_metrics_init(struct tb_metrics *m);
void tb_metrics_free(struct tb_metrics *m); /* leaves it as after init */

/* Reads a run folder: journal first, then run.h5, records that run.h5 has already are dropped;
 * begun again if a snapshot got in between. m is initialised here; free it also after a failure.
 * Any thread, any process. */
bool tb_metrics_load(struct tb_metrics *m, const char *dir, struct tb_err *err);
/* What tb_summary_of needs, of a run without a journal, in half the time: facts, state, and of both tables of steps
 * some columns. The rest is empty or 0. */
bool tb_metrics_load_brief(struct tb_metrics *m, const char *dir, struct tb_err *err);

/* One journal record into m; unknown kinds are skipped. TB_ERR_FORMAT if its data is not what its
 * kind says. */
bool tb_metrics_apply(struct tb_metrics *m, const struct tb_record *r, struct tb_err *err);

/* Fact `key` of section `section` ("plan", "n_trainable"), NULL if missing. */
const struct tb_json *tb_metrics_fact(const struct tb_metrics *m, const char *section,
                                      const char *key);
/* The evaluation with the lowest loss, the earlier wins; NULL if there is none. */
const struct tb_eval_row *tb_metrics_best(const struct tb_metrics *m);
/* Result of one held-out row at one evaluation; NULL if it is not there. */
const struct tb_row_loss *tb_metrics_row(const struct tb_metrics *m, int64_t step, int64_t row_id);
/* Drops rows and samples of steps that a run which was resumed and ended earlier did not reach again. */
void tb_metrics_drop_stale(struct tb_metrics *m);
/* Drops samples of steps behind this one. */
void tb_metrics_drop_samples(struct tb_metrics *m, int64_t step);

/* Data of one record, appended to b. */
void tb_record_schema(struct tb_buf *b);
void tb_record_train(struct tb_buf *b, const struct tb_train_row *row);
void tb_record_eval(struct tb_buf *b, const struct tb_eval_row *row);
void tb_record_rows(struct tb_buf *b, const struct tb_row_loss *rows, size_t n);
void tb_record_event(struct tb_buf *b, const struct tb_event *e);
void tb_record_sample(struct tb_buf *b, const struct tb_sample *s);
/* A change of state and / or facts to merge ({section: {key: value}}, may be NULL). state
 * TB_N_STATES: none. */
void tb_record_state(struct tb_buf *b, enum tb_state state, const char *ended_by, const char *note,
                     const struct tb_json *facts);
void tb_record_resume(struct tb_buf *b, int64_t step);

#endif
