/* SPDX-License-Identifier: MIT */
/* run_json.c - a run with all that is recorded of it, for programs: numbers exact, what is unknown null,
 * tables of steps as one list per column. */
#include "cli/run_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/show_checkpoints.h"
#include "cli/show_measures.h"
#include "cli/show_samples.h"
#include "cli/sources.h"
#include "plan/plan.h"
#include "view/defaults.h"
#include "view/paired.h"
#include "view/runs.h"

static struct tb_json *list_of(const char *joined)
{
    struct tb_json *list = tb_json_new_list();
    for (const char *at = joined; *at;) {
        size_t n = strcspn(at, ",");
        tb_json_append(list, tb_json_new_strn(at, n));
        at += n + (at[n] == ',');
    }
    return list;
}

static struct tb_json *number(double v, bool is_int)
{
    return is_int && v > -0x1p53 && v < 0x1p53 ? tb_json_new_int((int64_t)v) : tb_json_new_real(v);
}

struct tb_json *tb_run_value(const struct tb_run_item *item, int column)
{
    struct tb_cell c = tb_run_cell(item, column);
    switch (c.type) {
    case TB_CELL_INT: return tb_json_new_int(c.i);
    case TB_CELL_REAL: return tb_json_new_real(c.r);
    case TB_CELL_TEXT: return tb_json_new_str(c.s);
    case TB_CELL_LIST: return list_of(c.s);
    case TB_CELL_NONE: break;
    }
    return tb_json_new_null();
}

/* {key: default} of the keys that have another value. */
static struct tb_json *changed(const struct tb_json *config)
{
    struct tb_json *out = tb_json_new_map(), *plain = tb_run_defaults(config);
    for (void *it = tb_json_first(config); plain && it; it = tb_json_next(config, it)) {
        const struct tb_json *def = tb_json_get(plain, tb_json_iter_key(it));
        if (!tb_json_equal(def, tb_json_iter_value(it)))
            tb_json_set(out, tb_json_iter_key(it), def ? tb_json_copy(def) : tb_json_new_null());
    }
    tb_json_free(plain);
    return out;
}

static struct tb_json *train_of(const struct tb_metrics *m)
{
    struct tb_json *out = tb_json_new_map();
    for (int c = 0; c < TB_N_TRAIN; c++) {
        struct tb_json *column = tb_json_new_list();
        for (size_t i = 0; i < m->n_train; i++)
            tb_json_append(column, number(((const double *)&m->train[i])[c], tb_train_columns[c].is_int));
        tb_json_set(out, tb_train_columns[c].name, column);
    }
    return out;
}

static struct tb_json *evals_of(const struct tb_metrics *m)
{
    struct tb_json *out = tb_json_new_list();
    for (size_t i = 0; i < m->n_eval; i++) {
        struct tb_json *row = tb_json_new_map();
        for (int c = 0; c < TB_N_EVAL; c++)
            tb_json_set(row, tb_eval_columns[c].name,
                        number(((const double *)&m->eval[i])[c], tb_eval_columns[c].is_int));
        struct tb_json *by_source = tb_sources_losses(m, (int64_t)m->eval[i].step);
        if (by_source)
            tb_json_set(row, "sources", by_source);
        tb_json_append(out, row);
    }
    return out;
}

/* Rows of the last evaluation, one list a column. */
static struct tb_json *rows_of(const struct tb_metrics *m)
{
    static const char *const names[] = { "row_id", "prompt_id", "n_tok", "loss" };
    struct tb_json *out = tb_json_new_map(), *column[4];
    size_t n;
    const struct tb_row_loss *row = tb_last_rows(m, &n);
    for (int c = 0; c < 4; c++)
        column[c] = tb_json_new_list();
    for (size_t i = 0; i < n; i++) {
        tb_json_append(column[0], tb_json_new_int(row[i].row_id));
        tb_json_append(column[1], tb_json_new_int(row[i].prompt_id));
        tb_json_append(column[2], tb_json_new_int(row[i].n_tok));
        tb_json_append(column[3], tb_json_new_real(row[i].loss));
    }
    for (int c = 0; c < 4; c++)
        tb_json_set(out, names[c], column[c]);
    return out;
}

static struct tb_json *events_of(const struct tb_metrics *m)
{
    struct tb_json *out = tb_json_new_list();
    for (size_t i = 0; i < m->n_events; i++) {
        struct tb_json *e = tb_json_new_map();
        tb_json_set(e, "at", tb_json_new_str(m->events[i].at));
        tb_json_set(e, "step", tb_json_new_int(m->events[i].step));
        tb_json_set(e, "wall_s", tb_json_new_real(m->events[i].wall_s));
        tb_json_set(e, "kind", tb_json_new_str(m->events[i].kind));
        tb_json_set(e, "text", tb_json_new_str(m->events[i].text));
        tb_json_append(out, e);
    }
    return out;
}

struct tb_json *tb_run_json(const struct tb_pick *p)
{
    static const char *const sections[] = {
        "config", "overrides", "base", "data", "plan", "lineage", "env", "probe", "scores", "forget", "result", NULL
    };
    struct tb_json *out = tb_json_new_map();
    for (int i = 0; tb_run_column_at((size_t)i); i++)
        tb_json_set(out, tb_run_column_at((size_t)i)->name, tb_run_value(&p->item, i));
    tb_json_del(out, "damage");
    for (int i = 0; sections[i]; i++) {
        const struct tb_json *v = tb_json_get(p->m.facts, sections[i]);
        tb_json_set(out, sections[i], v ? tb_json_copy(v) : tb_json_new_null());
    }
    const struct tb_json *changes = tb_json_get(p->m.facts, "changes");
    tb_json_set(out, "changes", changes ? tb_json_copy(changes) : tb_json_new_list());
    tb_json_set(out, "changed", changed(tb_json_get(p->m.facts, "config")));
    tb_json_set(out, "at_step", p->at < 0 ? tb_json_new_null() : tb_json_new_int(p->at));
    tb_json_set(out, "folder", tb_json_new_str(p->dir));
    tb_json_set(out, "train", train_of(&p->m));
    tb_json_set(out, "evals", evals_of(&p->m));
    tb_json_set(out, "eval_rows", rows_of(&p->m));
    tb_json_set(out, "measures", tb_measures_json(&p->m));
    tb_json_set(out, "events", events_of(&p->m));
    tb_json_set(out, "samples", tb_samples_json(&p->m));
    tb_json_set(out, "checkpoints", tb_checkpoints_json(p));
    return out;
}
