/* SPDX-License-Identifier: MIT */
/* Charts: never outside their box, extremes drawn, gaps left open, ticks round and apart; values out of damaged files
 * (NaN, infinity, 1e308, denormal); a few golden frames; SVG; legends. */
#include "view/plot.h"

#include <float.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "tests/tap.h"
#include "view/axis.h"
#include "view/legend.h"

enum { N = 1500 };
static double X[N], DOWN[N], NOISE[N], WILD[N], SPIKE[N], NONE[N], FLAT[N], HUGE_[N], TINY[N];

static void fill(void)
{
    uint32_t seed = 7;
    for (int i = 0; i < N; i++) {
        seed = seed * 1664525 + 1013904223;
        X[i] = i;
        DOWN[i] = 1 + 2 * exp(-i / 500.0);
        NOISE[i] = (double)(seed >> 16) / 65536;
        WILD[i] = i % 7 == 0 ? NAN : i % 7 == 1 ? INFINITY : i % 7 == 2 ? -DBL_MAX : i % 7 == 3 ? DBL_MAX : NOISE[i];
        SPIKE[i] = i == 777 ? 9 : i == 1201 ? -4 : 1 + NOISE[i] / 10;
        NONE[i] = NAN;
        FLAT[i] = 2.5;
        HUGE_[i] = i % 2 ? 1e308 : -1e308;
        TINY[i] = DBL_TRUE_MIN * (i % 3);
    }
}

static struct tb_series series(double *y, size_t n)
{
    return (struct tb_series){ X, y, n };
}

/* Takes colours out of text, in place. */
static void strip(char *s)
{
    char *to = s;
    while (*s)
        if (*s == '\033')
            s += strcspn(s, "m") + 1;
        else
            *to++ = *s++;
    *to = '\0';
}

/* The first thing that is wrong with a frame, or NULL. */
static const char *fault(const struct tb_plot *p)
{
    static char words[120];
    char *text = tb_plot_text(p);
    int lines = 0, widest = 0;
    bool has_escape = strchr(text, '\033') != NULL, is_ascii = true, is_safe;
    strip(text);
    for (char *at = text; *at; at += strcspn(at, "\n") + 1, lines++) {
        int w = tb_utf8_width(at, strcspn(at, "\n"));
        widest = w > widest ? w : widest;
    }
    for (char *at = text; *at; at++)
        is_ascii = is_ascii && !(*at & 0x80);
    is_safe = tb_utf8_valid(text, strlen(text)) && strspn(text, "\n") < strlen(text) + 1 && !strchr(text, '\r');
    free(text);
    snprintf(words, sizeof words, "%d lines of %d columns in a box of %d x %d", lines, widest, p->width, p->height);
    if (lines > p->height || widest > p->width)
        return words;
    if (has_escape && p->depth == TB_DEPTH_MONO)
        return "a colour where there are none";
    if (!is_ascii && p->glyphs == TB_GLYPHS_ASCII)
        return "more than ASCII";
    return is_safe ? NULL : "bytes that are no text";
}

static void boxes(void)
{
    static double *const kinds[] = { DOWN, NOISE, WILD, SPIKE, NONE, FLAT, HUGE_, TINY };
    struct tb_plot_line line[TB_PLOT_LINES];
    const char *bad = NULL;
    int n = 0;
    for (size_t i = 0; i < TB_PLOT_LINES; i++)
        line[i] = (struct tb_plot_line){ .s = series(kinds[i % 8], i % 3 ? 300 : N), .raw = series(NOISE, 200),
                                         .marks = series(DOWN, i % 2 ? 5 : 0), .label = "näme\033[2J of a run" };
    for (int w = 0; w <= 130 && !bad; w += w < 28 ? 1 : 31)
        for (int h = 0; h <= 45 && !bad; h += h < 10 ? 1 : 17)
            for (int kind = 0; kind < 3 * 2 * 4 && !bad; kind++, n++) {
                static const size_t lines[] = { 0, 1, 3, TB_PLOT_LINES };
                struct tb_plot p = { "train/loss", "tokens", line, lines[kind % 4], w, h, (enum tb_glyphs)(kind / 8),
                                     kind / 4 % 2 ? TB_DEPTH_256 : TB_DEPTH_MONO, kind % 5 == 0, kind % 7 == 0,
                                     kind % 11 == 0, kind % 13 == 0, NULL };
                bad = fault(&p);
            }
    ok(!bad && n > 5000, "%d frames inside their boxes%s%s", n, bad ? ": " : "", bad ? bad : "");
}

static void kinds(void)
{
    static const struct { double *y; size_t n; const char *what; } of[] = {
        { DOWN, 0, "no point" }, { DOWN, 1, "one point" }, { NONE, N, "all NaN" }, { FLAT, N, "a flat line" },
        { HUGE_, N, "values of both signs whose span overflows" }, { TINY, N, "denormal values" },
        { WILD, N, "anything" },
    };
    for (size_t i = 0; i < sizeof of / sizeof *of; i++)
        for (int is_log = 0; is_log < 2; is_log++) {
            struct tb_plot_line line = { .s = series(of[i].y, of[i].n), .label = "a" };
            struct tb_plot p = { "m", "step", &line, 1, 60, 12, TB_GLYPHS_ASCII, TB_DEPTH_MONO, is_log, false, false,
                                 false, NULL };
            const char *bad = fault(&p);
            char *text = tb_plot_text(&p), *svg = tb_plot_svg(&p);
            bool is_empty = strstr(text, "nothing to draw") != NULL, wants_empty = of[i].n == 0 || of[i].y == NONE;
            ok(!bad && is_empty == wants_empty && (is_empty || strchr(text, '*')) && !strstr(svg, "nan"), "%s%s%s",
               of[i].what, is_log ? ", log y" : "", bad ? bad : "");
            free(svg);
            free(text);
        }
}

/* Line i of text, without its end; static. */
static const char *row(const char *text, int i)
{
    static char line[2000];
    while (i-- > 0 && *text)
        text += strcspn(text, "\n") + 1;
    snprintf(line, sizeof line, "%.*s", (int)strcspn(text, "\n"), text);
    return line;
}

static void extremes(void)
{
    for (int g = 0; g < 3; g++)
        for (int h = 8; h < 30; h += 7) {
            struct tb_plot_line line = { .s = series(SPIKE, N), .label = "a" };
            struct tb_plot p = { "m", "step", &line, 1, 70, h, (enum tb_glyphs)g, TB_DEPTH_MONO, false, false, false,
                                 false, NULL };
            char *text = tb_plot_text(&p);
            const char *axis = g == TB_GLYPHS_ASCII ? "|+" : "│┤";
            char top[2000], *end;
            snprintf(top, sizeof top, "%s", row(text, 1));
            end = strpbrk(top, axis);
            bool has_top = end && strspn(end + strcspn(end, " "), " ") > 5 && top[strlen(top) - 1] != ' ';
            const char *low = row(text, h - 3);
            ok(has_top && strlen(low) > strlen("-4 ") + 5, "spikes are in the first and the last row of %d", h - 3);
            free(text);
        }
}

/* Places ascend in 0 .. 1, there are 2 to most, and no two have the same text. */
static bool ticks_are_good(double low, double high, bool is_log, bool is_time)
{
    struct tb_axis a;
    struct tb_tick t[TB_AXIS_TICKS];
    tb_axis_open(&a, low, high, is_log, is_time);
    for (size_t most = 0; most <= TB_AXIS_TICKS; most++) {
        size_t n = tb_axis_ticks(&a, most, t);
        bool good = n >= 2 && n <= (most < 2 ? 2 : most);
        for (size_t i = 0; good && i < n; i++)
            good = t[i].place >= 0 && t[i].place <= 1 && *t[i].text
                && (!i || (t[i].place > t[i - 1].place && strcmp(t[i].text, t[i - 1].text) != 0));
        if (good)
            continue;
        printf("# %g .. %g, at most %zu: %zu\n", low, high, most, n);
        for (size_t i = 0; i < n; i++)
            printf("#   %g %s\n", t[i].place, t[i].text);
        return false;
    }
    return true;
}

static const char *ticks(double low, double high, size_t most, bool is_log, bool is_time)
{
    static char words[400];
    struct tb_axis a;
    struct tb_tick t[TB_AXIS_TICKS];
    tb_axis_open(&a, low, high, is_log, is_time);
    size_t n = tb_axis_ticks(&a, most, t);
    words[0] = '\0';
    for (size_t i = 0; i < n; i++)
        snprintf(words + strlen(words), sizeof words - strlen(words), "%s%s", i ? " " : "", t[i].text);
    return words;
}

static void axes(void)
{
    static const double spans[][2] = {
        { 0, 1 }, { 0, 0 }, { 3, 3 }, { 1, -1 }, { -1e308, 1e308 }, { -DBL_MAX, DBL_MAX }, { 0, DBL_TRUE_MIN },
        { 1, 1 + DBL_EPSILON }, { 1e15, 1e15 + 1 }, { 0.1, 0.100001 }, { DBL_MAX, DBL_MAX }, { 7, 2e6 }, { 1e-9, 3e-9 },
        { -0.3, 0.4 }, { 12345, 12399 }, { 1e-300, 1e300 }, { 0.9, 1.1 }, { 99, 1e4 }, { 1.142, 3.4 }, { 1e9, 3e9 },
    };
    size_t n = 0, n_all = sizeof spans / sizeof *spans;
    for (size_t i = 0; i < n_all; i++)
        for (int k = 0; k < 3; k++)
            n += (k == 1 && spans[i][0] <= 0) || ticks_are_good(spans[i][0], spans[i][1], k == 1, k == 2);
    is_int(n, 3 * n_all, "ticks of spans of every size");
    is_str(ticks(0.93, 3.41, 6, false, false), "1.0 1.5 2.0 2.5 3.0", "halves");
    is_str(ticks(0, 2e6, 5, false, false), "0 0.5M 1.0M 1.5M 2.0M", "millions");
    is_str(ticks(-0.3, 0.4, 8, false, false), "-0.3 -0.2 -0.1 0 0.1 0.2 0.3 0.4", "zero is zero");
    is_str(ticks(1e-5, 3e-4, 6, false, false), "5e-5 1.0e-4 1.5e-4 2.0e-4 2.5e-4 3.0e-4", "rates");
    is_str(ticks(0.02, 300, 6, true, false), "0.1 1 10 100", "decades");
    is_str(ticks(0.9, 12, 8, true, false), "1 2 5 10", "parts of decades");
    is_str(ticks(0, 5400, 4, false, true), "0 30m 1h 1h30m", "time");
    is_str(ticks(0, 40, 5, false, true), "0 10s 20s 30s 40s", "seconds");
    struct tb_axis a;
    tb_axis_open(&a, -1e308, 1e308, false, false);
    near(tb_axis_place(&a, 0), 0.5, 1e-12, "the middle of a span that overflows");
    ok(isnan(tb_axis_place(&a, NAN)) && isnan(tb_axis_place(&a, INFINITY)), "no place for what is no number");
}

static void frame(const struct tb_plot *p, const char *want, const char *what)
{
    char *text = tb_plot_text(p);
    is_str(text, want, what);
    free(text);
}

static void golden(void)
{
    static double x[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 },
                  a[] = { 3, 2.4, 2, 1.7, 1.5, 1.35, 1.25, 1.15, 1.1, 1.05, 1 },
                  b[] = { 3, 2.8, 2.6, NAN, NAN, NAN, 2, 1.9, 1.8, 1.75, 1.7 }, mx[] = { 0, 5, 10 },
                  my[] = { 3, 1.4, 1.1 };
    struct tb_plot_line line[] = { { .s = { x, a, 11 }, .marks = { mx, my, 3 }, .label = "lora" },
                                   { .s = { x, b, 11 }, .label = "prefix" } };
    struct tb_plot p = { "train/loss", "step", line, 1, 34, 10, TB_GLYPHS_BRAILLE, TB_DEPTH_MONO, false, false, false,
                         false, NULL };
    frame(&p,
          "train/loss  x: step  lora\n"
          "3 ┤o⡄\n"
          "  │ ⠈⢢\n"
          "  │   ⠑⢄⡀\n"
          "2 ┤     ⠈⠢⡀\n"
          "  │       ⠈⠑⠤⣀⡀\n"
          "  │           ⠈⠉⠒⠒o⢄⣀\n"
          "1 ┤                  ⠉⠉⠒⠒⠒⠤⠤⠤⠤⠤⠤⣀o\n"
          "  └┬──────────────┬──────────────┬\n"
          "   0              5             10\n", "braille");
    p.glyphs = TB_GLYPHS_BLOCK;
    p.height = 8;
    frame(&p,
          "train/loss  x: step  lora\n"
          "3 ┤o▖\n"
          "  │ ▝▚▄▖\n"
          "  │    ▝▀▀▄▖\n"
          "  │        ▝▀▚▄▄▄▄o▄\n"
          "1 ┤                 ▀▀▀▀▀▀▄▄▄▄▄▄▄o\n"
          "  └┬──────────────┬──────────────┬\n"
          "   0              5             10\n", "quarters");
    p.n = 2;
    p.glyphs = TB_GLYPHS_ASCII;
    p.height = 12;
    frame(&p,
          "train/loss  x: step\n"
          "A lora   B prefix\n"
          "3 +aB\n"
          "  | AABBBB\n"
          "  |   AA\n"
          "2 +     AA          BB\n"
          "  |       AA          BBBBBBBBB\n"
          "  |         AAAAA              BBB\n"
          "  |              AaAAAAAA\n"
          "1 +                      AAAAAAAaA\n"
          "  ++--------------+-------------+\n"
          "   0              5            10\n", "letters, a gap, a legend");
    p.width = 20;
    p.height = 4;
    frame(&p,
          "train/loss  x: step\n"
          "aBBBB\n"
          " AAAAAAA   BBBBBBBBB\n"
          "        AaAAAAAAAAaA\n", "a small box has no axes and no legend");
    p.n = 1;
    p.width = 30;
    p.height = 6;
    p.depth = TB_DEPTH_16;
    line[0].raw = (struct tb_series){ x, b, 11 };
    frame(&p,
          "train/loss  x: step  lora\n"
          "3 +\033[36mo*\033[0m\033[2;36m....\033[0m\n"
          "  |  \033[36m**********\033[0m    \033[2;36m...........\033[0m\n"
          "1 +            \033[36m*o************o\033[0m\n"
          "  ++------------+------------+\n"
          "   0            5           10\n", "colours: the raw curve is dimmed behind");
}

/* A part of the axis, a line at a cursor, a band, and where the chart lies in its box. */
static void views(void)
{
    double x[] = { 0, 4, 8 }, y[] = { 0, 4, 8 }, low[] = { 0, 2, 4 }, high[] = { 4, 6, 8 };
    struct tb_plot_line line = { .s = { x, y, 3 }, .label = "a" };
    struct tb_plot_view view = { .x_from = 2, .x_to = 6, .cursor = NAN, .gutter = 6, .is_bare = true };
    struct tb_plot p = { .title = "m", .x_name = "step", .line = &line, .n = 1, .width = 24, .height = 7,
                         .glyphs = TB_GLYPHS_ASCII, .view = &view };
    struct tb_plot_frame f;
    frame(&p,
          "   6 +              ***\n"
          "     |          ****\n"
          "     |      ****\n"
          "     |  ****\n"
          "   2 +**\n"
          "     ++-------+-------+\n"
          "      2       4       6\n", "a part of it: the line goes on to its edges");
    tb_plot_frame(&p, &f);
    ok(f.left == 6 && f.top == 0 && f.columns == 17 && f.rows == 5, "the chart in its box");
    near(tb_plot_frame_x(&f, 0), 2, 1e-12, "x of its first column");
    near(tb_plot_frame_x(&f, 8), 4, 1e-12, "of the one in the middle");
    near(tb_plot_frame_x(&f, 99), 6, 1e-12, "and beyond the last");
    view.x_from = view.x_to = 0;
    view.cursor = 4;
    view.y_from = 2;
    view.y_to = 6;
    frame(&p,
          "   6 +        |  ******\n"
          "     |        |**\n"
          "     |       **\n"
          "     |     ** |\n"
          "   2 +*****   |\n"
          "     ++---------+------\n"
          "      0         5\n", "a line at the cursor, and what is beyond at the edge");
    line.low = (struct tb_series){ x, low, 3 };
    line.high = (struct tb_series){ x, high, 3 };
    view.cursor = NAN;
    view.y_to = view.y_from;
    frame(&p,
          "     |            . ***\n"
          "   5 +     . . .**** .\n"
          "     |. . . ****. . . .\n"
          "     | .**** . . .\n"
          "   0 +**.\n"
          "     ++---------+------\n"
          "      0         5\n", "a band from low to high");
    char *svg = tb_plot_svg(&p);
    ok(strstr(svg, "class=\"band\" points=") != NULL, "and as SVG");
    free(svg);
}

static size_t count(const char *text, const char *word)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, word)); at++)
        n++;
    return n;
}

static void svg(void)
{
    struct tb_plot_line line[] = { { .s = series(DOWN, N), .label = "a <b> & \"c\"\033[2J" },
                                   { .s = series(NOISE, N), .marks = series(DOWN, 3), .label = "b" },
                                   { .s = series(NONE, N), .label = "c" } };
    struct tb_plot p = { "train/loss", "tokens", line, 3, 80, 24, TB_GLYPHS_BRAILLE, TB_DEPTH_MONO, false, false, false,
                         false, NULL };
    char *text = tb_plot_svg(&p);
    ok(strncmp(text, "<svg xmlns=", 11) == 0 && strcmp(text + strlen(text) - 7, "</svg>\n") == 0, "one svg element");
    is_int(count(text, "<polyline"), 2, "a polyline for each run that has values");
    is_int(count(text, "r=\"3.5\""), 3, "a circle for each mark");
    ok(!strstr(text, "<script") && !strstr(text, "href") && !strstr(text, "\033") && !strstr(text, "nan"),
       "nothing from elsewhere");
    ok(strstr(text, "a &#60;b&#62; &#38; &#34;c&#34;"), "labels are escaped");
    is_int(count(text, "<g "), count(text, "</g>"), "groups are closed");
    free(text);
}

static struct tb_metrics run_of(const char *name, const char *config)
{
    struct tb_metrics m;
    tb_metrics_init(&m);
    struct tb_json *run = tb_json_new_map();
    tb_json_set(run, "name", tb_json_new_str(name));
    tb_json_set(run, "run_id", tb_json_new_str("0123456789abcdef"));
    tb_json_set(m.facts, "run", run);
    tb_json_set(m.facts, "config", tb_json_parse(config, strlen(config), "config", NULL));
    return m;
}

static void legend_is(const char *a, const char *b, const char *want_a, const char *want_b, const char *what)
{
    struct tb_metrics x = run_of("one", a), y = run_of("two", b);
    const struct tb_metrics *both[] = { &x, &y };
    char **words = tb_legend_make(both, 2);
    is_str(words[0], want_a, what);
    is_str(words[1], want_b, what);
    tb_legend_free(words, 2);
    tb_metrics_free(&x);
    tb_metrics_free(&y);
}

static void legends(void)
{
    legend_is("{\"method.kind\":\"lora\",\"method.lora.r\":8,\"seed\":0}",
              "{\"method.kind\":\"lora\",\"method.lora.r\":16,\"seed\":0}", "r 8", "r 16", "what differs");
    legend_is("{\"method.kind\":\"lora\",\"method.lora.r\":8,\"optim.lr\":0.0005}",
              "{\"method.kind\":\"prefix\",\"method.prefix.tokens\":20,\"optim.lr\":0.005}", "lora lr 5e-4",
              "prefix lr 5e-3", "the method, without keys of one method alone");
    legend_is("{\"seed\":1,\"exec.threads\":1}", "{\"seed\":1,\"exec.threads\":2}", "one", "two",
              "names where nothing differs that matters");
    legend_is("{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1}", "{\"a\":2,\"b\":2,\"c\":2,\"d\":2,\"e\":2}", "one", "two",
              "names where too much differs");
    legend_is("{\"x.t\":[\"q\",\"v\"]}", "{\"x.t\":[\"q\"]}", "t q+v", "t q", "lists");
    struct tb_metrics x = run_of("same", "{}");
    const struct tb_metrics *both[] = { &x, &x };
    char **words = tb_legend_make(both, 2);
    is_str(words[0], "same 01234567", "equal names are told apart by their ids");
    tb_legend_free(words, 2);
    tb_metrics_free(&x);
}

int main(void)
{
    fill();
    boxes();
    kinds();
    extremes();
    axes();
    golden();
    views();
    svg();
    legends();
    return done();
}
