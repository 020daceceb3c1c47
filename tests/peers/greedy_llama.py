#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Greedy continuations by llama.cpp (llama-cpp-python) of the prompts in tests/golden/greedy_smollm2.json, for
tests/methods/greedy_test.c.

    greedy_llama.py MODEL.gguf tests/golden/greedy_smollm2.json > tests/golden/greedy_smollm2_llama.json

The weights are first written as fp32 to a temporary file: beside weights of blocks llama.cpp rounds every input of a
product to 8 bits, which moves log-probabilities of SmolLM2 Q4_1 by up to 0.3 and changes 13 of the 20 texts. --as-is
shows that. Keys and values are kept in fp32 too. `gap` is how far the second largest logit lies below the largest: where
it is under 1e-3 another choice is no error."""
import ctypes
import json
import os
import sys
import tempfile

import llama_cpp as L
import numpy as np

TOKENS = 32


def quiet():
    L.llama_backend_init()
    quiet.keep = L.llama_log_callback(lambda level, text, data: None)
    L.llama_log_set(quiet.keep, ctypes.c_void_p(0))


def context(path):
    model = L.llama_model_load_from_file(path.encode(), L.llama_model_default_params())
    p = L.llama_context_default_params()
    p.n_ctx, p.n_threads, p.n_threads_batch = 256, 1, 1
    p.type_k = p.type_v = L.GGML_TYPE_F32
    p.flash_attn_type = 0
    return L.llama_init_from_model(model, p), L.llama_vocab_n_tokens(L.llama_model_get_vocab(model))


def logits_behind(c, n_vocab, ids):
    tokens = (L.llama_token * len(ids))(*ids)
    assert L.llama_decode(c, L.llama_batch_get_one(tokens, len(ids))) == 0
    return np.ctypeslib.as_array(L.llama_get_logits_ith(c, -1), (n_vocab,)).astype(np.float64)


def continued(c, n_vocab, ids):
    row, step = {"ids": ids, "made": [], "gap": [], "logprob": []}, ids
    L.llama_memory_clear(L.llama_get_memory(c), True)
    for _ in range(TOKENS):
        logits = logits_behind(c, n_vocab, step)
        second, first = np.argsort(logits)[-2:]
        row["made"].append(int(first))
        row["gap"].append(round(float(logits[first] - logits[second]), 6))
        row["logprob"].append(round(float(-np.log(np.exp(logits - logits[first]).sum())), 6))
        step = [int(first)]
    return row


def as_fp32(path, to):
    p = L.llama_model_quantize_default_params()
    p.ftype, p.allow_requantize, p.nthread = L.LLAMA_FTYPE_ALL_F32, True, 1
    assert L.llama_model_quantize(path.encode(), to.encode(), ctypes.byref(p)) == 0
    return to


def main():
    quiet()
    with tempfile.TemporaryDirectory() as folder:
        is_asked = "--as-is" in sys.argv
        path = sys.argv[1] if is_asked else as_fp32(sys.argv[1], os.path.join(folder, "fp32.gguf"))
        c, n_vocab = context(path)
        with open(sys.argv[2], encoding="utf-8") as golden:
            rows = [continued(c, n_vocab, row["ids"]) for row in json.load(golden)]
    print(json.dumps(rows, separators=(",", ":")).replace("},{", "},\n{"))


main()
