/* SPDX-License-Identifier: MIT */
/* start_setup.c - from forms to what was chosen, and from there to texts and a plan. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "plan/keys.h"
#include "plan/schema.h"
#include "tui/start_priv.h"
#include "view/fmt.h"

static const char by_size[] = "for this size", by_method[] = "the method's default", by_probe[] = "probed first";

static const struct tb_key n_seeds = TB_INT_KEY("seeds", "1", 1, 100, "0, 1, .. of them: each arm once with each seed");

static void build_settings(struct start *st)
{
    struct tb_form *f = &st->settings;
    tb_form_field(f, "budget", "budget", st->setup.budget)->is_amount = true;
    tb_form_field(f, "seeds", "seeds", "1")->key = &n_seeds;
    tb_form_field(f, "every", "eval every", st->setup.every);
    tb_form_field(f, "held", "held out", st->setup.held_out);
    char *choices = tb_xasprintf("%s|%s|%s", by_size, by_method, by_probe);
    tb_form_choice(f, "rates", "rates", choices, by_size);
    free(choices);
}

void start_setup_open(struct start *st)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    st->n_cpus = n > 0 ? n : 1;
    st->added = tb_json_new_list();
    st->models = tb_json_new_list();
    st->data = tb_json_new_list();
    tb_setup_init(&st->setup);
    build_settings(st);
}

static void free_figures(struct start *st)
{
    for (size_t i = 0; i < st->n_figures; i++)
        free(st->figure[i].method);
    free(st->figure);
    st->figure = NULL;
    st->n_figures = 0;
}

void start_setup_close(struct start *st)
{
    tb_planning_close(&st->planning);
    free_figures(st);
    tb_setup_free(&st->setup);
    tb_form_free(&st->settings);
    tb_form_free(&st->keys);
    tb_field_free(&st->path);
    free(st->others);
    free(st->recipe);
    free(st->command);
    free(st->fitted);
    tb_json_free(st->stores);
    free(st->saved);
    free(st->saved_command);
}

void start_take_settings(struct start *st)
{
    const char *rates = tb_form_value(&st->settings, "rates");
    bool is_new = strcmp(st->setup.budget, tb_form_value(&st->settings, "budget")) != 0;
    st->has_budget = st->has_budget || is_new;
    tb_setup_put(&st->setup.budget, tb_form_value(&st->settings, "budget"));
    tb_setup_put(&st->setup.every, tb_form_value(&st->settings, "every"));
    tb_setup_put(&st->setup.held_out, tb_form_value(&st->settings, "held"));
    if (!tb_str_int(tb_form_value(&st->settings, "seeds"), &st->setup.n_seeds))
        st->setup.n_seeds = 0;
    st->setup.rates = strcmp(rates, by_size) == 0     ? TB_RATES_SIZE
                      : strcmp(rates, by_method) == 0 ? TB_RATES_DEFAULT
                                                      : TB_RATES_PROBE;
}

/* ---- texts and plan */

static char *command_of(const struct tb_json *words)
{
    struct tb_buf b = { 0 };
    tb_buf_str(&b, "tunebench run");
    for (size_t i = 0; i < tb_json_len(words); i++) {
        tb_buf_char(&b, ' ');
        tb_shell_quote(&b, tb_json_str(tb_json_at(words, i), ""));
    }
    return tb_buf_take(&b);
}

void start_update(struct tb_screen *s)
{
    struct start *st = s->state;
    char was[sizeof st->wrong.where + sizeof st->wrong.text + 32];
    tb_desk_unsay(s->desk, tb_err_string(&st->wrong, was, sizeof was)); /* somebody corrects it */
    st->wrong = (struct tb_err){ 0 };
    free(st->recipe);
    free(st->command);
    st->command = NULL;
    char *name = start_next_name(st);
    st->recipe = tb_setup_recipe(&st->setup, name, &st->wrong);
    free(name);
    struct tb_json *words = st->recipe ? tb_setup_words(&st->setup, &st->wrong) : NULL;
    if (!words)
        return;
    st->command = command_of(words);
    tb_planning_ask(&st->planning, words, s->desk->store_flag);
    tb_json_free(words);
}

static struct start_figure *figure_for(struct start *st, const char *method, size_t run)
{
    for (size_t i = 0; i < st->n_figures; i++)
        if (strcmp(st->figure[i].method, method) == 0)
            return &st->figure[i];
    st->figure[st->n_figures] = (struct start_figure){ .method = tb_xstrdup(method), .run = run };
    return &st->figure[st->n_figures++];
}

bool start_propose_budget(struct start *st, size_t n_runs, double tok_per_s)
{
    const char *budget = tb_setup_budget(st->setup.n_params, n_runs, tok_per_s);
    if (st->has_budget || strcmp(budget, st->setup.budget) == 0)
        return false;
    tb_setup_put(&st->setup.budget, budget);
    tb_field_set(&tb_form_named(&st->settings, "budget")->field, budget);
    return true;
}

/* Runs stand in the order of the methods, once for each seed; a method written twice is there once. */
static void take_figures(struct start *st, const struct tb_json *words)
{
    const struct tb_forecast *f = &st->planning.forecast;
    const char *method[128];
    size_t n = 0;
    free_figures(st);
    st->figure = tb_xcalloc(tb_json_len(words) + 1, sizeof *st->figure);
    for (size_t i = 0; i + 1 < tb_json_len(words) && n < 128; i++)
        if (strcmp(tb_json_str(tb_json_at(words, i), ""), "--method") == 0)
            method[n++] = tb_json_str(tb_json_at(words, ++i), "");
    for (size_t i = 0; n && f->n_same == 0 && i < f->n; i++) {
        struct start_figure *g = figure_for(st, method[i % n], i);
        g->n++;
        g->n_there += !f->run[i].is_new;
        g->est_s += f->run[i].is_new && isfinite(f->run[i].est_s) ? f->run[i].est_s : 0;
    }
}

bool start_take_answer(struct start *st)
{
    const struct tb_forecast *f = &st->planning.forecast;
    const char *asked = st->planning.answered;
    struct tb_json *words = asked ? tb_json_parse(asked, strlen(asked), "question", NULL) : NULL;
    bool is_good = st->planning.is_good && words;
    if (is_good)
        take_figures(st, words);
    tb_json_free(words);
    bool is_first = is_good && f->est_s > 0 && (!st->fitted || strcmp(st->fitted, st->setup.base) != 0);
    if (is_first && !tb_planning_is_busy(&st->planning)) {
        tb_setup_put(&st->fitted, st->setup.base);
        return start_propose_budget(st, f->n_new, (double)f->n_tokens / f->est_s);
    }
    return false;
}

const struct start_figure *start_figure_of(const struct start *st, const char *method)
{
    for (size_t i = 0; method && i < st->n_figures; i++)
        if (strcmp(st->figure[i].method, method) == 0)
            return &st->figure[i];
    return NULL;
}

/* ---- the keys of an arm */

/* "0.01  for this size": what trains if no rate is typed, and where that comes from. */
static char *idle_rate(const struct start *st, const struct tb_schema *word, const char *kind)
{
    char rate[32];
    double lr = st->setup.rates == TB_RATES_SIZE ? tb_setup_rate(kind, st->setup.n_params) : NAN;
    if (st->setup.rates == TB_RATES_PROBE)
        return tb_xstrdup(by_probe);
    tb_fmt_unit(rate, sizeof rate, TB_UNIT_RATE, isnan(lr) ? word->lr : lr);
    return tb_xasprintf("%s  %s", rate, isnan(lr) ? by_method : by_size);
}

/* A value that nobody gave shows as the default, lists as they are typed; a rate as nothing: it is not the key's. */
static void add_key(struct start *st, const struct tb_key *key, const struct tb_json *values)
{
    struct tb_json *def = key->def ? tb_json_parse(key->def, strlen(key->def), key->name, NULL) : NULL;
    const struct tb_json *v = tb_json_get(values, key->name);
    char *text = v                              ? tb_setup_typed(v)
                 : strcmp(key->name, "lr") == 0 ? tb_xstrdup("")
                 : def                          ? tb_setup_typed(def)
                                                : NULL;
    struct tb_entry *e = key->type == TB_KEY_MAP ? NULL : tb_form_key(&st->keys, key->name, key, text);
    if (e && key->follows && !key->def)
        e->idle = tb_xasprintf("%g x %s", key->times, key->follows);
    tb_json_free(def);
    free(text);
}

static void add_keys(struct start *st, const struct tb_setup_arm *a, const char *kind)
{
    const struct tb_schema *word = tb_schema_find("method", kind);
    struct tb_json *values = tb_setup_values(a);
    const struct tb_key *lr = tb_key_find(tb_keys_section("optim"), "lr");
    for (const struct tb_key *k = word ? word->keys : NULL; k && k->type != TB_KEY_NONE; k++)
        add_key(st, k, values);
    if (lr && word) {
        add_key(st, lr, values);
        tb_form_named(&st->keys, lr->name)->idle = idle_rate(st, word, kind);
    }
    tb_json_free(values);
}

void start_edit(struct start *st)
{
    const struct tb_setup_arm *a = &st->setup.arm[st->at[START_METHODS]];
    char *kind = tb_setup_kind(a);
    tb_form_free(&st->keys);
    if (strcmp(kind, "stack") == 0)
        tb_form_field(&st->keys, "", "method", a->text);
    else
        add_keys(st, a, kind);
    st->is_editing = true;
    free(kind);
}

static char *edited(const struct start *st, const char *kind, struct tb_err *err)
{
    if (strcmp(kind, "stack") == 0)
        return tb_xstrdup(tb_form_value(&st->keys, ""));
    struct tb_json *texts = tb_json_new_map();
    for (size_t i = 0; i < st->keys.n; i++)
        tb_json_set(texts, st->keys.entry[i].name, tb_json_new_str(tb_form_value(&st->keys, st->keys.entry[i].name)));
    char *text = tb_setup_compose(kind, texts, err);
    tb_json_free(texts);
    return text;
}

bool start_edit_done(struct start *st, struct tb_err *err)
{
    struct tb_setup_arm *a = &st->setup.arm[st->at[START_METHODS]];
    char *kind = tb_setup_kind(a), *text = edited(st, kind, err);
    struct tb_setup_arm now = { .text = text };
    char *new_kind = text ? tb_setup_kind(&now) : NULL;
    bool good = text != NULL;
    if (good && strcmp(kind, new_kind) != 0)
        good = tb_fail(err, TB_ERR_USAGE, "this arm is a %s: stack(lora:r=4;prompt:tokens=10)", kind);
    if (good) {
        tb_setup_put(&a->text, text);
        a->is_on = true;
    }
    free(text);
    free(kind);
    free(new_kind);
    return good;
}

/* Whether an arm before i is ticked too and of the same method. */
static bool has_before(const struct start *st, size_t i, const char *kind)
{
    bool has = false;
    for (size_t k = 0; k < i && !has; k++) {
        char *other = tb_setup_kind(&st->setup.arm[k]);
        has = st->setup.arm[k].is_on && strcmp(other, kind) == 0;
        free(other);
    }
    return has;
}

void start_stack(struct start *st)
{
    struct tb_buf b = { 0 };
    int n = 0;
    tb_buf_str(&b, "stack(");
    for (size_t i = 0; i < st->setup.n_arms; i++) {
        char *kind = tb_setup_kind(&st->setup.arm[i]);
        const struct tb_schema *word = tb_schema_find("method", kind);
        if (st->setup.arm[i].is_on && word && word->can_stack && !has_before(st, i, kind))
            tb_buf_fmt(&b, "%s%s", n++ ? ";" : "", st->setup.arm[i].text);
        free(kind);
    }
    tb_buf_str(&b, n > 1 ? ")" : n ? ";prompt)" : "lora;prompt)");
    tb_setup_add(&st->setup, (size_t)st->at[START_METHODS] + 1, b.p);
    st->at[START_METHODS]++;
    tb_buf_free(&b);
}
