/* SPDX-License-Identifier: MIT */
/* search.c - the tables of searches and rules of pruning. */
#include "sweep/search.h"

#include <string.h>

#include "plan/schema.h"
#include "sweep/prune.h"

#define TB_SEARCH(name) extern const struct tb_search tb_search_##name;
#include "sweep/searches.def"
#undef TB_SEARCH
#define TB_PRUNE(name) extern const struct tb_prune tb_prune_##name;
#include "sweep/prunes.def"
#undef TB_PRUNE

static const struct tb_search *const searches[] = {
#define TB_SEARCH(name) &tb_search_##name,
#include "sweep/searches.def"
#undef TB_SEARCH
};

static const struct tb_prune *const prunes[] = {
#define TB_PRUNE(name) &tb_prune_##name,
#include "sweep/prunes.def"
#undef TB_PRUNE
};

enum { N_SEARCHES = sizeof searches / sizeof *searches, N_PRUNES = sizeof prunes / sizeof *prunes };

static struct tb_schema schemas[N_SEARCHES + N_PRUNES];

void tb_search_register(void)
{
    for (int i = 0; i < N_SEARCHES; i++)
        schemas[i] = (struct tb_schema){ .group = "search", .name = searches[i]->name, .help = searches[i]->help,
                                         .keys = searches[i]->keys };
    for (int i = 0; i < N_PRUNES; i++)
        schemas[N_SEARCHES + i] = (struct tb_schema){ .group = "prune", .name = prunes[i]->name,
                                                      .help = prunes[i]->help, .keys = prunes[i]->keys };
    for (int i = 0; i < N_SEARCHES + N_PRUNES; i++)
        tb_schema_add(&schemas[i]);
}

const struct tb_search *tb_search_find(const char *name)
{
    for (int i = 0; i < N_SEARCHES; i++)
        if (strcmp(searches[i]->name, name) == 0)
            return searches[i];
    return NULL;
}

const struct tb_prune *tb_prune_find(const char *name)
{
    for (int i = 0; i < N_PRUNES; i++)
        if (strcmp(prunes[i]->name, name) == 0)
            return prunes[i];
    return NULL;
}

ptrdiff_t tb_search_first_free(const struct tb_search_ask *q)
{
    for (size_t i = 0; i < q->n_points; i++)
        if (!q->is_taken[i])
            return (ptrdiff_t)i;
    return -1;
}
