#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# steer.bats - stop, pause, resume, tag, note, protect, archive, gc: on a store made without training, and on a run that
# another process trains just now.
load common
load live

setup() {
    need_store
    cp -a "$STORE" "$BATS_TEST_TMPDIR/store.d"
    export TUNEBENCH_STORE=$BATS_TEST_TMPDIR/store.d
    PID=
}

# A process that was left over by a test that failed; it is our child.
teardown() {
    [ -z "$PID" ] || kill -9 "$PID" 2>/dev/null || true
}

value() { tb ls --all --json | jq -r ".[] | select(.id == \"$1\") | $2"; }
checkpoints() { ls "$TUNEBENCH_STORE/runs/$1/ckpt"; }
@test "stop: a run that waits, one that was lost; what is over stays as it is" {
    ask 0 stop prompt20-s0
    says "prompt20-s0: stopped before its first step; undo: tunebench resume prompt20-s0"
    [ "$(value 5555555555555555 '.state, .ended_by' | paste -sd ' ')" = "stopped user" ]
    ask 0 stop lost-s0
    says "lost-s0: stopped at step 12"
    [ "$(value 6666666666666666 .state)" = stopped ]
    [ -z "$(find "$TUNEBENCH_STORE/runs/6666666666666666" -name 'journal.*')" ]
    before=$(sha256sum "$TUNEBENCH_STORE/runs/1111111111111111/run.h5")
    ask 0 stop lora-r16-s0
    says "is done already; nothing to stop"
    [[ $output != *undo:* ]]
    [ "$(sha256sum "$TUNEBENCH_STORE/runs/1111111111111111/run.h5")" = "$before" ]
}

@test "pause: only what is being trained" {
    ask 2 pause lora-r16-s0
    complains "lora-r16-s0: is done; only a run that is being trained can be paused"
    ask 2 pause lost-s0 prompt20-s0
    complains "is lost" "is queued"
}

@test "keep: only what is being trained makes a checkpoint" {
    ask 2 keep lora-r16-s0
    complains "lora-r16-s0: is done and makes no checkpoint now" "'tag RUN --at STEP +word'"
}

@test "runs by name, id, filter; several filters are one; none is an error" {
    ask 0 stop 5555 lost-s0 --json
    [ "$(json 'map(.id) | join(" ")')" = "5555555555555555 6666666666666666" ]
    [ "$(json 'map(.changed) | unique | join(" ")')" = true ]
    ask 0 tag method:lora state:done +two
    [ "${#lines[@]}" -eq 2 ]
    says "lora-r16-s0" "lora-r16-s1"
    ask 0 tag @last @last 'eval<1.2490001' --json
    [ "$(json length)" -eq 2 ]
    ask 3 stop no-such-run
    complains "no-such-run"
    ask 3 stop method:nothing
    complains "no run passes the filter"
    ask 2 stop methd:lora
    complains "'methd'" "'method'"
    ask 2 stop
    complains "usage: tunebench stop RUN.."
}

@test "one run that fails does not keep the others" {
    ask 1 tag 8888888888888888 lora-r16-s0 +x
    complains "CRC does not match"
    says "lora-r16-s0: tags ref,try,x"
    ask 1 tag 8888888888888888 lora-r16-s0 +y --json
    [ "$(json 'map(has("error")) | join(" ")')" = "true false" ]
}

@test "tag: adds, takes away, tells, is undone; the sealed run stays sealed" {
    ask 0 tag lora-r16-s0
    [ "$output" = "lora-r16-s0: tags ref,try" ]
    ask 0 tag lora-r16-s0 +good -ref
    says "tags try,good" "undo: tunebench tag lora-r16-s0 -good +ref"
    [ "$(value 1111111111111111 '.tags | join(" ")')" = "try good" ]
    [ "$(value 1111111111111111 .final_hash)" = abcdef012345 ]
    [ -z "$(find "$TUNEBENCH_STORE/runs/1111111111111111" -name 'journal.*')" ]
    undo
    [ "$(value 1111111111111111 '.tags | sort | join(" ")')" = "ref try" ]
    ask 0 tag lora-r16-s0 +ref -nothing
    [[ $output != *undo:* ]]
    ask 0 tag lora-r16-s0 -ref -try
    says "no tags"
    [ "$(value 1111111111111111 '.tags | length')" = 0 ]
    ask 0 ls 'tag:good' --plain --cols name
    [ "$output" = name ]
    ask 2 tag lora-r16-s0 +a,b
    complains "'a,b' is no tag"
    ask 2 tag lora-r16-s0 +
    ask 2 tag +good
    complains "a run is missing"
    ask 1 tag lora-r16-s0 "+$(printf '%0128d' 7)"
    complains "127 bytes"
}

@test "note: set, told, removed, undone; quotes survive" {
    ask 0 note prompt20-s0 "it's \$5"
    says "note: it's \$5" "undo: tunebench note prompt20-s0 ''"
    ask 0 note prompt20-s0
    [ "$output" = "prompt20-s0: it's \$5" ]
    [ "$(value 5555555555555555 .note)" = "it's \$5" ]
    ask 0 note prompt20-s0 ''
    undo
    [ "$(value 5555555555555555 .note)" = "it's \$5" ]
    ask 0 note prompt20-s0 --json
    [ "$(json '.[0].text')" = "it's \$5" ]
    ask 0 note full-s0
    says "has no note"
    [ "$(value 4444444444444444 .note)" = "loss is NaN at step 12" ]
    ask 1 note prompt20-s0 "$(printf '%04001d' 7)"
    complains "4000 bytes"
    ask 0 note prompt20-s0 $'two\nlines \e[31m'
    [[ $output != *$'\e'* ]]
}

@test "archive: hidden unless asked for; undone" {
    ask 0 archive state:failed
    says "full-s0: is archived" "undo: tunebench archive full-s0 --undo"
    archived=$output
    ask 0 ls --plain --cols name
    [[ $output != *full-s0* ]]
    ask 0 ls
    [[ $output != *full-s0* ]]
    complains "1 archived"
    ask 0 ls --all --plain --cols name,archived
    says $'full-s0\tyes'
    ask 0 ls archived:yes --plain --cols name
    [ "$output" = $'name\nfull-s0' ]
    ask 0 ls full-s0 --plain --cols name
    [ "$output" = $'name\nfull-s0' ]
    ask 3 tag state:failed +x
    ask 0 tag state:failed archived:yes +x
    ask 0 archive full-s0
    says "is archived already"
    output=$archived
    undo
    ask 0 ls --plain --cols name
    says full-s0
    ask 0 archive state:failed
    ask 0 archive --undo method:full
    says "is not archived"
}

@test "an undo command names the store and quotes it" {
    mv "$TUNEBENCH_STORE" "$BATS_TEST_TMPDIR/a store"
    unset TUNEBENCH_STORE
    ask 0 protect lora-r16-s0 --store "$BATS_TEST_TMPDIR/a store"
    says "--off --store '$BATS_TEST_TMPDIR/a store'"
    undo
    says "is not protected"
    ask 0 protect 7777 --store "$BATS_TEST_TMPDIR/a store"
    says "tunebench protect 7777777777777777 --off"
}

@test "gc: shows, asks nobody without a terminal, removes old checkpoints only" {
    ask 0 gc --dry-run
    says "lora-r16-s0" "old checkpoints" "3 to remove"
    ask 2 gc </dev/null
    says "nothing was removed"
    complains "--yes"
    [ "$(checkpoints 1111111111111111 | paste -sd ' ')" = "000010.h5 000020.h5" ]
    ask 2 gc --dry-run --yes
    ask 0 protect prefix20-s0
    before=$(tb ls --json --all | jq -c 'map([.id, .state, .loss, .final_hash])')
    ask 0 gc --yes --json
    [ "$(json '.items | map([.run, .kind, (.removed | tostring)] | join(" ")) | join(",")')" \
        = "1111111111111111 checkpoint true,3333333333333333 checkpoint true" ]
    [ "$(json '.bytes == .bytes_removed and .bytes > 1000')" = true ]
    [ "$(checkpoints 1111111111111111)" = 000020.h5 ]
    [ "$(checkpoints 2222222222222222 | wc -l)" -eq 2 ]
    [ "$(checkpoints 6666666666666666)" = 000010.h5 ]
    [ "$(tb ls --json --all | jq -c 'map([.id, .state, .loss, .final_hash])')" = "$before" ]
    ask 0 gc --yes
    says "nothing to remove"
}

@test "gc: leftovers, links, archived runs" {
    runs=$TUNEBENCH_STORE/runs
    touch "$runs/1111111111111111/ckpt/000010.h5.bad" "$runs/1111111111111111/run.h5.tmp-12" "$runs/../index.tmp-7"
    touch -d '2 hours ago' "$TUNEBENCH_STORE/recipes/abc.lua.tmp-9"
    mkdir "$BATS_TEST_TMPDIR/outside" "$runs/.new-123-4"
    touch -d '2 hours ago' "$runs/.new-123-4"
    touch "$BATS_TEST_TMPDIR/outside/keep.bad" "$BATS_TEST_TMPDIR/outside/x.tmp-1"
    mv "$runs/3333333333333333/ckpt" "$BATS_TEST_TMPDIR/outside/ckpt"
    ln -s "$BATS_TEST_TMPDIR/outside/ckpt" "$runs/3333333333333333/ckpt"
    ln -s "$BATS_TEST_TMPDIR/outside" "$runs/2222222222222222/old.bad"
    mv "$runs/6666666666666666" "$BATS_TEST_TMPDIR/outside/run"
    touch "$BATS_TEST_TMPDIR/outside/run/a.bad"
    ln -s "$BATS_TEST_TMPDIR/outside/run" "$runs/6666666666666666"
    touch "$runs/8888888888888888/x.bad"
    ask 0 archive full-s0 7777777777777777
    ask 0 protect 7777777777777777
    ask 0 gc --yes --archived
    [ ! -e "$runs/4444444444444444" ]
    [ -e "$runs/7777777777777777/run.h5" ]
    [ ! -e "$runs/1111111111111111/ckpt/000010.h5.bad" ]
    [ ! -e "$runs/1111111111111111/run.h5.tmp-12" ]
    [ ! -e "$TUNEBENCH_STORE/recipes/abc.lua.tmp-9" ]
    [ ! -e "$runs/.new-123-4" ]
    [ -e "$TUNEBENCH_STORE/index.tmp-7" ] # young: somebody may be writing it
    [ ! -L "$runs/2222222222222222/old.bad" ]
    [ -e "$BATS_TEST_TMPDIR/outside/keep.bad" ]
    [ -e "$BATS_TEST_TMPDIR/outside/run/a.bad" ]
    [ "$(ls "$BATS_TEST_TMPDIR/outside/ckpt" | wc -l)" -eq 2 ]
    [ -e "$runs/8888888888888888/x.bad" ] # cannot be read: it may be protected
    [ "$(tb ls --all --json | jq 'map(.id) | contains(["4444444444444444"])')" = false ]
}

@test "gc: on a terminal it asks" {
    command -v script >/dev/null || skip "no script(1) to make a terminal"
    run script -qec "$TB gc" /dev/null <<<n
    says "[y/N]" "nothing was removed"
    [ "$(checkpoints 1111111111111111 | wc -l)" -eq 2 ]
    run script -qec "$TB gc" /dev/null <<<y
    says "removed 3"
    [ "$(checkpoints 1111111111111111)" = 000020.h5 ]
}

@test "a run that another process holds: asked, not written to; gc leaves it" {
    mkfifo "$BATS_TEST_TMPDIR/end"
    "$MAKE_STORE" hold "$TUNEBENCH_STORE" <"$BATS_TEST_TMPDIR/end" >"$BATS_TEST_TMPDIR/pid" 3>&- &
    exec 9>"$BATS_TEST_TMPDIR/end"
    for _ in $(seq 100); do
        [ -s "$BATS_TEST_TMPDIR/pid" ] && break
        sleep 0.05
    done
    ctl=$TUNEBENCH_STORE/runs/6666666666666666/ctl
    ask 0 stop lost-s0 --wait 0
    says "lost-s0: asked" "not answered yet" "undo: tunebench resume lost-s0"
    [ -e "$ctl/000001-stop.json" ]
    ask 75 tag lost-s0 +x --wait 0.2 --json
    [ "$(json '.[0] | .changed, .step' | paste -sd ' ')" = "false null" ]
    [ "$(jq -c .args "$ctl/000002-facts.json")" = '{"tags":["x"]}' ]
    ask 0 gc --dry-run --json
    [ "$(json .runs_held)" = 1 ]
    tb stop lost-s0 --wait 20 >"$BATS_TEST_TMPDIR/out" 3>&- 9>&- &
    waiter=$!
    for _ in $(seq 100); do
        [ -e "$ctl/000003-stop.json" ] && break
        sleep 0.05
    done
    exec 9>&- # the holder leaves while somebody waits for its answer
    wait $waiter
    grep -q "lost-s0: stopped at step 12" "$BATS_TEST_TMPDIR/out"
    [ ! -e "$ctl/000003-stop.json" ] # withdrawn
    [ "$(value 6666666666666666 .state)" = stopped ]
    wait
}

# ---- a run that is trained while we look

@test "live: pause holds still, resume goes on, marks are written by the worker, stop keeps a checkpoint" {
    train 100000 0
    name=$(tb ls --json | jq -r '.[0].name')
    ask 0 keep "$name"
    [[ $output =~ ^"$name: asked "[0-9:]{8}", done at step "([0-9]+)" (checkpoint kept)"$ ]]
    [ "$(tb show "$name" --json | jq -c ".checkpoints[] | select(.step == ${BASH_REMATCH[1]}) | .kept")" = '["newest","asked for"]' ]
    ask 0 pause "$name"
    [[ $output =~ ^"$name: asked "[0-9:]{8}", done at step "[0-9]+" (paused); undo: tunebench resume $name"$ ]]
    [ "$(tb ls --json | jq -r '.[0].state')" = paused ]
    at=$(step)
    sleep 0.3
    [ "$(step)" = "$at" ]
    ask 0 pause "$name"
    says "is paused already"
    ask 0 tag "$name" +live
    says "done at step $at" "(tags live)"
    ask 0 note "$name" "while it runs"
    ask 0 protect "$name" --json
    [ "$(json '.[0] | .changed, .step' | paste -sd ' ')" = "true $at" ]
    [ "$(tb ls --json | jq -r '.[0] | .tags[0], .note, .protected' | paste -sd ,)" = "live,while it runs,yes" ]
    ask 0 resume "$name"
    says "done at step $at" "(goes on)" "undo: tunebench pause $name"
    for _ in $(seq 200); do
        [ "$(step)" -gt "$at" ] && break
        sleep 0.05
    done
    [ "$(step)" -gt "$at" ]
    ask 0 stop "$name"
    says "asked" "done at step" "(checkpoint kept)" "undo: tunebench resume $name"
    [ "$(tb ls --json | jq -r '.[0] | .state, .tags[0], .note, .protected' | paste -sd ,)" \
        = "stopped,live,while it runs,yes" ]
    at=$(step)
    [ -e "$TUNEBENCH_STORE"/runs/*/ckpt/"$(printf %06d "$at").h5" ]
    code=0
    wait "$PID" || code=$?
    PID=
    [ "$code" -eq 5 ]
}

@test "live: a waiting run that is stopped is not trained by the run that would have come to it" {
    train 100000 0,1
    ask 0 stop state:running,queued --json
    [ "$(json 'map(.changed) | join(" ")')" = "true true" ]
    code=0
    wait "$PID" || code=$?
    PID=
    [ "$code" -eq 5 ]
    [ "$(tb ls --json | jq -r 'map(.state) | join(" ")')" = "stopped stopped" ]
    [ "$(tb ls --json | jq '[.[] | select(.step == 0)] | length')" = 1 ]
}

@test "live: set holds from the next step on, is taken back, and is met again after kill -9 with the same bits" {
    train 400 0
    name=$(tb ls --json | jq -r '.[0].name')
    ask 0 set "$name" optim.lr=0.02
    [[ $output =~ ^"$name: asked "[0-9:]{8}", done at step "([0-9]+)" (optim.lr 0.0005 -> 0.02); undo: tunebench set $name optim.lr=0.0005"$ ]]
    at=${BASH_REMATCH[1]}
    ask 2 set "$name" batch.rows=2
    complains "clone RUN --set batch.rows="
    await 200 eval '[ "$(step)" -gt $((at + 2)) ]'
    kill -9 "$PID"
    wait "$PID" || true
    PID=
    ask 0 resume "$name"
    complains "$name: goes on; undo: tunebench stop $name"
    row="[.train.step, .train.lr] | transpose[] | select(.[0] == $at or .[0] == $((at + 1))) | .[1] > 0.001"
    [ "$(tb show "$name" --json | jq "$row" | paste -sd ' ')" = "false true" ]
    ask 0 rerun "$name" --check --json
    [ "$(json '.check.bit_exact, .check.steps, .check.final_hash' | paste -sd ' ')" = "true 400 equal" ]
    [ "$(tb ls --json | jq -c 'map(.changes)')" = "[1,1]" ]
    ask 0 run "$BATS_TEST_TMPDIR/live.lua" # neither is what the recipe says
    [ "$(tb ls --json | jq -c 'map(.changes)')" = "[1,1,null]" ]
    ask 0 diff @last "$(tb ls --json | jq -r '.[0].id')"
    says "CHANGED UNDER WAY" "B step $at" "optim.lr 0.0005 -> 0.02"
}

@test "live: prune ends a run as pruned, unless it is protected" {
    train 100000 0
    name=$(tb ls --json | jq -r '.[0].name')
    ask 0 protect "$name"
    ask 2 prune "$name"
    complains "is protected"
    [ "$(training)" = 1 ]
    ask 0 prune --force "$name"
    says "asked" "done at step" "(checkpoint kept); undo: tunebench resume $name"
    [ "$(tb ls --json | jq -r '.[0] | .state, .ended_by' | paste -sd ' ')" = "pruned user" ]
    wait "$PID" || true
    PID=
}

# post N VERB: a request as a client makes it. answered N VERB: its answer is there.
post() {
    echo "{\"verb\":\"$2\",\"args\":${3:-{\}},\"asked\":\"\"}" >"$BATS_TEST_TMPDIR/request"
    mv "$BATS_TEST_TMPDIR/request" "$ctl/00000$1-$2.json"
}
answered() { [ -e "$ctl/00000$1-$2.done" ]; }

# Whatever order they come in: each is answered, and the later one is what holds.
@test "live: two clients that ask for opposite things" {
    train 100000 0
    name=$(tb ls --json | jq -r '.[0].name')
    ctl=$(echo "$TUNEBENCH_STORE"/runs/*/ctl)
    post 1 pause
    post 2 resume
    await 200 answered 2 resume
    [ "$(jq .step "$ctl/000001-pause.done")" = "$(jq .step "$ctl/000002-resume.done")" ]
    [ "$(training)" = 1 ]
    post 3 resume
    post 4 pause
    await 200 answered 4 pause
    answered 3 resume
    [ "$(tb ls --json | jq -r '.[0].state')" = paused ]
    post 5 set '{"optim.lr": 0.01}'
    post 6 set '{"optim.lr": 0.02}'
    post 7 set '{"eval.every": "1000000000epochs"}'
    post 8 set '{"seed": 1}'
    await 200 answered 8 set
    [ "$(jq -r .note "$ctl/000006-set.done")" = "optim.lr 0.01 -> 0.02" ]
    [[ $(jq -r .note "$ctl/000007-set.done") == "not done: eval.every"* ]]
    [[ $(jq -r .note "$ctl/000008-set.done") == "not done: 'seed' cannot be changed"* ]]
    [ "$(tb show "$name" --json | jq -c '.changes | map(.value)')" = "[0.02]" ]
    post 9 prune
    tb stop "$name" >"$BATS_TEST_TMPDIR/a" 2>&1
    [ "$(tb ls --json | jq -r '.[0].state')" = pruned ]
    grep -q "is pruned already" "$BATS_TEST_TMPDIR/a"
    wait "$PID" || true
    PID=
}
