#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# compare.bats - the report of a comparison in each of its forms, of runs that were made up and of a search that is
# trained here; what it says where a comparison is not fair, and what it refuses.
load common

setup() { need_store; }

need_seeds() {
    SEEDS=$BATS_FILE_TMPDIR/seeds.d
    [ -d "$SEEDS" ] || TUNEBENCH_NOW=2026-01-02T03:04:05Z "$MAKE_STORE" seeds "$SEEDS"
    export TUNEBENCH_STORE=$SEEDS
}

# need_sweep: a search of two methods with few tokens, once for the file; its worker has left when the tests begin.
need_sweep() {
    [ -e "$BASE" ] || skip "there is no $BASE"
    export TUNEBENCH_STORE=$BATS_FILE_TMPDIR/sweep.d
    [ -d "$TUNEBENCH_STORE" ] && return
    cat >"$BATS_FILE_TMPDIR/search.lua" <<LUA
local t = require "tunebench"
return t.sweep {
  base = t.model "$BASE", data = t.pairs { "$TREE/data/places.txt", eval = 0.1 },
  budget = t.tokens(1200), batch = 4, eval = { rows = 4, every = t.tokens(400) }, exec = { threads = 1 },
  method = t.one_of { t.lora { r = t.choice { 2, 4 }, lr = t.log_uniform(1e-4, 1e-3) },
                      t.prompt { tokens = 8, lr = t.log_uniform(1e-4, 1e-1) } },
  per = "method", search = t.random { trials = 3 }, prune = t.asha { min = t.tokens(400), eta = 3 },
  seed = t.grid { 0, 1 },
}
LUA
    TUNEBENCH_IDLE_S=0 "$TB" sweep "$BATS_FILE_TMPDIR/search.lua" --threads 1 >/dev/null 2>&1
    for lock in "$TUNEBENCH_STORE"/worker/*.lock; do
        flock -w 30 "$lock" true
    done
}

well_formed() { # FILE: as XML, which the pages are too
    command -v xmllint >/dev/null || skip "xmllint is not installed"
    xmllint --noout "$1"
}

@test "runs: seeds make arms, each against the first, tests corrected, costs, what is not known" {
    need_seeds
    ask 0 compare state:done
    says "VERDICT" "lora-r16 has the lowest loss" "against A: " "p corrected for 2 tests" "RESULTS" "(reference)" \
        "lora+prompt" "COST" "CHECKS" "NO: runs that were named, not a search" "every arm has 3 seeds or more" \
        "METHOD" "permutation test" "Holm" "REPRODUCE" "command    tunebench run" "RECIPE" "return 1"
    ask 0 compare state:done --json
    [ "$(json '.arms | map(.seeds) | @json')" = '[3,3,3]' ]
    [ "$(json '.arms[2] | .difference > 0.29 and .difference_low > 0 and .p_holm < 0.05')" = true ]
    [ "$(json '.arms[1] | .p_holm > 0.05')" = true ]
    [ "$(json '.arms[0].runs | length')" = 3 ]
    [ "$(json '[.checks[] | select(.name == "row order") | .ok] | @json')" = '[true]' ]
    [ "$(json '.curves[0].tokens | length')" -ge 2 ]
}

@test "another reference, by letter or name; one nobody has" {
    need_seeds
    ask 0 compare state:done --against C --json
    [ "$(json '.reference')" = C ]
    [ "$(json '.arms[0].difference < 0')" = true ]
    ask 0 compare state:done --against lora-r4 --json
    [ "$(json '.reference')" = B ]
    ask 3 compare state:done --against nobody
    complains "no arm 'nobody'"
}

@test "CSV has a line for each arm, exact and empty where unknown" {
    need_seeds
    ask 0 compare state:done --csv
    [ "$(wc -l <<<"$output")" = 4 ]
    says "arm,name,method,runs,seeds,eval_loss,low,high" ",lora-r16,"
    [[ $output != *nan* ]]
    ask 0 compare state:done --plain
    [ "$(awk -F'\t' '{ print NF }' <<<"$output" | sort -u | wc -l)" = 1 ]
}

@test "a page that needs nothing else, in text too; Markdown; by the name of the file" {
    need_seeds
    ask 0 compare state:done --html "$BATS_TEST_TMPDIR/a.html" --md "$BATS_TEST_TMPDIR/a.md"
    says "VERDICT"
    well_formed "$BATS_TEST_TMPDIR/a.html"
    ask 0 compare state:done -o "$BATS_TEST_TMPDIR/b.html"
    cmp "$BATS_TEST_TMPDIR/a.html" "$BATS_TEST_TMPDIR/b.html"
    ask 0 compare state:done -o "$BATS_TEST_TMPDIR/b.md"
    cmp "$BATS_TEST_TMPDIR/a.md" "$BATS_TEST_TMPDIR/b.md"
    [ -z "$(grep -nE 'https?:|<script|<link|<img|src=|url\(|@import' "$BATS_TEST_TMPDIR/a.html")" ]
    grep -q 'prefers-color-scheme: dark' "$BATS_TEST_TMPDIR/a.html"
    [ "$(grep -c 'role="img"' "$BATS_TEST_TMPDIR/a.html")" = 6 ]
    [ "$(grep -c '<desc id=' "$BATS_TEST_TMPDIR/a.html")" = 6 ]
    grep -q '^| A | lora-r16 |' "$BATS_TEST_TMPDIR/a.md"
    ask 1 compare state:done --html "$BATS_TEST_TMPDIR/no/folder/x.html"
}

@test "names cannot leave their place in a page or on a terminal" {
    ask 0 compare lora-r16-s0 7777 -o "$BATS_TEST_TMPDIR/evil.html"
    well_formed "$BATS_TEST_TMPDIR/evil.html"
    [ -z "$(grep $'\x1b' "$BATS_TEST_TMPDIR/evil.html")" ]
    ask 0 compare lora-r16-s0 7777
    [[ $output != *$'\x1b'* ]]
}

@test "one seed is called too few, what failed is named, other budgets are" {
    ask 0 compare lora-r16-s0 prefix20-s0 4444 7777
    says "full-s0 failed (divergence: loss is NaN at step 12): left out" "fewer than 3 seeds" "C: another budget" \
        "C: runs that have not come to their end" "one seed only"
    ask 0 compare lora-r16-s0 prefix20-s0 4444 --json
    [ "$(json '.left_out[0].name')" = full-s0 ]
    [ "$(json '.arms[1].p_seeds')" = null ]
}

@test "seeds of one arm are compared with each other" {
    need_seeds
    ask 0 compare lora-r16-s0 lora-r16-s1 lora-r16-s2 --json
    [ "$(json '.arms | map(.seeds) | @json')" = '[1,1,1]' ]
    ask 3 compare lora-r16-s0 lora-r16-s1 --group seed
    complains "one arm"
}

@test "bad words: one run, nothing, no results, a filter that passes nothing, another store" {
    ask 2 compare
    ask 2 compare lora-r16-s0
    complains "is one run"
    ask 3 compare nothing
    ask 3 compare prompt20-s0 4444
    complains "0 arms with results" "has no evaluation (queued)"
    ask 3 compare lora-r16-s0 prompt20-s0
    complains "1 arm with results" "has no evaluation (queued)"
    ask 3 compare method:nothing
    ask 2 compare lora-r16-s0 prefix20-s0 --group wrong
    ask 3 compare lora-r16-s0 prefix20-s0 --store "$BATS_TEST_TMPDIR/none.d"
    ask 2 compare lora-r16-s0 prefix20-s0 --html "$BATS_TEST_TMPDIR"
    complains "is a folder"
}

@test "a store that cannot be written to is read" {
    [ "$(id -u)" != 0 ] || skip "root may write everywhere"
    cp -r "$STORE" "$BATS_TEST_TMPDIR/fixed.d"
    chmod -R a-w "$BATS_TEST_TMPDIR/fixed.d"
    ask 0 compare lora-r16-s0 prefix20-s0 --store "$BATS_TEST_TMPDIR/fixed.d"
    chmod -R u+w "$BATS_TEST_TMPDIR/fixed.d"
}

@test "a sweep: finalists with their seeds, equal search, own rates, the edge of a range, what was pruned and why" {
    need_sweep
    ask 0 compare @last
    says "settings were chosen by eval/loss of the very rows" "without the seed that was chosen the differences are B "
    says "yes: as many trials for each arm, with the same budget: A 3 trials of 1200 tokens" \
        "yes: each arm's learning rate was found by its search" "yes: the search came to its end" "SEARCH" \
        "random search, 3 trials an arm, seed 0, pruned by asha" "fewer than 3 seeds" "lr " " of 1e-4 .. 1e-3" \
        "is a little too good" "held-out prompts: intervals from so few are too narrow"
    ask 0 compare @last --json
    [ "$(json '.arms | map(.seeds) | @json')" = '[2,2]' ]
    [ "$(json '.arms | map(.trials) | @json')" = '[3,3]' ]
    [ "$(json '[.sweep.trials[] | select(.fate == "finalist")] | length')" = 2 ]
    [ "$(json '[.sweep.trials[] | select(.fate == "pruned") | .reason | test("rung [0-9]+ ")] | all')" = true ]
    [ "$(json '.sweep.rungs[0] == 400')" = true ]
    local id
    id=$(json .sweep.id)
    ask 0 compare "${id:0:6}" -o "$BATS_TEST_TMPDIR/s.html"
    well_formed "$BATS_TEST_TMPDIR/s.html"
    grep -q 'chart-rungs' "$BATS_TEST_TMPDIR/s.html"
}

@test "merging: what can be folded is written, read back and compared; what cannot is named; nothing is left" {
    need_sweep
    mkdir "$BATS_TEST_TMPDIR/t"
    run env TMPDIR="$BATS_TEST_TMPDIR/t" "$TB" compare @last --merge
    [ "$status" = 0 ]
    says "lora-r" "logits differ by at most" "prompt cannot be merged: it does more than change weights"
    [ -z "$(ls "$BATS_TEST_TMPDIR/t")" ]
    ask 0 compare @last
    says "Not looked at: compare --merge"
    for pause in 0.1 0.2 0.3 0.4; do
        TMPDIR=$BATS_TEST_TMPDIR/t "$TB" compare @last --merge >/dev/null 2>&1 3>&- &
        pid=$!
        sleep "$pause"
        kill -TERM "$pid" 2>/dev/null || true
        wait "$pid" || true
        [ -z "$(ls "$BATS_TEST_TMPDIR/t")" ]
    done
}

@test "a sweep that is not over is shown as it stands, with what is missing and how it goes on" {
    need_sweep
    cp -r "$TUNEBENCH_STORE" "$BATS_TEST_TMPDIR/cut here.d"
    sed -i '$d' "$BATS_TEST_TMPDIR"/cut\ here.d/sweeps/*/events.jsonl
    ask 0 compare @last --store "$BATS_TEST_TMPDIR/cut here.d"
    says "NO: the search is not over" "the sweep is not over (left); go on: tunebench sweep " \
        " --resume --store '$BATS_TEST_TMPDIR/cut here.d'"
    [[ $output != *"clone "*--seeds* ]]
    ask 0 compare @last --store "$BATS_TEST_TMPDIR/cut here.d" --json
    [ "$(json '.verdict.settle | test("--resume")')" = true ]
    sed -i '2,$d' "$BATS_TEST_TMPDIR"/cut\ here.d/sweeps/*/events.jsonl
    ask 3 compare @last --store "$BATS_TEST_TMPDIR/cut here.d"
    complains "0 arms with results" "has no trial with a result" \
        "still missing: lora 3 of 3 trials and 1 of 1 other seeds"
}

@test "another text: its rows take the place of those that chose, and whether they are new to the runs is looked at" {
    need_sweep
    head -45 "$TREE/data/places-new.txt" >"$BATS_TEST_TMPDIR/new rows.txt"
    head -12 "$TREE/data/style.txt" >"$BATS_TEST_TMPDIR/general.txt"
    ask 0 compare @last --data "$BATS_TEST_TMPDIR/new rows.txt" --metric bleu --metric slots --threads 1 \
        --forget "text:$BATS_TEST_TMPDIR/general.txt,rows=line" --json
    complains "the base: loss " "(5 of 5)"
    answer=$output
    [ "$(json '.measured | [.n_rows, .n_prompts, .n_known] | @json')" = '[45,15,0]' ]
    [ "$(json '[.checks[] | select(.name == "selection") | .ok] | @json')" = '[true]' ]
    [ "$(json '[.arms[].forget | type] | unique | @json')" = '["number"]' ]
    [ "$(json '.measured.base_scores.bleu | type')" = number ]
    [ "$(json '[.arms[] | .bleu_high >= .bleu and .bleu >= .bleu_low] | all')" = true ]
    base=$(json '.measured.base_loss')
    first=$(json '.arms[0].runs | if type == "array" then .[0] else split(",")[0] end')
    seeds=$(json '.arms[0].seeds')
    loss=$(json '.arms[0].eval_loss')

    # the same numbers as eval's, the mean over the arm's seeds
    ask 0 eval "$first" --data "$BATS_TEST_TMPDIR/new rows.txt" --threads 1 --json
    [ "$(json '.n_rows')" = 45 ]
    [ "$(json "(.base.loss - $base) | fabs < 1e-9")" = true ]
    sum=0
    for run in $(jq -r '.arms[0].runs | if type == "array" then .[] else split(",")[] end' <<<"$answer"); do
        ask 0 eval "$run" --data "$BATS_TEST_TMPDIR/new rows.txt" --threads 1 --json
        sum=$(json "$sum + .loss")
    done
    [ "$(jq -n "($sum / $seeds - $loss) | fabs < 1e-9")" = true ]

    ask 0 compare @last --data "$BATS_TEST_TMPDIR/new rows.txt" --threads 1
    says "Loss on the 45 rows of new rows.txt" "The base without an adapter" "none of its 15 prompts is in"
    sed -n 1,30p "$TREE/data/places.txt" >"$BATS_TEST_TMPDIR/old.txt"
    ask 0 compare @last --data "$BATS_TEST_TMPDIR/old.txt" --threads 1
    says "NO: 10 of the 10 prompts of old.txt are in the runs' own data"
    ask 0 compare @last --json
    [ "$(json '.measured')" = null ]
}

@test "another text: what cannot be measured" {
    need_sweep
    ask 2 compare @last --metric bleu
    complains "--metric is of texts behind the prompts of --data"
    ask 3 compare @last --data "$BATS_TEST_TMPDIR/nobody.txt"
    complains "nobody.txt"
    printf 'no separator here\n' >"$BATS_TEST_TMPDIR/bad.txt"
    ask 1 compare @last --data "pairs:$BATS_TEST_TMPDIR/bad.txt"
    complains "bad.txt"
    ask 4 compare @last --data "$TREE/data/places-new.txt" --metric blau
    complains "bleu"
    # shellcheck disable=SC2046
    ask 2 compare @last --data "$TREE/data/places-new.txt" $(seq -f '--metric bleu%g' 17)
    complains "--metric: at most 16"
    ask 2 compare @last --data "$TREE/data/places-new.txt" --threads many
    complains "--threads"
}
