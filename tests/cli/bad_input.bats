#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# bad_input.bats - what is wrong is named in words, with the exit code of its kind: 1 the system or a file's contents,
# 2 flags, 3 not there, 4 the recipe. Nothing here needs a model that works.
load common

setup() {
    cd "$BATS_TEST_TMPDIR"
    need_verb plan
    printf 'name[A] || A is a pub.\nname[B] || B is a bar.\n' >rows.txt
}

# plan CODE FLAGS..: plan of one run with what is given, the rest from here.
plan() {
    local code=$1
    shift
    ask "$code" plan --method lora:r=2 --budget 1k "$@"
}

config() { # FOLDER MODEL_TYPE ARCHITECTURE
    mkdir -p "$1"
    printf '{"architectures": ["%s"], "model_type": "%s", "hidden_size": 64, "intermediate_size": 144,
        "num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 3, "vocab_size": 512, "head_dim": 16,
        "max_position_embeddings": 256, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": true,
        "hidden_act": "silu"}\n' "$3" "$2" >"$1/config.json"
}

@test "files that are not there" {
    ask 3 plan nowhere.lua
    complains nowhere.lua
    plan 3 --base no-such-model --data rows.txt
    complains no-such-model
    plan 3 --base ./none.gguf --data rows.txt
    complains none.gguf
    ask 3 show anything --store nowhere.d
    complains nowhere.d
}

# What a model of NaN or infinite weights says is no loss of 0, and no text that ended.
@test "weights that are no numbers" {
    [ -e "$BASE/model.safetensors" ] || skip "there is no $BASE"
    mkdir nan
    cp "$BASE"/* nan/
    header=$(($(od -An -tu8 -N8 nan/model.safetensors) + 8))
    size=$(stat -c %s nan/model.safetensors)
    head -c $((size - header)) /dev/zero | tr '\0' '\377' | dd of=nan/model.safetensors bs=65536 seek="$header" \
        oflag=seek_bytes conv=notrunc status=none
    ask 5 eval --base nan --data rows.txt
    says "loss -  perplexity nan" "2 rows"
    complains "the loss of 2 of 2 rows is no number" damaged
    ask 5 eval --base nan --data rows.txt --csv
    [[ ${lines[1]} == 0,nan,* ]]
    ask 5 eval --base nan --data rows.txt --json
    [ "$(json '.loss, .rows[0].loss' | tr '\n' ' ')" = "null null " ]
    ask 5 generate --base nan "name[A]" --json
    [ "$(json .stop)" = nan ]
    complains "behind 1 of 1 prompts stand no numbers"
    ask 5 run --base nan --data rows.txt --method lora:r=2 --budget 2steps --store nan.d
    [[ $output$stderr != *-nan* ]]
    ask 5 eval @last --store nan.d
    complains "is no number"
}

@test "a model that is cut short" {
    printf 'GGUF\003\000\000\000' >cut.gguf
    plan 1 --base ./cut.gguf --data rows.txt
    complains cut.gguf
    config cut llama LlamaForCausalLM
    printf '\100\102\017\000\000\000\000\000{"a"' >cut/model.safetensors
    plan 1 --base ./cut --data rows.txt
    complains model.safetensors
    : >cut/model.safetensors
    plan 1 --base ./cut --data rows.txt
    complains model.safetensors
}

@test "a shipped model that is cut short" {
    [ -e "$BASE/model.safetensors" ] || skip "there is no $BASE"
    cp -r "$BASE" short
    chmod -R u+w short
    truncate -s -100 short/model.safetensors
    plan 1 --base ./short --data rows.txt
    complains model.safetensors
}

@test "no model at all" {
    echo "this is text" >text.gguf
    plan 1 --base ./text.gguf --data rows.txt
    complains text.gguf
    mkdir bare
    run --separate-stderr "$TB" plan --method lora:r=2 --budget 1k --base ./bare --data rows.txt
    [ "$status" -eq 1 ] || [ "$status" -eq 3 ]
    complains bare
    config broken llama LlamaForCausalLM
    echo '{"model_type": "llama",' >broken/config.json
    plan 1 --base ./broken --data rows.txt
    complains config.json
}

@test "an architecture we do not have" {
    config mamba mamba MambaForCausalLM
    printf '\002\000\000\000\000\000\000\000{}' >mamba/model.safetensors
    plan 1 --base ./mamba --data rows.txt
    complains amba llama
}

@test "data that is empty, has no separator, or is no text" {
    : >empty.txt
    run --separate-stderr "$TB" plan --method lora:r=2 --budget 1k --base "$BASE" --data empty.txt
    [ "$status" -eq 1 ] || [ "$status" -eq 3 ]
    complains empty.txt
    plan 3 --base "$BASE" --data none.txt
    complains none.txt
    printf 'a\000b\377\376\n' >binary.txt
    plan 1 --base "$BASE" --data binary.txt
    complains binary.txt
    [ -e "$BASE" ] || return 0
    printf 'one || two\nthree\n' >odd.txt
    plan 1 --base "$BASE" --data pairs:odd.txt
    complains odd.txt:2
}

@test "a recipe with a slip: file, line, the nearest word" {
    cat >slip.lua <<'LUA'
local t = require "tunebench"
return t.run { base = t.model "tiny", data = t.pairs "rows.txt", budget = t.tokens(1e3),
    method = t.lora { rr = 8 } }
LUA
    ask 4 plan slip.lua
    complains slip.lua:3 "'rr'"
    printf 'local t = require "tunebench"\nreturn t.loar {}\n' >word.lua
    ask 4 plan word.lua
    complains word.lua:2 loar lora
    printf 'return {\n' >syntax.lua
    ask 4 plan syntax.lua
    complains syntax.lua:
    printf 'return 7\n' >seven.lua
    ask 4 plan seven.lua
    complains seven.lua number
    ask 2 plan slip.lua --set novalue
    complains "--set novalue"
}

@test "a target or layer with a slip among good ones" {
    [ -e "$BASE" ] || skip "there is no $BASE"
    ask 4 plan --base "$BASE" --data "$TREE/data/places.txt" --budget 1k --method lora:r=8,targets=q+x
    complains "'x'" "q k v o gate up down"
    ask 4 plan --base "$BASE" --data "$TREE/data/places.txt" --budget 1k --method lora:r=8,layers=0+99
    complains "layer 99"
}

@test "a recipe that never ends is stopped" {
    printf 'while true do end\n' >endless.lua
    ask 4 plan endless.lua
    complains endless.lua:1
    printf 'return string.find(("a"):rep(28), ("a?"):rep(28) .. ("a"):rep(28))\n' >pattern.lua
    ask 4 plan pattern.lua
    complains pattern.lua
}

@test "flags that cannot be meant" {
    plan 2 --base x --data rows.txt more words
    run --separate-stderr "$TB" plan --base x --data rows.txt --method lora:rr=8 --budget 1k
    [ "$status" -eq 2 ] || [ "$status" -eq 4 ]
    complains "'rr'"
    run --separate-stderr "$TB" plan --base x --data rows.txt --method laro --budget 1k
    [ "$status" -eq 2 ] || [ "$status" -eq 4 ]
    complains laro lora
    run --separate-stderr "$TB" plan --base x --data rows.txt --method lora --budget soon
    [ "$status" -eq 2 ] || [ "$status" -eq 4 ]
    complains soon
    ask 2 plan
    complains "usage"
}

@test "a store that cannot be written to" {
    [ -e "$BASE" ] || skip "there is no $BASE"
    need_verb run
    mkdir locked
    chmod a-w locked
    store=$PWD/locked/store.d
    [ ! -w locked ] || store=/proc/store.d
    ask 1 run --base "$BASE" --data "$TREE/data/places.txt" --method lora:r=2 --budget 1k --store "$store"
    complains store.d
}

@test "a store that is a file" {
    echo text >file.d
    ask 3 ls --store file.d
    complains file.d
    ask 3 show x --store file.d
}

@test "a folder where a file is meant, a word that bench does not know" {
    mkdir "a folder"
    ask 3 plan "a folder"
    complains "a folder is a folder, not a recipe"
    ask 2 bench nothing
    complains "'nothing' is nothing that bench measures" "step, gemm or decode"
}
