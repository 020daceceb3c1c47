# SPDX-License-Identifier: MIT
# common.bash - what all .bats files share: the program under test, a clean environment, a store made without training.
bats_require_minimum_version 1.5.0

absolute() {
    case $1 in
    /*) printf '%s\n' "$1" ;;
    *) printf '%s/%s\n' "$PWD" "$1" ;;
    esac
}
TB=$(absolute "${TUNEBENCH:-./tunebench}")
TREE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
MAKE_STORE=${TUNEBENCH_MAKE_STORE:-$(dirname "$TB")/tests/bin/make_store}
BASE=$(absolute "${TUNEBENCH_BASE:-$TREE/data/tiny}")

unset TUNEBENCH_STORE TUNEBENCH_MODELS TUNEBENCH_NOW NO_COLOR COLUMNS
# Training in the process that a test started, and can kill; worker.bats is about the other kind.
export LC_ALL=C.UTF-8 TERM=xterm PAGER= TUNEBENCH_FOREGROUND=1
export XDG_CACHE_HOME=${BATS_FILE_TMPDIR:-/nonexistent}/cache # speeds measured by tests are no one's

tb() { "$TB" "$@"; }

# ask CODE WORDS..: runs the program, checks its exit code; then $output and $stderr are there.
ask() {
    local want=$1
    shift
    run --separate-stderr "$TB" "$@"
    if [ "$status" -ne "$want" ]; then
        printf 'exit code %s instead of %s: tunebench %s\n%s\n%s\n' "$status" "$want" "$*" "$output" "$stderr"
        return 1
    fi
}

# says WORDS..: each is in the answer; complains WORDS..: each is in what was said on stderr.
says() { holds "$output" "$@"; }
complains() { holds "$stderr" "$@"; }
holds() {
    local text=$1 word
    shift
    for word; do
        case $text in
        *"$word"*) ;;
        *)
            printf 'without "%s":\n%s\n' "$word" "$text"
            return 1
            ;;
        esac
    done
}

# json FILTER: jq on the answer, raw.
json() { jq -r "$1" <<<"$output"; }

need_store() {
    [ -x "$MAKE_STORE" ] || skip "tests/bin/make_store is not built"
    STORE=$BATS_FILE_TMPDIR/store.d
    [ -d "$STORE" ] || TUNEBENCH_NOW=2026-01-02T03:04:05Z "$MAKE_STORE" "$STORE"
    export TUNEBENCH_STORE=$STORE
}

need_verb() { "$TB" help "$1" >/dev/null 2>&1 || skip "this program has no verb $1"; }

# hold: a process that has the lost run, until `let_go`.
hold() {
    mkfifo "$BATS_TEST_TMPDIR/end"
    "$MAKE_STORE" hold "$S" <"$BATS_TEST_TMPDIR/end" >"$BATS_TEST_TMPDIR/pid" 3>&- &
    exec 9>"$BATS_TEST_TMPDIR/end"
    for _ in $(seq 200); do
        [ -s "$BATS_TEST_TMPDIR/pid" ] && return
        sleep 0.05
    done
    return 1
}
let_go() { exec 9>&-; }

# until_says FILE WORD: waits until the file holds it.
until_says() {
    for _ in $(seq 200); do
        grep -q -- "$2" "$1" && return
        sleep 0.05
    done
    printf 'without "%s":\n%s\n' "$2" "$(cat "$1")"
    return 1
}

# completed_by_bash LINE: what bash offers at its end, through the completion that comes with the program.
completed_by_bash() {
    bash --norc --noprofile -c '
        . "$1"
        COMP_LINE=$2 COMP_POINT=${#2}
        _tunebench tunebench 2>/dev/null
        printf "%s\n" "${COMPREPLY[@]}"' - "$TREE/completions/tunebench.bash" "$1" | paste -sd ' '
}
