/* SPDX-License-Identifier: MIT */
/* undo.h - commands that take back an act on many runs, made fewer. */
#ifndef TB_TUI_UNDO_H
#define TB_TUI_UNDO_H

/* Commands "tunebench tag RUN -x", one a line, that differ in nothing but the run, become one with all runs, where the
 * verb takes several; the others stay as they are and in their order. malloc'ed. */
char *tb_undo_join(const char *commands);

#endif
