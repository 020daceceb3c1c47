/* SPDX-License-Identifier: MIT */
/* engine.h - trains and evaluates: forward, backward and update of a stack of adapters on a frozen model.
 * No files, no clock, no printing. Step thread only. On one back end the result of a step has the same bits with any
 * threads, any cut into micro-batches, alone or after a resume (design 2.3). */
#ifndef TB_ENGINE_ENGINE_H
#define TB_ENGINE_ENGINE_H

#include "dataset/batch.h"
#include "method/adapter.h"

struct tb_engine;

/* Sizes are known before the run: rows of a step and tokens of a row bound the arena. */
struct tb_engine_spec {
    int micro_tok;      /* tokens of a micro-batch (2,048); exec class: changes no bit */
    int quantum_tok;    /* 512; part of the numbers (TUNEBENCH_QUANTUM in tests) */
    bool share_prompts; /* rows of a step with equal prompts share their segment */
    bool is_training;   /* false: evaluation only, no saved activations */
    bool recompute;     /* a block keeps only its input, and runs forward again before its backward: changes no bit */
    int step_rows;      /* most rows given at once */
    int row_tok;        /* longest row */
    /* Further sets of adapters, NULL for the bare model: routes 1 .. n_routes of the rows of a generation, where 0 is
     * the engine's own. Not while training, not for method full. Stacks are borrowed and bound as the own one is. */
    struct tb_stack *const *routes;
    int n_routes;
};

/* Bytes by component, from shapes alone. */
struct tb_footprint {
    uint64_t weights;     /* mapped file */
    uint64_t adapter;     /* values, gradients, optimiser */
    uint64_t activations; /* step arena */
    uint64_t logits;      /* one chunk of the loss */
    uint64_t scratch;     /* dense scratch, rotary tables, index arrays */
};

/* Counts of work, exact (doc/frozen.md 8); adapters' own products are not in them. */
struct tb_counters {
    int64_t steps, micro_batches, quanta;
    int64_t tokens;        /* in the pass, virtual input rows included */
    int64_t labels;
    int64_t pairs;         /* visible (query, key) pairs of one layer, prefix rows included */
    int64_t linear_forward, linear_dx, linear_dw; /* FLOP */
    int64_t attention_forward, attention_back;
    int64_t head_forward, head_dx, head_dw;
    int64_t linear_again, attention_again; /* forward once more, with spec.recompute */
};

/* One AdamW step. lr is per part of the stack. */
struct tb_update {
    double lr[TB_STACK_PARTS];
    double beta1, beta2, eps, decay;
    double clip;  /* largest global norm, 0 = none */
    int64_t step; /* from 0 */
};

struct tb_step_out {
    double loss; /* mean over label tokens, nats; with penalties */
    double cross_entropy;
    double grad_norm; /* before clipping */
    int n_labels;
    bool is_finite; /* loss and norm; when false nothing was updated */
};

/* Gets every chunk of logits rows in step order: first label, n, [n, vocab] host floats. For trace. */
typedef void tb_logits_fn(void *arg, int first, int n, const float *logits);

/* Components of memory for a stack (NULL: the bare model). */
void tb_engine_footprint(const struct tb_model *m, const struct tb_stack *s, const struct tb_engine_spec *spec,
                      struct tb_footprint *out);

/* Takes all memory from k; binds the tensors of stacks that are not bound yet, which it borrows (closed by the caller
 * afterwards, or given to another engine on the same k: they keep their values). */
struct tb_engine *tb_engine_open(const struct tb_model *m, struct tb_kernels *k, struct tb_stack *s,
                                 const struct tb_engine_spec *spec, struct tb_err *err);
void tb_engine_close(struct tb_engine *e);

/* Start values of all parts; text for part i comes in start[i]. Runs a prefill where a prefix starts from a text.
 * Called again, it forgets all training. */
bool tb_engine_start(struct tb_engine *e, const struct tb_start *start, struct tb_err *err);

/* Loss and gradients of one step's rows; gradients stay in the tensors until the next call. `seed` and `step` feed
 * dropout. tb_engine_update then clips and updates. A non-finite loss is no error: see is_finite. */
bool tb_engine_gradient(struct tb_engine *e, const struct tb_row *rows, int n_rows, uint64_t seed, int64_t step,
                        struct tb_step_out *out, struct tb_err *err);
void tb_engine_update(struct tb_engine *e, const struct tb_update *u, const struct tb_step_out *out);

/* Summed loss in nats and number of labels of each row, dropout off; n_rows may exceed step_rows. */
bool tb_engine_evaluate(struct tb_engine *e, const struct tb_row *rows, int n_rows, double *row_loss, int *row_labels,
                        struct tb_err *err);

/* Per-row results of the last gradient call, as tb_engine_evaluate gives them. */
void tb_engine_row_losses(const struct tb_engine *e, double *row_loss, int *row_labels, int n_rows);
/* The mean loss per label token of each of these rows; NaN for a row without labels. */
void tb_engine_row_means(const struct tb_engine *e, float *mean, int n_rows);
void tb_engine_tap_logits(struct tb_engine *e, tb_logits_fn *fn, void *arg);
/* How much the adapters of a route from 1 on count in generations begun later: what the base gives at a place + scale
 * times what they change there, and virtual rows are attended to by that share. 1 at first; 0: the bare base. */
void tb_engine_set_scale(struct tb_engine *e, int route, float scale);
const struct tb_counters *tb_engine_counters(const struct tb_engine *e);
struct tb_stack *tb_engine_stack(struct tb_engine *e);

#endif
