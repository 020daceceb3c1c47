#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# training.bats - what a recipe may ask of training besides its method: schedules, an early end, bounds, probes of the
# rate, checkpoints that stay, samples. On a random base of a few thousand parameters.
load common

setup() {
    need_verb run
    [ -e "$BASE/tokenizer.json" ] || skip "there is no $BASE"
    cd "$BATS_TEST_TMPDIR"
    export TUNEBENCH_STORE=$BATS_TEST_TMPDIR/store.d
}

# recipe KEYS: the usual run with these keys, as $RECIPE.
recipe() {
    RECIPE=$BATS_TEST_TMPDIR/run.lua
    cat >"$RECIPE" <<LUA
local t = require "tunebench"
return t.run {
  base = t.scratch { tokenizer = "$BASE", d = 16, layers = 2, heads = 2, kv_heads = 1, ff = 24, context = 192,
                     init = "normal" },
  data = t.pairs { "$TREE/data/places.txt", eval = 0.1 },
  method = t.lora { r = 4 },
  $1
}
LUA
}

@test "a linear schedule: the rate falls in a line to its floor" {
    recipe 'budget = t.steps(6), batch = 2, eval = { rows = 8 },
            schedule = { name = "linear", warmup = 0, floor = 0.5 }, optim = { lr = 0.01 }'
    ask 0 run "$RECIPE"
    ask 0 show @last --json
    [ "$(json '[.train.lr[] * 1000 | round] | @json')" = '[10,9,8,7,6,5]' ]
    ask 4 plan "$RECIPE" --set schedule.name=lineal
    complains "cosine, linear, constant"
}

@test "patience ends a run early: done, with the reason; the comparison tells its tokens" {
    recipe 'budget = t.steps(40), batch = 2, eval = { rows = 8, every = t.steps(2) },
            optim = { lr = 1e-30 }, stop = { patience = t.grid { 0, 3 } }'
    sed -i s/t.run/t.sweep/ "$RECIPE"
    ask 0 run "$RECIPE" --json
    [ "$(json 'map(.state) | unique | join(" ")')" = done ]
    [ "$(json '.[0].tokens > 5 * .[1].tokens')" = true ]
    ask 0 ls --json
    [ "$(json 'map([.step, .ended_by]) | @json')" = '[[40,"budget"],[6,"patience"]]' ]
    ask 0 show @last
    says "ended by" "patience" "no improvement in 3 evaluations"
    ask 0 log @last
    says "patience" "no improvement in 3 evaluations; the best is"
    ask 0 resume --all
    says "nothing to go on with"
}

@test "max_trainable: a recipe error that names run, share, bound and what to lower" {
    recipe 'budget = t.steps(4), batch = 2, max_trainable = 0.001'
    ask 4 plan "$RECIPE"
    complains "lora-r4-s0: trains" "a share of 0." "above max_trainable = 0.001" "lower method.lora.r = 4 or" \
        "method.lora.targets"
    ask 4 run "$RECIPE"
    [ ! -e "$TUNEBENCH_STORE"/runs/*/run.h5 ]
    ask 0 plan "$RECIPE" --set max_trainable=0.5 --json
    id=$(json '.runs[0].id')
    ask 0 plan "$RECIPE" --set max_trainable=0 --json
    [ "$(json '.runs[0].id')" = "$id" ]
    ask 4 plan "$RECIPE" --set max_trainable=7
    complains "max_trainable must be a number from 0 to 1"
}

@test "the best checkpoints stay, and show says why" {
    recipe 'budget = t.steps(12), batch = 2, eval = { rows = 8, every = t.steps(2) }, exec = { keep_best = 3 },
            optim = { lr = 3 }, schedule = { name = "constant", warmup = 0 }'
    ask 0 run "$RECIPE"
    ask 0 show @last --json
    best=$(json '[.evals[] | select(.step > 0)] | sort_by(.loss, .step) | .[:3] | map(.step) | sort | @json')
    [ "$(json '[.checkpoints[] | select(.kept | index("best")) | .step] | sort | @json')" = "$best" ]
    [ "$(json '.checkpoints[-1] | [.step, (.kept | index("newest") != null)] | @json')" = '[12,true]' ]
    [ "$(json '[.checkpoints[] as $c | .evals[] | select(.step == $c.step) | .loss == $c.eval] | all')" = true ]
    [ "$(json '.checkpoints | map(.rank) | index(1) != null')" = true ]
    ask 0 show @last
    says "stays as" "best (2nd)" "best (3rd)" "newest" "000012.h5"
    ask 0 gc --dry-run
    says "nothing to remove"
}

@test "samples: the same rows at each evaluation, with their losses, the worst first" {
    recipe 'budget = t.steps(4), batch = 2, eval = { rows = 8, every = t.steps(2), samples = 3 }'
    ask 0 run "$RECIPE"
    ask 0 show @last --samples --json
    [ "$(json '[.step, (.samples | length)] | @json')" = '[4,3]' ]
    [ "$(json '[.samples[] | (.loss > 0) and (.n_tok > 0) and (.prompt | test("name")) and (.output | length) > 5] | all')" \
        = true ]
    rows=$(json '.samples | map(.row_id) | @json')
    ask 0 show @last:2 --samples --json
    [ "$(json '.step')" = 2 ]
    [ "$(json '.samples | map(.row_id) | @json')" = "$rows" ]
    ask 0 show @last:1 --worst --json
    [ "$(json '.step')" = 0 ]
    [ "$(json '.samples | map(.loss) | . == (sort | reverse)')" = true ]
    prompt=$(json '.samples[0].prompt')
    grep -qF "$prompt" "$TREE/data/places.txt"
    ask 0 show @last --worst
    says "evaluation after step 4, the highest loss first" "row " "loss " "prompt" "output"
    ask 0 show @last --json
    [ "$(json '.samples | length')" = 9 ]
    h5ls "$(echo "$TUNEBENCH_STORE"/runs/*/run.h5)/samples/output" | grep -q '{9}'
    ask 0 run "$RECIPE" --set eval.samples=0
    ask 3 show @last --samples
    complains "has no samples"
}
