/* SPDX-License-Identifier: MIT */
/* args.h - flags of a verb from a table: long names only, any order, "--name value" or "--name=value", "--"
 * ends them. */
#ifndef TB_CLI_ARGS_H
#define TB_CLI_ARGS_H

#include "base/buf.h"
#include "base/err.h"

struct tb_flag {
    const char *name; /* without dashes; NULL ends a table */
    const char *arg;  /* what its value is called in the help; NULL: a switch */
    bool is_many;     /* may be given several times */
    const char *help;
};

enum { TB_ARGS_MAX = 256 };

struct tb_args {
    struct { const char *name, *value; } flag[TB_ARGS_MAX];
    int n_flags;
    const char *pos[TB_ARGS_MAX]; /* what is not a flag */
    int n_pos;
    char *const *argv; /* all words from the verb on, ends with NULL; lent */
};

/* Flags every verb has: store, color, help. */
extern const struct tb_flag tb_args_common[];

/* Lines of flag tables that several verbs share. With DASH words like -ref are no flags. */
#define TB_FLAG_DASH(help) { "-WORD", NULL, false, help }
#define TB_FLAG_JSON { "json", NULL, false, "the answer as JSON" }
#define TB_FLAG_CSV { "csv", NULL, false, "the answer as CSV with exact numbers" }
#define TB_FLAG_OUTPUT { "output", "FILE", false, "the answer goes to FILE, whole or not at all; also -o FILE" }
#define TB_FLAG_PLAIN { "plain", NULL, false, "the answer tab-separated, exact numbers, no colour" }

/* argv[0] is the verb. Strings are lent from argv. TB_ERR_USAGE with the nearest flag on a typo. */
bool tb_args_parse(struct tb_args *a, const struct tb_flag *flags, int argc, char **argv, struct tb_err *err);
/* Fails with the verb's usage unless there are min to max words that are no flags. */
bool tb_args_count(const struct tb_args *a, int min, int max, const char *usage, struct tb_err *err);
bool tb_args_has(const struct tb_args *a, const char *name);
/* The last value given, or NULL. */
const char *tb_args_get(const struct tb_args *a, const char *name);
/* " --store DIR" where that was given, as a shell reads it: behind a command that is told. */
void tb_args_tell_store(struct tb_buf *b, const struct tb_args *a);
/* The i-th value of a flag that may be repeated, or NULL behind the last. */
const char *tb_args_at(const struct tb_args *a, const char *name, int i);
/* All values of such a flag into `to`, which has room for `most`; more of them are refused. */
bool tb_args_list(const struct tb_args *a, const char *name, const char **to, int most, int *n, struct tb_err *err);
/* A whole number between min and max; `otherwise` if the flag is not there. */
bool tb_args_int(const struct tb_args *a, const char *name, long min, long max, long otherwise, long *out,
                 struct tb_err *err);
bool tb_args_real(const struct tb_args *a, const char *name, double min, double max, double otherwise, double *out,
                  struct tb_err *err);
/* One of `choices`, which end with NULL; `otherwise` if the flag is not there. */
bool tb_args_choice(const struct tb_args *a, const char *name, const char *const *choices, const char *otherwise,
                    const char **out, struct tb_err *err);

#endif
