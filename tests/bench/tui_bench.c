/* SPDX-License-Identifier: MIT */
/* tui_bench.c - what the workbench costs.
 *
 *     tui_bench paint STORE       first paint of a store (made by store_bench 1000 STORE), Runs and then Charts
 *     tui_bench redraw [POINTS]   four charts of three lines of so many points (10,000,000), one more before each
 *     tui_bench live [SECONDS]    the program on a terminal of 100 x 30, on Charts with three runs that gain ten rows a
 *                                 second each: its share of a processor, bytes it sends, how often it wakes; then the
 *                                 same when nothing changes any more
 *
 * Times are the processor's, since others may share the machine. Never part of `make check`: nothing is asserted. */
#include <math.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/writer.h"
#include "tests/made_run.h"
#include "tests/recipes/words.h"
#include "tui/charts_priv.h"
#include "tui/tui_priv.h"

enum { ROUNDS = 100, RUNS = 3, ROWS_S = 10, WIDTH = 100, HEIGHT = 30 };

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print(const char *what, double *s, int n)
{
    qsort(s, (size_t)n, sizeof *s, ascending);
    printf("%-44s median %7.3f ms, worst %7.3f ms of %d\n", what, 1e3 * s[n / 2], 1e3 * s[n - 1], n);
}

/* ---- first paint */

static int paint(const char *store)
{
    static struct tb_tui t;
    struct tb_tui_flags f = { .store = store, .script = "" };
    struct tb_err err = { 0 };
    for (int i = 0; i < 2; i++) { /* the second with a warm index */
        double begin = cpu_s();
        must(tb_tui_open(&t, &f, &err), &err);
        tb_tui_resize(&t, WIDTH, HEIGHT);
        tb_tui_work(&t);
        tb_tui_draw(&t);
        printf("first paint of %zu runs: %.1f ms\n", t.desk.n, 1e3 * (cpu_s() - begin));
        begin = cpu_s();
        tb_tui_press(&t, &(struct tb_press){ .key = '*' });
        tb_tui_press(&t, &(struct tb_press){ .key = '2' });
        tb_tui_draw(&t);
        printf("Charts, %d of them marked: %.1f ms\n", CHARTS_RUNS, 1e3 * (cpu_s() - begin));
        tb_tui_close(&t);
    }
    return 0;
}

/* ---- redraw */

static double value(uint32_t i)
{
    uint32_t h = i * 2654435761u;
    h ^= h >> 15;
    return h % 100003 == 0 ? 50 : 3 / sqrt(1 + i / 1e4) + (double)(h % 1000) / 3000;
}

static void add(struct tb_course *c, uint32_t i)
{
    tb_pyramid_add(&c->raw, i, value(i));
    tb_pyramid_add(&c->smooth, i, tb_ema_next(&c->ema, value(i)));
}

static void draw(struct tb_screen *s, struct tb_sheet *sheet)
{
    struct tb_canvas c = tb_canvas_whole(sheet);
    tb_sheet_clear(sheet);
    s->class->draw(s, &c);
}

static void set_up(struct charts_state *st, struct tb_course *course)
{
    static const char *const names[] = { "train/loss", "grad_norm", "tok_per_s", "loss" };
    *st = (struct charts_state){ .smoothing = 2, .follows = true, .pattern = tb_xstrdup(""), .n_runs = RUNS,
                                 .n_lines = RUNS, .n_metrics = 4, .n_shown = 4, .best = -1 };
    for (int i = 0; i < RUNS; i++) {
        snprintf(st->run[i].id, TB_RUN_ID, "%016x", i);
        st->line[i] = (struct charts_line){ .label = "a long run", .tint = (unsigned)i, .run = { i }, .n = 1 };
        for (int k = 0; k < 4; k++)
            st->run[i].course[k] = course;
    }
    for (int k = 0; k < 4; k++) {
        st->shown[k] = k;
        snprintf(st->metric[k].name, TB_COURSE_NAME, "%s", names[k]);
    }
}

static int redraw(uint32_t n)
{
    static struct tb_desk desk = { .glyphs = TB_GLYPHS_BRAILLE, .depth = TB_DEPTH_256 };
    struct charts_state *st = tb_xcalloc(1, sizeof *st);
    struct tb_screen s = { .class = tb_screen_named("charts"), .state = st, .desk = &desk, .width = 200, .height = 46 };
    struct tb_course course = { .weight = 0.99, .ema = { .weight = 0.99 } };
    struct tb_sheet sheet = { 0 };
    double took[ROUNDS];
    tb_sheet_resize(&sheet, s.width, s.height);
    set_up(st, &course);
    for (uint32_t i = 0; i < n; i++)
        add(&course, i);
    for (int what = 0; what < 2; what++) {
        st->is_zoomed = what == 1;
        st->from = n / 3.0;
        st->to = n / 2.0;
        for (int i = 0; i < ROUNDS; i++) {
            add(&course, n + (uint32_t)(what * ROUNDS + i));
            st->high = st->run[0].end = st->run[1].end = st->run[2].end = n + what * ROUNDS + i;
            double begin = cpu_s();
            draw(&s, &sheet);
            took[i] = cpu_s() - begin;
        }
        char text[64];
        snprintf(text, sizeof text, "%s, 12 curves of %u points", what ? "zoomed" : "redraw", n);
        print(text, took, ROUNDS);
    }
    return 0;
}

/* ---- live */

static struct tb_run_writer *begin_run(struct tb_store *s, int i)
{
    struct tb_err err = { 0 };
    char id[TB_RUN_ID], name[32], more[64];
    snprintf(id, sizeof id, "%016x", 0xabc0 + i);
    snprintf(name, sizeof name, "live-s%d", i);
    snprintf(more, sizeof more, "\"method.kind\":\"lora\",\"method.lora.r\":%d", 4 << i);
    made_run(s, id, name, made_config(1000000, 0, more), "", "");
    char *dir = tb_store_run_dir(s, id);
    struct tb_run_writer *w = tb_run_writer_open(dir, &err);
    must(w && tb_run_writer_state(w, TB_STATE_RUNNING, NULL, NULL, &err), &err);
    free(dir);
    return w;
}

static void train(struct tb_run_writer *w, int run, int step)
{
    struct tb_err err = { 0 };
    struct tb_train_row row = { step, 256.0 * step, 0.1 * step, value((uint32_t)(step * 100 + run)) + run, 5e-4,
                                1 + value((uint32_t)step), 2560, 64 << 20 };
    struct tb_eval_row eval = { step, 256.0 * step, 0.1 * step, 2 / (1.0 + step / 100.0) + run, 64 };
    must(tb_run_writer_train(w, &row, &err), &err);
    if (step % 50 == 0)
        must(tb_run_writer_eval(w, &eval, &err) && tb_run_writer_snapshot(w, &err), &err);
    tb_run_writer_tend(w, &err);
}

/* As a worker with three runs in flight, until it is killed. */
static void write_runs(const char *store)
{
    struct tb_err err = { 0 };
    struct tb_run_writer *w[RUNS];
    struct tb_store *s = tb_store_open(store, true, &err);
    must(s != NULL, &err);
    for (int i = 0; i < RUNS; i++)
        w[i] = begin_run(s, i);
    for (int step = 1;; step++) {
        for (int i = 0; i < RUNS; i++)
            train(w[i], i, step);
        tb_clock_nap(step < 500 ? 0 : 1.0 / ROWS_S); /* curves of some length from the beginning */
    }
}

/* Nanoseconds on a processor, and how often it slept, of a process. */
static double on_cpu_s(pid_t pid)
{
    char path[64];
    unsigned long long ns = 0;
    snprintf(path, sizeof path, "/proc/%d/schedstat", (int)pid);
    FILE *f = fopen(path, "r");
    if (f && fscanf(f, "%llu", &ns) != 1)
        ns = 0;
    if (f)
        fclose(f);
    return (double)ns * 1e-9;
}

static long sleeps(pid_t pid)
{
    char path[64], line[256];
    long n = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        sscanf(line, "voluntary_ctxt_switches: %ld", &n);
    if (f)
        fclose(f);
    return n;
}

/* Reads what the program sends for so long; bytes. */
static size_t drain(int fd, double seconds)
{
    char bytes[65536];
    size_t sum = 0;
    double until = tb_clock_mono_s() + seconds;
    for (double left; (left = until - tb_clock_mono_s()) > 0;) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        if (poll(&p, 1, (int)(left * 1000) + 1) <= 0)
            continue;
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n <= 0)
            break;
        sum += (size_t)n;
    }
    return sum;
}

static void measure(const char *what, pid_t pid, int fd, double seconds)
{
    double cpu = on_cpu_s(pid), begin = tb_clock_mono_s();
    long n = sleeps(pid);
    size_t bytes = drain(fd, seconds);
    double took = tb_clock_mono_s() - begin;
    printf("%-32s %.3f %% of a processor, %.0f bytes/s to the terminal, wakes %.1f times/s\n", what,
           100 * (on_cpu_s(pid) - cpu) / took, (double)bytes / took, (double)(sleeps(pid) - n) / took);
    fflush(stdout);
}

static void press(int fd, const char *keys)
{
    for (; *keys; keys++) {
        if (write(fd, keys, 1) != 1)
            return;
        drain(fd, 0.3);
    }
}

static int live(const char *program, double seconds)
{
    char root[512];
    const char *tmp = getenv("TMPDIR");
    struct winsize size = { .ws_row = HEIGHT, .ws_col = WIDTH };
    int fd;
    snprintf(root, sizeof root, "%s/tb-tui-bench-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(root))
        return 1;
    pid_t writer = fork();
    if (writer == 0)
        write_runs(root);
    tb_clock_nap(3);
    setenv("XDG_STATE_HOME", root, 1);
    setenv("TERM", "xterm-256color", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    pid_t tui = forkpty(&fd, NULL, NULL, &size);
    if (tui == 0) {
        execl(program, program, "--store", root, (char *)NULL);
        _exit(127);
    }
    drain(fd, 1.5);
    press(fd, "1*");
    measure("Runs, three live runs:", tui, fd, seconds);
    press(fd, "2");
    measure("Charts, three live runs:", tui, fd, seconds);
    kill(writer, SIGKILL);
    waitpid(writer, NULL, 0);
    drain(fd, 8);
    measure("Charts, nothing changes:", tui, fd, seconds);
    press(fd, "q");
    waitpid(tui, NULL, 0);
    tb_dir_remove(root, NULL);
    return 0;
}

int main(int argc, char **argv)
{
    const char *program = getenv("TUNEBENCH"), *what = argc > 1 ? argv[1] : "";
    words_add();
    if (strcmp(what, "paint") == 0 && argc == 3)
        return paint(argv[2]);
    if (strcmp(what, "redraw") == 0)
        return redraw(argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 10000000u);
    if (strcmp(what, "live") == 0)
        return live(program ? program : "./tunebench", argc > 2 ? strtod(argv[2], NULL) : 20);
    fputs("usage: tui_bench paint STORE | redraw [POINTS] | live [SECONDS]\n", stderr);
    return 2;
}
