/* SPDX-License-Identifier: MIT */
/* verb_help.c - tunebench help [VERB | METHOD | DATA | keys | recipe | store]. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/help_keys.h"
#include "cli/man.h"
#include "cli/verb.h"

enum { MAX_TOPICS = 256 };

static bool unknown(const char *topic, struct tb_err *err)
{
    const char *list[MAX_TOPICS + 1];
    int n = 0;
    for (int i = 0; tb_verb_at(i) && n < MAX_TOPICS; i++)
        list[n++] = tb_verb_at(i)->name;
    for (int i = 0; tb_help_keys_at(i) && n < MAX_TOPICS; i++)
        list[n++] = tb_help_keys_at(i);
    for (int i = 1; tb_man_at(i) && n < MAX_TOPICS; i++)
        list[n++] = tb_man_at(i);
    list[n] = NULL;
    const char *near = tb_str_nearest(topic, list);
    return tb_fail(err, TB_ERR_USAGE, "there is no verb, method or kind of data '%.80s'%s%s%s (see 'tunebench help')",
                   topic, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* The page of the program itself is what `help` lists. */
static bool is_page(const char *topic)
{
    int i = 1;
    while (tb_man_at(i) && strcmp(tb_man_at(i), topic) != 0)
        i++;
    return tb_man_at(i) != NULL;
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    if (!tb_args_count(a, 0, 1, "help [VERB | METHOD | DATA | keys | recipe | store]", err))
        return false;
    const struct tb_verb *v = a->n_pos ? tb_verb_find(a->pos[0]) : NULL;
    if (v)
        tb_verb_print_help(v);
    else if (a->n_pos && is_page(a->pos[0]))
        return tb_man_print(a->pos[0], a, err);
    else if (a->n_pos)
        return tb_help_keys_print(a->pos[0]) || unknown(a->pos[0], err);
    else
        tb_verb_print_all();
    return true;
}

const struct tb_verb tb_verb_help = {
    .name = "help",
    .usage = "[VERB | METHOD | DATA | keys | recipe | store]",
    .help = "Lists the verbs, or explains one, or the keys of runs.\n"
            "METHOD is lora, prefix and so on, DATA is pairs, jsonl or text: their keys, with ranges and defaults. "
            "'keys' are those that every run has; 'recipe' is the manual of recipes, 'store' that of what runs leave "
            "behind.",
    .examples = "  tunebench help\n  tunebench help run\n  tunebench help lora\n  tunebench help keys\n"
                "  tunebench help recipe\n",
    .is_paged = true,
    .run = run,
};
