/* SPDX-License-Identifier: MIT */
/* refs.c - names first, since a name may look like a filter; what went wrong is told in the words of the reading that
 * was meant: with an operator in them that is the filter. */
#include "cli/refs.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/choose.h"
#include "view/filter.h"

/* Each word as a run; false with why at the first that is none. */
static bool by_name(const struct tb_args *a, const struct tb_run_item *all, size_t n, struct tb_ref *refs,
                    struct tb_err *why)
{
    for (int i = 0; i < a->n_pos; i++) {
        int64_t index = tb_run_find(all, n, a->pos[i], why);
        if (index < 0)
            return false;
        refs[i] = (struct tb_ref){ (size_t)index, a->pos[i] };
    }
    return true;
}

static bool has_operator(const struct tb_args *a)
{
    for (int i = 0; i < a->n_pos; i++)
        if (strpbrk(a->pos[i], "=<>!:"))
            return true;
    return false;
}

static char *filter_text(const struct tb_args *a)
{
    struct tb_buf b = { 0 };
    for (int i = 0; i < a->n_pos; i++)
        tb_buf_fmt(&b, "%s ", a->pos[i]);
    if (!tb_filter_says(b.p ? b.p : "", "archived:"))
        tb_buf_str(&b, "archived:no");
    return tb_buf_take(&b);
}

/* How many runs pass; false only if it is no filter. */
static bool by_filter(const char *text, const struct tb_run_item *all, size_t n, struct tb_ref *refs,
                      size_t *n_refs, struct tb_err *err)
{
    struct tb_filter *f = tb_filter_open(text, err);
    size_t *order = tb_xcalloc(n + 1, sizeof *order);
    size_t n_passing = f ? tb_filter_apply(f, all, n, order) : 0;
    *n_refs = 0;
    for (size_t i = 0; i < n_passing; i++)
        if (!all[order[i]].sum.damage[0])
            refs[(*n_refs)++] = (struct tb_ref){ order[i], all[order[i]].sum.id };
    free(order);
    tb_filter_close(f);
    return f != NULL;
}

bool tb_refs_find(const struct tb_args *a, const struct tb_run_item *all, size_t n, struct tb_ref **refs,
                    size_t *n_refs, struct tb_err *err)
{
    struct tb_err no_name = { 0 }, no_filter = { 0 };
    *refs = tb_xcalloc((n > (size_t)a->n_pos ? n : (size_t)a->n_pos) + 1, sizeof **refs);
    *n_refs = (size_t)a->n_pos;
    if (a->n_pos && by_name(a, all, n, *refs, &no_name))
        return true;
    char *text = filter_text(a);
    bool good = by_filter(text, all, n, *refs, n_refs, &no_filter);
    if (good && a->n_pos && *n_refs == 0)
        good = tb_fail(&no_filter, TB_ERR_NOTFOUND, "none of the %zu runs passes the filter", n);
    if (!good && err)
        *err = has_operator(a) ? no_filter : no_name;
    free(text);
    return good;
}
