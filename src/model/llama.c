/* SPDX-License-Identifier: MIT */
/* llama.c - Llama 1 to 3 and what is built alike: SmolLM2, TinyLlama, and the GGUF files of Mistral. Pre-norm,
 * gated SiLU, grouped queries, rotary halves, no biases. Touvron et al. 2023, arXiv:2302.13971. Its config.json
 * knows no sliding window. */
#include "model/model_priv.h"

const struct tb_family tb_family_llama = {
    .model_type = "llama", .architecture = "llama", .from_config = tb_hf_shape, .from_gguf = tb_gguf_shape,
};
