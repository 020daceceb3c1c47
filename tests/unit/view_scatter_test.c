/* SPDX-License-Identifier: MIT */
/* Runs as points: a letter each or one a method, the front, values that are unknown or not above 0. */
#include "view/scatter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "tests/tap.h"

enum { N = 60 };
static struct tb_run_item items[N];
static const struct tb_run_item *item[N];
static const char *label[N];

static void fill(void)
{
    for (int i = 0; i < N; i++) {
        struct tb_run_summary *s = &items[i].sum;
        tb_str_copy(s->method, sizeof s->method, i % 2 ? "lora" : "prompt");
        s->lr = i == 5 ? NAN : i == 6 ? 0 : pow(10, -(i % 10) / 2.0);
        s->last_eval = 1 + 0.01 * i;
        item[i] = &items[i];
        label[i] = i == 1 ? "evil\033[2J" : "a run";
    }
}

static char *drawn(size_t n, const bool *front, bool is_log_x, bool has_labels, bool is_svg)
{
    struct tb_scatter s = { item, n, tb_run_column_named("lr"), tb_run_column_named("eval"), has_labels ? label : NULL,
                            front, NULL };
    struct tb_plot look = { .width = 60, .height = 14, .glyphs = TB_GLYPHS_ASCII, .is_log_x = is_log_x };
    return tb_scatter_draw(&s, &look, is_svg);
}

/* How often a letter stands in the chart, the legend left out. */
static int count(const char *text, char letter)
{
    int n = 0;
    for (const char *at = text; (at = strpbrk(at, "|+")); at += strcspn(at, "\n"))
        for (const char *c = at; *c && *c != '\n'; c++)
            n += *c == letter;
    return n;
}

static void letters(void)
{
    char *text = drawn(4, NULL, true, true, false);
    ok(count(text, 'A') == 1 && count(text, 'B') == 1 && count(text, 'D') == 1 && !count(text, 'E'), "a letter a run");
    ok(strstr(text, "eval_loss  x: lr (log)") && strstr(text, "C a run") && !strchr(text, '\033'), "title and legend");
    free(text);
    text = drawn(8, NULL, true, true, false);
    ok(!count(text, 'F') && !count(text, 'G') && count(text, 'H'), "without a rate above 0 there is no point");
    free(text);
    static const size_t arm[] = { 7, 7, 9, 7 };
    struct tb_scatter s = { .item = item, .n = 4, .x = tb_run_column_named("lr"), .y = tb_run_column_named("eval"),
                            .label = label, .arm = arm };
    struct tb_plot look = { .width = 60, .height = 14, .glyphs = TB_GLYPHS_ASCII, .is_log_x = true };
    text = tb_scatter_draw(&s, &look, false);
    ok(count(text, 'A') == 3 && count(text, 'B') == 1 && !count(text, 'C'), "a letter an arm");
    free(text);
    text = drawn(N, NULL, true, true, false);
    ok(strstr(text, "A prompt") && strstr(text, "B lora") && count(text, 'A') > 10 && count(text, 'B') > 10,
       "a letter a method where runs are many");
    free(text);
    text = drawn(8, NULL, false, false, false);
    ok(strstr(text, "A prompt"), "or have no labels");
    free(text);
    text = drawn(1, NULL, false, true, false);
    ok(count(text, 'o') == 1, "one run is a ring");
    free(text);
    text = drawn(0, NULL, false, true, false);
    ok(strstr(text, "nothing to draw"), "none");
    free(text);
}

static void fronts(void)
{
    bool front[N] = { [0] = true, [9] = true };
    char *text = drawn(10, front, true, true, false);
    ok(strstr(text, "K front") && count(text, 'K') > 10 && count(text, 'A') == 1,
       "a line through the front, below points");
    free(text);
    text = drawn(10, front, false, true, true);
    ok(strstr(text, "<svg") && strstr(text, "<polyline class=\"line\"") && strstr(text, "<circle cx"), "also as SVG");
    ok(!strchr(text, '\033'), "which is safe");
    free(text);
    front[9] = false;
    text = drawn(10, front, true, true, false);
    ok(!strstr(text, "front"), "one run is no line");
    free(text);
}

int main(void)
{
    fill();
    letters();
    fronts();
    return done();
}
