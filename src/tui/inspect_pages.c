/* SPDX-License-Identifier: MIT */
/* inspect_pages.c - what the panes of one run say. Pages are filled when they are looked at; lines of events and steps
 * are added as they come. */
#include "tui/inspect_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "plan/plan.h"
#include "store/marks.h"
#include "store/runlog.h"
#include "view/defaults.h"
#include "view/facts.h"
#include "view/fmt.h"

enum { LOG_STEPS = 20000, SOME_EVENTS = 3, SOME_STEPS = 3, SOME_SAMPLES = 2, SAMPLE_ROWS = 64 };

const char *tb_inspect_page_name(int page)
{
    static const char *const names[INSPECT_PAGES] = { "all", "events", "log", "samples", "data", "env", "options",
                                                      "worker" };
    return names[page];
}

bool tb_inspect_is_long(int page)
{
    return page == INSPECT_EVENTS || page == INSPECT_LOG || page == INSPECT_WORKER;
}

static double fact(const struct tb_metrics *m, const char *section, const char *key)
{
    return tb_json_real(tb_metrics_fact(m, section, key), NAN);
}

static const char *word(const struct tb_metrics *m, const char *section, const char *key)
{
    return tb_json_str(tb_metrics_fact(m, section, key), "");
}

/* ---- facts */

/* A column of the table of runs as people read it. */
static char *column(const struct tb_run_item *item, const char *name, char dst[64])
{
    int c = tb_run_column_named(name);
    struct tb_cell v = tb_run_cell(item, c);
    if (v.s)
        snprintf(dst, 64, "%.63s", v.s);
    else
        tb_fmt_unit(dst, 64, tb_run_column_at((size_t)c)->unit,
                    v.type == TB_CELL_INT ? (double)v.i : v.type == TB_CELL_REAL ? v.r : NAN);
    return dst;
}

static void add_state(struct tb_pairs *p, const struct tb_run_item *item, const struct tb_metrics *m)
{
    enum tb_state state = item->sight.state;
    unsigned style = state == TB_STATE_FAILED || state == TB_STATE_LOST ? TB_STYLE_BAD
                   : state == TB_STATE_RUNNING ? TB_STYLE_LIVE : TB_STYLE_PLAIN;
    if (state == TB_STATE_LOST)
        tb_pairs_add(p, style, "state", "lost: its worker is gone; r goes on from the last checkpoint");
    else if (item->sight.stall)
        tb_pairs_fmt(p, TB_STYLE_WARN, "state", "stalled: %s", tb_stall_advice(item->sight.stall));
    else
        tb_pairs_fmt(p, style, "state", "%s%s%s%s%s", tb_state_name(state), *m->ended_by ? ", by " : "", m->ended_by,
                     *m->note ? ": " : "", m->note);
}

static void add_losses(struct tb_pairs *p, const struct tb_run_item *item)
{
    char first[64], last[64], best[64], step[64];
    if (!isfinite(item->sum.last_eval))
        return;
    tb_pairs_fmt(p, TB_STYLE_STRONG, "eval/loss", "%s, began at %s, best %s at step %s",
                 column(item, "eval_loss", last), column(item, "first_eval", first), column(item, "best_eval", best),
                 column(item, "best_step", step));
}

/* Metrics of texts: "bleu 31.2 [28, 34.1]"; those are metrics that have an interval beside them. */
static void add_scores(struct tb_pairs *p, const struct tb_metrics *m)
{
    const struct tb_json *scores = tb_json_get(m->facts, "scores");
    for (void *it = tb_json_first(scores); it; it = tb_json_next(scores, it)) {
        char low[96], high[96];
        snprintf(low, sizeof low, "%.80s_low", tb_json_iter_key(it));
        snprintf(high, sizeof high, "%.80s_high", tb_json_iter_key(it));
        if (tb_json_get(scores, low))
            tb_pairs_fmt(p, TB_STYLE_PLAIN, tb_json_iter_key(it), "%.4g [%.4g, %.4g]",
                         tb_json_real(tb_json_iter_value(it), NAN), tb_json_real(tb_json_get(scores, low), NAN),
                         tb_json_real(tb_json_get(scores, high), NAN));
    }
}

static void add_marks(struct tb_pairs *p, const struct tb_run_item *item, const struct tb_metrics *m)
{
    if (*item->sum.tags)
        tb_pairs_add(p, TB_STYLE_MARK, "tags", item->sum.tags);
    if (*tb_marks_note(m))
        tb_pairs_add(p, TB_STYLE_PLAIN, "note", tb_marks_note(m));
    if (item->sum.is_protected)
        tb_pairs_add(p, TB_STYLE_MARK, "protected", "nothing automatic ends it or removes its files");
    if (item->sum.is_archived)
        tb_pairs_add(p, TB_STYLE_DIM, "archived", "put away; lists pass over it");
}

static void add_run(struct tb_pairs *p, const struct tb_run_item *item, const struct tb_metrics *m)
{
    char a[64], b[64], c[64], d[64];
    tb_pairs_fmt(p, TB_STYLE_PLAIN, "method", "%s, %s trainable = %s of the base", item->sum.method,
                 column(item, "trainable", a), column(item, "share", b));
    tb_pairs_fmt(p, TB_STYLE_PLAIN, "step", "%s of %s, %s tokens of %s %s", column(item, "step", a),
                 column(item, "steps", b), column(item, "tokens", c), column(item, "budget", d),
                 item->sum.budget_unit);
    add_losses(p, item);
    add_scores(p, m);
    tb_pairs_fmt(p, TB_STYLE_PLAIN, "rate", "%s", column(item, "lr", a));
    tb_pairs_fmt(p, TB_STYLE_PLAIN, "cost", "%s at %s tok/s, memory %s (planned %s)", column(item, "duration", a),
                 column(item, "tok_s", b), column(item, "peak", c), column(item, "predicted", d));
}

/* A word before each, so that nothing is said by colour alone. */
static void add_proofs(struct tb_pairs *p, const struct tb_metrics *m)
{
    static const char *const words[] = { "", "DOUBT ", "? " };
    static const unsigned styles[] = { TB_STYLE_PLAIN, TB_STYLE_BAD, TB_STYLE_WARN };
    struct tb_proof proof[TB_PROOFS];
    size_t n = tb_proofs_make(m, proof);
    for (size_t i = 0; i < n; i++)
        tb_pairs_fmt(p, styles[proof[i].trust], proof[i].name, "%s%s", words[proof[i].trust], proof[i].text);
    tb_proofs_free(proof, n);
}

void tb_inspect_fill_facts(struct tb_screen *s, const struct tb_run_item *item, const struct tb_metrics *m)
{
    struct tb_pairs *p = &((struct inspect_state *)s->state)->facts;
    tb_pairs_clear(p);
    add_state(p, item, m);
    add_marks(p, item, m);
    add_run(p, item, m);
    tb_pairs_add(p, 0, "WHAT A STRANGER CAN CHECK", NULL);
    add_proofs(p, m);
}

/* ---- events and steps */

static unsigned style_of(const char *kind)
{
    return tb_happening_is_bad(kind) ? TB_STYLE_BAD : strcmp(kind, "eval") == 0 ? TB_STYLE_STRONG : TB_STYLE_PLAIN;
}

/* "11-26 07:43:21" of a whole date. */
static char *short_time(const struct tb_happening *what, char time[48])
{
    tb_happening_time(what, time);
    if (strlen(time) != 20 || time[10] != 'T')
        return time;
    time[10] = ' ';
    time[19] = '\0';
    return time + 5;
}

static void add_line(void *arg, const struct tb_happening *what)
{
    char time[48];
    tb_text_fmt(arg, style_of(what->kind), "%14s %6lld  %-10s %s", short_time(what, time), (long long)what->step,
                what->kind, what->text);
}

/* Begun anew where the run has gone back to an earlier step. */
static void fill_history(struct inspect_state *st, const struct tb_metrics *m, int page)
{
    struct tb_text *t = &st->lines[page];
    struct tb_history *h = &st->history[page];
    bool has_steps = page == INSPECT_LOG;
    if (!st->page_serial[page] || m->step < st->history_step[page]) {
        tb_text_clear(t);
        t->follow = true;
        tb_history_open(h, has_steps);
        if (has_steps && m->n_train > LOG_STEPS) {
            h->train_step = m->train[m->n_train - LOG_STEPS - 1].step;
            tb_text_fmt(t, TB_STYLE_DIM, "steps up to %.0f are left out; log --steps has all", h->train_step);
        }
    }
    st->history_step[page] = m->step;
    tb_history_next(h, m, add_line, t);
}

/* The last lines of a history. */
struct recent {
    char *line[SOME_EVENTS];
    unsigned style[SOME_EVENTS];
    size_t n;
};

static void keep_recent(void *arg, const struct tb_happening *what)
{
    struct recent *r = arg;
    char time[48];
    size_t at = r->n++ % SOME_EVENTS;
    free(r->line[at]);
    r->style[at] = style_of(what->kind);
    r->line[at] = tb_xasprintf("%s  step %lld  %s: %s", short_time(what, time), (long long)what->step, what->kind,
                               what->text);
}

static void add_recent(struct tb_pairs *p, const struct tb_metrics *m)
{
    struct recent r = { .n = 0 };
    struct tb_history h;
    tb_history_open(&h, false);
    tb_history_next(&h, m, keep_recent, &r);
    size_t n = r.n < SOME_EVENTS ? r.n : SOME_EVENTS;
    for (size_t i = 0; i < n; i++) { /* the newest first */
        size_t at = (r.n - 1 - i) % SOME_EVENTS;
        tb_pairs_add(p, r.style[at], i ? "" : "EVENTS", r.line[at]);
        free(r.line[at]);
    }
    if (!n)
        tb_pairs_add(p, TB_STYLE_DIM, "EVENTS", "none yet");
}

/* Without the memory of the worker, which is not the run's own: the page of the log has it. */
static void add_step(void *arg, const struct tb_happening *what)
{
    const char *worker = strstr(what->text, "  worker ");
    int n = (int)(worker ? (size_t)(worker - what->text) : strlen(what->text));
    if (strcmp(what->kind, "step") == 0)
        tb_pairs_fmt(arg, TB_STYLE_PLAIN, "LOG", "step %lld  %.*s", (long long)what->step, n, what->text);
}

static void add_steps(struct tb_pairs *p, const struct tb_metrics *m)
{
    struct tb_history h;
    size_t n = m->n_train;
    while (n > 0 && m->train[n - 1].step > (double)m->step)
        n--;
    size_t first = p->n;
    tb_history_open(&h, true);
    h.train_step = n > SOME_STEPS ? m->train[n - SOME_STEPS - 1].step : -1;
    tb_history_next(&h, m, add_step, p);
    for (size_t i = first, k = p->n; i + 1 < k; i++, k--) { /* the newest first */
        struct tb_pair t = p->at[i];
        p->at[i] = p->at[k - 1];
        p->at[k - 1] = t;
    }
    for (size_t i = first + 1; i < p->n; i++)
        p->at[i].name[0] = '\0';
}

/* ---- samples */

/* What a row came to at a step: "@400 1.142". */
static char *mark_of(const struct tb_metrics *m, const struct tb_sample *x, char dst[64])
{
    char loss[32];
    const struct tb_row_loss *r = tb_metrics_row(m, x->step, x->row_id);
    snprintf(dst, 64, "@%lld %s", (long long)x->step, tb_fmt_unit(loss, sizeof loss, TB_UNIT_LOSS, r ? r->loss : NAN));
    return dst;
}

/* Steps before sample i at which the same text stands, on one line; the sample of the row before these. */
static size_t add_same(struct tb_pairs *p, const struct tb_metrics *m, size_t i)
{
    struct tb_buf b = { 0 };
    char mark[64];
    size_t k = i;
    for (; k-- > 0;) {
        if (m->samples[k].row_id != m->samples[i].row_id)
            continue;
        if (strcmp(m->samples[k].output, m->samples[i].output) != 0)
            break;
        tb_buf_fmt(&b, "%s%s", b.n ? "   " : "the same at  ", mark_of(m, &m->samples[k], mark));
    }
    if (b.n)
        tb_pairs_add(p, TB_STYLE_DIM, "", b.p);
    tb_buf_free(&b);
    return k;
}

/* Of the row of sample i, the newest first: "@400 1.142  There is ..". */
static void add_outputs(struct tb_pairs *p, const struct tb_metrics *m, size_t i, size_t most)
{
    char mark[64];
    for (; i != SIZE_MAX && most > 0; most--) {
        tb_pairs_add(p, TB_STYLE_PLAIN, mark_of(m, &m->samples[i], mark),
                     *m->samples[i].output ? m->samples[i].output : "(nothing)");
        i = add_same(p, m, i);
    }
}

static bool was_shown(const struct tb_metrics *m, size_t i)
{
    for (size_t k = i + 1; k < m->n_samples; k++)
        if (m->samples[k].row_id == m->samples[i].row_id)
            return true;
    return false;
}

static void fill_samples(struct tb_pairs *p, const struct tb_metrics *m)
{
    int rows = 0;
    for (size_t i = m->n_samples; i-- > 0 && rows < SAMPLE_ROWS;) {
        if (was_shown(m, i))
            continue;
        tb_pairs_fmt(p, TB_STYLE_MARK, "row", "%lld  %s", (long long)m->samples[i].row_id, m->samples[i].prompt);
        add_outputs(p, m, i, SIZE_MAX);
        rows++;
    }
    if (!rows)
        tb_pairs_add(p, TB_STYLE_DIM, "none yet", "each evaluation keeps the rows that eval.samples asks for");
}

static void add_sample(struct tb_pairs *p, const struct tb_metrics *m)
{
    if (!m->n_samples)
        return;
    const struct tb_sample *x = &m->samples[m->n_samples - 1];
    tb_pairs_fmt(p, TB_STYLE_DIM, "SAMPLE", "row %lld  %s", (long long)x->row_id, x->prompt);
    add_outputs(p, m, m->n_samples - 1, SOME_SAMPLES);
}

/* ---- facts by section */

static void add_section(struct tb_pairs *p, const struct tb_metrics *m, const char *section)
{
    const struct tb_json *map = tb_json_get(m->facts, section);
    for (void *it = tb_json_first(map); it; it = tb_json_next(map, it)) {
        char *text = tb_fact_text(tb_json_iter_key(it), tb_json_iter_value(it));
        tb_pairs_add(p, TB_STYLE_PLAIN, tb_json_iter_key(it), *text ? text : "(empty)");
        free(text);
    }
}

/* Where training is in the order of its rows. */
static void add_place(struct tb_pairs *p, const struct tb_metrics *m, const char *name)
{
    double rows = fact(m, "config", "batch.rows") * (double)m->step, n = fact(m, "data", "n_train");
    if (n > 0 && rows > 0)
        tb_pairs_fmt(p, TB_STYLE_PLAIN, name, "seed %.0f, at row %.0f of %.0f of epoch %.0f",
                     fact(m, "config", "seed"), fmod(rows, n), n, floor(rows / n) + 1);
}

static void add_data(struct tb_pairs *p, const struct tb_metrics *m)
{
    char train[32], eval[32];
    tb_pairs_fmt(p, TB_STYLE_PLAIN, "DATA", "%s %.12s, %s rows to train on, %s to evaluate",
                 tb_path_base(word(m, "data", "path")), word(m, "data", "id"),
                 tb_fmt_unit(train, sizeof train, TB_UNIT_COUNT, fact(m, "data", "n_train")),
                 tb_fmt_unit(eval, sizeof eval, TB_UNIT_COUNT, fact(m, "data", "n_eval")));
    add_place(p, m, "");
}

static void add_env(struct tb_pairs *p, const struct tb_metrics *m)
{
    const char *git = word(m, "env", "git");
    tb_pairs_fmt(p, TB_STYLE_PLAIN, "ENV", "tunebench %s on %s, %s %s, %s%.12s", word(m, "env", "version"),
                 word(m, "env", "host"), word(m, "env", "device"), word(m, "env", "isa"),
                 *git ? "git " : "in no git repository", git);
}

static void fill_all(struct tb_pairs *p, const struct tb_metrics *m)
{
    add_recent(p, m);
    add_steps(p, m);
    add_sample(p, m);
    add_data(p, m);
    add_env(p, m);
}

static void add_options(struct tb_pairs *p, const struct tb_json *config, const struct tb_json *defaults, bool is_usual)
{
    for (void *it = tb_json_first(config); it; it = tb_json_next(config, it)) {
        const char *key = tb_json_iter_key(it);
        bool is_budget = strcmp(key, "budget.n") == 0;
        if (tb_run_chose(defaults, key, tb_json_iter_value(it)) == is_usual || strcmp(key, "budget.unit") == 0)
            continue;
        char *text = is_budget ? tb_budget_words(config) : tb_fact_text(key, tb_json_iter_value(it));
        tb_pairs_add(p, is_usual ? TB_STYLE_DIM : TB_STYLE_PLAIN, is_budget ? "budget" : key,
                     text && *text ? text : "\"\"");
        free(text);
    }
}

static void add_changes(struct tb_pairs *p, const struct tb_metrics *m)
{
    const struct tb_json *list = tb_json_get(m->facts, "changes");
    for (size_t i = 0; i < tb_json_len(list); i++) {
        const struct tb_json *c = tb_json_at(list, i);
        char *was = tb_json_text(tb_json_get(c, "was"), TB_JSON_CANONICAL),
             *is = tb_json_text(tb_json_get(c, "value"), TB_JSON_CANONICAL);
        tb_pairs_fmt(p, TB_STYLE_MARK, tb_json_str(tb_json_get(c, "key"), ""), "%s -> %s at step %lld", was, is,
                     (long long)tb_json_int(tb_json_get(c, "step"), 0));
        free(was);
        free(is);
    }
}

static void fill_options(struct tb_pairs *p, const struct tb_metrics *m)
{
    const struct tb_json *config = tb_json_get(m->facts, "config");
    struct tb_json *defaults = tb_run_defaults(config);
    tb_pairs_add(p, 0, "CHOSEN", NULL);
    add_options(p, config, defaults, false);
    if (tb_json_len(tb_json_get(m->facts, "changes")))
        tb_pairs_add(p, 0, "CHANGED UNDER WAY", NULL);
    add_changes(p, m);
    tb_pairs_add(p, 0, "AS BY DEFAULT", NULL);
    add_options(p, config, defaults, true);
    tb_json_free(defaults);
}

static void fill_worker(struct tb_screen *s, struct tb_text *t)
{
    struct inspect_state *st = s->state;
    struct tb_err err = { 0 };
    char *dir = tb_store_run_dir(s->desk->store, st->id), *text = tb_run_log_read(dir, &err);
    tb_text_clear(t);
    t->follow = true;
    tb_text_add(t, text && *text ? TB_STYLE_PLAIN : TB_STYLE_DIM,
                !text ? err.text : *text ? text : "its worker has written nothing yet");
    free(text);
    free(dir);
}

static void fill_pairs(struct inspect_state *st, const struct tb_metrics *m)
{
    struct tb_pairs *p = &st->page[st->at];
    tb_pairs_clear(p);
    switch (st->at) {
    case INSPECT_SAMPLES: fill_samples(p, m); break;
    case INSPECT_DATA:
        add_place(p, m, "place");
        add_section(p, m, "data");
        break;
    case INSPECT_ENV: add_section(p, m, "env"); break;
    case INSPECT_OPTIONS: fill_options(p, m); break;
    default: fill_all(p, m);
    }
}

void tb_inspect_fill(struct tb_screen *s, const struct tb_metrics *m)
{
    struct inspect_state *st = s->state;
    if (st->page_serial[st->at] == st->serial)
        return;
    if (st->at == INSPECT_WORKER)
        fill_worker(s, &st->lines[st->at]);
    else if (tb_inspect_is_long(st->at))
        fill_history(st, m, st->at);
    else
        fill_pairs(st, m);
    st->page_serial[st->at] = st->serial;
}
