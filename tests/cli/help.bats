#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
load common

verbs() { tb help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p'; }

@test "every verb has help that begins with examples of that verb" {
    [ "$(verbs | wc -l)" -ge 5 ]
    for v in $(verbs); do
        ask 0 "$v" --help
        [ "${lines[0]}" = Examples: ]
        says "  tunebench $v" "Flags:" "--store DIR"
        first=$output
        ask 0 help "$v"
        [ "$output" = "$first" ]
        [ -z "$stderr" ]
    done
}

@test "help wins over whatever else is on the line" {
    ask 0 ls --no-such-flag --help
    says "Examples:"
    ask 0 --help ls
    says "tunebench ls [FILTER]"
}

@test "without words it is the workbench, which needs a terminal and names what does not" {
    ask 2
    complains "needs a terminal" "tunebench ls" "tunebench watch --plain" "tunebench help"
    ask 2 --store nowhere
    complains "needs a terminal"
}

@test "help lists the verbs" {
    ask 0 --help
    says "Verbs:"
}

@test "version in GNU form" {
    ask 0 --version
    [[ ${lines[0]} =~ ^tunebench\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
    says "License MIT" "NO WARRANTY"
}

@test "an unknown verb: the nearest one, exit code 2" {
    ask 2 shwo
    complains "no verb 'shwo'" "'show'"
    [ -z "$output" ]
    ask 2 help shwo
    complains "'show'"
    ask 2 xyzzyx
    complains "tunebench help"
    ask 2 --store x --json
    complains "a verb is missing"
    ask 2 --versoin
    complains "--version"
}

@test "nothing of the help is wider than 80 columns but commands" {
    ask 0 help
    [ -z "$(awk 'length > 80' <<<"$output")" ]
    [ "$(sed -n '/^Verbs:/,/^$/p' <<<"$output" | grep -c '^    ')" -eq 0 ]
    for v in $(verbs); do
        ask 0 help "$v"
        [ -z "$(sed '1,/^$/d' <<<"$output" | awk 'length > 80 { print v, $0 }' v="$v" | tee /dev/stderr)" ]
    done
}

@test "keys of methods, of data and of every run, with ranges and defaults" {
    ask 0 help lora
    says "rank of the update" "an integer from 1 to 4096; default 8" "default: r x 2" "default q+v" "default 0.0005" "none"
    for m in dora prefix prompt ia3 oft loha full pairs jsonl text; do
        ask 0 help "$m"
        says "$m: " "Keys"
        [ -z "$stderr" ]
    done
    ask 0 help pairs
    says "--data pairs:FILE" "default ||" "path"
    ask 0 help keys
    says "optim.beta2" "default 0.999" "seed" "one of cosine, linear, constant; default cosine" "budget.n" "must be given"
    ask 2 help lroa
    complains "'lora'"
}

@test "recipes that come with the program are found from anywhere" {
    [ -e "$BASE" ] || skip "there is no $BASE"
    cd "$BATS_TEST_TMPDIR"
    ask 0 plan recipes/compare-three.lua --json
    [ "$(json '.runs | length')" = 4 ]
    ask 3 plan recipes/no-such.lua
    complains "recipes/no-such.lua"
    mkdir recipes
    echo 'return 3' >recipes/compare-three.lua
    ask 4 plan recipes/compare-three.lua
}

@test "an unknown flag: the nearest one, exit code 2" {
    ask 2 ls --jsn
    complains "--jsn" "--json"
    ask 2 ls --colour never
    complains "--color"
    ask 2 ls -j
    complains "two dashes"
    ask 2 ls -h
    complains "--help"
}

@test "flags: values, repetition, the end of flags" {
    ask 2 ls --store
    complains "--store needs a value"
    ask 2 ls --json=yes
    complains "takes no value"
    ask 2 ls --store a --store b
    complains "given twice"
    ask 2 ls --color blue
    complains "auto, always or never"
    ask 2 ls --json --csv
    complains "exclude each other"
    cd "$BATS_TEST_TMPDIR"
    ask 0 ls -- --json
    says "No runs yet"
}

@test "words too many or too few: usage, exit code 2" {
    ask 2 show
    complains "usage: tunebench show RUN"
    ask 2 diff one
    complains "usage: tunebench diff A B"
    ask 2 doctor now
    complains "'now'"
}

@test "an answer that cannot be written is a failure" {
    [ -w /dev/full ] || skip "no /dev/full"
    run bash -c '"$1" help >/dev/full' - "$TB"
    [ "$status" -eq 1 ]
    [[ $output == *"No space left"* ]]
}
