#!/bin/sh
# SPDX-License-Identifier: MIT
# lua2c.sh - Lua files as a C table on stdout: lua2c.sh lua/tunebench/init.lua .. > src/recipe/lua_modules.c
# A file's name in the table: its path behind the last "lua/", without ".lua", "/" as ".", without a final ".init".
# Bytes are written as numbers, since C11 promises no string literal over 4,095 characters.
set -eu
echo '/* SPDX-License-Identifier: MIT */'
echo '/* lua_modules.c - made by build-aux/lua2c.sh out of lua/; do not edit. */'
echo '#include "recipe/lua_modules.h"'
n=0
for f in "$@"; do
    echo
    echo "static const unsigned char text_$n[] = {"
    od -An -v -tu1 "$f" | sed 's/  */,/g; s/^,/    /; s/$/,/'
    echo '};'
    n=$((n + 1))
done
echo
echo 'const struct tb_lua_module tb_lua_modules[] = {'
n=0
for f in "$@"; do
    name=$(printf '%s\n' "$f" | sed 's|^.*lua/||; s|\.lua$||; s|/|.|g; s|\.init$||')
    echo "    { \"$name\", (const char *)text_$n, sizeof text_$n },"
    n=$((n + 1))
done
echo '    { 0 }'
echo '};'
