#!/bin/sh
# SPDX-License-Identifier: MIT
# style.sh - the measurable part of the rules, as TAP: licence lines, widths, blanks, lengths of functions and files, and
# their median. tests/style-exceptions lists "path:function reason" and "path reason".
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
sources() { ls src/*.c src/*/*.[ch] kernels/*.[ch] kernels/*/*.[ch] tests/*.h tests/*/*.[ch] 2>/dev/null |
    grep -v '^src/recipe/lua_modules.c$'; }
excepted() { awk '{ print $1 }' tests/style-exceptions 2>/dev/null; }
drop_excepted() { grep -vFf /dev/fd/3 3<<LIST
$(excepted | sed 's/$/ /')
none-listed
LIST
}

for f in $(sources) src/*/*.def kernels/*.def lua/*/*.lua recipes/*.lua; do
    head -n 2 "$f" | grep -q 'SPDX-License-Identifier: MIT' || echo "$f"
done | result "every file begins with its licence line"

sources | xargs awk 'length($0) > 120 { print FILENAME ":" FNR ": " length($0) " columns" }' |
    result "no line over 120 columns"
sources | xargs grep -nE '	|[ ]+$' | cut -c1-80 | result "no tabs, no blanks at the end of a line"
sources | xargs grep -nE '^#if 0|\<(TODO|FIXME|XXX)\>' | cut -c1-80 | result "no dead code, no notes to self"
sources | xargs wc -l | awk '$2 != "total" && $1 > 600 { print $2 " has " $1 " lines" }' | drop_excepted |
    result "no file over 600 lines"

# Functions: from a line that is "{" to a line that is "}", named by the line before.
lengths() {
    sources | grep -v '^tests/' | xargs awk '
        FNR == 1 { open = 0; name = "" }
        /^[a-z].*\(/ && !/;$/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
        /^\{$/ { open = FNR }
        /^\}$/ && open { print FNR - open - 1, FILENAME ":" name; open = 0 }'
}
lengths | awk '{ limit = $2 ~ /^kernels\// ? 120 : 60 } $1 > limit { print $2 " has " $1 " lines" }' | drop_excepted |
    result "no function over 60 lines (kernels: 120)"
lengths | grep -v ' kernels/' | sort -n | awk '{ v[NR] = $1 } END {
    printf "# %d functions, median %d, 90 %% at most %d lines\n", NR, v[int((NR + 1) / 2)], v[int(NR * .9)] > "/dev/stderr"
    if (v[int((NR + 1) / 2)] > 15) print "median is " v[int((NR + 1) / 2)]
    if (v[int(NR * .9)] > 40) print "the 90th percentile is " v[int(NR * .9)] }' | result "functions are small"

awk '/^(not )?ok - / { sub(/ok/, "ok " ++n) } { print } END { print "1.." n }' "$out"
