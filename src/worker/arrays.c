/* SPDX-License-Identifier: MIT */
/* arrays.c - copies of names, shapes and numbers between the two structs. */
#include "worker/arrays.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

struct tb_array *tb_arrays_of(const struct tb_saved *s, size_t *n)
{
    struct tb_array *all = tb_xcalloc(s->n + 1, sizeof *all);
    for (size_t i = 0; i < s->n; i++) {
        const struct tb_saved_tensor *from = &s->at[i];
        all[i] =
            (struct tb_array){ .name = from->name, .type = TB_ARRAY_F32, .rank = from->n_dims, .data = from->data };
        for (int d = 0; d < from->n_dims; d++)
            all[i].shape[d] = from->dims[d];
    }
    *n = s->n;
    return all;
}

static bool copy(struct tb_saved_tensor *to, const struct tb_array *from, struct tb_err *err)
{
    int64_t n = tb_array_count(from);
    if (from->type != TB_ARRAY_F32 || from->rank < 1 || from->rank > 3 || n < 0
        || !tb_str_copy(to->name, sizeof to->name, from->name))
        return tb_fail(err, TB_ERR_FORMAT, "tensor %.120s: expected 1 to 3 dimensions of fp32", from->name);
    to->n_dims = from->rank;
    for (int d = 0; d < from->rank; d++)
        to->dims[d] = (int)from->shape[d];
    to->n = n;
    to->data = tb_xcalloc((size_t)n + 1, sizeof *to->data);
    memcpy(to->data, from->data, (size_t)n * sizeof *to->data);
    return true;
}

bool tb_saved_of_arrays(struct tb_saved *s, const struct tb_array *a, size_t n, struct tb_err *err)
{
    for (size_t i = 0; i < n; i++) {
        s->at = tb_grow(s->at, s->n, &s->cap, sizeof *s->at);
        s->at[s->n] = (struct tb_saved_tensor){ 0 };
        if (!copy(&s->at[s->n], &a[i], err))
            return false;
        s->n++;
    }
    return true;
}
