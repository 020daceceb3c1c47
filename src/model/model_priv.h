/* SPDX-License-Identifier: MIT */
/* model_priv.h - what the files of this folder share: families, where tensors come from, owned memory. */
#ifndef TB_MODEL_PRIV_H
#define TB_MODEL_PRIV_H

#include "format/gguf.h"
#include "format/safetensors.h"
#include "model/model.h"

struct tb_json;

enum { TB_WEIGHT_NAME = 128 };

/* Behind tb_model.impl. */
struct tb_model_impl {
    struct tb_safetensors **shards; /* in the order of their names */
    size_t n_shards;
    struct tb_gguf *gguf;
    void **owned; /* norm gains, rope factors, weights that could not be used in place */
    size_t n_owned, cap_owned;
    uint64_t copied_bytes; /* of weights that stand in memory beside the mapping */
};

static inline struct tb_model_impl *tb_impl(const struct tb_model *m)
{
    return m->impl;
}

/* A family of architectures: its names outside, and how its settings become a shape. Errors of both readers
 * name the key, the caller adds the file. */
struct tb_family {
    const char *model_type;   /* in config.json; NULL: only in GGUF files */
    const char *architecture; /* general.architecture; NULL: its GGUF files come as another family */
    bool (*from_config)(const struct tb_json *config, struct tb_shape *s, struct tb_err *err);
    bool (*from_gguf)(const struct tb_gguf *g, const char *architecture, struct tb_shape *s, struct tb_err *err);
};

/* By config.json's model_type or by GGUF's architecture. NULL and an error that lists the known ones. */
const struct tb_family *tb_family_of_config(const char *model_type, struct tb_err *err);
const struct tb_family *tb_family_of_gguf(const char *architecture, struct tb_err *err);

/* What config.json says in every llama-like family: sizes, rope, tied head; refuses what the blocks do not compute.
 * The window stays 0. */
bool tb_hf_shape(const struct tb_json *config, struct tb_shape *s, struct tb_err *err);
/* A whole number of 1 or more; `otherwise` if the key is missing or null, an error if that is 0. */
bool tb_hf_int(const struct tb_json *config, const char *key, int otherwise, int *out, struct tb_err *err);
/* The same from GGUF's keys under "<architecture>.", vocabulary and tied head from the tensors. */
bool tb_gguf_shape(const struct tb_gguf *g, const char *architecture, struct tb_shape *s, struct tb_err *err);

/* All numbers within what the program computes without overflow; head counts fit each other. */
bool tb_shape_check(const struct tb_shape *s, struct tb_err *err);

/* Zeroed bytes that live as long as the model; NULL and TB_ERR_LIMIT if this machine has not got them. */
void *tb_model_own(struct tb_model *m, uint64_t bytes, struct tb_err *err);
/* TB_ERR_LIMIT with need and free if so much more cannot be taken. */
bool tb_model_fits(uint64_t bytes, struct tb_err *err);

/* Layers and sites for m->shape. */
void tb_model_layout(struct tb_model *m);
/* Where the weight of a linear, table or head stands, and the gain of a norm; NULL for sites of another kind. */
struct tb_weight *tb_site_weight(const struct tb_model *m, const struct tb_site *site);
float **tb_site_gain(const struct tb_model *m, const struct tb_site *site);

/* The stored tensor of a site (NULL: not there) and, for errors, the name it was looked for under. */
typedef const struct tb_stored *tb_finder(const struct tb_model *m, const struct tb_site *site,
                                          char name[TB_WEIGHT_NAME]);

/* How the tensors of a file become the weights of a model. */
struct tb_source {
    tb_finder *find;
    enum tb_rule qk_rule; /* of q and k */
    const char *reads;    /* the element types that are read, in words */
};
/* All weights by site, with types and shapes checked; a tied head is the table. */
bool tb_model_fill(struct tb_model *m, const struct tb_source *source, struct tb_err *err);
/* n_params, bytes, type_name from the weights. */
void tb_model_tally(struct tb_model *m);

/* m->path is set, all else is filled. */
bool tb_model_open_folder(struct tb_model *m, struct tb_err *err);
bool tb_model_open_gguf(struct tb_model *m, struct tb_err *err);
/* model.safetensors or the files of model.safetensors.index.json. */
bool tb_model_open_shards(struct tb_model *m, struct tb_err *err);

/* A mapped file: n bytes, the first `head` of them header and tensor directory. */
struct tb_bytes {
    const void *p;
    uint64_t n, head;
};
/* base_id from files (in order) and settings that stand beside them (NULL if none). */
void tb_base_id(char id[65], const struct tb_bytes *files, size_t n, const char *settings);

/* Sets up the two copying heads in a model whose other weights are drawn (copying.c). */
bool tb_copying_init(struct tb_model *m, uint64_t seed, struct tb_err *err);
/* One weight by Philox: normal numbers times std, under its HF name (doc/frozen.md 4). */
void tb_draw_normal(float *dst, int64_t rows, int64_t cols, double std, const char *name, uint64_t seed);

#endif
