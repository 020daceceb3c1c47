/* SPDX-License-Identifier: MIT */
/* train_now.h - the one place where a verb hands runs of the store over to be trained. */
#ifndef TB_CLI_TRAIN_NOW_H
#define TB_CLI_TRAIN_NOW_H

#include "cli/out.h"

/* Goes on with these runs (ids or names; n 0: all that were left unfinished) and follows them to their end; then
 * compares them, unless out is NULL. Flags of the verb: threads, store. *exit_code as that of `run`. */
bool tb_train_now(const char *const *refs, size_t n, const struct tb_args *a, const struct tb_out *out, int *exit_code,
                  struct tb_err *err);

#endif
