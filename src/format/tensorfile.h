/* SPDX-License-Identifier: MIT */
/* tensorfile.h - a tensor in a mapped file, the same face for GGUF and safetensors. */
#ifndef TB_FORMAT_TENSORFILE_H
#define TB_FORMAT_TENSORFILE_H

#include <stdint.h>

#include "kernels/types.h"

enum { TB_STORED_DIMS = 4 };

/* Lent by the open file. Dimensions are in Hugging Face's order (rows first), also for GGUF, whose files have them the
 * other way round; their product fits, zeros taken as ones. p .. p + bytes lies inside the file and bytes is what type
 * and dimensions ask for: checked on opening. In a safetensors file p may be any address, whatever the type: read
 * values by memcpy, tb_stored_floats or tb_dequant_row.
 * type: enum tb_type; -1 for an element type that is no enum tb_type (safetensors I32, F64, ..): see type_name. */
struct tb_stored {
    const char *name;
    const char *type_name; /* "q4_1", "F64", as the file calls it */
    int type;
    int n_dims; /* 0 (one value) .. 4 */
    int64_t dims[TB_STORED_DIMS];
    int64_t n; /* values */
    const void *p;
    uint64_t bytes;
};

#endif
