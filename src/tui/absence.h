/* SPDX-License-Identifier: MIT */
/* absence.h - what happened to runs while nobody looked: the list as it was when the workbench was left, kept with the
 * view, against the list as it is. */
#ifndef TB_TUI_ABSENCE_H
#define TB_TUI_ABSENCE_H

#include "tui/desk.h"

/* {"at": ns, "runs": {id: [state, step]}}; a new map. */
struct tb_json *tb_absence_note(const struct tb_desk *d);
/* Compares with what was noted: a line for each run with news in d->absence (NULL if there is none), and all of it in
 * one message. What makes no sense is passed over. */
void tb_absence_tell(struct tb_desk *d, const struct tb_json *noted);

#endif
