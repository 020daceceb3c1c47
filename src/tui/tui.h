/* SPDX-License-Identifier: MIT */
/* tui.h - the workbench: `tunebench` without a verb. */
#ifndef TB_TUI_TUI_H
#define TB_TUI_TUI_H

#include <stdbool.h>

/* Whether the words of the command line are a call of the workbench: no verb among them, only its flags. */
bool tb_tui_is_meant(int argc, char **argv);
/* Runs it until it is left; the exit code of the program. On something that is no terminal it says what to use. */
int tb_tui_main(int argc, char **argv);

/* The keys of the workbench for the manual: row i of all tables, the place it holds in ("Everywhere", "Runs"), the keys
 * and what they do. False behind the last. Lent until the next call. */
bool tb_tui_key_at(int i, const char **place, const char **keys, const char **what);

#endif
