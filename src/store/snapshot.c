/* SPDX-License-Identifier: MIT */
/* snapshot.c - run.h5: the layout is doc/frozen.md 5 and layout.c. NeXus attributes lead H5Web, silx and NeXpy
 * to the loss curve; every column is a 1-D dataset; /config and its neighbours carry one typed
 * attribute per key for people, and /facts_json the same as text, which is what the program reads
 * back. Reading is in snapshot_read.c. Does not know when a snapshot is due: that is the writer's.
 */
#include "store/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/h5_priv.h"
#include "store/measure_priv.h"
#include "store/step_rows_priv.h"

/* Sections of the facts that are groups of their own. */
static const char *const sections[] = { "config", "plan", "base", "data", "env", "lineage",
                                        "probe", "scores", "forget", "result" };

static void root(struct tb_h5_out *h, const struct tb_metrics *m)
{
    tb_h5_attr_str(h, "/", "schema", TB_STORE_SCHEMA);
    tb_h5_attr_str(h, "/", "schema_version", TB_STORE_VERSION);
    tb_h5_attr_str(h, "/", "NX_class", "NXroot");
    tb_h5_attr_str(h, "/", "default", "metrics");
    tb_h5_attr_str(h, "/", "status", tb_state_name(m->state));
    tb_h5_attr_str(h, "/", "ended_by", m->ended_by);
    tb_h5_attr_str(h, "/", "note", m->note);
    tb_h5_attr_str(h, "/", "changed", m->changed);
    tb_h5_attr_int(h, "/", "journal_seq", (int64_t)m->seq);
    tb_h5_attr_int(h, "/", "step", m->step);
    tb_h5_attr_int(h, "/", "resumed_at", m->resumed_at);
    tb_h5_attr_int(h, "/", "n_resumes", m->n_resumes);
    tb_h5_attrs(h, "/", tb_json_get(m->facts, "run")); /* run_id, name, created, serial */
}

static void overrides(struct tb_h5_out *h, const struct tb_json *list)
{
    size_t n = tb_json_len(list);
    const char **v = tb_xcalloc(n + 1, sizeof *v);
    for (size_t i = 0; i < n; i++)
        v[i] = tb_json_str(tb_json_at(list, i), "");
    if (n)
        tb_h5_strs(h, "/config/overrides", v, n);
    free(v);
}

static void facts(struct tb_h5_out *h, const struct tb_metrics *m)
{
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        char *path = tb_xasprintf("/%s", sections[i]);
        tb_h5_group(h, path);
        tb_h5_attrs(h, path, tb_json_get(m->facts, sections[i]));
        free(path);
    }
    overrides(h, tb_json_get(m->facts, "overrides"));
    if (m->recipe)
        tb_h5_text(h, "/config/recipe_lua", m->recipe, m->n_recipe);
    char *text = tb_json_text(m->facts, TB_JSON_LINE);
    tb_h5_text(h, "/facts_json", text, strlen(text));
    free(text);
}

/* Column c of rows of `n_columns` doubles. */
static void column(struct tb_h5_out *h, const char *group, const struct tb_column *c,
                   const double *first, size_t n, size_t n_columns, enum tb_h5_pack pack)
{
    char *path = tb_xasprintf("%s/%s", group, c->name);
    if (c->is_int) {
        int64_t *v = tb_xcalloc(n + 1, sizeof *v);
        for (size_t i = 0; i < n; i++) {
            double x = first[i * n_columns];
            v[i] = x > -0x1p62 && x < 0x1p62 ? (int64_t)x : 0;
        }
        tb_h5_ints(h, path, v, n, sizeof *v, pack);
        free(v);
    } else {
        tb_h5_reals(h, path, first, n, n_columns * sizeof *first, pack);
    }
    tb_h5_attr_str(h, path, "units", c->units);
    tb_h5_attr_str(h, path, "long_name", c->long_name);
    free(path);
}

/* NXdata for viewers: which column is the curve and which its axis. */
static void nxdata(struct tb_h5_out *h, const char *group, const char *signal, const char *axis)
{
    tb_h5_group(h, group);
    tb_h5_attr_str(h, group, "NX_class", "NXdata");
    tb_h5_attr_str(h, group, "signal", signal);
    tb_h5_attr_str(h, group, "axes", axis);
}

static void curves(struct tb_h5_out *h, const struct tb_metrics *m, enum tb_h5_pack pack)
{
    static const struct tb_train_row no_train;
    static const struct tb_eval_row no_eval;
    const double *train = (const double *)(m->n_train ? m->train : &no_train),
                 *eval = (const double *)(m->n_eval ? m->eval : &no_eval);
    tb_h5_group(h, "/metrics");
    tb_h5_attr_str(h, "/metrics", "NX_class", "NXentry");
    tb_h5_attr_str(h, "/metrics", "default", "train");
    nxdata(h, "/metrics/train", "loss", "tokens");
    for (int c = 0; c < TB_N_TRAIN; c++)
        column(h, "/metrics/train", &tb_train_columns[c], train + c, m->n_train, TB_N_TRAIN, pack);
    nxdata(h, "/metrics/eval", "loss", "tokens");
    for (int c = 0; c < TB_N_EVAL; c++)
        column(h, "/metrics/eval", &tb_eval_columns[c], eval + c, m->n_eval, TB_N_EVAL, pack);
}

static void losses(struct tb_h5_out *h, const struct tb_metrics *m, enum tb_h5_pack pack)
{
    static const struct tb_row_loss none;
    const struct tb_row_loss *r = m->n_rows ? m->rows : &none;
    size_t n = m->n_rows, size = sizeof *r;
    tb_h5_group(h, "/eval/rows");
    tb_h5_ints(h, "/eval/rows/step", &r->step, n, size, pack);
    tb_h5_ints(h, "/eval/rows/row_id", &r->row_id, n, size, pack);
    tb_h5_ints(h, "/eval/rows/prompt_id", &r->prompt_id, n, size, pack);
    tb_h5_ints(h, "/eval/rows/n_tok", &r->n_tok, n, size, pack);
    tb_h5_reals(h, "/eval/rows/loss", &r->loss, n, size, pack);
    tb_h5_attr_str(h, "/eval/rows/loss", "units", "nat");
    tb_h5_attr_str(h, "/eval/rows/loss", "long_name", "mean loss per label token of the row");
}

static void events(struct tb_h5_out *h, const struct tb_metrics *m)
{
    static const struct tb_event none;
    const struct tb_event *e = m->n_events ? m->events : &none;
    size_t n = m->n_events;
    const char **v = tb_xcalloc(3 * n + 1, sizeof *v);
    for (size_t i = 0; i < n; i++) {
        v[i] = e[i].kind;
        v[n + i] = e[i].text;
        v[2 * n + i] = e[i].at;
    }
    tb_h5_group(h, "/events");
    tb_h5_reals(h, "/events/wall_s", &e->wall_s, n, sizeof *e, TB_H5_PLAIN);
    tb_h5_ints(h, "/events/step", &e->step, n, sizeof *e, TB_H5_PLAIN);
    tb_h5_strs(h, "/events/kind", v, n);
    tb_h5_strs(h, "/events/text", v + n, n);
    tb_h5_strs(h, "/events/at", v + 2 * n, n);
    free(v);
}

/* A table as the others: a group for each evaluation would cost more than all the rest where there are many. */
static void samples(struct tb_h5_out *h, const struct tb_metrics *m)
{
    static const struct tb_sample none;
    const struct tb_sample *s = m->n_samples ? m->samples : &none;
    size_t n = m->n_samples;
    const char **v = tb_xcalloc(2 * n + 1, sizeof *v);
    for (size_t i = 0; i < n; i++) {
        v[i] = s[i].prompt;
        v[n + i] = s[i].output;
    }
    tb_h5_group(h, "/samples");
    tb_h5_ints(h, "/samples/step", &s->step, n, sizeof *s, TB_H5_PLAIN);
    tb_h5_ints(h, "/samples/row_id", &s->row_id, n, sizeof *s, TB_H5_PLAIN);
    tb_h5_strs(h, "/samples/prompt", v, n);
    tb_h5_strs(h, "/samples/output", v + n, n);
    free(v);
}

static void adapter_out(struct tb_h5_out *h, const struct tb_final *a)
{
    const char **names = tb_xcalloc(a->n + 1, sizeof *names);
    for (size_t i = 0; i < a->n; i++) {
        char *path = tb_xasprintf("/adapter/%s", a->tensor[i].name);
        tb_h5_tensor(h, path, &a->tensor[i]);
        free(path);
        names[i] = a->tensor[i].name;
    }
    tb_h5_group(h, "/adapter_index");
    tb_h5_strs(h, "/adapter_index/names", names, a->n);
    if (a->peft_config && a->n)
        tb_h5_attr_str(h, "/adapter", "peft_config", a->peft_config);
    free(names);
}

/* What the snapshot before holds, as long as the run has not gone on since. */
static bool carry_over(const struct tb_metrics *m, const char *dir, struct tb_final *old,
                       struct tb_err *err)
{
    struct tb_err why;
    *old = (struct tb_final){ 0 };
    if (!tb_state_is_over(m->state) || tb_snapshot_final(old, dir, &why))
        return true;
    if (why.kind == TB_ERR_NOTFOUND)
        return true;
    if (err)
        *err = why;
    return false;
}

static size_t expected_bytes(const struct tb_metrics *m, const struct tb_final *a)
{
    size_t bytes = m->n_train * sizeof *m->train + m->n_rows * sizeof *m->rows
                 + m->step_rows.n * sizeof *m->step_rows.at + m->step_rows.n_loss * sizeof *m->step_rows.loss;
    for (size_t i = 0; i < a->n; i++)
        bytes += (size_t)tb_array_count(&a->tensor[i]) * tb_array_type_bytes(a->tensor[i].type);
    return bytes;
}

bool tb_snapshot_write(const struct tb_metrics *m, const char *dir,
                       const struct tb_final *adapter, bool is_sealed, struct tb_err *err)
{
    enum tb_h5_pack pack = is_sealed ? TB_H5_GZIP : TB_H5_PLAIN;
    struct tb_final old = { 0 };
    struct tb_h5_out h;
    if (!adapter && !carry_over(m, dir, &old, err))
        return false;
    const struct tb_final *a = adapter ? adapter : &old;
    char *path = tb_xasprintf("%s/" TB_FILE_H5, dir);
    tb_h5_begin(&h, expected_bytes(m, a));
    root(&h, m);
    facts(&h, m);
    curves(&h, m, pack);
    losses(&h, m, pack);
    tb_measures_write(&h, m, pack);
    tb_step_rows_write(&h, &m->step_rows, pack);
    events(&h, m);
    samples(&h, m);
    if (a->n)
        adapter_out(&h, a);
    bool good = tb_h5_commit(&h, path, err);
    free(path);
    tb_final_free(&old);
    return good;
}
