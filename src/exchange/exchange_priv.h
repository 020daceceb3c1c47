/* SPDX-License-Identifier: MIT */
/* exchange_priv.h - folders that appear whole or not at all, shared by the writers of this folder. */
#ifndef TB_EXCHANGE_EXCHANGE_PRIV_H
#define TB_EXCHANGE_EXCHANGE_PRIV_H

#include "base/err.h"

#define TB_STACK_SCHEMA "tunebench.stack"
#define TB_STACK_FILE "tunebench.json"
#define TB_PEFT_CONFIG "adapter_config.json"
#define TB_PEFT_TENSORS "adapter_model.safetensors"
#define TB_PEFT_ENCODER "encoder.safetensors"

/* A folder being written under a temporary name beside its place. */
struct tb_folder {
    char *path, *temp; /* owned */
};

/* Makes the temporary folder. TB_ERR_USAGE if something stands at `dir` already. */
bool tb_folder_begin(struct tb_folder *f, const char *dir, struct tb_err *err);
/* If `good`: syncs it and gives it its name; else, or when that fails, removes it. Frees f's strings. */
bool tb_folder_end(struct tb_folder *f, bool good, struct tb_err *err);

#endif
