/* SPDX-License-Identifier: MIT */
/* man_recipe.c - keys of runs, methods and data for tunebench-recipe(5). */
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/help_keys.h"
#include "cli/man.h"
#include "plan/keys.h"
#include "plan/schema.h"

static void put_keys_of(struct tb_doc *d, const char *section, const struct tb_key *keys)
{
    for (; keys->type != TB_KEY_NONE; keys++) {
        char *name = tb_xasprintf("%s%s%s", section, *section ? "." : "", keys->name);
        struct tb_buf text = { 0 };
        tb_buf_fmt(&text, "%s (", keys->help);
        tb_help_key_values(name, keys, &text);
        tb_buf_str(&text, ")");
        tb_doc_item(d, name, text.p);
        tb_buf_free(&text);
        free(name);
    }
}

static void put_general(struct tb_doc *d, const char *word)
{
    for (int i = 0; tb_keys_at(i); i++) {
        const struct tb_keys_section *s = tb_keys_at(i);
        tb_doc_part(d, *s->name ? s->name : "base and seed");
        tb_doc_paragraph(d, s->help);
        put_keys_of(d, s->name, s->keys);
    }
}

static void put_words(struct tb_doc *d, const char *group)
{
    const struct tb_schema *s;
    for (int i = 0; (s = tb_schema_at(group, i)); i++) {
        char *title = tb_xasprintf("t.%s", s->name), rate[32];
        tb_doc_part(d, title);
        tb_doc_paragraph(d, s->help);
        put_keys_of(d, "", s->keys);
        if (s->lr > 0) {
            char *text = tb_xasprintf("peak learning rate (a number from 0 to 100; default %s)",
                                      tb_str_shortest(rate, sizeof rate, s->lr));
            tb_doc_item(d, "lr", text);
            free(text);
        }
        free(title);
    }
}

const struct tb_man_part tb_man_recipe[] = { { "keys", put_general }, { "words", put_words }, { 0 } };
