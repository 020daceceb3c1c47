#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# sweep_lead.bats - a worker leads a sweep, whatever becomes of clients and of the worker itself: detached, killed at any
# moment, paused, stopped, with more trials, with a trial that fails in the middle, edited and begun again.
load common
load live

setup() {
    [ -e "$BASE" ] || skip "there is no $BASE"
    cd "$TREE"
    export TUNEBENCH_STORE=$BATS_TEST_TMPDIR/store.d TUNEBENCH_IDLE_S=2
}

teardown() {
    [ -d "$BATS_TEST_TMPDIR/store.d" ] || return 0
    tb sweep @last --stop >/dev/null 2>&1 || true
    tb stop --wait 5 state:running state:queued >/dev/null 2>&1 || true
    ! pid=$(worker) || kill "$pid" 2>/dev/null || true
    await 200 nobody
}

# jq -e passes where nothing was read: hence -s, or grep.
worker() { tb worker --status --json | jq 'select(.pid > 0) | .pid' | grep .; }
nobody() { ! worker >/dev/null; }
phase() { tb sweep @last --json | jq -r .phase; }
is_phase() { [ "$(phase)" = "$1" ]; }
has() { tb sweep @last --json | jq -es ".[0] | $1" >/dev/null; }

# search FILE BUDGET REST: two methods in steps of four rows.
search() {
    cat >"$BATS_TEST_TMPDIR/$1.lua" <<LUA
local t = require "tunebench"
return t.sweep {
  base = t.model "tiny", data = t.pairs { "$TREE/data/places.txt", eval = 0.1 },
  budget = t.tokens($2), batch = 4, eval = { rows = 4, every = t.tokens(400) }, exec = { threads = 1 },
  $3
}
LUA
}
# failing FILE REST: twelve steps, an evaluation each four.
failing() {
    search "$1" 1000 "$2"
    sed -i 's/t.tokens(1000), batch = 4/t.steps(12)/; s/t.tokens(400)/t.steps(4)/' "$BATS_TEST_TMPDIR/$1.lua"
}
METHODS='method = t.one_of { t.lora { r = t.choice { 2, 4, 8 }, lr = t.log_uniform(1e-4, 1e-1) },
  t.prefix { tokens = t.int(4, 20), lr = t.log_uniform(1e-4, 1e-1) } }, per = "method",'

@test "detached: the worker leads it to its end, with pruning at the rung and seeds, and plain runs beside" {
    search s 1200 "$METHODS search = t.random { trials = 3 }, prune = t.asha { min = t.tokens(400), eta = 2 },
        seed = t.grid { 0, 1 },"
    ask 0 sweep "$BATS_TEST_TMPDIR/s.lua" --detach
    says "is led by the worker" "--stop"
    ask 0 run --detach --base tiny --data "$TREE/data/places.txt" --method lora --budget 400 --set eval.rows=4
    ask 0 sweep @last --follow --json
    [ "$(json .phase)" = over ]
    [ "$(json '[.arms[] | .done + .pruned] | join(" ")')" = "3 3" ]
    [ "$(json '[.arms[].more_seeds] | join(" ")')" = "1 1" ]
    # Weighed before it trains on: a pruned trial ends at the first evaluation behind its rung.
    [ "$(json '.arms | map(.pruned) | add')" = "$(json '[.events[] | select(.kind == "prune")] | length')" ]
    [ "$(json '[.trials[] | select(.state == "pruned") | .why | test("rank [0-9]+ of [0-9]+")] | all')" = true ]
    pruned=$(json '[.trials[] | select(.state == "pruned")][0].run // ""')
    [ -z "$pruned" ] || tb show "$pruned" --json | jq -es '.[0].ended_by == "sweep"' >/dev/null
    await 200 nobody
    ask 0 ls --json
    [ "$(json '[.[] | select(.state == "done")] | length >= 5')" = true ]
}

# TB_KILLS=20 makes more of them, and compares the bits with a sweep that nobody disturbed.
@test "worker and client are killed at random moments: no trial is repeated or lost" {
    search s 2400 "$METHODS search = t.random { trials = 3 }, seed = t.grid { 0, 1 },"
    for s in $(awk -v n="${TB_KILLS:-4}" 'BEGIN { srand(7); for (i = 0; i < n; i++) print 0.4 + 2 * rand() }'); do
        "$TB" sweep "$BATS_TEST_TMPDIR/s.lua" >/dev/null 2>&1 3>&- &
        client=$!
        sleep "$s"
        kill -9 "$client" || true
        wait "$client" || true
        ! pid=$(worker) || kill -9 "$pid"
    done
    ask 0 sweep "$BATS_TEST_TMPDIR/s.lua" --json
    [ "$(json .phase)" = over ]
    [ "$(json '.arms | map(.done) | join(" ")')" = "3 3" ]
    [ "$(json '[.events[] | select(.kind == "trial") | [.point, .seed]] | unique | length')" = 8 ]
    [ "$(json '[.events[] | select(.kind == "trial")] | length')" = 8 ]
    [ "$(json '[.events[] | select(.kind == "over")] | length')" = 8 ]
    [ "$(json '[.events[] | select(.kind == "resume")] | length >= 1')" = true ]
    ask 0 ls --json
    [ "$(json 'length')" = 8 ]
    [ "$(json 'map(.state) | unique | join(" ")')" = done ]
    tb fsck --repair >/dev/null # what a write that did not end left
    ask 0 fsck
    [ -n "${TB_KILLS-}" ] || return 0
    hashes() { tb ls --store "$1" --json | jq -r '.[] | .id + " " + .final_hash' | sort; }
    ask 0 sweep "$BATS_TEST_TMPDIR/s.lua" --store "$BATS_TEST_TMPDIR/calm.d"
    [ "$(hashes "$TUNEBENCH_STORE")" = "$(hashes "$BATS_TEST_TMPDIR/calm.d")" ]
}

@test "a worker that is killed while nobody looks on: the next one goes on with the sweep" {
    search s 2400 "method = t.lora { r = 4, lr = t.log_uniform(1e-3, 1e-2) }, search = t.random { trials = 3 },"
    ask 0 sweep "$BATS_TEST_TMPDIR/s.lua" --detach
    await 200 has '.now | length > 0'
    kill -9 "$(worker)"
    await 200 nobody
    ask 0 sweep @last
    says "left by a crash"
    ask 0 run --base tiny --data "$TREE/data/places.txt" --method lora --budget 400 --set eval.rows=4 --detach
    await 1200 is_phase over
    has '.arms[0].done == 3'
    has '[.events[] | select(.kind == "resume" and has("replayed"))] | length >= 1'
}

@test "two who begin the same sweep: one leads, both see its end" {
    search s 800 "method = t.lora { r = 4, lr = t.log_uniform(1e-3, 1e-2) }, search = t.random { trials = 3 },"
    "$TB" sweep "$BATS_TEST_TMPDIR/s.lua" --json >"$BATS_TEST_TMPDIR/a" 2>/dev/null 3>&- &
    a=$!
    ask 0 sweep "$BATS_TEST_TMPDIR/s.lua" --json
    wait $a
    [ "$(json .phase)" = over ]
    [ "$(jq -r .phase "$BATS_TEST_TMPDIR/a")" = over ]
    [ "$(json '[.events[] | select(.kind == "begin")] | length')" = 1 ]
    [ "$(json '[.events[] | select(.kind == "end")] | length')" = 1 ]
    [ "$(json '.arms[0].done')" = 3 ]
}

@test "pause, resume, stop, resume, more trials, a bound on tokens: each says what it did and what undoes it" {
    search s 8000 "$METHODS search = t.random { trials = 2 },"
    ask 0 sweep "$BATS_TEST_TMPDIR/s.lua" --detach
    await 200 has '.now | length > 1'
    ask 0 sweep @last --pause
    says "are held" "--resume"
    await 200 has '[.now[] | .state == "paused"] | length > 0 and all'
    is_phase paused
    undo
    await 200 has '[.now[] | .state == "running"] | any'
    ask 0 sweep @last --stop
    says "asked to stop"
    await 200 has '.now == []'
    is_phase stopped
    ask 0 sweep @last --stop
    says "is stopped already"
    ask 0 sweep @last --more 1
    says "3 trials in each arm"
    await 200 has '[.arms[].trials] == [3, 3]'
    has '.recipe | endswith("/s.lua")'
    ask 0 sweep @last --budget 1 --json
    [ "$(json .inverse | grep -c -- '--budget 0')" = 1 ]
    await 200 has '[.events[] | select(.kind == "spent")] | length == 1'
    ask 2 sweep @last --budget some
    ask 2 sweep @last --stop --pause
    ask 3 sweep nothing --stop
}

@test "SIGINT of a follower stops the sweep behind checkpoints" {
    search s 40000 "method = t.lora { r = 4, lr = t.log_uniform(1e-3, 1e-2) }, search = t.random { trials = 2 },"
    "$TB" sweep "$BATS_TEST_TMPDIR/s.lua" >/dev/null 2>&1 3>&- &
    client=$!
    await 400 has '[.now[] | .tokens > 0] | any'
    kill -INT "$client"
    code=0
    wait "$client" || code=$?
    [ "$code" = 130 ]
    is_phase stopped
    ask 0 ls --json
    [ "$(json 'map(.state) | unique | join(" ")')" = stopped ]
}

# All weights at a rate of 100, decaying as fast: no number is left behind the fourth step.
FAILING='batch = 1, optim = { clip = 0, decay = 1 }, schedule = { name = "constant" },'

@test "a trial that fails in the middle: the others are untouched, it ranks last, and TPE learns from it" {
    failing s "method = t.full { lr = t.choice { 1e-3, 100 } }, $FAILING search = t.random { trials = 2 },"
    ask 0 sweep "$BATS_TEST_TMPDIR/s.lua" --json
    [ "$(json '[.arms[0].done, .arms[0].failed] | join(" ")')" = "1 1" ]
    [ "$(json '.best | length')" = 1 ]
    [ "$(json '[.trials[] | select(.state == "failed")][0] | .value == null and (.why | length > 0)')" = true ]
    [ "$(json '[.events[] | select(.kind == "over" and .state == "failed")] | length')" = 1 ]
    good=$(json '.best[0].run')
    alone=$(tb show "$good" --json | jq -r .final_hash)
    ask 0 run --store "$BATS_TEST_TMPDIR/alone.d" --base tiny --data "pairs:$TREE/data/places.txt,eval=0.1" \
        --method full:lr=1e-3 --budget 12steps --set batch.rows=1 --set eval.rows=4 --set eval.every=4steps \
        --set optim.clip=0 --set optim.decay=1 --set schedule.name=constant --threads 1 --json
    [ "$(tb show @last --store "$BATS_TEST_TMPDIR/alone.d" --json | jq -r .final_hash)" = "$alone" ]
}

# Without eps the first update of B is 0 / 0.
NONE='method = t.lora { r = t.choice { 1, 2, 3, 4, 5, 6, 7, 8 } }, batch = 1,'

@test "TPE learns from trials that failed" {
    failing tpe "$NONE optim = { eps = t.choice { 1e-8, 0 } }, search = t.tpe { trials = 8, startup = 5 },"
    ask 0 sweep "$BATS_TEST_TMPDIR/tpe.lua" --json
    [ "$(json '.arms[0].failed >= 1 and .arms[0].done >= 3')" = true ]
    [ "$(json '[.trials[5:][] | .point["optim.eps"] == 1e-8] | all')" = true ]
}

@test "fail_fast ends it with words; where all trials diverge it says what to try" {
    failing s "$NONE optim = { eps = 0 }, search = t.random { trials = 3 },"
    ask 5 sweep "$BATS_TEST_TMPDIR/s.lua"
    says "no trial has a result, 3 of 3 failed" "try lower rates" "tunebench log"
    failing f "$NONE optim = { eps = 0 }, search = t.random { trials = 4 }, fail_fast = true,"
    ask 5 sweep "$BATS_TEST_TMPDIR/f.lua" --store "$BATS_TEST_TMPDIR/store.d/../other.d" --in-flight 1 --json
    [ "$(json '[.events[] | select(.kind == "fail") | .text | test("as fail_fast asks")] | length')" = 1 ]
    [ "$(json '.arms[0].failed < 4')" = true ]
    [ "$(json '[.trials[] | .over] | all')" = true ]
    search w 400 "method = t.lora { r = t.choice { 1, 2 } }, search = t.random { trials = 2 }, fail_fast = 1,"
    ask 4 plan "$BATS_TEST_TMPDIR/w.lua"
    complains "w.lua:" "fail_fast must be true or false"
}

@test "a trial whose run is removed has failed; the others go on" {
    search s 1200 "method = t.lora { r = t.choice { 2, 4, 8 }, lr = 1e-2 }, search = t.random { trials = 3 },"
    ask 0 sweep "$BATS_TEST_TMPDIR/s.lua" --detach --in-flight 1
    await 200 has '[.trials[] | select(.run != null and .state == "queued")] | length > 0'
    rm -rf "$TUNEBENCH_STORE/runs/$(tb sweep @last --json |
        jq -r '[.trials[] | select(.run != null and .state == "queued")][-1].run')"
    await 1200 is_phase over
    has '.arms[0].failed == 1 and .arms[0].done == 2'
}

@test "a protected trial is spared, which is an event beside the word of its user" {
    search s 2000 "method = t.lora { r = 4, lr = t.choice { 1e-2, 1e-7 } }, search = t.random { trials = 2 },
        prune = t.asha { min = t.tokens(1200), eta = 2 },"
    ask 0 sweep "$BATS_TEST_TMPDIR/s.lua" --detach
    await 200 has '[.now[] | .tokens > 0] | length > 1'
    ask 0 protect state:running
    await 1200 is_phase over
    has '[.events[] | select(.kind == "protect")] | length == 2'
    has '.arms[0].done == 2'
}

@test "edited and begun again: what is reused is said, and nothing is trained twice" {
    search s 400 "method = t.lora { r = 4, lr = t.log_uniform(1e-3, 1e-2) }, search = t.random { trials = 2 },"
    ask 0 sweep "$BATS_TEST_TMPDIR/s.lua"
    search s 400 "method = t.lora { r = 4, lr = t.log_uniform(1e-3, 1e-2) }, search = t.random { trials = 4 },"
    ask 0 plan "$BATS_TEST_TMPDIR/s.lua"
    says "2 in the store already"
    ask 0 sweep "$BATS_TEST_TMPDIR/s.lua" --json
    complains "of the first 4 the store has 2 already (2 done, 0 pruned), 2 are new"
    [ "$(json '[.events[] | select(.kind == "reuse")] | length')" = 2 ]
    [ "$(json '.arms[0].done')" = 4 ]
    ask 0 ls --json
    [ "$(json length)" = 4 ]
    ask 0 sweep --json
    [ "$(json length)" = 2 ]
    [ "$(json 'map(.phase) | unique | join(" ")')" = over ]
}

@test "what a search would take: rungs with expected trials, tokens, time, memory, disk; also for screens" {
    ask 0 plan recipes/lr-search.lua
    says "expected 9 at 6.0k, 3.49 at 18k" "expected: " "without pruning" "memory" "disk"
    ask 0 plan recipes/lr-search.lua --json
    [ "$(json '.search.expected_tok < .search.full_tok')" = true ]
    printf '%s\n' '["recipes/lr-search.lua", "--set", "search.trials=2"]' \
        '["recipes/lr-search.lua", "--set", "budget=5k"]' | tb plan --serve >"$BATS_TEST_TMPDIR/plans"
    jq -se '.[0] | (.runs | length) == 6 and (.search.arms | map(.trials) | add) == 6' "$BATS_TEST_TMPDIR/plans"
    jq -se '.[1].search.warnings[0] | test("too small for one rung")' "$BATS_TEST_TMPDIR/plans"
    search s 400 'method = t.lora { lr = t.log_uniform(1e-2, 1e-3) }, search = t.random {},'
    ask 4 plan "$BATS_TEST_TMPDIR/s.lua"
    complains "s.lua:" "the range is reversed"
    search few 400 'method = t.lora { lr = t.log_uniform(1e-3, 1e-2) }, search = t.random { trials = 1 },
        seed = t.grid { 0, 1 }, finalists = 9,'
    ask 0 plan "$BATS_TEST_TMPDIR/few.lua"
    says "random, 1 trial in each arm" "1 more run with other seeds"
}
