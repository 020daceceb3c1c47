#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# undo.bats - every verb that changes a run names the command that takes it back, in words and in JSON; carried out, it
# leaves the run as it was.
load common
load live

setup() {
    need_store
    cp -a "$STORE" "$BATS_TEST_TMPDIR/store.d"
    export TUNEBENCH_STORE=$BATS_TEST_TMPDIR/store.d
}

# What is known of a run, but for its heartbeat, its log of events, and marks as they are stored (they are columns too).
seen() { tb show "$1" --json | jq -S 'del(.events, .beat, .age, .result) | .tags |= sort'; }

# takes_back RUN WORDS..: WORDS change the run, and what undoes them brings it back; again with the command out of JSON.
takes_back() {
    local run=$1 before
    shift
    before=$(seen "$run")
    ask 0 "$@"
    says "undo: tunebench "
    [ "$(seen "$run")" != "$before" ]
    undo
    diff <(echo "$before") <(seen "$run")
    ask 0 "$@" --json
    [ "$(json '.[0].changed')" = true ]
    [ "$(seen "$run")" != "$before" ]
    eval "$(json '.[0].inverse')"
    diff <(echo "$before") <(seen "$run")
}

@test "tag, note, protect, archive" {
    takes_back lora-r16-s0 tag lora-r16-s0 +good -ref +better
    takes_back lora-r16-s0 note lora-r16-s0 "it's \$5, \"quoted\""
    ask 0 note lora-r16-s0 "the first; rm -rf x"
    takes_back lora-r16-s0 note lora-r16-s0 "another"
    takes_back lora-r16-s0 note lora-r16-s0 ""
    takes_back lora-r16-s0 protect lora-r16-s0
    takes_back lora-r16-s0 archive lora-r16-s0
    ask 0 protect lora-r16-s0
    takes_back lora-r16-s0 protect --off lora-r16-s0
    ask 0 archive lora-r16-s0
    takes_back lora-r16-s0 archive --undo lora-r16-s0
}

@test "stop and prune of a run that waits, and letting it wait again" {
    takes_back prompt20-s0 stop prompt20-s0
    takes_back prompt20-s0 prune prompt20-s0
    ask 0 prune prompt20-s0
    says "prompt20-s0: pruned before its first step; undo: tunebench resume prompt20-s0 --stage"
    [ "$(tb show prompt20-s0 --json | jq -r '.state, .ended_by' | paste -sd ' ')" = "pruned user" ]
    ask 0 resume --stage prompt20-s0
    says "was pruned, waits again; undo: tunebench prune prompt20-s0"
    undo
    [ "$(tb show prompt20-s0 --json | jq -r .state)" = pruned ]
    ask 0 stop prompt20-s0
    says "is pruned already; nothing to stop"
    ask 2 resume --stage --all
    ask 2 resume --stage lora-r16-s0
    complains "a run that is done cannot become queued"
}

@test "set in a run that waits, was lost, has failed" {
    takes_back prompt20-s0 set prompt20-s0 lr=0.5
    takes_back prompt20-s0 set prompt20-s0 optim.clip=0.25 eval.every=5steps schedule.name=constant
    takes_back lost-s0 set lost-s0 optim.decay=0.1
    ask 0 set lost-s0 lr=0.25
    says "lost-s0: optim.lr 0.0005 -> 0.25, from step 12 on; undo: tunebench set lost-s0 optim.lr=0.0005"
    ask 0 set full-s0 lr=0.01
    says "full-s0: optim.lr"
    [ "$(tb show lost-s0 --json | jq -c '.changes | map([.step, .key, .was, .value])')" \
        = '[[12,"optim.lr",0.0005,0.25]]' ]
    ask 0 ls --plain --cols name,changes
    says $'lost-s0\t1'
    ask 0 ls 'changes>0' --plain --cols name
    says lost-s0 full-s0
    [ "${#lines[@]}" -eq 3 ]
}

@test "set: refused where nothing can come of it, with what can be changed and with the way to a new run" {
    ask 2 set lora-r16-s0 lr=0.1
    complains "lora-r16-s0: is done" "tunebench clone RUN --set lr=0.1"
    ask 2 set prompt20-s0 seed=1
    complains "'seed' cannot be changed under way (optim.lr, optim.decay, optim.clip" "clone RUN --set seed="
    ask 2 set prompt20-s0 method.prompt.tokens=1
    complains "clone RUN --set method.prompt.tokens="
    ask 2 set prompt20-s0 optim.rl=1
    complains "no key 'optim.rl'"
    ask 4 set prompt20-s0 lr=fast
    complains "lr=fast" "a number"
    ask 4 set prompt20-s0 lr=0
    ask 4 set prompt20-s0 eval.every=1e9
    ask 2 set prompt20-s0
    complains "KEY=VALUE is missing"
    ask 2 set lr=0.1
    complains "a run is missing"
    ask 2 set prompt20-s0 seed=1 --json
    [ "$(json '.[0] | .changed, .inverse, (.error | length > 20)' | paste -sd ' ')" = "false null true" ]
    [ "$(tb show prompt20-s0 --json | jq '.changes | length')" = 0 ]
}

@test "prune spares protected runs, stop does not" {
    ask 0 protect prompt20-s0 lost-s0
    ask 2 prune prompt20-s0
    complains "prompt20-s0: is protected" "--force"
    [ "$(tb show prompt20-s0 --json | jq -r .state)" = queued ]
    ask 0 prune --force prompt20-s0
    says "pruned before its first step"
    ask 0 stop lost-s0
    says "stopped at step 12"
}
