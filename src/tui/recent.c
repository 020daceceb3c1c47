/* SPDX-License-Identifier: MIT */
/* recent.c - see recent.h. */
#include "tui/recent.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/xdg.h"

enum { MOST = 20, MOST_BYTES = 1 << 18 };

static void keep(const char *path, const struct tb_json *list)
{
    char *text = tb_json_text(list, TB_JSON_PRETTY), *folder = tb_xstrdup(path), *slash = strrchr(folder, '/');
    if (slash)
        *slash = '\0';
    if (slash && tb_dir_make(folder, 0700, NULL))
        tb_file_replace(path, text, strlen(text), NULL);
    free(folder);
    free(text);
}

struct tb_json *tb_recent_stores(const char *now)
{
    char *path = tb_xdg_state("stores.json"), *real = now ? realpath(now, NULL) : NULL;
    struct tb_json *was = path && tb_file_exists(path) ? tb_json_load(path, MOST_BYTES, NULL) : NULL;
    struct tb_json *all = tb_json_new_list(), *others = tb_json_new_list();
    if (real)
        tb_json_append(all, tb_json_new_str(real));
    for (size_t i = 0; i < tb_json_len(was) && tb_json_len(all) < MOST; i++) {
        const char *other = tb_json_str(tb_json_at(was, i), "");
        if (!*other || (real && strcmp(real, other) == 0))
            continue;
        tb_json_append(all, tb_json_new_str(other));
        if (tb_dir_exists(other))
            tb_json_append(others, tb_json_new_str(other));
    }
    if (path && real && !tb_json_equal(all, was))
        keep(path, all);
    tb_json_free(all);
    tb_json_free(was);
    free(real);
    free(path);
    return others;
}
