/* SPDX-License-Identifier: MIT */
/* method.h - the contract between a PEFT method and the engine (design 2.4).
 *
 * A method has an adapter level (one trained thing on one model) and a seat level (a seat = one adapter at one site).
 * `declare` runs on shapes alone, so parameter counts and memory are known without weights; everything else works on
 * device handles through pass->k and holds no loop over floats. Only name, sites, keys and declare (or declare_all) are
 * required; a NULL hook does nothing.
 *
 * At a linear site: all `before` in stack order (x -> x'), y = W x', then all `after` in stack order; each sees x'
 * and the y of the one before. Backward in reverse: `after_back` may overwrite dy and adds to dx; dx += dy W; then
 * `before_back`. The order of a stack is part of its identity. */
#ifndef TB_METHOD_METHOD_H
#define TB_METHOD_METHOD_H

#include "base/err.h"
#include "base/json.h"
#include "kernels/kernels.h"
#include "model/model.h"
#include "plan/key.h"

enum {
    TB_SEAT_TENSORS = 8, /* most tensors of a seat, and of an adapter's own */
    TB_STACK_PARTS = 8,
    TB_TENSOR_NAME = 160
};

/* TRAINED has gradient and optimiser state; FROZEN is saved with the adapter; STATE lives in checkpoints only;
 * DERIVED is computed once per step from TRAINED and has a gradient that `settle` carries back; SUM is a gradient
 * without a value (a dense dW'). */
enum tb_tensor_kind { TB_TRAINED, TB_FROZEN, TB_STATE, TB_DERIVED, TB_SUM };

/* Start values. KAIMING is U(-1/sqrt(cols), 1/sqrt(cols)); UNIFORM +-a; NORMAL sd a. Drawn by Philox from the tensor's
 * name and the seed alone, so equal names start equal in all arms. HOOK: the method's init writes it. */
enum tb_init { TB_INIT_ZERO, TB_INIT_ONE, TB_INIT_KAIMING, TB_INIT_UNIFORM, TB_INIT_NORMAL, TB_INIT_HOOK };

/* What a tensor is, before it has memory. */
struct tb_want {
    int slot; /* index in the seat's (or adapter's) w and g */
    const char *suffix; /* behind "base_model.model.<site>." ; a whole name where `is_whole` */
    bool is_whole;
    bool is_folded; /* DERIVED, but saved: what PEFT's folder holds where training keeps a network (encoder) */
    bool is_encoder; /* TRAINED, but saved beside the PEFT folder in encoder.safetensors */
    int64_t rows, cols; /* as the hooks see it */
    int n_dims, dims[3]; /* as the file has it; n_dims 0: [rows, cols] */
    enum tb_tensor_kind kind;
    enum tb_init init;
    double init_a;
};

struct tb_tensor {
    char name[TB_TENSOR_NAME]; /* as in adapter_model.safetensors */
    struct tb_want want;       /* suffix is NULL here */
    struct tb_mat w, g, m, v;  /* device views, p NULL where the kind has none */
};

/* One adapter at one site. `w` and `g` are views of its tensors by slot. */
struct tb_seat {
    const struct tb_adapter *adapter;
    const struct tb_site *site;
    const struct tb_weight *base; /* the linear's frozen weight in device memory, NULL elsewhere */
    struct tb_mat w[TB_SEAT_TENSORS], g[TB_SEAT_TENSORS];
    int tensor[TB_SEAT_TENSORS]; /* index in adapter->tensors, -1 for an empty slot */
    int keep_floats, temp_floats; /* per token: kept from forward to backward, and needed inside one hook */
    /* What methods note about a seat while declaring. */
    int rank, block, terms;
    float scale, drop;
    bool is_shared;
    bool skips_before, skips_after; /* this seat has no use for the method's hook */
    uint32_t drop_hash;
};

/* A method on a model. */
struct tb_adapter {
    const struct tb_method *method;
    const struct tb_model *model;
    struct tb_json *config; /* {key: value}, checked and complete */
    char part[64];          /* its name within a stack: "lora" */
    struct tb_mat w[TB_SEAT_TENSORS], g[TB_SEAT_TENSORS];
    int tensor[TB_SEAT_TENSORS];
    struct tb_tensor *tensors;
    int n_tensors;
    size_t cap_tensors;
    struct tb_seat *seats;
    int n_seats;
    int64_t n_trainable;
    int n_rows; /* virtual rows of a prompt or prefix method, else 0 */
    struct tb_kernels *k; /* after bind */
    float *dense[3];      /* scratch for the largest matrix, lent by the engine: method->n_dense of them */
    float *arena[6];      /* trained w, g, m, v; other values; other gradients */
    int64_t arena_floats[3]; /* of each trained arena; other values; other gradients */
};

/* What a hook sees: one (site, lane, quantum). Matrices are views of the quantum's rows. */
struct tb_pass {
    struct tb_kernels *k;
    struct tb_mat x,
        y; /* before: x in, y = x' out; after: x' and y in place; rows at the input: y = the virtual rows */
    struct tb_mat dx, dy; /* dx.p NULL: nobody needs it */
    struct tb_mat kv[2], dkv[2]; /* K and V rows of a KV site, and their gradient over the quantum */
    bool is_training;     /* dropout is on */
    struct tb_drop drop;  /* seed, step and rows of this quantum; the seat adds p and hash */
    float *keep, *temp;   /* bump pointers, see tb_pass_keep and tb_pass_temp */
    int64_t n_tok;
};

/* What init hooks may use beside the tensors. */
struct tb_start {
    uint64_t seed;
    const int32_t *text; /* token ids of the text to start from (init = "text"), repeated and cut to what is asked */
    int n_text;
    const int32_t *special; /* ids never drawn from the vocabulary */
    int n_special;
};

struct tb_method {
    const char *name, *paper, *help;
    const char *peft_type; /* NULL: saved as a model */
    unsigned sites;        /* mask of enum tb_site_kind */
    const struct tb_key *keys;
    double lr, decay;      /* defaults (design 3) */

    /* Adapter level. */
    bool (*declare_all)(struct tb_adapter *a, struct tb_err *err);
    bool (*init_all)(struct tb_adapter *a, const struct tb_start *s, struct tb_err *err);
    void (*derive)(struct tb_adapter *a);  /* once per step, before its first quantum: TRAINED -> DERIVED */
    double (*settle)(
        struct tb_adapter *a); /* once per step, after the last: gradients of DERIVED -> TRAINED; penalty */
    void (*adapt)(struct tb_adapter *a, int64_t step); /* after the update; sees all seats */

    /* Seat level. */
    bool (*takes)(const struct tb_adapter *a, const struct tb_site *site); /* NULL: `targets` and `layers` decide */
    bool (*declare)(struct tb_seat *s, struct tb_err *err);
    bool (*init)(struct tb_seat *s, const struct tb_start *start, struct tb_err *err);
    void (*text_kv)(struct tb_seat *s, const struct tb_pass *p); /* init from text: p->kv are that text's K and V */
    void (*before)(const struct tb_seat *s, struct tb_pass *p);
    void (*before_back)(const struct tb_seat *s, struct tb_pass *p); /* dy = gradient of x'; adds to dx */
    void (*after)(const struct tb_seat *s, struct tb_pass *p);
    void (*after_back)(const struct tb_seat *s, struct tb_pass *p);
    void (*attend)(const struct tb_seat *s, struct tb_pass *p); /* a second gated attention */
    void (*attend_back)(const struct tb_seat *s, struct tb_pass *p);
    void (*rows)(const struct tb_seat *s, struct tb_pass *p);      /* KV: sets p->kv; input: sets p->y */
    void (*rows_back)(const struct tb_seat *s, struct tb_pass *p); /* KV: reads p->dkv; input: reads p->dy */
    int n_dense; /* dense scratch matrices that `weight` and `settle` need (adapter->dense) */
    struct tb_mat (*weight)(const struct tb_seat *s); /* dense W' [out, in]: its own, or built in adapter->dense */
    struct tb_mat (*weight_sum)(const struct tb_seat *s); /* where the dense dW' is summed */
    struct tb_mat (*vector)(const struct tb_seat *s);     /* replaces a norm's gain */
    struct tb_mat (*vector_sum)(const struct tb_seat *s);
    /* w [out, in] dense += delta, for merging; NULL: cannot be merged. */
    void (*fold)(const struct tb_seat *s, struct tb_mat w);

    /* PEFT's adapter_config.json: adds the method's fields; and the way back: our keys from theirs. */
    void (*to_peft)(const struct tb_adapter *a, struct tb_json *config);
    bool (*from_peft)(const struct tb_json *config, struct tb_json *keys, struct tb_err *err);
};

/* All methods, in the order of methods.def; NULL behind the last. */
const struct tb_method *tb_method_at(int i);
const struct tb_method *tb_method_find(const char *name);
/* Puts every method's keys into plan/schema; at start. */
void tb_method_register(void);

/* ---- for method files */
/* The value of a key of this adapter. */
int64_t tb_adapter_int(const struct tb_adapter *a, const char *key);
double tb_adapter_real(const struct tb_adapter *a, const char *key);
bool tb_adapter_bool(const struct tb_adapter *a, const char *key);
const char *tb_adapter_str(const struct tb_adapter *a, const char *key);
const struct tb_json *tb_adapter_json(const struct tb_adapter *a, const char *key);
/* A number by module: the first entry of the map `pattern_key` whose regular expression matches the end of the site's
 * name after a dot (or all of it), else the plain key. PEFT's rank_pattern and alpha_pattern. */
double tb_seat_pattern(const struct tb_seat *s, const char *key, const char *pattern_key);

/* Declares a tensor of a seat or of the adapter. */
bool tb_seat_tensor(struct tb_seat *s, const struct tb_want *want, struct tb_err *err);
bool tb_adapter_tensor(struct tb_adapter *a, const struct tb_want *want, struct tb_err *err);

/* [n_tok, cols] of memory that lives from forward to backward; the same calls in the same order give the same memory
 * back. And memory for this hook only. */
struct tb_mat tb_pass_keep(struct tb_pass *p, int64_t cols);
struct tb_mat tb_pass_temp(struct tb_pass *p, int64_t cols);
/* y = dropout(x) with the seat's rate; a copy of the view (no work) when it is 0 or in evaluation. */
struct tb_mat tb_pass_drop(const struct tb_seat *s, struct tb_pass *p, struct tb_mat x);

/* Whether `targets` (short names q k v o gate up down, "all-linear", PEFT suffixes or one regular expression) and
 * `layers` of a config take this site. */
bool tb_targets_take(const struct tb_json *targets, const struct tb_json *layers, const struct tb_site *site);
/* Fails on an entry of an open adapter's `targets`, `layers` or patterns that takes no site: a slip in a recipe. PEFT
 * passes over such entries, so its folders are not checked. Methods without these keys always pass. */
bool tb_targets_check(const struct tb_adapter *a, struct tb_err *err);
/* Fails on a pattern that is no regular expression, and if it must match on one that matches none of the seats. */
bool tb_patterns_check(const struct tb_adapter *a, bool must_match, struct tb_err *err);
/* PEFT's target_modules for these targets: a list of suffixes, or the regular expression as a string. */
struct tb_json *tb_targets_to_peft(const struct tb_json *targets);

/* For folds: row i of w times number i of the seat's vector in that slot. */
void tb_seat_scale_rows(const struct tb_seat *s, struct tb_mat w, int slot);

/* Writes host floats into a tensor. */
void tb_tensor_put(struct tb_kernels *k, const struct tb_tensor *t, const float *src);
void tb_tensor_get(struct tb_kernels *k, const struct tb_tensor *t, struct tb_mat which, float *dst);

#endif
