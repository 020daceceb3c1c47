#!/bin/sh
# SPDX-License-Identifier: MIT
# tree.sh - keeps the house in order, as TAP: who may include whom (the table in HACKING.md), which file may hold a foreign
# header, that .def lines and files agree, that HACKING.md names only what is there, that headers stand alone.
cd "${srcdir:-.}" || exit 99
out=$(mktemp) || exit 99
trap 'rm -f "$out"' EXIT
result() { # result NAME < list of offences; runs behind a pipe, so it counts in a file
    bad=$(cat)
    if [ -z "$bad" ]; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        printf '%s\n' "$bad" | sed 's/^/# /'
    fi >>"$out"
}

# Layers: "| `folder` | may include |" rows of HACKING.md.
layers() {
    awk -F'|' '/^\| `[a-z]+` +\|/ { gsub(/[` ]/, "", $2); print $2 ":" $3 " " $2 }' HACKING.md
}
includes() {
    for f in src/*/*.[ch]; do
        folder=${f#src/}
        folder=${folder%%/*}
        allowed=$(layers | sed -n "s/^$folder://p")
        [ -n "$allowed" ] || { echo "$f: folder $folder has no row in HACKING.md"; continue; }
        sed -n 's/^#include "\([a-z_]*\)\/\(.*\)"/\1 \2/p' "$f" | while read -r other rest; do
            case " $allowed " in
            *" $other "*) ;;
            *) [ "$other/$rest" = kernels/rng.h ] || echo "$f includes $other/$rest" ;;
            esac
        done
    done
    grep -ln '#include "\(base\|plan\|model\|method\|engine\|store\)/' kernels/*.[ch] kernels/*/*.[ch] |
        sed 's/$/: kernels includes nothing of src/'
}
includes | sort -u | result "layers: includes follow the table in HACKING.md"

# Foreign headers and calls, each with the files that may hold them.
confined() { # PATTERN ALLOWED-REGEX
    grep -lE "$1" src/*.c src/*/*.[ch] kernels/*.[ch] kernels/*/*.[ch] 2>/dev/null | grep -vE "$2" |
        while read -r f; do printf '%s: %s\n' "$f" "$1"; done
}
{
    confined '#include <(lua|lauxlib|lualib)\.h>' '^src/recipe/'
    confined '#include <hdf5(_hl)?\.h>' '^src/store/'
    confined '#include <(n?curses|term)\.h>' '^src/tui/term\.c$'
    confined '#include <jansson\.h>' '^src/base/json\.c$'
    confined '#include <pcre2\.h>' '^src/base/regex\.c$'
    confined '#include <utf8proc\.h>' '^src/base/utf8\.c$'
    confined '#include <(zlib|sha2|sha256)\.h>' '^src/base/hash\.c$'
    confined '#include <pthread\.h>' '^(src/(base/(ring|log)|store/h5_priv)\.c|kernels/cpu/pool\.c|src/worker/)'
    confined '[^_a-z]fork\(' '^src/base/proc\.c$'
    confined '[^_a-z]exit\(' '^(src/main\.c|src/base/)'
    confined '#include <(cublas|cuda)' '^kernels/cuda/'
} | result "confinement: each foreign library has its one place"

for d in src/*/*_priv.h; do
    [ -e "$d" ] || continue
    folder=$(dirname "$d")
    grep -l "\"${d#src/}\"" src/*.c src/*/*.[ch] | grep -v "^$folder/" | sed "s|\$|: includes $d|"
done | result "private headers stay in their folder"

{
    sed -n 's/^TB_METHOD(\(.*\))/\1/p' src/method/methods.def | while read -r m; do
        [ -e "src/method/$m.c" ] || echo "methods.def: no src/method/$m.c"
    done
    sed -n 's/^TB_\(SEARCH\|PRUNE\)(\(.*\))/\2/p' src/sweep/*.def | while read -r w; do
        [ -e "src/sweep/$w.c" ] || echo "src/sweep: no $w.c"
    done
    sed -n 's/^TB_VERB(\(.*\))/\1/p' src/cli/verbs.def | while read -r v; do
        [ -e "src/cli/verb_$v.c" ] || echo "verbs.def: no src/cli/verb_$v.c"
    done
    sed -n 's/^TB_SCREEN(\(.*\))/\1/p' src/tui/screens.def | while read -r s; do
        [ -e "src/tui/screen_$s.c" ] || echo "screens.def: no src/tui/screen_$s.c"
    done
    for f in src/cli/verb_*.c; do
        v=${f#src/cli/verb_}
        grep -q "^TB_VERB(${v%.c})" src/cli/verbs.def || echo "$f has no line in verbs.def"
    done
} | result "registries: every .def line has its file"

for f in src/*.c src/*/*.[ch] kernels/*.[ch] kernels/*/*.[ch] tests/unit/*.c tests/*/*.c; do
    [ "$f" = src/recipe/lua_modules.c ] || grep -qF "$f" Makefile.am || echo "$f"
done | sort -u | result "Makefile.am names every source"

grep -oE '`(src|kernels|lua|recipes|data|tests|man|doc)/[A-Za-z0-9_./-]+`' HACKING.md | tr -d '\`' | sort -u |
    while read -r f; do
        [ -e "$f" ] || echo "$f"
    done | result "HACKING.md names only files that are there"

for h in src/*/*.h kernels/*.h kernels/*/*.h; do
    printf '#include "%s"\n' "${h#src/}" |
        ${CC:-cc} -std=c11 -D_GNU_SOURCE -fsyntax-only -Isrc -I. -x c - 2>/dev/null || echo "$h"
done | grep -vE '_(priv|isa)\.h$' | result "headers compile alone"

awk '/^(not )?ok - / { sub(/ok/, "ok " ++n) } { print } END { print "1.." n }' "$out"
