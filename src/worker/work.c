/* SPDX-License-Identifier: MIT */
/* work.c - the rules of src/engine (pass.c, block.c, linear.c, head.c) as sums over shapes: what they skip is skipped
 * here. A long run is told by its first steps, since rows are shuffled. */
#include "worker/work.h"

#include <stdlib.h>

#include "base/mem.h"
#include "worker/measuring.h"
#include "worker/probe.h"

enum { SAMPLE_STEPS = 64, SAMPLE_TOK = 1 << 16, SAMPLE_ROWS = 2048 };
/* FLOP that take as long as: a weight made fp32 and packed, for each product of a micro-batch; a trained number's
 * gradient cleared, squared, and its value and moments updated, once a step, bound by memory. */
static const double unpack_flop = 12, update_flop = 250;
static const double built_step = 10, built_score = 2; /* such products: forward, back, and both factors' gradients */
static const double decode_factor = 10; /* a token that is written takes so many times one that is read */

/* ---- what is trained where */
struct reach {
    int lowest;                 /* block, n_layers: none */
    bool trains_input, trains_head;
    bool is_tied;               /* the trained table is both: every quantum is a micro-batch (engine/memory.c) */
    bool has_before[TB_N_LINEAR]; /* in the lowest block: a gradient with respect to x' is needed all the same */
    double dense;               /* FLOP for each token of gradients of whole matrices */
    double numbers;             /* trained, of adapters beside a linear */
    double built;               /* FLOP of one product that builds all matrices which are made of factors */
};

static void reach_linear(struct reach *r, const struct tb_seat *s)
{
    const struct tb_method *m = s->adapter->method;
    if (m->weight)
        r->dense += 2.0 * s->site->in * s->site->out;
    if (m->n_dense)
        r->built += 2.0 * s->rank * s->site->in * s->site->out;
    if (m->before && !s->skips_before && s->site->layer == r->lowest)
        r->has_before[s->site->role] = true;
}

static void visit(struct reach *r, const struct tb_adapter *a, const struct tb_shape *s)
{
    for (int i = 0; i < a->n_seats; i++) {
        const struct tb_site *at = a->seats[i].site;
        r->trains_input |= at->kind == TB_SITE_INPUT || at->kind == TB_SITE_EMBED;
        r->is_tied |= at->kind == TB_SITE_EMBED && s->is_tied;
        r->trains_head |= at->kind == TB_SITE_HEAD || r->is_tied;
        if (at->layer >= 0 && at->layer < r->lowest)
            r->lowest = at->layer;
    }
}

static struct reach reach_of(const struct tb_job *j)
{
    const struct tb_shape *s = &j->base->model->shape;
    struct reach r = { .lowest = s->n_layers };
    for (int i = 0; i < j->stack->n; i++)
        visit(&r, j->stack->part[i], s);
    r.lowest = r.trains_input ? 0 : r.lowest;
    for (int i = 0; i < j->stack->n; i++) {
        const struct tb_adapter *a = j->stack->part[i];
        for (int k = 0; k < a->n_seats; k++)
            if (a->seats[k].site->kind == TB_SITE_LINEAR)
                reach_linear(&r, &a->seats[k]);
        if (a->method->sites == TB_SITE_LINEAR && !a->method->weight)
            r.numbers += (double)a->n_trainable;
    }
    return r;
}

/* ---- one pass */
/* FLOP of one token through a linear of a block. */
static int64_t linear(const struct tb_shape *s, enum tb_role role)
{
    int64_t q = (int64_t)s->n_heads * s->head_dim, kv = (int64_t)s->n_kv * s->head_dim;
    int64_t width = role == TB_Q || role == TB_O ? q : role == TB_K || role == TB_V ? kv : s->ff;
    return 2 * width * s->d;
}

static int64_t block(const struct tb_shape *s)
{
    int64_t sum = 0;
    for (enum tb_role role = TB_Q; role < TB_N_LINEAR; role++)
        sum += linear(s, role);
    return sum;
}

static int64_t pairs_of(const struct tb_batch *b, int window)
{
    int64_t n = 0;
    for (int i = 0; i < b->n_tok; i++)
        n += window && window < b->pos[i] + 1 ? window : b->pos[i] + 1;
    return n;
}

static void add_forward(struct tb_counters *c, const struct tb_shape *s, const struct tb_batch *b, int64_t pairs)
{
    int64_t q = (int64_t)s->n_heads * s->head_dim;
    c->micro_batches++;
    c->quanta += b->n_quanta;
    c->tokens += b->n_tok;
    c->labels += b->n_label;
    c->pairs += pairs;
    c->linear_forward += s->n_layers * block(s) * b->n_tok;
    c->attention_forward += s->n_layers * 4 * q * pairs;
    c->head_forward += 2 * (int64_t)s->vocab * s->d * b->n_label;
}

/* Of the lowest block q, k and v end in nothing that is trained. */
static int64_t not_needed(const struct tb_shape *s, const struct reach *r)
{
    static const enum tb_role inputs[] = { TB_Q, TB_K, TB_V };
    int64_t sum = 0;
    for (size_t i = 0; !r->trains_input && i < sizeof inputs / sizeof *inputs; i++)
        sum += r->has_before[inputs[i]] ? 0 : linear(s, inputs[i]);
    return sum;
}

static bool keeps_at_down(const struct tb_job *j, int layer)
{
    for (int i = 0; i < j->stack->n; i++)
        for (int k = 0; k < j->stack->part[i]->n_seats; k++) {
            const struct tb_seat *s = &j->stack->part[i]->seats[k];
            if (s->site->kind == TB_SITE_LINEAR && s->site->layer == layer && s->site->role == TB_DOWN
                && s->keep_floats)
                return true;
        }
    return false;
}

static void add_back(struct tb_counters *c, const struct tb_job *j, const struct reach *r, const struct tb_batch *b,
                     int64_t pairs)
{
    const struct tb_shape *s = &j->base->model->shape;
    int64_t q = (int64_t)s->n_heads * s->head_dim, n = s->n_layers - r->lowest, head = 2 * (int64_t)s->vocab * s->d;
    c->head_dx += head * b->n_label;
    c->head_dw += r->trains_head ? head * b->n_label : 0;
    c->linear_dx += n > 0 ? (n * block(s) - not_needed(s, r)) * b->n_tok : 0;
    c->linear_dw += (int64_t)r->dense * b->n_tok;
    c->attention_back += n * 10 * q * pairs;
    for (int l = r->lowest; j->spec.recompute && l + 1 < s->n_layers; l++) {
        c->linear_again += (block(s) - (keeps_at_down(j, l) ? 0 : linear(s, TB_DOWN))) * b->n_tok;
        c->attention_again += 4 * q * pairs;
    }
}

static bool pass(struct tb_counters *c, const struct tb_job *j, const struct tb_row *rows, int n, bool is_training,
                 struct tb_err *err)
{
    struct reach r = reach_of(j);
    struct tb_pack_spec spec = { .n_input = tb_stack_input_rows(j->stack), .n_kv = tb_stack_kv_rows(j->stack),
                                 .share_prompts = j->spec.share_prompts, .quantum_tok = j->spec.quantum_tok,
                                 .micro_tok = r.is_tied ? 1 : j->spec.micro_tok };
    struct tb_packer *p = tb_packer_open(&spec);
    const struct tb_batch *b;
    bool good = tb_packer_begin(p, rows, n, err);
    while (good && (b = tb_packer_next(p))) {
        int64_t pairs = pairs_of(b, j->base->model->shape.window);
        add_forward(c, &j->base->model->shape, b, pairs);
        if (is_training)
            add_back(c, j, &r, b, pairs);
    }
    c->steps += is_training;
    tb_packer_close(p);
    return good;
}

bool tb_work_step(struct tb_counters *c, const struct tb_job *j, const struct tb_row *rows, int n, struct tb_err *err)
{
    return pass(c, j, rows, n, true, err);
}

bool tb_work_score(struct tb_counters *c, const struct tb_job *j, const struct tb_row *rows, int n, struct tb_err *err)
{
    bool good = true;
    for (int at = 0; good && at < n; at += j->spec.step_rows)
        good = pass(c, j, rows + at, n - at < j->spec.step_rows ? n - at : j->spec.step_rows, false, err);
    return good;
}

double tb_work_flop(const struct tb_counters *c, const struct tb_job *j)
{
    const struct tb_shape *s = &j->base->model->shape;
    struct reach r = reach_of(j);
    double weights = (double)s->n_layers * (double)block(s) / 2 + (double)s->vocab * s->d;
    double directions = c->steps ? 2 + (c->linear_again > 0) : 1;
    double counted = (double)c->linear_forward + (double)c->linear_dx + (double)c->linear_dw + (double)c->linear_again
                   + (double)c->attention_forward + (double)c->attention_back + (double)c->attention_again
                   + (double)c->head_forward + (double)c->head_dx + (double)c->head_dw;
    double own = (c->steps ? 6 : 2) * r.numbers * (double)c->tokens
               + (c->steps ? built_step * (double)c->steps : built_score * (double)c->micro_batches) * r.built;
    double unpacked = unpack_flop * weights * directions * (double)c->micro_batches;
    return counted + own + unpacked + update_flop * (double)tb_stack_trainable(j->stack) * (double)c->steps;
}

/* ---- a run */
static double tokens_of(const struct tb_row *rows, int n)
{
    double tok = 0;
    for (int i = 0; i < n; i++)
        tok += rows[i].n;
    return tok;
}

static struct tb_row *rows_of_step(const struct tb_job *j, int64_t step, int *n)
{
    int n_train;
    const int *train = tb_dataset_train(j->data, &n_train), *at = tb_order_step(j->order, step, n);
    struct tb_row *rows = tb_xcalloc((size_t)*n + 1, sizeof *rows);
    for (int i = 0; i < *n; i++)
        rows[i] = tb_dataset_row(j->data, train[at[i]]);
    return rows;
}

struct tb_row *tb_work_first_rows(const struct tb_job *j, int *n)
{
    return rows_of_step(j, 0, n);
}

static bool train(struct tb_work *w, const struct tb_job *j, struct tb_err *err)
{
    struct tb_counters c = { 0 };
    double tok = 0, all = (double)(j->n_tokens + tb_probe_tokens(j));
    for (int64_t s = 0; s < j->n_steps && s < SAMPLE_STEPS && tok < SAMPLE_TOK; s++) {
        int n;
        struct tb_row *rows = rows_of_step(j, s, &n);
        bool good = tb_work_step(&c, j, rows, n, err);
        tok += tokens_of(rows, n);
        free(rows);
        if (!good)
            return false;
    }
    w->training = tok > 0 ? tb_work_flop(&c, j) * all / tok : 0;
    return true;
}

static bool score(struct tb_work *w, const struct tb_job *j, struct tb_err *err)
{
    struct tb_counters c = { 0 };
    int n = j->n_eval < SAMPLE_ROWS ? j->n_eval : SAMPLE_ROWS;
    struct tb_row *rows = tb_xcalloc((size_t)n + 1, sizeof *rows);
    for (int i = 0; i < n; i++)
        rows[i] = tb_dataset_row(j->data, j->eval_row[i]);
    bool good = tb_work_score(&c, j, rows, n, err);
    double once = tb_work_flop(&c, j) * (n ? (double)j->n_eval / n : 0);
    free(rows);
    w->scoring = once * j->n_eval_at;
    return good;
}

/* FLOP of a token that is read, with its label. */
static double token_flop(const struct tb_job *j)
{
    const struct tb_shape *s = &j->base->model->shape;
    return (double)s->n_layers * (double)block(s) + 2.0 * s->vocab * s->d;
}

bool tb_work_of(struct tb_work *w, const struct tb_job *j, struct tb_err *err)
{
    *w = (struct tb_work){ .measuring = token_flop(j) * ((double)tb_measuring_reads(j)
                                                         + decode_factor * (double)tb_measuring_writes(j)) };
    return train(w, j, err) && score(w, j, err);
}
