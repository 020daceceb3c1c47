#!/bin/sh
# SPDX-License-Identifier: MIT
# requests.sh - files that ask a training run for something (doc/frozen.md 5), and files that only look like it, as TAP.
. "${srcdir:-.}/tests/crash/common.sh"
recipe one 150 1000 't.lora { r = 4, dropout = 0.1 }'
store=$dir/store

"$bench" run "$dir/one.lua" --store "$dir/whole" >/dev/null 2>"$dir/err"
want=$(hashes "$dir/whole")

# ask NUMBER VERB: a request, complete at once under its name. answer NUMBER VERB: step and note, when they are there.
ask() {
    printf '{"verb": "%s", "args": {}, "asked": "2026-01-02T03:04:05Z"}' "$2" >"$ctl/.part"
    mv "$ctl/.part" "$ctl/$1-$2.json"
}
answer() {
    tries=200
    while [ ! -e "$ctl/$1-$2.done" ] && [ $tries -gt 0 ]; do
        tries=$((tries - 1))
        sleep 0.05
    done
    jq -r '"\(.step) \(.note)"' "$ctl/$1-$2.done"
}
at() { facts "$store" '.state + " " + (.step | tostring)'; }

start run "$dir/one.lua" --store "$store"
says "step [1-9]"
ctl=$(echo "$store"/runs/*/ctl)
ask 000001 pause
got=$(answer 000001 pause)
step=${got%% *}
is "$got" "$step done" "pause: answered with its step"
[ "$step" -gt 0 ] && [ "$step" -lt 150 ]
result $? "pause: between two steps of training ($step)"
sleep 0.3
is "$(at)" "paused $step" "pause: stands still"

ask 000002 checkpoint
is "$(answer 000002 checkpoint)" "$step checkpoint kept" "checkpoint: answered while it is paused"
[ -e "$store"/runs/*/ckpt/"$(printf %06d "$step")".h5 ]
result $? "checkpoint: is there"
ask 000003 dance
is "$(answer 000003 dance)" "$step this program does not know that request" "an unknown verb is answered too"

echo '{"verb": "stop", "ar' >"$ctl/000004-stop.json"
echo '{"verb": "stop"}' >"$ctl/000005-pause.json"
echo '{"verb": "stop", "args": 7}' >"$ctl/000006-stop.json"
echo '[]' >"$ctl/0-stop.json"
: >"$ctl/000007-stop.json"
dd if=/dev/zero of="$ctl/000008-stop.json" bs=64k count=4 2>/dev/null
mkdir "$ctl/000009-stop.json"
mkfifo "$ctl/000010-stop.json"
ln -s /nowhere "$ctl/000011-stop.json"
echo '{}' >"$ctl/$(printf '00\033[31m')-stop.json"
echo '{}' >"$ctl/00$(printf '%0240d' 7).json" # no room for .bad behind it
echo "left alone" >"$ctl/notes.txt"
ask 000012 checkpoint
is "$(answer 000012 checkpoint)" "$step checkpoint kept" "a request behind files that are none is answered"
is "$(ls "$ctl" | grep -c '\.json$')" 0 "those are out of the way"
is "$("$bench" show @last --json --store "$store" | jq '[.events[] | select(.kind == "request")] | length')" 11 \
    "an event for each"
"$bench" show @last --store "$store" | grep -q "$(printf '\033')"
is $? 1 "and no escape sequence of a name reaches a terminal"
is "$(cat "$ctl/notes.txt")" "left alone" "other files stay"

ask 000013 resume
is "$(answer 000013 resume)" "$step done" "resume: answered"
says "resumed"
ask 000014 stop
got=$(answer 000014 stop)
finish
is "$code $(at)" "5 stopped ${got%% *}" "stop: stopped at the step of the answer, exit 5"
[ "${got%% *}" -gt "$step" ]
result $? "stop: it had gone on before"

ask 000015 pause
start resume --all --store "$store"
says "paused"
ask 000016 pause
ask 000017 stop
ask 000018 checkpoint
finish
is "$(answer 000018 checkpoint | cut -d' ' -f2-)" "not done: training had ended" "asked too late: answered so"
start resume --all --store "$store"
finish
is "$code $(hashes "$store")" "0 $want" "resumed: the same bits as if nobody had asked for anything"
echo "1..$n"
