/* SPDX-License-Identifier: MIT */
/* array.h - a named block of numbers on its way to or from a file. */
#ifndef TB_STORE_ARRAY_H
#define TB_STORE_ARRAY_H

#include <stddef.h>
#include <stdint.h>

enum tb_array_type { TB_ARRAY_F32, TB_ARRAY_F64, TB_ARRAY_I32, TB_ARRAY_I64, TB_ARRAY_U8 };
enum { TB_ARRAY_MAX_RANK = 4 };

struct tb_array {
    const char *name; /* parts divided by '/' become groups: "adam_m/base_model...lora_A.weight" */
    enum tb_array_type type;
    int rank; /* 0 (one value) .. 4 */
    int64_t shape[TB_ARRAY_MAX_RANK];
    void *data; /* row-major host memory; never written to by the store when it saves */
};

size_t tb_array_type_bytes(enum tb_array_type type);
/* Values in t, -1 if the shape is negative or overflows. */
int64_t tb_array_count(const struct tb_array *t);

#endif
