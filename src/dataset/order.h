/* SPDX-License-Identifier: MIT */
/* order.h - which rows an optimiser step reads: a function of (seed, step), so that a resume needs
 * the step number only. */
#ifndef TB_DATASET_ORDER_H
#define TB_DATASET_ORDER_H

#include "base/err.h"

#include <stdint.h>

enum tb_order_kind {
    TB_ORDER_SHUFFLED,  /* doc/frozen.md 4, anew in every epoch */
    TB_ORDER_FILE,      /* as they stand */
    TB_ORDER_BY_PROMPT, /* prompts shuffled, the rows of a prompt together in file order */
};

/* "shuffled", "file", "by_prompt"; false for another name. */
bool tb_order_kind_of(const char *name, enum tb_order_kind *kind);

struct tb_order_spec {
    enum tb_order_kind kind;
    uint64_t seed;
    int batch_rows;    /* rows of a step, or 0: */
    int64_t batch_tok; /* tokens of a step: as many rows as fit, at least one */
    int n_rows;        /* at least 1 */
    const int *tok;    /* [n_rows] own tokens of a row, lent for the life of the order */
    const int *place;  /* [n_rows] rising numbers by which rows are shuffled; NULL: their own. Where rows are left out
                          (key without), those that the others have with them. Lent likewise */
    const int *group;  /* [n_rows] prompt of a row, any numbers; NULL: every row has its own. Lent
                          likewise */
};

struct tb_order;
struct tb_order *tb_order_open(const struct tb_order_spec *spec, struct tb_err *err);
void tb_order_close(struct tb_order *o);

/* Row numbers of step `step` (0 is the first), lent until the next call; the last batch of an epoch
 * may be short. */
const int *tb_order_step(struct tb_order *o, int64_t step, int *n_rows);
int64_t tb_order_epoch_of(struct tb_order *o, int64_t step); /* epoch that a step belongs to */
/* own tokens of the first n_steps steps */
int64_t tb_order_tokens(struct tb_order *o, int64_t n_steps);
/* Steps of a budget. No step is cut: a run ends with the step that reaches its tokens. */
int64_t tb_order_steps_of_tokens(struct tb_order *o, int64_t tok);
int64_t tb_order_steps_of_epochs(struct tb_order *o, int64_t n_epochs);

#endif
