/* SPDX-License-Identifier: MIT */
/* inspect_priv.h - the Inspect screen in four files: what it reads of a run and its family (inspect_run.c), its pages
 * (inspect_pages.c), where things stand (inspect_layout.c), and the screen with its keys. */
#ifndef TB_TUI_INSPECT_PRIV_H
#define TB_TUI_INSPECT_PRIV_H

#include "tui/clone_form.h"
#include "tui/export_form.h"
#include "tui/grid.h"
#include "tui/pairs.h"
#include "tui/screen.h"
#include "tui/text.h"
#include "view/history.h"

enum inspect_page {
    INSPECT_ALL, INSPECT_EVENTS, INSPECT_LOG, INSPECT_SAMPLES, INSPECT_DATA, INSPECT_ENV, INSPECT_OPTIONS,
    INSPECT_WORKER, INSPECT_PAGES
};
enum inspect_pane { INSPECT_KIN, INSPECT_CHECKPOINTS, INSPECT_FACTS, INSPECT_PAGE, INSPECT_PANES };

/* One run of the family. */
struct inspect_kin {
    char id[TB_RUN_ID], name[160]; /* name: with its branch of the tree */
    char state[16], how[64];
    bool is_gone, has_how;
};

struct inspect_checkpoint {
    int64_t step;
    char id[24], tokens[32], eval[32], size[32]; /* id: the step as text */
    char *why;
};

struct inspect_state {
    char id[TB_RUN_ID]; /* of the run that is shown, "": none */
    char name[96];
    uint64_t serial;    /* of what was read; 0: nothing */
    char *trouble;      /* why it cannot be read; NULL: it can */
    struct inspect_kin *kin;
    struct inspect_checkpoint *checkpoint;
    int n_kin, n_checkpoints;
    struct tb_grid kin_grid, checkpoint_grid;
    struct tb_pairs facts, page[INSPECT_PAGES];
    struct tb_text lines[INSPECT_PAGES]; /* of pages that are long: events, log, worker */
    uint64_t page_serial[INSPECT_PAGES];
    struct tb_history history[INSPECT_PAGES];
    int64_t history_step[INSPECT_PAGES];
    int at; /* page */
    enum inspect_pane pane;
    char again[2][160]; /* how it is reproduced */
    char *needle;
    bool wants_clone, wants_export;
    struct tb_clone_form clone;
    struct tb_export_form export;
};

/* Where things are, by size and by how much there is; what is not shown has height 0. */
struct inspect_layout {
    struct tb_rect kin, checkpoints, again, facts, tabs, page, dialog;
    int wall, wall_height; /* column between left and right, -1: none */
};
/* has_dialog: a form is open, which takes the right side, or all there is. */
struct inspect_layout tb_inspect_layout(int width, int height, int n_kin, int n_checkpoints, enum inspect_pane pane,
                                        bool has_dialog);

/* ---- inspect_run.c */
/* Reads the run under the cursor as far as it changed; its metrics, lent until the next reading, NULL if it cannot be
 * read. */
const struct tb_metrics *tb_inspect_read(struct tb_screen *s);
void tb_inspect_forget(struct inspect_state *st);
struct tb_grid_rows tb_inspect_kin_rows(const struct inspect_state *st);
struct tb_grid_rows tb_inspect_checkpoint_rows(const struct inspect_state *st);

/* ---- inspect_pages.c */
const char *tb_inspect_page_name(int page);
bool tb_inspect_is_long(int page); /* lines instead of pairs */
/* Fills the page that is shown if the run has changed since. */
void tb_inspect_fill(struct tb_screen *s, const struct tb_metrics *m);
void tb_inspect_fill_facts(struct tb_screen *s, const struct tb_run_item *item, const struct tb_metrics *m);

#endif
