/* SPDX-License-Identifier: MIT */
/* screen_diff.c - 3 Diff: the marked runs side by side, A is the baseline: what differs, what proves that the rest is
 * the same, results with their intervals, the rows that differ most, and a verdict with its doubt. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "tui/diff_priv.h"
#include "view/fmt.h"

enum {
    ENTER = TB_ACT_OWN, EQUAL, RECIPES, PLOT, PLOT_OF, SEEDS, SEEDS_N, WINNER, BASELINE, LEFT, RIGHT, GROUP, EXPORT,
    EXPORT_TO,
};
enum { WORDS_LEAST = 4, WORDS_MOST = 9, LOW = 14, MOST_SEEDS = 64 };

static const struct tb_bind binds[] = {
    TB_BIND('=', "equal", "show the keys that are equal too", "= equal keys", EQUAL),
    TB_BIND('D', "recipes", "the recipes, line by line", "D recipe diff", RECIPES),
    TB_BIND('p', "plot", "plot any two columns against each other, with what none beats", "p pareto", PLOT),
    TB_BIND('+', "seeds", "more seeds of every arm, and what they cost", "+ seeds", SEEDS),
    TB_BIND('W', "winner", "tag the run of the chosen column, else the best one, as the winner", "W winner", WINNER),
    TB_BIND('R', "baseline", "the run of the chosen column becomes A", "R baseline", BASELINE),
    TB_BIND('x', "export", "write the comparison into a file", "x export", EXPORT),
    TB_BIND('\n', "enter", "read a row side by side", NULL, ENTER),
    TB_BIND('[', "column-left", "choose the run to the left", NULL, LEFT),
    TB_BIND(']', "column-right", "choose the run to the right", NULL, RIGHT),
    TB_BIND('g', "group", "seeds of an arm together, or each run alone", NULL, GROUP),
    { 0 }
};

/* ---- layout */

/* Words below the table as high as they need; where it is low, Tab goes to them. */
struct diff_layout tb_diff_layout(int width, int height, int rows, int pane)
{
    struct tb_rect rest = tb_rect_margin((struct tb_rect){ 0, 0, width, height });
    struct diff_layout l = { rest, { rest.x, height, rest.width, 0 }, -1, height - 1 };
    rows = rows > WORDS_MOST ? WORDS_MOST : rows < WORDS_LEAST ? WORDS_LEAST : rows;
    rows = rows > height / 3 ? height / 3 : rows;
    if (height < LOW && pane == 1) {
        tb_rect_cut(&rest, -1);
        l.words = rest;
        l.table.height = 0;
    } else if (height >= LOW) {
        l.words = tb_rect_cut(&l.table, -rows);
        l.rule = l.more = l.table.height - 1;
        tb_rect_cut(&l.table, -1);
    }
    return l;
}

static struct diff_layout layout_of(const struct tb_screen *s)
{
    const struct diff_state *st = s->state;
    int width = tb_rect_margin((struct tb_rect){ 0, 0, s->width, s->height }).width;
    return tb_diff_layout(s->width, s->height, tb_pairs_rows(&st->words, width), st->pane);
}

static int page_of(const struct diff_layout *l)
{
    return l->table.height > 1 ? l->table.height - 1 : 1;
}

/* ---- reading */

static bool open(struct tb_screen *s, struct tb_err *err)
{
    struct diff_state *st = s->state;
    st->wants_row = -1;
    st->last_plot = tb_xstrdup("eval_loss,adapter");
    return true;
}

static void close_screen(struct tb_screen *s)
{
    struct diff_state *st = s->state;
    tb_diff_forget(st);
    tb_pairs_free(&st->words);
    tb_child_close(st->child);
    tb_json_free(st->texts);
    free(st->texts_of);
    free(st->plot);
    free(st->last_plot);
}

/* Column of the chosen arm among those that are seen. */
static void follow_column(struct diff_state *st, int width)
{
    size_t arm[DIFF_ARMS];
    int n = tb_diff_seen(st, width, arm);
    st->grid.column = 0;
    for (int i = 0; i < n; i++)
        if ((int)arm[i] == st->chosen)
            st->grid.column = i + 1;
}

static bool load(struct tb_screen *s, struct tb_err *err)
{
    struct diff_state *st = s->state;
    tb_diff_read(s);
    if (st->chosen >= (int)st->arms.n)
        st->chosen = 0;
    struct tb_grid_rows rows = tb_diff_rows(st);
    struct diff_layout l = layout_of(s);
    if (st->n_lines)
        tb_grid_follow(&st->grid, &rows, page_of(&l));
    follow_column(st, s->width);
    return true;
}

/* ---- drawing */

static void draw_table(const struct diff_state *st, struct tb_canvas *c)
{
    struct tb_grid_column column[DIFF_ARMS + 1] = { { "", 22, 34, 0, false } };
    char title[DIFF_ARMS][128];
    size_t arm[DIFF_ARMS];
    struct tb_grid_rows rows = tb_diff_rows(st);
    int n = tb_diff_seen(st, st->made_width, arm), room = tb_grid_room(&rows, c->width, c->height),
        each = (room - 24) / (n ? n : 1) - 1;
    for (int i = 0; i < n; i++) {
        const struct tb_arm *a = &st->arms.arm[arm[i]];
        snprintf(title[i], sizeof title[i], "%c%s %.90s", tb_diff_letter(arm[i]), arm[i] ? "" : "*", a->name);
        column[i + 1] = (struct tb_grid_column){ title[i], each < 8 ? 8 : each, each < 8 ? 8 : each, i, false };
    }
    tb_grid_draw(&st->grid, c, column, n + 1, &rows, st->pane == 0);
    if (n < (int)st->arms.n)
        tb_canvas_fmt(c, 0, 0, TB_STYLE_KEY, "%d of %zu seen, ]", n, st->arms.n);
}

static void draw_plot(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct diff_state *st = s->state;
    struct tb_rect rest = tb_canvas_rect(c);
    struct tb_canvas foot = tb_canvas_part(c, tb_rect_cut(&rest, -1)), chart = tb_canvas_part(c, rest);
    struct tb_buf b = { 0 };
    for (size_t i = 0; i < st->n; i++)
        if (st->is_front[i])
            tb_buf_fmt(&b, "%s%s", b.n ? ", " : "", st->run[i].sum.name);
    tb_diff_draw_plot(s, &chart);
    tb_canvas_fmt(&foot, 0, 0, TB_STYLE_STRONG, "beaten by none: %s", b.n ? b.p : "no run has both numbers");
    tb_buf_free(&b);
}

static void draw_empty(const struct diff_state *st, struct tb_canvas *c)
{
    struct tb_canvas part = tb_canvas_part(c, (struct tb_rect){ 1, 0, c->width - 2, c->height });
    char text[sizeof st->trouble.where + sizeof st->trouble.text + 32];
    int y = 0;
    if (st->trouble.kind != TB_ERR_NONE)
        y = 1 + tb_canvas_wrap(&part, 0, TB_STYLE_BAD, tb_err_string(&st->trouble, text, sizeof text));
    tb_canvas_wrap(&part, y, TB_STYLE_DIM, "nothing to compare yet: mark two runs or more on 1 Runs with space, or "
                   "choose a reference there with R, which the run under the cursor is compared with");
}

static void draw(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct diff_state *st = s->state;
    struct diff_layout l = layout_of(s);
    struct tb_canvas table = tb_canvas_part(c, l.table), words = tb_canvas_part(c, l.words);
    if (st->n < 2) {
        draw_empty(st, c);
        return;
    }
    if (st->plot && table.height)
        draw_plot(s, &table);
    else if (table.height)
        draw_table(st, &table);
    if (l.rule >= 0)
        tb_canvas_rule(c, l.rule);
    if (words.height) {
        tb_pairs_draw(&st->words, &words);
        tb_canvas_beyond(c, 0, l.more, tb_pairs_beyond(&st->words, words.width, words.height));
    }
}

static void status(const struct tb_screen *s, char *dst, size_t n)
{
    const struct diff_state *st = s->state;
    if (st->arms.is_grouped)
        snprintf(dst, n, "%zu runs, %zu arms", st->n, st->arms.n);
    else
        snprintf(dst, n, "%zu run%s", st->n, st->n == 1 ? "" : "s");
}

/* ---- texts of rows */

static unsigned tick(struct tb_screen *s)
{
    struct diff_state *st = s->state;
    if (!st->child || !tb_child_pump(st->child) || !tb_child_has_ended(st->child))
        return TB_DO_NOTHING;
    const char *out = tb_child_out(st->child);
    tb_json_free(st->texts);
    st->texts = tb_child_exit(st->child) == 0 ? tb_json_parse(out, strlen(out), "diff", NULL) : NULL;
    free(st->texts_of);
    st->texts_of = tb_xstrdup(st->stamp ? st->stamp : "");
    tb_child_close(st->child);
    st->child = NULL;
    if (st->wants_row >= 0 && st->n > 1) {
        tb_desk_say(s->desk, TB_STYLE_MESSAGE, "%s", "");
        tb_diff_show_row(s, st->wants_row);
    }
    st->wants_row = -1;
    return TB_DO_DRAW;
}

static int fds(const struct tb_screen *s, struct pollfd *fds, int room)
{
    return tb_child_fds(((const struct diff_state *)s->state)->child, fds, room);
}

static bool is_busy(const struct tb_screen *s)
{
    return ((const struct diff_state *)s->state)->child != NULL;
}

/* ---- keys */

static void read_row(struct tb_screen *s)
{
    struct diff_state *st = s->state;
    int at = st->grid.cursor;
    if (st->plot || at < 0 || at >= st->n_lines || st->line[at].row_id < 0) {
        tb_desk_say(s->desk, TB_STYLE_MESSAGE, "Enter reads one of the rows that differ most, below the results");
    } else if (st->texts_of && st->stamp && strcmp(st->texts_of, st->stamp) == 0) {
        tb_diff_show_row(s, st->line[at].row_id);
    } else {
        st->wants_row = st->line[at].row_id;
        tb_desk_say(s->desk, TB_STYLE_MESSAGE, "reading the texts of the rows ...");
        tb_diff_ask_texts(s);
    }
}

static unsigned press(struct tb_screen *s, const struct tb_press *p)
{
    struct diff_state *st = s->state;
    struct diff_layout l = layout_of(s);
    struct tb_grid_rows rows = tb_diff_rows(st);
    struct tb_press in = *p;
    if (p->key == TB_PRESS_ESC && st->plot) {
        free(st->plot);
        st->plot = NULL;
        return TB_DO_HANDLED | TB_DO_DRAW;
    }
    if (p->key == '\t' || p->key == TB_PRESS_BACKTAB) {
        st->pane = !st->pane;
        return TB_DO_HANDLED | TB_DO_DRAW;
    }
    if (tb_press_is_mouse(p->key))
        st->pane = tb_rect_has(l.words, p->x, p->y);
    in.x -= l.table.x;
    in.y -= l.table.y;
    bool is_used = st->pane ? tb_pairs_press(&st->words, l.words.width, l.words.height, p)
                            : st->n_lines && tb_grid_press(&st->grid, &rows, page_of(&l), &in);
    if (!st->pane && !st->plot && st->n_lines && tb_grid_opens(&st->grid, &rows, page_of(&l), &in))
        read_row(s);
    return is_used ? TB_DO_HANDLED | TB_DO_DRAW : TB_DO_NOTHING;
}

static void choose_column(struct tb_screen *s, int step)
{
    struct diff_state *st = s->state;
    size_t arm[DIFF_ARMS];
    int all = (int)st->arms.n;
    if (!all)
        return;
    st->chosen = (st->chosen + step + all) % all;
    int n = tb_diff_seen(st, s->width, arm);
    if (st->chosen > 0 && n > 1 && st->chosen > (int)arm[n - 1])
        st->first_arm = st->chosen - (n - 2);
    else if (st->chosen > 0 && n > 1 && st->chosen < (int)arm[1])
        st->first_arm = st->chosen;
    follow_column(st, s->width);
}

/* "more seeds of each of the 3 arms (about 37s for one of each): 2", as many as the verdict would have. */
static void ask_seeds(struct tb_screen *s)
{
    const struct diff_state *st = s->state;
    char time[32], n[24];
    char *label = tb_xasprintf("more seeds of each of the %zu arms (about %s for one of each): ", st->arms.n,
                               tb_fmt_unit(time, sizeof time, TB_UNIT_SECONDS, tb_diff_seed_s(st)));
    snprintf(n, sizeof n, "%zu", st->report.verdict.seeds ? st->report.verdict.seeds : 1);
    if (st->arms.n > 1)
        tb_desk_ask(s->desk, label, n, SEEDS_N);
    free(label);
}

static void add_seeds(struct tb_screen *s)
{
    const struct diff_state *st = s->state;
    int64_t n;
    if (!tb_str_int(s->desk->text, &n) || n < 1 || n > MOST_SEEDS) {
        tb_desk_say(s->desk, TB_STYLE_BAD, "'%.40s': expected a number from 1 to %d", s->desk->text, MOST_SEEDS);
        return;
    }
    for (size_t i = 0; i < st->arms.n; i++) {
        char *command = tb_xasprintf("clone %s --seeds %lld --detach",
                                     tb_desk_ref(s->desk, st->arms.arm[i].item[0]), (long long)n);
        tb_desk_do(s->desk, command, false);
        free(command);
    }
}

/* The arm of the chosen column, else the best one. */
static void tag_winner(struct tb_screen *s)
{
    const struct diff_state *st = s->state;
    size_t arm = st->chosen ? (size_t)st->chosen : tb_diff_best(st);
    if (arm >= st->arms.n) {
        tb_desk_say(s->desk, TB_STYLE_WARN, "no arm was evaluated yet");
        return;
    }
    struct tb_buf b = { 0 };
    tb_buf_str(&b, "tag");
    for (size_t i = 0; i < st->arms.arm[arm].n; i++)
        tb_buf_fmt(&b, " %s", tb_desk_ref(s->desk, st->arms.arm[arm].item[i]));
    tb_buf_str(&b, " +winner");
    tb_desk_do(s->desk, b.p, false);
    tb_buf_free(&b);
}

static void set_baseline(struct tb_screen *s)
{
    struct diff_state *st = s->state;
    if (st->chosen < (int)st->arms.n && st->arms.n > 1)
        tb_str_copy(s->desk->reference, TB_RUN_ID, st->arms.arm[st->chosen].item[0]->sum.id);
    st->chosen = 0;
}

static void set_plot(struct tb_screen *s)
{
    struct diff_state *st = s->state;
    struct tb_pareto p;
    struct tb_err err = { 0 };
    const char *text = s->desk->text;
    if (*text && !tb_pareto_open(&p, text, &err)) {
        tb_desk_fail(s->desk, &err);
        return;
    }
    free(st->plot);
    st->plot = *text ? tb_xstrdup(text) : NULL;
    if (*text) {
        free(st->last_plot);
        st->last_plot = tb_xstrdup(text);
    }
}

/* Reports and numbers are what compare writes; keys side by side, as on this screen, are what diff does. */
static void export(struct tb_screen *s)
{
    static const char *const of_compare[][2] = { { ".html", "" }, { ".md", "" }, { ".csv", " --csv" },
                                                 { ".json", " --json" }, { ".tsv", " --plain" } };
    const struct diff_state *st = s->state;
    const char *path = s->desk->text, *flags = NULL;
    struct tb_buf b = { 0 };
    for (size_t i = 0; i < sizeof of_compare / sizeof *of_compare; i++)
        if (tb_str_ends(path, of_compare[i][0]))
            flags = of_compare[i][1];
    if (!*path || st->n < 2)
        return;
    char *refs = tb_diff_refs(s);
    tb_buf_fmt(&b, "%s %s%s", flags ? "compare" : "diff", refs, st->is_single ? " --group none" : "");
    if (flags)
        tb_buf_str(&b, flags);
    else
        tb_buf_fmt(&b, " --rows %d%s", DIFF_ROWS, st->shows_equal ? " --all" : "");
    tb_buf_str(&b, " -o ");
    tb_shell_quote(&b, path);
    tb_desk_do(s->desk, b.p, false);
    tb_buf_free(&b);
    free(refs);
}

static unsigned act(struct tb_screen *s, int what)
{
    struct diff_state *st = s->state;
    switch (what) {
    case EQUAL: st->shows_equal = !st->shows_equal; break;
    case GROUP: st->is_single = !st->is_single; break;
    case RECIPES:
        if (st->n > 1)
            tb_diff_show_recipes(s);
        return TB_DO_DRAW;
    case PLOT: tb_desk_ask(s->desk, "plot y,x of (as :ls --cols names them; empty: no plot): ", st->last_plot, PLOT_OF);
        return TB_DO_DRAW;
    case PLOT_OF: set_plot(s); break;
    case SEEDS: ask_seeds(s); return TB_DO_DRAW;
    case SEEDS_N: add_seeds(s); return TB_DO_DRAW;
    case WINNER: tag_winner(s); return TB_DO_DRAW;
    case BASELINE: set_baseline(s); break;
    case LEFT:
    case RIGHT: choose_column(s, what == LEFT ? -1 : 1); return TB_DO_DRAW;
    case EXPORT: tb_desk_ask(s->desk, "export into (.html .md .csv .json .tsv, else text): ", "diff.html", EXPORT_TO);
        return TB_DO_DRAW;
    case EXPORT_TO: export(s); return TB_DO_DRAW;
    default: read_row(s); return TB_DO_DRAW;
    }
    return TB_DO_LOAD;
}

static void save(const struct tb_screen *s, struct tb_json *map)
{
    const struct diff_state *st = s->state;
    tb_json_set(map, "equal", tb_json_new_bool(st->shows_equal));
    tb_json_set(map, "single", tb_json_new_bool(st->is_single));
    tb_json_set(map, "plot", tb_json_new_str(st->last_plot));
}

static void restore(struct tb_screen *s, const struct tb_json *map)
{
    struct diff_state *st = s->state;
    const char *plot = tb_json_str(tb_json_get(map, "plot"), "");
    struct tb_pareto p;
    st->shows_equal = tb_json_bool(tb_json_get(map, "equal"), false);
    st->is_single = tb_json_bool(tb_json_get(map, "single"), false);
    if (!tb_pareto_open(&p, plot, NULL))
        return;
    free(st->last_plot);
    st->last_plot = tb_xstrdup(plot);
}

const struct tb_screen_class tb_screen_diff = {
    .name = "diff", .title = "Diff", .key = '3', .has_runs = true, .state_size = sizeof(struct diff_state),
    .binds = binds, .open = open, .close = close_screen, .load = load, .draw = draw, .press = press, .act = act,
    .tick = tick, .fds = fds, .is_busy = is_busy, .status = status, .save = save, .restore = restore,
};
