/* SPDX-License-Identifier: MIT */
/* session_eval.c - the loss of a run, of adapter folders or of the bare base on rows of text: on the rows of a data
 * text, all of them, or on the very rows that the run was evaluated on while it trained. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "worker/job.h"
#include "worker/session_priv.h"

enum { STEP_ROWS = 64, ROW_TOK = 4095 };

struct eval {
    const struct tb_eval_spec *spec;
    struct tb_session_run run;  /* of a run */
    struct tb_folders folders;  /* of folders */
    struct tb_shelf *shelf;     /* of folders; a run has its own */
    const struct tb_base *base; /* lent by a shelf */
    struct tb_stack *stack;     /* of folders, until the session has it */
    struct tb_job job;          /* whose held-out rows they are */
    struct tb_dataset *data;    /* lent */
    struct tb_session s;
    int *row, n;                /* rows of the data set */
    struct tb_row *rows;
    double *loss;
    int *labels, longest;
};

static void close_eval(struct eval *e)
{
    tb_session_close(&e->s);
    tb_stack_close(e->stack);
    tb_job_close(&e->job);
    tb_session_run_close(&e->run);
    tb_folders_close(&e->folders);
    tb_shelf_close(e->shelf);
    free(e->row);
    free(e->rows);
    free(e->loss);
    free(e->labels);
}

static bool check(const struct tb_eval_spec *s, struct tb_err *err)
{
    if (s->run && (s->base || s->n_adapters))
        return tb_fail(err, TB_ERR_USAGE, "a run has its own base and adapter: give either RUN, or --base and "
                       "--adapter");
    if (!s->run && !s->base)
        return tb_fail(err, TB_ERR_USAGE, "what is to be evaluated? a RUN of the store, or --base with --adapter DIR");
    if (!s->run && !s->data)
        return tb_fail(err, TB_ERR_USAGE, "on which text? --data FILE (a RUN has held-out rows of its own)");
    return true;
}

/* ---- what is evaluated */

/* The config with the keys of another data text. */
static bool set_data(struct tb_config *c, const char *data, struct tb_err *err)
{
    struct tb_json *map = tb_json_new_map();
    for (void *it = tb_json_first(c->map); it; it = tb_json_next(c->map, it))
        if (strncmp(tb_json_iter_key(it), "data.", 5) != 0)
            tb_json_set(map, tb_json_iter_key(it), tb_json_copy(tb_json_iter_value(it)));
    tb_json_free(c->map);
    c->map = map;
    if (!tb_plan_data_parse(data, c->map, err))
        return false;
    struct tb_json *paths = tb_json_new_list();
    tb_json_append(paths, tb_json_copy(tb_config_get(c, "data.path")));
    tb_json_set(c->map, "data.path", paths);
    return true;
}

static int max_tok(const struct tb_model *m, const struct tb_stack *s)
{
    int room = m->shape.context - (s ? tb_stack_kv_rows(s) + tb_stack_input_rows(s) : 0);
    return room < ROW_TOK ? room : ROW_TOK;
}

static bool take_data(struct eval *e, struct tb_shelf *shelf, struct tb_config *c, const struct tb_stack *stack,
                      struct tb_err *err)
{
    int n_tok = max_tok(e->base->model, stack);
    e->data = tb_shelf_settle(shelf, c, err) ? tb_shelf_data(shelf, c, e->base, n_tok, err) : NULL;
    if (!e->data)
        return false;
    e->n = tb_dataset_counts(e->data)->rows;
    e->row = tb_xcalloc((size_t)e->n, sizeof *e->row);
    for (int i = 0; i < e->n; i++)
        e->row[i] = i;
    return true;
}

static bool open_folders(struct eval *e, struct tb_err *err)
{
    const struct tb_eval_spec *s = e->spec;
    struct tb_config c = { tb_json_new_map() };
    tb_json_set(c.map, "base", tb_json_new_str(s->base));
    e->shelf = tb_shelf_open("", tb_session_data_dir());
    bool good = tb_folders_open(&e->folders, s->adapters, s->n_adapters, err)
             && (e->base = tb_shelf_base(e->shelf, &c, err)) && set_data(&c, s->data, err);
    if (good && e->folders.n)
        good = (e->stack = tb_folders_stack(&e->folders, e->base->model, err)) != NULL;
    good = good && take_data(e, e->shelf, &c, e->stack, err);
    tb_json_free(c.map);
    return good;
}

/* The rows that the run was evaluated on, chosen again by the same rule; the hash tells if the text is another. */
static bool take_held_out(struct eval *e, struct tb_err *err)
{
    struct tb_session_run *r = &e->run;
    const char *hash = tb_json_str(tb_metrics_fact(&r->metrics, "data", "eval_hash"), "");
    int n_tok = (int)tb_json_int(tb_metrics_fact(&r->metrics, "data", "max_tok"), 0);
    if (!tb_job_open(&e->job, r->shelf, &r->config, 0, n_tok, err))
        return false;
    if (*hash && strcmp(hash, e->job.eval_hash) != 0)
        return tb_fail(err, TB_ERR_FORMAT, "the text that run %s was evaluated on has changed; give the rows with "
                       "--data", r->id);
    e->data = e->job.data;
    e->n = e->job.n_eval;
    e->row = tb_xcalloc((size_t)e->n, sizeof *e->row);
    memcpy(e->row, e->job.eval_row, (size_t)e->n * sizeof *e->row);
    return e->n > 0 || tb_fail(err, TB_ERR_NOTFOUND, "run %s held no rows out; give some with --data FILE", r->id);
}

static bool take_run_data(struct eval *e, struct tb_err *err)
{
    struct tb_session_run *r = &e->run;
    struct tb_config c = { tb_json_copy(r->config.map) };
    struct tb_stack *shape = tb_stack_open(c.map, e->base->model, err); /* for its virtual rows only */
    bool good = shape && set_data(&c, e->spec->data, err) && take_data(e, r->shelf, &c, shape, err);
    tb_stack_close(shape);
    tb_json_free(c.map);
    return good;
}

static bool open_run(struct eval *e, struct tb_err *err)
{
    if (!tb_session_run_open(&e->run, e->spec->store, e->spec->run, err))
        return false;
    e->base = e->run.base;
    return e->spec->data ? take_run_data(e, err) : take_held_out(e, err);
}

/* ---- evaluating */

static void lend_rows(struct eval *e)
{
    e->rows = tb_xcalloc((size_t)e->n, sizeof *e->rows);
    e->loss = tb_xcalloc((size_t)e->n, sizeof *e->loss);
    e->labels = tb_xcalloc((size_t)e->n, sizeof *e->labels);
    for (int i = 0; i < e->n; i++) {
        e->rows[i] = tb_dataset_row(e->data, e->row[i]);
        e->longest = e->rows[i].n > e->longest ? e->rows[i].n : e->longest;
    }
}

static bool start(struct eval *e, struct tb_err *err)
{
    struct tb_engine_spec spec = { .step_rows = e->n < STEP_ROWS ? e->n : STEP_ROWS, .row_tok = e->longest,
                                   .share_prompts = tb_dataset_shares_prompts(e->data) };
    struct tb_stack *stack = e->stack;
    if (e->spec->run)
        return tb_session_run_start(&e->run, &e->s, &spec, e->spec->threads, err);
    e->stack = NULL;
    return tb_session_open(&e->s, e->base->model, stack, &spec, e->spec->threads, err)
        && tb_folders_load(&e->folders, e->s.stack, err);
}

/* The same by source of a mix: a list of {path, loss, n_tok, n_rows}. */
static struct tb_json *by_source(const struct eval *e)
{
    struct tb_json *list = tb_json_new_list();
    for (int s = 0; s < tb_dataset_sources(e->data); s++) {
        struct tb_json *map = tb_json_new_map();
        double sum = 0;
        int64_t n_tok = 0, n_rows = 0;
        for (int i = 0; i < e->n; i++) {
            if (e->labels[i] == 0 || tb_dataset_source_of(e->data, e->row[i]) != s)
                continue;
            sum += e->loss[i];
            n_tok += e->labels[i];
            n_rows++;
        }
        tb_json_set(map, "path", tb_json_new_str(tb_dataset_source(e->data, s)->path));
        tb_json_set(map, "loss", n_tok ? tb_json_new_real(sum / (double)n_tok) : tb_json_new_null());
        tb_json_set(map, "n_tok", tb_json_new_int(n_tok));
        tb_json_set(map, "n_rows", tb_json_new_int(n_rows));
        tb_json_append(list, map);
    }
    return list;
}

static struct tb_json *result(const struct eval *e)
{
    struct tb_json *j = tb_json_new_map(), *rows = tb_json_new_list();
    bool is_mix = tb_dataset_sources(e->data) > 1;
    double sum = 0;
    int64_t n_tok = 0;
    for (int i = 0; i < e->n; i++) {
        struct tb_json *row = tb_json_new_map();
        if (e->labels[i] == 0) {
            tb_json_free(row);
            continue;
        }
        tb_json_set(row, "row", tb_json_new_int(e->row[i]));
        if (is_mix)
            tb_json_set(row, "source", tb_json_new_int(tb_dataset_source_of(e->data, e->row[i])));
        tb_json_set(row, "loss", tb_json_new_real(e->loss[i] / e->labels[i]));
        tb_json_set(row, "n_tok", tb_json_new_int(e->labels[i]));
        tb_json_append(rows, row);
        sum += e->loss[i];
        n_tok += e->labels[i];
    }
    tb_json_set(j, "loss", tb_json_new_real(sum / (double)n_tok));
    tb_json_set(j, "perplexity", tb_json_new_real(exp(sum / (double)n_tok)));
    tb_json_set(j, "n_tok", tb_json_new_int(n_tok));
    tb_json_set(j, "n_rows", tb_json_new_int((int64_t)tb_json_len(rows)));
    tb_json_set(j, "rows", rows);
    if (is_mix)
        tb_json_set(j, "sources", by_source(e));
    return j;
}

struct tb_json *tb_session_eval(const struct tb_eval_spec *s, struct tb_err *err)
{
    struct eval e = { .spec = s };
    struct tb_json *j = NULL;
    if (check(s, err) && (s->run ? open_run(&e, err) : open_folders(&e, err))) {
        lend_rows(&e);
        if (start(&e, err) && tb_engine_evaluate(e.s.engine, e.rows, e.n, e.loss, e.labels, err))
            j = result(&e);
    }
    close_eval(&e);
    return j;
}
