/* SPDX-License-Identifier: MIT */
/* sweep.c - the folder of a sweep and its log of decisions. A line that was cut off by a crash is cut away before the
 * next one is written; a line that is no event is passed over by everyone. */
#include "sweep/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/run.h"

#define FILE_LOG "events.jsonl"
enum { MOST_LOG_BYTES = 256 << 20 };

/* Keys of class exec change no number, here as in the id of a run. */
static void append_without_exec(struct tb_json *list, const struct tb_json *map)
{
    struct tb_json *kept = tb_json_new_map();
    for (void *it = tb_json_first(map); it; it = tb_json_next(map, it))
        if (!tb_str_starts(tb_json_iter_key(it), "exec."))
            tb_json_set(kept, tb_json_iter_key(it), tb_json_copy(tb_json_iter_value(it)));
    tb_json_append(list, kept);
}

static void set_id(struct tb_sweep *s)
{
    struct tb_json *j = tb_json_new_map(), *maps = tb_json_new_list(), *spec = tb_json_copy(s->plan->sweep);
    const struct tb_json *arms = tb_json_get(s->plan->sweep, "arms");
    char hex[65];
    for (size_t i = 0; i < s->plan->n_runs; i++)
        append_without_exec(maps, s->plan->runs[i].map);
    for (size_t arm = 0; arm < tb_json_len(arms); arm++) {
        const struct tb_json *templates = tb_json_get(tb_json_at(arms, arm), "templates");
        for (size_t i = 0; i < tb_json_len(templates); i++)
            append_without_exec(maps, tb_json_at(templates, i));
    }
    tb_json_del(spec, "arms");
    tb_json_set(j, "runs", maps);
    tb_json_set(j, "sweep", spec);
    char *text = tb_json_text(j, TB_JSON_CANONICAL);
    tb_sha256_hex(text, strlen(text), hex);
    snprintf(s->id, sizeof s->id, "%.12s", hex);
    free(text);
    tb_json_free(j);
}

/* The keys of a search or a rule, checked and complete. */
static bool check_keys(const struct tb_sweep *s, const struct tb_key *keys, const struct tb_json *given,
                       struct tb_err *err)
{
    struct tb_json *map = tb_json_copy(given);
    tb_json_del(map, "kind");
    struct tb_json *checked = tb_key_check(keys, map, "sweep", err);
    bool good = checked && tb_json_len(checked) == tb_json_len(map);
    for (; good && keys->type != TB_KEY_NONE; keys++)
        good = tb_json_get(map, keys->name) || tb_fail(err, TB_ERR_FORMAT, "sweep %s: its plan has no key '%s'", s->id,
                                                       keys->name);
    tb_json_free(checked);
    tb_json_free(map);
    return good;
}

/* The plan comes out of a file: whatever is used of it later is looked at here. */
static bool read_spec(struct tb_sweep *s, struct tb_err *err)
{
    s->spec = s->plan->sweep;
    const struct tb_json *points = tb_json_get(s->spec, "points"), *prune = tb_json_get(s->spec, "prune");
    s->search = tb_search_find(tb_json_str(tb_json_get(tb_json_get(s->spec, "search"), "kind"), ""));
    s->prune = tb_prune_find(tb_json_str(tb_json_get(prune, "kind"), ""));
    s->fails_fast = s->fails_fast || tb_json_bool(tb_json_get(s->spec, "fail_fast"), false);
    s->objective = tb_objective_read(tb_json_get(s->spec, "objective"));
    if (!s->search || (prune && !s->prune) || tb_json_len(points) != s->plan->n_runs || tb_sweep_arms(s) == 0)
        return tb_fail(err, TB_ERR_FORMAT, "sweep %s: its plan is no search that this program knows", s->id);
    if (!check_keys(s, s->search->keys, tb_json_get(s->spec, "search"), err)
        || (prune && !check_keys(s, s->prune->keys, prune, err)))
        return false;
    for (size_t i = 0; i < tb_json_len(points); i++) {
        int64_t arm = tb_json_int(tb_json_get(tb_json_at(points, i), "arm"), -1);
        const struct tb_json *a = tb_json_at(tb_json_get(s->spec, "arms"), arm < 0 ? SIZE_MAX : (size_t)arm);
        if (!tb_space_template(a, tb_json_get(tb_json_at(points, i), "point")))
            return tb_fail(err, TB_ERR_FORMAT, "sweep %s: point %zu of its plan belongs to no arm", s->id, i);
    }
    return true;
}

/* Applies the whole lines behind s->n_log, which then ends behind the last of them. */
bool tb_sweep_hear(struct tb_sweep *s, struct tb_err *err)
{
    char *path = tb_path_join(s->dir, FILE_LOG);
    size_t n = 0;
    bool is_other = tb_file_exists(path) && tb_file_size(path) != (int64_t)s->n_log;
    char *text = is_other ? tb_file_read(path, MOST_LOG_BYTES, &n, err) : NULL;
    for (char *end; text && s->n_log < n && (end = memchr(text + s->n_log, '\n', n - s->n_log));
         s->n_log = (size_t)(end + 1 - text)) {
        const char *line = text + s->n_log;
        struct tb_json *event = tb_json_parse(line, (size_t)(end - line), path, NULL);
        if (tb_json_type(event) == TB_JSON_MAP) {
            tb_json_append(s->events, tb_json_ref(event));
            tb_sweep_apply(s, event);
        }
        tb_json_free(event);
    }
    free(text);
    free(path);
    return text || !is_other;
}

bool tb_sweep_write_plan(const struct tb_sweep *s, struct tb_err *err)
{
    char *path = tb_path_join(s->dir, TB_SWEEP_PLAN);
    struct tb_json *j = tb_plan_to_json(s->plan);
    char *text = tb_json_text(j, TB_JSON_LINE);
    bool good = tb_file_replace(path, text, strlen(text), err);
    free(text);
    tb_json_free(j);
    free(path);
    return good;
}

bool tb_sweep_replan(struct tb_sweep *s, struct tb_plan *plan, struct tb_err *err)
{
    struct tb_plan *before = s->plan;
    s->plan = plan;
    bool good = read_spec(s, err) && tb_sweep_write_plan(s, err);
    if (!good) {
        s->plan = before;
        before = plan;
        read_spec(s, NULL);
    }
    for (size_t i = 0; i < s->n; i++)
        if (s->trial[i].of < 0)
            s->trial[i].config = s->plan->runs[s->trial[i].point];
    tb_plan_free(before);
    return good;
}

static bool open_log(struct tb_sweep *s, struct tb_err *err)
{
    char *path = tb_path_join(s->dir, FILE_LOG);
    bool good = tb_sweep_hear(s, err);
    s->log = good ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    if (good && (s->log < 0 || ftruncate(s->log, (off_t)s->n_log) != 0))
        good = tb_fail_errno(err, "cannot write %s", path);
    free(path);
    return good;
}

static void begin(struct tb_sweep *s, const char *store)
{
    *s = (struct tb_sweep){ .events = tb_json_new_list(), .winner = -1, .failed = -1, .lock = -1, .log = -1,
                             .objective = tb_objective_read(NULL) };
    s->runs = tb_path_join(store, "runs");
}

static void set_dir(struct tb_sweep *s, const char *store)
{
    s->dir = tb_xasprintf("%s/sweeps/%s", store, s->id);
}

/* The plan that was written when the sweep was made, or grew; ours where there is none. */
static bool read_plan(struct tb_sweep *s, struct tb_err *err)
{
    char *path = tb_path_join(s->dir, TB_SWEEP_PLAN);
    struct tb_json *j = tb_json_load(path, 2 * (size_t)TB_PLAN_MAX_BYTES, err);
    struct tb_plan *plan = NULL;
    bool good = j && tb_plan_from_json(j, &plan, err);
    if (good) {
        tb_plan_free(s->plan);
        s->plan = plan;
    }
    tb_json_free(j);
    free(path);
    return good && read_spec(s, err);
}

static bool lead(struct tb_sweep *s, struct tb_err *err)
{
    struct tb_err why = { 0 };
    char *ctl = tb_path_join(s->dir, TB_DIR_CTL);
    bool good = tb_dir_make(ctl, 0700, err);
    free(ctl);
    s->lock = good ? tb_run_lock(s->dir, &why) : -1;
    if (s->lock >= 0 || !good)
        return good;
    if (why.kind == TB_ERR_BUSY)
        return tb_fail(err, TB_ERR_BUSY, "sweep %s is led by another process; look: tunebench sweep %s", s->id, s->id);
    *err = why;
    return false;
}

bool tb_sweep_open(struct tb_sweep *s, const char *store, struct tb_plan *plan, struct tb_err *err)
{
    begin(s, store);
    s->plan = plan;
    set_id(s);
    set_dir(s, store);
    char *path = tb_path_join(s->dir, TB_SWEEP_PLAN);
    bool good = read_spec(s, err) && lead(s, err)
             && (tb_file_exists(path) ? read_plan(s, err) : tb_sweep_write_plan(s, err)) && open_log(s, err);
    free(path);
    return good;
}

bool tb_sweep_take(struct tb_sweep *s, const char *store, const char *ref, struct tb_err *err)
{
    begin(s, store);
    if (!tb_sweep_find(store, ref, s->id, err))
        return false;
    set_dir(s, store);
    return lead(s, err) && read_plan(s, err) && open_log(s, err);
}

bool tb_sweep_load_log(struct tb_sweep *s, const char *store, const char *ref, struct tb_err *err)
{
    begin(s, store);
    if (!tb_sweep_find(store, ref, s->id, err))
        return false;
    set_dir(s, store);
    return read_plan(s, err) && tb_sweep_hear(s, err);
}

bool tb_sweep_load(struct tb_sweep *s, const char *store, const char *ref, struct tb_err *err)
{
    return tb_sweep_load_log(s, store, ref, err) && tb_sweep_see_all(s, false, err);
}

bool tb_sweep_is_led(const struct tb_sweep *s)
{
    return s->lock >= 0 || tb_run_is_held(s->dir);
}

bool tb_sweep_want(const struct tb_sweep *s, bool is_wanted, struct tb_err *err)
{
    char *path = tb_path_join(s->dir, TB_SWEEP_WANTED);
    bool good = is_wanted ? tb_file_replace(path, "", 0, err)
                          : unlink(path) == 0 || errno == ENOENT || tb_fail_errno(err, "cannot remove %s", path);
    free(path);
    return good;
}

const char *tb_sweep_phase_name(enum tb_sweep_phase phase)
{
    static const char *const names[] = { "new", "on", "paused", "stopped", "over" };
    return names[phase];
}

void tb_sweep_close(struct tb_sweep *s)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->trial[i].of >= 0)
            tb_json_free(s->trial[i].config.map);
        free(s->trial[i].curve.tokens);
        free(s->trial[i].curve.value);
    }
    if (s->log >= 0)
        close(s->log);
    if (s->lock >= 0)
        tb_run_unlock(s->lock);
    free(s->trial);
    tb_json_free(s->events);
    tb_plan_free(s->plan);
    free(s->dir);
    free(s->runs);
}

bool tb_sweep_note(struct tb_sweep *s, const char *kind, struct tb_json *more, struct tb_err *err, const char *fmt, ...)
{
    struct tb_json *event = more ? more : tb_json_new_map();
    char at[24], text[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    tb_json_set(event, "at", tb_json_new_str(tb_clock_iso(at, sizeof at, tb_clock_wall_ns())));
    tb_json_set(event, "kind", tb_json_new_str(kind));
    tb_json_set(event, "text", tb_json_new_str(text));
    char *line = tb_json_text(event, TB_JSON_LINE);
    size_t n = strlen(line);
    line[n] = '\n'; /* in the place of its zero byte: a line is one write */
    bool good = s->log < 0 || (tb_write_all(s->log, line, n + 1) && fdatasync(s->log) == 0);
    free(line);
    if (good) {
        s->n_log += n + 1;
        tb_json_append(s->events, event);
        tb_sweep_apply(s, event);
        return true;
    }
    tb_json_free(event);
    tb_fail_errno(err, "cannot write %s/" FILE_LOG, s->dir);
    if (ftruncate(s->log, (off_t)s->n_log) != 0) /* half a line would swallow the next one */
        tb_log(TB_LOG_WARN, "sweep %s: half a line is left in its log", s->id);
    return false;
}

size_t tb_sweep_arms(const struct tb_sweep *s)
{
    return tb_json_len(tb_json_get(s->spec, "arms"));
}

const char *tb_sweep_arm(const struct tb_sweep *s, size_t arm)
{
    return tb_json_str(tb_json_get(tb_json_at(tb_json_get(s->spec, "arms"), arm), "name"), "");
}

int64_t tb_sweep_trials(const struct tb_sweep *s)
{
    return tb_json_int(tb_json_get(tb_json_get(s->spec, "search"), "trials"), 1);
}

const struct tb_json *tb_sweep_point(const struct tb_sweep *s, const struct tb_trial *t)
{
    return tb_json_get(tb_json_at(tb_json_get(s->spec, "points"), t->point), "point");
}

const char *tb_trial_name(const struct tb_trial *t)
{
    return tb_config_name(&t->config);
}

double tb_trial_value(const struct tb_trial *t)
{
    return t->state == TB_STATE_FAILED ? NAN : tb_curve_best(&t->curve, t->curve.n);
}
