/* SPDX-License-Identifier: MIT */
/* complete.c - what may stand next on a command line, for shells: lines "candidate TAB what it is". Verbs come from
 * verbs.def, flags from the tables of the verbs, their values from the tables too ("a|b|c" as the name of a value is
 * these three), keys of recipes from the key tables, runs from the store. Where nothing is said the shell offers files.
 * Never writes on stderr, never fails: a person is typing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "cli/help_keys.h"
#include "cli/hidden.h"
#include "cli/man.h"
#include "cli/verb.h"
#include "plan/keys.h"
#include "plan/schema.h"
#include "store/checkpoint.h"
#include "store/store.h"
#include "view/runs.h"

struct line {
    int n;             /* words before the one being typed */
    char **word;
    const char *typed; /* the word being typed, or what stands behind --flag= in it */
    const char *before; /* "--flag=" or "" */
    const struct tb_verb *verb;
};

/* One candidate: head and rest in one word. */
static void put(const struct line *l, const char *head, const char *rest, const char *help)
{
    char *word = tb_xasprintf("%s%s", head, rest);
    struct tb_buf safe = { 0 };
    tb_utf8_safe(&safe, help ? help : "", help ? strlen(help) : 0);
    if (tb_str_starts(word, l->typed))
        printf("%s%s\t%.*s\n", l->before, word, (int)strcspn(safe.p ? safe.p : "", ";("), safe.p ? safe.p : "");
    tb_buf_free(&safe);
    free(word);
}

/* "a|b|c" behind head. */
static void put_choices(const struct line *l, const char *head, const char *choices, const char *help)
{
    char *copy = tb_xstrdup(choices), *rest = copy;
    for (char *word; (word = strsep(&rest, "|"));)
        put(l, head, word, help);
    free(copy);
}

static void put_verbs(const struct line *l)
{
    for (int i = 0; tb_verb_at(i); i++) {
        char *help = tb_xasprintf("%.*s", (int)strcspn(tb_verb_at(i)->help, "\n"), tb_verb_at(i)->help);
        put(l, "", tb_verb_at(i)->name, help);
        free(help);
    }
}

static void put_flags(const struct line *l, const struct tb_flag *f)
{
    for (; f && f->name; f++)
        if (f->name[0] != '-')
            put(l, f->name[1] ? "--" : "-", f->name, f->help);
}

/* ---- runs */

static struct tb_store *store_of(const struct line *l)
{
    const char *path = NULL;
    for (int i = 0; i < l->n; i++)
        if (tb_str_starts(l->word[i], "--store="))
            path = l->word[i] + 8;
        else if (strcmp(l->word[i], "--store") == 0 && i + 1 < l->n)
            path = l->word[i + 1];
    return tb_store_open(path, false, NULL);
}

/* Whether a name can be typed as it is and means this run alone. */
static bool is_plain(const struct tb_run_item *all, size_t n, size_t i)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-,";
    const char *name = all[i].sum.name;
    return *name && strspn(name, plain) == strlen(name) && !strchr("+-", *name)
        && tb_run_find(all, n, name, NULL) == (int64_t)i;
}

/* best, last, 400 behind head: the checkpoints of a run. */
static void put_steps(const struct line *l, struct tb_store *s, const char *id, const char *head)
{
    char *dir = tb_store_run_dir(s, id);
    int64_t *steps;
    size_t n = tb_checkpoint_list(dir, &steps);
    put_choices(l, head, "best|last", "checkpoint");
    for (size_t k = 0; k < n; k++) {
        char step[24];
        snprintf(step, sizeof step, "%lld", (long long)steps[k]);
        put(l, head, step, "step of a checkpoint");
    }
    free(steps);
    free(dir);
}

/* RUN:best, RUN:last, RUN:400 of the run before the colon. */
static void put_steps_behind(const struct line *l, struct tb_store *s, const struct tb_run_item *all, size_t n)
{
    int64_t i = tb_run_find(all, n, l->typed, NULL);
    if (i < 0)
        return;
    char *head = tb_xasprintf("%.*s:", (int)strcspn(l->typed, ":"), l->typed);
    put_steps(l, s, all[i].sum.id, head);
    free(head);
}

static void put_run(const struct line *l, const struct tb_run_item *all, size_t n, size_t i)
{
    const struct tb_run_summary *sum = &all[i].sum;
    bool by_name = is_plain(all, n, i);
    char *help = tb_xasprintf("%s%s%s", sum->damage[0] ? "damaged" : tb_state_name(all[i].sight.state),
                              *sum->method ? ", " : "", sum->method);
    put(l, "", by_name ? sum->name : sum->id, help);
    if (by_name && *l->typed)
        put(l, "", sum->id, help);
    free(help);
}

static void put_runs(const struct line *l)
{
    struct tb_store *s = store_of(l);
    struct tb_run_item *all = NULL;
    size_t n = 0;
    if (s && tb_store_list(s, &all, &n, NULL) && strchr(l->typed, ':'))
        put_steps_behind(l, s, all, n);
    else if (n) {
        put(l, "", "@last", "the run that was made last");
        put(l, "", "@best", "the run with the lowest evaluation loss");
        for (size_t i = n; i-- > 0;)
            put_run(l, all, n, i);
    }
    free(all);
    tb_store_close(s);
}

/* Checkpoints of the first run on the line, for "--at STEP". */
static void put_steps_of_line(const struct line *l)
{
    struct tb_store *s = store_of(l);
    struct tb_run_item *all = NULL;
    size_t n = 0;
    bool good = s && tb_store_list(s, &all, &n, NULL);
    for (int i = 0; good && i < l->n; i++) {
        int64_t at = l->word[i][0] == '-' ? -1 : tb_run_find(all, n, l->word[i], NULL);
        if (at < 0)
            continue;
        put_steps(l, s, all[at].sum.id, "");
        break;
    }
    free(all);
    tb_store_close(s);
}

static void put_columns(const struct line *l, const char *end)
{
    for (size_t i = 0; tb_run_column_at(i); i++)
        put(l, tb_run_column_at(i)->name, end, tb_run_column_at(i)->help);
}

/* ---- keys of recipes */

typedef void key_fn(const struct line *l, const char *name, const struct tb_key *key);

static void each_of(const struct line *l, const char *head, const struct tb_key *keys, key_fn *f)
{
    for (; keys && keys->type != TB_KEY_NONE; keys++) {
        char *name = tb_xasprintf("%s%s", head, keys->name);
        if (!tb_str_ends(name, ".kind"))
            f(l, name, keys);
        free(name);
    }
}

/* Whether a data word before this one has the key too. */
static bool is_known(const struct tb_key *key, int word)
{
    for (int i = 0; i < word; i++)
        if (tb_key_find(tb_schema_at("data", i)->keys, key->name))
            return true;
    return false;
}

static void each_key(const struct line *l, key_fn *f)
{
    const struct tb_schema *s;
    for (int i = 0; tb_keys_at(i); i++) {
        if (strchr(tb_keys_at(i)->name, '<')) /* a number stands there */
            continue;
        char *head = tb_xasprintf("%s%s", tb_keys_at(i)->name, *tb_keys_at(i)->name ? "." : "");
        each_of(l, head, tb_keys_at(i)->keys, f);
        free(head);
    }
    for (int i = 0; (s = tb_schema_at("method", i)); i++) {
        char *head = tb_xasprintf("method.%s.", s->name);
        each_of(l, head, s->keys, f);
        free(head);
    }
    for (int i = 0; (s = tb_schema_at("data", i)); i++)
        for (const struct tb_key *k = s->keys; k->type != TB_KEY_NONE; k++) {
            char *name = tb_xasprintf("data.%s", k->name);
            if (!is_known(k, i) && strcmp(k->name, "path") != 0)
                f(l, name, k);
            free(name);
        }
}

static void put_key(const struct line *l, const char *name, const struct tb_key *key)
{
    put(l, name, "=", key->help);
}

static void put_flight_key(const struct line *l, const char *name, const struct tb_key *key)
{
    if (key->in_flight)
        put(l, name, "=", key->help);
}

/* Values of the key in front of the "=", if they can be listed; of a list the last. */
static void put_value(const struct line *l, const char *name, const struct tb_key *key)
{
    size_t n = strlen(name);
    if (strncmp(l->typed, name, n) != 0 || l->typed[n] != '=')
        return;
    const char *comma = strrchr(l->typed + n, ',');
    char *head = tb_xasprintf("%.*s", (int)(comma ? comma - l->typed + 1 : (ptrdiff_t)n + 1), l->typed);
    if (key->type == TB_KEY_CHOICE)
        put_choices(l, head, key->choices, key->help);
    else if (key->type == TB_KEY_BOOL)
        put_choices(l, head, "true|false", key->help);
    free(head);
}

static void put_keys(const struct line *l)
{
    if (strchr(l->typed, '=')) {
        each_key(l, put_value);
        return;
    }
    put(l, "lr", "=", "learning rate of every arm");
    put(l, "batch", "=", "rows of one optimiser step");
    put(l, "budget", "=", "60k or 2M tokens, 300steps, 2epochs");
    put(l, "data", "=", "the file");
    each_key(l, put_key);
}

static void put_methods(const struct line *l)
{
    const struct tb_schema *s;
    for (int i = 0; (s = tb_schema_at("method", i)); i++)
        put(l, "", s->name, s->help);
    put(l, "", "stack(", "several trained together as one adapter");
}

static void put_metrics(const struct line *l)
{
    for (int i = 3; i < TB_N_TRAIN; i++)
        put(l, "train/", tb_train_columns[i].name, tb_train_columns[i].long_name);
    for (int i = 3; i < TB_N_EVAL; i++)
        put(l, "eval/", tb_eval_columns[i].name, tb_eval_columns[i].long_name);
}

/* ---- where on the line */

static const struct tb_flag *find_flag(const struct tb_flag *f, const char *name, size_t n)
{
    for (; f && f->name; f++)
        if (strlen(f->name) == n && strncmp(f->name, name, n) == 0)
            return f;
    return NULL;
}

/* The flag that a word is, with or without "=value"; NULL if it is none. */
static const struct tb_flag *flag_of(const struct line *l, const char *word)
{
    size_t dashes = strspn(word, "-"), n = strcspn(word + dashes, "=");
    const struct tb_flag *f = dashes && l->verb ? find_flag(l->verb->flags, word + dashes, n) : NULL;
    return f || dashes != 2 ? f : find_flag(tb_args_common, word + dashes, n);
}

static void put_flag_value(const struct line *l, const struct tb_flag *f)
{
    static const char *const columns[] = { "sort", "group", "cols", "pareto", "y", NULL };
    if (strcmp(f->name, "color") == 0)
        put_choices(l, "", "auto|always|never", f->help);
    else if (strcmp(f->name, "set") == 0 || strcmp(f->name, "grid") == 0)
        put_keys(l);
    else if (strcmp(f->name, "method") == 0)
        put_methods(l);
    else if (tb_str_in(f->name, columns) && !strchr(f->arg, '|'))
        put_columns(l, "");
    else if (strcmp(f->arg, "METRIC") == 0)
        put_metrics(l);
    else if (strcmp(f->arg, "KIND") == 0)
        put_choices(l, "", "eval|state|step|checkpoint|divergence|recovered|replay|request|set|probe|memory|disk|error",
                    f->help);
    else if (strcmp(f->arg, "RUN") == 0)
        put_runs(l);
    else if (strcmp(f->arg, "STEP") == 0)
        put_steps_of_line(l);
    else if (strchr(f->arg, '|'))
        put_choices(l, "", f->arg, f->help);
}

static void put_topics(const struct line *l)
{
    put_verbs(l);
    for (int i = 0; tb_help_keys_at(i); i++)
        put(l, "", tb_help_keys_at(i), "keys, with ranges and defaults");
    for (int i = 1; tb_man_at(i); i++)
        put(l, "", tb_man_at(i), "the manual page");
}

/* By what the verb's usage says that words are. */
static void put_words(const struct line *l)
{
    const char *usage = l->verb->usage;
    if (strstr(usage, "VERB"))
        put_topics(l);
    if (strstr(usage, "RUN") || tb_str_starts(usage, "A B"))
        put_runs(l);
    if (strstr(usage, ".. KEY=VALUE"))
        each_key(l, put_flight_key);
    if (strstr(usage, "FILTER") && !strchr(l->typed, ':'))
        put_columns(l, ":");
    if (strchr(usage, '|') && !strchr(usage, ' '))
        put_choices(l, "", usage, NULL);
}

/* Reads what stands before the word being typed: the verb, and whether the last flag waits for its value. */
static const struct tb_flag *read_line(struct line *l)
{
    const struct tb_flag *waits = NULL;
    for (int i = 0; i < l->n; i++) {
        const char *word = l->word[i];
        const struct tb_flag *f = waits ? NULL : flag_of(l, word);
        if (!waits && !l->verb && word[0] != '-')
            l->verb = tb_verb_find(word);
        waits = f && f->arg && !strchr(word, '=') ? f : NULL;
    }
    return waits;
}

int tb_hidden_complete(int argc, char **argv)
{
    struct line l = { .n = argc > 0 ? argc - 1 : 0, .word = argv, .before = "" };
    l.typed = argc > 0 ? argv[argc - 1] : "";
    const struct tb_flag *waits = read_line(&l), *own = flag_of(&l, l.typed);
    const char *equals = strchr(l.typed, '=');
    if (waits) {
        put_flag_value(&l, waits);
    } else if (own && own->arg && equals) {
        char *before = tb_xasprintf("%.*s", (int)(equals + 1 - l.typed), l.typed);
        l.before = before;
        l.typed = equals + 1;
        put_flag_value(&l, own);
        free(before);
    } else if (l.typed[0] == '-') {
        put_flags(&l, l.verb ? l.verb->flags : NULL);
        put_flags(&l, tb_args_common);
        if (!l.verb)
            put(&l, "--", "version", "version and licence");
    } else if (l.verb) {
        put_words(&l);
    } else {
        put_verbs(&l);
    }
    return 0;
}
