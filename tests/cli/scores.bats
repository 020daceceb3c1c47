#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# scores.bats - metrics of text as part of a run: what it writes at its end is what `generate` writes, and is scored as
# `score` scores it.
load common

setup() {
    [ -e "$BASE" ] || skip "there is no $BASE"
    export TUNEBENCH_STORE=$BATS_FILE_TMPDIR/store.d
    [ -e "$TUNEBENCH_STORE" ] || train --store "$TUNEBENCH_STORE" >"$BATS_FILE_TMPDIR/out" 2>"$BATS_FILE_TMPDIR/err"
}

train() {
    tb run --base "$BASE" --data "$TREE/data/places.txt" --method lora:r=4,lr=1e-2 --budget 6k --seed 5 \
        --set eval.rows=16 --set eval.samples=100 --set eval.metrics=bleu+slots+perplexity "$@"
}

@test "a run that is asked for metrics of text writes behind its held-out prompts, once" {
    grep -q "bleu" "$BATS_FILE_TMPDIR/out"
    ask 0 show @last --json
    [ "$(json '.scores.n_prompts > 0 and .scores.n_prompts < 16')" = true ]
    [ "$(json '.scores | .slots_low <= .slots and .slots <= .slots_high and .bleu >= 0')" = true ]
    [ "$(json '(.scores.perplexity - (.evals[-1].loss | exp) | fabs) < 1e-6 * .scores.perplexity')" = true ]
    [ "$(json '[.events[] | select(.kind == "scores")] | length')" = 1 ]
    [ "$(json '.plan.predicted.writing > 0')" = true ]
    ask 0 show @last
    says "TEXTS WRITTEN" "bleu" "slots"
}

@test "its texts are those of generate, its figures those of score" {
    tb generate @last --rows eval --max 1000 --json | jq -s . >"$BATS_TEST_TMPDIR/made"
    tb show @last --json | jq '.step as $s | [.samples[] | select(.step == $s)]' >"$BATS_TEST_TMPDIR/kept"
    [ "$(jq length "$BATS_TEST_TMPDIR/kept")" = 16 ]
    # A run's texts are no longer than its rows; generate goes on to the end of the context.
    [ "$(jq -n --slurpfile made "$BATS_TEST_TMPDIR/made" --slurpfile kept "$BATS_TEST_TMPDIR/kept" \
        '[$kept[0][] as $k | $made[0][] | select(.row == $k.row_id) | .output | startswith($k.output)] | all')" = true ]
    jq -nc --slurpfile made "$BATS_TEST_TMPDIR/made" --slurpfile kept "$BATS_TEST_TMPDIR/kept" \
        '[$kept[0][] as $k | $made[0][] | select(.row == $k.row_id)
          | {prompt, output: $k.output, references: [.reference]}] | group_by(.prompt)[]
         | {prompt: .[0].prompt, output: .[0].output, references: (map(.references) | add)}' >"$BATS_TEST_TMPDIR/rows"
    ask 0 score "$BATS_TEST_TMPDIR/rows" --metric bleu --metric slots --json
    want=$(tb show @last --json | jq -c '.scores | [.bleu, .slots] | map(. * 1e6 | round)')
    [ "$(json '.metrics | [.bleu.value, .slots.value] | map(. * 1e6 | round) | @json')" = "$want" ]
}

@test "the same bits as a run without them, and the same scores after a resume" {
    tb run --base "$BASE" --data "$TREE/data/places.txt" --method lora:r=4,lr=1e-2 --budget 6k --seed 5 \
        --set eval.rows=16 --set eval.samples=100 --store "$BATS_TEST_TMPDIR/plain.d" >/dev/null 2>&1
    [ "$(tb ls --json --store "$BATS_TEST_TMPDIR/plain.d" | jq -r '.[0].final_hash')" \
        = "$(tb ls --json | jq -r '.[0].final_hash')" ]
    [ "$(tb ls --json --store "$BATS_TEST_TMPDIR/plain.d" | jq -r '.[0].id')" != "$(tb ls --json | jq -r '.[0].id')" ]
}

@test "a metric that is none is an error at plan time" {
    ask 4 plan --base "$BASE" --data "$TREE/data/places.txt" --method lora --budget 6k --set eval.metrics=blue
    complains "bleu"
}
