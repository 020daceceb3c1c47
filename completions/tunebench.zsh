#compdef tunebench
# SPDX-License-Identifier: MIT
# tunebench.zsh - completion for zsh, installed as _tunebench. The program itself says what may stand next.
_tunebench() {
    local -a lines candidates described open open_described
    local line word help
    lines=("${(@f)$("${(Q)words[1]/#\~/$HOME}" --complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
    for line in $lines; do
        word=${line%%$'\t'*}
        help=${line#*$'\t'}
        if [[ $word == *[=:\(] ]]; then
            open+=("$word")
            open_described+=("$word${help:+  -- $help}")
        else
            candidates+=("$word")
            described+=("$word${help:+  -- $help}")
        fi
    done
    if (( ! $#candidates && ! $#open )); then
        _files
        return
    fi
    (( $#candidates )) && compadd -l -d described -a candidates
    (( $#open )) && compadd -S '' -l -d open_described -a open
    return 0
}
_tunebench "$@"
