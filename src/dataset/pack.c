/* SPDX-License-Identifier: MIT */
/* pack.c - cuts the rows of a step into quanta and lays micro-batches out (batch.h,
 * design 2.2, 2.3). Rows are put in packed order: a row, then, with shared prompts, every later row
 * of the same prompt. Quanta are filled greedily in that order; a group that would not fit starts a
 * new quantum, a group longer than a quantum is cut at row borders and each piece carries the
 * shared segment again, so any two neighbouring quanta hold more than quantum_tok tokens together
 * (tb_pack_bounds needs it). A shared segment is the prompt without its last token; children begin
 * with their own copy of that token. All memory is taken in tb_packer_reserve and tb_packer_begin. */
#include "dataset/batch.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

enum { MAX_ROWS = 0xfffff, MAX_ROW_TOK = 4095, NO_ROW = -1 };

/* Rows of one quantum that hang on one shared segment, or one row without (shared 0). */
struct piece {
    int first, n; /* into order */
    int shared;   /* tokens of the shared segment */
};

/* What a quantum holds; virtual rows are in n_tok and n_seg. */
struct cut {
    int piece, n_pieces;
    int own_tok, n_tok, n_seg, n_label, n_rows;
};

struct tb_packer {
    struct tb_pack_spec spec;
    const struct tb_row *rows;
    int n_rows, n_labels;
    int *order, *next_same,
        *last_same; /* [rows_cap] rows in packed order; chains of equal prompts */
    int *slot;      /* [4 * rows_cap] first row of a prompt, open addressing */
    bool *is_taken;
    struct piece *piece;
    struct cut *cut;
    int *place; /* [rows_cap] packed row of a row's last prompt token */
    int *sorted;
    int rows_cap, n_pieces, n_cuts, next_cut;
    int tok_cap, seg_cap, label_cap, quanta_cap;
    struct tb_batch batch;
};

struct tb_packer *tb_packer_open(const struct tb_pack_spec *spec)
{
    struct tb_packer *p = tb_xcalloc(1, sizeof *p);
    p->spec = *spec;
    if (p->spec.quantum_tok < 1)
        p->spec.quantum_tok = 1;
    return p;
}

void tb_packer_close(struct tb_packer *p)
{
    if (!p)
        return;
    struct tb_batch *b = &p->batch;
    void *all[] = { p->order, p->next_same, p->last_same, p->slot,      p->is_taken, p->piece,
                    p->cut,   p->place,     p->sorted,    b->ids,       b->pos,      b->row,
                    b->seg,   b->label_at,  b->label,     b->label_row, b->quantum };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    free(p);
}

static bool check(const struct tb_row *rows, int n_rows, struct tb_err *err)
{
    if (n_rows < 0 || n_rows > MAX_ROWS)
        return tb_fail(err, TB_ERR_LIMIT, "a step of %d rows; at most %d", n_rows, MAX_ROWS);
    int64_t tok = 0;
    for (int i = 0; i < n_rows; i++) {
        tok += rows[i].n;
        if (rows[i].n < 1 || rows[i].n > MAX_ROW_TOK)
            return tb_fail(err, TB_ERR_LIMIT, "row %d of the step has %d tokens; expected 1 to %d",
                           i, rows[i].n, MAX_ROW_TOK);
        if (rows[i].n_prompt < 0 || rows[i].n_prompt > rows[i].n)
            return tb_fail(err, TB_ERR_LIMIT, "row %d of the step has %d prompt tokens of %d", i,
                           rows[i].n_prompt, rows[i].n);
    }
    return tok <= INT_MAX / 2
           || tb_fail(err, TB_ERR_LIMIT, "a step of %lld tokens; at most %d", (long long)tok,
                      INT_MAX / 2);
}

static void grow_rows(struct tb_packer *p, int n)
{
    if (n <= p->rows_cap)
        return;
    size_t m = (size_t)n;
    p->order = tb_xrealloc(p->order, m, sizeof *p->order);
    p->next_same = tb_xrealloc(p->next_same, m, sizeof *p->next_same);
    p->last_same = tb_xrealloc(p->last_same, m, sizeof *p->last_same);
    p->slot = tb_xrealloc(p->slot, 4 * m, sizeof *p->slot);
    p->is_taken = tb_xrealloc(p->is_taken, m, sizeof *p->is_taken);
    p->piece = tb_xrealloc(p->piece, m, sizeof *p->piece);
    p->cut = tb_xrealloc(p->cut, m, sizeof *p->cut);
    p->place = tb_xrealloc(p->place, m, sizeof *p->place);
    p->sorted = tb_xrealloc(p->sorted, m, sizeof *p->sorted);
    p->rows_cap = n;
}

/* First label position of a row: token 0 never is one. */
static int first_label(const struct tb_row *r)
{
    return r->n_prompt > 1 ? r->n_prompt : 1;
}

static bool has_same_prompt(const struct tb_row *a, const struct tb_row *b)
{
    return a->n_prompt == b->n_prompt
           && memcmp(a->ids, b->ids, (size_t)a->n_prompt * sizeof *a->ids) == 0;
}

/* Chains rows of equal prompts in step order; the slot table holds the first of each chain. */
static void chain(struct tb_packer *p)
{
    uint32_t mask = 1;
    while (2 * mask <= 4 * (uint32_t)p->n_rows)
        mask *= 2;
    memset(p->slot, 0xff, mask * sizeof *p->slot);
    mask--;
    for (int i = 0; i < p->n_rows; i++) {
        const struct tb_row *r = &p->rows[i];
        p->next_same[i] = NO_ROW;
        if (!p->spec.share_prompts || r->n_prompt < 2)
            continue;
        uint32_t at = tb_fnv1a32(r->ids, (size_t)r->n_prompt * sizeof *r->ids) & mask;
        while (p->slot[at] != NO_ROW && !has_same_prompt(&p->rows[p->slot[at]], r))
            at = (at + 1) & mask;
        if (p->slot[at] == NO_ROW)
            p->slot[at] = i;
        else
            p->next_same[p->last_same[p->slot[at]]] = i;
        p->last_same[p->slot[at]] = i;
    }
}

static void new_cut(struct tb_packer *p)
{
    struct cut *c = &p->cut[p->n_cuts++];
    *c = (struct cut){ .piece = p->n_pieces,
                       .n_tok = p->spec.n_input,
                       .n_seg = p->spec.n_input > 0 };
}

/* A row to the piece that is open in the last quantum. */
static void add_row(struct tb_packer *p, int row)
{
    struct cut *c = &p->cut[p->n_cuts - 1];
    struct piece *q = &p->piece[p->n_pieces - 1];
    const struct tb_row *r = &p->rows[row];
    p->order[q->first + q->n++] = row;
    c->own_tok += r->n - q->shared;
    c->n_tok += r->n - q->shared;
    c->n_seg++;
    c->n_rows++;
    c->n_label += r->n - first_label(r) > 0 ? r->n - first_label(r) : 0;
}

static void add_piece(struct tb_packer *p, int first, int shared)
{
    struct cut *c = &p->cut[p->n_cuts - 1];
    p->piece[p->n_pieces++] = (struct piece){ first, 0, shared };
    c->n_pieces++;
    c->own_tok += shared;
    c->n_tok += shared;
    c->n_seg += shared > 0;
}

/* Whether `tok` more tokens go into the last quantum; an empty one takes anything. */
static bool fits(const struct tb_packer *p, int64_t tok)
{
    const struct cut *c = &p->cut[p->n_cuts - 1];
    return c->own_tok == 0 || c->own_tok + tok <= p->spec.quantum_tok;
}

/* Adds the rows chained to `head`; *n is how many rows have been placed. */
static void add_group(struct tb_packer *p, int head, int *n)
{
    int shared = p->next_same[head] == NO_ROW ? 0 : p->rows[head].n_prompt - 1;
    int64_t whole = shared;
    for (int i = head; i != NO_ROW; i = p->next_same[i])
        whole += p->rows[i].n - shared;
    if (whole <= p->spec.quantum_tok && !fits(p, whole))
        new_cut(p);
    bool is_open = false;
    for (int i = head; i != NO_ROW; i = p->next_same[i]) {
        int rest = p->rows[i].n - shared;
        if (!fits(p, is_open ? rest : shared + rest)) {
            new_cut(p);
            is_open = false;
        }
        if (!is_open)
            add_piece(p, *n, shared);
        is_open = true;
        add_row(p, i);
        p->is_taken[i] = true;
        ++*n;
    }
}

static void grow_batch(struct tb_packer *p, const struct cut *most, int n_quanta)
{
    struct tb_batch *b = &p->batch;
    if (most->n_tok > p->tok_cap) {
        p->tok_cap = most->n_tok;
        b->ids = tb_xrealloc(b->ids, (size_t)p->tok_cap, sizeof *b->ids);
        b->pos = tb_xrealloc(b->pos, (size_t)p->tok_cap, sizeof *b->pos);
        b->row = tb_xrealloc(b->row, (size_t)p->tok_cap, sizeof *b->row);
    }
    if (most->n_seg > p->seg_cap) {
        p->seg_cap = most->n_seg;
        b->seg = tb_xrealloc(b->seg, (size_t)p->seg_cap, sizeof *b->seg);
    }
    if (most->n_label > p->label_cap) {
        p->label_cap = most->n_label;
        b->label_at = tb_xrealloc(b->label_at, (size_t)p->label_cap, sizeof *b->label_at);
        b->label = tb_xrealloc(b->label, (size_t)p->label_cap, sizeof *b->label);
        b->label_row = tb_xrealloc(b->label_row, (size_t)p->label_cap, sizeof *b->label_row);
    }
    if (n_quanta > p->quanta_cap) {
        p->quanta_cap = n_quanta;
        b->quantum = tb_xrealloc(b->quantum, (size_t)p->quanta_cap, sizeof *b->quantum);
    }
}

/* Sizes of the micro-batch that begins at quantum `first`; returns how many quanta it holds. */
static int micro(const struct tb_packer *p, int first, struct cut *sum)
{
    int i = first;
    *sum = (struct cut){ 0 };
    for (; i < p->n_cuts; i++) {
        const struct cut *c = &p->cut[i];
        if (i > first && (int64_t)sum->n_tok + c->n_tok > p->spec.micro_tok)
            break;
        sum->n_tok += c->n_tok;
        sum->n_seg += c->n_seg;
        sum->n_label += c->n_label;
    }
    return i - first;
}

bool tb_packer_begin(struct tb_packer *p, const struct tb_row *rows, int n_rows, struct tb_err *err)
{
    if (!check(rows, n_rows, err))
        return false;
    grow_rows(p, n_rows);
    p->rows = rows;
    p->n_rows = n_rows;
    p->n_labels = p->n_pieces = p->n_cuts = p->next_cut = 0;
    if (n_rows == 0)
        return true;
    memset(p->is_taken, 0, (size_t)n_rows * sizeof *p->is_taken);
    chain(p);
    new_cut(p);
    for (int i = 0, n = 0; i < n_rows; i++) {
        if (!p->is_taken[i])
            add_group(p, i, &n);
    }
    for (int first = 0, n; first < p->n_cuts; first += n) {
        struct cut sum;
        n = micro(p, first, &sum);
        grow_batch(p, &sum, n);
        p->n_labels += sum.n_label;
    }
    return true;
}

/* Adds n packed rows as a segment; returns its index. */
static int add_seg(struct tb_packer *p, int n, int parent, int pos)
{
    struct tb_batch *b = &p->batch;
    b->seg[b->n_seg] = (struct tb_seg){ .start = b->n_tok,
                                        .length = n,
                                        .parent = parent,
                                        .pos = pos,
                                        .n_virt = p->spec.n_kv,
                                        .dvirt = b->n_quanta * p->spec.n_kv,
                                        .quantum = b->n_quanta };
    for (int i = 0; i < n; i++)
        b->pos[b->n_tok + i] = pos + i;
    b->n_tok += n;
    return b->n_seg++;
}

/* Tokens from .. from + n - 1 of a row as a segment. */
static int add_tokens(struct tb_packer *p, int row, int from, int n, int parent)
{
    struct tb_batch *b = &p->batch;
    int at = b->n_tok;
    memcpy(b->ids + at, p->rows[row].ids + from, (size_t)n * sizeof *b->ids);
    for (int i = 0; i < n; i++)
        b->row[at + i] = (uint32_t)row << 12 | (uint32_t)(from + i);
    return add_seg(p, n, parent, p->spec.n_kv + p->spec.n_input + from);
}

static int add_root(struct tb_packer *p)
{
    struct tb_batch *b = &p->batch;
    if (p->spec.n_input == 0)
        return -1;
    for (int i = 0; i < p->spec.n_input; i++) {
        b->ids[b->n_tok + i] = -1;
        b->row[b->n_tok + i] = (uint32_t)MAX_ROWS << 12 | (uint32_t)i;
    }
    return add_seg(p, p->spec.n_input, -1, p->spec.n_kv);
}

static void lay_piece(struct tb_packer *p, const struct piece *q, int parent)
{
    if (q->shared)
        parent = add_tokens(p, p->order[q->first], 0, q->shared, parent);
    for (int i = q->first; i < q->first + q->n; i++) {
        int row = p->order[i];
        const struct tb_row *r = &p->rows[row];
        p->place[row] = p->batch.n_tok + first_label(r) - 1 - q->shared;
        add_tokens(p, row, q->shared, r->n - q->shared, parent);
    }
}

/* Rows of the quantum in step order, into p->sorted. They are a merge of few rising runs; qsort
 * would allocate. */
static void sort_rows(struct tb_packer *p, const struct cut *c)
{
    const int *from = p->order + p->piece[c->piece].first;
    for (int i = 0; i < c->n_rows; i++) {
        int at = i;
        for (; at && p->sorted[at - 1] > from[i]; at--)
            p->sorted[at] = p->sorted[at - 1];
        p->sorted[at] = from[i];
    }
}

static void lay_labels(struct tb_packer *p, const struct cut *c)
{
    struct tb_batch *b = &p->batch;
    sort_rows(p, c);
    for (int i = 0; i < c->n_rows; i++) {
        const struct tb_row *r = &p->rows[p->sorted[i]];
        for (int k = first_label(r); k < r->n; k++, b->n_label++) {
            b->label_at[b->n_label] = p->place[p->sorted[i]] + k - first_label(r);
            b->label[b->n_label] = r->ids[k];
            b->label_row[b->n_label] = p->sorted[i];
        }
    }
}

static void lay_quantum(struct tb_packer *p, const struct cut *c)
{
    struct tb_batch *b = &p->batch;
    struct tb_quantum *q = &b->quantum[b->n_quanta];
    *q = (struct tb_quantum){ .tok = b->n_tok,
                              .n_tok = c->n_tok,
                              .seg = b->n_seg,
                              .n_seg = c->n_seg,
                              .label = b->n_label,
                              .n_label = c->n_label,
                              .root = -1 };
    int root = add_root(p);
    if (root >= 0)
        q->root = q->tok;
    for (int i = 0; i < c->n_pieces; i++)
        lay_piece(p, &p->piece[c->piece + i], root);
    lay_labels(p, c);
    tb_assert(b->n_tok == q->tok + q->n_tok && b->n_seg == q->seg + q->n_seg);
    tb_assert(b->n_label == q->label + q->n_label);
    b->n_quanta++;
}

const struct tb_batch *tb_packer_next(struct tb_packer *p)
{
    struct tb_batch *b = &p->batch;
    struct cut sum;
    int n = micro(p, p->next_cut, &sum);
    if (n == 0)
        return NULL;
    b->n_tok = b->n_seg = b->n_label = b->n_quanta = 0;
    for (int i = 0; i < n; i++)
        lay_quantum(p, &p->cut[p->next_cut + i]);
    p->next_cut += n;
    return b;
}

int tb_packer_labels(const struct tb_packer *p)
{
    return p->n_labels;
}

void tb_packer_reserve(struct tb_packer *p, int n_rows, int row_tok)
{
    struct cut most = { 0 };
    int n_quanta;
    tb_pack_bounds(&p->spec, n_rows, row_tok, &most.n_tok, &most.n_seg, &most.n_label, &n_quanta);
    grow_rows(p, n_rows);
    grow_batch(p, &most, n_quanta);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void tb_pack_bounds(const struct tb_pack_spec *spec, int n_rows, int row_tok, int *n_tok,
                    int *n_seg, int *n_label, int *n_quanta)
{
    int64_t quantum = most(spec->quantum_tok, 1), step = (int64_t)n_rows * row_tok;
    int64_t one = least(most(quantum, row_tok), step) + spec->n_input;
    /* Two neighbours hold more than one quantum's tokens, so k of them hold more than k / 2. */
    int64_t quanta =
        least(n_rows, spec->micro_tok > 0 ? 2 * ((spec->micro_tok - 1) / quantum) + 1 : 1);
    int64_t tok = least(most(spec->micro_tok, one), step + quanta * spec->n_input);
    *n_quanta = (int)quanta;
    *n_tok = (int)tok;
    *n_seg = (int)least(tok, 2 * (int64_t)n_rows + quanta);
    *n_label = (int)least(tok, step);
}
