/* SPDX-License-Identifier: MIT */
/* series_bench.c - what a long series costs a screen that draws it again and again.
 *
 *     series_bench [POINTS]    default 10,000,000: adding them one by one, raw and smoothed, then redraws of a chart
 *                              of 200 x 50 cells: all of it, and windows of it while it scrolls
 *
 * Times are the processor's. Never part of `make check`: they are not asserted. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "view/plot.h"
#include "view/pyramid.h"

enum { WIDTH = 200, HEIGHT = 50, ROUNDS = 200 };

static double value(uint32_t i)
{
    uint32_t h = i * 2654435761u;
    h ^= h >> 15;
    return h % 100003 == 0 ? 50 : 3 / sqrt(1 + i / 1e4) + (double)(h % 1000) / 3000;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of this process: others may share the machine. */
static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A redraw of from .. to: both curves out of their pyramids, then cells. */
static double redraw(const struct tb_pyramid *raw, const struct tb_pyramid *smooth, double from, double to)
{
    double begin = cpu_s();
    struct tb_plot_line line = { .label = "a long run" };
    struct tb_plot p = { .title = "train/loss", .x_name = "step", .line = &line, .n = 1, .width = WIDTH,
                         .height = HEIGHT, .depth = TB_DEPTH_256 };
    tb_pyramid_view(smooth, from, to, 2 * WIDTH, &line.s);
    tb_pyramid_view(raw, from, to, 2 * WIDTH, &line.raw);
    free(tb_plot_text(&p));
    tb_series_free(&line.s);
    tb_series_free(&line.raw);
    return cpu_s() - begin;
}

static void print(const char *what, double *s, int n)
{
    qsort(s, (size_t)n, sizeof *s, ascending);
    printf("%-36s median %7.3f ms, worst %7.3f ms of %d\n", what, 1e3 * s[n / 2], 1e3 * s[n - 1], n);
}

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000000;
    struct tb_pyramid raw = { 0 }, smooth = { 0 };
    struct tb_ema ema = { .weight = 0.99 };
    double s[ROUNDS], begin = cpu_s();
    if (n < 1000 || n >= UINT32_MAX - ROUNDS)
        return 2;
    for (uint32_t i = 0; i < n; i++) {
        tb_pyramid_add(&raw, i, value(i));
        tb_pyramid_add(&smooth, i, tb_ema_next(&ema, value(i)));
    }
    printf("%zu points, raw and smoothed: %.0f ns a point, %.0f MiB\n", n,
           1e9 * (cpu_s() - begin) / (double)n, (double)tb_mem_peak_bytes() / 0x1p20);
    for (uint32_t i = 0; i < ROUNDS; i++) { /* one more point before each, as while a run trains */
        uint32_t at = (uint32_t)n + i;
        tb_pyramid_add(&raw, at, value(at));
        tb_pyramid_add(&smooth, at, tb_ema_next(&ema, value(at)));
        s[i] = redraw(&raw, &smooth, 0, at);
    }
    print("redraw of all", s, ROUNDS);
    for (int i = 0; i < ROUNDS; i++)
        s[i] = redraw(&raw, &smooth, (double)n * i / (2 * ROUNDS), (double)n * (i + ROUNDS) / (2 * ROUNDS));
    print("redraw of a half, scrolling", s, ROUNDS);
    for (int i = 0; i < ROUNDS; i++)
        s[i] = redraw(&raw, &smooth, (double)n / 3, (double)n / 3 + pow(2, 26.0 * i / ROUNDS));
    print("redraw while zooming out", s, ROUNDS);
    begin = cpu_s();
    struct tb_series thin;
    tb_series_decimate(&raw.s, 2 * WIDTH, &thin);
    printf("%-36s %15.3f ms\n", "for comparison: decimation of all", 1e3 * (cpu_s() - begin));
    tb_series_free(&thin);
    tb_pyramid_free(&raw);
    tb_pyramid_free(&smooth);
    return 0;
}
