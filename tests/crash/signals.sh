#!/bin/sh
# SPDX-License-Identifier: MIT
# signals.sh - what signals, closed and broken channels do to training, as TAP: exit codes and states as they are
# promised, and the same bits in the end.
. "${srcdir:-.}/tests/crash/common.sh"
recipe one 90 1000 't.lora { r = 4, dropout = 0.1 }'
facts='.state + " " + (.step > 0 and .step < .steps | tostring)'

"$bench" run "$dir/one.lua" --store "$dir/whole" >/dev/null 2>"$dir/err"
want=$(hashes "$dir/whole")
is "$(facts "$dir/whole" .state)" "done" "a run that nobody disturbs"

# disturb NAME SIGNAL..: a run in its own store gets them after some steps, a moment between two.
disturb() {
    store=$dir/$1
    shift
    start run "$dir/one.lua" --store "$store"
    says "step [1-9]" || return
    for signal; do
        kill -s "$signal" $pid
        sleep 0.02
    done
}
# kept STEP: checkpoints there are; the run's step is the last of them.
kept() { basename "$(ls "$store"/runs/*/ckpt/*.h5 | tail -1)" .h5 | sed 's/^0*//'; }
go_on() { # NAME
    start resume --all --store "$store"
    finish
    is "$code $(hashes "$store")" "0 $want" "$1"
}

disturb int INT
finish
is "$code $(facts "$store" "$facts")" "130 stopped true" "SIGINT: stopped, exit 130"
is "$(kept)" "$(facts "$store" .step)" "SIGINT: with a checkpoint of its last step"
go_on "SIGINT: resumed, the same bits"

disturb twice INT INT
finish
is "$code" 130 "SIGINT twice: exit 130"
go_on "SIGINT twice: resumed, the same bits"

for signal in TERM USR1; do
    disturb $signal $signal
    finish
    is "$code $(facts "$store" "$facts")" "75 queued true" "SIG$signal: back in the queue, exit 75"
    is "$(kept)" "$(facts "$store" .step)" "SIG$signal: with a checkpoint of its last step"
    go_on "SIG$signal: resumed, the same bits"
done

start run "$dir/one.lua" --store "$dir/early"
sleep 0.05
kill -s TERM $pid
finish
[ "$code" = 75 ] || [ "$code" = 143 ]
result $? "SIGTERM before training: exit 75, or 143 while the recipe is read"

disturb go-on HUP PIPE HUP
finish
is "$code $(hashes "$store")" "0 $want" "SIGHUP and SIGPIPE: goes on"

disturb sleep STOP TSTP CONT TSTP CONT
finish
is "$code $(hashes "$store")" "0 $want" "stopped and continued: goes on"

store=$dir/closed
"$bench" run "$dir/one.lua" --store "$store" 2>&- >"$dir/out" <&-
is "$? $(hashes "$store")" "0 $want" "stdin and stderr closed: trains, nothing is written where it does not belong"
[ "$(wc -l <"$dir/out")" -ge 2 ]
result $? "and the comparison arrives"

store=$dir/mute
"$bench" run "$dir/one.lua" --store "$store" >&- 2>&-
is "$? $(hashes "$store")" "1 $want" "stdout closed too: trains, and fails for want of a place for its answer"

store=$dir/head
"$bench" run "$dir/one.lua" --store "$store" 2>&1 | head -1 >/dev/null
is "$(hashes "$store")" "$want" "| head -1: trains on"

# A limit on the size of files, here 8 KiB, is a full disk and not a death.
store=$dir/limit
(ulimit -f 16 && exec "$bench" run "$dir/one.lua" --store "$store" >"$dir/out" 2>"$dir/err")
is "$? $(find "$store/runs" -mindepth 1)" "1 " "a limit on file sizes: an error, no half run"
echo "1..$n"
