/* SPDX-License-Identifier: MIT */
/* next.c - which trials come next, and the events that make them. What is asked for is a function of the trials there
 * are and of how they ended, so that after a crash the missing rest of it is asked for again:
 *     the search's trials without results; those it chooses by results, a batch at a time; the other seeds of the best
 *     of each arm that came to their end, unless the target was reached. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sweep/sweep.h"

enum { MOST_RUNGS = 1 << 24 };

static size_t index_of(const struct tb_json *event, const char *key)
{
    int64_t v = tb_json_int(tb_json_get(event, key), -1);
    return v < 0 ? SIZE_MAX : (size_t)v;
}

/* The finalist's config under another seed; its name says so. */
static struct tb_config reseeded(const struct tb_config *c, int64_t seed)
{
    struct tb_config out = { tb_json_copy(c->map) };
    const char *name = tb_config_name(c);
    char *end = tb_xasprintf("-s%lld", (long long)tb_config_int(c, "seed"));
    int n = (int)(strlen(name) - (tb_str_ends(name, end) ? strlen(end) : 0));
    char *other = tb_xasprintf("%.*s-s%lld", n, name, (long long)seed);
    tb_json_set(out.map, "seed", tb_json_new_int(seed));
    tb_json_set(out.map, "exec.name", tb_json_new_str(other));
    free(other);
    free(end);
    return out;
}

static void apply_trial(struct tb_sweep *s, const struct tb_json *event)
{
    size_t point = index_of(event, "point"), of = index_of(event, "of");
    if (index_of(event, "trial") != s->n || point >= s->plan->n_runs || (of != SIZE_MAX && of >= s->n))
        return;
    s->trial = tb_grow(s->trial, s->n, &s->cap, sizeof *s->trial);
    struct tb_trial *t = &s->trial[s->n++];
    const struct tb_json *entry = tb_json_at(tb_json_get(s->spec, "points"), point);
    *t = (struct tb_trial){ .arm = index_of(entry, "arm"), .point = point, .of = of == SIZE_MAX ? -1 : (ptrdiff_t)of,
                            .config = s->plan->runs[point], .state = TB_STATE_QUEUED };
    if (t->of >= 0)
        t->config = reseeded(&t->config, tb_json_int(tb_json_get(event, "seed"), 0));
}

/* Trials that had not begun when it ended are over, until it goes on. */
static void close_unbegun(struct tb_sweep *s, bool is_over)
{
    for (size_t i = 0; i < s->n; i++) {
        struct tb_trial *t = &s->trial[i];
        if (*t->run || t->is_told || t->is_over == is_over)
            continue;
        t->is_over = is_over;
        t->state = is_over ? TB_STATE_PRUNED : TB_STATE_QUEUED;
        tb_str_copy(t->note, sizeof t->note, is_over ? "the sweep ended before it began" : "");
    }
}

/* What somebody or the sweep itself decided about all of it. */
static void apply_phase(struct tb_sweep *s, const char *kind, const struct tb_json *event)
{
    static const struct {
        const char *kind;
        enum tb_sweep_phase phase;
    } phases[] = { { "begin", TB_SWEEP_ON },       { "resume", TB_SWEEP_ON },    { "more", TB_SWEEP_ON },
                   { "pause", TB_SWEEP_PAUSED },   { "stop", TB_SWEEP_STOPPED }, { "end", TB_SWEEP_OVER } };
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++)
        if (strcmp(kind, phases[i].kind) == 0) {
            s->phase = phases[i].phase;
            close_unbegun(s, s->phase == TB_SWEEP_OVER);
        }
    if (tb_json_get(event, "fail_fast"))
        s->fails_fast = tb_json_bool(tb_json_get(event, "fail_fast"), false);
    if (strcmp(kind, "budget") == 0)
        s->most_tok = tb_json_real(tb_json_get(event, "tokens"), 0);
    s->is_spent = strcmp(kind, "spent") == 0 || (s->is_spent && strcmp(kind, "budget") != 0);
    if (strcmp(kind, "resume") == 0 || strcmp(kind, "more") == 0)
        s->failed = -1;
}

/* The end of a trial that never became a run is known from here alone. */
static void apply_end(struct tb_trial *t, const struct tb_json *event)
{
    t->is_told = true;
    if (!*t->run && tb_state_find(tb_json_str(tb_json_get(event, "state"), ""), &t->state)) {
        t->is_over = tb_state_is_over(t->state);
        tb_str_copy(t->note, sizeof t->note, tb_json_str(tb_json_get(event, "text"), ""));
    }
}

void tb_sweep_apply(struct tb_sweep *s, const struct tb_json *event)
{
    const char *kind = tb_json_str(tb_json_get(event, "kind"), "");
    static const char *const decisions[] = { "keep", "spare", "prune", NULL };
    size_t i = index_of(event, "trial");
    apply_phase(s, kind, event);
    if (strcmp(kind, "trial") == 0)
        apply_trial(s, event);
    if (i >= s->n)
        return;
    struct tb_trial *t = &s->trial[i];
    size_t rung = index_of(event, "rung");
    const char *run = tb_json_str(tb_json_get(event, "run"), "");
    if ((strcmp(kind, "run") == 0 || strcmp(kind, "reuse") == 0) && !strpbrk(run, "./"))
        tb_str_copy(t->run, sizeof t->run, run);
    else if (strcmp(kind, "over") == 0)
        apply_end(t, event);
    else if (strcmp(kind, "target") == 0)
        s->winner = (ptrdiff_t)i;
    else if (strcmp(kind, "fail") == 0)
        s->failed = (ptrdiff_t)i;
    else if (strcmp(kind, "protect") == 0)
        t->is_protected = tb_json_bool(tb_json_get(event, "protected"), false);
    else if (rung < MOST_RUNGS && tb_str_in(kind, decisions))
        t->n_decided = (int)rung + 1;
    if (tb_str_in(kind, decisions))
        t->last = event;
    t->gives_up = t->gives_up || strcmp(kind, "prune") == 0;
}

bool tb_sweep_ran(struct tb_sweep *s, size_t i, const char *run, enum tb_state found, struct tb_err *err)
{
    if (strcmp(s->trial[i].run, run) == 0)
        return true;
    struct tb_json *more = tb_json_new_map();
    tb_json_set(more, "trial", tb_json_new_int((int64_t)i));
    tb_json_set(more, "run", tb_json_new_str(run));
    if (tb_state_is_over(found))
        return tb_sweep_note(s, "reuse", more, err, "%s: the store has it already, %s", tb_trial_name(&s->trial[i]),
                             tb_state_name(found));
    return tb_sweep_note(s, "run", more, err, "%s is run %s", tb_trial_name(&s->trial[i]), run);
}

static bool add_trial(struct tb_sweep *s, size_t point, struct tb_err *err)
{
    struct tb_json *more = tb_json_new_map();
    tb_json_set(more, "trial", tb_json_new_int((int64_t)s->n));
    tb_json_set(more, "point", tb_json_new_int((int64_t)point));
    return tb_sweep_note(s, "trial", more, err, "%s", tb_config_name(&s->plan->runs[point]));
}

/* What an arm's search is asked with. */
struct asking {
    struct tb_search_ask q;
    const struct tb_json **point;
    size_t *run; /* of each point: its run in the plan */
    bool *is_taken;
    struct tb_seen *seen;
    int64_t n_taken;
};

static void asking_open(struct asking *a, const struct tb_sweep *s, size_t arm)
{
    const struct tb_json *points = tb_json_get(s->spec, "points");
    size_t n = tb_json_len(points);
    *a = (struct asking){ .point = tb_xcalloc(n, sizeof *a->point), .run = tb_xcalloc(n, sizeof *a->run),
                          .is_taken = tb_xcalloc(n, sizeof *a->is_taken),
                          .seen = tb_xcalloc(s->n + 1, sizeof *a->seen) };
    a->q = (struct tb_search_ask){ .keys = tb_json_get(s->spec, "search"), .point = a->point, .is_taken = a->is_taken,
                                   .seen = a->seen, .arm = tb_json_at(tb_json_get(s->spec, "arms"), arm) };
    size_t *place = tb_xcalloc(n + 1, sizeof *place); /* of each run of the plan among these points */
    for (size_t i = 0; i < n; i++)
        if (index_of(tb_json_at(points, i), "arm") == arm) {
            a->run[a->q.n_points] = i;
            place[i] = a->q.n_points;
            a->point[a->q.n_points++] = tb_json_get(tb_json_at(points, i), "point");
        }
    for (size_t k = 0; k < s->n; k++) {
        const struct tb_trial *t = &s->trial[k];
        if (t->arm != arm || t->of >= 0)
            continue;
        a->n_taken++;
        a->is_taken[place[t->point]] = true;
        if (t->is_over)
            a->seen[a->q.n_seen++] = (struct tb_seen){ tb_sweep_point(s, t), tb_trial_value(t) };
    }
    free(place);
}

static void asking_close(struct asking *a)
{
    free(a->point);
    free(a->run);
    free(a->is_taken);
    free(a->seen);
}

/* One more trial of an arm, if it has fewer than `until` and a point that is free. */
static bool ask(struct tb_sweep *s, size_t arm, int64_t until, struct tb_err *err)
{
    struct asking a;
    asking_open(&a, s, arm);
    ptrdiff_t i = a.n_taken < until ? s->search->next(&a.q) : -1;
    bool good = i < 0 || add_trial(s, a.run[i], err);
    asking_close(&a);
    return good;
}

/* Up to `most` of each arm, in turns, so that all arms are tried early. */
static bool ask_all(struct tb_sweep *s, int64_t until, int64_t most, struct tb_err *err)
{
    bool good = true;
    size_t before = SIZE_MAX;
    for (int64_t k = 0; good && k < most && s->n != before; k++) {
        before = s->n;
        for (size_t arm = 0; good && arm < tb_sweep_arms(s); arm++)
            good = ask(s, arm, until, err);
    }
    return good;
}

/* Trials of the search that came to their end in this arm, and that are better than this one. */
static int64_t n_better(const struct tb_sweep *s, size_t i)
{
    int64_t n = 0;
    for (size_t k = 0; k < s->n; k++) {
        const struct tb_trial *t = &s->trial[k];
        double v = tb_trial_value(t), mine = tb_trial_value(&s->trial[i]);
        n += t->arm == s->trial[i].arm && t->of < 0 && t->state == TB_STATE_DONE
          && (tb_is_better(v, mine) || (v == mine && k < i));
    }
    return n;
}

static bool has_seed(const struct tb_sweep *s, size_t i, int64_t seed)
{
    bool has = tb_config_int(&s->trial[i].config, "seed") == seed;
    for (size_t k = 0; k < s->n && !has; k++)
        has = s->trial[k].of == (ptrdiff_t)i && tb_config_int(&s->trial[k].config, "seed") == seed;
    return has;
}

static bool reseed(struct tb_sweep *s, size_t i, struct tb_err *err)
{
    const struct tb_json *seeds = tb_json_get(s->spec, "seeds");
    bool good = true;
    for (size_t k = 0; good && k < tb_json_len(seeds); k++) {
        int64_t seed = tb_json_int(tb_json_at(seeds, k), 0);
        if (has_seed(s, i, seed))
            continue;
        struct tb_json *more = tb_json_new_map();
        tb_json_set(more, "trial", tb_json_new_int((int64_t)s->n));
        tb_json_set(more, "point", tb_json_new_int((int64_t)s->trial[i].point));
        tb_json_set(more, "of", tb_json_new_int((int64_t)i));
        tb_json_set(more, "seed", tb_json_new_int(seed));
        good = tb_sweep_note(s, "trial", more, err, "%s is a finalist: seed %lld", tb_trial_name(&s->trial[i]),
                             (long long)seed);
    }
    return good;
}

static bool add_finalists(struct tb_sweep *s, struct tb_err *err)
{
    int64_t finalists = tb_json_int(tb_json_get(s->spec, "finalists"), 0);
    size_t n = s->n;
    bool good = true;
    for (size_t i = 0; good && i < n; i++) {
        const struct tb_trial *t = &s->trial[i];
        if (t->of < 0 && t->state == TB_STATE_DONE && !isnan(tb_trial_value(t)) && n_better(s, i) < finalists)
            good = reseed(s, i, err);
    }
    return good;
}

static size_t count_due(const struct tb_sweep *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        n += !s->trial[i].is_over;
    return n;
}

/* Adds what is to be trained when all that there is has ended. */
static bool add_more(struct tb_sweep *s, struct tb_err *err)
{
    int64_t n_arms = (int64_t)tb_sweep_arms(s);
    bool good = ask_all(s, tb_sweep_trials(s), n_arms < TB_SWEEP_BATCH ? TB_SWEEP_BATCH / n_arms : 1, err);
    return good && (count_due(s) > 0 || add_finalists(s, err));
}

bool tb_sweep_due(struct tb_sweep *s, size_t **due, size_t *n, struct tb_err *err)
{
    int64_t startup = s->search->startup(tb_json_get(s->spec, "search"));
    bool ends = s->winner >= 0 || s->failed >= 0 || s->is_spent;
    bool good = ends || (ask_all(s, startup, startup, err) && (count_due(s) > 0 || add_more(s, err)));
    *due = tb_xcalloc(s->n + 1, sizeof **due);
    *n = 0;
    for (size_t i = 0; good && i < s->n; i++)
        if (!s->trial[i].is_over && !(ends && !*s->trial[i].run))
            (*due)[(*n)++] = i;
    return good;
}
