/* SPDX-License-Identifier: MIT */
/* pager.h - long answers on a terminal go through $PAGER. */
#ifndef TB_CLI_PAGER_H
#define TB_CLI_PAGER_H

#include "cli/args.h"

/* From now on what goes to stdout goes to the pager: if stdout is a terminal and the answer is text for people. PAGER
 * empty or "cat": none; not set: `less -FRX`, if there is a less. */
void tb_pager_open(const struct tb_args *a);
/* Hands over the rest and waits until it was read; nothing without a pager. */
void tb_pager_close(void);
bool tb_pager_is_on(void);
/* What stdout is, or was before there was a pager: for its size, and whether it is a terminal. */
int tb_pager_terminal(void);

#endif
