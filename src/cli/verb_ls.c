/* SPDX-License-Identifier: MIT */
/* verb_ls.c - tunebench ls [FILTER]: the table of runs. Machine forms hold every column; the text form the
 * usual ones, on a narrow terminal fewer. A store that is not there yet is an empty one, unless it was named. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/choose.h"
#include "cli/out.h"
#include "cli/pick.h"
#include "cli/verb.h"
#include "view/filter.h"
#include "view/runs.h"

struct list {
    struct tb_run_item *all;
    size_t n;          /* in the store */
    size_t *order;     /* of those that pass */
    size_t n_passing;
    size_t n_hidden;   /* archived runs that would pass */
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
        tb_buf_fmt(&b, "sort:%s", tb_args_get(a, "group"));
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
    tb_filter_close(f);
    free(text);
    return f != NULL;
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

/* The usual columns but for the n that are missed least. */
static char *usual_columns(const struct list *l, size_t n_dropped)
{
    static const char *const missed_least[] = { "age", "share", "steps", "best_eval", "trainable", "id" };
    struct tb_buf b = { 0 };
    char *copy = tb_xstrdup(tb_runs_usual), *rest = copy;
    for (char *name; (name = strsep(&rest, ","));) {
        bool dropped = false;
        for (size_t i = 0; i < n_dropped && i < sizeof missed_least / sizeof *missed_least; i++)
            dropped |= strcmp(name, missed_least[i]) == 0;
        if (!dropped)
            add_name(&b, name);
    }
    if (any_damaged(l))
        add_name(&b, "damage");
    free(copy);
    return tb_buf_take(&b);
}

static bool emit(const struct list *l, const char *columns, enum tb_emit how, struct tb_buf *b, struct tb_err *err)
{
    struct tb_table t;
    bool good = tb_runs_table(&t, l->all, l->order, l->n_passing, columns, err);
    tb_buf_clear(b);
    if (good)
        tb_table_emit(&t, how, b);
    tb_table_free(&t);
    return good;
}

/* The table in its form; the text form gives up columns until it fits the terminal. */
static bool make_table(const struct list *l, const struct tb_args *a, const struct tb_out *o, struct tb_buf *b,
                       struct tb_err *err)
{
    const char *asked = tb_args_get(a, "cols");
    if (asked)
        return emit(l, asked, o->form, b, err);
    bool good = true, fits = false;
    for (size_t n_dropped = 0; good && !fits && n_dropped <= 6; n_dropped++) {
        char *columns = o->form == TB_EMIT_TEXT ? usual_columns(l, n_dropped) : every_column();
        good = emit(l, columns, o->form, b, err);
        fits = o->form != TB_EMIT_TEXT || o->columns == 0 || tb_out_width(b) <= o->columns;
        free(columns);
    }
    return good;
}

static enum tb_paint paint_of(const struct tb_run_item *item)
{
    if (item->sum.damage[0])
        return TB_PAINT_BAD;
    switch (item->sight.state) {
    case TB_STATE_RUNNING: return TB_PAINT_LIVE;
    case TB_STATE_PAUSED:
    case TB_STATE_LOST: return TB_PAINT_WARN;
    case TB_STATE_FAILED: return TB_PAINT_BAD;
    case TB_STATE_QUEUED:
    case TB_STATE_STOPPED:
    case TB_STATE_PRUNED: return TB_PAINT_DIM;
    default: return TB_PAINT_PLAIN;
    }
}

/* "method lora: 3 runs, eval 1.142 (1.130 .. 1.155)" of the runs first .. last - 1. */
static void print_group(const struct tb_out *o, const struct list *l, const char *key, const char *value,
                        size_t first, size_t last)
{
    double sum = 0, low = INFINITY, high = -INFINITY;
    size_t n = 0;
    for (size_t i = first; i < last; i++) {
        double eval = l->all[l->order[i]].sum.last_eval;
        if (l->all[l->order[i]].sum.damage[0] || !isfinite(eval))
            continue;
        sum += eval;
        low = fmin(low, eval);
        high = fmax(high, eval);
        n++;
    }
    char *title = tb_xasprintf("%s %s: %zu run%s", key, *value ? value : "-", last - first,
                               last - first == 1 ? "" : "s");
    tb_out_head(o, title);
    if (n > 1)
        printf("mean eval %.3f (%.3f .. %.3f)\n", sum / (double)n, low, high);
    free(title);
}

/* Line i + 1 of the text belongs to run i; in `keys` line i + 1 is its group. */
static void print_lines(const struct tb_out *o, const struct list *l, char *text, char *keys, const char *key)
{
    char *group = NULL;
    for (size_t i = 0; i <= l->n_passing; i++) {
        char *line = strsep(&text, "\n"), *mine = keys ? strsep(&keys, "\n") : NULL;
        if (i && mine && (!group || strcmp(group, mine) != 0)) {
            size_t last = i;
            group = mine;
            for (char *at = keys; last < l->n_passing && strcspn(at, "\n") == strlen(mine)
                                  && strncmp(at, mine, strlen(mine)) == 0;
                 last++)
                at += strlen(mine) + 1;
            print_group(o, l, key, mine, i - 1, last);
        }
        tb_out_paint(o, i ? paint_of(&l->all[l->order[i - 1]]) : TB_PAINT_HEAD, line);
        fputc('\n', stdout);
    }
}

static bool print_text(const struct tb_out *o, const struct list *l, const struct tb_args *a, struct tb_buf *b,
                       struct tb_err *err)
{
    struct tb_buf keys = { 0 };
    const char *group = tb_args_get(a, "group");
    if (group && !emit(l, group, TB_EMIT_PLAIN, &keys, err))
        return false;
    print_lines(o, l, b->p, keys.p, group);
    tb_buf_free(&keys);
    return true;
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
        good = print_text(o, l, a, &b, err);
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
    bool good = read_store(&l, a, err) && choose_runs(&l, a, err) && print(&o, &l, a, err);
    free(l.order);
    free(l.all);
    return good;
}

static const struct tb_flag flags[] = {
    { "all", NULL, false, "archived runs too" },
    { "sort", "KEY", true, "order by a column, -KEY downwards; the last one decides" },
    { "group", "KEY", false, "runs with the same KEY together, with the mean of their evaluations" },
    { "cols", "LIST", false, "columns, 'name,min eval/loss as best'; 'help' lists them" },
    TB_FLAG_JSON, TB_FLAG_CSV, TB_FLAG_PLAIN, TB_FLAG_OUTPUT, { 0 }
};

const struct tb_verb tb_verb_ls = {
    .name = "ls", .usage = "[FILTER]", .help = "Lists the runs of the store; FILTER chooses and orders them.\n"
            "FILTER is terms like method:lora state!=failed eval<1.2 tokens>=60k sort:-eval word; all must hold.\n"
            "Without --cols the forms for programs have every column ('--cols help' lists them), the text has the\n"
            "usual ones. Archived runs are listed with --all, by 'archived:yes' and by name.",
    .examples = "  tunebench ls\n"
                "  tunebench ls method:lora 'eval<1.2' --sort eval\n"
                "  tunebench ls 'state!=done' --group method\n"
                "  tunebench ls --cols 'name,lr,min eval/loss as best,peak'\n"
                "  tunebench ls --json | jq -r '.[] | select(.state == \"done\") | .id'\n",
    .flags = flags, .is_paged = true, .run = run,
};
