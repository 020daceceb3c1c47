/* SPDX-License-Identifier: MIT */
/* gc_ask.h - what nobody can bring back is asked about before it goes. */
#ifndef TB_TUI_GC_ASK_H
#define TB_TUI_GC_ASK_H

#include "tui/desk.h"

/* Asks about the words of `gc` or `gc --archived`, and removes what was agreed to; false of other words: they ask by
 * themselves or need not. */
bool tb_gc_ask(struct tb_desk *d, const char *const *word, int n);
void tb_gc_typed(struct tb_desk *d); /* the number is in d->text */

#endif
