/* SPDX-License-Identifier: MIT */
/* grams.c - n-grams without hashing. The n-gram at a place is the pair (number of the (n-1)-gram there, number of its
 * last token); pairs are sorted by radix, equal pairs get the next number. Exact, linear for each order, and no text
 * can make it slow. The sort is stable and starts in order of place, so within a run of equal grams the texts follow
 * one another. */
#include "score/grams.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct gram {
    uint64_t key;
    uint32_t at;
};

struct tb_grams {
    size_t n, n_texts, order;
    size_t *n_of;        /* tokens of each text */
    uint32_t *id, *text; /* [n] of each place */
    uint32_t *rank;      /* [n] number of the gram of the last order there */
    uint64_t n_ids, n_ranks;
    struct gram *gram, *spare;
};

static void sort(struct tb_grams *g, size_t n, uint64_t most)
{
    for (unsigned shift = 0; shift < 64 && most >> shift; shift += 8) {
        size_t count[257] = { 0 };
        for (size_t i = 0; i < n; i++)
            count[(g->gram[i].key >> shift & 255) + 1]++;
        for (size_t d = 0; d < 256; d++)
            count[d + 1] += count[d];
        for (size_t i = 0; i < n; i++)
            g->spare[count[g->gram[i].key >> shift & 255]++] = g->gram[i];
        struct gram *swap = g->gram;
        g->gram = g->spare;
        g->spare = swap;
    }
}

/* Equal keys of the sorted grams get one number, at their places in `number`; returns how many there are. */
static uint64_t renumber(const struct tb_grams *g, size_t n, uint32_t *number)
{
    uint32_t next = 0;
    for (size_t i = 0; i < n; i++) {
        next += i > 0 && g->gram[i].key != g->gram[i - 1].key;
        number[g->gram[i].at] = next;
    }
    return n ? (uint64_t)next + 1 : 1;
}

struct tb_grams *tb_grams_open(const uint32_t *id, const size_t *n_of, size_t n_texts)
{
    struct tb_grams *g = tb_xcalloc(1, sizeof *g);
    uint32_t most = 0;
    g->n_texts = n_texts;
    g->n_of = tb_xcalloc(n_texts + 1, sizeof *g->n_of);
    memcpy(g->n_of, n_of, n_texts * sizeof *n_of);
    for (size_t t = 0; t < n_texts; t++)
        g->n += n_of[t];
    g->id = tb_xcalloc(g->n + 1, sizeof *g->id);
    g->text = tb_xcalloc(g->n + 1, sizeof *g->text);
    g->rank = tb_xcalloc(g->n + 1, sizeof *g->rank);
    g->gram = tb_xcalloc(g->n + 1, sizeof *g->gram);
    g->spare = tb_xcalloc(g->n + 1, sizeof *g->spare);
    for (size_t t = 0, at = 0; t < n_texts; t++)
        for (size_t i = 0; i < n_of[t]; i++, at++) {
            g->text[at] = (uint32_t)t;
            g->gram[at] = (struct gram){ id[at], (uint32_t)at };
            most = id[at] > most ? id[at] : most;
        }
    sort(g, g->n, most);
    g->n_ids = renumber(g, g->n, g->id);
    g->n_ranks = 1;
    return g;
}

/* One gram of all texts, at gram[0 .. n-1]. */
static void count_run(const struct tb_grams *g, const struct gram *gram, size_t n, size_t *match)
{
    size_t mine = 0, most = 0;
    for (size_t i = 0, first; i < n;) {
        uint32_t text = g->text[gram[i].at];
        for (first = i; i < n && g->text[gram[i].at] == text;)
            i++;
        size_t has = i - first;
        if (text == 0) {
            mine = has;
            continue;
        }
        match[text] += has < mine ? has : mine;
        most = has > most ? has : most;
    }
    match[0] += most < mine ? most : mine;
}

void tb_grams_next(struct tb_grams *g, size_t *total, size_t *match)
{
    size_t n = 0, order = ++g->order;
    for (size_t t = 0, at = 0; t < g->n_texts; at += g->n_of[t++]) {
        total[t] = g->n_of[t] >= order ? g->n_of[t] - order + 1 : 0;
        match[t] = 0;
        for (size_t i = 0; i < total[t]; i++)
            g->gram[n++] = (struct gram){ g->rank[at + i] * g->n_ids + g->id[at + i + order - 1], (uint32_t)(at + i) };
    }
    sort(g, n, g->n_ranks * g->n_ids - 1);
    for (size_t i = 0, first; i < n;) {
        for (first = i; i < n && g->gram[i].key == g->gram[first].key;)
            i++;
        count_run(g, g->gram + first, i - first, match);
    }
    g->n_ranks = renumber(g, n, g->rank);
}

void tb_grams_close(struct tb_grams *g)
{
    if (!g)
        return;
    free(g->n_of);
    free(g->id);
    free(g->text);
    free(g->rank);
    free(g->gram);
    free(g->spare);
    free(g);
}
