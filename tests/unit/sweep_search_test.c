/* SPDX-License-Identifier: MIT */
/* sweep_search_test.c - draws: bounds, readable values, the same for the same seed; and TPE's choice equal to a
 * reference written out here for one log-uniform rate and one choice. */
#include "sweep/search.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/tap.h"

enum { POINTS = 40, SEEN = 12 };

static const char arm_text[] =
    "{\"name\": \"lora\", \"templates\": [{\"method.kind\": \"lora\", \"seed\": 0,"
    " \"method.lr\": {\"draw\": \"log_uniform\", \"of\": [1e-4, 1e-1]},"
    " \"method.lora.r\": {\"draw\": \"choice\", \"of\": [2, 4, 8]},"
    " \"a\": {\"draw\": \"int\", \"of\": [3, 5]}, \"b\": {\"draw\": \"uniform\", \"of\": [-1, 1]}}]}";

static struct tb_json *parse(const char *text)
{
    struct tb_json *j = tb_json_parse(text, strlen(text), "test", NULL);
    if (!j)
        abort();
    return j;
}

static double real(const struct tb_json *map, const char *key)
{
    return tb_json_real(tb_json_get(map, key), NAN);
}

static void draws(void)
{
    struct tb_json *arm = parse(arm_text);
    int n_int[3] = { 0 }, n_low = 0;
    bool within = true, readable = true, same = true, differ = false;
    for (uint32_t i = 0; i < 600; i++) {
        struct tb_json *p = tb_space_draw(arm, 7, i), *again = tb_space_draw(arm, 7, i);
        struct tb_json *other = tb_space_draw(arm, 8, i);
        char text[32];
        double lr = real(p, "method.lr"), b = real(p, "b");
        int64_t a = tb_json_int(tb_json_get(p, "a"), -1);
        within = within && lr >= 1e-4 && lr <= 1e-1 && b >= -1 && b <= 1 && a >= 3 && a <= 5;
        snprintf(text, sizeof text, "%.3g", lr);
        readable = readable && strtod(text, NULL) == lr;
        same = same && tb_json_equal(p, again);
        differ = differ || !tb_json_equal(p, other);
        n_int[a >= 3 && a <= 5 ? a - 3 : 0]++;
        n_low += lr < sqrt(1e-4 * 1e-1);
        tb_json_free(p);
        tb_json_free(again);
        tb_json_free(other);
    }
    ok(within, "every value is within its range");
    ok(readable, "rates have 3 digits");
    ok(same && differ, "a draw is a function of the seed");
    ok(n_int[0] > 140 && n_int[1] > 140 && n_int[2] > 140, "integers are even: %d %d %d", n_int[0], n_int[1], n_int[2]);
    ok(n_low > 240 && n_low < 360, "log-uniform: half of the rates lie below the geometric middle (%d of 600)", n_low);
    struct tb_json *p = tb_space_draw(arm, 7, 3), *draft = tb_space_draft(arm, p);
    is_str(tb_json_str(tb_json_get(draft, "method.kind"), ""), "lora", "a draft has the template's plain values");
    near(real(draft, "method.lr"), real(p, "method.lr"), 0, "and the point's");
    tb_json_free(draft);
    tb_json_free(p);
    tb_json_free(arm);
}

/* ---- the reference */
static double phi(double x)
{
    return 0.5 * (1 + erf(x / sqrt(2)));
}

/* Parzen density of log10 rates in [-4, -1], with the rules of the head of tpe.c; v sorted. */
static double parzen(double x, const double *v, int n)
{
    double low = -4, high = -1, w = high - low, p = 0;
    for (int i = -1; i < n; i++) {
        double m = i < 0 ? (low + high) / 2 : v[i], s = w;
        if (i >= 0) {
            double left = m - (i ? v[i - 1] : low), right = (i < n - 1 ? v[i + 1] : high) - m;
            s = left > right ? left : right;
            s = s < w / (n + 2) ? w / (n + 2) : s;
            s = s > w ? w : s;
        }
        double z = (x - m) / s;
        p += exp(-z * z / 2) / (s * sqrt(2 * acos(-1))) / (phi((high - m) / s) - phi((low - m) / s));
    }
    return p / (n + 1);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

struct trial {
    double rate, value;
    int r;
};

static double reference_score(const struct trial *sorted, int n_good, double rate, int r)
{
    double v[2][SEEN], sum = 0;
    int n[2] = { 0, 0 }, count[2] = { 0, 0 };
    for (int i = 0; i < SEEN; i++) {
        int bad = i >= n_good;
        v[bad][n[bad]++] = log10(sorted[i].rate);
        count[bad] += sorted[i].r == r;
    }
    for (int bad = 0; bad < 2; bad++) {
        qsort(v[bad], (size_t)n[bad], sizeof(double), by_size);
        double l = log(parzen(log10(rate), v[bad], n[bad])) + log((count[bad] + 1.0) / (n[bad] + 3.0));
        sum += bad ? -l : l;
    }
    return sum;
}

static int by_value(const void *a, const void *b)
{
    const struct trial *x = a, *y = b;
    return x->value < y->value ? -1 : x->value > y->value;
}

static const char space_text[] =
    "{\"name\": \"lora\", \"templates\": [{\"method.kind\": \"lora\","
    " \"method.lr\": {\"draw\": \"log_uniform\", \"of\": [1e-4, 1e-1]},"
    " \"method.lora.r\": {\"draw\": \"choice\", \"of\": [2, 4, 8]}}]}";

/* A curve with its best rate at 1e-2, a little better with more rank. */
static double recorded(double rate, double r)
{
    double d = log10(rate) + 2;
    return 1 + d * d - 0.01 * r;
}

static void tpe(uint64_t seed)
{
    struct tb_json *arm = parse(space_text), *point[POINTS];
    struct tb_json *keys = parse("{\"trials\": 30, \"startup\": 4, \"gamma\": 0.25, \"seed\": 0}");
    struct tb_seen seen[SEEN];
    struct trial sorted[SEEN];
    bool is_taken[POINTS] = { false };
    for (int i = 0; i < POINTS; i++)
        point[i] = tb_space_draw(arm, seed, (uint32_t)i);
    const struct tb_search_ask ask = { keys, arm, (const struct tb_json *const *)point, is_taken, POINTS, seen, 0 };
    struct tb_search_ask q = ask;
    const struct tb_search *s = tb_search_find("tpe");
    is_int(s->next(&q), 0, "the first trials are the first points");
    for (int i = 0; i < SEEN; i++) {
        double rate = real(point[i], "method.lr"), r = real(point[i], "method.lora.r");
        is_taken[i] = true;
        seen[i] = (struct tb_seen){ point[i], recorded(rate, r) };
        sorted[i] = (struct trial){ rate, seen[i].value, (int)r };
    }
    qsort(sorted, SEEN, sizeof *sorted, by_value);
    q.n_seen = SEEN;
    int best = -1;
    double score = -INFINITY;
    for (int i = SEEN; i < POINTS; i++) {
        double x = reference_score(sorted, 3, real(point[i], "method.lr"), (int)real(point[i], "method.lora.r"));
        if (x > score) {
            score = x;
            best = i;
        }
    }
    is_int(s->next(&q), best, "the choice of the reference");
    is_int(s->next(&q), best, "asked again the same");
    double rate = real(point[best], "method.lr");
    ok(seed != 1 || (rate > 3e-3 && rate < 3e-2), "seed 1: near the best rate: %g", rate);
    seen[0].value = NAN;
    ok(s->next(&q) >= SEEN, "a failed trial does no harm");
    for (int i = 0; i < POINTS; i++)
        is_taken[i] = true;
    is_int(s->next(&q), -1, "nothing is left when all points are taken");
    for (int i = 0; i < POINTS; i++)
        tb_json_free(point[i]);
    tb_json_free(keys);
    tb_json_free(arm);
}

/* Two methods in one arm: rates of one say nothing about the other. */
static void by_method(void)
{
    struct tb_json *arm = parse("{\"name\": \"all\", \"templates\": ["
        "{\"method.kind\": \"lora\", \"method.lr\": {\"draw\": \"log_uniform\", \"of\": [1e-4, 1e-1]}},"
        "{\"method.kind\": \"prefix\", \"method.lr\": {\"draw\": \"log_uniform\", \"of\": [1e-4, 1e-1]}}]}");
    struct tb_json *keys = parse("{\"trials\": 30, \"startup\": 2, \"gamma\": 0.5, \"seed\": 0}");
    static const char *const texts[] = {
        "{\"method.lr\": 1e-3, \"template\": 0}", "{\"method.lr\": 9e-2, \"template\": 0}",
        "{\"method.lr\": 8e-2, \"template\": 1}", "{\"method.lr\": 2e-4, \"template\": 1}",
        "{\"method.lr\": 1.1e-3, \"template\": 0}", "{\"method.lr\": 7e-2, \"template\": 0}",
        "{\"method.lr\": 1.1e-3, \"template\": 1}", "{\"method.lr\": 7.5e-2, \"template\": 1}",
    };
    struct tb_json *point[8];
    struct tb_seen seen[4];
    bool is_taken[8] = { true, true, true, true, false, false, true, true };
    for (int i = 0; i < 8; i++)
        point[i] = parse(texts[i]);
    for (int i = 0; i < 4; i++) /* lora is good at 1e-3, prefix at 8e-2 */
        seen[i] = (struct tb_seen){ point[i], i % 2 == 0 ? 1 : 2 };
    struct tb_search_ask q = { keys, arm, (const struct tb_json *const *)point, is_taken, 8, seen, 4 };
    is_int(tb_search_find("tpe")->next(&q), 4, "LoRA's rate follows LoRA's trials");
    is_taken[4] = is_taken[5] = true;
    is_taken[6] = is_taken[7] = false;
    is_int(tb_search_find("tpe")->next(&q), 7, "and a prefix's those of prefixes");
    for (int i = 0; i < 8; i++)
        tb_json_free(point[i]);
    tb_json_free(keys);
    tb_json_free(arm);
}

int main(void)
{
    draws();
    for (uint64_t seed = 1; seed <= 12; seed++)
        tpe(seed);
    by_method();
    return done();
}
