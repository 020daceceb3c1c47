#!/bin/sh
# SPDX-License-Identifier: MIT
# corpus.sh - every input that once was interesting through the reader it belongs to, as TAP. The targets are built for
# libFuzzer by `make fuzz`; here they run as plain programs: tests/bin/gguf_fuzz FILE..
dir=${srcdir:-.}/tests/fuzz/corpus
n=0
for corpus in "$dir"/*; do
    name=$(basename "$corpus")
    n=$((n + 1))
    if tests/bin/"$name"_fuzz "$corpus"/* >/dev/null 2>&1; then
        echo "ok $n - $name: $(ls "$corpus" | wc -l) inputs"
    else
        echo "not ok $n - $name: tests/bin/${name}_fuzz $corpus/* ended with $?"
    fi
done
echo "1..$n"
