/* SPDX-License-Identifier: MIT */
/* view_course_test.c - curves that grow: read bit by bit they are what they are read at once, also over a resume; the
 * metrics there are, and which are meant; bands over several. */
#include "view/course.h"

#include <math.h>
#include <stdlib.h>

#include "tests/tap.h"
#include "view/band.h"

enum { N = 200 };

static struct tb_train_row train_row[N];
static struct tb_eval_row eval_row[3];

static struct tb_metrics made(size_t n)
{
    for (int i = 0; i < N; i++)
        train_row[i] = (struct tb_train_row){ i + 1, 100.0 * (i + 1), 0.5 * (i + 1), 3.0 / (i + 1), 1e-3, 1, 500, 1e6 };
    for (int i = 0; i < 3; i++)
        eval_row[i] = (struct tb_eval_row){ 50.0 * i, 5000.0 * i, 25.0 * i, 2.0 - i, 10 };
    return (struct tb_metrics){ .train = train_row, .n_train = n, .eval = eval_row, .n_eval = 3, .step = (int64_t)n };
}

static bool is_same(const struct tb_course *a, const struct tb_course *b)
{
    const struct tb_series *x = &a->smooth.s, *y = &b->smooth.s;
    bool same = a->raw.s.n == b->raw.s.n && x->n == y->n;
    for (size_t i = 0; same && i < x->n; i++)
        same = x->x[i] == y->x[i] && x->y[i] == y->y[i] && a->raw.s.y[i] == b->raw.s.y[i];
    return same;
}

static void grows(void)
{
    struct tb_course_spec spec = { "train/loss", "tokens", 0.6 };
    struct tb_course bits = { 0 }, whole = { 0 };
    struct tb_metrics m = made(N);
    for (size_t n = 1; n <= N; n += 13) {
        m.n_train = n;
        m.step = (int64_t)n;
        tb_course_read(&bits, &spec, &m, 1, 1000);
    }
    m.n_train = m.step = N;
    ok(!tb_course_read(&bits, &spec, &m, 1, 1000) && bits.raw.s.n == N, "all points, a few at a time");
    tb_course_read(&whole, &spec, &m, 9, 1000);
    ok(is_same(&bits, &whole), "the same as at once");
    is_int(tb_course_read(&whole, &spec, &m, 10, 60), 1, "another reading begins anew, and there is more than 60 rows");
    is_int((long)whole.raw.s.n, 60, "in portions");
    spec.x = "step";
    tb_course_read(&bits, &spec, &m, 1, 1000);
    near(bits.raw.s.x[N - 1], N, 0, "another axis");
    tb_course_free(&bits);
    tb_course_free(&whole);
}

static void resumes(void)
{
    struct tb_course_spec spec = { "train/loss", "step", 0.9 };
    struct tb_course bits = { 0 }, whole = { 0 };
    struct tb_metrics m = made(N);
    tb_course_read(&bits, &spec, &m, 1, 1000);
    m.step = m.resumed_at = 40;
    m.n_resumes = 1;
    tb_course_read(&bits, &spec, &m, 1, 1000);
    is_int((long)bits.raw.s.n, 40, "steps that a resumed run has not reached again are gone");
    for (int i = 40; i < 60; i++)
        train_row[i].loss = 7;
    m.step = 60;
    tb_course_read(&bits, &spec, &m, 1, 1000);
    tb_course_read(&whole, &spec, &m, 2, 1000);
    ok(bits.raw.s.n == 60 && bits.raw.s.y[59] == 7 && is_same(&bits, &whole), "and come back as they are now");
    tb_course_free(&bits);
    tb_course_free(&whole);
}

static void gaps(void)
{
    struct tb_course_spec spec = { "train/loss", "step", 0.6 };
    struct tb_course c = { 0 };
    struct tb_metrics m = made(10);
    train_row[3].loss = INFINITY;
    train_row[4].loss = NAN;
    tb_course_read(&c, &spec, &m, 1, 1000);
    ok(isnan(c.raw.s.y[3]) && isnan(c.smooth.s.y[4]) && isfinite(c.smooth.s.y[5]), "what is not finite is a gap");
    spec.metric = "eval/loss";
    tb_course_read(&c, &spec, &m, 1, 1000);
    ok(c.smooth.s.n == 0 && tb_course_line(&c) == &c.raw && c.raw.s.n == 1, "evaluations so far, never smoothed");
    spec.metric = "nothing";
    tb_course_read(&c, &spec, &m, 1, 1000);
    is_int((long)c.raw.s.n, 0, "a metric that there is not");
    tb_course_free(&c);
}

static void metrics(void)
{
    struct tb_metrics m = made(N);
    const struct tb_metrics *of[] = { &m };
    struct tb_course_name list[16];
    for (int i = 0; i < 3; i++) {
        tb_measures_put(&m.measures, &(struct tb_measure){ .step = 50 * i, .name = "bleu", .value = 10 * i });
        tb_measures_put(&m.measures, &(struct tb_measure){ .step = 50 * i, .name = "forget/loss", .value = 2 });
    }
    size_t n = tb_course_list(of, 1, list, 16);
    is_int((long)n, 9, "metrics of a run");
    is_str(list[0].name, "train/loss", "losses first");
    is_str(list[1].name, "eval/loss", "of both kinds");
    is_str(list[2].name, "eval/bleu", "then what evaluations measure beside");
    ok(list[0].better == -1 && list[2].better == 1 && list[3].better == -1, "which way is better");
    ok(list[4].is_constant && !list[0].is_constant, "gradient norms that are all the same are constant");
    is_int((long)tb_course_list(of, 1, list, 2), 2, "no more than asked for");
    struct tb_course c = { 0 };
    struct tb_course_spec spec = { "eval/bleu", "tokens", 0.6 };
    m.step = 60;
    tb_course_read(&c, &spec, &m, 1, 1000);
    ok(c.raw.s.n == 2 && c.raw.s.y[1] == 10 && c.raw.s.x[1] == 5000, "a measure at its evaluations");
    m.step = N;
    tb_course_read(&c, &spec, &m, 1, 1000);
    ok(c.raw.s.n == 3 && c.raw.s.y[2] == 20 && c.smooth.s.n == 0, "and one more");
    tb_course_free(&c);
    tb_measures_free(&m.measures);
    m.n_train = m.n_eval = 0;
    is_int((long)tb_course_list(of, 1, list, 16), 0, "none of a run without steps");
}

static void patterns(void)
{
    struct tb_err err = { 0 };
    ok(tb_course_is_meant("lr", "", NULL) == 1 && tb_course_is_meant("lr", "loss, LR", NULL) == 1
           && tb_course_is_meant("eval/loss", "^train/|norm", NULL) == 0
           && tb_course_is_meant("grad_norm", "^train/|norm", NULL) == 1,
       "words and regular expressions");
    ok(tb_course_is_meant("lr", "a(", &err) == -1 && strstr(err.text, "byte 2"), "one that is none: %s", err.text);
}

static struct tb_pyramid line(double from, double to, double slope, double spike)
{
    struct tb_pyramid p = { 0 };
    for (double x = from; x <= to; x++)
        tb_pyramid_add(&p, x, slope * x + (x == spike ? 50 : 0));
    return p;
}

static void bands(void)
{
    struct tb_pyramid a = line(0, 100, 1, -1), b = line(0, 50, 3, 20);
    const struct tb_pyramid *of[] = { &a, &b };
    struct tb_band band;
    tb_band_make(&band, of, 2, 0, 100, 10);
    near(band.mean.y[0], 10, 1e-9, "the mean of both in the middle of a part");
    near(band.mean.y[9], 95, 1e-9, "of the one that is left where the other has ended");
    near(band.low.y[0], 0, 1e-9, "down to the lowest");
    near(band.high.y[2], 110, 1e-9, "up to the highest: a spike is not lost");
    tb_band_free(&band);
    near(tb_pyramid_value(&a, 2.5), 2.5, 1e-12, "between two points");
    ok(isnan(tb_pyramid_value(&b, 60)) && isnan(tb_pyramid_value(&b, -1)), "not beyond the ends");
    struct tb_series s;
    tb_pyramid_window(&a, 10.5, 20.5, 100, &s);
    ok(s.n == 12 && s.x[0] == 10 && s.x[11] == 21, "a window has the points on both sides of it");
    tb_series_free(&s);
    tb_pyramid_free(&a);
    tb_pyramid_free(&b);
}

int main(void)
{
    grows();
    resumes();
    gaps();
    metrics();
    patterns();
    bands();
    return done();
}
