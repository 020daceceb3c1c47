/* SPDX-License-Identifier: MIT */
/* args.c - reads a command line against a table of flags. */
#include "cli/args.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

const struct tb_flag tb_args_common[] = {
    { "store", "DIR", false, "the store to use (default: $TUNEBENCH_STORE, else tunebench.d)" },
    { "color", "WHEN", false, "auto (on a terminal, unless NO_COLOR is set), always or never" },
    { "help", NULL, false, "examples, then every flag" },
    { 0 }
};

static const struct tb_flag *find(const struct tb_flag *table, const char *name, size_t n)
{
    for (; table && table->name; table++)
        if (strlen(table->name) == n && strncmp(table->name, name, n) == 0)
            return table;
    return NULL;
}

static bool unknown(const struct tb_flag *flags, const char *given, const char *verb, struct tb_err *err)
{
    const char *names[128];
    int n = 0;
    for (int t = 0; t < 2; t++)
        for (const struct tb_flag *f = t ? tb_args_common : flags; f && f->name && n < 127; f++)
            names[n++] = f->name;
    names[n] = NULL;
    const char *near = tb_str_nearest(given, names);
    return tb_fail(err, TB_ERR_USAGE, "%s has no flag --%s%s%s%s (see 'tunebench help %s')", verb, given,
                   near ? "; did you mean --" : "", near ? near : "", near ? "?" : "", verb);
}

/* Flags of one letter have one dash. */
static const char *dash(const char *name)
{
    return name[1] ? "--" : "-";
}

static bool add(struct tb_args *a, const struct tb_flag *f, const char *value, struct tb_err *err)
{
    if (!f->is_many && tb_args_has(a, f->name))
        return tb_fail(err, TB_ERR_USAGE, "%s%s is given twice", dash(f->name), f->name);
    if (f->arg && !*value && (strcmp(f->name, "o") == 0 || strcmp(f->name, "output") == 0))
        return tb_fail(err, TB_ERR_USAGE, "%s%s '': expected a name (%s)", dash(f->name), f->name, f->arg);
    if (a->n_flags == TB_ARGS_MAX)
        return tb_fail(err, TB_ERR_USAGE, "more than %d flags", TB_ARGS_MAX);
    a->flag[a->n_flags].name = f->name;
    a->flag[a->n_flags++].value = value;
    return true;
}

/* One "--name", "--name=value" or "--name value"; *i moves over what it used. */
static bool take_flag(struct tb_args *a, const struct tb_flag *flags, int argc, char **argv, int *i,
                      struct tb_err *err)
{
    const char *name = argv[*i] + 2, *eq = strchr(name, '=');
    size_t n = eq ? (size_t)(eq - name) : strlen(name);
    const struct tb_flag *f = find(flags, name, n);
    f = f ? f : find(tb_args_common, name, n);
    if (!f) {
        char given[64];
        snprintf(given, sizeof given, "%.*s", (int)n, name);
        return unknown(flags, given, argv[0], err);
    }
    if (!f->arg && eq)
        return tb_fail(err, TB_ERR_USAGE, "%s%s takes no value", dash(f->name), f->name);
    if (!f->arg)
        return add(a, f, "", err);
    if (eq)
        return add(a, f, eq + 1, err);
    if (*i + 1 >= argc)
        return tb_fail(err, TB_ERR_USAGE, "%s%s needs a value (%s)", dash(f->name), f->name, f->arg);
    return add(a, f, argv[++*i], err);
}

/* "-o VALUE", "-f": flags of one letter. */
static bool take_short(struct tb_args *a, const struct tb_flag *flags, int argc, char **argv, int *i,
                       struct tb_err *err)
{
    const char *name = argv[*i] + 1;
    const struct tb_flag *f = name[1] ? NULL : find(flags, name, 1);
    if (!f && strcmp(name, "o") == 0)
        f = find(flags, "output", 6);
    if (strcmp(name, "h") == 0)
        return tb_fail(err, TB_ERR_USAGE, "flags are written out: --help");
    if (!f && strcmp(name, "o") == 0)
        return tb_fail(err, TB_ERR_USAGE, "%s has no flag -o", argv[0]);
    if (!f)
        return tb_fail(err, TB_ERR_USAGE, "-%s: flags are written out, with two dashes (see 'tunebench help %s')", name,
                       argv[0]);
    if (!f->arg)
        return add(a, f, "", err);
    if (*i + 1 >= argc)
        return tb_fail(err, TB_ERR_USAGE, "-%s needs a value (%s)", name, f->arg);
    return add(a, f, argv[++*i], err);
}

static bool add_word(struct tb_args *a, const char *word, struct tb_err *err)
{
    if (a->n_pos == TB_ARGS_MAX)
        return tb_fail(err, TB_ERR_USAGE, "more than %d words", TB_ARGS_MAX);
    a->pos[a->n_pos++] = word;
    return true;
}

bool tb_args_parse(struct tb_args *a, const struct tb_flag *flags, int argc, char **argv, struct tb_err *err)
{
    bool only_words = false, good = true;
    a->n_flags = a->n_pos = 0;
    a->argv = argv;
    for (int i = 1; good && i < argc; i++) {
        if (only_words || argv[i][0] != '-' || !argv[i][1])
            good = add_word(a, argv[i], err);
        else if (strcmp(argv[i], "--") == 0)
            only_words = true;
        else if (argv[i][1] != '-' && find(flags, "-WORD", 5))
            good = add_word(a, argv[i], err);
        else if (argv[i][1] == '-')
            good = take_flag(a, flags, argc, argv, &i, err);
        else
            good = take_short(a, flags, argc, argv, &i, err);
    }
    return good;
}

bool tb_args_count(const struct tb_args *a, int min, int max, const char *usage, struct tb_err *err)
{
    if (a->n_pos > max)
        return tb_fail(err, TB_ERR_USAGE, "'%s' is one word too many; usage: tunebench %s", a->pos[max], usage);
    return a->n_pos >= min || tb_fail(err, TB_ERR_USAGE, "a word is missing; usage: tunebench %s", usage);
}

bool tb_args_has(const struct tb_args *a, const char *name)
{
    return tb_args_at(a, name, 0) != NULL;
}

const char *tb_args_get(const struct tb_args *a, const char *name)
{
    const char *last = NULL;
    for (int i = 0; i < a->n_flags; i++)
        if (strcmp(a->flag[i].name, name) == 0)
            last = a->flag[i].value;
    return last;
}

void tb_args_tell_store(struct tb_buf *b, const struct tb_args *a)
{
    const char *store = tb_args_get(a, "store");
    if (!store)
        return;
    tb_buf_str(b, " --store ");
    tb_shell_quote(b, store);
}

const char *tb_args_at(const struct tb_args *a, const char *name, int i)
{
    for (int j = 0; j < a->n_flags; j++)
        if (strcmp(a->flag[j].name, name) == 0 && i-- == 0)
            return a->flag[j].value;
    return NULL;
}

bool tb_args_list(const struct tb_args *a, const char *name, const char **to, int most, int *n, struct tb_err *err)
{
    const char *value;
    for (*n = 0; (value = tb_args_at(a, name, *n)); to[(*n)++] = value)
        if (*n == most)
            return tb_fail(err, TB_ERR_USAGE, "%s%s: at most %d of them at once", dash(name), name, most);
    return true;
}

bool tb_args_int(const struct tb_args *a, const char *name, long min, long max, long otherwise, long *out,
                 struct tb_err *err)
{
    const char *text = tb_args_get(a, name);
    int64_t v;
    *out = otherwise;
    if (!text)
        return true;
    if (tb_str_int(text, &v) && v >= min && v <= max) {
        *out = (long)v;
        return true;
    }
    if (max == LONG_MAX)
        return tb_fail(err, TB_ERR_USAGE, "%s%s %s: expected a whole number from %ld on", dash(name), name, text, min);
    return tb_fail(err, TB_ERR_USAGE, "%s%s %s: expected a whole number from %ld to %ld", dash(name), name, text, min,
                   max);
}

bool tb_args_real(const struct tb_args *a, const char *name, double min, double max, double otherwise, double *out,
                  struct tb_err *err)
{
    const char *text = tb_args_get(a, name);
    double v;
    *out = otherwise;
    if (!text)
        return true;
    if (!tb_str_real(text, &v) || v < min || v > max)
        return tb_fail(err, TB_ERR_USAGE, "%s%s %s: expected a number from %g to %g", dash(name), name, text, min,
                       max);
    *out = v;
    return true;
}

bool tb_args_choice(const struct tb_args *a, const char *name, const char *const *choices, const char *otherwise,
                    const char **out, struct tb_err *err)
{
    const char *text = tb_args_get(a, name);
    char list[200] = "";
    *out = text ? text : otherwise;
    if (!text || tb_str_in(text, choices))
        return true;
    for (int i = 0; choices[i]; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? ", " : "", choices[i]);
    return tb_fail(err, TB_ERR_USAGE, "%s%s %s: expected one of %s", dash(name), name, text, list);
}
