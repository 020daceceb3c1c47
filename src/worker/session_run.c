/* SPDX-License-Identifier: MIT */
/* session_run.c - a run of a store, put together again: its config as it was settled, its base (checked by content),
 * its stack, and the weights it ended with or had at a checkpoint.
 * Weights of a finished run are the adapter in run.h5; a network behind a folded table stands in checkpoints only,
 * and all weights of method full in the folder model/. Names: tb_saved_peft in run.h5 (in a stack behind "<part>/"),
 * tb_saved_state in checkpoints. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/checkpoint.h"
#include "store/snapshot.h"
#include "worker/arrays.h"
#include "worker/job.h"
#include "worker/session_priv.h"

/* ---- opening */

static bool take_step(struct tb_session_run *r, const char *ref, struct tb_err *err)
{
    if (!tb_run_ref_step(ref, &r->step, err))
        return false;
    if (r->step == TB_REF_NONE)
        r->step = TB_REF_LAST;
    if (r->step != TB_REF_BEST)
        return true;
    const struct tb_eval_row *best = tb_metrics_best(&r->metrics);
    if (!best)
        return tb_fail(err, TB_ERR_NOTFOUND, "run %s was never evaluated, so none of its steps is the best", r->id);
    r->step = (int64_t)best->step;
    return true;
}

static bool take_base(struct tb_session_run *r, struct tb_err *err)
{
    const char *id = tb_json_str(tb_metrics_fact(&r->metrics, "base", "id"), "");
    if (!tb_job_stored_config(&r->config, tb_json_get(r->metrics.facts, "config"), err))
        return false;
    if (r->has_shelf)
        r->shelf = tb_shelf_open("", tb_session_data_dir());
    r->base = tb_shelf_base(r->shelf, &r->config, err);
    if (r->base && *id && strcmp(id, r->base->id) != 0)
        return tb_fail(err, TB_ERR_FORMAT, "%s is another model than run %s was trained on (its content has changed)",
                       r->base->path, r->id);
    return r->base != NULL;
}

bool tb_session_run_is_full(const struct tb_session_run *r)
{
    return tb_config_parts(&r->config) == 1 && strcmp(tb_config_part_kind(&r->config, 0), "full") == 0;
}

/* The model that a finished run of method full left behind. */
static bool take_trained(struct tb_session_run *r, struct tb_err *err)
{
    char *path = tb_path_join(r->dir, "model");
    bool is_there = tb_session_run_is_full(r) && r->step == TB_REF_LAST && tb_dir_exists(path);
    if (is_there)
        r->trained = tb_model_open(path, err);
    free(path);
    return !is_there || r->trained;
}

bool tb_session_run_open_on(struct tb_session_run *r, const char *store, const char *ref, struct tb_shelf *shelf,
                            struct tb_err *err)
{
    *r = (struct tb_session_run){ .shelf = shelf, .has_shelf = !shelf, .loaded = -1 };
    struct tb_store *s = tb_store_open(store, false, err);
    if (!s)
        return false;
    bool good = tb_store_find(s, ref, r->id, err);
    if (good)
        r->dir = tb_store_run_dir(s, r->id);
    tb_store_close(s);
    return good && tb_metrics_load(&r->metrics, r->dir, err) && take_step(r, ref, err) && take_base(r, err)
        && take_trained(r, err);
}

bool tb_session_run_open(struct tb_session_run *r, const char *store, const char *ref, struct tb_err *err)
{
    return tb_session_run_open_on(r, store, ref, NULL, err);
}

bool tb_session_run_look(struct tb_session_run *r, const char *ref, struct tb_err *err)
{
    tb_metrics_free(&r->metrics);
    return tb_metrics_load(&r->metrics, r->dir, err) && take_step(r, ref, err);
}

int64_t tb_session_run_newest(const struct tb_session_run *r)
{
    int64_t *steps, step = r->step;
    if (step != TB_REF_LAST)
        return step;
    if (tb_state_is_over(r->metrics.state))
        return r->metrics.step;
    size_t n = tb_checkpoint_list(r->dir, &steps);
    step = n ? steps[n - 1] : -1;
    free(steps);
    return step;
}

void tb_session_run_close(struct tb_session_run *r)
{
    tb_model_close(r->trained);
    if (r->has_shelf)
        tb_shelf_close(r->shelf);
    tb_json_free(r->config.map);
    tb_metrics_free(&r->metrics);
    free(r->dir);
    *r = (struct tb_session_run){ 0 };
}

/* ---- weights */

static bool has_encoder(const struct tb_stack *s)
{
    for (int p = 0; p < s->n; p++)
        for (int i = 0; i < s->part[p]->n_tensors; i++)
            if (s->part[p]->tensors[i].want.is_encoder)
                return true;
    return false;
}

static const struct tb_tensor *tensor_of(const struct tb_adapter *a, const char *name)
{
    for (int i = 0; i < a->n_tensors; i++)
        if (strcmp(a->tensors[i].name, name) == 0)
            return &a->tensors[i];
    return NULL;
}

/* The part's tensors out of all, their prefix taken off, parted into PEFT's and the encoder's; moments are left. */
static bool sort_out(const struct tb_saved *all, const char *prefix, const struct tb_adapter *a, struct tb_saved to[2],
                     struct tb_err *err)
{
    size_t n = strlen(prefix);
    for (size_t i = 0; i < all->n; i++) {
        const struct tb_saved_tensor *from = &all->at[i];
        if (strncmp(from->name, prefix, n) != 0 || tb_str_ends(from->name, "@m") || tb_str_ends(from->name, "@v"))
            continue;
        const struct tb_tensor *t = tensor_of(a, from->name + n);
        if (!t)
            return tb_fail(err, TB_ERR_FORMAT, "tensor %.200s belongs to no module of this run", from->name);
        struct tb_saved *s = &to[t->want.is_encoder];
        s->at = tb_grow(s->at, s->n, &s->cap, sizeof *s->at);
        s->at[s->n] = *from; /* the numbers are lent */
        memmove(s->at[s->n].name, s->at[s->n].name + n, strlen(from->name) - n + 1);
        s->n++;
    }
    return true;
}

static bool put_part(const struct tb_saved *all, const char *prefix, struct tb_adapter *a, struct tb_err *err)
{
    struct tb_saved to[2] = { { 0 }, { 0 } };
    bool good = sort_out(all, prefix, a, to, err) && tb_saved_put(&to[0], a, false, err)
             && tb_saved_put(&to[1], a, true, err);
    free(to[0].at);
    free(to[1].at);
    return good;
}

static bool put_all(const struct tb_array *tensor, size_t n, bool has_prefix, struct tb_stack *s, struct tb_err *err)
{
    struct tb_saved all = { 0 };
    bool good = tb_saved_of_arrays(&all, tensor, n, err);
    for (int i = 0; good && i < s->n; i++) {
        char *prefix = has_prefix ? tb_xasprintf("%s/", s->part[i]->part) : tb_xstrdup("");
        good = put_part(&all, prefix, s->part[i], err);
        free(prefix);
    }
    tb_saved_free(&all);
    return good;
}

static bool from_checkpoint(struct tb_session_run *r, struct tb_stack *s, struct tb_err *err)
{
    struct tb_checkpoint c;
    bool found = r->step == TB_REF_LAST ? tb_checkpoint_newest(&c, r->dir, -1, false, NULL, 0, err)
                                        : tb_checkpoint_read(&c, r->dir, r->step, err);
    if (!found)
        return false;
    bool good = put_all(c.tensor, c.n, true, s, err);
    r->loaded = c.step;
    tb_checkpoint_free(&c);
    return good;
}

/* A step without a checkpoint: says which there are. */
static bool fail_step(const struct tb_session_run *r, struct tb_err *err)
{
    struct tb_buf b = { 0 };
    int64_t *steps;
    size_t n = tb_checkpoint_list(r->dir, &steps);
    for (size_t i = 0; i < n; i++)
        tb_buf_fmt(&b, "%s%lld", i ? ", " : "", (long long)steps[i]);
    tb_fail(err, TB_ERR_NOTFOUND, "run %s has no checkpoint of step %lld; it has %s", r->id, (long long)r->step,
            n ? b.p : "none");
    tb_buf_free(&b);
    free(steps);
    return false;
}

static bool from_final(const struct tb_session_run *r, struct tb_stack *s, bool *found, struct tb_err *err)
{
    struct tb_final f = { 0 };
    bool good = tb_snapshot_final(&f, r->dir, err);
    *found = good && f.n > 0;
    if (*found)
        good = put_all(f.tensor, f.n, s->n > 1, s, err);
    tb_final_free(&f);
    return good;
}

bool tb_session_run_load(struct tb_session_run *r, struct tb_stack *s, struct tb_err *err)
{
    struct tb_err why = { 0 };
    bool found = false, is_final = r->step == TB_REF_LAST && !has_encoder(s);
    if (is_final && !from_final(r, s, &found, err))
        return false;
    r->loaded = r->metrics.step;
    if (found)
        return true;
    if (from_checkpoint(r, s, &why))
        return true;
    if (why.kind == TB_ERR_NOTFOUND && r->step != TB_REF_LAST)
        return fail_step(r, err);
    if (why.kind == TB_ERR_NOTFOUND)
        return tb_fail(err, TB_ERR_NOTFOUND, "run %s has neither a final adapter nor a checkpoint yet; while it is "
                       "trained, tunebench keep %s has it write one", r->id, r->id);
    return tb_fail_at(err, why.kind, why.where, why.line, "%s", why.text);
}

struct tb_dataset *tb_session_run_text(const struct tb_session_run *r, struct tb_err *err)
{
    const char *id = tb_json_str(tb_metrics_fact(&r->metrics, "data", "id"), "");
    int max_tok = (int)tb_json_int(tb_metrics_fact(&r->metrics, "data", "max_tok"), 0);
    struct tb_dataset *d = tb_shelf_data(r->shelf, &r->config, r->base, max_tok, err);
    if (!d || strncmp(id, tb_dataset_hash(d), 64) == 0)
        return d;
    tb_fail(err, TB_ERR_FORMAT, "the text that run %s was evaluated on has changed", r->id);
    return NULL;
}

int tb_session_run_virtual(const struct tb_session_run *r, struct tb_err *err)
{
    struct tb_stack *shape = tb_stack_open(r->config.map, r->base->model, err);
    int n = shape ? tb_stack_kv_rows(shape) + tb_stack_input_rows(shape) : -1;
    tb_stack_close(shape);
    return n;
}

bool tb_session_run_start(struct tb_session_run *r, struct tb_session *s, const struct tb_engine_spec *spec,
                          int threads, struct tb_err *err)
{
    if (r->trained)
        return tb_session_open(s, r->trained, NULL, spec, threads, err);
    *s = (struct tb_session){ 0 };
    struct tb_stack *stack = tb_stack_open(r->config.map, r->base->model, err);
    return stack && tb_session_open(s, r->base->model, stack, spec, threads, err)
        && tb_session_run_load(r, s->stack, err);
}
