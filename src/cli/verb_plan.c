/* SPDX-License-Identifier: MIT */
/* verb_plan.c - tunebench plan: what run would do, with memory and time, trained nothing. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/make_plan.h"
#include "cli/out.h"
#include "cli/verb.h"
#include "view/fmt.h"
#include "worker/worker.h"

static const struct tb_flag flags[] = {
    TB_PLAN_FLAGS,
    { "json", NULL, false, "everything as JSON, memory by component" },
    { "csv", NULL, false, "the table as CSV" },
    { "plain", NULL, false, "the table separated by tabs" },
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
    { "est_s", "time, about", TB_UNIT_SECONDS, false },
};

static const char *const missed_least[] = { "id", "steps", "lr", "share", "tokens", NULL };

static void put_row(struct tb_table *t, const struct tb_json *r)
{
    tb_table_text(t, tb_json_str(tb_json_get(r, "id"), ""));
    tb_table_text(t, tb_json_str(tb_json_get(r, "name"), ""));
    tb_table_text(t, tb_json_str(tb_json_get(r, "state"), ""));
    tb_table_int(t, tb_json_int(tb_json_get(r, "n_trainable"), 0));
    tb_table_real(t, tb_json_real(tb_json_get(r, "share"), NAN));
    tb_table_real(t, tb_json_real(tb_json_get(r, "lr"), NAN));
    tb_table_int(t, tb_json_int(tb_json_get(r, "n_steps"), 0));
    tb_table_int(t, tb_json_int(tb_json_get(r, "n_tokens"), 0));
    tb_table_int(t, tb_json_int(tb_json_get(r, "predicted_bytes"), 0));
    tb_table_real(t, tb_json_real(tb_json_get(r, "est_s"), NAN));
}

static int64_t count_of(const struct tb_json *map, const char *key)
{
    return tb_json_int(tb_json_get(map, key), 0);
}

/* A line about the data of the first run, which all runs of a recipe share in most cases. */
static void print_data(const struct tb_json *run)
{
    const struct tb_json *d = tb_json_get(run, "data");
    char a[32], b[32], c[32], e[32];
    printf("\ndata: ");
    tb_out_safe(tb_json_str(tb_json_get(d, "path"), ""));
    printf(": %s rows, %s to train on, %s held out (by prompt, %s scored)",
           tb_fmt_count(a, sizeof a, count_of(d, "n_rows")), tb_fmt_count(b, sizeof b, count_of(d, "n_train")),
           tb_fmt_count(c, sizeof c, count_of(d, "n_held")), tb_fmt_count(e, sizeof e, count_of(d, "n_eval")));
    if (count_of(d, "n_dropped"))
        printf("; %s dropped (too long, or no label)", tb_fmt_count(a, sizeof a, count_of(d, "n_dropped")));
    putchar('\n');
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
    if (count_of(plan, "n_same"))
        printf("%lld runs were written twice and are made once\n", (long long)count_of(plan, "n_same"));
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_worker_spec spec = { .store = tb_args_get(a, "store") };
    struct tb_out out;
    struct tb_plan *p = tb_out_open(&out, a, err) ? tb_make_plan(a, "plan RECIPE", err) : NULL;
    struct tb_json *plan = p ? tb_worker_plan(p, &spec, err) : NULL;
    tb_plan_free(p);
    if (!plan)
        return false;
    if (out.form == TB_EMIT_JSON)
        tb_out_json(&out, plan);
    else {
        print_plan(&out, plan);
        tb_json_free(plan);
    }
    return true;
}

const struct tb_verb tb_verb_plan = {
    .name = "plan", .usage = "RECIPE | --base B --data D --method M.. --budget N",
    .help = "Shows the runs of a recipe: what each trains, its memory and about its time. Trains nothing.",
    .examples = "  tunebench plan recipes/compare-three.lua\n"
                "  tunebench plan recipes/lora-rank-sweep.lua --grid method.lora.r=2,4,8,16 --json\n",
    .flags = flags, .run = run,
};
