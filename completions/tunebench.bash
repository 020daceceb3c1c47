# SPDX-License-Identifier: MIT
# tunebench.bash - completion for bash. The program itself says what may stand next: tunebench --complete WORDS..
_tunebench() {
    local line=${COMP_LINE:0:COMP_POINT} breaks= before= word
    local -a words
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    local typed=${words[${#words[@]} - 1]}
    # Bash replaces only what stands behind the last of these, so candidates lose what is before it.
    for word in : =; do
        [[ $COMP_WORDBREAKS == *$word* ]] && breaks+=$word
    done
    [[ $breaks ]] && before=${typed%"${typed##*[$breaks]}"}
    COMPREPLY=()
    while IFS=$'\t' read -r word _; do
        COMPREPLY+=("${word#"$before"}")
    done < <("${words[0]/#\~/$HOME}" --complete "${words[@]:1}" 2>/dev/null)
    # What goes on behind the candidate: a value, a step, a part of a stack.
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=:\(] ]] && compopt -o nospace
}
complete -o default -F _tunebench tunebench
