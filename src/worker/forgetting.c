/* SPDX-License-Identifier: MIT */
/* forgetting.c - the loss of a general text, of the base alone and of the run. The base is measured before the first
 * step, on an engine of its own that is gone before training takes memory for anything else: virtual rows, trained
 * copies and derived values are then simply not there, whatever the method. Recorded: measures "forget/loss" with a row
 * each, that of the base at step 0, and facts "forget" {path, id, n_rows, n_tok, before, after, change, low, high}. */
#include "worker/forgetting.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "view/measured.h"
#include "worker/general.h"
#include "worker/losses.h"
#include "worker/train_priv.h"

struct call {
    struct tb_measure measure;
    struct tb_json *facts; /* of before; after: made when the measure is recorded */
    bool has_measure;
    struct tb_forgetting found;
};

static void put(struct tb_json *map, const char *key, double v)
{
    tb_json_set(map, key, tb_json_new_real(v));
}

/* How much it forgot, now that both are recorded. */
static bool put_change(struct call *c, const struct tb_metrics *m)
{
    if (c->facts || !tb_forgetting_of(&c->found, m))
        return c->facts != NULL;
    struct tb_json *map = tb_json_new_map();
    put(map, "after", c->found.after);
    put(map, "change", c->found.pair.difference);
    put(map, "low", c->found.pair.low);
    put(map, "high", c->found.pair.high);
    tb_json_set(map, "step", tb_json_new_int(c->measure.step));
    c->facts = tb_json_new_map();
    tb_json_set(c->facts, "forget", map);
    return true;
}

static bool record(struct tb_run_writer *w, void *arg, struct tb_err *err)
{
    struct call *c = arg;
    c->has_measure = c->has_measure || tb_run_writer_measure(w, &c->measure, err);
    return c->has_measure
        && (!put_change(c, tb_run_writer_metrics(w)) || tb_run_writer_facts(w, c->facts, err));
}

/* Scored by this engine, into a new measure. */
static bool measure(const struct tb_job *j, struct tb_engine *e, int64_t step, struct tb_measure *out,
                    struct tb_err *err)
{
    struct tb_losses l;
    tb_losses_open(&l, j->general, j->general_row, j->n_general);
    bool good = tb_losses_take(&l, e, err);
    *out = tb_losses_measure(&l);
    out->step = step;
    tb_str_copy(out->name, sizeof out->name, TB_MEASURE_FORGET);
    tb_losses_close(&l);
    return good;
}

static struct tb_json *facts_before(const struct tb_job *j, const struct tb_measure *m)
{
    struct tb_json *facts = tb_json_new_map(), *map = tb_json_new_map();
    int64_t n_tok = 0;
    for (size_t i = 0; i < m->n_rows; i++)
        n_tok += m->row[i].n_tok;
    tb_json_set(map, "path", tb_json_new_str(tb_dataset_source(j->general, 0)->path));
    tb_json_set(map, "id", tb_json_new_str(j->general_id));
    tb_json_set(map, "n_rows", tb_json_new_int((int64_t)m->n_rows));
    tb_json_set(map, "n_tok", tb_json_new_int(n_tok));
    put(map, "before", m->value);
    tb_json_set(facts, "forget", map);
    return facts;
}

/* What is recorded of the base, if it was measured before: the rows of another text cannot be compared. */
struct known {
    const char *id;
    bool is_there, is_other;
};

static bool look(struct tb_run_writer *w, void *arg, struct tb_err *err)
{
    (void)err;
    struct known *k = arg;
    const struct tb_metrics *m = tb_run_writer_metrics(w);
    const char *id = tb_json_str(tb_metrics_fact(m, "forget", "id"), NULL);
    k->is_there = id && tb_measures_at(&m->measures, TB_MEASURE_FORGET, 0);
    k->is_other = id && strcmp(id, k->id) != 0;
    return true;
}

bool tb_training_general_before(struct tb_training *t, struct tb_err *err)
{
    const struct tb_job *j = t->job;
    struct known known = { .id = j->general_id };
    if (!j->n_general)
        return true;
    if (!tb_recorder_do(t->recorder, look, &known, err))
        return false;
    if (known.is_other)
        return tb_fail_at(err, TB_ERR_FORMAT, tb_dataset_source(j->general, 0)->path, 0,
                          "the general text has changed since the run began");
    if (known.is_there)
        return true;
    struct tb_engine_spec spec = tb_general_spec(j);
    struct tb_engine *e = tb_engine_open(j->base->model, t->k, NULL, &spec, err);
    struct call c = { 0 };
    bool good = e && measure(j, e, 0, &c.measure, err);
    tb_engine_close(e);
    if (good) {
        c.facts = facts_before(j, &c.measure);
        good = tb_recorder_do(t->recorder, record, &c, err);
    }
    tb_json_free(c.facts);
    free(c.measure.row);
    return good;
}

bool tb_training_general_after(struct tb_training *t, bool is_end, struct tb_err *err)
{
    struct call c = { 0 };
    char words[160];
    if (!t->job->n_general || t->step == 0)
        return true;
    bool good = measure(t->job, t->engine, t->step, &c.measure, err) && tb_recorder_do(t->recorder, record, &c, err);
    if (good && is_end && c.facts) {
        snprintf(words, sizeof words, "loss of the general text %.4f, of the base %.4f: %+.4f [%+.4f, %+.4f]",
                 c.found.after, c.found.before, c.found.pair.difference, c.found.pair.low, c.found.pair.high);
        tb_training_note(t, "forget", words);
    }
    tb_json_free(c.facts);
    free(c.measure.row);
    return good;
}
