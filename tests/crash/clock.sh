#!/bin/sh
# SPDX-License-Identifier: MIT
# clock.sh - time that does not pass as usual, as TAP: a run that is stopped (Ctrl-Z) for longer than its heartbeat, and
# a clock on the wall that jumps by a day, back and forth, while it trains. Nobody calls it lost, and the bits are the
# same.
. "${srcdir:-.}/tests/crash/common.sh"
inject=${TB_INJECT_SO:-$(dirname "$bench")/tests/bin/inject.so}
recipe one 90 1000 't.lora { r = 4, dropout = 0.1 }'
"$bench" run "$dir/one.lua" --store "$dir/whole" >/dev/null 2>"$dir/err"
want=$(hashes "$dir/whole")
is "$(facts "$dir/whole" .state)" "done" "a run that nobody disturbs"

store=$dir/sleep
start run "$dir/one.lua" --store "$store"
says "step [1-9]"
kill -s TSTP $pid
kill -s STOP $pid
sleep 3
age=$(facts "$store" '.beat | floor')
[ "$age" -ge 2 ]
result $? "stopped: its heart beat $age s ago"
is "$(facts "$store" .state)" "running" "but its lock is held, so it is not lost"
"$bench" log @last --store "$store" >"$dir/out" 2>"$dir/err2"
! grep -q "worker is gone" "$dir/err2"
result $? "and nobody says that its worker is gone"
start_second() { "$bench" run "$dir/one.lua" --store "$store" >/dev/null 2>"$dir/second" & second=$!; }
start_second
tries=200
while ! grep -q waiting "$dir/second" && [ $tries -gt 0 ]; do
    tries=$((tries - 1))
    sleep 0.05
done
kill -s CONT $pid
finish
wait $second
is "$? $code $(hashes "$store")" "0 0 $want" "continued: to its end, nobody took it meanwhile"

if ! env LD_PRELOAD="$inject" "$bench" --version >/dev/null 2>&1; then
    n=$((n + 1))
    echo "ok $n - clocks that jump # SKIP the program cannot be preloaded"
    echo "1..$n"
    exit 0
fi
store=$dir/jump
echo 0 >"$dir/clock"
: >"$dir/err"
TB_INJECT_CLOCK=$dir/clock LD_PRELOAD=$inject "$bench" run "$dir/one.lua" --store "$store" >"$dir/out" 2>"$dir/err" &
pid=$!
trained=$pid
says "step [1-9]"
bad=
for s in 86400 -86400 0 86400; do
    echo $s >"$dir/clock.new"
    mv "$dir/clock.new" "$dir/clock"
    sleep 0.15
    for look in 0 $s; do
        echo $look >"$dir/looks"
        state=$(export TB_INJECT_CLOCK="$dir/looks" LD_PRELOAD="$inject"; facts "$store" .state)
        case $state in
        running | done) ;;
        *) bad="$bad $s/$look:$state" ;;
        esac
    done
done
is "$bad" "" "a clock that jumps by days: whoever looks, with either clock, sees it run"
finish
is "$code $(hashes "$store")" "0 $want" "and it ends with the same bits"
"$bench" show @last --json --store "$store" | jq -es '.[0] | .duration >= 0 and .duration < 600' >/dev/null
result $? "what it took is not days"
"$bench" log @last --text --store "$store" >"$dir/out"
grep -q "info run [0-9a-f]*: process $trained takes it, queued at step 0" "$dir/out" &&
    grep -q "process $trained leaves it, done at step 90" "$dir/out"
result $? "the log of the run tells who had it"
echo "1..$n"
