/* SPDX-License-Identifier: MIT */
/* verb_plot.c - tunebench plot RUN..: curves in the terminal, or as SVG. Smoothing is for training curves only: an
 * evaluation is a mean already. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/refs.h"
#include "cli/out.h"
#include "cli/pick.h"
#include "cli/plot_arms.h"
#include "cli/verb.h"
#include "view/legend.h"
#include "view/plot.h"
#include "view/scatter.h"

enum { WIDTH = 80, HEIGHT = 22 };

struct plot {
    const struct tb_args *a;
    struct tb_out o;
    struct tb_pick *run;
    size_t n;
    char **legend;     /* of the lines */
    size_t *line_of, n_lines; /* of each run */
    double from, to;   /* the part of the axis that is wanted */
    double smooth;
    bool is_scatter;
    int x, y;            /* its columns */
    struct tb_plot base; /* what all charts have in common */
};

static bool choose_glyphs(struct plot *x, struct tb_err *err)
{
    const char *name = tb_args_get(x->a, "glyphs"), *term = getenv("TERM");
    bool is_console = term && strcmp(term, "linux") == 0; /* its fonts have no braille */
    x->base.glyphs = x->o.is_ascii ? TB_GLYPHS_ASCII : is_console ? TB_GLYPHS_BLOCK : TB_GLYPHS_BRAILLE;
    return !name || tb_glyphs_find(name, &x->base.glyphs)
        || tb_fail(err, TB_ERR_USAGE, "--glyphs %s: expected braille, block or ascii", name);
}

static enum tb_depth depth(const struct plot *x)
{
    const char *term = getenv("TERM"), *more = getenv("COLORTERM");
    if (!x->o.is_color || (tb_args_has(x->a, "o") && !tb_args_has(x->a, "color")))
        return TB_DEPTH_MONO;
    return (more && *more) || (term && strstr(term, "256color")) ? TB_DEPTH_256 : TB_DEPTH_16;
}

/* Lines of the terminal that a chart may take, 0: no terminal. */
static long room(const struct plot *x)
{
    struct winsize size = { 0 };
    bool is_known = x->o.is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 10;
    return is_known ? size.ws_row - 2 : 0;
}

/* Two columns of the table of runs, one point a run. */
static bool choose_columns(struct plot *x, const char *y, struct tb_err *err)
{
    if (!tb_args_has(x->a, "x"))
        return tb_fail(err, TB_ERR_USAGE, "-y %.40s: against what? give --x COLUMN too", y);
    x->x = tb_run_column_find(x->base.x_name, "--x: ", err);
    x->y = x->x < 0 ? -1 : tb_run_column_find(y, "-y: ", err);
    if (x->x < 0 || x->y < 0)
        return false;
    x->is_scatter = true;
    bool is_text = tb_run_column_at((size_t)x->x)->unit == TB_UNIT_TEXT
                || tb_run_column_at((size_t)x->y)->unit == TB_UNIT_TEXT;
    return !is_text || tb_fail(err, TB_ERR_USAGE, "--x and -y need columns of numbers");
}

static bool choose_x(struct plot *x, struct tb_err *err)
{
    static const char *const names[] = { "step", "tokens", "wall_s", NULL };
    const char *name = tb_args_get(x->a, "x"), *y = tb_args_get(x->a, "y");
    x->base.x_name = name ? name : "step";
    x->base.is_time = strcmp(x->base.x_name, "wall_s") == 0;
    x->base.is_log_x = tb_args_has(x->a, "log-x");
    if (y)
        return choose_columns(x, y, err);
    return tb_str_in(x->base.x_name, names)
        || tb_fail(err, TB_ERR_USAGE, "--x %s: expected step, tokens or wall_s; with -y a column of `ls`", name);
}

static bool choose_look(struct plot *x, struct tb_err *err)
{
    long width, height, lines = room(x);
    bool good = choose_glyphs(x, err) && choose_x(x, err)
             && tb_args_int(x->a, "width", 20, 1000, x->o.columns > 20 ? x->o.columns : WIDTH, &width, err)
             && tb_args_int(x->a, "height", 6, 400, lines && lines < HEIGHT ? lines : HEIGHT, &height, err)
             && tb_args_real(x->a, "smooth", 0, 0.9999, 0, &x->smooth, err)
             && tb_args_real(x->a, "from", -1e300, 1e300, -INFINITY, &x->from, err)
             && tb_args_real(x->a, "to", -1e300, 1e300, INFINITY, &x->to, err);
    if (!good)
        return false;
    if (!(x->from < x->to))
        return tb_fail(err, TB_ERR_USAGE, "--from %g --to %g: nothing lies between them", x->from, x->to);
    x->base.width = (int)width;
    x->base.height = (int)height;
    x->base.depth = depth(x);
    x->base.is_log = tb_args_has(x->a, "log");
    return true;
}

static bool load(struct plot *x, struct tb_err *err)
{
    struct tb_run_item *all = NULL;
    struct tb_ref *chosen = NULL;
    size_t n = 0, n_chosen = 0;
    struct tb_store *s = tb_pick_store(x->a, err);
    bool good = s && tb_store_list(s, &all, &n, err) && tb_refs_find(x->a, all, n, &chosen, &n_chosen, err);
    if (good && n_chosen > TB_PLOT_LINES && !x->is_scatter)
        good = tb_fail(err, TB_ERR_LIMIT, "%zu runs; a chart holds at most %d", n_chosen, TB_PLOT_LINES);
    x->run = tb_xcalloc(n_chosen + 1, sizeof *x->run);
    for (size_t i = 0; good && i < n_chosen; i++)
        good = tb_pick_from(&x->run[x->n++], s, all, n, chosen[i].ref, err);
    free(chosen);
    free(all);
    tb_store_close(s);
    return good;
}

static void copy(struct tb_series *to, const struct tb_series *from)
{
    to->x = tb_xcalloc(from->n + 1, sizeof *to->x);
    to->y = tb_xcalloc(from->n + 1, sizeof *to->y);
    to->n = from->n;
    for (size_t i = 0; i < from->n; i++) {
        to->x[i] = from->x[i];
        to->y[i] = from->y[i];
    }
}

static bool is_eval(const char *metric)
{
    return tb_str_starts(metric, "eval/") || tb_str_starts(metric, "forget/");
}

/* One run's line; marks are its evaluations. */
static bool make_line(const struct plot *x, struct tb_plot_line *line, size_t run, const char *metric, bool has_marks,
                      struct tb_err *err)
{
    const struct tb_metrics *m = &x->run[run].m;
    if (!tb_series_of(&line->s, m, metric, x->base.x_name, err))
        return false;
    if (x->smooth > 0 && !is_eval(metric)) {
        copy(&line->raw, &line->s);
        tb_series_smooth(&line->s, x->smooth);
    }
    return !has_marks || tb_series_of(&line->marks, m, "eval/loss", x->base.x_name, err);
}

static char *title_of(const struct plot *x, const char *metric, bool has_marks)
{
    struct tb_buf b = { 0 };
    tb_buf_str(&b, metric);
    if (x->smooth > 0 && !is_eval(metric))
        tb_buf_fmt(&b, "  ema %g", x->smooth);
    if (has_marks)
        tb_buf_fmt(&b, "  %s = eval/loss", x->n > 1 ? "a b .." : "o");
    return tb_buf_take(&b);
}

/* All runs of a line as their mean in a band. */
static bool make_band(const struct plot *x, struct tb_plot_line *line, size_t at, const char *metric,
                      struct tb_err *err)
{
    struct tb_series *s = tb_xcalloc(x->n, sizeof *s);
    size_t n = 0;
    bool good = true;
    for (size_t i = 0; good && i < x->n; i++)
        if (x->line_of[i] == at && (good = tb_series_of(&s[n++], &x->run[i].m, metric, x->base.x_name, err))
            && x->smooth > 0 && !is_eval(metric))
            tb_series_smooth(&s[n - 1], x->smooth);
    if (good)
        tb_plot_band(line, s, n, 2 * (size_t)x->base.width);
    for (size_t i = 0; i < n; i++)
        tb_series_free(&s[i]);
    free(s);
    return good;
}

/* Line `at` of a chart: of one run, or of several. */
static bool fill_line(const struct plot *x, struct tb_plot_line *line, size_t at, const char *metric, bool has_marks,
                      struct tb_err *err)
{
    size_t first = 0, n = 0;
    for (size_t i = x->n; i-- > 0;)
        if (x->line_of[i] == at) {
            first = i;
            n++;
        }
    line->label = x->legend[at];
    return n > 1 ? make_band(x, line, at, metric, err) : make_line(x, line, first, metric, has_marks, err);
}

/* What is wanted of the axis, up to where there is something; false if there is nothing. */
static bool choose_view(const struct plot *x, const struct tb_plot *p, struct tb_plot_view *v, struct tb_err *err)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < p->n; i++)
        for (size_t k = 0; k < p->line[i].s.n; k++) {
            low = fmin(low, p->line[i].s.x[k]);
            high = fmax(high, p->line[i].s.x[k]);
        }
    *v = (struct tb_plot_view){ .cursor = NAN, .x_from = isfinite(x->from) ? x->from : low,
                                .x_to = isfinite(x->to) ? x->to : high };
    if (low > high || (x->from <= high && x->to >= low))
        return true;
    bool is_behind = x->from > high;
    return tb_fail(err, TB_ERR_USAGE, "--%s %g: nothing is there; %s goes from %g to %g", is_behind ? "from" : "to",
                   is_behind ? x->from : x->to, p->x_name, low, high);
}

static void free_lines(struct tb_plot_line *line, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        tb_series_free(&line[i].s);
        tb_series_free(&line[i].raw);
        tb_series_free(&line[i].marks);
        tb_series_free(&line[i].low);
        tb_series_free(&line[i].high);
    }
    free(line);
}

/* A chart of one metric as text or SVG; NULL on failure. */
static char *chart(const struct plot *x, const char *metric, bool has_marks, struct tb_err *err)
{
    struct tb_plot_line *line = tb_xcalloc(x->n + 1, sizeof *line);
    struct tb_plot p = x->base;
    struct tb_plot_view view;
    char *title = title_of(x, metric, has_marks), *text = NULL;
    bool good = true;
    for (size_t i = 0; good && i < x->n_lines; i++)
        good = fill_line(x, &line[i], i, metric, has_marks, err);
    p.title = title;
    p.line = line;
    p.n = x->n_lines;
    good = good && choose_view(x, &p, &view, err);
    if (isfinite(x->from) || isfinite(x->to))
        p.view = &view;
    if (good)
        text = tb_args_has(x->a, "svg") ? tb_plot_svg(&p) : tb_plot_text(&p);
    free_lines(line, x->n_lines);
    free(title);
    return text;
}

static bool put(const struct plot *x, const struct tb_buf *b, struct tb_err *err)
{
    const char *path = tb_args_get(x->a, "o");
    if (path && strcmp(path, "-") != 0)
        return tb_file_replace(path, b->p, b->n, err);
    fwrite(b->p, 1, b->n, stdout);
    return true;
}

static bool draw_points(const struct plot *x, struct tb_err *err)
{
    const struct tb_run_item **item = tb_xcalloc(x->n + 1, sizeof *item);
    for (size_t i = 0; i < x->n; i++)
        item[i] = &x->run[i].item;
    struct tb_scatter s = { .item = item, .n = x->n, .x = x->x, .y = x->y, .label = (const char *const *)x->legend };
    char *text = tb_scatter_draw(&s, &x->base, tb_args_has(x->a, "svg"));
    struct tb_buf b = { 0 };
    tb_buf_str(&b, text);
    bool good = put(x, &b, err);
    tb_buf_free(&b);
    free(text);
    free(item);
    return good;
}

/* The metrics of -m, one chart below the other; without -m the loss with the evaluations in it. */
static bool draw(const struct plot *x, struct tb_err *err)
{
    struct tb_buf b = { 0 };
    bool good = true;
    for (int i = 0; good && (i == 0 || tb_args_at(x->a, "m", i)); i++) {
        const char *metric = tb_args_at(x->a, "m", i);
        char *text = chart(x, metric ? metric : "train/loss", !metric && x->n_lines == x->n, err);
        good = text != NULL;
        tb_buf_str(&b, good && i ? "\n" : "");
        tb_buf_str(&b, good ? text : "");
        free(text);
    }
    good = good && put(x, &b, err);
    tb_buf_free(&b);
    return good;
}

static void label(struct plot *x)
{
    const struct tb_metrics **m = tb_xcalloc(x->n + 1, sizeof *m);
    x->line_of = tb_xcalloc(x->n + 1, sizeof *x->line_of);
    x->n_lines = tb_plot_lines(x->run, x->n, tb_args_has(x->a, "band") && !x->is_scatter, x->line_of);
    for (size_t i = x->n; i-- > 0;)
        m[x->line_of[i]] = &x->run[i].m;
    x->legend = tb_legend_make(m, x->n_lines);
    tb_plot_name_arms(x->legend, x->run, x->n, x->line_of);
    free(m);
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct plot x = { .a = a };
    if (!tb_args_count(a, 1, TB_ARGS_MAX, "plot RUN.. | FILTER", err) || !tb_out_open(&x.o, a, err)
        || !choose_look(&x, err))
        return false;
    if (tb_args_has(a, "svg") && tb_args_at(a, "m", 1))
        return tb_fail(err, TB_ERR_USAGE, "--svg draws one metric; give one -m");
    bool good = load(&x, err);
    if (good) {
        label(&x);
        good = x.is_scatter ? draw_points(&x, err) : draw(&x, err);
        tb_legend_free(x.legend, x.n_lines);
        free(x.line_of);
    }
    for (size_t i = 0; i < x.n; i++)
        tb_pick_free(&x.run[i]);
    free(x.run);
    return good;
}

static const struct tb_flag flags[] = {
    { "m", "METRIC", true, "train/loss, eval/loss, grad_norm, lr, tok_per_s, .. (train/loss with evaluations in it)" },
    { "x", "step|tokens|wall_s", false, "what runs along the chart (step); with -y a column of the table of runs" },
    { "y", "COLUMN", false, "a point for each run: this column of `ls` against that of --x" },
    { "smooth", "W", false, "debiased mean of training curves, 0 (none) to 0.9999; raw dimmed behind, in colour" },
    { "band", NULL, false, "all seeds of an arm as one line, their mean, in a band from lowest to highest" },
    { "from", "X", false, "the part of the chart from this x on" },
    { "to", "X", false, "and up to this one" },
    { "log", NULL, false, "logarithmic y" },
    { "log-x", NULL, false, "logarithmic x" },
    { "width", "N", false, "columns (those of the terminal, else 80)" },
    { "height", "N", false, "lines (22, or as many as the terminal has)" },
    { "glyphs", "braille|block|ascii", false, "what lines are made of (as the locale allows)" },
    { "svg", NULL, false, "an SVG file instead of text; 10 x 20 units a cell" },
    { "o", "FILE", false, "where it goes (stdout)" },
    { 0 }
};

const struct tb_verb tb_verb_plot = {
    .name = "plot", .usage = "RUN.. | FILTER", .help = "Draws curves of runs over one axis.\n"
            "The legend says what differs between the runs; their letters stand on the lines, and in small where they\n"
            "were evaluated. Without -m it is the training loss with the evaluations in it.",
    .examples = "  tunebench plot @last\n"
                "  tunebench plot lora-r8-s0 prefix20-s0 --x tokens --smooth 0.6\n"
                "  tunebench plot method:lora -m eval/loss -m grad_norm --log\n"
                "  tunebench plot method:lora --x lr -y best --log-x\n"
                "  tunebench plot method:lora,prefix --band --x tokens --from 100000\n"
                "  tunebench plot state:done --svg -o loss.svg\n",
    .flags = flags, .run = run,
};
