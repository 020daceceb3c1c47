#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# basics.bats - what all verbs that list or look have in common: forms, files, colours, runs by what a person types.
load common

setup() {
    need_store
    cd "$BATS_TEST_TMPDIR"
}

@test "every verb that lists takes --json, and what is a table --csv and --plain" {
    for words in ls "log lora-r16-s0" "diff lora-r16-s0 prefix20-s0" "gc --dry-run" doctor "top --once" scan fsck; do
        run --separate-stderr "$TB" $words --json
        [ "$status" -le 1 ] # fsck finds the damaged run
        jq -e . <<<"$output" >/dev/null || { echo "$words: no JSON"; false; }
        [[ $output != *$'\e'* ]]
        run --separate-stderr "$TB" $words --csv
        [ "$status" -le 1 ]
        fields=$(head -n 1 <<<"$output" | tr -d '\r')
        [[ $fields =~ ^[a-z_]+(,[^,]+)+$ ]] || { echo "$words: $fields"; false; }
        run --separate-stderr "$TB" $words --plain --color always
        [ "$status" -le 1 ]
        [ "$(head -n 1 <<<"$output" | tr '\t' ,)" = "$fields" ]
        [ -z "$(head -n 20 <<<"$output" | grep $'\e')" ]
        ask 2 $words --json --csv
    done
    ask 0 show lora-r16-s0 --json
    json . >/dev/null
}

@test "--output: the answer goes to a file, whole or not at all; -o is short for it" {
    export TUNEBENCH_NOW=2026-01-02T04:00:00Z
    ask 0 ls state:done --json
    want=$output
    ask 0 ls state:done --json --output a.json
    [ -z "$output" ] && [ "$(cat a.json)" = "$want" ]
    ask 0 ls state:done --json -o b.json
    [ "$(cat b.json)" = "$want" ]
    ask 0 ls state:done --json -o -
    [ "$output" = "$want" ]
    echo before >c.txt
    ask 3 show nobody -o c.txt
    [ "$(cat c.txt)" = before ]
    [ -z "$(ls | grep -F .tmp-)" ]
    ln -s a.json link
    ask 0 ls --plain -o link
    [ -L link ] && [[ $(head -n 1 a.json) == id$'\t'* ]]
    ask 0 ls -o /dev/null
    ask 2 ls -o .
    ask 1 ls -o nowhere/x
    complains nowhere
    for words in "show @last" "log @last" "diff lora-r16-s0 prefix20-s0" "gc --dry-run" doctor "top --once" scan; do
        ask 0 $words -o d.txt
        [ -s d.txt ] && [ -z "$output" ]
        rm d.txt
    done
    run --separate-stderr "$TB" fsck -o d.txt
    [ "$status" -eq 1 ] && [ -s d.txt ] # an answer, though not a good one
    [ -w /dev/full ] || return 0
    run "$TB" ls -o /dev/full
    [ "$status" -eq 1 ]
    [[ $output == *"No space left"* ]]
}

@test "colours: by flag, else by NO_COLOR, TERM and what stdout is" {
    ask 0 ls --color always
    says $'\e['
    NO_COLOR=1 ask 0 ls --color=always
    says $'\e['
    command -v script >/dev/null || skip "no script(1) to make a terminal"
    export PAGER=
    on_terminal() { script -qec "$1" /dev/null </dev/null; }
    [[ $(on_terminal "$TB ls") == *$'\e['* ]]
    [[ $(on_terminal "$TB ls --color=never") != *$'\e['* ]]
    [[ $(NO_COLOR=1 on_terminal "$TB ls") != *$'\e['* ]]
    [[ $(NO_COLOR= on_terminal "$TB ls") == *$'\e['* ]]
    [[ $(TERM=dumb on_terminal "$TB ls") != *$'\e['* ]]
    [[ $(TERM=dumb on_terminal "$TB top --once") != *$'\e['* ]]
}

@test "a run: name, id, its beginning, @last, @best, a filter that one passes, a step" {
    for ref in lora-r16-s0 1111111111111111 1111 name=lora-r16-s0 'name:lora-r16-s0' 'final_hash=abcdef012345 name=lora-r16-s0'; do
        ask 0 show "$ref" --json
        [ "$(json .id)" = 1111111111111111 ]
        ask 0 log "$ref"
        ask 0 export "$ref" --as csv
    done
    ask 0 show @best --json
    [ "$(json .name)" = lora-r16-s1 ]
    ask 0 show @last:last --json
    for step in 10 best last; do
        ask 0 show "lora-r16-s0:$step" --json
    done
    ask 3 show method:lora
    complains "runs pass 'method:lora'" "one is needed" "tunebench ls"
    ask 3 show method:nothing
    complains filter
    ask 3 show nobody:400
    complains "no run 'nobody"
    ask 2 show lora-r16-s0:sometime
    complains "RUN:STEP"
    ask 2 show colour=red
    complains colour
    ask 3 export state:done --as csv
    ask 3 eval state:done
    complains "one is needed"
    ask 0 diff state:done
    says prefix20-s0 lora-r16-s1
    ask 2 diff name:full
    complains "2 to"
    ask 0 diff lora-r16-s0:10 lora-r16-s0
}

@test "what would be removed is asked for on a terminal only, and never with --no-input" {
    cp -a "$STORE" s.d
    ask 2 gc --store s.d
    complains "--yes"
    command -v script >/dev/null || skip "no script(1) to make a terminal"
    on_terminal() { script -qec "$1; echo code \$?" /dev/null; }
    out=$(on_terminal "$TB gc --store s.d --no-input" </dev/null)
    [[ $out == *"code 2"* && $out != *"[y/N]"* ]]
    out=$( (sleep 1; echo n) | on_terminal "$TB gc --store s.d")
    [[ $out == *"[y/N]"*"nothing was removed"*"code 0"* ]]
    ask 0 gc --store s.d --yes --no-input --csv
    [[ ${lines[1]} == *,yes* ]]
}
