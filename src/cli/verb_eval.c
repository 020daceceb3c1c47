/* SPDX-License-Identifier: MIT */
/* verb_eval.c - tunebench eval: the loss of a run, of adapters or of a bare base on rows of text. */
#include <math.h>
#include <stdio.h>

#include "base/file.h"
#include "base/json.h"
#include "cli/out.h"
#include "cli/pick.h"
#include "cli/verb.h"
#include "worker/session.h"

enum { MAX_ADAPTERS = 64, MAX_THREADS = 4096 };

/* null: a number that is none. */
static double real(const struct tb_json *j, const char *key)
{
    return tb_json_real(tb_json_get(j, key), NAN);
}

static void print_line(const struct tb_json *j)
{
    char loss[40], n_tok[40], n_rows[40];
    printf("loss %s  perplexity %.4g  over %s label tokens in %s rows\n",
           tb_fmt_unit(loss, sizeof loss, TB_UNIT_LOSS, real(j, "loss")), fabs(real(j, "perplexity")),
           tb_fmt_unit(n_tok, sizeof n_tok, TB_UNIT_COUNT, real(j, "n_tok")),
           tb_fmt_unit(n_rows, sizeof n_rows, TB_UNIT_COUNT, real(j, "n_rows")));
}

/* Of a run on a text of the caller's: what its training changed there. */
static void print_change(const struct tb_json *j)
{
    const struct tb_json *change = tb_json_get(j, "change");
    double low = tb_json_real(tb_json_get(change, "low"), NAN);
    char loss[40];
    if (!change)
        return;
    printf("base loss %s; training changed it by %+.4f", tb_fmt_unit(loss, sizeof loss, TB_UNIT_LOSS,
                                                                      real(tb_json_get(j, "base"), "loss")),
           tb_json_real(tb_json_get(change, "value"), NAN));
    if (!isnan(low))
        printf(" [%+.4f, %+.4f]", low, tb_json_real(tb_json_get(change, "high"), NAN));
    putchar('\n');
}

/* A line for each source of a mix. */
static void print_sources(const struct tb_json *sources)
{
    char loss[40], n_tok[40], n_rows[40];
    for (size_t i = 0; i < tb_json_len(sources); i++) {
        const struct tb_json *s = tb_json_at(sources, i);
        printf("  data.%zu ", i);
        tb_out_safe(tb_path_base(tb_json_str(tb_json_get(s, "path"), "")));
        printf(": loss %s over %s label tokens in %s rows\n",
               tb_fmt_unit(loss, sizeof loss, TB_UNIT_LOSS, tb_json_real(tb_json_get(s, "loss"), NAN)),
               tb_fmt_unit(n_tok, sizeof n_tok, TB_UNIT_COUNT, real(s, "n_tok")),
               tb_fmt_unit(n_rows, sizeof n_rows, TB_UNIT_COUNT, real(s, "n_rows")));
    }
}

static void print_rows(const struct tb_out *o, const struct tb_json *rows)
{
    static const struct tb_table_column columns[] = {
        { .name = "row", .unit = TB_UNIT_PLAIN }, { .name = "loss", .unit = TB_UNIT_LOSS },
        { .name = "n_tok", .unit = TB_UNIT_PLAIN }, { .name = "base_loss", .unit = TB_UNIT_LOSS },
    };
    bool has_base = tb_json_get(tb_json_at(rows, 0), "base_loss");
    struct tb_table t;
    tb_table_init(&t, columns, has_base ? 4 : 3);
    for (size_t i = 0; i < tb_json_len(rows); i++) {
        const struct tb_json *row = tb_json_at(rows, i);
        tb_table_int(&t, tb_json_int(tb_json_get(row, "row"), -1));
        tb_table_real(&t, real(row, "loss"));
        tb_table_int(&t, tb_json_int(tb_json_get(row, "n_tok"), 0));
        if (has_base)
            tb_table_real(&t, real(row, "base_loss"));
    }
    tb_out_table(o, &t);
    tb_table_free(&t);
}

/* A loss that is no number is told beside the results, and by the exit code: scripts read those. */
static bool tell_nan(const struct tb_json *j)
{
    const struct tb_json *rows = tb_json_get(j, "rows");
    size_t n = 0;
    for (size_t i = 0; i < tb_json_len(rows); i++)
        n += isnan(real(tb_json_at(rows, i), "loss")) != 0;
    if (n)
        fprintf(stderr, "tunebench: the loss of %zu of %zu rows is no number: the weights of the model or of an "
                        "adapter are damaged, or the run diverged\n", n, tb_json_len(rows));
    return n > 0;
}

static void print(const struct tb_out *o, struct tb_json *j)
{
    if (o->form == TB_EMIT_JSON) {
        tb_out_json(o, j);
        return;
    }
    if (o->form == TB_EMIT_TEXT) {
        print_line(j);
        print_change(j);
        print_sources(tb_json_get(j, "sources"));
    } else
        print_rows(o, tb_json_get(j, "rows"));
    tb_json_free(j);
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    const char *adapter[MAX_ADAPTERS];
    char ref[TB_PICK_REF];
    struct tb_eval_spec s = { .base = tb_args_get(a, "base"), .adapters = adapter, .store = tb_args_get(a, "store"),
                              .run = a->n_pos ? a->pos[0] : NULL, .data = tb_args_get(a, "data") };
    struct tb_out out;
    long threads;
    if (a->n_pos > 1)
        return tb_fail(err, TB_ERR_USAGE, "%s: eval takes one run at a time", a->pos[1]);
    if (!tb_args_int(a, "threads", 0, MAX_THREADS, 0, &threads, err) || !tb_out_open(&out, a, err)
        || !tb_args_list(a, "adapter", adapter, MAX_ADAPTERS, &s.n_adapters, err))
        return false;
    s.threads = (int)threads;
    if (s.run && !tb_pick_ref(a, s.run, ref, err))
        return false;
    s.run = s.run ? ref : NULL;
    struct tb_json *j = tb_session_eval(&s, err);
    bool has_nan = j && tell_nan(j);
    if (j)
        print(&out, j);
    *exit_code = has_nan ? tb_err_exit(TB_ERR_DIVERGED) : *exit_code;
    return j != NULL;
}

static const struct tb_flag flags[] = {
    { "data", "DATA", false,
      "rows to evaluate on: FILE, or KIND:FILE,key=value.. as 'run' takes it; all its rows (a run: its "
      "own held-out rows)" },
    { "base", "MODEL", false, "instead of a run: a model, bare or with adapters" },
    { "adapter", "DIR", true, "a PEFT folder on that model; several are one stack, in this order" },
    { "threads", "N", false, "threads (all processors)" },
    TB_FLAG_JSON,
    TB_FLAG_CSV,
    TB_FLAG_PLAIN,
    TB_FLAG_OUTPUT,
    { 0 }
};

const struct tb_verb tb_verb_eval = {
    .name = "eval",
    .usage = "RUN [--data DATA] | --base MODEL [--adapter DIR ..] --data DATA",
    .help = "Measures the loss of a run, of adapter folders or of a bare model.\n"
            "It is the mean per label token. With --data a run is set against its base without the adapter, with a\n"
            "95 % interval of resampled prompts: on a general text that is what it forgot. RUN:400 and RUN:best are\n"
            "the run as it was then. --json adds the loss of each row; --csv and --plain list the rows.",
    .examples = "  tunebench eval @last\n"
                "  tunebench eval lora-r8-s0:best --data data/places-new.txt\n"
                "  tunebench eval lora-r8-s0 --data data/style.txt\n"
                "  tunebench eval --base tiny --data data/places-new.txt\n"
                "  tunebench eval --base model.gguf --adapter exported/ --data pairs:rows.txt --json\n",
    .flags = flags,
    .run = run,
};
