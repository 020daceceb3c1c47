/* SPDX-License-Identifier: MIT */
/* verb_top.c - tunebench top: what is training now. On a terminal one picture that is drawn again until somebody
 * leaves; elsewhere lines, with --once one answer. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/at_work.h"
#include "cli/keys.h"
#include "cli/pick.h"
#include "cli/redraw.h"
#include "cli/verb.h"
#include "view/runs.h"

struct top {
    struct tb_at_work work;
    struct tb_redraw screen; /* its form is that of all answers */
    bool is_once, is_picture;
    size_t n_told; /* rounds */
};

static const struct tb_table_column columns[] = {
    { "at", NULL, TB_UNIT_TEXT, false },          { "letter", "", TB_UNIT_TEXT, false },
    { "id", NULL, TB_UNIT_TEXT, false },          { "name", NULL, TB_UNIT_TEXT, false },
    { "state", NULL, TB_UNIT_TEXT, false },       { "method", NULL, TB_UNIT_TEXT, false },
    { "step", NULL, TB_UNIT_PLAIN, false },       { "steps", "of", TB_UNIT_PLAIN, false },
    { "loss", NULL, TB_UNIT_LOSS, false },        { "eval_loss", "eval", TB_UNIT_LOSS, false },
    { "tok_s", "tok/s", TB_UNIT_PLAIN, false },   { "mem_bytes", "memory", TB_UNIT_BYTES, false },
    { "left_s", "left", TB_UNIT_SECONDS, false }, { "cpu_percent", "cpu %", TB_UNIT_PLAIN, false },
    { "pid", NULL, TB_UNIT_PLAIN, false },        { "host", NULL, TB_UNIT_TEXT, false },
};
enum { N_COLUMNS = sizeof columns / sizeof *columns };

static const char *const not_for_people[] = { "at", "id", "state" };
static const char *const missed_least[] = { "host", "method", "pid", "loss", "mem_bytes", "cpu_percent", "tok_s",
                                            "steps", NULL };

static void put_row(struct tb_table *t, const struct tb_at_work_run *r, const char *now)
{
    const struct tb_run_summary *s = &r->item.sum;
    bool is_running = r->item.sight.state == TB_STATE_RUNNING;
    tb_table_text(t, now);
    tb_table_text(t, tb_state_letter(r->item.sight.state));
    tb_table_text(t, s->id);
    tb_table_text(t, *s->name ? s->name : s->id);
    tb_table_text(t, tb_state_name(r->item.sight.state));
    tb_table_text(t, s->method);
    tb_table_int(t, s->step);
    if (s->n_steps > 0)
        tb_table_int(t, s->n_steps);
    else
        tb_table_none(t);
    tb_table_real(t, s->loss);
    tb_table_real(t, s->last_eval);
    tb_table_real(t, is_running ? floor(s->tok_per_s) : NAN);
    tb_table_real(t, r->memory);
    tb_table_real(t, r->item.sight.stall ? NAN : tb_run_left_s(s));
    tb_table_real(t, floor(100 * r->cpu + 0.5));
    tb_table_int(t, r->item.sight.pid);
    tb_table_text(t, r->host);
}

static void fill(const struct top *x, struct tb_table *t)
{
    char now[24];
    tb_clock_iso(now, sizeof now, tb_clock_wall_ns());
    tb_table_init(t, columns, N_COLUMNS);
    for (size_t i = 0; i < x->work.n; i++)
        put_row(t, x->work.run[i], now);
}

/* ---- text */

/* Runs that wait for the same reason, as a rule all of them. */
static void add_stalled(const struct top *x, struct tb_buf *b)
{
    size_t n[TB_N_STALLS] = { 0 };
    for (size_t i = 0; i < x->work.n; i++)
        n[x->work.run[i]->item.sight.stall]++;
    for (enum tb_stall s = TB_STALL_ROOM; s < TB_N_STALLS; s++)
        if (n[s])
            tb_buf_fmt(b, "; %zu stalled: %s", n[s], tb_stall_advice(s));
}

static char *summary(const struct top *x)
{
    const struct tb_at_work *w = &x->work;
    struct tb_buf b = { 0 };
    tb_buf_fmt(&b, "%zu of %zu runs live, %zu wait", w->n, w->n_all, w->n_waiting);
    if (w->n_lost)
        tb_buf_fmt(&b, ", %zu lost (tunebench resume --all)", w->n_lost);
    add_stalled(x, &b);
    if (x->is_picture)
        tb_buf_str(&b, "; q leaves, the runs go on");
    return tb_buf_take(&b);
}

static void table_text(const struct top *x, int width, struct tb_buf *b)
{
    struct tb_table t;
    fill(x, &t);
    for (size_t i = 0; i < sizeof not_for_people / sizeof *not_for_people; i++)
        tb_table_drop(&t, not_for_people[i]);
    if (width > 0)
        tb_table_fit(&t, width, missed_least);
    tb_table_emit(&t, TB_EMIT_TEXT, b);
    tb_table_free(&t);
}

static void draw(struct top *x)
{
    struct tb_buf b = { 0 };
    tb_redraw_begin(&x->screen);
    int room = tb_redraw_rows() - 3;
    char *words = summary(x);
    if (x->work.n)
        table_text(x, x->screen.o.columns - 1, &b);
    for (size_t at = 0, len, line = 0; at < b.n && (int)line < room; at += len + 1, line++) {
        len = strcspn(b.p + at, "\n");
        tb_redraw_line(&x->screen, line ? tb_redraw_paint(x->work.run[line - 1]->item.sight.state) : TB_PAINT_HEAD,
                       b.p + at, len);
    }
    tb_redraw_line(&x->screen, TB_PAINT_DIM, words, strlen(words));
    tb_redraw_end(&x->screen);
    tb_buf_free(&b);
    free(words);
}

static void print_once(const struct top *x)
{
    struct tb_buf b = { 0 };
    char *words = summary(x);
    if (x->work.n)
        table_text(x, x->screen.o.columns, &b);
    tb_out_bytes(&x->screen.o, b.p ? b.p : "", b.n);
    printf("%s\n", words);
    tb_buf_free(&b);
    free(words);
}

/* ---- for programs */

static void print_rows(const struct top *x)
{
    struct tb_table t;
    fill(x, &t);
    tb_out_rows(&x->screen.o, &t, x->n_told == 0);
    tb_table_free(&t);
}

static struct tb_json *answer(const struct top *x)
{
    struct tb_json *map = tb_json_new_map();
    struct tb_table t;
    char now[24];
    fill(x, &t);
    tb_table_drop(&t, "at");
    tb_json_set(map, "at", tb_json_new_str(tb_clock_iso(now, sizeof now, tb_clock_wall_ns())));
    tb_json_set(map, "store", tb_json_new_str(tb_store_path(x->work.store)));
    tb_json_set(map, "all", tb_json_new_int((int64_t)x->work.n_all));
    tb_json_set(map, "waiting", tb_json_new_int((int64_t)x->work.n_waiting));
    tb_json_set(map, "lost", tb_json_new_int((int64_t)x->work.n_lost));
    tb_json_set(map, "runs", tb_table_json(&t));
    tb_table_free(&t);
    return map;
}

static void print_json(const struct top *x)
{
    struct tb_json *map = answer(x);
    if (x->is_once) {
        tb_out_json(&x->screen.o, map);
        return;
    }
    char *line = tb_json_text(map, TB_JSON_LINE);
    printf("%s\n", line);
    free(line);
    tb_json_free(map);
}

/* ---- all */

static void tell(struct top *x)
{
    if (x->is_picture)
        draw(x);
    else if (x->screen.o.form == TB_EMIT_JSON)
        print_json(x);
    else if (x->is_once && x->screen.o.form == TB_EMIT_TEXT)
        print_once(x);
    else
        print_rows(x);
    x->n_told++;
    fflush(stdout);
}

/* q, or end of the input. */
static bool is_leaving(int key)
{
    return key == 'q' || key == 'Q' || key == 4;
}

static bool watch(struct top *x, double interval_s, int *exit_code, struct tb_err *err)
{
    int key = 0;
    tb_keys_open();
    bool good = true;
    while ((good = tb_at_work_look(&x->work, err))) {
        tell(x);
        if (ferror(stdout))
            break;
        key = tb_keys_wait(interval_s);
        if (key < 0 || is_leaving(key))
            break;
    }
    tb_keys_close();
    *exit_code = key < 0 ? 128 - key : 0;
    return good;
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct top x = { .screen.a = a, .is_once = tb_args_has(a, "once") };
    double interval_s;
    if (!tb_args_count(a, 0, 0, "top", err) || !tb_out_open(&x.screen.o, a, err)
        || !tb_args_real(a, "interval", 0.1, 3600, 1, &interval_s, err))
        return false;
    struct tb_store *s = tb_pick_store(a, err);
    if (!s)
        return false;
    tb_store_follow(s);
    x.is_picture = !x.is_once && tb_redraw_is_possible(&x.screen.o);
    tb_at_work_open(&x.work, s);
    bool good = x.is_once ? tb_at_work_look(&x.work, err) : watch(&x, interval_s, exit_code, err);
    if (good && x.is_once)
        tell(&x);
    tb_at_work_close(&x.work);
    tb_store_close(s);
    return good;
}

static const struct tb_flag flags[] = {
    { "once", NULL, false, "one answer, then it ends" },
    { "interval", "S", false, "seconds between two looks, 0.1 to 3600 (1)" },
    { "json", NULL, false, "an object a look, a line each; with --once one that is indented" },
    TB_FLAG_CSV, TB_FLAG_PLAIN, TB_FLAG_OUTPUT, { 0 }
};

const struct tb_verb tb_verb_top = {
    .name = "top", .usage = "",
    .help = "Shows what trains now: steps, losses, speed, memory, time left.\n"
            "Of a worker on this machine it shows how many percent of a processor it takes; first since it began,\n"
            "then since the last look. On a terminal it is drawn again until q is pressed; where stdout is no\n"
            "terminal there are lines separated by tabs. Leaving ends no run.",
    .examples = "  tunebench top\n"
                "  tunebench top --once\n"
                "  tunebench top --interval 10 --plain >>top.log\n"
                "  tunebench top --once --json | jq '.runs[].left_s'\n",
    .flags = flags, .run = run,
};
