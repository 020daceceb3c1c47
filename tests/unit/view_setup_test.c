/* SPDX-License-Identifier: MIT */
/* What somebody chose as a command and as a recipe: both make the same runs. The test is its own recipe child. */
#include "view/setup.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "plan/plan.h"
#include "recipe/recipe.h"
#include "sweep/search.h"
#include "tests/recipes/words.h"
#include "tests/tap.h"

static char *dir;
static struct tb_err err;

static struct tb_setup small(void)
{
    struct tb_setup s;
    tb_setup_init(&s);
    tb_setup_put(&s.base, "tiny");
    tb_setup_put(&s.data, "pairs:places.txt,sep=||");
    s.n_params = 2361408;
    return s;
}

static struct tb_plan *plan_of_words(const struct tb_json *words)
{
    const char *methods[16], *seeds = NULL;
    struct tb_override set[4];
    struct tb_overrides o = { set, 0 };
    struct tb_plan_flags f = { .methods = methods, .overrides = &o };
    struct tb_plan *p = NULL;
    for (size_t i = 0; i + 1 < tb_json_len(words); i += 2) {
        const char *flag = tb_json_str(tb_json_at(words, i), ""), *value = tb_json_str(tb_json_at(words, i + 1), "");
        if (strcmp(flag, "--method") == 0)
            methods[f.n_methods++] = value;
        else if (strcmp(flag, "--set") == 0)
            set[o.n++] = (struct tb_override){ .text = value };
        else
            *(strcmp(flag, "--base") == 0     ? &f.base
              : strcmp(flag, "--data") == 0   ? &f.data
              : strcmp(flag, "--budget") == 0 ? &f.budget
                                              : &seeds) = value;
    }
    f.seeds = seeds;
    tb_plan_from_flags(&f, &p, &err);
    return p;
}

static struct tb_plan *plan_of_recipe(const char *text)
{
    char *path = tb_path_join(dir, "r.lua");
    struct tb_plan *p = NULL;
    tb_file_replace(path, text, strlen(text), NULL);
    tb_recipe_eval(path, NULL, &p, &err);
    free(path);
    return p;
}

static void same_runs(const struct tb_setup *s, size_t n_runs, const char *what)
{
    err = (struct tb_err){ 0 };
    struct tb_json *words = tb_setup_words(s, &err);
    char *recipe = tb_setup_recipe(s, "recipes/r.lua", &err);
    struct tb_plan *a = words ? plan_of_words(words) : NULL, *b = recipe ? plan_of_recipe(recipe) : NULL;
    bool same = a && b && a->n_runs == n_runs && b->n_runs == n_runs;
    for (size_t i = 0; same && i < n_runs; i++) {
        char *x = tb_config_text(&a->runs[i], "data", "base"), *y = tb_config_text(&b->runs[i], "data", "base");
        same = strcmp(x, y) == 0 && strcmp(tb_config_name(&a->runs[i]), tb_config_name(&b->runs[i])) == 0;
        free(x);
        free(y);
    }
    if (!ok(same, "%s: command and recipe make the same runs", what))
        printf("# %s\n# %zu and %zu runs\n%s\n", err.text, a ? a->n_runs : 0, b ? b->n_runs : 0, recipe ? recipe : "");
    tb_plan_free(a);
    tb_plan_free(b);
    tb_json_free(words);
    free(recipe);
}

static void proposals(void)
{
    struct tb_setup s = small();
    is_int(tb_setup_n_on(&s), 3, "three methods are ticked");
    same_runs(&s, 3, "as proposed");
    char *text = tb_setup_method(&s, 0, NULL);
    is_str(text, "lora:lr=0.01", "a small base gets a rate that is known for it");
    free(text);
    s.n_params = 135000000;
    text = tb_setup_method(&s, 0, NULL);
    is_str(text, "lora", "a large one the method's default");
    free(text);
    ok(isnan(tb_setup_rate("lora", 0)) && isnan(tb_setup_rate("nothing", 1000)), "nothing known of no size, no method");
    is_str(tb_setup_budget(2361408, 0, 0), "100k", "a budget for a small base");
    is_str(tb_setup_budget(135000000, 0, 0), "500k", "for a large one whose speed is not known");
    is_str(tb_setup_budget(135000000, 3, 400), "200k", "and what half an hour bears once it is");
    is_str(tb_setup_budget(135000000, 3, 1), "20k", "but something");
    s.n_seeds = 3;
    same_runs(&s, 9, "with seeds");
    tb_setup_put(&s.every, "10k");
    tb_setup_put(&s.held_out, "0.2");
    tb_setup_put(&s.budget, "300steps");
    same_runs(&s, 9, "with all settings");
    s.rates = TB_RATES_PROBE;
    same_runs(&s, 9, "with a probe");
    tb_setup_free(&s);
}

static void arms(void)
{
    struct tb_setup s = small();
    tb_setup_put(&s.arm[0].text, "lora:r=4,targets=q+v+o,alpha=3.5,rslora=true,lr=0.003");
    tb_setup_put(&s.arm[1].text, "prefix:tokens=7,init=random");
    tb_setup_add(&s, 1, "stack(lora:r=2;prompt)");
    tb_setup_add(&s, 2, "stack(lora:r=2;prompt:tokens=5):lr=0.02");
    same_runs(&s, 5, "keys, stacks, rates of their own");
    char *text = tb_setup_method(&s, 1, NULL);
    is_str(text, "stack(lora:r=2,lr=0.01;prompt:lr=0.1)", "each part of a stack gets its own rate");
    free(text);
    text = tb_setup_method(&s, 2, NULL);
    is_str(text, "stack(lora:r=2;prompt:tokens=5):lr=0.02", "unless the stack sets one");
    free(text);
    for (size_t i = 1; i < s.n_arms; i++)
        s.arm[i].is_on = false;
    same_runs(&s, 1, "one arm");
    tb_setup_remove(&s, 2);
    tb_setup_put(&s.arm[1].text, "stack(lora");
    s.arm[1].is_on = true;
    err = (struct tb_err){ 0 };
    ok(!tb_setup_words(&s, &err) && strstr(err.text, "stack("), "a text that is no method is told: %s", err.text);
    tb_setup_free(&s);
}

static void quoting(void)
{
    struct tb_setup s = small();
    tb_setup_put(&s.base, "we \"ird\\ na\tme");
    tb_setup_put(&s.data, "jsonl:d \"x\".jsonl,prompt=q");
    same_runs(&s, 3, "quotes, backslashes, tabs");
    tb_setup_put(&s.data, "pairs:x.tsv,sep=\\t");
    same_runs(&s, 3, "a tab as separator");
    tb_setup_put(&s.data, "x.jsonl");
    char *recipe = tb_setup_recipe(&s, "r.lua", &err);
    ok(recipe && strstr(recipe, "t.jsonl { \"x.jsonl\" }"), "the kind goes by the name");
    free(recipe);
    tb_setup_free(&s);
}

static void composing(void)
{
    struct tb_setup s = small();
    struct tb_setup_arm a = { .text = "lora:r=4,lr=0.5,targets=q+v" };
    struct tb_json *values = tb_setup_values(&a), *texts = tb_json_new_map();
    for (void *it = tb_json_first(values); it; it = tb_json_next(values, it)) {
        char *text = tb_setup_typed(tb_json_iter_value(it));
        tb_json_set(texts, tb_json_iter_key(it), tb_json_new_str(text));
        free(text);
    }
    tb_json_set(texts, "alpha", tb_json_new_str(""));
    char *text = tb_setup_compose("lora", texts, &err);
    is_str(text, "lora:r=4,lr=0.5", "what is the default or empty is not written");
    free(text);
    tb_json_set(texts, "r", tb_json_new_str("3,x"));
    err = (struct tb_err){ 0 };
    ok(!tb_setup_compose("lora", texts, &err) && strstr(err.text, "recipe"), "a comma is refused: %s", err.text);
    tb_json_free(values);
    tb_json_free(texts);
    a.text = "stack(lora;prompt)";
    values = tb_setup_values(&a);
    ok(!values, "a stack has no keys of its own");
    text = tb_setup_lua("stack(lora:r=4;prompt):lr=1", NULL);
    is_str(text, "t.stack { t.lora { r = 4 }, t.prompt {}, lr = 1 }", "a stack as Lua");
    free(text);
    tb_setup_free(&s);
}

static void refuse(struct tb_setup *s, const char *word)
{
    err = (struct tb_err){ 0 };
    ok(!tb_setup_check(s, &err) && strstr(err.text, word), "refused: %s", err.text);
    char *recipe = tb_setup_recipe(s, "r.lua", NULL);
    ok(!recipe, "and no recipe is made");
}

static void refusals(void)
{
    struct tb_setup s = small();
    tb_setup_put(&s.budget, "");
    refuse(&s, "budget");
    tb_setup_put(&s.budget, "long");
    refuse(&s, "budget");
    tb_setup_put(&s.budget, "10k");
    tb_setup_put(&s.held_out, "0.95");
    refuse(&s, "held out");
    tb_setup_put(&s.held_out, "");
    tb_setup_put(&s.every, "often");
    refuse(&s, "every");
    tb_setup_put(&s.every, "");
    s.n_seeds = 0;
    refuse(&s, "seeds");
    s.n_seeds = 1;
    tb_setup_put(&s.data, NULL);
    refuse(&s, "data");
    tb_setup_put(&s.base, NULL);
    refuse(&s, "model");
    while (s.n_arms)
        tb_setup_remove(&s, 0);
    tb_setup_put(&s.base, "tiny");
    tb_setup_put(&s.data, "x.txt");
    refuse(&s, "method");
    tb_setup_free(&s);
}

int main(int argc, char **argv)
{
    const char *tmp = getenv("TMPDIR");
    words_add();
    tb_search_register();
    if (argc > 1 && strcmp(argv[1], TB_RECIPE_CHILD) == 0)
        return tb_recipe_child(argc, argv);
    dir = tb_xasprintf("%s/tb-setup-XXXXXX", tmp ? tmp : "/tmp");
    tb_log_to(-1, TB_LOG_ERROR);
    if (ok(mkdtemp(dir) != NULL, "a folder")) {
        proposals();
        arms();
        quoting();
        composing();
        refusals();
        tb_dir_remove(dir, NULL);
    }
    free(dir);
    return done();
}
