/* SPDX-License-Identifier: MIT */
/* overlay_priv.h - what may lie over a screen: one thing at a time, which gets all keys. */
#ifndef TB_TUI_OVERLAY_PRIV_H
#define TB_TUI_OVERLAY_PRIV_H

#include "tui/desk.h"
#include "tui/field.h"
#include "tui/screen.h"

enum tb_overlay_kind {
    TB_OVERLAY_ASK,     /* a line is typed */
    TB_OVERLAY_FILTER,
    TB_OVERLAY_PALETTE,
    TB_OVERLAY_CONFIRM, /* y or anything else */
    TB_OVERLAY_TEXT,    /* a pane that is scrolled and searched */
    TB_OVERLAY_KEYS,    /* of this screen */
    TB_OVERLAY_LOG,     /* of verbs */
};

/* One line of the palette. */
struct tb_candidate {
    char *word, *help;
    char keys[24];
    const struct tb_bind *bind; /* NULL: a word of a command */
    int score;
};

struct tb_overlay {
    enum tb_overlay_kind kind;
    char *label;
    const struct tb_bind *bind; /* what goes on afterwards; NULL: act of the screen, of a pane nothing */
    int act;
    struct tb_field field;
    bool is_searching; /* a text: what is typed goes to the field */
    size_t back;       /* lines typed before that were gone back; 0: none */
    struct tb_text text;
    struct tb_candidate *candidate;
    size_t n_candidates, cap_candidates, chosen;
    size_t from; /* of the palette: byte of the word being typed */
    int width, height; /* of the pane, as last drawn */
};

void tb_overlay_close(struct tb_desk *d);
struct tb_overlay *tb_overlay_open(struct tb_desk *d, enum tb_overlay_kind kind, const char *label);
void tb_overlay_ask(struct tb_desk *d, const char *label, const char *initial, const struct tb_bind *bind, int act);
void tb_overlay_confirm(struct tb_desk *d, const char *question, const struct tb_bind *bind);
struct tb_text *tb_overlay_text(struct tb_desk *d, const char *title);
unsigned tb_overlay_press(struct tb_desk *d, const struct tb_press *p);
/* The keys that work while it is open, but for what its bind does with Enter. */
const char *tb_overlay_hints(const struct tb_overlay *o);
/* Rows of the message that it wants: two for what is too long for one. */
int tb_overlay_line_rows(const struct tb_overlay *o, int width);
/* Over the screen (area), and in the rows of the message. */
void tb_overlay_draw(const struct tb_desk *d, struct tb_canvas *area, struct tb_canvas *line);

/* ---- palette.c */
void tb_palette_open(struct tb_desk *d);
void tb_palette_update(struct tb_desk *d); /* candidates for what is typed */
void tb_palette_renew(struct tb_desk *d); /* the same line, once more is known */
unsigned tb_palette_press(struct tb_desk *d, const struct tb_press *p);
void tb_palette_draw(const struct tb_overlay *o, struct tb_canvas *area);
void tb_palette_clear(struct tb_overlay *o);

/* ---- help.c, log.c */
void tb_help_open(struct tb_desk *d);
void tb_help_fill(struct tb_desk *d, const char *needle);
void tb_log_open(struct tb_desk *d);
void tb_log_save(struct tb_desk *d, const char *path);

/* ---- route.c */
unsigned tb_route_press(struct tb_desk *d, const struct tb_press *p);
/* Whether what it leads to is there, on the screen that is shown. */
bool tb_route_has(const struct tb_desk *d, const struct tb_bind *b);
/* Does what a row says, asking first where it asks. */
unsigned tb_route_bind(struct tb_desk *d, const struct tb_bind *b);
/* The same once all was asked and confirmed. */
unsigned tb_route_do(struct tb_desk *d, const struct tb_bind *b, int act);
/* The line that `:` was given: ":q", a bind's name, a screen's, "set ..", else a verb. */
unsigned tb_route_line(struct tb_desk *d, const char *line);
struct tb_screen *tb_route_screen(const struct tb_desk *d);

/* ---- frame.c */
void tb_frame_draw(struct tb_desk *d, struct tb_sheet *s);
struct tb_rect tb_frame_area(int width, int height); /* of the screen within the frame */

/* ---- state.c */
/* What was chosen, into and out of the user's state. */
void tb_state_load(struct tb_desk *d);
void tb_state_save(const struct tb_desk *d);

#endif
