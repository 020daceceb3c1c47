/* SPDX-License-Identifier: MIT */
/* lora.h - what LoRA shares with its relatives: the pair A, B and PEFT's fields for it. */
#ifndef TB_METHOD_LORA_H
#define TB_METHOD_LORA_H

#include "method/peft.h"

/* Declares lora_A.weight in slot 0 and lora_B.weight in slot 1; sets rank and scale from the keys r, alpha, rslora and
 * their patterns. */
bool tb_lora_declare(struct tb_seat *s, struct tb_err *err);
/* r, lora_alpha, use_rslora, the patterns and the targets, both ways. */
void tb_lora_to_peft(const struct tb_adapter *a, struct tb_json *config);
bool tb_lora_from_peft(const struct tb_json *config, struct tb_json *keys, struct tb_err *err);

#endif
