/* SPDX-License-Identifier: MIT */
/* xdg.c - a variable that holds no absolute path counts as not set, as the specification says. */
#include "base/xdg.h"

#include <stdlib.h>

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
