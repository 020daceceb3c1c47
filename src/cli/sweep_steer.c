/* SPDX-License-Identifier: MIT */
/* sweep_steer.c - one request to a sweep. More trials are points that its recipe draws behind those it drew before: the
 * recipe as it was kept is read once more with a greater search.trials. */
#include "cli/sweep_steer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/request.h"
#include "cli/sweep_begin.h"
#include "recipe/recipe.h"
#include "store/ctl.h"
#include "store/duty.h"
#include "sweep/act.h"

static const char *const verbs[] = { "stop", "pause", "resume", "more", "budget", NULL };
static const double answer_s = 60;

bool tb_sweep_is_steered(const struct tb_args *a)
{
    for (size_t i = 0; verbs[i]; i++)
        if (tb_args_has(a, verbs[i]))
            return true;
    return false;
}

/* ---- more trials */

/* The kept recipe and what it required, as files of a folder. */
static bool unfold(const struct tb_plan *p, const char *dir, char **path, struct tb_err *err)
{
    *path = tb_path_join(dir, "recipe.lua");
    bool good = tb_dir_make(dir, 0700, err) && tb_file_replace(*path, p->recipe, strlen(p->recipe), err);
    for (size_t i = 0; good && i < p->n_modules; i++) {
        char *file = tb_xasprintf("%s/%s.lua", dir, p->modules[i].name);
        good = (strpbrk(p->modules[i].name, "/.") == NULL
                || tb_fail(err, TB_ERR_FORMAT, "its plan has a module of no proper name: '%.60s'", p->modules[i].name))
            && tb_file_replace(file, p->modules[i].text, strlen(p->modules[i].text), err);
        free(file);
    }
    return good;
}

/* The overrides it was made with, and one for its trials. */
static bool evaluate(const struct tb_plan *p, const char *path, int64_t trials, struct tb_plan **out,
                     struct tb_err *err)
{
    size_t n = tb_json_len(p->overrides);
    struct tb_override *at = tb_xcalloc(n + 1, sizeof *at);
    char *more = tb_xasprintf("search.trials=%lld", (long long)trials);
    for (size_t i = 0; i < n; i++) {
        const char *text = tb_json_str(tb_json_at(p->overrides, i), "");
        const char *word = strchr(text, ' ');
        at[i] = (struct tb_override){ .text = word ? word + 1 : text, .is_grid = tb_str_starts(text, "--grid") };
    }
    at[n].text = more;
    bool good = tb_recipe_eval(path, &(struct tb_overrides){ .at = at, .n = n + 1 }, out, err);
    free(more);
    free(at);
    return good;
}

/* Paths were settled when the sweep began, in a folder that is not ours, its recipe's too: what a new point has like a
 * drawn one of its arm is settled like there. */
static void settle(struct tb_plan *fresh, const struct tb_plan *old)
{
    const struct tb_json *points = tb_json_get(fresh->sweep, "points");
    free(fresh->recipe_path);
    fresh->recipe_path = tb_xstrdup(old->recipe_path);
    for (size_t i = old->n_runs; i < fresh->n_runs; i++) {
        size_t like = 0;
        while (like + 1 < old->n_runs && !tb_json_equal(tb_json_get(tb_json_at(points, like), "arm"),
                                                        tb_json_get(tb_json_at(points, i), "arm")))
            like++;
        const struct tb_json *was = fresh->runs[like].map, *is = old->runs[like].map;
        for (void *it = tb_json_first(is); it; it = tb_json_next(is, it)) {
            const char *key = tb_json_iter_key(it);
            if (strcmp(key, "exec.name") != 0 && !tb_json_equal(tb_json_get(was, key), tb_json_iter_value(it))
                && tb_json_equal(tb_json_get(was, key), tb_json_get(fresh->runs[i].map, key)))
                tb_json_set(fresh->runs[i].map, key, tb_json_copy(tb_json_iter_value(it)));
        }
    }
    for (size_t i = 0; i < old->n_runs && i < fresh->n_runs; i++) {
        tb_json_free(fresh->runs[i].map);
        fresh->runs[i].map = tb_json_copy(old->runs[i].map);
    }
}

static bool write_more(const struct tb_sweep *s, const struct tb_plan *fresh, struct tb_err *err)
{
    char *path = tb_path_join(s->dir, TB_SWEEP_MORE);
    struct tb_json *j = tb_plan_to_json(fresh);
    char *text = tb_json_text(j, TB_JSON_LINE);
    bool good = tb_file_replace(path, text, strlen(text), err);
    free(text);
    free(path);
    tb_json_free(j);
    return good;
}

static bool draw_more(const struct tb_sweep *s, long n, struct tb_err *err)
{
    char *dir = tb_path_join(s->dir, "recipe"), *path = NULL;
    struct tb_plan *fresh = NULL;
    bool good = unfold(s->plan, dir, &path, err)
             && evaluate(s->plan, path, tb_sweep_trials(s) + n, &fresh, err);
    if (good && (!fresh->sweep || fresh->n_runs <= s->plan->n_runs))
        good = tb_fail(err, TB_ERR_USAGE, "sweep %s: its space has no more points, or its run_cap allows no more",
                       s->id);
    if (good) {
        settle(fresh, s->plan);
        good = write_more(s, fresh, err);
    }
    tb_plan_free(fresh);
    free(path);
    free(dir);
    return good;
}

/* ---- asking */
struct steering {
    const char *verb;
    struct tb_json *args;
    char words[256];
    bool is_done;
};

/* Tried with the lock and by a request in turn: who leads it may come and go meanwhile. */
static bool ask(struct steering *x, const char *store, const char *id, const char *dir, struct tb_err *err)
{
    for (int i = 0; i < 3; i++) {
        struct tb_sweep s;
        struct tb_asked asked;
        struct tb_err why = { 0 };
        x->is_done = tb_sweep_take(&s, store, id, &why) && tb_sweep_see_all(&s, true, &why)
                  && tb_sweep_obey(&s, x->verb, x->args, x->words, &why);
        tb_sweep_close(&s);
        if (x->is_done || why.kind != TB_ERR_BUSY) {
            *err = why;
            return x->is_done;
        }
        if (!tb_duty_ring(store, err) || !tb_request(dir, x->verb, x->args, answer_s / 3, &asked, err))
            return false;
        x->is_done = asked.state == TB_ASKED_DONE;
        snprintf(x->words, sizeof x->words, "%s", asked.note);
        if (asked.state == TB_ASKED_REFUSED)
            return tb_fail(err, TB_ERR_USAGE, "sweep %s: %s", id, asked.note);
        if (x->is_done)
            return true;
    }
    return tb_fail(err, TB_ERR_BUSY, "sweep %s: asked, not answered yet; it is done at the end of a step", id);
}

static bool open_steering(struct steering *x, const struct tb_sweep *s, const struct tb_args *a, struct tb_err *err)
{
    long more;
    int64_t tokens;
    int n = 0;
    for (size_t i = 0; verbs[i]; i++)
        if (tb_args_has(a, verbs[i])) {
            x->verb = verbs[i];
            n++;
        }
    if (n > 1)
        return tb_fail(err, TB_ERR_USAGE, "one of --stop, --pause, --resume, --more and --budget at a time");
    x->args = tb_json_new_map();
    if (strcmp(x->verb, "budget") == 0) {
        if (!tb_str_count(tb_args_get(a, "budget"), &tokens) || tokens < 0)
            return tb_fail(err, TB_ERR_USAGE, "--budget %.40s: expected tokens: 500k, 2M; 0: no bound",
                           tb_args_get(a, "budget"));
        tb_json_set(x->args, "tokens", tb_json_new_int(tokens));
    }
    return strcmp(x->verb, "more") != 0
        || (tb_args_int(a, "more", 1, 5000, 1, &more, err) && draw_more(s, more, err));
}

/* What undoes it: more trials cannot be taken back, but the sweep can be stopped. */
static const char *inverse_of(const char *verb, enum tb_sweep_phase before)
{
    if (strcmp(verb, "stop") == 0 || strcmp(verb, "pause") == 0)
        return before == TB_SWEEP_ON ? "--resume" : NULL;
    return strcmp(verb, "resume") == 0 ? "--pause" : strcmp(verb, "more") == 0 ? "--stop" : "--budget 0";
}

static void tell(const struct steering *x, const struct tb_sweep *s, const struct tb_args *a, const struct tb_out *out)
{
    const char *back = inverse_of(x->verb, s->phase);
    struct tb_buf b = { 0 };
    if (back) {
        tb_buf_fmt(&b, "tunebench sweep %s %s", s->id, back);
        tb_args_tell_store(&b, a);
    }
    char *inverse = back ? tb_buf_take(&b) : NULL;
    if (out->form == TB_EMIT_JSON) {
        struct tb_json *j = tb_json_new_map();
        tb_json_set(j, "id", tb_json_new_str(s->id));
        tb_json_set(j, "verb", tb_json_new_str(x->verb));
        tb_json_set(j, "text", tb_json_new_str(x->words));
        tb_json_set(j, "inverse", tb_json_new_str(inverse));
        tb_out_json(out, j);
    } else {
        printf("sweep %s: ", s->id);
        tb_out_safe(x->words);
        printf("%s", inverse ? "; undo: " : "");
        tb_out_safe(inverse ? inverse : "");
        putchar('\n');
    }
    free(inverse);
}

bool tb_sweep_steer(const char *ref, const struct tb_args *a, const struct tb_out *out,
                    const struct tb_worker_spec *spec, int *exit_code, struct tb_err *err)
{
    struct tb_store *store = tb_store_open(spec->store, false, err);
    struct steering x = { .verb = "" };
    struct tb_sweep s;
    if (!store)
        return false;
    bool good = tb_sweep_load_log(&s, tb_store_path(store), ref, err) && open_steering(&x, &s, a, err)
             && ask(&x, tb_store_path(store), s.id, s.dir, err);
    if (good && strcmp(x.verb, "stop") != 0 && strcmp(x.verb, "pause") != 0)
        good = tb_sweep_wake(store, spec, err);
    if (good)
        tell(&x, &s, a, out);
    tb_json_free(x.args);
    tb_sweep_close(&s);
    tb_store_close(store);
    return good;
}
