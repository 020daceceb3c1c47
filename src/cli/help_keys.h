/* SPDX-License-Identifier: MIT */
/* help_keys.h - help on what a run is made of: a method (lora), a kind of data (pairs), or the keys of every run. */
#ifndef TB_CLI_HELP_KEYS_H
#define TB_CLI_HELP_KEYS_H

#include <stdbool.h>

#include "plan/key.h"

/* The i-th word that there is such help on, NULL behind the last. */
const char *tb_help_keys_at(int i);
/* Prints it; false if there is none of that name. */
bool tb_help_keys_print(const char *topic);

/* What the values of a key are and its default: "an integer from 1 to 4096; default 8". name: with its section. */
void tb_help_key_values(const char *name, const struct tb_key *key, struct tb_buf *b);

#endif
