#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""load_adapters.py - adapters that tunebench trained, loaded by the PEFT library: same logits?

usage: load_adapters.py TUNEBENCH GOLDEN [CASE..]     (torch, transformers, peft, safetensors; never run by make check)

For each golden case `tunebench trace` trains ten steps and writes final/ and final_logits; the library loads final/ on the
same base and computes the logits of the same rows.
"""
import json, os, subprocess, sys, tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

CASES = ["llama-tied--lora-qv", "llama-tied--lora-all-rslora", "llama-tied--lora-dora", "llama-tied--lora-patterns",
         "llama-tied--prefix", "llama-tied--prompt", "llama-tied--ia3", "llama-tied--oft", "llama-tied--oft-cayley",
         "llama-tied--loha", "mistral--lora-all", "llama-untied--prefix"]


def label_logits(model, rows):
    out = []
    for row in rows:
        ids = torch.tensor([row["input_ids"]])
        with torch.no_grad():
            logits = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0]
        n = ids.shape[1]
        logits = logits[-n:]                       # prompt tuning's virtual rows have logits of their own
        out.append(logits[row["n_prompt"] - 1:n - 1])
    return torch.cat(out)


def check(bench, golden, case):
    base = os.path.join(golden, "models", case.split("--")[0])
    batch = os.path.join(golden, "batch.json")
    with tempfile.TemporaryDirectory() as dir:
        subprocess.run([bench, "trace", "--base", base, "--adapter", os.path.join(golden, "cases", case, "init"),
                        "--rows", batch, "-o", os.path.join(dir, "out")], check=True, stdout=subprocess.DEVNULL)
        ours = load_file(os.path.join(dir, "out", "trace.safetensors"))["final_logits"]
        model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
        model = PeftModel.from_pretrained(model, os.path.join(dir, "out", "final")).eval()
        theirs = label_logits(model, json.load(open(batch))["rows"])
    return float((ours - theirs).abs().max() / theirs.abs().max())


def main():
    bench, golden = sys.argv[1:3]
    bad = 0
    for case in sys.argv[3:] or CASES:
        difference = check(bench, golden, case)
        good = difference < 1e-5
        bad += not good
        print(f"{'ok' if good else 'not ok'} - {case}: logits differ by {difference:.1e} of the largest", flush=True)
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
