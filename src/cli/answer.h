/* SPDX-License-Identifier: MIT */
/* answer.h - answers that go to a file instead of stdout: --output FILE, -o FILE. */
#ifndef TB_CLI_ANSWER_H
#define TB_CLI_ANSWER_H

#include "cli/verb.h"

/* Runs the verb with stdout as its --output wants it. A file is there whole or not at all: on failure the one before
 * stays. "-" is stdout; what is no file (a pipe, a device) is written to as it is. */
bool tb_answer_run(const struct tb_verb *v, const struct tb_args *a, int *exit_code, struct tb_err *err);

#endif
