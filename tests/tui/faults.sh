#!/bin/sh
# SPDX-License-Identifier: MIT
# faults.sh - the workbench on a terminal (tmux) while what it looks at goes wrong, as TAP: it or the worker is killed,
# the clock on the wall jumps, the store can only be read, its disk is full. It says so, goes on, and training ends with
# the bits of a run that nobody disturbed.
. "${srcdir:-.}/tests/crash/common.sh"
command -v tmux >/dev/null || skip_all "tmux is not installed"
bench=$(cd "$(dirname "$bench")" && pwd)/${bench##*/}
inject=${TB_INJECT_SO:-$(dirname "$bench")/tests/bin/inject.so}
unset NO_COLOR TUNEBENCH_NOW TMUX
export LC_ALL=C.UTF-8 XDG_STATE_HOME="$dir/state" XDG_CACHE_HOME="$dir/cache" TUNEBENCH_IDLE_S=1
on() { tmux -S "$dir/tmux" "$@" 2>/dev/null; }

# open_bench [NAME=VALUE..]: the workbench on $store. press KEYS..; screen: what is shown, kept in $dir/out for failures.
open_bench() {
    on -f /dev/null new-session -d -x 200 -y 40 env "$@" TERM=screen-256color "$bench" --store "$store"
}
press() { on send-keys -t 0 "$@"; }
screen() { on capture-pane -p -t 0 | tee "$dir/out"; }
shows() { # WORDS NAME
    tries=200
    while ! screen | grep -q "$1" && [ $tries -gt 0 ]; do
        tries=$((tries - 1))
        sleep 0.05
    done
    grep -q "$1" "$dir/out"
    result $? "$2"
}
viewer() { on list-panes -t 0 -F '#{pane_pid}'; }
leave() { # NAME
    left=$(viewer)
    press q
    gone "${left:-0}"
    result $? "$1"
    on kill-server
}

recipe one 150 1000 't.lora { r = 4, dropout = 0.1 }'
"$bench" run "$dir/one.lua" --store "$dir/whole" >/dev/null 2>"$dir/err"
want=$(hashes "$dir/whole" | cut -d' ' -f2-)
is "$(facts "$dir/whole" .state)" "done" "a run that nobody disturbs"
detached
# A screen is no place for the process of a test: it is closed first, the workers behind it.
cleanup() {
    on kill-server
    end_workers
    umount -l "$dir/disk" 2>/dev/null
}
train() { # on $store, without a client
    "$bench" run "$dir/one.lua" --detach --store "$store" >"$dir/out" 2>"$dir/err"
    meet
    wait_for "$trained" trained "${1:-in training}"
}

store=$dir/client
train
open_bench
shows "running" "the workbench sees it run"
kill -s KILL "$(viewer)"
wait_for '.state + " " + .final_hash' "$want" "the workbench is killed: training goes on to its end, the same bits"
on kill-server

store=$dir/worker
train
open_bench
shows "running" "another"
strike KILL "$worker"
shows " lost " "its worker is killed: the screen says lost"
press r
shows "resume" "r resumes it"
wait_for '.state + " " + .final_hash' "$want" "and it ends with the same bits"
shows " done " "as the screen says"
meet
leave "q leaves"

if env LD_PRELOAD="$inject" "$bench" --version >/dev/null 2>&1; then
    store=$dir/clock
    echo 0 >"$dir/jump"
    train
    open_bench TB_INJECT_CLOCK="$dir/jump" LD_PRELOAD="$inject"
    shows "running" "a clock as usual"
    bad=
    for s in 86400 -86400 0; do
        echo $s >"$dir/jump.new"
        mv "$dir/jump.new" "$dir/jump"
        for look in 1 2 3; do
            press $((look % 2 * 6 + 1)) # Inspect tells how long it took, Runs how long it will
            sleep 0.3
            screen | grep -Eq '\blost\b|-[0-9.]+[smhd]\b|\bnan\b' && bad="$bad $s"
            grep -Eq '\[(1 Runs|7 Inspect)\]' "$dir/out" || bad="$bad ended:$s"
        done
    done
    press 1
    is "$bad" "" "it jumps by days, back and forth: nothing is lost, no time is negative"
    wait_for '.state + " " + .final_hash' "$want" "and training ends with the same bits"
    shows " done " "as the screen says"
    facts "$store" .duration >"$dir/out"
    jq -es '.[0] | . >= 0 and . < 600' "$dir/out" >/dev/null
    result $? "what it took is not days"
    leave "q leaves it"
else
    n=$((n + 1))
    echo "ok $n - clocks that jump # SKIP the program cannot be preloaded"
fi

mkdir "$dir/disk"
if ! mount -t tmpfs -o size=2m tmpfs "$dir/disk" 2>/dev/null; then
    n=$((n + 1))
    echo "ok $n - full and read-only disks # SKIP no right to mount a tmpfs"
    echo "1..$n"
    exit 0
fi
store=$dir/disk/store
"$bench" run "$dir/one.lua" --store "$store" >/dev/null 2>"$dir/err"
meet
gone "${worker:-0}"
open_bench
shows " done " "a store on a small disk"
tags() { facts "$store" '.tags | join(" ")'; }
dd if=/dev/zero of="$dir/disk/fill" bs=4k 2>/dev/null
press T
shows "tags, +word" "a key that writes"
press +full Enter
shows "No space left" "full disk: the last line says so"
is "$(tags)" "" "and nothing is half written"
press +
shows "how many more seeds" "it goes on: a key that makes runs"
press 2 Enter
shows "tunebench: cannot write .*No space left" "says so as well"
is "$(facts "$store" .state)" "done" "and makes no half run"
rm "$dir/disk/fill"
press T
shows "tags, +word" "it goes on"
press +room Enter
wait_for '.tags | join(" ")' room "room again: the same key writes"

if mount -o remount,ro "$dir/disk" 2>/dev/null; then
    press T
    shows "tags, +word" "the store can only be read: it is shown"
    press +never Enter
    shows "Read-only file system" "a key that writes answers with words"
    leave "it is left"
    open_bench
    shows " done " "and opened, read-only as it is"
    press T
    shows "tags, +word" "the same question"
    press +never Enter
    shows "Read-only file system" "and the same words"
    press +
    shows "how many more seeds" "a key that makes runs"
    press 2 Enter
    shows "cannot make .*Read-only file system" "says what it could not do"
    is "$(facts "$store" '.state + " " + (.tags | join(" "))')" "done room" "nothing is written"
fi
leave "q leaves a store that is read-only"
echo "1..$n"
