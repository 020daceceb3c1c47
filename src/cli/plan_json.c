/* SPDX-License-Identifier: MIT */
/* plan_json.c - see plan_json.h. */
#include "cli/plan_json.h"

#include "sweep/search.h"

struct tb_plan tb_plan_known(const struct tb_plan *p)
{
    const struct tb_json *search = tb_json_get(p->sweep, "search");
    const struct tb_search *s = tb_search_find(tb_json_str(tb_json_get(search, "kind"), ""));
    size_t n_known = s ? (size_t)s->startup(search) * tb_json_len(tb_json_get(p->sweep, "arms")) : p->n_runs;
    struct tb_plan known = *p;
    known.whole = p;
    known.n_runs = n_known < p->n_runs ? n_known : p->n_runs;
    return known;
}

void tb_plan_put_sweep(struct tb_json *answer, const struct tb_plan *p)
{
    if (!p->sweep)
        return;
    struct tb_json *sweep = tb_json_copy(p->sweep);
    tb_json_del(sweep, "points"); /* of runs, which are listed, or that results will choose from */
    tb_json_set(answer, "sweep", sweep);
}
