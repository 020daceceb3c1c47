/* SPDX-License-Identifier: MIT */
/* clone_form.c - every key of the run's config is an entry, checked by its table; those that are changed most stand
 * first. Entries that the way to begin fixes (view/clone_rules.h) are shown as they are. */
#include "tui/clone_form.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "plan/plan.h"
#include "tui/acts.h"
#include "tui/child.h"
#include "tui/desk.h"
#include "view/clone_rules.h"
#include "view/fmt.h"

#define NOT_A_VALUE "not a value that this key can have"
enum { WORDS = 250, ANSWER_ROWS = 6, DIVERGED_LESS = 10 };

static const char begins[] = "begins", from[] = "from", budget[] = "budget", unit[] = " tokens",
                  name[] = "name", pauses[] = "pauses";

/* ---- entries */

/* A value as it is typed: strings bare, lists with + between. */
static char *typed(const struct tb_json *v)
{
    struct tb_buf b = { 0 };
    if (tb_json_type(v) == TB_JSON_STR)
        return tb_xstrdup(tb_json_str(v, ""));
    if (tb_json_type(v) != TB_JSON_LIST)
        return tb_json_text(v, TB_JSON_CANONICAL);
    for (size_t i = 0; i < tb_json_len(v); i++) {
        char *one = typed(tb_json_at(v, i));
        tb_buf_fmt(&b, "%s%s", i ? "+" : "", one);
        free(one);
    }
    return b.n ? tb_buf_take(&b) : tb_xstrdup("");
}

static void set_label(struct tb_entry *e, const char *label)
{
    free(e->label);
    e->label = tb_xstrdup(label);
}

static void add_key(struct tb_clone_form *f, const struct tb_json *config, const char *dotted)
{
    const struct tb_key *key = tb_config_key(config, dotted);
    char *value = typed(tb_json_get(config, dotted));
    struct tb_entry *e = key ? tb_form_key(&f->form, dotted, key, value)
                             : tb_form_field(&f->form, dotted, dotted, value);
    set_label(e, dotted);
    e->was = value;
    e->err = (struct tb_err){ 0 }; /* it has had this value */
}

static void add_budget(struct tb_clone_form *f, const struct tb_json *config)
{
    char *value = tb_budget_words(config);
    if (value && tb_str_ends(value, unit))
        value[strlen(value) - strlen(unit)] = '\0';
    struct tb_entry *e = tb_form_field(&f->form, budget, budget, value);
    e->was = value ? value : tb_xstrdup("");
    e->is_amount = true;
}

static bool is_rate(const char *key)
{
    return tb_str_ends(key, ".lr");
}

static bool is_first(const char *key)
{
    return is_rate(key) || (tb_str_starts(key, "method.") && !tb_str_ends(key, "kind")) || strcmp(key, "seed") == 0;
}

static bool is_budget(const char *key)
{
    return tb_str_starts(key, "budget.");
}

static bool is_hidden(const char *key)
{
    return is_budget(key) || strcmp(key, "exec.name") == 0;
}

static void add_keys(struct tb_clone_form *f, const struct tb_json *config)
{
    for (int turn = 0; turn < 3; turn++) {
        if (turn == 2) {
            add_budget(f, config);
            tb_form_field(&f->form, name, "name", "");
            tb_form_label(&f->form, "all other keys");
        }
        for (void *it = tb_json_first(config); it; it = tb_json_next(config, it)) {
            const char *key = tb_json_iter_key(it);
            int place = is_rate(key) ? 0 : is_first(key) ? 1 : 2;
            if (place == turn && !is_hidden(key))
                add_key(f, config, key);
        }
    }
}

/* "last|best|400|360", "now" before them where the run is trained. */
static void add_steps(struct tb_clone_form *f, const int64_t *steps, size_t n, int64_t at)
{
    struct tb_buf b = { 0 };
    char chosen[24] = "";
    tb_buf_str(&b, f->is_live ? "now|last|best" : "last|best");
    for (size_t i = n; i-- > 0;)
        tb_buf_fmt(&b, "|%lld", (long long)steps[i]);
    if (at >= 0)
        snprintf(chosen, sizeof chosen, "%lld", (long long)at);
    tb_form_choice(&f->form, from, "from checkpoint", b.p, chosen);
    tb_buf_free(&b);
}

static enum tb_clone_mode mode_of(const struct tb_clone_form *f)
{
    const char *text = tb_form_value(&f->form, begins);
    enum tb_clone_mode m = TB_CLONE_WARM;
    while (m < TB_CLONE_COLD && strcmp(text, tb_clone_mode_name(m)) != 0)
        m++;
    return m;
}

/* Marks what cannot be changed as the clone begins now, and what cannot be typed in a line. */
static void fix(struct tb_clone_form *f)
{
    enum tb_clone_mode m = mode_of(f);
    for (size_t i = 0; i < f->form.n; i++) {
        struct tb_entry *e = &f->form.entry[i];
        if (e->was)
            e->is_fixed = tb_clone_fixed_by(m, e->name) != TB_CLONE_FREE || strpbrk(e->was, "\n\t\r");
        else if (strcmp(e->name, from) == 0)
            e->is_fixed = m == TB_CLONE_COLD;
    }
}

static bool is_changed(const struct tb_clone_form *f, const struct tb_entry *e)
{
    return e->was && !e->is_fixed && strcmp(tb_form_value(&f->form, e->name), e->was) != 0;
}

/* A run that diverged is offered its rates divided by ten, and to begin anew if what it kept is spoilt already. */
static void offer_less(struct tb_clone_form *f)
{
    for (size_t i = 0; i < f->form.n; i++) {
        struct tb_entry *e = &f->form.entry[i];
        double rate;
        char text[32];
        if (!is_rate(e->name) || !e->was || !tb_str_real(e->was, &rate))
            continue;
        snprintf(text, sizeof text, "%g", rate / DIVERGED_LESS);
        tb_field_set(&e->field, text);
    }
}

static void forget(struct tb_clone_form *f)
{
    tb_json_free(f->facts);
    free(f->error);
    f->facts = NULL;
    f->error = NULL;
}

void tb_clone_form_close(struct tb_clone_form *f)
{
    tb_child_close(f->child);
    forget(f);
    tb_form_free(&f->form);
    free(f->ref);
    *f = (struct tb_clone_form){ 0 };
}

/* Whether the run had unlearned by then: worse on its held-out rows than before its first step. */
static bool is_spoilt(const struct tb_metrics *m, int64_t step)
{
    for (size_t i = m->n_eval; i-- > 0;)
        if ((int64_t)m->eval[i].step == step)
            return !(m->eval[i].loss <= m->eval[0].loss);
    return false;
}

void tb_clone_form_open(struct tb_clone_form *f, const struct tb_run_item *item, const struct tb_metrics *m,
                        const char *ref, const int64_t *steps, size_t n, int64_t at, const char *store)
{
    tb_clone_form_close(f);
    *f = (struct tb_clone_form){ .is_open = true, .ref = tb_xstrdup(ref), .store = store, .is_stale = true,
                                 .is_live = tb_state_is_live(item->sight.state) };
    tb_str_copy(f->name, sizeof f->name, item->sum.name);
    bool diverged = strcmp(m->ended_by, "divergence") == 0,
         is_cold = !f->is_live && (n == 0 || (diverged && is_spoilt(m, at >= 0 ? at : steps[n - 1])));
    tb_form_choice(&f->form, begins, begins, "warm|weights|cold", is_cold ? "cold" : "warm");
    add_steps(f, steps, n, at);
    if (f->is_live)
        tb_form_tick(&f->form, pauses, "pause the parent meanwhile", false);
    add_keys(f, tb_json_get(m->facts, "config"));
    if (diverged)
        offer_less(f);
    fix(f);
}

void tb_clone_form_without(struct tb_clone_form *f, const char *rows)
{
    static const char key[] = "data.without";
    struct tb_entry *e = tb_form_named(&f->form, key);
    if (!e) { /* a run of before there was this key */
        e = tb_form_field(&f->form, key, key, "");
        e->was = tb_xstrdup("");
    }
    tb_field_set(&e->field, rows);
    f->form.at = (size_t)(e - f->form.entry);
}

/* ---- commands */

static void add_set(struct tb_buf *b, const char *key, const char *value)
{
    char *word = tb_xasprintf("%s=%s", key, value);
    tb_buf_str(b, " --set ");
    tb_shell_quote(b, word);
    free(word);
}

char *tb_clone_form_command(const struct tb_clone_form *f, bool is_dry)
{
    enum tb_clone_mode m = mode_of(f);
    const char *at = tb_form_value(&f->form, from), *called = tb_form_value(&f->form, name);
    bool is_now = strcmp(at, "now") == 0;
    struct tb_buf b = { 0 };
    tb_buf_str(&b, "clone ");
    tb_shell_quote(&b, f->ref);
    if (m != TB_CLONE_COLD && (!is_now || is_dry))
        tb_buf_fmt(&b, " --at %s", is_now ? "last" : at);
    tb_buf_fmt(&b, " --%s", tb_clone_mode_name(m));
    for (size_t i = 0; i < f->form.n; i++)
        if (is_changed(f, &f->form.entry[i]))
            add_set(&b, f->form.entry[i].name, tb_form_value(&f->form, f->form.entry[i].name));
    if (*called) {
        tb_buf_str(&b, " --name ");
        tb_shell_quote(&b, called);
    }
    if (is_dry)
        tb_buf_str(&b, " --dry-run --json");
    else if (strcmp(tb_form_value(&f->form, pauses), "true") == 0)
        tb_buf_str(&b, " --pause-parent --detach");
    else
        tb_buf_str(&b, " --detach");
    return tb_buf_take(&b);
}

/* ---- what it would be */

static void ask(struct tb_clone_form *f)
{
    const char *word[WORDS + 4] = { "tunebench" };
    char *store = NULL, *command = tb_clone_form_command(f, true);
    struct tb_err err = { 0 };
    int n = 1 + tb_shell_words(command, &store, word + 1, WORDS);
    if (f->store) {
        word[n++] = "--store";
        word[n++] = f->store;
    }
    word[n] = NULL;
    forget(f);
    f->is_stale = false;
    f->child = tb_child_open(word, &err);
    if (f->child)
        tb_child_send_end(f->child);
    else
        f->error = tb_xstrdup(err.text);
    free(store);
    free(command);
}

/* Without the name of the program in front. */
static char *error_of(const char *said)
{
    size_t n = strcspn(said, "\n");
    bool has_name = tb_str_starts(said, "tunebench: ");
    said += has_name ? 11 : 0;
    n -= has_name ? 11 : 0;
    return n ? tb_xstrndup(said, n) : tb_xstrdup("clone gave no answer");
}

/* An answer to the form as it was before the last change is dropped. */
static void take_answer(struct tb_clone_form *f)
{
    const char *out = tb_child_out(f->child);
    struct tb_json *list = tb_json_parse(out, strlen(out), "clone", NULL);
    if (!f->is_stale && tb_child_exit(f->child) == 0 && tb_json_len(list) == 1)
        f->facts = tb_json_copy(tb_json_at(list, 0));
    else if (!f->is_stale)
        f->error = error_of(tb_child_err(f->child));
    tb_json_free(list);
    tb_child_close(f->child);
    f->child = NULL;
}

static void say_wrong(const struct tb_clone_form *f, struct tb_desk *d)
{
    const char *label = tb_form_wrong(&f->form);
    if (label)
        tb_desk_say(d, TB_STYLE_BAD, "%s: " NOT_A_VALUE, label);
    else if (f->error)
        tb_desk_say(d, TB_STYLE_BAD, "%s", f->error);
}

bool tb_clone_form_obey(const struct tb_clone_form *f, enum tb_clone_form_result result, struct tb_desk *d)
{
    if (result == TB_CLONE_FORM_WRONG)
        say_wrong(f, d);
    if (result == TB_CLONE_FORM_STARTS) {
        char *command = tb_clone_form_command(f, false);
        tb_desk_do(d, command, false);
        free(command);
    }
    return result == TB_CLONE_FORM_STARTS || result == TB_CLONE_FORM_LEFT;
}

static enum tb_clone_form_result start(struct tb_clone_form *f)
{
    f->wants_start = !f->error && !f->facts && tb_form_is_valid(&f->form);
    return f->wants_start ? TB_CLONE_FORM_STAYS : f->facts ? TB_CLONE_FORM_STARTS : TB_CLONE_FORM_WRONG;
}

bool tb_clone_form_tick(struct tb_clone_form *f, enum tb_clone_form_result *result)
{
    bool is_news = false;
    *result = TB_CLONE_FORM_STAYS;
    if (!f->is_open)
        return false;
    if (f->child && (is_news = tb_child_pump(f->child)) && tb_child_has_ended(f->child)) {
        take_answer(f);
        if (f->wants_start && !f->is_stale)
            *result = start(f);
    }
    if (f->is_stale && !f->child && tb_form_is_valid(&f->form)) {
        ask(f);
        is_news = true;
    }
    return is_news;
}

bool tb_clone_form_is_asking(const struct tb_clone_form *f)
{
    return f->is_open && (f->child || (f->is_stale && tb_form_is_valid(&f->form)));
}

int tb_clone_form_fds(const struct tb_clone_form *f, struct pollfd *fds, int room)
{
    return tb_child_fds(f->child, fds, room);
}

/* ---- keys */

/* Values that are as they were are fine, whatever their key says today. */
static void check(struct tb_clone_form *f)
{
    struct tb_budget b;
    for (size_t i = 0; i < f->form.n; i++) {
        struct tb_entry *e = &f->form.entry[i];
        if (!is_changed(f, e) || strcmp(e->name, budget) == 0)
            e->err = (struct tb_err){ 0 };
        if (is_changed(f, e) && strcmp(e->name, budget) == 0)
            tb_budget_parse(tb_field_text(&e->field), &b, &e->err);
    }
}

enum tb_clone_form_result tb_clone_form_press(struct tb_clone_form *f, const struct tb_press *p)
{
    enum tb_form_result done = p->key == TB_PRESS_ESC ? TB_FORM_NOTHING : tb_form_press(&f->form, p);
    enum tb_clone_form_result result = TB_CLONE_FORM_STAYS;
    if (p->key == TB_PRESS_ESC)
        return TB_CLONE_FORM_LEFT;
    if (done == TB_FORM_NOTHING)
        return p->key == '\n' ? start(f) : TB_CLONE_FORM_STAYS;
    if (done != TB_FORM_CHANGED)
        return TB_CLONE_FORM_STAYS;
    f->is_stale = true;
    f->wants_start = false;
    forget(f);
    fix(f);
    check(f);
    tb_clone_form_tick(f, &result);
    return result;
}

/* ---- drawing */

static double number(const struct tb_clone_form *f, const char *key)
{
    return tb_json_real(tb_json_get(f->facts, key), NAN);
}

static const char *text_of(const struct tb_clone_form *f, const char *key)
{
    return tb_json_str(tb_json_get(f->facts, key), "");
}

static char *cost_of(const struct tb_clone_form *f)
{
    char tokens[32], time[32], bytes[32];
    if (tb_json_bool(tb_json_get(f->facts, "is_there"), false))
        return tb_xstrdup("costs nothing: this very run is in the store already");
    return tb_xasprintf("costs %s tokens, about %s, %s of checkpoints",
                        tb_fmt_unit(tokens, sizeof tokens, TB_UNIT_COUNT, number(f, "tokens")),
                        tb_fmt_unit(time, sizeof time, TB_UNIT_SECONDS, number(f, "est_s")),
                        tb_fmt_unit(bytes, sizeof bytes, TB_UNIT_BYTES, number(f, "bytes")));
}

static void say_change(struct tb_buf *b, const char *key, char *was, char *is)
{
    tb_buf_fmt(b, "%s%s %s -> %s", b->n ? ", " : "changes ", key, *was ? was : "(empty)", *is ? is : "(empty)");
    free(was);
    free(is);
}

/* The budget as it is typed: its two keys are one here. */
static void say_budget(struct tb_buf *b, const struct tb_clone_form *f)
{
    const struct tb_entry *e = tb_form_named((struct tb_form *)&f->form, budget);
    const char *is = tb_field_text(&e->field);
    say_change(b, budget, tb_xasprintf("%s%s", e->was, tb_form_unit(e, e->was)),
               tb_xasprintf("%s%s", is, tb_form_unit(e, is)));
}

/* All keys that differ in the end, also those that follow others: "optim.lr 0.0005 -> 0.001, ..". */
static char *changes_of(const struct tb_clone_form *f)
{
    const struct tb_json *keys = tb_json_get(f->facts, "keys");
    struct tb_buf b = { 0 };
    bool has_budget = false;
    for (void *it = tb_json_first(keys); it; it = tb_json_next(keys, it)) {
        const char *key = tb_json_iter_key(it);
        const struct tb_json *both = tb_json_iter_value(it);
        has_budget |= is_budget(key);
        if (!is_budget(key))
            say_change(&b, key, typed(tb_json_at(both, 0)), typed(tb_json_at(both, 1)));
    }
    if (has_budget)
        say_budget(&b, f);
    if (!b.n)
        tb_buf_str(&b, "changes nothing");
    return tb_buf_take(&b);
}

static int draw_said(struct tb_canvas *c, int y, unsigned style, char *text)
{
    y = tb_canvas_wrap(c, y, style, text);
    free(text);
    return y;
}

static void draw_answer(const struct tb_clone_form *f, struct tb_canvas *c)
{
    int y = 0;
    if (f->facts) {
        y = draw_said(c, y, TB_STYLE_PLAIN, tb_xasprintf("%s: %s", text_of(f, "name"), text_of(f, "text")));
        y = draw_said(c, y, TB_STYLE_STRONG, cost_of(f));
        y = draw_said(c, y, TB_STYLE_DIM, changes_of(f));
        const struct tb_json *warnings = tb_json_get(f->facts, "warnings");
        for (size_t i = 0; i < tb_json_len(warnings); i++)
            y = tb_canvas_wrap(c, y, TB_STYLE_WARN, tb_json_str(tb_json_at(warnings, i), ""));
    } else if (!tb_form_is_valid(&f->form)) {
        draw_said(c, y, TB_STYLE_BAD, tb_xasprintf("%s: " NOT_A_VALUE, tb_form_wrong(&f->form)));
    } else if (f->error) {
        tb_canvas_wrap(c, y, TB_STYLE_BAD, f->error);
    } else {
        tb_canvas_wrap(c, y, TB_STYLE_DIM, f->wants_start ? "starts once it is known what it costs ..."
                                                          : "working out what it costs ...");
    }
}

static void draw_keys(struct tb_canvas *c)
{
    int x = tb_canvas_text(c, 0, 0, TB_STYLE_KEY, "[enter]");
    x = tb_canvas_text(c, x, 0, TB_STYLE_HINT, " start clone   ");
    tb_canvas_hot(c, (struct tb_rect){ 0, 0, x - 3, 1 }, '\n');
    int esc = x;
    x = tb_canvas_text(c, x, 0, TB_STYLE_KEY, "[esc]");
    x = tb_canvas_text(c, x, 0, TB_STYLE_HINT, " back   ");
    tb_canvas_hot(c, (struct tb_rect){ esc, 0, x - esc - 3, 1 }, TB_PRESS_ESC);
    x = tb_canvas_text(c, x, 0, TB_STYLE_KEY, "space");
    tb_canvas_text(c, x, 0, TB_STYLE_HINT, " chooses");
}

void tb_clone_form_draw(const struct tb_clone_form *f, struct tb_canvas *c)
{
    struct tb_rect rest = tb_canvas_rect(c), head = tb_rect_cut(&rest, 1);
    const char *how = tb_clone_mode_words(mode_of(f));
    struct tb_canvas title = tb_canvas_part(c, head),
                     words = tb_canvas_part(c, tb_rect_cut(&rest, tb_wrap_rows(c->width, how))),
                     keys = tb_canvas_part(c, tb_rect_cut(&rest, -1)),
                     answer = tb_canvas_part(c, tb_rect_cut(&rest, rest.height > 12 ? -ANSWER_ROWS
                                                                                   : -(rest.height / 3)));
    int x = tb_canvas_text(&title, 0, 0, TB_STYLE_HEAD, "CLONE AND CHANGE  ");
    tb_canvas_field(&title, x, 0, c->width - x, TB_STYLE_STRONG, f->name);
    tb_canvas_wrap(&words, 0, TB_STYLE_DIM, how);
    struct tb_canvas form = tb_canvas_part(c, rest);
    tb_form_draw(&f->form, &form, true);
    draw_answer(f, &answer);
    draw_keys(&keys);
}
