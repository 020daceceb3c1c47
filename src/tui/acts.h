/* SPDX-License-Identifier: MIT */
/* acts.h - verbs that were run from the screen: each as a child of the program itself, with its command, what it
 * answered and what undoes it. Nothing is believed to be done before the verb says so. */
#ifndef TB_TUI_ACTS_H
#define TB_TUI_ACTS_H

#include "tui/binds.h"
#include "tui/child.h"

#include <stdint.h>

struct tb_act {
    char *command;       /* "tunebench stop lora-r8-s0" */
    char *answer;        /* in a line; NULL: none yet */
    char *output;        /* all of it, for verbs whose answer is text; NULL: none */
    char *inverse;       /* commands that undo it, one a line; NULL: none */
    struct tb_child *child; /* NULL: it has ended */
    int64_t asked_ns;
    const struct tb_bind *then; /* of the screen that asked: what Enter does on that pane; lent, NULL: nothing */
    bool has_failed, was_undone, is_shown; /* shown: its output goes to a pane of its own */
};

struct tb_acts {
    struct tb_act *act;
    size_t n, cap;
    const char *store; /* --store for all of them, or NULL; lent */
};

void tb_acts_free(struct tb_acts *a); /* ends those that have not ended */
/* Runs "stop a b", words as a shell reads them, "tunebench" in front or not. `is_shown`: see tb_act. The act, lent
 * until the next; NULL with *err if it could not be started. */
struct tb_act *tb_acts_run(struct tb_acts *a, const char *command, bool is_shown, int64_t now_ns, struct tb_err *err);
/* What waits for its answer leads to nothing any more: a key was pressed meanwhile, and it may mean something else. */
void tb_acts_part(struct tb_acts *a);
/* Takes what children say; the first act that has ended by it, NULL if none has. To be called until then. */
struct tb_act *tb_acts_pump(struct tb_acts *a);
size_t tb_acts_open(const struct tb_acts *a); /* that have not ended */
/* The last act that can be undone and was not; NULL if there is none. */
struct tb_act *tb_acts_undoable(struct tb_acts *a);
/* All commands as a shell script; malloc'ed. */
char *tb_acts_script(const struct tb_acts *a);
int tb_acts_fds(const struct tb_acts *a, struct pollfd *fds, int room);

/* Words of a line as a shell reads them: blanks, quotes, backslashes. The words lie in *store, which is to be freed.
 * At most `most` words; their number, -1 if a quote is not closed or there are more. */
int tb_shell_words(const char *line, char **store, const char **word, int most);

#endif
