#!/bin/sh
# SPDX-License-Identifier: MIT
# hostile.sh - stores that somebody made to mislead, as TAP: links out of them, escape sequences, check blocks that lie,
# newer versions, copies, file systems without locks, clocks that are wrong. Nothing is trained.
cd "${srcdir:-.}" || exit 99
bench=${TUNEBENCH:-./tunebench}
make_store=${TB_MAKE_STORE:-$(dirname "$bench")/tests/bin/make_store}
inject=${TB_INJECT_SO:-$(dirname "$bench")/tests/bin/inject.so}
skip_all() { # WHY
    echo "1..0 # SKIP $1"
    exit 0
}
command -v jq >/dev/null || skip_all "jq is not installed"
unset TUNEBENCH_STORE
dir=$(mktemp -d) || exit 99
holding=
trap '[ -z "$holding" ] || kill $holding; rm -rf "$dir"' EXIT
trap 'exit 99' HUP INT TERM
escape=$(printf '\033')
. tests/crash/tap.sh
# ask WORDS..: the program on $store; its exit code is $code.
ask() {
    timeout 20 "$bench" "$@" --store "$store" >"$dir/out" 2>"$dir/err"
    code=$?
}
says() { cat "$dir/out" "$dir/err" | grep -q "$1"; }
fresh() { # a store of its own, of eight runs
    store=$dir/$1
    "$make_store" "$store"
}
# What lies outside, with contents and times.
outside() { find "$dir/outside" -type f -exec sha256sum {} + -o -printf '%p %y\n' | sort; }
one=1111111111111111
evil=7777777777777777

# ---- escape sequences
fresh text
ask note $evil "$(printf 'see \033[31mred\033]0;title\007')"
is $code 0 "a note may hold anything"
printf 'a line\033[2J\n' >"$store/runs/$evil/log.txt"
for words in ls "ls --wide" "ls --json" "show $evil" "show $evil --json" "log $evil" "log $evil --text" "diff $evil $one" \
    "plot $evil" fsck "fsck --json" "gc --dry-run" "show nothing-like-it" "stop $evil"; do
    ask $words
    ! says "$escape"
    result $? "$words: no escape sequence reaches the terminal"
done

# ---- links
fresh links
mkdir "$dir/outside" "$dir/outside/ctl" "$dir/outside/ckpt"
mv "$store/runs/$one" "$dir/outside/run"
ln -s "$dir/outside/run" "$store/runs/$one"
echo '{"verb": "stop", "args": {}, "asked": ""}' >"$dir/outside/ctl/000001-stop.json"
echo "half" >"$dir/outside/ctl/000002-stop.json.tmp-1"
echo "half" >"$dir/outside/ckpt/000001.h5.tmp-1"
cp "$store/runs/2222222222222222/run.h5" "$dir/outside/run.h5"
echo "precious" >"$dir/outside/file"
for id in 2222222222222222 3333333333333333; do
    rm -r "$store/runs/$id/ctl" "$store/runs/$id/ckpt"
done
ln -s "$dir/outside/ctl" "$store/runs/2222222222222222/ctl"
mkdir "$store/runs/3333333333333333/ctl"
ln -s "$dir/outside/ckpt" "$store/runs/3333333333333333/ckpt"
rm "$store/runs/4444444444444444/run.h5" "$store/runs/5555555555555555/lock" "$store/runs/6666666666666666/beat"
ln -s "$dir/outside/run.h5" "$store/runs/4444444444444444/run.h5"
ln -s "$dir/outside/file" "$store/runs/5555555555555555/lock"
ln -s "$dir/outside/file" "$store/runs/6666666666666666/beat"
ln -s "$dir/outside/file" "$store/runs/$evil/journal.000001"
before=$(outside)
for id in $one 2222222222222222 3333333333333333 4444444444444444 5555555555555555 6666666666666666 $evil; do
    ask tag $id +mine
    [ $code = 1 ] && says "link\|symbolic"
    result $? "a link in $id: not written to, and said why"
done
ask show 4444444444444444
is $code 1 "a run.h5 from elsewhere is not shown"
for words in ls fsck "fsck --repair" "gc --yes" "gc --archived --yes" "archive $one"; do
    ask $words
done
is "$(outside)" "$before" "and nothing outside was touched, by fsck --repair and gc neither"
mv "$store/recipes" "$dir/outside/recipes" 2>/dev/null || mkdir "$dir/outside/recipes"
rm -rf "$store/recipes"
ln -s "$dir/outside/recipes" "$store/recipes"
before=$(outside)
ask run recipes/compare-three.lua
[ $code = 1 ] && says "recipes: is a link" && [ "$(outside)" = "$before" ]
result $? "recipes/ that leads elsewhere: run refuses"

# ---- check blocks and versions
fresh block
h5=$store/runs/$one/run.h5
cp "$h5" "$dir/good.h5"
# block OFFSET BYTES: the file with other bytes there. seal: with the CRC that fits what is behind the block.
block() {
    cp "$dir/good.h5" "$h5"
    printf "$2" | dd of="$h5" bs=1 seek="$1" conv=notrunc 2>/dev/null
}
seal() { tail -c +513 "$h5" | gzip -c | tail -c 8 | head -c 4 | dd of="$h5" bs=1 seek=16 conv=notrunc 2>/dev/null; }
for at in 0:X:"no check block" 4:'\002':"version 2" 8:'\000\000':"cut short" 16:'\000\000\000\000':"CRC" 600:X:"CRC"; do
    block "${at%%:*}" "$(printf '%s' "$at" | cut -d: -f2)"
    ask show $one
    [ $code = 1 ] && says "$one/run.h5" && says "${at##*:}"
    result $? "byte ${at%%:*} of the file is wrong: exit 1, with file and reason"
    ask ls
    [ $code = 0 ] && says damaged
    result $? "and ls goes on"
done
# version V: @schema_version of run.h5.
version() {
    cp "$dir/good.h5" "$h5"
    name=$(grep -abo schema_version "$h5" | head -1 | cut -d: -f1)
    value=$(grep -abo '1\.0' "$h5" | cut -d: -f1 | awk -v after="$name" '$1 > after' | head -1)
    block "$value" "$1"
    seal
}
version 1.9
sum=$(sha256sum <"$h5")
ask show $one
[ $code = 0 ] && says "newer tunebench"
result $? "a newer version of ours: what is known of it is shown, and that it is newer"
ask tag $one +mine
[ $code = 1 ] && says "newer tunebench.*changes nothing"
result $? "but it is not written to: exit 1"
is "$(sha256sum <"$h5")" "$sum" "not a byte of it"
version 2.0
ask show $one
[ $code = 1 ] && says "2.0; expected .*of a newer tunebench"
result $? "a version that cannot be read: exit 1, and said so"
ask ls
[ $code = 0 ] && says prefix20-s0
result $? "and the other runs are listed"

# ---- copies
fresh held
mkfifo "$dir/hold"
"$make_store" hold "$store" <"$dir/hold" >"$dir/out" 2>"$dir/err" &
holding=$!
exec 9>"$dir/hold"
state() { "$bench" ls --json --store "$1" 2>"$dir/err" | jq -r '.[] | select(.id == "6666666666666666") | .state'; }
tries=100
while [ "$(state "$store")" != running ] && [ $tries -gt 0 ]; do
    tries=$((tries - 1))
    sleep 0.05
done
is "$(state "$store")" running "a run that a process holds is running"
cp -a "$store" "$dir/copy"
is "$(state "$dir/copy")" lost "in a copy of the store it is lost"
held=$store
store=$dir/copy
ask tag 6666666666666666 +mine
is "$code $(state "$held")" "0 running" "the copy is written to, the other goes on"
mv "$held" "$dir/moved"
is "$(state "$dir/moved")" running "in a store that was moved it is held as before"
mv "$dir/moved" "$held"
store=$held

# ---- no locks, wrong clocks
preload() { env LD_PRELOAD="$inject" "$@"; }
if [ -e "$inject" ] && preload "$bench" --version >/dev/null 2>&1; then
    for day in 86400 -86400; do
        echo $day >"$dir/clock"
        is "$(export TB_INJECT_CLOCK="$dir/clock" LD_PRELOAD="$inject"; state "$store")" running \
            "a clock that is a day wrong ($day s) makes nobody lost"
    done
    export TB_INJECT_UNDER="$dir" TB_INJECT_OPS=lock TB_INJECT_WHAT=ENOLCK TB_INJECT_AT=1 TB_INJECT_LASTS=0
    LD_PRELOAD=$inject ask doctor
    [ $code = 1 ] && says "flock: No locks available" && says "put the store on a file system where flock"
    result $? "no locks: doctor finds out, and says what to do"
    LD_PRELOAD=$inject ask tag $one +mine
    [ $code = 1 ] && says "cannot lock.*tunebench doctor.*No locks available"
    result $? "no locks: nothing is written"
    LD_PRELOAD=$inject ask ls
    is "$code" 0 "no locks: runs are listed"
    unset TB_INJECT_UNDER TB_INJECT_OPS TB_INJECT_WHAT TB_INJECT_AT TB_INJECT_LASTS
else
    n=$((n + 1))
    echo "ok $n - no locks, wrong clocks # SKIP the program cannot be preloaded"
fi
exec 9>&-
wait $holding
holding=
echo "1..$n"
