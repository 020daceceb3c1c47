/* SPDX-License-Identifier: MIT */
/* folder.c - folders that appear whole or not at all: written as "<dir>.tmp-<pid>" beside their place, then renamed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "exchange/exchange_priv.h"

bool tb_folder_begin(struct tb_folder *f, const char *dir, struct tb_err *err)
{
    struct tb_err ignored;
    size_t n = strlen(dir);
    while (n > 1 && dir[n - 1] == '/')
        n--;
    *f = (struct tb_folder){ 0 };
    if (n == 0)
        return tb_fail(err, TB_ERR_USAGE, "the folder to write has no name");
    f->path = tb_xasprintf("%.*s", (int)n, dir);
    if (tb_file_exists(f->path) || tb_dir_exists(f->path))
        return tb_fail(err, TB_ERR_USAGE, "%s exists already; choose another name or remove it", f->path);
    f->temp = tb_xasprintf("%s.tmp-%ld", f->path, (long)getpid());
    tb_dir_remove(f->temp, &ignored);
    return tb_dir_make(f->temp, 0777, err);
}

/* The folder that holds path. */
static char *above(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return tb_xstrdup(".");
    return tb_xasprintf("%.*s", slash == path ? 1 : (int)(slash - path), path);
}

static bool give_name(const struct tb_folder *f, struct tb_err *err)
{
    char *parent = above(f->path);
    bool good = tb_dir_sync(f->temp, err);
    if (good && rename(f->temp, f->path) != 0)
        good = tb_fail_errno(err, "cannot rename %s to %s", f->temp, f->path);
    good = good && tb_dir_sync(parent, err);
    free(parent);
    return good;
}

bool tb_folder_end(struct tb_folder *f, bool good, struct tb_err *err)
{
    struct tb_err ignored;
    good = good && give_name(f, err);
    if (!good && f->temp)
        tb_dir_remove(f->temp, &ignored);
    free(f->path);
    free(f->temp);
    *f = (struct tb_folder){ 0 };
    return good;
}
