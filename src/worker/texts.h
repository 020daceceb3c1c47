/* SPDX-License-Identifier: MIT */
/* texts.h - what a model writes behind the prompts of rows, and what metrics say of that: greedy texts, one for each
 * prompt, together with it at most as long as the longest row; references are all completions that those rows have. */
#ifndef TB_WORKER_TEXTS_H
#define TB_WORKER_TEXTS_H

#include "dataset/dataset.h"
#include "engine/generate.h"
#include "score/score.h"
#include "worker/shelf.h"

#define TB_NO_TEXT SIZE_MAX

/* Everything is lent, for as long as the texts live. */
struct tb_texts_spec {
    struct tb_engine *engine; /* with the adapter; NULL: nothing is written (see writes) */
    const struct tb_base *base;
    const struct tb_dataset *data;
    const struct tb_config *config; /* how prompts look to the model */
    struct tb_scorer *scorer;
    const int *row;     /* of the data set; rows of one prompt follow each other */
    const double *loss; /* nats of each */
    const int *labels;  /* label tokens of each */
    int n_rows, longest, at_once; /* longest: tokens of a row; at_once: texts */
};

struct tb_texts;
/* Writes them, unless no metric of the scorer reads an output. NULL and *err on failure. */
struct tb_texts *tb_texts_open(const struct tb_texts_spec *spec, struct tb_err *err);
void tb_texts_close(struct tb_texts *x); /* NULL is fine */

/* Prompts, in the order of their first rows; the first row of one, label tokens of all its rows, its text. */
size_t tb_texts_len(const struct tb_texts *x);
int tb_texts_row(const struct tb_texts *x, size_t i);
int64_t tb_texts_labels(const struct tb_texts *x, size_t i);
const char *tb_texts_output(const struct tb_texts *x, size_t i);
/* The prompt of row i of the spec; TB_NO_TEXT where a text was to be written and it has none. */
size_t tb_texts_of(const struct tb_texts *x, int i);
/* Whether texts were written. */
bool tb_texts_has_outputs(const struct tb_texts *x);

/* What the metrics say of the first n prompts, with intervals. */
bool tb_texts_score(const struct tb_texts *x, size_t n, struct tb_scores *scores, struct tb_err *err);
/* {name: value, name_low, name_high .., n_prompts}; as the facts "scores" of a run have it. */
struct tb_json *tb_texts_facts(const struct tb_texts *x, const struct tb_scores *scores);

#endif
