#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# words.bats - what a refusal says: the flag as it was written, the value that was given, the limit that it passed, and
# nothing of what was not asked. The store is that of make_store, which has no model.
load common

setup() {
    cd "$BATS_TEST_TMPDIR"
}

# never WORD..: none of them was said on stderr.
never() {
    local word
    for word; do
        case $stderr in
        *"$word"*)
            printf 'with "%s":\n%s\n' "$word" "$stderr"
            return 1
            ;;
        esac
    done
}

tiny() {
    [ -e "$BASE" ] || skip "there is no $BASE"
    PLAN=(plan --base "$BASE" --data "$TREE/data/places.txt" --budget 1k)
}

@test "numbers: flags of one letter, no upper limit where there is none, the limit where there is one" {
    need_store
    ask 2 generate lora-r16-s0 --prompt a -n 0
    complains " -n 0: expected a whole number from 1 to 4096"
    ask 2 show lora-r16-s0 --batch -1
    complains "--batch -1: expected a whole number from 1 on"
    tiny
    ask 4 "${PLAN[@]}" --method lora --set seed=9223372036854775807
    complains "from 0 to 2^53"
    ask 4 "${PLAN[@]}" --method lora --set lr=0
    complains "above 0, at most 100, not 0"
    ask 0 help recipe
    says "above 0, at most 100"
}

@test "a store whose place is taken by a file" {
    echo text >file.d
    ask 3 ls --store file.d
    complains "file.d: this is a file, and a store is a folder"
    tiny
    ask 3 run "${PLAN[@]:1}" --method lora --store file.d
    complains "this is a file, and a store is a folder"
}

@test "an empty name for the answer" {
    need_store
    ask 2 ls -o ''
    complains "--output '': expected a name (FILE)"
    ask 2 plot lora-r16-s0 -o ''
    complains "-o '': expected a name (FILE)"
}

@test "set: a value that is none is told before what a finished run takes" {
    need_store
    ask 2 set lora-r16-s0 lr=2e-4
    complains "clone RUN --set lr=2e-4"
    run --separate-stderr "$TB" set lora-r16-s0 lr=nan
    [ "$status" -ne 0 ]
    complains "lr=nan" "above 0, at most 100"
    never "clone RUN"
}

@test "plot: a part of the axis where nothing is" {
    need_store
    ask 2 plot lora-r16-s0 --from 1e300
    complains "--from 1e+300: nothing is there; step goes from 1 to 20"
    ask 2 plot lora-r16-s0 --from 100 --to 200
    complains "--from 100: nothing is there; step goes from 1 to 20"
    ask 2 plot lora-r16-s0 --to -5
    complains "--to -5: nothing is there"
    ask 0 plot lora-r16-s0 --from 10 --to 200
}

@test "names are whole, and have a limit" {
    tiny
    ask 0 "${PLAN[@]}" --method lora --set exec.name=a-name-of-more-than-16-letters --json
    [ "$(json '.runs[0].name')" = a-name-of-more-than-16-letters ]
    ask 4 "${PLAN[@]}" --method lora --set "exec.name=$(printf '%065d' 0)"
    complains "exec.name: a name has at most 64 bytes"
    need_store
    ask 2 clone lora-r16-s0 --name "$(printf '%065d' 0)" --dry-run
    complains "--name: a name has at most 64 bytes"
}

@test "tokenize --decode: the id as it was given" {
    tiny
    for id in -5 2147483648 99999; do
        printf '%s\n' "$id" >ids
        run --separate-stderr "$TB" tokenize --base "$BASE" --decode <ids
        [ "$status" -eq 1 ]
        complains "token id $id is outside the vocabulary, 0 to "
        printf '[%s]\n' "$id" >ids
        run --separate-stderr "$TB" tokenize --base "$BASE" --decode --json <ids
        [ "$status" -eq 1 ]
        complains "token id $id is outside"
    done
}

@test "a tokenizer.json with an id that is no number" {
    tiny
    for id in 1.5 '"x"'; do
        cp -rL "$BASE" "model-$id"
        chmod -R u+w "model-$id"
        jq ".model.vocab |= with_entries(if .value == 300 then .value = $id else . end)" "$BASE/tokenizer.json" \
            >"model-$id/tokenizer.json"
        ask 1 eval --base "./model-$id" --data "$TREE/data/places.txt"
        complains tokenizer.json "has the id $id; expected a whole number"
    done
}

@test "generate --row: the flag, not the protocol of chat" {
    tiny
    ask 2 generate --base "$BASE" --data "$TREE/data/places.txt" --row -1
    complains "--row -1: expected a row's number, from 0 on"
    ask 2 generate --base "$BASE" --data "$TREE/data/places.txt" --row 999999
    complains "row: expected a whole number from 0 to"
    never '"ask"'
}

@test "a pattern that matches no module, or is none" {
    tiny
    ask 4 "${PLAN[@]}" --method 'lora:rank_pattern=nonsense=64'
    complains "rank_pattern: 'nonsense' matches none of its modules"
    ask 4 "${PLAN[@]}" --method 'lora:alpha_pattern=o_proj=64'
    complains "alpha_pattern: 'o_proj' matches none of its modules"
    ask 4 "${PLAN[@]}" --method 'loha:rank_pattern=(=64'
    complains "rank_pattern: '(' cannot be read: regular expression, byte 1"
    ask 0 "${PLAN[@]}" --method 'lora:rank_pattern=q_proj=64'
}

@test "a rank above what its matrix has" {
    tiny
    ask 0 "${PLAN[@]}" --method lora:r=512,targets=q
    says "rank 512 is above" "it costs more and expresses no more"
    ask 0 "${PLAN[@]}" --method lora:r=8,targets=q
    [[ $output != *"rank 8 is above"* ]]
    ask 0 "${PLAN[@]}" --method lora:r=512,targets=q --json
    [[ $(json '.runs[0].excess') == "rank 512 is above"* ]]
}

@test "a pipe in the place of config.json, of rows" {
    tiny
    cp -rL "$BASE" piped
    chmod -R u+w piped
    rm piped/config.json
    mkfifo piped/config.json rows.json
    run --separate-stderr timeout 20 "$TB" eval --base ./piped --data "$TREE/data/places.txt"
    [ "$status" -eq 1 ]
    complains "config.json: is neither a file nor a folder"
    run --separate-stderr timeout 20 "$TB" trace --base "$BASE" --rows rows.json -o out.safetensors
    [ "$status" -eq 1 ]
    complains "rows.json: is neither a file nor a folder"
}

@test "a recipe with slips: the line of the key, the likely word" {
    printf '%s\n' 'local t = require "tunebench"' 'return t.sweep {' '  base = t.model "tiny",' '  eval = {' '    rows = 4,' \
        '    evxry = 3,' '  },' '}' >typo.lua
    ask 4 plan typo.lua
    complains "typo.lua:6: eval has no 'evxry'; did you mean 'every'?"
    printf 'local t = require "tunebench"\nlocal m = t.loxa {}\n' >loxa.lua
    ask 4 plan loxa.lua
    complains "loxa.lua:2: tunebench has no 'loxa'; did you mean 'lora'?"
}
