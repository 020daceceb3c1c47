/* SPDX-License-Identifier: MIT */
/* verb_plan.c - tunebench plan: what run would do, with memory and time, trained nothing. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cli/make_plan.h"
#include "cli/out.h"
#include "cli/serve.h"
#include "cli/sources.h"
#include "cli/sweep_plan.h"
#include "cli/verb.h"
#include "view/fmt.h"
#include "worker/worker.h"

static const struct tb_flag flags[] = {
    TB_PLAN_FLAGS,
    { "json", NULL, false, "everything as JSON, memory by component and in either mode" },
    { "csv", NULL, false, "the table as CSV" },
    { "plain", NULL, false, "the table separated by tabs" },
    TB_FLAG_OUTPUT,
    { "measure", NULL, false, "train each base and method for two seconds, to tell the time" },
    { "serve", NULL, false, "stay, and answer a plan for each line of stdin: [\"RECIPE\", \"--set\", ..]" },
    { 0 }
};

static const struct tb_table_column columns[] = {
    { "id", NULL, TB_UNIT_TEXT, false },
    { "name", NULL, TB_UNIT_TEXT, false },
    { "state", NULL, TB_UNIT_TEXT, false },
    { "trainable", NULL, TB_UNIT_COUNT, false },
    { "share", "of base", TB_UNIT_SHARE, false },
    { "lr", NULL, TB_UNIT_RATE, false },
    { "steps", NULL, TB_UNIT_PLAIN, false },
    { "tokens", NULL, TB_UNIT_SHORT, false },
    { "predicted_bytes", "memory", TB_UNIT_BYTES, false },
    { "memory", "mode", TB_UNIT_TEXT, false },
    { "est_s", "time, about", TB_UNIT_SECONDS, false },
};

static const char *const missed_least[] = { "id", "memory", "steps", "lr", "share", "tokens", NULL };

/* One learning rate, or those of a stack as "0.01+0.1". */
static void put_rate(struct tb_table *t, const struct tb_json *r)
{
    const struct tb_json *all = tb_json_get(r, "lrs");
    struct tb_buf b = { 0 };
    char rate[32];
    for (size_t i = 0; i < tb_json_len(all); i++)
        tb_buf_fmt(&b, "%s%s", i ? "+" : "",
                   tb_fmt_unit(rate, sizeof rate, TB_UNIT_RATE, tb_json_real(tb_json_at(all, i), NAN)));
    if (b.n)
        tb_table_text(t, b.p);
    else
        tb_table_real(t, tb_json_real(tb_json_get(r, "lr"), NAN));
    tb_buf_free(&b);
}

static int64_t count_of(const struct tb_json *map, const char *key)
{
    return tb_json_int(tb_json_get(map, key), 0);
}

/* Minutes as a budget have no number of steps and tokens. */
static void put_count(struct tb_table *t, const struct tb_json *run, const char *key)
{
    if (count_of(run, key))
        tb_table_int(t, count_of(run, key));
    else
        tb_table_none(t);
}

static void put_row(struct tb_table *t, const struct tb_json *r)
{
    tb_table_text(t, tb_json_str(tb_json_get(r, "id"), ""));
    tb_table_text(t, tb_json_str(tb_json_get(r, "name"), ""));
    tb_table_text(t, tb_json_str(tb_json_get(r, "state"), ""));
    tb_table_int(t, tb_json_int(tb_json_get(r, "n_trainable"), 0));
    tb_table_real(t, tb_json_real(tb_json_get(r, "share"), NAN));
    put_rate(t, r);
    put_count(t, r, "n_steps");
    put_count(t, r, "n_tokens");
    tb_table_int(t, tb_json_int(tb_json_get(r, "predicted_bytes"), 0));
    tb_table_text(t, tb_json_str(tb_json_get(r, "memory"), ""));
    tb_table_real(t, tb_json_real(tb_json_get(r, "est_s"), NAN));
}

/* "read as pairs, separator ||". */
static void print_how(const struct tb_json *data)
{
    const char *sep = tb_json_str(tb_json_get(data, "sep"), "");
    if (tb_json_get(data, "sources")) {
        printf("%zu sources", tb_json_len(tb_json_get(data, "sources")));
        return;
    }
    printf("read as %s", tb_json_str(tb_json_get(data, "kind"), "text"));
    if (*sep)
        printf(", separator ");
    tb_out_safe(strcmp(sep, "\t") == 0 || strcmp(sep, "\\t") == 0 ? "tab" : sep);
}

/* A line about the data of the first run, which all runs of a recipe share in most cases. */
static void print_data(const struct tb_json *run)
{
    const struct tb_json *d = tb_json_get(run, "data");
    char a[32], b[32], c[32], e[32];
    printf("\ndata: ");
    tb_out_safe(tb_json_str(tb_json_get(d, "path"), ""));
    printf(": ");
    print_how(d);
    printf("; %s row%s, %s to train on, %s held out (by prompt, %s scored)",
           tb_fmt_count(a, sizeof a, count_of(d, "n_rows")), count_of(d, "n_rows") == 1 ? "" : "s",
           tb_fmt_count(b, sizeof b, count_of(d, "n_train")),
           tb_fmt_count(c, sizeof c, count_of(d, "n_held")), tb_fmt_count(e, sizeof e, count_of(d, "n_eval")));
    if (count_of(d, "n_left_out"))
        printf("; %s left out (data.without)", tb_fmt_count(a, sizeof a, count_of(d, "n_left_out")));
    if (count_of(d, "n_dropped"))
        printf("; %s dropped (too long, or no label)", tb_fmt_count(a, sizeof a, count_of(d, "n_dropped")));
    putchar('\n');
    if (!count_of(d, "n_eval"))
        puts("no row is held out: nothing will be compared; set eval = 0.1");
}

/* Where activations are computed again because there is no room for them. */
static void print_memory(const struct tb_json *runs)
{
    const struct tb_json *largest = NULL;
    char a[32], b[32];
    int n = 0;
    for (size_t i = 0; i < tb_json_len(runs); i++) {
        const struct tb_json *r = tb_json_at(runs, i);
        int64_t fixed = count_of(tb_json_get(r, "predicted"), "fixed");
        if (strcmp(tb_json_str(tb_json_get(r, "memory"), ""), "small") != 0
            || count_of(r, "fast_bytes") - fixed <= count_of(r, "free_bytes"))
            continue;
        n++;
        if (!largest || count_of(r, "fast_bytes") > count_of(largest, "fast_bytes"))
            largest = r;
    }
    if (largest)
        printf("%d run%s in mode small, which takes longer: activations are computed again, since keeping them needs "
               "%s and %s are free\n", n, n == 1 ? "" : "s",
               tb_fmt_unit(a, sizeof a, TB_UNIT_BYTES, (double)count_of(largest, "fast_bytes")),
               tb_fmt_unit(b, sizeof b, TB_UNIT_BYTES, (double)count_of(largest, "free_bytes")));
}

/* Ranks above what their matrices have, of the first run with some. */
static void print_excess(const struct tb_json *runs)
{
    const struct tb_json *first = NULL;
    size_t n = 0;
    for (size_t i = 0; i < tb_json_len(runs); i++)
        if (tb_json_get(tb_json_at(runs, i), "excess") && ++n == 1)
            first = tb_json_at(runs, i);
    if (!first)
        return;
    tb_out_safe(tb_json_str(tb_json_get(first, "name"), ""));
    printf(": ");
    tb_out_safe(tb_json_str(tb_json_get(first, "excess"), ""));
    if (n > 1)
        printf(" (and %zu more run%s)", n - 1, n == 2 ? "" : "s");
    putchar('\n');
}

/* What evaluations do beside the loss, of the first run. */
static void print_measuring(const struct tb_json *run)
{
    char a[32], b[32];
    if (count_of(run, "text_tokens"))
        printf("metrics of texts: about %s tokens are written, with %s of memory beside training\n",
               tb_fmt_count(a, sizeof a, count_of(run, "text_tokens")),
               tb_fmt_unit(b, sizeof b, TB_UNIT_BYTES, (double)count_of(tb_json_get(run, "predicted"), "writing")));
    if (count_of(run, "general_tokens"))
        printf("forgetting: %s tokens of the general text are read\n",
               tb_fmt_count(a, sizeof a, count_of(run, "general_tokens")));
}

/* What the times rest on. */
static void print_pace(const struct tb_json *run)
{
    const struct tb_json *p = tb_json_get(run, "pace");
    double share = 100 * tb_json_real(tb_json_get(p, "share"), NAN), free = tb_json_real(tb_json_get(p, "free"), 1);
    double gflops = tb_json_real(tb_json_get(p, "probe_gflops"), NAN);
    long long threads = count_of(p, "threads"), n = count_of(p, "n_measured");
    printf("time: evaluations included, at %.0f %% of the %.0f GFLOP/s that a probe of %lld thread%s reaches; ", share,
           gflops, threads, threads == 1 ? "" : "s");
    if (n)
        printf("measured on this base (%lld time%s)\n", n, n == 1 ? "" : "s");
    else
        puts("a guess until it is measured on this base: plan --measure");
    if (free < 0.8)
        printf("other programs leave %.0f %% of the processors now; while they run it takes %s %.1f times as long\n",
               100 * free, free < 0.1 ? "more than" : "about", 1 / fmax(free, 0.1));
}

/* Of each base and number of threads. */
static void print_paces(const struct tb_json *runs)
{
    for (size_t i = 0; i < tb_json_len(runs); i++) {
        const struct tb_json *r = tb_json_at(runs, i), *before = i ? tb_json_at(runs, i - 1) : NULL;
        if (!before || !tb_json_equal(tb_json_get(before, "pace"), tb_json_get(r, "pace")))
            print_pace(r);
    }
}

static void print_plan(const struct tb_out *o, const struct tb_json *plan)
{
    const struct tb_json *runs = tb_json_get(plan, "runs");
    struct tb_table t;
    tb_table_init(&t, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < tb_json_len(runs); i++)
        put_row(&t, tb_json_at(runs, i));
    tb_out_table_fit(o, &t, missed_least);
    tb_table_free(&t);
    if (o->form != TB_EMIT_TEXT)
        return;
    print_data(tb_json_at(runs, 0));
    print_measuring(tb_json_at(runs, 0));
    print_excess(runs);
    print_memory(runs);
    print_paces(runs);
    tb_sources_print(o, tb_json_get(tb_json_at(runs, 0), "data"), NULL);
    if (count_of(plan, "n_same") == 1)
        puts("1 run was written twice and is made once");
    else if (count_of(plan, "n_same"))
        printf("%lld runs were written twice and are made once\n", (long long)count_of(plan, "n_same"));
}

/* Of a search that goes by results only the trials that are known before. */
static struct tb_json *plan_of(const struct tb_plan *p, const struct tb_worker_spec *spec, struct tb_err *err)
{
    struct tb_plan known = tb_sweep_known(p);
    struct tb_json *plan = tb_worker_plan(p->sweep ? &known : p, spec, err);
    if (plan && p->sweep)
        tb_sweep_plan_add(plan, p);
    return plan;
}

/* Everything else is said by the requests. */
static bool serve(const struct tb_args *a, struct tb_err *err)
{
    for (int i = 0; i < a->n_flags; i++)
        if (strcmp(a->flag[i].name, "serve") != 0 && strcmp(a->flag[i].name, "store") != 0)
            return tb_fail(err, TB_ERR_USAGE, "with --serve, --%s is said by the requests", a->flag[i].name);
    return tb_args_count(a, 0, 0, "plan --serve", err) && tb_serve_plans(a, flags, err);
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_worker_spec spec = { .store = tb_args_get(a, "store"), .measures = tb_args_has(a, "measure") };
    struct tb_out out;
    if (tb_args_has(a, "serve"))
        return serve(a, err);
    struct tb_plan *p = tb_out_open(&out, a, err) ? tb_make_plan(a, "plan RECIPE", err) : NULL;
    struct tb_json *plan = p ? plan_of(p, &spec, err) : NULL;
    if (plan && out.form == TB_EMIT_JSON) {
        tb_out_json(&out, plan);
    } else if (plan) {
        print_plan(&out, plan);
        if (p->sweep && out.form == TB_EMIT_TEXT)
            tb_sweep_plan_print(plan, p);
        tb_json_free(plan);
    }
    tb_plan_free(p);
    return plan != NULL;
}

const struct tb_verb tb_verb_plan = {
    .name = "plan", .usage = "RECIPE | --base B --data D --method M.. --budget N",
    .help = "Shows the runs of a recipe, their memory and about their time.\n"
            "It trains nothing. The time is the work of training and evaluations over what this machine does in a\n"
            "second: a probe of the processor, and the share of it that training on the base reaches, which --measure\n"
            "finds out. It is for a machine without other work.\n"
            "With --serve it stays, for programs: each line of stdin is a list of\n"
            "words as they stand behind plan, or {\"id\": 1, \"args\": [words]}; each is answered by a line as --json\n"
            "prints it, with that id, or by {\"error\": {kind, text, where, line}}. Base, data and speeds are kept.",
    .examples = "  tunebench plan recipes/compare-three.lua\n"
                "  tunebench plan recipes/lora-rank-sweep.lua --grid method.lora.r=2,4,8,16 --json\n"
                "  tunebench plan recipes/compare-three.lua --measure\n"
                "  echo '[\"recipes/compare-three.lua\", \"--set\", \"budget=20k\"]' | tunebench plan --serve\n",
    .flags = flags, .run = run,
};
