/* SPDX-License-Identifier: MIT */
/* site.h - the places of a model where adapters may sit, under Hugging Face's module names. */
#ifndef TB_MODEL_SITE_H
#define TB_MODEL_SITE_H

#include <stdbool.h>
#include <stdint.h>

/* The linears of a block, in the order they run. */
enum tb_role { TB_Q, TB_K, TB_V, TB_O, TB_GATE, TB_UP, TB_DOWN, TB_N_LINEAR };

/* Kinds of sites; a method says by a mask which it can sit at. */
enum tb_site_kind {
    TB_SITE_LINEAR = 1 << 0, /* one of the linears of a block */
    TB_SITE_KV = 1 << 1,     /* K/V rows of a block's attention */
    TB_SITE_INPUT = 1 << 2,  /* rows before the embedded tokens */
    TB_SITE_EMBED = 1 << 3,  /* the embedding table */
    TB_SITE_HEAD = 1 << 4,   /* the output projection */
    TB_SITE_NORM = 1 << 5,   /* a norm's gain */
};

struct tb_site {
    enum tb_site_kind kind;
    int layer;         /* -1 outside the blocks */
    enum tb_role role; /* of a linear; of a norm: TB_Q = before attention, TB_GATE = before the MLP, TB_DOWN = final */
    char name[96];     /* HF module name without "base_model.model.": "model.layers.0.self_attn.q_proj" */
    int in, out;       /* of a linear, the table or the head ([out, in] as stored); of a norm: d, d; of KV: kv width */
};

#endif
