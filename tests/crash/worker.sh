#!/bin/sh
# SPDX-License-Identifier: MIT
# worker.sh - training in a process of its own, the worker, as TAP: it outlives its clients, several clients and runs
# share it, and nothing is lost when one of them is killed. The bits are those of training in the foreground.
. "${srcdir:-.}/tests/crash/common.sh"
export TUNEBENCH_IDLE_S=1
recipe one 150 1000 't.lora { r = 4, dropout = 0.1 }'
recipe two 60 1000 't.one_of { t.lora { r = 4 }, t.prefix { tokens = 4 }, t.full {} }'
recipe long 100000 1000 't.one_of { t.lora { r = 2 }, t.prompt { tokens = 2 } }'

"$bench" run "$dir/one.lua" --store "$dir/whole" >/dev/null 2>"$dir/err"
"$bench" run "$dir/two.lua" --store "$dir/whole2" --in-flight 1 >/dev/null 2>>"$dir/err"
want=$(hashes "$dir/whole")
want2=$(hashes "$dir/whole2")
detached

store=$dir/follow
start run "$dir/one.lua" --store "$store"
says "step [1-9]"
meet
[ "$worker" != "$pid" ] && [ "$(cut -d' ' -f6 "/proc/$worker/stat")" != "$(cut -d' ' -f6 /proc/$$/stat)" ]
result $? "the worker is another process in a session of its own"
finish
is "$code $(hashes "$store")" "0 $want" "followed: done, the same bits as in the foreground"
grep -q "^lora" "$dir/out"
result $? "and the comparison arrives"
gone "$worker"
result $? "gone when idle"

store=$dir/turns
start run "$dir/two.lua" --store "$store"
says "step [1-9]"
meet
"$bench" run "$dir/two.lua" --store "$store" >"$dir/second" 2>&1
is "$? $(hashes "$store")" "0 $want2" "three runs take turns, a second client waits for the same: the same bits as one by one"
finish
is "$code $(grep -c done "$dir/second")" "0 3" "both clients see them done"

for signal in KILL HUP; do
    store=$dir/client-$signal
    start run "$dir/one.lua" --store "$store"
    says "step [1-9]"
    meet
    kill -s $signal $pid
    finish 2>/dev/null
    wait_for '.state + " " + .final_hash' "$(echo "$want" | cut -d' ' -f2-)" "client ended by SIG$signal: training goes on to its end"
done

store=$dir/detach
"$bench" run "$dir/long.lua" --detach --store "$store" >"$dir/out" 2>"$dir/err"
is "$? $(grep -c 'undo: tunebench stop' "$dir/out")" "0 1" "--detach returns with the way to undo it"
meet
wait_for "$trained" trained "and both runs are trained, turn by turn"
"$bench" worker --store "$store" >/dev/null 2>"$dir/err2"
is "$? $(grep -c "process $worker" "$dir/err2")" "75 1" "a second worker on this host: exit 75, and says who has the store"
"$bench" stop state:running --store "$store" >"$dir/out" 2>&1
is "$? $(facts "$store" .state | sort -u)" "0 stopped" "both are stopped"
gone "$worker"
result $? "then the worker leaves"

store=$dir/stop
start run "$dir/long.lua" --store "$store" --in-flight 1
says "step [1-9]"
meet
kill -s INT $pid
finish
is "$code $(facts "$store" .state | sort -u)" "130 stopped" "SIGINT: the run in flight and the one on the list are stopped, exit 130"

store=$dir/term
start run "$dir/long.lua" --store "$store"
says "step [1-9]"
meet
kill -s TERM $pid
finish
is "$code $(facts "$store" .state | sort -u | paste -sd' ')" "75 running" "SIGTERM to the client: exit 75, training goes on"
[ "$(ls "$store"/runs/*/ckpt/*.h5 | wc -l)" -ge 1 ]
result $? "behind a checkpoint"
kill -s TERM "$worker"
gone "$worker"
is "$? $(facts "$store" .state | sort -u)" "0 queued" "SIGTERM to the worker: its runs go back on the list"
start run "$dir/long.lua" --store "$store"
says "goes on at step [1-9]"
result $? "and the next client starts another"
meet
kill -s INT $pid
finish

store=$dir/killed
start run "$dir/one.lua" --store "$store"
says "step [1-9]"
meet
kill -s KILL "$worker"
finish
is "$code $(facts "$store" .state)" "5 lost" "the worker is killed: the client says so, exit 5"
grep -q "lost.*resume" "$dir/err"
result $? "and how to go on"
"$bench" resume --all --store "$store" >/dev/null 2>"$dir/err"
is "$? $(hashes "$store")" "0 $want" "resumed: the same bits"

store=$dir/removed
"$bench" run "$dir/long.lua" --detach --store "$store" >/dev/null 2>"$dir/err"
meet
wait_for "$trained" trained "trained"
rm -rf "$store"
gone "$worker"
result $? "the store is removed: the worker leaves"

store=$dir/slurm
SLURM_JOB_ID=7 "$bench" run "$dir/one.lua" --store "$store" >/dev/null 2>"$dir/err"
is "$? $(hashes "$store") $(ls "$store"/worker | grep -c log)" "0 $want 0" "under a batch system: in the foreground"

store=$dir/share
"$bench" worker "$dir/two.lua" --store "$store" >"$dir/a" 2>&1 &
first=$!
"$bench" worker "$dir/two.lua" --store "$store" >"$dir/b" 2>&1
is "$? $(hashes "$store")" "0 $want2" "two workers with one recipe: one trains, the other follows, both end"
wait $first
is "$?" 0 "so does the first"
echo "1..$n"
