/* SPDX-License-Identifier: MIT */
/* plan.h - what a recipe yields and a worker eats: a list of runs, each a flat map of dotted keys
 * (frozen: section 1). A draft holds what somebody wrote; a config is a draft that was checked and
 * completed, so it stands alone. base and data.path (a list) are names as written; whoever resolves
 * them looks beside plan.recipe_path first.
 *
 * A stack has method.kind = "stack" and keys method.<i>.kind, method.<i>.lr,
 * method.<i>.<kind>.<key>; a single method has optim.lr. A mix has data.kind = "mix" and keys data.<i>.kind,
 * data.<i>.path, data.<i>.weight, data.<i>.<key>. `method.lr` stands in drafts only: the
 * rate an arm gives itself. */
#ifndef TB_PLAN_PLAN_H
#define TB_PLAN_PLAN_H

#include "base/err.h"
#include "base/json.h"
#include "plan/key.h"

#include <stddef.h>
#include <stdint.h>

#define TB_PLAN_SCHEMA "tunebench.plan"

enum {
    TB_PLAN_VERSION = 1,
    TB_PLAN_MAX_RUNS = 10000,
    TB_PLAN_MAX_BYTES = 16 << 20, /* of a plan's text */
    TB_PLAN_MAX_NAME = 64,        /* bytes of a name that is given */
    TB_PLAN_MAX_PARTS = 8,        /* of a stack */
    TB_PLAN_MAX_SOURCES = 16,     /* of a mix */
};

/* One run. */
struct tb_config {
    struct tb_json *map; /* dotted key -> value, completed */
};

/* A file that the recipe required. */
struct tb_plan_module {
    char *name, *text;
    char sha[65];
};

struct tb_plan {
    char *recipe_path; /* as given; "" if there was none */
    char *recipe;      /* its text, verbatim */
    char recipe_sha[65];
    struct tb_plan_module *modules;
    size_t n_modules, cap_modules;
    struct tb_json *overrides; /* list of "--set k=v" and "--grid k=a,b" as given */
    struct tb_config *runs;    /* the first one is the reference */
    size_t n_runs, cap_runs;
    struct tb_json *sweep; /* a search: what its runs are trials of (sweep/sweep.h); NULL: there is none */
    const struct tb_plan *whole; /* that this one is a part of, to be compared with all of it; lent, NULL: itself */
    size_t n_same;  /* runs that were written twice and are kept once */
    uint64_t *seen; /* private: hashes of the runs */
    size_t cap_seen;
};

enum tb_budget_unit { TB_BUDGET_TOKENS, TB_BUDGET_STEPS, TB_BUDGET_EPOCHS, TB_BUDGET_MINUTES };
struct tb_budget {
    enum tb_budget_unit unit;
    int64_t n;
};

/* --set k=v and --grid k=a,b of a command line. */
struct tb_override {
    const char *text; /* "k=v" */
    bool is_grid;
    bool was_used; /* set while a plan is built */
};
struct tb_overrides {
    struct tb_override *at;
    size_t n;
};

/* ---- one config ---- */

/* Values; 0, 0.0, "" or false where there is none. Strings and lists are lent. */
int64_t tb_config_int(const struct tb_config *c, const char *key);
double tb_config_real(const struct tb_config *c, const char *key);
const char *tb_config_str(const struct tb_config *c, const char *key);
bool tb_config_bool(const struct tb_config *c, const char *key);
/* NULL if it is not there. */
const struct tb_json *tb_config_get(const struct tb_config *c, const char *key);

/* Parts of the method: 1, or the number of parts of a stack; kind "lora", its keys {"r": 8, ..} (a
 * new map, as tb_key_value takes it) and its learning rate. */
int tb_config_parts(const struct tb_config *c);
const char *tb_config_part_kind(const struct tb_config *c, int i);
struct tb_json *tb_config_part_keys(const struct tb_config *c, int i);
double tb_config_part_lr(const struct tb_config *c, int i);
/* "lora", "lora+prompt"; malloc'ed. */
char *tb_config_method(const struct tb_config *c);
/* Keys of a section without its prefix ("data": {"kind", "path": [..], "eval", ..}); a new map. */
struct tb_json *tb_config_section(const struct tb_config *c, const char *section);
struct tb_budget tb_config_budget(const struct tb_config *c);
/* Texts it is trained on: 1, or the sources of a mix. Key `name` of the i-th, "data.path" or "data.1.path", into dst,
 * which is returned. */
int tb_config_sources(const struct tb_config *c);
char *tb_config_source_key(const struct tb_config *c, int i, const char *name, char dst[64]);
/* Whether a dotted key names files of training text: "data.path", "data.1.path". */
bool tb_config_is_path(const char *dotted);

/* The key table's entry of a dotted key, as far as this map's method and data have it; NULL if they
 * do not. */
const struct tb_key *tb_config_key(const struct tb_json *map, const char *dotted);
/* Adds the neutral value of each key that an older program did not know yet. */
void tb_config_fill(struct tb_config *c);
/* A checked and completed map out of a draft; NULL and *err if something is wrong or missing. */
struct tb_json *tb_config_complete(const struct tb_json *draft, struct tb_err *err);
/* Canonical JSON of what the id hashes: keys of class model and report that differ from their
 * neutral value, with the base id and the data hash in the place of names. malloc'ed. */
char *tb_config_text(const struct tb_config *c, const char *data_hash, const char *base_id);
/* Run id: first 16 hex digits of the SHA-256 of that text. */
void tb_config_id(const struct tb_config *c, const char *data_hash, const char *base_id,
                  char id[17]);
/* What the run is called within its plan: key exec.name, e.g. "lora-r8-s0". Lent. */
const char *tb_config_name(const struct tb_config *c);

/* "60k", "2M", "100000tokens", "300 steps", "2epochs", "30minutes". */
bool tb_budget_parse(const char *text, struct tb_budget *b, struct tb_err *err);
const char *tb_budget_unit_name(enum tb_budget_unit unit); /* "tokens" */
/* "100k tokens", exact, of a map of keys; malloc'ed. NULL: it has no budget. */
char *tb_budget_words(const struct tb_json *config);
/* The same of an amount: "6k tokens" of "6000tokens"; NULL: it is none. */
char *tb_amount_words(const char *text);

/* ---- building a plan ---- */

/* Asked for each completed run: 1 keep, 0 leave out, -1 failed with *err. */
typedef int tb_plan_filter(void *ctx, const struct tb_config *c, struct tb_err *err);

struct tb_plan *tb_plan_new(void);
void tb_plan_free(struct tb_plan *p); /* NULL is fine */
/* Checks the form of overrides ("k=v", a list behind a grid's k) and notes them in the plan. */
bool tb_plan_take_overrides(struct tb_plan *p, const struct tb_overrides *o, struct tb_err *err);
/* Calls f for each variant that overrides make of the draft, which f may not keep. o may be NULL. */
typedef bool tb_variant_fn(void *ctx, struct tb_json *draft, struct tb_err *err);
bool tb_override_each(const struct tb_json *draft, struct tb_overrides *o, tb_variant_fn *f,
                      void *ctx, struct tb_err *err);
/* Adds the runs of a draft: one, or as many as the grid overrides make of it. A run that is there
 * already is dropped. o and keep may be NULL. */
bool tb_plan_add(struct tb_plan *p, const struct tb_json *draft, struct tb_overrides *o,
                 tb_plan_filter *keep, void *ctx, struct tb_err *err);
/* After the last run: fails if there is none or an override fitted none; names the runs. */
bool tb_plan_finish(struct tb_plan *p, struct tb_overrides *o, struct tb_err *err);

/* The text that was read, with its hash; `path` as given. */
void tb_plan_set_recipe(struct tb_plan *p, const char *path, const char *text, size_t n);
void tb_plan_add_module(struct tb_plan *p, const char *name, const char *text, size_t n);

/* Runs given by flags instead of a recipe. */
struct tb_plan_flags {
    const char *base;
    const char *data;   /* "FILE" (kind by its name: .jsonl, else pairs), "pairs:FILE,eval=0.2" */
    const char *const *sources; /* or several of them, a mix: "pairs:FILE,weight=2" */
    size_t n_sources;
    const char *budget; /* "60k" */
    const char *seeds;  /* "0,1,2"; NULL: 0 */
    const char *const *methods; /* "lora:r=8,targets=q+v", "stack(lora:r=4;prompt:tokens=10)" */
    size_t n_methods;
    struct tb_overrides *overrides; /* may be NULL */
};
bool tb_plan_from_flags(const struct tb_plan_flags *f, struct tb_plan **out, struct tb_err *err);

/* Writes the keys of a method text into a draft: method.kind, method.lora.r, .. */
bool tb_plan_method_parse(const char *text, struct tb_json *draft, struct tb_err *err);
/* The same for data: data.kind, data.path, .. */
bool tb_plan_data_parse(const char *text, struct tb_json *draft, struct tb_err *err);
/* And for the sources of a mix: data.0.kind, .. */
bool tb_plan_mix_parse(const char *const *texts, size_t n, struct tb_json *draft, struct tb_err *err);

/* ---- wire ---- */

/* {schema, version, recipe_path, recipe, recipe_sha, modules, overrides, n_same, runs}: a new
 * value. */
struct tb_json *tb_plan_to_json(const struct tb_plan *p);
bool tb_plan_from_json(const struct tb_json *j, struct tb_plan **out, struct tb_err *err);

#endif
