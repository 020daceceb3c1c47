/* SPDX-License-Identifier: MIT */
/* recipe_draw.c - the source with what is wrong where it is wrong, beside it what the last good version comes to. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "tui/recipe_priv.h"
#include "view/fmt.h"

enum { BESIDE = 96, NUMBER = 5, TAB = 4 };

/* The column behind the title. */
static int head(struct tb_canvas *c, const char *title, unsigned style)
{
    tb_canvas_rule(c, 0);
    return tb_canvas_fmt(c, 1, 0, style, " %s ", title);
}

/* ---- the source */

/* A line as it is drawn: tabs are blanks. */
struct drawn {
    struct tb_buf text;
    uint8_t *ink; /* of text's bytes */
    size_t from, n; /* what is marked in it */
};

static struct drawn prepare(const char *line, size_t n, size_t mark, size_t n_mark)
{
    struct drawn d = { .ink = tb_xcalloc(n * TAB + 1, 1) };
    uint8_t *ink = tb_xcalloc(n + 1, 1);
    tb_source_paint(line, n, ink);
    for (size_t i = 0; i <= n; i++) {
        d.from = i == mark ? d.text.n : d.from;
        d.n = i == mark + n_mark ? d.text.n - d.from : d.n;
        int times = i < n && line[i] == '\t' ? TAB : i < n;
        for (int k = 0; k < times; k++) {
            d.ink[d.text.n] = ink[i];
            tb_buf_char(&d.text, line[i] == '\t' ? ' ' : line[i]);
        }
    }
    free(ink);
    return d;
}

static unsigned style_of(uint8_t ink)
{
    return ink == TB_INK_COMMENT  ? TB_STYLE_DIM
           : ink == TB_INK_STRING ? TB_STYLE_GOOD
           : ink == TB_INK_WORD   ? TB_STYLE_STRONG
                                  : TB_STYLE_PLAIN;
}

static void draw_pieces(struct tb_canvas *c, int x, int y, const struct drawn *d)
{
    for (size_t i = 0, k; i < d->text.n; i = k) {
        bool is_marked = i >= d->from && i < d->from + d->n;
        for (k = i + 1; k < d->text.n && d->ink[k] == d->ink[i] && k != d->from && k != d->from + d->n;)
            k++;
        unsigned style = is_marked ? TB_STYLE_BAD | TB_STYLE_REVERSE : style_of(d->ink[i]);
        x = tb_canvas_bytes(c, x, y, style, d->text.p + i, k - i);
    }
}

static int cursor_x(const struct recipe *r)
{
    size_t n;
    const char *line = tb_source_line(&r->source, r->line, &n);
    struct drawn before = prepare(line, r->column < n ? r->column : n, n + 1, 0);
    int x = tb_text_width(before.text.p ? before.text.p : "");
    tb_buf_free(&before.text);
    free(before.ink);
    return x;
}

/* at: columns to the left of the cursor in the line that has it; all lines are scrolled so that it is seen. */
static void draw_line(const struct recipe *r, struct tb_canvas *c, int y, int i, int at,
                      const struct tb_place_in *fault)
{
    size_t n;
    const char *line = tb_source_line(&r->source, i, &n);
    int room = c->width - NUMBER, shift = at > room - 12 ? at - room + 12 : 0;
    bool is_faulty = fault->line == i;
    struct drawn d = prepare(line, n, is_faulty ? fault->column : n + 1, is_faulty ? fault->n : 0);
    struct tb_canvas part = tb_canvas_part(c, (struct tb_rect){ NUMBER, y, c->width - NUMBER, 1 });
    unsigned style = is_faulty ? TB_STYLE_BAD : TB_STYLE_DIM;
    tb_canvas_fmt(c, 0, y, style | (i == r->line ? TB_STYLE_REVERSE : 0), "%3d ", i + 1);
    draw_pieces(&part, -shift, 0, &d);
    if (tb_text_width(d.text.p ? d.text.p : "") - shift > room)
        tb_canvas_text(&part, room - 2, 0, TB_STYLE_DIM, "..");
    if (i == r->line)
        tb_canvas_cursor(&part, at - shift, 0);
    tb_buf_free(&d.text);
    free(d.ink);
}

/* "^ t.lora has no 'aplha'; did you mean 'alpha'?" under the line, below the word. */
static int draw_fault(struct tb_canvas *c, int y, const struct tb_place_in *fault, const struct tb_err *err)
{
    int x = NUMBER + (int)(fault->n ? fault->column : 0), width = tb_text_width(err->text) + 2;
    x = x + width > c->width ? c->width - width : x;
    x = x < NUMBER ? NUMBER : x;
    struct tb_canvas part = tb_canvas_part(c, (struct tb_rect){ x + 2, y, c->width - x - 2, 3 });
    tb_canvas_text(c, x, y, TB_STYLE_BAD, "^");
    return tb_canvas_wrap(&part, 0, TB_STYLE_BAD, err->text);
}

static void draw_source(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct recipe *r = s->state;
    struct tb_place_in fault = recipe_fault(s);
    const struct tb_planning *p = recipe_planning(s);
    int n_fault = fault.line >= 0 ? 1 : 0, at = cursor_x(r);
    struct tb_span seen = tb_span_keep(r->first, r->line, r->source.n_lines, c->height - n_fault);
    ((struct recipe *)r)->first = seen.first; /* where it was, for the next time */
    for (int i = seen.first, y = 0; i < r->source.n_lines && y < c->height; i++, y++) {
        draw_line(r, c, y, i, at, &fault);
        if (i == fault.line && y + 1 < c->height)
            y += draw_fault(c, y + 1, &fault, &p->err);
    }
}

static void draw_none(const struct recipe *r, struct tb_canvas *c)
{
    struct tb_canvas part = tb_canvas_part(c, tb_rect_margin(tb_canvas_rect(c)));
    if (r->file_err.kind == TB_ERR_NONE)
        tb_canvas_wrap(&part, 1, TB_STYLE_DIM,
                       "No recipe yet.\n \nL opens one: of this folder, of this store, or one that comes along.\n0 "
                       "puts one together: tick methods, and it is written as you choose.");
    else
        tb_canvas_wrap(&part, 1, TB_STYLE_BAD, r->file_err.text);
}

/* ---- the plan */

struct lines {
    struct tb_canvas *c;
    int y;
};

static void row(struct lines *l, unsigned style, const char *label, const char *text)
{
    struct tb_canvas rest = tb_canvas_part(l->c, (struct tb_rect){ 9, 0, l->c->width - 9, l->c->height });
    tb_canvas_text(l->c, 1, l->y, TB_STYLE_DIM, label);
    l->y = tb_canvas_wrap(&rest, l->y, style, text);
}

static void row_of_unit(struct lines *l, const char *label, enum tb_unit unit, double v, const char *words)
{
    char number[32], text[160];
    snprintf(text, sizeof text, "%s%s", tb_fmt_unit(number, sizeof number, unit, v), words);
    row(l, TB_STYLE_PLAIN, label, text);
}

/* "25,600  1.084 %", or from the smallest to the largest. */
static void draw_arm(struct tb_canvas *c, int y, const struct tb_forecast *f, const struct tb_forecast_arm *a)
{
    char least[32], most[32];
    tb_canvas_field(c, 3, y, 12, TB_STYLE_PLAIN, a->method);
    tb_fmt_count(least, sizeof least, a->least_trainable);
    if (a->least_trainable < a->most_trainable)
        tb_canvas_fmt(c, 16, y, TB_STYLE_PLAIN, "%3zu x %s .. %s", a->n, least,
                      tb_fmt_count(most, sizeof most, a->most_trainable));
    else
        tb_canvas_fmt(c, 16, y, TB_STYLE_PLAIN, "%3zu x %s  %s", a->n, least,
                      tb_fmt_unit(most, sizeof most, TB_UNIT_SHARE, f->run[a->first].share));
}

static void draw_arms(struct lines *l, const struct tb_forecast *f)
{
    char text[160];
    snprintf(text, sizeof text, "%zu in %zu arm%s, runs x trainable", f->n, f->n_arms, f->n_arms == 1 ? "" : "s");
    row(l, TB_STYLE_STRONG, "runs", text);
    for (size_t i = 0; i < f->n_arms; i++)
        draw_arm(l->c, l->y++, f, &f->arm[i]);
}

static void draw_costs(struct lines *l, const struct tb_forecast *f)
{
    char free_text[32], words[96];
    bool is_probed = f->n && strcmp(f->run[0].lr, "probed") == 0;
    row_of_unit(l, "tokens", TB_UNIT_SHORT, (double)f->n_tokens, is_probed ? ", without the probes" : "");
    row_of_unit(l, "time", TB_UNIT_SECONDS, f->est_s, f->is_measured ? ", measured here" : ", a guess");
    tb_fmt_unit(free_text, sizeof free_text, TB_UNIT_BYTES, (double)f->free_bytes);
    snprintf(words, sizeof words, " for the largest run, %s free", free_text);
    row_of_unit(l, "memory", TB_UNIT_BYTES, (double)f->peak_bytes, words);
    if (f->n_new > 1)
        row_of_unit(l, "", TB_UNIT_BYTES, (double)f->together_bytes, " for those that take turns");
    for (size_t i = 0; i < f->n; i++)
        if (f->run[i].is_new && !f->run[i].fits) {
            snprintf(words, sizeof words, "%.60s does not fit", f->run[i].name);
            row(l, TB_STYLE_BAD, "", words);
            break;
        }
    row_of_unit(l, "disk", TB_UNIT_BYTES, (double)f->disk_bytes, ", best and last checkpoints");
}

static void draw_data(struct lines *l, const struct tb_forecast *f)
{
    char rows[32], eval[32];
    const char *path = tb_json_str(tb_json_get(f->data, "path"), "");
    int64_t n_eval = tb_json_int(tb_json_get(f->data, "n_eval"), 0);
    tb_fmt_count(rows, sizeof rows, tb_json_int(tb_json_get(f->data, "n_train"), 0));
    tb_fmt_count(eval, sizeof eval, n_eval);
    char *text = tb_xasprintf("%s%s%s rows to train on, %s scored", tb_path_base(path), *path ? ": " : "", rows, eval);
    row(l, TB_STYLE_PLAIN, "data", text);
    free(text);
    if (f->data && n_eval == 0)
        row(l, TB_STYLE_WARN, "", "no row is held out: nothing will be compared; set eval = 0.1");
}

static void draw_done(struct lines *l, const struct tb_forecast *f)
{
    char text[160];
    if (f->n_there)
        snprintf(text, sizeof text, "%zu of %zu in the store already, same config, data and seed: not run again",
                 f->n_there, f->n);
    else
        snprintf(text, sizeof text, "none yet");
    row(l, f->n_there ? TB_STYLE_GOOD : TB_STYLE_DIM, "done", text);
    if (f->n_same) {
        snprintf(text, sizeof text, "%zu written twice: made once", f->n_same);
        row(l, TB_STYLE_DIM, "", text);
    }
}

static void draw_search(struct lines *l, const struct tb_forecast *f)
{
    const struct tb_json *search = tb_json_get(f->sweep, "search"), *prune = tb_json_get(f->sweep, "prune");
    const char *kind = tb_json_str(tb_json_get(search, "kind"), ""),
               *rule = tb_json_str(tb_json_get(prune, "kind"), "");
    char text[160], least[32];
    size_t n_seeds = tb_json_len(tb_json_get(f->sweep, "seeds")), n_arms = tb_json_len(tb_json_get(f->sweep, "arms"));
    int64_t finalists = tb_json_int(tb_json_get(f->sweep, "finalists"), 0);
    if (!*kind)
        return;
    snprintf(text, sizeof text, "%s, %lld trials in each of %zu arm%s", kind,
             (long long)tb_json_int(tb_json_get(search, "trials"), 0), n_arms, n_arms == 1 ? "" : "s");
    row(l, TB_STYLE_PLAIN, "search", text);
    if (finalists && n_seeds > 1) {
        snprintf(text, sizeof text, "then the best %lld of each with %zu more seeds", (long long)finalists,
                 n_seeds - 1);
        row(l, TB_STYLE_PLAIN, "", text);
    }
    if (*rule) {
        snprintf(text, sizeof text, "%s, from %s tokens on", rule,
                 tb_fmt_unit(least, sizeof least, TB_UNIT_SHORT, tb_json_real(tb_json_get(prune, "min"), NAN)));
        row(l, TB_STYLE_PLAIN, "prune", text);
    }
}

/* From row y on, which may lie above; the row behind. */
static int put_plan(const struct tb_screen *s, struct tb_canvas *c, int y)
{
    const struct tb_planning *p = recipe_planning(s);
    const struct recipe *r = s->state;
    struct lines l = { .c = c, .y = y };
    char where[sizeof p->err.where + sizeof p->err.text + 32];
    bool is_answered = p && p->answered && !tb_planning_is_busy(p), is_bad = is_answered && !p->is_good;
    if (is_bad && recipe_fault(s).line < 0)
        row(&l, TB_STYLE_BAD, "wrong", tb_err_string(&p->err, where, sizeof where));
    if (p && p->is_there) {
        draw_arms(&l, &p->forecast);
        draw_costs(&l, &p->forecast);
        draw_data(&l, &p->forecast);
        draw_done(&l, &p->forecast);
        draw_search(&l, &p->forecast);
    } else if (r->path || r->source.n) {
        row(&l, TB_STYLE_DIM, "",
            p && tb_planning_is_busy(p) ? "measuring: two seconds for each method that is new here .."
                                        : "no version was good yet");
    }
    return l.y;
}

int recipe_plan_rows(const struct tb_screen *s, int width)
{
    struct tb_sheet none = { .width = width };
    return put_plan(s, &(struct tb_canvas){ .sheet = &none, .width = width }, 0);
}

static const char *plan_title(const struct tb_screen *s)
{
    const struct tb_planning *p = recipe_planning(s);
    if (p && tb_planning_is_busy(p))
        return p->is_there ? "PLAN  as before; asking .." : "PLAN  asking ..";
    return p && p->answered && !p->is_good && p->is_there ? "PLAN  last good version" : "PLAN";
}

/* Below its title, beside which it says that there are rows that are not seen. */
static void draw_plan(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct recipe *r = s->state;
    struct tb_canvas body = tb_canvas_part(c, (struct tb_rect){ 0, 1, c->width, c->height - 1 });
    int most = recipe_plan_rows(s, body.width) - body.height,
        first = most <= 0 ? 0 : r->plan_first > most ? most : r->plan_first;
    int x = head(c, plan_title(s), TB_STYLE_HEAD | (r->is_at_plan ? TB_STYLE_REVERSE : 0));
    put_plan(s, &body, -first);
    tb_canvas_beyond(c, x, 0, (struct tb_beyond){ first > 0, first < most });
}

/* ---- all of it */

static void draw_overrides(const struct recipe *r, struct tb_canvas *c)
{
    int x = tb_canvas_text(c, 1, 0, TB_STYLE_DIM, "overrides ");
    for (size_t i = 0; i < tb_json_len(r->overrides); i++)
        x = tb_canvas_fmt(c, x, 0, TB_STYLE_STRONG, " %s", tb_json_str(tb_json_at(r->overrides, i), ""));
    tb_canvas_field(c, x, 0, c->width - x, TB_STYLE_DIM,
                    tb_json_len(r->overrides) ? "  the same as --set; kept with every run"
                                              : " none   o sets one, as budget=20k: the same as --set");
}

static void draw_title(const struct recipe *r, struct tb_canvas *c)
{
    char *title = r->path && r->is_gone ? tb_xasprintf("%s  is gone: this is what was read last; w saves it", r->path)
                  : r->path             ? tb_xstrdup(r->path)
                  : r->source.n         ? tb_xstrdup("what Start has put together; no file yet, w saves it")
                                        : tb_xstrdup("nothing is open");
    head(c, title, r->is_gone ? TB_STYLE_BAD : TB_STYLE_HEAD);
    free(title);
}

struct recipe_layout recipe_layout(const struct recipe *r, int width, int height)
{
    struct recipe_layout l = { .is_beside = width >= BESIDE };
    struct tb_rect whole = { 0, 0, width, height }, part[2];
    bool is_at_plan = r->is_at_plan;
    const struct tb_part columns[] = { { .least = 50, .weight = 3 }, { .least = 38, .weight = 1, .most = 60 } };
    const struct tb_part rows[] = { { .least = is_at_plan ? 3 : 5, .weight = is_at_plan ? 1 : 3, .fold = is_at_plan },
                                    { .least = 3, .weight = is_at_plan ? 4 : 2, .most = is_at_plan ? 0 : 12,
                                      .fold = !is_at_plan } };
    l.foot = tb_rect_cut(&whole, r->path ? -1 : 0);
    if (l.is_beside)
        tb_split_columns(whole, 1, columns, 2, part);
    else
        tb_split_rows(whole, 0, rows, 2, part);
    l.source = part[0];
    l.plan = part[1];
    return l;
}

void recipe_draw(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct recipe *r = s->state;
    struct recipe_layout l = recipe_layout(r, c->width, c->height);
    struct tb_canvas left = tb_canvas_part(c, l.source), right = tb_canvas_part(c, l.plan),
                     last = tb_canvas_part(c, l.foot);
    struct tb_canvas source = tb_canvas_part(&left, (struct tb_rect){ 0, 1, left.width, left.height - 1 });
    draw_title(r, &left);
    if (r->source.n)
        draw_source(s, &source);
    else
        draw_none(r, &source);
    draw_plan(s, &right);
    if (l.is_beside)
        tb_canvas_wall(c, l.source.width, 1, l.source.height - 1);
    if (r->path)
        draw_overrides(r, &last);
    if (r->list != RECIPE_NO_LIST)
        recipe_list_draw(r, c);
}
