/* SPDX-License-Identifier: MIT */
/* verb_ls.c - tunebench ls [FILTER]: the table of runs. Machine forms hold every column; the text form the
 * usual ones, on a narrow terminal fewer. A store that is not there yet is an empty one, unless it was named. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "cli/choose.h"
#include "cli/out.h"
#include "cli/pick.h"
#include "cli/verb.h"
#include "view/filter.h"
#include "view/groups.h"
#include "view/pareto.h"
#include "view/runs.h"

struct list {
    struct tb_run_item *all;
    size_t n;          /* in the store */
    size_t *order;     /* of those that pass */
    size_t n_passing;
    size_t n_hidden;   /* archived runs that would pass */
    struct tb_group *group;
    size_t n_groups;   /* 0: runs are not grouped */
    char *group_keys;  /* "method"; NULL then */
    bool *is_front;    /* of those that pass; NULL: nobody asked */
    struct tb_pareto pareto;
};

static bool read_store(struct list *l, const struct tb_args *a, struct tb_err *err)
{
    struct tb_err why = { 0 };
    struct tb_store *s = tb_pick_store(a, &why);
    if (!s && (why.kind != TB_ERR_NOTFOUND || tb_args_has(a, "store"))) {
        *err = why;
        return false;
    }
    bool good = !s || tb_store_list(s, &l->all, &l->n, err);
    tb_store_close(s);
    return good;
}

/* The words of the command line and what --sort and --group add, as one filter. */
static char *filter_text(const struct tb_args *a)
{
    struct tb_buf b = { 0 };
    for (int i = 0; i < a->n_pos; i++)
        tb_buf_fmt(&b, "%s ", a->pos[i]);
    for (int i = 0; tb_args_at(a, "sort", i); i++)
        tb_buf_fmt(&b, "sort:%s ", tb_args_at(a, "sort", i));
    if (tb_args_has(a, "group"))
        tb_buf_fmt(&b, "group:%s", tb_args_get(a, "group"));
    return tb_buf_take(&b);
}

/* A run that is named is meant, archived or not. */
static bool is_named(const struct tb_args *a, const struct tb_run_summary *s)
{
    for (int i = 0; i < a->n_pos; i++)
        if (strcmp(a->pos[i], s->name) == 0 || strcmp(a->pos[i], s->id) == 0)
            return true;
    return false;
}

/* Archived runs are passed over unless somebody asks for them. */
static void hide_archived(struct list *l, const struct tb_args *a, const char *filter)
{
    size_t n = 0;
    if (tb_args_has(a, "all") || tb_filter_says(filter, "archived:"))
        return;
    for (size_t i = 0; i < l->n_passing; i++) {
        const struct tb_run_summary *s = &l->all[l->order[i]].sum;
        if (!s->is_archived || is_named(a, s))
            l->order[n++] = l->order[i];
    }
    l->n_hidden = l->n_passing - n;
    l->n_passing = n;
}

static bool choose_runs(struct list *l, const struct tb_args *a, struct tb_err *err)
{
    char *text = filter_text(a);
    struct tb_filter *f = tb_filter_open(text, err);
    l->order = tb_xcalloc(l->n + 1, sizeof *l->order);
    if (f)
        l->n_passing = tb_filter_apply(f, l->all, l->n, l->order);
    hide_archived(l, a, text);
    if (f && tb_filter_group(f)) {
        l->group_keys = tb_xstrdup(tb_filter_group(f));
        l->n_groups = tb_groups_make(l->group_keys, l->all, l->order, l->n_passing, &l->group);
    }
    tb_filter_close(f);
    free(text);
    return f != NULL;
}

static bool mark_front(struct list *l, const struct tb_args *a, struct tb_err *err)
{
    const char *columns = tb_args_get(a, "pareto");
    if (!columns)
        return true;
    if (!tb_pareto_open(&l->pareto, columns, err))
        return false;
    l->is_front = tb_xcalloc(l->n_passing + 1, sizeof *l->is_front);
    tb_pareto_mark(&l->pareto, l->all, l->order, l->n_passing, l->is_front);
    return true;
}

static void add_name(struct tb_buf *b, const char *name)
{
    tb_buf_fmt(b, "%s%s", b->n ? "," : "", name);
}

static char *every_column(void)
{
    struct tb_buf b = { 0 };
    for (size_t i = 0; tb_run_column_at(i); i++)
        add_name(&b, tb_run_column_at(i)->name);
    return tb_buf_take(&b);
}

static bool any_damaged(const struct list *l)
{
    for (size_t i = 0; i < l->n_passing; i++)
        if (l->all[l->order[i]].sum.damage[0])
            return true;
    return false;
}

static bool any_changed(const struct list *l)
{
    for (size_t i = 0; i < l->n_passing; i++)
        if (l->all[l->order[i]].sum.n_changes)
            return true;
    return false;
}

static const char *const missed_least[] = { "age", "share", "steps", "best_eval", "trainable", "id", NULL };

static char *usual_columns(const struct list *l)
{
    struct tb_buf b = { 0 };
    tb_buf_str(&b, tb_runs_usual);
    for (size_t k = 0; l->is_front && k < l->pareto.n; k++) {
        const char *name = tb_run_column_at((size_t)l->pareto.column[k])->name;
        if (!strstr(b.p, name))
            add_name(&b, name);
    }
    if (any_changed(l))
        add_name(&b, "changes");
    if (any_damaged(l))
        add_name(&b, "damage");
    return tb_buf_take(&b);
}

/* Which runs no other one beats. */
static void add_front(struct tb_table *t, const struct list *l, bool is_text)
{
    static const struct tb_table_column head = { "pareto", NULL, TB_UNIT_TEXT, false };
    const char **words = tb_xcalloc(l->n_passing + 1, sizeof *words);
    for (size_t i = 0; i < l->n_passing; i++)
        words[i] = l->is_front[i] ? is_text ? "front" : "yes" : is_text ? " " : "no";
    tb_table_add(t, &head, words);
    free(words);
}

/* The table in its form; the text form gives up columns until it fits the terminal. */
static bool make_table(const struct list *l, const struct tb_args *a, const struct tb_out *o, struct tb_buf *b,
                       struct tb_err *err)
{
    struct tb_table t;
    const char *asked = tb_args_get(a, "cols");
    bool is_text = o->form == TB_EMIT_TEXT;
    char *columns = asked ? tb_xstrdup(asked) : is_text ? usual_columns(l) : every_column();
    bool good = tb_runs_table(&t, l->all, l->order, l->n_passing, columns, err);
    if (good && l->is_front)
        add_front(&t, l, is_text);
    if (good && is_text && !asked && o->columns)
        tb_table_fit(&t, o->columns, missed_least);
    if (good)
        tb_table_emit(&t, o->form, b);
    tb_table_free(&t);
    free(columns);
    return good;
}

static enum tb_paint paint_of(const struct tb_run_item *item)
{
    if (item->sum.damage[0])
        return TB_PAINT_BAD;
    switch (item->sight.state) {
    case TB_STATE_RUNNING: return TB_PAINT_LIVE;
    case TB_STATE_PAUSED:
    case TB_STATE_STALLED:
    case TB_STATE_LOST: return TB_PAINT_WARN;
    case TB_STATE_FAILED: return TB_PAINT_BAD;
    case TB_STATE_QUEUED:
    case TB_STATE_STOPPED:
    case TB_STATE_PRUNED: return TB_PAINT_DIM;
    default: return TB_PAINT_PLAIN;
    }
}

/* "method lora: 3 runs, eval 1.142 +-0.012 (1.130 .. 1.155)" */
static void print_group(const struct tb_out *o, const struct list *l, const struct tb_group *g)
{
    bool has_arms = l->group_keys[0] == '!';
    struct tb_buf raw = { 0 }, safe = { 0 };
    tb_buf_fmt(&raw, "%s%s%s: %zu run%s", has_arms ? "" : l->group_keys, has_arms ? "" : " ", g->name, g->n,
               g->n == 1 ? "" : "s");
    tb_utf8_safe(&safe, raw.p, raw.n);
    tb_out_head(o, safe.p);
    if (g->n_eval > 1)
        printf("mean eval %.3f +- %.3f (%.3f .. %.3f)\n", g->mean, g->sd, g->low, g->high);
    tb_buf_free(&safe);
    tb_buf_free(&raw);
}

/* Line i + 1 of the text belongs to run i. */
static void print_lines(const struct tb_out *o, const struct list *l, char *text)
{
    const struct tb_group *g = l->group, *end = l->group + l->n_groups;
    tb_out_paint(o, TB_PAINT_HEAD, strsep(&text, "\n"));
    fputc('\n', stdout);
    for (size_t i = 0; i < l->n_passing; i++) {
        if (g != end && g->first == i)
            print_group(o, l, g++);
        tb_out_paint(o, paint_of(&l->all[l->order[i]]), strsep(&text, "\n"));
        fputc('\n', stdout);
    }
}

static void print_nothing(const struct tb_args *a, const struct list *l)
{
    if (l->n_hidden)
        printf("Only archived runs: %zu; 'tunebench ls --all' shows them.\n", l->n_hidden);
    else if (l->n)
        printf("None of the %zu runs passes the filter; 'tunebench ls' shows them all.\n", l->n);
    else
        printf("No runs yet%s%s. Begin with: tunebench run recipes/compare-three.lua (see 'tunebench help run')\n",
               tb_args_has(a, "store") ? " in " : "", tb_args_has(a, "store") ? tb_args_get(a, "store") : "");
}

static void print_columns(void)
{
    for (size_t i = 0; tb_run_column_at(i); i++)
        printf("%-12s %s\n", tb_run_column_at(i)->name, tb_run_column_at(i)->help);
}

static bool print(const struct tb_out *o, const struct list *l, const struct tb_args *a, struct tb_err *err)
{
    struct tb_buf b = { 0 };
    bool good = make_table(l, a, o, &b, err);
    if (good && o->form != TB_EMIT_TEXT)
        tb_out_bytes(o, b.p, b.n);
    else if (good && l->n_passing == 0)
        print_nothing(a, l);
    else if (good)
        print_lines(o, l, b.p);
    if (good && o->form == TB_EMIT_TEXT && l->n_passing && l->n_hidden) {
        fflush(stdout);
        fprintf(stderr, "%zu archived not shown (--all shows them)\n", l->n_hidden);
    }
    tb_buf_free(&b);
    return good;
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct list l = { 0 };
    struct tb_out o;
    const char *cols = tb_args_get(a, "cols");
    if (!tb_out_open(&o, a, err))
        return false;
    if (cols && strcmp(cols, "help") == 0) {
        print_columns();
        return true;
    }
    bool good = read_store(&l, a, err) && choose_runs(&l, a, err) && mark_front(&l, a, err)
             && print(&o, &l, a, err);
    tb_groups_free(l.group, l.n_groups);
    free(l.group_keys);
    free(l.is_front);
    free(l.order);
    free(l.all);
    return good;
}

static const struct tb_flag flags[] = {
    { "all", NULL, false, "archived runs too" },
    { "sort", "KEY", true, "order by a column, -KEY downwards; the last one decides" },
    { "group", "KEYS", false, "runs with the same KEYS together, with mean and deviation; '!seed': all but the seed" },
    { "pareto", "COLUMNS", false, "mark the runs that no other one beats in 'eval/loss,adapter_bytes' or others" },
    { "cols", "LIST", false, "columns, 'name,min eval/loss as best'; 'help' lists them" },
    TB_FLAG_JSON, TB_FLAG_CSV, TB_FLAG_PLAIN, TB_FLAG_OUTPUT, { 0 }
};

const struct tb_verb tb_verb_ls = {
    .name = "ls", .usage = "[FILTER]", .help = "Lists the runs of the store; FILTER chooses and orders them.\n"
            "FILTER is terms like method:lora state!=failed eval<1.2 tokens>=60k sort:-eval group:!seed word; all\n"
            "must hold.\n"
            "Without --cols the forms for programs have every column ('--cols help' lists them), the text has the\n"
            "usual ones. Archived runs are listed with --all, by 'archived:yes' and by name.",
    .examples = "  tunebench ls\n"
                "  tunebench ls method:lora 'eval<1.2' --sort eval\n"
                "  tunebench ls 'state!=done' --group method\n"
                "  tunebench ls 'sort:eval group:!seed'\n"
                "  tunebench ls --pareto 'eval/loss,adapter_bytes,tok_s:max'\n"
                "  tunebench ls --cols 'name,lr,min eval/loss as best,peak'\n"
                "  tunebench ls --json | jq -r '.[] | select(.state == \"done\") | .id'\n",
    .flags = flags, .is_paged = true, .run = run,
};
