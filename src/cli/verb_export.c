/* SPDX-License-Identifier: MIT */
/* verb_export.c - tunebench export: a run's adapter as PEFT folders or folded into its base, or what it recorded as
 * CSV. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "cli/out.h"
#include "cli/pick.h"
#include "cli/verb.h"
#include "exchange/csv_out.h"
#include "worker/session.h"

enum { MAX_THREADS = 4096 };

static const char *text(const struct tb_json *j, const char *key)
{
    return tb_json_str(tb_json_get(j, key), "");
}

static double real(const struct tb_json *j, const char *key)
{
    return tb_json_real(tb_json_get(j, key), NAN);
}

static void print_words(const struct tb_json *j)
{
    const struct tb_json *parts = tb_json_get(j, "parts");
    printf("wrote ");
    tb_out_safe(text(j, "dir"));
    for (size_t i = 0; tb_json_len(parts) > 1 && i < tb_json_len(parts); i++) {
        fputs(i ? ", " : ": ", stdout);
        tb_out_safe(tb_json_str(tb_json_at(parts, i), ""));
    }
    printf("\nread back: logits differ by at most %.2g (the largest is %.3g)\nload it with: ",
           real(j, "max_logit_difference"), real(j, "largest_logit"));
    tb_out_safe(text(j, "load"));
    fputc('\n', stdout);
}

static bool as_folder(const struct tb_args *a, const char *ref, bool is_merged, const struct tb_out *o,
                      struct tb_err *err)
{
    const char *dir = tb_args_get(a, "o");
    long threads;
    if (!dir)
        return tb_fail(err, TB_ERR_USAGE, "export --as %s needs -o DIR", is_merged ? "merged" : "peft");
    if (!tb_args_int(a, "threads", 0, MAX_THREADS, 0, &threads, err))
        return false;
    struct tb_json *j = (is_merged ? tb_session_export_merged : tb_session_export)(
        tb_args_get(a, "store"), ref, dir, tb_args_has(a, "bf16"), (int)threads, err);
    if (!j)
        return false;
    if (o->form == TB_EMIT_JSON) {
        tb_out_json(o, j);
    } else {
        print_words(j);
        tb_json_free(j);
    }
    return true;
}

static bool put_csv(const struct tb_args *a, const struct tb_out *o, const struct tb_buf *b, struct tb_err *err)
{
    const char *path = tb_args_get(a, "o");
    if (path && strcmp(path, "-") != 0)
        return tb_file_replace(path, b->p, b->n, err);
    tb_out_bytes(o, b->p, b->n);
    return true;
}

static bool as_csv(const struct tb_args *a, const char *ref, const struct tb_out *o, struct tb_err *err)
{
    const char *table = tb_args_has(a, "table") ? tb_args_get(a, "table") : "train";
    struct tb_store *s = tb_pick_store(a, err);
    struct tb_pick p = { 0 };
    struct tb_buf b = { 0 };
    bool good = s && tb_pick_run(&p, s, ref, err);
    good = good && tb_csv_write(&p.m, table, &b, err) && put_csv(a, o, &b, err);
    tb_buf_free(&b);
    if (s)
        tb_pick_free(&p);
    tb_store_close(s);
    return good;
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    const char *as = tb_args_get(a, "as");
    char ref[TB_PICK_REF];
    struct tb_out out;
    if (a->n_pos != 1)
        return tb_fail(err, TB_ERR_USAGE, "export takes one run (see 'tunebench help export')");
    if (!as)
        return tb_fail(err, TB_ERR_USAGE, "export needs --as peft, --as merged or --as csv");
    if (!tb_out_open(&out, a, err) || !tb_pick_ref(a, a->pos[0], ref, err))
        return false;
    if (strcmp(as, "peft") == 0 || strcmp(as, "merged") == 0)
        return as_folder(a, ref, as[0] == 'm', &out, err);
    if (strcmp(as, "csv") == 0)
        return as_csv(a, ref, &out, err);
    return tb_fail(err, TB_ERR_USAGE, "--as %s: expected peft, merged or csv", as);
}

static const struct tb_flag flags[] = {
    { "as", "peft|merged|csv", false,
      "peft: folder(s) that the PEFT library loads (a run of full: a model folder); merged: base and adapter as one "
      "model; csv: a table" },
    { "o", "PATH", false, "the folder to make (peft, merged), the file to write (csv; else stdout)" },
    { "table", "train|eval|rows", false, "of csv (train)" },
    { "bf16", NULL, false, "a model (merged, or of a run of full) in 16 bits a weight" },
    { "threads", "N", false, "threads for the comparison (all processors)" },
    TB_FLAG_JSON,
    { 0 }
};

const struct tb_verb tb_verb_export = {
    .name = "export",
    .usage = "RUN --as peft|merged -o DIR | RUN --as csv [--table NAME] [-o FILE]",
    .help = "Writes an adapter as a folder or model, or a run's numbers as CSV.\n"
            "merged: the base with the adapter folded in, which needs no adapter library; not of prompt and prefix.\n"
            "The adapter is as it ended, or as it was at RUN:400 or RUN:best. What was written is read back and its "
            "logits are compared. The numbers of the tables are exact.",
    .examples = "  tunebench export lora-r8-s0 --as peft -o exported\n"
                "  tunebench export lora-r8-s0 --as merged -o model\n"
                "  tunebench export @best:best --as peft -o exported --json\n"
                "  tunebench export @last --as csv --table eval\n"
                "  tunebench export @last --as csv --table rows -o rows.csv\n",
    .flags = flags,
    .run = run,
};
