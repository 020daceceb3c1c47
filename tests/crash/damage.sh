#!/bin/sh
# SPDX-License-Identifier: MIT
# damage.sh - stores that somebody damaged, and two processes in one store, as TAP: a clear error, the documented exit
# code, nothing that hangs, and the same bits where there is a way to them.
. "${srcdir:-.}/tests/crash/common.sh"
recipe one 60 0.05 't.lora { r = 4, dropout = 0.1 }'
recipe two 5 1000 't.one_of { t.lora { r = 4 }, t.full {} }'
recipe end 12 1000 't.lora { r = 4 }'
store=$dir/store

"$bench" run "$dir/one.lua" --store "$dir/whole" >/dev/null 2>"$dir/err"
want=$(hashes "$dir/whole")
is "$(facts "$dir/whole" .state)" "done" "a run that nobody disturbs"

# left STORE: a run killed some steps after its first checkpoint; its folder is $run.
left() {
    store=$dir/$1
    start run "$dir/one.lua" --store "$store"
    says "step [2-9]"
    sleep 0.3
    kill -9 $pid
    finish
    run=$(echo "$store"/runs/*)
}
go_on() { # NAME
    start resume --all --store "$store"
    finish
    is "$code $(hashes "$store")" "0 $want" "$1"
}

left checkpoint
for f in "$run"/ckpt/*.h5; do
    truncate -s -100 "$f"
done
go_on "all checkpoints cut short: made again from the start, the same bits"
left folders
rm -r "$run/ctl" "$run/ckpt" "$run/beat" "$run/lock"
go_on "folders and lock removed: made again, the same bits"
left journal
truncate -s 300 "$run"/journal.000001
start resume --all --store "$store"
finish
is "$code" 0 "a journal that lost records: goes on from the checkpoint"
"$bench" show @last --json --store "$store" | jq -es '.[0] | [.events[] | select(.text | test("missing in the tables"))] | length == 1' >/dev/null
result $? "and tells what is missing"

store=$dir/gone
start run "$dir/one.lua" --store "$store"
says "step [1-9]"
mv "$store/runs" "$store/elsewhere"
mkdir "$store/runs"
finish
is "$code $(ls "$store/runs")" "5 " "the folder of a run vanishes: it ends, and does not come back"
grep -q "removed or replaced" "$dir/err"
result $? "and says why"

store=$dir/mixed
"$bench" run "$dir/two.lua" --store "$store" >/dev/null 2>&1
first=$(facts "$store" .id | head -1)
rm "$store/runs/$first/run.h5"
mkfifo "$store/runs/$first/run.h5" "$store/runs/$first/journal.000009"
timeout 20 "$bench" ls --store "$store" | grep -q "$first.*damaged"
result $? "a pipe for a file keeps nobody waiting"
rm "$store/runs/$first/run.h5" "$store/runs/$first/journal.000009"
echo junk >"$store/runs/$first/run.h5"
start run "$dir/two.lua" --again --store "$store"
finish
is "$code" 0 "a damaged run is in nobody's way"
start run "$dir/two.lua" --store "$store"
finish
is "$code" 5 "unless it is asked for: exit 5"
grep -q "$first/run.h5: has no check block" "$dir/err"
result $? "with file and reason"
mv "$store/runs/$first" "$dir/outside"
ln -s "$dir/outside" "$store/runs/$first"
"$bench" show "$first" --store "$store" 2>&1 | grep -q "is a link"
result $? "a link out of the store is not followed"

# Two at once: the second waits; when the first is killed it goes on with the run.
for how in lives dies; do
    store=$dir/$how
    start run "$dir/one.lua" --store "$store"
    says "step [1-9]"
    "$bench" run "$dir/one.lua" --store "$store" >/dev/null 2>"$dir/second" &
    second=$!
    tries=200
    while ! grep -q waiting "$dir/second" && [ $tries -gt 0 ]; do
        tries=$((tries - 1))
        sleep 0.05
    done
    [ $how = lives ] || kill -9 $pid
    finish
    wait $second
    is "$? $(hashes "$store")" "0 $want" "two processes, the first $how: the second ends well, the same bits"
done

# Killed around its end a run is either done, with its adapter, or goes on.
"$bench" run "$dir/end.lua" --store "$dir/end" >/dev/null 2>&1
want=$(hashes "$dir/end")
bad=
for wait in 0 0.005 0.01 0.015 0.02 0.03; do
    store=$dir/end$wait
    start run "$dir/end.lua" --store "$store"
    says "100 %"
    sleep $wait
    kill -9 $pid 2>/dev/null
    finish
    "$bench" run "$dir/end.lua" --store "$store" >/dev/null 2>"$dir/err" || bad="$bad $wait"
    [ "$(hashes "$store")" = "$want" ] || bad="$bad $wait"
    "$bench" export @last --as peft -o "$store.out" --store "$store" >/dev/null 2>"$dir/err" || bad="$bad $wait"
done
is "$bad" "" "killed around its end: done with its adapter, or made to its end"
echo "1..$n"
