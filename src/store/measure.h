/* SPDX-License-Identifier: MIT */
/* measure.h - what an evaluation says beside its loss: metrics of text ("bleu"), and the loss of a general text
 * ("forget/loss", nats per label token; at step 0 that of the base without its adapter). Each has its value, the ends
 * of its 95 % interval, and the results of its rows, so that runs can be compared row against row. */
#ifndef TB_STORE_MEASURE_H
#define TB_STORE_MEASURE_H

#include "base/buf.h"
#include "base/json.h"

#include <stdint.h>

#define TB_MEASURE_FORGET "forget/loss"

enum { TB_MEASURE_NAME = 48 };

/* prompt_id is equal for rows with equal prompts; row_id counts the rows of the text that is measured. */
struct tb_measure_row {
    int64_t row_id, prompt_id, n_tok; /* n_tok: label tokens */
    double value;                     /* NaN: the row does not count */
};

struct tb_measure {
    int64_t step;
    char name[TB_MEASURE_NAME];
    double value, low, high; /* NaN: not known */
    struct tb_measure_row *row;
    size_t n_rows;
};

/* In order of (step, name). */
struct tb_measures {
    struct tb_measure *at;
    size_t n, cap;
};

void tb_measures_free(struct tb_measures *m); /* leaves it empty */
/* Takes the rows over; one of that step and name is replaced. */
void tb_measures_put(struct tb_measures *m, const struct tb_measure *one);
/* Drops those of steps behind this one. */
void tb_measures_drop(struct tb_measures *m, int64_t step);
/* NULL if there is none. */
const struct tb_measure *tb_measures_at(const struct tb_measures *m, const char *name, int64_t step);
/* The newest of that name that is not behind `step`. */
const struct tb_measure *tb_measures_last(const struct tb_measures *m, const char *name, int64_t step);

/* Data of a journal record, appended to b; and the way back: false if it is none. */
void tb_record_measure(struct tb_buf *b, const struct tb_measure *one);
bool tb_measures_apply(struct tb_measures *m, const struct tb_json *map);

#endif
