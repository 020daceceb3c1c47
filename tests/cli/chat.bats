#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# chat.bats - conversations with one run or two on one base, for people and for programs; generate with several runs;
# votes.
load common

# All tests read one store, made once; those that change it do so in a copy.
setup() {
    [ -e "$BASE" ] || skip "there is no $BASE"
    DATA=$TREE/data/places.txt
    PROMPT='name : Silver Shield | kind : tea room'
    export TUNEBENCH_STORE=$BATS_FILE_TMPDIR/store.d
    if [ ! -e "$BATS_FILE_TMPDIR/made" ]; then
        tb run --base "$BASE" --data "$DATA" --method lora:r=4,lr=1e-2 --method prefix:tokens=5 --method loha --method full \
            --budget 3k --seed 5 --set eval.rows=12 >"$BATS_FILE_TMPDIR/out" 2>"$BATS_FILE_TMPDIR/err" ||
            { cat "$BATS_FILE_TMPDIR/err"; return 1; }
        touch "$BATS_FILE_TMPDIR/made"
    fi
    A=$(id_of lora) B=$(id_of prefix)
}

id_of() { tb ls "method=$1" --json | jq -r '.[0].id'; }

# serve SIDES..: requests on stdin, answers in $output, one a line.
serve() { output=$(timeout 120 "$TB" chat "$@" --serve); }
# of FILTER: of all answers, as a list.
of() { jq -sc "$1" <<<"$output"; }

@test "serve: two sides say what generate says of each, and where they part" {
    serve "$A" "$B" <<<"{\"id\": 7, \"prompt\": \"$PROMPT\", \"max\": 12}"
    [ "$(of '[.[] | select(.id == 7) | .event] | unique | @json')" = '"[\"begin\",\"compared\",\"done\",\"end\",\"piece\"]"' ]
    [ "$(of '.[-1] | .event == "done" and .id == 7')" = true ]
    [ "$(of '.[0] | .event == "ready" and (.sides | map(.side) == ["A", "B"]) and .base.context == 256')" = true ]
    answers=$output
    for side in A B; do
        said=$(of "[.[] | select(.event == \"piece\" and .side == \"$side\") | .text] | add")
        [ "$said" = "$(of ".[] | select(.event == \"end\" and .side == \"$side\") | .output")" ]
        run=$A
        [ $side = A ] || run=$B
        [ "$(tb generate "$run" --max 12 --json "$PROMPT" | jq .output)" = "$said" ]
    done
    output=$answers
    [ "$(of '[.[] | select(.event == "end") | .tokens > 0 and .seconds > 0 and .logprob < 0 and .stop != null] | all')" = true ]
    [ "$(of '.[] | select(.event == "end" and .side == "A") | .slots | .of == 2 and (.missing | length) == 2 - .right')" = true ]
    fork=$(of '.[] | select(.event == "compared")')
    [ "$(jq '.identical == (.fork == null)' <<<"$fork")" = true ]
}

@test "serve: a fork has both tokens with their probabilities, the base's choice and a divergence" {
    # Opposite scales drive any two apart.
    serve "$A" "$A" <<<"{\"prompt\": \"$PROMPT\", \"max\": 40, \"scales\": {\"A\": 8, \"B\": -8}}"
    fork=$(of '.[] | select(.event == "compared") | .fork')
    [ "$(jq '.tokens | map(.side) == ["A", "B"] and (map(.p > 0 and .p <= 1) | all) and .[0].id != .[1].id' <<<"$fork")" = true ]
    [ "$(jq '.tokens[0].p >= .tokens[1].p_other and .tokens[1].p >= .tokens[0].p_other' <<<"$fork")" = true ]
    [ "$(jq '.kl > 0 and .base.p > 0' <<<"$fork")" = true ]
    at=$(jq .at <<<"$fork")
    serve "$A" "$A" <<<"{\"prompt\": \"$PROMPT\", \"max\": 40, \"scales\": {\"A\": 8, \"B\": -8}}
{\"ask\": \"look\", \"side\": \"B\", \"at\": $at, \"n\": 3}"
    look=$(of '.[] | select(.event == "look")')
    [ "$(jq '.top | (keys == ["A", "B", "base"]) and (map(length == 3) | all)' <<<"$look")" = true ]
    [ "$(jq ".top.B[0].id == .chosen.id and .chosen.id == $(jq '.tokens[1].id' <<<"$fork")" <<<"$look")" = true ]
    [ "$(jq ".top.base[0].id == $(jq '.base.id' <<<"$fork")" <<<"$look")" = true ]
}

@test "serve: scales stay until others are set; 0 is the base" {
    tb generate --base "$BASE" --data "$DATA" --max 10 --json "$PROMPT" >"$BATS_TEST_TMPDIR/base"
    serve "$A" "$B" <<<"{\"prompt\": \"$PROMPT\", \"max\": 10, \"scales\": {\"A\": 0, \"B\": 0}}
{\"prompt\": \"$PROMPT\", \"max\": 10}
{\"ask\": \"state\"}"
    [ "$(of '[.[] | select(.event == "end") | .output] | unique | length')" = 1 ]
    [ "$(of '[.[] | select(.event == "end") | .output][0]')" = "$(jq .output "$BATS_TEST_TMPDIR/base")" ]
    [ "$(of '[.[] | select(.event == "ready")][1].sides | map(.scale) == [0, 0]')" = true ]
}

@test "serve: rows have a reference, its perplexity that of eval" {
    serve "$A" "$B" <<<'{"ask": "rows"}'
    row=$(of '.[] | select(.event == "rows") | .rows | .[0].row')
    [ "$(of '.[] | select(.event == "rows") | .rows | length')" = 12 ]
    serve "$A" "$B" <<<"{\"row\": $row, \"max\": 4}"
    [ "$(of '.[] | select(.event == "begin") | (.reference | length) > 0 and .row == '"$row")" = true ]
    for side in A B; do
        run=$A
        [ $side = A ] || run=$B
        want=$(tb eval "$run" --json | jq ".rows[] | select(.row == $row) | .loss")
        got=$(of ".[] | select(.event == \"end\" and .side == \"$side\") | .on_reference.loss")
        [ "$(jq -n "($want - $got | fabs) < 1e-4")" = true ]
    done
}

@test "serve: the base as a third side; samples with one seed are the same twice" {
    ask='{"prompt": "name : X", "max": 8, "temperature": 1, "seed": 3, "sides": ["B", "base"]}'
    serve "$A" "$B" --base-too <<<"$ask
$ask"
    [ "$(of '[.[] | select(.event == "end") | .side]')" = '["B","base","B","base"]' ]
    [ "$(of '[.[] | select(.event == "end" and .side == "B") | .output] | unique | length')" = 1 ]
}

@test "serve: what is wrong is answered, and the next request works" {
    long=$(printf '%0100000d' 7)
    serve "$A" "$B" <<EOF
nonsense
{"promt": "x"}
{"prompt": "x", "row": 3}
{"prompt": "x", "max": 0}
{"prompt": "x", "temperature": "hot"}
{"prompt": "x", "stop": [""]}
{"prompt": "x", "scales": {"C": 1}}
{"prompt": "x", "scales": {"A": 99}}
{"prompt": "x", "sides": []}
{"row": 100000000}
{"ask": "sing"}
{"ask": "look", "at": 0}
[1]
{"id": 1, "prompt": "$long"}
$(printf '{"prompt": "\377"}')

{"id": 2, "prompt": "x", "max": 2}
{"ask": "look", "at": 99}
{"ask": "cancel"}
EOF
    kinds=$(of '[.[] | select(.error) | .error.kind] | @json')
    [ "$kinds" = '"[\"format\",\"usage\",\"usage\",\"usage\",\"usage\",\"usage\",\"usage\",\"usage\",\"usage\",\"usage\",\"usage\",\"usage\",\"usage\",\"limit\",\"format\",\"usage\"]"' ]
    [[ $(of '.[] | select(.id == 1) | .error.text') == *"may have 250"*"context of 256"* ]]
    [ "$(of '[.[] | select(.id == 2 and .event == "end")] | length')" = 2 ]
    [ "$(of '.[-1].event')" = '"done"' ]
}

@test "serve: cancel ends what is being written, and only that" {
    # Looked at before each token, so those that came with the request are met before the first.
    serve "$A" "$B" <<'EOF'
{"id": "w", "prompt": "name : X", "max": 6}
{"id": "c", "ask": "cancel", "of": "other"}
{"id": "x", "prompt": "name : X", "max": 6}
{"id": "d", "ask": "cancel", "of": "x"}
{"id": "n", "prompt": "name : X", "max": 6}
EOF
    [ "$(of '[.[] | select(.event == "end") | [.id, .stop == "cancelled", .tokens > 0]]')" = \
        '[["w",false,true],["w",false,true],["x",true,false],["x",true,false],["n",false,true],["n",false,true]]' ]
    [ "$(of '[.[] | select(.event == "done") | .id]')" = '["w","c","x","d","n"]' ]
}

@test "serve: a cancel that comes while a text is written, and a client that leaves" {
    coproc CHAT { exec timeout 120 "$TB" chat "$A" "$B" --serve; }
    pid=$CHAT_PID
    read -r -t 60 line <&"${CHAT[0]}"
    printf '%s\n' '{"id": "w", "prompt": "name : X", "max": 240, "temperature": 2}' >&"${CHAT[1]}"
    until [[ $line == *'"event": "piece"'* ]]; do read -r -t 60 line <&"${CHAT[0]}"; done
    printf '%s\n' '{"ask": "cancel"}' '{"id": "n", "prompt": "name : X", "max": 1}' >&"${CHAT[1]}"
    until [[ $line == *'"event": "end"'*'"id": "w"'* ]]; do read -r -t 60 line <&"${CHAT[0]}"; done
    until [[ $line == *'"event": "end"'*'"id": "n"'* ]]; do read -r -t 60 line <&"${CHAT[0]}"; done
    [ "$(jq -r .stop <<<"$line")" = max ]
    exec {CHAT[1]}>&-
    while read -r -t 60 line <&"${CHAT[0]}"; do :; done
    wait "$pid"
}

@test "serve: a client that closes the pipe, a server that is killed: the store stays as it was" {
    before=$(find "$TUNEBENCH_STORE/runs" -type f | sort | xargs sha256sum | sha256sum)
    { printf '%s\n' '{"prompt": "name : X", "max": 200}'; sleep 1; } | timeout 60 "$TB" chat "$A" "$B" --serve | head -n 2 >/dev/null
    coproc CHAT { exec "$TB" chat "$A" "$B" --serve; }
    pid=$CHAT_PID
    read -r -t 60 line <&"${CHAT[0]}"
    printf '%s\n' '{"prompt": "name : X", "max": 200}' >&"${CHAT[1]}"
    read -r -t 60 line <&"${CHAT[0]}"
    kill -9 "$pid"
    wait "$pid" || true
    [ "$(find "$TUNEBENCH_STORE/runs" -type f | sort | xargs sha256sum | sha256sum)" = "$before" ]
    "$TB" chat "$A" --serve </dev/null >/dev/null
}

@test "who cannot take part is told why" {
    ask 3 chat nobody
    complains nobody
    ask 2 chat "$(id_of full)" "$A"
    complains "base of its own" "generate"
    ask 3 chat "$A:77"
    complains "checkpoint of step 77"
    ask 2 chat "$A" "$B" "$A"
    ask 2 chat
    ask 3 chat --base nowhere.gguf
    ask 0 chat --base "$BASE" --serve </dev/null
    # The base is gone.
    cp -r "$BASE" "$BATS_TEST_TMPDIR/mine"
    S=$BATS_TEST_TMPDIR/other.d
    tb run --store "$S" --base "$BATS_TEST_TMPDIR/mine" --data "$DATA" --method lora --budget 1steps --seed 1 >/dev/null 2>&1
    rm -r "$BATS_TEST_TMPDIR/mine"
    ask 3 chat @last --store "$S"
    complains mine
}

@test "a conversation takes lines, rows, scales, and says what it does not know" {
    output=$(printf '%s\n' "$PROMPT" '/row 3' '/scale B 0' "$PROMPT" '/look 0' '/reload' '/rows' '/nonsense' '/row x' '/quit' never |
        "$TB" chat "$A" "$B" --max 6 2>"$BATS_TEST_TMPDIR/err")
    says "tokens, stop: max" "(reference)" "perplexity of the reference" "base"
    [ "$(grep -c '^A  ' <<<"$output")" -eq 4 ]
    stderr=$(cat "$BATS_TEST_TMPDIR/err")
    complains "/scale B 0.5" "whole number"
}

@test "generate: several runs side by side say what each says alone" {
    ask 0 generate "$A" "$B" --base-too --prompt "$PROMPT" --prompt 'name : X' --max 8 --json
    [ "$(wc -l <<<"$output")" -eq 6 ]
    several=$output
    for run in "$A" "$B"; do
        name=$(tb ls --json | jq -r ".[] | select(.id == \"$run\") | .name")
        ask 0 generate "$run" --max 8 --json "$PROMPT" 'name : X'
        [ "$(jq -c .output <<<"$output")" = "$(jq -c "select(.name == \"$name\") | .output" <<<"$several")" ]
    done
    ask 0 generate --base "$BASE" --data "$DATA" --max 8 --json "$PROMPT" 'name : X'
    [ "$(jq -c .output <<<"$output")" = "$(jq -c 'select(.name == "base") | .output' <<<"$several")" ]
    ask 0 generate "$A" "$B" --rows eval:2 --max 4 --json
    [ "$(jq -sc '[.[] | [.side, (.reference | length > 0)]]' <<<"$output")" = '[["A",true],["B",true],["A",true],["B",true]]' ]
    ask 0 generate "$A" --row 3 --row 4 --max 4 --scale 0.5
    says "row 3: name" "row 4: name" "by 0.5"
    # The order of the adapters of three does not matter, LoHa replaces a weight.
    ask 0 generate "$(id_of loha)" "$A" "$B" --prompt "$PROMPT" --max 8 --json
    [ "$(jq -c 'select(.side == "B") | .output' <<<"$output")" = "$(head -n 1 <<<"$several" | jq -c .output)" ]
    ask 2 generate "$A" "$B" --base-too
    ask 2 generate "$A" "$B" --prompt x --row 3
    ask 2 generate "$A" "$B" --prompt x -n 3
    ask 2 generate "$A" "$B" --prompt x --scale much
    ask 0 generate "$A" --prompt "$PROMPT" --max 2 --json
}

@test "the mix of two runs says what a stack of their folders says, by a scale of its own; what cannot be mixed is told" {
    ask 0 generate "$A" "$B" --mix --base-too --prompt "$PROMPT" --max 12 --json
    [ "$(jq -sc 'map(.side)' <<<"$output")" = '["A","B","mix","base"]' ]
    mixed=$(jq -c 'select(.side == "mix") | .output' <<<"$output")
    base=$(jq -c 'select(.side == "base") | .output' <<<"$output")
    tb export "$A" --as peft -o "$BATS_TEST_TMPDIR/a" >/dev/null
    tb export "$B" --as peft -o "$BATS_TEST_TMPDIR/b" >/dev/null
    ask 0 generate --base "$BASE" --adapter "$BATS_TEST_TMPDIR/a" --adapter "$BATS_TEST_TMPDIR/b" --data "$DATA" \
        --prompt "$PROMPT" --max 12 --json
    [ "$(jq -c .output <<<"$output")" = "$mixed" ]
    ask 0 generate "$A" "$A" --mix --scale A=0 --scale mix=0 --prompt "$PROMPT" --max 12 --json
    [ "$(jq -sc 'map(.output)' <<<"$output" | jq '.[0] == .[2] and .[1] != .[2]')" = true ]
    [ "$(jq -c 'select(.side == "mix") | .output' <<<"$output")" = "$base" ]
    # A run twice is twice its change.
    ask 0 generate "$A" "$A" --mix --scale A=2 --prompt "$PROMPT" --max 12 --json
    [ "$(jq -sc 'map(.output)' <<<"$output" | jq '.[0] == .[2]')" = true ]
    ask 4 generate "$B" "$B" --mix --prompt "$PROMPT"
    complains "the mix of 2 runs" "at most one of prefix"
    ask 2 generate "$A" --mix --prompt "$PROMPT"
    complains "--mix joins the adapters of two runs or more"
    serve "$A" "$B" --mix <<<"{\"prompt\": \"$PROMPT\", \"max\": 12, \"sides\": [\"mix\"]}"
    [ "$(of '.[0].sides | map([.side, .method])')" = '[["A","lora"],["B","prefix"],["mix","lora+prefix"]]' ]
    [ "$(of '.[] | select(.event == "end") | [.side, .output]')" = "[\"mix\",$mixed]" ]
}

@test "votes are kept with both runs, counted, shown, taken back" {
    cp -r "$TUNEBENCH_STORE" "$BATS_TEST_TMPDIR/store.d"
    export TUNEBENCH_STORE=$BATS_TEST_TMPDIR/store.d
    ask 0 vote "$A" "$B" --winner a --blind --prompt "$PROMPT"
    says "won against" "lost against" "undo: tunebench vote" "--back"
    undo=${output#*undo: tunebench }
    undo=${undo%%$'\n'*}
    ask 0 vote "$A" "$B" --winner tie
    ask 0 vote "$A" base --winner b --json
    ask 0 show "$A"
    says "VOTES" "1 won, 0 lost, 1 tied (1 blind)" "0 won, 1 lost, 0 tied" "vote: won against"
    ask 0 show "$B" --json
    [ "$(json ".result.votes[\"$A\"] | .won == 0 and .lost == 1 and .tied == 1 and .blind == 1")" = true ]
    [ "$(json '[.events[] | select(.kind == "vote")] | length')" = 2 ]
    ask 0 ls --cols id,votes_won,votes_lost,votes_tied --json
    [ "$(json ".[] | select(.id == \"$A\") | [.votes_won, .votes_lost, .votes_tied] | @json")" = '[1,1,1]' ]
    ask 0 diff "$A" "$B"
    says "A against B" "1 won, 0 lost, 1 tied (1 blind)"
    ask 0 diff "$A" "$B" --json
    [ "$(json '.votes | length == 1 and .[0].won == 1')" = true ]
    before=$(tb show "$B" --json | jq -S .result.votes)
    eval "ask 0 $undo"
    says "taken back"
    ask 0 show "$A" --json
    [ "$(json ".result.votes[\"$B\"] | .won == 0 and .blind == 0 and .tied == 1")" = true ]
    [ "$(tb show "$B" --json | jq -S .result.votes)" != "$before" ]
    ask 3 vote "$A" "$B" --winner a --back
    ask 2 vote "$A" "$A" --winner a
    ask 2 vote "$A" "$B"
    ask 2 vote "$A" "$B" --winner c
    ask 3 vote "$A" nobody --winner a
    ask 0 fsck
}

@test "a run that is being trained takes part as in its newest checkpoint, and is told to have a newer one" {
    S=$BATS_TEST_TMPDIR/live.d
    tb run --store "$S" --base "$BASE" --data "$DATA" --method lora:r=4 --budget 4k --seed 1 --set eval.rows=12 \
        --set exec.checkpoint_s=0.2 >/dev/null 2>&1
    export TUNEBENCH_STORE=$S
    "$TB" clone @last --at 0 --cold --set budget=200k --set exec.checkpoint_s=0.2 >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
    pid=$!
    for _ in $(seq 400); do
        id=$(tb ls state:running --json | jq -r '.[0].id // empty')
        [ -n "$id" ] && compgen -G "$S/runs/$id/ckpt/*.h5" >/dev/null && break
        sleep 0.05
    done
    [ -n "$id" ]
    coproc CHAT { exec timeout 120 "$TB" chat "$id" --serve; }
    read -r -t 60 line <&"${CHAT[0]}"
    [ "$(jq -r '.sides[0] | .state == "running" and .step > 0' <<<"$line")" = true ]
    first=$(jq '.sides[0].step' <<<"$line")
    for _ in $(seq 200); do
        printf '%s\n' '{"ask": "state"}' >&"${CHAT[1]}"
        read -r -t 60 line <&"${CHAT[0]}"
        read -r -t 60 _ <&"${CHAT[0]}"
        [ "$(jq '.sides[0].newer' <<<"$line")" != null ] && break
        sleep 0.05
    done
    [ "$(jq ".sides[0].newer > $first and .sides[0].step == $first" <<<"$line")" = true ]
    printf '%s\n' '{"ask": "reload"}' >&"${CHAT[1]}"
    read -r -t 60 line <&"${CHAT[0]}"
    [ "$(jq ".sides[0].step > $first" <<<"$line")" = true ]
    # A vote reaches whoever trains it.
    ask 0 vote "$id" base --winner a
    says "done at step"
    [ "$(tb show "$id" --json | jq '.result.votes.base.won')" = 1 ]
    kill -INT "$pid"
    wait "$pid" || true
}
