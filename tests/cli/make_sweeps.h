/* SPDX-License-Identifier: MIT */
/* make_sweeps.h - sweeps put into a store without training. */
#ifndef TB_TESTS_CLI_MAKE_SWEEPS_H
#define TB_TESTS_CLI_MAKE_SWEEPS_H

#include "store/store.h"

/* Four: the newest was left by a crash, with runs that are pruned, failed, protected, lost and waiting; one before it
 * came to its end, with other seeds of its finalists; in another no trial could be trained; the oldest is damaged. */
void make_sweeps(struct tb_store *s);
/* Leads the newest of them, as its worker would: its lock, duty of the store and the runs that were left are held,
 * with the clock that stands still, until stdin ends. Writes a line once it does. */
void lead_sweep(struct tb_store *s);

#endif
