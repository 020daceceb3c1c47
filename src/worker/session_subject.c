/* SPDX-License-Identifier: MIT */
/* session_subject.c - what one-shot verbs work on: a run of a store, adapter folders or a bare base; with the rows of a
 * data text, all of them, or the very rows that the run was evaluated on while it trained. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "worker/job.h"
#include "worker/other_data.h"
#include "worker/session_priv.h"

enum { ROW_TOK = 4095 };

static bool set_data(struct tb_subject *s, struct tb_err *err)
{
    char *text = tb_other_data_settle(s->shelf, &s->config, s->spec->data, err);
    struct tb_config other = { NULL };
    if (text)
        other = tb_other_data(&s->config, text, err);
    free(text);
    if (!other.map)
        return false;
    tb_json_free(s->config.map);
    s->config = other;
    return true;
}

static bool open_folders(struct tb_subject *s, struct tb_err *err)
{
    s->config.map = tb_json_new_map();
    tb_json_set(s->config.map, "base", tb_json_new_str(s->spec->base));
    s->shelf = s->own = tb_shelf_open("", tb_session_data_dir());
    bool good = tb_folders_open(&s->folders, s->spec->adapters, s->spec->n_adapters, err)
             && (s->base = tb_shelf_base(s->shelf, &s->config, err));
    if (good && s->folders.n)
        good = (s->stack = tb_folders_stack(&s->folders, s->base->model, err)) != NULL;
    if (good && s->stack)
        s->n_virtual = tb_stack_kv_rows(s->stack) + tb_stack_input_rows(s->stack);
    return good;
}

static bool open_run(struct tb_subject *s, struct tb_err *err)
{
    if (!tb_session_run_open(&s->run, s->spec->store, s->spec->run, err))
        return false;
    s->shelf = s->run.shelf;
    s->base = s->run.base;
    s->config.map = tb_json_copy(s->run.config.map);
    s->n_virtual = tb_session_run_virtual(&s->run, err);
    return s->n_virtual >= 0;
}

bool tb_subject_open(struct tb_subject *s, const struct tb_subject_spec *spec, struct tb_err *err)
{
    *s = (struct tb_subject){ .spec = spec };
    return (spec->run ? open_run(s, err) : open_folders(s, err))
        && (!spec->data || set_data(s, err));
}

void tb_subject_close(struct tb_subject *s)
{
    tb_stack_close(s->stack);
    if (s->job)
        tb_job_close(s->job);
    tb_session_run_close(&s->run);
    tb_folders_close(&s->folders);
    tb_shelf_close(s->own);
    tb_json_free(s->config.map);
    free(s->job);
    free(s->row);
}

/* All rows of a data text. */
static bool take_data(struct tb_subject *s, struct tb_err *err)
{
    int room = s->base->model->shape.context - s->n_virtual;
    if (tb_shelf_settle(s->shelf, &s->config, err))
        s->data = tb_shelf_data(s->shelf, &s->config, s->base, room < ROW_TOK ? room : ROW_TOK, err);
    if (!s->data)
        return false;
    s->n = tb_dataset_counts(s->data)->rows;
    s->row = tb_xcalloc((size_t)s->n, sizeof *s->row);
    for (int i = 0; i < s->n; i++)
        s->row[i] = i;
    return true;
}

/* The rows that the run was evaluated on, chosen again by the same rule; the hash tells if the text is another. */
static bool take_held_out(struct tb_subject *s, struct tb_err *err)
{
    struct tb_session_run *r = &s->run;
    const char *hash = tb_json_str(tb_metrics_fact(&r->metrics, "data", "eval_hash"), "");
    int n_tok = (int)tb_json_int(tb_metrics_fact(&r->metrics, "data", "max_tok"), 0);
    s->job = tb_xcalloc(1, sizeof *s->job);
    tb_json_set(r->config.map, "eval.forget", tb_json_new_str("")); /* that text need not be there any more */
    if (!tb_job_open(s->job, r->shelf, &r->config, 0, n_tok, err))
        return false;
    if (*hash && strcmp(hash, s->job->eval_hash) != 0)
        return tb_fail(err, TB_ERR_FORMAT, "the text that run %s was evaluated on has changed; give the rows with "
                       "--data", r->id);
    s->data = s->job->data;
    s->n = s->job->n_eval;
    s->row = tb_xcalloc((size_t)s->n, sizeof *s->row);
    memcpy(s->row, s->job->eval_row, (size_t)s->n * sizeof *s->row);
    return s->n > 0 || tb_fail(err, TB_ERR_NOTFOUND, "run %s held no rows out; give some with --data FILE", r->id);
}

bool tb_subject_rows(struct tb_subject *s, struct tb_err *err)
{
    return s->spec->data ? take_data(s, err) : take_held_out(s, err);
}

bool tb_subject_start(struct tb_subject *s, struct tb_session *session, const struct tb_engine_spec *spec, int threads,
                      struct tb_err *err)
{
    struct tb_stack *stack = s->stack;
    if (s->spec->run)
        return tb_session_run_start(&s->run, session, spec, threads, err);
    s->stack = NULL;
    return tb_session_open(session, s->base->model, stack, spec, threads, err)
        && tb_folders_load(&s->folders, session->stack, err);
}
