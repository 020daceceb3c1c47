#!/bin/sh
# SPDX-License-Identifier: MIT
# text2c.sh - files as a C table on stdout:
#     text2c.sh lua lua/tunebench/init.lua .. > src/recipe/lua_modules.c
#     text2c.sh man man/tunebench.txt ..      > man/pages.c
# The name in the table: of a module its path behind the last "lua/", without ".lua", "/" as ".", without a final ".init";
# of a page that of its file. Bytes are written as numbers, since C11 promises no string literal over 4,095 characters.
set -eu
case $1 in
lua) file=lua_modules.c from=lua/ header=recipe/lua_modules.h type=tb_lua_module table=tb_lua_modules ;;
man) file=pages.c from=man/ header=cli/man.h type=tb_man_page table=tb_man_pages ;;
esac
name_of() { printf '%s\n' "$1" | sed 's|^.*lua/||; s|^.*man/||; s|\.lua$||; s|\.txt$||; s|/|.|g; s|\.init$||'; }
shift
echo '/* SPDX-License-Identifier: MIT */'
echo "/* $file - made by build-aux/text2c.sh out of $from; do not edit. */"
echo "#include \"$header\""
n=0
for f in "$@"; do
    echo
    echo "static const unsigned char text_$n[] = {"
    od -An -v -tu1 "$f" | sed 's/  */,/g; s/^,/    /; s/$/,/'
    echo '};'
    n=$((n + 1))
done
echo
echo "const struct $type $table[] = {"
n=0
for f in "$@"; do
    echo "    { \"$(name_of "$f")\", (const char *)text_$n, sizeof text_$n },"
    n=$((n + 1))
done
echo '    { 0 }'
echo '};'
