/* SPDX-License-Identifier: MIT */
/* generate.c - prompts and single tokens as micro-batches of the engine's own pass, with a cache behind its blocks. All
 * memory is taken when a generator is opened. */
#include "engine/generate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/engine_priv.h"

/* A row under way. Its keys are rows slot * stride .. of the cache. */
struct row {
    int32_t *ids; /* [row_tok] */
    int n, n_prompt, route;
    uint32_t number;
    bool has_ended;
};

struct tb_generator {
    struct tb_engine *e;
    struct tb_generator_spec spec;
    struct cache cache;
    struct row *row; /* [n_rows] */
    int n;
    int *live, n_live;   /* rows in the order of their logits, by route */
    bool has_made;       /* the last token of each live row has not run yet */
    struct tb_mat logits; /* [n_rows, vocab], device */
    float *host, *loss;  /* the same on the host; -log p of the tokens made */
    int32_t *ids, *pos, *index;
    uint32_t *place;
    struct tb_seg *seg;
    struct tb_quantum *quantum;
    struct tb_cache_row *at;
    struct tb_candidate *scratch;
};

uint64_t tb_generator_bytes(const struct tb_model *m, int n_input, const struct tb_generator_spec *spec)
{
    const struct tb_shape *shape = &m->shape;
    uint64_t rows = (uint64_t)spec->n_rows, tok = rows * (uint64_t)(spec->row_tok + n_input);
    uint64_t kv = 2 * tok * (uint64_t)shape->n_layers * (uint64_t)(shape->n_kv * shape->head_dim) * sizeof(float);
    uint64_t logits = 2 * rows * (uint64_t)shape->vocab * sizeof(float);
    return kv + logits + (uint64_t)shape->vocab * sizeof(struct tb_candidate) + tok * 4 * sizeof(int32_t);
}

static struct tb_mat take(struct tb_generator *g, int64_t rows, int64_t cols, bool *good)
{
    struct tb_mat m = tb_mat_of(g->e->k->alloc(g->e->k, (size_t)(rows * cols) * sizeof(float)), rows, cols);
    *good = *good && m.p;
    return m;
}

static bool take_device(struct tb_generator *g)
{
    const struct tb_shape *s = &g->e->model->shape;
    int64_t rows = g->spec.n_rows * g->cache.stride, kv = (int64_t)s->n_kv * s->head_dim;
    bool good = true;
    for (int l = 0; l < s->n_layers; l++) {
        g->cache.k[l] = take(g, rows, kv, &good);
        g->cache.v[l] = take(g, rows, kv, &good);
    }
    g->logits = take(g, g->spec.n_rows, s->vocab, &good);
    g->cache.at = g->e->k->alloc(g->e->k, (size_t)g->spec.n_rows * sizeof(int32_t));
    return good && g->cache.at;
}

static void take_host(struct tb_generator *g)
{
    size_t rows = (size_t)g->spec.n_rows, tok = (size_t)g->e->max_tok, vocab = (size_t)g->e->model->shape.vocab;
    g->cache.k = tb_xcalloc((size_t)g->e->model->shape.n_layers, sizeof *g->cache.k);
    g->cache.v = tb_xcalloc((size_t)g->e->model->shape.n_layers, sizeof *g->cache.v);
    g->row = tb_xcalloc(rows, sizeof *g->row);
    for (size_t i = 0; i < rows; i++)
        g->row[i].ids = tb_xcalloc((size_t)g->spec.row_tok, sizeof *g->row[i].ids);
    g->live = tb_xcalloc(rows, sizeof *g->live);
    g->host = tb_xcalloc(rows * vocab, sizeof *g->host);
    g->loss = tb_xcalloc(rows, sizeof *g->loss);
    g->ids = tb_xcalloc(tok, sizeof *g->ids);
    g->pos = tb_xcalloc(tok, sizeof *g->pos);
    g->place = tb_xcalloc(tok, sizeof *g->place);
    g->index = tb_xcalloc(rows, sizeof *g->index);
    g->seg = tb_xcalloc(rows, sizeof *g->seg);
    g->quantum = tb_xcalloc(rows, sizeof *g->quantum);
    g->at = tb_xcalloc(rows, sizeof *g->at);
    g->scratch = tb_xcalloc(vocab, sizeof *g->scratch);
}

static bool fits(const struct tb_engine *e, const struct tb_generator_spec *s, struct tb_err *err)
{
    uint64_t need = tb_generator_bytes(e->model, e->most_input, s), room = tb_mem_free_bytes();
    if (s->n_rows < 1 || s->n_rows > e->spec.step_rows || s->row_tok < 2 || s->row_tok > e->spec.row_tok)
        return tb_fail(err, TB_ERR_LIMIT, "%d rows of %d tokens; the engine was opened for %d of %d", s->n_rows,
                       s->row_tok, e->spec.step_rows, e->spec.row_tok);
    if ((int64_t)s->n_rows * (s->row_tok + e->most_input) > INT32_MAX)
        return tb_fail(err, TB_ERR_LIMIT, "%d rows of %d tokens are too many at once", s->n_rows, s->row_tok);
    return need <= room
        || tb_fail(err, TB_ERR_LIMIT, "the keys and values of %d rows of %d tokens need %llu MB and %llu MB are free; "
                   "make fewer rows at once or shorter ones", s->n_rows, s->row_tok,
                   (unsigned long long)(need >> 20), (unsigned long long)(room >> 20));
}

struct tb_generator *tb_generator_open(struct tb_engine *e, const struct tb_generator_spec *spec, struct tb_err *err)
{
    if (!fits(e, spec, err))
        return NULL;
    struct tb_generator *g = tb_xcalloc(1, sizeof *g);
    g->e = e;
    g->spec = *spec;
    g->cache.stride = spec->row_tok + e->most_input;
    g->cache.row = NULL;
    take_host(g);
    if (take_device(g))
        return g;
    tb_generator_close(g);
    tb_fail(err, TB_ERR_LIMIT, "no memory for the keys and values of %d rows of %d tokens", spec->n_rows,
            spec->row_tok);
    return NULL;
}

void tb_generator_close(struct tb_generator *g)
{
    if (!g)
        return;
    struct tb_kernels *k = g->e->k;
    for (int l = 0; l < g->e->model->shape.n_layers; l++) {
        k->release(k, g->cache.k[l].p);
        k->release(k, g->cache.v[l].p);
    }
    k->release(k, g->cache.at);
    k->release(k, g->logits.p);
    for (int i = 0; i < g->spec.n_rows; i++)
        free(g->row[i].ids);
    void *host[] = { g->cache.k, g->cache.v, g->row, g->live, g->host, g->loss, g->ids, g->pos, g->place, g->index,
                     g->seg, g->quantum, g->at, g->scratch };
    for (size_t i = 0; i < sizeof host / sizeof *host; i++)
        free(host[i]);
    free(g);
}

/* ---- passes */

static void use_arrays(struct tb_generator *g, struct tb_batch *b)
{
    b->ids = g->ids;
    b->pos = g->pos;
    b->row = g->place;
    b->seg = g->seg;
    b->label_at = g->index;
    b->label = g->index;
    b->quantum = g->quantum;
}

/* Runs a batch; logits of its labelled rows become rows first .. of g->logits. */
static void run(struct tb_generator *g, struct tb_batch *b, bool is_filling, int first)
{
    struct tb_engine *e = g->e;
    use_arrays(g, b);
    g->cache.is_filling = is_filling;
    g->cache.row = g->at;
    e->cache = &g->cache;
    e->dropout_on = false;
    tb_pass_forward(e, b);
    e->k->gemv_w(e->k, tb_mat_rows(g->logits, first, b->n_label), tb_head_rows(e), &e->head_w);
    e->cache = NULL;
    e->batch = NULL;
}

static struct tb_cache_row keys_of(const struct tb_generator *g, int slot, int n)
{
    return (struct tb_cache_row){ .first = slot * g->cache.stride, .n = n,
                                  .n_virt = g->e->route[g->row[slot].route].n_kv };
}

/* Adds a whole prompt, its virtual rows in front, to a batch. */
static void add_prompt(struct tb_generator *g, struct tb_batch *b, int slot)
{
    const struct row *r = &g->row[slot];
    const struct route *on = &g->e->route[r->route];
    const int n_input = on->n_input, n_tok = n_input + r->n, i = b->n_seg;
    for (int j = 0; j < n_tok; j++) {
        g->ids[b->n_tok + j] = j < n_input ? -1 : r->ids[j - n_input];
        g->pos[b->n_tok + j] = on->n_kv + j;
    }
    g->seg[i] = (struct tb_seg){ .start = b->n_tok, .length = n_tok, .parent = -1, .pos = on->n_kv,
                                 .n_virt = on->n_kv, .quantum = i };
    g->quantum[i] = (struct tb_quantum){ .tok = b->n_tok, .n_tok = n_tok, .seg = i, .n_seg = 1, .label = i,
                                         .n_label = 1, .root = n_input ? b->n_tok : -1, .route = r->route };
    g->at[i] = keys_of(g, slot, n_tok);
    g->index[i] = b->n_tok + n_tok - 1;
    b->n_tok += n_tok;
    b->n_seg = b->n_quanta = b->n_label = i + 1;
}

/* Whether the prompt of the i-th live row goes into this batch, too. */
static bool has_room(const struct tb_generator *g, const struct tb_batch *b, int i)
{
    const struct row *r = &g->row[g->live[i]];
    return b->n_tok + g->e->route[r->route].n_input + r->n <= g->e->max_tok;
}

static void run_prompts(struct tb_generator *g)
{
    for (int i = 0; i < g->n;) {
        const int first = i;
        struct tb_batch b = { 0 };
        do
            add_prompt(g, &b, g->live[i++]);
        while (i < g->n && has_room(g, &b, i));
        run(g, &b, true, first);
    }
}

/* One quantum for each route that has live rows. */
static void cut_tokens(struct tb_generator *g, struct tb_batch *b)
{
    for (int i = 0; i < g->n_live; i++) {
        const int route = g->row[g->live[i]].route;
        if (i == 0 || g->quantum[b->n_quanta - 1].route != route)
            g->quantum[b->n_quanta++] = (struct tb_quantum){ .tok = i, .label = i, .root = -1, .route = route };
        g->quantum[b->n_quanta - 1].n_tok++;
        g->quantum[b->n_quanta - 1].n_label++;
    }
}

/* The last token of every live row. */
static void run_tokens(struct tb_generator *g)
{
    struct tb_batch b = { .n_tok = g->n_live, .n_label = g->n_live };
    for (int i = 0; i < g->n_live; i++) {
        const struct row *r = &g->row[g->live[i]];
        g->at[i] = keys_of(g, g->live[i], g->e->route[r->route].n_input + r->n);
        g->index[i] = (int32_t)g->at[i].first + g->at[i].n - 1;
    }
    g->e->k->put(g->e->k, g->cache.at, g->index, (size_t)g->n_live * sizeof *g->index);
    for (int i = 0; i < g->n_live; i++) {
        const struct row *r = &g->row[g->live[i]];
        g->ids[i] = r->ids[r->n - 1];
        g->pos[i] = g->at[i].n_virt + g->at[i].n - 1;
        g->index[i] = i;
    }
    cut_tokens(g, &b);
    run(g, &b, false, 0);
}

/* ---- rows */

static bool check(const struct tb_generator *g, const struct tb_generate_row *r, int i, struct tb_err *err)
{
    const int vocab = g->e->model->shape.vocab;
    if (r->route < 0 || r->route >= g->e->n_routes)
        return tb_fail(err, TB_ERR_LIMIT, "row %d: route %d; this engine has %d, from 0 on", i, r->route,
                       g->e->n_routes);
    if (r->n < 1)
        return tb_fail(err, TB_ERR_LIMIT, "row %d: an empty prompt; nothing to continue", i);
    if (r->n >= g->spec.row_tok)
        return tb_fail(err, TB_ERR_LIMIT, "row %d: the prompt has %d tokens and may have %d here", i, r->n,
                       g->spec.row_tok - 1);
    for (int j = 0; j < r->n; j++)
        if (r->ids[j] < 0 || r->ids[j] >= vocab)
            return tb_fail(err, TB_ERR_LIMIT, "row %d, token %d: id %d is outside the vocabulary of %d", i, j,
                           r->ids[j], vocab);
    return true;
}

/* All rows live: those of one route are neighbours. */
static void sort_rows(struct tb_generator *g)
{
    g->n_live = 0;
    for (int route = 0; route < g->e->n_routes; route++)
        for (int i = 0; i < g->n; i++)
            if (g->row[i].route == route)
                g->live[g->n_live++] = i;
}

bool tb_generator_begin(struct tb_generator *g, const struct tb_generate_row *rows, int n, struct tb_err *err)
{
    g->n = g->n_live = 0;
    if (n > g->spec.n_rows)
        return tb_fail(err, TB_ERR_LIMIT, "%d rows at once; the generator was opened for %d", n, g->spec.n_rows);
    for (int i = 0; i < n; i++)
        if (!check(g, &rows[i], i, err))
            return false;
    for (int i = 0; i < n; i++) {
        struct row *r = &g->row[i];
        memcpy(r->ids, rows[i].ids, (size_t)rows[i].n * sizeof *r->ids);
        *r = (struct row){ .ids = r->ids, .n = rows[i].n, .n_prompt = rows[i].n, .route = rows[i].route,
                           .number = rows[i].number };
    }
    g->n = n;
    sort_rows(g);
    g->has_made = false;
    tb_engine_derive(g->e);
    run_prompts(g);
    return true;
}

/* Log-probabilities of the chosen ids, which the device works out with the logits as they are. */
static void score(struct tb_generator *g)
{
    struct tb_kernels *k = g->e->k;
    struct tb_mat loss = tb_mat_rows(g->e->loss, 0, g->n_live);
    k->put(k, g->e->label, g->index, (size_t)g->n_live * sizeof *g->index);
    k->xent(k, tb_mat_rows(g->logits, 0, g->n_live), g->e->label, loss, 0);
    k->get(k, g->loss, loss.p, (size_t)g->n_live * sizeof *g->loss);
}

static void choose(struct tb_generator *g, const struct tb_sampling *s)
{
    const int vocab = g->e->model->shape.vocab;
    g->e->k->get(g->e->k, g->host, g->logits.p, (size_t)g->n_live * (size_t)vocab * sizeof *g->host);
    for (int i = 0; i < g->n_live; i++) {
        struct row *r = &g->row[g->live[i]];
        g->index[i] = tb_sample(s, g->host + (int64_t)i * vocab, vocab, r->ids, r->n, r->number,
                                (uint32_t)(r->n - r->n_prompt), g->scratch);
        r->ids[r->n++] = g->index[i];
    }
}

static void drop_ended(struct tb_generator *g)
{
    int n = 0;
    for (int i = 0; i < g->n_live; i++)
        if (!g->row[g->live[i]].has_ended)
            g->live[n++] = g->live[i];
    g->n_live = n;
}

int tb_generator_next(struct tb_generator *g, const struct tb_sampling *s, struct tb_made *made)
{
    if (g->has_made) {
        drop_ended(g);
        if (g->n_live)
            run_tokens(g);
    }
    if (g->n_live == 0)
        return 0;
    choose(g, s);
    score(g);
    g->has_made = true;
    for (int i = 0; i < g->n_live; i++) {
        struct row *r = &g->row[g->live[i]];
        r->has_ended = r->has_ended || r->n == g->spec.row_tok;
        made[i] = (struct tb_made){ g->live[i], g->index[i], -g->loss[i], r->has_ended };
    }
    return g->n_live;
}

void tb_generator_end(struct tb_generator *g, int row)
{
    g->row[row].has_ended = true;
}

int tb_generator_top(struct tb_generator *g, int i, int n, struct tb_candidate *top)
{
    const int vocab = g->e->model->shape.vocab;
    const float *logits = g->host + (int64_t)i * vocab;
    float total = logits[g->index[i]] + g->loss[i];
    n = tb_sample_top(logits, vocab, n, g->scratch, top);
    for (int j = 0; j < n; j++)
        top[j].logit -= total;
    return n;
}

/* ---- what else a place could have held */

/* log of the sum of exp(logit) of the i-th row. */
static double total(const struct tb_generator *g, int i)
{
    const float *logits = g->host + (int64_t)i * g->e->model->shape.vocab;
    return (double)logits[g->index[i]] + (double)g->loss[i];
}

double tb_generator_logprob(const struct tb_generator *g, int i, int32_t id)
{
    return (double)g->host[(int64_t)i * g->e->model->shape.vocab + id] - total(g, i);
}

double tb_generator_divergence(const struct tb_generator *g, int i, int j)
{
    const int vocab = g->e->model->shape.vocab;
    const float *of = g->host + (int64_t)i * vocab, *from = g->host + (int64_t)j * vocab;
    double total_of = total(g, i), total_from = total(g, j), sum = 0;
    for (int id = 0; id < vocab; id++) {
        double log_p = (double)of[id] - total_of;
        sum += exp(log_p) * (log_p - ((double)from[id] - total_from));
    }
    return sum > 0 ? sum : 0;
}

/* ---- losses */

/* Labels of tokens from .. n - 1, behind n_input virtual rows. */
static void label(struct tb_batch *b, const struct tb_generate_row *row, int from, int n_input)
{
    for (int i = from; i < row->n; i++, b->n_label++) {
        b->label_at[b->n_label] = n_input + i - 1;
        b->label[b->n_label] = row->ids[i];
    }
    b->quantum->n_label = b->n_label;
}

bool tb_generator_loss(struct tb_generator *g, const struct tb_generate_row *row, int n_prompt, double *loss,
                       int *labels, struct tb_err *err)
{
    struct tb_batch b = { 0 };
    struct tb_engine *e = g->e;
    g->n = g->n_live = 0;
    if (!check(g, row, 0, err))
        return false;
    memcpy(g->row[0].ids, row->ids, (size_t)row->n * sizeof *row->ids);
    g->row[0].n = row->n;
    g->row[0].route = row->route;
    use_arrays(g, &b);
    add_prompt(g, &b, 0);
    b.n_label = 0;
    b.label_at = tb_xcalloc((size_t)row->n, sizeof *b.label_at);
    b.label = tb_xcalloc((size_t)row->n, sizeof *b.label);
    b.label_row = tb_xcalloc((size_t)row->n, sizeof *b.label_row);
    label(&b, row, n_prompt > 1 ? n_prompt : 1, e->route[row->route].n_input);
    e->row_loss[0] = 0;
    e->row_labels[0] = 0;
    e->dropout_on = false;
    tb_engine_derive(e);
    tb_pass_forward(e, &b);
    tb_head(e, 0);
    e->batch = NULL;
    tb_engine_row_losses(e, loss, labels, 1);
    free(b.label_at);
    free(b.label);
    free(b.label_row);
    return true;
}
