/* SPDX-License-Identifier: MIT */
/* band.c - curves have their points at different x (rows have different lengths), so the mean is taken between points;
 * what counts for the edges is every point. */
#include "view/band.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

static void open(struct tb_series *s, size_t n)
{
    *s = (struct tb_series){ tb_xcalloc(n + 1, sizeof(double)), tb_xcalloc(n + 1, sizeof(double)), n };
}

static void widen(struct tb_band *b, size_t part, double y)
{
    if (isnan(y))
        return;
    b->low.y[part] = fmin(b->low.y[part], y); /* of NaN and a number the number */
    b->high.y[part] = fmax(b->high.y[part], y);
}

/* Values in the middles of the parts are summed up in b->mean, counted in n_at. */
static void add(struct tb_band *b, const struct tb_pyramid *p, double from, double to, size_t *n_at)
{
    struct tb_series points;
    size_t parts = b->mean.n;
    tb_pyramid_view(p, from, to, parts, &points);
    for (size_t i = 0; i < points.n; i++)
        widen(b, tb_series_bucket(from, to, points.x[i], parts), points.y[i]);
    tb_series_free(&points);
    for (size_t i = 0; i < parts; i++) {
        double y = tb_pyramid_value(p, b->mean.x[i]);
        widen(b, i, y);
        b->mean.y[i] += isnan(y) ? 0 : y;
        n_at[i] += !isnan(y);
    }
}

void tb_band_make(struct tb_band *b, const struct tb_pyramid *const *p, size_t n, double from, double to, size_t parts)
{
    size_t *n_at = tb_xcalloc(parts + 1, sizeof *n_at);
    open(&b->mean, parts);
    open(&b->low, parts);
    open(&b->high, parts);
    for (size_t i = 0; i < parts; i++) {
        b->mean.x[i] = b->low.x[i] = b->high.x[i] = from + (to - from) * ((double)i + 0.5) / (double)parts;
        b->low.y[i] = b->high.y[i] = NAN;
    }
    for (size_t i = 0; i < n; i++)
        add(b, p[i], from, to, n_at);
    for (size_t i = 0; i < parts; i++)
        b->mean.y[i] = n_at[i] ? b->mean.y[i] / (double)n_at[i] : NAN;
    free(n_at);
}

void tb_band_free(struct tb_band *b)
{
    tb_series_free(&b->mean);
    tb_series_free(&b->low);
    tb_series_free(&b->high);
}
