/* SPDX-License-Identifier: MIT */
/* checkpoint.c - a file of HDF5 with
 *     /            @schema @schema_version @step @journal_seq
 *     /state_json  the state as text         /names  of the tensors, in the order given
 *     /tensors/..  one dataset each
 * The list of names is there so that reading needs no walk over groups and keeps the order. */
#include "store/checkpoint.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/h5_priv.h"
#include "store/layout.h"

char *tb_checkpoint_path(const char *dir, int64_t step)
{
    return tb_xasprintf("%s/" TB_DIR_CKPT "/%06lld.h5", dir, (long long)step);
}

static size_t expected_bytes(const struct tb_checkpoint *c)
{
    size_t bytes = 0;
    for (size_t i = 0; i < c->n; i++)
        bytes += (size_t)tb_array_count(&c->tensor[i]) * tb_array_type_bytes(c->tensor[i].type);
    return bytes;
}

bool tb_checkpoint_write(const char *dir, const struct tb_checkpoint *c, struct tb_err *err)
{
    struct tb_h5_out h;
    const char **names = tb_xcalloc(c->n + 1, sizeof *names);
    char *path = tb_checkpoint_path(dir, c->step), *state = tb_json_text(c->state, TB_JSON_LINE);
    tb_h5_begin(&h, expected_bytes(c));
    tb_h5_attr_str(&h, "/", "schema", TB_CKPT_SCHEMA);
    tb_h5_attr_str(&h, "/", "schema_version", TB_STORE_VERSION);
    tb_h5_attr_int(&h, "/", "step", c->step);
    tb_h5_attr_int(&h, "/", "journal_seq", (int64_t)c->journal_seq);
    tb_h5_text(&h, "/state_json", state, strlen(state));
    for (size_t i = 0; i < c->n; i++) {
        char *at = tb_xasprintf("/tensors/%s", c->tensor[i].name);
        tb_h5_tensor(&h, at, &c->tensor[i]);
        free(at);
        names[i] = c->tensor[i].name;
    }
    tb_h5_strs(&h, "/names", names, c->n);
    bool good = tb_h5_commit(&h, path, err);
    free(state);
    free(path);
    free(names);
    return good;
}

static bool read_tensors(struct tb_checkpoint *c, struct tb_h5_in *h, struct tb_err *err)
{
    char *names;
    size_t width, n;
    if (!tb_h5_get_strs(h, "/names", &names, &width, &n, err))
        return false;
    struct tb_array *t = tb_xcalloc(n + 1, sizeof *t);
    bool good = true;
    c->tensor = t;
    for (c->n = 0; good && c->n < n; c->n++) {
        const char *name = names + c->n * (width + 1);
        char *path = tb_xasprintf("/tensors/%s", name);
        t[c->n].name = tb_xstrdup(name);
        good = tb_h5_get_tensor(h, path, &t[c->n], err);
        free(path);
    }
    free(names);
    return good;
}

static bool read_state(struct tb_checkpoint *c, struct tb_h5_in *h, struct tb_err *err)
{
    char *text;
    size_t n;
    if (!tb_h5_get_text(h, "/state_json", &text, &n, err))
        return false;
    c->state = tb_json_parse(text, n, h->name, err);
    free(text);
    return c->state != NULL;
}

bool tb_checkpoint_read(struct tb_checkpoint *c, const char *dir, int64_t step, struct tb_err *err)
{
    struct tb_h5_in h;
    char *path = tb_checkpoint_path(dir, step);
    *c = (struct tb_checkpoint){ .step = step };
    bool good = tb_h5_open(&h, path, TB_CKPT_SCHEMA, err);
    if (good && tb_h5_get_attr_int(&h, "/", "step", -1) != step)
        good = tb_fail_at(err, TB_ERR_FORMAT, path, 0, "is the checkpoint of step %lld",
                          (long long)tb_h5_get_attr_int(&h, "/", "step", -1));
    if (good)
        c->journal_seq = (uint64_t)tb_h5_get_attr_int(&h, "/", "journal_seq", 0);
    good = good && read_state(c, &h, err) && read_tensors(c, &h, err);
    tb_h5_close(&h);
    if (!good)
        tb_checkpoint_free(c);
    free(path);
    return good;
}

void tb_checkpoint_free(struct tb_checkpoint *c)
{
    for (size_t i = 0; i < c->n; i++) {
        free((char *)c->tensor[i].name);
        free(c->tensor[i].data);
    }
    free((struct tb_array *)c->tensor);
    tb_json_free((struct tb_json *)c->state);
    *c = (struct tb_checkpoint){ 0 };
}

const struct tb_array *tb_checkpoint_find(const struct tb_checkpoint *c, const char *name)
{
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->tensor[i].name, name) == 0)
            return &c->tensor[i];
    return NULL;
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

size_t tb_checkpoint_list(const char *dir, int64_t **steps)
{
    size_t n = 0, cap = 0;
    char *path = tb_xasprintf("%s/" TB_DIR_CKPT, dir);
    DIR *d = opendir(path);
    struct dirent *e;
    *steps = NULL;
    while (d && (e = readdir(d))) {
        char name[24];
        int64_t step;
        size_t len = strlen(e->d_name);
        if (len < 9 || len >= sizeof name || strcmp(e->d_name + len - 3, ".h5") != 0
            || strspn(e->d_name, "0123456789") != len - 3)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)len - 3, e->d_name);
        if (!tb_str_int(name, &step))
            continue;
        *steps = tb_grow(*steps, n, &cap, sizeof **steps);
        (*steps)[n++] = step;
    }
    if (d)
        closedir(d);
    if (n)
        qsort(*steps, n, sizeof **steps, ascending);
    free(path);
    return n;
}

/* Adds what is wrong with a checkpoint to the words, and gets it out of the way. */
static void skip_bad(const char *dir, int64_t step, const struct tb_err *why, bool move_bad,
                     char *words, size_t n_words)
{
    char text[512], *path = tb_checkpoint_path(dir, step), *bad = tb_xasprintf("%s.bad", path);
    if (words) {
        size_t have = strlen(words);
        snprintf(words + have, n_words - have, "%scheckpoint %lld not used: %s",
                 have ? "; " : "", (long long)step, tb_err_string(why, text, sizeof text));
    }
    if (move_bad && why->kind == TB_ERR_FORMAT)
        rename(path, bad);
    free(bad);
    free(path);
}

bool tb_checkpoint_newest(struct tb_checkpoint *c, const char *dir, int64_t at_most, bool move_bad,
                          char *words, size_t n_words, struct tb_err *err)
{
    int64_t *steps;
    size_t n = tb_checkpoint_list(dir, &steps);
    bool found = false;
    if (words && n_words)
        words[0] = '\0';
    *c = (struct tb_checkpoint){ 0 };
    while (!found && n-- > 0) {
        struct tb_err why = { 0 };
        if (at_most >= 0 && steps[n] > at_most)
            continue;
        found = tb_checkpoint_read(c, dir, steps[n], &why);
        if (!found)
            skip_bad(dir, steps[n], &why, move_bad, words, n_words);
    }
    free(steps);
    if (!found)
        tb_fail_at(err, TB_ERR_NOTFOUND, dir, 0, "no checkpoint that can be read");
    return found;
}

bool tb_checkpoint_remove(const char *dir, int64_t step, struct tb_err *err)
{
    char *path = tb_checkpoint_path(dir, step);
    bool good =
        unlink(path) == 0 || errno == ENOENT || tb_fail_errno(err, "cannot remove %s", path);
    free(path);
    return good;
}
