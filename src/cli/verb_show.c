/* SPDX-License-Identifier: MIT */
/* verb_show.c - tunebench show RUN: everything that is known of one run, what was chosen before what was left
 * as it is. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/lineage.h"
#include "cli/out.h"
#include "cli/run_json.h"
#include "cli/show_checkpoints.h"
#include "cli/show_measures.h"
#include "cli/show_probe.h"
#include "cli/show_rows.h"
#include "cli/show_samples.h"
#include "cli/show_scores.h"
#include "cli/show_votes.h"
#include "cli/sources.h"
#include "cli/verb.h"
#include "plan/plan.h"
#include "view/defaults.h"
#include "view/facts.h"
#include "view/runs.h"
#include "view/series.h"

enum { WIDTH = 24, SPARK = 48, LAST_EVENTS = 20, LAST_SAMPLES = 3 };

static void column(const struct tb_run_item *item, const char *name, char dst[64])
{
    int c = tb_run_column_named(name);
    struct tb_cell v = tb_run_cell(item, c);
    enum tb_unit unit = tb_run_column_at((size_t)c)->unit;
    if (v.s)
        snprintf(dst, 64, "%.63s", v.s);
    else
        tb_fmt_unit(dst, 64, unit, v.type == TB_CELL_INT ? (double)v.i : v.type == TB_CELL_REAL ? v.r : NAN);
}

static void pair(const struct tb_out *o, const char *key, const struct tb_json *v)
{
    char *text = tb_fact_text(key, v);
    tb_out_pair(o, WIDTH, key, text);
    free(text);
}

static void print_summary(const struct tb_out *o, const struct tb_pick *p)
{
    const struct tb_run_summary *s = &p->item.sum;
    char a[64], b[64], line[400];
    tb_out_safe(s->name);
    fputs("  ", stdout);
    if (p->at >= 0)
        printf("as it was at step %lld", (long long)p->at);
    else
        tb_out_paint(o, TB_PAINT_HEAD, tb_state_name(p->item.sight.state));
    fputc('\n', stdout);
    tb_out_pair(o, WIDTH, "id", s->id);
    column(&p->item, "trainable", a);
    column(&p->item, "share", b);
    snprintf(line, sizeof line, "%s, %s trainable parameters = %s of the base", s->method, a, b);
    tb_out_pair(o, WIDTH, "method", line);
    column(&p->item, "step", a);
    column(&p->item, "steps", b);
    snprintf(line, sizeof line, "%s of %s", a, b);
    tb_out_pair(o, WIDTH, "step", line);
    column(&p->item, "tokens", a);
    column(&p->item, "budget", b);
    snprintf(line, sizeof line, "%s; budget %s %s", a, b, s->budget_unit);
    tb_out_pair(o, WIDTH, "tokens", line);
    column(&p->item, "duration", a);
    snprintf(line, sizeof line, "%s, took %s", s->created, a);
    tb_out_pair(o, WIDTH, "created", p->at >= 0 ? s->created : line);
}

static void print_state(const struct tb_out *o, const struct tb_pick *p)
{
    char text[400];
    if (p->m.ended_by[0])
        tb_out_pair(o, WIDTH, "ended by", p->m.ended_by);
    if (p->m.note[0])
        tb_out_pair(o, WIDTH, "note", p->m.note);
    if (p->item.sight.pid) {
        snprintf(text, sizeof text, "process %u, heartbeat %.0f s ago", p->item.sight.pid, p->item.sight.beat_s);
        tb_out_pair(o, WIDTH, "worker", text);
    }
    if (p->item.sight.state == TB_STATE_LOST) {
        snprintf(text, sizeof text, "its worker is gone: it was killed, or worker/*.log of the store says why; "
                 "'tunebench resume %s' goes on from the last checkpoint", p->item.sum.id);
        tb_out_pair(o, WIDTH, "lost", text);
    }
    if (p->item.sight.stall)
        tb_out_pair(o, WIDTH, "stalled", tb_stall_advice(p->item.sight.stall));
    if (p->m.journal.is_damaged)
        tb_out_pair(o, WIDTH, "journal", p->m.journal.words);
    tb_out_pair(o, WIDTH, "folder", p->dir);
}

/* Keys whose value is (not) the default. */
static void print_config(const struct tb_out *o, const struct tb_json *config, const struct tb_json *defaults,
                         bool is_default)
{
    for (void *it = tb_json_first(config); it; it = tb_json_next(config, it)) {
        const struct tb_json *v = tb_json_iter_value(it);
        const char *key = tb_json_iter_key(it);
        if (tb_run_chose(defaults, key, v) != is_default)
            pair(o, key, v);
    }
}

static void print_options(const struct tb_out *o, const struct tb_pick *p)
{
    const struct tb_json *config = tb_json_get(p->m.facts, "config");
    struct tb_json *defaults = tb_run_defaults(config);
    tb_out_head(o, "CHOSEN");
    print_config(o, config, defaults, false);
    if (defaults) {
        tb_out_head(o, "AS BY DEFAULT");
        print_config(o, config, defaults, true);
    }
    tb_json_free(defaults);
}

/* A section of the facts; maps in it are shown below it, empty sections not at all. */
static void print_section(const struct tb_out *o, const struct tb_pick *p, const char *section, const char *title)
{
    const struct tb_json *map = tb_json_get(p->m.facts, section);
    if (!tb_json_first(map))
        return;
    tb_out_head(o, title);
    for (void *it = tb_json_first(map); it; it = tb_json_next(map, it)) {
        const struct tb_json *v = tb_json_iter_value(it);
        if (strcmp(tb_json_iter_key(it), "sources") == 0 || strcmp(tb_json_iter_key(it), "votes") == 0) /* apart */
            continue;
        if (tb_json_type(v) != TB_JSON_MAP) {
            pair(o, tb_json_iter_key(it), v);
            continue;
        }
        for (void *in = tb_json_first(v); in; in = tb_json_next(v, in)) {
            bool is_bytes = strcmp(tb_json_iter_key(it), "predicted") == 0;
            char *name = tb_xasprintf("  %s", tb_json_iter_key(in)),
                 *text = tb_fact_text(is_bytes ? "bytes" : tb_json_iter_key(in), tb_json_iter_value(in));
            tb_out_pair(o, WIDTH, name, text);
            free(text);
            free(name);
        }
    }
}

static void print_overrides(const struct tb_out *o, const struct tb_pick *p)
{
    const struct tb_json *list = tb_json_get(p->m.facts, "overrides");
    for (size_t i = 0; i < tb_json_len(list); i++)
        tb_out_pair(o, WIDTH, i ? "" : "overrides", tb_json_str(tb_json_at(list, i), ""));
}

/* "  train/loss  ▇▅▃▂▁  3.214 to 1.142, lowest 1.101 at step 380" */
static void print_curve(const struct tb_out *o, const struct tb_pick *p, const char *metric)
{
    struct tb_series s;
    size_t lowest = SIZE_MAX, first = SIZE_MAX, last = SIZE_MAX;
    if (!tb_series_of(&s, &p->m, metric, "step", NULL))
        return;
    for (size_t i = 0; i < s.n; i++) {
        if (!isfinite(s.y[i]))
            continue;
        first = first == SIZE_MAX ? i : first;
        lowest = lowest == SIZE_MAX || s.y[i] < s.y[lowest] ? i : lowest;
        last = i;
    }
    if (lowest != SIZE_MAX) {
        char *spark = tb_series_spark(&s, s.n < SPARK ? s.n : SPARK, o->is_ascii);
        char *line = tb_xasprintf("%s  %.3f to %.3f, lowest %.3f at step %.0f", spark, s.y[first], s.y[last],
                                  s.y[lowest], s.x[lowest]);
        tb_out_pair(o, WIDTH, metric, line);
        free(line);
        free(spark);
    }
    tb_series_free(&s);
}

static void print_evals(const struct tb_out *o, const struct tb_metrics *m)
{
    static const struct tb_table_column columns[] = {
        { "  step", NULL, TB_UNIT_PLAIN, false }, { "tokens", NULL, TB_UNIT_COUNT, false },
        { "loss", NULL, TB_UNIT_LOSS, false },    { "perplexity", NULL, TB_UNIT_LOSS, false },
        { "label tokens", NULL, TB_UNIT_COUNT, false }, { "", NULL, TB_UNIT_TEXT, false },
    };
    const struct tb_eval_row *best = tb_metrics_best(m);
    struct tb_table t;
    tb_table_init(&t, columns, 6);
    for (size_t i = 0; i < m->n_eval; i++) {
        tb_table_real(&t, m->eval[i].step);
        tb_table_real(&t, m->eval[i].tokens);
        tb_table_real(&t, m->eval[i].loss);
        tb_table_real(&t, exp(m->eval[i].loss));
        tb_table_real(&t, m->eval[i].n_tok);
        tb_table_text(&t, &m->eval[i] == best ? "best" : " ");
    }
    if (m->n_eval) {
        tb_out_head(o, "EVALUATIONS");
        tb_out_table(o, &t);
    }
    tb_table_free(&t);
}

static void print_events(const struct tb_out *o, const struct tb_metrics *m)
{
    size_t from = m->n_events > LAST_EVENTS ? m->n_events - LAST_EVENTS : 0;
    if (m->n_events)
        tb_out_head(o, "EVENTS");
    if (from)
        printf("  %zu earlier ones are left out; --json has all\n", from);
    for (size_t i = from; i < m->n_events; i++) {
        const struct tb_event *e = &m->events[i];
        char *line = tb_xasprintf("step %lld  %s: %s", (long long)e->step, e->kind, e->text);
        tb_out_pair(o, WIDTH, e->at, line);
        free(line);
    }
}

static void print_samples(const struct tb_out *o, const struct tb_metrics *m)
{
    size_t from = m->n_samples > LAST_SAMPLES ? m->n_samples - LAST_SAMPLES : 0;
    if (m->n_samples)
        tb_out_head(o, "SAMPLES");
    for (size_t i = from; i < m->n_samples; i++) {
        char name[32];
        char *line = tb_xasprintf("%s => %s", m->samples[i].prompt, m->samples[i].output);
        snprintf(name, sizeof name, "step %lld", (long long)m->samples[i].step);
        tb_out_pair(o, WIDTH, name, line);
        free(line);
    }
}

static void print_run(const struct tb_out *o, struct tb_store *s, const struct tb_pick *p)
{
    print_summary(o, p);
    if (p->m.is_newer)
        tb_out_pair(o, WIDTH, "newer", "a newer tunebench wrote this; shown is what this one knows of it");
    print_state(o, p);
    print_overrides(o, p);
    if (p->m.n_train)
        tb_out_head(o, "LOSS");
    print_curve(o, p, "train/loss");
    print_curve(o, p, "eval/loss");
    print_evals(o, &p->m);
    tb_show_probe(o, &p->m);
    tb_show_scores(o, &p->m);
    tb_votes_print(o, WIDTH, &p->m);
    tb_show_measures(o, &p->m);
    print_section(o, p, "result", "RESULT");
    print_options(o, p);
    if (tb_json_len(tb_json_get(p->m.facts, "changes")))
        tb_out_head(o, "CHANGED UNDER WAY");
    tb_changes_print(o, WIDTH, "", &p->m);
    print_section(o, p, "base", "BASE");
    print_section(o, p, "data", "DATA");
    tb_sources_print(o, tb_json_get(p->m.facts, "data"), &p->m);
    print_section(o, p, "plan", "PLAN");
    tb_lineage_print(o, WIDTH, s, p);
    tb_show_checkpoints(o, p);
    print_events(o, &p->m);
    print_samples(o, &p->m);
    print_section(o, p, "env", "ENVIRONMENT");
}

/* At a step the run had not ended yet: what its end says of it is not told. */
static void forget_end(struct tb_pick *p)
{
    struct tb_json *result = tb_json_copy(tb_json_get(p->m.facts, "result"));
    p->m.ended_by[0] = p->m.note[0] = '\0';
    p->item.sum.ended_by[0] = p->item.sum.final_hash[0] = '\0';
    tb_str_copy(p->item.sum.note, sizeof p->item.sum.note, tb_json_str(tb_json_get(result, "note"), ""));
    tb_json_del(result, "final_hash");
    tb_json_set(p->m.facts, "result", result);
}

static struct tb_json *run_json(struct tb_store *s, const struct tb_pick *p)
{
    static const char *const of_end[] = { "state", "letter", "duration" };
    struct tb_json *out = tb_run_json(p);
    for (size_t i = 0; p->at >= 0 && i < sizeof of_end / sizeof *of_end; i++)
        tb_json_set(out, of_end[i], tb_json_new_null());
    tb_json_set(out, "children", tb_lineage_children(s, p->item.sum.id));
    return out;
}

/* The rows behind a point, if they are asked for. */
static bool show_point(const struct tb_args *a, const struct tb_out *o, const struct tb_pick *p, struct tb_err *err)
{
    const char *store = tb_args_get(a, "store");
    long step;
    bool is_batch = tb_args_has(a, "batch");
    if (!tb_args_int(a, is_batch ? "batch" : "rows", is_batch, LONG_MAX, 0, &step, err))
        return false;
    return is_batch ? tb_show_batch(o, p, a, step, err) : tb_show_rows(o, p, store, step, err);
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_pick p = { 0 };
    struct tb_out o;
    if (!tb_args_count(a, 1, 1, "show RUN", err) || !tb_out_open(&o, a, err))
        return false;
    struct tb_store *s = tb_pick_store(a, err);
    bool good = s && tb_pick_run(&p, s, a->pos[0], err);
    if (good && p.at >= 0)
        forget_end(&p);
    bool worst = tb_args_has(a, "worst"), is_point = tb_args_has(a, "batch") || tb_args_has(a, "rows");
    if (good && o.form == TB_EMIT_CSV && !is_point)
        good = tb_fail(err, TB_ERR_USAGE, "show: --csv is for the rows of --batch or --rows; --json has all of a run");
    else if (good && is_point)
        good = show_point(a, &o, &p, err);
    else if (good && (worst || tb_args_has(a, "samples")))
        good = tb_show_samples(&o, &p, worst, err);
    else if (good && o.form == TB_EMIT_JSON)
        tb_out_json(&o, run_json(s, &p));
    else if (good)
        print_run(&o, s, &p);
    tb_pick_free(&p);
    tb_store_close(s);
    return good;
}

static const struct tb_flag flags[] = {
    { "samples", NULL, false, "only the sampled rows of its last evaluation, with their losses" },
    { "worst", NULL, false, "these, the highest loss first" },
    { "batch", "STEP", false, "only the rows that this step was trained on, the highest loss first" },
    { "rows", "STEP", false, "only the held-out rows of the evaluation after this step, the highest loss first" },
    TB_FLAG_JSON,
    { "csv", NULL, false, "the rows of --batch or --rows as CSV with exact numbers" },
    TB_FLAG_OUTPUT, { 0 }
};

const struct tb_verb tb_verb_show = {
    .name = "show", .usage = "RUN",
    .help = "Shows one run: options, results, evaluations, events.\n"
            "RUN is a name, the beginning of an id, @last or @best; RUN:400 and RUN:best show it as it was then.",
    .examples = "  tunebench show @best\n"
                "  tunebench show lora-r8-s0:400\n"
                "  tunebench show lora-r8-s0:best --worst\n"
                "  tunebench show lora-r8-s0 --batch 487\n"
                "  tunebench show 3f9a --json | jq .changed\n",
    .flags = flags, .is_paged = true, .run = run,
};
