/* SPDX-License-Identifier: MIT */
/* rows.c - what others ask of an open dataset: rows, texts, counts in words, which rows to evaluate
 * on, and the text that virtual rows start from (doc/frozen.md 2). */
#include "dataset/dataset_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    EVAL_LEAST = 64,
    EVAL_MOST = 512,
    EVAL_SHARE = 25,
    GENERAL_LEAST = 16,
    GENERAL_SHARE = 10
}; /* one evaluation: 1 / 25 of the budget; of a general text, whose rows may be long, at most 1 / 10 even of few */

const struct tb_dataset_counts *tb_dataset_counts(const struct tb_dataset *d)
{
    return &d->counts;
}

const char *tb_dataset_hash(const struct tb_dataset *d)
{
    return d->hash;
}

bool tb_dataset_shares_prompts(const struct tb_dataset *d)
{
    return d->shares_prompts;
}

void tb_dataset_report(const struct tb_dataset *d, struct tb_buf *out)
{
    const struct tb_dataset_counts *c = &d->counts;
    tb_buf_fmt(out, "%d rows, %d prompts: %d for training (%lld tokens), %d held out", c->rows,
               c->prompts, c->train, (long long)c->train_tok, c->held);
    if (c->left_out)
        tb_buf_fmt(out, ", %d left out (key without)", c->left_out);
    if (c->too_long)
        tb_buf_fmt(out, "; %d dropped: longer than %d tokens (the longest has %d", c->too_long,
                   c->max_tok, c->longest);
    if (c->too_long)
        tb_buf_fmt(out, c->long_line ? ", first in line %d)" : ")", c->long_line);
    if (c->no_label)
        tb_buf_fmt(out, "; %d dropped: nothing to predict (first in line %d)", c->no_label,
                   c->empty_line);
}

struct tb_row tb_dataset_row(const struct tb_dataset *d, int row)
{
    const struct tb_data_row *r = &d->row[row];
    return (struct tb_row){ d->ids.p + r->ids, r->n, r->n_prompt };
}

int tb_dataset_sources(const struct tb_dataset *d)
{
    return d->n_sources;
}

const struct tb_source *tb_dataset_source(const struct tb_dataset *d, int i)
{
    return &d->source[i].pub;
}

int tb_dataset_source_of(const struct tb_dataset *d, int row)
{
    return d->row[row].source;
}

int tb_dataset_group(const struct tb_dataset *d, int row)
{
    return d->row[row].group;
}

const char *tb_dataset_prompt(const struct tb_dataset *d, int row, size_t *n)
{
    *n = d->row[row].prompt_bytes;
    return d->text.p + d->row[row].text;
}

const char *tb_dataset_completion(const struct tb_dataset *d, int row, size_t *n)
{
    *n = d->row[row].completion_bytes;
    return d->text.p + d->row[row].text + d->row[row].prompt_bytes;
}

const int *tb_dataset_train(const struct tb_dataset *d, int *n)
{
    *n = d->counts.epoch;
    return d->train;
}

void tb_dataset_order(const struct tb_dataset *d, struct tb_order_spec *spec)
{
    spec->kind = d->order;
    spec->n_rows = d->counts.epoch;
    spec->tok = d->train_tok;
    spec->group = d->train_group;
    spec->place = d->counts.left_out ? d->train_place : NULL;
}

/* Rows of a list from `at` on that have the same prompt. */
static int run_of(const struct tb_dataset *d, const int *list, int n, int at, int64_t *tok)
{
    int end = at;
    *tok = 0;
    for (; end < n && d->row[list[end]].hash == d->row[list[at]].hash; end++)
        *tok += d->row[list[end]].n;
    return end - at;
}

/* Of fewer rows than EVAL_LEAST, `least` at the least. */
static int *choose(const struct tb_dataset *d, const int *list, int n_list, int least, int64_t budget_tok, int want,
                   int *n)
{
    int64_t used = 0, tok;
    int took = 0, most = want > 0 ? want : EVAL_MOST;
    while (took < most && took < n_list) {
        int rows = run_of(d, list, n_list, took, &tok);
        bool is_dear = want <= 0 && ((took >= EVAL_LEAST && used + tok > budget_tok / EVAL_SHARE)
                                     || (took >= least && used + tok > budget_tok / GENERAL_SHARE));
        bool is_many = want <= 0 && took >= EVAL_LEAST && took + rows > most;
        if (is_dear || is_many)
            break;
        took += rows;
        used += tok;
    }
    *n = took < most ? took : most;
    int *out = tb_xcalloc((size_t)*n, sizeof *out);
    if (*n)
        memcpy(out, list, (size_t)*n * sizeof *out);
    return out;
}

int *tb_dataset_eval(const struct tb_dataset *d, int64_t budget_tok, int want, int *n)
{
    return choose(d, d->held, d->counts.held, EVAL_LEAST, budget_tok, want, n);
}

int *tb_dataset_choose(const struct tb_dataset *d, int64_t budget_tok, int want, int *n)
{
    return choose(d, d->sorted, d->counts.rows, GENERAL_LEAST, budget_tok, want, n);
}

bool tb_dataset_init_ids(const struct tb_dataset *d, struct tb_tokenizer *t, int n, int32_t *ids,
                         struct tb_err *err)
{
    struct tb_buf text = { 0 };
    struct tb_ids all = { 0 };
    int has_bos = tb_tokenizer_adds_bos(t), done = 0;
    bool good = false, *was_seen = tb_xcalloc((size_t)d->counts.prompts, sizeof *was_seen);
    /* A token takes few bytes: 64 for each are enough, and fewer prompts are simply repeated. */
    for (int i = 0; i < d->counts.epoch && text.n < (size_t)n * 64; i++) {
        const struct tb_data_row *r = &d->row[d->train[i]];
        if (was_seen[r->group])
            continue;
        was_seen[r->group] = true;
        tb_buf_str(&text, text.n ? "\n" : "");
        tb_buf_add(&text, d->text.p + r->text,
                   r->prompt_bytes ? r->prompt_bytes : r->completion_bytes);
    }
    if (!tb_tokenizer_encode(t, text.p ? text.p : "", text.n, d->parses_special, &all, err))
        goto out;
    if (all.n == 0) {
        tb_fail(err, TB_ERR_FORMAT, "the training prompts hold no text to start from");
        goto out;
    }
    if (has_bos && n > 0)
        ids[done++] = tb_tokenizer_bos(t);
    for (; done < n; done++)
        ids[done] = all.p[(size_t)(done - has_bos) % all.n];
    good = true;
out:
    free(was_seen);
    tb_buf_free(&text);
    free(all.p);
    return good;
}
