#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
load common

setup() { need_store; }

@test "show: what was chosen comes before what was left as it is" {
    ask 0 show lora-r16-s0
    chosen=${output%%"AS BY DEFAULT"*}
    default=${output#*"AS BY DEFAULT"}
    holds "$chosen" "CHOSEN" "method.lora.r " "data.path"
    holds "$default" "optim.beta1" "batch.rows" "method.lora.alpha"
    [[ $default != *"method.lora.r  "* ]]
    says "lora-r16-s0  done" "12,288 trainable" "20 of 20" "LOSS" "EVALUATIONS" "best" "PLAN" "8.00 MiB" "CHECKPOINTS" \
        "000020.h5" "EVENTS" "made for a test" "SAMPLES" "ENVIRONMENT" "█"
}

@test "show: a curve without glyphs where the locale has none" {
    LC_ALL=C ask 0 show lora-r16-s0
    says "#"
    [[ $output != *█* ]]
}

@test "show: a run by id, its beginning, name, @last and @best" {
    for ref in 1111111111111111 1111 lora-r16-s0; do
        ask 0 show "$ref" --json
        [ "$(json .id)" = 1111111111111111 ]
    done
    ask 0 show @best --json
    [ "$(json .name)" = lora-r16-s1 ]
    ask 0 show prefix20-s0:best --json
    [ "$(json .at_step)" = 20 ]
    ask 3 show lora-r16
    complains "no run 'lora-r16'" "did you mean"
    ask 3 show 9
    complains "no run '9'"
    ask 3 show ''
    ask 2 show lora-r16-s0:soon
    complains "RUN:STEP"
    ask 3 show lora-r16-s0:21
    complains "at step 20"
    ask 3 show prompt20-s0:best
    complains "no evaluation yet"
}

@test "show: a run as it was at a step" {
    ask 0 show lora-r16-s0:10 --json
    [ "$(json '[.step, (.evals | length), (.train.loss | length), .best_step] | @json')" = '[10,3,10,10]' ]
    ask 0 show lora-r16-s0:10
    says "lora-r16-s0  as it was at step 10" "10 of 20"
    for word in "lora-r16-s0  done" final_hash abcdef012345 took "ended by"; do
        [[ $output != *"$word"* ]]
    done
    ask 0 show lora-r16-s0:10 --json
    [ "$(json '[.state, .letter, .ended_by, .final_hash, .duration, .result.final_hash] | @json')" \
        = '[null,null,null,null,null,null]' ]
    [ "$(json '.result.peak_bytes')" = 71303168 ]
    [ "$(json '.events | length')" = 0 ] # the one there is came later
    ask 0 show lora-r16-s0:20 --json
    [ "$(json '.events | map(.step) | @json')" = '[20]' ]
    ask 0 show lora-r16-s0
    says "took 10s" "abcdef012345" "ended by"
}

@test "show --json: everything that is recorded" {
    ask 0 show lora-r16-s0 --json
    [ "$(json '.changed | keys | join(" ")')" = method.lora.r ]
    [ "$(json '.changed["method.lora.r"]')" = 8 ]
    [ "$(json '.config["method.lora.r"]')" = 16 ]
    [ "$(json '[.train.step[0], .train.step[-1], .train.loss[-1]] | @json')" = '[1,20,2]' ]
    [ "$(json '.evals | length')" = 5 ]
    [ "$(json '.eval_rows | [(.loss | length), .row_id[3], .prompt_id[3], .n_tok[3]] | @json')" = '[40,3,2,10]' ]
    [ "$(json '.checkpoints | map(.step) | @json')" = '[10,20]' ]
    [ "$(json '.plan.predicted.weights')" = 8388608 ]
    [ "$(json '.events[0].kind')" = note ]
    [ "$(json '.result.final_hash')" = abcdef012345 ]
    ask 0 show full-s0 --json
    [ "$(json '[.state, .ended_by, .note, .train.loss[-1]] | @json')" = '["failed","divergence","loss is NaN at step 12",null]' ]
}

@test "show: what to do about a lost run; a damaged one is an error that names the file" {
    ask 0 show lost-s0
    says "lost" "tunebench resume 6666666666666666"
    ask 1 show 8888
    complains "8888888888888888/run.h5" "CRC"
    ask 3 show lora-r16-s0 --store "$BATS_TEST_TMPDIR/none"
    complains "no store"
}

@test "diff: keys that differ, proof of what is the same, a verdict" {
    ask 0 diff lora-r16-s0 prefix20-s0
    says "method.kind" '"prefix"' "A lora-r16-s0" "B prefix20-s0" "keys differ" "eval rows     same" "row order     same" \
        "lora-r16-s0 is better than prefix20-s0 by 0.2500 nats per token (95 % interval" "40 rows of 20 prompts" \
        "one seed only" "takes the same trainable parameters (12,288)" \
        "tunebench clone lora-r16-s0 --seeds 2; tunebench clone prefix20-s0 --seeds 2 (about 40s of training)" \
        "the same for all"
    [[ $output != *optim.beta1* ]]
    ask 0 diff lora-r16-s0 prefix20-s0 --all
    says "optim.beta1"
}

@test "diff: no difference is said where none can be seen" {
    ask 0 diff lora-r16-s0 lora-r16-s1
    says "cannot be told apart" "holds zero" "seed          OTHER  0  1" "nothing but the seed"
    [[ $output != *"tunebench clone"* ]]
    ask 0 diff lora-r16-s0 lora-r16-s0
    says "0 of " "cannot be told apart"
}

@test "diff: three runs, the first is the reference; runs without results get no verdict" {
    ask 0 diff lora-r16-s0 prefix20-s0 prompt20-s0
    says "B against A" "C against A" "no verdict: no per-row evaluation results"
    ask 0 diff lora-r16-s0 prefix20-s0:10
    says "same number of tokens"
    ask 3 diff lora-r16-s0 nowhere
    complains "'nowhere'"
}

@test "diff: other budgets are named before anything else" {
    ask 0 diff 1111 7777 prefix20-s0
    says "CHECKED" "B against A   the budgets differ (5120 tokens, 10240 tokens): lora-r16-s0 is better" \
        "C against A   lora-r16-s0 is better"
    [[ $output != *SAME* ]]
    ask 0 diff 1111 7777 --json
    [[ $(json '.paired[0].verdict') == "the budgets differ (5120 tokens, 10240 tokens): "* ]]
    [ "$(json '.paired[0].caution')" = "they have not trained on the same number of tokens (5120, 3072)" ]
}

@test "diff --json and --csv" {
    ask 0 diff lora-r16-s0 lora-r16-s1 --json
    [ "$(json '.runs | map(.name) | join(" ")')" = "lora-r16-s0 lora-r16-s1" ]
    [ "$(json '.differ | @json')" = '{"seed":[0,1]}' ]
    [ "$(json '.same | keys | join(" ")')" = "base budget data eval rows numeric row order version" ]
    [ "$(json '.not_same | keys | join(" ")')" = seed ]
    [ "$(json '.paired[0] | .low < .difference and .difference < .high and .low < 0 and .high > 0')" = true ]
    [ "$(json '.paired[0] | [.n_rows, .n_prompts, .steps[0]] | @json')" = '[40,20,20]' ]
    [ "$(json 'has("equal")')" = false ]
    ask 0 diff lora-r16-s0 lora-r16-s1 --json --all
    [ "$(json '.equal["method.lora.r"] | @json')" = '[16,16]' ]
    ask 0 diff lora-r16-s0 lora-r16-s1 --csv
    [ "$output" = $'key,A lora-r16-s0,B lora-r16-s1\r\nseed,0,1\r' ]
}

need_seeds() {
    SEEDS=$BATS_FILE_TMPDIR/seeds.d
    [ -d "$SEEDS" ] || TUNEBENCH_NOW=2026-01-02T03:04:05Z "$MAKE_STORE" seeds "$SEEDS"
    export TUNEBENCH_STORE=$SEEDS
}

@test "diff: seeds of the same arm are taken together, prompts and seeds resampled" {
    need_seeds
    ask 0 diff state:done
    says "A lora-r16 (3 seeds)" "C lora+prompt (3 seeds)" "MEAN OVER SEEDS" "mean of 3 seeds each" \
        "lora-r16 and lora-r4 cannot be told apart" "lora-r16 is better than lora+prompt by 0.3000" \
        "all           lora-r16 has the lowest loss" "it cannot be told apart from lora-r4" "widened for so few of them" "5e-4+0.01"
    ask 0 diff state:done --group none
    says "I lora+prompt-s2" "one seed only"
    [[ $output != *"MEAN OVER SEEDS"* ]]
    ask 0 diff lora-r16-s0 lora-r16-s1 lora-r4-s0
    says "C lora-r4-s0"
    ask 0 diff state:done --json
    [ "$(json '.arms | map(.name) | join(" ")')" = "lora-r16 lora-r4 lora+prompt" ]
    [ "$(json '.paired | map(.seeds, .by_seed) | @json')" = '[[3,3],true,[3,3],true]' ]
    [ "$(json '.paired[0] | .low < 0 and .high > 0 and .difference > .low and .difference < .high')" = true ]
    [ "$(json '.arms[0] | .eval_sd > 0 and (.runs | length) == 3')" = true ]
    ask 2 diff state:done --group sed
    complains "expected seed or none"
    ask 2 diff name=lora-r4-s0
    complains "1 run; diff compares 2"
}

@test "diff: --pareto draws and names what no run beats" {
    ask 0 diff lora-r16-s0 prefix20-s0 --pareto eval/loss,adapter_bytes
    says "PARETO" "beaten by none  lora-r16-s0"
    ask 0 diff lora-r16-s0 prefix20-s0 --pareto eval/loss,adapter_bytes --json
    [ "$(json '.runs | map(.pareto) | @json')" = '[true,false]' ]
    ask 2 diff lora-r16-s0 prefix20-s0 --pareto eval/loss
    complains "two columns"
    ask 2 diff lora-r16-s0 prefix20-s0 --pareto eval/loss,name
    complains "no numbers"
}

@test "diff: --rows puts the worst rows first, with why their texts are missing" {
    ask 0 diff lora-r16-s0 lora-r16-s1 --rows 3
    says "ROWS THAT DIFFER MOST" "no texts" "10 tokens"
    ask 0 diff lora-r16-s0 lora-r16-s1 --rows 3 --json
    [ "$(json '[.rows[] | (.loss[1] - .loss[0]) | fabs] | length == 3 and . == (sort | reverse)')" = true ]
    ask 2 diff lora-r16-s0 lora-r16-s1 --rows 0
    complains "--rows"
}

@test "doctor: every point has a verdict, JSON says the same, a bad store fails" {
    ask 0 doctor
    for point in program libraries processor "back end" threads memory cuda store locks sync "file system" data; do
        says "$point"
    done
    says "HDF5 1." "Lua 5.4" "no CUDA module"
    ask 0 doctor --json
    [ "$(json '[.[] | .ok and (.status == "ok" or .status == "warn")] | all')" = true ]
    [ "$(json '.[] | select(.check == "store") | .text')" = "$STORE: can be written to" ]
    [ -z "$(ls -A "$STORE" | grep doctor)" ]
    echo text >"$BATS_TEST_TMPDIR/file"
    ask 1 doctor --store /proc/tunebench.d
    says "fail  store" "/proc" "--store DIR"
    TUNEBENCH_CPU=abacus ask 1 doctor
    says "fail  back end" "abacus" "unset TUNEBENCH_CPU"
    TUNEBENCH_CPU=ref ask 0 doctor
    says "warn  back end"
}
