/* SPDX-License-Identifier: MIT */
/* show_votes.c - tallies out of the fact votes of each run. */
#include "cli/show_votes.h"

#include <stdio.h>

#include "store/votes.h"

enum { SAID = 128 };

static bool is_any(const struct tb_votes *v)
{
    return v->won || v->lost || v->tied;
}

void tb_votes_print(const struct tb_out *o, int width, const struct tb_metrics *m)
{
    const struct tb_json *all = tb_metrics_fact(m, "result", "votes");
    bool has_head = false;
    for (void *it = tb_json_first(all); it; it = tb_json_next(all, it)) {
        struct tb_votes v = tb_votes_of(m, tb_json_iter_key(it));
        char said[SAID];
        if (!is_any(&v))
            continue;
        if (!has_head)
            tb_out_head(o, "VOTES");
        has_head = true;
        tb_votes_say(&v, said, sizeof said);
        tb_out_pair(o, width, tb_json_str(tb_json_get(tb_json_iter_value(it), "name"), tb_json_iter_key(it)), said);
    }
}

/* Of all runs of an arm against all runs of another. */
static struct tb_votes between(const struct tb_arm *a, const struct tb_arm *b)
{
    struct tb_votes sum = { 0 };
    for (size_t i = 0; i < a->n; i++)
        for (size_t k = 0; k < b->n; k++) {
            struct tb_votes v = tb_votes_of(a->m[i], b->item[k]->sum.id);
            sum.won += v.won;
            sum.lost += v.lost;
            sum.tied += v.tied;
            sum.blind += v.blind;
        }
    return sum;
}

void tb_votes_compare(const struct tb_diff_job *x, int width)
{
    bool has_head = false;
    for (size_t i = 1; i < x->arms.n; i++) {
        struct tb_votes v = between(&x->arms.arm[0], &x->arms.arm[i]);
        char said[SAID], name[32];
        if (!is_any(&v))
            continue;
        if (!has_head)
            tb_out_head(&x->out, "VOTES");
        has_head = true;
        tb_votes_say(&v, said, sizeof said);
        snprintf(name, sizeof name, "A against %c", (int)('A' + i));
        tb_out_pair(&x->out, width, name, said);
    }
}

struct tb_json *tb_votes_json(const struct tb_diff_job *x)
{
    struct tb_json *out = tb_json_new_list();
    for (size_t i = 0; i < x->n; i++)
        for (size_t k = i + 1; k < x->n; k++) {
            struct tb_votes v = tb_votes_of(&x->run[i].m, x->run[k].item.sum.id);
            if (!is_any(&v))
                continue;
            struct tb_json *map = tb_json_new_map();
            tb_json_set(map, "run", tb_json_new_str(x->run[i].item.sum.id));
            tb_json_set(map, "against", tb_json_new_str(x->run[k].item.sum.id));
            tb_json_set(map, "won", tb_json_new_int(v.won));
            tb_json_set(map, "lost", tb_json_new_int(v.lost));
            tb_json_set(map, "tied", tb_json_new_int(v.tied));
            tb_json_set(map, "blind", tb_json_new_int(v.blind));
            tb_json_append(out, map);
        }
    return out;
}
