#!/bin/sh
# SPDX-License-Identifier: MIT
# frames.sh - golden frames, as TAP: tests/tui/SCREEN/CASE.keys is a script (src/tui/script.c) that is run by the program
# itself on a made store, and what it shows is compared with CASE.SIZE.COLOR.frame beside it. In the script
#     # store: seeds           which one (make_store.c: usual, seeds, family, sweeps; led: sweeps, the newest of which a
#                              process leads meanwhile; none: no store); usual if not said
#     # sizes: 80x24 100x30    these if not said
#     # colors: mono 256       these if not said
#     # glyphs: ascii          braille if not said
# What children that stay open say stands in *.answers beside it (the word `answers` of the script).
# `make golden` (frames.sh --write) rewrites the frames; a commit that does says why they changed.
cd "${srcdir:-.}" || exit 99
top=$PWD
tb=${TUNEBENCH:-$PWD/tunebench}
make_store=${TUNEBENCH_MAKE_STORE:-$(dirname "$tb")/tests/bin/make_store}
write=
if [ "${1-}" = --write ]; then
    write=yes
    shift
fi
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
unset NO_COLOR TUNEBENCH_STORE TUNEBENCH_MODELS
export LC_ALL=C.UTF-8 TZ=UTC TERM=dumb TUNEBENCH_NOW=2026-01-02T03:04:05Z
export XDG_STATE_HOME="$work/state" XDG_CACHE_HOME="$work/cache" HOME="$work"
n=0
failed=0

# said WORD FILE: what a comment line "# WORD: .." of the script says.
said() { sed -n "s/^# $1: //p" "$2"; }

result() { # result GOOD NAME
    n=$((n + 1))
    if [ "$1" = 0 ]; then
        echo "ok $n - $2"
    else
        echo "not ok $n - $2"
        failed=1
    fi
}

# A case has a store of its own, since keys may change it. Times in it are those of TUNEBENCH_NOW, an hour earlier.
store_for() {
    rm -rf "$work/place"
    mkdir "$work/place"
    case $1 in
    none) ;;
    led)
        store_for sweeps && lead
        ;;
    usual | '') (cd "$work/place" && TUNEBENCH_NOW=2026-01-02T02:04:05Z "$make_store" tunebench.d) ;;
    *) (cd "$work/place" && TUNEBENCH_NOW=2026-01-02T02:04:05Z "$make_store" "$1" tunebench.d) ;;
    esac
}

# Somebody leads the newest sweep of the store, with a clock that stands still, until release.
lead() {
    rm -f "$work/until" "$work/leads"
    mkfifo "$work/until" || return 1
    (cd "$work/place" && exec "$make_store" lead tunebench.d <"$work/until" >"$work/leads") &
    exec 9>"$work/until"
    until [ -s "$work/leads" ]; do
        kill -0 $! 2>/dev/null || return 1
        sleep 0.05
    done
}

release() {
    exec 9>&-
    wait # for whoever led
}

frames() { # frames KEYS SIZE COLOR GLYPHS: all frames in order, each under its name
    store_for "$(said store "$1")" || return 1
    rm -rf "$work/out"
    cp "${1%/*}"/*.answers "$work/place" 2>/dev/null
    (cd "$work/place" && "$tb" --script "$1" --frames "$work/out" --size "$2" --color "$3" --glyphs "$4")
    good=$?
    release
    [ "$good" = 0 ] || return 1
    sed -n 's/^frame //p' "$1" | while read -r name; do
        echo "== $name"
        cat "$work/out/$name.frame"
    done
}

compare() { # compare KEYS SIZE COLOR GLYPHS
    golden=${1%.keys}.$2.$3.frame
    [ "$4" = braille ] || golden=${1%.keys}.$2.$3.$4.frame
    if ! frames "$1" "$2" "$3" "$4" >"$work/now"; then
        result 1 "${golden#"$top"/} (the script failed)"
    elif [ -n "$write" ]; then
        cp "$work/now" "$golden"
        result 0 "${golden#"$top"/} written"
    elif diff -u "$golden" "$work/now" >"$work/diff" 2>&1; then
        result 0 "${golden#"$top"/}"
    else
        result 1 "${golden#"$top"/}"
        sed 's/^/# /' "$work/diff" | head -n 60
    fi
}

[ -x "$make_store" ] || { echo "1..0 # SKIP tests/bin/make_store is not built"; exit 0; }
for keys in ${*:-"$top"/tests/tui/*/*.keys}; do
    case $keys in /*) ;; *) keys=$top/$keys ;; esac
    sizes=$(said sizes "$keys")
    colors=$(said colors "$keys")
    glyphs=$(said glyphs "$keys")
    for size in ${sizes:-80x24 100x30}; do
        for color in ${colors:-mono 256}; do
            compare "$keys" "$size" "$color" "${glyphs:-braille}"
        done
    done
done
echo "1..$n"
exit $failed
