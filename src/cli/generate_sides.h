/* SPDX-License-Identifier: MIT */
/* generate_sides.h - generate with several runs: what each says behind the same prompts, side by side. */
#ifndef TB_CLI_GENERATE_SIDES_H
#define TB_CLI_GENERATE_SIDES_H

#include "cli/args.h"

/* Whether the flags ask for it: more than one run, the base too, a scale, or single rows. */
bool tb_generate_is_sides(const struct tb_args *a);
/* prompts: texts, none where rows are asked for. The words of a are runs. */
bool tb_generate_sides(const struct tb_args *a, const char *const *prompts, int n_prompts, struct tb_err *err);

#endif
