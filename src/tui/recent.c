/* SPDX-License-Identifier: MIT */
/* recent.c - see recent.h. */
#include "tui/recent.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/xdg.h"

enum { MOST = 20, MOST_BYTES = 1 << 18 };

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
    if (real && !tb_json_equal(all, was))
        tb_xdg_keep(path, all);
    tb_json_free(all);
    tb_json_free(was);
    free(real);
    free(path);
    return others;
}
