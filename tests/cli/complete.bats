#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# complete.bats - what shells offer: the files in completions/, in the shells that are here.
load common

setup() {
    need_store
    export PATH=$(dirname "$TB"):$PATH
    cd "$BATS_TEST_TMPDIR"
}

next() { "$TB" --complete "$@" | cut -f 1 | paste -sd ' '; }

@test "--complete: new verbs and topics of help" {
    [ "$(next to)" = "top tokenize" ]
    [ "$(next sca)" = scan ]
    [ "$(next help rec)" = recipe ]
    [ "$(next help lo)" = "log lora loha" ]
    [[ " $(next help "")" == *" store"* ]]
    [[ " $(next plan --)" == *" --measure --serve "* ]]
    [[ " $(next top --)" == *" --once --interval "* ]]
    [ "$(next export --as "")" = "peft merged csv" ]
    [ "$(next export --table r)" = rows ]
    [ -z "$(next scan ./)" ]
}

@test "every verb completes all of its flags" {
    for v in $(tb help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
        [[ " $(next "$v" --)" == *" --store "* ]]
        flags=$(tb help "$v" | sed -n '/^Flags:/,$s/^  \(--[a-z0-9-]*\).*/\1/p')
        for f in $flags; do
            [[ " $(next "$v" "$f") " == *" $f "* ]] || { echo "$v $f"; false; }
        done
    done
}

@test "completion in zsh" {
    command -v zsh >/dev/null || skip "zsh is not installed"
    offered() {
        zsh -fc '
            compadd() { print -rl -- ${(P)@[-1]} }
            _files() { print FILES }
            words=("${@[2,-1]}") CURRENT=$(($# - 1))
            source $1' - "$TREE/completions/tunebench.zsh" "$@" | paste -sd ' '
    }
    [ "$(offered tunebench sho)" = show ]
    [ "$(offered tunebench show lora)" = "lora-r16-s1 lora-r16-s0" ]
    [ "$(offered tunebench show lora-r16-s0:b)" = lora-r16-s0:best ]
    [ "$(offered tunebench run x.lua --set schedule.name=co)" = "schedule.name=cosine schedule.name=constant" ]
    [ "$(offered tunebench run x.lua --set optim.b)" = "optim.beta1= optim.beta2=" ]
    [ "$(offered tunebench scan recipes/)" = FILES ]
    [ "$(offered tunebench help rec)" = recipe ]
}

@test "completion in fish" {
    command -v fish >/dev/null || skip "fish is not installed"
    export HOME=$BATS_TEST_TMPDIR
    offered() {
        fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$TREE/completions/tunebench.fish" "$1" | cut -f 1 |
            sort | paste -sd ' '
    }
    [ "$(offered 'tunebench sho')" = show ]
    [ "$(offered 'tunebench show lora')" = "lora-r16-s0 lora-r16-s1" ]
    [ "$(offered 'tunebench show lora-r16-s0:b')" = lora-r16-s0:best ]
    [ "$(offered 'tunebench run x.lua --set optim.b')" = "optim.beta1= optim.beta2=" ]
    mkdir rows
    : >rows/a.txt
    [ "$(offered 'tunebench scan ro')" = rows/ ]
    [ "$(offered 'tunebench help rec')" = recipe ]
}

@test "completion in bash" {
    offered() { completed_by_bash "$@"; }
    [ "$(offered 'tunebench sca')" = scan ]
    [ "$(offered 'tunebench help rec')" = recipe ]
    [ "$(offered 'tunebench show lora-r16-s0:')" = "best last 10 20" ]
    [ "$(offered 'tunebench run x.lua --set optim.b')" = "optim.beta1= optim.beta2=" ]
    [ "$(offered 'tunebench plan --set=optim.na')" = "optim.name=" ]
}
