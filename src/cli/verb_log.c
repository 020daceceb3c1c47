/* SPDX-License-Identifier: MIT */
/* verb_log.c - tunebench log RUN: what happened, oldest first. Events carry their time; evaluations and steps know only
 * the seconds of training, which stand in its place with a plus. A row comes before the events of its step. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "cli/follow.h"
#include "cli/out.h"
#include "cli/pick.h"
#include "cli/verb.h"
#include "store/runlog.h"
#include "view/fmt.h"

static const double every_s = 0.5;

struct entry {
    const char *at; /* UTC, "" where only wall_s is known */
    double wall_s;
    int64_t step;
    const char *kind, *text;
};

struct log {
    struct tb_out o;
    const struct tb_args *a;
    bool has_steps, follows;
    size_t n_printed;
    /* What was told already. */
    size_t n_events;
    double eval_step, train_step;
    enum tb_state state;
    char changed[24];
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
    static const char *const bad[] = { "divergence", "error", "disk", "recovered", "replay", NULL };
    return tb_str_in(kind, bad) ? TB_PAINT_BAD : strcmp(kind, "eval") == 0 ? TB_PAINT_LIVE : TB_PAINT_PLAIN;
}

static void print_text(const struct log *l, const struct entry *e)
{
    char time[48], kind[40];
    struct tb_buf safe = { 0 };
    if (*e->at)
        snprintf(time, sizeof time, "%s", e->at);
    else if (isfinite(e->wall_s))
        snprintf(time, sizeof time, "+%.1fs", e->wall_s);
    else
        snprintf(time, sizeof time, "-");
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

static void print_json(const struct log *l, const struct entry *e)
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

static void print_row(const struct log *l, const struct entry *e)
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

static void tell(struct log *l, const struct entry *e)
{
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

static void tell_eval(struct log *l, const struct tb_metrics *m, const struct tb_eval_row *row)
{
    char text[120];
    snprintf(text, sizeof text, "loss %.4f, perplexity %.3f%s", row->loss, exp(row->loss),
             row == tb_metrics_best(m) ? ", the best" : "");
    tell(l, &(struct entry){ "", row->wall_s, (int64_t)row->step, "eval", text });
}

static void tell_step(struct log *l, const struct tb_train_row *row)
{
    char text[200], lr[32], tokens[32], memory[32];
    snprintf(text, sizeof text, "loss %.4f  lr %s  |g| %.3g  %s tokens  %.0f tok/s  %s", row->loss,
             tb_fmt_unit(lr, sizeof lr, TB_UNIT_RATE, row->lr), row->grad_norm,
             tb_fmt_unit(tokens, sizeof tokens, TB_UNIT_SHORT, row->tokens), row->tok_per_s,
             tb_fmt_unit(memory, sizeof memory, TB_UNIT_BYTES, row->mem_bytes));
    tell(l, &(struct entry){ "", row->wall_s, (int64_t)row->step, "step", text });
}

/* Rows that were not told and whose step is at most `step`, in order; an evaluation follows its step. */
static void tell_rows(struct log *l, const struct tb_metrics *m, double step)
{
    size_t t = 0, e = 0;
    step = fmin(step, (double)m->step);
    while (t < m->n_train && m->train[t].step <= l->train_step)
        t++;
    while (e < m->n_eval && m->eval[e].step <= l->eval_step)
        e++;
    for (;;) {
        bool has_train = l->has_steps && t < m->n_train && m->train[t].step <= step,
             has_eval = e < m->n_eval && m->eval[e].step <= step;
        if (!has_train && !has_eval)
            return;
        if (has_train && (!has_eval || m->train[t].step <= m->eval[e].step)) {
            l->train_step = m->train[t].step;
            tell_step(l, &m->train[t++]);
        } else {
            l->eval_step = m->eval[e].step;
            tell_eval(l, m, &m->eval[e++]);
        }
    }
}

static void tell_state(struct log *l, const struct tb_metrics *m)
{
    char text[300];
    if (l->state == m->state && strcmp(l->changed, m->changed) == 0)
        return;
    l->state = m->state;
    tb_str_copy(l->changed, sizeof l->changed, m->changed);
    snprintf(text, sizeof text, "%s%s%s%s%s", tb_state_name(m->state), *m->ended_by ? ", by " : "", m->ended_by,
             *m->note ? ": " : "", m->note);
    int64_t step = tb_state_is_over(m->state) ? m->step : m->resumed_at < 0 ? 0 : m->resumed_at;
    tell(l, &(struct entry){ m->changed, NAN, step, "state", text });
}

/* All that is new. The last change of state is the only one that is kept: it stands where its time puts it. */
static void tell_new(struct log *l, const struct tb_metrics *m)
{
    bool is_over = tb_state_is_over(m->state);
    if (!is_over && m->resumed_at < 0)
        tell_state(l, m);
    for (; l->n_events < m->n_events; l->n_events++) {
        const struct tb_event *e = &m->events[l->n_events];
        if (strcmp(e->at, m->changed) > 0) {
            tell_rows(l, m, is_over ? INFINITY : -1);
            tell_state(l, m);
        }
        tell_rows(l, m, (double)e->step);
        tell(l, &(struct entry){ e->at, e->wall_s, e->step, e->kind, e->text });
    }
    if (!is_over)
        tell_state(l, m);
    tell_rows(l, m, INFINITY);
    tell_state(l, m);
    fflush(stdout);
}

static void tell_loss_of_worker(const struct tb_run_sight *sight, const char *id)
{
    if (sight->state == TB_STATE_LOST)
        fprintf(stderr, "its worker is gone; 'tunebench resume %s' goes on from the last checkpoint\n", id);
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
        tell_loss_of_worker(&f.sight, p->item.sum.id);
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
        tell_loss_of_worker(&p->item.sight, p->item.sum.id);
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
    struct log l = { .a = a, .has_steps = tb_args_has(a, "steps"), .eval_step = -1, .train_step = -1,
                     .follows = tb_args_has(a, "f") || tb_args_has(a, "follow"), .state = TB_N_STATES };
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
