/* SPDX-License-Identifier: MIT */
/* xdg.h - where a user's files lie that are no results (XDG base directories). */
#ifndef TB_BASE_XDG_H
#define TB_BASE_XDG_H

#include "base/json.h"

/* Path of a file of this program that may be deleted at any time: in $XDG_CACHE_HOME/tunebench, else in
 * $HOME/.cache/tunebench. malloc'ed; NULL if neither is known. The folder may not be there. */
char *tb_xdg_cache(const char *name);
/* The same for what should last: $XDG_STATE_HOME/tunebench, else $HOME/.local/state/tunebench. */
char *tb_xdg_state(const char *name);
/* Writes such a file, with its folder. What cannot be written is lost; path NULL is fine. */
void tb_xdg_keep(const char *path, const struct tb_json *value);

#endif
