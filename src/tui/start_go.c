/* SPDX-License-Identifier: MIT */
/* start_go.c - what was chosen becomes a recipe in a file of its own, and that recipe is run: what was trained can be
 * trained again, changed and shown to others. Where no file can be written the command line is run. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* A file that was not there before: never over another. */
static bool write_new(const char *path, const char *text, bool *is_taken, struct tb_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    *is_taken = fd < 0 && errno == EEXIST;
    if (fd < 0)
        return tb_fail_errno(err, "%s cannot be written", path);
    bool good = tb_write_all(fd, text, strlen(text)) || tb_fail_errno(err, "%s cannot be written", path);
    if (close(fd) != 0 && good)
        good = tb_fail_errno(err, "%s cannot be written", path);
    if (!good)
        unlink(path);
    return good;
}

/* recipes/<stem>-1.lua, or the next number that is free. */
static bool save_as_new(struct start *st, const char *stem, struct tb_err *err)
{
    bool good = false, is_taken = true;
    for (int i = 1; is_taken && i <= MOST_NAMES; i++) {
        char *path = tb_xasprintf("%s/%s-%d.lua", folder, stem, i);
        char *text = tb_setup_recipe(&st->setup, path, err);
        *err = text ? (struct tb_err){ 0 } : *err;
        good = text && write_new(path, text, &is_taken, err);
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
    bool is_same = st->saved && st->recipe && strcmp(st->saved_text, st->recipe) == 0 && tb_file_exists(st->saved);
    if (!st->recipe) {
        *err = st->wrong;
        return NULL;
    }
    if (is_same)
        return st->saved;
    char *stem = stem_of(st->setup.data);
    bool good = tb_dir_make(folder, 0777, err) && save_as_new(st, stem, err);
    if (good)
        tb_setup_put(&st->saved_text, st->recipe);
    free(stem);
    return good ? st->saved : NULL;
}

/* The runs of the plan, so that their curves are shown. */
static void mark_runs(struct tb_screen *s)
{
    const struct start *st = s->state;
    if (tb_planning_is_busy(&st->planning) || !st->planning.is_good)
        return;
    while (s->desk->n_marks)
        tb_desk_mark(s->desk, s->desk->mark[0], false);
    for (size_t i = 0; i < st->planning.forecast.n; i++)
        tb_desk_mark(s->desk, st->planning.forecast.run[i].id, true);
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
        tb_desk_fail(s->desk, &st->wrong);
        return;
    }
    if (is_plan) {
        char *plan = tb_xasprintf("plan %s", st->command + strlen("tunebench run "));
        tb_desk_do(s->desk, plan, true);
        free(plan);
        return;
    }
    char *run = command(st, "run", &err), *whole = tb_xasprintf("%s --detach", run);
    mark_runs(s);
    tb_desk_do(s->desk, whole, false);
    tb_desk_go(s->desk, "runs");
    free(run);
    free(whole);
}
