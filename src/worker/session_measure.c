/* SPDX-License-Identifier: MIT */
/* session_measure.c - runs of one base on a text that none of them was trained on or chosen by: the losses of its rows,
 * what they write behind its prompts, and whether they know it after all. The base is opened once. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "worker/job.h"
#include "worker/losses.h"
#include "worker/session_priv.h"
#include "worker/texts.h"

enum { TEXTS_AT_ONCE = 8 };

/* A prompt of the text (a whole row where rows have none), lent. */
struct prompt {
    const char *p;
    size_t n;
    bool is_known;
};

struct measuring {
    const struct tb_measure_spec *spec;
    struct tb_measured *out;
    struct tb_subject on; /* the first run, and the text */
    struct tb_scorer *scorer;
    struct prompt *prompt; /* in order of their bytes */
    size_t n_prompts;
    const struct tb_dataset *looked_at; /* the text of the run before */
    struct tb_losses losses; /* of the rows of the text, those of one prompt side by side */
};

static void close_measuring(struct measuring *m)
{
    tb_scorer_close(m->scorer);
    tb_subject_close(&m->on);
    free(m->prompt);
    tb_losses_close(&m->losses);
}

/* ---- the text */

struct place {
    int row, group;
};

static int by_group(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static void order_rows(struct measuring *m)
{
    int n = m->on.n;
    struct place *at = tb_xcalloc((size_t)n + 1, sizeof *at);
    for (int i = 0; i < n; i++)
        at[i] = (struct place){ m->on.row[i], tb_dataset_group(m->on.data, m->on.row[i]) };
    qsort(at, (size_t)n, sizeof *at, by_group);
    for (int i = 0; i < n; i++)
        m->on.row[i] = at[i].row;
    free(at);
}

static struct prompt prompt_of(const struct tb_dataset *d, int row)
{
    struct prompt x = { 0 };
    x.p = tb_dataset_prompt(d, row, &x.n);
    if (x.n == 0)
        x.p = tb_dataset_completion(d, row, &x.n);
    return x;
}

static int by_bytes(const void *a, const void *b)
{
    const struct prompt *x = a, *y = b;
    size_t n = x->n < y->n ? x->n : y->n;
    int order = n ? memcmp(x->p, y->p, n) : 0;
    return order ? order : (x->n > y->n) - (x->n < y->n);
}

static void list_prompts(struct measuring *m)
{
    size_t n = (size_t)m->on.n;
    m->prompt = tb_xcalloc(n + 1, sizeof *m->prompt);
    for (size_t i = 0; i < n; i++)
        m->prompt[i] = prompt_of(m->on.data, m->on.row[i]);
    qsort(m->prompt, n, sizeof *m->prompt, by_bytes);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || by_bytes(&m->prompt[i], &m->prompt[m->n_prompts - 1]) != 0)
            m->prompt[m->n_prompts++] = m->prompt[i];
}

static void name_text(struct measuring *m)
{
    struct tb_json *section = tb_config_section(&m->on.config, "data");
    tb_json_set(section, "content", tb_json_new_str(tb_dataset_hash(m->on.data)));
    char *text = tb_json_text(section, TB_JSON_CANONICAL);
    tb_sha256_hex(text, strlen(text), m->out->id);
    m->out->path = tb_xstrdup(tb_dataset_source(m->on.data, 0)->path);
    m->out->n_rows = (size_t)m->on.n;
    m->out->n_prompts = m->n_prompts;
    free(text);
    tb_json_free(section);
}

/* ---- the runs, looked at before any of them is measured */

static bool check_base(const struct measuring *m, const struct tb_session_run *r, struct tb_err *err)
{
    return strcmp(r->base->id, m->on.base->id) == 0
        || tb_fail(err, TB_ERR_USAGE, "run %s has another base than %s; the rows of one text are compared among runs "
                   "of one base", r->id, m->on.run.id);
}

/* Rows must leave room for the most virtual rows of any of them: all are measured on the same rows. */
static bool look_at(struct measuring *m, const char *ref, struct tb_err *err)
{
    struct tb_session_run r;
    bool good = tb_session_run_open_on(&r, m->spec->store, ref, m->on.shelf, err) && check_base(m, &r, err);
    int n_virtual = good ? tb_session_run_virtual(&r, err) : -1;
    m->on.n_virtual = n_virtual > m->on.n_virtual ? n_virtual : m->on.n_virtual;
    tb_session_run_close(&r);
    return n_virtual >= 0;
}

static void mark_known(struct measuring *m, const struct tb_dataset *d)
{
    for (int i = 0; i < tb_dataset_counts(d)->rows; i++) {
        struct prompt own = prompt_of(d, i);
        struct prompt *found = bsearch(&own, m->prompt, m->n_prompts, sizeof own, by_bytes);
        if (found)
            found->is_known = true;
    }
}

static void find_known(struct measuring *m, const struct tb_session_run *r)
{
    const struct tb_dataset *d = tb_session_run_text(r, NULL);
    if (!d)
        m->out->n_known = -1;
    else if (d != m->looked_at)
        mark_known(m, d);
    m->looked_at = d;
}

static void count_known(struct measuring *m)
{
    for (size_t i = 0; m->out->n_known >= 0 && i < m->n_prompts; i++)
        m->out->n_known += m->prompt[i].is_known;
}

/* ---- measuring */

static bool write_texts(struct measuring *m, struct tb_engine *engine, struct tb_json **scores, struct tb_err *err)
{
    struct tb_scores found = { 0 };
    struct tb_texts_spec spec = { .engine = engine, .base = m->on.base, .data = m->on.data, .config = &m->on.config,
                                  .scorer = m->scorer, .row = m->on.row, .loss = m->losses.loss,
                                  .labels = m->losses.labels, .n_rows = m->on.n, .longest = m->losses.longest,
                                  .at_once = m->on.n < TEXTS_AT_ONCE ? m->on.n : TEXTS_AT_ONCE };
    struct tb_texts *texts = tb_texts_open(&spec, err);
    bool good = texts && tb_texts_score(texts, tb_texts_len(texts), &found, err);
    if (good)
        *scores = tb_texts_facts(texts, &found);
    tb_scores_free(&found);
    tb_texts_close(texts);
    return good;
}

/* By the engine of an open session, which is closed. */
static bool measure(struct measuring *m, struct tb_session *s, bool is_open, size_t place, struct tb_err *err)
{
    struct tb_measured_one *to = place ? &m->out->run[place - 1] : &m->out->base;
    bool good = is_open && tb_losses_take(&m->losses, s->engine, err);
    if (good)
        to->loss = tb_losses_measure(&m->losses);
    good = good && (!m->scorer || write_texts(m, s->engine, &to->scores, err));
    tb_session_close(s);
    if (good && m->spec->done)
        m->spec->done(m->spec->arg, place, to->loss.value);
    return good;
}

static bool measure_base(struct measuring *m, struct tb_err *err)
{
    struct tb_engine_spec spec = tb_losses_spec(&m->losses);
    struct tb_session s = { 0 };
    bool is_open = tb_session_open(&s, m->on.base->model, NULL, &spec, m->spec->threads, err);
    return measure(m, &s, is_open, 0, err);
}

static bool measure_run(struct measuring *m, size_t i, struct tb_err *err)
{
    struct tb_engine_spec spec = tb_losses_spec(&m->losses);
    struct tb_session s = { 0 };
    struct tb_session_run r;
    bool is_open = tb_session_run_open_on(&r, m->spec->store, m->spec->run[i], m->on.shelf, err);
    if (is_open)
        find_known(m, &r);
    is_open = is_open && tb_session_run_start(&r, &s, &spec, m->spec->threads, err);
    bool good = measure(m, &s, is_open, i + 1, err);
    tb_session_run_close(&r);
    return good;
}

static bool open_all(struct measuring *m, struct tb_err *err)
{
    const struct tb_measure_spec *s = m->spec;
    struct tb_subject_spec on = { .store = s->store, .run = s->run[0], .data = s->data };
    if (s->n_metrics && !(m->scorer = tb_scorer_open(s->metrics, s->n_metrics, err)))
        return false;
    if (!tb_subject_open(&m->on, &on, err))
        return false;
    for (size_t i = 1; i < s->n; i++)
        if (!look_at(m, s->run[i], err))
            return false;
    return tb_subject_rows(&m->on, err);
}

bool tb_session_measure(struct tb_measured *out, const struct tb_measure_spec *s, struct tb_err *err)
{
    struct measuring m = { .spec = s, .out = out };
    *out = (struct tb_measured){ .run = tb_xcalloc(s->n + 1, sizeof *out->run), .n = s->n };
    bool good = open_all(&m, err);
    if (good) {
        order_rows(&m);
        list_prompts(&m);
        tb_losses_open(&m.losses, m.on.data, m.on.row, m.on.n);
        name_text(&m);
        good = measure_base(&m, err);
    }
    for (size_t i = 0; good && i < s->n; i++)
        good = measure_run(&m, i, err);
    count_known(&m);
    close_measuring(&m);
    return good;
}

static void free_one(struct tb_measured_one *x)
{
    free(x->loss.row);
    tb_json_free(x->scores);
}

void tb_measured_free(struct tb_measured *m)
{
    for (size_t i = 0; i < m->n; i++)
        free_one(&m->run[i]);
    free_one(&m->base);
    free(m->run);
    free(m->path);
    *m = (struct tb_measured){ 0 };
}
