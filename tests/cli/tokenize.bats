#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# tokenize.bats - text to ids and back: plain and as JSON, with the text of each token, and lines that are none.
load common

setup() {
    [ -e "$BASE" ] || skip "there is no $BASE"
}

tokens() { "$TB" tokenize --base "$BASE" "$@"; }

@test "pieces: each id beside its text, bytes that are none of their own as \\xNN" {
    run --separate-stderr tokens --pieces <<<'The "é"	.'
    [ "$status" -eq 0 ]
    says '"The"' '" \""' '"\xc3"' '"\xa9"' '"\t"' # of the tiny model's tokenizer
    [ "$(grep -o '[0-9]* "' <<<"$output" | tr -d '" ' | paste -sd ' ')" = "$(tokens <<<'The "é"	.')" ]
    run --separate-stderr tokens --pieces --json <<<'"The é"'
    [ "$(json '[.ids, .pieces | length] | unique | length')" = 1 ]
    [ "$(json '.pieces[0]')" = The ]
}

@test "decode: what was encoded comes back, bit for bit" {
    printf 'The caf\xc3\xa9 \xf0\x9f\x8d\xb5\n\n  two  blanks\n\033[2J\n' >"$BATS_TEST_TMPDIR/text"
    tokens <"$BATS_TEST_TMPDIR/text" | tokens --decode | cmp - "$BATS_TEST_TMPDIR/text"
    printf '"a\\u001b \\n \\u00e9"\n""\n' >"$BATS_TEST_TMPDIR/json"
    [ "$(tokens --json <"$BATS_TEST_TMPDIR/json" | tokens --json --decode | jq -s -c .)" \
        = "$(jq -s -c . "$BATS_TEST_TMPDIR/json")" ]
    [ "$(echo '12,13  14' | tokens --decode)" = "$(echo '[12, 13, 14]' | tokens --decode --json | jq -r .)" ]
    [[ $(echo '12 13' | tokens --decode --pieces) =~ ^12\ \".*\"\ \ 13\ \".*\"$ ]]
}

@test "decode: lines that are no ids are told with their number" {
    run --separate-stderr tokens --decode <<<$'12\n12 x'
    [ "$status" -eq 1 ]
    complains "stdin:2: " "'x' is no token id"
    run --separate-stderr tokens --decode <<<-1
    [ "$status" -eq 1 ]
    complains "outside the vocabulary"
    run --separate-stderr tokens --decode <<<99999999999
    complains "outside the vocabulary"
    run --separate-stderr tokens --decode --json <<<'{"id": [1]}'
    [ "$status" -eq 1 ]
    complains "stdin:1: " "expected a list of token ids"
    run --separate-stderr tokens --decode --json <<<'[1.5]'
    [ "$status" -eq 1 ]
}
