/* SPDX-License-Identifier: MIT */
/* adapter.h - a method on a model, and a stack of them trained together: declaring, memory, start values. */
#ifndef TB_METHOD_ADAPTER_H
#define TB_METHOD_ADAPTER_H

#include "method/method.h"

/* Seats and tensors from shapes alone; no memory of the device yet. `keys` {key: value} is checked and completed.
 * Fails if no site of the model is taken. */
struct tb_adapter *tb_adapter_open(const struct tb_method *m, const struct tb_json *keys, const struct tb_model *model,
                                   const char *part, struct tb_err *err);
void tb_adapter_close(struct tb_adapter *a);

/* Bytes of the run arena this adapter needs (values, gradients, optimiser state). */
uint64_t tb_adapter_bytes(const struct tb_adapter *a);
/* Takes its memory from k and points all views into it. Weights are k's device copies, by site (see tb_engine). */
bool tb_adapter_bind(struct tb_adapter *a, struct tb_kernels *k, struct tb_err *err);
/* Start values of all tensors but those whose init is HOOK, then the method's init hooks; moments to zero. May be
 * called again. */
bool tb_adapter_init(struct tb_adapter *a, const struct tb_start *s, struct tb_err *err);
/* Whether its key init says "text". */
bool tb_adapter_starts_from_text(const struct tb_adapter *a);
/* Gradients of everything to zero. */
void tb_adapter_zero(struct tb_adapter *a);

/* Parts trained jointly as one lane. */
struct tb_stack {
    struct tb_adapter *part[TB_STACK_PARTS];
    int n;
};

/* From a run's flat keys: `method.kind` and `method.<kind>.<key>`, or `method.<i>.kind` and `method.<i>.<kind>.<key>`.
 * Refuses parts that claim one place: two with `weight` on one matrix, two prefixes, two prompts, full with
 * anything. */
struct tb_stack *tb_stack_open(const struct tb_json *flat, const struct tb_model *model, struct tb_err *err);
/* From opened adapters, which it takes over; the same refusals. */
struct tb_stack *tb_stack_of(struct tb_adapter **parts, int n, struct tb_err *err);
void tb_stack_close(struct tb_stack *s);
int64_t tb_stack_trainable(const struct tb_stack *s);
/* "lora", "lora+prompt": malloc'ed. */
char *tb_stack_name(const struct tb_stack *s);
int tb_stack_kv_rows(const struct tb_stack *s);
int tb_stack_input_rows(const struct tb_stack *s);

#endif
