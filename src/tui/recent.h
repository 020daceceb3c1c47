/* SPDX-License-Identifier: MIT */
/* recent.h - the stores that were looked at, newest first: $XDG_STATE_HOME/tunebench/stores.json, a list of paths. */
#ifndef TB_TUI_RECENT_H
#define TB_TUI_RECENT_H

#include "base/json.h"

/* Notes the store `now` (NULL: none) and gives the others that are still there, a new list of paths. A file that cannot
 * be read or written is none. */
struct tb_json *tb_recent_stores(const char *now);

#endif
