#!/bin/sh
# SPDX-License-Identifier: MIT
# kill.sh - training that is killed at random moments and resumed ends with the same bits as one that never was, as TAP.
# All runs train a small random llama on the shipped task. TB_KILLS says how often (default 5); rerun with
# TUNEBENCH=./tunebench tests/crash/kill.sh
cd "${srcdir:-.}" || exit 99
bench=${TUNEBENCH:-./tunebench}
kills=${TB_KILLS:-5}
if [ ! -e data/tiny/tokenizer.json ]; then
    echo "1..0 # SKIP data/tiny is not there"
    exit 0
fi
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
cat >"$dir/kill.lua" <<'LUA'
local t = require "tunebench"
return t.sweep {
  base = t.scratch { tokenizer = "data/tiny", d = 48, layers = 3, heads = 4, kv_heads = 2, ff = 96, context = 192,
                     init = "normal" },
  data = t.pairs { "data/places.txt", eval = 0.1 },
  budget = t.steps(150), batch = 4,
  eval = { rows = 16, every = t.steps(40) },
  exec = { checkpoint_s = 0.05, threads = 2 },
  method = t.one_of {
    t.stack { t.lora { r = 4, dropout = 0.1 }, t.prefix { tokens = 4 }, t.prompt { tokens = 3 } },
    t.full {},
  },
}
LUA
n=0
result() { # result STATUS NAME
    n=$((n + 1))
    if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}
hashes() { "$bench" ls --json --store "$1" | jq -r 'sort_by(.name)[] | .name + " " + .state + " " + .final_hash'; }

"$bench" run "$dir/kill.lua" --store "$dir/whole" >/dev/null 2>"$dir/log" || cat "$dir/log"
want=$(hashes "$dir/whole")
echo "$want" | sed 's/^/# /'
[ "$(echo "$want" | grep -c ' done [0-9a-f]\{64\}$')" = 2 ]
result $? "both runs end"

killed=0
round=0
while [ "$killed" -lt "$kills" ] && [ "$round" -lt $((kills * 4)) ]; do
    round=$((round + 1))
    "$bench" run "$dir/kill.lua" --store "$dir/killed" >/dev/null 2>>"$dir/log" &
    pid=$!
    sleep "0.$(od -An -N1 -tu1 /dev/urandom | awk '{ printf "%03d", 50 + $1 * 3 }')"
    if kill -9 $pid 2>/dev/null; then killed=$((killed + 1)); fi
    wait $pid 2>/dev/null
    for f in "$dir"/killed/runs/*/run.h5 "$dir"/killed/runs/*/ckpt/*.h5; do
        [ -e "$f" ] && ! h5ls -r "$f" >/dev/null 2>&1 && echo "$f" >>"$dir/bad"
    done
    [ "$(hashes "$dir/killed" 2>/dev/null | grep -c ' done ')" = 2 ] && break
done
"$bench" run "$dir/kill.lua" --store "$dir/killed" >/dev/null 2>>"$dir/log"
[ ! -s "$dir/bad" ]
result $? "every .h5 opens after each of $killed kills"
got=$(hashes "$dir/killed")
[ "$got" = "$want" ]
status=$?
[ $status = 0 ] || echo "$got" | sed 's/^/# got /'
result $status "the same bits after $killed kills"
"$bench" show @last --json --store "$dir/killed" | jq -e '[.events[] | select(.kind == "replay")] | length == 0' >/dev/null
result $? "no step that was repeated had another loss"
echo "1..$n"
