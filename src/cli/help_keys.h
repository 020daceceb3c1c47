/* SPDX-License-Identifier: MIT */
/* help_keys.h - help on what a run is made of: a method (lora), a kind of data (pairs), or the keys of every run. */
#ifndef TB_CLI_HELP_KEYS_H
#define TB_CLI_HELP_KEYS_H

#include <stdbool.h>

/* The i-th word that there is such help on, NULL behind the last. */
const char *tb_help_keys_at(int i);
/* Prints it; false if there is none of that name. */
bool tb_help_keys_print(const char *topic);

#endif
