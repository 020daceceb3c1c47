/* SPDX-License-Identifier: MIT */
/* timed.h - how long a back end spends in each of its operations. */
#ifndef TB_KERNELS_TIMED_H
#define TB_KERNELS_TIMED_H

#include "kernels/kernels.h"

enum tb_op {
#define TB_OP(name, params, args) TB_OP_##name,
#include "kernels/ops.def"
#undef TB_OP
    TB_N_OPS
};

struct tb_timed {
    double seconds[TB_N_OPS];
    struct tb_kernels inner; /* the table as it was */
};

/* From here to tb_timed_end each operation of k adds its time to t, which must stay where it is; about 50 ns a call. k
 * is not probed between. */
void tb_timed_begin(struct tb_timed *t, struct tb_kernels *k);
void tb_timed_end(struct tb_timed *t, struct tb_kernels *k);

#endif
