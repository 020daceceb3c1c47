/* SPDX-License-Identifier: MIT */
/* verb_bench.c - tunebench bench step|gemm|decode: rates on this machine, with the speed probe beside them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/out.h"
#include "cli/verb.h"
#include "worker/session.h"

static const struct tb_flag flags[] = {
    { "base", "NAME", false, "step, decode: the model (tiny)" },
    { "method", "M", false, "step: what is trained (lora:r=8); decode: what runs beside the model (nothing)" },
    { "batch", "N", false, "step: rows (8); decode: rows at once, beside one alone (4)" },
    { "seq", "N", false, "step: tokens of each row, all but the first are labels (256)" },
    { "prompt", "N", false, "decode: tokens of each prompt (64, 256 and 1024 in turn)" },
    { "tokens", "N", false, "decode: tokens made behind it (32)" },
    { "steps", "N", false, "step: steps that are timed, beside the first (5)" },
    { "memory", "MODE", false, "step: keep activations or compute them again: fast or small (fast)" },
    { "rows", "TEXT", false, "gemm: only shapes whose name holds this" },
    { "rounds", "N", false, "gemm: times each shape is measured, in turn (3)" },
    { "threads", "N", false, "threads; all processors if not given" },
    { "json", NULL, false, "JSON" },
    { "csv", NULL, false, "gemm: CSV" },
    { "plain", NULL, false, "gemm: separated by tabs" },
    TB_FLAG_OUTPUT,
    { 0 }
};

static const char *const modes[] = { "fast", "small", NULL };

static const char *text_or(const struct tb_args *a, const char *name, const char *otherwise)
{
    const char *s = tb_args_get(a, name);
    return s ? s : otherwise;
}

static struct tb_json *step(const struct tb_args *a, struct tb_err *err)
{
    long batch, seq, steps, threads;
    const char *memory;
    if (!tb_args_choice(a, "memory", modes, "fast", &memory, err)
        || !tb_args_int(a, "batch", 1, 65536, 8, &batch, err) || !tb_args_int(a, "seq", 2, 4095, 256, &seq, err)
        || !tb_args_int(a, "steps", 1, 100000, 5, &steps, err) || !tb_args_int(a, "threads", 1, 4096, 0, &threads, err))
        return NULL;
    struct tb_bench_spec s = { .base = text_or(a, "base", "tiny"), .method = text_or(a, "method", "lora:r=8"),
                               .batch = (int)batch, .seq = (int)seq, .steps = (int)steps, .threads = (int)threads,
                               .recompute = strcmp(memory, "small") == 0 };
    return tb_session_bench_step(&s, err);
}

static struct tb_json *gemm(const struct tb_args *a, struct tb_err *err)
{
    long rounds, threads;
    if (!tb_args_int(a, "rounds", 1, 1000, 3, &rounds, err) || !tb_args_int(a, "threads", 1, 4096, 0, &threads, err))
        return NULL;
    return tb_session_bench_gemm(tb_args_get(a, "rows"), (int)rounds, (int)threads, err);
}

static struct tb_json *decode(const struct tb_args *a, struct tb_err *err)
{
    long batch, prompt, tokens, threads;
    if (!tb_args_int(a, "batch", 1, 256, 4, &batch, err) || !tb_args_int(a, "prompt", 1, 65536, 0, &prompt, err)
        || !tb_args_int(a, "tokens", 2, 65536, 32, &tokens, err)
        || !tb_args_int(a, "threads", 1, 4096, 0, &threads, err))
        return NULL;
    struct tb_bench_decode_spec s = { .base = text_or(a, "base", "tiny"), .method = tb_args_get(a, "method"),
                                      .batch = (int)batch, .prompt = (int)prompt, .tokens = (int)tokens,
                                      .threads = (int)threads };
    return tb_session_bench_decode(&s, err);
}

static const struct tb_table_column columns[] = {
    { "name", NULL, TB_UNIT_TEXT, false }, { "type", NULL, TB_UNIT_TEXT, false }, { "m", NULL, TB_UNIT_PLAIN, false },
    { "n", NULL, TB_UNIT_PLAIN, false }, { "k", NULL, TB_UNIT_PLAIN, false }, { "isa", NULL, TB_UNIT_TEXT, false },
    { "gflops", "GFLOP/s", TB_UNIT_PLAIN, false }, { "share", "of the probe", TB_UNIT_SHARE, false },
};
enum { N_COLUMNS = sizeof columns / sizeof *columns };

static void print_table(const struct tb_out *o, const struct tb_json *rows)
{
    struct tb_table t;
    tb_table_init(&t, columns, N_COLUMNS);
    for (size_t i = 0; i < tb_json_len(rows); i++)
        for (int c = 0; c < N_COLUMNS; c++) {
            const struct tb_json *v = tb_json_get(tb_json_at(rows, i), columns[c].name);
            double real = tb_json_real(v, NAN);
            if (columns[c].unit == TB_UNIT_TEXT)
                tb_table_text(&t, tb_json_str(v, ""));
            else
                tb_table_real(&t, o->form == TB_EMIT_TEXT && columns[c].unit == TB_UNIT_PLAIN ? round(real) : real);
        }
    tb_out_table(o, &t);
    tb_table_free(&t);
}

/* A number in the unit that its name ends with. */
static void say(char *dst, size_t n, const char *name, double v)
{
    char count[32];
    if (tb_str_ends(name, "_bytes_per_s"))
        snprintf(dst, n, "%s/s", tb_fmt_unit(count, sizeof count, TB_UNIT_BYTES, v));
    else if (tb_str_ends(name, "_per_s"))
        snprintf(dst, n, "%s tokens/s", tb_fmt_unit(count, sizeof count, TB_UNIT_COUNT, round(v)));
    else if (tb_str_ends(name, "_gflops"))
        snprintf(dst, n, "%.4g GFLOP/s", v);
    else if (tb_str_ends(name, "_s") && v < 10)
        snprintf(dst, n, v < 1 ? "%.4g ms" : "%.4g s", v < 1 ? 1000 * v : v);
    else if (tb_str_ends(name, "_s"))
        tb_fmt_unit(dst, n, TB_UNIT_SECONDS, v);
    else if (tb_str_ends(name, "_share"))
        snprintf(dst, n, "%.3g %%", 100 * v);
    else if (tb_str_ends(name, "_bytes"))
        tb_fmt_unit(dst, n, TB_UNIT_BYTES, v);
    else if (tb_str_ends(name, "loss"))
        tb_fmt_unit(dst, n, TB_UNIT_LOSS, v);
    else
        tb_fmt_unit(dst, n, TB_UNIT_COUNT, v);
}

static void print_map(const struct tb_out *o, const struct tb_json *map)
{
    char text[64];
    for (void *it = tb_json_first(map); it; it = tb_json_next(map, it)) {
        const struct tb_json *v = tb_json_iter_value(it);
        say(text, sizeof text, tb_json_iter_key(it), tb_json_real(v, NAN));
        tb_out_pair(o, 36, tb_json_iter_key(it), tb_json_str(v, text));
    }
}

static const struct {
    const char *name;
    struct tb_json *(*measure)(const struct tb_args *a, struct tb_err *err);
    bool is_table;
} subjects[] = { { "step", step, false }, { "gemm", gemm, true }, { "decode", decode, false } };

enum { N_SUBJECTS = sizeof subjects / sizeof *subjects };

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_out out;
    int i = 0;
    while (i < N_SUBJECTS && (a->n_pos != 1 || strcmp(a->pos[0], subjects[i].name) != 0))
        i++;
    if (i == N_SUBJECTS && a->n_pos == 1)
        return tb_fail(err, TB_ERR_USAGE, "'%.60s' is nothing that bench measures; it measures step, gemm or decode",
                       a->pos[0]);
    if (i == N_SUBJECTS)
        return tb_fail(err, TB_ERR_USAGE, "what shall be measured? usage: tunebench bench step|gemm|decode");
    if (!tb_out_open(&out, a, err))
        return false;
    struct tb_json *j = subjects[i].measure(a, err);
    if (!j)
        return false;
    if (out.form == TB_EMIT_JSON)
        tb_out_json(&out, tb_json_ref(j));
    else if (!subjects[i].is_table)
        print_map(&out, j);
    else
        print_table(&out, j);
    tb_json_free(j);
    return true;
}

const struct tb_verb tb_verb_bench = {
    .name = "bench",
    .usage = "step|gemm|decode",
    .help = "Measures training steps, matrix products or the making of text.\n"
            "This machine's speed probe stands beside them.",
    .examples =
        "  tunebench bench step --base smollm2.gguf --method lora:r=8,targets=q+v --batch 8 --seq 256 --json\n"
        "  tunebench bench decode --base smollm2.gguf --batch 4\n"
        "  tunebench bench gemm --json\n",
    .flags = flags,
    .run = run,
};
