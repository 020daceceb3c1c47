/* SPDX-License-Identifier: MIT */
/* sweep_begin.c - what can be wrong with a plan is found out here, while somebody looks on: bases and data are opened,
 * and what the store has of its trials already is said. From then on all there is stands in the sweep's folder. */
#include "cli/sweep_begin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/sweep_plan.h"
#include "store/duty.h"
#include "worker/lead.h"

/* "of the first 27 the store has 12 (10 done, 2 pruned); 15 are new". */
struct stock {
    int n, n_done, n_pruned, n_begun;
};

static struct stock take_stock(const struct tb_json *runs)
{
    struct stock k = { .n = (int)tb_json_len(runs) };
    for (int i = 0; i < k.n; i++) {
        const char *state = tb_json_str(tb_json_get(tb_json_at(runs, (size_t)i), "state"), "new");
        k.n_done += strcmp(state, "done") == 0;
        k.n_pruned += strcmp(state, "pruned") == 0;
        k.n_begun += strcmp(state, "done") != 0 && strcmp(state, "pruned") != 0 && strcmp(state, "new") != 0;
    }
    return k;
}

static bool note_begin(struct tb_sweep *s, const struct stock *k, bool fails_fast, struct tb_err *err)
{
    const struct tb_json *search = tb_json_get(s->spec, "search");
    size_t n_arms = tb_sweep_arms(s);
    char reused[120] = "";
    struct tb_json *more = tb_json_new_map();
    if (fails_fast)
        tb_json_set(more, "fail_fast", tb_json_new_bool(true));
    if (k->n_done + k->n_pruned + k->n_begun > 0)
        snprintf(reused, sizeof reused, "; of the first %d the store has %d already (%d done, %d pruned), %d are new",
                 k->n, k->n_done + k->n_pruned + k->n_begun, k->n_done, k->n_pruned,
                 k->n - k->n_done - k->n_pruned - k->n_begun);
    return tb_sweep_note(s, "begin", more, err, "%s: %lld trials in each of %zu arm%s%s",
                         tb_json_str(tb_json_get(search, "kind"), ""), (long long)tb_sweep_trials(s), n_arms,
                         n_arms == 1 ? "" : "s", reused);
}

static bool note_return(struct tb_sweep *s, size_t n_due, bool fails_fast, struct tb_err *err)
{
    struct tb_json *more = tb_json_new_map();
    if (fails_fast)
        tb_json_set(more, "fail_fast", tb_json_new_bool(true));
    return tb_sweep_note(s, "resume", more, err, "goes on with %zu run%s", n_due, n_due == 1 ? "" : "s");
}

/* It is led by us for a moment. */
static bool begin(struct tb_sweep *s, struct tb_worker *w, const struct stock *k, bool fails_fast, bool *is_over,
                  struct tb_err *err)
{
    bool is_old = s->phase != TB_SWEEP_NEW;
    size_t *due = NULL, n_due = 0;
    bool good = tb_sweep_see_all(s, true, err) && (is_old || note_begin(s, k, fails_fast, err))
             && tb_sweep_due(s, &due, &n_due, err);
    free(due);
    *is_over = good && n_due == 0;
    if (!good || *is_over)
        return good;
    return tb_lead_prepare(w, s, err) && (!is_old || note_return(s, n_due, fails_fast, err))
        && tb_sweep_want(s, true, err);
}

/* What was noted about its beginning, or going on. */
static void tell(const struct tb_sweep *s, const struct tb_args *a, bool is_led)
{
    static const char *const kinds[] = { "begin", "resume", NULL };
    const char *words = is_led ? "is led by a worker already" : "";
    for (size_t i = tb_json_len(s->events); !*words && i-- > 0;) {
        const struct tb_json *e = tb_json_at(s->events, i);
        if (tb_str_in(tb_json_str(tb_json_get(e, "kind"), ""), kinds))
            words = tb_json_str(tb_json_get(e, "text"), "");
    }
    struct tb_buf b = { 0 };
    tb_args_tell_store(&b, a);
    fprintf(stderr, "sweep %s: %s; look: tunebench sweep %s%s\n", s->id, words, s->id, b.p ? b.p : "");
    tb_buf_free(&b);
}

bool tb_sweep_wake(const struct tb_store *store, const struct tb_worker_spec *spec, struct tb_err *err)
{
    return tb_duty_ring(tb_store_path(store), err) && tb_worker_start(tb_store_path(store), spec, err);
}

bool tb_sweep_begin(struct tb_plan *p, const struct tb_args *a, const struct tb_worker_spec *spec,
                    char id[TB_SWEEP_ID], bool *is_over, struct tb_err *err)
{
    struct tb_plan known = tb_sweep_known(p);
    struct tb_json *plan = tb_worker_plan(&known, spec, err);
    struct tb_worker *w = plan ? tb_worker_open(spec, p->recipe_path, true, err) : NULL;
    struct tb_store *store = w ? tb_store_open(spec->store, true, err) : NULL;
    struct tb_err why = { 0 };
    struct tb_sweep s = { .lock = -1, .log = -1, .plan = p };
    struct stock k = take_stock(tb_json_get(plan, "runs"));
    *is_over = false;
    bool good = store && tb_sweep_open(&s, tb_store_path(store), p, &why)
             && begin(&s, w, &k, tb_args_has(a, "fail-fast"), is_over, &why);
    bool is_led = !good && why.kind == TB_ERR_BUSY;
    memcpy(id, s.id, TB_SWEEP_ID);
    if (store && !good && !is_led)
        *err = why;
    if (good || is_led)
        tell(&s, a, is_led);
    tb_sweep_close(&s);
    tb_worker_close(w); /* the base and the data it read are not needed to look on */
    good = (good || is_led) && (*is_over || tb_sweep_wake(store, spec, err));
    tb_store_close(store);
    tb_json_free(plan);
    return good;
}
