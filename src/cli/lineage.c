/* SPDX-License-Identifier: MIT */
/* lineage.c - children are found by the summaries, which name the parent; how they began stands in their own files. */
#include "cli/lineage.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/lineage.h"
#include "view/kin.h"

static const struct tb_run_item *item_of(const struct tb_run_item *all, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(all[i].sum.id, id) == 0)
            return &all[i];
    return NULL;
}

/* "lora-r8-s0 (3f9a..), warm from step 400" */
static char *relation(const char *name, const char *id, const struct tb_metrics *m)
{
    char how[64];
    return tb_xasprintf("%s (%s), %s", name, id, tb_kin_relation(m, how));
}

static void print_parent(const struct tb_out *o, int width, const struct tb_run_item *all, size_t n,
                         const struct tb_metrics *m)
{
    const char *id = tb_lineage_parent(m);
    const struct tb_run_item *parent = item_of(all, n, id);
    char *text = relation(parent ? parent->sum.name : "a run that is gone", id, m);
    tb_out_pair(o, width, "parent", text);
    free(text);
    const struct tb_json *changed = tb_metrics_fact(m, "lineage", "changed");
    for (void *it = tb_json_first(changed); it; it = tb_json_next(changed, it)) {
        char *was = tb_json_text(tb_json_at(tb_json_iter_value(it), 0), TB_JSON_CANONICAL),
             *is = tb_json_text(tb_json_at(tb_json_iter_value(it), 1), TB_JSON_CANONICAL);
        text = tb_xasprintf("%s %s -> %s", tb_json_iter_key(it), was, is);
        tb_out_pair(o, width, "  changed", text);
        free(text);
        free(was);
        free(is);
    }
}

static void print_child(const struct tb_out *o, int width, struct tb_store *s, const struct tb_run_item *child)
{
    struct tb_metrics m;
    char *dir = tb_store_run_dir(s, child->sum.id);
    if (tb_metrics_load(&m, dir, NULL)) {
        char *text = relation(child->sum.name, child->sum.id, &m);
        tb_out_pair(o, width, "child", text);
        free(text);
    }
    tb_metrics_free(&m);
    free(dir);
}

void tb_lineage_print(const struct tb_out *o, int width, struct tb_store *s, const struct tb_pick *p)
{
    struct tb_run_item *all = NULL;
    size_t n = 0, n_children = 0;
    tb_store_list(s, &all, &n, NULL);
    for (size_t i = 0; i < n; i++)
        n_children += strcmp(all[i].sum.parent, p->item.sum.id) == 0;
    bool has_parent = *tb_lineage_parent(&p->m);
    if (has_parent || n_children)
        tb_out_head(o, "LINEAGE");
    if (has_parent)
        print_parent(o, width, all, n, &p->m);
    for (size_t i = 0; n_children && i < n; i++)
        if (strcmp(all[i].sum.parent, p->item.sum.id) == 0)
            print_child(o, width, s, &all[i]);
    free(all);
}

struct tb_json *tb_lineage_children(struct tb_store *s, const char *id)
{
    struct tb_run_item *all = NULL;
    struct tb_json *list = tb_json_new_list();
    size_t n = 0;
    tb_store_list(s, &all, &n, NULL);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(all[i].sum.parent, id) != 0)
            continue;
        struct tb_json *child = tb_json_new_map();
        tb_json_set(child, "id", tb_json_new_str(all[i].sum.id));
        tb_json_set(child, "name", tb_json_new_str(all[i].sum.name));
        tb_json_set(child, "state", tb_json_new_str(tb_state_name(all[i].sight.state)));
        tb_json_append(list, child);
    }
    free(all);
    return list;
}

void tb_changes_print(const struct tb_out *o, int width, const char *who, const struct tb_metrics *m)
{
    const struct tb_json *list = tb_json_get(m->facts, "changes");
    for (size_t i = 0; i < tb_json_len(list); i++) {
        const struct tb_json *c = tb_json_at(list, i);
        char *was = tb_json_text(tb_json_get(c, "was"), TB_JSON_CANONICAL),
             *is = tb_json_text(tb_json_get(c, "value"), TB_JSON_CANONICAL);
        char *name = tb_xasprintf("%s%sstep %lld", who, *who ? " " : "",
                                  (long long)tb_json_int(tb_json_get(c, "step"), 0));
        char *text = tb_xasprintf("%s %s -> %s", tb_json_str(tb_json_get(c, "key"), ""), was, is);
        tb_out_pair(o, width, name, text);
        free(text);
        free(name);
        free(was);
        free(is);
    }
}
