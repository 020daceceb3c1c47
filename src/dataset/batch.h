/* SPDX-License-Identifier: MIT */
/* batch.h - rows of tokens laid one after the other without padding: what the engine eats (design 2.2, 2.3).
 *
 * The rows of one optimiser step of one lane are cut by the data alone into quanta (whole rows, or groups of rows that
 * share a prompt, up to `quantum_tok` tokens; a longer row is one quantum). A micro-batch is any run of whole quanta.
 * Every parameter gradient, loss sum and prompt root is computed per quantum and added in quantum order, so that the
 * cut into micro-batches changes no bit. */
#ifndef TB_DATASET_BATCH_H
#define TB_DATASET_BATCH_H

#include "base/err.h"
#include "kernels/types.h"

/* One row as tokens; ids is lent. Tokens n_prompt .. n-1 are targets (token 0 never is, so n_prompt 0 means 1). */
struct tb_row {
    const int32_t *ids;
    int n, n_prompt;
};

/* How rows become batches. */
struct tb_pack_spec {
    int n_input;        /* virtual rows at the input (prompt tuning): one root segment per quantum */
    int n_kv;           /* virtual K/V rows in every layer (prefix tuning): positions of everything else start behind */
    bool share_prompts; /* rows with equal prompts share one segment; it ends one token before the prompt does */
    int quantum_tok;    /* 512; virtual rows do not count */
    int micro_tok;      /* 2048: most tokens in a micro-batch, unless one quantum is longer */
};

/* A stretch of the micro-batch that belongs to one lane and is computed as a unit. */
struct tb_quantum {
    int tok, n_tok;     /* packed rows, the virtual input rows included */
    int seg, n_seg;
    int label, n_label;
    int root;           /* packed row of its first virtual input row, -1 if it has none */
    int lane;
    int route;          /* which set of adapters runs on it: 0 but in a generation (engine.h) */
};

/* One micro-batch; all arrays are host memory owned by the packer, valid until its next use. */
struct tb_batch {
    int n_tok, n_seg, n_label, n_quanta;
    int32_t *ids;        /* [n_tok] token, -1 for a virtual input row */
    int32_t *pos;        /* [n_tok] position along the chain of parents, virtual rows counted */
    uint32_t *row;       /* [n_tok] row in step << 12 | index of the token in its row (0xFFFFF << 12 | i in a root) */
    struct tb_seg *seg;  /* [n_seg] */
    int32_t *label_at;   /* [n_label] packed row whose output predicts the label */
    int32_t *label;      /* [n_label] token to predict */
    int32_t *label_row;  /* [n_label] row in step */
    struct tb_quantum *quantum; /* [n_quanta] */
};

struct tb_packer;
struct tb_packer *tb_packer_open(const struct tb_pack_spec *spec);
void tb_packer_close(struct tb_packer *p);
/* Takes the memory for steps of at most n_rows rows of at most row_tok tokens now. */
void tb_packer_reserve(struct tb_packer *p, int n_rows, int row_tok);

/* Cuts the rows of one step (row i of the step is rows[i]); afterwards tb_packer_next hands out its micro-batches in
 * order. Allocates only when a step is larger than any before and than what was reserved. In every segment: virt = 0,
 * dvirt = quantum index in the micro-batch * n_kv, n_virt = spec n_kv. Rows are at most 4,095 tokens and 1,048,575 in
 * number: TB_ERR_LIMIT. */
bool tb_packer_begin(struct tb_packer *p, const struct tb_row *rows, int n_rows, struct tb_err *err);
const struct tb_batch *tb_packer_next(struct tb_packer *p); /* NULL behind the last */
int tb_packer_labels(const struct tb_packer *p); /* label tokens of the whole step */
/* Upper bounds over the micro-batches of steps of at most n_rows rows of at most row_tok tokens: for memory sizes. */
void tb_pack_bounds(const struct tb_pack_spec *spec, int n_rows, int row_tok, int *n_tok, int *n_seg, int *n_label,
                    int *n_quanta);

#endif
