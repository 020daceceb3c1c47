/* SPDX-License-Identifier: MIT */
/* metrics.c - records into the tables of a run.
 * Invariants: train and eval are strictly ascending in step, rows and samples in (step, row_id); a record with
 * a step that is there replaces it in place. Records come out of files: what is not of the promised
 * type is an error that names the kind, and nothing of such a record is kept. */
#include "store/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/snapshot.h"

void tb_metrics_init(struct tb_metrics *m)
{
    *m = (struct tb_metrics){ .resumed_at = -1, .facts = tb_json_new_map() };
}

static void free_sample(struct tb_sample *s)
{
    free(s->prompt);
    free(s->output);
}

void tb_metrics_free(struct tb_metrics *m)
{
    for (size_t i = 0; i < m->n_events; i++) {
        free(m->events[i].kind);
        free(m->events[i].text);
    }
    for (size_t i = 0; i < m->n_samples; i++)
        free_sample(&m->samples[i]);
    free(m->train);
    free(m->eval);
    free(m->rows);
    free(m->events);
    free(m->samples);
    tb_measures_free(&m->measures);
    tb_step_rows_free(&m->step_rows);
    free(m->recipe);
    tb_json_free(m->facts);
    *m = (struct tb_metrics){ .resumed_at = -1 };
}

/* Tables of doubles that begin with the step: first row whose step is not below `step`. */
static size_t lower(const char *rows, size_t n, size_t size, double step)
{
    size_t lo = 0, hi = n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        double at;
        memcpy(&at, rows + mid * size, sizeof at);
        if (at < step)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* Puts a row where its step belongs: over the row of that step, or before the next. */
static void *put_row(void *table, size_t *n, size_t *cap, const void *row, size_t size)
{
    double step, at;
    memcpy(&step, row, sizeof step);
    char *rows = tb_grow(table, *n, cap, size);
    size_t i = lower(rows, *n, size, step);
    if (i < *n)
        memcpy(&at, rows + i * size, sizeof at);
    if (i == *n || at > step) {
        memmove(rows + (i + 1) * size, rows + i * size, (*n - i) * size);
        ++*n;
    }
    memcpy(rows + i * size, row, size);
    return rows;
}

static bool bad(struct tb_err *err, const struct tb_record *r, const char *what)
{
    return tb_fail(err, TB_ERR_FORMAT, "journal record %llu (kind %u): %s",
                   (unsigned long long)r->seq, r->kind, what);
}

/* n doubles; a step that is no count cannot be ordered. */
static bool get_doubles(const struct tb_record *r, double *v, size_t n, struct tb_err *err)
{
    if (r->n != n * 8)
        return bad(err, r, "a row of another length than the schema says");
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = 0;
        for (int k = 7; k >= 0; k--)
            bits = bits << 8 | r->data[i * 8 + (size_t)k];
        memcpy(&v[i], &bits, sizeof bits);
    }
    if (!(v[0] >= 0 && v[0] < 0x1p53))
        return bad(err, r, "the step is no count");
    return true;
}

static bool apply_train(struct tb_metrics *m, const struct tb_record *r, struct tb_err *err)
{
    double v[TB_N_TRAIN];
    if (!get_doubles(r, v, TB_N_TRAIN, err))
        return false;
    m->train = put_row(m->train, &m->n_train, &m->cap_train, v, sizeof v);
    m->step = (int64_t)v[0];
    return true;
}

static bool apply_eval(struct tb_metrics *m, const struct tb_record *r, struct tb_err *err)
{
    double v[TB_N_EVAL];
    if (!get_doubles(r, v, TB_N_EVAL, err))
        return false;
    m->eval = put_row(m->eval, &m->n_eval, &m->cap_eval, v, sizeof v);
    return true;
}

/* Per-row results of one step replace those of the same step. */
static void put_losses(struct tb_metrics *m, const struct tb_row_loss *rows, size_t n)
{
    size_t first = 0, last;
    while (first < m->n_rows && m->rows[first].step < rows[0].step)
        first++;
    for (last = first; last < m->n_rows && m->rows[last].step == rows[0].step;)
        last++;
    size_t tail = m->n_rows - last;
    m->cap_rows = m->n_rows + n;
    m->rows = tb_xrealloc(m->rows, m->cap_rows, sizeof *m->rows);
    memmove(m->rows + first + n, m->rows + last, tail * sizeof *m->rows);
    memcpy(m->rows + first, rows, n * sizeof *rows);
    m->n_rows = first + n + tail;
}

static bool apply_rows(struct tb_metrics *m, const struct tb_json *map, const struct tb_record *r,
                       struct tb_err *err)
{
    const struct tb_json *id = tb_json_get(map, "row_id"), *prompt = tb_json_get(map, "prompt_id"),
                         *tok = tb_json_get(map, "n_tok"), *loss = tb_json_get(map, "loss");
    size_t n = tb_json_len(id);
    if (n != tb_json_len(prompt) || n != tb_json_len(tok) || n != tb_json_len(loss))
        return bad(err, r, "columns of different lengths");
    if (!n)
        return true;
    struct tb_row_loss *rows = tb_xcalloc(n, sizeof *rows);
    for (size_t i = 0; i < n; i++)
        rows[i] = (struct tb_row_loss){ tb_json_int(tb_json_get(map, "step"), 0),
            tb_json_int(tb_json_at(id, i), -1), tb_json_int(tb_json_at(prompt, i), -1),
            tb_json_int(tb_json_at(tok, i), 0), tb_json_real(tb_json_at(loss, i), NAN) };
    put_losses(m, rows, n);
    free(rows);
    return true;
}

static void apply_event(struct tb_metrics *m, const struct tb_json *map)
{
    m->events = tb_grow(m->events, m->n_events, &m->cap_events, sizeof *m->events);
    struct tb_event *e = &m->events[m->n_events++];
    e->wall_s = tb_json_real(tb_json_get(map, "wall_s"), NAN);
    e->step = tb_json_int(tb_json_get(map, "step"), 0);
    e->kind = tb_xstrdup(tb_json_str(tb_json_get(map, "kind"), ""));
    e->text = tb_xstrdup(tb_json_str(tb_json_get(map, "text"), ""));
    tb_str_copy(e->at, sizeof e->at, tb_json_str(tb_json_get(map, "at"), ""));
}

/* Whether a sample belongs before another. */
static bool is_before(const struct tb_sample *a, const struct tb_sample *b)
{
    return a->step < b->step || (a->step == b->step && a->row_id < b->row_id);
}

/* Most come last; one of a row and step that are there replaces it. */
static void put_sample(struct tb_metrics *m, const struct tb_sample *s)
{
    m->samples = tb_grow(m->samples, m->n_samples, &m->cap_samples, sizeof *m->samples);
    size_t i = m->n_samples;
    while (i > 0 && is_before(s, &m->samples[i - 1]))
        i--;
    if (i > 0 && !is_before(&m->samples[i - 1], s)) {
        free_sample(&m->samples[i - 1]);
        m->samples[i - 1] = *s;
        return;
    }
    memmove(m->samples + i + 1, m->samples + i, (m->n_samples - i) * sizeof *m->samples);
    m->samples[i] = *s;
    m->n_samples++;
}

static void apply_sample(struct tb_metrics *m, const struct tb_json *map)
{
    put_sample(m, &(struct tb_sample){ .step = tb_json_int(tb_json_get(map, "step"), 0),
                                       .row_id = tb_json_int(tb_json_get(map, "row_id"), -1),
                                       .prompt = tb_xstrdup(tb_json_str(tb_json_get(map, "prompt"), "")),
                                       .output = tb_xstrdup(tb_json_str(tb_json_get(map, "output"), "")) });
}

/* Two levels: sections are merged, what stands in a section is replaced. */
static void merge_facts(struct tb_json *facts, const struct tb_json *more)
{
    for (void *it = tb_json_first(more); it; it = tb_json_next(more, it)) {
        const char *section = tb_json_iter_key(it);
        const struct tb_json *from = tb_json_iter_value(it), *old = tb_json_get(facts, section);
        struct tb_json *to = tb_json_type(old) == TB_JSON_MAP && tb_json_type(from) == TB_JSON_MAP
                                 ? tb_json_copy(old)
                                 : tb_json_copy(from);
        for (void *k = tb_json_first(from); k; k = tb_json_next(from, k))
            tb_json_set(to, tb_json_iter_key(k), tb_json_copy(tb_json_iter_value(k)));
        tb_json_set(facts, section, to);
    }
}

static bool apply_state(struct tb_metrics *m, const struct tb_json *map, const struct tb_record *r,
                        struct tb_err *err)
{
    const char *name = tb_json_str(tb_json_get(map, "state"), NULL);
    if (name && !tb_state_find(name, &m->state))
        return bad(err, r, "a state that this version does not know");
    if (name) {
        tb_str_copy(m->ended_by, sizeof m->ended_by, tb_json_str(tb_json_get(map, "ended_by"), ""));
        tb_str_copy(m->note, sizeof m->note, tb_json_str(tb_json_get(map, "note"), ""));
        tb_str_copy(m->changed, sizeof m->changed, tb_json_str(tb_json_get(map, "at"), ""));
    }
    merge_facts(m->facts, tb_json_get(map, "facts"));
    return true;
}

static bool same_names(const struct tb_json *list, const struct tb_column *columns, int n)
{
    for (int i = 0; i < n; i++)
        if (strcmp(tb_json_str(tb_json_at(list, (size_t)i), ""), columns[i].name) != 0)
            return false;
    return tb_json_len(list) == (size_t)n;
}

static bool apply_schema(const struct tb_json *map, const struct tb_record *r, struct tb_err *err)
{
    if (!same_names(tb_json_get(map, "train"), tb_train_columns, TB_N_TRAIN)
        || !same_names(tb_json_get(map, "eval"), tb_eval_columns, TB_N_EVAL))
        return bad(err, r, "columns of another version of tunebench; open it with that version");
    return true;
}

static bool apply_json(struct tb_metrics *m, const struct tb_record *r, struct tb_err *err)
{
    bool good = true;
    struct tb_json *map = tb_json_parse((const char *)r->data, r->n, "journal record", err);
    if (!map)
        return false;
    if (tb_json_type(map) != TB_JSON_MAP)
        good = bad(err, r, "no JSON map");
    else if (r->kind == TB_RECORD_SCHEMA)
        good = apply_schema(map, r, err);
    else if (r->kind == TB_RECORD_ROWS)
        good = apply_rows(m, map, r, err);
    else if (r->kind == TB_RECORD_EVENT)
        apply_event(m, map);
    else if (r->kind == TB_RECORD_SAMPLE)
        apply_sample(m, map);
    else if (r->kind == TB_RECORD_STATE)
        good = apply_state(m, map, r, err);
    else if (r->kind == TB_RECORD_MEASURE)
        good = tb_measures_apply(&m->measures, map) || bad(err, r, "no measure with a step, a name and whole columns");
    else {
        m->step = m->resumed_at = tb_json_int(tb_json_get(map, "step"), 0);
        m->n_resumes++;
    }
    tb_json_free(map);
    return good;
}

bool tb_metrics_apply(struct tb_metrics *m, const struct tb_record *r, struct tb_err *err)
{
    bool good = true;
    if (r->version > TB_JOURNAL_VERSION)
        m->is_newer = true;
    else if (r->kind == TB_RECORD_TRAIN)
        good = apply_train(m, r, err);
    else if (r->kind == TB_RECORD_EVAL)
        good = apply_eval(m, r, err);
    else if (r->kind == TB_RECORD_LOSSES)
        good = tb_step_rows_apply(&m->step_rows, r->data, r->n) || bad(err, r, "no step with the losses of its rows");
    else if (r->kind >= TB_RECORD_SCHEMA && r->kind <= TB_RECORD_MEASURE)
        good = apply_json(m, r, err);
    if (good)
        m->seq = r->seq;
    return good;
}

const struct tb_json *tb_metrics_fact(const struct tb_metrics *m, const char *section,
                                      const char *key)
{
    return tb_json_get(tb_json_get(m->facts, section), key);
}

const struct tb_eval_row *tb_metrics_best(const struct tb_metrics *m)
{
    const struct tb_eval_row *best = NULL;
    for (size_t i = 0; i < m->n_eval; i++)
        if (!isnan(m->eval[i].loss) && (!best || m->eval[i].loss < best->loss))
            best = &m->eval[i];
    return best;
}

const struct tb_row_loss *tb_metrics_row(const struct tb_metrics *m, int64_t step, int64_t row_id)
{
    for (size_t i = tb_step_find(m->rows, m->n_rows, sizeof *m->rows, step); i < m->n_rows && m->rows[i].step == step;
         i++)
        if (m->rows[i].row_id == row_id)
            return &m->rows[i];
    return NULL;
}

void tb_metrics_drop_samples(struct tb_metrics *m, int64_t step)
{
    while (m->n_samples && m->samples[m->n_samples - 1].step > step)
        free_sample(&m->samples[--m->n_samples]);
}

void tb_metrics_drop_stale(struct tb_metrics *m)
{
    if (m->resumed_at < 0)
        return;
    while (m->n_train && m->train[m->n_train - 1].step > (double)m->step)
        m->n_train--;
    while (m->n_eval && m->eval[m->n_eval - 1].step > (double)m->step)
        m->n_eval--;
    while (m->n_rows && m->rows[m->n_rows - 1].step > m->step)
        m->n_rows--;
    tb_measures_drop(&m->measures, m->step);
    tb_step_rows_drop(&m->step_rows, m->step);
    tb_metrics_drop_samples(m, m->step);
}
