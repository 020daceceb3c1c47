/* SPDX-License-Identifier: MIT */
/* order.c - the order of an epoch and its cut into steps (doc/frozen.md 4).
 * Shuffled: rows sorted by the 64-bit number of Philox(order, "", epoch, row), ties by row. By
 * prompt: the number of a row is that of the first row with its prompt. Steps never span epochs.
 * Where a step holds a number of rows, its place follows by division; where it holds tokens, the
 * steps of every epoch up to the one asked for are counted once and kept. */
#include "dataset/order.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "kernels/rng.h"

struct keyed {
    uint64_t number;
    int first, row; /* first: first row of the prompt */
};

struct tb_order {
    struct tb_order_spec spec;
    int *first;        /* [n_rows] first row with the same prompt */
    struct keyed *key; /* [n_rows] */
    int *row;          /* [n_rows] order of `epoch` */
    int *cut;          /* [n_steps + 1] places where the steps of `epoch` begin */
    int64_t epoch;     /* -1: none yet */
    int n_steps;       /* of `epoch` */
    int64_t *begin;    /* first step of each epoch that was counted; begin[0] = 0 */
    size_t n_begin, begin_cap;
    int64_t epoch_tok;
};

bool tb_order_kind_of(const char *name, enum tb_order_kind *kind)
{
    static const char *const names[] = { "shuffled", "file", "by_prompt" };
    for (int i = 0; i < 3; i++) {
        if (strcmp(name, names[i]) == 0) {
            *kind = (enum tb_order_kind)i;
            return true;
        }
    }
    return false;
}

struct group_row {
    int group, row;
};

static int by_group(const void *a, const void *b)
{
    const struct group_row *x = a, *y = b;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static void find_first(struct tb_order *o)
{
    int n = o->spec.n_rows;
    struct group_row *g = tb_xcalloc((size_t)n, sizeof *g);
    for (int i = 0; i < n; i++)
        g[i] = (struct group_row){ o->spec.group ? o->spec.group[i] : i, i };
    qsort(g, (size_t)n, sizeof *g, by_group);
    for (int i = 0, head = 0; i < n; i++) {
        if (g[i].group != g[head].group)
            head = i;
        o->first[g[i].row] = g[head].row;
    }
    free(g);
}

struct tb_order *tb_order_open(const struct tb_order_spec *spec, struct tb_err *err)
{
    size_t n = (size_t)spec->n_rows;
    if (spec->n_rows < 1) {
        tb_fail(err, TB_ERR_FORMAT, "no training rows to put in order");
        return NULL;
    }
    if (spec->batch_rows < 1 && spec->batch_tok < 1) {
        tb_fail(err, TB_ERR_RECIPE, "a batch needs rows or tokens");
        return NULL;
    }
    struct tb_order *o = tb_xcalloc(1, sizeof *o);
    o->spec = *spec;
    o->epoch = -1;
    o->first = tb_xcalloc(n, sizeof *o->first);
    o->key = tb_xcalloc(n, sizeof *o->key);
    o->row = tb_xcalloc(n, sizeof *o->row);
    o->cut = tb_xcalloc(n + 1, sizeof *o->cut);
    o->begin = tb_grow(o->begin, 0, &o->begin_cap, sizeof *o->begin);
    o->begin[o->n_begin++] = 0;
    for (size_t i = 0; i < n; i++)
        o->epoch_tok += spec->tok[i];
    if (o->epoch_tok < spec->n_rows) {
        tb_fail(err, TB_ERR_FORMAT, "a training row has no tokens");
        tb_order_close(o);
        return NULL;
    }
    find_first(o);
    return o;
}

void tb_order_close(struct tb_order *o)
{
    if (!o)
        return;
    free(o->first);
    free(o->key);
    free(o->row);
    free(o->cut);
    free(o->begin);
    free(o);
}

static int by_key(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static void shuffle(struct tb_order *o, int64_t epoch)
{
    uint32_t hash = tb_rng_hash("order", ""), word[4];
    int n = o->spec.n_rows;
    for (int i = 0; i < n; i++) {
        int first = o->spec.kind == TB_ORDER_BY_PROMPT ? o->first[i] : i;
        uint32_t number = (uint32_t)(o->spec.place ? o->spec.place[first] : first),
                 counter[4] = { hash, (uint32_t)epoch, number, 0 };
        tb_philox(word, counter, o->spec.seed);
        o->key[i] = (struct keyed){ (uint64_t)word[0] << 32 | word[1], first, i };
        if (o->spec.kind == TB_ORDER_FILE)
            o->key[i].number = 0;
    }
    qsort(o->key, (size_t)n, sizeof *o->key, by_key);
    for (int i = 0; i < n; i++)
        o->row[i] = o->key[i].row;
}

static void cut_steps(struct tb_order *o)
{
    int64_t tok = 0;
    o->n_steps = 0;
    for (int i = 0; i < o->spec.n_rows; i++) {
        int begin = o->n_steps ? o->cut[o->n_steps - 1] : 0;
        bool is_full = o->spec.batch_rows > 0 ? i - begin >= o->spec.batch_rows
                                              : tok + o->spec.tok[o->row[i]] > o->spec.batch_tok;
        if (i == 0 || is_full) {
            o->cut[o->n_steps++] = i;
            tok = 0;
        }
        tok += o->spec.tok[o->row[i]];
    }
    o->cut[o->n_steps] = o->spec.n_rows;
}

static void go_to_epoch(struct tb_order *o, int64_t epoch)
{
    if (o->epoch == epoch)
        return;
    shuffle(o, epoch);
    cut_steps(o);
    o->epoch = epoch;
}

/* First step of an epoch. */
static int64_t epoch_begin(struct tb_order *o, int64_t epoch)
{
    int64_t rows = o->spec.batch_rows;
    if (rows > 0)
        return epoch * ((o->spec.n_rows + rows - 1) / rows);
    while ((int64_t)o->n_begin <= epoch) {
        go_to_epoch(o, (int64_t)o->n_begin - 1);
        o->begin = tb_grow(o->begin, o->n_begin, &o->begin_cap, sizeof *o->begin);
        o->begin[o->n_begin] = o->begin[o->n_begin - 1] + o->n_steps;
        o->n_begin++;
    }
    return o->begin[epoch];
}

int64_t tb_order_epoch_of(struct tb_order *o, int64_t step)
{
    int64_t rows = o->spec.batch_rows, epoch = 0;
    tb_assert(step >= 0);
    if (rows > 0)
        return step / ((o->spec.n_rows + rows - 1) / rows);
    if (o->epoch >= 0 && epoch_begin(o, o->epoch) <= step)
        epoch = o->epoch;
    while (epoch_begin(o, epoch + 1) <= step)
        epoch++;
    return epoch;
}

const int *tb_order_step(struct tb_order *o, int64_t step, int *n_rows)
{
    int64_t epoch = tb_order_epoch_of(o, step), at = step - epoch_begin(o, epoch);
    go_to_epoch(o, epoch);
    *n_rows = o->cut[at + 1] - o->cut[at];
    return o->row + o->cut[at];
}

int64_t tb_order_tokens(struct tb_order *o, int64_t n_steps)
{
    int64_t epoch = tb_order_epoch_of(o, n_steps), left = n_steps - epoch_begin(o, epoch);
    int64_t tok = epoch * o->epoch_tok;
    go_to_epoch(o, epoch);
    for (int i = 0; i < o->cut[left]; i++)
        tok += o->spec.tok[o->row[i]];
    return tok;
}

int64_t tb_order_steps_of_tokens(struct tb_order *o, int64_t tok)
{
    int64_t epoch = tok / o->epoch_tok, left = tok % o->epoch_tok;
    int64_t steps = epoch_begin(o, epoch);
    int i = 0;
    go_to_epoch(o, epoch);
    for (int s = 0; left > 0; s++, steps++) {
        for (; i < o->cut[s + 1]; i++)
            left -= o->spec.tok[o->row[i]];
    }
    return steps;
}

int64_t tb_order_steps_of_epochs(struct tb_order *o, int64_t n_epochs)
{
    return epoch_begin(o, n_epochs);
}
