#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# serve.bats - plan --serve, the process that a screen asks with every key; and measured speeds.
load common

setup() {
    [ -e "$BASE" ] || skip "there is no $BASE"
    cd "$BATS_TEST_TMPDIR"
    for i in $(seq 40); do echo "fact $((i % 7)) | number $i || This is the sentence number $i."; done >rows.txt
    cat >r.lua <<'LUA'
local t = require "tunebench"
return t.sweep {
  base = t.model "tiny", data = t.pairs { "rows.txt", eval = 0.2 }, budget = t.steps(2),
  method = t.lora { r = t.grid { 2, 4 } },
}
LUA
}

begin() {
    coproc SERVER { exec timeout 120 "$TB" plan --serve "$@" 2>err; }
    to=${SERVER[1]} from=${SERVER[0]} pid=$SERVER_PID
}

# request LINE: the answer is in $output.
request() {
    printf '%s\n' "$1" >&"$to"
    IFS= read -r -t 60 output <&"$from"
}

finish() {
    exec {to}>&-
    wait "$pid"
}

@test "serve: a line in, the answer of plan --json out, one after the other" {
    begin
    request '["r.lua"]'
    timeless='[.runs[] | with_entries(select(.key | test("^est_|_bytes$|^predicted|^pace$") | not))]'
    got=$(jq -cS "$timeless" <<<"$output")
    [ "$(json '.runs | length')" = 2 ]
    ask 0 plan r.lua --json
    [ "$got" = "$(jq -cS "$timeless" <<<"$output")" ]
    request '{"id": 17, "args": ["r.lua", "--set", "budget=3steps", "--grid", "seed=0,1"]}'
    [ "$(json '[.id, (.runs | length), .runs[0].n_steps] | @json')" = '[17,4,3]' ]
    request '{"args": ["--base", "tiny", "--data", "rows.txt", "--method", "prompt", "--budget", "1steps"], "id": {"a": [1]}}'
    [ "$(json '[.id.a[0], .runs[0].method] | @json')" = '[1,"prompt"]' ]
    request '["r.lua"]'
    [ "$(json '.runs | length')" = 2 ]
    [ "$(json 'has("id")')" = false ]
    finish
    [ ! -s err ]
}

@test "serve: of a search its trials that are known, and what it is" {
    sed -i 's/t.grid { 2, 4 }/t.choice { 2, 4, 8 }/; s/^}$/  search = t.tpe { trials = 6, startup = 2 },\n}/' r.lua
    begin
    request '["r.lua"]'
    [ "$(json '[(.runs | length), .sweep.search.kind, (.sweep | has("points"))] | @json')" = '[2,"tpe",false]' ]
    finish
}

@test "serve: what is wrong is answered, and the next request works" {
    echo 'return 3' >bad.lua
    printf 'local t = require "tunebench"\nreturn t.sweep { bse = 1 }\n' >key.lua
    begin
    request 'nonsense'
    [ "$(json '.error.kind')" = format ]
    request '{"id": 1}'
    [ "$(json '[.id, .error.kind] | @json')" = '[1,"usage"]' ]
    request '[1]'
    [ "$(json '.error.kind')" = usage ]
    request '["r.lua\u0000x"]'
    [ "$(json '.error.kind')" = usage ]
    request '{"id": 2, "args": ["r.lua", "--sett", "budget=1"]}'
    [[ $(json '.error.text') == *"--set"* ]]
    request '{"id": 3, "args": ["nowhere.lua"]}'
    [ "$(json '[.id, .error.kind] | @json')" = '[3,"not found"]' ]
    request '{"id": 4, "args": ["key.lua"]}'
    [ "$(json '[.error.kind, (.error.where | endswith("key.lua")), .error.line] | @json')" = '["recipe",true,2]' ]
    request '["bad.lua"]'
    [ "$(json '.error.kind')" = recipe ]
    request '["r.lua", "--serve"]'
    [ "$(json '.error.kind')" = usage ]
    printf '%01500000d' 0 >&"$to"
    request ''
    [ "$(json '.error.kind')" = limit ]
    request '["r.lua", "--store", "nowhere"]'
    [ "$(json '.runs | length')" = 2 ]
    finish
    ask 2 plan --serve --json
    ask 2 plan r.lua --serve
    "$TB" plan --serve </dev/null
}

@test "serve: files that change on disk are read again, those that are gone are missed" {
    cp -r "$BASE" mine
    sed -i 's/"tiny"/"mine"/' r.lua
    begin
    request '["r.lua"]'
    first=$(json '.runs[0].data.n_rows')
    id=$(json '.runs[0].id')
    echo 'fact 9 | number 99 || One more sentence.' >>rows.txt
    request '["r.lua"]'
    [ "$(json '.runs[0].data.n_rows')" -eq $((first + 1)) ]
    [ "$(json '.runs[0].id')" != "$id" ]
    sed -i 's/steps(2)/steps(5)/' r.lua
    request '["r.lua"]'
    [ "$(json '.runs[0].n_steps')" = 5 ]
    mv mine gone
    request '["r.lua"]'
    [ "$(json '.error.kind')" = "not found" ]
    mv gone mine
    request '["r.lua"]'
    [ "$(json '.runs | length')" = 2 ]
    finish
}

@test "serve: memory that is kept for other plans is not counted to this one" {
    begin
    request '["r.lua"]'
    first=$(json '.runs[0].predicted_bytes')
    for i in 1 2 3; do
        for k in $(seq 4000); do echo "fact $k of $i || This is the sentence number $k."; done >more$i.txt
        request "[\"--base\", \"tiny\", \"--data\", \"more$i.txt\", \"--method\", \"lora\", \"--budget\", \"1steps\"]"
        [ "$(json '.runs | length')" = 1 ]
    done
    request '["r.lua"]'
    last=$(json '.runs[0].predicted_bytes')
    [ $((last - first)) -lt 2000000 ] && [ $((first - last)) -lt 2000000 ]
    finish
}

@test "speed: measured once, kept for the user, used by later plans" {
    export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
    ask 0 plan r.lua --json
    [ "$(json '[.runs[].est_is_measured] | unique | @json')" = '[false]' ]
    [ ! -e cache ]
    ask 0 plan r.lua --measure --json
    [ "$(json '[.runs[] | .est_is_measured and .est_s > 0] | unique | @json')" = '[true]' ]
    [ "$(jq -r '[.[].shares | length == 1 and .[0] > 0] | all' cache/tunebench/pace.json)" = true ]
    [ "$(json '.runs[0].pace | .n_measured == 1 and .share > 0 and .probe_gflops > 0')" = true ]
    [ "$(json '.runs[0].pace | .free > 0 and .free <= 1')" = true ]
    before=$(cat cache/tunebench/pace.json)
    ask 0 plan r.lua --json
    [ "$(cat cache/tunebench/pace.json)" = "$before" ]
    [ "$(json '[.runs[].est_is_measured] | unique | @json')" = '[true]' ]
    # Nonsense in its place is as good as nothing; a place that cannot be written is no failure.
    echo '[1, 2' >cache/tunebench/pace.json
    ask 0 plan r.lua --json
    [ "$(json '[.runs[].est_is_measured] | unique | @json')" = '[false]' ]
    jq -n --arg k "$(jq -r 'keys[0]' <<<"$before")" '{($k): {shares: ["x", -3, 1e9]}}' >cache/tunebench/pace.json
    ask 0 plan r.lua --json
    [ "$(json '.runs[0] | .est_s > 0 and (.est_is_measured | not)')" = true ]
    rm -r cache
    : >cache
    ask 0 plan r.lua --measure --json
    [ "$(json '.runs[0].est_is_measured')" = true ]
    XDG_CACHE_HOME=relative HOME=$BATS_TEST_TMPDIR/home ask 0 plan r.lua --measure --json
    [ -e home/.cache/tunebench/pace.json ] && [ ! -e relative ]
}
