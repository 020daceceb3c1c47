/* SPDX-License-Identifier: MIT */
/* diff_panes.c - one row as all arms have it, recipes line by line, and runs as points. Texts of rows lie in data
 * files, which only the engine reads: `diff --rows` is asked for them. */
#include "tui/diff_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "tui/curves.h"
#include "view/fmt.h"
#include "view/lines.h"
#include "view/scatter.h"

enum { CONTEXT = 2, WORDS = DIFF_RUNS + 16 };

char *tb_diff_refs(const struct tb_screen *s)
{
    const struct diff_state *st = s->state;
    struct tb_buf b = { 0 };
    for (size_t i = 0; i < st->n; i++) {
        tb_buf_str(&b, i ? " " : "");
        tb_shell_quote(&b, tb_desk_ref(s->desk, st->item[i]));
    }
    return b.n ? tb_buf_take(&b) : tb_xstrdup("");
}

/* ---- rows */

void tb_diff_ask_texts(struct tb_screen *s)
{
    struct diff_state *st = s->state;
    const char *word[WORDS] = { "tunebench", "diff" };
    char rows[16];
    struct tb_err err = { 0 };
    int n = 2;
    snprintf(rows, sizeof rows, "%d", DIFF_ROWS);
    for (size_t i = 0; i < st->n; i++)
        word[n++] = st->run[i].sum.id;
    word[n++] = "--rows";
    word[n++] = rows;
    word[n++] = "--json";
    if (st->is_single) {
        word[n++] = "--group";
        word[n++] = "none";
    }
    if (s->desk->store_flag) {
        word[n++] = "--store";
        word[n++] = s->desk->store_flag;
    }
    tb_child_close(st->child);
    st->child = tb_child_open(word, &err);
    if (st->child)
        tb_child_send_end(st->child);
    else
        tb_desk_fail(s->desk, &err);
}

static const struct tb_json *text_of(const struct diff_state *st, int64_t row_id)
{
    const struct tb_json *rows = tb_json_get(st->texts, "rows");
    for (size_t i = 0; i < tb_json_len(rows); i++)
        if (tb_json_int(tb_json_get(tb_json_at(rows, i), "row_id"), -1) == row_id)
            return tb_json_at(rows, i);
    return NULL;
}

/* A paragraph of a pane, broken between words. */
static void add_wrapped(struct tb_text *t, unsigned style, int width, const char *text)
{
    size_t left = strlen(text), skip;
    for (size_t n; left > 0; text += n + skip, left -= n + skip) {
        n = tb_text_line(text, left, width, &skip);
        tb_text_fmt(t, style, "    %.*s", (int)n, text);
    }
}

/* What an arm wrote there, if its run kept that, and when. */
static const struct tb_sample *written_by(const struct tb_metrics *m, int64_t row_id)
{
    for (size_t i = m->n_samples; i-- > 0;)
        if (m->samples[i].row_id == row_id)
            return &m->samples[i];
    return NULL;
}

static void add_arm(const struct tb_screen *s, struct tb_text *t, size_t i, int64_t row_id, int width)
{
    const struct diff_state *st = s->state;
    const struct tb_arm *a = &st->arms.arm[i];
    const struct tb_sample *x = written_by(a->m[0], row_id);
    char loss[32] = "-", delta[32] = "";
    for (size_t k = 0; k < st->n_rows; k++)
        if (st->row[k].row_id == row_id) {
            tb_fmt_unit(loss, sizeof loss, TB_UNIT_LOSS, st->row[k].loss[i]);
            if (i && isfinite(st->row[k].loss[i]))
                snprintf(delta, sizeof delta, "  %+.3f", st->row[k].loss[i] - st->row[k].loss[0]);
        }
    tb_text_fmt(t, tb_style_tint(tb_desk_tint(s->desk, a->item[0]->sum.id)) | TB_STYLE_BOLD, "%c %s   loss %s%s",
                tb_diff_letter(i), a->item[0]->sum.name, loss, delta);
    if (x)
        add_wrapped(t, TB_STYLE_PLAIN, width - 4, x->output);
    else
        tb_text_add(t, TB_STYLE_DIM, "    kept no text of this row (eval.samples, eval.metrics)");
}

void tb_diff_show_row(struct tb_screen *s, int64_t row_id)
{
    struct diff_state *st = s->state;
    const struct tb_json *row = text_of(st, row_id);
    const char *unknown = "(its file is not there)";
    char *title = tb_xasprintf("row #%lld side by side; the lower loss is the better one", (long long)row_id);
    struct tb_text *t = tb_desk_show(s->desk, title);
    int width = s->width > 10 ? s->width - 6 : s->width;
    free(title);
    tb_text_add(t, TB_STYLE_HEAD, "prompt");
    add_wrapped(t, TB_STYLE_PLAIN, width, tb_json_str(tb_json_get(row, "prompt"), unknown));
    tb_text_add(t, TB_STYLE_HEAD, "what stands in the data");
    add_wrapped(t, TB_STYLE_PLAIN, width, tb_json_str(tb_json_get(row, "completion"), unknown));
    tb_text_add(t, TB_STYLE_PLAIN, "");
    for (size_t i = 0; i < st->arms.n; i++)
        add_arm(s, t, i, row_id, width);
}

/* ---- recipes */

static void add_diff(struct tb_text *t, const char *text)
{
    for (const char *at = text; *at;) {
        size_t n = strcspn(at, "\n");
        unsigned style = *at == '-' ? TB_STYLE_BAD : *at == '+' ? TB_STYLE_GOOD : TB_STYLE_DIM;
        tb_text_fmt(t, style, "    %.*s", (int)n, at);
        at += n + (at[n] == '\n');
    }
}

static void add_recipe(struct diff_state *st, struct tb_text *t, size_t i)
{
    const struct tb_metrics *a = st->arms.arm[0].m[0], *b = st->arms.arm[i].m[0];
    struct tb_lines l;
    tb_lines_diff(&l, a->recipe, b->recipe, CONTEXT);
    if (!a->n_recipe && !b->n_recipe)
        tb_text_fmt(t, TB_STYLE_HEAD, "%c against A: both were made from flags; the keys tell them apart",
                    tb_diff_letter(i));
    else if (!l.n_removed && !l.n_added)
        tb_text_fmt(t, TB_STYLE_HEAD, "%c against A: the same text", tb_diff_letter(i));
    else
        tb_text_fmt(t, TB_STYLE_HEAD, "%c against A: %zu lines less, %zu more", tb_diff_letter(i), l.n_removed,
                    l.n_added);
    if (l.n_removed || l.n_added)
        add_diff(t, l.text);
    tb_lines_free(&l);
}

void tb_diff_show_recipes(struct tb_screen *s)
{
    struct diff_state *st = s->state;
    struct tb_text *t = tb_desk_show(s->desk, "recipes, line by line: - of A, + of the other");
    for (size_t i = 1; i < st->arms.n; i++)
        add_recipe(st, t, i);
}

/* ---- points */

struct drawing {
    struct tb_canvas *c;
    unsigned tint[TB_PLOT_LINES];
};

static void draw_points(void *arg, const struct tb_plot *p)
{
    const struct drawing *d = arg;
    tb_curves_draw(d->c, p, d->tint);
}

void tb_diff_draw_plot(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct diff_state *st = s->state;
    const struct tb_run_item *item[DIFF_RUNS];
    const char *label[DIFF_RUNS];
    size_t arm[DIFF_RUNS], n = 0;
    bool is_front[DIFF_RUNS];
    struct drawing d = { .c = c };
    for (size_t i = 0; i < st->arms.n; i++)
        for (size_t k = 0; k < st->arms.arm[i].n && n < DIFF_RUNS; k++) {
            item[n] = st->arms.arm[i].item[k];
            label[n] = st->arms.arm[i].name;
            is_front[n] = st->is_front[item[n] - st->run];
            if (i < TB_PLOT_LINES)
                d.tint[i] = tb_desk_tint(s->desk, st->arms.arm[i].item[0]->sum.id);
            arm[n++] = i;
        }
    struct tb_scatter points = { .item = item, .n = n, .x = st->pareto.column[1], .y = st->pareto.column[0],
                                 .label = label, .is_front = is_front, .arm = arm };
    tb_scatter_with(&points, &(struct tb_plot){ 0 }, draw_points, &d);
}
