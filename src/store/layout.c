/* SPDX-License-Identifier: MIT */
/* layout.c - the tables behind layout.h. Names, units and order are part of the format: a change
 * raises TB_STORE_VERSION. */
#include "store/layout.h"

#include <string.h>

const struct tb_column tb_train_columns[TB_N_TRAIN] = {
    { "step", "1", "optimiser step", true },
    { "tokens", "1", "own tokens of the rows consumed", true },
    { "wall_s", "s", "seconds of training without pauses", false },
    { "loss", "nat", "mean loss per label token of the step", false },
    { "lr", "1", "learning rate of the step", false },
    { "grad_norm", "1", "norm of the gradient before clipping", false },
    { "tok_per_s", "1/s", "tokens per second", false },
    { "mem_bytes", "byte", "resident memory", true },
};

const struct tb_column tb_eval_columns[TB_N_EVAL] = {
    { "step", "1", "optimiser step", true },
    { "tokens", "1", "own tokens of the rows consumed", true },
    { "wall_s", "s", "seconds of training without pauses", false },
    { "loss", "nat", "mean loss per label token of the held-out rows", false },
    { "n_tok", "1", "label tokens evaluated", true },
};

int tb_column_find(const struct tb_column *columns, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(columns[i].name, name) == 0)
            return i;
    return -1;
}

static const char *const names[TB_N_STATES] = {
    "queued", "running", "paused", "done", "stopped", "pruned", "failed", "lost", "stalled",
};

const char *tb_state_name(enum tb_state s)
{
    return (unsigned)s < TB_N_STATES ? names[s] : "unknown";
}

const char *tb_state_letter(enum tb_state s)
{
    static const char letters[TB_N_STATES][2] = { "Q", "R", "P", "D", "S", "X", "F", "L", "W" };
    return (unsigned)s < TB_N_STATES ? letters[s] : "?";
}

bool tb_state_find(const char *name, enum tb_state *s)
{
    for (int i = 0; i < TB_N_STATES; i++) {
        if (strcmp(names[i], name) != 0)
            continue;
        *s = (enum tb_state)i;
        return true;
    }
    return false;
}

bool tb_state_is_live(enum tb_state s)
{
    return s == TB_STATE_RUNNING || s == TB_STATE_PAUSED || s == TB_STATE_STALLED;
}

bool tb_state_is_open(enum tb_state s)
{
    return tb_state_is_live(s) || s == TB_STATE_QUEUED;
}

bool tb_state_is_over(enum tb_state s)
{
    return s == TB_STATE_DONE || s == TB_STATE_STOPPED || s == TB_STATE_PRUNED
        || s == TB_STATE_FAILED;
}

bool tb_state_may(enum tb_state from, enum tb_state to)
{
    if (to == TB_STATE_LOST || to == TB_STATE_STALLED || from == TB_STATE_DONE)
        return false;
    if (tb_state_is_over(from)) /* resumed, or waiting to be */
        return to == TB_STATE_RUNNING || to == TB_STATE_QUEUED;
    if (from == TB_STATE_QUEUED) /* nothing can be done or paused that has not begun */
        return to != TB_STATE_DONE && to != TB_STATE_PAUSED;
    return true;
}
