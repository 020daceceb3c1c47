/* SPDX-License-Identifier: MIT */
/* lua_modules.h - the files of lua/, compiled into the program by build-aux/text2c.sh. */
#ifndef TB_RECIPE_LUA_MODULES_H
#define TB_RECIPE_LUA_MODULES_H

#include <stddef.h>

struct tb_lua_module {
    const char *name; /* "tunebench", "tunebench.space" */
    const char *text; /* not terminated */
    size_t n;
};

extern const struct tb_lua_module tb_lua_modules[]; /* ends with a NULL name */

#endif
