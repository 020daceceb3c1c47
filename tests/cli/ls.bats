#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
load common

setup() { need_store; }

@test "no store: a line that says how to begin; a named one that is missing: exit code 3" {
    cd "$BATS_TEST_TMPDIR"
    unset TUNEBENCH_STORE
    ask 0 ls
    says "No runs yet" "tunebench run"
    ask 0 ls --json
    [ "$(json length)" -eq 0 ]
    [ ! -e tunebench.d ]
    ask 3 ls --store nowhere
    complains "nowhere" "no store"
    mkdir empty
    ask 0 ls --store empty
    says "No runs yet in empty"
}

@test "the table has every run with its state" {
    ask 0 ls
    [ "${#lines[@]}" -eq 9 ]
    for s in done failed queued lost stopped damaged; do
        says "$s"
    done
    says "12,288" "0.614 %" "1.249" "CRC does not match"
}

@test "JSON: an object a run, numbers exact, what is unknown null" {
    ask 0 ls --json
    [ "$(json length)" -eq 8 ]
    [ "$(json '[.[] | has("id") and has("name") and has("state") and has("method") and has("trainable") and has("share")
        and has("step") and has("loss") and has("eval_loss") and has("pid") and has("final_hash")] | all')" = true ]
    [ "$(json '.[] | select(.name == "lora-r16-s0") | [.id, .state, .method, .trainable, .step, .pid, .final_hash] | @tsv')" \
        = $'1111111111111111\tdone\tlora\t12288\t20\t0\tabcdef012345' ]
    [ "$(json '.[] | select(.name == "full-s0") | [.state, .ended_by, .loss] | @json')" = '["failed","divergence",null]' ]
    [ "$(json '.[] | select(.state == "damaged") | .id, (.damage | contains("CRC"))' | paste -sd ' ')" \
        = "8888888888888888 true" ]
    [ "$(json '.[] | select(.id == "1111111111111111") | .tags | join(" ")')" = "ref try" ]
}

@test "a worker that lives is seen by its pid, one that died makes the run lost" {
    ask 0 ls --json lost
    [ "$(json '.[0] | .state, .pid' | paste -sd ' ')" = "lost 0" ]
    cp -a "$STORE" "$BATS_TEST_TMPDIR/held"
    mkfifo "$BATS_TEST_TMPDIR/end"
    "$MAKE_STORE" hold "$BATS_TEST_TMPDIR/held" <"$BATS_TEST_TMPDIR/end" >"$BATS_TEST_TMPDIR/pid" 3>&- &
    exec 9>"$BATS_TEST_TMPDIR/end"
    for _ in $(seq 100); do
        [ -s "$BATS_TEST_TMPDIR/pid" ] && break
        sleep 0.05
    done
    ask 0 ls --json --store "$BATS_TEST_TMPDIR/held" lost
    exec 9>&-
    wait
    [ "$(json '.[0] | .state, .pid' | paste -sd ' ')" = "running $(cat "$BATS_TEST_TMPDIR/pid")" ]
    ask 0 ls --json --store "$BATS_TEST_TMPDIR/held" lost
    [ "$(json '.[0].state')" = lost ]
}

@test "filters choose, --sort orders, the worst first with a dash" {
    ask 0 ls --plain --cols name method:lora state:done --sort eval
    [ "$output" = $'name\nlora-r16-s1\nlora-r16-s0' ]
    ask 0 ls --plain --cols name 'method:lora state:done' --sort -eval
    [ "$output" = $'name\nlora-r16-s0\nlora-r16-s1' ]
    ask 0 ls --plain --cols name 'eval<1.4' 'seed=0'
    [ "$output" = $'name\nlora-r16-s0' ]
    ask 0 ls nothing-like-this
    says "None of the 8 runs"
    ask 2 ls methd:lora
    complains "'methd'" "'method'"
    ask 2 ls 'eval<low'
    complains "'low' is no number"
    ask 2 ls --sort evil
    complains "'evil'"
}

@test "--group puts runs with the same key together" {
    ask 0 ls state:done --group method
    says "method lora: 2 runs" "method prefix: 1 run" "mean eval 1.249"
    ask 0 ls state:done --group method --json
    [ "$(json 'map(.method) | join(" ")')" = "lora lora prefix" ]
}

@test "group: and sort: stand in the filter too; all but the seed is an arm" {
    TUNEBENCH_NOW=2026-01-02T03:04:05Z "$MAKE_STORE" seeds "$BATS_TEST_TMPDIR/seeds.d"
    export TUNEBENCH_STORE=$BATS_TEST_TMPDIR/seeds.d
    ask 0 ls 'sort:eval group:!seed'
    says "lora-r16: 3 runs" "lora-r4: 3 runs" "lora+prompt: 3 runs" "mean eval 1.246 +- 0.003 (1.243 .. 1.249)"
    ask 0 ls --group '!seed' --plain --cols name,arm
    [ "$(tail -n +2 <<<"$output" | cut -f2 | uniq | wc -l)" -eq 3 ]
    ask 0 ls --group 'method,lr' --plain --cols method
    [ "$(uniq <<<"$output" | tail -n +2 | paste -sd ' ')" = "lora lora+prompt" ]
    ask 2 ls --group '!lr'
    complains "'!seed'"
    ask 2 ls group:nothing
    complains "'nothing'"
    ask 0 ls lora+prompt-s0 --json
    [ "$(json '.[0] | [.lr, .rates] | @json')" = '[null,["0.0005","0.01"]]' ]
    ask 0 ls lora+prompt-s0 --cols name,lr
    says "5e-4+0.01"
    ask 0 ls 'lr<1' --plain --cols name
    [[ $output != *lora+prompt* ]]
}

@test "--pareto marks what no run beats" {
    ask 0 ls state:done --pareto eval/loss,adapter_bytes --plain --cols name
    [ "$output" = $'name\tpareto\nlora-r16-s0\tno\nprefix20-s0\tno\nlora-r16-s1\tyes' ]
    ask 0 ls state:done --pareto eval/loss:max,adapter --plain --cols name
    [ "$output" = $'name\tpareto\nlora-r16-s0\tno\nprefix20-s0\tyes\nlora-r16-s1\tno' ]
    ask 0 ls --pareto eval/loss,tok_s
    says "front"
    ask 2 ls --pareto eval/loss,tok_s:best
    complains ":min nor :max"
}

@test "--cols: names, other names, help, typing errors" {
    ask 0 ls lora-r16-s0 --csv --cols 'name,min eval/loss as best,best_step'
    [ "${lines[0]}" = $'name,best,best_step\r' ]
    [[ ${lines[1]} == lora-r16-s0,1.249*,20* ]]
    ask 0 ls --cols help
    says "eval_loss" "final_hash" "process of the worker"
    ask 2 ls --cols name,evalloss
    complains "'evalloss'" "'eval_loss'"
}

@test "names from the store cannot steer a terminal" {
    for form in "" --plain --json; do
        ask 0 ls $form
        [[ $output != *$'\e'* ]]
    done
    ask 0 ls --plain
    [[ $output != *$'\u202e'* ]]
    ask 0 show 7777777777777777
    [[ $output != *$'\e'* && $output != *$'\u202e'* ]]
    ask 0 diff 1111111111111111 7777777777777777
    [[ $output != *$'\e'* ]]
}

@test "colour: never in a pipe, always where it is forced, and only there" {
    ask 0 ls
    [[ $output != *$'\e['* ]]
    NO_COLOR=1 ask 0 ls --color=always
    [[ $output == *$'\e['* ]]
    command -v script >/dev/null || skip "no script(1) to make a terminal"
    on_terminal() { script -qec "$*" /dev/null </dev/null; }
    [[ $(on_terminal "$TB" ls) == *$'\e['* ]]
    [[ $(NO_COLOR=1 on_terminal "$TB" ls) != *$'\e['* ]]
    [[ $(NO_COLOR= on_terminal "$TB" ls) == *$'\e['* ]]
    [[ $(TERM=dumb on_terminal "$TB" ls) != *$'\e['* ]]
    [[ $(on_terminal "$TB" ls --color=never) != *$'\e['* ]]
    [[ $(on_terminal "$TB" ls --csv) != *$'\e'* ]]
}

@test "on a narrow terminal columns give way" {
    command -v script >/dev/null || skip "no script(1) to make a terminal"
    for columns in 60 80 100; do
        text=$(COLUMNS=$columns script -qec "$TB ls state:done --color=never" /dev/null </dev/null | tr -d '\r')
        [[ $text == *lora-r16-s0* && $text != *age* ]]
        while IFS= read -r line; do
            [ "${#line}" -le "$columns" ]
        done <<<"$text"
    done
}

@test "age comes from the clock" {
    TUNEBENCH_NOW=2026-01-02T03:05:06Z ask 0 ls --json lora-r16-s0
    [ "$(json '.[0].age')" = 61 ]
    TUNEBENCH_NOW=2026-01-02T05:04:05Z ask 0 ls lora-r16-s0
    says "2h00m"
}

@test "duration and tokens per second are those of training, unknown before it" {
    ask 0 ls --json
    [ "$(json '.[] | select(.id == "1111111111111111" or .id == "5555555555555555") | [.duration, .tok_s] | @json' \
        | paste -sd ' ')" = '[10,512] [null,null]' ]
}

@test "a damaged index is made anew, a store that cannot be written to is read" {
    cp -a "$STORE" "$BATS_TEST_TMPDIR/copy"
    echo junk >"$BATS_TEST_TMPDIR/copy/index"
    ask 0 ls --json --store "$BATS_TEST_TMPDIR/copy"
    [ "$(json length)" -eq 8 ]
    rm "$BATS_TEST_TMPDIR/copy/index"
    chmod -R a-w "$BATS_TEST_TMPDIR/copy"
    ask 0 ls --json --store "$BATS_TEST_TMPDIR/copy"
    chmod -R u+w "$BATS_TEST_TMPDIR/copy"
    [ "$(json length)" -eq 8 ]
}
