/* SPDX-License-Identifier: MIT */
/* clone.c - see clone.h. A clone that begins from a checkpoint gets its own copy of it: warm as it is but for what the
 * parent's evaluations said of best steps, since those rows are not the clone's; from weights as a state of step 0 with
 * moments of zero. What such a clone is by identity stands in doc/frozen.md 1: its config, what of whose steps it
 * begins from, and what had been changed under way before. */
#include "worker/clone.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/numeric.h"
#include "base/str.h"
#include "kernels/kernels.h"
#include "store/lineage.h"
#include "worker/arrays.h"
#include "worker/change.h"
#include "worker/put.h"
#include "worker/session.h"
#include "worker/watch.h"

struct tb_clone {
    struct tb_clone_spec spec;
    enum tb_clone_mode mode;
    struct tb_store *store;
    struct tb_shelf *shelf;
    char *dir; /* of the parent */
    struct tb_metrics parent;
    struct tb_config config;
    struct tb_json *changed, *noted, *lineage, *facts, *warnings;
    struct tb_job job;
    bool has_start;
    struct tb_checkpoint found;  /* as the parent has it */
    struct tb_checkpoint start;  /* as the clone gets it; tensors are those of found, the state its own */
    char id[TB_RUN_ID];
};

static const char *parent_name(const struct tb_clone *c)
{
    return tb_json_str(tb_metrics_fact(&c->parent, "run", "name"), c->spec.parent);
}

static bool from_checkpoint(const struct tb_clone *c)
{
    return c->mode == TB_CLONE_WARM || c->mode == TB_CLONE_WEIGHTS
        || (c->mode == TB_CLONE_RERUN && tb_lineage_start(&c->parent) >= 0);
}

/* ---- the checkpoint it begins from */

static bool no_checkpoint(const struct tb_clone *c, int64_t step, struct tb_err *err)
{
    int64_t *steps;
    size_t n = tb_checkpoint_list(c->dir, &steps);
    struct tb_buf list = { 0 };
    for (size_t i = 0; i < n; i++)
        tb_buf_fmt(&list, "%s%lld", i ? ", " : "", (long long)steps[i]);
    free(steps);
    if (!n)
        tb_fail(err, TB_ERR_NOTFOUND, "%s has no checkpoint to begin from; --cold trains from step 0", parent_name(c));
    else
        tb_fail(err, TB_ERR_NOTFOUND, "%s has no checkpoint of step %lld; it has %s", parent_name(c), (long long)step,
                list.p);
    tb_buf_free(&list);
    return false;
}

static bool has_checkpoint(const struct tb_clone *c, int64_t step)
{
    char *path = tb_checkpoint_path(c->dir, step);
    bool there = tb_file_exists(path);
    free(path);
    return there;
}

static bool find_start(struct tb_clone *c, struct tb_err *err)
{
    const struct tb_eval_row *best = tb_metrics_best(&c->parent);
    int64_t at = c->mode == TB_CLONE_RERUN ? tb_lineage_start(&c->parent) : c->spec.at;
    char words[400];
    if (at == TB_REF_LAST || at == TB_REF_NONE) {
        struct tb_err why = { 0 };
        c->has_start = tb_checkpoint_newest(&c->found, c->dir, -1, false, words, sizeof words, &why);
        return c->has_start || (why.kind == TB_ERR_NOTFOUND ? no_checkpoint(c, -1, err) : tb_fail(err, why.kind, "%s",
                                                                                                 why.text));
    }
    if (at == TB_REF_BEST && !best)
        return tb_fail(err, TB_ERR_NOTFOUND, "%s was never evaluated, so none of its steps is the best",
                       parent_name(c));
    at = at == TB_REF_BEST ? (int64_t)best->step : at;
    c->has_start = has_checkpoint(c, at) ? tb_checkpoint_read(&c->found, c->dir, at, err) : no_checkpoint(c, at, err);
    return c->has_start;
}

/* Warm: as it is, but what was best was so on the parent's rows. */
static struct tb_json *warm_state(const struct tb_json *from)
{
    struct tb_json *s = tb_json_copy(from);
    tb_json_set(s, "best_step", tb_json_new_int(-1));
    tb_json_set(s, "best_loss", tb_json_new_null());
    tb_json_del(s, "stopping");
    return s;
}

static struct tb_json *first_state(const struct tb_json *from)
{
    struct tb_json *s = warm_state(from);
    tb_json_set(s, "step", tb_json_new_int(0));
    tb_json_set(s, "tokens", tb_json_new_int(0));
    tb_json_set(s, "wall_s", tb_json_new_real(0));
    tb_json_set(s, "watch", tb_watch_to_json(&(struct tb_watch){ 0 }));
    return s;
}

static void zero_moments(struct tb_checkpoint *c)
{
    for (size_t i = 0; i < c->n; i++)
        if (tb_str_ends(c->tensor[i].name, "@m") || tb_str_ends(c->tensor[i].name, "@v"))
            memset(c->tensor[i].data, 0,
                   (size_t)tb_array_count(&c->tensor[i]) * tb_array_type_bytes(c->tensor[i].type));
}

static void make_start(struct tb_clone *c)
{
    bool is_new = c->mode == TB_CLONE_WEIGHTS;
    if (is_new)
        zero_moments(&c->found);
    c->start = c->found;
    c->start.step = is_new ? 0 : c->found.step;
    c->start.journal_seq = 0;
    c->start.state = is_new ? first_state(c->found.state) : warm_state(c->found.state);
}

static bool fits(const struct tb_clone *c, struct tb_err *err)
{
    struct tb_saved saved = { 0 };
    bool good = tb_saved_of_arrays(&saved, c->found.tensor, c->found.n, err)
             && tb_saved_fits(&saved, c->job.stack, err);
    tb_saved_free(&saved);
    if (!good)
        tb_err_prefix(err, "the weights do not fit (--cold trains from step 0)");
    return good;
}

/* ---- what it is */

/* Changes of the parent up to the step it begins from are its own values from the start; all of them where there is no
 * such step. */
static bool parent_config(struct tb_clone *c, struct tb_config *was, struct tb_err *err)
{
    int64_t step = c->has_start ? c->found.step : INT64_MAX;
    if (!tb_job_stored_config(was, tb_json_get(c->parent.facts, "config"), err))
        return false;
    struct tb_json *now = c->mode == TB_CLONE_RERUN ? tb_json_copy(was->map)
                        : tb_changes_config(was->map, tb_changes_of(&c->parent), step, err);
    tb_json_free(was->map);
    was->map = now;
    return now != NULL;
}

static bool check_mode(struct tb_clone *c, struct tb_err *err)
{
    if (!tb_clone_allows(c->mode, c->changed, err))
        return false;
    if (c->mode == TB_CLONE_COLD && tb_json_len(c->changed) == 0 && !tb_changes_of(&c->parent))
        return tb_fail(err, TB_ERR_USAGE, "nothing is changed, so a cold clone is %s itself; --set changes a key, "
                       "'tunebench rerun' trains the same once more", parent_name(c));
    return true;
}

static bool make_config(struct tb_clone *c, struct tb_err *err)
{
    struct tb_config was = { 0 };
    bool good = parent_config(c, &was, err);
    if (good && c->mode == TB_CLONE_RERUN) {
        c->config.map = tb_json_ref(was.map);
        c->changed = tb_json_new_map();
        c->noted = tb_json_copy(tb_json_get(c->parent.facts, "overrides"));
    } else if (good) {
        c->config.map = tb_clone_config(was.map, c->spec.set, &c->noted, err);
        c->changed = c->config.map ? tb_clone_changed(was.map, c->config.map) : NULL;
        good = c->changed && check_mode(c, err);
    }
    tb_json_free(was.map);
    return good;
}

static void warn(struct tb_clone *c, const char *text)
{
    tb_json_append(c->warnings, tb_json_new_str(text));
}

/* Rows as long as the parent's, so that both drop the same; shorter ones where more virtual rows leave less room. */
static bool open_job(struct tb_clone *c, struct tb_err *err)
{
    struct tb_plan one = { .runs = &c->config, .n_runs = 1 };
    int max_tok = (int)tb_json_int(tb_metrics_fact(&c->parent, "data", "max_tok"), 0);
    int n_virtual = tb_job_virtual_rows(c->shelf, &one, err);
    if (n_virtual < 0 || !tb_job_open(&c->job, c->shelf, &c->config, n_virtual, 0, err))
        return false;
    if (max_tok <= 0 || max_tok >= c->job.max_tok)
        return true;
    tb_job_close(&c->job);
    return tb_job_open(&c->job, c->shelf, &c->config, n_virtual, max_tok, err);
}

/* What a run that is repeated, or gone on with, should have in common with what its parent had. */
static bool check_sources(struct tb_clone *c, struct tb_err *err)
{
    const char *base = tb_json_str(tb_metrics_fact(&c->parent, "base", "id"), ""),
               *data = tb_json_str(tb_metrics_fact(&c->parent, "data", "id"), "");
    bool same_base = strcmp(base, c->job.base->id) == 0, same_data = strcmp(data, tb_dataset_hash(c->job.data)) == 0;
    if (c->mode == TB_CLONE_RERUN) {
        if (!same_base)
            warn(c, "the base has changed since the run was trained");
        if (!same_data)
            warn(c, "the data have changed since the run was trained");
        return true;
    }
    if (from_checkpoint(c) && !same_base && strcmp(c->job.base->path, "scratch") == 0)
        return tb_fail(err, TB_ERR_USAGE, "a base from scratch is made by its seed, which a start from weights so "
                       "fixes; --cold trains from step 0");
    if (from_checkpoint(c) && !same_base)
        return tb_fail_at(err, TB_ERR_FORMAT, c->job.base->path, 0, "the base has changed since the parent began");
    if (c->mode == TB_CLONE_WARM && !same_data)
        return tb_fail_at(err, TB_ERR_FORMAT, tb_json_str(tb_metrics_fact(&c->parent, "data", "path"), ""), 0,
                          "the data have changed since the parent began");
    return true;
}

/* Bits are promised for one instruction set and one numeric version. */
static void compare_makers(struct tb_clone *c)
{
    char why[200], text[300];
    int64_t numeric = tb_json_int(tb_metrics_fact(&c->parent, "env", "numeric"), TB_NUMERIC);
    const char *isa = tb_json_str(tb_metrics_fact(&c->parent, "env", "isa"), "");
    struct tb_kernels *k = tb_kernels_open(NULL, 1, why, sizeof why);
    if (k && *isa && strcmp(isa, k->name) != 0) {
        snprintf(text, sizeof text, "the run was trained with instruction set %.40s, this is %s: the bits may differ",
                 isa, k->name);
        warn(c, text);
    }
    if (numeric != TB_NUMERIC) {
        snprintf(text, sizeof text, "the run was trained by numeric version %lld, this is %d: the bits may differ",
                 (long long)numeric, TB_NUMERIC);
        warn(c, text);
    }
    if (k)
        k->close(k);
}

static bool has_steps_left(const struct tb_clone *c, struct tb_err *err)
{
    if (c->mode != TB_CLONE_WARM || c->job.n_steps == 0 || c->found.step < c->job.n_steps)
        return true;
    return tb_fail(err, TB_ERR_USAGE, "the budget ends at step %lld and the clone would begin at step %lld, so nothing "
                   "is left to train; a larger one: --set budget=..", (long long)c->job.n_steps,
                   (long long)c->found.step);
}

/* ---- its identity */

/* An id without the number of a run that was made again. */
static void plain_id(const char *id, char out[TB_RUN_ID])
{
    snprintf(out, TB_RUN_ID, "%.*s", (int)strcspn(id, "-"), id);
}

/* What was changed in the parent before the step: it is in the weights. */
static struct tb_json *changes_before(const struct tb_metrics *parent, int64_t step)
{
    const struct tb_json *list = tb_changes_of(parent);
    struct tb_json *out = tb_json_new_list();
    for (size_t i = 0; i < tb_json_len(list); i++) {
        const struct tb_json *c = tb_json_at(list, i);
        if (tb_json_int(tb_json_get(c, "step"), 0) >= step)
            continue;
        struct tb_json *one = tb_json_new_list();
        tb_json_append(one, tb_json_copy(tb_json_get(c, "step")));
        tb_json_append(one, tb_json_copy(tb_json_get(c, "key")));
        tb_json_append(one, tb_json_copy(tb_json_get(c, "value")));
        tb_json_append(out, one);
    }
    return out;
}

static void hash_id(struct tb_clone *c)
{
    char parent[TB_RUN_ID], hex[65], *content = tb_job_content(&c->job);
    char *text = tb_config_text(&c->job.config, content, c->job.base->id);
    struct tb_json *map = tb_json_parse(text, strlen(text), "config", NULL),
                   *changes = changes_before(&c->parent, c->found.step);
    plain_id(c->spec.parent, parent);
    tb_json_set(map, "lineage.mode", tb_json_new_str(tb_clone_mode_name(c->mode)));
    tb_json_set(map, "lineage.parent", tb_json_new_str(parent));
    tb_json_set(map, "lineage.parent_step", tb_json_new_int(c->found.step));
    if (tb_json_len(changes))
        tb_json_set(map, "lineage.changes", tb_json_ref(changes));
    char *whole = tb_json_text(map, TB_JSON_CANONICAL);
    tb_sha256_hex(whole, strlen(whole), hex);
    snprintf(c->id, sizeof c->id, "%.16s", hex);
    free(whole);
    tb_json_free(changes);
    tb_json_free(map);
    free(text);
    free(content);
}

/* True if a run of this identity is there already. */
static bool identify(struct tb_clone *c)
{
    char plain[TB_RUN_ID];
    if (c->mode == TB_CLONE_RERUN) {
        plain_id(c->spec.parent, plain);
        tb_store_next_id(c->store, plain, c->id);
        return false;
    }
    if (c->mode == TB_CLONE_COLD)
        return tb_changes_pick_id(c->store, c->job.id, c->id);
    hash_id(c);
    tb_str_copy(plain, sizeof plain, c->id);
    return tb_changes_pick_id(c->store, plain, c->id);
}

/* A name that no run has yet. */
static void give_name(struct tb_clone *c)
{
    char *name = c->spec.name ? tb_xstrdup(c->spec.name)
                               : tb_clone_name(parent_name(c), c->mode, c->found.step, c->changed, c->config.map);
    struct tb_run_item *all = NULL;
    size_t n = 0, same = 0;
    char numbered[96];
    tb_store_list(c->store, &all, &n, NULL);
    tb_str_copy(numbered, sizeof numbered, name);
    for (int k = 2; !c->spec.name && same < n; k++) {
        for (same = 0; same < n && strcmp(all[same].sum.name, numbered) != 0;)
            same++;
        if (same < n)
            snprintf(numbered, sizeof numbered, "%.80s-%d", name, k);
    }
    tb_json_set(c->job.config.map, "exec.name", tb_json_new_str(numbered));
    free(all);
    free(name);
}

/* A run that ended before its budget did is repeated as far as it went; one that diverged will again. */
static bool ends_early(const struct tb_metrics *m)
{
    return m->state != TB_STATE_DONE && m->state != TB_STATE_FAILED && m->step > 0;
}

static void make_lineage(struct tb_clone *c)
{
    struct tb_json *l = c->lineage = tb_json_new_map();
    tb_json_set(l, "parent", tb_json_new_str(c->spec.parent));
    tb_json_set(l, "parent_step", tb_json_new_int(c->has_start ? c->found.step : 0));
    tb_json_set(l, "mode", tb_json_new_str(tb_clone_mode_name(c->mode)));
    tb_json_set(l, "changed", tb_json_ref(c->changed));
    if (c->has_start)
        tb_json_set(l, "start", tb_json_new_int(c->start.step));
    if (c->mode == TB_CLONE_RERUN && ends_early(&c->parent))
        tb_json_set(l, "until", tb_json_new_int(c->parent.step));
}

/* ---- what it costs */

static double tokens_per_s(const struct tb_metrics *m)
{
    for (size_t i = m->n_train; i-- > 0;)
        if (m->train[i].step <= (double)m->step && m->train[i].wall_s > 0)
            return m->train[i].tokens / m->train[i].wall_s;
    return NAN;
}

/* The start it keeps, the newest and the best checkpoint. */
static int64_t bytes_of(const struct tb_clone *c)
{
    int64_t one = tb_stack_trainable(c->job.stack) * 3 * (int64_t)sizeof(float);
    return one * (c->has_start ? 3 : 2);
}

static void set_cost(const struct tb_clone *c, struct tb_json *f)
{
    const struct tb_json *state = c->has_start ? c->start.state : NULL;
    int64_t until = tb_json_int(tb_json_get(c->lineage, "until"), c->job.n_steps);
    int64_t steps = until - (c->has_start ? c->start.step : 0);
    int64_t tokens = until > 0 ? tb_order_tokens(c->job.order, until) : 0;
    tokens -= tb_json_int(tb_json_get(state, "tokens"), 0);
    bool is_timed = c->job.seconds > 0;
    double left_s = c->job.seconds - tb_json_real(tb_json_get(state, "wall_s"), 0);
    tb_json_set(f, "steps", is_timed ? tb_json_new_null() : tb_json_new_int(steps));
    tb_json_set(f, "tokens", is_timed ? tb_json_new_null() : tb_json_new_int(tokens));
    tb_json_set(f, "est_s", tb_json_new_real(is_timed ? left_s : (double)tokens / tokens_per_s(&c->parent)));
    tb_json_set(f, "bytes", tb_json_new_int(bytes_of(c)));
}

static void make_facts(struct tb_clone *c, bool is_there)
{
    struct tb_json *f = c->facts = tb_json_new_map();
    tb_json_set(f, "id", tb_json_new_str(c->id));
    tb_json_set(f, "name", tb_json_new_str(tb_config_name(&c->job.config)));
    tb_json_set(f, "mode", tb_json_new_str(tb_clone_mode_name(c->mode)));
    tb_json_set(f, "parent", tb_json_new_str(c->spec.parent));
    tb_json_set(f, "parent_name", tb_json_new_str(parent_name(c)));
    tb_json_set(f, "parent_step", c->has_start ? tb_json_new_int(c->found.step) : tb_json_new_null());
    tb_json_set(f, "changed", tb_json_ref(c->changed));
    tb_json_set(f, "fixed", tb_clone_fixed(c->mode, c->job.config.map));
    tb_json_set(f, "is_there", tb_json_new_bool(is_there));
    tb_json_set(f, "warnings", tb_json_ref(c->warnings));
    set_cost(c, f);
}

/* ---- outside */

static bool work_out(struct tb_clone *c, struct tb_err *err)
{
    c->shelf = tb_shelf_open("", tb_session_data_dir());
    c->store = tb_store_open(c->spec.store, false, err);
    if (!c->store)
        return false;
    c->dir = tb_store_run_dir(c->store, c->spec.parent);
    if (!tb_metrics_load(&c->parent, c->dir, err) || (from_checkpoint(c) && !find_start(c, err)) || !make_config(c, err)
        || !open_job(c, err) || !check_sources(c, err) || (c->has_start && !fits(c, err)) || !has_steps_left(c, err))
        return false;
    if (c->has_start)
        make_start(c);
    if (c->mode == TB_CLONE_RERUN)
        compare_makers(c);
    make_lineage(c);
    bool is_there = identify(c);
    give_name(c);
    make_facts(c, is_there);
    return true;
}

struct tb_clone *tb_clone_open(const struct tb_clone_spec *s, struct tb_err *err)
{
    struct tb_clone *c = tb_xcalloc(1, sizeof *c);
    c->spec = *s;
    c->mode = s->mode == TB_CLONE_AUTO ? TB_CLONE_WARM : s->mode;
    c->warnings = tb_json_new_list();
    if (work_out(c, err))
        return c;
    tb_clone_close(c);
    return NULL;
}

void tb_clone_close(struct tb_clone *c)
{
    if (!c)
        return;
    if (c->start.state)
        tb_json_free((struct tb_json *)c->start.state);
    if (c->has_start)
        tb_checkpoint_free(&c->found);
    tb_job_close(&c->job);
    tb_json_free(c->config.map);
    tb_json_free(c->changed);
    tb_json_free(c->noted);
    tb_json_free(c->lineage);
    tb_json_free(c->facts);
    tb_json_free(c->warnings);
    tb_metrics_free(&c->parent);
    free(c->dir);
    tb_shelf_close(c->shelf);
    tb_store_close(c->store);
    free(c);
}

const struct tb_json *tb_clone_facts(const struct tb_clone *c)
{
    return c->facts;
}

bool tb_clone_put(struct tb_clone *c, struct tb_err *err)
{
    struct tb_put how = { .argv = c->spec.argv, .recipe = c->parent.recipe, .overrides = c->noted,
                          .lineage = c->lineage, .start = c->has_start ? &c->start : NULL };
    if (c->mode == TB_CLONE_RERUN)
        how.changes = tb_changes_of(&c->parent);
    bool is_there = false, is_made = false;
    while (!is_there && !is_made) {
        struct tb_err why = { 0 };
        is_there = identify(c);
        is_made = !is_there && tb_put_run(c->store, &c->job, &how, c->id, &why);
        if (!is_there && !is_made && !tb_store_has(c->store, c->id)) { /* else somebody was quicker */
            *err = why;
            return false;
        }
    }
    tb_json_set(c->facts, "id", tb_json_new_str(c->id));
    tb_json_set(c->facts, "is_there", tb_json_new_bool(is_there));
    return true;
}
