/* SPDX-License-Identifier: MIT */
/* plan_flags_test.c - plans without a recipe: methods and data as text, overrides, names, order,
 * the wire. */
#include <stdlib.h>

#include "plan/plan.h"
#include "tests/recipes/words.h"
#include "tests/tap.h"

static struct tb_err err;

/* Plan of up to four methods and three overrides ("--grid" ones begin with '+'). */
static struct tb_plan *plan(const char *const *methods, const char *const *changes,
                            const char *seeds)
{
    struct tb_override at[4] = { { 0 } };
    struct tb_overrides o = { at, 0 };
    struct tb_plan_flags f = { .base = "tiny", .data = "places.txt", .budget = "60k",
                               .seeds = seeds, .methods = methods,
                               .overrides = &o };
    struct tb_plan *p = NULL;
    while (methods[f.n_methods])
        f.n_methods++;
    for (; changes && changes[o.n]; o.n++) {
        at[o.n].is_grid = *changes[o.n] == '+';
        at[o.n].text = changes[o.n] + at[o.n].is_grid;
    }
    memset(&err, 0, sizeof err);
    tb_plan_from_flags(&f, &p, &err);
    return p;
}

/* Names of the runs, a blank between. */
static const char *names(const struct tb_plan *p)
{
    static char out[1024];
    *out = '\0';
    for (size_t i = 0; p && i < p->n_runs; i++)
        snprintf(out + strlen(out), sizeof out - strlen(out), "%s%s", i ? " " : "",
                 tb_config_name(&p->runs[i]));
    return p ? out : err.text;
}

static void named(const char *const *methods, const char *const *changes, const char *seeds,
                  const char *want)
{
    struct tb_plan *p = plan(methods, changes, seeds);
    is_str(names(p), want, want);
    tb_plan_free(p);
}

/* A plan of several --data, "" ends them. */
static struct tb_plan *mixed(const char *const *sources)
{
    static const char *const methods[] = { "lora" };
    struct tb_plan_flags f = { .base = "tiny", .budget = "60k", .sources = sources, .methods = methods,
                               .n_methods = 1 };
    struct tb_plan *p = NULL;
    while (*sources[f.n_sources])
        f.n_sources++;
    memset(&err, 0, sizeof err);
    tb_plan_from_flags(&f, &p, &err);
    return p;
}

static void not_mixed(const char *const *sources, const char *words)
{
    char text[800];
    struct tb_plan *p = mixed(sources);
    if (!ok(!p && strstr(tb_err_string(&err, text, sizeof text), words), "refused: %s", words))
        printf("# said: %s\n", p ? names(p) : text);
    tb_plan_free(p);
}

static void mixes(void)
{
    const char *many[18] = { NULL };
    struct tb_plan *p = mixed((const char *const[]){ "a.txt,weight=2,sep=\\t", "jsonl:b", "" });
    if (ok(p != NULL, "two sources: %s", err.text)) {
        const struct tb_config *c = &p->runs[0];
        is_str(tb_config_str(c, "data.kind"), "mix", "are a mix");
        is_str(tb_config_str(c, "data.0.sep"), "\\t", "with keys of their own");
        near(tb_config_real(c, "data.0.weight"), 2, 0, "and a weight");
        is_str(tb_config_str(c, "data.1.kind"), "jsonl", "each of its kind");
    }
    tb_plan_free(p);
    not_mixed((const char *const[]){ "a.txt,eval=0.2", "b", "" }, "eval belongs to all sources together");
    not_mixed((const char *const[]){ "a.txt", "b,weight=-2", "" }, "weight must be a number from 0 to 1000");
    not_mixed((const char *const[]){ "a.txt", "b,wight=2", "" }, "did you mean 'weight'?");
    not_mixed((const char *const[]){ "a.txt", "mix:b", "" }, "written as several --data");
    not_mixed((const char *const[]){ "a.txt", "pairs:", "" }, "needs a file");
    not_mixed((const char *const[]){ "a.txt", "" }, "2 to 16 sources");
    for (int i = 0; i < 18; i++)
        many[i] = i < 17 ? "a.txt" : "";
    not_mixed(many, "not 17");
    struct tb_json *draft = tb_json_new_map();
    ok(!tb_plan_data_parse("a.txt,weight=2", draft, &err) && strstr(err.text, "give --data more than once"),
       "one file has no weight");
    tb_json_free(draft);
}

static void refused(const char *const *methods, const char *const *changes, const char *words)
{
    char text[800];
    struct tb_plan *p = plan(methods, changes, NULL);
    if (!ok(!p && strstr(tb_err_string(&err, text, sizeof text), words), "refused: %s", words))
        printf("# said: %s\n", p ? names(p) : text);
    tb_plan_free(p);
}

#define M(...) (const char *const[]){ __VA_ARGS__, NULL }

static void all_names(void)
{
    named(M("lora:r=8"), NULL, NULL, "lora-r8-s0");
    named(M("full", "lora:r=8", "prefix:tokens=20", "ia3"), NULL, NULL,
          "full-s0 lora-r8-s0 prefix20-s0 ia3-s0");
    named(M("lora", "prompt:tokens=5"), NULL, "0,1", "lora-r8-s0 prompt5-s0 lora-r8-s1 prompt5-s1");
    named(M("lora:targets=q+v", "lora:targets=q"), NULL, NULL, "lora-r8-q+v-s0 lora-r8-q-s0");
    named(M("lora:lr=1e-3", "lora:lr=0.01"), NULL, NULL, "lora-r8-lr0.001-s0 lora-r8-lr0.01-s0");
    named(M("stack(lora:r=4;prompt:tokens=10)"), NULL, NULL, "lora-r4+prompt10-s0");
    named(M("lora:rslora=true", "lora"), NULL, NULL, "lora-r8-rslora-s0 lora-r8-no_rslora-s0");
    named(M("lora", "lora"), NULL, NULL, "lora-r8-s0");
    named(M("lora:rank_pattern=q=4", "lora:rank_pattern=q=5"), NULL, NULL,
          "lora-r8-rank_pattern__q__4_-s0 lora-r8-rank_pattern__q__5_-s0");
    named(M("prompt:text=a?", "prompt:text=a!"), NULL, NULL, "prompt20-a_-s0 prompt20-a_-s0-2");
    named(M("lora"), M("exec.name=mine"), NULL, "mine");
    named(M("lora"), M("exec.name=mine"), "0,1", "mine-s0 mine-s1");
}

static void overrides(void)
{
    named(M("lora", "prefix"), M("+method.lora.r=4,8"), NULL, "lora-r4-s0 lora-r8-s0 prefix20-s0");
    named(M("lora", "prefix"), M("+seed=0,1"), NULL,
          "lora-r8-s0 lora-r8-s1 prefix20-s0 prefix20-s1");
    named(M("lora"), M("+method.lora.r=4,8", "+lr=0.1,0.2"), NULL,
          "lora-r4-lr0.1-s0 lora-r4-lr0.2-s0 lora-r8-lr0.1-s0 lora-r8-lr0.2-s0");
    named(M("lora"), M("+budget=60k,300steps"), NULL, "lora-r8-60k-s0 lora-r8-300-s0");
    struct tb_plan *p = plan(M("lora:lr=0.5", "stack(lora;prompt:lr=0.3)"),
                             M("optim.lr=0.01", "data.eval=0.2"), NULL);
    near(tb_config_real(&p->runs[0], "optim.lr"), 0.01, 1e-12,
         "--set optim.lr wins over the arm's lr");
    near(tb_config_part_lr(&p->runs[1], 1), 0.01, 1e-12, "and sets all parts of a stack");
    near(tb_config_real(&p->runs[1], "data.eval"), 0.2, 1e-12, "data.eval");
    is_str(tb_json_str(tb_json_at(p->overrides, 1), ""), "--set data.eval=0.2",
           "overrides are noted");
    tb_plan_free(p);
    p = plan(M("stack(lora;prompt)"), M("method.1.lr=0.25", "batch=4"), NULL);
    near(tb_config_part_lr(&p->runs[0], 1), 0.25, 1e-12, "one part's rate");
    is_int(tb_config_int(&p->runs[0], "batch.rows"), 4, "batch");
    tb_plan_free(p);
    refused(M("lora"), M("optim.rl=0.1"),
            "--set: optim.rl=0.1: there is no key 'optim.rl'; did you mean 'optim.lr'?");
    refused(M("lora"), M("method.lora.rr=4"), "did you mean 'method.lora.r'?");
    refused(M("lora"), M("budgt=5k"), "there is no key 'budgt'; did you mean 'budget'?");
    refused(M("lora"), M("method.r=2"), "there is no key 'method.r'; did you mean 'method.lora.r'?");
    refused(M("lora", "stack(lora;prompt)"), M("r=2"), "did you mean 'method.lora.r' or 'method.0.lora.r'?");
    refused(M("lora"), M("eval=0.2"), "there is no key 'eval'; did you mean 'data.eval', 'eval.");
    refused(M("lora"), M("eval=0.2"), "'eval.rows'");
    refused(M("lora"), M("zzzzzz=1"), "there is no key 'zzzzzz'");
    refused(M("lora"), M("method.prefix.tokens=4"), "no arm of this plan has 'method.prefix.tokens'");
    refused(M("lora"), M("+seed=1,x"), "--grid seed=1,x");
    refused(M("lora"), M("method.lora.r=0"), "from 1 to 4096");
    refused(M("lora"), M("method=prefix"), "a method is no key");
    refused(M("lora"), M("seed"), "key=value");
    is_int(err.kind, TB_ERR_USAGE, "which is a usage error");
    refused(M("lora"), M("=4"), "key=value");
    refused(M("lora"), M("method.0.lora.r=4"),
            "no key 'method.0.lora.r'; did you mean 'method.lora.r'?");
}

static void bad_methods(void)
{
    refused(M("lroa:r=8"), NULL, "--method lroa:r=8: there is no method 'lroa'; did you mean 'lora'?");
    refused(M("xyzzyx"), NULL, "there are ");
    refused(M("lora:rr=8"), NULL, "--method lora:rr=8: lora has no 'rr'");
    refused(M("lora:r"), NULL, "should be key=value");
    refused(M("lora:r=x"), NULL, "--method lora:r=x: lora: r must be an integer");
    refused(M("lora:lr=1e-2,lr=1e-3"), NULL, "lora: lr is given twice");
    refused(M("lora:r=4,lr=1,r=4"), NULL, "lora: r is given twice");
    refused(M("stack(lora:r=4,r=8;prompt)"), NULL, "lora: r is given twice");
    refused(M("stack(lora;prompt):lr=1,lr=2"), NULL, "stack: lr is given twice");
    refused(M("stack(lora;prompt"), NULL, "write a stack as");
    refused(M("stack(lora)"), NULL, "2 to 8 parts");
    refused(M("stack(lora;full)"), NULL, "full cannot");
    refused(M("stack(lora;prompt):r=4"), NULL, "stack has no 'r'; it has lr");
    struct tb_json *draft = tb_json_new_map();
    ok(tb_plan_data_parse("jsonl:d/a.txt,eval=0.3,prompt=q", draft, &err),
       "data with a word and keys");
    is_str(tb_json_str(tb_json_get(draft, "data.path"), ""), "d/a.txt", "its path");
    is_str(tb_json_str(tb_json_get(draft, "data.prompt"), ""), "q", "its keys");
    ok(tb_plan_data_parse("./a:b.jsonl", draft, &err), "a path with a colon");
    is_str(tb_json_str(tb_json_get(draft, "data.kind"), ""), "jsonl", "the kind goes by the name");
    ok(!tb_plan_data_parse("pears:x", draft, &err) && strstr(err.text, "'pairs'"),
       "did you mean pairs");
    ok(!tb_plan_data_parse("", draft, &err), "no path");
    ok(!tb_plan_data_parse("x,evl=1", draft, &err) && strstr(err.text, "'eval'"),
       "a typo in data's keys");
    tb_json_free(draft);
    draft = tb_json_new_map();
    ok(!tb_plan_data_parse("x,eval=0.2,eval=0.3", draft, &err) && strstr(err.text, "eval is given twice"),
       "a key of data given twice");
    tb_json_free(draft);
}

static bool from_text(const char *text, struct tb_plan **out)
{
    struct tb_json *j = tb_json_parse(text, strlen(text), "test", NULL);
    bool good = tb_plan_from_json(j, out, &err);
    tb_json_free(j);
    return good;
}

static void wire(void)
{
    struct tb_plan *p = plan(M("lora", "prefix"), M("+seed=0,1"), NULL), *q = NULL;
    tb_plan_set_recipe(p, "dir/x.lua", "return 1\n", 9);
    tb_plan_add_module(p, "arms", "return 2\n", 9);
    struct tb_json *j = tb_plan_to_json(p), *again = NULL;
    char *text = tb_json_text(j, TB_JSON_LINE), *second = NULL;
    if (ok(from_text(text, &q), "a plan over the wire")) {
        again = tb_plan_to_json(q);
        second = tb_json_text(again, TB_JSON_LINE);
    }
    is_str(second, text, "is the same plan");
    is_int(q ? q->n_modules : 0, 1, "with its modules");
    tb_plan_free(q);
    tb_json_set(j, "recipe", tb_json_new_str("return 3\n"));
    ok(!tb_plan_from_json(j, &q, &err) && strstr(err.text, "recipe_sha"),
       "a changed recipe is found out");
    ok(!from_text("{}", &q), "no schema");
    ok(!from_text("{\"schema\": \"tunebench.plan\", \"version\": 2}", &q), "another version");
    ok(!from_text("{\"schema\": \"tunebench.plan\", \"version\": 1, \"runs\": []}", &q), "no runs");
    ok(!from_text("{\"schema\": \"tunebench.plan\", \"version\": 1, \"runs\": [3]}", &q),
       "a run that is no map");
    ok(!from_text("{\"schema\": \"tunebench.plan\", \"version\": 1, \"runs\": [{\"a\": [[1]]}]}",
                  &q), "a value in depth");
    free(text);
    free(second);
    tb_json_free(j);
    tb_json_free(again);
    tb_plan_free(p);
}

int main(void)
{
    words_add();
    all_names();
    overrides();
    bad_methods();
    mixes();
    wire();
    return done();
}
