/* SPDX-License-Identifier: MIT */
/* generate.h - continues rows token by token on an engine: prompts run once as packed segments, then one token of each
 * row a step, against kept keys and values. Rows may have routes: different adapters on the one base. A row's tokens
 * and log-probabilities have the same bits alone and beside any others, with any threads. Within one instruction set
 * they are repeatable; they are near those of an evaluation, not the same bits, since single tokens take another
 * product (ops.def, gemv_w). */
#ifndef TB_ENGINE_GENERATE_H
#define TB_ENGINE_GENERATE_H

#include "engine/engine.h"
#include "engine/sample.h"

struct tb_generator;

struct tb_generator_spec {
    int n_rows;  /* most rows at once, at most the engine's step_rows */
    int row_tok; /* most tokens of a row, prompt and made, at most the engine's row_tok */
};

/* A row to continue; ids is read by begin only. */
struct tb_generate_row {
    const int32_t *ids;
    int n;           /* >= 1 */
    int route;       /* which set of adapters continues it: 0 is the engine's own, the others are those of its spec */
    uint32_t number; /* its place among all rows, for drawing */
};

/* A token that was made. */
struct tb_made {
    int row;       /* of those given to begin */
    int32_t id;
    float logprob; /* of the model as it is, without temperature, penalty and cuts; nats */
    bool is_last;  /* the row has row_tok tokens now and has ended */
};

/* Bytes that an open generator takes beside its engine; n_input: most virtual rows that a route has at the input. */
uint64_t tb_generator_bytes(const struct tb_model *m, int n_input, const struct tb_generator_spec *spec);

/* On an engine that is not used otherwise between begin and the last next. Close it before the engine. */
struct tb_generator *tb_generator_open(struct tb_engine *e, const struct tb_generator_spec *spec, struct tb_err *err);
void tb_generator_close(struct tb_generator *g); /* NULL is fine */

/* Reads prompts; whatever was under way is dropped. TB_ERR_LIMIT names a row that leaves no room for a token and how
 * many tokens a prompt may have. */
bool tb_generator_begin(struct tb_generator *g, const struct tb_generate_row *rows, int n, struct tb_err *err);
/* Makes the next token of every row that has not ended; their number, 0 at the end. made has room for n_rows, and
 * holds rows of one route together, in the order of the routes. */
int tb_generator_next(struct tb_generator *g, const struct tb_sampling *s, struct tb_made *made);
/* A row gets no further tokens. */
void tb_generator_end(struct tb_generator *g, int row);

/* The n most likely tokens where the i-th of the last next was made, with log-probabilities; how many there are. */
int tb_generator_top(struct tb_generator *g, int i, int n, struct tb_candidate *top);
/* The log-probability there of any token. */
double tb_generator_logprob(const struct tb_generator *g, int i, int32_t id);
/* KL divergence of what stands at i of the last next from what stands at j, in nats. */
double tb_generator_divergence(const struct tb_generator *g, int i, int j);
/* The loss of a row on its tokens from n_prompt on, summed in nats, and how many these are; whatever was under way is
 * dropped. */
bool tb_generator_loss(struct tb_generator *g, const struct tb_generate_row *row, int n_prompt, double *loss,
                       int *labels, struct tb_err *err);

#endif
