/* SPDX-License-Identifier: MIT */
/* dataset.h - files of text as rows of tokens: reading, templates, masks, the split by prompt
 * (doc/frozen.md 2). */
#ifndef TB_DATASET_DATASET_H
#define TB_DATASET_DATASET_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "dataset/batch.h"
#include "dataset/order.h"
#include "plan/key.h"

#include <stddef.h>
#include <stdint.h>

struct tb_tokenizer;
struct tb_dataset;

/* Keys of the words of group "data": t.pairs, t.jsonl, t.text; t.mix has those that belong to all its sources
 * together. `kind` itself is in none of them. */
extern const struct tb_key tb_dataset_keys_pairs[], tb_dataset_keys_jsonl[], tb_dataset_keys_text[],
    tb_dataset_keys_mix[];
/* Adds them to plan/schema as group "data", names pairs, jsonl, text, mix. At start only. */
void tb_dataset_register(void);

/* What was read and what became of it. Rows that are dropped are dropped for every run on this
 * data. */
struct tb_dataset_counts {
    int read;                           /* rows in the files */
    int rows, train, held, left_out;    /* kept; of those, trained on, held out, neither (key without) */
    int epoch;                          /* rows of an epoch: train, but for the weights of a mix */
    int prompts;                        /* distinct prompts among the kept rows */
    int too_long, no_label;             /* dropped: more than max_tok tokens; nothing to predict */
    int max_tok, longest;               /* the limit; tokens of the longest row read */
    int long_line, empty_line;          /* line of the first dropped row of each kind, 0 if none */
    int64_t prompt_tok, completion_tok; /* kept rows: bos counts as prompt, eos as completion */
    int64_t own_tok, train_tok;         /* all tokens of the kept rows; of an epoch */
};

/* One of the texts of a mix; other data have one, of weight 1. */
struct tb_source {
    const char *kind, *path;    /* path: its first file */
    double weight;              /* how often an epoch holds its rows */
    int first;                  /* its kept rows are first .. first + n.rows - 1 */
    struct tb_dataset_counts n; /* without prompts, which sources may share */
};

/* Reads the files that config names. config: {"kind": "pairs" | "jsonl" | "text", and keys of its
 * table}, or {"kind": "mix", keys of the mix, "0.kind": "pairs", "0.weight": 2, and "<i>.<key>" for
 * each source i}; defaults are filled in. A row longer than min(max_tok, the key max_tokens, 4,095) tokens
 * is dropped; max_tok is the model's context less the most virtual rows of any arm. `t` is used
 * here only. Fails with file and line on text that is not UTF-8, a line without separator or field,
 * and where no row is left; TB_ERR_LIMIT beyond 1 GiB or the free memory. */
struct tb_dataset *tb_dataset_open(const struct tb_json *config, struct tb_tokenizer *t,
                                   int max_tok, struct tb_err *err);
void tb_dataset_close(struct tb_dataset *d);

const struct tb_dataset_counts *tb_dataset_counts(const struct tb_dataset *d);
/* SHA-256 of the bytes of the files in order, 64 digits; of a mix: of the digits of its sources in
 * order */
const char *tb_dataset_hash(const struct tb_dataset *d);
/* the counts in a line or two of words */
void tb_dataset_report(const struct tb_dataset *d, struct tb_buf *out);
/* key share_prompts; false for t.text */
bool tb_dataset_shares_prompts(const struct tb_dataset *d);

int tb_dataset_sources(const struct tb_dataset *d);
const struct tb_source *tb_dataset_source(const struct tb_dataset *d, int i);

/* Kept rows are numbered 0 .. rows - 1 in file order; everything is lent. */
struct tb_row tb_dataset_row(const struct tb_dataset *d, int row);
/* equal for equal prompts: 0 .. prompts - 1 by first row */
int tb_dataset_group(const struct tb_dataset *d, int row);
int tb_dataset_source_of(const struct tb_dataset *d, int row);
/* The fields as read, trimmed, without template; not terminated. A row of t.text has no prompt (n
 * 0). */
const char *tb_dataset_prompt(const struct tb_dataset *d, int row, size_t *n);
const char *tb_dataset_completion(const struct tb_dataset *d, int row, size_t *n);

/* Row numbers of an epoch in file order: the training rows. Of a mix source after source, the rows of each over and
 * over as its weight says (doc/frozen.md 2). */
const int *tb_dataset_train(const struct tb_dataset *d, int *n);
/* Fills kind, n_rows, tok, group and place for an order over those rows; the order counts places in
 * tb_dataset_train. Seed and batch are the caller's. */
void tb_dataset_order(const struct tb_dataset *d, struct tb_order_spec *spec);
/* Row numbers to evaluate on, malloc'ed: held-out rows by the hash of their prompts, whole prompts,
 * as many as hold 4 % of budget_tok own tokens, at least 64, at most 512. want > 0: that many
 * instead. *n is 0 where nothing is held out. */
int *tb_dataset_eval(const struct tb_dataset *d, int64_t budget_tok, int want, int *n);
/* The same out of all kept rows, for a general text that nothing is trained on; where 64 of them hold more than a
 * tenth of budget_tok only as many as do, at least 16. */
int *tb_dataset_choose(const struct tb_dataset *d, int64_t budget_tok, int want, int *n);
/* n ids of the text that prefixes and prompts start from: distinct training prompts (t.text: rows)
 * in file order joined by newlines, bos first if texts begin with one, cut to n, repeated when
 * short. */
bool tb_dataset_init_ids(const struct tb_dataset *d, struct tb_tokenizer *t, int n, int32_t *ids,
                         struct tb_err *err);

/* Guesses how a file is to be read, from its first 64 KiB: a config map, or NULL and *err with what
 * was seen. */
struct tb_json *tb_dataset_sniff(const char *path, struct tb_err *err);

#endif
