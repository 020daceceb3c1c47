#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# run.bats - training through the command line, on the shipped model and a few thousand tokens.
load common

# All tests but the last read one store, made once: two arms of the same sweep.
setup() {
    [ -e "$BASE" ] || skip "there is no $BASE"
    need_verb run
    DATA=$TREE/data/places.txt
    export TUNEBENCH_STORE=$BATS_FILE_TMPDIR/store.d
    if [ ! -e "$BATS_FILE_TMPDIR/made" ]; then
        arms 1 >"$BATS_FILE_TMPDIR/out" 2>"$BATS_FILE_TMPDIR/err" || { cat "$BATS_FILE_TMPDIR/err"; return 1; }
        touch "$BATS_FILE_TMPDIR/made"
    fi
}

arms() { # THREADS FLAGS..
    local threads=$1
    shift
    tb run --base "$BASE" --data "$DATA" --method lora:r=8,targets=q+v --method prefix:tokens=20 --budget 4k --seed 5 \
        --threads "$threads" --set eval.rows=16 "$@"
}

@test "two methods by flags: both are done, counted, evaluated" {
    ask 0 ls --json
    [ "$(json 'map(.state) | unique | join(" ")')" = done ]
    [ "$(json 'map(.method) | join(" ")')" = "lora prefix" ] # as they were planned
    [ "$(json '[.[] | .trainable > 0 and (.share - .trainable / .params | fabs) < 1e-9] | all')" = true ]
    [ "$(json '[.[] | .seed == 5 and .pid == 0 and .step == .steps and .step > 0 and .tokens >= 4000] | all')" = true ]
    [ "$(json '[.[] | (.loss | type) == "number" and (.eval_loss | type) == "number" and .peak > 0] | all')" = true ]
    [ "$(json 'map(.final_hash) | unique | length')" = 2 ]
}

@test "what a run says goes to stderr, the comparison to stdout" {
    grep -q lora "$BATS_FILE_TMPDIR/out"
    grep -q prefix "$BATS_FILE_TMPDIR/out"
    [ -s "$BATS_FILE_TMPDIR/err" ]
}

@test "the same runs again: nothing is trained, the ids stay" {
    before=$(tb ls --json | jq -r 'map(.id + .created) | join(" ")')
    run --separate-stderr arms 1
    [ "$status" -eq 0 ]
    [ "$(tb ls --json | jq -r 'map(.id + .created) | join(" ")')" = "$before" ]
}

@test "show and diff know the runs" {
    method=$(tb ls method=lora --json | jq -r '.[0].id')
    other=$(tb ls method=prefix --json | jq -r '.[0].id')
    ask 0 show "$method" --json
    [ "$(json '.changed | has("method.lora.r")')" = false ]
    [ "$(json '.evals | length >= 2 and .[0].step == 0')" = true ]
    [ "$(json '[.train.loss[] | type == "number"] | all')" = true ]
    ask 0 diff "$method" "$other" --json
    [ "$(json '[.same | has("base", "data", "row order", "eval rows", "budget", "seed")] | all')" = true ]
    [ "$(json '.paired[0].n_rows > 0 and (.paired[0].low <= .paired[0].high)')" = true ]
}

@test "run.h5 is a file that others open" {
    command -v h5ls >/dev/null || skip "no h5ls"
    h5ls -r "$TUNEBENCH_STORE"/runs/*/run.h5 >"$BATS_TEST_TMPDIR/h5"
    grep -q /metrics/train/loss "$BATS_TEST_TMPDIR/h5"
    grep -q /adapter "$BATS_TEST_TMPDIR/h5"
}

@test "the same bits with two threads, in another store" {
    run --separate-stderr arms 2 --store "$BATS_TEST_TMPDIR/two.d"
    [ "$status" -eq 0 ]
    [ "$(tb ls --json --store "$BATS_TEST_TMPDIR/two.d" | jq -c 'map([.id, .final_hash, .loss, .eval_loss]) | sort')" \
        = "$(tb ls --json | jq -c 'map([.id, .final_hash, .loss, .eval_loss]) | sort')" ]
}

@test "the same bits with activations computed again, in the memory that was planned" {
    small=$BATS_TEST_TMPDIR/small.d
    run --separate-stderr arms 1 --store "$small" --set exec.memory=small
    [ "$status" -eq 0 ]
    complains "(small)"
    [ "$(tb ls --json --store "$small" | jq -c 'map([.id, .final_hash, .loss, .eval_loss]) | sort')" \
        = "$(tb ls --json | jq -c 'map([.id, .final_hash, .loss, .eval_loss]) | sort')" ]
    ! ldd "$TB" | grep -q libasan || return 0 # whose own memory nobody plans
    for store in "$small" "$TUNEBENCH_STORE"; do
        for id in $(tb ls --json --store "$store" | jq -r '.[].id'); do
            ask 0 show "$id" --json --store "$store"
            [ "$(json '.result.peak_bytes')" != null ] || continue # the system tells no peak of its own
            [ "$(json '(.plan.predicted_bytes - .result.peak_bytes | fabs)
                       <= ([.result.peak_bytes * 0.03, 16 * 1048576] | max)')" = true ]
            [ "$(json '.plan | .small_bytes < .fast_bytes and .predicted_bytes == .[.memory + "_bytes"]')" = true ]
        done
    done
}

@test "plan: memory and parameters, no store" {
    need_verb plan
    cd "$BATS_TEST_TMPDIR"
    unset TUNEBENCH_STORE
    ask 0 plan --base "$BASE" --data "$DATA" --method lora:r=8,targets=q+v --budget 4k --json
    [ "$(json '.runs | length')" = 1 ]
    [ "$(json '.runs[0].predicted_bytes > 0 and .runs[0].n_trainable > 0')" = true ]
    [ "$(json '.runs[0] | .memory == "fast" and (.predicted | add) == .predicted_bytes')" = true ]
    ask 0 plan --base "$BASE" --data "$DATA" --method lora:r=8,targets=q+v --budget 4k --set exec.memory=small --csv
    says ",small,"
    [ ! -e tunebench.d ]
    [ -e "$TREE/data/tiny" ] || return 0
    ask 0 plan "$TREE/recipes/lora-rank-sweep.lua"
    says "lora"
    ask 0 plan "$TREE/recipes/stack-lora-prompt.lua" --json
    [ "$(json '[.runs[] | select(.lrs) | .lr == null and (.lrs | length) == 2 and .method == "lora+prompt"] | @json')" \
        = '[true]' ]
    rates=$(json '.runs[] | select(.lrs) | .lrs | map(tostring) | join("+")')
    ask 0 plan "$TREE/recipes/stack-lora-prompt.lua" --csv
    says ",$rates,"
}

@test "a run that is interrupted stops behind a checkpoint; resumed it ends with the same bits" {
    need_verb resume
    whole=$BATS_TEST_TMPDIR/whole.d
    parts=$BATS_TEST_TMPDIR/parts.d
    one=(run --base "$BASE" --data "$DATA" --method lora:r=4 --budget 30k --set eval.rows=16 --store)
    ask 0 "${one[@]}" "$whole"
    "$TB" "${one[@]}" "$parts" >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
    pid=$!
    for _ in $(seq 300); do
        grep -q 'step [1-9]' "$BATS_TEST_TMPDIR/log" && break
        sleep 0.02
    done
    kill -INT $pid 2>/dev/null || true
    code=0
    wait $pid || code=$?
    state=$(tb ls --json --store "$parts" | jq -r '.[0].state')
    [ "$state" != done ] || skip "the run was over before the signal came"
    [ "$code" -eq 130 ]
    [ "$state" = stopped ]
    ask 2 resume --all --store "$parts" --memory little
    complains "auto, fast, small"
    ask 0 resume --all --store "$parts" --memory small
    facts='.[0] | [.state, .step, .final_hash, .loss, .eval_loss]'
    [ "$(tb ls --json --store "$parts" | jq -c "$facts")" = "$(tb ls --json --store "$whole" | jq -c "$facts")" ]
}
