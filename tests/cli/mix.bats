#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mix.bats - runs on rows of several texts: flags and recipe are the same run, what each source brings is told, losses
# are told apart, what is wrong is told with its source.
load common

# All read one store with one mixed run.
setup() {
    [ -e "$BASE" ] || skip "there is no $BASE"
    export TUNEBENCH_STORE=$BATS_FILE_TMPDIR/store.d
    FLAGS=(--base "$BASE" --data "$TREE/data/places.txt,weight=0.5" --data "text:$TREE/data/style.txt,rows=line,weight=2"
        --method lora:r=4 --budget 3k --set eval.rows=24 --threads 1)
    if [ ! -e "$BATS_FILE_TMPDIR/made" ]; then
        tb run "${FLAGS[@]}" >"$BATS_FILE_TMPDIR/out" 2>&1 || { cat "$BATS_FILE_TMPDIR/out"; return 1; }
        touch "$BATS_FILE_TMPDIR/made"
    fi
}

@test "plan says what each source brings" {
    ask 0 plan "${FLAGS[@]}" --json
    [ "$(json '.runs[0].state')" = done ] # the run of setup
    [ "$(json '.runs[0].data | .kind, (.sources | length)' | xargs)" = "mix 2" ]
    [ "$(json '.runs[0].data | .n_rows == (.sources | map(.n_rows) | add)')" = true ]
    [ "$(json '.runs[0].data | .n_held == (.sources | map(.n_held) | add)')" = true ]
    [ "$(json '.runs[0].data.n_eval == (.runs[0].data.sources | map(.n_eval) | add)')" = true ]
    [ "$(json '.runs[0].data.sources | map(.share) | add | (. - 1 | fabs) < 1e-9')" = true ]
    [ "$(json '.runs[0].data.sources[1] | .n_epoch == 2 * .n_train and .kind == "text"')" = true ]
    [ "$(json '.runs[0].data.sources[0] | .n_epoch / .n_train | . > 0.45 and . < 0.55')" = true ]
    ask 0 plan "${FLAGS[@]}"
    says "2 sources" SOURCES places.txt style.txt "in an epoch"
}

@test "a recipe with t.mix is the same run" {
    cat >"$BATS_TEST_TMPDIR/r.lua" <<LUA
local t = require "tunebench"
return t.run { base = t.model "$BASE", budget = t.tokens(3e3), method = t.lora { r = 4 }, eval = { rows = 24 },
  data = t.mix { { t.pairs "$TREE/data/places.txt", 0.5 }, { t.text { "$TREE/data/style.txt", rows = "line" }, 2 } } }
LUA
    ask 0 plan "$BATS_TEST_TMPDIR/r.lua" --json
    [ "$(json '.runs[0].id')" = "$(tb ls --json | jq -r '.[0].id')" ]
    ask 0 plan "$BATS_TEST_TMPDIR/r.lua" --set data.1.weight=3 --json
    [ "$(json '.runs[0].state')" = new ]
}

@test "show and eval tell the losses of the sources apart, and they are the same" {
    ask 0 show @last
    says SOURCES places.txt style.txt
    ask 0 show @last --json
    [ "$(json '.evals[-1] | ((.sources | map(.loss * .n_tok) | add) / .n_tok - .loss | fabs) < 1e-9')" = true ]
    [ "$(json '.changed | has("data.0.weight")')" = true ]
    [ "$(json '.changed | has("data.1.path")')" = false ]
    shown=$(json '.evals[-1].sources | map(.loss * 1e4 | round)' | xargs)
    ask 0 eval @last --json
    [ "$(json '.sources | map(.loss * 1e4 | round)' | xargs)" = "$shown" ]
    [ "$(json '[.rows[].source] | unique | length')" = 2 ]
    ask 0 eval @last
    says "data.0 places.txt: loss" "data.1 style.txt: loss"
}

@test "the same bits in another store, and other ones by prompt" {
    run --separate-stderr tb run "${FLAGS[@]}" --set data.order=by_prompt --store "$BATS_TEST_TMPDIR/s.d"
    [ "$status" -eq 0 ]
    run --separate-stderr tb run "${FLAGS[@]}" --store "$BATS_TEST_TMPDIR/s.d"
    [ "$status" -eq 0 ]
    [ "$(tb ls --json --store "$BATS_TEST_TMPDIR/s.d" | jq -r 'map(.final_hash) | unique | length')" = 2 ]
    [ "$(tb ls --json --store "$BATS_TEST_TMPDIR/s.d" | jq -r '.[1].final_hash')" \
        = "$(tb ls --json | jq -r '.[0].final_hash')" ]
}

@test "what is wrong says where" {
    printf 'a||b\nc\n' >"$BATS_TEST_TMPDIR/bad.txt"
    printf 'a\0b' >"$BATS_TEST_TMPDIR/zero.txt"
    ask 4 plan --base "$BASE" --data "$TREE/data/places.txt,eval=0.2" --data "$TREE/data/style.txt" --method lora --budget 3k
    complains "eval belongs to all sources together: --set data.eval"
    ask 4 plan --base "$BASE" --data "$TREE/data/places.txt,weight=2" --method lora --budget 3k
    complains "give --data more than once"
    ask 1 plan --base "$BASE" --data "$TREE/data/places.txt" --data "pairs:$BATS_TEST_TMPDIR/bad.txt" --method lora \
        --budget 3k
    complains "bad.txt:2: " "data.1: no separator"
    ask 1 plan --base "$BASE" --data "$TREE/data/places.txt" --data "$BATS_TEST_TMPDIR/zero.txt" --method lora --budget 3k
    complains zero.txt "not text"
    ask 3 plan --base "$BASE" --data "$TREE/data/places.txt" --data nowhere.txt --method lora --budget 3k
    complains nowhere.txt
    ask 4 plan "${FLAGS[@]}" --set data.weight=2
    complains "data.0.weight"
    ask 0 help mix
    says "data.eval" "data.<i>.weight" "t.mix"
}
