/* SPDX-License-Identifier: MIT */
/* xdg.c - a variable that holds no absolute path counts as not set, as the specification says. */
#include "base/xdg.h"

#include <stdlib.h>

#include "base/mem.h"

char *tb_xdg_cache(const char *name)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (cache && *cache == '/')
        return tb_xasprintf("%s/tunebench/%s", cache, name);
    return home && *home == '/' ? tb_xasprintf("%s/.cache/tunebench/%s", home, name) : NULL;
}
