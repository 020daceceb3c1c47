/* SPDX-License-Identifier: MIT */
/* course.c - rows below n_rows were taken and are never looked at again: a run only adds rows, until it is resumed and
 * writes over those behind its checkpoint. */
#include "view/course.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/regex.h"
#include "base/str.h"
#include "score/score.h"

/* Where a metric stands in a table: doubles, row after row. */
struct place {
    const double *rows;
    size_t n, width;
    int y, x;
};

bool tb_course_is_smoothed(const char *name)
{
    static const char *const noisy[] = { "train/loss", "loss", "grad_norm", "tok_per_s", NULL };
    return tb_str_in(name, noisy);
}

static struct place place_of(const struct tb_metrics *m, const char *metric, const char *x)
{
    bool is_eval = tb_str_starts(metric, "eval/");
    const struct tb_column *columns = is_eval ? tb_eval_columns : tb_train_columns;
    int n = is_eval ? TB_N_EVAL : TB_N_TRAIN;
    const char *name = is_eval ? metric + 5 : tb_str_starts(metric, "train/") ? metric + 6 : metric;
    struct place p = { .rows = is_eval ? (const double *)m->eval : (const double *)m->train,
                       .n = is_eval ? m->n_eval : m->n_train, .width = (size_t)n };
    p.y = tb_column_find(columns, n, name);
    p.x = tb_column_find(columns, n, x);
    return p;
}

static double number(double v)
{
    return isfinite(v) ? v : NAN;
}

static void add(struct tb_course *c, double x, double y)
{
    y = number(y);
    if (tb_pyramid_add(&c->raw, x, y) && c->weight > 0)
        tb_pyramid_add(&c->smooth, x, tb_ema_next(&c->ema, y));
}

static void begin(struct tb_course *c, const struct tb_course_spec *spec, const struct tb_metrics *m, uint64_t reading)
{
    tb_course_free(c);
    tb_str_copy(c->metric, sizeof c->metric, spec->metric);
    tb_str_copy(c->x, sizeof c->x, spec->x);
    c->weight = tb_course_is_smoothed(c->metric) ? spec->weight : 0;
    c->ema.weight = c->weight;
    c->reading = reading;
    c->n_resumes = m->n_resumes;
}

static bool is_continued(const struct tb_course *c, const struct tb_course_spec *spec, const struct tb_metrics *m,
                         uint64_t reading)
{
    bool is_smoothed = tb_course_is_smoothed(c->metric);
    return strcmp(c->metric, spec->metric) == 0 && strcmp(c->x, spec->x) == 0 && c->reading == reading
        && c->n_resumes == m->n_resumes && (!is_smoothed || c->weight == spec->weight);
}

/* Measures of evaluations are few, and come in any order: all of them, where their number is another. */
static void read_measures(struct tb_course *c, const struct tb_metrics *m)
{
    struct tb_series s;
    if (!tb_series_of(&s, m, c->metric, c->x, NULL))
        return;
    if (s.n != c->n_rows)
        tb_pyramid_free(&c->raw);
    for (size_t i = 0; i < s.n && s.n != c->n_rows; i++)
        add(c, s.x[i], s.y[i]);
    c->n_rows = s.n;
    tb_series_free(&s);
}

bool tb_course_read(struct tb_course *c, const struct tb_course_spec *spec, const struct tb_metrics *m,
                    uint64_t reading, size_t most)
{
    if (!is_continued(c, spec, m, reading))
        begin(c, spec, m, reading);
    struct place p = place_of(m, c->metric, c->x);
    if (p.y < 0)
        read_measures(c, m);
    if (p.y < 0 || p.x < 0)
        return false;
    for (; c->n_rows < p.n && most > 0; c->n_rows++, most--) {
        const double *row = p.rows + c->n_rows * p.width;
        if (row[0] > (double)m->step)
            return false;
        add(c, row[p.x], row[p.y]);
    }
    return c->n_rows < p.n && p.rows[c->n_rows * p.width] <= (double)m->step;
}

void tb_course_free(struct tb_course *c)
{
    tb_pyramid_free(&c->raw);
    tb_pyramid_free(&c->smooth);
    *c = (struct tb_course){ 0 };
}

const struct tb_pyramid *tb_course_line(const struct tb_course *c)
{
    return c->weight > 0 ? &c->smooth : &c->raw;
}

/* ---- which there are */

struct seen {
    double value;
    size_t n;
    bool varies;
};

static void see(struct seen *s, double v)
{
    if (isnan(v))
        return;
    s->varies = s->varies || (s->n && v != s->value);
    s->value = v;
    s->n++;
}

static struct seen look(const struct tb_metrics *const *m, size_t n, const char *metric)
{
    struct seen s = { 0 };
    for (size_t i = 0; i < n; i++) {
        struct place p = place_of(m[i], metric, "step");
        for (size_t k = 0; k < p.n && p.y >= 0 && !s.varies; k++)
            see(&s, p.rows[k * p.width + (size_t)p.y]);
    }
    return s;
}

struct list {
    struct tb_course_name *out;
    size_t n, most;
};

static void put(struct list *l, const char *name, bool is_constant, int better)
{
    if (l->n == l->most || strlen(name) >= TB_COURSE_NAME)
        return;
    l->out[l->n] = (struct tb_course_name){ .is_constant = is_constant, .better = better };
    tb_str_copy(l->out[l->n++].name, TB_COURSE_NAME, name);
}

static void put_column(struct list *l, const struct tb_metrics *const *m, size_t n, const char *metric)
{
    struct seen s = look(m, n, metric);
    bool is_loss = tb_str_ends(metric, "/loss");
    if (s.n)
        put(l, metric, !is_loss && s.n > 1 && !s.varies, is_loss ? -1 : 0);
}

static bool has(const struct list *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->out[i].name, name) == 0)
            return true;
    return false;
}

/* Of texts, as far as this version knows it; what somebody named himself is better the higher it is. */
static int better_of(const char *measure)
{
    for (size_t i = 0; tb_metric_at(i); i++)
        if (strcmp(tb_metric_at(i)->name, measure) == 0)
            return tb_metric_at(i)->is_lower_better ? -1 : 1;
    return tb_str_ends(measure, "loss") ? -1 : 1;
}

static void put_measures(struct list *l, const struct tb_measures *all)
{
    for (size_t i = 0; i < all->n; i++) {
        char name[TB_COURSE_NAME + 8];
        const char *measure = all->at[i].name;
        snprintf(name, sizeof name, "%s%s", strchr(measure, '/') ? "" : "eval/", measure);
        if (!has(l, name))
            put(l, name, false, better_of(measure));
    }
}

size_t tb_course_list(const struct tb_metrics *const *m, size_t n, struct tb_course_name *out, size_t most)
{
    struct list l = { out, 0, most };
    char name[TB_COURSE_NAME];
    put_column(&l, m, n, "train/loss");
    put_column(&l, m, n, "eval/loss");
    for (size_t i = 0; i < n; i++)
        put_measures(&l, &m[i]->measures);
    put_column(&l, m, n, "grad_norm");
    for (int i = 0; i < TB_N_TRAIN; i++)
        if (i >= 3 && !has(&l, tb_train_columns[i].name) && strcmp(tb_train_columns[i].name, "loss") != 0)
            put_column(&l, m, n, tb_train_columns[i].name);
    for (int i = 3; i < TB_N_EVAL; i++) {
        snprintf(name, sizeof name, "eval/%s", tb_eval_columns[i].name);
        if (!has(&l, name))
            put_column(&l, m, n, name);
    }
    return l.n;
}

int tb_course_is_meant(const char *name, const char *pattern, struct tb_err *err)
{
    char *text = tb_xstrdup(pattern), *rest = text;
    int is_meant = !*pattern;
    for (char *piece; is_meant >= 0 && (piece = strsep(&rest, ","));) {
        piece += strspn(piece, " ");
        char *whole = tb_xasprintf("(?i)%s", piece);
        struct tb_regex *r = *piece ? tb_regex_open(whole, false, NULL) : NULL;
        if (r)
            is_meant = is_meant || tb_regex_matches(r, name);
        else if (*piece) {
            tb_regex_close(tb_regex_open(piece, false, err)); /* for its words, which name a byte of what was typed */
            is_meant = -1;
        }
        tb_regex_close(r);
        free(whole);
    }
    free(text);
    return is_meant;
}
