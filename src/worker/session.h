/* SPDX-License-Identifier: MIT */
/* session.h - an engine for one-shot verbs: cli sees engine, text and formats only through this header.
 * Results are JSON values, to be printed or read by the verbs; new references. */
#ifndef TB_WORKER_SESSION_H
#define TB_WORKER_SESSION_H

#include <stdio.h>

#include "base/json.h"
#include "store/measure.h"

/* `trace`: the engine as an open book for comparison with other implementations. */
struct tb_trace_spec {
    const char *base;               /* as tb_model_find takes it */
    const char *const *adapters;    /* PEFT folders, a stack in this order */
    int n_adapters;
    const char *train;              /* "full", or NULL */
    const char *rows;               /* file: {"rows": [..]} or {"steps": [[..], ..]} */
    const char *out;                /* folder for trace.safetensors and final/ */
    int steps;                      /* optimiser steps on {"rows"} */
    double lr;                      /* <= 0: 1e-2, full 1e-3 */
    double decay;                   /* < 0: 0.01 */
    bool counters;                  /* add work counts and allocations */
    int threads;                    /* 0: all */
};
struct tb_json *tb_session_trace(const struct tb_trace_spec *s, struct tb_err *err);

/* `tokenize`: text lines in, ids out; as JSON one string a line in, {"ids": [..]} a line out. */
struct tb_tokenize_spec {
    const char *base;
    bool is_json;
    bool parses_special; /* names of control tokens in the text mean the tokens */
    bool shows_pieces;   /* each id with its token's text; as JSON {"ids", "pieces"} */
    bool decodes;        /* ids in; text out, unless pieces are shown */
    bool is_terminal;    /* text that comes out is made safe for one */
    FILE *in, *out;
};
bool tb_session_tokenize(const struct tb_tokenize_spec *s, struct tb_err *err);

/* `tokenize --train`: learns a tokenizer of n_vocab entries from text files (documents between blank lines) and
 * writes it as a Hugging Face folder; *made: entries that came out. */
bool tb_session_train_tokenizer(const char *const *files, int n, int n_vocab, const char *dir, int *made,
                                struct tb_err *err);

/* `eval`: a run's (or a PEFT folder's, or the bare base's) loss on the rows of a data text ("FILE", "pairs:FILE,.."):
 * {loss, perplexity, n_tok, n_rows, rows: [{row, loss, n_tok}]}; of a run on other data also base: {loss, perplexity}
 * without the adapter, change: {value, low, high}, and rows have a base_loss; of a mix rows have a source, and there is
 * sources: [{path, loss, n_tok, n_rows}]. */
struct tb_eval_spec {
    const char *base;                 /* for adapter folders and the bare base; NULL: the run's */
    const char *const *adapters;      /* PEFT folders */
    int n_adapters;
    const char *store, *run;          /* or a run, "RUN", "RUN:400", "RUN:best" */
    const char *data;                 /* NULL: the run's own held-out rows */
    int threads;
};
struct tb_json *tb_session_eval(const struct tb_eval_spec *s, struct tb_err *err);

/* `compare --data`: several runs of one base, and that base alone, on all rows of another text. */
struct tb_measure_spec {
    const char *store;
    const char *const *run; /* as of tb_eval_spec */
    size_t n;
    const char *data;
    const char *const *metrics; /* of what they write behind its prompts */
    size_t n_metrics;           /* 0: losses only, nothing is written */
    int threads;
    void (*done)(void *arg, size_t place, double loss); /* place: 0 the base, then the runs from 1 on */
    void *arg;
};
/* Of one of them. */
struct tb_measured_one {
    struct tb_measure loss; /* nats per label token, a row each; row and prompt ids are those of that text */
    struct tb_json *scores; /* {name: value, name_low, name_high .., n_prompts}; NULL: not asked for */
};
struct tb_measured {
    char *path;             /* of the text's (first) file */
    char id[65];            /* of how it is read and its content */
    size_t n_rows, n_prompts;
    int64_t n_known;        /* of its prompts (of a text without them: rows) that the runs' own texts have, held out or
                               not; -1: one of these cannot be read any more */
    struct tb_measured_one base, *run;
    size_t n;
};
/* TB_ERR_USAGE if they are of different bases. m must be freed also after a failure. */
bool tb_session_measure(struct tb_measured *m, const struct tb_measure_spec *s, struct tb_err *err);
void tb_measured_free(struct tb_measured *m);

/* `generate`: what a run (or adapters, or the bare base) writes behind prompts. */
struct tb_generate_spec {
    const char *base;
    const char *const *adapters;
    int n_adapters;
    const char *store, *run;    /* as of tb_eval_spec */
    const char *data;           /* its rows, or its template for the prompts; NULL: the run's, or none */
    const char *const *prompts; /* texts that stand left of the separator */
    int n_prompts;
    const char *rows;           /* instead of prompts: "eval" or "all", with ":N" for the first N */
    bool is_raw;                /* prompts as they are, without the template */
    int max_tok;                /* most tokens of a text */
    int n_each;                 /* texts behind each prompt */
    int batch;                  /* texts at once; 0: as memory allows */
    int threads;
    double temperature, top_p, min_p, repeat_penalty; /* src/engine/sample.h */
    int top_k;
    uint64_t seed;
    const char *const *stops;   /* a text ends before the first of them */
    int n_stops;
    /* Texts one after the other: what is new of the one at hand, in whole characters where it is text; NULL: not
     * wanted. Then the text as {row, sample (if n_each > 1), prompt, output, reference (or null), tokens, stop: "eos",
     * "stop", "max" or "context", logprob: of its tokens, in nats}. */
    void (*text)(void *arg, const char *p, size_t n);
    void (*done)(void *arg, const struct tb_json *row);
    void *arg;
};
bool tb_session_generate(const struct tb_generate_spec *s, struct tb_err *err);

/* `diff --rows`: {prompt, completion} of rows by their ids, null for one that is none; TB_ERR_FORMAT if the text has
 * changed since the run read it. */
struct tb_json *tb_session_row_texts(const char *store, const char *run, const int64_t *row, size_t n,
                                     struct tb_err *err);

/* `show --batch`: the rows that a step (1 is the first) was trained on: {step, epoch (from 0), rows: [{row_id, tokens,
 * prompt_tokens, prompt, completion}]}; TB_ERR_FORMAT as above. */
struct tb_json *tb_session_batch(const char *store, const char *run, int64_t step, struct tb_err *err);

/* `export --as peft`: a run's adapter as folder(s) that the PEFT library loads, read back, logits compared:
 * {dir, parts, max_logit_difference, load: "the line that loads it"}. full: a model folder, in fp32 or bf16. */
struct tb_json *tb_session_export(const char *store, const char *run, const char *dir, bool as_bf16, int threads,
                                  struct tb_err *err);

/* `export --as merged`: the run's base with its adapter folded in, as a model folder; the same answer. TB_ERR_USAGE if
 * a part of it does more than change weights (prompt, prefix). */
struct tb_json *tb_session_export_merged(const char *store, const char *run, const char *dir, bool as_bf16, int threads,
                                         struct tb_err *err);

/* `bench step`: probes, best and median seconds, memory predicted and measured. */
struct tb_bench_spec {
    const char *base, *method;
    int batch, seq, steps, threads;
    bool recompute; /* exec.memory = "small" */
};
struct tb_json *tb_session_bench_step(const struct tb_bench_spec *s, struct tb_err *err);
/* `bench decode`: tokens a second with one row and with `batch` rows at once behind prompts of 64, 256 and 1024 tokens
 * (as far as the model's context reaches) or of `prompt` ones, and shares of a token's time, beside the probes of speed
 * and memory. */
struct tb_bench_decode_spec {
    const char *base, *method; /* method NULL: the bare model */
    int batch, prompt, tokens, threads;
};
struct tb_json *tb_session_bench_decode(const struct tb_bench_decode_spec *s, struct tb_err *err);
/* `bench gemm`: rows {name, type, m, n, k, isa, gflops, share}. filter: part of a row's name, or NULL. */
struct tb_json *tb_session_bench_gemm(const char *filter, int rounds, int threads, struct tb_err *err);

/* `doctor`: what this machine can do: a list of {check, status: "ok", "warn" or "fail", ok: not failed, text,
 * advice}, advice only where something should be done. Writes and removes a file in the store's folder, or where it
 * would be made. */
struct tb_json *tb_session_doctor(const char *store, struct tb_err *err);

/* `scan`: models, data and adapters in folders (n 0: the working folder), in those of $TUNEBENCH_MODELS and in the
 * shipped data: {models, data, adapters: lists of what scan.h says, unread: [{path, why}], entries, is_cut: there was
 * more than is looked at}. TB_ERR_NOTFOUND if one of them is no folder. */
struct tb_json *tb_session_scan(const char *const *dirs, int n, struct tb_err *err);

/* The folder with the shipped data: beside the program's tree, or where it was installed. Lent; NULL if there is
 * none. */
const char *tb_session_data_dir(void);

#endif
