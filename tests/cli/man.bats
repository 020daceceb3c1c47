#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# man.bats - the manual pages say what the tables say, all of it, in source that mandoc has nothing against; and help
# shows them, through a pager where somebody sits.
load common

setup() { cd "$BATS_TEST_TMPDIR"; }

pages="tunebench recipe store"
verbs() { tb help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p'; }

# page NAME: its words, without escapes, blanks made one.
page() { tb --man "$1" | sed 's/\\f[BRI]//g; s/\\&//g; s/\\-/-/g; s/\\(dq/"/g; s/\\e/\\/g; s/\\ / /g' | tr -s ' \n' '  '; }

# holds_all TEXT LINES: each line is somewhere in the text.
holds_all() {
    local text=$1 line missing=0
    while IFS= read -r line; do
        case $text in
        *"$line"*) ;;
        *) echo "not in the page: $line"; missing=1 ;;
        esac
    done <<<"$2"
    return $missing
}

@test "man: no page has a warning" {
    command -v mandoc >/dev/null || skip "mandoc is not installed"
    for p in $pages; do
        tb --man $p >$p.man
        run mandoc -Tlint -Wwarning $p.man
        [ "$status" -eq 0 ] || { echo "$output"; false; }
        [ -z "$output" ]
    done
    ask 2 --man nothing
}

@test "man: the built pages are those of this program" {
    dir=$(dirname "$TB")/man
    [ -e "$dir/tunebench.1" ] || skip "this program was not built here"
    tb --man tunebench | cmp - "$dir/tunebench.1"
    tb --man recipe | cmp - "$dir/tunebench-recipe.5"
    tb --man store | cmp - "$dir/tunebench-store.5"
}

@test "man: every verb with its flags and examples, every field, the exit codes" {
    text=$(page tunebench)
    for v in $(verbs); do
        holds_all "$text" ".Ss $v "
        holds_all "$text" "$(tb help "$v" | sed -n 's/^  \(--*[a-z][^ ]*\).*/\1/p; 2,/^$/s/^  \(tunebench .*\)/\1/p' | tr -s ' ')"
    done
    holds_all "$text" "$(tb ls --cols help | sed 's/ .*//; s/^/.It /')"
    for code in 0 1 2 3 4 5 75; do
        holds_all "$text" ".It $code "
    done
}

@test "man: every key of the workbench" {
    text=$(page tunebench)
    names=$(grep -ohE "TB_BIND(_VERB|_ASK)?\([^\"]*\"[a-z-]+\", *\"[^\"]+" "$TREE"/src/tui/*.c |
        sed -E 's/[^"]*"([a-z-]+)".*/(:\1)/' | sort -u)
    [ "$(wc -l <<<"$names")" -gt 20 ]
    holds_all "$text" "$names"
}

@test "man: every variable of the environment that the program asks for" {
    text=$(page tunebench)
    names=$(grep -rhoE '(getenv|env)\("[A-Z_]+"|variable\[\] = "[A-Z_]+"' "$TREE/src" "$TREE/kernels" --include=*.c |
        sed 's/.*"\(.*\)"/\1/' | sort -u | grep -v '^PATH$')
    [ "$(wc -l <<<"$names")" -gt 10 ]
    holds_all "$text" "$names"
}

@test "man: every key of runs, methods and data, with range and default" {
    text=$(page recipe)
    holds_all "$text" "$(tb help keys | sed -n 's/^  \([a-z][a-z_.0-9]*\)  .*/.It \1 /p')"
    for m in lora dora prefix prompt ia3 oft loha full pairs jsonl text; do
        holds_all "$text" ".Ss t.$m "
        holds_all "$text" "$(tb help $m | sed -n '/^Keys/,$s/^  \([a-z][a-z_0-9]*\)  .*/.It \1 /p')"
    done
    holds_all "$text" "rank of the update (an integer from 1 to 4096; default 8)"
    holds_all "$text" "peak learning rate (a number from 0 to 100; default 0.0005)"
}

@test "man: whatever a run.h5 and a checkpoint hold is in the page" {
    command -v h5ls >/dev/null || skip "hdf5-tools is not installed"
    need_store
    text=$(page store)
    run=$STORE/runs/1111111111111111
    holds_all "$text" "$(h5ls -r "$run/run.h5" | sed -n 's/  *Group.*//p' | grep -v '^/$')"
    holds_all "$text" "$(h5ls -r "$run/run.h5" | sed -n 's/  *Dataset.*//p' | sed 's|^/config/||')"
    holds_all "$text" "$(h5dump -A "$run/run.h5" | sed -n 's/^   ATTRIBUTE "\(.*\)" {/\1/p')"
    holds_all "$text" "$(h5ls "$run/ckpt/000020.h5" | sed 's/  *[DG].*//')"
    holds_all "$text" "$(h5dump -A "$run/ckpt/000020.h5" | sed -n 's/^   ATTRIBUTE "\(.*\)" {/\1/p')"
    holds_all "$text" "$(h5ls "$run/run.h5/metrics/train" | sed 's|  *Dataset.*||; s|^|.It /metrics/train/|')"
    holds_all "$text" "$(sed -n 's/^ *TB_RECORD_\([A-Z]*\) = \([0-9]*\),.*/.It \2 \L\1 /p' "$TREE/src/store/journal.h")"
    for s in queued running paused done stopped pruned failed lost; do
        holds_all "$text" ".It $s ("
    done
    holds_all "$text" "$(find "$STORE" -mindepth 1 -printf '%f\n' | grep -Ev '^[0-9a-f]{16}$|^0000[0-9]*.h5$' | sort -u)"
}

@test "man: help shows the same words, in lines that fit" {
    for p in recipe store; do
        ask 0 help $p
        [ "${lines[0]}" = NAME ]
        [[ $output != *$'\e'* && $output != *'\f'* && $output != *'`'* ]]
        [ -z "$(grep -vE '^      ' <<<"$output" | awk 'length > 80')" ]
        sections=$(tb --man $p | sed -n 's/^\.Sh //p')
        [ "$(grep -E '^[A-Z]' <<<"$output")" = "$sections" ]
    done
    ask 0 help store --color always
    says $'\e[1mNAME\e[0m'
    ask 2 help recip
    complains "'recipe'"
}

@test "pager: on a terminal only, by \$PAGER; who leaves it early has read enough" {
    command -v script >/dev/null || skip "no script(1) to make a terminal"
    need_store
    export PAGER="sed s/^/P:/"
    on_terminal() { script -qec "$1" /dev/null </dev/null | tr -d '\r'; }
    on_terminal "$TB help recipe" | grep -q 'P:.*NAME'
    on_terminal "$TB show @last" | grep -q '^P:'
    on_terminal "$TB ls --help" | grep -q '^P:Examples'
    [ -z "$(on_terminal "$TB ls --json" | grep '^P:')" ]
    [ -z "$(on_terminal "TERM=dumb $TB ls" | grep '^P:')" ]
    [ -z "$(on_terminal "PAGER= $TB ls" | grep '^P:')" ]
    [ -z "$(on_terminal "PAGER=cat $TB ls" | grep '^P:')" ]
    on_terminal "$TB show nobody; echo code \$?" | grep -q 'code 3'
    ask 0 help recipe
    [[ $output != P:* ]]
    out=$(PAGER="head -n 1" on_terminal "$TB help recipe; echo code \$?")
    [[ $out == *NAME*"code 0" ]]
    # The width is that of the terminal, the colours are kept.
    out=$(COLUMNS=60 on_terminal "$TB help store")
    [ "$(sed 's/\x1b\[[0-9]*m//g' <<<"$out" | grep -vE '^P:      ' | awk 'length > 62' | wc -l)" -eq 0 ]
    [[ $out == *$'\e[1m'* ]]
    [[ $(NO_COLOR=1 on_terminal "$TB help store") != *$'\e'* ]]
}
