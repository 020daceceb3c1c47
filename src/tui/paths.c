/* SPDX-License-Identifier: MIT */
/* paths.c - completion of file names out of one folder. */
#include "tui/paths.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

enum { MOST_NAMES = 4096, MOST_SHOWN = 60 };

char *tb_path_typed(const char *typed)
{
    const char *home = getenv("HOME");
    size_t n;
    typed += strspn(typed, " ");
    for (n = strlen(typed); n > 0 && typed[n - 1] == ' ';)
        n--;
    if (n > 0 && typed[0] == '~' && home && (n == 1 || typed[1] == '/'))
        return tb_xasprintf("%s%.*s", home, (int)(n - 1), typed + 1);
    return tb_xstrndup(typed, n);
}

struct names {
    char **name;
    size_t n, cap;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names in a folder that begin so; those with a dot in front only if it was typed. */
static struct names names_in(const char *folder, const char *begin)
{
    struct names all = { 0 };
    DIR *dir = opendir(*folder ? folder : ".");
    for (struct dirent *d; dir && all.n < MOST_NAMES && (d = readdir(dir));) {
        bool is_dots = strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0;
        if (is_dots || !tb_str_starts(d->d_name, begin) || (d->d_name[0] == '.' && *begin != '.'))
            continue;
        all.name = tb_grow(all.name, all.n, &all.cap, sizeof *all.name);
        all.name[all.n++] = tb_xstrdup(d->d_name);
    }
    if (dir)
        closedir(dir);
    if (all.n)
        qsort(all.name, all.n, sizeof *all.name, by_name);
    return all;
}

static bool is_folder(const char *folder, const char *name)
{
    char *path = tb_path_join(folder, name);
    bool is = tb_dir_exists(*folder ? path : name);
    free(path);
    return is;
}

/* Bytes that all names have in common; whole characters only. */
static size_t common(const struct names *all)
{
    size_t n = strlen(all->name[0]);
    for (size_t i = 1; i < all->n; i++) {
        size_t k = 0;
        while (k < n && all->name[i][k] == all->name[0][k])
            k++;
        n = k;
    }
    while (n > 0 && ((unsigned char)all->name[0][n] & 0xc0) == 0x80)
        n--;
    return n;
}

char *tb_path_complete(const char *typed, struct tb_buf *others)
{
    char *path = tb_path_typed(typed), *slash = strrchr(path, '/');
    char *folder = slash ? tb_xstrndup(path, (size_t)(slash + 1 - path)) : tb_xstrdup("");
    struct names all = names_in(folder, slash ? slash + 1 : path);
    char *out = NULL;
    if (all.n > 0) {
        bool is_one = all.n == 1 && is_folder(folder, all.name[0]);
        out = tb_xasprintf("%s%.*s%s", folder, (int)common(&all), all.name[0], is_one ? "/" : "");
    }
    for (size_t i = 0; all.n > 1 && i < all.n && i < MOST_SHOWN; i++)
        tb_buf_fmt(others, "%s%s%s", i ? "  " : "", all.name[i], is_folder(folder, all.name[i]) ? "/" : "");
    if (all.n > MOST_SHOWN)
        tb_buf_fmt(others, "  .. and %zu more", all.n - MOST_SHOWN);
    for (size_t i = 0; i < all.n; i++)
        free(all.name[i]);
    free(all.name);
    free(folder);
    if (out)
        free(path);
    return out ? out : path;
}
