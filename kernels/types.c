/* SPDX-License-Identifier: MIT */
/* types.c - the table of element types. Sizes are GGUF's: block of values, bytes of a block. */
#include "kernels/types.h"

static const struct tb_type_info types[] = {
    [TB_F32] = { "f32", 1, 4, true },
    [TB_F16] = { "f16", 1, 2, true },
    [TB_Q4_0] = { "q4_0", 32, 18, true },
    [TB_Q4_1] = { "q4_1", 32, 20, true },
    [TB_Q5_0] = { "q5_0", 32, 22, true },
    [TB_Q5_1] = { "q5_1", 32, 24, true },
    [TB_Q8_0] = { "q8_0", 32, 34, true },
    [TB_Q2_K] = { "q2_k", 256, 84, true },
    [TB_Q3_K] = { "q3_k", 256, 110, true },
    [TB_Q4_K] = { "q4_k", 256, 144, true },
    [TB_Q5_K] = { "q5_k", 256, 176, true },
    [TB_Q6_K] = { "q6_k", 256, 210, true },
    [TB_IQ4_NL] = { "iq4_nl", 32, 18, true },
    [TB_IQ4_XS] = { "iq4_xs", 256, 136, true },
    [TB_BF16] = { "bf16", 1, 2, true },
};

const struct tb_type_info *tb_type_info(int type)
{
    static const struct tb_type_info unknown;
    if (type < 0 || type >= (int)(sizeof types / sizeof *types))
        return &unknown;
    return &types[type];
}
