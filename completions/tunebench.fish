# SPDX-License-Identifier: MIT
# tunebench.fish - completion for fish. The program itself says what may stand next: tunebench --complete WORDS..
function __tunebench_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    set -l answers (command $words[1] --complete $words[2..-1] "$typed" 2>/dev/null)
    if test (count $answers) -gt 0
        printf '%s\n' $answers
    else
        __fish_complete_path "$typed"
    end
end
complete -c tunebench -f -a '(__tunebench_complete)'
