/* SPDX-License-Identifier: MIT */
/* start_draw.c - the Start screen from its state. Figures stand in the row of the arm that they are of; those of an
 * older question are dim until the new answer is there. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "plan/schema.h"
#include "tui/start_priv.h"
#include "view/fmt.h"

enum { WIDEST = 120 };

static const char *text_of(const struct tb_json *map, const char *key)
{
    return tb_json_str(tb_json_get(map, key), "");
}

static double number_of(const struct tb_json *map, const char *key)
{
    return tb_json_real(tb_json_get(map, key), NAN);
}

static void head(struct tb_canvas *c, struct tb_rect list, const char *title, bool has_focus)
{
    struct tb_canvas part = tb_canvas_part(c, (struct tb_rect){ list.x, list.y - 1, list.width, 1 });
    tb_canvas_rule(&part, 0);
    tb_canvas_fmt(&part, 1, 0, TB_STYLE_HEAD | (has_focus ? TB_STYLE_REVERSE : 0), " %s ", title);
}

/* A path by its end, which says more than its beginning. */
static void draw_path(struct tb_canvas *c, int x, int y, int width, unsigned style, const char *path)
{
    size_t cut = tb_text_tail(path, width);
    tb_canvas_field(c, x, y, width, style, path + cut);
    if (cut)
        tb_canvas_text(c, x, y, style, "..");
}

/* ---- models and data */

static void draw_model(struct tb_canvas *c, int y, const struct tb_json *e, unsigned style)
{
    char params[32], bytes[32];
    int right = 17;
    draw_path(c, 3, y, c->width - right - 4, style, text_of(e, "name"));
    tb_canvas_right(c, c->width - right, y, 7, style,
                    tb_fmt_unit(params, sizeof params, TB_UNIT_SHORT, number_of(e, "parameters")));
    tb_canvas_right(c, c->width - right + 7, y, 9, style,
                    tb_fmt_unit(bytes, sizeof bytes, TB_UNIT_BYTES, number_of(e, "bytes")));
    if (c->width >= 60)
        tb_canvas_fmt(c, c->width - right - 16, y, style, "%-7.7s %-7.7s", text_of(e, "arch"), text_of(e, "type"));
}

/* "MR||text", "jsonl", "text": how it is read. */
static void data_kind(const struct tb_json *e, char *dst, size_t n)
{
    const char *sep = text_of(e, "sep");
    if (*sep)
        snprintf(dst, n, "%s %s", text_of(e, "kind"), strcmp(sep, "\t") == 0 || strcmp(sep, "\\t") == 0 ? "tab" : sep);
    else
        snprintf(dst, n, "%s", text_of(e, "kind"));
}

static void draw_data(struct tb_canvas *c, int y, const struct tb_json *e, unsigned style)
{
    char rows[32], kind[32], words[48];
    int right = 24;
    bool is_exact = tb_json_bool(tb_json_get(e, "rows_are_exact"), true);
    data_kind(e, kind, sizeof kind);
    tb_fmt_count(rows, sizeof rows, tb_json_int(tb_json_get(e, "rows"), -1));
    snprintf(words, sizeof words, "%s%s rows", is_exact ? "" : "~", rows);
    draw_path(c, 3, y, c->width - right - 4, style, text_of(e, "name"));
    tb_canvas_right(c, c->width - right, y, 13, style, words);
    tb_canvas_field(c, c->width - right + 14, y, 9, style, kind);
}

static void draw_unusable(struct tb_canvas *c, int y, const struct tb_json *e)
{
    const char *why = text_of(e, "why");
    int half = c->width / 2 < 24 ? c->width / 2 : 24;
    draw_path(c, 3, y, half, TB_STYLE_DIM, text_of(e, "path"));
    tb_canvas_field(c, half + 4, y, c->width - half - 4, TB_STYLE_WARN,
                    *why ? why : "a comma in its name: it can only stand in a recipe");
}

static void draw_none(const struct start *st, struct tb_canvas *c, enum start_pane pane, int y)
{
    const char *what =
        pane == START_MODELS ? "a adds a .gguf file or a Hugging Face folder" : "a adds a .txt .jsonl .csv file";
    if (!st->was_scanned && y == 0)
        tb_canvas_text(c, 3, y, TB_STYLE_DIM, "looking ..");
    else if (y < c->height)
        tb_canvas_field(c, 1, y, c->width - 1, TB_STYLE_DIM, what);
}

static void draw_list(const struct start *st, struct tb_canvas *c, struct tb_rect r, enum start_pane pane)
{
    struct tb_canvas part = tb_canvas_part(c, r);
    const char *chosen = pane == START_MODELS ? st->setup.base : st->setup.data;
    int n = (int)start_list_len(st, pane), at = st->at[pane];
    struct tb_span seen = tb_span_keep(0, at, n, n > r.height ? r.height : r.height - (n < r.height));
    for (int i = seen.first; i < seen.end; i++) {
        const struct tb_json *e = start_entry(st, pane, (size_t)i);
        int y = i - seen.first;
        bool is_it = chosen && strcmp(text_of(e, pane == START_MODELS ? "name" : "data"), chosen) == 0;
        if (!start_is_usable(e))
            draw_unusable(&part, y, e);
        else if (pane == START_MODELS)
            draw_model(&part, y, e, is_it ? TB_STYLE_STRONG : TB_STYLE_PLAIN);
        else
            draw_data(&part, y, e, is_it ? TB_STYLE_STRONG : TB_STYLE_PLAIN);
        tb_canvas_text(&part, 1, y, TB_STYLE_STRONG, is_it ? ">" : " ");
        if (i == at && st->pane == pane)
            tb_canvas_add_bits(&part, (struct tb_rect){ 0, y, part.width, 1 }, TB_STYLE_REVERSE);
    }
    draw_none(st, &part, pane, seen.end - seen.first);
}

static void draw_preview(const struct start *st, struct tb_canvas *c, struct tb_rect r)
{
    struct tb_canvas part = tb_canvas_part(c, r);
    const struct tb_json *e = start_entry(st, START_DATA, (size_t)st->at[START_DATA]);
    if (!e || r.height < 1 || !start_is_usable(e))
        return;
    bool has_prompt = *text_of(e, "prompt");
    tb_canvas_field(&part, 3, 0, r.width - 4, TB_STYLE_DIM,
                    has_prompt ? text_of(e, "prompt") : text_of(e, "completion"));
    if (has_prompt && r.height > 1) {
        tb_canvas_text(&part, 3, 1, TB_STYLE_DIM, "=>");
        tb_canvas_field(&part, 6, 1, r.width - 7, TB_STYLE_PLAIN, text_of(e, "completion"));
    }
}

/* ---- methods */

/* "r 8  targets q+v  lr 0.01": the size, what somebody changed, the rate. */
static char *summary_of(const struct start *st, const struct tb_setup_arm *a, const char *kind)
{
    const struct tb_schema *word = tb_schema_find("method", kind);
    struct tb_json *values = tb_setup_values(a);
    struct tb_buf b = { 0 };
    char rate[32];
    const struct tb_key *size = word && word->keys[0].type == TB_KEY_INT ? word->keys : NULL;
    if (!word || !values)
        tb_buf_str(&b, strchr(a->text, '(') ? strchr(a->text, '(') : a->text);
    if (size && values && !tb_json_get(values, size->name))
        tb_buf_fmt(&b, "%s %s  ", size->name, size->def ? size->def : "");
    for (void *it = tb_json_first(values); it; it = tb_json_next(values, it)) {
        char *text = tb_setup_typed(tb_json_iter_value(it));
        tb_buf_fmt(&b, "%s %s  ", tb_json_iter_key(it), text);
        free(text);
    }
    if (word && values && !tb_json_get(values, "lr")) {
        double lr = st->setup.rates == TB_RATES_SIZE ? tb_setup_rate(kind, st->setup.n_params) : NAN;
        tb_fmt_unit(rate, sizeof rate, TB_UNIT_RATE, isnan(lr) ? word->lr : lr);
        tb_buf_fmt(&b, "lr %s", st->setup.rates == TB_RATES_PROBE ? "probed" : rate);
    }
    tb_json_free(values);
    return tb_buf_take(&b);
}

/* Columns of figures from the right: time, memory, share, trainable. The widest screens have them all. */
struct columns {
    int time, memory, share, trainable; /* x; -1: no room */
    int words; /* columns left of them */
};

static struct columns columns_of(int width)
{
    width = width < WIDEST ? width : WIDEST; /* figures stay near the names that they belong to */
    struct columns k = { .time = width - 10, .memory = width - 20, .share = width - 31, .trainable = width - 43 };
    k.words = k.trainable;
    if (width < 80) {
        k.trainable = k.share = -1;
        k.words = k.memory;
    }
    return k;
}

static void figure(struct tb_canvas *c, int x, int y, int width, unsigned style, enum tb_unit unit, double v)
{
    char text[32];
    if (x >= 0)
        tb_canvas_right(c, x, y, width, style, tb_fmt_unit(text, sizeof text, unit, v));
}

static void draw_figures(const struct start *st, struct tb_canvas *c, int y, const struct start_figure *g)
{
    const struct tb_forecast_run *r = &st->planning.forecast.run[g->run];
    struct columns k = columns_of(c->width);
    bool is_old = tb_planning_is_busy(&st->planning) || !st->planning.is_good;
    unsigned style = is_old ? TB_STYLE_DIM : TB_STYLE_PLAIN;
    figure(c, k.trainable, y, 11, style, TB_UNIT_COUNT, (double)r->n_trainable);
    figure(c, k.share, y, 10, style, TB_UNIT_SHARE, r->share);
    figure(c, k.memory, y, 9, is_old || r->fits ? style : TB_STYLE_BAD, TB_UNIT_BYTES, (double)r->peak_bytes);
    if (g->n_there == g->n)
        tb_canvas_right(c, k.time, y, 9, TB_STYLE_GOOD, r->state);
    else
        figure(c, k.time, y, 9, style, TB_UNIT_SECONDS, g->est_s);
}

static void draw_arm(const struct start *st, struct tb_canvas *c, int y, size_t i)
{
    const struct tb_setup_arm *a = &st->setup.arm[i];
    struct columns k = columns_of(c->width);
    char *kind = tb_setup_kind(a), *summary = summary_of(st, a, kind), *method = tb_setup_method(&st->setup, i, NULL);
    const struct start_figure *g = a->is_on ? start_figure_of(st, method) : NULL;
    tb_canvas_fmt(c, 1, y, a->is_on ? TB_STYLE_STRONG : TB_STYLE_PLAIN, "[%c] %s", a->is_on ? 'x' : ' ', kind);
    tb_canvas_field(c, 12, y, k.words - 12, method ? a->is_on ? TB_STYLE_PLAIN : TB_STYLE_DIM : TB_STYLE_BAD, summary);
    if (g)
        draw_figures(st, c, y, g);
    free(kind);
    free(summary);
    free(method);
}

static void draw_methods(const struct start *st, struct tb_canvas *c, struct tb_rect r)
{
    struct tb_canvas part = tb_canvas_part(c, r),
                     title = tb_canvas_part(c, (struct tb_rect){ r.x, r.y - 1, r.width, 1 });
    struct columns k = columns_of(r.width);
    struct tb_span seen = tb_span_keep(0, st->at[START_METHODS], (int)st->setup.n_arms, r.height);
    head(c, r, "METHODS TO COMPARE", st->pane == START_METHODS);
    if (k.trainable >= 0) {
        tb_canvas_text(&title, k.trainable + 1, 0, TB_STYLE_HEAD, " trainable");
        tb_canvas_text(&title, k.share + 2, 0, TB_STYLE_HEAD, " of base");
    }
    tb_canvas_text(&title, k.memory + 2, 0, TB_STYLE_HEAD, " memory");
    tb_canvas_text(&title, k.time + 4, 0, TB_STYLE_HEAD, " time");
    for (int i = seen.first; i < seen.end; i++) {
        draw_arm(st, &part, i - seen.first, (size_t)i);
        if (i == st->at[START_METHODS] && st->pane == START_METHODS)
            tb_canvas_add_bits(&part, (struct tb_rect){ 0, i - seen.first, part.width, 1 }, TB_STYLE_REVERSE);
    }
}

/* ---- what it comes to */

/* "3 runs, turn by turn on one base" */
static void runs_in_words(const struct tb_forecast *f, char *dst, size_t n)
{
    if (f->n_new == 0)
        snprintf(dst, n, "%s in the store already: nothing is left to train",
                 f->n == 1 ? "this run is" : "all runs are");
    else if (f->n_there)
        snprintf(dst, n, "%zu runs to train, %zu in the store already", f->n_new, f->n_there);
    else
        snprintf(dst, n, "%zu run%s%s", f->n, f->n == 1 ? "" : "s", f->n == 1 ? "" : ", turn by turn on one base");
}

static void draw_totals(const struct start *st, struct tb_canvas *c, int y)
{
    const struct tb_forecast *f = &st->planning.forecast;
    struct columns k = columns_of(c->width);
    bool is_old = tb_planning_is_busy(&st->planning) || !st->planning.is_good,
         fits = f->together_bytes <= f->free_bytes;
    char words[120], free_text[32], rate[48] = "";
    unsigned style = is_old ? TB_STYLE_DIM : TB_STYLE_STRONG;
    runs_in_words(f, words, sizeof words);
    tb_fmt_unit(free_text, sizeof free_text, TB_UNIT_BYTES, (double)f->free_bytes);
    if (f->est_s > 0)
        snprintf(rate, sizeof rate, ", %.0f tok/s%s", (double)f->n_tokens / f->est_s,
                 f->is_measured ? "" : " (a guess)");
    char *all = tb_xasprintf("%s%s", words, rate);
    tb_canvas_field(c, 5, y, k.memory - 5, style, all);
    free(all);
    figure(c, k.memory, y, 9, is_old || fits ? style : TB_STYLE_WARN, TB_UNIT_BYTES, (double)f->together_bytes);
    figure(c, k.time, y, 9, style, TB_UNIT_SECONDS, f->est_s);
}

/* Whether it fits, and what the memory of the arm under the cursor is made of. */
static void draw_memory(const struct start *st, struct tb_canvas *c, int y)
{
    const struct tb_forecast *f = &st->planning.forecast;
    struct tb_forecast_part part[12];
    char bytes[32];
    char *method = tb_setup_method(&st->setup, (size_t)st->at[START_METHODS], NULL);
    const struct start_figure *g = start_figure_of(st, method);
    size_t run = g ? g->run : 0, n = f->n ? tb_forecast_parts(f, run, part, 12) : 0;
    bool fits = f->n && f->run[run].fits, all_fit = f->together_bytes <= f->free_bytes;
    tb_fmt_unit(bytes, sizeof bytes, TB_UNIT_BYTES, (double)f->free_bytes);
    int x = tb_canvas_fmt(c, 5, y, fits ? TB_STYLE_GOOD : TB_STYLE_BAD, "%s",
                          !fits     ? "does not fit: "
                          : all_fit ? "fits: "
                                    : "fits one by one: ");
    x = tb_canvas_fmt(c, x, y, TB_STYLE_PLAIN, "%s free, %lld processors", bytes, (long long)st->n_cpus);
    struct tb_buf b = { 0 };
    if (n)
        tb_buf_fmt(&b, ".  %s: ", f->run[run].name);
    for (size_t i = 0; i < n; i++)
        tb_buf_fmt(&b, "%s%s %s", i ? ", " : "", strcmp(part[i].name, "fixed") == 0 ? "process" : part[i].name,
                   tb_fmt_unit(bytes, sizeof bytes, TB_UNIT_BYTES, (double)part[i].bytes));
    tb_canvas_field(c, x, y, c->width - x, TB_STYLE_DIM, n ? b.p : "");
    tb_buf_free(&b);
    free(method);
}

/* What the arm under the cursor is, or why rates are as they are. */
static const char *const setting_help[][2] = {
    { "budget", "100k or 2M tokens, 300 steps, 2 epochs, 30 minutes: the same for every arm" },
    { "seeds", "how many: each arm is trained with seeds 0, 1, .., and the spread tells luck from skill" },
    { "every", "10k tokens or 50 steps; empty: at 0, 25, 50, 75 and 100 % of the budget" },
    { "held", "share of the prompts that is kept from training and scored; empty: a tenth" },
    { "rates", "left and right: those known for bases of this size, each method's own, or five tried before each run" },
};

static void draw_note(const struct start *st, struct tb_canvas *c, int y)
{
    if (st->pane == START_SETTINGS) {
        const char *name = st->settings.entry[st->settings.at].name;
        for (size_t i = 0; i < sizeof setting_help / sizeof *setting_help; i++)
            if (strcmp(setting_help[i][0], name) == 0)
                tb_canvas_text(c, 5, y, TB_STYLE_DIM, setting_help[i][1]);
        return;
    }
    char *kind = tb_setup_kind(&st->setup.arm[st->at[START_METHODS]]);
    const struct tb_schema *word = tb_schema_find("method", kind);
    bool is_small = !isnan(tb_setup_rate("lora", st->setup.n_params));
    if (st->pane == START_METHODS && word)
        tb_canvas_fmt(c, 5, y, TB_STYLE_DIM, "%s: %s; e edits its keys", kind, word->help);
    else if (st->setup.rates == TB_RATES_SIZE && is_small)
        tb_canvas_text(c, 5, y, TB_STYLE_DIM, "same rows, order and budget for all; rates known for so small a base");
    else if (st->setup.rates == TB_RATES_PROBE)
        tb_canvas_text(c, 5, y, TB_STYLE_DIM,
                       "same rows, order and budget for all; five rates are tried before each run");
    else
        tb_canvas_text(c, 5, y, TB_STYLE_DIM, "same rows, order and budget for all; each method its own rate");
    free(kind);
}

static const struct tb_err *trouble_of(const struct start *st)
{
    if (st->wrong.kind != TB_ERR_NONE)
        return st->was_scanned || st->setup.base ? &st->wrong : NULL;
    if (st->scan_err.kind != TB_ERR_NONE)
        return &st->scan_err;
    bool is_answered = !tb_planning_is_busy(&st->planning) && st->planning.answered;
    return is_answered && !st->planning.is_good ? &st->planning.err : NULL;
}

static void draw_sums(const struct start *st, struct tb_canvas *c, struct tb_rect r)
{
    struct tb_canvas part = tb_canvas_part(c, r);
    struct tb_canvas words = tb_canvas_part(&part, (struct tb_rect){ 5, 0, r.width - 6, r.height });
    const struct tb_json *e = st->pane <= START_DATA ? start_entry(st, st->pane, (size_t)st->at[st->pane]) : NULL;
    const struct tb_err *err = trouble_of(st);
    char text[sizeof err->where + sizeof err->text + 32];
    if (e && !start_is_usable(e)) {
        char *why = tb_xasprintf("%s: %s", tb_path_base(text_of(e, "path")), text_of(e, "why"));
        tb_canvas_wrap(&words, 0, TB_STYLE_WARN, why);
        free(why);
        return;
    }
    if (err) {
        tb_canvas_wrap(&words, 0, TB_STYLE_BAD, tb_err_string(err, text, sizeof text));
        return;
    }
    if (st->planning.is_there) {
        draw_totals(st, &part, 0);
        draw_memory(st, &part, 1);
    } else if (tb_planning_is_busy(&st->planning)) {
        tb_canvas_text(&part, 5, 0, TB_STYLE_DIM,
                       "measuring: two seconds for each method that is new to this machine ..");
    }
    if (r.height > 2)
        draw_note(st, &part, 2);
}

static void draw_settings(const struct start *st, struct tb_canvas *c, struct tb_rect r)
{
    struct tb_canvas part = tb_canvas_part(c, r);
    const struct tb_form *f = &st->settings;
    int x = 1, y = 0;
    for (size_t i = 0; i < f->n; i++) {
        const struct tb_entry *e = &f->entry[i];
        bool has_focus = st->pane == START_SETTINGS && f->at == i, is_choice = e->kind == TB_ENTRY_CHOICE;
        int label = tb_text_width(e->label), text = tb_text_width(tb_field_text(&e->field)) + 1;
        int room = is_choice || text > 6 ? text < 24 ? text : 24 : 6;
        const char *unit = tb_form_unit(e, tb_field_text(&e->field));
        if (x + label + room + 3 > r.width && y + 1 < r.height) {
            x = 1;
            y++;
        }
        tb_canvas_text(&part, x, y, has_focus ? TB_STYLE_STRONG | TB_STYLE_REVERSE : TB_STYLE_PLAIN, e->label);
        tb_canvas_text(&part, x + label + 1, y, TB_STYLE_PLAIN, "[");
        tb_field_draw(&e->field, &part, x + label + 2, y, room, e->err.kind ? TB_STYLE_BAD : TB_STYLE_FIELD, has_focus);
        int end = tb_canvas_text(&part, x + label + 2 + room, y, TB_STYLE_PLAIN, "]");
        x = tb_canvas_text(&part, end, y, TB_STYLE_PLAIN, unit) + 2;
    }
}

static int lines_of(const char *text)
{
    const char *from = text ? strstr(text, "return") : NULL;
    int n = 0;
    for (; from && *from; from++)
        n += *from == '\n';
    return n;
}

/* From "return" on, one word behind the other. */
static char *compact(const char *recipe)
{
    const char *text = recipe ? strstr(recipe, "return") : NULL;
    struct tb_buf b = { 0 };
    for (; text && *text; text++)
        if (*text != '\n' && *text != ' ')
            tb_buf_char(&b, *text);
        else if (b.n && b.p[b.n - 1] != ' ')
            tb_buf_char(&b, ' ');
    return tb_buf_take(&b);
}

/* Its lines, or its words where the lines are too many. */
static void draw_recipe(const struct start *st, struct tb_canvas *c, struct tb_rect r)
{
    struct tb_canvas part = tb_canvas_part(c, (struct tb_rect){ 3, r.y, r.width - 4, r.height });
    const char *line = st->recipe ? strstr(st->recipe, "return") : NULL;
    if (lines_of(st->recipe) > r.height) {
        char *words = compact(st->recipe);
        tb_canvas_wrap(&part, 0, TB_STYLE_PLAIN, words);
        free(words);
        return;
    }
    for (int y = 0; line && *line && y < r.height; y++) {
        size_t n = strcspn(line, "\n");
        tb_canvas_bytes(&part, 0, y, TB_STYLE_PLAIN, line, n);
        line += n + (line[n] == '\n');
    }
}

static void draw_words(const struct start *st, struct tb_canvas *c, const struct start_layout *l)
{
    struct tb_canvas part = tb_canvas_part(c, (struct tb_rect){ 1, l->command.y, c->width - 2, l->command.height });
    struct tb_rect under = l->recipe.height ? l->recipe : l->command;
    if (l->command.height < 1)
        return;
    head(c, under,
         l->recipe.height ? "THE SAME AS A RECIPE AND AS A COMMAND  4 shows it whole, w saves it"
                          : "THE SAME AS A COMMAND  4 shows the recipe, w saves it",
         false);
    draw_recipe(st, c, l->recipe);
    if (st->command)
        tb_canvas_wrap(&part, 0, TB_STYLE_DIM, st->command);
}

static const char dots[] = "⠃⠗⠁⠊⠇⠇⠑  if this is no word of dots:  :set glyphs block";

/* On a first start whether dots are seen; else where other runs are. */
static void draw_foot(const struct tb_screen *s, struct tb_canvas *c, struct tb_rect r)
{
    const struct start *st = s->state;
    struct tb_canvas part = tb_canvas_part(c, r);
    int x = 1;
    if (r.height < 1)
        return;
    if (!s->desk->n && tb_canvas_glyphs(c) == TB_GLYPHS_BRAILLE)
        x = tb_canvas_text(&part, x, 0, TB_STYLE_DIM, dots) + 3;
    if (tb_json_len(st->stores))
        x = tb_canvas_text(&part, x, 0, TB_STYLE_DIM, "other stores (tunebench --store DIR): ");
    for (size_t i = 0; i < tb_json_len(st->stores) && x < r.width; i++)
        x = tb_canvas_fmt(&part, x, 0, TB_STYLE_PLAIN, "%s  ", tb_json_str(tb_json_at(st->stores, i), ""));
}

/* ---- over it */

static void draw_editor(const struct start *st, struct tb_canvas *c)
{
    int height = (int)st->keys.n + 4;
    struct tb_rect r = tb_rect_center(tb_canvas_rect(c), 76, height < 6 ? 6 : height);
    char *kind = tb_setup_kind(&st->setup.arm[st->at[START_METHODS]]);
    char *title = tb_xasprintf("keys of %s; empty: the default; enter takes them, esc leaves it", kind);
    tb_canvas_fill(c, r, TB_STYLE_PLAIN);
    struct tb_rect in = tb_canvas_box(c, r, title);
    struct tb_canvas part = tb_canvas_part(c, (struct tb_rect){ in.x + 1, in.y, in.width - 2, in.height });
    tb_form_draw(&st->keys, &part, true);
    free(title);
    free(kind);
}

static void draw_adding(const struct start *st, struct tb_canvas *c)
{
    struct tb_rect r = { 0, c->height - 5, c->width, 5 };
    tb_canvas_fill(c, r, TB_STYLE_PLAIN);
    struct tb_rect in =
        tb_canvas_box(c, r, "a model or data, by its path; tab completes, enter looks at it, esc leaves it");
    struct tb_canvas part = tb_canvas_part(c, (struct tb_rect){ in.x + 1, in.y, in.width - 2, in.height });
    tb_field_draw(&st->path, &part, 0, 0, part.width, TB_STYLE_FIELD, true);
    struct tb_canvas rest = tb_canvas_part(&part, (struct tb_rect){ 0, 1, part.width, part.height - 1 });
    if (st->others)
        tb_canvas_wrap(&rest, 0, TB_STYLE_DIM, st->others);
}

/* One for the words that stand in an empty list. */
static int list_rows(const struct start *st, enum start_pane pane)
{
    int n = (int)start_list_len(st, pane);
    return n ? n : 1;
}

struct start_layout start_layout_of(const struct start *st, int width, int height)
{
    char *words = compact(st->recipe);
    const struct start_sizes n = {
        .n_models = list_rows(st, START_MODELS),
        .n_data = list_rows(st, START_DATA),
        .n_arms = (int)st->setup.n_arms,
        .n_recipe = lines_of(st->recipe),
        .n_compact = tb_wrap_rows(width - 4, words),
        .n_command = st->command ? tb_wrap_rows(width - 2, st->command) : 1,
    };
    free(words);
    return start_lay_out(width, height, &n);
}

void start_draw(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct start *st = s->state;
    struct start_layout l = start_layout_of(st, c->width, c->height);
    head(c, l.models, "BASE MODEL", st->pane == START_MODELS);
    head(c, l.data, "DATA", st->pane == START_DATA);
    draw_list(st, c, l.models, START_MODELS);
    draw_list(st, c, l.data, START_DATA);
    draw_preview(st, c, l.preview);
    if (l.is_beside)
        tb_canvas_wall(c, l.models.x + l.models.width, l.models.y, l.models.height);
    draw_methods(st, c, l.methods);
    draw_sums(st, c, l.sums);
    draw_settings(st, c, l.settings);
    draw_words(st, c, &l);
    draw_foot(s, c, l.foot);
    if (st->is_editing)
        draw_editor(st, c);
    if (st->is_adding)
        draw_adding(st, c);
}
