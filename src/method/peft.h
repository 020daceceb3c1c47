/* SPDX-License-Identifier: MIT */
/* peft.h - for method files: the targets keys, and their fields in PEFT's adapter_config.json. */
#ifndef TB_METHOD_PEFT_H
#define TB_METHOD_PEFT_H

#include <string.h>

#include "method/method.h"

/* The keys of every method that sits at linears. */
#define TB_KEYS_TARGETS(default_targets)                                                                             \
    { .name = "targets",                                                                                             \
      .type = TB_KEY_NAMES,                                                                                          \
      .def = default_targets,                                                                                        \
      .peft = "target_modules",                                                                                      \
      .help =                                                                                                        \
          "linears it sits at: q k v o gate up down, all-linear, ends of module names, or one regular expression" }, \
    {                                                                                                                \
        .name = "layers", .type = TB_KEY_INTS, .min = 0, .max = 4095, .def = "[]", .neutral = "[]",                  \
        .peft = "layers_to_transform", .help = "blocks it sits in, from 0; all if empty"                             \
    }

/* Copies a field of theirs to a key of ours; `otherwise` (JSON text) where theirs is missing or null. */
void tb_peft_take(const struct tb_json *config, const char *field, struct tb_json *keys, const char *key,
                  const char *otherwise);
/* Fails on the first of the fields (list ends with NULL) that is set to something: we cannot do what it asks. */
bool tb_peft_refuse(const struct tb_json *config, const char *const *fields, struct tb_err *err);
/* targets and layers, both ways. */
bool tb_targets_take_peft(const struct tb_json *config, struct tb_json *keys, const char *otherwise,
                          struct tb_err *err);
void tb_targets_put_peft(const struct tb_adapter *a, struct tb_json *config);

#endif
