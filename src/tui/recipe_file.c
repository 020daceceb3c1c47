/* SPDX-License-Identifier: MIT */
/* recipe_file.c - a recipe is a file that other programs write, so it is looked at again and again. What was read last
 * stays when the file is gone or cannot be read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "tui/recipe_priv.h"
#include "tui/start_priv.h"

enum { MOST_BYTES = 1 << 20 };

void recipe_unwatch(struct recipe *r)
{
    if (r->watch > 0)
        close(r->watch);
    r->watch = 0;
}

/* Its folder, since editors put a new file in the place of the old one. Where nothing can be watched the file is met
 * again when the list of runs is. */
static void watch(struct recipe *r)
{
    char *folder = tb_xstrdup(r->path), *slash = strrchr(folder, '/');
    recipe_unwatch(r);
    if (slash)
        slash[slash == folder] = '\0';
    r->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (r->watch > 0
        && inotify_add_watch(r->watch, slash ? folder : ".", IN_CLOSE_WRITE | IN_MOVE | IN_DELETE | IN_ATTRIB) < 0)
        recipe_unwatch(r);
    r->watch = r->watch > 0 ? r->watch : 0;
    free(folder);
}

void recipe_open(struct tb_screen *s, const char *path)
{
    struct recipe *r = s->state;
    char *copy = tb_xstrdup(path);
    free(r->path);
    free(r->before);
    r->path = copy;
    r->before = NULL;
    r->stamp = (struct stat){ 0 };
    r->is_gone = false;
    r->line = r->first = r->plan_first = 0;
    r->column = 0;
    r->planning.is_there = false; /* that was of another file */
    tb_json_free(r->overrides);
    r->overrides = tb_json_new_list();
    tb_source_free(&r->source);
    recipe_read(s);
}

/* True if there is another text in it. */
static bool read_file(struct recipe *r)
{
    size_t n = 0;
    struct stat now = r->stamp;
    r->file_err = (struct tb_err){ 0 };
    if (!r->source.text)
        watch(r);
    stat(r->path, &now);
    char *text = tb_file_read_plain(r->path, MOST_BYTES, &n, &r->file_err);
    r->stamp = now;
    if (!text)
        return false;
    bool is_new = !r->source.text || n != r->source.n || memcmp(text, r->source.text, n) != 0;
    if (is_new)
        tb_source_set(&r->source, text, n);
    free(text);
    return is_new;
}

static bool has_moved(const struct stat *a, const struct stat *b)
{
    return a->st_mtim.tv_sec != b->st_mtim.tv_sec || a->st_mtim.tv_nsec != b->st_mtim.tv_nsec
           || a->st_size != b->st_size || a->st_ino != b->st_ino || a->st_dev != b->st_dev;
}

static bool read_draft(struct recipe *r, const struct start *st)
{
    const char *text = st && st->recipe ? st->recipe : "";
    bool is_new = !r->source.text || strcmp(r->source.text, text) != 0;
    if (is_new)
        tb_source_set(&r->source, text, strlen(text));
    return is_new;
}

bool recipe_read(struct tb_screen *s)
{
    struct recipe *r = s->state;
    struct stat now;
    char news[4096];
    bool is_new = false;
    while (r->watch > 0 && read(r->watch, news, sizeof news) > 0) /* whatever it is, the file says what it means */
        continue;
    if (!r->path) {
        is_new = read_draft(r, start_of(s->desk));
    } else if (stat(r->path, &now) != 0) {
        is_new = !r->is_gone;
        r->is_gone = true;
        r->file_err = (struct tb_err){ 0 };
        tb_fail_errno(&r->file_err, "%s", r->path);
    } else if (r->is_gone || has_moved(&now, &r->stamp)) {
        is_new = read_file(r) || r->is_gone || r->file_err.kind != TB_ERR_NONE;
        r->is_gone = false;
        recipe_ask(s);
        tb_planning_again(&r->planning);
    }
    r->line = r->line < r->source.n_lines ? r->line : r->source.n_lines ? r->source.n_lines - 1 : 0;
    return is_new;
}

/* Words behind `plan`. */
static struct tb_json *words_of(const struct recipe *r)
{
    struct tb_json *words = tb_json_new_list();
    tb_json_append(words, tb_json_new_str(r->path));
    for (size_t i = 0; i < tb_json_len(r->overrides); i++) {
        tb_json_append(words, tb_json_new_str("--set"));
        tb_json_append(words, tb_json_copy(tb_json_at(r->overrides, i)));
    }
    return words;
}

void recipe_ask(struct tb_screen *s)
{
    struct recipe *r = s->state;
    if (!r->path)
        return;
    struct tb_json *words = words_of(r);
    tb_planning_ask(&r->planning, words, s->desk->store_flag);
    tb_json_free(words);
}

char *recipe_words(const struct recipe *r)
{
    struct tb_json *words = words_of(r);
    struct tb_buf b = { 0 };
    for (size_t i = 0; i < tb_json_len(words); i++) {
        tb_buf_str(&b, i ? " " : "");
        tb_shell_quote(&b, tb_json_str(tb_json_at(words, i), ""));
    }
    tb_json_free(words);
    return tb_buf_take(&b);
}

bool recipe_write(struct recipe *r, const char *text, struct tb_err *err)
{
    struct stat now;
    if (stat(r->path, &now) == 0 && has_moved(&now, &r->stamp))
        return tb_fail(err, TB_ERR_BUSY, "%s was changed by another program just now; look again", r->path);
    return tb_file_replace(r->path, text, strlen(text), err);
}

char *recipe_free_name(const struct tb_screen *s)
{
    const struct recipe *r = s->state;
    char *stem = tb_xstrdup(r->path ? tb_path_base(r->path) : "recipe"), *dot = strrchr(stem, '.');
    if (dot && dot > stem)
        *dot = '\0';
    char *dash = strrchr(stem, '-');
    if (dash && dash > stem && dash[1] && strspn(dash + 1, "0123456789") == strlen(dash + 1))
        *dash = '\0';
    char *name = start_free_name(stem);
    free(stem);
    return name;
}
