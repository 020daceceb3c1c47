/* SPDX-License-Identifier: MIT */
/* man_store.c - files, tables, records and states for tunebench-store(5). */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/man.h"
#include "store/describe.h"

static void put_described(struct tb_doc *d, const char *word)
{
    static const struct { const char *word; const struct tb_described *list; } lists[] = {
        { "store", tb_described_store }, { "run", tb_described_run }, { "attributes", tb_described_attributes },
        { "groups", tb_described_groups }, { "columns", tb_described_columns },
        { "checkpoint", tb_described_checkpoint }, { "records", tb_described_records },
    };
    const struct tb_described *list = NULL;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (strcmp(lists[i].word, word) == 0)
            list = lists[i].list;
    for (tb_assert(list); list->name; list++) {
        char *text = tb_xasprintf("%s%s%s%s", list->text, list->units ? " [" : "", list->units ? list->units : "",
                                  list->units ? "]" : "");
        tb_doc_item(d, list->name, text);
        free(text);
    }
}

static void put_curves(struct tb_doc *d, const char *group, const struct tb_column *c, int n)
{
    for (int i = 0; i < n; i++) {
        char *name = tb_xasprintf("%s/%s", group, c[i].name),
             *text = tb_xasprintf("%s [%s], %s", c[i].long_name, c[i].units, c[i].is_int ? "int64" : "float64");
        tb_doc_item(d, name, text);
        free(name);
        free(text);
    }
}

static void put_all_curves(struct tb_doc *d, const char *word)
{
    put_curves(d, "/metrics/train", tb_train_columns, TB_N_TRAIN);
    put_curves(d, "/metrics/eval", tb_eval_columns, TB_N_EVAL);
}

static void put_states(struct tb_doc *d, const char *word)
{
    for (int i = 0; i < TB_N_STATES; i++) {
        char *name = tb_xasprintf("%s (%s)", tb_state_name((enum tb_state)i), tb_state_letter((enum tb_state)i));
        tb_doc_item(d, name, tb_state_text((enum tb_state)i));
        free(name);
    }
}

const struct tb_man_part tb_man_store[] = {
    { "described", put_described }, { "curves", put_all_curves }, { "states", put_states }, { 0 }
};
