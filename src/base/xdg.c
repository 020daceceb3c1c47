/* SPDX-License-Identifier: MIT */
/* xdg.c - a variable that holds no absolute path counts as not set, as the specification says. */
#include "base/xdg.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

static char *path_of(const char *variable, const char *in_home, const char *name)
{
    const char *folder = getenv(variable), *home = getenv("HOME");
    if (folder && *folder == '/')
        return tb_xasprintf("%s/tunebench/%s", folder, name);
    return home && *home == '/' ? tb_xasprintf("%s/%s/tunebench/%s", home, in_home, name) : NULL;
}

char *tb_xdg_cache(const char *name)
{
    return path_of("XDG_CACHE_HOME", ".cache", name);
}

char *tb_xdg_state(const char *name)
{
    return path_of("XDG_STATE_HOME", ".local/state", name);
}

void tb_xdg_keep(const char *path, const struct tb_json *value)
{
    if (!path)
        return;
    char *text = tb_json_text(value, TB_JSON_PRETTY), *folder = tb_xstrdup(path), *slash = strrchr(folder, '/');
    if (slash)
        *slash = '\0';
    if (slash && tb_dir_make(folder, 0700, NULL))
        tb_file_replace(path, text, strlen(text), NULL);
    free(folder);
    free(text);
}
