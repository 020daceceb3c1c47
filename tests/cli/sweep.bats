#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# sweep.bats - searches on the shipped model: trials, pruning with reasons, finalists; a sweep that is killed goes on; a
# target ends it; a trial that fails does not; protected runs are spared. Training is a detached worker's.
load common
load live

setup() {
    [ -e "$BASE" ] || skip "there is no $BASE"
    cd "$TREE"
    export TUNEBENCH_STORE=$BATS_TEST_TMPDIR/store.d TUNEBENCH_IDLE_S=2
}

teardown() {
    [ -z "${PID-}" ] || kill -9 "$PID" 2>/dev/null || true
    [ -d "$BATS_TEST_TMPDIR/store.d" ] || return 0
    tb sweep @last --stop >/dev/null 2>&1 || true
    ! pid=$(tb worker --status --json | jq -e 'select(.pid > 0) | .pid') || kill "$pid" 2>/dev/null || true
}

# search REST: tiny.lua, two methods, a budget of 1,600 tokens in steps of four rows.
search() {
    cat >"$BATS_TEST_TMPDIR/tiny.lua" <<LUA
local t = require "tunebench"
return t.sweep {
  base = t.model "tiny", data = t.pairs { "$TREE/data/places.txt", eval = 0.1 },
  budget = t.tokens(1600), batch = 4, eval = { rows = 4, every = t.tokens(400) }, exec = { threads = 1 },
  $1
}
LUA
}
METHODS='method = t.one_of { t.lora { r = t.choice { 2, 4, 8 }, lr = t.log_uniform(1e-4, 1e-1) },
  t.prefix { tokens = t.int(4, 20), lr = t.log_uniform(1e-4, 1e-1) } }, per = "method",'

@test "lr-search, shortened: equal arms, rungs, finalists with their seeds; the plan says so before" {
    ask 0 plan recipes/lr-search.lua
    says "random, 9 trials in each arm" "arm lora" "arm prefix" "arm prompt" "rungs at 6.0k, 18k, 54k" \
        "2 more runs with other seeds"
    ask 0 plan recipes/lr-search.lua --set budget=5k
    says "too small for one rung"
    sed 's/trials = 9/trials = 3/; s/t.tokens(6e3), eta/t.tokens(400), eta/; s/0, 1, 2 }/0, 1 }/' recipes/lr-search.lua \
        >"$BATS_TEST_TMPDIR/short.lua"
    ask 0 sweep "$BATS_TEST_TMPDIR/short.lua" --set budget=1600 --set eval.every=400tokens --set eval.rows=4 \
        --set batch.rows=4 --set data.path="$TREE/data/places.txt" --threads 1 --json
    [ "$(json '.arms | map(.trials) | join(" ")')" = "3 3 3" ]
    [ "$(json '.arms | map(.more_seeds) | join(" ")')" = "1 1 1" ]
    [ "$(json '[.arms[] | .done + .pruned == 3 and .done >= 1] | all')" = true ]
    # A run may come to its end before it takes the request.
    [ "$(json '(.arms | map(.pruned) | add) <= ([.events[] | select(.kind == "prune")] | length)')" = true ]
    [ "$(json '[.events[] | select(.kind == "prune") | .text | test("rung [0-9]+ .*rank [0-9]+ of [0-9]+")] | all')" = true ]
    [ "$(json '[.best[] | select(.seeds == 2)] | length >= 1')" = true ]
    [ "$(json '.events[-1].kind')" = end ]
    local n
    n=$(json '.events | length')
    ask 0 sweep "$BATS_TEST_TMPDIR/short.lua" --set budget=1600 --set eval.every=400tokens --set eval.rows=4 \
        --set batch.rows=4 --set data.path="$TREE/data/places.txt" --json
    [ "$(json '.events | length')" = "$n" ]
    ask 0 sweep @last
    says "arms" "best so far" "importance of keys" "is a finalist: seed 1"
}

@test "killed at any moment a sweep goes on without repeating or losing a trial" {
    search "$METHODS search = t.random { trials = 3 }, seed = t.grid { 0, 1 },"
    for s in 0.3 0.9 1.6; do
        "$TB" sweep "$BATS_TEST_TMPDIR/tiny.lua" >/dev/null 2>&1 3>&- &
        PID=$!
        sleep "$s"
        kill -9 "$PID" || true
        wait "$PID" || true
    done
    printf '{"kind": "trial", "trial": 9' >>"$(ls "$TUNEBENCH_STORE"/sweeps/*/events.jsonl)"
    ask 0 sweep "$BATS_TEST_TMPDIR/tiny.lua" --json
    [ "$(json '.arms | map(.done) | join(" ")')" = "3 3" ]
    [ "$(json '[.events[] | select(.kind == "trial") | [.point, .seed]] | unique | length')" = 8 ]
    [ "$(json '[.events[] | select(.kind == "trial")] | length')" = 8 ]
    ask 0 ls --json
    [ "$(json 'length')" = 8 ]
}

@test "TPE chooses by results, a batch at a time, and the same again" {
    search "method = t.lora { r = 4, lr = t.log_uniform(1e-4, 1e-1) }, search = t.tpe { trials = 6, startup = 3 },"
    ask 0 plan "$BATS_TEST_TMPDIR/tiny.lua"
    says "the table shows the first 3 of each arm"
    ask 0 sweep "$BATS_TEST_TMPDIR/tiny.lua" --json
    [ "$(json '.arms[0].done')" = 6 ]
    local points
    points=$(json '[.events[] | select(.kind == "trial") | .point] | join(" ")')
    case $points in "0 1 2 "*) ;; *) false ;; esac
    ask 0 sweep "$BATS_TEST_TMPDIR/tiny.lua" --store "$BATS_TEST_TMPDIR/other.d" --json
    [ "$(json '[.events[] | select(.kind == "trial") | .point] | join(" ")')" = "$points" ]
}

@test "a target that is reached ends the sweep" {
    search "$METHODS search = t.random { trials = 4 }, objective = { \"eval/loss\", \"min\", target = 100 },"
    ask 0 sweep "$BATS_TEST_TMPDIR/tiny.lua" --in-flight 1 --json
    [ "$(json '[.events[] | select(.kind == "target")] | length')" = 1 ]
    [ "$(json '.arms | map(.pruned) | add >= 6')" = true ]
    [ "$(json '.arms | map(.waiting + .running) | add')" = 0 ]
}

@test "a trial that fails does not end the sweep; if all do, the exit code says so" {
    search "method = t.lora { r = 4, lr = t.choice { 1e-2, 100 } }, search = t.random { trials = 2 },
            optim = { clip = 0 }, schedule = { name = \"constant\" },"
    ask 0 sweep "$BATS_TEST_TMPDIR/tiny.lua" --json
    [ "$(json '.arms[0] | .done + .failed')" = 2 ]
}

@test "looking at sweeps: bad words" {
    search "method = t.lora {},"
    ask 2 sweep "$BATS_TEST_TMPDIR/tiny.lua"
    complains "is no search"
    search "$METHODS search = t.random { trials = 2 },"
    ask 2 run "$BATS_TEST_TMPDIR/tiny.lua"
    complains "tunebench sweep"
    ask 3 sweep nothing
    mkdir -p "$TUNEBENCH_STORE/runs" "$TUNEBENCH_STORE/sweeps/0123456789ab"
    ask 3 sweep 0123
    complains "no sweep '0123'"
    echo '{"schema": "tunebench.plan"}' >"$TUNEBENCH_STORE/sweeps/0123456789ab/plan.json"
    ask 1 sweep 0123
}
