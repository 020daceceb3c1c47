/* SPDX-License-Identifier: MIT */
/* make_sweeps.h - sweeps put into a store without training. */
#ifndef TB_TESTS_CLI_MAKE_SWEEPS_H
#define TB_TESTS_CLI_MAKE_SWEEPS_H

#include "store/store.h"

/* Four: the newest was left by a crash, with runs that are pruned, failed, protected, lost and waiting; one before it
 * came to its end, with other seeds of its finalists; in another no trial could be trained; the oldest is damaged. */
void make_sweeps(struct tb_store *s);

#endif
