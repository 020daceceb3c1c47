#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# score.bats - metrics of texts in files: JSON lines or lines beside lines, forms of the answer, and what is refused.
load common

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    cat >rows.jsonl <<'ROWS'
{"prompt": "name[Old Owl], area[harbour]", "output": "Old Owl is by the harbour.", "references": ["Old Owl is by the harbour."]}
{"prompt": "name[Old Mill], area[market]", "output": "Old Mill is far away.", "references": ["Old Mill is on the market.", "Old Mill is at the market"]}

{"prompt": "name[Old Mill], area[market]", "output": "", "reference": "Old Mill is on the market."}
ROWS
}

@test "rows of JSON: the usual metrics, with intervals and how many rows count" {
    ask 0 score rows.jsonl
    says "bleu" "chrf" "rougeL" "exact" "slots_all" "3 rows of 2 prompts"
    ask 0 score rows.jsonl --json
    [ "$(json '.metrics | keys | join(" ")')" = "bleu chrf exact rougeL slots slots_all" ]
    [ "$(json '.metrics.slots.value, .metrics.slots_all.value, .n_prompts')" = "$(printf '0.5\n0.3333333333333333\n2')" ]
    [ "$(json '.metrics.exact | .low <= .value and .value <= .high')" = true ]
    [ "$(json '.rows')" = null ]
}

@test "lines beside lines, several references: sacrebleu's value" {
    printf 'the cat sat on the mat\nthe cat sat on a mat today\n' >out.txt
    printf 'the cat sat on the mat\nthe cat is on the mat\n' >a.txt
    printf 'the cat sat on a mat\r\nthere is a cat on the mat\n' >b.txt
    ask 0 score --outputs out.txt --references a.txt --references b.txt --metric bleu --json
    [ "$(json '.metrics.bleu.value * 1e6 | round')" = 54451788 ]
    [ "$(json '.metrics.bleu.n_rows')" = 2 ]
}

@test "rows: a line each in every form" {
    ask 0 score rows.jsonl --rows --csv --metric exact --metric 'far=regex:(?i)FAR' --metric contains:old
    [ "$(tr -d '\r' <<<"$output")" = "$(printf 'row,exact,far,contains\n1,1,0,1\n2,0,1,1\n3,0,0,0')" ]
    ask 0 score rows.jsonl --rows --json --metric slots
    [ "$(json '[.rows[].slots] | @csv')" = "1,0.5,0" ]
    ask 0 score rows.jsonl --rows --metric slots
    [ "${#lines[@]}" -eq 4 ]
}

@test "perplexity from the losses of rows, weighted by tokens" {
    printf '{"output": "a", "loss": 1, "n_tok": 10}\n{"output": "b", "loss": 3, "n_tok": 30}\n' >loss.jsonl
    ask 0 score loss.jsonl --json
    [ "$(json '(.metrics.perplexity.value * 1000 | round), .metrics.perplexity.better')" = "$(printf '12182\nlower')" ]
}

@test "the list names every metric and matcher" {
    ask 0 score --list
    says bleu chrfpp rouge2 slots_all perplexity regex:PATTERN number:PATTERN
    ask 0 score --list --json
    [ "$(json length)" -ge 16 ]
}

@test "what cannot be scored is refused with the place" {
    ask 2 score
    complains "score what?"
    ask 2 score rows.jsonl --outputs x
    complains "instead"
    ask 2 score rows.jsonl --metric blue
    complains "did you mean 'bleu'?"
    ask 2 score rows.jsonl --metric 'regex:('
    complains "metric regex" "byte 1"
    ask 2 score rows.jsonl --metric regex:a --metric regex:b
    complains "two metrics are called 'regex'"
    ask 3 score none.jsonl || ask 1 score none.jsonl
    echo '{"output": "x"}' >bare.jsonl
    ask 2 score bare.jsonl
    complains "neither references nor slots"
    ask 1 score bare.jsonl --metric bleu
    complains "row 1 has no reference, which 'bleu' needs"
    printf '{"output": "x", "references": ["y"]}\n{"output": 1}\n' >bad.jsonl
    ask 1 score bad.jsonl
    complains "bad.jsonl:2: " "must be strings"
    printf '{"output": "a\\u0000b"}\n' >zero.jsonl
    ask 1 score zero.jsonl
    printf 'one\ntwo\n' >two.txt
    echo one >one.txt
    ask 1 score --outputs two.txt --references one.txt
    complains "one.txt: 1 lines beside 2 outputs"
    : >empty
    ask 1 score empty
    complains "no rows"
    mkfifo pipe
    ask 1 score pipe
}

@test "invalid bytes and long lines are only text" {
    { printf '\xff\xfe bad \xe2\x80\n'; head -c 300000 /dev/zero | tr '\0' 'a'; echo; } >out.txt
    ask 0 score --outputs out.txt --references out.txt --json
    [ "$(json '.metrics.exact.value')" = 1 ]
    ask 0 score --outputs out.txt --references out.txt --rows
}

@test "recipes: eval.metrics takes these names and t.match, and nothing else" {
    [ -e "$BASE" ] || skip "there is no $BASE"
    seq 60 | sed 's/.*/row & | asks || for &/' >data.txt
    recipe() {
        printf 'local t = require "tunebench"\nreturn t.run { base = t.model "%s", data = t.pairs "data.txt", budget = t.steps(1),
            method = t.lora { r = 1 }, eval = { metrics = %s } }\n' "$BASE" "$1" >r.lua
    }
    recipe '{ "loss", "bleu", t.match { pattern = "^[A-Z]", kind = "regex", name = "capital" }, t.match "far" }'
    ask 0 plan r.lua --json
    recipe '{ t.match { pattern = "a", name = "same" }, t.match { pattern = "b", name = "same", kind = "exact" } }'
    ask 4 plan r.lua
    complains "two metrics are called 'same'"
    recipe '{ "blue" }'
    ask 4 plan r.lua
    complains "eval.metrics" "did you mean 'bleu'?"
    recipe '{ t.match { pattern = "(", kind = "regex" } }'
    ask 4 plan r.lua
    complains "eval.metrics" "byte 1"
    recipe '{ t.match { pattern = "x", kind = "regexp" } }'
    ask 4 plan r.lua
    complains "r.lua:3" "contains, exact, regex or number"
    recipe '{ t.match { patern = "x" } }'
    ask 4 plan r.lua
    complains "did you mean 'pattern'?"
}
