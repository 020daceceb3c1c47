/* SPDX-License-Identifier: MIT */
/* data_dir.c - where the shipped data lies: in the tree around the program (so that a build in any folder of
 * it works), in share/ beside its bin/ (an installation that was moved), where it was installed, in the tree
 * it was built from. The mark is the file of the task, places.txt. */
#include "worker/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"

enum { LEVELS = 4, PATH_BYTES = 4096 };

static char found[PATH_BYTES];

/* dir/sub as `found` if the data is there. */
static bool try(const char *dir, const char *sub)
{
    char *mark = tb_xasprintf("%s%s/places.txt", dir, sub);
    size_t n = strlen(mark) - strlen("/places.txt");
    bool there = n < sizeof found && tb_file_exists(mark);
    if (there) {
        memcpy(found, mark, n);
        found[n] = '\0';
    }
    free(mark);
    return there;
}

static bool try_around(const char *program)
{
    char *dir = tb_xstrdup(program), *slash;
    bool there = false;
    for (int i = 0; !there && i < LEVELS && (slash = strrchr(dir, '/')); i++) {
        *slash = '\0';
        there = try(dir, "/data") || try(dir, "/share/tunebench/data") || try(dir, "/share/tunebench");
    }
    free(dir);
    return there;
}

static bool try_built_in(void)
{
#ifdef TB_DATA_DIR
    if (try(TB_DATA_DIR, "/data") || try(TB_DATA_DIR, ""))
        return true;
#endif
#ifdef TB_SOURCE_DIR
    if (try(TB_SOURCE_DIR, "/data"))
        return true;
#endif
    return false;
}

const char *tb_session_data_dir(void)
{
    if (!found[0] && !try_around(tb_proc_self()) && !try_built_in())
        return NULL;
    return found;
}
