/* SPDX-License-Identifier: MIT */
/* linear.c - one linear site with its adapters, in the order of design 2.4:
 *     all `before` (x -> x'); y = W x'; all `after` in stack order; backward in reverse.
 * The product with the frozen weight runs over the whole micro-batch; hooks run once per quantum, so that every
 * parameter gradient is summed quantum by quantum whatever the cut into micro-batches. In a generation quanta may have
 * routes of their own; what is trained has one. */
#include "engine/engine_priv.h"

struct tb_pass tb_engine_pass(struct tb_engine *e, const struct tb_quantum *q)
{
    struct tb_pass p = { .k = e->k, .temp = e->temp, .n_tok = q->n_tok, .is_training = e->dropout_on };
    p.drop = (struct tb_drop){ .seed = e->seed, .step = (uint32_t)e->step, .row = e->row + q->tok };
    return p;
}

bool tb_seat_runs_before(const struct tb_seat *s)
{
    return s->adapter->method->before && !s->skips_before;
}

bool tb_seat_runs_after(const struct tb_seat *s)
{
    return s->adapter->method->after && !s->skips_after;
}

static struct tb_mat rows_of(struct tb_mat m, const struct tb_quantum *q)
{
    return m.p ? tb_mat_rows(m, q->tok, q->n_tok) : m;
}

static void point_keep(struct tb_pass *p, const struct place *at, int i, const struct tb_quantum *q)
{
    if (at->keep)
        p->keep = at->keep + (int64_t)q->tok * at->keep_floats + (int64_t)q->n_tok * at->keep_at[i];
}

static struct tb_mat stage(const struct tb_engine *e, int i, struct tb_mat x)
{
    return tb_mat_of(e->stage[i].p, x.rows, x.cols);
}

/* All `before` hooks of one quantum; the last of them writes into stage[last]. */
static void before_quantum(struct tb_engine *e, const struct place *at, const struct tb_quantum *q, struct tb_mat x,
                           int last)
{
    int n = last + 1 - at->n_before;
    struct tb_mat in = rows_of(x, q);
    for (int i = 0; i < at->n; i++) {
        const struct tb_seat *s = at->seat[i];
        if (!tb_seat_runs_before(s))
            continue;
        struct tb_pass p = tb_engine_pass(e, q);
        p.x = in;
        p.y = in = rows_of(stage(e, n++, x), q);
        point_keep(&p, at, i, q);
        s->adapter->method->before(s, &p);
    }
    if (!at->n_before)
        e->k->copy(e->k, rows_of(stage(e, last, x), q), in);
}

/* x' after all `before` hooks; with one route stage[i] holds the output of the i-th of them. Also redoes them for the
 * backward. */
static struct tb_mat run_before(struct tb_engine *e, int layer, enum tb_role role, struct tb_mat x)
{
    const struct tb_batch *b = e->batch;
    int most = 0;
    for (int j = 0; j < b->n_quanta; j++) {
        int n = tb_route_place(e, &b->quantum[j], layer, role)->n_before;
        most = n > most ? n : most;
    }
    for (int j = 0; most && j < b->n_quanta; j++)
        before_quantum(e, tb_route_place(e, &b->quantum[j], layer, role), &b->quantum[j], x, most - 1);
    return most ? stage(e, most - 1, x) : x;
}

static void run_after(struct tb_engine *e, int layer, enum tb_role role, struct tb_mat y, struct tb_mat x)
{
    for (int j = 0; j < e->batch->n_quanta; j++) {
        const struct tb_quantum *q = &e->batch->quantum[j];
        const struct place *at = tb_route_place(e, q, layer, role);
        for (int i = 0; at->n_after && i < at->n; i++) {
            const struct tb_seat *s = at->seat[i];
            if (!tb_seat_runs_after(s))
                continue;
            struct tb_pass p = tb_engine_pass(e, q);
            p.x = rows_of(x, q);
            p.y = rows_of(y, q);
            point_keep(&p, at, i, q);
            s->adapter->method->after(s, &p);
        }
    }
}

static int64_t flops(const struct tb_engine *e, const struct tb_weight *w)
{
    return 2 * w->rows * w->cols * e->batch->n_tok;
}

/* Tokens of generation come one from each row: the product that reads the weight once. */
static void few_rows(struct tb_engine *e, const struct tb_seat *replaced, const struct tb_weight *w, struct tb_mat y,
                     struct tb_mat x)
{
    struct tb_weight own = *w;
    if (replaced) {
        struct tb_mat m = replaced->adapter->method->weight(replaced);
        own = (struct tb_weight){ .type = TB_F32, .p = m.p, .rows = m.rows, .cols = m.cols,
                                  .row_bytes = (size_t)m.ld * sizeof(float) };
    }
    e->k->gemv_w(e->k, y, x, &own);
}

/* y = W x with the frozen weight, or with what a seat puts in its place. */
static void product(struct tb_engine *e, const struct tb_seat *replaced, const struct tb_weight *w, struct tb_mat y,
                    struct tb_mat x)
{
    if (e->cache && !e->cache->is_filling)
        few_rows(e, replaced, w, y, x);
    else if (replaced)
        e->k->gemm_nt(e->k, y, x, replaced->adapter->method->weight(replaced), 1, 0);
    else
        e->k->gemm_w(e->k, y, x, w, false, 0);
}

/* One product for all neighbours with one weight, so that the frozen one is read once for all routes. */
static void products(struct tb_engine *e, int layer, enum tb_role role, struct tb_mat y, struct tb_mat x)
{
    const struct tb_batch *b = e->batch;
    for (int first = 0, end; first < b->n_quanta; first = end) {
        const struct tb_seat *replaced = tb_route_place(e, &b->quantum[first], layer, role)->weight;
        int64_t tok = b->quantum[first].tok, n = 0;
        for (end = first; end < b->n_quanta; end++) {
            if (tb_route_place(e, &b->quantum[end], layer, role)->weight != replaced)
                break;
            n += b->quantum[end].n_tok;
        }
        product(e, replaced, &e->model->layers[layer].linear[role], tb_mat_rows(y, tok, n), tb_mat_rows(x, tok, n));
    }
}

static bool is_scaled(const struct tb_engine *e, const struct tb_quantum *q, int layer, enum tb_role role)
{
    return e->route[q->route].scale != 1 && tb_route_place(e, q, layer, role)->n > 0;
}

/* What the base alone says of rows whose adapters count by a share; y holds what comes before their `after` hooks. */
static void keep_plain(struct tb_engine *e, int layer, enum tb_role role, struct tb_mat y, struct tb_mat x)
{
    for (int j = 0; j < e->batch->n_quanta; j++) {
        const struct tb_quantum *q = &e->batch->quantum[j];
        const struct place *at = tb_route_place(e, q, layer, role);
        struct tb_mat to = rows_of(tb_mat_of(e->plain.p, y.rows, y.cols), q);
        if (!is_scaled(e, q, layer, role))
            continue;
        if (at->n_before || at->weight)
            product(e, NULL, &e->model->layers[layer].linear[role], to, rows_of(x, q));
        else
            e->k->copy(e->k, to, rows_of(y, q));
    }
}

static void mix(struct tb_engine *e, int layer, enum tb_role role, struct tb_mat y)
{
    for (int j = 0; j < e->batch->n_quanta; j++) {
        const struct tb_quantum *q = &e->batch->quantum[j];
        if (is_scaled(e, q, layer, role))
            tb_route_mix(e, rows_of(y, q), rows_of(tb_mat_of(e->plain.p, y.rows, y.cols), q),
                         e->route[q->route].scale);
    }
}

void tb_linear(struct tb_engine *e, int layer, enum tb_role role, struct tb_mat y, struct tb_mat x)
{
    struct tb_mat used = run_before(e, layer, role, x);
    products(e, layer, role, y, used);
    *(e->is_again ? &e->count.linear_again : &e->count.linear_forward) +=
        flops(e, &e->model->layers[layer].linear[role]);
    if (e->n_routes > 1)
        keep_plain(e, layer, role, y, x);
    run_after(e, layer, role, y, used);
    if (e->n_routes > 1)
        mix(e, layer, role, y);
}

bool tb_linear_reads_x(const struct tb_engine *e, int layer, enum tb_role role)
{
    return e->route->block[layer].linear[role].n > 0;
}

static void run_after_back(struct tb_engine *e, const struct place *at, struct tb_mat dx, struct tb_mat dy,
                           struct tb_mat x)
{
    for (int j = 0; at->n_after && j < e->batch->n_quanta; j++) {
        const struct tb_quantum *q = &e->batch->quantum[j];
        for (int i = at->n - 1; i >= 0; i--) {
            const struct tb_seat *s = at->seat[i];
            if (!tb_seat_runs_after(s))
                continue;
            struct tb_pass p = tb_engine_pass(e, q);
            p.x = rows_of(x, q);
            p.dy = rows_of(dy, q);
            p.dx = rows_of(dx, q);
            point_keep(&p, at, i, q);
            s->adapter->method->after_back(s, &p);
        }
    }
}

/* dense dW' of the seat that replaces the matrix, quantum by quantum. */
static void weight_gradient(struct tb_engine *e, const struct tb_seat *s, struct tb_mat dy, struct tb_mat x)
{
    struct tb_mat sum = s->adapter->method->weight_sum(s);
    for (int j = 0; j < e->batch->n_quanta; j++) {
        const struct tb_quantum *q = &e->batch->quantum[j];
        e->k->gemm_tn(e->k, sum, rows_of(dy, q), rows_of(x, q), 1, 1);
    }
    e->count.linear_dw += 2 * sum.rows * sum.cols * e->batch->n_tok;
}

/* The `before` hooks in reverse. dstage[n_before - 1] holds the gradient of x'; the first one adds into dx. */
static void run_before_back(struct tb_engine *e, const struct place *at, struct tb_mat dx, struct tb_mat x)
{
    int n = at->n_before - 1;
    for (int i = at->n - 1; i >= 0; i--) {
        const struct tb_seat *s = at->seat[i];
        if (!tb_seat_runs_before(s))
            continue;
        struct tb_mat dy = tb_mat_of(e->dstage[n].p, x.rows, x.cols);
        struct tb_mat in = n ? tb_mat_of(e->stage[n - 1].p, x.rows, x.cols) : x;
        struct tb_mat din = n ? tb_mat_of(e->dstage[n - 1].p, x.rows, x.cols) : dx;
        if (n)
            e->k->fill(e->k, din, 0);
        for (int j = 0; j < e->batch->n_quanta; j++) {
            const struct tb_quantum *q = &e->batch->quantum[j];
            struct tb_pass p = tb_engine_pass(e, q);
            p.x = rows_of(in, q);
            p.dy = rows_of(dy, q);
            p.dx = rows_of(din, q);
            point_keep(&p, at, i, q);
            s->adapter->method->before_back(s, &p);
        }
        n--;
    }
}

void tb_linear_back(struct tb_engine *e, int layer, enum tb_role role, struct tb_mat dx, struct tb_mat dy,
                    struct tb_mat x)
{
    const struct place *at = &e->route->block[layer].linear[role];
    const struct tb_weight *w = &e->model->layers[layer].linear[role];
    struct tb_mat used = run_before(e, layer, role, x), dused = dx;
    if (at->n_before) {
        dused = tb_mat_of(e->dstage[at->n_before - 1].p, x.rows, x.cols);
        e->k->fill(e->k, dused, 0);
    }
    run_after_back(e, at, dused, dy, used);
    if (dused.p && at->weight)
        e->k->gemm_nn(e->k, dused, dy, at->weight->adapter->method->weight(at->weight), 1, 1);
    else if (dused.p)
        e->k->gemm_w(e->k, dused, dy, w, true, 1);
    if (dused.p)
        e->count.linear_dx += flops(e, w);
    if (at->weight)
        weight_gradient(e, at->weight, dy, used);
    if (at->n_before)
        run_before_back(e, at, dx, x);
}
