/* SPDX-License-Identifier: MIT */
/* without.c - the key `without`: rows that are left out of training. They keep their numbers and their places, so that
 * the order of all others is the one of a run that has them (doc/frozen.md 4). */
#include "dataset/dataset_priv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A number at *p, which goes on behind it; false if there is none that fits. */
static bool take_number(const char **p, int64_t *n)
{
    const char *begin = *p;
    *n = 0;
    for (; **p >= '0' && **p <= '9'; ++*p) {
        if (*n > INT32_MAX)
            return false;
        *n = *n * 10 + (**p - '0');
    }
    return *p > begin;
}

/* "17" or "300-310" at *p. */
static bool take_range(const char **p, int64_t *from, int64_t *to)
{
    if (!take_number(p, from))
        return false;
    *to = *from;
    if (**p != '-')
        return true;
    ++*p;
    return take_number(p, to) && *to >= *from;
}

static bool leave_out(struct tb_dataset *d, int64_t from, int64_t to, struct tb_err *err)
{
    if (to >= (int64_t)d->n_rows)
        return tb_fail(err, TB_ERR_RECIPE, "without: there is no row %" PRId64 "; the %zu rows are numbered from 0", to,
                       d->n_rows);
    for (int64_t i = from; i <= to; i++) {
        struct tb_data_row *r = &d->row[i];
        if (r->is_held && from == to)
            return tb_fail(err, TB_ERR_RECIPE, "without: row %" PRId64 " is held out, so not trained on anyway",
                           i);
        if (r->is_held || r->is_left_out)
            continue;
        r->is_left_out = true;
        d->source[r->source].pub.n.left_out++;
        d->counts.left_out++;
    }
    return true;
}

bool tb_without_take(struct tb_dataset *d, const char *text, struct tb_err *err)
{
    static const char blanks[] = " ,\t";
    for (const char *p = text + strspn(text, blanks); *p; p += strspn(p, blanks)) {
        const char *begin = p;
        int64_t from, to;
        if (!take_range(&p, &from, &to) || (*p && !strchr(blanks, *p)))
            return tb_fail(err, TB_ERR_RECIPE, "without: '%.*s' is no row; expected numbers and ranges: 17 204 300-310",
                           (int)(strcspn(begin, blanks) < 40 ? strcspn(begin, blanks) : 40), begin);
        if (!leave_out(d, from, to, err))
            return false;
    }
    return true;
}
