/* SPDX-License-Identifier: MIT */
/* plan_key_test.c - key tables: types, ranges, did-you-mean, defaults, text from a command line. */
#include <stdlib.h>

#include "plan/schema.h"
#include "tests/recipes/words.h"
#include "tests/tap.h"

static struct tb_json *json(const char *text)
{
    return tb_json_parse(text, strlen(text), "test", NULL);
}

/* Canonical text of lora's check of a map, or the words of its error. */
static const char *check(const char *map)
{
    static char out[512];
    struct tb_err err = { 0 };
    struct tb_json *j = json(map), *v = tb_key_check(words_lora, j, "t.lora", &err);
    char *text = v ? tb_json_text(v, TB_JSON_CANONICAL) : NULL;
    snprintf(out, sizeof out, "%s", text ? text : err.text);
    free(text);
    tb_json_free(v);
    tb_json_free(j);
    return out;
}

static const char *parse(const char *name, const char *text)
{
    static char out[512];
    struct tb_err err = { 0 };
    struct tb_json *v = tb_key_parse(tb_key_find(words_lora, name), text, &err);
    char *said = v ? tb_json_text(v, TB_JSON_CANONICAL) : NULL;
    snprintf(out, sizeof out, "%s", said ? said : err.text);
    free(said);
    tb_json_free(v);
    return out;
}

static void checks(void)
{
    is_str(check("{\"r\": 8.0, \"targets\": \"q\"}"), "{\"r\":8,\"targets\":[\"q\"]}",
           "8.0 is 8, one is a list");
    is_str(check("{\"dropout\": 0}"), "{\"dropout\":0}", "an integer for a number");
    is_str(check("{\"dropout\": -0.0}"), "{\"dropout\":0}", "minus zero is zero");
    is_str(check("{\"rank_pattern\": {\"v\": 2.0, \"q\": 4}}"),
           "{\"rank_pattern\":{\"q\":4,\"v\":2}}", "a map");
    is_str(check("{\"rank_pattern\": []}"), "{\"rank_pattern\":{}}",
           "an empty table is an empty map");
    is_str(check("{\"aplha\": 16}"), "t.lora has no 'aplha'; did you mean 'alpha'?", "a typo");
    ok(strstr(check("{\"zzzzzzzz\": 1}"), "it has r, alpha, dropout"),
       "no near key: all are listed");
    is_str(check("{\"r\": 0}"), "t.lora: r must be an integer from 1 to 4096, not 0",
           "below the range");
    is_str(check("{\"r\": 8.5}"), "t.lora: r must be an integer from 1 to 4096, not 8.5",
           "no integer");
    is_str(check("{\"r\": \"8\"}"), "t.lora: r must be an integer from 1 to 4096, not \"8\"",
           "a string");
    is_str(check("{\"r\": true}"), "t.lora: r must be an integer from 1 to 4096, not true",
           "a boolean");
    ok(strstr(check("{\"r\": [4, 8]}"), "t.grid"),
       "a list where one value belongs: t.grid is named");
    ok(strstr(check("{\"rslora\": 1}"), "true or false"), "1 is no boolean");
    ok(strstr(check("{\"targets\": [1]}"), "a list of strings"), "numbers are no names");
    ok(strstr(check("{\"layers\": [0, -1]}"), "a list of integers from 0"),
       "an element out of range");
    ok(strstr(check("{\"rank_pattern\": {\"q\": \"x\"}}"), "a table of names"), "a map of strings");
}

static void defaults(void)
{
    struct tb_err err = { 0 };
    struct tb_json *map = json("{\"r\": 4}"), *empty = json("{}");
    struct tb_json *alpha = tb_key_value(words_lora, map, "alpha", &err);
    near(tb_json_real(alpha, 0), 8, 0, "alpha follows r");
    tb_json_free(alpha);
    alpha = tb_key_value(words_lora, empty, "alpha", &err);
    near(tb_json_real(alpha, 0), 16, 0, "alpha follows r's default");
    tb_json_free(alpha);
    ok(!tb_key_value(words_lora, empty, "nope", &err) && *err.text, "no such key");
    ok(tb_key_complete(words_lora, map, "t.lora", &err), "complete");
    is_int(tb_json_len(map), 8, "every key is there");
    near(tb_json_real(tb_json_get(map, "alpha"), 0), 8, 0, "alpha among them");
    ok(tb_json_type(tb_json_get(map, "alpha")) == TB_JSON_REAL, "and is a real");
    static const struct tb_key needs[] = { { .name = "file", .type = TB_KEY_STR, .help = "a file" },
                                           TB_END_KEY };
    ok(!tb_key_complete(needs, empty, "t.x", &err), "a key that must be given");
    is_str(err.text, "t.x needs 'file': a file", "says so");
    tb_json_free(map);
    tb_json_free(empty);
}

static void parses(void)
{
    is_str(parse("r", "8"), "8", "an integer");
    is_str(parse("r", "1k"), "1000", "a count");
    ok(strstr(parse("r", "eight"), "an integer"), "no integer");
    is_str(parse("dropout", "0.5"), "0.5", "a number");
    is_str(parse("dropout", "1e-2"), "0.01", "with an exponent");
    ok(strstr(parse("dropout", "0,5"), "a number"), "no number");
    is_str(parse("rslora", "true"), "true", "a boolean");
    ok(strstr(parse("rslora", "maybe"), "true or false"), "no boolean");
    is_str(parse("targets", "q+v"), "[\"q\",\"v\"]", "names");
    is_str(parse("targets", ".*\\.(q|v)_proj+"), "[\".*\\\\.(q|v)_proj+\"]",
           "a regular expression is one name");
    is_str(parse("layers", "0+3+5"), "[0,3,5]", "integers");
    is_str(parse("rank_pattern", "q=4+v=8"), "{\"q\":4,\"v\":8}", "a map");
    ok(strstr(parse("rank_pattern", "q"), "a table of names"), "no map");
}

int main(void)
{
    checks();
    defaults();
    parses();
    words_add();
    words_add();
    is_str(tb_schema_find("method", "lora")->name, "lora", "a schema is found");
    is_str(tb_schema_at("data", 1)->name, "jsonl", "by number within its group");
    ok(!tb_schema_at("data", 3) && !tb_schema_find("data", "lora"), "and not in another");
    return done();
}
