#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# look.bats - log, plot, watch, fsck, completions: verbs that look. The stores are those of make_store.
load common

setup() {
    need_store
    S=$BATS_TEST_TMPDIR/s.d
}

# fresh: a copy of the store without its damaged run, in $S.
fresh() {
    cp -a "$STORE" "$S"
    rm -rf "$S/runs/8888888888888888" "$S/index"
    export TUNEBENCH_STORE=$S
}

# found FILTER: how many findings of the last --json pass a jq filter.
found() { json "[.findings[] | select($1)] | length"; }

# ---- log

@test "log: oldest first, with time, step, kind and words" {
    ask 0 log lora-r16-s0
    [ "${#lines[@]}" -eq 7 ]
    [[ ${lines[0]} == *"+0.0s       0  eval "*"loss 2.0491"* ]]
    [[ ${lines[4]} == *"+10.0s      20  eval "*"the best" ]]
    [ "${lines[5]}" = "2026-01-02T03:04:05Z      20  note        made for a test" ]
    [ "${lines[6]}" = "2026-01-02T03:04:05Z      20  state       done, by budget" ]
    ask 0 log full-s0
    says "failed, by divergence: loss is NaN at step 12"
    ask 3 log nobody
    ask 2 log
}

@test "log: kinds, steps, as it was at a step, JSON" {
    ask 0 log lora-r16-s0 --kind eval --kind state --json
    [ "$(json 'map(.kind) | unique | join(" ")')" = "eval state" ]
    [ "$(json '.[0] | [.at, .wall_s, .step] | @json')" = '[null,0,0]' ]
    [ "$(json '.[-1].at')" = 2026-01-02T03:04:05Z ]
    ask 0 log lora-r16-s0 --steps --kind step
    [ "${#lines[@]}" -eq 20 ]
    says "loss 2.9500  lr 5e-4  |g| 0.75" "512 tok/s"
    ask 0 log lora-r16-s0:10 --kind eval --json
    [ "$(json length)" -eq 3 ]
    ask 0 log lora-r16-s0 --kind nothing --json
    [ "$(json length)" -eq 0 ]
    ask 0 log prompt20-s0
    says queued
}

@test "log: words from a store cannot steer a terminal" {
    ask 0 log 7777777777777777
    [[ $output != *$'\e'* ]]
    ask 0 log 7777777777777777 --json
    [[ $output != *$'\e'* ]]
}

@test "log -f: ends at once when the run is over, or its worker is gone" {
    ask 0 log lora-r16-s0 -f
    says "done, by budget"
    ask 0 log lost-s0 --follow --json
    complains "tunebench resume 6666666666666666"
    [ "$(jq -s 'length' <<<"$output")" -ge 4 ]
}

@test "log -f: goes on while somebody has the run, tells what is new, is interrupted with 130" {
    fresh
    hold
    timeout 60 "$TB" log lost-s0 -f >"$BATS_TEST_TMPDIR/log" 2>"$BATS_TEST_TMPDIR/err" 3>&- 9>&- &
    pid=$!
    until_says "$BATS_TEST_TMPDIR/log" "eval"
    kill -INT $pid
    code=0
    wait $pid || code=$?
    [ "$code" -eq 130 ]
    timeout 60 "$TB" log lost-s0 -f >"$BATS_TEST_TMPDIR/log" 2>"$BATS_TEST_TMPDIR/err" 3>&- 9>&- &
    pid=$!
    until_says "$BATS_TEST_TMPDIR/log" "recovered"
    let_go
    wait $pid
    grep -q "its worker is gone" "$BATS_TEST_TMPDIR/err"
}

# ---- plot

@test "plot: a chart in its box, the legend says what differs, letters stand on the lines" {
    ask 0 plot lora-r16-s0 prefix20-s0 --width 60 --height 14
    [ "${#lines[@]}" -eq 14 ]
    [ "${lines[0]}" = "train/loss  a b .. = eval/loss  x: step" ]
    [ "${lines[1]}" = "A lora lr 5e-4   B prefix lr 5e-3" ]
    for line in "${lines[@]}"; do
        [ "${#line}" -le 60 ]
    done
    says "┤" "└" "A" "B" "a" "b"
    [[ $output == *[⠁-⣿]* ]]
    [[ $output != *$'\e'* ]]
}

@test "plot: glyphs by the locale and by flag, colours by flag" {
    LC_ALL=C ask 0 plot lora-r16-s0
    [[ $output != *[^$'\n'\ -~]* ]]
    says "*" "+--"
    ask 0 plot lora-r16-s0 --glyphs block
    [[ $output == *▄* || $output == *▀* ]]
    TERM=linux ask 0 plot lora-r16-s0
    [[ $output != *[⠁-⣿]* ]]
    ask 0 plot lora-r16-s0 --color always --smooth 0.6
    says $'\e[36m' $'\e[2;36m' "ema 0.6"
    COLORTERM=truecolor ask 0 plot lora-r16-s0 --color always
    says $'\e[38;5;'
    ask 2 plot lora-r16-s0 --glyphs dots
    complains "braille, block or ascii"
}

@test "plot: runs as points over two columns" {
    ask 0 plot state:done --x duration -y best --glyphs ascii
    says "best_eval  x: duration" "B prefix lr 5e-3"
    ask 0 plot state:done --x lr -y eval --log-x --svg
    says "<svg" "log x" "<circle"
    ask 2 plot state:done -y best
    complains "--x COLUMN"
    ask 2 plot state:done --x lr -y name
    complains "columns of numbers"
    ask 2 plot state:done --x lr -y best_evl
    complains "'best_eval'"
}

@test "plot: a part of it; seeds in a band" {
    ask 0 plot lora-r16-s0 --x tokens --from 2000 --to 4000 --glyphs ascii --width 60 --height 12
    [[ $output == *"2000"* && $output == *"4000"* && $output != *" 1000"* && $output != *"5000"* ]]
    ask 2 plot lora-r16-s0 --from 10 --to 3
    complains "nothing lies between them"
    ask 0 plot name:lora-r16 --band --glyphs ascii --height 10
    [[ ${lines[0]} == "train/loss  x: step  lora-r16" ]]
    ask 0 plot name:lora-r16 --band --svg -o "$BATS_TEST_TMPDIR/band.svg"
    grep -q 'class="band" points=' "$BATS_TEST_TMPDIR/band.svg"
}

@test "plot: metrics, axes, filters, points in time" {
    ask 0 plot state:done -m eval/loss -m grad_norm --height 10
    says "eval/loss  x: step" "grad_norm  x: step" "C lora lr 5e-4 seed 1"
    ask 0 plot lora-r16-s0 --x wall_s --log
    says "log y" "x: wall_s" "10s"
    ask 0 plot lora-r16-s0 --x tokens
    says "x: tokens" "4000"
    ask 0 plot lora-r16-s0:5 lora-r16-s0
    says "4"
    ask 0 plot prompt20-s0
    says "nothing to draw"
    ask 2 plot lora-r16-s0 -m nonsense
    complains "grad_norm"
    ask 2 plot lora-r16-s0 --x age
    ask 2 plot
    ask 3 plot nobody
    complains "no run 'nobody'"
    ask 3 plot method:none
    complains "passes the filter"
}

@test "plot --svg: one file, a line a run" {
    ask 0 plot lora-r16-s0 prefix20-s0 --svg -o "$BATS_TEST_TMPDIR/p.svg"
    [ -z "$output" ]
    [ "$(grep -c '<polyline' "$BATS_TEST_TMPDIR/p.svg")" -eq 2 ]
    if command -v xmllint >/dev/null; then xmllint --noout "$BATS_TEST_TMPDIR/p.svg"; fi
    ask 2 plot lora-r16-s0 --svg -m train/loss -m eval/loss
    ask 1 plot lora-r16-s0 -o /nowhere/p.txt
    ask 0 plot lora-r16-s0 -o "$BATS_TEST_TMPDIR/p.txt" --height 10
    [ "$(wc -l <"$BATS_TEST_TMPDIR/p.txt")" -eq 10 ]
}

# ---- watch

@test "watch: nothing lives" {
    ask 0 watch
    says "No run lives" "8 there are"
    ask 0 watch lora-r16-s0
    says "No run lives"
    ask 3 watch nobody
    ask 2 watch --interval 0
}

@test "watch --plain: a line for each change, ends when the last worker is gone" {
    fresh
    hold
    timeout 60 "$TB" watch --plain --interval 0.1 >"$BATS_TEST_TMPDIR/w" 3>&- 9>&- &
    pid=$!
    until_says "$BATS_TEST_TMPDIR/w" "lost-s0: running at step 12 of 20, eval 2.1491"
    let_go
    until_says "$BATS_TEST_TMPDIR/w" "lost-s0: lost at step 12"
    kill -INT $pid 2>/dev/null || true # a queued run keeps it for some seconds
    wait $pid || [ $? -eq 130 ]
    [[ $(cat "$BATS_TEST_TMPDIR/w") != *$'\e'* ]]
}

@test "watch: a table on a terminal, within its width" {
    command -v script >/dev/null || skip "no script(1) to make a terminal"
    fresh
    rm -r "$S/runs/5555555555555555"
    hold
    for columns in 30 80; do
        # Longer where the machine is so busy that no second look came within the time.
        for s in 2 10 40; do
            COLUMNS=$columns timeout -s INT $s script -qec "$TB watch --interval 0.2 --color never" /dev/null \
                </dev/null >"$BATS_TEST_TMPDIR/w" 9>&- || true
            ! grep -q "$(printf '\033\\[[0-9]*A')" "$BATS_TEST_TMPDIR/w" || break
        done
        grep -q "lost-s0" "$BATS_TEST_TMPDIR/w"
        grep -q "$(printf '\033\\[[0-9]*A')" "$BATS_TEST_TMPDIR/w"
        while IFS= read -r line; do
            [ "${#line}" -le "$columns" ]
        done < <(sed 's/\x1b\[[0-9]*[A-Z]//g' "$BATS_TEST_TMPDIR/w" | tr -d '\r')
    done
    let_go
}

# ---- fsck

@test "fsck: a store that is well; a look changes nothing" {
    fresh
    ask 0 ls
    before=$(cd "$S" && find . -type f ! -name index -exec sha256sum {} + | sort)
    ask 0 fsck
    says "7 runs: all is well"
    [ "$(cd "$S" && find . -type f ! -name index -exec sha256sum {} + | sort)" = "$before" ]
    ask 0 fsck --json
    [ "$(json '[.runs, .left, .repaired] | @json')" = '[7,0,0]' ]
    [ "$(found '.level == "note" and .run == "6666666666666666"')" = 1 ]
    mkdir "$BATS_TEST_TMPDIR/empty"
    ask 0 fsck --store "$BATS_TEST_TMPDIR/empty"
    says "0 runs"
    ask 3 fsck --store "$BATS_TEST_TMPDIR/none"
    ask 2 fsck all
}

@test "fsck: a damaged run.h5 is found, and set aside with its folder" {
    cp -a "$STORE" "$S"
    ask 1 fsck --store "$S"
    says "8888888888888888/run.h5" "CRC does not match" "with --repair"
    ask 0 fsck --store "$S" --repair
    says "1 repaired, nothing is left"
    [ -e "$S/runs/8888888888888888.bad/run.h5" ]
    ask 0 fsck --store "$S" --json
    [ "$(found '.file == "runs/8888888888888888.bad" and .level == "note"')" = 1 ]
    ask 0 ls --store "$S" --json
    [ "$(json length)" -eq 7 ]
}

@test "fsck: journal: a torn tail is cut, a damaged rest kept as .bad, no good record is lost" {
    fresh
    j=$S/runs/6666666666666666/journal.000001
    [ -e "$j" ] || { hold; kill -9 "$(cat "$BATS_TEST_TMPDIR/pid")"; let_go; }
    [ -e "$j" ]
    printf 'TBJ1\020\000\000\000' >>"$j"
    ask 1 fsck --json
    [ "$(found '.file == "journal.000001" and (.what | contains("being written"))')" = 1 ]
    ask 0 fsck --repair
    ask 0 fsck
    ask 0 show lost-s0 --json
    [ "$(json '[.step, (.train.step | length)] | @json')" = '[12,12]' ]
    [ "$(json '.events[-1].kind')" = recovered ]
}

@test "fsck: checkpoints, heartbeat, remains of writes, requests" {
    fresh
    r=$S/runs/1111111111111111
    printf x | dd of="$r/ckpt/000010.h5" bs=1 seek=700 conv=notrunc status=none
    : >"$r/ckpt/000030.h5.tmp-77"
    mkdir "$r/model.tmp-12"
    echo heart >"$r/beat"
    echo '{}' >"$r/ctl/000001-stop.taken"
    mkdir "$S/runs/.new-99-1"
    touch -d '1 hour ago' "$S/runs/.new-99-1"
    touch -d '10 minutes' "$S/runs/.new-98-1" # somebody may be at it; not too old however slow this test is
    rm "$S/runs/2222222222222222/lock"
    ask 1 fsck --json
    [ "$(json .left)" = 7 ]
    [ "$(found '.remedy == "" and .level == "bad"')" = 0 ]
    ask 0 fsck --repair --json
    [ "$(json '[.left, .repaired] | @json')" = '[0,7]' ]
    ask 0 fsck
    [ -e "$r/ckpt/000010.h5.bad" ] && [ -e "$r/beat.bad" ] && [ ! -e "$r/model.tmp-12" ] && [ -e "$S/runs/.new-98-1" ]
    ask 0 show lora-r16-s0 --json
    [ "$(json '[.state, (.checkpoints | map(.step) | join(" "))] | join(" ")')" = "done 20" ]
    [ "$(json '.result.final_hash')" = abcdef012345 ]
}

@test "fsck: recipes against the hashes in their names, the index against the folders" {
    fresh
    mkdir -p "$S/recipes"
    text='return 1'
    good=$(printf '%s' "$text" | sha256sum | cut -c1-12)
    printf '%s' "$text" >"$S/recipes/$good.lua"
    printf 'return 2' >"$S/recipes/0123456789ab.lua"
    ask 0 ls
    rm -r "$S/runs/3333333333333333"
    ask 1 fsck --json
    [ "$(json .left)" = 2 ]
    [ "$(found '.file == "recipes/0123456789ab.lua"')" = 1 ]
    [ "$(found '.file == "index" and (.what | contains("1 run without a folder"))')" = 1 ]
    ask 0 fsck --repair
    [ -e "$S/recipes/0123456789ab.lua.bad" ] && [ -e "$S/recipes/$good.lua" ] && [ -e "$S/index" ]
    echo junk >"$S/index"
    ask 1 fsck
    says "index: is damaged"
    ask 0 fsck --repair
    ask 0 fsck
}

@test "fsck: a run that somebody has is not repaired" {
    fresh
    hold
    printf x | dd of="$S/runs/6666666666666666/ckpt/000010.h5" bs=1 seek=700 conv=notrunc status=none
    ask 1 fsck --repair --json
    [ "$(json '[.left, .repaired] | @json')" = '[1,0]' ]
    [ -e "$S/runs/6666666666666666/ckpt/000010.h5" ]
    let_go
}

@test "fsck: hostile stores: links, pipes, folders for files, text for files; nothing outside is touched" {
    fresh
    out=$BATS_TEST_TMPDIR/out
    mkdir "$out"
    echo keep >"$out/file"
    : >"$out/x.tmp-1"
    touch -d '1 hour ago' "$out/x.tmp-1"
    r=$S/runs/1111111111111111
    ln -s "$out" "$S/runs/aaaaaaaaaaaaaaaa"
    ln -s "$out/file" "$r/link"
    ln -s "$out" "$r/more"
    rm -r "$r/ckpt"
    ln -s "$out" "$r/ckpt"
    rm "$r/run.h5"
    ln -s /dev/zero "$r/run.h5"
    mkfifo "$S/runs/2222222222222222/journal.000001" "$S/recipes/0123456789ab.lua" 2>/dev/null \
        || { mkdir -p "$S/recipes"; mkfifo "$S/recipes/0123456789ab.lua"; }
    rm "$S/runs/3333333333333333/run.h5"
    mkdir "$S/runs/3333333333333333/run.h5"
    rm -f "$S/runs/4444444444444444/lock"
    mkfifo "$S/runs/4444444444444444/lock"
    echo text >"$S/runs/5555555555555555/run.h5"
    printf 'TBH5\001\000\000\000\377\377\377\377\377\377\377\177' >"$S/runs/7777777777777777/run.h5"
    mkdir "$S/runs/bbbbbbbbbbbbbbbb"
    : >"$S/runs/$(printf 'evil\033[2J')"
    mkdir -p "$r/a/b/c/d/e/f"
    truncate -s 20G "$S/runs/6666666666666666/ckpt/000099.h5"
    for flag in "" --repair ""; do
        run --separate-stderr timeout 120 "$TB" fsck $flag --store "$S"
        [ "$status" -eq 1 ]
        [[ $output != *$'\e'* ]]
    done
    says "runs/aaaaaaaaaaaaaaaa" "link" "bbbbbbbbbbbbbbbb"
    [ "$(cat "$out/file")" = keep ] && [ -e "$out/x.tmp-1" ]
    [ -L "$r/ckpt" ]
}

@test "fsck: files with a right checksum and nonsense behind it" {
    fresh
    n=0
    for bytes in 'not hdf5' '\211HDF\r\n\032\n' ''; do
        f=$S/runs/1111111111111111/run.h5
        printf "$bytes" >"$BATS_TEST_TMPDIR/rest"
        size=$(stat -c %s "$BATS_TEST_TMPDIR/rest")
        {
            printf 'TBH5\001\000\000\000'
            printf "\\$(printf %03o "$size")\000\000\000\000\000\000\000"
            gzip -c "$BATS_TEST_TMPDIR/rest" | tail -c 8 | head -c 4
            head -c 492 /dev/zero
            cat "$BATS_TEST_TMPDIR/rest"
        } >"$f"
        ask 1 fsck --repair --json
        [ "$(found '.file == "run.h5" and .remedy == "" and (.what | contains("checksum is right"))')" = 1 ]
        [ -e "$f" ]
    done
}

# ---- completions

# next WORDS..: the candidates, on one line.
next() { "$TB" --complete "$@" | cut -f 1 | paste -sd ' '; }

@test "--complete: verbs, flags and their values from the tables" {
    [[ " $(next "") " == *" run "*" plot "*" fsck "* ]]
    [ "$(next wat)" = watch ]
    [ "$(next --store x pl)" = "plan plot" ]
    [[ " $(next plot --) " == *" --smooth "*" --store "* ]]
    [ "$(next plot -m tr | cut -d' ' -f1)" = train/loss ]
    [ "$(next plot --x "")" = "step tokens wall_s" ]
    [ "$(next plot --glyphs=b)" = "--glyphs=braille --glyphs=block" ]
    [ "$(next ls --color a)" = "auto always" ]
    [ "$(next ls --sort best)" = "best_eval best_step" ]
    [ "$(next help wa)" = watch ]
    [ -z "$(next run recipes/)" ]
    [ "$("$TB" --complete fsc)" = $'fsck\tChecks a whole store, and repairs it.' ]
    "$TB" --complete
}

@test "--complete: runs from the store, steps behind a colon" {
    [[ " $(next show "") " == *" @last @best "*" lora-r16-s0 "* ]]
    [ "$(next show lora)" = "lora-r16-s1 lora-r16-s0" ]
    [ "$(next diff lora-r16-s0 pref)" = prefix20-s0 ]
    [ "$(next diff lora-r16-s0 pre)" = "prefix20-s0 predicted:" ]
    [ "$(next run --group s)" = seed ]
    [ "$(next show lora-r16-s0:)" = "lora-r16-s0:best lora-r16-s0:last lora-r16-s0:10 lora-r16-s0:20" ]
    [ "$(next show 77)" = 7777777777777777 ]
    [[ "$("$TB" --complete show "")" != *$'\e'* ]]
    [[ " $(next ls me) " == *" method: "* ]]
    unset TUNEBENCH_STORE
    [ -z "$(next show --store "$BATS_TEST_TMPDIR/none" "")" ]
    [ "$(next show --store="$STORE" pre)" = prefix20-s0 ]
}

@test "--complete: keys of recipes" {
    [ "$(next run x.lua --set optim.b)" = "optim.beta1= optim.beta2=" ]
    [ "$(next run x.lua --set method.lora.r)" = "method.lora.r= method.lora.rslora= method.lora.rank_pattern=" ]
    [ "$(next run x.lua --set schedule.name=)" = "schedule.name=cosine schedule.name=linear schedule.name=constant" ]
    [ "$(next plan --grid schedule.name=cosine,con)" = "schedule.name=cosine,constant" ]
    [ "$(next run --set=lr)" = "--set=lr=" ]
    [[ " $(next run --method "") " == *" lora "*" prefix "*" stack( "* ]]
    [[ " $(next plan --set data.) " == *" data.eval= "* ]]
}

@test "completion in bash: words are cut where bash cuts them" {
    export PATH=$(dirname "$TB"):$PATH
    [ "$(completed_by_bash 'tunebench sho')" = show ]
    [ "$(completed_by_bash 'tunebench show lora')" = "lora-r16-s1 lora-r16-s0" ]
    [ "$(completed_by_bash 'tunebench show lora-r16-s0:b')" = best ]
    [ "$(completed_by_bash 'tunebench show @')" = "@last @best" ]
    [ "$(completed_by_bash 'tunebench plot --glyphs=br')" = braille ]
    [ "$(completed_by_bash 'tunebench run x.lua --set schedule.name=')" = "cosine linear constant" ]
    bash -n "$TREE/completions/tunebench.bash"
    if command -v zsh >/dev/null; then zsh -n "$TREE/completions/tunebench.zsh"; fi
    if command -v fish >/dev/null; then fish -n "$TREE/completions/tunebench.fish"; fi
}
