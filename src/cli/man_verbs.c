/* SPDX-License-Identifier: MIT */
/* man_verbs.c - verbs, flags, fields of filters, environment and exit codes for tunebench(1). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/man.h"
#include "cli/verb.h"
#include "view/runs.h"

static void put_flags(struct tb_doc *d, const struct tb_flag *f)
{
    for (; f && f->name; f++) {
        const char *dashes = f->name[0] == '-' ? "" : f->name[1] ? "--" : "-";
        char *term = tb_xasprintf("%s%s%s%s", dashes, f->name, f->arg ? " " : "", f->arg ? f->arg : "");
        char *text = tb_xasprintf("%s%s", f->help, f->is_many ? " (may be repeated)" : "");
        tb_doc_item(d, term, text);
        free(text);
        free(term);
    }
}

/* Lines of examples without the blanks before them. */
static void put_examples(struct tb_doc *d, const char *examples)
{
    struct tb_buf b = { 0 };
    for (size_t n; *examples; examples += n + (examples[n] == '\n')) {
        examples += strspn(examples, " ");
        n = strcspn(examples, "\n");
        tb_buf_add(&b, examples, n);
        tb_buf_char(&b, '\n');
    }
    tb_doc_lines(d, b.p ? b.p : "");
    tb_buf_free(&b);
}

static void put_verb(struct tb_doc *d, const struct tb_verb *v)
{
    char *usage = tb_xasprintf("tunebench %s%s%s", v->name, *v->usage ? " " : "", v->usage);
    tb_doc_part(d, v->name);
    tb_doc_lines(d, usage);
    tb_doc_paragraph(d, v->help);
    put_flags(d, v->flags);
    tb_doc_paragraph(d, "Examples:");
    put_examples(d, v->examples);
    free(usage);
}

static void put_verbs(struct tb_doc *d, const char *word)
{
    for (int i = 0; tb_verb_at(i); i++)
        put_verb(d, tb_verb_at(i));
}

static void put_common(struct tb_doc *d, const char *word)
{
    put_flags(d, tb_args_common);
    tb_doc_item(d, "--version", "without a verb: version and licence");
}

static void put_fields(struct tb_doc *d, const char *word)
{
    for (size_t i = 0; tb_run_column_at(i); i++)
        tb_doc_item(d, tb_run_column_at(i)->name, tb_run_column_at(i)->help);
}

/* A test looks for every getenv() of the program in here. */
static void put_environment(struct tb_doc *d, const char *word)
{
    static const char *const variables[][2] = {
        { "TUNEBENCH_STORE", "The store, where `--store` is not given." },
        { "TUNEBENCH_MODELS", "Folders, separated by colons, in which models are looked for by name." },
        { "TUNEBENCH_CPU", "Forces a back end: `ref`, `avx2`, `avx512`, or `guard`, which finds methods that look into "
                           "memory they should not." },
        { "TUNEBENCH_NOW", "The time of day, for tests: 2026-11-24T13:05:33Z." },
        { "TUNEBENCH_QUANTUM", "Tokens of a quantum (512), for tests; other numbers give other bits." },
        { "PAGER", "What long answers are shown with on a terminal (`less -FRX`); empty or `cat`: nothing." },
        { "VISUAL, EDITOR", "What the Recipe screen of the workbench edits recipes with (`vi`)." },
        { "NO_COLOR", "Not empty: no colours, unless `--color` says otherwise." },
        { "TERM, COLORTERM", "Empty or `dumb`: no colours, and nothing that is drawn again; `truecolor`: more of "
                          "them." },
        { "TMUX", "Not empty: the terminal is tmux, which knows 24-bit colours where COLORTERM says so." },
        { "COLUMNS", "Columns of the terminal, where it should not be asked." },
        { "LC_ALL, LC_CTYPE, LANG", "Without UTF-8 in the first that is set, everything is drawn in ASCII." },
        { "XDG_STATE_HOME", "Where the workbench keeps what was chosen on its screens: $XDG_STATE_HOME/tunebench, else "
                            "~/.local/state/tunebench." },
        { "TMPDIR", "Where compare --merge writes models that are gone afterwards; /tmp if not set." },
        { "XDG_CACHE_HOME, HOME", "Where measured speeds are kept: $XDG_CACHE_HOME/tunebench, else "
                                  "$HOME/.cache/tunebench." },
        { "TUNEBENCH_FOREGROUND", "Not empty: training happens in the process that was started, as with "
                                  "`--foreground`; so it does under a batch system, whose SLURM_JOB_ID, PBS_JOBID or "
                                  "LSB_JOBID is set." },
        { "TUNEBENCH_IDLE_S", "Seconds for which a worker without work waits for more, for tests." },
        { "SLURM_JOB_ID, SLURM_ARRAY_TASK_ID", "Recorded with a run." },
    };
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        tb_doc_item(d, variables[i][0], variables[i][1]);
}

static void put_exit(struct tb_doc *d, const char *word)
{
    static const struct { enum tb_err_kind kind; const char *text; } codes[] = {
        { TB_ERR_NONE, "Success." },
        { TB_ERR_IO, "A file could not be read or written, does not hold what it should, or is too large." },
        { TB_ERR_USAGE, "A verb or flag is wrong." },
        { TB_ERR_NOTFOUND, "There is no such run or file." },
        { TB_ERR_RECIPE, "The recipe is wrong." },
        { TB_ERR_DIVERGED, "A run that was waited for failed, diverged or was stopped; or what was measured is no "
                           "number." },
        { TB_ERR_BUSY, "Try again later: the store is busy, or there is not enough memory now; or training was told to "
                       "leave and did so behind a checkpoint." },
    };
    char code[16];
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        snprintf(code, sizeof code, "%d", tb_err_exit(codes[i].kind));
        tb_doc_item(d, code, codes[i].text);
    }
    tb_doc_item(d, "128 + N", "Ended by signal N; 130: interrupted.");
}

static tb_man_keys_fn *keys_of;

void tb_man_set_keys(tb_man_keys_fn *fn)
{
    keys_of = fn;
}

static void put_workbench(struct tb_doc *d, const char *word)
{
    const char *place, *keys, *what;
    char last[64] = "";
    for (int i = 0; keys_of && keys_of(i, &place, &keys, &what); i++) {
        if (strcmp(last, place) != 0)
            tb_doc_part(d, place);
        tb_str_copy(last, sizeof last, place);
        tb_doc_item(d, keys, what);
    }
}

const struct tb_man_part tb_man_verbs[] = {
    { "verbs", put_verbs }, { "flags", put_common }, { "fields", put_fields }, { "environment", put_environment },
    { "exit", put_exit }, { "workbench", put_workbench }, { 0 }
};
