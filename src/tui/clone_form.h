/* SPDX-License-Identifier: MIT */
/* clone_form.h - the dialog that makes a new run out of one: how it begins, its keys with what they were, what that
 * fixes and costs. What it would be is asked from `clone --dry-run` with every change, so that the form says what the
 * verb would. */
#ifndef TB_TUI_CLONE_FORM_H
#define TB_TUI_CLONE_FORM_H

#include <poll.h>

#include "store/store.h"
#include "tui/form.h"

struct tb_desk;

struct tb_clone_form {
    bool is_open;
    char name[96];       /* of the run */
    char *ref;           /* what a command line calls it */
    const char *store;   /* --store, or NULL; lent */
    bool is_live;        /* a process has the run */
    struct tb_form form;
    struct tb_child *child;
    bool is_stale;       /* changed since the child was asked */
    bool wants_start;    /* Enter was pressed before the answer came */
    struct tb_json *facts; /* the answer to the form as it is, as clone --json tells it; NULL: there is none */
    char *error;           /* why it cannot be; NULL */
};

/* steps[0 .. n-1]: checkpoints to begin from, at: the chosen one of them, or -1: the newest (of a run that is trained:
 * one that is made then). ref is copied, store lent. */
void tb_clone_form_open(struct tb_clone_form *f, const struct tb_run_item *item, const struct tb_metrics *m,
                        const char *ref, const int64_t *steps, size_t n, int64_t at, const char *store);
/* Offers to leave rows out of training ("17 204"); any start may. */
void tb_clone_form_without(struct tb_clone_form *f, const char *rows);
void tb_clone_form_close(struct tb_clone_form *f);

enum tb_clone_form_result { TB_CLONE_FORM_STAYS, TB_CLONE_FORM_LEFT, TB_CLONE_FORM_STARTS, TB_CLONE_FORM_WRONG };
/* All keys that tb_form_takes are for the form while it is open. STARTS: tb_clone_form_command is to be run; WRONG: the
 * form's error says why not. */
enum tb_clone_form_result tb_clone_form_press(struct tb_clone_form *f, const struct tb_press *p);
/* Reads the answer, asks anew where it is stale; true if something looks different. *result: as of a key. */
bool tb_clone_form_tick(struct tb_clone_form *f, enum tb_clone_form_result *result);
/* Does what a result means: runs the clone, says what is wrong. True if the form is to be closed. */
bool tb_clone_form_obey(const struct tb_clone_form *f, enum tb_clone_form_result result, struct tb_desk *d);
bool tb_clone_form_is_asking(const struct tb_clone_form *f); /* an answer is still to come */
int tb_clone_form_fds(const struct tb_clone_form *f, struct pollfd *fds, int room);
/* "clone lora-r8-s0 --at 400 --warm --set optim.lr=5e-4 --detach"; is_dry: only what it would be; malloc'ed. */
char *tb_clone_form_command(const struct tb_clone_form *f, bool is_dry);
void tb_clone_form_draw(const struct tb_clone_form *f, struct tb_canvas *c);

#endif
