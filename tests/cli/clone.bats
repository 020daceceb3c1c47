#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# clone.bats - clone and rerun: from runs that have ended and from one that another process trains, what they say and
# cost, and what is told where nothing can come of it.
load common
load live

setup() {
    export TUNEBENCH_STORE=$BATS_TEST_TMPDIR/live.d
    PID=
}

teardown() {
    [ -z "$PID" ] || kill -9 "$PID" 2>/dev/null || true
}

# A run of 12 steps that is done, with checkpoints of all evaluations that are needed.
short() {
    recipe 12 0
    ask 0 run "$BATS_TEST_TMPDIR/live.lua"
    name=$(tb ls --json | jq -r '.[0].name')
    id=$(tb ls --json | jq -r '.[0].id')
}
ids() { tb ls --json | jq -r 'map(.id) | join(" ")'; }

@test "warm, with a larger budget, from a run that is done; lineage on both sides; undo" {
    short
    before=$(ids)
    ask 0 clone "$name" --set budget=20steps --set lr=0.01 --dry-run
    says "$name-budget20-lr0.01: warm clone of $name at step 12; not made" "budget.n 12 -> 20" "optim.lr 0.0005 -> 0.01" \
        "fixed by that: base, data.* (not data.without), batch.*, seed" "costs" "tokens" "of checkpoints"
    [ "$(ids)" = "$before" ]
    ask 0 clone "$name" --set budget=20steps --set lr=0.01 --name longer
    complains "longer: warm clone of $name at step 12; undo: tunebench stop" "tunebench archive"
    said=$stderr
    says longer # the comparison
    ask 0 show longer --json
    [ "$(json '[.state, .step, .train.step[0], .evals[-1].step, .lineage.mode, .lineage.parent, .lineage.parent_step] | join(" ")')" \
        = "done 20 13 20 warm $id 12" ]
    [ "$(json '.lineage.changed | keys | join(" ")')" = "budget.n optim.lr" ]
    [ "$(json '.checkpoints | map(.step) | contains([12, 20])')" = true ]
    ask 0 show longer
    says "LINEAGE" "$name ($id), warm from step 12" "optim.lr 0.0005 -> 0.01" " start "
    ask 0 show "$name"
    says "LINEAGE" "longer (" "warm from step 12"
    ask 0 gc --yes
    [ -e "$TUNEBENCH_STORE/runs/$(tb show longer --json | jq -r .id)/ckpt/000012.h5" ]
    ask 0 clone "$name" --set budget=20steps --set lr=0.01
    complains "is in the store already"
    output=$(grep undo: <<<"$said")
    undo
    [ "$(ids)" = "$before" ]
}

@test "weights, cold, seeds, left in the queue; JSON before anything is trained" {
    short
    ask 0 clone "$name" --weights --set data.order=file --stage --json
    clone=$(json '.[0].id')
    [ "$(json '.[0] | [.changed, .mode, .parent, .parent_step, .steps, .is_there, (.tokens > 0), (.est_s > 0)] | map(tostring) | join(" ")')" \
        = "true weights $id 12 12 false true true" ]
    [ "$(json '.[0].keys["data.order"] | join(" ")')" = "shuffled file" ]
    [ -e "$TUNEBENCH_STORE/runs/$clone/ckpt/000000.h5" ]
    [ "$(tb show "$clone" --json | jq -r .state)" = queued ]
    ask 0 resume "$clone"
    [ "$(tb show "$clone" --json | jq -r '[.state, .train.step[0], .evals[0].step] | join(" ")')" = "done 1 0" ]
    ask 0 clone "$name" --cold --set method.lora.r=6 --stage
    says "cold clone of $name; undo: " "method.lora.r 4 -> 6" "method.lora.alpha 8 -> 12"
    undo
    ask 0 clone "$name" --seeds 2 --stage --json
    [ "$(json 'map(.name) | join(" ")')" = "${name%0}1 ${name%0}2" ]
    ask 0 clone "$name" --seeds 1 --dry-run --json
    [ "$(json '.[0].keys.seed | join(" ")')" = "0 3" ]
}

@test "from a run that is trained just now: at the step of the checkpoint it is asked for; the parent may be paused" {
    train 100000 0
    name=$(tb ls --json | jq -r '.[0].name')
    ask 3 clone "$name" --dry-run
    complains "without --dry-run the run would be asked for one"
    ask 0 clone "$name" --set lr=0.01 --stage --pause-parent --json
    complains "$name: asked" "(paused); undo: tunebench resume $name"
    at=$(json '.[0].parent_step')
    [ "$at" -gt 0 ]
    [ "$(tb show "$name" --json | jq -r .state)" = paused ]
    clone=$(json '.[0].id')
    [ "$(tb show "$clone" --json | jq -c '[.state, .step, .checkpoints[0].step]')" = "[\"queued\",$at,$at]" ]
    ask 0 clone "$name" --set lr=0.02 --stage --at "$at"
    says "at step $at"
    ask 0 clone "$name:$at" --set lr=0.03 --stage
    says "at step $at"
    ask 2 clone "$name:$at" --at "$at"
    ask 0 stop "$name"
    wait "$PID" || true
    PID=
}

@test "put on the list with --detach --json: stdout is JSON and nothing else" {
    short
    ask 0 clone "$name" --cold --set seed=7 --set budget=1steps --detach --json
    [ "$(json '.[0].text')" = "cold clone of $name" ]
    complains "1 run on the list"
    for _ in $(seq 200); do
        [ "$(tb ls seed=7 --json | jq -r '.[0].state')" = done ] && break
        sleep 0.1
    done
}

@test "refused: what a mode fixes, what is not there, what says nothing" {
    short
    before=$(ids)
    ask 2 clone "$name" --set method.lora.r=6
    complains "method.lora.r is fixed by a warm start" "--weights" "--cold"
    ask 2 clone "$name" --warm --set seed=6
    complains "seed is fixed by a warm start" "order of the rows" "--weights"
    ask 2 clone "$name" --warm --set lr=0.1
    complains "nothing is left to train" "--set budget=.."
    ask 1 clone "$name" --weights --set method.lora.r=6
    complains "the weights do not fit" "--cold"
    ask 2 clone "$name" --cold
    complains "nothing is changed" "tunebench rerun"
    ask 3 clone "$name" --at 7
    complains "no checkpoint of step 7; it has"
    ask 2 clone "$name" --at soon
    complains "--at: 'soon' is no step"
    ask 2 clone "$name" --cold --warm
    ask 2 clone "$name" --seeds 2 --warm
    ask 2 clone "$name" --seeds 2 --set lr=1
    ask 3 clone no-such-run
    ask 2 clone
    ask 4 clone "$name" --cold --set method.lora.rr=6
    complains "did you mean"
    ask 4 clone "$name" --cold --set lr=fast
    [ "$(ids)" = "$before" ]
}

@test "rerun: the same to the bit, also of a clone; where it parts is told" {
    short
    ask 0 clone "$name" --set budget=20steps --name longer
    ask 0 rerun longer --check
    [ "$output" = "bit-exact: 8 steps, 1 evaluation, final_hash equal" ]
    complains "rerun of longer; undo: tunebench stop"
    [ "$(tb show @last --json | jq -r '.lineage.mode')" = rerun ]
    cp "$TREE/data/places.txt" "$BATS_TEST_TMPDIR/places.txt"
    sed -i "s|$TREE/data/places.txt|$BATS_TEST_TMPDIR/places.txt|" "$BATS_TEST_TMPDIR/live.lua"
    ask 0 run "$BATS_TEST_TMPDIR/live.lua" --set budget=6steps
    sed -i '1,40s/ the / a /' "$BATS_TEST_TMPDIR/places.txt"
    ask 1 rerun @last --check
    complains "the data have changed since the run was trained"
    [[ $output == "parts at step "*": "*" against "* ]]
    ask 1 rerun "$(tb ls --json | jq -r '.[-2].id')" --check --json
    [ "$(json '[.check.bit_exact, (.check.parts_at != null), (.warnings | length)] | map(tostring) | join(" ")')" \
        = "false true 1" ]
    ask 3 rerun no-such-run
    [ "$(tb show longer --json | jq -r .env.isa)" != ref ] || skip "this machine has the plain instruction set only"
    TUNEBENCH_CPU=ref run --separate-stderr "$TB" rerun longer --check
    complains "the run was trained with instruction set" "this is ref"
}
