/* SPDX-License-Identifier: MIT */
/* kin.c - summaries name the parent; children are those that name a run as theirs. */
#include "view/kin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/lineage.h"

struct family {
    const struct tb_run_item *all;
    size_t n;
    bool *is_in;
    struct tb_kin *list;
    size_t n_list, cap;
};

static size_t find(const struct family *f, const char *id)
{
    size_t i = 0;
    while (i < f->n && strcmp(f->all[i].sum.id, id) != 0)
        i++;
    return i;
}

/* Index of the run that it all goes back to, n if that one is gone; gone: its id then. */
static size_t root_of(const struct family *f, size_t i, char gone[TB_RUN_ID])
{
    for (int turns = 0; turns < TB_KIN_UP && *f->all[i].sum.parent; turns++) {
        size_t up = find(f, f->all[i].sum.parent);
        if (up == f->n) {
            tb_str_copy(gone, TB_RUN_ID, f->all[i].sum.parent);
            return f->n;
        }
        i = up;
    }
    return i;
}

static void add(struct family *f, const struct tb_run_item *item, const char *id, const struct tb_kin *parent,
                bool is_last)
{
    struct tb_kin k = { .item = item };
    if (parent) {
        memcpy(k.is_last, parent->is_last, sizeof k.is_last);
        k.depth = parent->depth + 1;
        k.is_last[k.depth] = is_last;
    }
    tb_str_copy(k.id, sizeof k.id, id);
    f->list = tb_grow(f->list, f->n_list, &f->cap, sizeof *f->list);
    f->list[f->n_list++] = k;
}

static void add_children(struct family *f, size_t of)
{
    struct tb_kin parent = f->list[of];
    size_t last = f->n;
    for (size_t i = 0; i < f->n; i++)
        if (!f->is_in[i] && strcmp(f->all[i].sum.parent, parent.id) == 0)
            last = i;
    for (size_t i = 0; last < f->n && i <= last && f->n_list < TB_KIN_MOST; i++) {
        if (f->is_in[i] || strcmp(f->all[i].sum.parent, parent.id) != 0)
            continue;
        f->is_in[i] = true;
        add(f, &f->all[i], f->all[i].sum.id, &parent, i == last);
        if (parent.depth + 2 < TB_KIN_DEPTH)
            add_children(f, f->n_list - 1);
    }
}

size_t tb_kin_make(const struct tb_run_item *all, size_t n, const char *id, struct tb_kin **list)
{
    struct family f = { .all = all, .n = n, .is_in = tb_xcalloc(n + 1, 1) };
    char gone[TB_RUN_ID] = "";
    size_t i = find(&f, id);
    if (i < n) {
        size_t root = root_of(&f, i, gone);
        f.is_in[root] = true;
        add(&f, root < n ? &all[root] : NULL, root < n ? all[root].sum.id : gone, NULL, true);
        add_children(&f, 0);
    }
    free(f.is_in);
    *list = f.list;
    return f.n_list;
}

char *tb_kin_branch(const struct tb_kin *k, char *dst, size_t n)
{
    size_t used = 0;
    dst[0] = '\0';
    for (int d = 1; d <= k->depth && used + 4 <= n; d++) {
        bool is_own = d == k->depth;
        used += (size_t)snprintf(dst + used, n - used, "%s",
                                 is_own ? k->is_last[d] ? "`- " : "|- " : k->is_last[d] ? "   " : "|  ");
    }
    return dst;
}

char *tb_kin_relation(const struct tb_metrics *m, char dst[64])
{
    const char *mode = tb_json_str(tb_metrics_fact(m, "lineage", "mode"), "");
    int64_t from = tb_json_int(tb_metrics_fact(m, "lineage", "parent_step"), 0);
    if (tb_lineage_start(m) >= 0)
        snprintf(dst, 64, "%.24s from step %lld", mode, (long long)from);
    else
        snprintf(dst, 64, "%.24s", mode);
    return dst;
}
