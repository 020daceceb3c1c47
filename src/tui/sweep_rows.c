/* SPDX-License-Identifier: MIT */
/* sweep_rows.c - the trials of a sweep, best first, each with its other seeds behind it, then those without a result;
 * and the sweeps of the store. */
#include "tui/sweep_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

/* Of the first kind some, then one for each key. */
enum { MARK, LETTER, RANK, NAME, VALUE, MEAN, SPREAD, SEEDS, TOKENS, RUNG, N_FIXED, COLUMNS = N_FIXED + SWEEP_KEYS };

/* ---- rows */

static bool passes(const struct sweep_state *st, const struct tb_trial *t)
{
    const char *needle = st->needle;
    return !needle || strcasestr(tb_trial_name(t), needle) || strcasestr(tb_sweep_arm(&st->s, t->arm), needle)
        || strcasestr(tb_state_name(t->state), needle);
}

static void add_row(struct sweep_state *st, bool *is_there, size_t i)
{
    const struct tb_trial *t = &st->s.trial[i];
    if (is_there[i] || !passes(st, t))
        return;
    is_there[i] = true;
    st->row[st->n_rows] = i;
    if (*t->run)
        tb_str_copy(st->row_id[st->n_rows], sizeof *st->row_id, t->run);
    else
        snprintf(st->row_id[st->n_rows], sizeof *st->row_id, "#%zu", i);
    st->n_rows++;
}

/* Other seeds begin behind `first`, the first of all. */
static void add_with_seeds(struct sweep_state *st, bool *is_there, size_t i, size_t first)
{
    add_row(st, is_there, i);
    for (size_t k = first; k < st->s.n; k++)
        if (st->s.trial[k].of == (ptrdiff_t)i)
            add_row(st, is_there, k);
}

const char *tb_sweep_word(const char *key)
{
    const char *point = strrchr(key, '.');
    return point ? point + 1 : key;
}

static void choose_keys(struct sweep_state *st)
{
    st->n_keys = 0;
    for (size_t i = 0; i < st->v.n_keys && st->n_keys < SWEEP_KEYS; i++) {
        const char *word = tb_sweep_word(st->v.key[i].name);
        bool is_there = st->v.key[i].arm == TB_ALL_ARMS || strcmp(word, "template") == 0;
        for (int k = 0; k < st->n_keys; k++)
            is_there = is_there || strcmp(st->key[k], word) == 0;
        if (!is_there)
            tb_str_copy(st->key[st->n_keys++], SWEEP_WORD, word);
    }
}

/* Keys by their importance, those of which nothing can be said behind. */
static void order_keys(struct sweep_state *st)
{
    const struct tb_sweep_view *v = &st->v;
    st->key_order = tb_xrealloc(st->key_order, v->n_keys + 1, sizeof *st->key_order);
    for (size_t i = 0; i < v->n_keys; i++) {
        size_t k = i;
        for (; k > 0; k--) {
            double before = v->key[st->key_order[k - 1]].importance;
            if (!(v->key[i].importance > before) && !(isnan(before) && !isnan(v->key[i].importance)))
                break;
            st->key_order[k] = st->key_order[k - 1];
        }
        st->key_order[k] = i;
    }
}

void tb_sweep_make_rows(struct tb_screen *s)
{
    struct sweep_state *st = s->state;
    const struct tb_sweep_view *v = &st->v;
    bool *is_there = tb_xcalloc(st->s.n + 1, sizeof *is_there);
    size_t first = 0;
    st->row = tb_xrealloc(st->row, st->s.n + 1, sizeof *st->row);
    st->row_id = tb_xrealloc(st->row_id, st->s.n + 1, sizeof *st->row_id);
    st->n_rows = 0;
    st->has_seeds = false;
    while (first < st->s.n && st->s.trial[first].of < 0)
        first++;
    for (size_t i = 0; i < v->n_best; i++) {
        add_with_seeds(st, is_there, v->best[i].trial, first);
        st->has_seeds = st->has_seeds || v->best[i].sp.n > 1;
    }
    for (size_t i = 0; i < v->n_now; i++)
        add_row(st, is_there, v->now[i].trial);
    for (size_t i = 0; i < v->n_next; i++)
        add_row(st, is_there, v->next[i]);
    for (size_t i = 0; i < st->s.n; i++)
        add_row(st, is_there, i);
    free(is_there);
    snprintf(st->name_title, sizeof st->name_title, "trial /%.32s", st->needle ? st->needle : "");
    choose_keys(st);
    order_keys(st);
}

const struct tb_trial *tb_sweep_current(const struct sweep_state *st)
{
    int at = st->grid.cursor;
    return st->is_open && at >= 0 && at < st->n_rows ? &st->s.trial[st->row[at]] : NULL;
}

enum tb_state tb_sweep_state_of(const struct tb_screen *s, const struct tb_trial *t)
{
    const struct tb_run_item *item = tb_desk_item(s->desk, t->run);
    return item && !item->sum.damage[0] ? item->sight.state : t->state;
}

/* ---- cells */

static void put_letter(const struct tb_screen *s, const struct tb_trial *t, struct tb_grid_cell *c)
{
    enum tb_state state = tb_sweep_state_of(s, t);
    snprintf(c->text, sizeof c->text, "%s%s", tb_state_letter(state), t->is_protected ? "!" : "");
    c->style = state == TB_STATE_PRUNED ? TB_STYLE_DIM : tb_desk_state_style(state);
}

/* Its place among the best, from 1; 0: it has none. */
static size_t rank_of(const struct tb_sweep_view *v, size_t trial)
{
    for (size_t i = 0; i < v->n_best; i++)
        if (v->best[i].trial == trial)
            return i + 1;
    return 0;
}

static void put_spread(const struct tb_sweep_view *v, size_t trial, int what, struct tb_grid_cell *c)
{
    size_t rank = rank_of(v, trial);
    const struct tb_spread *sp = rank ? &v->best[rank - 1].sp : NULL;
    if (!sp || sp->n < 2)
        return;
    if (what == SPREAD)
        snprintf(c->text, sizeof c->text, "+-%.3f", sp->sd);
    else if (what == SEEDS)
        snprintf(c->text, sizeof c->text, "%d", sp->n);
    else
        tb_grid_number(c, TB_UNIT_LOSS, tb_objective_shown(&v->s->objective, sp->mean));
}

static void put_key(const struct sweep_state *st, size_t trial, const char *key, struct tb_grid_cell *c)
{
    const struct tb_json *v = tb_sweep_given(&st->s, trial, key);
    if (tb_json_type(v) == TB_JSON_STR)
        tb_str_copy(c->text, sizeof c->text, tb_json_str(v, ""));
    else
        tb_grid_number(c, TB_UNIT_RATE, tb_json_real(v, NAN));
}

static void put_name(const struct tb_sweep *s, const struct tb_trial *t, struct tb_grid_cell *c)
{
    snprintf(c->text, sizeof c->text, "%s%s", t->of >= 0 ? "  " : "", tb_trial_name(t));
    c->style = tb_style_tint(tb_tint_of(tb_sweep_arm(s, t->arm)));
}

static void put(const struct tb_screen *s, size_t i, int what, struct tb_grid_cell *c)
{
    const struct sweep_state *st = s->state;
    const struct tb_trial *t = &st->s.trial[i];
    size_t rank;
    switch (what) {
    case MARK:
        tb_str_copy(c->text, sizeof c->text, tb_desk_mark_of(s->desk, t->run));
        c->style = TB_STYLE_MARK;
        return;
    case LETTER: put_letter(s, t, c); return;
    case RANK:
        if ((rank = rank_of(&st->v, i)) > 0)
            snprintf(c->text, sizeof c->text, "%zu", rank);
        return;
    case NAME: put_name(&st->s, t, c); return;
    case VALUE: tb_grid_number(c, TB_UNIT_LOSS, tb_sweep_column(&st->s, i, "value")); return;
    case MEAN:
    case SPREAD:
    case SEEDS: put_spread(&st->v, i, what, c); return;
    case TOKENS: tb_grid_number(c, TB_UNIT_SHORT, t->tokens > 0 ? t->tokens : NAN); return;
    case RUNG:
        if (t->n_decided)
            snprintf(c->text, sizeof c->text, "%d", t->n_decided);
        return;
    default: put_key(st, i, st->key[what - N_FIXED], c);
    }
}

/* Means and spreads are there once other seeds are; keys stand before the rung. */
static int column_at(const struct sweep_state *st, int at)
{
    for (int what = 0; what < RUNG; what++)
        if ((st->has_seeds || (what != MEAN && what != SPREAD && what != SEEDS)) && at-- == 0)
            return what;
    return at < st->n_keys ? N_FIXED + at : at == st->n_keys ? RUNG : -1;
}

static void cell(const void *arg, int row, int column, struct tb_grid_cell *c)
{
    const struct tb_screen *s = arg;
    const struct sweep_state *st = s->state;
    put(s, st->row[row], column_at(st, column), c);
}

static const char *id(const void *arg, int row)
{
    return ((const struct sweep_state *)((const struct tb_screen *)arg)->state)->row_id[row];
}

struct tb_grid_rows tb_sweep_rows(const struct tb_screen *s)
{
    const struct sweep_state *st = s->state;
    return (struct tb_grid_rows){ .arg = s, .n = st->n_rows, .cell = cell, .id = id };
}

static int columns_of(const struct sweep_state *st, struct tb_grid_column out[COLUMNS])
{
    static const struct tb_grid_column fixed[N_FIXED] = {
        [MARK] = { "", 1, 1, 0, false },        [LETTER] = { "", 1, 2, 0, false },
        [RANK] = { "", 1, 3, 4, true },         [NAME] = { "trial", 20, 40, 0, false },
        [VALUE] = { "value", 5, 9, 0, true },   [MEAN] = { "mean", 5, 9, 8, true },
        [SPREAD] = { "+-", 7, 9, 3, true },     [SEEDS] = { "seeds", 5, 5, 7, true },
        [TOKENS] = { "at", 4, 6, 2, true },     [RUNG] = { "rung", 4, 4, 10, true },
    };
    int n = 0;
    for (int what; (what = column_at(st, n)) >= 0; n++)
        out[n] = what < N_FIXED ? fixed[what]
                                : (struct tb_grid_column){ st->key[what - N_FIXED], 0, 10, what - N_FIXED + 4, true };
    if (st->needle)
        out[NAME].title = st->name_title;
    out[VALUE].title = st->s.objective.metric;
    out[VALUE].least = tb_text_width(out[VALUE].title);
    return n;
}

/* Bytes of "NAME: " at the beginning of a reason. */
static size_t name_length(const char *why, const char *name)
{
    size_t n = strlen(name);
    return tb_str_starts(why, name) && why[n] == ':' && why[n + 1] == ' ' ? n + 2 : 0;
}

/* What the row does not say: how it stands in words, and why. */
static void draw_about(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct sweep_state *st = s->state;
    const struct tb_trial *t = tb_sweep_current(st);
    char at[32], budget[32];
    if (!t && st->needle)
        tb_canvas_text(c, 1, 0, TB_STYLE_DIM, "no trial has that in its name, arm or state; / changes it");
    if (!t || c->height < 1)
        return;
    const char *why = tb_sweep_why(&st->s, (size_t)(t - st->s.trial)), *state = tb_state_name(tb_sweep_state_of(s, t));
    why += name_length(why, tb_trial_name(t));
    int x = tb_str_starts(why, state) ? 1 : tb_canvas_text(c, 1, 0, TB_STYLE_DIM, state);
    if (t->budget_tok > 0 && !*why)
        x = tb_canvas_fmt(c, x, 0, TB_STYLE_DIM, " at %s of %s tok",
                          tb_fmt_unit(at, sizeof at, TB_UNIT_SHORT, t->tokens),
                          tb_fmt_unit(budget, sizeof budget, TB_UNIT_SHORT, t->budget_tok));
    if (t->is_protected)
        x = tb_canvas_text(c, x, 0, TB_STYLE_WARN, ", protected");
    if (!*t->run && !t->is_over)
        x = tb_canvas_text(c, x, 0, TB_STYLE_DIM, ", has no run yet");
    if (*why)
        tb_canvas_fmt(c, x, 0, TB_STYLE_DIM, "%s%s", x > 1 ? ": " : "", why);
}

void tb_sweep_draw_trials(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct sweep_state *st = s->state;
    struct tb_grid_column column[COLUMNS];
    struct tb_grid_rows rows = tb_sweep_rows(s);
    struct tb_rect all = tb_canvas_rect(c), below = tb_rect_cut(&all, all.height > 2 ? -1 : 0);
    struct tb_canvas table = tb_canvas_part(c, all), about = tb_canvas_part(c, below);
    tb_grid_draw(&st->grid, &table, column, columns_of(st, column), &rows, st->pane == SWEEP_TRIALS);
    if (below.height)
        draw_about(s, &about);
}

/* ---- the list */

const char *tb_sweep_stand(const struct sweep_state *st, enum tb_sweep_phase phase, bool is_led)
{
    bool waits = phase == TB_SWEEP_ON && !is_led && st->has_worker;
    return waits ? "waiting" : tb_sweep_stand_name(phase, is_led);
}

static void list_cell(const void *arg, int row, int column, struct tb_grid_cell *c)
{
    const struct sweep_state *st = ((const struct tb_screen *)arg)->state;
    const struct tb_sweep_item *x = &st->item[st->listed[row]];
    switch (column) {
    case 0:
        tb_str_copy(c->text, sizeof c->text, st->is_open && strcmp(st->s.id, x->id) == 0 ? "*" : "");
        return;
    case 1: tb_str_copy(c->text, sizeof c->text, x->id); return;
    case 2:
        tb_str_copy(c->text, sizeof c->text, tb_sweep_stand(st, x->phase, x->is_led));
        c->style = x->phase == TB_SWEEP_ON ? x->is_led ? TB_STYLE_LIVE : TB_STYLE_WARN : TB_STYLE_PLAIN;
        return;
    case 3: tb_str_copy(c->text, sizeof c->text, x->recipe); return;
    case 4: snprintf(c->text, sizeof c->text, "%zu of %zu", x->n_over, x->n_trials); return;
    case 5: tb_grid_number(c, TB_UNIT_LOSS, x->best); return;
    default: snprintf(c->text, sizeof c->text, "%.10s %.5s", x->began, strlen(x->began) > 11 ? x->began + 11 : "");
    }
}

static const char *list_id(const void *arg, int row)
{
    const struct sweep_state *st = ((const struct tb_screen *)arg)->state;
    return st->item[st->listed[row]].id;
}

void tb_sweep_make_list(struct tb_screen *s)
{
    struct sweep_state *st = s->state;
    const char *needle = st->list_needle ? st->list_needle : "";
    st->listed = tb_xrealloc(st->listed, st->n_items + 1, sizeof *st->listed);
    st->n_listed = 0;
    for (size_t i = 0; i < st->n_items; i++) {
        const struct tb_sweep_item *x = &st->item[i];
        if (strcasestr(x->id, needle) || strcasestr(x->recipe, needle)
            || strcasestr(tb_sweep_stand(st, x->phase, x->is_led), needle))
            st->listed[st->n_listed++] = i;
    }
}

struct tb_grid_rows tb_sweep_list_rows(const struct tb_screen *s)
{
    const struct sweep_state *st = s->state;
    return (struct tb_grid_rows){ .arg = s, .n = st->n_listed, .cell = list_cell, .id = list_id };
}

void tb_sweep_draw_list(const struct tb_screen *s, struct tb_canvas *c)
{
    static const struct tb_grid_column column[] = {
        { "", 1, 1, 0, false },      { "sweep", 12, 12, 0, false }, { "phase", 4, 8, 0, false },
        { "recipe", 12, 40, 0, false }, { "over", 7, 12, 1, true },    { "best", 5, 9, 2, true },
        { "began", 16, 16, 3, false },
    };
    const struct sweep_state *st = s->state;
    struct tb_grid_rows rows = tb_sweep_list_rows(s);
    struct tb_grid_column shown[sizeof column / sizeof *column];
    char title[48];
    memcpy(shown, column, sizeof column);
    snprintf(title, sizeof title, "recipe /%.32s", st->list_needle ? st->list_needle : "");
    if (st->list_needle)
        shown[3].title = title;
    tb_grid_draw(&st->list, c, shown, sizeof column / sizeof *column, &rows, st->pane == SWEEP_LIST);
    if (!rows.n)
        tb_canvas_text(c, 1, 1, TB_STYLE_DIM, "no sweep has that in its id, recipe or phase; / changes it");
}
