/* SPDX-License-Identifier: MIT */
/* start_go.c - what was chosen becomes a recipe in a file of its own, and that recipe is run: what was trained can be
 * trained again, changed and shown to others. Where no file can be written the command line is run. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "tui/start_priv.h"

enum { MOST_NAMES = 1000 };
static const char folder[] = "recipes";

/* "places" of "pairs:data/places.txt,sep=|". */
static char *stem_of(const char *data)
{
    const char *colon = strchr(data, ':'), *slash = strchr(data, '/');
    const char *path = colon && (!slash || colon < slash) ? colon + 1 : data;
    char *name = tb_xstrndup(path, strcspn(path, ","));
    char *stem = tb_xstrdup(tb_path_base(name)), *dot = strchr(stem + (*stem == '.'), '.');
    if (dot)
        *dot = '\0';
    free(name);
    if (*stem)
        return stem;
    free(stem);
    return tb_xstrdup("recipe");
}

char *start_free_name(const char *stem)
{
    char *name = NULL;
    for (int i = 1; i <= MOST_NAMES; i++) {
        free(name);
        name = tb_xasprintf("%s/%s-%d.lua", folder, stem, i);
        if (!tb_file_exists(name))
            break;
    }
    return name;
}

char *start_next_name(const struct start *st)
{
    char *stem = stem_of(st->setup.data ? st->setup.data : ""), *name = start_free_name(stem);
    free(stem);
    return name;
}

/* Under the next name that is free: somebody may take it meanwhile. */
static bool save_as_new(struct start *st, struct tb_err *err)
{
    bool good = false, is_taken = true;
    for (int i = 0; is_taken && i < MOST_NAMES; i++) {
        char *path = start_next_name(st), *text = tb_setup_recipe(&st->setup, path, err);
        *err = text ? (struct tb_err){ 0 } : *err;
        good = text && tb_file_write_new(path, text, strlen(text), &is_taken, err);
        is_taken = is_taken && text;
        if (good)
            tb_setup_put(&st->saved, path);
        free(text);
        free(path);
    }
    return good;
}

const char *start_save(struct start *st, struct tb_err *err)
{
    bool is_same = st->saved && st->command && strcmp(st->saved_command, st->command) == 0 && tb_file_exists(st->saved);
    if (!st->command) {
        *err = st->wrong;
        return NULL;
    }
    if (is_same)
        return st->saved;
    if (!tb_dir_make(folder, 0777, err) || !save_as_new(st, err))
        return NULL;
    tb_setup_put(&st->saved_command, st->command);
    return st->saved;
}

void start_look_on(struct tb_desk *d, struct tb_planning *p, bool is_search)
{
    while (!is_search && d->n_marks)
        tb_desk_mark(d, d->mark[0], false);
    for (size_t i = 0; !is_search && p->is_good && !tb_planning_is_busy(p) && i < p->forecast.n; i++)
        if (tb_desk_item(d, p->forecast.run[i].id))
            tb_desk_mark(d, p->forecast.run[i].id, true);
    d->are_marks_given = d->n_marks > 0;
    tb_planning_rest(p);
    tb_desk_go(d, is_search ? "sweep" : "runs");
}

static char *command(struct start *st, const char *verb, struct tb_err *err)
{
    const char *path = start_save(st, err);
    struct tb_buf b = { 0 };
    tb_buf_fmt(&b, "%s ", verb);
    if (path)
        tb_shell_quote(&b, path);
    else
        tb_buf_str(&b, st->command + strlen("tunebench run "));
    return tb_buf_take(&b);
}

void start_go(struct tb_screen *s, bool is_plan)
{
    struct start *st = s->state;
    struct tb_err err = { 0 };
    if (!st->command) {
        if (st->wrong.kind != TB_ERR_NONE)
            tb_desk_fail(s->desk, &st->wrong);
        else
            tb_desk_say(s->desk, TB_STYLE_MESSAGE, "still looking for a model and data ..");
        return;
    }
    if (is_plan) {
        char *plan = tb_xasprintf("plan %s", st->command + strlen("tunebench run "));
        tb_desk_preview(s->desk, plan);
        free(plan);
        return;
    }
    char *run = command(st, "run", &err), *whole = tb_xasprintf("%s --detach", run);
    tb_desk_do(s->desk, whole, false);
    start_look_on(s->desk, &st->planning, false);
    free(run);
    free(whole);
}
