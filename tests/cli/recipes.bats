#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# recipes.bats - every shipped recipe, trained with a tiny budget from the folder of the source tree.
load common

teardown() {
    local pid
    [ -d "$BATS_TEST_TMPDIR/store.d" ] || return 0
    ! pid=$(tb worker --status --json | jq -e 'select(.pid > 0) | .pid') || kill "$pid" 2>/dev/null || true
}

setup() {
    [ -e "$BASE" ] || skip "there is no $BASE"
    cd "$TREE"
    export TUNEBENCH_STORE=$BATS_TEST_TMPDIR/store.d
}

# trained RECIPE N: all N runs of it are done, each with its own adapter.
trained() {
    ask 0 run "recipes/$1.lua" --set budget=400 --set eval.rows=4 --set batch.rows=4 --threads 1
    ask 0 ls --json
    [ "$(json 'length')" = "$2" ]
    [ "$(json 'map(.state) | unique | join(" ")')" = done ]
    [ "$(json 'map(.final_hash) | unique | length')" = "$2" ]
    [ "$(json '[.[] | .loss | type == "number"] | all')" = true ]
}

@test "compare-three: full, LoRA, prefix, prompt" {
    trained compare-three 4
    [ "$(json 'map(.method) | sort | join(" ")')" = "full lora prefix prompt" ]
}

@test "lora-rank-sweep: four ranks, two seeds" { trained lora-rank-sweep 8; }

@test "full-vs-peft: five ways, two seeds" {
    trained full-vs-peft 10
    [ "$(json 'map(.method) | unique | join(" ")')" = "full ia3 lora prefix" ]
}

@test "prompt-length: four lengths, two starts" { trained prompt-length 8; }

@test "seeds: nothing but the seed differs" {
    trained seeds 5
    [ "$(json 'map(.seed) | sort | join(" ")')" = "0 1 2 3 4" ]
}

@test "stack-or-parts: each searched, the best of each with other seeds" {
    ask 0 sweep recipes/stack-or-parts.lua --set search.trials=2 --set prune.min=200 --set budget=400 --set eval.rows=4 \
        --set eval.every=200tokens --set batch.rows=4 --threads 1 --json
    [ "$(json '.arms | map(.arm) | join(" ")')" = "lora prompt lora+prompt" ]
    [ "$(json '.arms | map(.done + .pruned) | join(" ")')" = "2 2 2" ]
    [ "$(json '.arms | map(.more_seeds) | join(" ")')" = "2 2 2" ]
}

@test "prefix-from-text: three starts" { trained prefix-from-text 3; }

@test "stack-lora-prompt: the parts and both together" {
    trained stack-lora-prompt 3
    [ "$(json 'map(.method) | sort | join(" ")')" = "lora lora+prompt prompt" ]
}
