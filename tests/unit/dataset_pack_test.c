/* SPDX-License-Identifier: MIT */
/* dataset_pack_test.c - the promises of batch.h: every token and label of a step comes out once, in
 * the right segment and at the right position; quanta do not depend on micro-batches; sharing keeps
 * what each token sees; bounds hold. */
#include <stdlib.h>

#include "dataset/batch.h"
#include "tests/tap.h"

enum { MAX_SEEN = 4096, PROMPTS = 5 };

/* Deterministic rows: prompt tokens depend on the prompt, completions on the row. */
static int32_t pool[200000];

static int make_rows(struct tb_row *rows, int n, unsigned seed)
{
    int at = 0, total = 0;
    for (int i = 0; i < n; i++) {
        seed = seed * 1103515245u + 12345u;
        int which = (int)(seed >> 16) % PROMPTS, n_prompt = which * 7,
            n_all = n_prompt + 1 + (int)(seed >> 20) % 23;
        rows[i] = (struct tb_row){ pool + at, n_all, n_prompt };
        for (int k = 0; k < n_all; k++)
            pool[at++] = k < n_prompt ? 1000 * (which + 1) + k : 100000 + i * 100 + k;
        total += n_all;
    }
    return total;
}

/* The tokens that packed row t sees, itself last, from its chain of parents; -1 for virtual rows.
 * Returns how many. */
static int seen_by(const struct tb_batch *b, int seg, int t, int32_t *out)
{
    int n =
        b->seg[seg].parent >= 0
            ? seen_by(b, b->seg[seg].parent,
                      b->seg[b->seg[seg].parent].start + b->seg[b->seg[seg].parent].length - 1, out)
            : 0;
    for (int k = b->seg[seg].start; k <= t; k++)
        out[n++] = b->ids[k];
    return n;
}

static int seg_of(const struct tb_batch *b, int t)
{
    for (int s = 0; s < b->n_seg; s++) {
        if (t >= b->seg[s].start && t < b->seg[s].start + b->seg[s].length)
            return s;
    }
    return -1;
}

/* Whether label l of the batch is token k of its row, predicted from exactly the tokens before it.
 */
static bool is_right(const struct tb_batch *b, const struct tb_pack_spec *spec,
                     const struct tb_row *rows, int l, int k)
{
    int32_t seen[MAX_SEEN];
    int at = b->label_at[l], seg = seg_of(b, at), row = b->label_row[l];
    int n = seg < 0 ? -1 : seen_by(b, seg, at, seen), v = spec->n_input;
    if (n != v + k || b->label[l] != rows[row].ids[k] || b->pos[at] != spec->n_kv + v + k - 1)
        return false;
    for (int i = 0; i < n; i++) {
        if (seen[i] != (i < v ? -1 : rows[row].ids[i - v]))
            return false;
    }
    return b->row[at] == ((uint32_t)row << 12 | (uint32_t)(k - 1));
}

/* Sum over a batch of facts that do not depend on micro-batches, for comparing cuts. */
static unsigned long fold(unsigned long h, long v)
{
    return (h ^ (unsigned long)v) * 1099511628211ul;
}

struct result {
    int n_labels, n_quanta, n_own, n_bad, n_batches, longest;
    unsigned long print; /* of all quanta, independent of micro-batches */
};

static void check_segs(const struct tb_batch *b, const struct tb_pack_spec *spec, struct result *r)
{
    for (int s = 0; s < b->n_seg; s++) {
        const struct tb_seg *g = &b->seg[s];
        bool good =
            g->length > 0 && g->parent < s && g->n_virt == spec->n_kv && g->virt == 0
            && g->dvirt == g->quantum * spec->n_kv && b->pos[g->start] == g->pos
            && (g->parent < 0 || b->seg[g->parent].quantum == g->quantum)
            && (s == 0 ? g->start == 0 : g->start == b->seg[s - 1].start + b->seg[s - 1].length)
            && (g->parent >= 0 || g->pos == spec->n_kv);
        r->n_bad += !good;
    }
}

static void check_quantum(const struct tb_batch *b, const struct tb_pack_spec *spec,
                          const struct tb_row *rows, const struct tb_quantum *q, struct result *r)
{
    int last_row = -1, k = 0, own = q->n_tok - spec->n_input;
    for (int l = q->label; l < q->label + q->n_label; l++) {
        int row = b->label_row[l];
        r->n_bad += row < last_row;
        k = row == last_row ? k + 1 : rows[row].n_prompt > 1 ? rows[row].n_prompt : 1;
        last_row = row;
        r->n_bad += !is_right(b, spec, rows, l, k);
        r->print = fold(r->print, (long)row << 20 | (b->label_at[l] - q->tok));
    }
    for (int t = q->tok; t < q->tok + q->n_tok; t++)
        r->print = fold(r->print, (long)b->ids[t] * 65536 + b->pos[t]);
    r->n_bad += q->root != (spec->n_input ? q->tok : -1) || q->lane != 0;
    r->n_bad += spec->n_input && (b->row[q->tok] != 0xFFFFFu << 12 || b->ids[q->tok] != -1);
    r->n_own += own;
    r->longest = own > r->longest ? own : r->longest;
    r->n_quanta++;
}

static struct result run(const struct tb_pack_spec *spec, const struct tb_row *rows, int n)
{
    struct result r = { .print = 14695981039346656037ul };
    struct tb_packer *p = tb_packer_open(spec);
    struct tb_err err;
    const struct tb_batch *b;
    int tok, seg, label, quanta, row_tok = 0;
    for (int i = 0; i < n; i++)
        row_tok = rows[i].n > row_tok ? rows[i].n : row_tok;
    tb_pack_bounds(spec, n, row_tok, &tok, &seg, &label, &quanta);
    r.n_bad += !tb_packer_begin(p, rows, n, &err);
    while ((b = tb_packer_next(p))) {
        r.n_batches++;
        r.n_bad += b->n_tok > tok || b->n_seg > seg || b->n_label > label || b->n_quanta > quanta;
        r.n_bad += b->n_tok > spec->micro_tok && b->n_quanta > 1;
        check_segs(b, spec, &r);
        for (int i = 0; i < b->n_quanta; i++)
            check_quantum(b, spec, rows, &b->quantum[i], &r);
        r.n_labels += b->n_label;
    }
    r.n_bad += r.n_labels != tb_packer_labels(p) || tb_packer_next(p) != NULL;
    tb_packer_close(p);
    return r;
}

static void many_cuts(void)
{
    static struct tb_row rows[300];
    static const int quanta[] = { 1, 16, 40, 512 };
    int total = make_rows(rows, 300, 7), want = 0;
    for (int i = 0; i < 300; i++)
        want += rows[i].n - (rows[i].n_prompt > 1 ? rows[i].n_prompt : 1);
    for (int share = 0; share < 2; share++) {
        for (int v = 0; v < 4; v++) {
            for (size_t q = 0; q < 4; q++) {
                struct tb_pack_spec spec = { .n_input = v & 1 ? 3 : 0,
                                             .n_kv = v & 2 ? 5 : 0,
                                             .share_prompts = share,
                                             .quantum_tok = quanta[q],
                                             .micro_tok = 2048 };
                struct result big = run(&spec, rows, 300);
                spec.micro_tok = 1;
                struct result small = run(&spec, rows, 300);
                ok(big.n_bad == 0 && small.n_bad == 0,
                   "share %d, virtual %d %d, quantum %d: all as promised", share, spec.n_input,
                   spec.n_kv, quanta[q]);
                ok(big.n_labels == want && small.print == big.print
                       && small.n_batches == small.n_quanta,
                   "  all labels, and micro-batches change nothing");
                ok(share ? big.n_own < total || quanta[q] == 1 : big.n_own == total,
                   "  %d tokens for %d", big.n_own, total);
                ok(quanta[q] < 60 || big.longest <= quanta[q], "  no quantum over its size");
            }
        }
    }
}

static const int32_t same[] = { 7, 8, 9, 1, 2 }, other[] = { 4, 5, 6 }, same2[] = { 7, 8, 9, 3 };

static void small_example(void)
{
    struct tb_row rows[] = { { same, 5, 3 }, { other, 3, 1 }, { same2, 4, 3 }, { same, 2, 0 } };
    struct tb_pack_spec spec = {
        .n_input = 2, .n_kv = 4, .share_prompts = true, .quantum_tok = 512, .micro_tok = 2048
    };
    struct tb_packer *p = tb_packer_open(&spec);
    struct tb_err err;
    ok(tb_packer_begin(p, rows, 4, &err), "a step of four rows");
    const struct tb_batch *b = tb_packer_next(p);
    /* root 2, shared 7 8, child 9 1 2, child 9 3, row 4 5 6, row 7 8 */
    is_int(b->n_tok, 14, "tokens");
    is_int(b->n_seg, 6, "segments");
    is_int(b->n_quanta, 1, "one quantum");
    is_int(b->n_label, 6, "labels");
    static const int parent[] = { -1, 0, 1, 1, 0, 0 }, length[] = { 2, 2, 3, 2, 3, 2 },
                     pos[] = { 4, 6, 8, 8, 6, 6 };
    static const int label_row[] = { 0, 0, 1, 1, 2, 3 }, at[] = { 4, 5, 9, 10, 7, 12 },
                     label[] = { 1, 2, 5, 6, 3, 8 };
    bool good = true;
    for (int i = 0; i < 6; i++)
        good = good && b->seg[i].parent == parent[i] && b->seg[i].length == length[i]
               && b->seg[i].pos == pos[i];
    ok(good, "segments as drawn");
    good = true;
    for (int i = 0; i < 6; i++)
        good = good && b->label_row[i] == label_row[i] && b->label_at[i] == at[i]
               && b->label[i] == label[i];
    ok(good, "labels by row in step order, though row 2 lies before row 1");
    is_int(b->row[7], 2 << 12 | 2, "a child's first token is the last of its prompt");
    tb_packer_close(p);
}

static void long_groups(void)
{
    struct tb_row rows[6];
    int32_t *ids = calloc(6 * 300, sizeof *ids);
    for (int i = 0; i < 6; i++) {
        rows[i] = (struct tb_row){ ids + 300 * i, i == 5 ? 1 : 300, i == 5 ? 1 : 200 };
        ids[300 * i + 299] = i;
    }
    struct tb_pack_spec spec = { .share_prompts = true, .quantum_tok = 512, .micro_tok = 512 };
    struct result r = run(&spec, rows, 5);
    ok(r.n_bad == 0 && r.n_own == 2 * 199 + 5 * 101,
       "a long group is cut; each piece carries the prompt (%d)", r.n_own);
    spec.quantum_tok = 100;
    r = run(&spec, rows, 6);
    ok(r.n_bad == 0 && r.n_quanta == 6, "rows longer than a quantum stand alone");
    free(ids);
}

static void refusals(void)
{
    struct tb_pack_spec spec = { .quantum_tok = 512, .micro_tok = 2048 };
    struct tb_packer *p = tb_packer_open(&spec);
    struct tb_err err = { 0 };
    struct tb_row bad = { pool, 4096, 3 }, none = { pool, 0, 0 }, beyond = { pool, 3, 4 };
    ok(!tb_packer_begin(p, &bad, 1, &err) && err.kind == TB_ERR_LIMIT,
       "4,096 tokens are too many: %s", err.text);
    ok(!tb_packer_begin(p, &none, 1, &err) && !tb_packer_begin(p, &beyond, 1, &err),
       "no token, or too long a prompt");
    ok(tb_packer_begin(p, NULL, 0, &err) && !tb_packer_next(p), "an empty step has no micro-batch");
    tb_packer_close(p);
    tb_packer_close(NULL);
}

int main(void)
{
    small_example();
    many_cuts();
    long_groups();
    refusals();
    return done();
}
