#!/bin/sh
# SPDX-License-Identifier: MIT
# afternoon.sh - what may happen to training in an afternoon, as TAP: terminals are closed, clients and workers killed, the
# disk fills up and is emptied again, runs are paused and changed hands, all at random moments (seeded by TB_SEED), until
# all runs are done; then every bit is compared with that of runs which nobody disturbed, and every .h5 is opened.
# TB_BASE and TB_DATA name a model and its rows (the shipped ones), TB_BUDGET the tokens of a run (12k), TB_ROUNDS how
# often something happens at most (12), TB_GAP the seconds between two of them at least (1). As root the store lies on a
# small file system of its own that can be full. Rerun with
# TUNEBENCH=./tunebench tests/crash/afternoon.sh
. "${srcdir:-.}/tests/crash/common.sh"
base=${TB_BASE:-$PWD/data/tiny}
data=${TB_DATA:-$PWD/data/places.txt}
budget=${TB_BUDGET:-12k}
rounds=${TB_ROUNDS:-12}
gap=${TB_GAP:-1}
seed=${TB_SEED:-1}
export TUNEBENCH_IDLE_S=2
command -v script >/dev/null || skip_all "script is not installed"

mounted=
mkdir "$dir/disk"
[ "$(id -u)" = 0 ] && mount -t tmpfs -o size="${TB_DISK:-64m}" tmpfs "$dir/disk" 2>/dev/null && mounted=1
cleanup() {
    end_workers
    [ -z "$mounted" ] || umount -l "$dir/disk"
}
store=$dir/disk/store
arms="--base $base --data $data --budget $budget --seed 3 --set eval.rows=16 --set exec.checkpoint_s=2"
arms="$arms --method lora:r=4,dropout=0.1 --method prefix:tokens=8 --method prompt:tokens=8"

"$bench" run $arms --store "$dir/whole" >/dev/null 2>"$dir/err"
is "$?" 0 "three runs that nobody disturbs"
want=$(hashes "$dir/whole")
unset TUNEBENCH_FOREGROUND SLURM_JOB_ID PBS_JOBID LSB_JOBID

state=$seed
random() { # N: $drawn is 0 .. N-1
    state=$(((state * 1103515245 + 12345) % 2147483648))
    drawn=$((state / 65536 % $1))
}
# A checkpoint may go before it is opened.
open_all() {
    for f in "$store"/runs/*/run.h5 "$store"/runs/*/ckpt/*.h5; do
        [ ! -e "$f" ] || h5ls -r "$f" >/dev/null 2>"$dir/h5" || [ ! -e "$f" ] || { echo "$f"; cat "$dir/h5"; } >>"$dir/bad"
    done
}
done_all() { [ "$(facts "$store" .state 2>/dev/null | sort -u)" = "done" ]; }
# A client in a terminal of its own; that is what dies with it.
mkfifo "$dir/keys"
exec 9<>"$dir/keys"
client() {
    setsid script -qec "$bench run $arms --store $store" /dev/null >"$dir/out" 2>&1 <&9 9<&- &
    pid=$!
}

round=0
: >"$dir/log"
client
while ! done_all && [ $round -lt "$rounds" ]; do
    round=$((round + 1))
    random 30
    sleep "$(echo "$drawn $gap" | awk '{ print $2 * (1 + $1 / 10) }')"
    meet
    random 6
    what=$drawn
    case $what in
    0) strike KILL "$worker" ;;
    1) strike KILL $pid ;;
    2) strike HUP $pid ;;
    3)  if [ -n "$mounted" ]; then
            dd if=/dev/zero of="$dir/disk/filler" bs=64k 2>/dev/null
            sleep 3
            rm -f "$dir/disk/filler"
        fi ;;
    4)  "$bench" pause state:running --wait 5 --store "$store" >/dev/null 2>&1
        "$bench" resume state:paused --detach --store "$store" >/dev/null 2>&1 ;;
    5) strike TERM "$worker" ;;
    esac
    echo "# round $round: $what at $(facts "$store" '.name + " " + .state + " " + (.step | tostring)' 2>/dev/null | paste -sd ,)" |
        tee -a "$dir/log"
    open_all
    strike 0 $pid || client
    # What a killed worker left, and what was paused late since a step took its time, is gone on with as a person would.
    "$bench" resume --all --detach --store "$store" >/dev/null 2>&1
    [ "$what" = 4 ] || "$bench" resume state:paused --wait 0 --store "$store" >/dev/null 2>&1
done
[ $round -gt 1 ]
result $? "things happened ($round rounds)"
"$bench" resume state:paused --store "$store" >/dev/null 2>&1
"$bench" resume --all --store "$store" >/dev/null 2>"$dir/err"
"$bench" run $arms --store "$store" >/dev/null 2>"$dir/err"
is "$? $(hashes "$store")" "0 $want" "in the end all is done, with the same bits"
open_all
is "$(cat "$dir/bad" 2>/dev/null)" "" "every .h5 could be opened after each of them"
for id in $(facts "$store" .id); do
    "$bench" show "$id" --json --store "$store" | jq -r '.events[] | select(.kind == "replay") | .text'
done >"$dir/replay"
is "$(cat "$dir/replay")" "" "no step that was repeated had another loss"
"$bench" fsck --store "$store" >"$dir/fsck" 2>&1
is "$?" 0 "the store is whole"
echo "1..$n"
