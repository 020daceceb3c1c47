#!/bin/sh
# SPDX-License-Identifier: MIT
# all.sh WORK - makes everything in WORK (about 1 minute, 150 MB): corpus (prose.txt, facts.txt,
# mix.txt, train.txt), task (places.txt, places-new.txt) and style.txt, then checks it. Downloads
# with fetch.sh what is not there yet. Needs lua5.4, a C compiler, zlib's header and gzip. The files
# of data/ are copies of those in WORK; nothing here writes into the source tree.
set -eu
[ $# = 1 ] || { echo "usage: all.sh WORK" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
work=$(cd "$1" && pwd)
"$here/fetch.sh" "$work"
"${CC:-cc}" -std=c11 -O2 -o "$work/inflate" "$here/inflate.c" -lz
for step in corpus grammar places mix checks; do
    "${LUA:-lua5.4}" "$here/$step.lua" "$work"
done
