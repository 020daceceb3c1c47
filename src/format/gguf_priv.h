/* SPDX-License-Identifier: MIT */
/* gguf_priv.h - an open GGUF file: filled in gguf.c, read in gguf_get.c. */
#ifndef TB_FORMAT_GGUF_PRIV_H
#define TB_FORMAT_GGUF_PRIV_H

#include "base/file.h"
#include "format/gguf.h"
#include "format/tensorfile_priv.h"

/* Types of values; the numbers are the format's. */
enum tb_gguf_type {
    TB_GGUF_U8,
    TB_GGUF_I8,
    TB_GGUF_U16,
    TB_GGUF_I16,
    TB_GGUF_U32,
    TB_GGUF_I32,
    TB_GGUF_F32,
    TB_GGUF_BOOL,
    TB_GGUF_STR,
    TB_GGUF_ARRAY,
    TB_GGUF_U64,
    TB_GGUF_I64,
    TB_GGUF_F64,
    TB_GGUF_N_TYPES,
};

struct tb_gguf_key {
    const char *name; /* in the mapping, not terminated */
    size_t name_n;
    enum tb_gguf_type type; /* of the value, or of the elements of an array */
    bool is_array;
    uint64_t n;       /* elements; 1 if no array */
    const uint8_t *p; /* the first of them */
    char *text;       /* of a string: a terminated copy, NULL if it holds a zero byte */
    uint64_t *at;     /* of an array of strings: where each begins (its length), from p on */
};

struct tb_gguf {
    struct tb_map map;
    uint64_t head;  /* bytes of header and directory */
    uint64_t align; /* of the data and of every tensor */
    struct tb_gguf_key *keys;
    size_t n_keys, cap_keys;
    const struct tb_gguf_key **by_name;
    struct tb_tensors all;
};

/* Bytes of a number; 0 for strings, arrays and what is no type. */
size_t tb_gguf_type_bytes(uint32_t type);
/* Sorts the keys by name; false with the name if one is there twice. */
bool tb_gguf_index(struct tb_gguf *g, struct tb_err *err);

#endif
