/* SPDX-License-Identifier: MIT */
/* verb_compare.c - tunebench compare: the arms of a sweep, or of runs, as a report that can be handed on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "cli/compare.h"
#include "cli/refs.h"
#include "cli/verb.h"

enum { MAX_RUNS = 512, WIDTH = 9, WIDEST = 26 };

static const char usage[] = "compare SWEEP | RUNS ..";

/* ---- what is compared */

void tb_compare_lose(struct tb_compare *x, const char *name, const char *why)
{
    x->lost = tb_grow(x->lost, x->n_lost, &x->lost_cap, sizeof *x->lost);
    x->lost[x->n_lost++] = (struct tb_report_lost){ tb_xstrdup(name), tb_xstrdup(why) };
}

/* Why a run has nothing to compare; NULL if it has. malloc'ed. */
static char *why_lost(const struct tb_pick *p)
{
    enum tb_state state = p->item.sight.state;
    size_t n_rows;
    tb_last_rows(&p->m, &n_rows);
    if (state == TB_STATE_FAILED)
        return tb_xasprintf("failed (%s%s%s)", p->m.ended_by, *p->m.note ? ": " : "", p->m.note);
    return n_rows ? NULL : tb_xasprintf("has no evaluation (%s)", tb_state_name(state));
}

bool tb_compare_take(struct tb_compare *x, const char *ref, struct tb_err *err)
{
    x->run = tb_grow(x->run, x->n, &x->cap, sizeof *x->run);
    struct tb_pick *p = &x->run[x->n];
    bool good = tb_pick_from(p, x->store, x->all, x->n_all, ref, err);
    char *why = good ? why_lost(p) : NULL;
    if (why)
        tb_compare_lose(x, *p->item.sum.name ? p->item.sum.name : p->item.sum.id, why);
    if (!good || why)
        tb_pick_free(p);
    else
        x->n++;
    free(why);
    return good;
}

static bool take_runs(struct tb_compare *x, struct tb_err *err)
{
    struct tb_ref *chosen = NULL;
    size_t n = 0;
    bool good = tb_refs_find(x->a, x->all, x->n_all, &chosen, &n, err);
    if (good && (n < 2 || n > MAX_RUNS))
        good = tb_fail(err, TB_ERR_USAGE, "%zu run%s; compare takes a sweep, or 2 to %d runs", n, n == 1 ? "" : "s",
                       MAX_RUNS);
    for (size_t i = 0; good && i < n; i++)
        good = tb_compare_take(x, chosen[i].ref, err);
    free(chosen);
    return good;
}

/* A single word without operators is a sweep: a single run could not be compared with anything. */
static bool take_all(struct tb_compare *x, struct tb_err *err)
{
    struct tb_err no_sweep = { 0 };
    const char *word = x->a->pos[0];
    if (x->a->n_pos > 1 || strpbrk(word, "=<>!:"))
        return take_runs(x, err);
    x->has_sweep = tb_sweep_load(&x->sweep, tb_store_path(x->store), word, &no_sweep);
    if (x->has_sweep)
        return tb_compare_finalists(x, err);
    tb_sweep_close(&x->sweep);
    if (no_sweep.kind == TB_ERR_NOTFOUND && tb_run_find(x->all, x->n_all, word, NULL) >= 0)
        return tb_fail(err, TB_ERR_USAGE, "'%.60s' is one run; compare takes a sweep, or 2 to %d runs", word, MAX_RUNS);
    *err = no_sweep;
    return false;
}

/* ---- arms */

static void group(struct tb_compare *x, enum tb_arms_by by)
{
    const struct tb_run_item **item = tb_xcalloc(x->n + 1, sizeof *item);
    const struct tb_metrics **m = tb_xcalloc(x->n + 1, sizeof *m);
    for (size_t i = 0; i < x->n; i++) {
        item[i] = &x->run[i].item;
        m[i] = &x->run[i].m;
    }
    tb_arms_make(&x->arms, item, m, x->n, x->all, x->n_all, by);
    free(m);
    free(item);
}

/* By seed, unless that leaves one arm: then its seeds are compared, which differ in nothing else. */
static bool make_arms(struct tb_compare *x, struct tb_err *err)
{
    enum tb_arms_by by;
    if (!tb_arms_by_named(tb_args_get(x->a, "group"), &by, err))
        return false;
    group(x, by == TB_ARMS_AUTO ? TB_ARMS_BY_SEED : by);
    if (x->arms.n == 1 && by == TB_ARMS_AUTO && !x->has_sweep) {
        tb_arms_free(&x->arms);
        group(x, TB_ARMS_SINGLE);
    }
    if (x->arms.n > TB_REPORT_ARMS)
        return tb_fail(err, TB_ERR_LIMIT, "%zu arms; compare has letters for %d", x->arms.n, TB_REPORT_ARMS);
    if (x->arms.n > 1)
        return true;
    if (x->n_lost) {
        char *left = x->has_sweep ? tb_compare_left(x) : NULL;
        tb_fail(err, TB_ERR_NOTFOUND, "%zu arm%s with results; %s %s%s%s", x->arms.n, x->arms.n == 1 ? "" : "s",
                x->lost[0].name, x->lost[0].why, left ? "; " : "", left ? left : "");
        free(left);
        return false;
    }
    return tb_fail(err, TB_ERR_NOTFOUND, "one arm; a sweep has several with t.one_of{..} and per = \"method\"");
}

static bool make_report(struct tb_compare *x, struct tb_err *err)
{
    struct tb_report_from from = { .reference = tb_args_get(x->a, "against"), .lost = x->lost, .n_lost = x->n_lost,
                                    .text = x->text, .sweep = x->has_sweep ? tb_compare_search(x) : NULL };
    x->lost = NULL;
    x->n_lost = 0;
    x->text = NULL;
    return tb_report_make(&x->report, &x->arms, &from, err);
}

/* ---- the answer */

static int width_of(const struct tb_report_part *p)
{
    int most = WIDTH;
    for (size_t i = 0; i < p->n_lines; i++) {
        int w = tb_utf8_width(p->line[i].name, strlen(p->line[i].name));
        most = w > most ? w : most;
    }
    return most < WIDEST ? most : WIDEST;
}

static void print_literal(const struct tb_out *o, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        struct tb_buf b = { 0 };
        tb_utf8_safe(&b, text, n);
        printf("    ");
        tb_out_paint(o, TB_PAINT_DIM, b.p ? b.p : "");
        putchar('\n');
        tb_buf_free(&b);
        text += n + (text[n] == '\n');
    }
}

static void print_part(struct tb_out *o, struct tb_report_part *p, bool is_first)
{
    static const char *const none[] = { NULL };
    if (is_first) {
        tb_out_paint(o, TB_PAINT_HEAD, p->title);
        putchar('\n');
    } else {
        tb_out_head(o, p->title);
    }
    if (*p->lead)
        tb_out_words(o, 0, "", p->lead);
    if (p->table.n_columns)
        tb_out_table_fit(o, &p->table, p->missed_least ? p->missed_least : none);
    int width = width_of(p);
    for (size_t i = 0; i < p->n_lines; i++)
        if (p->is_literal)
            print_literal(o, p->line[i].words);
        else
            tb_out_words(o, width, p->line[i].name, p->line[i].words);
}

static void print_text(struct tb_compare *x)
{
    size_t n;
    struct tb_report_part *part = tb_report_parts(&x->report, &n);
    for (size_t i = 0; i < n; i++)
        print_part(&x->out, &part[i], i == 0);
    tb_report_parts_free(part, n);
}

static void print_table(struct tb_compare *x)
{
    struct tb_table t;
    tb_report_table(&x->report, &t);
    tb_out_table(&x->out, &t);
    tb_table_free(&t);
}

static void print_string(const struct tb_out *o, char *text)
{
    tb_out_bytes(o, text, strlen(text));
    free(text);
}

/* The form that was asked for, else that of the file's name. */
static void answer(struct tb_compare *x)
{
    const char *file = tb_args_get(x->a, "output");
    bool is_text = x->out.form == TB_EMIT_TEXT;
    if (is_text && file && (tb_str_ends(file, ".html") || tb_str_ends(file, ".htm")))
        print_string(&x->out, tb_report_html(&x->report));
    else if (is_text && file && tb_str_ends(file, ".md"))
        print_string(&x->out, tb_report_markdown(&x->report));
    else if (x->out.form == TB_EMIT_JSON)
        tb_out_json(&x->out, tb_report_json(&x->report));
    else if (is_text)
        print_text(x);
    else
        print_table(x);
}

/* `text` is taken over. */
static bool write_file(const char *path, char *text, struct tb_err *err)
{
    bool good = tb_dir_exists(path) ? tb_fail(err, TB_ERR_USAGE, "%s is a folder; a file is to be written", path)
                                    : tb_file_replace(path, text, strlen(text), err);
    free(text);
    return good;
}

static bool write_files(const struct tb_compare *x, struct tb_err *err)
{
    const char *html = tb_args_get(x->a, "html"), *markdown = tb_args_get(x->a, "md");
    return (!html || write_file(html, tb_report_html(&x->report), err))
        && (!markdown || write_file(markdown, tb_report_markdown(&x->report), err));
}

static void close_all(struct tb_compare *x)
{
    tb_report_free(&x->report);
    tb_arms_free(&x->arms);
    for (size_t i = 0; i < x->n; i++)
        tb_pick_free(&x->run[i]);
    for (size_t i = 0; i < x->n_lost; i++) {
        free(x->lost[i].name);
        free(x->lost[i].why);
    }
    if (x->has_sweep)
        tb_sweep_close(&x->sweep);
    tb_report_text_free(x->text);
    free(x->lost);
    free(x->run);
    free(x->all);
    tb_store_close(x->store);
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_compare x = { .a = a };
    (void)exit_code;
    bool good = tb_args_count(a, 1, TB_ARGS_MAX, usage, err) && tb_out_open(&x.out, a, err)
             && (x.store = tb_pick_store(a, err)) && tb_store_list(x.store, &x.all, &x.n_all, err) && take_all(&x, err)
             && tb_compare_measure(&x, err) && make_arms(&x, err) && make_report(&x, err)
             && (!tb_args_has(a, "merge") || tb_compare_merge(&x, err)) && write_files(&x, err);
    if (good)
        answer(&x);
    close_all(&x);
    return good;
}

static const struct tb_flag flags[] = {
    { "against", "ARM", false, "the arm the others are tested against, by name or letter (the first)" },
    { "group", "seed|none", false, "runs that differ in their seed only as one arm (the usual), or each by itself" },
    { "data", "DATA", false,
      "measure the runs on this text instead of their held-out rows, by which settings may have been chosen: FILE, or "
      "KIND:FILE,key=value.. as 'run' takes it" },
    { "metric", "METRIC", true, "with --data: also what they write behind its prompts, by bleu, rougeL, slots ..; "
      "score --list names all" },
    { "forget", "TEXT", false, "measure what they forgot of this general text" },
    { "threads", "N", false, "threads for these (all processors)" },
    { "merge", NULL, false, "fold the first run of each arm into its base, read that back and compare its logits" },
    { "html", "FILE", false, "also as a page that needs nothing else; also -o FILE.html" },
    { "md", "FILE", false, "also as Markdown; also -o FILE.md" },
    TB_FLAG_JSON, TB_FLAG_CSV, TB_FLAG_PLAIN, TB_FLAG_OUTPUT, { 0 }
};

const struct tb_verb tb_verb_compare = {
    .name = "compare", .usage = "SWEEP | RUNS ..",
    .help = "Compares arms and reports how sure the differences are.\n"
            "Of a sweep each arm's finalist with all its seeds; runs that differ in their seed only are one arm.\n"
            "Mean and interval over prompts and seeds, paired tests corrected for their number, quality against cost,\n"
            "the search that led there, what a fair comparison needs and whether it was so, and how to do it again.\n"
            "--data measures on rows that chose nothing, and says whether the runs know them after all.\n"
            "CSV has a line for each arm. A page (--html) has charts, and works without a network.",
    .examples = "  tunebench compare @last\n"
                "  tunebench compare 5551e1 --html report.html\n"
                "  tunebench compare @last --data test.txt --metric bleu --forget general.txt\n"
                "  tunebench compare method:lora,prefix --against lora-r8 --csv\n"
                "  tunebench compare lora-r8-s0 lora-r8-s1 prefix20-s0 prefix20-s1 -o report.md\n",
    .flags = flags, .is_paged = true, .run = run,
};
