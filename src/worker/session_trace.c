/* SPDX-License-Identifier: MIT */
/* session_trace.c - a training run on given rows of token ids, every number of it shown: for comparison with other
 * implementations (doc/frozen.md 7). No tokenizer, no dropout, no shared prompts, constant rate, no clipping.
 * trace.safetensors: logits (before the first update) and final_logits (after the last, on the last step's rows), each
 * [labels, vocabulary] in row order; grad/<name>, in a stack grad/<part>/<name>: gradients of the first step. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "exchange/exchange.h"
#include "format/safetensors.h"
#include "method/saved.h"
#include "worker/session_priv.h"
#include "worker/trace_rows.h"

/* Logits of one set of rows. */
struct logits {
    float *at;
    int64_t n, vocab;
};

struct trace {
    const struct tb_trace_spec *spec;
    struct tb_model *model;
    struct tb_trace_rows rows;
    struct tb_folders folders;
    struct tb_session s;
    struct logits before, after;
    struct tb_saved grad;
    struct tb_counters count; /* of the first step */
    uint64_t allocations;     /* during the steps after it */
    int n_steps;
    double loss, final_loss;
    double *row_loss, *losses, *norms;
    int *row_labels;
};

/* ---- opening */

static struct tb_stack *open_full(const struct tb_model *m, struct tb_err *err)
{
    struct tb_json *keys = tb_json_new_map();
    struct tb_adapter *a = tb_adapter_open(tb_method_find("full"), keys, m, "full", err);
    tb_json_free(keys);
    return a ? tb_stack_of(&a, 1, err) : NULL;
}

static struct tb_stack *open_stack(struct trace *t, struct tb_err *err)
{
    const struct tb_trace_spec *s = t->spec;
    bool is_full = s->train && strcmp(s->train, "full") == 0;
    if (s->train && !is_full) {
        tb_fail(err, TB_ERR_USAGE, "--train %s: expected full; adapters come with --adapter", s->train);
        return NULL;
    }
    if (is_full == (s->n_adapters > 0)) {
        tb_fail(err, TB_ERR_USAGE, "a trace trains either adapters (--adapter DIR, several make a stack) or all "
                "weights (--train full)");
        return NULL;
    }
    struct tb_stack *stack = is_full ? open_full(t->model, err) : tb_folders_stack(&t->folders, t->model, err);
    for (int p = 0; stack && p < stack->n; p++)
        for (int i = 0; i < stack->part[p]->n_seats; i++)
            stack->part[p]->seats[i].drop = 0;
    return stack;
}

static bool open_engine(struct trace *t, struct tb_err *err)
{
    struct tb_engine_spec spec = { .is_training = true, .step_rows = t->rows.most_rows, .row_tok = t->rows.longest };
    struct tb_stack *stack = open_stack(t, err);
    return stack && tb_session_open(&t->s, t->model, stack, &spec, t->spec->threads, err)
        && tb_folders_load(&t->folders, t->s.stack, err);
}

static bool open_trace(struct trace *t, struct tb_err *err)
{
    const struct tb_trace_spec *s = t->spec;
    char *path = tb_session_base_path(s->base, err);
    t->model = path ? tb_model_open(path, err) : NULL;
    free(path);
    if (!t->model || !tb_folders_open(&t->folders, s->adapters, s->n_adapters, err)
        || !tb_trace_rows_open(&t->rows, s->rows, t->model->shape.vocab, err) || !open_engine(t, err))
        return false;
    t->n_steps = t->rows.is_steps ? t->rows.n_steps : s->steps;
    t->losses = tb_xcalloc((size_t)t->n_steps, sizeof *t->losses);
    t->norms = tb_xcalloc((size_t)t->n_steps, sizeof *t->norms);
    t->row_loss = tb_xcalloc((size_t)t->rows.most_rows, sizeof *t->row_loss);
    t->row_labels = tb_xcalloc((size_t)t->rows.most_rows, sizeof *t->row_labels);
    return true;
}

static void close_trace(struct trace *t)
{
    tb_session_close(&t->s);
    tb_folders_close(&t->folders);
    tb_trace_rows_free(&t->rows);
    tb_model_close(t->model);
    tb_saved_free(&t->grad);
    free(t->before.at);
    free(t->after.at);
    free(t->losses);
    free(t->norms);
    free(t->row_loss);
    free(t->row_labels);
}

/* ---- logits */

static void keep_logits(void *arg, int first, int n, const float *rows)
{
    struct logits *l = arg;
    tb_assert(first + n <= l->n);
    memcpy(l->at + first * l->vocab, rows, (size_t)(n * l->vocab) * sizeof *rows);
}

static int64_t labels_of(const struct tb_row *rows, int n)
{
    int64_t sum = 0;
    for (int i = 0; i < n; i++)
        sum += rows[i].n - (rows[i].n_prompt > 1 ? rows[i].n_prompt : 1);
    return sum;
}

/* From here on the engine's logits go into l. */
static bool tap(struct trace *t, struct logits *l, const struct tb_row *rows, int n, struct tb_err *err)
{
    *l = (struct logits){ .n = labels_of(rows, n), .vocab = t->model->shape.vocab };
    uint64_t bytes = (uint64_t)l->n * (uint64_t)l->vocab * sizeof *l->at;
    if (bytes > tb_mem_free_bytes())
        return tb_fail(err, TB_ERR_LIMIT, "the logits of %lld labels need %llu MB; use fewer rows", (long long)l->n,
                       (unsigned long long)(bytes >> 20));
    l->at = tb_xcalloc((size_t)bytes, 1);
    tb_engine_tap_logits(t->s.engine, keep_logits, l);
    return true;
}

/* ---- training */

static void keep_gradients(struct trace *t)
{
    const struct tb_stack *s = t->s.stack;
    for (int i = 0; i < s->n; i++) {
        char prefix[80] = "grad/";
        if (s->n > 1)
            snprintf(prefix, sizeof prefix, "grad/%s/", s->part[i]->part);
        tb_saved_gradients(&t->grad, s->part[i], prefix);
    }
}

static bool gradient(struct trace *t, int step, struct tb_step_out *out, struct tb_err *err)
{
    int n;
    const struct tb_row *rows = tb_trace_rows_at(&t->rows, step, &n);
    if (step == 0 && !tap(t, &t->before, rows, n, err))
        return false;
    if (!tb_engine_gradient(t->s.engine, rows, n, 0, step, out, err))
        return false;
    if (step > 0)
        return true;
    tb_engine_tap_logits(t->s.engine, NULL, NULL);
    tb_engine_row_losses(t->s.engine, t->row_loss, t->row_labels, n);
    t->count = *tb_engine_counters(t->s.engine);
    t->loss = out->loss;
    keep_gradients(t);
    return true;
}

static void update(struct trace *t, int step, const struct tb_step_out *out)
{
    const struct tb_trace_spec *s = t->spec;
    double lr = s->lr > 0 ? s->lr : s->train ? 1e-3 : 1e-2;
    struct tb_update u = { .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .decay = s->decay >= 0 ? s->decay : 0.01,
                           .step = step };
    for (int i = 0; i < t->s.stack->n; i++)
        u.lr[i] = lr;
    t->losses[step] = out->loss;
    t->norms[step] = out->grad_norm;
    tb_engine_update(t->s.engine, &u, out);
}

/* Also without steps: loss and gradients at the start values. */
static bool train(struct trace *t, struct tb_err *err)
{
    for (int i = 0; i < t->n_steps || i == 0; i++) {
        struct tb_step_out out;
        uint64_t before = tb_mem_allocations();
        if (!gradient(t, i, &out, err))
            return false;
        if (i < t->n_steps)
            update(t, i, &out);
        if (i > 0)
            t->allocations += tb_mem_allocations() - before;
    }
    return true;
}

static bool evaluate(struct trace *t, struct tb_err *err)
{
    int n, n_labels = 0;
    const struct tb_row *rows = tb_trace_rows_at(&t->rows, t->n_steps > 0 ? t->n_steps - 1 : 0, &n);
    double *loss = tb_xcalloc((size_t)n, sizeof *loss), sum = 0;
    int *labels = tb_xcalloc((size_t)n, sizeof *labels);
    bool good = tap(t, &t->after, rows, n, err) && tb_engine_evaluate(t->s.engine, rows, n, loss, labels, err);
    for (int i = 0; good && i < n; i++) {
        sum += loss[i];
        n_labels += labels[i];
    }
    t->final_loss = sum / n_labels;
    free(loss);
    free(labels);
    return good;
}

/* ---- what comes out */

static struct tb_to_write matrix(const char *name, const struct logits *l)
{
    return (struct tb_to_write){ .name = name, .type = TB_DTYPE_F32, .n_dims = 2, .dims = { l->n, l->vocab },
                                 .data = l->at };
}

static bool write_tensors(const struct trace *t, struct tb_err *err)
{
    struct tb_to_write *w = tb_xcalloc(t->grad.n + 2, sizeof *w);
    char *path = tb_path_join(t->spec->out, "trace.safetensors");
    size_t n = 0;
    w[n++] = matrix("logits", &t->before);
    w[n++] = matrix("final_logits", &t->after);
    for (size_t i = 0; i < t->grad.n; i++) {
        const struct tb_saved_tensor *g = &t->grad.at[i];
        w[n] = (struct tb_to_write){ .name = g->name, .type = TB_DTYPE_F32, .n_dims = g->n_dims, .data = g->data };
        for (int d = 0; d < g->n_dims; d++)
            w[n].dims[d] = g->dims[d];
        n++;
    }
    bool good = tb_safetensors_write(path, w, n, err);
    free(path);
    free(w);
    return good;
}

/* A trace made again into its folder replaces the old one; a folder of somebody else keeps its "final". */
static bool write_final(const struct trace *t, struct tb_err *err)
{
    char *final = tb_path_join(t->spec->out, "final"), *old = tb_path_join(t->spec->out, "trace.safetensors");
    bool good = !tb_file_exists(old) || tb_dir_remove(final, err);
    good = good && tb_stack_write(t->s.stack, final, t->spec->base, err);
    free(old);
    free(final);
    return good;
}

static bool write_all(const struct trace *t, struct tb_err *err)
{
    return tb_dir_make(t->spec->out, 0777, err) && write_final(t, err) && write_tensors(t, err);
}

static void put(struct tb_json *j, const char *key, double v)
{
    tb_json_set(j, key, tb_json_new_real(v));
}

static struct tb_json *reals(const double *v, int n)
{
    struct tb_json *list = tb_json_new_list();
    for (int i = 0; i < n; i++)
        tb_json_append(list, tb_json_new_real(v[i]));
    return list;
}

/* Means of the first step's rows; null for a row without a label. */
static struct tb_json *row_losses(const struct trace *t)
{
    struct tb_json *list = tb_json_new_list();
    int n;
    tb_trace_rows_at(&t->rows, 0, &n);
    for (int i = 0; i < n; i++)
        tb_json_append(list, tb_json_new_real(t->row_labels[i] ? t->row_loss[i] / t->row_labels[i] : NAN));
    return list;
}

static struct tb_json *norms_by_name(const struct trace *t)
{
    struct tb_json *map = tb_json_new_map();
    for (size_t i = 0; i < t->grad.n; i++) {
        const struct tb_saved_tensor *g = &t->grad.at[i];
        double sum = 0;
        for (int64_t k = 0; k < g->n; k++)
            sum += (double)g->data[k] * (double)g->data[k];
        put(map, g->name + strlen("grad/"), sqrt(sum));
    }
    return map;
}

static struct tb_json *counters(const struct tb_counters *c)
{
    const struct {
        const char *name;
        int64_t n;
    } all[] = {
        { "steps", c->steps }, { "micro_batches", c->micro_batches }, { "quanta", c->quanta }, { "tokens", c->tokens },
        { "labels", c->labels }, { "pairs", c->pairs }, { "linear_forward", c->linear_forward },
        { "linear_dx", c->linear_dx }, { "linear_dw", c->linear_dw }, { "attention_forward", c->attention_forward },
        { "attention_back", c->attention_back }, { "head_forward", c->head_forward }, { "head_dx", c->head_dx },
        { "head_dw", c->head_dw },
    };
    struct tb_json *map = tb_json_new_map();
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        tb_json_set(map, all[i].name, tb_json_new_int(all[i].n));
    return map;
}

static struct tb_json *result(const struct trace *t)
{
    struct tb_json *j = tb_json_new_map();
    put(j, "loss", t->loss);
    tb_json_set(j, "row_losses", row_losses(t));
    tb_json_set(j, "losses", reals(t->losses, t->n_steps));
    put(j, "final_loss", t->final_loss);
    tb_json_set(j, "gradient_norms", t->rows.is_steps ? reals(t->norms, t->n_steps) : norms_by_name(t));
    tb_json_set(j, "n_trainable", tb_json_new_int(tb_stack_trainable(t->s.stack)));
    if (t->spec->counters) {
        tb_json_set(j, "counters", counters(&t->count));
        tb_json_set(j, "allocations", tb_json_new_int((int64_t)t->allocations));
    }
    return j;
}

struct tb_json *tb_session_trace(const struct tb_trace_spec *s, struct tb_err *err)
{
    struct trace t = { .spec = s };
    struct tb_json *j = NULL;
    if (open_trace(&t, err) && train(&t, err) && evaluate(&t, err) && write_all(&t, err))
        j = result(&t);
    close_trace(&t);
    return j;
}
