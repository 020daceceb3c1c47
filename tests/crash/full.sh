#!/bin/sh
# SPDX-License-Identifier: MIT
# full.sh - a store on a disk that gets full, as TAP: training waits, tells it once, and goes on with the same bits when
# there is room again. The disk is a small tmpfs, so this needs the right to mount one.
. "${srcdir:-.}/tests/crash/common.sh"
mkdir "$dir/disk"
mount -t tmpfs -o size=1m tmpfs "$dir/disk" 2>/dev/null || skip_all "no right to mount a tmpfs"
cleanup() { umount -l "$dir/disk"; }
fill() { dd if=/dev/zero of="$dir/disk/fill" bs=4k 2>/dev/null; }
recipe one 150 0.05 't.lora { r = 4, dropout = 0.1 }'
store=$dir/disk/store

"$bench" run "$dir/one.lua" --store "$dir/whole" >/dev/null 2>"$dir/err"
want=$(hashes "$dir/whole")
is "$(facts "$dir/whole" .state)" "done" "a run with room"

mkdir -p "$store"
fill
start run "$dir/one.lua" --store "$store"
finish
is "$code $(find "$store" -type f -o -name '.new-*')" "1 " "full from the beginning: exit 1, no half run"
grep -q "$store.*No space left" "$dir/err"
result $? "full from the beginning: says where"
rm "$dir/disk/fill"

start run "$dir/one.lua" --store "$store"
says "step [1-9]" && fill
says "No space left.*tried again"
result $? "full in between: says so"
sleep 1
is "$(facts "$store" .state) $(grep -c 'No space left' "$dir/err")" "stalled 1" "full in between: waits, says it once"
"$bench" show @last --store "$store" >"$dir/shown"
grep -q "stalled.*no space left.*make room" "$dir/shown"
result $? "full in between: show says what to do"
"$bench" fsck --store "$store" | grep -q "stalled: no space left"
result $? "full in between: fsck says so"
"$bench" top --once --json --store "$store" >"$dir/top"
is "$(jq -c '.runs[] | [.state, .tok_s, .left_s]' "$dir/top")" '["stalled",null,null]' "full in between: no rate, no time left"
rm "$dir/disk/fill"
finish
is "$code $(hashes "$store")" "0 $want" "room again: goes on, the same bits"
grep -q "works again" "$dir/err"
result $? "room again: says so"
is "$("$bench" show @last --json --store "$store" | jq '[.train.wall_s as $w | range(1; $w | length) | $w[.] - $w[. - 1]] | max < 8')" \
    true "room again: the time of waiting is no time of training"
is "$("$bench" show @last --json --store "$store" | jq '[.events[] | select(.kind == "disk")] | length')" 1 \
    "room again: an event says how long it took"
rm -r "$store"

start run "$dir/one.lua" --store "$store"
says "step [1-9]" && fill
says "tried again"
kill -s TERM $pid
says "never said" 3
is "$(kill -0 $pid 2>/dev/null && echo there)" "" "SIGTERM while it waits: leaves"
finish
is "$code" 75 "SIGTERM while it waits: exit 75"
rm "$dir/disk/fill"
start run "$dir/one.lua" --store "$store"
finish
is "$code $(hashes "$store")" "0 $want" "goes on from its last checkpoint, the same bits"
rm -r "$store"

# A little room, for a request and its answer and no checkpoint.
start run "$dir/one.lua" --store "$store"
says "step [1-9]" && fill
says "tried again"
truncate -s -20k "$dir/disk/fill"
"$bench" stop @last --store "$store" >"$dir/stopped"
is "$? $(facts "$store" .state)" "0 stopped" "a stop while it waits: stopped"
grep -q "done at step .*behind .*no space left" "$dir/stopped"
result $? "a stop while it waits: says behind which checkpoint"
finish
rm "$dir/disk/fill"
"$bench" resume @last --store "$store" >/dev/null 2>&1
is "$? $(hashes "$store")" "0 $want" "and goes on from there, the same bits"
rm -r "$store"

# Rows only: no checkpoint asks for room before the next evaluation.
recipe rows 150 1000 't.lora { r = 4, dropout = 0.1 }'
start run "$dir/rows.lua" --store "$store"
says "step [1-9]" && fill
says "cannot write to the journal.*No space left"
result $? "full for the journal: says so"
rm "$dir/disk/fill"
finish
is "$code $(hashes "$store")" "0 $want" "rows that waited in memory are all there"
rm -r "$store"

unset TUNEBENCH_FOREGROUND SLURM_JOB_ID PBS_JOBID LSB_JOBID
export TUNEBENCH_IDLE_S=1
start run "$dir/one.lua" --store "$store"
says "step [1-9]" && fill
says "No space left.*tried again"
result $? "full while a worker trains: its client says so"
rm "$dir/disk/fill"
says "writing works again"
result $? "room again: says so too"
finish
is "$code $(hashes "$store")" "0 $want" "and the same bits"
echo "1..$n"
