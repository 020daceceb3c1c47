/* SPDX-License-Identifier: MIT */
/* desk.h - what all screens share: the store's runs, what a person chose of them, the clock, and how a screen asks for
 * things: to run a verb, to have a line typed, to show a text. */
#ifndef TB_TUI_DESK_H
#define TB_TUI_DESK_H

#include "store/cache.h"
#include "store/store.h"
#include "tui/acts.h"
#include "tui/child.h"
#include "tui/text.h"
#include "view/groups.h"

struct tb_screen;
struct tb_overlay;

enum { TB_STACK = 16 };

struct tb_desk {
    /* The store as it was last read. Indices of `order` are those of `item`. */
    const char *store_flag;      /* as it was named, NULL: the usual one */
    struct tb_store *store;      /* NULL: there is none */
    struct tb_run_item *item;
    size_t n;
    unsigned char *tint;         /* of each item: tb_desk_tint */
    size_t *order;               /* runs that pass the filter, in its order */
    size_t n_shown;
    struct tb_group *group;      /* of `order`; n_groups 0: not grouped */
    size_t n_groups;
    struct tb_err trouble;       /* why it cannot be read; kind TB_ERR_NONE: it can */

    /* What was chosen. */
    char *filter, *sort, *group_by; /* as in `ls FILTER --sort S --group G`; never NULL */
    char (*mark)[TB_RUN_ID];
    size_t n_marks, cap_marks;
    bool are_marks_given;        /* by what put runs on the list, not by keys: the first `*` leaves them */
    char reference[TB_RUN_ID], run[TB_RUN_ID]; /* ids; "": none. run: under the cursor */
    char range_from[TB_RUN_ID];

    /* Now: for the clock on screens (TUNEBENCH_NOW), and for durations. */
    int64_t now_ns;
    enum tb_depth depth;
    enum tb_glyphs glyphs;

    char *text; /* what was typed at the last question; never NULL */

    /* For the files of the frame only. */
    struct tb_cache *cache;
    struct tb_acts acts;
    struct tb_screen *screen; /* of all classes */
    int n_screens, at, stack[TB_STACK], n_stack;
    struct tb_overlay *overlay; /* NULL: none is open */
    struct tb_json *used;       /* how often a word of the palette was chosen */
    struct tb_json *history;    /* lines that were typed (history.h) */
    struct tb_completion *completion;
    char *absence;              /* what happened since the last time, a line a run; NULL: nothing */
    char *copied;               /* wants to go to the clipboard; NULL: nothing */
    int kept_glyphs;            /* chosen by :set, now or before: enum tb_glyphs + 1; 0: none */
    bool is_new;                /* nothing was kept: the first time here */
    char *message;
    unsigned message_style;
    bool was_said;              /* a message, since the last key came */
    char *program;              /* wants the terminal, as a shell reads it; NULL: none */
    const char *view_file;      /* where the view is kept, NULL: nowhere */
    bool is_errand;             /* the screen was gone to for one dialog: back when that is closed */
    char *answers;              /* of a script: what children that stay open say; NULL: they are asked */
    const char *answers_at;
    bool wants_leave, wants_redraw, wants_suspend, leaves_after_acts, is_script;
};

bool tb_desk_open(struct tb_desk *d, const char *store_flag, struct tb_err *err);
void tb_desk_close(struct tb_desk *d);
/* Reads the list of runs; true if anything in it differs from before. A store that is gone leaves no runs and sets
 * trouble. */
bool tb_desk_refresh(struct tb_desk *d);
/* Sets filter, sort or group_by (NULL: as it is) and applies them; false with *err, and nothing is changed. */
bool tb_desk_choose(struct tb_desk *d, const char *filter, const char *sort, const char *group_by, struct tb_err *err);

const struct tb_run_item *tb_desk_item(const struct tb_desk *d, const char *id); /* NULL if it is not there */
const struct tb_run_item *tb_desk_current(const struct tb_desk *d); /* under the cursor; NULL */
/* The tint of a run, the same on all screens: that of its id, or another where a run made shortly before has it. */
unsigned tb_desk_tint(const struct tb_desk *d, const char *id);
unsigned tb_desk_state_style(enum tb_state state); /* of its letter */
/* What was chosen of a run, in a column of one letter: "x" marked, "v" a range begins there, "=" the reference; "". */
const char *tb_desk_mark_of(const struct tb_desk *d, const char *id);
bool tb_desk_is_marked(const struct tb_desk *d, const char *id);
void tb_desk_mark(struct tb_desk *d, const char *id, bool is_on);
/* The marked runs in the order shown, else the current one: at most `most` into out; their number. */
size_t tb_desk_chosen(const struct tb_desk *d, const struct tb_run_item **out, size_t most);
size_t tb_desk_open_runs(const struct tb_desk *d); /* that are queued, running or paused */
bool tb_desk_is_live(const struct tb_desk *d);      /* there is one */
/* A run read whole (see cache.h), for load(); NULL with *err. */
const struct tb_metrics *tb_desk_run(struct tb_desk *d, const char *id, uint64_t *serial, struct tb_err *err);
/* Of a run read so: see tb_cache_reading. */
uint64_t tb_desk_reading(const struct tb_desk *d, const char *id);
/* The entry of a run as of what was just read of it: the list may be older. */
struct tb_run_item tb_desk_now(const struct tb_run_item *item, const struct tb_metrics *m);
/* What a command line calls it: its name where that means no other run, else the id. */
const char *tb_desk_ref(const struct tb_desk *d, const struct tb_run_item *item);

/* Runs a command ("stop lora-r8-s0"); its answer goes to the line of messages, or, is_shown, what it prints into a
 * pane. Words from runs and people are to be quoted: tb_shell_quote. */
void tb_desk_do(struct tb_desk *d, const char *command, bool is_shown);
/* The same, shown; on that pane Enter does what it does on the screen that asked. */
void tb_desk_preview(struct tb_desk *d, const char *command);
/* A child that stays open, closed by the screen; in a script with answers, one that says those. NULL with *err. */
struct tb_child *tb_desk_child(struct tb_desk *d, const char *const *argv, struct tb_err *err);
bool tb_desk_has_acts(const struct tb_desk *d); /* a verb has still to answer */
/* A message in the last line, until the next one or until another screen is gone to. */
void tb_desk_say(struct tb_desk *d, unsigned style, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void tb_desk_fail(struct tb_desk *d, const struct tb_err *err);
/* Takes that message back, if it is still the last one. */
void tb_desk_unsay(struct tb_desk *d, const char *text);
/* Has a line typed, which begins as `initial` (NULL: empty); then act() of the screen with d->text. */
void tb_desk_ask(struct tb_desk *d, const char *label, const char *initial, int act);
/* A text into the clipboard, where the terminal has one, and into the line of messages. */
void tb_desk_copy(struct tb_desk *d, const char *text);
/* Opens a pane over the screen, to be filled; lent until it is closed. */
struct tb_text *tb_desk_show(struct tb_desk *d, const char *title);
/* Gives the terminal to $VISUAL, $EDITOR or vi with a file, and reads anew when that has ended. */
void tb_desk_edit(struct tb_desk *d, const char *path);
/* To another screen, by name; Esc leads back. False if there is none. */
bool tb_desk_go(struct tb_desk *d, const char *screen);

#endif
