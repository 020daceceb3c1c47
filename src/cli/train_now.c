/* SPDX-License-Identifier: MIT */
/* train_now.c - training in this process. */
#include "cli/train_now.h"

#include <stdio.h>

#include "cli/live.h"

bool tb_train_now(const char *const *refs, size_t n, const struct tb_args *a, const struct tb_out *out, int *exit_code,
                  struct tb_err *err)
{
    struct tb_worker_spec spec;
    struct tb_worker_result result;
    struct tb_live live;
    if (!tb_live_open(&live, &spec, a, err))
        return false;
    tb_live_signals();
    bool good = tb_worker_resume(refs, n, &spec, &result, err);
    if (good && result.n == 0)
        printf("nothing to go on with: every run is done\n");
    else if (out)
        good = good && tb_live_compare(out, a, &result, err);
    *exit_code = tb_live_exit(&result);
    tb_worker_result_free(&result);
    return good;
}
