/* SPDX-License-Identifier: MIT */
/* filter.c - parsing and applying the one-line grammar of filter.h. A term is (not, field,
 * operator, alternatives); a run passes if it passes all terms. An unknown value passes no
 * comparison, so it passes every negated one. */
#include "view/filter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"

enum op { HAS, IS, LESS, MORE, AT_MOST, AT_LEAST };

struct term {
    int field; /* column, -1: any of the texts */
    enum op op;
    bool is_not;
    char *value;
};

struct sort {
    int field;
    bool is_down;
};

struct tb_filter {
    struct term *term;
    struct sort *sort;
    size_t n_terms, cap_terms, n_sorts, cap_sorts;
};

static int field_of(const char *name, struct tb_err *err)
{
    const char *names[64] = { NULL };
    int field = tb_run_column_named(name);
    if (field >= 0)
        return field;
    for (size_t i = 0; i < 63 && tb_run_column_at(i); i++)
        names[i] = tb_run_column_at(i)->name;
    const char *near = tb_str_nearest(name, names);
    tb_fail(err, TB_ERR_USAGE, "filter: no field '%s'%s%s%s", name, near ? "; did you mean '" : "",
            near ? near : "", near ? "'?" : "");
    return -1;
}

/* The operator at s and how many bytes it takes. */
static enum op operator_at(const char *s, size_t *n, bool *is_not)
{
    *n = s[1] == '=' && s[0] != '=' && s[0] != ':' ? 2 : 1;
    *is_not ^= s[0] == '!';
    if (s[0] == '<')
        return *n == 2 ? AT_MOST : LESS;
    if (s[0] == '>')
        return *n == 2 ? AT_LEAST : MORE;
    return s[0] == ':' ? HAS : IS;
}

static bool add_sort(struct tb_filter *f, const char *name, struct tb_err *err)
{
    bool is_down = name[0] == '-';
    int field = field_of(name + is_down, err);
    f->sort = tb_grow(f->sort, f->n_sorts, &f->cap_sorts, sizeof *f->sort);
    f->sort[f->n_sorts++] = (struct sort){ field, is_down };
    return field >= 0;
}

static bool number(const char *s, double *v)
{
    int64_t count;
    if (tb_str_real(s, v))
        return true;
    *v = tb_str_count(s, &count) ? (double)count : NAN;
    return !isnan(*v);
}

/* All of "60k,2M". */
static bool numbers(const char *list, struct tb_err *err)
{
    double v;
    bool good = true;
    char *copy = tb_xstrdup(list), *rest = copy;
    for (char *word; good && (word = strsep(&rest, ","));)
        good = number(word, &v)
            || tb_fail(err, TB_ERR_USAGE, "filter: '%.80s' is no number (60k, 2M, 3e-4)", word);
    free(copy);
    return good;
}

static bool add_term(struct tb_filter *f, char *word, struct tb_err *err)
{
    struct term t = { .field = -1, .op = HAS, .is_not = word[0] == '!' };
    size_t n = 0;
    word += t.is_not;
    char *at = word + strcspn(word, ":=<>!");
    if (*at) {
        t.op = operator_at(at, &n, &t.is_not);
        *at = '\0';
        if (t.op == HAS && strcmp(word, "sort") == 0)
            return add_sort(f, at + 1, err);
        t.field = field_of(word, err);
        if (t.field < 0)
            return false;
        word = at + n;
    }
    bool is_text = t.field < 0 || tb_run_column_at((size_t)t.field)->unit == TB_UNIT_TEXT;
    if (!is_text && !numbers(word, err))
        return false;
    f->term = tb_grow(f->term, f->n_terms, &f->cap_terms, sizeof *f->term);
    t.value = tb_xstrdup(word);
    f->term[f->n_terms++] = t;
    return true;
}

struct tb_filter *tb_filter_open(const char *text, struct tb_err *err)
{
    struct tb_filter *f = tb_xcalloc(1, sizeof *f);
    char *copy = tb_xstrdup(text ? text : ""), *rest = copy;
    bool good = true;
    for (char *word; good && (word = strsep(&rest, " \t\n"));)
        if (*word)
            good = add_term(f, word, err);
    free(copy);
    if (good)
        return f;
    tb_filter_close(f);
    return NULL;
}

void tb_filter_close(struct tb_filter *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->n_terms; i++)
        free(f->term[i].value);
    free(f->term);
    free(f->sort);
    free(f);
}

static double value_of(const struct tb_cell *c)
{
    return c->type == TB_CELL_INT ? (double)c->i : c->type == TB_CELL_REAL ? c->r : NAN;
}

static bool text_passes(const char *have, enum op op, const char *want)
{
    int order = strcmp(have, want);
    switch (op) {
    case HAS: return strcasestr(have, want) != NULL;
    case IS: return strcasecmp(have, want) == 0;
    case LESS: return order < 0;
    case MORE: return order > 0;
    case AT_MOST: return order <= 0;
    case AT_LEAST: return order >= 0;
    }
    return false;
}

static bool number_passes(double have, enum op op, const char *text)
{
    double want;
    if (!number(text, &want))
        return false;
    switch (op) {
    case HAS:
    case IS: return have == want;
    case LESS: return have < want;
    case MORE: return have > want;
    case AT_MOST: return have <= want;
    case AT_LEAST: return have >= want;
    }
    return false;
}

static bool one_passes(const struct tb_run_item *item, int field, enum op op, const char *want)
{
    struct tb_cell c = tb_run_cell(item, field);
    if (c.s)
        return text_passes(c.s, op, want);
    return number_passes(value_of(&c), op, want);
}

static bool any_text(const struct tb_run_item *item, const char *want)
{
    return strcasestr(item->sum.name, want) || strcasestr(item->sum.id, want)
        || strcasestr(item->sum.method, want) || strcasestr(item->sum.tags, want);
}

static bool term_passes(const struct term *t, const struct tb_run_item *item)
{
    bool passes = false;
    char *copy = tb_xstrdup(t->value), *rest = copy;
    for (char *want; !passes && (want = strsep(&rest, ","));)
        passes = t->field < 0 ? any_text(item, want) : one_passes(item, t->field, t->op, want);
    free(copy);
    return passes != t->is_not;
}

bool tb_filter_passes(const struct tb_filter *f, const struct tb_run_item *item)
{
    for (size_t i = 0; f && i < f->n_terms; i++)
        if (!term_passes(&f->term[i], item))
            return false;
    return true;
}

static int compare_by(const struct sort *s, const struct tb_run_item *a,
                      const struct tb_run_item *b)
{
    struct tb_cell x = tb_run_cell(a, s->field), y = tb_run_cell(b, s->field);
    double u = value_of(&x), v = value_of(&y);
    bool no_x = x.s ? !*x.s : isnan(u), no_y = y.s ? !*y.s : isnan(v);
    int order;
    if (no_x || no_y)
        return no_x - no_y;
    if (x.s && y.s)
        order = strcmp(x.s, y.s);
    else
        order = (u > v) - (u < v);
    return s->is_down ? -order : order;
}

/* Insertion sort is stable; runs are few, and a list read twice is nearly in order. */
static void insert_sorted(const struct sort *s, const struct tb_run_item *items, size_t *order,
                          size_t n)
{
    for (size_t i = 1; i < n; i++) {
        size_t take = order[i], at = i;
        for (; at > 0 && compare_by(s, &items[order[at - 1]], &items[take]) > 0; at--)
            order[at] = order[at - 1];
        order[at] = take;
    }
}

size_t tb_filter_apply(const struct tb_filter *f, const struct tb_run_item *items, size_t n,
                       size_t *order)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (tb_filter_passes(f, &items[i]))
            order[kept++] = i;
    for (size_t i = 0; f && i < f->n_sorts; i++)
        insert_sorted(&f->sort[i], items, order, kept);
    return kept;
}
