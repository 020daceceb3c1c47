/* SPDX-License-Identifier: MIT */
/* screen.h - a screen of the workbench: one file screen_<name>.c, one line in screens.def.
 *
 * `load` reads (the store by desk->item and tb_desk_run(), children) into the screen's state; `draw` turns state and
 * size into cells and does nothing else; keys are rows of a table, which feeds dispatch, hints, `?`, the palette and
 * the manual. A screen changes runs only by verbs. See "To add a screen" in HACKING.md. */
#ifndef TB_TUI_SCREEN_H
#define TB_TUI_SCREEN_H

#include "tui/binds.h"
#include "tui/desk.h"

/* What an event leads to. */
enum {
    TB_DO_NOTHING = 0,
    TB_DO_HANDLED = 1, /* nobody else gets it */
    TB_DO_DRAW = 2,
    TB_DO_LOAD = 4,    /* load() of this screen, then draw */
    TB_DO_REFRESH = 8, /* the list of runs is read anew, then load */
    TB_DO_BACK = 16,   /* to the screen before */
};

struct tb_screen {
    const struct tb_screen_class *class;
    void *state;          /* state_size bytes, zero at first */
    struct tb_desk *desk; /* what all screens share */
    int width, height;    /* of its canvas, as last drawn: for keys that move by pages */
    bool wants_more;      /* set by load: there is more to read; it is called again before long */
};

struct tb_screen_class {
    const char *name, *title; /* "runs", "Runs" */
    char key;                 /* '1' */
    bool has_runs;            /* the keys of runs (tb_binds_runs) work here */
    size_t state_size;
    const struct tb_bind *binds; /* ends with a key of 0; NULL: none */
    /* All of these may be NULL but draw. */
    bool (*open)(struct tb_screen *s, struct tb_err *err); /* once, before the first load */
    void (*close)(struct tb_screen *s);
    bool (*load)(struct tb_screen *s, struct tb_err *err); /* on entering, on change; live: 4 times a second */
    void (*draw)(const struct tb_screen *s, struct tb_canvas *c);
    /* A key that no bind of this screen has, aliases such as hjkl resolved; mouse in coordinates of the canvas. */
    unsigned (*press)(struct tb_screen *s, const struct tb_press *p);
    /* A bind's act >= TB_ACT_OWN. What was asked for is in s->desk->text. */
    unsigned (*act)(struct tb_screen *s, int act);
    /* Text goes to press() before any bind is looked for: a field has the focus. */
    bool (*is_typing)(const struct tb_screen *s);
    /* What leads out of that field, in the place of the hints; without it these stay. */
    const char *(*typing)(const struct tb_screen *s);
    /* Every 100 ms while something lives (a run, an act, is_busy()). */
    unsigned (*tick)(struct tb_screen *s);
    /* Children of the screen to wait for; their number. tick() follows when one of them says something. */
    int (*fds)(const struct tb_screen *s, struct pollfd *fds, int room);
    /* Whether a child of it still has to answer: then the clock ticks, and a script's `wait` waits. */
    bool (*is_busy)(const struct tb_screen *s);
    /* `:set name value` of things that the frame does not know; false with *err. */
    bool (*set)(struct tb_screen *s, const char *name, const char *value, struct tb_err *err);
    /* Words for the right end of the tab line; without it: how many runs are in which state. */
    void (*status)(const struct tb_screen *s, char *dst, size_t n);
    /* What is kept for the next time, into and out of a map. */
    void (*save)(const struct tb_screen *s, struct tb_json *map);
    void (*restore)(struct tb_screen *s, const struct tb_json *map);
    /* A `/` filter of its own (set: NULL asks for the text now); without it `/` filters runs. False with *err if it is
     * no filter. */
    const char *(*filter)(const struct tb_screen *s);
    bool (*set_filter)(struct tb_screen *s, const char *text, struct tb_err *err);
};

/* All of screens.def, in the order of their keys; NULL behind the last. */
const struct tb_screen_class *tb_screen_at(int i);
const struct tb_screen_class *tb_screen_named(const char *name); /* NULL if there is none */

#endif
