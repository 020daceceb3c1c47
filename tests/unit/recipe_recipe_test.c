/* SPDX-License-Identifier: MIT */
/* recipe_recipe_test.c - recipes that work: order, names, zip, stacks, variants, where, modules,
 * overrides, printing; the plan of flags is the plan of the recipe; the recipes that are shipped.
 * The test is its own child process. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "recipe/recipe.h"
#include "sweep/search.h"
#include "tests/recipes/words.h"
#include "tests/tap.h"

static char *dir;
static struct tb_err err;

#define HEAD "local t = require 'tunebench'\n"
#define COMMON "base = t.model 'tiny', data = t.pairs { 'places.txt', eval = 0.1 }, " \
               "budget = t.tokens(60e3), "

static void write_file(const char *name, const char *text)
{
    char *path = tb_path_join(dir, name);
    tb_file_replace(path, text, strlen(text), NULL);
    free(path);
}

/* Plan of a recipe's text with up to three overrides ("+" marks a grid). */
static struct tb_plan *plan(const char *text, const char *const *changes)
{
    struct tb_override at[4] = { { 0 } };
    struct tb_overrides o = { at, 0 };
    struct tb_plan *p = NULL;
    char *path = tb_path_join(dir, "r.lua");
    write_file("r.lua", text);
    for (; changes && changes[o.n]; o.n++) {
        at[o.n].is_grid = *changes[o.n] == '+';
        at[o.n].text = changes[o.n] + at[o.n].is_grid;
    }
    memset(&err, 0, sizeof err);
    tb_recipe_eval(path, &o, &p, &err);
    free(path);
    return p;
}

static const char *names(const struct tb_plan *p)
{
    static char out[1024];
    *out = '\0';
    for (size_t i = 0; p && i < p->n_runs && i < 12; i++)
        snprintf(out + strlen(out), sizeof out - strlen(out), "%s%s", i ? " " : "",
                 tb_config_name(&p->runs[i]));
    return p ? out : err.text;
}

static void named(const char *rest, const char *want, const char *what)
{
    char text[1500];
    snprintf(text, sizeof text, HEAD "return t.sweep { " COMMON "%s }", rest);
    struct tb_plan *p = plan(text, NULL);
    is_str(names(p), want, what);
    tb_plan_free(p);
}

static void order(void)
{
    named("method = t.lora { r = 8 }", "lora-r8-s0", "one run");
    named("seed = t.grid { 0, 1 }, method = t.one_of { t.lora {}, t.prefix {} }",
          "lora-r8-s0 prefix20-s0 lora-r8-s1 prefix20-s1", "what is written last changes fastest");
    named("method = t.one_of { t.lora {}, t.prefix {} }, seed = t.grid { 0, 1 }",
          "lora-r8-s0 lora-r8-s1 prefix20-s0 prefix20-s1", "whatever that is");
    named("method = t.lora { r = t.grid { 4, 8 }, lr = t.grid { 0.1, 0.2 } }",
          "lora-r4-lr0.1-s0 lora-r4-lr0.2-s0 lora-r8-lr0.1-s0 lora-r8-lr0.2-s0",
          "within a method too");
    named("method = t.lora { lr = t.grid { 0.1, 0.2 }, r = t.grid { 4, 8 } }",
          "lora-r4-lr0.1-s0 lora-r8-lr0.1-s0 lora-r4-lr0.2-s0 lora-r8-lr0.2-s0",
          "the other way round");
    named("method = t.one_of { t.lora { r = t.grid { 4, 8 } }, t.prompt { tokens = t.range(5, 15, 5) } }",
          "lora-r4-s0 lora-r8-s0 prompt5-s0 prompt10-s0 prompt15-s0",
          "grids of one arm do not touch another");
    named("method = t.lora { r = 4 }, optim = { lr = t.grid { 0.1, 0.2 } }",
          "lora-r4-lr0.1-s0 lora-r4-lr0.2-s0", "a grid in a section");
    named("method = t.lora { r = t.grid { 4, 4.0, 8 } }", "lora-r4-s0 lora-r8-s0",
          "equal runs are kept once");
    named("method = t.lora { r = t.grid { 2, t.range(4, 6) } }",
          "lora-r2-s0 lora-r4-s0 lora-r5-s0 lora-r6-s0",
          "a grid within a grid");
}

static void files(void)
{
    struct tb_plan *p = plan(HEAD "return t.sweep { base = t.model 'm/tiny.gguf', budget = t.steps(9), "
                             "data = t.one_of { t.pairs { 'a.txt', 'b.txt', eval = 0 }, t.jsonl 'x/c.jsonl' }, "
                             "method = t.ia3 {} }", NULL);
    is_str(names(p), "ia3-a-eval0-s0 ia3-c-eval0.1-s0", "data may differ");
    is_str(p ? tb_json_str(tb_json_at(tb_config_get(&p->runs[0], "data.path"), 1), "") : "", "b.txt",
           "several files");
    tb_plan_free(p);
    p = plan(HEAD "return t.sweep { " COMMON "method = t.ia3 {} }",
             (const char *const[]){ "+data=c++/a.txt,b.txt", NULL });
    is_str(names(p), "ia3-a-s0 ia3-b-s0", "and from the command line");
    tb_plan_free(p);
}

static void zips(void)
{
    named("method = t.lora { t.zip { r = { 4, 8 }, dropout = { 0.1, 0.2 } } }",
          "lora-r4-dropout0.1-s0 lora-r8-dropout0.2-s0", "keys of a zip walk together");
    named("method = t.lora { t.zip { r = { 4, 8 }, lr = { 0.1, 0.2 } }, rslora = t.grid { true, false } }",
          "lora-r4-rslora-lr0.1-s0 lora-r4-no_rslora-lr0.1-s0 "
          "lora-r8-rslora-lr0.2-s0 lora-r8-no_rslora-lr0.2-s0",
          "beside other axes");
    named("optim = t.zip { lr = { 0.1, 0.2 }, decay = { 0, 0.5 } }, method = t.lora {}",
          "lora-r8-decay0-lr0.1-s0 lora-r8-decay0.5-lr0.2-s0", "a section may be one");
    named("t.zip { seed = { 3, 4 }, batch = { 8, t.tokens(512) } }, method = t.lora {}",
          "lora-r8-s3 lora-r8-tokens512-s4", "and keys of the sweep");
}

static void stacks(void)
{
    struct tb_plan *p;
    named("method = t.stack { t.lora { r = t.grid { 2, 4 } }, t.prompt { tokens = 10 } }",
          "lora-r2+prompt10-s0 lora-r4+prompt10-s0", "a grid in a part");
    named("method = t.stack { t.one_of { t.lora {}, t.ia3 {} }, t.prompt {} }",
          "lora-r8+prompt20-s0 ia3+prompt20-s0", "a choice of parts");
    p = plan(HEAD "return t.run { " COMMON "method = t.stack { t.lora { lr = 0.5 }, t.prompt {}, "
             "lr = 0.25 } }", NULL);
    if (ok(p != NULL, "a stack with rates")) {
        near(tb_config_part_lr(&p->runs[0], 0), 0.5, 1e-12, "a part's own");
        near(tb_config_part_lr(&p->runs[0], 1), 0.25, 1e-12, "the stack's for the rest");
    }
    tb_plan_free(p);
}

static void mixes(void)
{
    struct tb_plan *p = plan(HEAD "return t.sweep { base = t.model 'tiny', budget = t.steps(9), method = t.ia3 {}, "
                             "data = t.mix { { t.pairs { 'a.txt', sep = '=>' }, t.grid { 1, 2 } }, "
                             "t.jsonl { 'b.jsonl' }, { t.pairs 'c.txt', weight = 0.5 }, eval = 0.2 }, "
                             "where = function(c) return c.data[0].weight > 1 and c['data.2.weight'] == 0.5 "
                             "end }", NULL);
    is_str(names(p), "ia3-s0", "a mix, with a grid of weights, one of which is left");
    if (p) {
        const struct tb_config *c = &p->runs[0];
        is_int(tb_config_sources(c), 3, "three sources");
        near(tb_config_real(c, "data.0.weight"), 2, 0, "each with its weight");
        near(tb_config_real(c, "data.1.weight"), 1, 0, "1 if none is given");
        is_str(tb_config_str(c, "data.0.sep"), "=>", "keys of its kind");
        is_str(tb_json_str(tb_json_at(tb_config_get(c, "data.2.path"), 0), ""), "c.txt", "and its file");
        near(tb_config_real(c, "data.eval"), 0.2, 0, "eval is that of the mix");
        ok(!tb_config_get(c, "data.0.eval") && !tb_config_get(c, "data.path"), "and of no source");
    }
    tb_plan_free(p);
    p = plan(HEAD "local s = t.run { base = t.model 'tiny', budget = t.steps(9), method = t.ia3 {}, "
             "data = t.mix { { t.pairs 'a', 2 }, t.jsonl 'b' } }\n"
             "return s:with { data = t.mix { t.pairs 'a', t.jsonl 'b' }:with { order = 'by_prompt' } }",
             (const char *const[]){ "data.1.weight=3", "+data.0.weight=1,4", NULL });
    is_str(names(p), "ia3-weight1-s0 ia3-weight4-s0", "and from the command line");
    ok(p && tb_config_real(&p->runs[1], "data.1.weight") == 3
           && strcmp(tb_config_str(&p->runs[0], "data.order"), "by_prompt") == 0, "every key can be set");
    tb_plan_free(p);
    p = plan(HEAD "return t.sweep { base = t.model 'tiny', budget = t.steps(9), method = t.ia3 {}, "
             "data = t.one_of { t.pairs 'a', t.mix { t.pairs 'a', t.jsonl 'b' } } }", NULL);
    is_str(names(p), "ia3-s0 ia3-mix-s0", "a mix beside one of its sources");
    tb_plan_free(p);
}

/* A byte-order mark, of the recipe and of a file beside it, moves no line and is recorded. */
static void marked(void)
{
    write_file("bom.lua", "\xef\xbb\xbf" HEAD "return t.lora { r = 3 }");
    struct tb_plan *p = plan("\xef\xbb\xbf" HEAD "return t.sweep { " COMMON "method = require 'bom' }", NULL);
    is_str(names(p), "lora-r3-s0", "a recipe that begins with a byte-order mark");
    ok(p && tb_str_starts(p->recipe, "\xef\xbb\xbf"), "is kept as it is");
    tb_plan_free(p);
    ok(!plan("\xef\xbb\xbf\n\n oops", NULL) && err.line == 3, "its lines are counted as they stand");
    ok(!plan("\xef\xbb\xbf\x1bLua", NULL) && strstr(err.text, "compiled Lua"), "compiled Lua hides behind none");
}

/* "5: steps" or "rates: steps" of the probe of each run, "-" for none. */
static void probes_are(const char *rest, const char *const *changes, const char *want, const char *what)
{
    char text[1500], out[300] = "";
    snprintf(text, sizeof text, HEAD "return t.sweep { " COMMON "%s }", rest);
    struct tb_plan *p = plan(text, changes);
    for (size_t i = 0; p && i < p->n_runs; i++) {
        const struct tb_config *c = &p->runs[i];
        char *rates = tb_json_text(tb_config_get(c, "probe.rates"), TB_JSON_CANONICAL);
        size_t n = strlen(out);
        snprintf(out + n, sizeof out - n, "%s%lld %s %lld", i ? "; " : "", (long long)tb_config_int(c, "probe.n"),
                 rates, (long long)tb_config_int(c, "probe.steps"));
        free(rates);
    }
    is_str(p ? out : err.text, want, what);
    tb_plan_free(p);
}

static void probes(void)
{
    static const char *const no[] = { NULL }, *const lr[] = { "lr=0.1", NULL }, *const n[] = { "probe.n=2", NULL },
                             *const rates[] = { "probe.rates=0.1+0.3", "probe.steps=8", NULL };
    static const char arms[] = "optim = { lr = t.probe { steps = 7 } }, method = t.one_of { t.lora {}, "
                               "t.lora { lr = 0.1 }, t.lora { lr = t.probe { rates = { 0.2, 0.1 } } } }";
    probes_are("method = t.lora {}", no, "0 [] 0", "no probe");
    probes_are("optim = { lr = t.probe {} }, method = t.lora {}", no, "5 [] 0", "five rates around the method's own");
    probes_are("method = t.lora { lr = t.grid { t.probe { n = 3 }, 0.1 } }", no, "3 [] 0; 0 [] 0", "beside a rate");
    probes_are("method = t.lora { lr = t.probe { n = 3, steps = t.grid { 5, 9 } } }", no, "3 [] 5; 3 [] 9",
               "with axes of its own");
    probes_are("method = t.stack { t.lora {}, t.prompt {}, lr = t.probe {} }", no, "5 [] 0", "of a stack");
    probes_are("optim = t.zip { lr = { t.probe {}, 0.1 }, decay = { 0, 0.5 } }, method = t.lora {}", no,
               "5 [] 0; 0 [] 0", "in a zip");
    probes_are(arms, no, "5 [] 7; 0 [] 0; 0 [0.1,0.2] 0", "an arm's own rate or probe comes first");
    probes_are(arms, lr, "0 [] 0", "--set lr leaves nothing to probe");
    probes_are(arms, n, "2 [] 7", "--set probe.n makes all arms the same run");
    probes_are(arms, rates, "0 [0.1,0.3] 8", "and so are rates");
}

static void variants(void)
{
    struct tb_plan *p = plan(HEAD "local s = t.sweep { " COMMON "method = t.lora {}, "
                             "optim = { lr = 0.1, clip = 2 } }\n"
                             "return s:with { seed = 7, optim = { clip = 3 } }", NULL);
    if (ok(p != NULL, "recipe:with")) {
        is_str(names(p), "lora-r8-s7", "changes a key");
        near(tb_config_real(&p->runs[0], "optim.clip"), 3, 0, "and a key of a section");
        near(tb_config_real(&p->runs[0], "optim.lr"), 0.1, 1e-12, "whose others stay");
    }
    tb_plan_free(p);
    p = plan(HEAD "local a = t.lora { r = 4 }\n"
             "return t.sweep { " COMMON "method = t.one_of { a, a:with { r = 6 } } }", NULL);
    is_str(names(p), "lora-r4-s0 lora-r6-s0", "method:with");
    tb_plan_free(p);
    p = plan(HEAD "local a = t.lora { r = 4 }\na.r = 5\nreturn a", NULL);
    ok(!p && strstr(err.text, "cannot be changed") && err.line == 3, "values cannot be changed");
    tb_plan_free(p);
}

static void filters(void)
{
    named("method = t.lora { r = t.grid { 2, 4, 8 }, dropout = t.grid { 0, 0.5 } },"
          "where = function(c) return c.method.lora.r * c['method.lora.dropout'] ~= 1 and c.seed == 0 "
          "and c.method.lora.alpha > 4 and c.data.path[1] == 'places.txt' and c.base == 'tiny' end",
          "lora-r4-dropout0-s0 lora-r4-dropout0.5-s0 lora-r8-dropout0-s0 lora-r8-dropout0.5-s0",
          "where sees nested and "
          "dotted keys, completed");
    named("method = t.one_of { t.stack { t.lora { r = t.grid { 2, 4 } }, t.prompt {} }, t.prefix {} },"
          "where = function(c) return c.method.kind ~= 'stack' or c.method[0].lora.r == 4 end",
          "lora-r4+prompt20-s0 prefix20-s0", "and the parts of a stack");
}

static void modules(void)
{
    write_file("arms.lua",
               "local t = require 'tunebench'\nreturn function(r) return t.lora { r = r } end");
    struct tb_plan *p = plan(HEAD "local arm = require 'arms'\nassert(arm == require 'arms')\n"
                             "return t.sweep { " COMMON "method = t.one_of { arm(2), arm(3) } }", NULL);
    is_str(names(p), "lora-r2-s0 lora-r3-s0", "a file beside the recipe");
    if (ok(p && p->n_modules == 1, "is noted once")) {
        is_str(p->modules[0].name, "arms", "with its name");
        ok(strlen(p->modules[0].sha) == 64 && strstr(p->modules[0].text, "t.lora"),
           "hash and text");
        ok(strlen(p->recipe_sha) == 64 && strstr(p->recipe, "require 'arms'"), "so is the recipe");
        ok(strstr(p->recipe_path, "/r.lua") != NULL, "with its path");
    }
    tb_plan_free(p);
}

/* What stands behind "method =" and the same as --method. */
static void same_as_flags(const char *lua, const char *flag)
{
    char text[800];
    const char *const methods[] = { flag };
    struct tb_plan_flags f = { .base = "tiny", .data = "pairs:places.txt,eval=0.1", .budget = "60k", .seeds = "0,3",
                               .methods = methods, .n_methods = 1 };
    snprintf(text, sizeof text,
             HEAD "return t.sweep { " COMMON "seed = t.grid { 0, 3 }, method = %s }", lua);
    struct tb_plan *p = plan(text, NULL), *q = NULL;
    tb_plan_from_flags(&f, &q, &err);
    bool same = p && q && p->n_runs == 2 && q->n_runs == 2;
    for (size_t i = 0; same && i < 2; i++) {
        char *a = tb_json_text(p->runs[i].map, TB_JSON_LINE);
        char *b = tb_json_text(q->runs[i].map, TB_JSON_LINE);
        same = strcmp(a, b) == 0;
        free(a);
        free(b);
    }
    ok(same, "%s is %s", flag, lua);
    tb_plan_free(p);
    tb_plan_free(q);
}

static void overrides(void)
{
    static const char recipe[] = HEAD "return t.sweep { " COMMON "seed = t.grid { 0, 1 }, "
                                 "method = t.one_of { t.lora { "
                                      "r = 4 }, t.prefix {} }, where = function(c) return c.seed ~= 5 end }";
    struct tb_plan *p = plan(recipe, (const char *const[]){ "seed=3", "+method.lora.r=2,4", NULL });
    is_str(names(p), "lora-r2-s3 lora-r4-s3 prefix20-s3", "--set and --grid on a recipe");
    is_int(p ? p->n_same : 0, 3, "runs that became equal are kept once");
    is_str(p ? tb_json_str(tb_json_at(p->overrides, 1), "") : "", "--grid method.lora.r=2,4",
           "and noted");
    tb_plan_free(p);
    p = plan(recipe, (const char *const[]){ "+seed=4,5", NULL });
    is_str(names(p), "lora-r4-s4 prefix20-s4", "where sees what they set");
    tb_plan_free(p);
    p = plan(recipe, (const char *const[]){ "optim.rl=3", NULL });
    ok(!p && err.kind == TB_ERR_RECIPE && strcmp(err.where, "--set") == 0
           && strstr(err.text, "'optim.lr'"),
       "a typo in a key");
    p = plan(recipe, (const char *const[]){ "optim.lr", NULL });
    ok(!p && err.kind == TB_ERR_USAGE, "no '=' is a usage error");
    p = plan(recipe, (const char *const[]){ "optim.lr=fast", NULL });
    ok(!p && strstr(err.text, "--set optim.lr=fast: ") && strstr(err.text, "a number"),
       "a wrong value");
}

/* print goes to the log, a tree for a node; pairs walks in order; random is the same each time. */
static void printing(void)
{
    char said[1000] = "", *path = tb_path_join(dir, "log");
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    tb_log_to(fd, TB_LOG_WARN);
    struct tb_plan *p = plan(HEAD "local s = t.sweep { " COMMON "method = t.lora { r = t.grid { 4, 8 } } }\n"
                             "for k in pairs { b = 1, a = 2, 9, c = 3 } do print(k) end\n"
                             "print(s)\nprint(math.random(1000))\nreturn s", NULL);
    tb_log_to(-1, TB_LOG_ERROR);
    ssize_t n = pread(fd, said, sizeof said - 1, 0);
    close(fd);
    ok(p && n > 0, "a recipe may print");
    const char *one = strstr(said, "recipe: 1\n"), *a = strstr(said, "recipe: a\n"),
        *b = strstr(said, "recipe: b\n");
    ok(one && a && b && one < a && a < b, "pairs walks numbers, then names in order");
    ok(strstr(said, "recipe: sweep {"), "a sweep prints as a tree");
    ok(strstr(said, "method = lora { r = grid { 4, 8 } }"), "with its values");
    ok(strstr(said, "base = model \"tiny\""), "and words");
    tb_plan_free(p);
    free(path);
}

static void shipped(void)
{
    static const char *const files[][2] = {
        { "compare-three", "full-s0 lora-r8-s0 prefix20-s0 prompt20-s0" },
        { "lora-rank-sweep", "lora-r2-s0 lora-r4-s0 lora-r8-s0 lora-r16-s0 "
                             "lora-r2-s1 lora-r4-s1 lora-r8-s1 lora-r16-s1" },
        { "prefix-from-text",
          "prefix20-text-Each_line_lists_-s0 prefix20-text-s0 prefix20-random-s0" },
        { "stack-lora-prompt", "lora-r4-s0 prompt10-s0 lora-r4+prompt10-s0" },
    };
    const char *top = getenv("srcdir");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = tb_xasprintf("%s/recipes/%s.lua", top ? top : ".", files[i][0]);
        struct tb_plan *p = NULL;
        tb_recipe_eval(path, NULL, &p, &err);
        is_str(names(p), files[i][1], files[i][0]);
        tb_plan_free(p);
        free(path);
    }
}

static void sizes(void)
{
    struct tb_plan *p = plan(HEAD "return t.sweep { " COMMON "seed = t.range(0, 499), "
                             "method = t.lora {} }", NULL);
    is_int(p ? p->n_runs : 0, 500, "500 runs");
    tb_plan_free(p);
    p = plan(HEAD "return t.run { base = t.scratch { d = 64, layers = 2, heads = 4, tokenizer = "
             "'tok' }, data = t.jsonl 'x.jsonl', budget = t.steps(5), batch = t.tokens(512), "
             "method = t.full(), eval = { every = t.steps(2) } }", NULL);
    if (ok(p != NULL, "a base from scratch")) {
        is_str(tb_config_str(&p->runs[0], "base"), "scratch", "base");
        is_int(tb_config_int(&p->runs[0], "scratch.d"), 64, "its width");
        is_int(tb_config_int(&p->runs[0], "batch.tokens"), 512, "a batch in tokens");
        is_str(tb_config_str(&p->runs[0], "eval.every"), "2steps", "an amount for eval.every");
    } else {
        printf("# %s\n", err.text);
    }
    tb_plan_free(p);
}

int main(int argc, char **argv)
{
    const char *tmp = getenv("TMPDIR");
    words_add();
    tb_search_register();
    if (argc > 1 && strcmp(argv[1], TB_RECIPE_CHILD) == 0)
        return tb_recipe_child(argc, argv);
    dir = tb_xasprintf("%s/tb-recipe-XXXXXX", tmp ? tmp : "/tmp");
    tb_log_to(-1, TB_LOG_ERROR);
    if (ok(mkdtemp(dir) != NULL, "a folder")) {
        order();
        files();
        zips();
        stacks();
    mixes();
    marked();
    probes();
        variants();
        filters();
        modules();
        same_as_flags("t.lora { r = 4, targets = { 'q', 'v' } }", "lora:r=4,targets=q+v");
        same_as_flags("t.prefix { tokens = 7, lr = 0.1 }", "prefix:tokens=7,lr=0.1");
        same_as_flags("t.stack { t.lora { r = 4 }, t.prompt { tokens = 10 }, lr = 0.1 }",
                      "stack(lora:r=4;prompt:tokens=10):lr=0.1");
        same_as_flags("t.full {}", "full");
        overrides();
        printing();
        shipped();
        sizes();
        tb_dir_remove(dir, NULL);
    }
    free(dir);
    return done();
}
