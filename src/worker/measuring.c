/* SPDX-License-Identifier: MIT */
/* measuring.c - when it is measured, and how much that is. */
#include "worker/measuring.h"

#include "worker/forgetting.h"
#include "worker/general.h"
#include "worker/train_priv.h"
#include "worker/writing.h"

bool tb_training_measure(struct tb_training *t, bool is_end, struct tb_err *err)
{
    if (!is_end && !tb_writing_is_each(t->job))
        return true;
    t->wall_s = tb_training_wall(t);
    bool good = tb_training_general_after(t, is_end, err) && tb_training_write(t, is_end, err);
    tb_training_go_on(t);
    return good;
}

/* The base before, the run at the end or at each evaluation but the first. */
int64_t tb_measuring_reads(const struct tb_job *j)
{
    int times = tb_writing_is_each(j) && j->n_eval_at > 2 ? j->n_eval_at : 2;
    return times * tb_general_tokens(j);
}

int64_t tb_measuring_writes(const struct tb_job *j)
{
    return tb_writing_tokens(j);
}
