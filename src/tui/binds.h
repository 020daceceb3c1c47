/* SPDX-License-Identifier: MIT */
/* binds.h - keys as data: one row says which key, what it is called, what it does, and the verb that it runs. */
#ifndef TB_TUI_BINDS_H
#define TB_TUI_BINDS_H

#include "base/buf.h"
#include "tui/press.h"

enum tb_act_code {
    TB_ACT_NONE,  /* the row has a verb, or stands for another key */
    TB_ACT_SCREEN, /* to the screen of this number key */
    TB_ACT_BACK,
    TB_ACT_HELP,
    TB_ACT_LOG,
    TB_ACT_PALETTE,
    TB_ACT_FILTER,
    TB_ACT_REDRAW,
    TB_ACT_SUSPEND,
    TB_ACT_UNDO,
    TB_ACT_LEAVE,
    TB_ACT_STOP_ALL,
    TB_ACT_MARK,
    TB_ACT_MARK_RANGE,
    TB_ACT_MARK_ALL,
    TB_ACT_REFERENCE,
    TB_ACT_GO, /* to the screen that is called as the row; the row is not there where that screen is not */
    TB_ACT_INSPECT, /* to the screen Inspect for what this key does there, and back when its dialog is closed */
    TB_ACT_ABSENCE,
    TB_ACT_GC, /* once a number was typed */
    TB_ACT_OWN = 100, /* and above: the screen's own */
};

struct tb_bind {
    uint32_t key;      /* 0 ends a table */
    const char *name;  /* one word; `:` takes it too */
    const char *help;  /* a line for `?` and the manual */
    const char *hint;  /* a word for the line of hints; NULL: it is not there */
    int act;
    const char *verb;  /* a command: {run} the run under the cursor, {runs} the marked ones, else that; {text} the
                          answer to `ask` as one word, {words} as it is; NULL: none */
    const char *ask;   /* asked for first: what stands before the line that is typed; NULL: nothing */
    const char *confirm; /* a question to be answered with y first; NULL: none */
    uint32_t as;       /* does what this key does; 0: none */
};

#define TB_BIND(k, n, h, in_hints, a) { .key = k, .name = n, .help = h, .hint = in_hints, .act = a }
#define TB_BIND_VERB(k, n, h, in_hints, v) { .key = k, .name = n, .help = h, .hint = in_hints, .verb = v }
#define TB_BIND_ASK(k, n, h, v, label) { .key = k, .name = n, .help = h, .verb = v, .ask = label }
#define TB_BIND_AS(k, n, other) { .key = k, .name = n, .help = "", .as = other }

/* Keys that mean the same everywhere, and those that mean the same on every screen with runs. */
extern const struct tb_bind tb_binds_global[], tb_binds_runs[];

/* The row of a key, NULL if there is none; table NULL is empty. */
const struct tb_bind *tb_bind_of(const struct tb_bind *table, uint32_t key);
const struct tb_bind *tb_bind_named(const struct tb_bind *table, const char *name);
/* Whether a row stands for its name where keys are told: the first of them, with words. */
bool tb_bind_is_told(const struct tb_bind *table, const struct tb_bind *b);
/* The keys of a name as people read them, "down j", into dst. */
char *tb_bind_keys(const struct tb_bind *table, const char *name, char *dst, size_t n);

#endif
