/* SPDX-License-Identifier: MIT */
/* verb_generate.c - tunebench generate: texts behind prompts, as they are made on a terminal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cli/chat_flags.h"
#include "cli/generate_sides.h"
#include "cli/out.h"
#include "cli/verb.h"
#include "worker/session.h"

enum { MAX_ADAPTERS = 64, MAX_THREADS = 4096, MAX_LINE = 1 << 20 };

/* Texts on stdout. */
struct show {
    struct tb_out out;
    bool is_json;
    bool is_open; /* a text is under way */
};

/* ---- prompts */

struct prompts {
    char **p;
    size_t n, cap;
};

static void add(struct prompts *all, const char *text)
{
    all->p = tb_grow(all->p, all->n, &all->cap, sizeof *all->p);
    all->p[all->n++] = tb_xstrdup(text);
}

/* Lines of stdin; as JSON a string each, or a map with a prompt. */
static bool add_json(struct prompts *all, const char *line, size_t n, struct tb_err *err)
{
    char where[40];
    snprintf(where, sizeof where, "stdin, prompt %zu", all->n);
    struct tb_json *j = tb_json_parse(line, n, where, err);
    const char *text = tb_json_str(tb_json_type(j) == TB_JSON_MAP ? tb_json_get(j, "prompt") : j, NULL);
    bool good = j && (text || tb_fail(err, TB_ERR_FORMAT, "%s: expected a JSON string or {\"prompt\": ..}", where));
    if (good)
        add(all, text);
    tb_json_free(j);
    return good;
}

static bool add_lines(struct prompts *all, bool is_json, struct tb_err *err)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    bool good = true;
    while (good && (n = getline(&line, &cap, stdin)) >= 0) {
        if (n > 0 && line[n - 1] == '\n')
            line[--n] = '\0';
        if (n > MAX_LINE || strlen(line) != (size_t)n)
            good = tb_fail(err, TB_ERR_LIMIT, "prompt %zu is longer than %d bytes, or holds a zero byte", all->n,
                           MAX_LINE);
        else if (n > 0 && is_json)
            good = add_json(all, line, (size_t)n, err);
        else if (n > 0)
            add(all, line);
    }
    free(line);
    return good && (all->n || tb_fail(err, TB_ERR_USAGE, "stdin holds no prompt"));
}

/* "-" stands for the lines of stdin. */
static bool take_prompt(struct prompts *all, const char *word, bool is_json, struct tb_err *err)
{
    if (strcmp(word, "-") == 0)
        return add_lines(all, is_json, err);
    add(all, word);
    return true;
}

/* Words behind the run, and those of --prompt. */
static bool take_prompts(struct prompts *all, const struct tb_args *a, int first, struct tb_err *err)
{
    const char *word;
    bool is_json = tb_args_has(a, "json"), good = true;
    for (int i = first; good && i < a->n_pos; i++)
        good = take_prompt(all, a->pos[i], is_json, err);
    for (int i = 0; good && (word = tb_args_at(a, "prompt", i)); i++)
        good = take_prompt(all, word, is_json, err);
    return good;
}

static void drop_prompts(struct prompts *all)
{
    for (size_t i = 0; i < all->n; i++)
        free(all->p[i]);
    free(all->p);
}

/* ---- texts */

static void text(void *arg, const char *p, size_t n)
{
    struct show *s = arg;
    s->is_open = true;
    tb_out_bytes(&s->out, p, n);
    fflush(stdout);
}

static void done(void *arg, const struct tb_json *row)
{
    struct show *s = arg;
    if (s->is_json) {
        char *line = tb_json_text(row, TB_JSON_LINE);
        puts(line);
        free(line);
    } else {
        putchar('\n');
    }
    s->is_open = false;
    fflush(stdout);
}

/* ---- settings */

static bool take_sampling(struct tb_generate_spec *s, const struct tb_args *a, struct tb_err *err)
{
    long top_k, seed;
    if (!tb_args_real(a, "temperature", 0, 100, 0, &s->temperature, err)
        || !tb_args_int(a, "top-k", 0, 1 << 30, 0, &top_k, err) || !tb_args_real(a, "top-p", 0, 1, 1, &s->top_p, err)
        || !tb_args_real(a, "min-p", 0, 1, 0, &s->min_p, err)
        || !tb_args_real(a, "repeat-penalty", 0.01, 100, 1, &s->repeat_penalty, err)
        || !tb_args_int(a, "seed", 0, INT32_MAX, 0, &seed, err))
        return false;
    s->top_k = (int)top_k;
    s->seed = (uint64_t)seed;
    return true;
}

static bool take_sizes(struct tb_generate_spec *s, const struct tb_args *a, struct tb_err *err)
{
    long max, n, batch, threads;
    if (!tb_args_int(a, "max", 1, 1 << 20, 128, &max, err) || !tb_args_int(a, "n", 1, 4096, 1, &n, err)
        || !tb_args_int(a, "batch", 1, 1024, 0, &batch, err)
        || !tb_args_int(a, "threads", 1, MAX_THREADS, 0, &threads, err))
        return false;
    if (n > 1 && s->temperature <= 0)
        return tb_fail(err, TB_ERR_USAGE, "-n %ld texts would be the same one; they differ with --temperature", n);
    s->max_tok = (int)max;
    s->n_each = (int)n;
    s->batch = (int)batch;
    s->threads = (int)threads;
    return true;
}

/* Several runs: all words are runs, so prompts have flags. */
static bool run_sides(const struct tb_args *a, struct tb_err *err)
{
    struct prompts prompts = { 0 };
    bool good = take_prompts(&prompts, a, a->n_pos, err)
             && tb_generate_sides(a, (const char *const *)prompts.p, (int)prompts.n, err);
    drop_prompts(&prompts);
    return good;
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    if (tb_generate_is_sides(a))
        return run_sides(a, err);
    const char *adapter[MAX_ADAPTERS], *stop[TB_ARGS_MAX], *base = tb_args_get(a, "base");
    struct show show = { .is_json = tb_args_has(a, "json") };
    struct prompts prompts = { 0 };
    struct tb_generate_spec s = { .base = base, .adapters = adapter, .store = tb_args_get(a, "store"),
                                  .run = !base && a->n_pos ? a->pos[0] : NULL, .data = tb_args_get(a, "data"),
                                  .rows = tb_args_get(a, "rows"), .is_raw = tb_args_has(a, "raw"), .stops = stop,
                                  .text = show.is_json ? NULL : text, .done = done, .arg = &show };
    bool good = tb_args_list(a, "adapter", adapter, MAX_ADAPTERS, &s.n_adapters, err)
             && tb_args_list(a, "stop", stop, TB_ARGS_MAX, &s.n_stops, err)
             && tb_out_open(&show.out, a, err) && take_sampling(&s, a, err) && take_sizes(&s, a, err)
             && take_prompts(&prompts, a, s.run != NULL, err);
    s.prompts = (const char *const *)prompts.p;
    s.n_prompts = (int)prompts.n;
    if (!s.rows && !s.n_prompts && s.data)
        s.rows = "all";
    good = good && tb_session_generate(&s, err);
    if (show.is_open)
        putchar('\n');
    drop_prompts(&prompts);
    return good;
}

static const struct tb_flag flags[] = {
    { "prompt", "TEXT", true, "a prompt, where words are runs; - is stdin" },
    { "mix", NULL, false, "the adapters of all runs together write as well, as one stack" },
    { "base-too", NULL, false, "the bare base writes as well, side by side with the runs" },
    TB_FLAG_SCALE,
    { "base", "MODEL", false, "instead of a run: a model, bare or with adapters" },
    { "adapter", "DIR", true, "a PEFT folder on that model; several are one stack, in this order" },
    { "rows", "ROWS", false, "prompts of rows: eval (the run's own held-out rows) or all (of --data); eval:20 are the "
      "first 20" },
    { "row", "N", true, "the prompt of row N of the data, with its reference" },
    { "data", "DATA", false, "rows as 'run' takes them: FILE, or KIND:FILE,key=value..; with prompts only its "
      "template counts" },
    { "raw", NULL, false, "prompts as they are, without the data's template; texts with all they begin with" },
    { "n", "K", false, "texts behind each prompt (1)" },
    TB_FLAGS_SAMPLING,
    { "batch", "N", false, "texts made at once (8, fewer where memory is short); changes no text" },
    { "threads", "N", false, "threads (all processors)" },
    { "json", NULL, false,
      "a line a text: {row, prompt, output, reference, tokens, stop, logprob}; - reads JSON lines" },
    { 0 }
};

const struct tb_verb tb_verb_generate = {
    .name = "generate",
    .usage = "RUN PROMPT.. | RUN RUN.. --prompt TEXT | --base MODEL [--adapter DIR ..] PROMPT..",
    .help = "Writes what a run, adapters or a bare model say behind prompts.\n"
            "A prompt is what stands left of the separator in the data: it goes through the data's template. - reads "
            "prompts from stdin, a line each. RUN:400 and RUN:best are the run as it was then. A text depends on its "
            "prompt, the settings and the seed, not on what is made beside it.\n"
            "Up to eight runs on one base write side by side, with the prompts of --prompt, --row or --rows; under "
            "them stands where the first two part.",
    .examples = "  tunebench generate @last 'name : Silver Shield | kind : tea room'\n"
                "  tunebench generate lora-r8-s0:best --rows eval:20 --json\n"
                "  tunebench generate lora-r8-s0 prefix20-s0 --base-too --prompt 'name : Hidden Falcon' --scale B=0.5\n"
                "  tunebench generate @last --temperature 0.8 --top-p 0.95 -n 4 'name : Hidden Falcon'\n"
                "  tunebench generate --base tiny --adapter exported/ --stop . - < prompts.txt\n"
                "  tunebench generate --base model.gguf --raw --max 64 'Once upon a time'\n",
    .flags = flags,
    .run = run,
};
