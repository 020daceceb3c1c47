/* SPDX-License-Identifier: MIT */
/* arrays.h - tensors of an adapter as the store takes and gives them. */
#ifndef TB_WORKER_ARRAYS_H
#define TB_WORKER_ARRAYS_H

#include "method/saved.h"
#include "store/array.h"

/* Views of all tensors of s, malloc'ed; names and data stay those of s. */
struct tb_array *tb_arrays_of(const struct tb_saved *s, size_t *n);
/* Copies of fp32 arrays; TB_ERR_FORMAT names one of another type or rank. */
bool tb_saved_of_arrays(struct tb_saved *s, const struct tb_array *a, size_t n, struct tb_err *err);

#endif
