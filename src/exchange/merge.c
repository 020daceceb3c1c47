/* SPDX-License-Identifier: MIT */
/* merge.c - one weight at a time, in the order in which a linear computes: parts that build the matrix anew, then those
 * behind the product in their order, then those before it in the other order, since W F2 F1 x is W F2 first. */
#include "exchange/merge.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

enum place { ANEW, BEHIND, BEFORE, N_PLACES };

static enum place place_of(const struct tb_seat *s)
{
    const struct tb_method *m = s->adapter->method;
    return m->weight ? ANEW : m->after && !s->skips_after ? BEHIND : BEFORE;
}

static bool sits_at(const struct tb_seat *s, const char *weight)
{
    size_t n = strlen(s->site->name);
    return s->site->kind == TB_SITE_LINEAR && strncmp(weight, s->site->name, n) == 0
        && strcmp(weight + n, ".weight") == 0;
}

/* ---- whether it can be done */

static bool check_part(const struct tb_adapter *a, struct tb_err *err)
{
    if (!a->method->fold)
        return tb_fail(err, TB_ERR_USAGE, "%s cannot be merged: it does more than change weights (%s)", a->part,
                       a->method->help);
    for (int i = 0; i < a->n_tensors; i++)
        if (tb_str_ends(a->tensors[i].name, ".bias"))
            return tb_fail(err, TB_ERR_USAGE, "%s cannot be merged: it trains a bias, which the base has no place for",
                           a->part);
    return true;
}

bool tb_merge_open(struct tb_merge *m, const struct tb_stack *s, struct tb_err *err)
{
    size_t most = 0;
    *m = (struct tb_merge){ .stack = s, .k = s->part[0]->k };
    for (int p = 0; p < s->n; p++) {
        if (!check_part(s->part[p], err))
            return false;
        for (int i = 0; i < s->part[p]->n_seats; i++) {
            const struct tb_site *site = s->part[p]->seats[i].site;
            size_t size = (size_t)site->out * (size_t)site->in;
            most = size > most ? size : most;
        }
    }
    m->room = m->k->alloc(m->k, (most + 1) * sizeof *m->room);
    return m->room || tb_fail(err, TB_ERR_LIMIT, "no memory for a weight of %zu numbers", most);
}

void tb_merge_close(struct tb_merge *m)
{
    if (m->k)
        m->k->release(m->k, m->room);
    *m = (struct tb_merge){ 0 };
}

/* The first seat at this weight, NULL: nothing sits at it. */
static const struct tb_seat *any_seat(const struct tb_merge *m, const char *weight)
{
    for (int p = 0; p < m->stack->n; p++)
        for (int i = 0; i < m->stack->part[p]->n_seats; i++)
            if (sits_at(&m->stack->part[p]->seats[i], weight))
                return &m->stack->part[p]->seats[i];
    return NULL;
}

bool tb_merge_has(const struct tb_merge *m, const char *weight)
{
    return any_seat(m, weight) != NULL;
}

/* ---- doing it */

/* The seat of part p at this weight, if it is of that place. */
static const struct tb_seat *seat_of(const struct tb_merge *m, int p, const char *weight, enum place place)
{
    const struct tb_adapter *a = m->stack->part[p];
    for (int i = 0; i < a->n_seats; i++)
        if (sits_at(&a->seats[i], weight) && place_of(&a->seats[i]) == place)
            return &a->seats[i];
    return NULL;
}

static void make(struct tb_merge *m, const char *weight)
{
    const struct tb_seat *any = any_seat(m, weight);
    struct tb_mat w = tb_mat_of(m->room, any->site->out, any->site->in);
    m->k->weight_dense(m->k, w, any->base);
    for (int place = 0; place < N_PLACES; place++)
        for (int i = 0; i < m->stack->n; i++) {
            const struct tb_seat *s = seat_of(m, place == BEFORE ? m->stack->n - 1 - i : i, weight, (enum place)place);
            if (s)
                s->adapter->method->fold(s, w);
        }
    tb_str_copy(m->now, sizeof m->now, weight);
}

void tb_merge_rows(struct tb_merge *m, const char *weight, int64_t first, int64_t n, float *dst)
{
    if (strcmp(m->now, weight) != 0)
        make(m, weight);
    int64_t cols = any_seat(m, weight)->site->in;
    m->k->get(m->k, dst, m->room + first * cols, (size_t)(n * cols) * sizeof *dst);
}
