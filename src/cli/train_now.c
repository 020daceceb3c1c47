/* SPDX-License-Identifier: MIT */
/* train_now.c - the list, and a client that follows (cli/attend.h). */
#include "cli/train_now.h"

#include "cli/attend.h"

bool tb_train_now(const char *const *refs, size_t n, const struct tb_args *a, const struct tb_out *out, int *exit_code,
                  struct tb_err *err)
{
    return tb_attend(&(struct tb_attend_spec){ .refs = refs, .n_refs = n }, a, out, exit_code, err);
}
