/* SPDX-License-Identifier: MIT */
/* recipe_docs.c - what the key tables say of a word in a recipe: the key of the word that stands around it (r in
 * t.lora { r = 4 }), a word of the language, a section or a key of all runs. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "plan/keys.h"
#include "plan/schema.h"
#include "tui/recipe_priv.h"

static void add_key(struct tb_text *t, const char *section, const struct tb_key *k)
{
    struct tb_buf b = { 0 };
    tb_key_expected(k, &b);
    tb_text_fmt(t, TB_STYLE_STRONG, "%s%s%s", section, *section ? "." : "", k->name);
    if (k->follows)
        tb_text_wrap(t, TB_STYLE_PLAIN, 2, "  %s; by itself %g times %s", b.p, k->times, k->follows);
    else
        tb_text_wrap(t, TB_STYLE_PLAIN, 2, "  %s%s%s", b.p, k->def ? "; default " : "; must be given",
                     k->def ? k->def : "");
    tb_text_wrap(t, TB_STYLE_PLAIN, 2, "  %s", k->help ? k->help : "");
    if (k->in_flight)
        tb_text_add(t, TB_STYLE_DIM, "  may be changed while the run is trained");
    tb_buf_free(&b);
}

static void add_keys(struct tb_text *t, const char *section, const struct tb_key *k)
{
    for (; k->type != TB_KEY_NONE; k++)
        add_key(t, section, k);
}

/* The method, kind of data, search or rule of pruning of that name. */
static const struct tb_schema *word_named(const char *name)
{
    static const char *const groups[] = { "method", "data", "search", "prune" };
    const struct tb_schema *word = NULL;
    for (size_t i = 0; !word && i < sizeof groups / sizeof *groups; i++)
        word = tb_schema_find(groups[i], name);
    return word;
}

/* "eval" in eval = { every = |.. }: the section that a line is in. */
static const struct tb_keys_section *section_named(const char *name)
{
    for (int i = 0; tb_keys_at(i); i++)
        if (*name && strcmp(tb_keys_at(i)->name, name) == 0)
            return tb_keys_at(i);
    return NULL;
}

static bool show_word(struct tb_screen *s, const struct tb_schema *word)
{
    char *title = tb_xasprintf("t.%s: %s", word->name, word->help);
    struct tb_text *t = tb_desk_show(s->desk, title);
    free(title);
    if (word->lr > 0)
        tb_text_fmt(t, TB_STYLE_DIM, "lr, its peak learning rate, is %g by itself\n", word->lr);
    add_keys(t, "", word->keys);
    return true;
}

static bool show_section(struct tb_screen *s, const struct tb_keys_section *section)
{
    char *title = tb_xasprintf("%s: %s", section->name, section->help);
    struct tb_text *t = tb_desk_show(s->desk, title);
    free(title);
    add_keys(t, section->name, section->keys);
    return true;
}

static bool show_key(struct tb_screen *s, const char *section, const struct tb_key *k)
{
    struct tb_text *t = tb_desk_show(s->desk, k->name);
    add_key(t, section, k);
    return true;
}

/* A key of all runs, wherever it is written: every, patience, keep_best. */
static bool show_general(struct tb_screen *s, const char *name)
{
    for (int i = 0; tb_keys_at(i); i++) {
        const struct tb_key *k = tb_key_find(tb_keys_at(i)->keys, name);
        if (k)
            return show_key(s, tb_keys_at(i)->name, k);
    }
    return false;
}

bool recipe_docs(struct tb_screen *s)
{
    const struct recipe *r = s->state;
    struct tb_place_in at = tb_source_word(&r->source, r->line, r->column);
    char name[64] = "", around[64];
    size_t n;
    const char *line = tb_source_line(&r->source, r->line, &n);
    if (at.line < 0 || at.n >= sizeof name)
        return false;
    memcpy(name, line + at.column, at.n);
    tb_source_around(&r->source, r->line, at.column, around, sizeof around);
    const struct tb_schema *outer = word_named(around), *word = word_named(name);
    const struct tb_key *key = outer ? tb_key_find(outer->keys, name) : NULL;
    if (key)
        return show_key(s, around, key);
    if (strcmp(name, "lr") == 0)
        return show_key(s, "optim", tb_key_find(tb_keys_section("optim"), "lr"));
    if (word)
        return show_word(s, word);
    if (section_named(name))
        return show_section(s, section_named(name));
    return show_general(s, name) || (outer && show_word(s, outer)); /* no key of it: those that there are */
}
