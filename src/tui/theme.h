/* SPDX-License-Identifier: MIT */
/* theme.h - what cells look like, by name. A style is a name and bits; a theme says what that is with the colours that
 * there are, and in mono every name that matters still differs by bold, dim, underline or reverse. */
#ifndef TB_TUI_THEME_H
#define TB_TUI_THEME_H

#include "base/err.h"
#include "view/plot.h"

#include <stdint.h>

enum tb_style {
    TB_STYLE_PLAIN,
    TB_STYLE_DIM,    /* labels, what is behind */
    TB_STYLE_STRONG,
    TB_STYLE_HEAD,   /* titles of panes and columns */
    TB_STYLE_RULE,   /* lines and frames */
    TB_STYLE_TAB,    /* the line of screens */
    TB_STYLE_TAB_ON,
    TB_STYLE_KEY,    /* a key in a hint */
    TB_STYLE_HINT,
    TB_STYLE_MESSAGE,
    TB_STYLE_GOOD,
    TB_STYLE_WARN,
    TB_STYLE_BAD,
    TB_STYLE_LIVE,   /* what is running */
    TB_STYLE_MARK,
    TB_STYLE_FIELD,  /* where something can be typed */
    TB_STYLE_MATCH,
    TB_STYLE_SERIES, /* and TB_TINTS - 1 more: lines of runs */
};
enum {
    TB_TINTS = 8,
    TB_N_STYLES = TB_STYLE_SERIES + TB_TINTS,
    TB_STYLE_NAME = 0xff, /* the name in a style */
    TB_STYLE_REVERSE = 0x100, /* bits */
    TB_STYLE_BOLD = 0x200,
    TB_STYLE_FAINT = 0x400,
    TB_STYLE_UNDERLINE = 0x800,
};

/* The tint of a run, 0 .. TB_TINTS - 1: the same one on every screen, every day. */
unsigned tb_tint_of(const char *run_id);
static inline unsigned tb_style_tint(unsigned tint)
{
    return (unsigned)TB_STYLE_SERIES + tint % TB_TINTS;
}

/* What to send: a colour is -1 (the terminal's own), an index of the palette, or 0xRRGGBB with TB_DEPTH_TRUE. */
struct tb_ink {
    int32_t fg, bg;
    unsigned bits; /* TB_STYLE_REVERSE .. */
};
struct tb_ink tb_theme_ink(enum tb_depth depth, unsigned style);
bool tb_ink_is(struct tb_ink a, struct tb_ink b); /* the same */

/* "mono", "16", "256", "true"; "braille", "block", "ascii". */
bool tb_depth_named(const char *name, enum tb_depth *depth, struct tb_err *err);
bool tb_glyphs_named(const char *name, enum tb_glyphs *glyphs, struct tb_err *err);

#endif
