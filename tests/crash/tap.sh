# SPDX-License-Identifier: MIT
# tap.sh - results as TAP, sourced; a failure shows what the program said last ($dir/out, $dir/err).
n=0
result() { # STATUS NAME
    n=$((n + 1))
    if [ "$1" = 0 ]; then
        echo "ok $n - $2"
    else
        echo "not ok $n - $2"
        cat "$dir/out" "$dir/err" 2>/dev/null | tail -10 | sed 's/^/# /'
    fi
}
is() { # GOT WANTED NAME
    [ "$1" = "$2" ]
    status=$?
    [ $status = 0 ] || printf '# got %s\n# not %s\n' "$1" "$2"
    result $status "$3"
}
