#!/bin/sh
# SPDX-License-Identifier: MIT
# attend.sh - clients and the worker when something between them is not as it should be, as TAP: runs that vanish, are
# damaged, were lost before a restart, cannot have the memory, or are paused; a base that is gone; a back end that is
# not there; a worker of another version.
. "${srcdir:-.}/tests/crash/common.sh"
export TUNEBENCH_IDLE_S=1
recipe one 60 1000 't.lora { r = 4, dropout = 0.1 }'
recipe two 60 1000 't.one_of { t.lora { r = 4 }, t.prefix { tokens = 4 } }'
recipe long 100000 1000 't.one_of { t.lora { r = 2 }, t.prompt { tokens = 2 } }'
detached

# in_time WORDS..: the program; 124 if it hangs.
in_time() { timeout 60 "$bench" "$@" >"$dir/out" 2>"$dir/err"; }

store=$dir/damaged
in_time run "$dir/two.lua" --store "$store" --set budget=2steps
bad=$(ls -d "$store"/runs/* | head -1)
printf 'not HDF5 at all' >"$bad/run.h5"
in_time run "$dir/two.lua" --store "$store" --set budget=2steps
is "$?" 5 "a run that is damaged: said, and nobody waits for it"

store=$dir/vanished
start run "$dir/long.lua" --store "$store" --in-flight 1
says "step [1-9]"
meet
sleep 0.5
rm -rf "$store"/runs/"$("$bench" ls state:queued --json --store "$store" | jq -r '.[0].id')"
says "error.*No such\|error.*no " 20
result $? "a run on the list whose folder is removed: said"
kill -s INT $pid
finish
gone "$worker"

store=$dir/base
mkdir "$dir/model"
cp "$tokenizer"/* "$dir/model"
cat >"$dir/base.lua" <<LUA
local t = require "tunebench"
return t.sweep { base = t.model "$dir/model", data = t.pairs { "$PWD/data/places.txt", eval = 0.1 }, budget = t.steps(2), batch = 2,
                 eval = { rows = 4 }, exec = { threads = 2 }, method = t.lora { r = 2 } }
LUA
start run "$dir/long.lua" --store "$store" --in-flight 1
says "step [1-9]"
meet
in_time run "$dir/base.lua" --detach --store "$store"
mv "$dir/model" "$dir/moved"
"$bench" stop state:running --store "$store" >/dev/null 2>&1
"$bench" stop method:prompt --store "$store" >/dev/null 2>&1
finish
tries=200
while [ "$(facts "$store" 'select(.method == "lora" and .steps == 2) | .state')" != failed ] && [ $tries -gt 0 ]; do
    tries=$((tries - 1))
    sleep 0.05
done
is "$(facts "$store" 'select(.steps == 2) | .state')" failed "a base that vanished before its run was taken: failed"
mv "$dir/moved" "$dir/model"
in_time resume state:failed --store "$store"
is "$? $(facts "$store" 'select(.steps == 2) | .state')" "0 done" "and back again: resumed, also by the worker that had failed it"

store=$dir/backend
"$bench" run "$dir/one.lua" --detach --store "$dir/plain" >/dev/null 2>&1
TUNEBENCH_CPU=abacus in_time run "$dir/one.lua" --store "$store"
is "$? $(facts "$store" .state)" "1 queued" "a back end that is not there: an error, no run fails for it"
grep -q "did not come up.*abacus" "$dir/err"
result $? "and which"

store=$dir/version
mkdir -p "$store/worker" "$store/runs"
in_time run "$dir/one.lua" --detach --store "$store"
meet
"$bench" stop state:running,queued --store "$store" >/dev/null 2>&1
gone "$worker"
lock=$(ls "$store"/worker/*.lock)
echo '{"pid": 1, "mode": "detached", "version": "0.0.9", "leaving": false}' >"$lock"
flock "$lock" sleep 30 &
holder=$!
sleep 0.3
in_time run "$dir/one.lua" --detach --store "$store"
grep -q "process 1,.*tunebench 0.0.9" "$dir/err"
result $? "a worker of another version: said"
kill $holder

store=$dir/paused
in_time run "$dir/long.lua" --detach --store "$store" --in-flight 1
meet
tries=200
while [ "$(facts "$store" 'select(.state == "running" and .step > 0) | .id' | wc -l)" = 0 ] && [ $tries -gt 0 ]; do
    tries=$((tries - 1))
    sleep 0.05
done
"$bench" pause state:running --store "$store" >/dev/null 2>"$dir/err"
wait_for "$trained" trained "a paused run gives its place to the next one"
is "$(facts "$store" .state | sort | paste -sd ' ')" "paused running" "and stays where it is"
"$bench" stop state:running --store "$store" >/dev/null 2>"$dir/err"
before=$(awk '{ print $14 + $15 }' "/proc/$worker/stat")
sleep 3
after=$(awk '{ print $14 + $15 }' "/proc/$worker/stat")
[ $((after - before)) -le 6 ]
result $? "a worker whose runs are paused rests ($((after - before)) ticks of 10 ms in 3 s)"
mv "$store" "$dir/away"
gone "$worker"
result $? "the store is moved while all are paused: the worker leaves"

store=$dir/restart
start run "$dir/one.lua" --store "$store" --set budget=2000steps
says "step [1-9]"
meet
kill -9 "$worker"
finish 2>/dev/null
in_time resume --all --store "$store" --detach
grep -q "was lost at step [1-9][0-9]* (its worker was killed.*); goes on" "$dir/err"
result $? "resume says what had happened"
meet
wait_for .state running "and it goes on"
kill -9 "$worker"
sleep 0.2
beat=$(ls "$store"/runs/*/beat)
printf '\377\377\377\377' | dd of="$beat" bs=1 seek=16 conv=notrunc 2>/dev/null
touch -d '1 hour ago' "$beat"
is "$(facts "$store" .state)" lost "a run of this machine before its last start is lost"
in_time resume --all --store "$store" --detach
grep -q "was lost.*machine was started anew" "$dir/err"
result $? "and resumed with the others"
meet
wait_for "$trained" trained "and trained again"
"$bench" stop state:running,queued --store "$store" >/dev/null 2>&1
in_time run "$dir/one.lua" --store "$store" --set budget=2000steps --detach
grep -q "was stopped at step [1-9]" "$dir/err"
result $? "run says it too"
meet
"$bench" stop state:running,queued --store "$store" >/dev/null 2>&1
gone "$worker"

store=$dir/dying
in_time run "$dir/two.lua" --detach --store "$store" --set budget=100000steps
meet
wait_for "$trained" trained "two runs of a worker"
strike KILL "$worker"
gone "$worker"
one=$(find "$store/runs" -mindepth 1 -maxdepth 1 | head -1)
flock "$one/lock" sleep 1 & # as a process that takes its time to die
sleep 0.3
in_time resume --all --detach --store "$store"
is "$? $(grep -c "goes on" "$dir/err")" "0 2" "a run whose owner is dying is waited for"
meet
wait_for .state running "and trained again"
strike KILL "$worker"
gone "$worker"
flock -o "$one/lock" sleep 60 &
holder=$!
sleep 0.3
in_time resume --all --detach --store "$store"
is "$? $(grep -c "goes on" "$dir/err") $(grep -c "${one##*/}.*not put on the list.*stands still" "$dir/err")" "75 1 1" \
    "one whose owner hangs is named, the other one goes on"
kill $holder
meet
"$bench" stop state:running,queued --store "$store" >/dev/null 2>&1
gone "$worker"

store=$dir/changed
head -40 data/places.txt >"$dir/rows.txt"
sed "s|$PWD/data/places.txt|$dir/rows.txt|" "$dir/one.lua" >"$dir/changed.lua"
in_time run "$dir/changed.lua" --detach --store "$store" --set budget=100000steps
meet
wait_for "$trained" trained "a run on rows of its own"
"$bench" stop state:running --store "$store" >/dev/null 2>&1
gone "$worker" # it keeps the rows that it has read
sed -i '1s/Silver/Golden/' "$dir/rows.txt"
in_time resume @last --store "$store"
is "$? $(grep -c "error at step.*data have changed since" "$dir/err")" "5 1" "a run that fails at once says why"
in_time resume @last --store "$store"
is "$? $(grep -c "error at step.*data have changed since" "$dir/err")" "5 1" "and the next time without the reasons of before"
in_time resume --all --store "$store"
grep -q "0 done, 1 failed; tunebench resume state:failed" "$dir/out"
result $? "resume --all does not call a failed run done"
gone "$worker"

store=$dir/taken
in_time run "$dir/long.lua" --detach --store "$store" --in-flight 1
meet
kill -s STOP "$worker"
"$bench" stop state:queued --store "$store" >"$dir/out" 2>&1
kill -s CONT "$worker"
"$bench" stop state:running --store "$store" >"$dir/out" 2>&1
gone "$worker"
is "$(facts "$store" .state | sort -u)" stopped "a run that is stopped while the worker sleeps stays stopped"
echo "1..$n"
