/* SPDX-License-Identifier: MIT */
/* schema.c - the registry of words: a list of pointers to tables that live as long as the program.
 * It is filled at start, before anything reads it, and never shrinks; so it needs no lock. */
#include "plan/schema.h"

#include <string.h>

enum { MAX = 256 };

static const struct tb_schema *all[MAX];
static int n_all;

void tb_schema_add(const struct tb_schema *s)
{
    if (tb_schema_find(s->group, s->name) == s)
        return;
    tb_assert(n_all < MAX);
    tb_assert(!tb_schema_find(s->group, s->name));
    all[n_all++] = s;
}

const struct tb_schema *tb_schema_find(const char *group, const char *name)
{
    for (int i = 0; i < n_all; i++)
        if (strcmp(all[i]->group, group) == 0 && strcmp(all[i]->name, name) == 0)
            return all[i];
    return NULL;
}

const struct tb_schema *tb_schema_at(const char *group, int i)
{
    for (int j = 0; j < n_all; j++)
        if (strcmp(all[j]->group, group) == 0 && i-- == 0)
            return all[j];
    return NULL;
}
