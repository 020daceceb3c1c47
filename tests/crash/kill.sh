#!/bin/sh
# SPDX-License-Identifier: MIT
# kill.sh - training that is killed at random moments and resumed ends with the same bits as one that never was, as TAP.
# TB_KILLS says how often (default 5); rerun with
# TUNEBENCH=./tunebench tests/crash/kill.sh
. "${srcdir:-.}/tests/crash/common.sh"
kills=${TB_KILLS:-5}
recipe kill 150 0.05 't.one_of {
    t.stack { t.lora { r = 4, dropout = 0.1 }, t.prefix { tokens = 4 }, t.prompt { tokens = 3 } },
    t.full {},
  }'

"$bench" run "$dir/kill.lua" --store "$dir/whole" >/dev/null 2>"$dir/err"
want=$(hashes "$dir/whole")
echo "$want" | sed 's/^/# /'
[ "$(echo "$want" | grep -c ' done [0-9a-f]\{64\}$')" = 2 ]
result $? "both runs end"

# Milliseconds from $1 on, up to 512 more.
moment() { od -An -N2 -tu2 /dev/urandom | awk -v least="$1" '{ printf "%.3f", (least + $1 % 512) / 1000 }'; }

killed=0
round=0
while [ "$killed" -lt "$kills" ] && [ "$round" -lt $((kills * 4)) ]; do
    round=$((round + 1))
    start run "$dir/kill.lua" --store "$dir/killed"
    [ $((round % 3)) = 0 ] || says trainable # two of three hit the training, not what comes before
    sleep "$(moment 1)"
    kill -9 $pid 2>/dev/null
    finish
    [ "$code" = 137 ] && killed=$((killed + 1))
    for f in "$dir"/killed/runs/*/run.h5 "$dir"/killed/runs/*/ckpt/*.h5; do
        [ ! -e "$f" ] || h5ls -r "$f" >/dev/null 2>&1 || echo "$f" >>"$dir/bad"
    done
    [ "$(hashes "$dir/killed" 2>/dev/null | grep -c ' done ')" = 2 ] && break
done
start run "$dir/kill.lua" --store "$dir/killed"
finish
is "$code" 0 "goes on after $killed kills"
if command -v h5ls >/dev/null; then
    [ ! -s "$dir/bad" ]
    result $? "every .h5 could be opened after each of them"
fi
is "$(hashes "$dir/killed")" "$want" "the same bits"
for id in $(facts "$dir/killed" .id); do
    "$bench" show "$id" --json --store "$dir/killed" | jq -r '.events[] | select(.kind == "replay") | .text'
done >"$dir/replay"
is "$(cat "$dir/replay")" "" "no step that was repeated had another loss"
is "$(find "$dir/killed" -name '*.tmp-*' -o -name 'journal.*' -o -name '.new-*')" "" "nothing half-made is left"
echo "1..$n"
