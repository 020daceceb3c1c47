#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# forget.bats - a run with a general text: before, after and the change wherever runs are shown, and the same figures
# from eval after the fact; metrics of texts while it trains; searches that look for them.
load common

setup() {
    [ -e "$BASE" ] || skip "there is no $BASE"
    export TUNEBENCH_STORE=$BATS_FILE_TMPDIR/store.d
    GENERAL=$BATS_FILE_TMPDIR/general.txt
    [ -e "$GENERAL" ] || head -n 60 "$TREE/data/style.txt" >"$GENERAL"
    [ -e "$TUNEBENCH_STORE" ] || {
        train lora:r=4,lr=1e-2 >"$BATS_FILE_TMPDIR/out" 2>"$BATS_FILE_TMPDIR/err"
        train prefix:tokens=4 >>"$BATS_FILE_TMPDIR/out" 2>>"$BATS_FILE_TMPDIR/err"
    }
}

train() {
    tb run --base "$BASE" --data "$TREE/data/places.txt" --method "$1" --budget 1k --set eval.rows=8 \
        --set eval.forget="$GENERAL" --set eval.metrics=bleu+slots --set eval.when=each --set eval.texts=2 \
        --set batch.rows=4 --threads 1
}

@test "before, after and the change: in the table of a run, in show, ls and diff" {
    grep -q "the general text's loss, after less before" "$BATS_FILE_TMPDIR/out"
    ask 0 show lora-r4-s0
    says "FORGETTING" "before, the base alone" "MEASURED BY STEP" "forget/loss"
    ask 0 show lora-r4-s0 --json
    [ "$(json '.forget | (.after - .before - .change | fabs) < 1e-9 and .low <= .change and .change <= .high')" = true ]
    [ "$(json '.measures["forget/loss"].step | .[0] == 0 and length > 2')" = true ]
    [ "$(json '.forget.before == .measures["forget/loss"].value[0] and .forget.after == .forget_after')" = true ]
    ask 0 ls --cols name,forgot,forget_before,forget_after --json
    [ "$(json '[.[] | (.forget_after - .forget_before - .forgot | fabs) < 1e-9] | all')" = true ]
    ask 0 diff lora-r4-s0 prefix4-s0
    says "forgot"
}

@test "eval after the fact says of each row what the run recorded, and of all of them how it changed" {
    ask 0 eval lora-r4-s0 --data "$GENERAL"
    says "base loss" "training changed it by"
    tb eval lora-r4-s0 --data "$GENERAL" --json >"$BATS_TEST_TMPDIR/eval"
    tb show lora-r4-s0 --json | jq '.measures["forget/loss"].rows' >"$BATS_TEST_TMPDIR/rows"
    [ "$(jq -n --slurpfile e "$BATS_TEST_TMPDIR/eval" --slurpfile r "$BATS_TEST_TMPDIR/rows" '
        ($e[0].rows | map({key: (.row | tostring), value: .loss}) | from_entries) as $loss
        | $r[0] | [.row_id, .value] | transpose | map(($loss[.[0] | tostring] - .[1]) | fabs < 1e-5)
        | length > 8 and all')" = true ]
    [ "$(jq '(.loss - .base.loss - .change.value | fabs) < 1e-9 and .change.low <= .change.value' \
        "$BATS_TEST_TMPDIR/eval")" = true ]
    ask 0 eval lora-r4-s0 --data "$GENERAL" --csv
    says "base_loss"
    ask 0 eval lora-r4-s0 --json
    [ "$(json 'has("base")')" = false ]
}

@test "curves of metrics: plotted, in run.h5, and planned for" {
    ask 0 plot lora-r4-s0 -m eval/bleu
    says "eval/bleu"
    ask 0 plot lora-r4-s0 -m forget/loss
    ask 2 plot lora-r4-s0 -m eval/blue
    if command -v h5ls >/dev/null; then
        ask 0 show lora-r4-s0 --json
        h5ls -r "$(json .folder)/run.h5" | grep -q "/metrics/eval/forget/loss"
    fi
    ask 0 plan --base "$BASE" --data "$TREE/data/places.txt" --method lora --budget 6k \
        --set eval.forget="$GENERAL" --set eval.metrics=bleu --set eval.when=each
    says "metrics of texts: about" "forgetting:"
    ask 0 plan --base "$BASE" --data "$TREE/data/places.txt" --method lora --budget 6k
    [[ $output != *"metrics of texts"* && $output != *"forgetting"* ]]
}

@test "a general text that is not there, holds nothing, or is said twice" {
    plan() { ask "$1" plan --base "$BASE" --data "$TREE/data/places.txt" --method lora --budget 6k --set eval.forget="$2"; }
    plan 3 nowhere.txt
    complains "eval.forget" "nowhere.txt"
    : >"$BATS_TEST_TMPDIR/empty.txt"
    plan 1 "$BATS_TEST_TMPDIR/empty.txt"
    complains "eval.forget" "empty.txt"
    plan 4 "txt:$GENERAL"
    complains "did you mean 'text'"
    printf 'bad \xff\xfe bytes\n' >"$BATS_TEST_TMPDIR/bytes.txt"
    plan 1 "text:$BATS_TEST_TMPDIR/bytes.txt"
    complains "eval.forget" "UTF-8"
}

# search OBJECTIVE EVAL: two trials.
search() {
    cat >"$BATS_TEST_TMPDIR/o.lua" <<LUA
local t = require "tunebench"
return t.sweep {
  base = t.model "tiny", data = t.pairs { "$TREE/data/places.txt", eval = 0.1 },
  budget = t.tokens(800), batch = 4, exec = { threads = 1 }, method = t.lora { r = 2, lr = t.log_uniform(1e-5, 1e-1) },
  search = t.random { trials = 2 }, objective = { $1 },
  eval = { rows = 4, forget = t.text { "$GENERAL", rows = "line" }, $2 },
}
LUA
}

@test "a search for what forgets least: values as recorded, the target ends it" {
    cd "$TREE"
    search '"forget/loss", "min"' ''
    ask 0 sweep "$BATS_TEST_TMPDIR/o.lua" --store "$BATS_TEST_TMPDIR/s.d" --json
    [ "$(json '.objective.metric')" = forget/loss ]
    local best
    best=$(json '.best[0].value')
    ask 0 ls --store "$BATS_TEST_TMPDIR/s.d" --json
    [ "$(json "[.[].forget_after] | min - $best | fabs < 1e-9")" = true ]
    search '"eval/long", "max", target = 0' 'metrics = { t.match { name = "long", kind = "regex", pattern = "a" } }'
    ask 0 sweep "$BATS_TEST_TMPDIR/o.lua" --store "$BATS_TEST_TMPDIR/t.d"
    says "eval/long max" "the target is 0"
}

@test "what no evaluation produces, or too late for rungs, is an error with its line" {
    cd "$TREE"
    search '"forget/los", "min"' ''
    ask 4 plan "$BATS_TEST_TMPDIR/o.lua"
    complains "o.lua:5" "did you mean 'forget/loss'"
    search '"forget/loss", "max"' ''
    ask 4 plan "$BATS_TEST_TMPDIR/o.lua"
    complains "better when it is lower"
    search '"forget/loss", "min" }, prune = t.median {' ''
    ask 4 plan "$BATS_TEST_TMPDIR/o.lua"
    complains 'when = "each"'
}
