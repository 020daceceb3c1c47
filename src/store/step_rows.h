/* SPDX-License-Identifier: MIT */
/* step_rows.h - the loss of every row of every training step: mean nats per label token of the row, as the step saw it
 * (before its update, with dropout), in the order in which the step took its rows. Which rows those are is a function
 * of seed and step, so their numbers are not kept. 4 bytes a row and 16 a step. A run keeps TB_STEP_ROWS_MAX losses at
 * most (64 MiB), those of the steps that come first, and none of a step of more than TB_STEP_ROWS_STEP rows. */
#ifndef TB_STORE_STEP_ROWS_H
#define TB_STORE_STEP_ROWS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TB_STEP_ROWS_MAX = 1 << 24, TB_STEP_ROWS_STEP = 1 << 16 };

struct tb_step_place {
    int64_t step, first; /* first: place of its first row among all losses */
};

/* Steps and first strictly ascending: a step has at least one row. */
struct tb_step_rows {
    struct tb_step_place *at;
    float *loss; /* NaN: the row has no label, or its loss is no number */
    size_t n, n_loss, cap, cap_loss;
};

void tb_step_rows_free(struct tb_step_rows *r); /* leaves it empty */
/* The first of n entries, each of `size` bytes and beginning with its step as int64_t, whose step is not below `step`;
 * they are in order of their steps. */
size_t tb_step_find(const void *entry, size_t n, size_t size, int64_t step);
/* Whether the losses of one more step of n rows are kept. */
bool tb_step_rows_have_room(const struct tb_step_rows *r, size_t n);
/* What is there of that step is replaced; nothing happens where there is no room. */
void tb_step_rows_put(struct tb_step_rows *r, int64_t step, const float *loss, size_t n);
/* The losses of a step, lent, and their number in *n; NULL if they were not recorded. */
const float *tb_step_rows_of(const struct tb_step_rows *r, int64_t step, size_t *n);
/* Drops those of steps behind this one. */
void tb_step_rows_drop(struct tb_step_rows *r, int64_t step);

/* Data of a journal record, appended to b; and the way back: false if it is none. */
void tb_record_step_rows(struct tb_buf *b, int64_t step, const float *loss, size_t n);
bool tb_step_rows_apply(struct tb_step_rows *r, const uint8_t *data, size_t n);

#endif
