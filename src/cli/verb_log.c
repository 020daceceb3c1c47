/* SPDX-License-Identifier: MIT */
/* verb_log.c - tunebench log RUN: what happened (view/history.h), oldest first. Evaluations and steps know only the
 * seconds of training, which stand in the place of a time with a plus. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/follow.h"
#include "cli/out.h"
#include "cli/pick.h"
#include "cli/verb.h"
#include "store/runlog.h"
#include "view/history.h"

static const double every_s = 0.5;

struct log {
    struct tb_out o;
    const struct tb_args *a;
    bool follows;
    size_t n_printed;
    struct tb_history told;
};

static bool is_wanted(const struct log *l, const char *kind)
{
    const char *want = tb_args_at(l->a, "kind", 0);
    for (int i = 1; want && strcmp(want, kind) != 0; i++)
        if (!(want = tb_args_at(l->a, "kind", i)))
            return false;
    return true;
}

static enum tb_paint paint_of(const char *kind)
{
    return tb_happening_is_bad(kind) ? TB_PAINT_BAD : strcmp(kind, "eval") == 0 ? TB_PAINT_LIVE : TB_PAINT_PLAIN;
}

static void print_text(const struct log *l, const struct tb_happening *e)
{
    char time[48], kind[40];
    struct tb_buf safe = { 0 };
    tb_happening_time(e, time);
    snprintf(kind, sizeof kind, "%-10.39s", e->kind);
    tb_utf8_safe(&safe, time, strlen(time));
    printf("%20s  %6lld  ", safe.p ? safe.p : "", (long long)e->step);
    tb_buf_clear(&safe);
    tb_utf8_safe(&safe, kind, strlen(kind));
    tb_out_paint(&l->o, paint_of(e->kind), safe.p ? safe.p : "");
    fputs("  ", stdout);
    tb_out_safe(e->text);
    fputc('\n', stdout);
    tb_buf_free(&safe);
}

static void print_json(const struct log *l, const struct tb_happening *e)
{
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "at", tb_json_new_str(*e->at ? e->at : NULL));
    tb_json_set(map, "wall_s", tb_json_new_real(e->wall_s));
    tb_json_set(map, "step", tb_json_new_int(e->step));
    tb_json_set(map, "kind", tb_json_new_str(e->kind));
    tb_json_set(map, "text", tb_json_new_str(e->text));
    char *text = tb_json_text(map, TB_JSON_LINE);
    printf("%s%s%s", l->follows ? "" : l->n_printed ? ",\n" : "\n", text, l->follows ? "\n" : "");
    free(text);
    tb_json_free(map);
}

static void print_row(const struct log *l, const struct tb_happening *e)
{
    static const struct tb_table_column columns[] = {
        { "at", NULL, TB_UNIT_TEXT, false },   { "wall_s", NULL, TB_UNIT_SECONDS, false },
        { "step", NULL, TB_UNIT_PLAIN, false }, { "kind", NULL, TB_UNIT_TEXT, false },
        { "text", NULL, TB_UNIT_TEXT, false },
    };
    struct tb_table t;
    tb_table_init(&t, columns, sizeof columns / sizeof *columns);
    tb_table_text(&t, e->at);
    tb_table_real(&t, e->wall_s);
    tb_table_int(&t, e->step);
    tb_table_text(&t, e->kind);
    tb_table_text(&t, e->text);
    tb_out_rows(&l->o, &t, l->n_printed == 0);
    tb_table_free(&t);
}

static void tell(void *arg, const struct tb_happening *e)
{
    struct log *l = arg;
    if (!is_wanted(l, e->kind))
        return;
    if (l->o.form == TB_EMIT_JSON)
        print_json(l, e);
    else if (l->o.form != TB_EMIT_TEXT)
        print_row(l, e);
    else
        print_text(l, e);
    l->n_printed++;
}

static void tell_new(struct log *l, const struct tb_metrics *m)
{
    tb_history_next(&l->told, m, tell, l);
    fflush(stdout);
}

static void tell_hold_up(const struct tb_run_sight *sight, const char *id)
{
    if (sight->state == TB_STATE_LOST)
        fprintf(stderr, "its worker is gone; 'tunebench resume %s' goes on from the last checkpoint\n", id);
    if (sight->stall)
        fprintf(stderr, "it waits: %s\n", tb_stall_advice(sight->stall));
}

static bool follow(struct log *l, const struct tb_pick *p, int *exit_code, struct tb_err *err)
{
    struct tb_follow f;
    bool good = tb_follow_open(&f, p->dir, err);
    tb_follow_catch();
    for (bool goes_on = good; goes_on;) {
        tell_new(l, &f.m);
        goes_on = tb_follow_goes_on(&f) && !ferror(stdout);
        if (goes_on && !tb_follow_wait(every_s)) {
            *exit_code = 130;
            goes_on = false;
        }
        goes_on = goes_on && (good = tb_follow_poll(&f, err));
    }
    if (good && *exit_code == 0)
        tell_hold_up(&f.sight, p->item.sum.id);
    tb_follow_close(&f);
    return good;
}

static void tell_all(struct log *l, const struct tb_pick *p)
{
    bool is_list = l->o.form == TB_EMIT_JSON;
    fputs(is_list ? "[" : "", stdout);
    tell_new(l, &p->m);
    if (is_list)
        fputs(l->n_printed ? "\n]\n" : "]\n", stdout);
    if (p->at < 0)
        tell_hold_up(&p->item.sight, p->item.sum.id);
}

/* What its worker wrote for people who look for a cause. */
static bool tell_text(const struct tb_pick *p, struct tb_err *err)
{
    char *text = tb_run_log_read(p->dir, err), *rest = text;
    for (char *line; rest && *rest && (line = strsep(&rest, "\n"));) {
        tb_out_safe(line);
        fputc('\n', stdout);
    }
    free(text);
    return text != NULL;
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_pick p = { 0 };
    struct log l = { .a = a, .follows = tb_args_has(a, "f") || tb_args_has(a, "follow") };
    tb_history_open(&l.told, tb_args_has(a, "steps"));
    if (!tb_args_count(a, 1, 1, "log RUN", err) || !tb_out_open(&l.o, a, err))
        return false;
    struct tb_store *s = tb_pick_store(a, err);
    bool good = s && tb_pick_run(&p, s, a->pos[0], err);
    if (good && tb_args_has(a, "text"))
        good = tell_text(&p, err);
    else if (good && l.follows && p.at < 0)
        good = follow(&l, &p, exit_code, err);
    else if (good)
        tell_all(&l, &p);
    tb_pick_free(&p);
    tb_store_close(s);
    return good;
}

static const struct tb_flag flags[] = {
    { "f", NULL, false, "goes on with what is written, until the run is over; also --follow" },
    { "follow", NULL, false, "the same as -f" },
    { "kind", "KIND", true, "only this: eval, state, checkpoint, recovered, divergence, .." },
    { "steps", NULL, false, "also a line for each step of training" },
    { "text", NULL, false, "instead, the log its worker keeps, for who looks for a cause" },
    TB_FLAG_JSON, TB_FLAG_CSV, TB_FLAG_PLAIN, TB_FLAG_OUTPUT, { 0 }
};

const struct tb_verb tb_verb_log = {
    .name = "log", .usage = "RUN [-f]",
    .help = "Tells what happened to a run, oldest first.\n"
            "Times are UTC; evaluations and steps show the seconds of training instead (+12.5s). With -f and --json\n"
            "there is an object a line. Interrupting -f ends the looking (exit code 130), never the run.",
    .examples = "  tunebench log @last\n"
                "  tunebench log lora-r8-s0 -f\n"
                "  tunebench log lora-r8-s0 --kind eval --kind divergence\n"
                "  tunebench log lora-r8-s0 --steps --json | jq -r '.[] | select(.kind == \"step\") | .text'\n",
    .flags = flags, .is_paged = true, .run = run,
};
