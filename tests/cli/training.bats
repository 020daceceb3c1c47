#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# training.bats - what a recipe may ask of training besides its method: schedules, an early end, bounds, probes of the
# rate, checkpoints that stay, samples. On a random base of a few thousand parameters.
load common

setup() {
    need_verb run
    [ -e "$BASE/tokenizer.json" ] || skip "there is no $BASE"
    cd "$BATS_TEST_TMPDIR"
    export TUNEBENCH_STORE=$BATS_TEST_TMPDIR/store.d
}

# recipe KEYS: the usual run with these keys, as $RECIPE.
recipe() {
    RECIPE=$BATS_TEST_TMPDIR/run.lua
    cat >"$RECIPE" <<LUA
local t = require "tunebench"
return t.run {
  base = t.scratch { tokenizer = "$BASE", d = 16, layers = 2, heads = 2, kv_heads = 1, ff = 24, context = 192,
                     init = "normal" },
  data = t.pairs { "$TREE/data/places.txt", eval = 0.1 },
  method = t.lora { r = 4 },
  $1
}
LUA
}

@test "a linear schedule: the rate falls in a line to its floor" {
    recipe 'budget = t.steps(6), batch = 2, eval = { rows = 8 },
            schedule = { name = "linear", warmup = 0, floor = 0.5 }, optim = { lr = 0.01 }'
    ask 0 run "$RECIPE"
    ask 0 show @last --json
    [ "$(json '[.train.lr[] * 1000 | round] | @json')" = '[10,9,8,7,6,5]' ]
    ask 4 plan "$RECIPE" --set schedule.name=lineal
    complains "cosine, linear, constant"
}

@test "patience ends a run early: done, with the reason; the comparison tells its tokens" {
    recipe 'budget = t.steps(40), batch = 2, eval = { rows = 8, every = t.steps(2) },
            optim = { lr = 1e-30 }, stop = { patience = t.grid { 0, 3 } }'
    sed -i s/t.run/t.sweep/ "$RECIPE"
    ask 0 run "$RECIPE" --json
    [ "$(json 'map(.state) | unique | join(" ")')" = done ]
    [ "$(json '.[0].tokens > 5 * .[1].tokens')" = true ]
    ask 0 ls --json
    [ "$(json 'map([.step, .ended_by]) | @json')" = '[[40,"budget"],[6,"patience"]]' ]
    ask 0 show @last
    says "ended by" "patience" "no improvement in 3 evaluations"
    ask 0 log @last
    says "patience" "no improvement in 3 evaluations; the best is"
    ask 0 resume --all
    says "nothing to go on with"
}

@test "max_trainable: a recipe error that names run, share, bound and what to lower" {
    recipe 'budget = t.steps(4), batch = 2, max_trainable = 0.001'
    ask 4 plan "$RECIPE"
    complains "lora-r4-s0: trains" "a share of 0." "above max_trainable = 0.001" "lower method.lora.r = 4 or" \
        "method.lora.targets"
    ask 4 run "$RECIPE"
    [ ! -e "$TUNEBENCH_STORE"/runs/*/run.h5 ]
    ask 0 plan "$RECIPE" --set max_trainable=0.5 --json
    id=$(json '.runs[0].id')
    ask 0 plan "$RECIPE" --set max_trainable=0 --json
    [ "$(json '.runs[0].id')" = "$id" ]
    ask 4 plan "$RECIPE" --set max_trainable=7
    complains "max_trainable must be a number from 0 to 1"
}

@test "the best checkpoints stay, and show says why" {
    recipe 'budget = t.steps(12), batch = 2, eval = { rows = 8, every = t.steps(2) }, exec = { keep_best = 3 },
            optim = { lr = 3 }, schedule = { name = "constant", warmup = 0 }'
    ask 0 run "$RECIPE"
    ask 0 show @last --json
    best=$(json '[.evals[] | select(.step > 0)] | sort_by(.loss, .step) | .[:3] | map(.step) | sort | @json')
    [ "$(json '[.checkpoints[] | select(.kept | index("best")) | .step] | sort | @json')" = "$best" ]
    [ "$(json '.checkpoints[-1] | [.step, (.kept | index("newest") != null)] | @json')" = '[12,true]' ]
    [ "$(json '[.checkpoints[] as $c | .evals[] | select(.step == $c.step) | .loss == $c.eval] | all')" = true ]
    [ "$(json '.checkpoints | map(.rank) | index(1) != null')" = true ]
    ask 0 show @last
    says "stays as" "best (2nd)" "best (3rd)" "newest" "000012.h5"
    ask 0 tag @last --at 12 +end
    says "tags end" "undo: tunebench tag" "--at 12 -end"
    ask 0 show @last
    says "tagged end"
    ask 0 tag @last --at 12
    says "tags end"
    ask 3 tag @last --at 1 +none
    complains "has no checkpoint of step 1"
    ask 0 gc --dry-run
    says "nothing to remove"
}

@test "samples: the same rows at each evaluation, with their losses, the worst first" {
    recipe 'budget = t.steps(4), batch = 2, eval = { rows = 8, every = t.steps(2), samples = 3 }'
    ask 0 run "$RECIPE"
    ask 0 show @last --samples --json
    [ "$(json '[.step, (.samples | length)] | @json')" = '[4,3]' ]
    [ "$(json '[.samples[] | (.loss > 0) and (.n_tok > 0) and (.prompt | test("name")) and (.output | length) > 5] | all')" \
        = true ]
    rows=$(json '.samples | map(.row_id) | @json')
    ask 0 show @last:2 --samples --json
    [ "$(json '.step')" = 2 ]
    [ "$(json '.samples | map(.row_id) | @json')" = "$rows" ]
    ask 0 show @last:1 --worst --json
    [ "$(json '.step')" = 0 ]
    [ "$(json '.samples | map(.loss) | . == (sort | reverse)')" = true ]
    prompt=$(json '.samples[0].prompt')
    grep -qF "$prompt" "$TREE/data/places.txt"
    ask 0 show @last --worst
    says "evaluation after step 4, the highest loss first" "row " "loss " "prompt" "output"
    ask 0 show @last --json
    [ "$(json '.samples | length')" = 9 ]
    h5ls "$(echo "$TUNEBENCH_STORE"/runs/*/run.h5)/samples/output" | grep -q '{9}'
    ask 0 run "$RECIPE" --set eval.samples=0
    ask 3 show @last --samples
    complains "has no samples"
}

@test "show --batch, --rows: the rows behind a point; another seed has others, a changed text is told" {
    cp "$TREE/data/places.txt" rows.txt
    recipe 'budget = t.steps(3), batch = 4, eval = { rows = 8 }, seed = t.grid { 0, 1 }'
    sed -i "s/t.run/t.sweep/; s|$TREE/data/places.txt|rows.txt|" "$RECIPE"
    ask 0 run "$RECIPE" --json
    first=$(json '.[0].id')
    second=$(json '.[1].id')
    ask 0 show "$first" --batch 2 --json
    [ "$(json '[.step, .epoch, (.rows | length)] | @json')" = '[2,0,4]' ]
    [ "$(json '(.loss > 0) and ([.rows[] | .tokens > .prompt_tokens] | all)')" = true ]
    rows=$(json '.rows | map(.row_id) | @json')
    prompt=$(json '.rows[0].prompt')
    grep -qF "$prompt" rows.txt
    [ "$(json '.has_row_losses and (.rows | map(.loss) | . == (sort | reverse) and .[0] > 0)')" = true ]
    [ "$(json '.loss as $l | [.rows[] | .loss - $l == .difference] | all')" = true ]
    # the step's loss is the mean over label tokens; of a pair, those are all behind the prompt
    [ "$(json '(.rows | map((.tokens - .prompt_tokens) * .loss) | add) / (.rows | map(.tokens - .prompt_tokens) | add)
               - .loss | fabs < 1e-6')" = true ]
    list=$(json '.rows | map(.loss * 1e4 | round) | @csv')
    ask 0 show "$first" --batch 2 --csv
    [ "${lines[0]}" = $'row_id,loss,difference,tokens,prompt_tokens,prompt,completion\r' ]
    [ "$(printf '%s\n' "$output" | awk -F, 'NR > 1 { printf "%s%.0f", sep, $2 * 1e4; sep = "," }')" = "$list" ]
    ask 2 show "$first" --csv
    complains "--batch or --rows"
    ask 0 show "$first" --batch 3 --json
    [ "$(json '.rows | map(.row_id) | @json')" != "$rows" ]
    ask 0 show "$second" --batch 2 --json
    [ "$(json '.rows | map(.row_id) | @json')" != "$rows" ]
    ask 0 show "$first" --batch 2
    says "step 2: loss" "4 rows of epoch 1, the highest loss first" "of them prompt" "completion"
    [ "$(grep -cE '^  row [0-9]+ +loss [0-9.]+ \([+-][0-9.]+\), ' <<<"$output")" = 4 ]
    ask 3 show "$first" --batch 4
    complains "has no step 4; its last one is 3"
    ask 2 show "$first" --batch 0
    ask 0 show "$first" --rows 3 --json
    [ "$(json '.rows | (length == 8) and (map(.loss) | . == (sort | reverse)) and (map(.completion) | all)')" = true ]
    ask 3 show "$first" --rows 99
    complains "no results of single rows after step 99"
    if [ -x "$MAKE_STORE" ]; then
        "$MAKE_STORE" old "$TUNEBENCH_STORE"
        ask 0 show "$first" --batch 2
        says "4 rows of epoch 1" "no losses" "did not record those of single rows" "of them prompt"
        ask 0 show "$first" --batch 2 --json
        [ "$(json '[.has_row_losses, (.rows | map(.row_id) | sort)] | @json')" = "[false,$(jq -c sort <<<"$rows")]" ]
    fi
    echo "name : A||A is a pub." >rows.txt
    ask 1 show "$first" --batch 2
    complains "has changed"
    ask 0 show "$first" --rows 3
    says "no texts" "loss "
}

# losses RUN_H5: those of all rows of all steps, and where each step begins, as bytes.
losses() {
    for column in step first loss; do
        h5dump -d /train/rows/$column -b LE -o "$BATS_TEST_TMPDIR/column" "$1" >/dev/null
        cat "$BATS_TEST_TMPDIR/column"
    done | od -An -tx4 -v
}

@test "clone without the rows of a step: the others come as before; the plan, the rerun and the clone tell of it" {
    recipe 'budget = t.steps(40), batch = 4, eval = { rows = 8, every = t.steps(10) }, exec = { keep_best = 9 }'
    ask 0 run "$RECIPE" --json
    first=$(json '.[0].id')
    ask 0 show "$first" --batch 25
    command=${lines[-1]}
    [[ $command == "tunebench clone $first --set 'data.without="* ]]
    ask 0 show "$first" --batch 25 --json
    numbers=$(json '[.rows[].row_id] | sort | join(" ")')
    [[ $command == *"data.without=$numbers'" ]]
    ask 0 show "$first" --batch 24 --json
    before=$(json '[.rows[].row_id] | @json')
    ask 0 show "$first" --batch 26 --json
    after=$(json '[.rows[].row_id] | @json')
    ask 0 clone "$first" --at 20 --set "data.without=$numbers" --json
    second=$(json '.[0].id')
    [ "$(json '.[0].keys | keys | join(" ")')" = data.without ]
    ask 0 show "$second" --batch 24 --json
    [ "$(json '[.rows[].row_id] | @json')" = "$before" ]
    ask 0 show "$second" --batch 25 --json
    [ "$(json '[.rows[].row_id] | @json')" = "$after" ]
    ask 0 diff "$first" "$second"
    says data.without "row order"
    # what it left out goes on being left out
    ask 0 show "$second" --batch 30
    [[ ${lines[-1]} == *"'data.without=$numbers "* ]]
    ask 0 plan "$RECIPE" --set "data.without=$numbers"
    says "4 left out (data.without)"
    ask 4 plan "$RECIPE" --set data.without=9999999
    complains "there is no row 9999999"
    ask 0 rerun "$second" --check
}

@test "losses of single rows: the same bits with any threads and micro-batches, stopped and gone on, after kill -9" {
    need_verb resume
    recipe 'budget = t.steps(120), batch = 6, eval = { rows = 8, every = t.steps(10) }'
    sed -i 's/r = 4/r = 4, dropout = 0.1/' "$RECIPE"
    ask 0 run "$RECIPE" --set exec.threads=1
    run5=$(echo "$TUNEBENCH_STORE"/runs/*/run.h5)
    losses "$run5" >whole
    h5ls "$(dirname "$run5")/run.h5/train/rows" | grep -q 'step *Dataset {120}'
    h5dump -pH -d /train/rows/loss "$run5" | grep -q DEFLATE
    ask 0 run "$RECIPE" --set exec.threads=2 --set exec.micro_tokens=64 --store "$BATS_TEST_TMPDIR/other.d"
    losses "$BATS_TEST_TMPDIR"/other.d/runs/*/run.h5 | cmp - whole
    for how in KILL STOP; do
        export TUNEBENCH_STORE=$BATS_TEST_TMPDIR/$how.d
        "$TB" run "$RECIPE" --set exec.threads=1 >/dev/null 2>&1 3>&- &
        pid=$!
        for _ in $(seq 600); do
            [ "$(tb ls --json 2>/dev/null | jq -r '.[0].step // 0')" -gt 24 ] && break
            sleep 0.02
        done
        if [ "$how" = KILL ]; then kill -KILL $pid; else kill -INT $pid; fi
        wait $pid || true
        step=$(tb ls --json | jq -r '.[0].step')
        [ "$step" -lt 120 ] || skip "the run was over before"
        # what had come about by then is there: of a step whose loss is there those of its rows are, too
        ask 0 show @last --batch "$step" --json
        [ "$(json '.has_row_losses')" = true ]
        ask 0 resume --all
        losses "$TUNEBENCH_STORE"/runs/*/run.h5 | cmp - whole
    done
}

# A probe of some seconds, so that there is time to get in its way.
long_probe() {
    recipe 'budget = t.steps(50), batch = 4, eval = { rows = 8 }, exec = { threads = 1 },
            optim = { lr = t.probe { rates = { 1e-4, 1e-2, 1e-3 }, steps = 50 } }'
}

# begun: waits until the run in $TUNEBENCH_STORE has its first evaluation, which comes before the probe.
begun() {
    for _ in $(seq 300); do
        [ "$(tb ls --json 2>/dev/null | jq -r '.[0].first_eval | type')" = number ] && return
        sleep 0.05
    done
    return 1
}
facts='.[0] | [.state, .step, .lr, .final_hash, .loss, .eval_loss]'

@test "t.probe: the rate that was chosen is the run's, its tokens stand apart" {
    recipe 'budget = t.steps(6), batch = 4, eval = { rows = 8 }, optim = { lr = t.probe { steps = 5 } }'
    ask 0 plan "$RECIPE" --json
    probe=$(json '.runs[0].probe_tokens')
    [ "$probe" -gt 0 ]
    ask 0 run "$RECIPE"
    ask 0 show @last --json
    [ "$(json .probe.tokens)" = "$probe" ]
    [ "$(json '.probe.tried | length')" = 5 ]
    [ "$(json '.lr == .probe.rate and .train.lr[0] == .probe.rate and .tokens == .plan.n_tokens')" = true ]
    [ "$(json '[.probe.tried[] | select(.taken) | .loss][0] == ([.probe.tried[].loss] | min)')" = true ]
    ask 0 show @last
    says "PROBE OF THE RATE" "taken" "5 steps with each" "probe: rate"
    ask 0 plan "$RECIPE" --set lr=0.01 --json
    [ "$(json '.runs[0] | [.lr, .probe_tokens] | @json')" = '[0.01,null]' ]
    ask 0 plan "$RECIPE" --set lr=0.01 --set probe.n=3 --json
    [ "$(json '.runs[0] | [.lr, .probe_tokens > 0] | @json')" = '[0.01,true]' ]
    ask 4 plan "$RECIPE" --set probe.n=99
    complains "from 0 to 15"
    ask 0 help keys
    says "probe.rates" "2 % of the run"
}

@test "t.probe: killed or stopped in the middle, the run ends with the same bits" {
    need_verb resume
    long_probe
    ask 0 run "$RECIPE" --store "$BATS_TEST_TMPDIR/whole.d"
    for how in KILL stop; do
        export TUNEBENCH_STORE=$BATS_TEST_TMPDIR/$how.d
        "$TB" run "$RECIPE" >/dev/null 2>&1 3>&- &
        pid=$!
        begun
        if [ "$how" = stop ]; then
            ask 0 stop @last
            says "done at step 0"
        else
            kill -KILL $pid
        fi
        wait $pid || true
        [ "$(tb ls --json | jq -r '.[0].step')" = 0 ] || skip "the probe was over before"
        ask 0 resume --all
        [ "$(tb ls --json | jq -c "$facts")" = "$(tb ls --json --store "$BATS_TEST_TMPDIR/whole.d" | jq -c "$facts")" ]
    done
}
