/* SPDX-License-Identifier: MIT */
/* cli.c - finds the verb, reads its flags, runs it, turns its error into words on stderr and an exit code. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/numeric.h"
#include "base/str.h"
#include "base/utf8.h"
#include "cli/answer.h"
#include "cli/hidden.h"
#include "cli/out.h"
#include "cli/pager.h"
#include "cli/verb.h"
#include "cli/wrap.h"

#define TB_VERB(name) extern const struct tb_verb tb_verb_##name;
#include "cli/verbs.def"
#undef TB_VERB

static const struct tb_verb *const verbs[] = {
#define TB_VERB(name) &tb_verb_##name,
#include "cli/verbs.def"
#undef TB_VERB
    NULL
};

enum { N_VERBS = sizeof verbs / sizeof verbs[0] - 1 };

const struct tb_verb *tb_verb_at(int i)
{
    return i >= 0 && i < N_VERBS ? verbs[i] : NULL;
}

const struct tb_verb *tb_verb_find(const char *name)
{
    for (int i = 0; i < N_VERBS; i++)
        if (strcmp(verbs[i]->name, name) == 0)
            return verbs[i];
    return NULL;
}

bool tb_verb_unknown(const char *name, struct tb_err *err)
{
    const char *names[N_VERBS + 1] = { 0 };
    for (int i = 0; i < N_VERBS; i++)
        names[i] = verbs[i]->name;
    const char *near = tb_str_nearest(name, names);
    return tb_fail(err, TB_ERR_USAGE, "there is no verb '%.80s'%s%s%s (see 'tunebench help')", name,
                   near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int width(void)
{
    static const struct tb_args no_flags;
    struct tb_out o;
    return !tb_out_open(&o, &no_flags, NULL) || o.columns == 0 ? 80 : o.columns < 40 ? 40 : o.columns;
}

void tb_cli_wrap(int at, int indent, const char *text)
{
    struct tb_buf b = { 0 };
    tb_wrap(&b, &(struct tb_wrap){ .columns = width(), .indent = indent }, at, text);
    fputs(b.p, stdout);
    tb_buf_free(&b);
}

enum { FLAG_COLUMN = 27 };

static void print_flags(const struct tb_flag *f)
{
    for (; f && f->name; f++) {
        struct tb_buf help = { 0 };
        const char *dashes = f->name[0] == '-' ? "" : f->name[1] ? "--" : "-";
        int at = printf("  %s%s%s%s", dashes, f->name, f->arg ? " " : "", f->arg ? f->arg : "");
        at += printf("%*s", at < FLAG_COLUMN ? FLAG_COLUMN - at : 1, "");
        tb_buf_fmt(&help, "%s%s", f->help, f->is_many ? " (may be repeated)" : "");
        tb_cli_wrap(at, FLAG_COLUMN, help.p);
        tb_buf_free(&help);
    }
}

/* The first line of a help is a sentence of its own, the others are one paragraph. */
void tb_verb_print_help(const struct tb_verb *v)
{
    struct tb_buf first = { 0 };
    size_t n = strcspn(v->help, "\n");
    int at = printf("Examples:\n%s\ntunebench %s ", v->examples, v->name) - (int)strlen(v->examples) - 11;
    tb_cli_wrap(at, 4, v->usage);
    tb_buf_add(&first, v->help, n);
    tb_cli_wrap(0, 0, first.p ? first.p : "");
    if (v->help[n])
        tb_cli_wrap(0, 0, v->help + n);
    tb_buf_free(&first);
    printf("\nFlags:\n");
    print_flags(v->flags);
    print_flags(tb_args_common);
}

void tb_verb_print_all(void)
{
    printf("Examples:\n"
           "  tunebench run recipes/compare-three.lua\n"
           "      compare full fine-tuning, LoRA, prefix and prompt tuning\n"
           "  tunebench run --base model.gguf --data rows.txt --method lora --budget 60k\n"
           "  tunebench ls           what is in the store\n"
           "  tunebench help run     one verb's examples and flags\n"
           "  tunebench help lora    keys of a method, or of data: pairs, jsonl, text\n"
           "  tunebench help keys    the keys that every run has\n\n"
           "Verbs:\n");
    for (int i = 0; i < N_VERBS; i++)
        printf("  %-10s %.*s\n", verbs[i]->name, (int)strcspn(verbs[i]->help, "\n"), verbs[i]->help);
    printf("\nFlags of every verb, before or behind it:\n");
    print_flags(tb_args_common);
    printf("  --version                without a verb: version and licence\n");
}

static void print_version(void)
{
    printf("tunebench " TB_VERSION "\n"
           "Copyright (C) 2026 The tunebench authors\n"
           "License MIT: free to use, change and redistribute.\n"
           "There is NO WARRANTY, to the extent permitted by law.\n");
}

/* Words of an error may come out of a file. */
static int fail(const struct tb_err *err)
{
    char text[sizeof err->where + sizeof err->text + 32];
    struct tb_buf safe = { 0 };
    tb_err_string(err, text, sizeof text);
    tb_utf8_safe(&safe, text, strlen(text));
    fprintf(stderr, "tunebench: %s\n", safe.p ? safe.p : "it failed without a word");
    tb_buf_free(&safe);
    return tb_err_exit(err->kind);
}

/* An answer that did not arrive (full disk, closed pipe) is a failure. */
static int finish(int exit_code)
{
    struct tb_err err = { 0 };
    bool is_written = (fflush(stdout) == 0 && !ferror(stdout)) || tb_pager_is_on();
    tb_pager_close();
    if (is_written)
        return exit_code;
    tb_fail_errno(&err, "cannot write the answer");
    return fail(&err);
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0)
            return true;
    return false;
}

/* No verb stands on the line; maybe its first flag is a typo. */
static bool no_verb(const char *flag, struct tb_err *err)
{
    static const char *const alone[] = { "version", "help", NULL };
    const char *near = tb_str_nearest(flag + 2, alone);
    if (near)
        return tb_fail(err, TB_ERR_USAGE, "there is no flag %.80s; did you mean --%s?", flag, near);
    return tb_fail(err, TB_ERR_USAGE, "a verb is missing (see 'tunebench help')");
}

static int run_verb(const struct tb_verb *v, int argc, char **argv)
{
    struct tb_err err = { 0 };
    struct tb_args args = { 0 };
    int exit_code = 0;
    if (wants_help(argc, argv)) {
        tb_pager_open(&args);
        tb_verb_print_help(v);
        return finish(0);
    }
    if (!tb_args_parse(&args, v->flags, argc, argv, &err))
        return fail(&err);
    if (v->is_paged)
        tb_pager_open(&args);
    if (!tb_answer_run(v, &args, &exit_code, &err)) {
        fflush(stdout);
        tb_pager_close();
        return fail(&err);
    }
    return finish(exit_code);
}

static bool has_value(const char *flag)
{
    for (const struct tb_flag *f = tb_args_common; f->name; f++)
        if (f->arg && strcmp(f->name, flag + 2) == 0)
            return true;
    return false;
}

/* Moves the verb to argv[1]: flags that every verb has may stand before it. False if there is none. */
static bool verb_first(int argc, char **argv)
{
    int i = 1;
    while (i < argc && tb_str_starts(argv[i], "--"))
        i += has_value(argv[i]) ? 2 : 1;
    if (i >= argc)
        return false;
    char *verb = argv[i];
    memmove(argv + 2, argv + 1, (size_t)(i - 1) * sizeof *argv);
    argv[1] = verb;
    return true;
}

int tb_cli_main(int argc, char **argv)
{
    struct tb_err err = { 0 };
    if (argc > 1 && strcmp(argv[1], TB_HIDDEN_COMPLETE) == 0)
        return finish(tb_hidden_complete(argc - 2, argv + 2));
    if (argc > 1 && strcmp(argv[1], TB_HIDDEN_FSCK) == 0)
        return finish(tb_hidden_fsck(argc - 2, argv + 2));
    if (argc > 1 && strcmp(argv[1], TB_HIDDEN_MAN) == 0)
        return finish(tb_hidden_man(argc - 2, argv + 2));
    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        print_version();
        return finish(0);
    }
    if (!verb_first(argc, argv)) {
        if (argc < 2 || wants_help(argc, argv)) {
            tb_verb_print_all();
            return finish(0);
        }
        no_verb(argv[1], &err);
        return fail(&err);
    }
    const struct tb_verb *v = tb_verb_find(argv[1]);
    if (v)
        return run_verb(v, argc - 1, argv + 1);
    tb_verb_unknown(argv[1], &err);
    return fail(&err);
}
