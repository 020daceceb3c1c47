/* SPDX-License-Identifier: MIT */
/* desk.c - the list of runs and what was chosen of it. */
#include "tui/desk.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "tui/completion.h"
#include "tui/overlay_priv.h"
#include "tui/screen.h"
#include "view/filter.h"

bool tb_desk_open(struct tb_desk *d, const char *store_flag, struct tb_err *err)
{
    *d = (struct tb_desk){ .store_flag = store_flag, .filter = tb_xstrdup(""), .sort = tb_xstrdup(""),
                           .group_by = tb_xstrdup(""), .text = tb_xstrdup(""), .message = tb_xstrdup("") };
    d->cache = tb_cache_open();
    d->used = tb_json_new_map();
    d->history = tb_json_new_map();
    d->completion = tb_completion_open();
    d->acts.store = store_flag;
    d->now_ns = tb_clock_wall_ns();
    tb_desk_refresh(d);
    if (d->trouble.kind != TB_ERR_NONE && (store_flag || d->trouble.kind != TB_ERR_NOTFOUND)) {
        *err = d->trouble;
        return false;
    }
    return true;
}

static void drop_list(struct tb_desk *d)
{
    tb_groups_free(d->group, d->n_groups);
    free(d->order);
    d->group = NULL;
    d->order = NULL;
    d->n_groups = d->n_shown = 0;
}

void tb_desk_close(struct tb_desk *d)
{
    tb_acts_free(&d->acts);
    drop_list(d);
    free(d->item);
    free(d->tint);
    free(d->filter);
    free(d->sort);
    free(d->group_by);
    free(d->text);
    free(d->message);
    free(d->program);
    free(d->mark);
    free(d->answers);
    tb_json_free(d->used);
    tb_json_free(d->history);
    tb_completion_close(d->completion);
    free(d->absence);
    free(d->copied);
    tb_cache_close(d->cache);
    tb_store_close(d->store);
}

/* ---- filter, sort, group */

/* All of it as one filter; archived runs are passed over unless somebody asks for them. */
static char *whole_filter(const char *filter, const char *sort, const char *group_by)
{
    struct tb_buf b = { 0 };
    tb_buf_str(&b, filter);
    if (!strstr(filter, "archived"))
        tb_buf_str(&b, " archived!=yes");
    if (*sort)
        tb_buf_fmt(&b, " sort:%s", sort);
    if (*group_by)
        tb_buf_fmt(&b, " group:%s", group_by);
    return tb_buf_take(&b);
}

static bool apply(struct tb_desk *d, const char *filter, const char *sort, const char *group_by, struct tb_err *err)
{
    char *text = whole_filter(filter, sort, group_by);
    struct tb_filter *f = tb_filter_open(text, err);
    free(text);
    if (!f)
        return false;
    drop_list(d);
    d->order = tb_xcalloc(d->n + 1, sizeof *d->order);
    d->n_shown = tb_filter_apply(f, d->item, d->n, d->order);
    if (tb_filter_group(f))
        d->n_groups = tb_groups_make(tb_filter_group(f), d->item, d->order, d->n_shown, &d->group);
    tb_filter_close(f);
    return true;
}

static void set(char **s, const char *to)
{
    if (!to || to == *s)
        return;
    free(*s);
    *s = tb_xstrdup(to);
}

bool tb_desk_choose(struct tb_desk *d, const char *filter, const char *sort, const char *group_by, struct tb_err *err)
{
    if (!apply(d, filter ? filter : d->filter, sort ? sort : d->sort, group_by ? group_by : d->group_by, err))
        return false;
    set(&d->filter, filter);
    set(&d->sort, sort);
    set(&d->group_by, group_by);
    return true;
}

/* ---- the store */

static bool read_list(struct tb_desk *d, struct tb_run_item **item, size_t *n)
{
    *item = NULL;
    *n = 0;
    d->trouble = (struct tb_err){ 0 };
    if (!d->store)
        d->store = tb_store_open(d->store_flag, false, &d->trouble);
    if (d->store)
        tb_store_follow(d->store);
    if (d->store && !tb_dir_exists(tb_store_path(d->store)))
        tb_fail(&d->trouble, TB_ERR_NOTFOUND, "%s: the store is gone", tb_store_path(d->store));
    else if (d->store && tb_store_list(d->store, item, n, &d->trouble))
        return true;
    tb_store_close(d->store); /* it may come back, or another one in its place */
    d->store = NULL;
    return false;
}

/* Ages of beats move all the time and are no news. */
static bool is_same(const struct tb_run_item *a, const struct tb_run_item *b)
{
    return memcmp(&a->sum, &b->sum, sizeof a->sum) == 0 && a->sight.state == b->sight.state
        && a->sight.pid == b->sight.pid;
}

/* Runs that are looked at together were mostly made together: the last seven before a run have other tints. */
static void tint_runs(struct tb_desk *d)
{
    d->tint = tb_xrealloc(d->tint, d->n + 1, sizeof *d->tint);
    for (size_t i = 0; i < d->n; i++) {
        size_t near = i < TB_TINTS - 1 ? i : TB_TINTS - 1;
        unsigned tint = tb_tint_of(d->item[i].sum.id);
        while (near && memchr(d->tint + i - near, (int)tint, near))
            tint = (tint + 1) % TB_TINTS;
        d->tint[i] = (unsigned char)tint;
    }
}

bool tb_desk_refresh(struct tb_desk *d)
{
    struct tb_run_item *item;
    size_t n;
    bool had_trouble = d->trouble.kind != TB_ERR_NONE, is_there = read_list(d, &item, &n);
    bool is_news = n != d->n || is_there == had_trouble || !d->order;
    for (size_t i = 0; !is_news && i < n; i++)
        is_news = !is_same(&item[i], &d->item[i]);
    free(d->item);
    d->item = item;
    d->n = n;
    if (is_news) {
        tint_runs(d);
        apply(d, d->filter, d->sort, d->group_by, NULL);
    }
    return is_news;
}

const struct tb_run_item *tb_desk_item(const struct tb_desk *d, const char *id)
{
    for (size_t i = 0; *id && i < d->n; i++)
        if (strcmp(d->item[i].sum.id, id) == 0)
            return &d->item[i];
    return NULL;
}

unsigned tb_desk_tint(const struct tb_desk *d, const char *id)
{
    const struct tb_run_item *item = tb_desk_item(d, id);
    return item ? d->tint[item - d->item] : tb_tint_of(id);
}

const struct tb_run_item *tb_desk_current(const struct tb_desk *d)
{
    return tb_desk_item(d, d->run);
}

bool tb_desk_is_marked(const struct tb_desk *d, const char *id)
{
    for (size_t i = 0; i < d->n_marks; i++)
        if (strcmp(d->mark[i], id) == 0)
            return true;
    return false;
}

unsigned tb_desk_state_style(enum tb_state state)
{
    switch (state) {
    case TB_STATE_RUNNING: return TB_STYLE_LIVE;
    case TB_STATE_PAUSED:
    case TB_STATE_STALLED:
    case TB_STATE_LOST: return TB_STYLE_WARN;
    case TB_STATE_FAILED: return TB_STYLE_BAD;
    default: return TB_STYLE_PLAIN;
    }
}

const char *tb_desk_mark_of(const struct tb_desk *d, const char *id)
{
    return !*id                           ? ""
         : tb_desk_is_marked(d, id)       ? "x"
         : strcmp(d->range_from, id) == 0 ? "v"
         : strcmp(d->reference, id) == 0  ? "="
                                          : "";
}

void tb_desk_mark(struct tb_desk *d, const char *id, bool is_on)
{
    size_t i = 0;
    d->are_marks_given = false;
    while (i < d->n_marks && strcmp(d->mark[i], id) != 0)
        i++;
    if (is_on && i == d->n_marks) {
        d->mark = tb_grow(d->mark, d->n_marks, &d->cap_marks, sizeof *d->mark);
        tb_str_copy(d->mark[d->n_marks++], TB_RUN_ID, id);
    } else if (!is_on && i < d->n_marks) {
        memmove(d->mark + i, d->mark + i + 1, (--d->n_marks - i) * sizeof *d->mark);
    }
}

size_t tb_desk_chosen(const struct tb_desk *d, const struct tb_run_item **out, size_t most)
{
    size_t n = 0;
    const struct tb_run_item *now = tb_desk_current(d);
    for (size_t i = 0; i < d->n_shown && n < most; i++)
        if (tb_desk_is_marked(d, d->item[d->order[i]].sum.id))
            out[n++] = &d->item[d->order[i]];
    if (n == 0 && now && most > 0)
        out[n++] = now;
    return n;
}

bool tb_desk_is_live(const struct tb_desk *d)
{
    return tb_desk_open_runs(d) > 0;
}

size_t tb_desk_open_runs(const struct tb_desk *d)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n; i++)
        n += !d->item[i].sum.damage[0] && tb_state_is_open(d->item[i].sight.state);
    return n;
}

const struct tb_metrics *tb_desk_run(struct tb_desk *d, const char *id, uint64_t *serial, struct tb_err *err)
{
    if (!d->store) {
        tb_fail(err, TB_ERR_NOTFOUND, "no store");
        return NULL;
    }
    char *dir = tb_store_run_dir(d->store, id);
    const struct tb_metrics *m = tb_cache_run(d->cache, dir, serial, err);
    free(dir);
    return m;
}

uint64_t tb_desk_reading(const struct tb_desk *d, const char *id)
{
    char *dir = d->store ? tb_store_run_dir(d->store, id) : NULL;
    uint64_t reading = dir ? tb_cache_reading(d->cache, dir) : 0;
    free(dir);
    return reading;
}

struct tb_run_item tb_desk_now(const struct tb_run_item *item, const struct tb_metrics *m)
{
    struct tb_run_item now = *item;
    tb_summary_of(&now.sum, m);
    tb_str_copy(now.sum.id, sizeof now.sum.id, item->sum.id); /* that of its folder, whatever its file says */
    return now;
}

const char *tb_desk_ref(const struct tb_desk *d, const struct tb_run_item *item)
{
    size_t n = 0;
    const char *name = item->sum.name;
    for (size_t i = 0; i < d->n; i++)
        n += strcmp(d->item[i].sum.name, name) == 0;
    bool is_plain = *name && name[0] != '-' && name[0] != '@' && !strpbrk(name, ":=<> \t'\"\\");
    for (const char *s = name; is_plain && *s; s++)
        is_plain = *s > ' ' && *s < 0x7f;
    return n == 1 && is_plain ? name : item->sum.id;
}

/* ---- what screens ask for */

void tb_desk_say(struct tb_desk *d, unsigned style, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = tb_xvasprintf(fmt, ap);
    va_end(ap);
    free(d->message);
    d->message = text;
    d->message_style = style;
    d->was_said = true;
}

void tb_desk_fail(struct tb_desk *d, const struct tb_err *err)
{
    char text[sizeof err->where + sizeof err->text + 32];
    tb_desk_say(d, TB_STYLE_BAD, "%s", tb_err_string(err, text, sizeof text));
}

void tb_desk_unsay(struct tb_desk *d, const char *text)
{
    if (strcmp(d->message, text) == 0)
        tb_desk_say(d, TB_STYLE_MESSAGE, "%s", "");
}

static struct tb_act *start_act(struct tb_desk *d, const char *command, bool is_shown)
{
    struct tb_err err = { 0 };
    struct tb_act *a = tb_acts_run(&d->acts, command, is_shown, d->now_ns, &err);
    if (a)
        tb_desk_say(d, TB_STYLE_MESSAGE, "asked: %s", command);
    else
        tb_desk_fail(d, &err);
    return a;
}

void tb_desk_do(struct tb_desk *d, const char *command, bool is_shown)
{
    start_act(d, command, is_shown);
}

void tb_desk_preview(struct tb_desk *d, const char *command)
{
    struct tb_act *a = start_act(d, command, true);
    if (a)
        a->then = tb_bind_of(d->screen[d->at].class->binds, '\n');
}

struct tb_child *tb_desk_child(struct tb_desk *d, const char *const *argv, struct tb_err *err)
{
    return d->answers ? tb_child_play(&d->answers_at, argv) : tb_child_open(argv, err);
}

bool tb_desk_has_acts(const struct tb_desk *d)
{
    return tb_acts_open(&d->acts) > 0;
}

void tb_desk_ask(struct tb_desk *d, const char *label, const char *initial, int act)
{
    tb_overlay_ask(d, label, initial, NULL, act);
}

void tb_desk_edit(struct tb_desk *d, const char *path)
{
    const char *visual = getenv("VISUAL"), *editor = visual && *visual ? visual : getenv("EDITOR");
    struct tb_buf b = { 0 };
    tb_buf_fmt(&b, "%s ", editor && *editor ? editor : "vi");
    tb_shell_quote(&b, path);
    free(d->program);
    d->program = tb_buf_take(&b);
}

void tb_desk_copy(struct tb_desk *d, const char *text)
{
    free(d->copied);
    d->copied = tb_xstrdup(text);
    tb_desk_say(d, TB_STYLE_MESSAGE, "copied: %s", text);
}

struct tb_text *tb_desk_show(struct tb_desk *d, const char *title)
{
    return tb_overlay_text(d, title);
}

bool tb_desk_go(struct tb_desk *d, const char *screen)
{
    for (int i = 0; i < d->n_screens; i++) {
        if (strcmp(d->screen[i].class->name, screen) != 0)
            continue;
        if (i != d->at && d->n_stack == TB_STACK)
            memmove(d->stack, d->stack + 1, (size_t)--d->n_stack * sizeof *d->stack);
        if (i != d->at)
            d->stack[d->n_stack++] = d->at;
        d->at = i;
        return true;
    }
    return false;
}
