/* SPDX-License-Identifier: MIT */
/* clone_keys.h - what the config of a clone becomes, and what its way to begin fixes of it. */
#ifndef TB_WORKER_CLONE_KEYS_H
#define TB_WORKER_CLONE_KEYS_H

#include "plan/plan.h"
#include "view/clone_rules.h"

/* The parent's config with overrides, checked as a whole and named (exec.name as it was): a new map. A key that only
 * followed another one follows it on. `noted`: the overrides as given, a new list. */
struct tb_json *tb_clone_config(const struct tb_json *parent, struct tb_overrides *set, struct tb_json **noted,
                                struct tb_err *err);

/* {key: [was, is]} of two configs, exec.name left out; null where one has no such key. A new map. */
struct tb_json *tb_clone_changed(const struct tb_json *was, const struct tb_json *is);

/* Fails for the first changed key that the mode fixes, with why, and with the mode that allows it. Shapes of a start
 * from weights are not known here. */
bool tb_clone_allows(enum tb_clone_mode m, const struct tb_json *changed, struct tb_err *err);
/* The keys of a config that the mode fixes: a new list. */
struct tb_json *tb_clone_fixed(enum tb_clone_mode m, const struct tb_json *config);

/* "lora-r8-s0-lr0.0005": what a clone with this config is called by what is changed; of a changed seed the name says
 * that one. malloc'ed. */
char *tb_clone_name(const char *parent, enum tb_clone_mode m, int64_t step, const struct tb_json *changed,
                    const struct tb_json *config);

#endif
