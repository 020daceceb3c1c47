/* SPDX-License-Identifier: MIT */
/* change.c - see change.h. A list is never edited: each change makes a new one, which is recorded whole. */
#include "worker/change.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "plan/keys.h"
#include "worker/job.h"

const struct tb_json *tb_changes_of(const struct tb_metrics *m)
{
    const struct tb_json *list = tb_json_get(m->facts, "changes");
    return tb_json_len(list) ? list : NULL;
}

static int64_t step_of(const struct tb_json *change)
{
    return tb_json_int(tb_json_get(change, "step"), -1);
}

static const char *key_of(const struct tb_json *change)
{
    return tb_json_str(tb_json_get(change, "key"), "");
}

static bool may_change(const struct tb_json *config, const char *key)
{
    const struct tb_key *k = tb_config_key(config, key);
    return k && k->in_flight;
}

/* ---- which keys */

/* "optim.lr, optim.decay, .." and the rates of a stack's parts; malloc'ed. */
static char *allowed(const struct tb_json *config)
{
    struct tb_buf b = { 0 };
    for (int i = 0; tb_keys_at(i); i++)
        for (const struct tb_key *k = tb_keys_at(i)->keys; k->type != TB_KEY_NONE; k++)
            if (k->in_flight)
                tb_buf_fmt(&b, "%s%s.%s", b.n ? ", " : "", tb_keys_at(i)->name, k->name);
    if (strcmp(tb_json_str(tb_json_get(config, "method.kind"), ""), "stack") == 0)
        tb_buf_str(&b, ", method.0.lr and so on");
    return tb_buf_take(&b);
}

static bool refuse(const struct tb_json *config, const char *key, struct tb_err *err)
{
    char *keys = allowed(config);
    if (tb_config_key(config, key))
        tb_fail(err, TB_ERR_USAGE, "'%.80s' cannot be changed under way (%s can); a new run with another value: "
                "tunebench clone RUN --set %.80s=..", key, keys, key);
    else
        tb_fail(err, TB_ERR_USAGE, "the run has no key '%.80s'; under way can be changed: %s", key, keys);
    free(keys);
    return false;
}

struct tb_json *tb_change_parse(const struct tb_json *config, const char *const *words, int n, struct tb_err *err)
{
    struct tb_json *asked = tb_json_new_map();
    for (int i = 0; i < n; i++) {
        const char *equals = strchr(words[i], '=');
        char *key = tb_xasprintf("%.*s", (int)(equals - words[i]), words[i]);
        const char *whole = strcmp(key, "lr") == 0 ? "optim.lr" : key;
        const struct tb_key *k = tb_config_key(config, whole);
        struct tb_json *v = NULL;
        if (!k || !k->in_flight)
            refuse(config, whole, err);
        else if (!(v = tb_key_parse(k, equals + 1, err)))
            tb_err_prefix(err, "%s", words[i]);
        if (v)
            tb_json_set(asked, whole, v);
        free(key);
        if (!v) {
            tb_json_free(asked);
            return NULL;
        }
    }
    return asked;
}

/* ---- what they become */

/* The keys that a key stands for: itself, for the rate of a stack those of its parts. */
static void spread(const struct tb_json *now, const char *key, const struct tb_json *v, struct tb_json *into)
{
    char rate[32];
    int n = 0;
    for (; strcmp(key, "optim.lr") == 0 && n < TB_PLAN_MAX_PARTS; n++) {
        snprintf(rate, sizeof rate, "method.%d.lr", n);
        if (!tb_json_get(now, rate))
            break;
        tb_json_set(into, rate, tb_json_copy(v));
    }
    if (n == 0)
        tb_json_set(into, key, tb_json_copy(v));
}

static bool is_cadence_bearable(const struct tb_json *settled, int64_t n_steps, int64_t n_tokens, struct tb_err *err)
{
    struct tb_budget b;
    const char *every = tb_json_str(tb_json_get(settled, "eval.every"), "");
    if (!*every)
        return true;
    if (!tb_budget_parse(every, &b, err))
        return false;
    if (b.unit == TB_BUDGET_MINUTES)
        return tb_fail(err, TB_ERR_RECIPE, "eval.every takes tokens, steps or epochs");
    double whole = b.unit == TB_BUDGET_STEPS ? (double)n_steps : b.unit == TB_BUDGET_TOKENS ? (double)n_tokens : 0;
    if (whole > 0 && (double)b.n > whole)
        return tb_fail(err, TB_ERR_RECIPE, "eval.every = %s is more than the whole run of %.0f", every, whole);
    return whole / (double)b.n < TB_JOB_MAX_EVALS
        || tb_fail(err, TB_ERR_RECIPE, "eval.every = %s would evaluate %.0f times; the most is %d", every,
                   whole / (double)b.n, TB_JOB_MAX_EVALS);
}

/* The config with these values, checked as a whole and in normal form; NULL and *err if it is none. */
static struct tb_json *completed(const struct tb_json *now, const struct tb_json *values, struct tb_err *err)
{
    struct tb_json *draft = tb_json_copy(now);
    for (void *it = tb_json_first(values); it; it = tb_json_next(values, it))
        tb_json_set(draft, tb_json_iter_key(it), tb_json_copy(tb_json_iter_value(it)));
    struct tb_json *whole = tb_config_complete(draft, err);
    tb_json_free(draft);
    return whole;
}

struct tb_json *tb_change_settle(const struct tb_json *now, const struct tb_json *asked, int64_t n_steps,
                                 int64_t n_tokens, struct tb_err *err)
{
    struct tb_json *values = tb_json_new_map(), *settled = tb_json_new_map();
    bool good = tb_json_first(asked) || tb_fail(err, TB_ERR_USAGE, "no key to change");
    for (void *it = tb_json_first(asked); good && it; it = tb_json_next(asked, it)) {
        good = may_change(now, tb_json_iter_key(it)) || refuse(now, tb_json_iter_key(it), err);
        spread(now, tb_json_iter_key(it), tb_json_iter_value(it), values);
    }
    struct tb_json *whole = good ? completed(now, values, err) : NULL;
    for (void *it = tb_json_first(values); whole && it; it = tb_json_next(values, it))
        tb_json_set(settled, tb_json_iter_key(it), tb_json_copy(tb_json_get(whole, tb_json_iter_key(it))));
    good = whole && is_cadence_bearable(settled, n_steps, n_tokens, err);
    tb_json_free(whole);
    tb_json_free(values);
    if (good)
        return settled;
    tb_json_free(settled);
    return NULL;
}

/* ---- the list */

struct tb_json *tb_changes_config(const struct tb_json *config, const struct tb_json *list, int64_t step,
                                  struct tb_err *err)
{
    struct tb_json *now = tb_json_copy(config);
    bool good = true;
    int64_t before = 0;
    for (size_t i = 0; good && i < tb_json_len(list); i++) {
        const struct tb_json *c = tb_json_at(list, i), *v = tb_json_get(c, "value");
        good = step_of(c) >= before && may_change(config, key_of(c)) && v;
        before = step_of(c);
        if (good && before <= step)
            tb_json_set(now, key_of(c), tb_json_copy(v));
    }
    struct tb_json *whole = good && list ? completed(now, NULL, NULL) : NULL;
    good = good && (!list || whole);
    tb_json_free(whole);
    if (good)
        return now;
    tb_json_free(now);
    tb_fail(err, TB_ERR_FORMAT, "the changes recorded with the run are none that it can follow");
    return NULL;
}

/* What `key` was before a change at `step`: of one made at that very step, what that one changed. */
static const struct tb_json *was_before(const struct tb_json *list, const struct tb_json *now, const char *key,
                                        int64_t step)
{
    for (size_t i = 0; i < tb_json_len(list); i++)
        if (step_of(tb_json_at(list, i)) == step && strcmp(key_of(tb_json_at(list, i)), key) == 0)
            return tb_json_get(tb_json_at(list, i), "was");
    return tb_json_get(now, key);
}

static struct tb_json *new_change(const char *key, const struct tb_json *was, const struct tb_json *value,
                                  int64_t step)
{
    char at[24];
    struct tb_json *c = tb_json_new_map();
    tb_json_set(c, "step", tb_json_new_int(step));
    tb_json_set(c, "key", tb_json_new_str(key));
    tb_json_set(c, "was", was ? tb_json_copy(was) : tb_json_new_null());
    tb_json_set(c, "value", tb_json_copy(value));
    tb_json_set(c, "at", tb_json_new_str(tb_clock_iso(at, sizeof at, tb_clock_wall_ns())));
    return c;
}

/* Copies the changes up to `step`, or those behind it, but for settled keys those of `step` and behind. */
static void copy_kept(const struct tb_json *list, const struct tb_json *settled, int64_t step, bool is_behind,
                      struct tb_json *into)
{
    for (size_t i = 0; i < tb_json_len(list); i++) {
        const struct tb_json *c = tb_json_at(list, i);
        bool gives_way = step_of(c) >= step && tb_json_get(settled, key_of(c));
        if ((step_of(c) > step) == is_behind && !gives_way)
            tb_json_append(into, tb_json_copy(c));
    }
}

struct tb_json *tb_changes_with(const struct tb_json *list, const struct tb_json *now, const struct tb_json *settled,
                                int64_t step)
{
    struct tb_json *out = tb_json_new_list();
    copy_kept(list, settled, step, false, out);
    for (void *it = tb_json_first(settled); it; it = tb_json_next(settled, it)) {
        const struct tb_json *was = was_before(list, now, tb_json_iter_key(it), step);
        if (!tb_json_equal(was, tb_json_iter_value(it)))
            tb_json_append(out, new_change(tb_json_iter_key(it), was, tb_json_iter_value(it), step));
    }
    copy_kept(list, settled, step, true, out);
    return out;
}

/* ---- in words */

static char *value_text(const struct tb_json *v)
{
    const char *text = tb_json_str(v, NULL);
    return text && *text ? tb_xstrdup(text) : tb_json_text(v, TB_JSON_CANONICAL);
}

char *tb_change_words(const struct tb_json *now, const struct tb_json *settled)
{
    struct tb_buf b = { 0 };
    for (void *it = tb_json_first(settled); it; it = tb_json_next(settled, it)) {
        char *was = value_text(tb_json_get(now, tb_json_iter_key(it))), *is = value_text(tb_json_iter_value(it));
        tb_buf_fmt(&b, "%s%s %s -> %s", b.n ? ", " : "", tb_json_iter_key(it), was, is);
        free(was);
        free(is);
    }
    return tb_buf_take(&b);
}

char *tb_change_was(const char *words, const char *key)
{
    size_t n = strlen(key);
    for (const char *at = words; (at = strstr(at, key)); at += n) {
        const char *value = at + n + 1, *arrow = at[n] == ' ' ? strstr(value, " -> ") : NULL;
        if (arrow && (at == words || at[-1] == ' '))
            return strncmp(value, "\"\" ", 3) == 0 ? tb_xstrdup("") : tb_xasprintf("%.*s", (int)(arrow - value), value);
    }
    return NULL;
}

bool tb_changes_record(struct tb_run_writer *w, int64_t step, const struct tb_json *list, const char *words,
                       bool *has_event, struct tb_err *err)
{
    struct tb_json *facts = tb_json_new_map();
    *has_event = *has_event || tb_run_writer_event(w, step, "set", err, "%s", words);
    tb_json_set(facts, "changes", tb_json_copy(list));
    bool good = *has_event && tb_run_writer_facts(w, facts, err);
    tb_json_free(facts);
    return good;
}

bool tb_changes_pick_id(const struct tb_store *s, const char *id, char picked[TB_RUN_ID])
{
    tb_str_copy(picked, TB_RUN_ID, id);
    for (int i = 2; tb_store_has(s, picked); i++) {
        struct tb_metrics m;
        char *dir = tb_store_run_dir(s, picked);
        bool is_changed = tb_metrics_load(&m, dir, NULL) && tb_changes_of(&m);
        tb_metrics_free(&m);
        free(dir);
        if (!is_changed)
            return true;
        snprintf(picked, TB_RUN_ID, "%.20s-%d", id, i);
    }
    return false;
}
