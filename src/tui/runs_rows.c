/* SPDX-License-Identifier: MIT */
/* runs_rows.c - what stands in the table of runs. The values are those of view/runs.h, so that the screen and `ls`
 * never disagree; the sparkline, the difference and the progress are added here. */
#include "tui/runs_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "view/runs.h"

enum { MARK, LETTER, NAME, METHOD, RATE, TRAIN, CURVE, EVAL, AGAINST, PROGRESS, SPEED, ETA, TAG };
enum { READ_AT_ONCE = 8, SPARK = 10 };

static const struct {
    struct tb_grid_column look;
    const char *key; /* in sort: */
} columns[RUNS_COLUMNS] = {
    [MARK] = { { "", 1, 1, 0, false }, NULL },
    [LETTER] = { { "", 1, 1, 0, false }, "state" },
    [NAME] = { { "name", 12, 32, 0, false }, "name" },
    [METHOD] = { { "method", 6, 16, 6, false }, "method" },
    [RATE] = { { "lr", 0, 9, 5, true }, "lr" },
    [TRAIN] = { { "train", 5, 7, 9, true }, "trainable" },
    [CURVE] = { { "train/loss", SPARK, SPARK, 7, false }, "loss" },
    [EVAL] = { { "eval", 6, 9, 0, true }, "eval_loss" },
    [AGAINST] = { { "vs ref", 6, 9, 2, true }, "eval_loss" },
    [PROGRESS] = { { "progress", 8, 10, 3, true }, "step" },
    [SPEED] = { { "tok/s", 5, 8, 10, true }, "tok_s" },
    [ETA] = { { "eta", 4, 8, 8, true }, "duration" },
    [TAG] = { { "tag", 3, 20, 11, false }, "tags" },
};

static const struct tb_run_item *item_of(const struct tb_screen *s, int row)
{
    const struct runs_state *st = s->state;
    return &s->desk->item[s->desk->order[st->row[row]]];
}

static void put_rate(const struct tb_run_summary *s, struct tb_grid_cell *c)
{
    if (*s->rates)
        tb_str_copy(c->text, sizeof c->text, s->rates);
    else
        tb_grid_number(c, TB_UNIT_RATE, s->lr);
}

static void put_against(const struct tb_desk *d, const struct tb_run_item *item, struct tb_grid_cell *c)
{
    const struct tb_run_item *ref = tb_desk_item(d, d->reference);
    double v = ref ? item->sum.last_eval - ref->sum.last_eval : NAN;
    if (ref && strcmp(ref->sum.id, item->sum.id) == 0)
        tb_str_copy(c->text, sizeof c->text, "ref");
    else if (!isnan(v))
        snprintf(c->text, sizeof c->text, "%+.3f", v);
    c->style = !isnan(v) && v < 0 ? TB_STYLE_GOOD : !isnan(v) && v > 0 ? TB_STYLE_WARN : TB_STYLE_DIM;
}

static void put_progress(const struct tb_run_item *item, struct tb_grid_cell *c)
{
    const struct tb_run_summary *s = &item->sum;
    if (item->sight.state == TB_STATE_RUNNING && s->n_steps > 0)
        snprintf(c->text, sizeof c->text, "%d %%", (int)(100 * s->step / s->n_steps));
    else if (item->sight.state == TB_STATE_FAILED && strcmp(s->ended_by, "divergence") == 0)
        snprintf(c->text, sizeof c->text, "%s@%lld", isfinite(s->loss) ? "div" : "NaN", (long long)s->step);
    else
        tb_str_copy(c->text, sizeof c->text, s->damage[0] ? "damaged" : tb_state_name(item->sight.state));
}

static const char *spark_of(const struct runs_state *st, const char *id)
{
    for (int i = 0; i < st->n_sparks; i++)
        if (strcmp(st->spark[i].id, id) == 0)
            return st->spark[i].text;
    return "";
}

static void put(const struct tb_screen *s, const struct tb_run_item *item, int what, struct tb_grid_cell *c)
{
    const struct tb_run_summary *sum = &item->sum;
    bool is_open = item->sight.state == TB_STATE_RUNNING || item->sight.state == TB_STATE_PAUSED;
    switch (what) {
    case MARK:
        tb_str_copy(c->text, sizeof c->text, tb_desk_mark_of(s->desk, sum->id));
        c->style = TB_STYLE_MARK;
        return;
    case LETTER:
        tb_str_copy(c->text, sizeof c->text, sum->damage[0] ? "!" : tb_state_letter(item->sight.state));
        c->style = sum->damage[0] ? TB_STYLE_BAD : tb_desk_state_style(item->sight.state);
        return;
    case NAME:
        tb_str_copy(c->text, sizeof c->text, *sum->name ? sum->name : sum->id);
        c->style = tb_style_tint(s->desk->tint[item - s->desk->item]);
        return;
    case METHOD: tb_str_copy(c->text, sizeof c->text, sum->method); return;
    case RATE: put_rate(sum, c); return;
    case TRAIN: tb_grid_number(c, TB_UNIT_SHORT, sum->n_trainable < 0 ? NAN : (double)sum->n_trainable); return;
    case CURVE:
        tb_str_copy(c->text, sizeof c->text, spark_of(s->state, sum->id));
        c->style = tb_style_tint(s->desk->tint[item - s->desk->item]);
        return;
    case EVAL: tb_grid_number(c, TB_UNIT_LOSS, sum->last_eval); return;
    case AGAINST: put_against(s->desk, item, c); return;
    case PROGRESS: put_progress(item, c); return;
    case SPEED: tb_grid_number(c, TB_UNIT_PLAIN, item->sight.stall ? NAN : tb_run_tok_s(item)); return;
    case ETA: tb_grid_number(c, TB_UNIT_SECONDS, is_open ? tb_run_left_s(sum) : NAN); return;
    default: tb_str_copy(c->text, sizeof c->text, sum->tags); return;
    }
}

/* ---- as a grid */

/* The column that stands at place `at`, without those that are hidden. */
static int column_at(const struct runs_state *st, int at)
{
    for (int i = 0; i < RUNS_COLUMNS; i++)
        if (!(st->hidden >> st->column[i] & 1) && at-- == 0)
            return st->column[i];
    return -1;
}

static void cell(const void *arg, int row, int column, struct tb_grid_cell *c)
{
    const struct tb_screen *s = arg;
    int what = column_at(s->state, column);
    const struct tb_run_item *item = item_of(s, row);
    if (item->sum.damage[0] && what > NAME && what != PROGRESS)
        return;
    put(s, item, what, c);
}

static const char *id(const void *arg, int row)
{
    const struct tb_screen *s = arg;
    const struct runs_state *st = s->state;
    return st->row[row] < 0 ? NULL : item_of(s, row)->sum.id;
}

static void heading(const void *arg, int row, struct tb_grid_cell *c)
{
    const struct tb_screen *s = arg;
    const struct tb_group *g = &s->desk->group[-1 - ((const struct runs_state *)s->state)->row[row]];
    char mean[32], sd[32];
    snprintf(c->text, sizeof c->text, "%s: %zu run%s  eval %s +-%s", g->name, g->n, g->n == 1 ? "" : "s",
             tb_fmt_unit(mean, sizeof mean, TB_UNIT_LOSS, g->mean), tb_fmt_unit(sd, sizeof sd, TB_UNIT_LOSS, g->sd));
}

struct tb_grid_rows tb_runs_rows(const struct tb_screen *s)
{
    const struct runs_state *st = s->state;
    return (struct tb_grid_rows){ .arg = s, .n = st->n_rows, .cell = cell, .id = id, .heading = heading };
}

int tb_runs_columns(const struct tb_screen *s, struct tb_grid_column out[RUNS_COLUMNS])
{
    int n = 0;
    for (int what; (what = column_at(s->state, n)) >= 0; n++)
        out[n] = columns[what].look;
    return n;
}

const char *tb_runs_column_key(const struct tb_screen *s, int at)
{
    int what = column_at(s->state, at);
    return what < 0 ? NULL : columns[what].key;
}

/* Columns that say the same of all runs tell nothing: `=` shows them. */
static void hide_constant(struct tb_screen *s)
{
    struct runs_state *st = s->state;
    st->hidden = 0;
    for (int what = METHOD; what < RUNS_COLUMNS && !st->shows_constant && s->desk->n_shown > 1; what++) {
        struct tb_grid_cell first = { "", 0 };
        bool is_constant = what != CURVE && what != EVAL && what != PROGRESS;
        put(s, &s->desk->item[s->desk->order[0]], what, &first);
        for (size_t i = 1; is_constant && i < s->desk->n_shown; i++) {
            struct tb_grid_cell other = { "", 0 };
            put(s, &s->desk->item[s->desk->order[i]], what, &other);
            is_constant = strcmp(first.text, other.text) == 0;
        }
        st->hidden |= is_constant ? 1u << what : 0;
    }
}

void tb_runs_make_rows(struct tb_screen *s)
{
    struct runs_state *st = s->state;
    const struct tb_desk *d = s->desk;
    st->row = tb_xrealloc(st->row, d->n_shown + d->n_groups + 1, sizeof *st->row);
    st->n_rows = 0;
    for (size_t g = 0; g < d->n_groups; g++) {
        st->row[st->n_rows++] = -1 - (int)g;
        for (size_t i = 0; i < d->group[g].n; i++)
            st->row[st->n_rows++] = (int)(d->group[g].first + i);
    }
    for (size_t i = 0; d->n_groups == 0 && i < d->n_shown; i++)
        st->row[st->n_rows++] = (int)i;
    hide_constant(s);
}

/* ---- sparklines */

static struct runs_spark *room_for(struct runs_state *st, const char *run)
{
    for (int i = 0; i < st->n_sparks; i++)
        if (strcmp(st->spark[i].id, run) == 0)
            return &st->spark[i];
    int at = st->n_sparks < RUNS_SPARKS ? st->n_sparks++ : (int)(strlen(run) * 7919u % RUNS_SPARKS);
    st->spark[at] = (struct runs_spark){ .serial = 0 };
    tb_str_copy(st->spark[at].id, TB_RUN_ID, run);
    return &st->spark[at];
}

static void read_spark(struct tb_screen *s, const char *run)
{
    struct runs_spark *k = room_for(s->state, run);
    struct tb_series series = { 0 };
    uint64_t serial = 0;
    const struct tb_metrics *m = tb_desk_run(s->desk, run, &serial, NULL);
    if (serial == k->serial)
        return;
    k->serial = serial;
    k->text[0] = '\0';
    if (m && m->n_train && tb_series_of(&series, m, "train/loss", "tokens", NULL)) {
        char *text = tb_series_spark(&series, SPARK, s->desk->glyphs == TB_GLYPHS_ASCII);
        tb_str_copy(k->text, sizeof k->text, text);
        free(text);
    }
    tb_series_free(&series);
}

bool tb_runs_read_sparks(struct tb_screen *s)
{
    const struct runs_state *st = s->state;
    int n_read = 0;
    struct tb_span seen = tb_span_keep(st->grid.first, st->grid.cursor, st->n_rows, tb_runs_page(s));
    for (int row = seen.first; row < seen.end; row++) {
        if (st->row[row] < 0 || item_of(s, row)->sum.damage[0])
            continue;
        const char *run = item_of(s, row)->sum.id;
        char *dir = tb_store_run_dir(s->desk->store, run);
        bool is_fresh = tb_cache_is_fresh(s->desk->cache, dir);
        free(dir);
        if (!is_fresh && n_read++ == READ_AT_ONCE)
            return true;
        read_spark(s, run);
    }
    return false;
}
