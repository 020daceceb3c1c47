/* SPDX-License-Identifier: MIT */
/* shape.h - what a decoder-only transformer looks like, as numbers: all the engine needs beside the weights. */
#ifndef TB_MODEL_SHAPE_H
#define TB_MODEL_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

enum tb_rope_kind { TB_ROPE_PLAIN, TB_ROPE_LINEAR, TB_ROPE_LLAMA3 };

/* Rotary embedding. inv_freq[i] = theta^(-2 i / head_dim), then changed by kind: linear divides by factor;
 * llama3 as transformers' _compute_llama3_parameters. A GGUF file may give the llama3 factors as a tensor:
 * `factors` (head_dim / 2 divisors, owned by the model, NULL if none) is then used instead of the formula. */
struct tb_rope {
    enum tb_rope_kind kind;
    double theta, factor, low_freq, high_freq;
    int original_context;
    const float *factors;
};

struct tb_shape {
    char family[32]; /* "llama", "mistral": config.json's model_type or GGUF's architecture */
    int n_layers, d, n_heads, n_kv, head_dim, ff, vocab, context;
    int window; /* sliding window of every layer, 0 = none */
    float norm_eps;
    bool is_tied; /* the head is the embedding table */
    struct tb_rope rope;
};

#endif
