# SPDX-License-Identifier: MIT
# live.bash - what tests of steering share: carrying out what undoes the last answer, and a run that another process
# trains just now (PID, a child of the test, which kills it if it fails).

# undo: carries out the command that the last answer named.
undo() {
    local command=${output##*undo: }
    [ "$command" != "$output" ]
    eval "${command%%$'\n'*}"
}
tunebench() { ask 0 "$@"; }

training() { tb ls --json 2>/dev/null | jq '[.[] | select(.state == "running" and .step > 0)] | length'; }

recipe() { # STEPS SEEDS: live.lua, a run for each seed, and a store for them
    local tokenizer=${TB_TOKENIZER:-$TREE/data/tiny}
    [ -e "$tokenizer/tokenizer.json" ] || skip "there is no $tokenizer"
    export TUNEBENCH_STORE=$BATS_TEST_TMPDIR/live.d
    cat >"$BATS_TEST_TMPDIR/live.lua" <<LUA
local t = require "tunebench"
return t.sweep {
  base = t.scratch { tokenizer = "$tokenizer", d = 48, layers = 2, heads = 4, kv_heads = 2, ff = 96, context = 192,
                     init = "normal" },
  data = t.pairs { "$TREE/data/places.txt", eval = 0.1 },
  budget = t.steps($1), batch = 4, seed = t.grid { $2 },
  eval = { rows = 8, every = t.steps($1) },
  exec = { checkpoint_s = 1000, threads = 1 },
  method = t.lora { r = 4 },
}
LUA
}

train() { # STEPS SEEDS: in the background; goes on once a step was made
    recipe "$@"
    "$TB" run --in-flight 1 "$BATS_TEST_TMPDIR/live.lua" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
    PID=$!
    for _ in $(seq 600); do
        [ "$(training)" = 1 ] && return
        kill -0 "$PID"
        sleep 0.05
    done
    return 1
}
step() { tb ls --json | jq '.[0].step'; }

# await N COMMAND..: until the command works, N twentieths of a second at most.
await() {
    local n=$1
    shift
    while ! "$@"; do
        [ $((n--)) -gt 0 ]
        sleep 0.05
    done
}
