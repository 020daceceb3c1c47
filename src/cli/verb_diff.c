/* SPDX-License-Identifier: MIT */
/* verb_diff.c - tunebench diff A B ..: runs side by side. A is the reference. What differs, what proves that
 * the rest is the same, the results, and a verdict with its doubt. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/lineage.h"
#include "cli/out.h"
#include "cli/run_json.h"
#include "cli/verb.h"
#include "view/diff.h"
#include "view/paired.h"
#include "view/runs.h"

enum { MAX_RUNS = 26, MAX_WORDS = 600 };

static const char doubt[] = "one seed each: the interval is about other prompts, not about other seeds";

struct diff {
    struct tb_pick run[MAX_RUNS];
    const struct tb_metrics *m[MAX_RUNS];
    size_t n;
    struct tb_diff d;
};

/* "B prefix20-s0" */
static char *title(const struct diff *x, size_t i)
{
    return tb_xasprintf("%c %s", (int)('A' + i), x->run[i].item.sum.name);
}

static bool is_same(const struct diff *x, const char *what)
{
    for (size_t i = 0; i < x->d.n_same; i++)
        if (strcmp(x->d.same[i].key, what) == 0)
            return x->d.same[i].is_equal;
    return true;
}

static const char other_budgets[] = "the budgets differ";

/* What stands against a comparison, or "". */
static const char *caution(const struct diff *x)
{
    if (!is_same(x, "base"))
        return "the bases differ";
    if (!is_same(x, "eval rows"))
        return "the evaluation rows differ; only common ones are compared";
    if (!is_same(x, "row order"))
        return "the rows were trained on in another order";
    if (!is_same(x, "budget") || !is_same(x, "budget unit"))
        return other_budgets;
    if (!is_same(x, "numeric"))
        return "they come from versions that calculate differently";
    for (size_t i = 1; i < x->n; i++)
        if (x->run[i].item.sum.tokens != x->run[0].item.sum.tokens)
            return "they have not trained on the same number of tokens";
    return "";
}

/* "the budgets differ (20000 tokens, 40000 tokens): ", where that is so of A and run i; else "". */
static size_t say_budgets(const struct diff *x, size_t i, char words[MAX_WORDS])
{
    const struct tb_run_summary *a = &x->run[0].item.sum, *b = &x->run[i].item.sum;
    bool is_same = a->budget == b->budget && strcmp(a->budget_unit, b->budget_unit) == 0;
    words[0] = '\0';
    if (!is_same)
        snprintf(words, MAX_WORDS, "%s (%lld %s, %lld %s): ", other_budgets, (long long)a->budget, a->budget_unit,
                 (long long)b->budget, b->budget_unit);
    return strlen(words);
}

/* Run i against A, in words. */
static void say_verdict(const struct diff *x, const struct tb_paired *p, size_t i, char words[MAX_WORDS])
{
    size_t used = say_budgets(x, i, words), room = MAX_WORDS - used;
    const char *a = x->run[0].item.sum.name, *b = x->run[i].item.sum.name;
    bool is_b = p->difference < 0, is_clear = p->low > 0 || p->high < 0;
    double d = fabs(p->difference), low = is_b ? -p->high : p->low, high = is_b ? -p->low : p->high;
    words += used;
    if (isnan(p->low))
        snprintf(words, room, "%.90s has the lower loss by %.4f nats per token; one prompt gives no interval",
                 is_b ? b : a, d);
    else if (is_clear)
        snprintf(words, room, "%.90s is better than %.90s by %.4f nats per token (95 %% interval %.4f .. %.4f)",
                 is_b ? b : a, is_b ? a : b, d, low, high);
    else
        snprintf(words, room,
                 "no difference can be seen between %.90s and %.90s: %+.4f nats per token, and the 95 %% interval "
                 "%+.4f .. %+.4f holds zero", a, b, p->difference, p->low, p->high);
}

/* One line of results a run. */
static const char *const results[] = {
    "name", "state", "method", "trainable", "share", "lr", "tokens", "loss", "first_eval", "eval_loss", "best_eval",
    "best_step", "tok_s", "peak", "duration", NULL
};

static void print_results(const struct tb_out *o, const struct diff *x)
{
    struct tb_table t;
    struct tb_table_column head[32] = { { "run", "", TB_UNIT_TEXT, false } };
    size_t n = 1;
    for (; results[n - 1]; n++) {
        const struct tb_run_column *c = tb_run_column_at((size_t)tb_run_column_named(results[n - 1]));
        head[n] = (struct tb_table_column){ c->name, c->title, c->unit, false };
    }
    tb_table_init(&t, head, n);
    for (size_t i = 0; i < x->n; i++) {
        tb_table_text(&t, (char[]){ ' ', ' ', (char)('A' + i), '\0' });
        for (size_t c = 1; c < n; c++) {
            struct tb_cell cell = tb_run_cell(&x->run[i].item, tb_run_column_named(results[c - 1]));
            tb_table_cell(&t, &cell);
        }
    }
    tb_out_table(o, &t);
    tb_table_free(&t);
}

/* Keys of the config: all, or those that differ. */
static void print_keys(const struct tb_out *o, const struct diff *x, bool is_all)
{
    struct tb_table t;
    struct tb_table_column *head = tb_xcalloc(x->n + 2, sizeof *head);
    bool is_text = o->form == TB_EMIT_TEXT;
    head[0].name = is_text ? "  key" : "key";
    for (size_t i = 0; i < x->n; i++)
        head[i + 1].name = title(x, i);
    tb_table_init(&t, head, x->n + 1);
    for (size_t k = 0; k < x->d.n_keys; k++) {
        if (!is_all && x->d.key[k].is_equal)
            continue;
        char *name = tb_xasprintf("%s%s", is_text ? "  " : "", x->d.key[k].key);
        tb_table_text(&t, name);
        for (size_t i = 0; i < x->n; i++)
            tb_table_text(&t, x->d.key[k].value[i]);
        free(name);
    }
    tb_out_table(o, &t);
    tb_table_free(&t);
    for (size_t i = 0; i < x->n; i++)
        free((char *)head[i + 1].name);
    free(head);
}

/* The keys above are those that the runs began with. */
static void print_changes(const struct tb_out *o, const struct diff *x)
{
    size_t n = 0;
    for (size_t i = 0; i < x->n; i++)
        n += tb_json_len(tb_json_get(x->m[i]->facts, "changes"));
    if (n)
        tb_out_head(o, "CHANGED UNDER WAY");
    for (size_t i = 0; i < x->n; i++)
        tb_changes_print(o, 12, (char[]){ (char)('A' + i), '\0' }, x->m[i]);
}

static void print_checked(const struct tb_out *o, const struct diff *x)
{
    tb_out_head(o, "CHECKED");
    for (size_t k = 0; k < x->d.n_same; k++) {
        const struct tb_diff_key *key = &x->d.same[k];
        struct tb_buf b = { 0 };
        tb_buf_fmt(&b, "%s  %s", key->is_equal ? "same " : "OTHER", *key->value[0] ? key->value[0] : "-");
        for (size_t i = 1; !key->is_equal && i < x->n; i++)
            tb_buf_fmt(&b, "  %s", *key->value[i] ? key->value[i] : "-");
        tb_out_pair(o, 12, key->key, b.p);
        tb_buf_free(&b);
    }
}

static void print_paired(const struct tb_out *o, const struct diff *x, size_t i)
{
    struct tb_paired p;
    struct tb_err why = { 0 };
    char words[MAX_WORDS], rows[300];
    char *name = tb_xasprintf("%c against A", (int)('A' + i));
    if (!tb_paired_make(&p, x->m[0], x->m[i], &why)) {
        snprintf(words, sizeof words, "no verdict: %s", why.text);
        tb_out_pair(o, 12, name, words);
    } else {
        say_verdict(x, &p, i, words);
        tb_out_pair(o, 12, name, words);
        snprintf(rows, sizeof rows,
                 "%zu rows of %zu prompts: lower loss on %zu, higher on %zu%s; steps %lld and %lld", p.n_rows,
                 p.n_prompts, p.n_better, p.n_worse, p.n_left_out ? ", some not finite" : "",
                 (long long)p.step_a, (long long)p.step_b);
        tb_out_pair(o, 12, "", rows);
    }
    free(name);
}

static void print_text(const struct tb_out *o, const struct diff *x, bool is_all)
{
    tb_out_paint(o, TB_PAINT_HEAD, is_all ? "ALL KEYS" : "DIFFERENT");
    fputc('\n', stdout);
    if (is_all || x->d.n_differ)
        print_keys(o, x, is_all);
    if (!is_all)
        printf("  %zu of %zu keys differ; --all shows the rest\n", x->d.n_differ, x->d.n_keys);
    print_changes(o, x);
    print_checked(o, x);
    tb_out_head(o, "RESULTS");
    print_results(o, x);
    tb_out_head(o, "VERDICT");
    for (size_t i = 1; i < x->n; i++)
        print_paired(o, x, i);
    if (*caution(x) && caution(x) != other_budgets) /* the verdict begins with that one */
        tb_out_pair(o, 12, "but", caution(x));
    tb_out_pair(o, 12, "doubt", doubt);
}

static struct tb_json *keys_json(const struct tb_diff_key *key, size_t n, size_t n_runs, bool want_equal)
{
    struct tb_json *out = tb_json_new_map();
    for (size_t k = 0; k < n; k++) {
        struct tb_json *values = tb_json_new_list();
        for (size_t i = 0; i < n_runs; i++) {
            const char *text = key[k].value[i];
            struct tb_json *v = *text ? tb_json_parse(text, strlen(text), "value", NULL) : NULL;
            tb_json_append(values, v ? v : tb_json_new_null());
        }
        if (key[k].is_equal == want_equal)
            tb_json_set(out, key[k].key, values);
        else
            tb_json_free(values);
    }
    return out;
}

static struct tb_json *paired_json(const struct diff *x, size_t i)
{
    struct tb_paired p;
    struct tb_err why = { 0 };
    char words[MAX_WORDS];
    struct tb_json *out = tb_json_new_map(), *steps = tb_json_new_list();
    tb_json_set(out, "reference", tb_json_new_str(x->run[0].item.sum.id));
    tb_json_set(out, "run", tb_json_new_str(x->run[i].item.sum.id));
    tb_json_set(out, "steps", steps);
    if (!tb_paired_make(&p, x->m[0], x->m[i], &why)) {
        snprintf(words, sizeof words, "no verdict: %s", why.text);
        tb_json_set(out, "verdict", tb_json_new_str(words));
        return out;
    }
    say_verdict(x, &p, i, words);
    tb_json_set(out, "difference", tb_json_new_real(p.difference));
    tb_json_set(out, "low", tb_json_new_real(p.low));
    tb_json_set(out, "high", tb_json_new_real(p.high));
    tb_json_set(out, "n_rows", tb_json_new_int((int64_t)p.n_rows));
    tb_json_set(out, "n_prompts", tb_json_new_int((int64_t)p.n_prompts));
    tb_json_set(out, "n_better", tb_json_new_int((int64_t)p.n_better));
    tb_json_set(out, "n_worse", tb_json_new_int((int64_t)p.n_worse));
    tb_json_set(out, "n_left_out", tb_json_new_int((int64_t)p.n_left_out));
    tb_json_append(steps, tb_json_new_int(p.step_a));
    tb_json_append(steps, tb_json_new_int(p.step_b));
    tb_json_set(out, "verdict", tb_json_new_str(words));
    return out;
}

static struct tb_json *diff_json(const struct diff *x, bool is_all)
{
    struct tb_json *out = tb_json_new_map(), *runs = tb_json_new_list(), *paired = tb_json_new_list(),
                   *changes = tb_json_new_list();
    for (size_t i = 0; i < x->n; i++) {
        struct tb_json *r = tb_json_new_map();
        for (int c = 0; tb_run_column_at((size_t)c); c++)
            tb_json_set(r, tb_run_column_at((size_t)c)->name, tb_run_value(&x->run[i].item, c));
        tb_json_append(runs, r);
        const struct tb_json *under_way = tb_json_get(x->m[i]->facts, "changes");
        tb_json_append(changes, under_way ? tb_json_copy(under_way) : tb_json_new_list());
        if (i)
            tb_json_append(paired, paired_json(x, i));
    }
    tb_json_set(out, "runs", runs);
    tb_json_set(out, "differ", keys_json(x->d.key, x->d.n_keys, x->n, false));
    if (is_all)
        tb_json_set(out, "equal", keys_json(x->d.key, x->d.n_keys, x->n, true));
    tb_json_set(out, "same", keys_json(x->d.same, x->d.n_same, x->n, true));
    tb_json_set(out, "not_same", keys_json(x->d.same, x->d.n_same, x->n, false));
    tb_json_set(out, "paired", paired);
    tb_json_set(out, "changes", changes);
    tb_json_set(out, "caution", tb_json_new_str(caution(x)));
    tb_json_set(out, "doubt", tb_json_new_str(doubt));
    return out;
}

static bool load(struct diff *x, const struct tb_args *a, struct tb_err *err)
{
    struct tb_store *s = tb_pick_store(a, err);
    bool good = s != NULL;
    for (int i = 0; good && i < a->n_pos; i++) {
        good = tb_pick_run(&x->run[x->n], s, a->pos[i], err);
        x->m[x->n] = &x->run[x->n].m;
        x->n++;
    }
    tb_store_close(s);
    return good;
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_out o;
    bool is_all = tb_args_has(a, "all");
    if (!tb_args_count(a, 2, MAX_RUNS, "diff A B ..", err) || !tb_out_open(&o, a, err))
        return false;
    struct diff *x = tb_xcalloc(1, sizeof *x);
    bool good = load(x, a, err);
    if (good) {
        tb_diff_make(&x->d, x->m, x->n);
        if (o.form == TB_EMIT_JSON)
            tb_out_json(&o, diff_json(x, is_all));
        else if (o.form == TB_EMIT_TEXT)
            print_text(&o, x, is_all);
        else
            print_keys(&o, x, is_all);
        tb_diff_free(&x->d);
    }
    for (size_t i = 0; i < x->n; i++)
        tb_pick_free(&x->run[i]);
    free(x);
    return good;
}

static const struct tb_flag flags[] = {
    { "all", NULL, false, "also the keys that are equal" }, TB_FLAG_JSON, TB_FLAG_CSV, TB_FLAG_PLAIN, { 0 }
};

const struct tb_verb tb_verb_diff = {
    .name = "diff", .usage = "A B ..",
    .help = "Compares runs with the first of them, and gives a verdict.\n"
            "What should be the same is shown to be the same by hashes. The verdict comes from the losses of the\n"
            "same evaluation rows, with a 95 % interval by resampling prompts. RUN:400 takes part as it was then.",
    .examples = "  tunebench diff lora-r8-s0 prefix20-s0\n"
                "  tunebench diff @best @last --all\n"
                "  tunebench diff lora-r8-s0:200 lora-r8-s0 --json | jq .paired\n",
    .flags = flags, .run = run,
};
