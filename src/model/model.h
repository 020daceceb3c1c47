/* SPDX-License-Identifier: MIT */
/* model.h - a frozen base model: shape and weights by role, mapped in place from a Hugging Face folder or a
 * GGUF file. Canonical order is Hugging Face's; what a file stores otherwise is carried as a rule with the
 * weight (kernels/types.h) and put right where it is read. Nothing is requantised or copied, except norm gains
 * (fp32, owned, host memory). */
#ifndef TB_MODEL_MODEL_H
#define TB_MODEL_MODEL_H

#include "base/err.h"
#include "kernels/types.h"
#include "model/shape.h"
#include "model/site.h"

struct tb_layer {
    struct tb_weight linear[TB_N_LINEAR];
    float *attn_norm, *mlp_norm; /* [d], host memory */
};

struct tb_model {
    struct tb_shape shape;
    struct tb_weight embed; /* [vocab, d] */
    struct tb_weight head;  /* [vocab, d]; the same as embed if tied */
    float *final_norm;      /* [d], host memory */
    struct tb_layer *layers;
    struct tb_site *sites; /* all sites, in the order of the pass: embed, input, then by layer
                              (norm, q, k, v, kv, o, norm, gate, up, down), final norm, head */
    int n_sites;
    int64_t n_params;     /* numbers in the file's tensors (a tied head counts once) */
    uint64_t bytes;       /* of weights as stored */
    char type_name[32];   /* the commonest weight type: "q4_1" */
    char base_id[65];     /* SHA-256 of the tensor directory, the size and 64 fixed pages (design 3) */
    char *path;           /* as opened */
    void *impl;           /* mappings and owned memory */
};

/* Opens an HF folder (config.json + model.safetensors or the sharded index) or a .gguf file. All offsets,
 * sizes, types and shapes are checked; errors name file, tensor or key, and for an unknown architecture list
 * the known ones. */
struct tb_model *tb_model_open(const char *path, struct tb_err *err);
void tb_model_close(struct tb_model *m);

/* Finds a base by name: a path as it is, else NAME, NAME.gguf in ".", $TUNEBENCH_MODELS (colon list), then the
 * shipped data folder. malloc'ed path, or NULL and an error that says where it looked. data_dir may be NULL. */
char *tb_model_find(const char *name, const char *data_dir, struct tb_err *err);

/* What a model from scratch is: t.scratch{...}. */
struct tb_scratch {
    int vocab, d, n_layers, n_heads, n_kv, ff, context;
    double rope_theta, norm_eps;
    bool is_tied;
    char init[16]; /* "normal" or "copying": see data/make/README.md */
    uint64_t seed;
};
/* A random fp32 llama in memory, weights drawn by Philox (purpose "init", the HF tensor name). */
struct tb_model *tb_model_scratch(const struct tb_scratch *s, struct tb_err *err);

/* Calls `each` for every weight as a saved model would have it (HF names "model.embed_tokens.weight", ...;
 * [rows, cols], a norm is [1, d] with `gain` set and w NULL). A tied head is not repeated. Stops when `each`
 * returns false. */
bool tb_model_each(const struct tb_model *m,
                   bool (*each)(void *arg, const char *name, const struct tb_weight *w, const float *gain,
                                int64_t rows, int64_t cols),
                   void *arg);

#endif
