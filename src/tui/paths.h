/* SPDX-License-Identifier: MIT */
/* paths.h - a path that is being typed. */
#ifndef TB_TUI_PATHS_H
#define TB_TUI_PATHS_H

#include "base/buf.h"

/* What `typed` can be completed to: as far as all names agree, with a slash behind a folder that is the only one.
 * `others`: the names there are, "a.gguf  data/  b.txt", as many as one looks at; empty if there is one or none.
 * "~/" is the home folder. malloc'ed. */
char *tb_path_complete(const char *typed, struct tb_buf *others);
/* The path without "~/" and without blanks around it; malloc'ed. */
char *tb_path_typed(const char *typed);

#endif
