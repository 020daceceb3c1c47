/* SPDX-License-Identifier: MIT */
/* ref.c - collects the reference operations. */
#include "kernels/ref/ref.h"

void tb_ref_fill(struct tb_kernels *k)
{
#define TB_FILL(name) tb_ref_##name##_fill(k);
    TB_REF_FILLS
#undef TB_FILL
}
