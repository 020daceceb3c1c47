/* SPDX-License-Identifier: MIT */
/* score.h - metrics of text that was generated, against references or against what its prompt asked for.
 * Every metric is made of sums over rows: a row adds a few numbers, and the value of any set of rows is a function of
 * their totals. So corpus values are exact (BLEU's is not the mean of sentences) and resampling is cheap.
 * Pure functions of UTF-8 text: no locale, no state, the same bits everywhere. Invalid bytes count as U+FFFD. */
#ifndef TB_SCORE_SCORE_H
#define TB_SCORE_SCORE_H

#include "base/err.h"
#include "base/json.h"

#include <stddef.h>
#include <stdint.h>

/* What was asked, what came out, what would have been good; all lent. */
struct tb_score_row {
    const char *prompt, *output; /* NULL reads as "" */
    const char *const *refs;
    size_t n_refs;
    double loss; /* nats per label token, where it is known */
    int64_t n_tok; /* label tokens; 0: the loss is not known */
};

enum { TB_SCORE_MAX_SUMS = 24, TB_SCORE_MAX_BYTES = 64 << 20 }; /* of one metric; of one row */

/* What rows must have. */
enum { TB_NEEDS_REFERENCES = 1, TB_NEEDS_PROMPT = 2, TB_NEEDS_LOSS = 4, TB_NEEDS_OUTPUT = 8 };

struct tb_metric {
    const char *name, *help;
    unsigned needs;
    bool is_lower_better;
    size_t n_sums; /* at most TB_SCORE_MAX_SUMS */
    /* Of a matcher, and of a metric that must see all rows; may be NULL. `arg` is the matcher's pattern, else NULL. */
    void *(*open)(const char *arg, struct tb_err *err);
    void (*close)(void *own);
    void (*look)(void *own, const struct tb_score_row *rows, size_t n);
    /* Puts what this row adds into sums, which are zero; false: the row does not count. */
    bool (*row)(void *own, const struct tb_score_row *r, double *sums);
    double (*value)(const double *sums); /* NaN of rows that do not count */
    double (*row_value)(const double *sums); /* where it is not the value of the row alone; may be NULL */
};

/* Whether the prompt has slots that an output can be asked for (metric `slots`). */
bool tb_slots_has(const char *prompt);
/* Each slot as it stands in the prompt, and whether the output says it; of the values that other rows give its key
 * nothing is known here. */
typedef void tb_slot_fn(void *arg, const char *p, size_t n, bool is_right);
void tb_slots_each(const char *prompt, const char *output, tb_slot_fn *fn, void *arg);

/* Metrics by name, then the matchers: NULL behind the last. A matcher is written "kind:pattern". */
const struct tb_metric *tb_metric_at(size_t i);
const struct tb_metric *tb_matcher_at(size_t i);

/* Metrics as a recipe or a flag names them: "bleu", "contains:city centre", "polite=regex:(?i)please". */
struct tb_scorer;

/* TB_ERR_RECIPE with the nearest name, on a pattern that cannot be used, and on two of one name. */
struct tb_scorer *tb_scorer_open(const char *const *words, size_t n, struct tb_err *err);
/* The same by a list of strings, as eval.metrics is. */
struct tb_scorer *tb_scorer_of(const struct tb_json *names, struct tb_err *err);
void tb_scorer_close(struct tb_scorer *s);
size_t tb_scorer_len(const struct tb_scorer *s);
/* "bleu"; of a matcher what stands before "=", else its kind. Lent. */
const char *tb_scorer_name(const struct tb_scorer *s, size_t i);
const struct tb_metric *tb_scorer_metric(const struct tb_scorer *s, size_t i);
/* All that is needed, as TB_NEEDS_ bits. */
unsigned tb_scorer_needs(const struct tb_scorer *s);

/* Values by metric in the scorer's order. */
struct tb_scores {
    size_t n_metrics, n_rows;
    double *value;     /* [n_metrics], of all rows */
    double *row_value; /* [n_rows, n_metrics]; NaN: the row does not count */
    size_t *n_counted; /* [n_metrics] rows */
    double *low, *high; /* [n_metrics], 95 %, by tb_scores_resample; NaN before */
    size_t n_prompts;   /* drawn there */
    double *sums;       /* [n_rows, width] */
    size_t width;
};

/* TB_ERR_FORMAT naming the row that lacks what a metric needs; TB_ERR_LIMIT on a row above TB_SCORE_MAX_BYTES. Time is
 * n log n in the bytes of a row; rougeL takes words of output times words of reference / 64 at worst. */
bool tb_score_rows(struct tb_scorer *s, const struct tb_score_row *rows, size_t n, struct tb_scores *out,
                   struct tb_err *err);
/* Intervals: whole prompts are drawn with replacement, since rows that share one are not independent; rows without a
 * prompt stand for themselves. NaN with fewer than 2 prompts. */
void tb_scores_resample(struct tb_scores *x, const struct tb_scorer *s, const struct tb_score_row *rows);
void tb_scores_free(struct tb_scores *x);

#endif
