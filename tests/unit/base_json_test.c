/* SPDX-License-Identifier: MIT */
/* base_json_test.c - strict parsing, getters that never fail, and the three forms of text. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "tests/tap.h"

static struct tb_json *parse(const char *text)
{
    struct tb_err err;
    return tb_json_parse(text, strlen(text), "t.json", &err);
}

static void is_text(const char *text, enum tb_json_form form, const char *want, const char *name)
{
    struct tb_json *j = parse(text);
    char *got = tb_json_text(j, form);
    is_str(got, want, name);
    free(got);
    tb_json_free(j);
}

static void refused(void)
{
    static const struct { const char *text, *name; int line; } cases[] = {
        { "{\"a\": 1,\n \"a\": 2}", "duplicate key", 2 }, { "{}x", "text behind", 1 },
        { "[NaN]", "NaN", 1 }, { "[1,]", "comma", 1 }, { "[01]", "leading zero", 1 },
        { "\n\n[\"\xff\"]", "bad UTF-8", 3 }, { "", "empty", 1 }, { "[1e999]", "overflow", 1 },
        { "['a']", "single quotes", 1 }, { "[1", "end", 1 }, { "\"\\ud800\"", "surrogate", 1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tb_err err = { 0 };
        struct tb_json *j = tb_json_parse(cases[i].text, strlen(cases[i].text), "t.json", &err);
        ok(!j && err.kind == TB_ERR_FORMAT && !strcmp(err.where, "t.json")
           && err.line == cases[i].line && err.text[0],
           "%s is refused: %s", cases[i].name, err.text);
        tb_json_free(j);
    }
    size_t n = 100000;
    char *deep = tb_xcalloc(n + 1, 1);
    memset(deep, '[', n);
    ok(!parse(deep), "100,000 levels are refused");
    free(deep);
}

static void numbers(void)
{
    struct tb_json *j = parse("{\"i\": 9007199254740993, \"r\": 2.5, \"e\": 1e3, \"s\": \"1\","
                              " \"t\": true, \"min\": -9223372036854775808}");
    ok(tb_json_int(tb_json_get(j, "i"), 0) == 9007199254740993, "integers are exact");
    ok(tb_json_int(tb_json_get(j, "min"), 0) == INT64_MIN, "smallest");
    is_int(tb_json_int(tb_json_get(j, "r"), -1), -1, "a real is no integer");
    near(tb_json_real(tb_json_get(j, "r"), 0), 2.5, 0, "real");
    near(tb_json_real(tb_json_get(j, "e"), 0), 1000, 0, "1e3");
    near(tb_json_real(tb_json_get(j, "i"), 0), 9007199254740992.0, 0, "integer as a real");
    is_int(tb_json_int(tb_json_get(j, "s"), -1), -1, "text is no number");
    ok(tb_json_bool(tb_json_get(j, "t"), false) && tb_json_bool(NULL, true), "bool");
    is_int(tb_json_type(tb_json_get(j, "e")), TB_JSON_REAL, "type");
    tb_json_free(j);
    j = parse("{\"model_max_length\": 1000000000000000019884624838656,"
              " \"a\": [-9223372036854775809, 7, \"10000000000000000000000\\\"1\","
              " 12345678901234567890123.5, 1e30]}");
    near(tb_json_real(tb_json_get(j, "model_max_length"), 0), 1e30, 1e-12,
         "a huge integer is real");
    const struct tb_json *a = tb_json_get(j, "a");
    near(tb_json_real(tb_json_at(a, 0), 0), -9223372036854775808.0, 0, "just below 64 bits");
    is_int(tb_json_int(tb_json_at(a, 1), 0), 7, "its neighbours stay integers");
    is_str(tb_json_str(tb_json_at(a, 2), ""), "10000000000000000000000\"1", "and text stays");
    near(tb_json_real(tb_json_at(a, 3), 0), 12345678901234567890123.5, 0, "and reals");
    tb_json_free(j);
    ok(!parse("[100000000000000000000, 1e999]") && !parse("[-100000000000000000000"),
       "a huge integer excuses nothing else");
}

static void reading(void)
{
    struct tb_json *j = parse("{\"b\": [1, \"x\\u0000y\", null], \"a\": {}, \"\\u00e9\": \"ok\"}");
    const struct tb_json *b = tb_json_get(j, "b");
    is_int(tb_json_len(j), 3, "length of a map");
    is_int(tb_json_len(b), 3, "length of a list");
    is_int(tb_json_str_len(tb_json_at(b, 1)), 3, "a zero byte inside a string");
    ok(!tb_json_at(b, 3) && !tb_json_get(b, "x") && !tb_json_at(j, 0), "outside is NULL");
    is_str(tb_json_str(tb_json_get(j, "\xc3\xa9"), "-"), "ok", "key that is not ASCII");
    is_str(tb_json_str(NULL, "-"), "-", "NULL reads as null");
    ok(tb_json_type(NULL) == TB_JSON_NULL && tb_json_len(NULL) == 0 && !tb_json_get(NULL, "a")
       && !tb_json_first(NULL) && tb_json_int(NULL, 3) == 3, "NULL everywhere");
    char keys[16] = "";
    for (void *it = tb_json_first(j); it; it = tb_json_next(j, it))
        strcat(keys, tb_json_iter_key(it));
    is_str(keys, "ba\xc3\xa9", "insertion order");
    is_int(tb_json_len(tb_json_iter_value(tb_json_first(j))), 3, "value of an entry");
    struct tb_json *copy = tb_json_copy(j);
    ok(tb_json_equal(j, copy), "a copy is equal");
    tb_json_set(copy, "b", tb_json_new_int(1));
    ok(!tb_json_equal(j, copy) && tb_json_len(b) == 3, "and is its own");
    ok(tb_json_equal(NULL, NULL) && !tb_json_equal(NULL, j) && !tb_json_equal(j, NULL), "null");
    tb_json_free(copy);
    tb_json_free(j);
    tb_json_free(NULL);
}

static void making(void)
{
    struct tb_json *m = tb_json_new_map(), *l = tb_json_new_list(), *shared = tb_json_new_str("s");
    tb_json_append(l, tb_json_ref(shared));
    tb_json_append(l, tb_json_new_real(NAN));
    tb_json_append(l, tb_json_new_str("a\xff"));
    tb_json_append(l, tb_json_new_strn("p\0q", 3));
    tb_json_append(l, NULL);
    tb_json_set(m, "l", l);
    tb_json_set(m, "n", tb_json_new_str(NULL));
    tb_json_set(m, "t", tb_json_new_bool(true));
    tb_json_set(m, "gone", shared);
    tb_json_del(m, "gone");
    tb_json_set(m, "k\xfe", tb_json_new_strn("", 0));
    char *s = tb_json_text(m, TB_JSON_LINE);
    is_str(s, "{\"l\": [\"s\", null, \"a\xef\xbf\xbd\", \"p\\u0000q\", null], \"n\": null,"
           " \"t\": true, \"k\xef\xbf\xbd\": \"\"}", "made");
    free(s);
    tb_json_free(m);
    struct tb_buf b = { 0 };
    tb_json_quote(&b, "a\"\\/\n\t\x01\x7f\xc3\xa9\xc3");
    is_str(b.p, "\"a\\\"\\\\/\\n\\t\\u0001\x7f\xc3\xa9\xef\xbf\xbd\"", "quoted");
    tb_buf_free(&b);
}

static void forms(void)
{
    const char *text = "{\"b\": [1, 2.0, {\"z\": null, \"y\": []}], \"a\": 8.0, \"c\": {},"
                       " \"B\": 1e-5}";
    is_text(text, TB_JSON_LINE,
            "{\"b\": [1, 2.0, {\"z\": null, \"y\": []}], \"a\": 8.0, \"c\": {},"
            " \"B\": 1e-05}", "line");
    is_text(text, TB_JSON_CANONICAL,
            "{\"B\":1e-05,\"a\":8,\"b\":[1,2,{\"y\":[],\"z\":null}],\"c\":{}}", "canonical");
    is_text(text, TB_JSON_PRETTY,
            "{\n  \"B\": 1e-05,\n  \"a\": 8.0,\n  \"b\": [\n    1,\n    2.0,\n    {\n"
            "      \"y\": [],\n      \"z\": null\n    }\n  ],\n  \"c\": {}\n}", "pretty");
    is_text("[1e22, 0.1, 0.30000000000000004, -0.0]", TB_JSON_LINE,
            "[1e+22, 0.1, 0.30000000000000004, -0.0]", "reals stay reals");
    char *null = tb_json_text(NULL, TB_JSON_PRETTY);
    is_str(null, "null", "NULL is null");
    free(null);
}

/* The run id of doc/frozen.md 10, from a map in another order. */
static void run_id(void)
{
    static const char text[] =
        "{\"seed\": 0, \"optim.lr\": 5e-4, \"method.lora.targets\": [\"q\", \"v\"],"
        " \"method.lora.r\": 8, \"method.lora.alpha\": 16.0, \"method.kind\": \"lora\","
        " \"data.kind\": \"pairs\", \"data.eval\": 0.1, \"data\": "
        "\"fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210\","
        " \"budget.unit\": \"tokens\", \"budget.n\": 100000, \"batch.rows\": 16, \"base\":"
        " \"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}";
    struct tb_json *j = parse(text);
    char *canonical = tb_json_text(j, TB_JSON_CANONICAL), hex[65];
    tb_sha256_hex(canonical, strlen(canonical), hex);
    hex[16] = '\0';
    is_str(hex, "2c5fa2f3063084e9", "run id");
    free(canonical);
    tb_json_free(j);
}

static void files(void)
{
    char dir[256];
    struct tb_err err = { 0 };
    const char *tmp = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%s/tb-json-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(dir)) {
        skip("loading", "no temporary folder");
        return;
    }
    char *path = tb_path_join(dir, "a.json");
    ok(tb_file_replace(path, "[1,\n2,\nx]", 9, &err), "written");
    ok(!tb_json_load(path, 100, &err) && err.line == 3 && !strcmp(err.where, path),
       "file and line");
    ok(tb_file_replace(path, "[1, 2]", 6, &err), "written");
    struct tb_json *j = tb_json_load(path, 6, &err);
    is_int(tb_json_len(j), 2, "loaded");
    tb_json_free(j);
    ok(!tb_json_load(path, 5, &err) && err.kind == TB_ERR_LIMIT, "too large");
    char *pipe = tb_path_join(dir, "pipe.json");
    ok(mkfifo(pipe, 0600) == 0 && !tb_json_load(pipe, 100, &err) && strcmp(err.where, pipe) == 0,
       "a pipe is not waited for");
    free(pipe);
    tb_dir_remove(dir, &err);
    ok(!tb_json_load(path, 100, &err) && err.kind == TB_ERR_NOTFOUND, "not found");
    free(path);
}

int main(void)
{
    refused();
    numbers();
    reading();
    making();
    forms();
    run_id();
    files();
    return done();
}
