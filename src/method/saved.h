/* SPDX-License-Identifier: MIT */
/* saved.h - an adapter's tensors as named host arrays: for files, checkpoints, hashes. */
#ifndef TB_METHOD_SAVED_H
#define TB_METHOD_SAVED_H

#include "method/adapter.h"

struct tb_saved_tensor {
    char name[TB_TENSOR_NAME + 80];
    int n_dims, dims[3];
    int64_t n; /* numbers */
    float *data;
};

struct tb_saved {
    struct tb_saved_tensor *at;
    size_t n, cap;
};

void tb_saved_free(struct tb_saved *s);

/* What PEFT's folder holds: trained and frozen tensors, or the folded table in place of its network; names as there.
 * A folded table is only as fresh as the last derive. */
void tb_saved_peft(struct tb_saved *s, const struct tb_adapter *a);
/* The network behind a folded table (encoder.safetensors), empty for most methods. */
void tb_saved_encoder(struct tb_saved *s, const struct tb_adapter *a);
/* Gradients under the names of their tensors, with "<prefix>" before each. */
void tb_saved_gradients(struct tb_saved *s, const struct tb_adapter *a, const char *prefix);
/* Everything a resume needs: "<part>/<name>" and its "@m" and "@v" moments. */
void tb_saved_state(struct tb_saved *s, const struct tb_stack *stack);

/* Whether a state has every tensor of a stack (which need not be bound) in its shape, and no other; says what does not
 * fit. */
bool tb_saved_fits(const struct tb_saved *s, const struct tb_stack *stack, struct tb_err *err);
/* Puts a state back; fails on a missing tensor or a wrong shape and names it. */
bool tb_saved_restore(const struct tb_saved *s, struct tb_stack *stack, struct tb_err *err);
/* Puts tensors of a PEFT folder (and encoder) into the adapter; names tensors that are missing, left over or
 * misshapen. */
bool tb_saved_put(const struct tb_saved *s, struct tb_adapter *a, bool is_encoder, struct tb_err *err);

#endif
