/* SPDX-License-Identifier: MIT */
/* verb_gc.c - tunebench gc: shows what a store holds that nobody needs, and removes it once that was agreed to.
 * Without a terminal nobody can agree, so --yes has to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/out.h"
#include "cli/pick.h"
#include "cli/verb.h"
#include "store/garbage.h"

static const char *const what[TB_N_GARBAGE] = {
    "old checkpoints", "damaged files moved aside", "unfinished files", "archived run, the whole of it"
};
static const char *const kinds[TB_N_GARBAGE] = { "checkpoint", "bad", "temporary", "run" };

static int64_t total(const struct tb_garbage_list *g, bool only_removed, size_t *n)
{
    int64_t bytes = 0;
    *n = 0;
    for (size_t i = 0; i < g->n; i++) {
        if (only_removed && !g->at[i].is_removed)
            continue;
        bytes += g->at[i].bytes;
        ++*n;
    }
    return bytes;
}

/* A line for each run and kind. */
static void add_line(struct tb_table *t, const struct tb_garbage_list *g, size_t i, const char *name)
{
    int64_t bytes = 0, n = 0;
    for (size_t j = 0; j < g->n; j++) {
        bool same = g->at[j].kind == g->at[i].kind && strcmp(g->at[j].run, g->at[i].run) == 0;
        if (same && j < i)
            return;
        bytes += same ? g->at[j].bytes : 0;
        n += same;
    }
    tb_table_text(t, *name ? name : g->at[i].run);
    tb_table_text(t, what[g->at[i].kind]);
    tb_table_int(t, n);
    tb_table_int(t, bytes);
}

static const char *name_of(const struct tb_run_item *all, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(all[i].sum.id, id) == 0)
            return all[i].sum.name;
    return *id ? id : "(the store)";
}

static bool print_table(const struct tb_out *o, struct tb_store *s, const struct tb_garbage_list *g, struct tb_err *err)
{
    static const struct tb_table_column columns[] = {
        { "run", NULL, TB_UNIT_TEXT, false }, { "what", NULL, TB_UNIT_TEXT, false },
        { "files", NULL, TB_UNIT_COUNT, false }, { "size", NULL, TB_UNIT_BYTES, false },
    };
    struct tb_run_item *all;
    struct tb_table t;
    size_t n;
    bool good = tb_store_list(s, &all, &n, err);
    tb_table_init(&t, columns, 4);
    for (size_t i = 0; good && i < g->n; i++)
        add_line(&t, g, i, name_of(all, n, g->at[i].run));
    if (good && g->n)
        tb_out_table(o, &t);
    tb_table_free(&t);
    free(all);
    return good;
}

static struct tb_json *items_of(const struct tb_garbage_list *g)
{
    struct tb_json *items = tb_json_new_list();
    for (size_t i = 0; i < g->n; i++) {
        struct tb_json *e = tb_json_new_map();
        tb_json_set(e, "run", tb_json_new_str(*g->at[i].run ? g->at[i].run : NULL));
        tb_json_set(e, "kind", tb_json_new_str(kinds[g->at[i].kind]));
        tb_json_set(e, "path", tb_json_new_str(g->at[i].path));
        tb_json_set(e, "bytes", tb_json_new_int(g->at[i].bytes));
        tb_json_set(e, "removed", tb_json_new_bool(g->at[i].is_removed));
        tb_json_append(items, e);
    }
    return items;
}

static void print_json(const struct tb_out *o, const struct tb_garbage_list *g)
{
    size_t n;
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "items", items_of(g));
    tb_json_set(map, "bytes", tb_json_new_int(total(g, false, &n)));
    tb_json_set(map, "bytes_removed", tb_json_new_int(total(g, true, &n)));
    tb_json_set(map, "runs_held", tb_json_new_int((int64_t)g->n_held));
    tb_out_json(o, map);
}

static void print_items(const struct tb_out *o, const struct tb_garbage_list *g)
{
    static const struct tb_table_column columns[] = {
        { "run", NULL, TB_UNIT_TEXT, false },    { "kind", NULL, TB_UNIT_TEXT, false },
        { "path", NULL, TB_UNIT_TEXT, false },   { "bytes", NULL, TB_UNIT_BYTES, false },
        { "removed", NULL, TB_UNIT_TEXT, false },
    };
    struct tb_json *items = items_of(g);
    tb_out_maps(o, items, columns, sizeof columns / sizeof *columns);
    tb_json_free(items);
}

/* The question, on stderr, so that what is on stdout can go to a file. */
static bool is_agreed(const struct tb_garbage_list *g)
{
    char size[32], line[16];
    size_t n;
    tb_fmt_unit(size, sizeof size, TB_UNIT_BYTES, (double)total(g, false, &n));
    fflush(stdout);
    fprintf(stderr, "remove these (%s)? They cannot be brought back. [y/N] ", size);
    fflush(stderr);
    return fgets(line, sizeof line, stdin) && (strcmp(line, "y\n") == 0 || strcmp(line, "yes\n") == 0);
}

enum consent { REMOVE, SHOW, DECLINED, NOBODY_TO_ASK };

static enum consent consent_of(const struct tb_args *a, const struct tb_out *o, const struct tb_garbage_list *g)
{
    if (tb_args_has(a, "dry-run") || !g->n)
        return SHOW;
    if (tb_args_has(a, "yes"))
        return REMOVE;
    if (o->form != TB_EMIT_TEXT || tb_args_has(a, "no-input") || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return NOBODY_TO_ASK;
    return is_agreed(g) ? REMOVE : DECLINED;
}

static void print_end(const struct tb_garbage_list *g, enum consent consent)
{
    char size[32];
    size_t n;
    int64_t bytes = total(g, consent == REMOVE, &n);
    tb_fmt_unit(size, sizeof size, TB_UNIT_BYTES, (double)bytes);
    if (g->n_held)
        printf("%zu run%s left alone: another process has %s\n", g->n_held, g->n_held == 1 ? "" : "s",
               g->n_held == 1 ? "it" : "them");
    if (!g->n)
        printf("nothing to remove\n");
    else if (consent == REMOVE)
        printf("removed %zu, %s\n", n, size);
    else if (consent == SHOW)
        printf("%zu to remove, %s\n", n, size);
    else
        printf("nothing was removed\n");
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_garbage_list g = { 0 };
    struct tb_out o;
    bool archived = tb_args_has(a, "archived");
    if (!tb_args_count(a, 0, 0, "gc", err) || !tb_out_open(&o, a, err))
        return false;
    if (tb_args_has(a, "dry-run") && tb_args_has(a, "yes"))
        return tb_fail(err, TB_ERR_USAGE, "--dry-run and --yes exclude each other");
    struct tb_store *s = tb_pick_store(a, err);
    bool good = s && tb_garbage_find(&g, s, archived, err) && (o.form != TB_EMIT_TEXT || print_table(&o, s, &g, err));
    enum consent consent = good ? consent_of(a, &o, &g) : DECLINED;
    if (consent == REMOVE)
        good = tb_garbage_remove(&g, s, archived, err);
    if (s && o.form == TB_EMIT_JSON)
        print_json(&o, &g);
    else if (s && o.form != TB_EMIT_TEXT)
        print_items(&o, &g);
    else if (good)
        print_end(&g, consent);
    if (good && consent == NOBODY_TO_ASK)
        good = tb_fail(err, TB_ERR_USAGE, "nobody can be asked here: --yes removes it, --dry-run only shows it");
    tb_garbage_free(&g);
    tb_store_close(s);
    return good;
}

static const struct tb_flag flags[] = {
    { "dry-run", NULL, false, "only show what would go" },
    { "yes", NULL, false, "remove without asking" },
    { "no-input", NULL, false, "ask nothing, also on a terminal: without --yes nothing is removed" },
    { "archived", NULL, false, "also archived runs as a whole, unless they are protected" },
    TB_FLAG_JSON, TB_FLAG_CSV, TB_FLAG_PLAIN, TB_FLAG_OUTPUT, { 0 }
};

const struct tb_verb tb_verb_gc = {
    .name = "gc", .usage = "",
    .help = "Removes what a store needs no more, after asking.\n"
            "Checkpoints of finished runs but for the newest, the best (exec.keep_best of them) and those asked for; "
            "damaged and unfinished files.\n"
            "It shows them first. Protected runs stay whole, runs in use are left alone.",
    .examples = "  tunebench gc --dry-run\n"
                "  tunebench gc --yes --json | jq .bytes_removed\n"
                "  tunebench gc --archived\n",
    .flags = flags, .run = run,
};
