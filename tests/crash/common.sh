# SPDX-License-Identifier: MIT
# common.sh - what the scripts of this folder share, sourced by each behind its name for what it tests: a folder of
# their own, recipes that train a small random llama on the shipped task, TAP. All training is of one process at a
# time; a hash of all weights and losses (final_hash) tells whether two ways to the end were the same.
cd "${srcdir:-.}" || exit 99
bench=${TUNEBENCH:-./tunebench}
tokenizer=${TB_TOKENIZER:-$PWD/data/tiny}
skip_all() { # WHY
    echo "1..0 # SKIP $1"
    exit 0
}
[ -e "$tokenizer/tokenizer.json" ] || skip_all "there is no $tokenizer"
command -v jq >/dev/null || skip_all "jq is not installed"
unset TUNEBENCH_STORE
export TUNEBENCH_FOREGROUND=1 # the process that is started is the one that trains
dir=$(mktemp -d) || exit 99
pid=
trap 'kill -9 $pid 2>/dev/null; cleanup; rm -rf "$dir"' EXIT
trap 'exit 99' HUP INT TERM
cleanup() { :; }

# recipe NAME STEPS CHECKPOINT_S METHOD: $dir/NAME.lua
recipe() {
    cat >"$dir/$1.lua" <<LUA
local t = require "tunebench"
return t.sweep {
  base = t.scratch { tokenizer = "$tokenizer", d = 48, layers = 3, heads = 4, kv_heads = 2, ff = 96, context = 192,
                     init = "normal" },
  data = t.pairs { "$PWD/data/places.txt", eval = 0.1 },
  budget = t.steps($2), batch = 4,
  eval = { rows = 16, every = t.steps(40) },
  exec = { checkpoint_s = $3, threads = 2 },
  method = $4,
}
LUA
}

. tests/crash/tap.sh

# facts STORE JQ: of all runs, sorted by name, one a line.
facts() { "$bench" ls --json --store "$1" | jq -r "sort_by(.name)[] | $2"; }
hashes() { facts "$1" '.name + " " + .state + " " + .final_hash'; }

# start WORDS..: the program in the background; its words go to $dir/err. finish: waits for it; its exit code is $code.
start() {
    : >"$dir/err"
    "$bench" "$@" >"$dir/out" 2>"$dir/err" &
    pid=$!
}
finish() {
    wait $pid
    code=$?
    pid=
}
# says WORDS [SECONDS]: waits until the program has said that; false if it ends or takes longer.
says() {
    tries=$((${2:-60} * 20))
    while ! grep -q "$1" "$dir/err"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] && kill -0 $pid 2>/dev/null || return 1
        sleep 0.05
    done
}

# detached: from here on training happens in workers. meet: the worker of $store is $worker, and will be ended behind the
# test, whatever happens. gone PID: waits until it has ended.
# strike SIGNAL PID: only if that is still a process of this test: the number of one that has ended may be another's by now.
strike() {
    { tr '\0' ' ' <"/proc/$2/cmdline"; } 2>/dev/null | grep -qF "$dir" && kill -s "$1" "$2" 2>/dev/null
}
workers=
end_workers() { for p in $workers; do strike KILL "$p"; done; }
detached() {
    unset TUNEBENCH_FOREGROUND SLURM_JOB_ID PBS_JOBID LSB_JOBID
    cleanup() { end_workers; }
}
meet() {
    worker=$("$bench" worker --status --json --store "$store" 2>/dev/null | jq .pid)
    [ "${worker:-0}" -gt 0 ] && workers="$workers $worker"
}
gone() {
    tries=200
    while kill -0 "$1" 2>/dev/null && [ $tries -gt 0 ]; do
        tries=$((tries - 1))
        sleep 0.05
    done
    ! kill -0 "$1" 2>/dev/null
}
# wait_for JQ VALUE NAME: until all runs of $store say so.
wait_for() {
    tries=600
    while [ "$(facts "$store" "$1" 2>/dev/null | sort -u | paste -sd ' ')" != "$2" ] && [ $tries -gt 0 ]; do
        tries=$((tries - 1))
        sleep 0.05
    done
    is "$(facts "$store" "$1" | sort -u | paste -sd ' ')" "$2" "$3"
}
trained='if .step > 0 then "trained" else .state end'
