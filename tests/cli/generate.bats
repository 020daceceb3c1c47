#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# generate.bats - texts behind prompts, of the shipped model and of runs on a few thousand tokens.
load common

# All tests read one store, made once.
setup() {
    [ -e "$BASE" ] || skip "there is no $BASE"
    DATA=$TREE/data/places.txt
    PROMPT='name : Silver Shield | kind : tea room'
    export TUNEBENCH_STORE=$BATS_FILE_TMPDIR/store.d
    if [ ! -e "$BATS_FILE_TMPDIR/made" ]; then
        tb run --base "$BASE" --data "$DATA" --method lora:r=4,targets=q+v --method prefix:tokens=5 --method full \
            --budget 3k --seed 5 --set eval.rows=12 >"$BATS_FILE_TMPDIR/out" 2>"$BATS_FILE_TMPDIR/err" ||
            { cat "$BATS_FILE_TMPDIR/err"; return 1; }
        touch "$BATS_FILE_TMPDIR/made"
    fi
}

@test "a bare model writes behind raw prompts, the same text every time" {
    ask 0 generate --base "$BASE" --raw --max 12 'The tea room'
    first=$output
    [ -n "$first" ]
    ask 0 generate --base "$BASE" --raw --max 12 --threads 1 --json 'The tea room'
    [ "$(json .output)" = "$first" ]
    [ "$(json '.tokens == 12 and .stop == "max" and .row == 0 and .reference == null and .logprob < 0')" = true ]
    [ "$(json .prompt)" = 'The tea room' ]
}

@test "runs of all kinds write: as they ended, at their best, at a step" {
    for m in lora prefix full; do
        id=$(tb ls "method=$m" --json | jq -r '.[0].id')
        ask 0 generate "$id" --max 8 --json "$PROMPT"
        [ "$(json '.tokens > 0 and (.output | type) == "string"')" = true ]
        last=$output
        ask 0 generate "$id:$(tb ls "method=$m" --json | jq -r '.[0].step')" --max 8 --json "$PROMPT"
        [ "$(jq -r .output <<<"$output")" = "$(jq -r .output <<<"$last")" ]
    done
    ask 0 generate "$id:best" --max 4 --json "$PROMPT"
}

@test "an exported adapter on its base says what the run says" {
    id=$(tb ls method=lora --json | jq -r '.[0].id')
    ask 0 export "$id" --as peft -o "$BATS_TEST_TMPDIR/peft"
    ask 0 generate "$id" --max 16 --json "$PROMPT"
    want=$(json '.output')
    ask 0 generate --base "$BASE" --adapter "$BATS_TEST_TMPDIR/peft" --data "$DATA" --max 16 --json "$PROMPT"
    [ "$(json .output)" = "$want" ]
}

@test "a row's prompt and the same words give the same text, in batches of any size" {
    ask 0 generate @last --rows eval:3 --max 10 --json
    [ "$(wc -l <<<"$output")" -eq 3 ]
    [ "$(jq -s '[.[] | (.reference | length) > 0] | all' <<<"$output")" = true ]
    rows=$output
    prompt=$(head -n 1 <<<"$rows" | jq -r .prompt)
    ask 0 generate @last --max 10 --json "$prompt"
    [ "$(json .output)" = "$(head -n 1 <<<"$rows" | jq -r .output)" ]
    ask 0 generate @last --rows eval:3 --max 10 --json --batch 1
    [ "$output" = "$rows" ]
    ask 0 generate --base "$BASE" --data "$DATA" --rows all:2 --max 3 --json
    [ "$(jq -s 'map(.row) == [0, 1]' <<<"$output")" = true ]
}

@test "draws: the same seed, the same texts; others with another; several behind one prompt" {
    draw() { tb generate @last --temperature 1 --top-k 50 --top-p 0.9 --min-p 0.01 --max 8 -n 3 --json "$@" "$PROMPT"; }
    draw --seed 1 >"$BATS_TEST_TMPDIR/a"
    draw --seed 1 --batch 2 >"$BATS_TEST_TMPDIR/b"
    draw --seed 2 >"$BATS_TEST_TMPDIR/c"
    cmp "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
    [ "$(<"$BATS_TEST_TMPDIR/a")" != "$(<"$BATS_TEST_TMPDIR/c")" ]
    [ "$(jq -s 'map(.sample) == [0, 1, 2] and (map(.output) | unique | length > 1)' "$BATS_TEST_TMPDIR/a")" = true ]
}

@test "stop strings cut exactly, whatever tokens they lie across" {
    ask 0 generate --base "$BASE" --raw --max 24 --json 'The tea room'
    whole=$(json .output)
    for at in 3 5 9; do
        stop=${whole:$at:4}
        ask 0 generate --base "$BASE" --raw --max 24 --json --stop 'not there' --stop "$stop" 'The tea room'
        [ "$(json .stop)" = stop ]
        [ "$(jq -j .output <<<"$output"; echo .)" = "${whole%%"$stop"*}." ]
    done
}

@test "a repetition penalty changes the text" {
    ask 0 generate --base "$BASE" --raw --max 24 'The tea room'
    plain=$output
    ask 0 generate --base "$BASE" --raw --max 24 --repeat-penalty 1.5 'The tea room'
    [ "$output" != "$plain" ]
}

@test "prompts from stdin, as lines and as JSON" {
    run --separate-stderr bash -c "printf 'The tea room\n\nA pub\n' | '$TB' generate --base '$BASE' --raw --max 4 - --json \
        2>&1"
    [ "$status" -eq 1 ] # lines of --json are JSON
    holds "$output" "stdin, prompt 0"
    run --separate-stderr bash -c "printf '\"The tea room\"\n{\"prompt\": \"A\\\\npub\"}\n' |
        '$TB' generate --base '$BASE' --raw --max 4 --json -"
    [ "$status" -eq 0 ]
    [ "$(jq -s 'map(.prompt) == ["The tea room", "A\npub"]' <<<"$output")" = true ]
    run --separate-stderr bash -c "printf 'The tea room\nA pub\n' | '$TB' generate --base '$BASE' --raw --max 4 --stop x -"
    [ "$status" -eq 0 ]
    [ -n "$output" ]
}

@test "bad input: nobody, nothing, both, too long, no such rows" {
    ask 2 generate
    complains "what shall write"
    ask 2 generate --base "$BASE"
    complains "behind which prompts"
    ask 2 generate @last --rows eval "$PROMPT"
    complains "either prompts or --rows"
    ask 2 generate @last --rows some
    complains "eval or all"
    ask 2 generate @last --rows all
    complains "--data"
    ask 2 generate @last --rows eval:0
    ask 2 generate @last -n 3 "$PROMPT"
    complains "--temperature"
    ask 2 generate @last --top-p 2 "$PROMPT"
    ask 2 generate @last --adapter x "$PROMPT"
    complains "either RUN"
    ask 3 generate nosuchrun "$PROMPT"
    long=$(for i in $(seq 3000); do printf 'word%d ' "$i"; done)
    ask 1 generate --base "$BASE" --raw "$long"
    complains "it may have" "context"
}
