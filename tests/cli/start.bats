#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# start.bats - from an empty folder to runs on the screens Start and Recipe, by keys.
load common

setup() {
    [ -e "$BASE" ] || skip "there is no $BASE"
    cd "$BATS_TEST_TMPDIR"
    unset TUNEBENCH_FOREGROUND
    export TUNEBENCH_IDLE_S=0 XDG_STATE_HOME=$BATS_TEST_TMPDIR/state EDITOR=$BATS_TEST_TMPDIR/editor
}

teardown() {
    "$TB" stop state:running,queued,paused >/dev/null 2>&1 || true
}

keys() { # keys LINE..: as a script, frames in out/
    printf '%s\n' "$@" >k.keys
    timeout 120 "$TB" --script k.keys --frames out --size 100x30
}

@test "start: the shipped model and data are proposed; enter saves the recipe and starts three runs" {
    keys wait 'tab tab tab ^u' 'type 2steps' enter wait enter wait 'frame runs'
    [ -s recipes/places-1.lua ]
    ask 0 ls --json
    [ "$(json 'length')" = 3 ]
    [ "$(json '[.[].method] | sort | join(" ")')" = "lora prefix prompt" ]
    grep -q '3 of 3, 3 marked' out/runs.frame
    # The recipe is what was run, and its rates are those for a base of this size.
    ids=$(json '[.[].id] | sort | @json')
    ask 0 plan recipes/places-1.lua --json
    [ "$(json '[.runs[].id] | sort | @json')" = "$ids" ]
    [ "$(json '[.runs[].lr] | @json')" = '[0.01,0.1,0.1]' ]
}

@test "start: a folder that cannot be written still starts, by the command line" {
    : >recipes
    keys wait 'tab tab down space down space tab ^u' 'type 1steps' enter wait enter wait 'frame runs'
    ask 0 ls --json
    [ "$(json '[.[].method] | @json')" = '["lora"]' ]
}

@test "start: w never writes over a recipe; plan trains nothing" {
    mkdir recipes
    echo mine >recipes/places-1.lua
    keys wait w w 'tab tab tab ^u' 'type 3steps' S-tab w p wait 'frame plan'
    [ "$(cat recipes/places-1.lua)" = mine ]
    [ "$(ls recipes | tr '\n' ' ')" = "places-1.lua places-2.lua places-3.lua " ]
    grep -q 'lora-r8-s0' out/plan.frame
    [ ! -e tunebench.d ]
}

@test "start: enter on the plan starts what it plans; * leaves the runs marked that start has marked" {
    keys wait 'tab tab down space down space tab ^u' 'type 1steps' S-tab p wait 'frame plan' enter wait \
        'frame runs' '*' 'frame still' '*' 'frame none'
    grep -q '^ enter start  esc closes' out/plan.frame
    ask 0 ls --json
    [ "$(json '[.[].method] | @json')" = '["lora"]' ]
    grep -q '1 of 1, 1 marked' out/runs.frame
    grep -q '1 of 1, 1 marked' out/still.frame
    grep -q '\* again marks none' out/still.frame
    [ "$(grep -c '1 marked' out/none.frame)" = 0 ]
}

@test "start: a plan that comes late does not start what was chosen meanwhile" {
    keys wait 'tab tab down space down space tab ^u' 'type 1steps' S-tab p down wait 'frame plan' enter wait 'frame after'
    grep -q 'lora-r8-s0' out/plan.frame
    [ "$(grep -c 'enter start' out/plan.frame)" = 0 ]
    [ ! -e tunebench.d ]
}

@test "recipe: an editor changes the file, which is read again; an endless loop is told with its line" {
    printf '#!/bin/sh\nprintf "local t = require [[tunebench]]\\nwhile true do end\\n" >"$1"\n' >editor
    chmod +x editor
    keys wait 4 e wait 'frame loop'
    grep -q 'while true do end' recipes/places-1.lua
    grep -q '\^ stopped: it ran' out/loop.frame
    [ "$(grep -c 'last good version\|no version was good' out/loop.frame)" = 1 ]
    printf '#!/bin/sh\nexit 3\n' >editor
    keys wait 4 e wait 'frame refused'
    grep -q 'ended with code 3' out/refused.frame
}
