/* SPDX-License-Identifier: MIT */
/* exchange.h - adapters and models to and from the files of others: PEFT folders, Hugging Face model folders.
 * Folders read are untrusted. Folders are written whole: into a temporary name beside the target, then renamed; an
 * existing target is TB_ERR_USAGE. */
#ifndef TB_EXCHANGE_EXCHANGE_H
#define TB_EXCHANGE_EXCHANGE_H

#include "method/adapter.h"

/* ---- PEFT folders (adapter_config.json, adapter_model.safetensors, encoder.safetensors beside them where the method
 * trains a network) */

/* One part, bound to a back end. base_name: base_model_name_or_path, may be NULL. A method without a PEFT type
 * (full) is written as a model folder by tb_hf_write instead. */
bool tb_peft_write(const struct tb_adapter *a, const char *dir, const char *base_name, struct tb_err *err);
/* The adapter_config.json of one part, a new value: also kept in run.h5. */
struct tb_json *tb_peft_config(const struct tb_adapter *a, const char *base_name);
/* A whole stack: one part as `dir` itself; several as dir/<part>/ and dir/tunebench.json, {schema,
 * order: [{dir, kind}, ..]}. */
bool tb_stack_write(const struct tb_stack *s, const char *dir, const char *base_name, struct tb_err *err);

/* Reads the configuration and opens the adapter on the model, unbound. Tells in words what it cannot do (unknown
 * peft_type, a field we do not have, targets that match nothing, an adapter for another model). */
struct tb_adapter *tb_peft_open(const char *dir, const struct tb_model *m, const char *part, struct tb_err *err);
/* After the adapter was bound: its tensors. Missing, left-over and misshapen tensors are errors that name them. */
bool tb_peft_load(const char *dir, struct tb_adapter *a, struct tb_err *err);
/* The folders of a stack: dir/tunebench.json's order, or dir itself as the only one. dirs: malloc'ed list of malloc'ed
 * paths. */
bool tb_stack_dirs(const char *dir, char ***dirs, int *n, struct tb_err *err);

/* ---- model folders (config.json, model.safetensors, and copies of the tokenizer files of `tokenizer_from`, which
 * may be NULL) */
/* The model as it is, in fp32 or bf16; `full` (may be NULL): a bound adapter of method full whose trained tensors
 * replace the model's. */
bool tb_hf_write(const struct tb_model *m, const struct tb_adapter *full, const char *tokenizer_from, bool as_bf16,
                 const char *dir, struct tb_err *err);
/* The same with a bound stack folded into the weights it sits at; an engine has evaluated with it, so that what it
 * derives is up to date. TB_ERR_USAGE, naming the part, if one of them does more than change weights. */
bool tb_hf_write_merged(const struct tb_model *m, const struct tb_stack *s, const char *tokenizer_from, bool as_bf16,
                        const char *dir, struct tb_err *err);

#endif
