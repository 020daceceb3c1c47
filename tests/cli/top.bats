#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# top.bats - what trains now, in a store of make_store whose lost run a process holds.
load common

setup() {
    need_store
    S=$BATS_TEST_TMPDIR/s.d
    cp -a "$STORE" "$S"
    rm -rf "$S/runs/8888888888888888" "$S/index"
    export TUNEBENCH_STORE=$S
}

@test "top --once: nothing trains" {
    ask 0 top --once
    [ "$output" = "0 of 7 runs live, 1 wait, 1 lost (tunebench resume --all)" ]
    ask 0 top --once --json
    [ "$(json '[.all, .waiting, .lost, (.runs | length)] | @json')" = '[7,1,1,0]' ]
    ask 3 top --once --store "$BATS_TEST_TMPDIR/none"
    ask 2 top now
    ask 2 top --interval 0
    mkdir "$BATS_TEST_TMPDIR/empty"
    ask 0 top --once --store "$BATS_TEST_TMPDIR/empty"
    says "0 of 0 runs live"
}

@test "top --once: the run that somebody has, with its process" {
    hold
    ask 0 top --once
    [[ ${lines[0]} == *name*method*step*of*loss*eval*tok/s*memory*left*"cpu %"*pid*host* ]]
    [[ ${lines[1]} == R*lost-s0*lora*12*20*2.149*$(cat "$BATS_TEST_TMPDIR/pid")* ]]
    [ "${lines[2]}" = "1 of 7 runs live, 1 wait" ]
    ask 0 top --once --json
    [ "$(json '.runs[0] | [.name, .state, .step, .steps, .method] | @json')" = '["lost-s0","running",12,20,"lora"]' ]
    [ "$(json '.runs[0].pid')" = "$(cat "$BATS_TEST_TMPDIR/pid")" ]
    [ "$(json '.runs[0] | (.host | length > 0) and .mem_bytes > 0 and .cpu_percent >= 0 and .left_s > 0')" = true ]
    ask 0 top --once --csv
    [[ ${lines[0]} == at,letter,id,name,* && ${lines[1]} == *,R,6666666666666666,lost-s0,* ]]
    let_go
}

@test "top: lines where stdout is no terminal; a run that ends leaves; an interrupt is 130" {
    hold
    timeout 60 "$TB" top --interval 0.1 >"$BATS_TEST_TMPDIR/t" 3>&- 9>&- </dev/null &
    pid=$!
    until_says "$BATS_TEST_TMPDIR/t" "lost-s0"
    [ "$(head -n 1 "$BATS_TEST_TMPDIR/t" | cut -f 1-4)" = $'at\tletter\tid\tname' ]
    [ "$(grep -c '^at' "$BATS_TEST_TMPDIR/t")" -eq 1 ]
    let_go
    wait_until_quiet() {
        for _ in $(seq 200); do
            n=$(wc -l <"$BATS_TEST_TMPDIR/t")
            sleep 0.5
            [ "$n" -eq "$(wc -l <"$BATS_TEST_TMPDIR/t")" ] && return
        done
        return 1
    }
    wait_until_quiet
    kill -INT $pid
    code=0
    wait $pid || code=$?
    [ "$code" -eq 130 ]
    last=$(timeout 60 "$TB" top --interval 0.1 --json </dev/null 3>&- | head -n 1)
    [ "$(jq -r '.runs | length' <<<"$last")" -eq 0 ]
}

@test "top: a picture on a terminal, within its width, that q leaves as it found it" {
    command -v script >/dev/null || skip "no script(1) to make a terminal"
    hold
    for columns in 40 100; do
        # Longer where the machine is so busy that no second look came within the time.
        for s in 1.5 10 40; do
            (sleep $s; printf q) | COLUMNS=$columns timeout 60 script -qec \
                "$TB top --interval 0.2 --color never; echo code \$?; stty -a" /dev/null >"$BATS_TEST_TMPDIR/t" 9>&-
            ! grep -q "$(printf '\033\\[[0-9]*A')" "$BATS_TEST_TMPDIR/t" || break
        done
        grep -q "lost-s0" "$BATS_TEST_TMPDIR/t"
        grep -q "$(printf '\033\\[[0-9]*A')" "$BATS_TEST_TMPDIR/t"
        grep -q "code 0" "$BATS_TEST_TMPDIR/t"
        grep -q "[^-]icanon" "$BATS_TEST_TMPDIR/t"
        while IFS= read -r line; do
            [ "${#line}" -le "$columns" ]
        done < <(sed '/code 0/,$d; s/\x1b\[[0-9]*[A-Z]//g' "$BATS_TEST_TMPDIR/t" | tr -d '\r')
    done
    # Told to leave by a signal, it gives the terminal back as well.
    timeout 60 script -qec "timeout --preserve-status -s TERM 1 $TB top --interval 0.2; echo code \$?; stty -a" /dev/null \
        < <(sleep 3) >"$BATS_TEST_TMPDIR/t" 9>&-
    grep -q "code 143" "$BATS_TEST_TMPDIR/t"
    grep -q "[^-]icanon" "$BATS_TEST_TMPDIR/t"
    let_go
}
