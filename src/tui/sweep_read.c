/* SPDX-License-Identifier: MIT */
/* sweep_read.c - reads the list of sweeps, and the one that is shown as far as it moved: its log behind what was heard,
 * runs whose files have changed, some at a time. */
#include "tui/sweep_priv.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/duty.h"

enum { READ_AT_ONCE = 8, MOST_RECIPE_BYTES = 1 << 20, HANG = 11 + 2 }; /* HANG: columns of a time and the gap */
static const int64_t again_ns = 1000000000;

void tb_sweep_drop(struct sweep_state *st)
{
    if (st->has_view)
        tb_sweep_view_free(&st->v);
    if (st->is_open)
        tb_sweep_close(&st->s);
    free(st->serial);
    st->serial = NULL;
    st->n_serials = st->n_told = 0;
    st->n_rows = st->n_keys = 0;
    st->is_open = st->has_view = st->is_edited = false;
    st->recipe_stamp = 0;
    tb_text_clear(&st->events);
}

/* Words about all of them are read when there is another one, and while they are looked at. */
static void read_list(struct tb_screen *s)
{
    struct sweep_state *st = s->state;
    const char *store = tb_store_path(s->desk->store);
    char (*id)[TB_SWEEP_ID];
    size_t n = tb_sweep_list(store, false, &id);
    bool is_same = n == st->n_ids && (n == 0 || memcmp(id, st->id, n * sizeof *id) == 0);
    bool is_due = st->pane == SWEEP_LIST && s->desk->now_ns - st->viewed_ns > again_ns;
    free(st->id);
    st->id = id;
    st->n_ids = n;
    if (is_same && !is_due)
        return;
    tb_sweep_items_free(st->item, st->n_items);
    st->n_items = tb_sweep_items(store, &st->item);
}

static const char *wanted_id(const struct sweep_state *st)
{
    for (size_t i = 0; i < st->n_ids; i++)
        if (strcmp(st->id[i], st->chosen) == 0)
            return st->chosen;
    return st->n_ids ? st->id[0] : NULL;
}

/* Opens the one that is to be shown, if that is another one than before. */
static bool open_it(struct tb_screen *s)
{
    struct sweep_state *st = s->state;
    const char *id = wanted_id(st);
    if (!id || (st->is_open && strcmp(st->s.id, id) != 0))
        tb_sweep_drop(st);
    if (!id || st->is_open)
        return st->is_open;
    st->trouble = (struct tb_err){ 0 };
    st->is_open = tb_sweep_load_log(&st->s, tb_store_path(s->desk->store), id, &st->trouble);
    if (!st->is_open)
        tb_sweep_close(&st->s);
    st->events.follow = true;
    return st->is_open;
}

/* ---- runs */

/* One that is over changes if somebody resumes or protects it; that is looked for when the list of runs was read anew
 * (looks_back), since there may be many of them. */
static bool may_move(const struct tb_screen *s, const struct tb_trial *t, bool looks_back)
{
    const struct tb_run_item *item = t->is_over && looks_back ? tb_desk_item(s->desk, t->run) : NULL;
    return !t->is_over || (item && !item->sum.damage[0]
                           && (item->sight.state != t->state || item->sum.is_protected != t->is_protected));
}

/* True if there is something new. */
static bool look_at(struct tb_screen *s, size_t i)
{
    struct sweep_state *st = s->state;
    struct tb_err why = { 0 };
    uint64_t serial = 0;
    const struct tb_metrics *m = tb_desk_run(s->desk, st->s.trial[i].run, &serial, &why);
    if (serial && serial == st->serial[i])
        return false;
    st->serial[i] = serial;
    if (m)
        tb_sweep_see_read(&st->s, i, m, false, NULL);
    else
        tb_sweep_see_none(&st->s, i, &why);
    return true;
}

static bool is_fresh(const struct tb_screen *s, const char *run)
{
    char *dir = tb_store_run_dir(s->desk->store, run);
    bool is = tb_cache_is_fresh(s->desk->cache, dir);
    free(dir);
    return is;
}

static bool look_at_runs(struct tb_screen *s, bool looks_back)
{
    struct sweep_state *st = s->state;
    int n_read = 0;
    bool is_news = false;
    st->serial = tb_xrealloc(st->serial, st->s.n + 1, sizeof *st->serial);
    for (; st->n_serials < st->s.n; st->n_serials++)
        st->serial[st->n_serials] = 0;
    for (size_t i = 0; i < st->s.n; i++) {
        const struct tb_trial *t = &st->s.trial[i];
        if (!*t->run || !may_move(s, t, looks_back))
            continue;
        if (!is_fresh(s, t->run) && n_read++ == READ_AT_ONCE) {
            s->wants_more = true;
            return true;
        }
        is_news = look_at(s, i) || is_news;
    }
    return is_news;
}

/* ---- beside them */

static void tell_event(struct tb_text *t, const struct tb_json *e)
{
    static const char *const loud[] = { "prune", "spare", "spent", "fail", "crash", "stop", NULL };
    const char *kind = tb_json_str(tb_json_get(e, "kind"), ""), *at = tb_json_str(tb_json_get(e, "at"), "");
    bool is_time = strlen(at) >= 16;
    tb_text_wrap(t, tb_str_in(kind, loud) ? TB_STYLE_WARN : TB_STYLE_PLAIN, HANG, "%.5s %.5s  %s  %s",
                 is_time ? at + 5 : "", is_time ? at + 11 : "", kind, tb_json_str(tb_json_get(e, "text"), ""));
}

static bool hear(struct sweep_state *st, struct tb_err *err)
{
    size_t n;
    if (!tb_sweep_hear(&st->s, err))
        return false;
    n = tb_json_len(st->s.events);
    for (; st->n_told < n; st->n_told++)
        if (tb_sweep_is_worth_telling(tb_json_at(st->s.events, st->n_told)))
            tell_event(&st->events, tb_json_at(st->s.events, st->n_told));
    return true;
}

/* Whether the recipe is as it was when the sweep began; one that is not there says nothing. */
static void look_at_recipe(struct sweep_state *st)
{
    struct stat file;
    const char *path = st->s.plan->recipe_path;
    if (stat(path, &file) != 0 || !S_ISREG(file.st_mode)) {
        st->is_edited = false;
        return;
    }
    int64_t stamp = (int64_t)file.st_mtim.tv_sec * 1000000000 + file.st_mtim.tv_nsec;
    if (stamp == st->recipe_stamp)
        return;
    size_t n;
    char *text = tb_file_read(path, MOST_RECIPE_BYTES, &n, NULL);
    st->recipe_stamp = stamp;
    st->is_edited = text && strcmp(text, st->s.plan->recipe) != 0;
    free(text);
}

static void look_at_worker(struct tb_screen *s)
{
    struct sweep_state *st = s->state;
    struct tb_duty_sight sight;
    tb_duty_look(tb_store_path(s->desk->store), &sight);
    st->has_worker = sight.is_held && !sight.is_leaving;
    tb_str_copy(st->worker, sizeof st->worker, sight.trouble);
}

static void make_view(struct tb_screen *s)
{
    struct sweep_state *st = s->state;
    if (st->has_view)
        tb_sweep_view_free(&st->v);
    tb_sweep_view_make(&st->v, &st->s, s->desk->now_ns);
    st->has_view = true;
    st->viewed_ns = s->desk->now_ns;
    look_at_worker(s);
    look_at_recipe(st);
}

bool tb_sweep_read(struct tb_screen *s, struct tb_err *err)
{
    struct sweep_state *st = s->state;
    if (!s->desk->store) {
        tb_sweep_drop(st);
        st->n_ids = 0;
        return true;
    }
    read_list(s);
    tb_sweep_make_list(s);
    if (!open_it(s))
        return true;
    size_t n_events = tb_json_len(st->s.events);
    if (!hear(st, err))
        return false;
    bool is_news = tb_json_len(st->s.events) != n_events || !st->has_view;
    int64_t age = s->desk->now_ns - st->viewed_ns;
    bool is_old = age > again_ns || age < 0 || is_news || st->seen != s->desk->item;
    st->seen = s->desk->item;
    is_news = look_at_runs(s, is_old) || is_news;
    if (is_news || is_old)
        make_view(s);
    return true;
}
