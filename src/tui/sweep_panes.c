/* SPDX-License-Identifier: MIT */
/* sweep_panes.c - around the trials: sums, rungs, importance of keys, a scatter, what runs now and what comes next. */
#include "tui/sweep_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/str.h"
#include "tui/curves.h"
#include "tui/pieces.h"

enum { NAME = 16, LEAST_NAME = 8, LEAST_BAR = 4, MOST_BAR = 40, COUNTS = 9, NEXT = 3 };

/* ---- the head */

/* What those are called that were trained when they were looked at last. */
static const char *now_word(const struct tb_sweep_view *v)
{
    switch (v->s->phase) {
    case TB_SWEEP_PAUSED: return "held";
    case TB_SWEEP_STOPPED: return "ending";
    default: return v->is_led ? "running" : "left";
    }
}

static void count_runs(const struct tb_sweep_view *v, char *dst, size_t n)
{
    int used = snprintf(dst, n, "%zu over", v->n_over);
    if (v->n_now)
        used += snprintf(dst + used, n - (size_t)used, "  %zu %s", v->n_now, now_word(v));
    if (v->n_next)
        snprintf(dst + used, n - (size_t)used, "  %zu waiting", v->n_next);
}

static void draw_first(const struct tb_sweep_view *v, struct tb_canvas *c)
{
    const struct tb_sweep *s = v->s;
    struct tb_piece p[7] = { { .style = TB_STYLE_STRONG },        { .style = TB_STYLE_PLAIN, .drop = 2 },
                          { .style = TB_STYLE_DIM, .drop = 5 }, { .style = TB_STYLE_DIM, .drop = 4 },
                          { .style = TB_STYLE_GOOD, .drop = 1 }, { .style = TB_STYLE_GOOD, .drop = 3 },
                          { .style = TB_STYLE_PLAIN } };
    char best[32];
    snprintf(p[0].text, sizeof p[0].text, "%.8s", s->id);
    tb_str_copy(p[1].text, sizeof p[1].text, tb_path_base(s->plan->recipe_path));
    snprintf(p[2].text, sizeof p[2].text, "%s, %lld an arm%s%s", s->search->name, (long long)tb_sweep_trials(s),
             s->prune ? ", " : "", s->prune ? s->prune->name : "");
    snprintf(p[3].text, sizeof p[3].text, "%.60s %s", s->objective.metric, s->objective.sign < 0 ? "max" : "min");
    if (v->n_best) {
        snprintf(p[4].text, sizeof p[4].text, "best %s",
                 tb_fmt_unit(best, sizeof best, TB_UNIT_LOSS, tb_sweep_column(s, v->best[0].trial, "value")));
        tb_str_copy(p[5].text, sizeof p[5].text, tb_trial_name(&s->trial[v->best[0].trial]));
    }
    count_runs(v, p[6].text, sizeof p[6].text);
    tb_pieces_draw(c, 1, 0, p, 7);
}

static void draw_second(const struct tb_sweep_view *v, struct tb_canvas *c)
{
    struct tb_piece p[5] = { { .drop = 0 }, { .drop = 1 }, { .drop = 3 }, { .drop = 0 }, { .drop = 2 } };
    char a[32], b[32], d[32];
    double all = v->spent_tok + v->saved_tok;
    if (v->expected_tok > v->spent_tok)
        snprintf(p[0].text, sizeof p[0].text, "spent %s of about %s%s%s tok",
                 tb_fmt_unit(a, sizeof a, TB_UNIT_SHORT, v->spent_tok),
                 tb_fmt_unit(b, sizeof b, TB_UNIT_SHORT, v->expected_tok), v->doubt_tok > 0 ? " +-" : "",
                 v->doubt_tok > 0 ? tb_fmt_unit(d, sizeof d, TB_UNIT_SHORT, v->doubt_tok) : "");
    else
        snprintf(p[0].text, sizeof p[0].text, "spent %s tok", tb_fmt_unit(a, sizeof a, TB_UNIT_SHORT, v->spent_tok));
    if (v->s->most_tok > 0 && v->s->most_tok < v->expected_tok)
        snprintf(p[1].text, sizeof p[1].text, "at most %s", tb_fmt_unit(a, sizeof a, TB_UNIT_SHORT, v->s->most_tok));
    snprintf(p[2].text, sizeof p[2].text, "elapsed %s", tb_fmt_unit(a, sizeof a, TB_UNIT_SECONDS, v->elapsed_s));
    if (v->left_s > 0)
        snprintf(p[3].text, sizeof p[3].text, "left %s%s%s", tb_fmt_unit(a, sizeof a, TB_UNIT_SECONDS, v->left_s),
                 v->left_doubt_s > 0 ? " +-" : "",
                 v->left_doubt_s > 0 ? tb_fmt_unit(b, sizeof b, TB_UNIT_SECONDS, v->left_doubt_s) : "");
    if (v->s->prune && v->saved_tok > 0)
        snprintf(p[4].text, sizeof p[4].text, "pruning saved %s (%.0f %%)",
                 tb_fmt_unit(a, sizeof a, TB_UNIT_SHORT, v->saved_tok), 100 * v->saved_tok / all);
    tb_pieces_draw(c, 1, 1, p, 5);
}

/* What to do next, where it is not simply on. */
static void add_phase(const struct sweep_state *st, struct tb_buf *b)
{
    const struct tb_sweep_view *v = &st->v;
    switch (v->s->phase) {
    case TB_SWEEP_ON:
        if (!v->is_led)
            tb_buf_str(b, st->has_worker ? "the worker comes to it" : "left by a crash, nobody leads it; r goes on");
        else if (*st->worker)
            tb_buf_fmt(b, "the worker waits: %s", st->worker);
        return;
    case TB_SWEEP_PAUSED: tb_buf_str(b, "paused, its runs are held; r goes on"); return;
    case TB_SWEEP_STOPPED: tb_buf_str(b, "stopped behind checkpoints; r goes on"); return;
    case TB_SWEEP_OVER:
        tb_buf_str(b, v->n_best ? "over; x writes the report, + adds trials" : "over without a result");
        return;
    default: tb_buf_str(b, "not begun; r begins it");
    }
}

static void add_edges(const struct tb_sweep_view *v, struct tb_buf *b)
{
    for (size_t i = 0; i < v->n_keys; i++)
        if (v->key[i].edge)
            tb_buf_fmt(b, "%sthe best %s of %s is at the %s end of its range", b->n ? "; " : "", v->key[i].name,
                       tb_sweep_arm(v->s, v->key[i].arm), v->key[i].edge < 0 ? "low" : "high");
}

static void make_note(const struct sweep_state *st, struct tb_buf *b)
{
    const struct tb_sweep_view *v = &st->v;
    add_phase(st, b);
    if (v->n_over && v->n_over == v->n_runs && !v->n_best)
        tb_buf_fmt(b, ": %.120s", tb_sweep_why(v->s, 0));
    if (st->is_edited)
        tb_buf_fmt(b, "%sthe recipe was edited: :sweep %s --detach begins another", b->n ? "; " : "",
                   v->s->plan->recipe_path);
    add_edges(v, b);
}

int tb_sweep_note_rows(const struct tb_screen *s)
{
    const struct sweep_state *st = s->state;
    struct tb_buf b = { 0 };
    int most = tb_sweep_most_note(s->height);
    if (st->has_view)
        make_note(st, &b);
    int rows = b.n ? tb_wrap_rows(s->width - 2, b.p) : 0;
    tb_buf_free(&b);
    return rows < most ? rows : most;
}

void tb_sweep_draw_head(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct sweep_state *st = s->state;
    struct tb_buf b = { 0 };
    draw_first(&st->v, c);
    draw_second(&st->v, c);
    make_note(st, &b);
    struct tb_canvas note = tb_canvas_part(c, (struct tb_rect){ 1, 2, c->width - 2, c->height - 2 });
    tb_canvas_wrap_in(&note, TB_STYLE_WARN, b.n ? b.p : "");
    tb_buf_free(&b);
}

/* ---- rungs */

/* Where columns are; rungs that lie behind all trials give way to those ahead. */
struct rungs {
    size_t from, end;
    int name, width; /* of the first column, and of a rung's */
};

/* The first rung for which somebody still is on the way or waits. */
static size_t first_open(const struct tb_sweep_view *v, size_t n)
{
    size_t first = n;
    for (size_t arm = 0; arm < v->n_arms; arm++)
        for (size_t i = 0; i < v->arm[arm].n_rungs; i++)
            if (v->arm[arm].rung[i].n_running + v->arm[arm].rung[i].n_waiting > 0 && i < first)
                first = i;
    return first;
}

static struct rungs place_rungs(const struct tb_sweep_view *v, int width)
{
    struct rungs r = { .name = LEAST_NAME };
    size_t n = 1;
    for (size_t arm = 0; arm < v->n_arms; arm++) {
        int w = tb_text_width(v->arm[arm].name);
        r.name = w > r.name ? w : r.name;
        n = v->arm[arm].n_rungs > n ? v->arm[arm].n_rungs : n;
    }
    r.name = r.name + 2 > NAME ? NAME : r.name + 2;
    int room = width - r.name - 9, fit = room / (LEAST_BAR + COUNTS + 2);
    size_t n_seen = fit < 1 ? 1 : (size_t)fit < n ? (size_t)fit : n, open = first_open(v, n);
    r.from = open > n - n_seen ? n - n_seen : open;
    r.end = r.from + n_seen;
    r.width = room / (int)n_seen;
    r.width = r.width > MOST_BAR + COUNTS + 2 ? MOST_BAR + COUNTS + 2 : r.width;
    return r;
}

static unsigned sign_style(char sign)
{
    return sign == '#' ? TB_STYLE_GOOD : sign == '>' ? TB_STYLE_LIVE | TB_STYLE_BOLD : TB_STYLE_DIM;
}

static void draw_rung(struct tb_canvas *c, int x, int y, int width, const struct tb_sweep_rung *r)
{
    char bar[MOST_BAR + 1];
    int cells = width - COUNTS - 2;
    cells = cells < 0 ? 0 : cells > MOST_BAR ? MOST_BAR : cells;
    tb_sweep_bar(r, cells, bar);
    for (int i = 0; i < cells; i++)
        tb_canvas_bytes(c, x + i, y, sign_style(bar[i]), &bar[i], 1);
    if (r->n_in)
        tb_canvas_fmt(c, x + cells + 1, y, TB_STYLE_PLAIN, "%lld of %lld",
                      (long long)(r->n_passed + r->n_pruned + r->n_lost), (long long)r->n_in);
}

static void draw_rung_titles(const struct tb_sweep_view *v, const struct rungs *r, struct tb_canvas *c)
{
    char text[32];
    const struct tb_sweep_arm_view *most = &v->arm[0];
    int x = r->name + 2;
    for (size_t arm = 1; arm < v->n_arms; arm++)
        most = v->arm[arm].n_rungs > most->n_rungs ? &v->arm[arm] : most;
    tb_canvas_text(c, 0, 0, TB_STYLE_HEAD, r->from ? "rungs .." : "rungs");
    for (size_t i = r->from; i < r->end; i++, x += r->width)
        tb_canvas_fmt(c, x, 0, TB_STYLE_HEAD, most->rung[i].tokens > 0 ? "%s tok" : "budget",
                      tb_fmt_unit(text, sizeof text, TB_UNIT_SHORT, most->rung[i].tokens));
    tb_canvas_right(c, x, 0, 6, TB_STYLE_HEAD, "pruned");
    int room = c->width - x - 9;
    if (tb_text_width(tb_sweep_bar_words) <= room)
        tb_canvas_text(c, x + 9, 0, TB_STYLE_DIM, tb_sweep_bar_words);
}

/* An arm behind the letter that it has in the scatter. */
static void draw_rungs_of(const struct tb_sweep_arm_view *a, char letter, const struct rungs *r, struct tb_canvas *c,
                          int y)
{
    char count[32];
    int x = r->name + 2;
    tb_canvas_fmt(c, 0, y, tb_style_tint(tb_tint_of(a->name)), "%c", letter);
    tb_canvas_field(c, 2, y, r->name - 2, tb_style_tint(tb_tint_of(a->name)), a->name);
    for (size_t i = r->from; i < r->end; i++, x += r->width)
        if (i < a->n_rungs)
            draw_rung(c, x, y, r->width, &a->rung[i]);
    snprintf(count, sizeof count, "%lld", (long long)a->st.n_pruned);
    tb_canvas_right(c, x, y, 6, TB_STYLE_PLAIN, count);
}

void tb_sweep_draw_rungs(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct tb_sweep_view *v = &((const struct sweep_state *)s->state)->v;
    struct rungs r = place_rungs(v, c->width);
    size_t n = v->n_arms, room = c->height > 1 ? (size_t)c->height - 1 : 0,
           n_seen = n <= room ? n : room ? room - 1 : 0;
    if (!n || c->height < 1)
        return;
    draw_rung_titles(v, &r, c);
    for (size_t arm = 0; arm < n_seen; arm++)
        draw_rungs_of(&v->arm[arm], arm < TB_PLOT_LINES ? (char)('A' + arm) : ' ', &r, c, 1 + (int)arm);
    if (n_seen < n && room)
        tb_canvas_fmt(c, 0, (int)room, TB_STYLE_DIM, "and %zu arms more", n - n_seen);
}

/* ---- importance */

static void key_words(const struct tb_sweep_view *v, const struct tb_sweep_key *k, char *dst, size_t n)
{
    const char *word = tb_sweep_word(k->name);
    if (k->arm == TB_ALL_ARMS || v->n_arms == 1)
        snprintf(dst, n, "%s", word);
    else
        snprintf(dst, n, "%s %s", tb_sweep_arm(v->s, k->arm), word);
}

static void draw_key(const struct tb_sweep_view *v, const struct tb_sweep_key *k, struct tb_canvas *c, int y)
{
    char words[96], bar[24];
    int name = c->width < 32 ? 12 : 18, most = c->width - name - 6;
    most = most > 16 ? 16 : most < 0 ? 0 : most;
    int n = isnan(k->importance) ? 0 : (int)(k->importance * most + 0.5);
    key_words(v, k, words, sizeof words);
    tb_canvas_field(c, 0, y, name, TB_STYLE_PLAIN, words);
    memset(bar, '#', (size_t)n);
    tb_canvas_bytes(c, name + 1, y, TB_STYLE_LIVE, bar, (size_t)n);
    if (isnan(k->importance))
        snprintf(words, sizeof words, "-");
    else
        snprintf(words, sizeof words, "%.2f", k->importance);
    tb_canvas_right(c, name + 1 + most, y, 5, isnan(k->importance) ? TB_STYLE_DIM : TB_STYLE_PLAIN, words);
}

void tb_sweep_draw_importance(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct sweep_state *st = s->state;
    int room = c->height - 1;
    tb_canvas_text(c, 0, 0, TB_STYLE_HEAD, "importance");
    if (c->width > 24)
        tb_canvas_right(c, 0, 0, c->width - 1, TB_STYLE_DIM, "i: all, and how");
    for (size_t i = 0; i < st->v.n_keys && (int)i < room; i++)
        draw_key(&st->v, &st->v.key[st->key_order[i]], c, 1 + (int)i);
}

void tb_sweep_tell_importance(const struct tb_screen *s, struct tb_text *t)
{
    const struct sweep_state *st = s->state;
    char words[128], text[32];
    tb_text_wrap(t, TB_STYLE_DIM, 4, "%s", tb_sweep_importance_words);
    for (size_t i = 0; st->has_view && i < st->v.n_keys; i++) {
        const struct tb_sweep_key *k = &st->v.key[st->key_order[i]];
        key_words(&st->v, k, words, sizeof words);
        tb_text_fmt(t, TB_STYLE_PLAIN, "%-28s %s", words, tb_fmt_unit(text, sizeof text, TB_UNIT_LOSS, k->importance));
        if (k->edge)
            tb_text_wrap(t, TB_STYLE_WARN, 4, "    the best lies at the %s end of its range; a wider one may hold a "
                         "better", k->edge < 0 ? "low" : "high");
    }
    tb_text_wrap(t, TB_STYLE_DIM, 4, "\nbars of rungs: %s", tb_sweep_bar_words);
}

/* ---- events */

void tb_sweep_tell_events(const struct tb_screen *s, struct tb_text *t)
{
    const struct sweep_state *st = s->state;
    for (size_t i = 0; i < tb_json_len(st->s.events); i++) {
        const struct tb_json *e = tb_json_at(st->s.events, i);
        tb_text_wrap(t, TB_STYLE_PLAIN, 4, "%s  %s  %s", tb_json_str(tb_json_get(e, "at"), "-"),
                     tb_json_str(tb_json_get(e, "kind"), ""), tb_json_str(tb_json_get(e, "text"), ""));
    }
    t->follow = true;
}

/* ---- scatter */

static bool is_usable(const struct tb_sweep *s, const char *column)
{
    for (size_t i = 0; i < s->n; i++)
        if (!isnan(tb_sweep_column(s, i, column)))
            return true;
    return false;
}

const char *tb_sweep_axis(const struct sweep_state *st, int i)
{
    static const char *const always[] = { "value", "tokens", "rung", "wall_s" };
    for (int k = 0; k < st->n_keys; k++)
        if (is_usable(&st->s, st->key[k]) && i-- == 0)
            return st->key[k];
    return i < 4 ? always[i] : NULL;
}

const char *tb_sweep_x(const struct sweep_state *st)
{
    const char *main_key = *st->x || !st->has_view ? NULL : tb_sweep_main_key(&st->v);
    return *st->x ? st->x : main_key ? main_key : "tokens";
}

const char *tb_sweep_y(const struct sweep_state *st)
{
    return *st->y ? st->y : "value";
}

/* One that diverged must not press all others together. */
static bool is_far_apart(const struct tb_plot *p)
{
    double low = INFINITY, high = 0;
    for (size_t i = 0; i < p->n; i++)
        for (size_t k = 0; k < p->line[i].marks.n; k++) {
            low = fmin(low, p->line[i].marks.y[k]);
            high = fmax(high, p->line[i].marks.y[k]);
        }
    return low > 0 && high / low > 3;
}

void tb_sweep_draw_scatter(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct sweep_state *st = s->state;
    struct tb_plot_line line[TB_PLOT_LINES];
    struct tb_plot p = { .width = c->width, .height = c->height };
    unsigned tint[TB_PLOT_LINES] = { 0 };
    size_t n_points = 0;
    tb_sweep_points(&st->s, tb_sweep_x(st), tb_sweep_y(st), &p, line);
    p.is_log = p.is_log || is_far_apart(&p);
    for (size_t i = 0; i < p.n; i++) {
        tint[i] = tb_tint_of(line[i].label);
        n_points += line[i].marks.n;
    }
    if (n_points)
        tb_curves_draw(c, &p, tint);
    else
        tb_canvas_fmt(c, 0, 0, TB_STYLE_DIM, "no trial has %s and %s yet", tb_sweep_x(st), p.title);
    tb_sweep_points_free(&p);
}

/* ---- now and next */

static void draw_running(const struct tb_screen *s, const struct tb_sweep_now *now, struct tb_canvas *c, int y)
{
    const struct tb_sweep *sw = &((const struct sweep_state *)s->state)->s;
    const struct tb_trial *t = &sw->trial[now->trial];
    char at[32], of[32], rate[32], left[32], text[96];
    enum tb_state state = tb_sweep_state_of(s, t);
    snprintf(text, sizeof text, "%s/%s %5s %6s", tb_fmt_unit(at, sizeof at, TB_UNIT_SHORT, t->tokens),
             tb_fmt_unit(of, sizeof of, TB_UNIT_SHORT, t->budget_tok),
             tb_fmt_unit(rate, sizeof rate, TB_UNIT_PLAIN, now->tok_s),
             tb_fmt_unit(left, sizeof left, TB_UNIT_SECONDS, now->left_s));
    int width = tb_text_width(text);
    tb_canvas_fmt(c, 0, y, state == TB_STATE_RUNNING ? TB_STYLE_LIVE : TB_STYLE_WARN, "%s", tb_state_letter(state));
    tb_canvas_field(c, 2, y, c->width - width - 3, tb_style_tint(tb_tint_of(tb_sweep_arm(sw, t->arm))),
                    tb_trial_name(t));
    tb_canvas_right(c, 0, y, c->width, TB_STYLE_PLAIN, text);
}

static void draw_next(const struct tb_sweep_view *v, struct tb_canvas *c, int y)
{
    struct tb_buf b = { 0 };
    if (y >= c->height)
        return;
    for (size_t i = 0; i < v->n_next && i < NEXT; i++)
        tb_buf_fmt(&b, "%s%s", i ? ", " : "next ", tb_trial_name(&v->s->trial[v->next[i]]));
    if (v->n_next > NEXT)
        tb_buf_fmt(&b, " and %zu more", v->n_next - NEXT);
    struct tb_canvas rest = tb_canvas_part(c, (struct tb_rect){ 0, y, c->width, c->height - y });
    if (b.n)
        tb_canvas_wrap(&rest, 0, TB_STYLE_DIM, b.p);
    tb_buf_free(&b);
}

void tb_sweep_draw_now(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct tb_sweep_view *v = &((const struct sweep_state *)s->state)->v;
    int room = c->height - 1 - (v->n_next > 0), y = 1;
    if (c->height < 1)
        return;
    tb_canvas_fmt(c, 0, 0, TB_STYLE_HEAD, v->n_now ? "now %s" : "nothing runs", now_word(v));
    if (v->n_now)
        tb_canvas_right(c, 0, 0, c->width, TB_STYLE_HEAD, "tok/s    left");
    for (size_t i = 0; i < v->n_now && y <= room; i++)
        draw_running(s, &v->now[i], c, y++);
    draw_next(v, c, y);
}
