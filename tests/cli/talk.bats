#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# talk.bats - the screen Chat with real runs on the shipped model: keys out of a script, the real server, votes in the
# store; and that the server does not outlive the one who asks.
load common

setup() {
    [ -e "$BASE" ] || skip "there is no $BASE"
    DATA=$TREE/data/places.txt
    export TUNEBENCH_STORE=$BATS_FILE_TMPDIR/store.d XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    if [ ! -e "$BATS_FILE_TMPDIR/made" ]; then
        tb run --base "$BASE" --data "$DATA" --method lora:r=4,lr=1e-2 --method prefix:tokens=5 --budget 3k --seed 5 \
            --set eval.rows=12 >"$BATS_FILE_TMPDIR/out" 2>"$BATS_FILE_TMPDIR/err" ||
            { cat "$BATS_FILE_TMPDIR/err"; return 1; }
        touch "$BATS_FILE_TMPDIR/made"
    fi
    cd "$BATS_TEST_TMPDIR"
}

keys() { # keys LINE..: as a script, frames in out/
    printf '%s\n' "$@" >k.keys
    timeout 300 "$TB" --script k.keys --frames out --size 100x30 --color mono
}
shows() { holds "$(cat "out/$1.frame")" "${@:2}"; } # shows FRAME WORDS..

@test "two marked runs write behind a prompt as generate does, side by side, with where they part" {
    PROMPT='name : Silver Shield | kind : tea room'
    keys '*' t "type $PROMPT" enter wait 'frame talk'
    shows talk "you> $PROMPT" 'tok/s' ' │ B prefix5' 'tokens, ' 'slots ' 'greedy, max 64' '2 adapters'
    tr '\n' ' ' <out/talk.frame | grep -qE 'FORK at [0-9]+: +A ".*B against A there: KL [0-9.]+ nat +base +would|identical'
    said=$(tb generate lora-r4-s5 --max 64 --json "$PROMPT" | jq -r '.output | split("\n") | max_by(length)[:20]')
    [ ${#said} -gt 3 ]
    shows talk "$said"
}

@test "rows that were held out come one after the other, with what the data says; f looks at the fork" {
    keys '*' t 'type x' '^u' wait esc n wait n wait 'frame rows' f wait 'frame look'
    [ "$(grep -c 'reference: ' out/rows.frame)" -ge 1 ]
    shows rows '  reference ' 'reference ppl '
    row=$(grep -oE 'row [0-9]+>' out/rows.frame | tail -n 1 | grep -oE '[0-9]+')
    # The next one with another prompt.
    next='select(.event == "rows") | .rows as $r | [$r[] | select(.prompt != $r[0].prompt)][0].row'
    [ "$(printf '{"ask": "rows"}\n' | tb chat lora-r4-s5 --serve | jq -c "$next")" = "$row" ]
    grep -qE '^ base +".*" .[0-9]+ ' out/look.frame || grep -q 'both wrote the same' out/look.frame
}

@test "a blind vote is hidden until it is given, and stands in the store; U takes it back" {
    keys '*' t esc B enter 'type name : Rose Park' enter wait 'frame hidden' esc 1 wait 'frame voted'
    shows hidden '1   hidden until you vote' 'then it is shown who is who'
    run ! grep -q 'slots\|FORK\|lora-r4-s5\|prefix5-s5' out/hidden.frame
    shows voted '1 was ' ' at step ' 'your vote: ' '(1 blind)'
    ask 0 ls --json --cols name,votes_won,votes_lost
    [ "$(json '[.[] | .votes_won + .votes_lost] | @json')" = '[1,1]' ]
    keys '*' t esc B enter 'type name : Rose Park' enter wait esc = wait U wait 'frame back'
    ask 0 ls --json --cols votes_tied
    [ "$(json '[.[].votes_tied] | add')" = 0 ]
    run ! grep -q 'your vote' out/back.frame
}

@test "a scale of 0 makes a run its base; m shows the base beside them" {
    down=$(printf '[ %.0s' 1 2 3 4 5 6 7 8 9 10)
    keys '*' t esc m "$down" enter 'type name : Rose Park' enter wait 'frame base'
    shows base 'scale [0.00]' 'scale 0.00' '│ base '
    # The columns of A and of the base say the same, up to what stands below the texts.
    awk -F '│' '/you> /{t = 1; next} /FORK|identical|alike/{exit} t && !/tokens?, /{gsub(/ +$/, "", $1); gsub(/ +$/, "", $3); print $1 == $3}' \
        out/base.frame | head -n 1 | grep -qx 1
}

@test "M: both adapters together beside them, which say what generate --mix says; m has the base there again" {
    PROMPT='name : Rose Park | kind : hotel'
    keys '*' t esc M enter "type $PROMPT" enter wait 'frame mix' esc m a wait 'frame base' m a wait 'frame two'
    shows mix '│ mix A and B together' 'scale [1.00]'
    said=$(tb generate lora-r4-s5 prefix5-s5 --mix --max 64 --json --prompt "$PROMPT" |
        jq -r 'select(.side == "mix") | .output | split("\n") | max_by(length)[:20]')
    [ ${#said} -gt 3 ]
    shows mix "$said"
    shows base '│ base ' 'beside them the bare base'
    run ! grep -q '│ base \|│ mix ' out/two.frame
    # Those who claim the same rows cannot be mixed: that is said, and they write without.
    cp -r "$TUNEBENCH_STORE" own.d
    export TUNEBENCH_STORE=$PWD/own.d
    tb clone prefix5-s5 --cold --set seed=6 >/dev/null 2>&1
    keys down space down space t esc M enter 'type x' enter wait 'frame refused' esc r enter 'type x' enter wait 'frame without'
    shows refused 'at most one of prefix'
    shows without 'you> x' 'tok/s'
}

@test "a run without weights is refused in the words of the server, and r tries again" {
    keys down t 'type hello' enter wait 'frame fine'
    shows fine 'you> hello' 'base '
    rm -rf "$BATS_TEST_TMPDIR/other.d"
    cp -r "$TUNEBENCH_STORE" other.d
    rm -rf other.d/runs/*/ckpt
    for run in other.d/runs/*; do : >"$run/run.h5"; done
    TUNEBENCH_STORE=$PWD/other.d keys down t 'type hello' enter wait 'frame refused'
    shows refused 'this was not written to its end:' 'r begins'
}

@test "chat --serve --idle ends when nothing is asked, also with an asker who stays" {
    coproc CHAT { exec timeout 120 "$TB" chat lora-r4-s5 --serve --idle 0.05; }
    pid=$CHAT_PID
    read -r -t 60 line <&"${CHAT[0]}"
    [ "$(jq -r .event <<<"$line")" = ready ]
    while read -r -t 60 line <&"${CHAT[0]}"; do :; done
    wait "$pid"
    ask 2 chat lora-r4-s5 --serve --idle -1
    complains idle
}
