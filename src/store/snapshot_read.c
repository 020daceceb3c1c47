/* SPDX-License-Identifier: MIT */
/* snapshot_read.c - run.h5 and the journal beside it back into memory.
 * Order of reading: journal, then run.h5, then the records that run.h5 does not hold. A writer that
 * makes a snapshot meanwhile only deletes segments after its run.h5 is in place, so what was read
 * of the journal and the newer run.h5 overlap; a segment that vanished while it was read means:
 * begin again. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/h5_priv.h"
#include "store/measure_priv.h"
#include "store/snapshot.h"
#include "store/step_rows_priv.h"

static bool get_column(struct tb_h5_in *h, const char *path, bool is_int, double **v, size_t *n,
                       struct tb_err *err)
{
    int64_t *ints;
    if (!is_int)
        return tb_h5_get_reals(h, path, v, n, err);
    if (!tb_h5_get_ints(h, path, &ints, n, err))
        return false;
    *v = tb_xcalloc(*n + 1, sizeof **v);
    for (size_t i = 0; i < *n; i++)
        (*v)[i] = (double)ints[i];
    free(ints);
    return true;
}

enum { ALL = ~0 };

/* Columns of a group (bit c: column c, of which 0 is one) into rows of n_columns doubles, which *rows then owns; others
 * are 0. */
static bool get_table(struct tb_h5_in *h, const char *group, const struct tb_column *columns,
                      size_t n_columns, int wanted, double **rows, size_t *n_rows, struct tb_err *err)
{
    *rows = NULL;
    *n_rows = 0;
    for (size_t c = 0; c < n_columns; c++) {
        if (!(wanted >> c & 1))
            continue;
        double *v = NULL;
        size_t n = 0;
        char *path = tb_xasprintf("%s/%s", group, columns[c].name);
        bool good = get_column(h, path, columns[c].is_int, &v, &n, err);
        if (good && c && n != *n_rows)
            good = tb_fail_at(err, TB_ERR_FORMAT, h->name, 0,
                              "%s has %zu rows; its neighbours %zu", path, n, *n_rows);
        if (good && !*rows)
            *rows = tb_xcalloc(n + 1, n_columns * sizeof(double));
        *n_rows = good ? n : 0;
        for (size_t i = 0; i < *n_rows; i++)
            (*rows)[i * n_columns + c] = v[i];
        free(v);
        free(path);
        if (!good)
            return false;
    }
    for (size_t i = 0; i < *n_rows; i++)
        if (!((*rows)[i * n_columns] >= 0)
            || (i && (*rows)[i * n_columns] <= (*rows)[(i - 1) * n_columns]))
            return tb_fail_at(err, TB_ERR_FORMAT, h->name, 0, "%s: steps do not ascend", group);
    return true;
}

static bool get_curves(struct tb_metrics *m, struct tb_h5_in *h, int of_train, int of_eval, struct tb_err *err)
{
    double *train, *eval = NULL;
    bool good = get_table(h, "/metrics/train", tb_train_columns, TB_N_TRAIN, of_train, &train, &m->n_train,
                          err);
    m->train = (struct tb_train_row *)train;
    m->cap_train = m->n_train;
    good =
        good && get_table(h, "/metrics/eval", tb_eval_columns, TB_N_EVAL, of_eval, &eval, &m->n_eval, err);
    m->eval = (struct tb_eval_row *)eval;
    m->cap_eval = m->n_eval;
    return good;
}

static bool get_losses(struct tb_metrics *m, struct tb_h5_in *h, struct tb_err *err)
{
    static const char *const paths[] = { "/eval/rows/step", "/eval/rows/row_id",
                                         "/eval/rows/prompt_id", "/eval/rows/n_tok" };
    int64_t *v[4] = { NULL };
    double *loss = NULL;
    size_t n[5] = { 0 };
    bool good = true;
    for (int c = 0; good && c < 4; c++)
        good = tb_h5_get_ints(h, paths[c], &v[c], &n[c], err);
    good = good && tb_h5_get_reals(h, "/eval/rows/loss", &loss, &n[4], err);
    if (good && (n[0] != n[1] || n[0] != n[2] || n[0] != n[3] || n[0] != n[4]))
        good = tb_fail_at(err, TB_ERR_FORMAT, h->name, 0, "/eval/rows: columns differ in length");
    if (good) {
        m->rows = tb_xcalloc(n[0] + 1, sizeof *m->rows);
        m->n_rows = m->cap_rows = n[0];
    }
    for (size_t i = 0; i < m->n_rows; i++)
        m->rows[i] = (struct tb_row_loss){ v[0][i], v[1][i], v[2][i], v[3][i], loss[i] };
    for (int c = 0; c < 4; c++)
        free(v[c]);
    free(loss);
    return good;
}

struct strs {
    char *p;
    size_t width, n;
};

static const char *str_at(const struct strs *s, size_t i)
{
    return s->p + i * (s->width + 1);
}

static bool get_strs(struct tb_h5_in *h, const char *path, struct strs *s, struct tb_err *err)
{
    return tb_h5_get_strs(h, path, &s->p, &s->width, &s->n, err);
}

static bool get_events(struct tb_metrics *m, struct tb_h5_in *h, struct tb_err *err)
{
    double *wall = NULL;
    int64_t *step = NULL;
    size_t n = 0, n_step = 0;
    struct strs kind = { 0 }, text = { 0 }, at = { 0 };
    bool good = tb_h5_get_reals(h, "/events/wall_s", &wall, &n, err)
             && tb_h5_get_ints(h, "/events/step", &step, &n_step, err)
             && get_strs(h, "/events/kind", &kind, err) && get_strs(h, "/events/text", &text, err)
             && get_strs(h, "/events/at", &at, err);
    if (good && (n_step != n || kind.n != n || text.n != n || at.n != n))
        good = tb_fail_at(err, TB_ERR_FORMAT, h->name, 0, "/events: columns differ in length");
    if (good) {
        m->events = tb_xcalloc(n + 1, sizeof *m->events);
        m->n_events = m->cap_events = n;
    }
    for (size_t i = 0; i < m->n_events; i++) {
        struct tb_event *e = &m->events[i];
        *e = (struct tb_event){ .wall_s = wall[i], .step = step[i],
            .kind = tb_xstrdup(str_at(&kind, i)), .text = tb_xstrdup(str_at(&text, i)) };
        tb_str_copy(e->at, sizeof e->at, str_at(&at, i));
    }
    free(at.p);
    free(text.p);
    free(kind.p);
    free(step);
    free(wall);
    return good;
}

/* Files of earlier versions have no such table, and no samples. */
static bool get_samples(struct tb_metrics *m, struct tb_h5_in *h, struct tb_err *err)
{
    int64_t *step = NULL, *id = NULL;
    struct strs prompt = { 0 }, output = { 0 };
    size_t n = 0, n_id = 0;
    if (!tb_h5_has(h, "/samples/step"))
        return true;
    bool good = tb_h5_get_ints(h, "/samples/step", &step, &n, err)
             && tb_h5_get_ints(h, "/samples/row_id", &id, &n_id, err)
             && get_strs(h, "/samples/prompt", &prompt, err) && get_strs(h, "/samples/output", &output, err);
    if (good && (n_id != n || prompt.n != n || output.n != n))
        good = tb_fail_at(err, TB_ERR_FORMAT, h->name, 0, "/samples: columns differ in length");
    if (good) {
        m->samples = tb_xcalloc(n + 1, sizeof *m->samples);
        m->n_samples = m->cap_samples = n;
    }
    for (size_t i = 0; i < m->n_samples; i++)
        m->samples[i] = (struct tb_sample){ step[i], id[i], tb_xstrdup(str_at(&prompt, i)),
                                            tb_xstrdup(str_at(&output, i)) };
    free(output.p);
    free(prompt.p);
    free(id);
    free(step);
    return good;
}

static bool get_root(struct tb_metrics *m, struct tb_h5_in *h, struct tb_err *err)
{
    char state[16], *text = NULL;
    size_t n;
    tb_h5_get_attr_str(h, "/", "status", state, sizeof state);
    if (!tb_state_find(state, &m->state))
        return tb_fail_at(err, TB_ERR_FORMAT, h->name, 0, "@status is '%s', which is no state",
                          state);
    tb_h5_get_attr_str(h, "/", "ended_by", m->ended_by, sizeof m->ended_by);
    tb_h5_get_attr_str(h, "/", "note", m->note, sizeof m->note);
    tb_h5_get_attr_str(h, "/", "changed", m->changed, sizeof m->changed);
    m->seq = m->h5_seq = (uint64_t)tb_h5_get_attr_int(h, "/", "journal_seq", 0);
    m->step = tb_h5_get_attr_int(h, "/", "step", 0);
    m->resumed_at = tb_h5_get_attr_int(h, "/", "resumed_at", -1);
    m->is_newer |= h->is_newer;
    m->n_resumes = (int)tb_h5_get_attr_int(h, "/", "n_resumes", 0);
    if (!tb_h5_get_text(h, "/facts_json", &text, &n, err))
        return false;
    tb_json_free(m->facts);
    m->facts = tb_json_parse(text, n, h->name, err);
    free(text);
    if (m->facts && tb_json_type(m->facts) != TB_JSON_MAP)
        return tb_fail_at(err, TB_ERR_FORMAT, h->name, 0, "/facts_json is no JSON map");
    return m->facts != NULL;
}

bool tb_snapshot_read(struct tb_metrics *m, const char *dir, struct tb_err *err)
{
    struct tb_h5_in h;
    char *path = tb_xasprintf("%s/" TB_FILE_H5, dir);
    bool good = tb_h5_open(&h, path, TB_STORE_SCHEMA, err);
    if (good) {
        good = get_root(m, &h, err) && get_curves(m, &h, ALL, ALL, err) && get_losses(m, &h, err)
            && get_events(m, &h, err) && get_samples(m, &h, err)
            && tb_measures_read(m, &h, err) && tb_step_rows_read(&m->step_rows, &h, err);
        if (good && tb_h5_has(&h, "/config/recipe_lua"))
            good = tb_h5_get_text(&h, "/config/recipe_lua", &m->recipe, &m->n_recipe, err);
        tb_h5_close(&h);
    }
    free(path);
    return good;
}

/* step tokens wall_s loss tok_per_s; step tokens loss */
enum { BRIEF_TRAIN = 1 | 2 | 4 | 8 | 64, BRIEF_EVAL = 1 | 2 | 8 };

static bool read_brief(struct tb_metrics *m, const char *dir, struct tb_err *err)
{
    struct tb_h5_in h;
    char *path = tb_xasprintf("%s/" TB_FILE_H5, dir);
    bool good = tb_h5_open(&h, path, TB_STORE_SCHEMA, err);
    if (good) {
        good = get_root(m, &h, err) && get_curves(m, &h, BRIEF_TRAIN, BRIEF_EVAL, err);
        tb_h5_close(&h);
    }
    free(path);
    return good;
}

static bool get_adapter(struct tb_final *a, struct tb_h5_in *h, struct tb_err *err)
{
    struct strs names = { 0 };
    if (!tb_h5_has(h, "/adapter_index/names"))
        return true;
    if (!get_strs(h, "/adapter_index/names", &names, err))
        return false;
    struct tb_array *t = tb_xcalloc(names.n + 1, sizeof *t);
    char *config = tb_xcalloc(1, 65536);
    bool good = true;
    a->tensor = t;
    for (size_t i = 0; good && i < names.n; i++) {
        char *path = tb_xasprintf("/adapter/%s", str_at(&names, i));
        t[i].name = tb_xstrdup(str_at(&names, i));
        a->n = i + 1;
        good = tb_h5_get_tensor(h, path, &t[i], err);
        free(path);
    }
    tb_h5_get_attr_str(h, "/adapter", "peft_config", config, 65536);
    a->peft_config = config;
    free(names.p);
    return good;
}

bool tb_snapshot_final(struct tb_final *a, const char *dir, struct tb_err *err)
{
    struct tb_h5_in h;
    char *path = tb_xasprintf("%s/" TB_FILE_H5, dir);
    *a = (struct tb_final){ 0 };
    bool good = tb_h5_open(&h, path, TB_STORE_SCHEMA, err);
    if (good) {
        good = get_adapter(a, &h, err);
        tb_h5_close(&h);
    }
    if (!good)
        tb_final_free(a);
    free(path);
    return good;
}

void tb_final_free(struct tb_final *a)
{
    for (size_t i = 0; i < a->n; i++) {
        free((char *)a->tensor[i].name);
        free(a->tensor[i].data);
    }
    free((struct tb_array *)a->tensor);
    free((char *)a->peft_config);
    *a = (struct tb_final){ 0 };
}

/* Records as bytes, one after the other, until it is known which of them are needed. */
static bool keep(void *user, const struct tb_record *r, struct tb_err *err)
{
    struct tb_buf *b = user;
    uint16_t version = (uint16_t)r->version;
    size_t at = b->n;
    tb_record_encode(b, r->seq, r->kind, r->data, r->n);
    memcpy(b->p + at + 18, &version, 2);
    return true;
}

static bool apply_kept(struct tb_metrics *m, const struct tb_buf *b, struct tb_err *err)
{
    for (size_t at = 0; at < b->n;) {
        uint32_t n;
        uint64_t seq;
        uint16_t kind, version;
        memcpy(&n, b->p + at + 4, 4);
        memcpy(&seq, b->p + at + 8, 8);
        memcpy(&kind, b->p + at + 16, 2);
        memcpy(&version, b->p + at + 18, 2);
        struct tb_record r = { seq, kind, version, (const uint8_t *)b->p + at + TB_JOURNAL_HEAD, n };
        if (seq > m->h5_seq && !tb_metrics_apply(m, &r, err))
            return false;
        at += TB_JOURNAL_HEAD + n;
    }
    return true;
}

static bool load_once(struct tb_metrics *m, const char *dir, struct tb_err *err)
{
    struct tb_buf records = { 0 };
    tb_metrics_init(m);
    bool good = tb_file_is_no_link(dir, err) && tb_journal_replay(dir, 0, keep, &records, &m->journal, err)
             && tb_snapshot_read(m, dir, err);
    if (good && m->journal.first_seq > m->h5_seq + 1)
        good = tb_fail_at(err, TB_ERR_BUSY, dir, 0,
                          "records %llu to %llu are neither in the journal nor in " TB_FILE_H5,
                          (unsigned long long)m->h5_seq + 1,
                          (unsigned long long)m->journal.first_seq - 1);
    good = good && apply_kept(m, &records, err);
    tb_buf_free(&records);
    return good;
}

bool tb_metrics_load(struct tb_metrics *m, const char *dir, struct tb_err *err)
{
    struct tb_err why = { 0 };
    for (int again = 0; again < 5; again++) {
        why = (struct tb_err){ 0 };
        if (load_once(m, dir, &why))
            return true;
        if (why.kind != TB_ERR_BUSY)
            break;
        if (again < 4)
            tb_metrics_free(m);
        tb_clock_nap(0.005);
    }
    if (why.kind == TB_ERR_BUSY && m->journal.first_seq > m->h5_seq + 1) /* records that no writer took away */
        why.kind = TB_ERR_FORMAT;
    if (err)
        *err = why;
    return false;
}

bool tb_metrics_load_brief(struct tb_metrics *m, const char *dir, struct tb_err *err)
{
    tb_metrics_init(m);
    return tb_file_is_no_link(dir, err) && read_brief(m, dir, err);
}
