/* SPDX-License-Identifier: MIT */
/* tui_priv.h - the workbench without a terminal: what both the loop and scripts drive. */
#ifndef TB_TUI_TUI_PRIV_H
#define TB_TUI_TUI_PRIV_H

#include "tui/overlay_priv.h"

struct tb_tui {
    struct tb_desk desk;
    struct tb_sheet sheet;
    double refresh_at, load_at; /* monotonic seconds */
    bool is_dirty;
};

struct tb_tui_flags {
    const char *store, *script, *frames, *size, *color, *glyphs;
    bool resets_view, is_linear;
};

bool tb_tui_open(struct tb_tui *t, const struct tb_tui_flags *f, struct tb_err *err);
void tb_tui_close(struct tb_tui *t);
void tb_tui_resize(struct tb_tui *t, int width, int height);
void tb_tui_press(struct tb_tui *t, const struct tb_press *p);
/* What acts answered and what the clock brings; true if something may look different. */
bool tb_tui_work(struct tb_tui *t);
/* Reads all there is to read for the screen, whatever the clock says. */
void tb_tui_settle(struct tb_tui *t);
void tb_tui_draw(struct tb_tui *t);
/* Milliseconds until tb_tui_work has something to do. */
int tb_tui_wait_ms(const struct tb_tui *t);
bool tb_tui_is_busy(const struct tb_tui *t); /* a verb, or a child of the screen, has not answered */
/* Runs desk.program, which has the terminal until it ends, and reads anew. */
void tb_tui_run_program(struct tb_tui *t);

/* Runs a script of keys without a terminal; the exit code. script.c */
int tb_script_run(struct tb_tui *t, const struct tb_tui_flags *f, struct tb_err *err);

#endif
