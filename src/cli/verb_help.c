/* SPDX-License-Identifier: MIT */
/* verb_help.c - tunebench help [VERB]. */
#include <stdlib.h>

#include "cli/verb.h"

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    if (!tb_args_count(a, 0, 1, "help [VERB]", err))
        return false;
    if (a->n_pos == 0) {
        tb_verb_print_all();
        return true;
    }
    const struct tb_verb *v = tb_verb_find(a->pos[0]);
    if (!v)
        return tb_verb_unknown(a->pos[0], err);
    tb_verb_print_help(v);
    return true;
}

const struct tb_verb tb_verb_help = {
    .name = "help", .usage = "[VERB]", .help = "Lists the verbs, or shows one with examples.",
    .examples = "  tunebench help\n  tunebench help run\n", .run = run,
};
