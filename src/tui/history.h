/* SPDX-License-Identifier: MIT */
/* history.h - lines that were typed, by the question that they answered; kept with the view of a store. */
#ifndef TB_TUI_HISTORY_H
#define TB_TUI_HISTORY_H

#include "base/json.h"

/* The last one of a question stands at its end; empty lines and repetitions are left out, old ones go. */
void tb_history_add(struct tb_json *history, const char *question, const char *line);
/* The line `back` before the last (0: the last), NULL if there are not so many; lent. */
const char *tb_history_at(const struct tb_json *history, const char *question, size_t back);

#endif
