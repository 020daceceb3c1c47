/* SPDX-License-Identifier: MIT */
/* groups.c - groups stand in the order in which their first runs stood, so a list that is sorted by loss and then
 * grouped begins with the group of the best run. */
#include "view/groups.h"

#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

enum { MAX_KEYS = 16 };
static const char all_but_seed[] = "!seed";

static size_t columns_of(const char *keys, int *column, struct tb_err *err)
{
    size_t n = 0;
    char *copy = tb_xstrdup(strcmp(keys, all_but_seed) == 0 ? "arm" : keys), *rest = copy;
    bool good = *keys || tb_fail(err, TB_ERR_USAGE, "group: no column; 'group:method', or 'group:!seed'");
    for (char *word; good && (word = strsep(&rest, ",")); n++) {
        good = n < MAX_KEYS || tb_fail(err, TB_ERR_USAGE, "group: more than %d columns", MAX_KEYS);
        if (good && *word == '!')
            good = tb_fail(err, TB_ERR_USAGE, "group:%.40s: only '!seed' (all but the seed) can be told from the index",
                           word);
        if (good)
            good = (column[n] = tb_run_column_find(word, "group: ", err)) >= 0;
    }
    free(copy);
    return good ? n : 0;
}

bool tb_groups_check(const char *keys, struct tb_err *err)
{
    int column[MAX_KEYS];
    return columns_of(keys, column, err) > 0;
}

/* One run on its way to its group. */
struct member {
    char *text;
    size_t item, place, first; /* first: place of the first of its group */
};

static char *text_of(const struct tb_run_item *item, const int *column, size_t n)
{
    struct tb_buf b = { 0 };
    for (size_t i = 0; i < n; i++) {
        struct tb_cell c = tb_run_cell(item, column[i]);
        char number[64];
        enum tb_unit unit = tb_run_column_at((size_t)column[i])->unit;
        double v = c.type == TB_CELL_INT ? (double)c.i : c.type == TB_CELL_REAL ? c.r : NAN;
        const char *text = c.s ? c.s : unit == TB_UNIT_TEXT ? "-" : tb_fmt_unit(number, sizeof number, unit, v);
        tb_buf_fmt(&b, "%s%s", i ? ", " : "", text);
    }
    return tb_buf_take(&b);
}

static int by_text(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    return order ? order : (x->place > y->place) - (x->place < y->place);
}

static int by_first(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static struct member *gather(const int *column, size_t n_columns, const struct tb_run_item *items, const size_t *order,
                             size_t n)
{
    struct member *m = tb_xcalloc(n + 1, sizeof *m);
    for (size_t i = 0; i < n; i++)
        m[i] = (struct member){ text_of(&items[order[i]], column, n_columns), order[i], i, 0 };
    qsort(m, n, sizeof *m, by_text);
    for (size_t i = 0; i < n; i++)
        m[i].first = i && strcmp(m[i].text, m[i - 1].text) == 0 ? m[i - 1].first : m[i].place;
    qsort(m, n, sizeof *m, by_first);
    return m;
}

size_t tb_spread(const double *v, size_t n, double *mean, double *sd)
{
    size_t known = 0;
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(v[i])) {
            sum += v[i];
            known++;
        }
    *mean = known ? sum / (double)known : NAN;
    for (size_t i = 0; i < n; i++)
        squares += isfinite(v[i]) ? (v[i] - *mean) * (v[i] - *mean) : 0;
    *sd = known > 1 ? sqrt(squares / (double)(known - 1)) : NAN;
    return known;
}

char *tb_run_arm_name(const struct tb_run_summary *s)
{
    char end[32];
    snprintf(end, sizeof end, "-s%lld", (long long)s->seed);
    size_t n = strlen(s->name), tail = strlen(end);
    bool has_seed = n > tail && tb_str_ends(s->name, end);
    return tb_xasprintf("%.*s", (int)(has_seed ? n - tail : n), s->name);
}

static void sum_up(struct tb_group *g, const struct tb_run_item *items, const size_t *order)
{
    double *eval = tb_xcalloc(g->n, sizeof *eval);
    g->low = g->high = NAN;
    for (size_t i = 0; i < g->n; i++) {
        const struct tb_run_summary *s = &items[order[g->first + i]].sum;
        eval[i] = s->damage[0] ? NAN : s->last_eval;
        g->low = isfinite(eval[i]) ? fmin(g->low, eval[i]) : g->low;
        g->high = isfinite(eval[i]) ? fmax(g->high, eval[i]) : g->high;
    }
    g->n_eval = tb_spread(eval, g->n, &g->mean, &g->sd);
    free(eval);
}

size_t tb_groups_make(const char *keys, const struct tb_run_item *items, size_t *order, size_t n,
                      struct tb_group **groups)
{
    int column[MAX_KEYS];
    size_t n_columns = columns_of(keys, column, NULL), n_groups = 0, cap = 0;
    struct member *m = gather(column, n_columns, items, order, n);
    bool has_arms = strcmp(keys, all_but_seed) == 0;
    *groups = NULL;
    for (size_t i = 0; i < n; i++) {
        order[i] = m[i].item;
        if (i == 0 || m[i].first != m[i - 1].first) {
            *groups = tb_grow(*groups, n_groups, &cap, sizeof **groups);
            (*groups)[n_groups++] = (struct tb_group){ .first = i, .name = has_arms
                ? tb_run_arm_name(&items[m[i].item].sum) : tb_xstrdup(m[i].text) };
        }
        (*groups)[n_groups - 1].n++;
    }
    for (size_t i = 0; i < n; i++)
        free(m[i].text);
    for (size_t g = 0; g < n_groups; g++)
        sum_up(&(*groups)[g], items, order);
    free(m);
    return n_groups;
}

void tb_groups_free(struct tb_group *groups, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(groups[i].name);
    free(groups);
}
