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
#include "view/groups.h"

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
    char *group; /* NULL: none */
};

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
    int field = tb_run_column_find(name + is_down, "filter: ", err);
    f->sort = tb_grow(f->sort, f->n_sorts, &f->cap_sorts, sizeof *f->sort);
    f->sort[f->n_sorts++] = (struct sort){ field, is_down };
    return field >= 0;
}

static bool set_group(struct tb_filter *f, const char *keys, struct tb_err *err)
{
    free(f->group);
    f->group = tb_xstrdup(keys);
    return tb_groups_check(keys, err);
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
        if (t.op == HAS && strcmp(word, "group") == 0)
            return set_group(f, at + 1, err);
        t.field = tb_run_column_find(word, "filter: ", err);
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
    free(f->group);
    free(f);
}

static bool is_text_field(int field)
{
    return field < 0 || tb_run_column_at((size_t)field)->unit == TB_UNIT_TEXT;
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
    if (is_text_field(field))
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

/* What a run has in the column that is sorted by, taken once. */
struct sort_key {
    const char *text; /* NULL: a number */
    double number;
    bool is_unknown, is_down;
    size_t item, place; /* place: where it stood before */
};

static int by_key(const void *a, const void *b)
{
    const struct sort_key *x = a, *y = b;
    int order = 0;
    if (x->is_unknown != y->is_unknown)
        return x->is_unknown - y->is_unknown;
    if (!x->is_unknown && x->text && y->text)
        order = strcmp(x->text, y->text);
    else if (!x->is_unknown)
        order = (x->number > y->number) - (x->number < y->number);
    if (order)
        return x->is_down ? -order : order;
    return (x->place > y->place) - (x->place < y->place);
}

/* Equal runs keep their order, so that an earlier key breaks ties. */
static void sort_by(const struct sort *s, const struct tb_run_item *items, size_t *order, size_t n)
{
    bool is_text = is_text_field(s->field);
    struct sort_key *key = tb_xcalloc(n + 1, sizeof *key);
    for (size_t i = 0; i < n; i++) {
        struct tb_cell c = tb_run_cell(&items[order[i]], s->field);
        key[i] = (struct sort_key){ is_text && c.s ? c.s : NULL, value_of(&c), false, s->is_down, order[i], i };
        key[i].is_unknown = key[i].text ? !*key[i].text : isnan(key[i].number);
    }
    qsort(key, n, sizeof *key, by_key);
    for (size_t i = 0; i < n; i++)
        order[i] = key[i].item;
    free(key);
}

size_t tb_filter_apply(const struct tb_filter *f, const struct tb_run_item *items, size_t n,
                       size_t *order)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (tb_filter_passes(f, &items[i]))
            order[kept++] = i;
    for (size_t i = 0; f && i < f->n_sorts; i++)
        sort_by(&f->sort[i], items, order, kept);
    return kept;
}

const char *tb_filter_group(const struct tb_filter *f)
{
    return f ? f->group : NULL;
}
