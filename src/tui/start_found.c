/* SPDX-License-Identifier: MIT */
/* start_found.c - models and data as `scan --json` lists them, in a child. A path that was added is scanned by itself
 * and stands in front. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "tui/start_priv.h"

static const char *text_of(const struct tb_json *map, const char *key)
{
    return tb_json_str(tb_json_get(map, key), "");
}

static struct tb_json **list_of(struct start *st, enum start_pane pane)
{
    return pane == START_MODELS ? &st->models : &st->data;
}

size_t start_list_len(const struct start *st, enum start_pane pane)
{
    return tb_json_len(*list_of((struct start *)st, pane));
}

const struct tb_json *start_entry(const struct start *st, enum start_pane pane, size_t i)
{
    return tb_json_at(*list_of((struct start *)st, pane), i);
}

/* Data whose name no command line can carry (a comma in it) is listed and cannot be chosen. */
bool start_is_usable(const struct tb_json *entry)
{
    return tb_json_bool(tb_json_get(entry, "ok"), false) && (!tb_json_get(entry, "data") || *text_of(entry, "data"));
}

/* ---- scanning */

enum { MOST_ADDED = 16 };

void start_scan(struct start *st, const char *path)
{
    const char *argv[4 + MOST_ADDED + 1] = { "tunebench", "scan", "--json", path ? path : "." };
    for (size_t i = 0, n = 4; !path && i < tb_json_len(st->added) && n < 4 + MOST_ADDED; i++) {
        const char *added = tb_json_str(tb_json_at(st->added, i), "");
        if (tb_file_exists(added) || tb_dir_exists(added))
            argv[n++] = added;
    }
    tb_child_close(st->scan);
    st->scan_err = (struct tb_err){ 0 };
    tb_setup_put(&st->scanned, path);
    st->scan = tb_child_open(argv, &st->scan_err);
    if (st->scan)
        tb_child_send_end(st->scan);
}

static bool has_path(const struct tb_json *list, const char *path)
{
    for (size_t i = 0; i < tb_json_len(list); i++)
        if (strcmp(text_of(tb_json_at(list, i), "path"), path) == 0)
            return true;
    return false;
}

/* Entries of `from` in front of those of *list, none twice. */
static void put_in_front(struct tb_json **list, const struct tb_json *from)
{
    struct tb_json *all = tb_json_new_list();
    for (size_t i = 0; i < tb_json_len(from); i++)
        tb_json_append(all, tb_json_copy(tb_json_at(from, i)));
    for (size_t i = 0; i < tb_json_len(*list); i++)
        if (!has_path(from, text_of(tb_json_at(*list, i), "path")))
            tb_json_append(all, tb_json_copy(tb_json_at(*list, i)));
    tb_json_free(*list);
    *list = all;
}

static bool is_shipped(const struct tb_json *e)
{
    return tb_json_bool(tb_json_get(e, "is_shipped"), false);
}

/* How much data look like what somebody came for: prompts with completions rather than plain text, own files rather
 * than shipped ones, larger ones, but nothing that would be read for long. A few lines of text are some readme. */
static double data_score(const struct tb_json *e)
{
    double bytes = (double)tb_json_int(tb_json_get(e, "bytes"), 0);
    bool is_text = strcmp(text_of(e, "kind"), "text") == 0;
    double own = is_shipped(e) ? 0 : is_text && bytes < 50e3 ? 1 : 3;
    return (is_text ? 0 : 2) + own + (bytes < 1e9) + bytes / (bytes + 1e6);
}

/* The smallest of somebody's own models: the first try should be over soon. */
static double model_score(const struct tb_json *e)
{
    double n = (double)tb_json_int(tb_json_get(e, "parameters"), 0);
    return (is_shipped(e) ? 0 : 1) + 1e6 / (n + 1e6);
}

/* The entry that a list begins at; -1 if none can be used. */
static int best(const struct tb_json *list, double (*score)(const struct tb_json *e))
{
    int at = -1;
    for (size_t i = 0; i < tb_json_len(list); i++)
        if (start_is_usable(tb_json_at(list, i))
            && (at < 0 || score(tb_json_at(list, i)) > score(tb_json_at(list, (size_t)at))))
            at = (int)i;
    return at;
}

static int index_of(const struct tb_json *list, const char *key, const char *text)
{
    for (size_t i = 0; text && i < tb_json_len(list); i++)
        if (strcmp(text_of(tb_json_at(list, i), key), text) == 0)
            return (int)i;
    return -1;
}

/* Puts the cursors on what is chosen, or proposes. What was added is chosen at once. */
static void place(struct start *st, bool models_came, bool data_came)
{
    int model = index_of(st->models, "name", st->setup.base), data = index_of(st->data, "data", st->setup.data);
    model = models_came ? 0 : model >= 0 ? model : best(st->models, model_score);
    data = data_came ? 0 : data >= 0 ? data : best(st->data, data_score);
    st->at[START_MODELS] = model < 0 ? 0 : model;
    st->at[START_DATA] = data < 0 ? 0 : data;
    start_choose(st, START_MODELS);
    start_choose(st, START_DATA);
}

/* Whether the first of a list lies where somebody pointed to; the usual places come behind it. */
static bool has_come(const struct start *st, const struct tb_json *list)
{
    return st->scanned && tb_str_starts(text_of(tb_json_at(list, 0), "path"), st->scanned);
}

static bool is_added(const struct start *st, const char *path)
{
    for (size_t i = 0; i < tb_json_len(st->added); i++)
        if (strcmp(tb_json_str(tb_json_at(st->added, i), ""), path) == 0)
            return true;
    return false;
}

static void take(struct start *st, struct tb_json *found)
{
    const struct tb_json *models = tb_json_get(found, "models"), *data = tb_json_get(found, "data");
    bool models_came = has_come(st, models), data_came = has_come(st, data);
    put_in_front(&st->models, models);
    put_in_front(&st->data, data);
    if (st->scanned && !models_came && !data_came)
        tb_fail(&st->scan_err, TB_ERR_NOTFOUND, "%s holds neither a model nor data", st->scanned);
    else if (st->scanned && !is_added(st, st->scanned))
        tb_json_append(st->added, tb_json_new_str(st->scanned));
    place(st, models_came, data_came);
}

bool start_scan_pump(struct start *st)
{
    if (!st->scan)
        return false;
    tb_child_pump(st->scan);
    if (!tb_child_has_ended(st->scan))
        return false;
    const char *out = tb_child_out(st->scan), *words = tb_child_err(st->scan);
    struct tb_json *found = *out == '{' ? tb_json_parse(out, strlen(out), "scan", &st->scan_err) : NULL;
    if (found)
        take(st, found);
    else if (st->scan_err.kind == TB_ERR_NONE)
        tb_fail(&st->scan_err, TB_ERR_IO, "%.400s", *words ? words : "scan ended without a word");
    tb_json_free(found);
    tb_child_close(st->scan);
    st->scan = NULL;
    st->was_scanned = true;
    return true;
}

/* ---- choosing */

static int next_usable(const struct start *st, enum start_pane pane, int from)
{
    int n = (int)start_list_len(st, pane);
    for (int i = 0; i < n; i++)
        if (start_is_usable(start_entry(st, pane, (size_t)((from + i) % n))))
            return (from + i) % n;
    return -1;
}

static bool take_model(struct start *st, const struct tb_json *e)
{
    bool is_same = st->setup.base && strcmp(st->setup.base, text_of(e, "name")) == 0;
    bool is_first = st->setup.n_params == 0; /* the base of the last time is met again */
    tb_setup_put(&st->setup.base, text_of(e, "name"));
    st->setup.n_params = tb_json_int(tb_json_get(e, "parameters"), 0);
    if (!is_same || is_first)
        start_propose_budget(st, 0, 0);
    return !is_same;
}

bool start_choose(struct start *st, enum start_pane pane)
{
    int i = next_usable(st, pane, st->at[pane]);
    const struct tb_json *e = start_entry(st, pane, (size_t)st->at[pane]);
    if (i < 0)
        return false;
    if (!start_is_usable(e) && (pane == START_MODELS ? st->setup.base : st->setup.data))
        return false; /* looked at, not taken */
    st->at[pane] = i;
    e = start_entry(st, pane, (size_t)i);
    if (pane == START_MODELS)
        return take_model(st, e);
    bool is_same = st->setup.data && strcmp(st->setup.data, text_of(e, "data")) == 0;
    tb_setup_put(&st->setup.data, text_of(e, "data"));
    return !is_same;
}

void start_found_free(struct start *st)
{
    tb_child_close(st->scan);
    free(st->scanned);
    tb_json_free(st->added);
    tb_json_free(st->models);
    tb_json_free(st->data);
}
