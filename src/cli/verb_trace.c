/* SPDX-License-Identifier: MIT */
/* verb_trace.c - tunebench trace: every number of a few training steps on given token ids. */
#include "base/json.h"
#include "cli/out.h"
#include "cli/verb.h"
#include "worker/session.h"

enum { MAX_ADAPTERS = 64, MAX_THREADS = 4096, MAX_STEPS = 1000000 };

static bool need(const struct tb_args *a, const char *flag, const char *what, struct tb_err *err)
{
    return tb_args_has(a, flag) || tb_fail(err, TB_ERR_USAGE, "a trace needs %s (see 'tunebench help trace')", what);
}

static bool read_numbers(const struct tb_args *a, struct tb_trace_spec *s, struct tb_err *err)
{
    long steps, threads;
    if (!tb_args_int(a, "steps", 0, MAX_STEPS, 10, &steps, err) || !tb_args_real(a, "lr", 0, 1e6, 0, &s->lr, err)
        || !tb_args_real(a, "weight-decay", 0, 1e6, -1, &s->decay, err)
        || !tb_args_int(a, "threads", 0, MAX_THREADS, 0, &threads, err))
        return false;
    s->steps = (int)steps;
    s->threads = (int)threads;
    return true;
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    const char *adapter[MAX_ADAPTERS];
    struct tb_trace_spec s = { .base = tb_args_get(a, "base"), .adapters = adapter, .train = tb_args_get(a, "train"),
                               .rows = tb_args_get(a, "rows"), .out = tb_args_get(a, "o"),
                               .counters = tb_args_has(a, "counters") };
    struct tb_out out;
    if (a->n_pos)
        return tb_fail(err, TB_ERR_USAGE, "%s: trace takes flags only", a->pos[0]);
    if (!need(a, "base", "--base MODEL", err) || !need(a, "rows", "--rows FILE", err) || !need(a, "o", "-o DIR", err)
        || !read_numbers(a, &s, err) || !tb_out_open(&out, a, err)
        || !tb_args_list(a, "adapter", adapter, MAX_ADAPTERS, &s.n_adapters, err))
        return false;
    struct tb_json *j = tb_session_trace(&s, err);
    if (j)
        tb_out_json(&out, j);
    return j != NULL;
}

static const struct tb_flag flags[] = {
    { "base", "MODEL", false, "the frozen model: a name, a Hugging Face folder or a .gguf file" },
    { "adapter", "DIR", true, "a PEFT folder to start from; several are trained together, in this order" },
    { "train", "full", false, "train all weights instead of an adapter" },
    { "rows", "FILE", false,
      "JSON: {\"rows\": [{\"input_ids\": [..], \"n_prompt\": k}, ..]}, the same at every step, or "
      "{\"steps\": [[row, ..], ..]}" },
    { "steps", "N", false, "optimiser steps on {\"rows\"} (10)" },
    { "lr", "X", false, "constant learning rate (0.01; full: 0.001)" },
    { "weight-decay", "X", false, "decoupled weight decay (0.01)" },
    { "counters", NULL, false, "add exact counts of work, and allocations after the first step" },
    { "o", "DIR", false,
      "folder for trace.safetensors (logits, final_logits, grad/..) and the trained adapter, final/" },
    { "threads", "N", false, "threads (all processors)" },
    { 0 }
};

const struct tb_verb tb_verb_trace = {
    .name = "trace",
    .usage = "--base MODEL (--adapter DIR .. | --train full) --rows FILE -o DIR",
    .help = "Trains a few steps on given token ids and shows every number.\n"
            "Losses, gradients and logits, for comparison with other implementations. AdamW with betas 0.9 and 0.999, "
            "no clipping, no dropout; needs no tokenizer.",
    .examples =
        "  tunebench trace --base models/llama --adapter lora/init --rows batch.json -o out\n"
        "  tunebench trace --base models/llama --adapter parts/lora --adapter parts/prompt --rows batch.json -o out\n"
        "  tunebench trace --base model.gguf --adapter init --rows steps.json --lr 1e-3 -o out\n"
        "  tunebench trace --base models/llama --train full --rows batch.json --steps 3 --counters -o out\n",
    .flags = flags,
    .run = run,
};
