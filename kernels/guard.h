/* SPDX-License-Identifier: MIT */
/* guard.h - ref on memory that only operations can reach. */
#ifndef TB_KERNELS_GUARD_H
#define TB_KERNELS_GUARD_H

#include "kernels/kernels.h"

/* Fills the table of k; false without memory. */
bool tb_guard_open(struct tb_kernels *k);

#endif
