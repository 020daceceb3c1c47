/* SPDX-License-Identifier: MIT */
/* charts_priv.h - the Charts screen in its files: what is read (charts_load.c), one chart of it (charts_pane.c), how it
 * stands on the screen (charts_draw.c), the batch behind a point (charts_batch.c), a clone from before it
 * (charts_clone.c), and keys and mouse (screen_charts.c). */
#ifndef TB_TUI_CHARTS_PRIV_H
#define TB_TUI_CHARTS_PRIV_H

#include "tui/clone_form.h"
#include "tui/screen.h"
#include "view/band.h"
#include "view/course.h"
#include "view/plot.h"

enum { CHARTS_RUNS = TB_PLOT_LINES, CHARTS_METRICS = 32, CHARTS_PANES = 16, CHARTS_LABEL = 96 };

struct charts_run {
    char id[TB_RUN_ID], arm[20];
    const struct tb_metrics *m; /* lent; for load only */
    uint64_t serial;
    double end;                 /* where it is on the axis; NaN before its first step */
    struct tb_course *course[CHARTS_METRICS]; /* by the place in `metric`; NULL: not looked at yet */
};

/* What has a letter: a run, or all seeds of an arm. */
struct charts_line {
    char label[CHARTS_LABEL];
    unsigned tint;
    int run[CHARTS_RUNS], n; /* of `run` */
};

enum charts_drag { CHARTS_NO_DRAG, CHARTS_ZOOM, CHARTS_INSPECT };

struct charts_batch;

struct charts_state {
    /* What was chosen. */
    int axis;        /* 0 step, 1 tokens, 2 wall_s */
    int smoothing;   /* a weight of tb_charts_weight */
    bool is_log, has_band, shows_constant, follows;
    char *pattern;   /* of metrics; never NULL */

    /* What was read. */
    struct charts_run run[CHARTS_RUNS];
    int n_runs, n_unread, n_more; /* more: chosen and beyond CHARTS_RUNS */
    struct charts_line line[CHARTS_RUNS];
    int n_lines;
    uint64_t legend_of; /* what labels were made for */
    struct tb_course_name metric[CHARTS_METRICS];
    int n_metrics, shown[CHARTS_METRICS], n_shown, n_constant; /* shown: places in metric */
    double low, high; /* all of the axis; low > high: there is nothing */

    /* Where somebody looks. */
    int page, pane; /* pane: with the focus, on that page */
    bool is_zoomed, has_cursor;
    double from, to, cursor;
    enum charts_drag drag;
    double drag_from, drag_to;

    /* How sure the best of eval/loss is of it, at the cursor or now; best -1: not known; and of the one behind it. */
    int best, second;
    double best_by, best_e;
    char best_of[1600]; /* what that was worked out for */

    struct charts_batch *batch; /* NULL: not open */
    struct tb_clone_form clone;
};

/* Where things are, by sizes and counts alone. */
struct charts_layout {
    struct tb_rect legend, foot, pane[CHARTS_PANES]; /* foot: two lines */
    int rule, n, columns; /* n panes of a page */
};
struct charts_layout tb_charts_layout(int width, int height, int legend_rows, int n_metrics);
struct charts_layout tb_charts_layout_of(const struct tb_screen *s);

double tb_charts_weight(int smoothing);
extern const char *const tb_charts_axis[3]; /* as tb_course_spec calls them */

/* ---- charts_load.c */
void tb_charts_read(struct tb_screen *s);
void tb_charts_free(struct charts_state *st);

/* ---- charts_pane.c */
struct charts_pane {
    struct tb_plot plot;
    struct tb_plot_view view;
    struct tb_plot_line line[CHARTS_RUNS];
    struct tb_band band[CHARTS_RUNS];
    unsigned tint[CHARTS_RUNS];
};
/* The chart of a metric in a box; nothing in p may move until it is freed. */
void tb_charts_pane_open(struct charts_pane *p, const struct tb_screen *s, int metric, int width, int height);
void tb_charts_pane_free(struct charts_pane *p);
/* The part of the axis that is seen. */
void tb_charts_window(const struct charts_state *st, double *from, double *to);
/* Value of a line at the cursor, else its last one; NaN if it has none there. raw: without smoothing, may be NULL. */
double tb_charts_value(const struct charts_state *st, int line, int metric, double *raw);
/* A value of a metric, an x of the axis, in words. */
char *tb_charts_fmt(char *dst, size_t n, const char *metric, double v);
char *tb_charts_fmt_x(char *dst, size_t n, int axis, double x);

/* ---- charts_draw.c */
void tb_charts_draw(const struct tb_screen *s, struct tb_canvas *c);
int tb_charts_legend_rows(const struct charts_state *st, int width, int most);

/* ---- charts_batch.c */
/* The rows that a step of a run was trained on, or those it was evaluated on after it. */
bool tb_batch_open(struct tb_screen *s, const struct tb_run_item *item, int64_t step, bool is_eval,
                   struct tb_err *err);
void tb_batch_close(struct charts_state *st);
bool tb_batch_pump(struct charts_batch *b); /* true if there is something new */
bool tb_batch_is_busy(const struct charts_batch *b);
int tb_batch_fds(const struct charts_batch *b, struct pollfd *fds, int room);
unsigned tb_batch_press(struct tb_screen *s, const struct tb_press *p);
void tb_batch_draw(const struct charts_batch *b, struct tb_canvas *c);
/* Its run and step, for what is to be done with it. */
const char *tb_batch_run(const struct charts_batch *b);
int64_t tb_batch_step(const struct charts_batch *b);
/* Numbers of the rows, and of those that the run left out, as the key data.without takes them: malloc'ed. NULL where
 * they are of an evaluation, or not there yet. */
char *tb_batch_without(const struct charts_batch *b);

/* ---- charts_clone.c */
/* Opens the dialog at the last checkpoint of a run before a step, or says that there is none. item may be NULL.
 * without: rows that it offers to leave out, or NULL. */
void tb_charts_clone_open(struct tb_screen *s, const struct tb_run_item *item, int64_t step, const char *without);
unsigned tb_charts_clone_press(struct tb_screen *s, const struct tb_press *p);
unsigned tb_charts_clone_tick(struct tb_screen *s);
void tb_charts_clone_draw(const struct charts_state *st, struct tb_canvas *c);

#endif
