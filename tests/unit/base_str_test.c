/* SPDX-License-Identifier: MIT */
/* base_str_test.c - strict numbers, edit distance, shortest reals. */
#include <stdlib.h>

#include "base/str.h"
#include "tests/tap.h"

static void pieces(void)
{
    static const char *const list[] = { "run", "rank", NULL };
    char s[5];
    ok(tb_str_starts("model.layers", "model.") && !tb_str_starts("mod", "model"), "starts");
    ok(tb_str_ends("a.gguf", ".gguf") && !tb_str_ends("gguf", ".gguf"), "ends");
    ok(tb_str_in("rank", list) && !tb_str_in("ran", list), "in");
    ok(tb_str_copy(s, sizeof s, "abcd") && strcmp(s, "abcd") == 0, "copy that fits");
    ok(!tb_str_copy(s, sizeof s, "abcde") && strcmp(s, "abcd") == 0, "copy that does not");
}

static void integers(void)
{
    static const char *const bad[] = { "", "-", " 1", "1 ", "+1", "1e3", "0x10", "1.0", "--1",
                                       "9223372036854775808", "-9223372036854775809", NULL };
    int64_t v = 5;
    ok(tb_str_int("-42", &v) && v == -42, "integer");
    ok(tb_str_int("9223372036854775807", &v) && v == INT64_MAX, "largest");
    ok(tb_str_int("-9223372036854775808", &v) && v == INT64_MIN, "smallest");
    for (int i = 0; bad[i]; i++)
        ok(!tb_str_int(bad[i], &v), "no integer: '%s'", bad[i]);
    ok(tb_str_count("60k", &v) && v == 60000, "60k");
    ok(tb_str_count("2M", &v) && v == 2000000, "2M");
    ok(tb_str_count("3G", &v) && v == 3000000000, "3G");
    ok(tb_str_count("1500", &v) && v == 1500, "1500");
    static const char *const no_count[] = { "", "k", "-1", "1K", "1kk", "1.5M", "10000000000G",
                                            "1k ", NULL };
    is_int(tb_str_count("9223372036854775k", &v), true, "9223372036854775k just fits");
    for (int i = 0; no_count[i]; i++)
        ok(!tb_str_count(no_count[i], &v), "no count: '%s'", no_count[i]);
}

static void reals(void)
{
    static const char *const bad[] = { "", ".", "-", "e5", "1e", "1e+", "inf", "nan", "0x1p3", " 1",
                                       "1 ", "1e999", "1,5", "+1", NULL };
    double v = 0;
    ok(tb_str_real("5e-4", &v) && v == 5e-4, "5e-4");
    ok(tb_str_real("-.5", &v) && v == -0.5, "-.5");
    ok(tb_str_real("3.", &v) && v == 3, "3.");
    ok(tb_str_real("12", &v) && v == 12, "12");
    for (int i = 0; bad[i]; i++)
        ok(!tb_str_real(bad[i], &v), "no real: '%s'", bad[i]);
}

static void distances(void)
{
    is_int(tb_str_distance("", "abc"), 3, "all inserted");
    is_int(tb_str_distance("kitten", "sitting"), 3, "kitten, sitting");
    is_int(tb_str_distance("rnak", "rank"), 1, "a swap is one edit");
    is_int(tb_str_distance("ca", "abc"), 3, "no piece is edited twice");
    is_int(tb_str_distance("lora", "lora"), 0, "same");
    static const char *const verbs[] = { "run", "report", "compare", "export", NULL };
    is_str(tb_str_nearest("reprot", verbs), "report", "typo");
    is_str(tb_str_nearest("EXPORT", verbs), "export", "case");
    ok(!tb_str_nearest("zzz", verbs), "nothing near");
    ok(!tb_str_nearest("rate", (const char *const[]){ "math", NULL }), "half of a short word is no typo");
    ok(!tb_str_nearest("", verbs) && !tb_str_nearest("x", verbs), "too short to tell");
}

static void shortest(void)
{
    static const struct { double v; const char *want; } cases[] = {
        { 0.1, "0.1" }, { 0.0005, "0.0005" }, { 1e-5, "1e-05" }, { 16, "16" }, { 1e22, "1e+22" },
        { 0.1 + 0.2, "0.30000000000000004" }, { 1.0 / 3, "0.3333333333333333" }, { -0.0, "-0" },
        { 5e-324, "4.94065645841247e-324" }, { 1.7976931348623157e308, "1.7976931348623157e+308" },
        { INFINITY, "inf" }, { -INFINITY, "-inf" }, { NAN, "nan" },
    };
    char s[40];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        is_str(tb_str_shortest(s, sizeof s, cases[i].v), cases[i].want, cases[i].want);
    uint64_t bits = 1;
    int wrong = 0;
    for (int i = 0; i < 20000; i++) {
        double v;
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        memcpy(&v, &bits, sizeof v);
        wrong += isfinite(v) && strtod(tb_str_shortest(s, sizeof s, v), NULL) != v;
    }
    is_int(wrong, 0, "20,000 reals of any size read back");
}

int main(void)
{
    pieces();
    integers();
    reals();
    distances();
    shortest();
    return done();
}
