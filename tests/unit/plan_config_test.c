/* SPDX-License-Identifier: MIT */
/* plan_config_test.c - drafts become configs: defaults, rates, joined rules, run ids (the vector of
 * the frozen bytes). */
#include <stdlib.h>

#include "plan/plan.h"
#include "tests/recipes/words.h"
#include "tests/tap.h"

static const char base_id[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
static const char data_hash[] = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";
static const char common[] = "\"base\": \"tiny\", \"data.kind\": \"pairs\", \"data.path\": \"places.txt\", "
                             "\"budget.unit\": \"tokens\", \"budget.n\": 100000";
static struct tb_err err;

/* Completes common keys + more; map NULL if that fails. */
static struct tb_config config(const char *more)
{
    char text[2048];
    snprintf(text, sizeof text, "{%s, %s}", common, more);
    struct tb_json *draft = tb_json_parse(text, strlen(text), "test", NULL);
    struct tb_config c = { NULL };
    memset(&err, 0, sizeof err);
    if (ok(draft != NULL, "the draft is JSON: %s", more))
        c.map = tb_config_complete(draft, &err);
    tb_json_free(draft);
    return c;
}

static void refused(const char *more, const char *words)
{
    struct tb_config c = config(more);
    if (!ok(!c.map && strstr(err.text, words), "refused: %s", words))
        printf("# said: %s\n", err.text);
    tb_json_free(c.map);
}

static void id_vector(void)
{
    struct tb_config c = config("\"method.kind\": \"lora\"");
    char id[17], *text = tb_config_text(&c, data_hash, base_id);
    tb_config_id(&c, data_hash, base_id, id);
    is_str(text, "{\"base\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\",\"batch.rows\":16,"
           "\"budget.n\":100000,\"budget.unit\":\"tokens\",\"data\":\"fedcba9876543210fedcba9876543210fedcba9876543210"
           "fedcba9876543210\",\"data.eval\":0.1,\"data.kind\":\"pairs\",\"method.kind\":\"lora\","
           "\"method.lora.alpha\":16,\"method.lora.r\":8,\"method.lora.targets\":[\"q\",\"v\"],\"optim.lr\":0.0005,"
           "\"seed\":0}", "canonical text of the frozen vector");
    is_str(id, "2c5fa2f3063084e9", "id of the frozen vector");
    free(text);
    tb_json_free(c.map);
}

static void ids(void)
{
    static const struct { const char *more; bool same; const char *what; } cases[] = {
        { "\"method.kind\": \"lora\", \"exec.threads\": 4", true, "class exec stays out" },
        { "\"method.kind\": \"lora\", \"exec.name\": \"x\"", true, "so does a name" },
        { "\"method.kind\": \"lora\", \"method.lora.dropout\": 0", true, "and a neutral value" },
        { "\"method.kind\": \"lora\", \"max_trainable\": 0.01", true, "and a bound" },
        { "\"method.kind\": \"lora\", \"stop.patience\": 0, \"stop.min_delta\": 0", true, "no patience is neutral" },
        { "\"method.kind\": \"lora\", \"stop.patience\": 2", false, "patience counts" },
        { "\"method.kind\": \"lora\", \"schedule.name\": \"linear\"", false, "and a schedule" },
        { "\"method.kind\": \"lora\", \"probe.steps\": 9", true, "the length of no probe is neutral" },
        { "\"method.kind\": \"lora\", \"probe.n\": 5", false, "a probe counts" },
        { "\"method.kind\": \"lora\", \"eval.samples\": 4", true, "the samples that all runs have are neutral" },
        { "\"method.kind\": \"lora\", \"eval.samples\": 9", false, "others count" },
        { "\"method.kind\": \"lora\", \"exec.keep_best\": 9", true, "checkpoints that stay do not" },
        { "\"method.kind\": \"lora\", \"eval.rows\": 100", false, "class report counts" },
        { "\"method.kind\": \"lora\", \"seed\": 1", false, "so does the seed" },
        { "\"method.kind\": \"lora\", \"optim.decay\": 0.1", false, "and decay" },
        { "\"method.kind\": \"lora\", \"data.sep\": \"=>\"", false, "and how data is read" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char id[17] = "";
        struct tb_config c = config(cases[i].more);
        if (c.map)
            tb_config_id(&c, data_hash, base_id, id);
        ok((strcmp(id, "2c5fa2f3063084e9") == 0) == cases[i].same, "id: %s", cases[i].what);
        tb_json_free(c.map);
    }
}

static void rates(void)
{
    static const struct { const char *more; double want; const char *what; } cases[] = {
        { "\"method.kind\": \"lora\"", 5e-4, "the method's own default" },
        { "\"method.kind\": \"prefix\"", 5e-3, "another method's" },
        { "\"method.kind\": \"lora\", \"optim.lr\": 2e-3", 2e-3, "optim.lr" },
        { "\"method.kind\": \"lora\", \"optim.lr\": 2e-3, \"method.lr\": 1e-2", 1e-2,
          "the arm's lr wins" },
        { "\"method.kind\": \"full\"", 5e-5, "full" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tb_config c = config(cases[i].more);
        near(tb_config_real(&c, "optim.lr"), cases[i].want, 1e-12, cases[i].what);
        near(tb_config_part_lr(&c, 0), cases[i].want, 1e-12, "as the part's");
        tb_json_free(c.map);
    }
    struct tb_config c = config("\"method.kind\": \"full\"");
    near(tb_config_real(&c, "optim.decay"), 0.01, 1e-12, "full decays by 0.01");
    tb_json_free(c.map);
    c = config("\"method.kind\": \"full\", \"optim.decay\": 0");
    near(tb_config_real(&c, "optim.decay"), 0, 0, "unless told otherwise");
    tb_json_free(c.map);
}

static void stacks(void)
{
    struct tb_config c = config("\"method.kind\": \"stack\", \"method.0.kind\": \"lora\", "
                                "\"method.0.lora.r\": 4, "
                                "\"method.1.kind\": \"prompt\"");
    char *method = tb_config_method(&c);
    is_int(tb_config_parts(&c), 2, "two parts");
    is_str(method, "lora+prompt", "lora+prompt");
    is_str(tb_config_part_kind(&c, 1), "prompt", "the second");
    near(tb_config_part_lr(&c, 0), 5e-4, 1e-12, "each its rate: lora");
    near(tb_config_part_lr(&c, 1), 1e-2, 1e-12, "prompt");
    ok(!tb_config_get(&c, "optim.lr"), "a stack has no optim.lr");
    near(tb_config_real(&c, "method.0.lora.alpha"), 8, 0, "defaults within a part");
    struct tb_json *keys = tb_config_part_keys(&c, 0);
    is_int(tb_json_int(tb_json_get(keys, "r"), 0), 4, "keys of a part");
    tb_json_free(keys);
    free(method);
    tb_json_free(c.map);
    c = config("\"method.kind\": \"stack\", \"method.lr\": 0.02, \"method.0.kind\": \"lora\", "
               "\"method.1.kind\": \"prompt\", \"method.1.lr\": 0.3");
    near(tb_config_part_lr(&c, 0), 0.02, 1e-12, "lr of the stack");
    near(tb_config_part_lr(&c, 1), 0.3, 1e-12, "lr of the part wins");
    tb_json_free(c.map);
    refused("\"method.kind\": \"stack\", \"method.0.kind\": \"lora\"", "2 to 8 parts");
    refused("\"method.kind\": \"stack\", \"method.0.kind\": \"lora\", \"method.1.kind\": \"full\"",
            "full cannot");
}

static const char mixed[] = "\"base\": \"tiny\", \"budget.unit\": \"tokens\", \"budget.n\": 100000, "
                            "\"method.kind\": \"lora\", \"data.kind\": \"mix\", \"data.0.kind\": \"pairs\", "
                            "\"data.0.path\": \"a\", \"data.1.kind\": \"jsonl\", \"data.1.path\": [\"b\", \"c\"]";

/* Completes a mix with more keys; NULL if that fails. */
static struct tb_json *mix_of(const char *more)
{
    char text[2048];
    snprintf(text, sizeof text, "{%s%s}", mixed, more);
    struct tb_json *draft = tb_json_parse(text, strlen(text), "test", NULL);
    memset(&err, 0, sizeof err);
    struct tb_json *map = draft ? tb_config_complete(draft, &err) : NULL;
    tb_json_free(draft);
    return map;
}

static void mix_refused(const char *more, const char *words)
{
    struct tb_json *map = mix_of(more);
    if (!ok(!map && strstr(err.text, words), "refused: %s", words))
        printf("# said: %s\n", err.text);
    tb_json_free(map);
}

static void mixes(void)
{
    struct tb_config c = { mix_of(", \"data.0.weight\": 2") };
    char key[64], *text = tb_config_text(&c, data_hash, base_id);
    is_int(tb_config_sources(&c), 2, "two sources");
    is_str(tb_config_source_key(&c, 1, "path", key), "data.1.path", "with keys of their own");
    is_int((int64_t)tb_json_len(tb_config_get(&c, key)), 2, "and files");
    near(tb_config_real(&c, "data.1.weight"), 1, 0, "weight 1 by default");
    is_str(text, "{\"base\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\",\"batch.rows\":16,"
           "\"budget.n\":100000,\"budget.unit\":\"tokens\",\"data\":\"fedcba9876543210fedcba9876543210fedcba9876543210"
           "fedcba9876543210\",\"data.0.kind\":\"pairs\",\"data.0.weight\":2,\"data.1.kind\":\"jsonl\","
           "\"data.eval\":0.1,\"data.kind\":\"mix\",\"method.kind\":\"lora\","
           "\"method.lora.alpha\":16,\"method.lora.r\":8,\"method.lora.targets\":[\"q\",\"v\"],\"optim.lr\":0.0005,"
           "\"seed\":0}", "canonical text: weights that are 1, and paths, are not in it");
    free(text);
    tb_json_del(c.map, "data.1.weight");
    tb_json_del(c.map, "data.0.sep");
    tb_config_fill(&c);
    ok(tb_config_real(&c, "data.1.weight") == 1 && strcmp(tb_config_str(&c, "data.0.sep"), "||") == 0,
       "a map of an older program gets neutral values");
    ok(!tb_config_get(&c, "data.<i>.weight"), "and no others");
    ok(tb_config_is_path("data.1.path") && tb_config_is_path("data.path") && !tb_config_is_path("data.0.sep"),
       "which keys name files");
    tb_json_free(c.map);
    mix_refused(", \"data.path\": \"x\"", "t.mix has no 'path'");
    mix_refused(", \"data.0.eval\": 0.2", "data.0 has no 'eval'");
    mix_refused(", \"data.0.weight\": 1001", "from 0 to 1000");
    mix_refused(", \"data.0.weight\": \"x\"", "must be a number");
    mix_refused(", \"data.3.kind\": \"pairs\", \"data.3.path\": \"x\"", "no key 'data.3.kind'");
    mix_refused(", \"data.2.kind\": \"pairs\"", "data.2 needs 'path'");
    mix_refused(", \"data.2.kind\": \"mix\", \"data.2.path\": \"x\"", "no data of kind 'mix' for a mix");
    mix_refused(", \"data.1.sep\": \"x\"", "data.1 has no 'sep'");
    refused("\"method.kind\": \"lora\", \"data.0.kind\": \"pairs\"", "no key 'data.0.kind'");
}

static void rules(void)
{
    struct tb_config c = config("\"method.kind\": \"ia3\", \"batch.tokens\": 2048, \"eval.every\": \"20k\"");
    is_int(tb_config_int(&c, "batch.tokens"), 2048, "a batch in tokens");
    ok(!tb_config_get(&c, "batch.rows"), "has no rows");
    is_str(tb_config_str(&c, "eval.every"), "20000tokens", "eval.every is spelled out");
    is_int(tb_config_budget(&c).n, 100000, "budget");
    is_int(tb_config_budget(&c).unit, TB_BUDGET_TOKENS, "in tokens");
    struct tb_json *data = tb_config_section(&c, "data");
    is_str(tb_json_str(tb_json_at(tb_json_get(data, "path"), 0), ""), "places.txt",
           "a section without its prefix");
    tb_json_free(data);
    tb_json_free(c.map);
    refused("\"method.kind\": \"lora\", \"batch.rows\": 4, \"batch.tokens\": 9", "not in both");
    refused("\"method.kind\": \"lora\", \"method.prefix.tokens\": 4",
            "no key 'method.prefix.tokens'");
    refused("\"method.kind\": \"lora\", \"optim.nope\": 4", "optim has no 'nope'");
    refused("\"method.kind\": \"lora\", \"nope.x\": 4", "no key 'nope.x'");
    refused("\"method.kind\": \"lroa\"", "no method 'lroa'");
    refused("\"seed\": 1", "needs a method");
    refused("\"method.kind\": \"lora\", \"eval.every\": \"often\"", "no amount");
    refused("\"method.kind\": \"lora\", \"optim.lr\": 0", "lr must be");
    refused("\"method.kind\": \"lora\", \"max_trainable\": 1.5", "max_trainable must be a number from 0 to 1");
    refused("\"method.kind\": \"lora\", \"stop.patience\": -1", "patience must be an integer");
    refused("\"method.kind\": \"lora\", \"schedule.name\": \"lienar\"", "cosine, linear, constant");
}

static void scratch(void)
{
    char text[600];
    static const char start[] = "{\"base\": \"scratch\", \"data.kind\": \"jsonl\", \"data.path\": \"f\", "
                                "\"budget.n\": 5, "
                                "\"budget.unit\": \"steps\", \"method.kind\": \"full\"";
    snprintf(text, sizeof text, "%s, \"scratch.tokenizer\": \"tok\"}", start);
    struct tb_json *draft = tb_json_parse(text, strlen(text), "test", NULL);
    struct tb_config c = { tb_config_complete(draft, &err) };
    is_int(tb_config_int(&c, "scratch.layers"), 5, "a base from scratch has defaults");
    near(tb_config_real(&c, "optim.lr"), 1e-3, 1e-12, "and full a larger rate");
    tb_json_set(draft, "scratch.heads", tb_json_new_int(5));
    ok(!tb_config_complete(draft, &err) && strstr(err.text, "heads"), "heads must divide d");
    tb_json_free(draft);
    tb_json_free(c.map);
    snprintf(text, sizeof text, "%s}", start);
    draft = tb_json_parse(text, strlen(text), "test", NULL);
    ok(!tb_config_complete(draft, &err) && strstr(err.text, "tokenizer"),
       "a tokenizer must be given");
    tb_json_free(draft);
}

static void budgets(void)
{
    struct tb_budget b;
    ok(tb_budget_parse("60k", &b, NULL) && b.n == 60000 && b.unit == TB_BUDGET_TOKENS, "60k");
    ok(tb_budget_parse("2M", &b, NULL) && b.n == 2000000, "2M");
    ok(tb_budget_parse("300steps", &b, NULL) && b.n == 300 && b.unit == TB_BUDGET_STEPS,
       "300steps");
    ok(tb_budget_parse("2epochs", &b, NULL) && b.n == 2 && b.unit == TB_BUDGET_EPOCHS, "2epochs");
    ok(tb_budget_parse("5minutes", &b, NULL) && b.unit == TB_BUDGET_MINUTES, "5minutes");
    ok(tb_budget_parse("10ktokens", &b, NULL) && b.n == 10000, "10ktokens");
    ok(tb_budget_parse("10k tokens", &b, NULL) && b.n == 10000 && b.unit == TB_BUDGET_TOKENS, "10k tokens");
    ok(tb_budget_parse("3  epochs", &b, NULL) && b.n == 3 && b.unit == TB_BUDGET_EPOCHS, "blanks before the unit");
    static const char *const bad[] = { "", "0", "-5", "steps", "5 ", "5step", "k", "1.5M",
                                       "99999999999999999999",
                                       "99999999999999999999999999999999999999999999tokens" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ok(!tb_budget_parse(bad[i], &b, &err), "no budget: '%s'", bad[i]);
    static const char *const written[][3] = {
        { "100000", "tokens", "100k tokens" },    { "5120", "tokens", "5120 tokens" },
        { "1800000", "tokens", "1800k tokens" },  { "2000000", "tokens", "2M tokens" },
        { "300", "steps", "300 steps" },
    };
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        char text[80];
        snprintf(text, sizeof text, "{\"budget.n\": %s, \"budget.unit\": \"%s\"}", written[i][0], written[i][1]);
        struct tb_json *map = tb_json_parse(text, strlen(text), "test", NULL);
        char *words = tb_budget_words(map);
        is_str(words, written[i][2], "as people write it");
        ok(tb_budget_parse(words, &b, NULL) && b.n == tb_json_int(tb_json_get(map, "budget.n"), -1), "and read back");
        free(words);
        tb_json_free(map);
        snprintf(text, sizeof text, "%s%s", written[i][0], written[i][1]);
        words = tb_amount_words(text);
        is_str(words, written[i][2], "of an amount, too");
        free(words);
    }
    ok(!tb_amount_words("best"), "a word is no amount");
}

static void older_map(void)
{
    struct tb_config c = config("\"method.kind\": \"lora\"");
    tb_json_del(c.map, "optim.clip");
    tb_json_del(c.map, "method.lora.rslora");
    tb_json_del(c.map, "data.sep");
    near(tb_config_real(&c, "optim.clip"), 0, 0, "a map of an older program lacks a key");
    tb_config_fill(&c);
    near(tb_config_real(&c, "optim.clip"), 1, 0, "which gets its neutral value");
    is_str(tb_config_str(&c, "data.sep"), "||", "of the data's table too");
    ok(tb_config_get(&c, "method.lora.rslora"), "and of the method's");
    tb_json_free(c.map);
}

int main(void)
{
    words_add();
    id_vector();
    ids();
    rates();
    stacks();
    mixes();
    rules();
    scratch();
    budgets();
    older_map();
    return done();
}
