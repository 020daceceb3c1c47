/* SPDX-License-Identifier: MIT */
/* verb.h - a verb of the command line: one file verb_<name>.c, one line in verbs.def. */
#ifndef TB_CLI_VERB_H
#define TB_CLI_VERB_H

#include "cli/args.h"

struct tb_verb {
    const char *name;
    const char *usage;    /* behind the name: "RECIPE | --base B --data D --method M .." */
    const char *help;     /* one sentence on a line; lines behind it are seen in the verb's own help only */
    const char *examples; /* lines, each a command */
    const struct tb_flag *flags;
    bool is_paged; /* its answer may be long: on a terminal it goes through $PAGER */
    /* Does it; false with *err on failure, which decides the exit code. *exit_code is 0 and may be set on success. */
    bool (*run)(const struct tb_args *a, int *exit_code, struct tb_err *err);
};

const struct tb_verb *tb_verb_at(int i); /* NULL behind the last */
const struct tb_verb *tb_verb_find(const char *name);
/* TB_ERR_USAGE with the nearest verb; false. */
bool tb_verb_unknown(const char *name, struct tb_err *err);
void tb_verb_print_help(const struct tb_verb *v);
void tb_verb_print_all(void);

#endif
