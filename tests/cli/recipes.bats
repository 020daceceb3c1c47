#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# recipes.bats - every shipped recipe, trained with a tiny budget from the folder of the source tree.
load common

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

@test "prefix-from-text: three starts" { trained prefix-from-text 3; }

@test "stack-lora-prompt: the parts and both together" {
    trained stack-lora-prompt 3
    [ "$(json 'map(.method) | sort | join(" ")')" = "lora lora+prompt prompt" ]
}
