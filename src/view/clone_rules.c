/* SPDX-License-Identifier: MIT */
/* clone_rules.c - by the sections of keys, so that a new key of a method is fixed unless it is known to be soft. */
#include "view/clone_rules.h"

#include <string.h>

#include "base/str.h"

const char *tb_clone_mode_name(enum tb_clone_mode m)
{
    static const char *const names[] = { "auto", "warm", "weights", "cold", "rerun" };
    return names[m];
}

const char *tb_clone_mode_words(enum tb_clone_mode m)
{
    static const char *const words[] = {
        [TB_CLONE_AUTO] = "",
        [TB_CLONE_WARM] = "weights, optimiser and place in the data go on; fixed by that: base, data.* (not "
                          "data.without), batch.*, seed, and method.* but rates and dropout",
        [TB_CLONE_WEIGHTS] = "weights go on, optimiser and data begin anew; fixed by that: base, and the shapes of the "
                             "method",
        [TB_CLONE_COLD] = "the keys alone, from step 0; nothing is fixed",
        [TB_CLONE_RERUN] = "",
    };
    return words[m];
}

enum tb_clone_fixed tb_clone_fixed_by(enum tb_clone_mode m, const char *key)
{
    const char *last = strrchr(key, '.');
    bool is_warm = m == TB_CLONE_WARM;
    if (m == TB_CLONE_COLD)
        return TB_CLONE_FREE;
    if (strcmp(key, "base") == 0 || tb_str_starts(key, "scratch."))
        return TB_CLONE_BY_BASE;
    if (strcmp(key, "data.without") == 0) /* all other rows keep their places */
        return TB_CLONE_FREE;
    if (is_warm && (strcmp(key, "seed") == 0 || tb_str_starts(key, "data.") || tb_str_starts(key, "batch.")))
        return TB_CLONE_BY_PLACE;
    bool is_soft = last && (strcmp(last, ".lr") == 0 || tb_str_ends(last, "dropout"));
    return is_warm && tb_str_starts(key, "method.") && !is_soft ? TB_CLONE_BY_SHAPE : TB_CLONE_FREE;
}
