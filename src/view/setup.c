/* SPDX-License-Identifier: MIT */
/* setup.c - see setup.h. A rate is written into an arm's draft, so that both notations carry the same one. */
#include "view/setup.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "plan/plan.h"
#include "plan/schema.h"
#include "view/setup_text.h"

enum { MOST_SEEDS = 100 };

/* Bases below this many weights need rates far above the methods' defaults, which suit those of a hundred million and
 * more: with 5e-4, LoRA on 2.4 million weights has hardly begun after 100,000 tokens. */
static const int64_t small_params = 30000000;
static const double half_an_hour_s = 1800;

/* Found by trying on the base that comes along: recipes/compare-three.lua and HACKING.md. */
static const struct {
    const char *kind;
    double lr;
} small_rates[] = {
    { "lora", 1e-2 }, { "dora", 1e-2 },   { "loha", 3e-2 },   { "oft", 1e-2 },
    { "ia3", 1e-1 },  { "prefix", 1e-1 }, { "prompt", 1e-1 }, { "full", 1e-3 },
};

double tb_setup_rate(const char *kind, int64_t n_params)
{
    for (size_t i = 0; n_params > 0 && n_params < small_params && i < sizeof small_rates / sizeof *small_rates; i++)
        if (strcmp(small_rates[i].kind, kind) == 0)
            return small_rates[i].lr;
    return NAN;
}

const char *tb_setup_budget(int64_t n_params, size_t n_runs, double tok_per_s)
{
    static const struct {
        const char *text;
        double n_tok;
    } steps[] = { { "500k", 500e3 }, { "200k", 200e3 }, { "100k", 100e3 }, { "50k", 50e3 }, { "20k", 20e3 } };
    enum { N = sizeof steps / sizeof *steps };
    size_t i = n_params > 0 && n_params < small_params ? 2 : 0;
    while (i + 1 < N && tok_per_s > 0 && (double)n_runs * steps[i].n_tok > half_an_hour_s * tok_per_s)
        i++;
    return steps[i].text;
}

/* ---- what was chosen */

void tb_setup_put(char **text, const char *to)
{
    char *copy = tb_xstrdup(to); /* to may be a part of *text */
    free(*text);
    *text = copy;
}

void tb_setup_add(struct tb_setup *s, size_t i, const char *text)
{
    s->arm = tb_grow(s->arm, s->n_arms, &s->cap_arms, sizeof *s->arm);
    memmove(s->arm + i + 1, s->arm + i, (s->n_arms - i) * sizeof *s->arm);
    s->arm[i] = (struct tb_setup_arm){ .is_on = true, .text = tb_xstrdup(text) };
    s->n_arms++;
}

void tb_setup_remove(struct tb_setup *s, size_t i)
{
    free(s->arm[i].text);
    memmove(s->arm + i, s->arm + i + 1, (--s->n_arms - i) * sizeof *s->arm);
}

void tb_setup_init(struct tb_setup *s)
{
    static const char *const first[] = { "lora", "prefix", "prompt", NULL };
    *s = (struct tb_setup){ .n_seeds = 1 };
    for (int i = 0; first[i]; i++)
        if (tb_schema_find("method", first[i]))
            tb_setup_add(s, s->n_arms, first[i]);
    for (int i = 0; tb_schema_at("method", i); i++) {
        const char *name = tb_schema_at("method", i)->name;
        if (tb_str_in(name, first))
            continue;
        tb_setup_add(s, s->n_arms, name);
        s->arm[s->n_arms - 1].is_on = false;
    }
    tb_setup_put(&s->budget, tb_setup_budget(0, 0, 0));
    tb_setup_put(&s->held_out, "");
    tb_setup_put(&s->every, "");
}

void tb_setup_free(struct tb_setup *s)
{
    while (s->n_arms)
        tb_setup_remove(s, s->n_arms - 1);
    free(s->arm);
    free(s->base);
    free(s->data);
    free(s->budget);
    free(s->held_out);
    free(s->every);
    *s = (struct tb_setup){ 0 };
}

size_t tb_setup_n_on(const struct tb_setup *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_arms; i++)
        n += s->arm[i].is_on;
    return n;
}

/* ---- arms */

char *tb_setup_kind(const struct tb_setup_arm *a)
{
    return tb_xstrndup(a->text, strcspn(a->text, ":("));
}

static void put_rate(struct tb_json *draft, const char *kind_key, const char *lr_key, int64_t n_params)
{
    double lr = tb_setup_rate(tb_json_str(tb_json_get(draft, kind_key), ""), n_params);
    if (!isnan(lr) && !tb_json_get(draft, lr_key))
        tb_json_set(draft, lr_key, tb_json_new_real(lr));
}

/* Each part of a stack keeps its own rate, unless the stack sets one for all. */
static void put_rates(struct tb_json *draft, int64_t n_params)
{
    char kind[32], lr[32];
    bool is_stack = strcmp(tb_json_str(tb_json_get(draft, "method.kind"), ""), "stack") == 0;
    if (!is_stack) {
        put_rate(draft, "method.kind", "method.lr", n_params);
        return;
    }
    for (int i = 0; i < TB_PLAN_MAX_PARTS && !tb_json_get(draft, "method.lr"); i++) {
        snprintf(kind, sizeof kind, "method.%d.kind", i);
        snprintf(lr, sizeof lr, "method.%d.lr", i);
        put_rate(draft, kind, lr, n_params);
    }
}

static struct tb_json *draft_of(const struct tb_setup *s, size_t i, struct tb_err *err)
{
    struct tb_json *draft = tb_setup_method_draft(s->arm[i].text, err);
    if (draft && s->rates == TB_RATES_SIZE)
        put_rates(draft, s->n_params);
    return draft;
}

char *tb_setup_method(const struct tb_setup *s, size_t i, struct tb_err *err)
{
    struct tb_json *draft = draft_of(s, i, err);
    struct tb_buf b = { 0 };
    if (!draft)
        return NULL;
    tb_setup_put_method(&b, draft);
    tb_json_free(draft);
    return tb_buf_take(&b);
}

struct tb_json *tb_setup_values(const struct tb_setup_arm *a)
{
    struct tb_json *draft = tb_setup_method_draft(a->text, NULL), *map = NULL;
    const char *kind = tb_json_str(tb_json_get(draft, "method.kind"), "");
    if (draft && strcmp(kind, "stack") != 0) {
        size_t n = strlen("method.") + strlen(kind) + 1;
        map = tb_json_new_map();
        for (void *it = tb_json_first(draft); it; it = tb_json_next(draft, it)) {
            const char *key = tb_json_iter_key(it);
            bool is_rate = strcmp(key, "method.lr") == 0, is_kind = strcmp(key, "method.kind") == 0;
            if (!is_kind)
                tb_json_set(map, is_rate ? "lr" : key + n, tb_json_copy(tb_json_iter_value(it)));
        }
    }
    tb_json_free(draft);
    return map;
}

/* Whether a text means a key's default: 0 and 0.0 do, for a number. */
static bool is_default(const struct tb_key *key, const char *text)
{
    struct tb_json *json = key && key->def ? tb_json_parse(key->def, strlen(key->def), key->name, NULL) : NULL;
    char *typed = tb_setup_typed(json);
    struct tb_json *v = json ? tb_key_parse(key, text, NULL) : NULL, *def = v ? tb_key_parse(key, typed, NULL) : NULL;
    bool same = def && tb_json_equal(v, def);
    tb_json_free(json);
    tb_json_free(v);
    tb_json_free(def);
    free(typed);
    return same;
}

char *tb_setup_compose(const char *kind, const struct tb_json *texts, struct tb_err *err)
{
    const struct tb_schema *word = tb_schema_find("method", kind);
    struct tb_buf b = { 0 };
    int n = 0;
    tb_buf_str(&b, kind);
    for (void *it = tb_json_first(texts); it; it = tb_json_next(texts, it)) {
        const char *name = tb_json_iter_key(it), *text = tb_json_str(tb_json_iter_value(it), "");
        if (!*text || is_default(word ? tb_key_find(word->keys, name) : NULL, text))
            continue;
        if (strpbrk(text, ",;()")) {
            tb_fail(err, TB_ERR_USAGE, "%s: a text with , ; or brackets stands in a recipe (4), not in a command",
                    name);
            tb_buf_free(&b);
            return NULL;
        }
        tb_buf_fmt(&b, "%s%s=%s", n++ ? "," : ":", name, text);
    }
    return tb_buf_take(&b);
}

char *tb_setup_typed(const struct tb_json *value)
{
    struct tb_buf b = { 0 };
    tb_setup_put_typed(&b, value);
    return tb_buf_take(&b);
}

/* ---- all of it */

static bool check_amount(const char *text, const char *what, struct tb_err *err)
{
    struct tb_budget amount;
    if (!*text || tb_budget_parse(text, &amount, err))
        return true;
    tb_err_prefix(err, "%s", what);
    return false;
}

static bool check_share(const char *text, struct tb_err *err)
{
    double v;
    return !*text || (tb_str_real(text, &v) && v >= 0 && v <= 0.9)
           || tb_fail(err, TB_ERR_USAGE, "held out: a share of the prompts from 0 to 0.9, as 0.1, not %.40s", text);
}

bool tb_setup_check(const struct tb_setup *s, struct tb_err *err)
{
    if (!s->base)
        return tb_fail(err, TB_ERR_USAGE, "choose a model");
    if (!s->data)
        return tb_fail(err, TB_ERR_USAGE, "choose data to train on");
    if (tb_setup_n_on(s) == 0)
        return tb_fail(err, TB_ERR_USAGE, "tick a method");
    if (!*s->budget)
        return tb_fail(err, TB_ERR_USAGE, "say for how long: a budget as 100k or 300steps");
    if (s->n_seeds < 1 || s->n_seeds > MOST_SEEDS)
        return tb_fail(err, TB_ERR_USAGE, "seeds: from 1 to %d", MOST_SEEDS);
    return check_amount(s->budget, "budget", err) && check_amount(s->every, "eval every", err)
           && check_share(s->held_out, err);
}

static struct tb_json *data_draft(const struct tb_setup *s, struct tb_err *err)
{
    struct tb_json *draft = tb_setup_data_draft(s->data, err);
    double share;
    if (draft && tb_str_real(s->held_out, &share))
        tb_json_set(draft, "data.eval", tb_json_new_real(share));
    return draft;
}

static void add_word(struct tb_json *list, const char *flag, char *value)
{
    tb_json_append(list, tb_json_new_str(flag));
    tb_json_append(list, tb_json_new_str(value));
    free(value);
}

static bool add_methods(const struct tb_setup *s, struct tb_json *list, struct tb_err *err)
{
    for (size_t i = 0; i < s->n_arms; i++) {
        char *method = s->arm[i].is_on ? tb_setup_method(s, i, err) : NULL;
        if (method)
            add_word(list, "--method", method);
        else if (s->arm[i].is_on)
            return false;
    }
    return true;
}

/* "0,1,2" */
static void put_seeds(struct tb_buf *b, int64_t n, const char *between)
{
    for (int64_t i = 0; i < n; i++)
        tb_buf_fmt(b, "%s%lld", i ? between : "", (long long)i);
}

/* What differs from what the program does by itself. */
static void add_settings(const struct tb_setup *s, struct tb_json *list)
{
    struct tb_budget every;
    struct tb_buf seeds = { 0 };
    add_word(list, "--budget", tb_xstrdup(s->budget));
    put_seeds(&seeds, s->n_seeds, ",");
    if (s->n_seeds > 1)
        add_word(list, "--seed", tb_buf_take(&seeds));
    tb_buf_free(&seeds);
    if (*s->every && tb_budget_parse(s->every, &every, NULL))
        add_word(list, "--set", tb_xasprintf("eval.every=%lld%s", (long long)every.n, tb_budget_unit_name(every.unit)));
    if (s->rates == TB_RATES_PROBE)
        add_word(list, "--set", tb_xstrdup("probe.n=5"));
}

struct tb_json *tb_setup_words(const struct tb_setup *s, struct tb_err *err)
{
    struct tb_json *data = tb_setup_check(s, err) ? data_draft(s, err) : NULL, *list = tb_json_new_list();
    struct tb_buf b = { 0 };
    bool good = data != NULL;
    if (good) {
        tb_setup_put_data(&b, data);
        add_word(list, "--base", tb_xstrdup(s->base));
        add_word(list, "--data", tb_buf_take(&b));
        good = add_methods(s, list, err);
        add_settings(s, list);
    }
    tb_json_free(data);
    if (good)
        return list;
    tb_json_free(list);
    return NULL;
}

/* ---- the recipe */

static bool put_arms(const struct tb_setup *s, struct tb_buf *b, struct tb_err *err)
{
    bool is_one = tb_setup_n_on(s) == 1;
    tb_buf_str(b, is_one ? "  method = " : "  method = t.one_of {\n");
    for (size_t i = 0; i < s->n_arms; i++) {
        struct tb_json *draft = s->arm[i].is_on ? draft_of(s, i, err) : NULL;
        if (s->arm[i].is_on && !draft)
            return false;
        if (!draft)
            continue;
        tb_buf_str(b, is_one ? "" : "    ");
        tb_setup_put_method_lua(b, draft);
        tb_buf_str(b, ",\n");
        tb_json_free(draft);
    }
    tb_buf_str(b, is_one ? "" : "  },\n");
    return true;
}

static void put_head(const struct tb_setup *s, struct tb_buf *b, const char *path)
{
    tb_buf_fmt(b, "-- %s - ", tb_path_base(path));
    for (size_t i = 0, n = 0; i < s->n_arms; i++) {
        char *kind = tb_setup_kind(&s->arm[i]);
        if (s->arm[i].is_on)
            tb_buf_fmt(b, "%s%s", n++ ? ", " : "", kind);
        free(kind);
    }
    tb_buf_fmt(b, " on the same rows, in the same order.\n--   tunebench plan %s\n--   tunebench run  %s\n", path,
               path);
    tb_buf_str(b, "local t = require \"tunebench\"\n\nreturn t.sweep {\n");
}

static bool put_rest(const struct tb_setup *s, struct tb_buf *b, struct tb_err *err)
{
    tb_buf_str(b, "  budget = ");
    if (!tb_setup_put_amount(b, s->budget, err))
        return false;
    tb_buf_str(b, ",\n");
    if (s->n_seeds > 1) {
        tb_buf_str(b, "  seed   = t.grid { ");
        put_seeds(b, s->n_seeds, ", ");
        tb_buf_str(b, " },\n");
    }
    if (*s->every) {
        tb_buf_str(b, "  eval   = { every = ");
        tb_setup_put_amount(b, s->every, NULL);
        tb_buf_str(b, " },\n");
    }
    if (s->rates == TB_RATES_PROBE)
        tb_buf_str(b, "  optim  = { lr = t.probe { n = 5 } },\n");
    return true;
}

char *tb_setup_recipe(const struct tb_setup *s, const char *path, struct tb_err *err)
{
    struct tb_json *data = tb_setup_check(s, err) ? data_draft(s, err) : NULL;
    struct tb_json *base = tb_json_new_str(s->base);
    struct tb_buf b = { 0 };
    bool good = data != NULL;
    if (good) {
        put_head(s, &b, path);
        tb_buf_str(&b, "  base   = t.model ");
        tb_setup_put_lua(&b, base);
        tb_buf_str(&b, ",\n  data   = ");
        tb_setup_put_data_lua(&b, data);
        tb_buf_str(&b, ",\n");
        good = put_rest(s, &b, err) && put_arms(s, &b, err);
        tb_buf_str(&b, "}\n");
    }
    tb_json_free(base);
    tb_json_free(data);
    if (good)
        return tb_buf_take(&b);
    tb_buf_free(&b);
    return NULL;
}

char *tb_setup_lua(const char *method, struct tb_err *err)
{
    struct tb_json *draft = tb_setup_method_draft(method, err);
    struct tb_buf b = { 0 };
    if (!draft)
        return NULL;
    tb_setup_put_method_lua(&b, draft);
    tb_json_free(draft);
    return tb_buf_take(&b);
}
