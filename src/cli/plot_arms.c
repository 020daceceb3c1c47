/* SPDX-License-Identifier: MIT */
/* plot_arms.c - seeds into arms, and arms into bands. */
#include "cli/plot_arms.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "view/band.h"
#include "view/groups.h"

size_t tb_plot_lines(const struct tb_pick *run, size_t n, bool is_band, size_t *line_of)
{
    size_t n_lines = 0;
    for (size_t i = 0; i < n; i++) {
        const char *arm = run[i].item.sum.arm;
        size_t k = is_band && *arm ? 0 : i;
        while (k < i && strcmp(run[k].item.sum.arm, arm) != 0)
            k++;
        line_of[i] = k < i ? line_of[k] : n_lines++;
    }
    return n_lines;
}

void tb_plot_name_arms(char **legend, const struct tb_pick *run, size_t n, const size_t *line_of)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++) {
            char **label = &legend[line_of[k]];
            if (line_of[k] != line_of[i] || strcmp(*label, run[k].item.sum.name) != 0)
                continue;
            free(*label);
            *label = tb_run_arm_name(&run[k].item.sum);
        }
}

/* Points in the order of x; a pyramid holds no others. */
static struct tb_pyramid pyramid_of(const struct tb_series *s)
{
    struct tb_pyramid p = { 0 };
    for (size_t i = 0; i < s->n; i++)
        tb_pyramid_add(&p, s->x[i], isfinite(s->y[i]) ? s->y[i] : NAN);
    return p;
}

void tb_plot_band(struct tb_plot_line *l, const struct tb_series *s, size_t n, size_t parts)
{
    struct tb_pyramid *p = tb_xcalloc(n, sizeof *p);
    const struct tb_pyramid **of = tb_xcalloc(n, sizeof *of);
    double from = INFINITY, to = -INFINITY;
    struct tb_band band;
    for (size_t i = 0; i < n; i++) {
        p[i] = pyramid_of(&s[i]);
        of[i] = &p[i];
        if (!p[i].s.n)
            continue;
        from = fmin(from, p[i].s.x[0]);
        to = fmax(to, p[i].s.x[p[i].s.n - 1]);
    }
    tb_band_make(&band, of, n, from, to, from <= to ? parts : 0);
    l->s = band.mean;
    l->low = band.low;
    l->high = band.high;
    for (size_t i = 0; i < n; i++)
        tb_pyramid_free(&p[i]);
    free(of);
    free(p);
}
