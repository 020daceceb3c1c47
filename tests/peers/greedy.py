#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Greedy continuations of 20 prompts x 32 tokens by transformers, for tests/methods/greedy_test.c.

    greedy.py MODEL_FOLDER > tests/golden/greedy_smollm2.json

MODEL_FOLDER holds the weights of the .gguf file as fp32, so that both read the same numbers. `gap` is how far the
second largest logit lies below the largest: where it is under 1e-3 another choice is no error."""
import json
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

PROMPTS = [
    "The capital of France is", "Once upon a time, in a small village,", "Water boils at",
    "def fibonacci(n):\n    ", "The three primary colours are", "In 1969, two astronauts", "Dear Sir or Madam,\n\n",
    "1, 2, 3, 5, 8, 13,", "The mitochondrion is", "To make a pot of tea, first", "Q: What is the largest planet?\nA:",
    "#include <stdio.h>\n\nint main(void)\n{\n", "She opened the door and", "Photosynthesis turns sunlight into",
    "name : The Eagle | food : French | area : riverside\n", "Le chat est sur", "E = mc^2 means that",
    "The best way to learn a language is", "    ", "Shakespeare wrote",
]
TOKENS = 32


def main():
    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
    model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32).eval()
    rows = []
    for text in PROMPTS:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        made, gaps, scores, cache, step = [], [], [], None, torch.tensor([ids])
        with torch.no_grad():
            for _ in range(TOKENS):
                out = model(step, past_key_values=cache, use_cache=True)
                cache, logits = out.past_key_values, out.logits[0, -1]
                top = torch.topk(logits, 2)
                made.append(int(top.indices[0]))
                gaps.append(round(float(top.values[0] - top.values[1]), 6))
                scores.append(round(float(torch.log_softmax(logits.double(), -1)[made[-1]]), 6))
                step = torch.tensor([[made[-1]]])
        rows.append({"prompt": text, "ids": ids, "made": made, "gap": gaps, "logprob": scores})
    print(json.dumps(rows, separators=(",", ":")).replace("},{", "},\n{"))


main()
