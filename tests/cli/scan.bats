#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# scan.bats - what lies in folders, well-meant and hostile.
load common

setup() {
    D=$BATS_TEST_TMPDIR/d
    mkdir "$D"
    cd "$D"
}

@test "scan: the model and the data that come along are found from anywhere" {
    ask 0 scan --json
    [ "$(json '.models[] | select(.name == "tiny") | [.kind, .arch, .type, .context, .ok, .why] | @json')" \
        = '["folder","llama","bf16",256,true,null]' ]
    [ "$(json '.models[] | select(.name == "tiny") | .parameters > 2000000 and .bytes > 4000000')" = true ]
    [ "$(json '.data[] | select(.path | endswith("/places.txt")) | [.kind, .sep, .rows, .rows_are_exact, .ok] | @json')" \
        = '["pairs","||",5250,true,true]' ]
    ask 0 scan
    says "Models" "tiny" "llama" "Data" "pairs:" "prompt" "completion"
}

@test "scan: data are sniffed: kind, rows, first row, and the text that --data takes" {
    printf 'a | b || It is b.\n\nc || d\n' >p.txt
    printf '\xef\xbb\xbf{"question": "why?", "answer": "so."}\n{"question": "2", "answer": "3"}\n' >q.jsonl
    printf 'one\ttwo\nthree\tfour\n' >t.tsv
    printf 'First\nparagraph.\n\n\nSecond.\n' >w.txt
    ask 0 scan . --json
    [ "$(json '.data[] | select(.path == "p.txt") | [.kind, .sep, .rows, .prompt, .completion, .data] | @json')" \
        = '["pairs","||",2,"a | b","It is b.","pairs:p.txt,sep=||"]' ]
    [ "$(json '.data[] | select(.path == "q.jsonl") | [.kind, .fields, .rows, .prompt, .completion, .data] | @json')" \
        = '["jsonl",["question","answer"],2,"why?","so.","jsonl:q.jsonl,fields=question+answer"]' ]
    [ "$(json '.data[] | select(.path == "t.tsv") | [.kind, .sep, .data] | @json')" \
        = '["pairs","\t","pairs:t.tsv,sep=\\t"]' ]
    [ "$(json '.data[] | select(.path == "w.txt") | [.kind, .rows_are, .rows, .completion] | @json')" \
        = '["text","paragraph",2,"First paragraph."]' ]
    # What it says is what plan reads.
    for data in $(json '.data[] | select(.ok and (.path | startswith("/") | not)) | .data'); do
        ask 0 plan --base tiny --data "$data" --method lora --budget 1steps --set data.eval=0 --json
        says "\"runs\""
    done
}

@test "scan: what cannot be used is listed with the reason" {
    printf '\0\1\2' >binary.txt
    printf '\377\376 no text\n' >latin.txt
    : >empty.txt
    printf '{"one": 1, "two": 2}\n' >fields.jsonl
    printf 'a || b\n' >'with,comma.txt'
    printf '{"name": "x",\n "version": 1}\n' >package.json
    printf 'GGUF' >short.gguf
    printf 'no' >other.gguf
    mkdir -p folder noise adapter
    echo '{"model_type": "gpt2"}' >folder/config.json
    echo '{"theme": "dark"}' >noise/config.json
    echo '{"peft_type": "LORA", "base_model_name_or_path": "a/b"}' >adapter/adapter_config.json
    ask 0 scan . --json
    [ "$(json '[.data[] | select(.path | startswith("/") | not) | .path] | join(" ")')" \
        = "binary.txt empty.txt fields.jsonl latin.txt with,comma.txt" ]
    [ "$(json '[.data[] | select(.path | startswith("/") | not) | .ok] | unique | @json')" = '[false]' ]
    [[ $(json '.data[] | select(.path == "binary.txt") | .why') == *"zero bytes"* ]]
    [[ $(json '.data[] | select(.path == "fields.jsonl") | .why') == *"one, two"* ]]
    [[ $(json '.data[] | select(.path == "with,comma.txt") | .why') == *comma* ]]
    [ "$(json '[.models[] | select(.path | startswith("/") | not) | "\(.path) \(.ok)"] | join(" ")')" \
        = "other.gguf false short.gguf false folder false" ]
    [[ $(json '.models[] | select(.path == "folder") | .why') == "config.json: "*gpt2* ]]
    [ "$(json '.adapters[] | [.path, .peft_type, .base, .ok] | @json')" = '["adapter","LORA","a/b",false]' ]
    ask 0 scan .
    says "folder cannot be used: config.json: "
}

@test "scan: loops, pipes, devices, unreadable folders, stores, names that steer a terminal" {
    ln -s . loop
    ln -s "$D" again
    ln -s nowhere dangling
    mkfifo pipe.txt pipe.gguf
    ln -s /dev/zero zero.txt
    mkdir -p model hidden/.git store/runs store/recipes deep/1/2/3
    echo '{"model_type": "llama"}' >model/config.json
    mkfifo model/tokenizer.json model/model.safetensors
    echo 'a || b' >store/runs/x.txt
    echo 'a || b' >hidden/.git/x.txt
    echo 'a || b' >deep/1/2/in.txt
    echo 'a || b' >deep/1/2/3/out.txt
    echo 'a || b' >"$(printf 'evil\033[2J.txt')"
    run --separate-stderr timeout 60 "$TB" scan . --json
    [ "$status" -eq 0 ]
    [ "$(json '[.data[] | select(.path | startswith("/") | not) | .path | gsub("\u001b"; "E")] | join(" ")')" \
        = "evilE[2J.txt deep/1/2/in.txt" ]
    [[ $(json '.models[] | select(.path == "model") | .why') == *"neither a file nor a folder"* ]]
    ask 0 scan .
    [[ $output != *$'\e'* ]]
    if [ "$(id -u)" -ne 0 ]; then
        mkdir locked
        chmod 0 locked
        ask 0 scan .
        complains "locked was not looked into"
        chmod 700 locked
    fi
    ask 3 scan nowhere
    complains "nowhere"
}

@test "scan: a huge file is not read, and too much is cut with a word about it" {
    printf 'a || b\n' >big.txt
    truncate -s 30G big.txt
    seq -f 'prompt %.0f || completion number of many' 70000 >many.txt
    cat many.txt many.txt many.txt many.txt many.txt many.txt >long.txt
    run --separate-stderr timeout 60 "$TB" scan . --json
    [ "$status" -eq 0 ]
    [ "$(json '.data[] | select(.path == "big.txt") | .rows_are_exact')" = false ]
    [ "$(json '.data[] | select(.path == "many.txt") | [.rows, .rows_are_exact] | @json')" = '[70000,true]' ]
    [ "$(json '.data[] | select(.path == "long.txt") | .rows_are_exact')" = false ]
    [ "$(json '.data[] | select(.path == "long.txt") | .rows > 400000 and .rows < 440000')" = true ]
    mkdir heap
    (cd heap && seq 5000 | xargs touch)
    ask 0 scan . --json
    [ "$(json '.is_cut and .entries > 3000 and .entries <= 4096')" = true ]
    [ "$(json '[.models[].name] | contains(["tiny"])')" = true ]
    complains "more than is looked at"
}

@test "scan: folders of \$TUNEBENCH_MODELS, a table for programs" {
    cp -r "$BASE" mine
    mkdir work
    cd work
    export TUNEBENCH_MODELS=$D:/no/such/folder
    ask 0 scan --json
    [ "$(json '.models[] | select(.name == "mine") | .ok')" = true ]
    ask 0 scan --csv
    [ "${lines[0]%$'\r'}" = "what,path,use,kind,arch,type,parameters,context,rows,bytes,ok,why" ]
    says ",mine,folder,llama,bf16,"
    ask 0 scan --plain
    says $'\tmine\tfolder\t'
    ask 2 scan --json --csv
}

@test "scan: a file by itself, whatever else lies beside it" {
    printf 'a || b\n' >one.dat
    printf 'c || d\n' >other.txt
    ask 0 scan one.dat --json
    [ "$(json '[.data[] | select(.is_shipped | not) | [.path, .name, .kind, .ok]] | @json')" \
        = '[["one.dat","one.dat","pairs",true]]' ]
    ask 3 scan nothing.dat
}

@test "scan: shipped data have the name that recipes call them by, unless the folder has another file of it" {
    ask 0 scan --json
    [ "$(json '.data[] | select(.path | endswith("/places.txt")) | [.name, .data, .is_shipped] | @json')" \
        = '["data/places.txt","pairs:data/places.txt,sep=||",true]' ]
    ask 0 plan --base tiny --data data/places.txt --method lora --budget 1steps
    mkdir data
    printf 'a || b\n' >data/places.txt
    ask 0 scan --json
    [ "$(json '[.data[] | select(.path | endswith("places.txt")) | .is_shipped] | @json')" = '[false,true]' ]
    [ "$(json '.data[] | select(.is_shipped and (.path | endswith("/places.txt"))) | .name | startswith("/")')" = true ]
}

@test "scan: recipes are told by what they ask for, and are not run" {
    printf -- '-- SPDX-License-Identifier: MIT\n-- x.lua - is it so?\nlocal t = require "tunebench"\nwhile true do end\n' >x.lua
    printf 'print("another program")\n' >other.lua
    printf '\0\1 tunebench' >bytes.lua
    ask 0 scan --json
    [ "$(json '[.recipes[] | select(.path | startswith("/") | not) | [.path, .title]] | @json')" = '[["x.lua","is it so?"]]' ]
    [ "$(json '[.recipes[] | select(.path | endswith("/compare-three.lua"))] | length')" = 1 ]
    ask 0 scan
    says "Recipes" "x.lua" "is it so?"
}
