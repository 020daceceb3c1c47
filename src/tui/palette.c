/* SPDX-License-Identifier: MIT */
/* palette.c - `:`: names of keys and screens, then verbs; behind a verb what the command line itself would complete
 * (the program is asked with --complete, so runs, flags and keys need no second list). Letters may be left out; what
 * was used most comes first among equals. */
#include "tui/overlay_priv.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "tui/completion.h"
#include "tui/history.h"

enum { MOST_SHOWN = 8 };

void tb_palette_clear(struct tb_overlay *o)
{
    for (size_t i = 0; i < o->n_candidates; i++) {
        free(o->candidate[i].word);
        free(o->candidate[i].help);
    }
    free(o->candidate);
    o->candidate = NULL;
    o->n_candidates = o->cap_candidates = o->chosen = 0;
}

/* How well a word has the letters of what was typed, in their order: more where they stand together and in front; -1 if
 * it has not. */
static int fuzzy(const char *word, const char *typed)
{
    int score = 0, streak = 0;
    const char *at = word;
    for (; *typed; typed++, at++) {
        while (*at && tolower((unsigned char)*at) != tolower((unsigned char)*typed)) {
            at++;
            streak = 0;
        }
        if (!*at)
            return -1;
        score += at == word ? 8 : 1 + streak;
        streak += 2;
    }
    return score * 4 - (int)(strlen(at) > 20 ? 20 : strlen(at));
}

static void add(struct tb_desk *d, const char *word, const char *help, const char *keys, const struct tb_bind *bind)
{
    struct tb_overlay *o = d->overlay;
    int score = fuzzy(word, tb_field_text(&o->field) + o->from);
    if (score < 0)
        return;
    int64_t used = tb_json_int(tb_json_get(d->used, word), 0);
    o->candidate = tb_grow(o->candidate, o->n_candidates, &o->cap_candidates, sizeof *o->candidate);
    struct tb_candidate *c = &o->candidate[o->n_candidates++];
    *c = (struct tb_candidate){ .word = tb_xstrdup(word), .help = tb_xstrdup(help), .bind = bind,
                                .score = score * 8 + (int)(used < 100 ? used : 100) };
    tb_str_copy(c->keys, sizeof c->keys, keys);
}

static void add_binds(struct tb_desk *d, const struct tb_bind *table)
{
    for (const struct tb_bind *b = table; b && b->key; b++) {
        char keys[24];
        if (tb_bind_is_told(table, b) && tb_route_has(d, b) && b->act != TB_ACT_SCREEN)
            add(d, b->name, b->help, tb_bind_keys(table, b->name, keys, sizeof keys), b);
    }
}

static bool has_word(const struct tb_overlay *o, const char *word)
{
    for (size_t i = 0; i < o->n_candidates; i++)
        if (strcmp(o->candidate[i].word, word) == 0)
            return true;
    return false;
}

/* What the program itself would complete, as far as it has said so. */
static void add_completions(struct tb_desk *d, bool is_verb)
{
    struct tb_overlay *o = d->overlay;
    char *before = tb_xstrndup(tb_field_text(&o->field), o->from);
    const char *last = is_verb ? "" : tb_field_text(&o->field) + o->from,
               *answer = tb_completion_of(d->completion, before, last, d->is_script);
    char *lines = tb_xstrdup(answer ? answer : ""), *rest = lines;
    for (char *text; (text = strsep(&rest, "\n"));) {
        char *help = strchr(text, '\t');
        if (help)
            *help++ = '\0';
        if (*text && !has_word(o, text))
            add(d, text, help ? help : "", "", NULL);
    }
    free(lines);
    free(before);
}

static int by_score(const void *a, const void *b)
{
    const struct tb_candidate *x = a, *y = b;
    return x->score != y->score ? y->score - x->score : strcmp(x->word, y->word);
}

void tb_palette_update(struct tb_desk *d)
{
    struct tb_overlay *o = d->overlay;
    const char *text = tb_field_text(&o->field), *blank = strrchr(text, ' ');
    const struct tb_screen_class *c = tb_route_screen(d)->class;
    tb_palette_clear(o);
    o->from = blank ? (size_t)(blank + 1 - text) : 0;
    if (!blank) {
        add_binds(d, c->binds);
        add_binds(d, c->has_runs ? tb_binds_runs : NULL);
        add_binds(d, tb_binds_global);
        for (int i = 0; tb_screen_at(i); i++)
            add(d, tb_screen_at(i)->name, "screen", (char[]){ tb_screen_at(i)->key, '\0' }, NULL);
        add(d, "set", "set glyphs braille, block or ascii; set color mono, 16, 256 or true", "", NULL);
    }
    add_completions(d, !blank);
    if (o->n_candidates)
        qsort(o->candidate, o->n_candidates, sizeof *o->candidate, by_score);
}

/* An answer has come: the choice stays on its word. */
void tb_palette_renew(struct tb_desk *d)
{
    struct tb_overlay *o = d->overlay;
    char *word = o->chosen > 0 && o->chosen < o->n_candidates ? tb_xstrdup(o->candidate[o->chosen].word) : NULL;
    tb_palette_update(d);
    for (size_t i = 0; word && i < o->n_candidates; i++)
        if (strcmp(o->candidate[i].word, word) == 0)
            o->chosen = i;
    free(word);
}

void tb_palette_open(struct tb_desk *d)
{
    tb_overlay_open(d, TB_OVERLAY_PALETTE, ":");
    tb_palette_update(d);
}

static void take(struct tb_overlay *o)
{
    char *whole = tb_xasprintf("%.*s%s ", (int)o->from, tb_field_text(&o->field), o->candidate[o->chosen].word);
    tb_field_set(&o->field, whole);
    free(whole);
}

static void count(struct tb_desk *d, const char *word)
{
    tb_json_set(d->used, word, tb_json_new_int(tb_json_int(tb_json_get(d->used, word), 0) + 1));
}

/* Enter: the chosen action while only its name is typed, else the line as it is. */
static void run(struct tb_desk *d)
{
    struct tb_overlay *o = d->overlay;
    char *line = tb_xstrdup(tb_field_text(&o->field));
    const struct tb_candidate *c = o->chosen < o->n_candidates ? &o->candidate[o->chosen] : NULL;
    const struct tb_bind *bind = c && o->from == 0 && *line ? c->bind : NULL;
    char *word = tb_xstrndup(line, strcspn(line, " "));
    if (c && o->from == 0 && *line && !c->bind) {
        free(word);
        word = tb_xstrdup(c->word);
        free(line);
        line = tb_xstrdup(c->word);
    }
    count(d, bind ? bind->name : word);
    tb_history_add(d->history, o->label, bind ? bind->name : line);
    tb_overlay_close(d);
    if (bind)
        tb_route_bind(d, bind);
    else if (*line)
        tb_route_line(d, line);
    free(word);
    free(line);
}

unsigned tb_palette_press(struct tb_desk *d, const struct tb_press *p)
{
    struct tb_overlay *o = d->overlay;
    size_t n = o->n_candidates;
    if (p->key == '\n') {
        run(d);
        return 1;
    }
    if (p->key == '\t' && o->chosen < n) {
        take(o);
        tb_palette_update(d);
        return 1;
    }
    if ((p->key == TB_PRESS_DOWN || p->key == TB_PRESS_UP) && n) {
        o->chosen = (o->chosen + (p->key == TB_PRESS_UP ? n - 1 : 1)) % n;
        return 1;
    }
    return 0;
}

void tb_palette_draw(const struct tb_overlay *o, struct tb_canvas *area)
{
    int n = o->n_candidates < MOST_SHOWN ? (int)o->n_candidates : MOST_SHOWN, height = n + 1;
    struct tb_span seen = tb_span_keep(0, (int)o->chosen, (int)o->n_candidates, n);
    if (n == 0)
        return;
    struct tb_canvas c = tb_canvas_part(area, (struct tb_rect){ 0, area->height - height, area->width, height });
    tb_canvas_fill(&c, tb_canvas_rect(&c), TB_STYLE_PLAIN);
    tb_canvas_rule(&c, 0);
    for (int i = seen.first; i < seen.end; i++) {
        const struct tb_candidate *k = &o->candidate[i];
        int y = 1 + i - seen.first;
        tb_canvas_field(&c, 1, y, 24, TB_STYLE_STRONG, k->word);
        tb_canvas_field(&c, 26, y, 8, TB_STYLE_KEY, k->keys);
        tb_canvas_field(&c, 35, y, c.width - 36, TB_STYLE_DIM, k->help);
        if (i == (int)o->chosen)
            tb_canvas_add_bits(&c, (struct tb_rect){ 0, y, c.width, 1 }, TB_STYLE_REVERSE);
    }
}
