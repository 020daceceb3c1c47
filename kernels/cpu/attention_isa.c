/* SPDX-License-Identifier: MIT */
/* attention_isa.c - attention of one segment and kv head; compiled once for each instruction set.
 *
 * Queries lie across the vector lanes: a block is nr lanes = (row, query head of the group), rows
 * first. Scores are kept turned, S [keys][nr], so that maximum, exp and sums run down the keys lane
 * by lane, and all products are tiles of the GEMM's micro-kernels (gemm_priv.h):
 *     S = K Q'    O' = V' P    backward: dP = V dO'    dQ' = K' dS    dV += P dO    dK += dS Q
 * P = exp(S - lse), dS = scale P (dP - sum over keys of P dP). The scores of the backward are
 * computed again from lse, as in FlashAttention-2 (Dao 2023). The keys of a block are the runs of
 * its chain: virtual rows, the oldest ancestor, ..., the segment. A lane's sums depend on its own
 * visible keys alone: a hidden key adds an exact 0, and keys are cut from the start of each run. */
#include "kernels/cpu/attention_priv.h"

#include <immintrin.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "kernels/cpu/gemm_priv.h"
#include "kernels/cpu/pack.h"

#ifdef __AVX512F__
#define NAME(n) n##_avx512
#define V(op) _mm512_##op
#define ISA tb_gemm_avx512
typedef __m512 vf;
enum { W = 16, NR = 32, MR = 14 };

static inline vf where_not(__mmask16 hidden, vf x, vf otherwise)
{
    return _mm512_mask_mov_ps(x, hidden, otherwise);
}

static inline __mmask16 below(vf a, vf b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}

static inline __mmask16 either(__mmask16 a, __mmask16 b)
{
    return a | b;
}

static inline vf of_bits(__m512i v)
{
    return _mm512_castsi512_ps(v);
}

static inline __m512i bits(vf v)
{
    return _mm512_castps_si512(v);
}
#else
#define NAME(n) n##_avx2
#define V(op) _mm256_##op
#define ISA tb_gemm_avx2
typedef __m256 vf;
enum { W = 8, NR = 16, MR = 6 };

static inline vf where_not(vf hidden, vf x, vf otherwise)
{
    return _mm256_blendv_ps(x, otherwise, hidden);
}

static inline vf below(vf a, vf b)
{
    return _mm256_cmp_ps(a, b, _CMP_LT_OQ);
}

static inline vf either(vf a, vf b)
{
    return _mm256_or_ps(a, b);
}

static inline vf of_bits(__m256i v)
{
    return _mm256_castsi256_ps(v);
}

static inline __m256i bits(vf v)
{
    return _mm256_castps_si256(v);
}
#endif

static inline vf get(const float *p)
{
    return V(loadu_ps)(p);
}

static inline void put(float *p, vf v)
{
    V(storeu_ps)(p, v);
}

static inline vf all(float x)
{
    return V(set1_ps)(x);
}

enum { KEY_BLOCK = 256, ROUND = 16 };

static const float HIDDEN = -1e30f;

/* A stretch of keys: rows of k, v, virtual or not. lo, hi, row: what the block at hand reads, and
 * where in S. */
struct run {
    const float *k, *v;
    float *dk, *dv;
    int64_t ldk, ldv, lddk, lddv;
    float *k_tile, *v_tile; /* [tile][hd][MR] */
    int len, pos;
    bool is_virtual;
    int lo, hi, row;
};

struct work {
    const struct tb_attend *t;
    const struct tb_attention *a;
    const struct tb_seg *seg;
    int hd, hd_wide, group; /* hd rounded up to NR; query heads of the kv head */
    struct run *run;
    int n_runs;
    float *s, *dp;        /* [keys][NR]: scores, then P; dP, then dS */
    float *qt, *dot, *ot; /* [hd][NR]: queries, output gradients, result */
    float *q, *dout;      /* [NR][hd_wide] */
    float pos[TB_NR_MAX];
    int row[TB_NR_MAX], head[TB_NR_MAX]; /* of each lane */
    int n_lanes, n_keys, pos_min, pos_max;
};

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static float *take(float **scratch, size_t floats)
{
    float *p = *scratch;
    *scratch += (floats + ROUND - 1) / ROUND * ROUND;
    return p;
}

#ifndef __AVX512F__
/* The one copy of what both instruction sets share. */
size_t tb_attend_floats(const struct tb_attend *t)
{
    const size_t hd = (size_t)t->a->head_dim, keys = (size_t)t->max_keys;
    const size_t run = sizeof(struct run) / sizeof(float) + 2 * ROUND;
    return 2 * keys * (hd + TB_NR_MAX) + 5 * (hd + TB_NR_MAX) * TB_NR_MAX +
           (size_t)t->max_runs * run + 8 * ROUND;
}
#endif

static void add_segment(struct work *w, int s, struct run *r)
{
    const struct tb_attention *a = w->a;
    const struct tb_attention_back *b = w->t->b;
    const struct tb_seg *g = &a->seg[s];
    int64_t col = (int64_t)w->t->kv * w->hd;
    *r = (struct run){ .k = a->k.p + g->start * a->k.ld + col,
                       .v = a->v.p + g->start * a->v.ld + col,
                       .ldk = a->k.ld,
                       .ldv = a->v.ld,
                       .len = g->length,
                       .pos = g->pos };
    if (b) {
        r->dk = b->dk.p + g->start * b->dk.ld + col;
        r->dv = b->dv.p + g->start * b->dv.ld + col;
        r->lddk = b->dk.ld;
        r->lddv = b->dv.ld;
    }
}

static void add_virtual(struct work *w, struct run *r)
{
    const struct tb_attention *a = w->a;
    const struct tb_attention_back *b = w->t->b;
    int64_t col = (int64_t)w->t->kv * w->hd;
    *r = (struct run){ .k = a->virt_k.p + w->seg->virt * a->virt_k.ld + col,
                       .v = a->virt_v.p + w->seg->virt * a->virt_v.ld + col,
                       .ldk = a->virt_k.ld,
                       .ldv = a->virt_v.ld,
                       .len = w->seg->n_virt,
                       .is_virtual = true };
    if (b && b->dvirt_k.p) {
        r->dk = b->dvirt_k.p + w->seg->dvirt * b->dvirt_k.ld + col;
        r->lddk = b->dvirt_k.ld;
    }
    if (b && b->dvirt_v.p) {
        r->dv = b->dvirt_v.p + w->seg->dvirt * b->dvirt_v.ld + col;
        r->lddv = b->dvirt_v.ld;
    }
}

static void open_work(struct work *w, const struct tb_attend *t)
{
    *w = (struct work){ .t = t, .a = t->a, .seg = &t->a->seg[t->seg], .hd = t->a->head_dim };
    w->hd_wide = (w->hd + NR - 1) / NR * NR;
    w->group = w->a->n_heads / w->a->n_kv;
    float *at = t->scratch;
    size_t lanes = (size_t)w->hd * NR, keys = (size_t)t->max_keys;
    w->run = (struct run *)take(&at, (size_t)t->max_runs * sizeof *w->run / sizeof *at);
    w->s = take(&at, keys * NR);
    w->dp = take(&at, keys * NR);
    w->qt = take(&at, lanes);
    w->dot = take(&at, lanes);
    w->ot = take(&at, lanes);
    w->q = take(&at, (size_t)NR * (size_t)w->hd_wide);
    w->dout = take(&at, (size_t)NR * (size_t)w->hd_wide);
    int depth = 0;
    for (int s = t->seg; s >= 0; s = w->a->seg[s].parent)
        depth++;
    bool has_virtual = w->seg->n_virt > 0;
    w->n_runs = depth + has_virtual;
    if (has_virtual)
        add_virtual(w, &w->run[0]);
    for (int s = t->seg, i = w->n_runs - 1; s >= 0; s = w->a->seg[s].parent, i--)
        add_segment(w, s, &w->run[i]);
    for (int i = 0; i < w->n_runs; i++) {
        size_t floats = ((size_t)w->run[i].len + MR) * (size_t)w->hd;
        w->run[i].k_tile = take(&at, floats);
        w->run[i].v_tile = take(&at, t->b ? floats : 0);
    }
}

/* The keys of a run that any query between two positions sees, from the start of a tile. */
static void set_range(const struct work *w, struct run *r, int pos_min, int pos_max)
{
    int lo = w->a->window ? pos_min - w->a->window + 1 - r->pos : 0;
    r->lo = lo > 0 ? smaller(lo, r->len) / MR * MR : 0;
    r->hi = r->is_virtual ? r->len : smaller(r->len, pos_max - r->pos + 1);
    if (r->hi < r->lo)
        r->hi = r->lo;
}

static void pack_tiles(const struct work *w, float *tile, const float *key, int64_t ld,
                       const struct run *r)
{
    for (int j = r->lo; j < r->hi; j += MR) {
        const float *row[MR];
        int n = smaller(MR, r->len - j);
        for (int i = 0; i < n; i++)
            row[i] = key + (j + i) * ld;
        tb_pack_columns(tile + (int64_t)j * w->hd, MR, row, n, w->hd);
    }
}

static void pack_keys(struct work *w)
{
    int first = w->seg->pos + w->t->first;
    for (int i = 0; i < w->n_runs; i++) {
        struct run *r = &w->run[i];
        set_range(w, r, first, first + w->t->n - 1);
        pack_tiles(w, r->k_tile, r->k, r->ldk, r);
        if (w->t->b)
            pack_tiles(w, r->v_tile, r->v, r->ldv, r);
    }
}

static float *lane_of(const struct work *w, struct tb_mat m, int lane)
{
    return m.p + w->row[lane] * m.ld + (int64_t)w->head[lane] * w->hd;
}

static void pack_lanes(const struct work *w, struct tb_mat m, float *turned, float *rows)
{
    const float *from[NR];
    for (int i = 0; i < w->n_lanes; i++)
        from[i] = lane_of(w, m, i);
    tb_pack_columns(turned, NR, from, w->n_lanes, w->hd);
    for (int i = 0; rows && i < w->n_lanes; i++)
        memcpy(rows + i * w->hd_wide, from[i], (size_t)w->hd * sizeof *rows);
}

/* Lanes first .. of the task's rows times heads; lanes that are not there repeat the last one and
 * are thrown away. */
static void open_block(struct work *w, int first)
{
    const struct tb_attend *t = w->t;
    w->n_lanes = smaller(NR, t->n * w->group - first);
    for (int i = 0; i < NR; i++) {
        int lane = first + smaller(i, w->n_lanes - 1), at = t->first + lane / w->group;
        w->row[i] = w->seg->start + at;
        w->head[i] = t->kv * w->group + lane % w->group;
        w->pos[i] = (float)(w->seg->pos + at);
    }
    w->pos_min = (int)w->pos[0];
    w->pos_max = (int)w->pos[NR - 1];
    w->n_keys = 0;
    for (int i = 0; i < w->n_runs; i++) {
        struct run *r = &w->run[i];
        set_range(w, r, w->pos_min, w->pos_max);
        r->row = w->n_keys;
        w->n_keys += r->hi - r->lo;
    }
}

/* y [keys][NR] = alpha times keys (tiles of k or v) times lanes [hd][NR] */
static void by_keys(const struct work *w, bool is_v, const float *lanes, float alpha, float *y)
{
    struct tb_tile t = { .b = lanes, .lda = MR, .ldb = NR, .ldc = NR, .kc = w->hd, .alpha = alpha };
    for (int i = 0; i < w->n_runs; i++) {
        const struct run *r = &w->run[i];
        t.c = y + (int64_t)r->row * NR;
        for (int j = r->lo; j < r->hi; j += MR, t.c += MR * NR) {
            t.a = (is_v ? r->v_tile : r->k_tile) + (int64_t)j * w->hd;
            ISA.tile[smaller(MR, r->hi - j)](&t);
        }
    }
}

/* ot [hd][NR] = sum over keys of k or v times p [keys][NR] */
static void over_keys(const struct work *w, bool is_v, const float *p)
{
    const int slices = (w->hd + MR - 1) / MR;
    struct tb_tile t = { .ldb = NR, .ldc = NR, .alpha = 1 };
    for (int i = 0; i < w->n_runs; i++) {
        const struct run *r = &w->run[i];
        const float *key = is_v ? r->v : r->k;
        t.lda = is_v ? r->ldv : r->ldk;
        for (int j = r->lo, end; j < r->hi; j = end, t.add = true) {
            end = smaller(r->hi, (j / KEY_BLOCK + 1) * KEY_BLOCK);
            t.kc = end - j;
            t.b = p + (int64_t)(r->row + j - r->lo) * NR;
            for (int s = 0; s < slices; s++) {
                int d = w->hd * s / slices;
                t.a = key + j * t.lda + d;
                t.c = w->ot + d * NR;
                ISA.tile[w->hd * (s + 1) / slices - d](&t);
            }
        }
    }
}

/* Rows of one tile of gradients, c [n][hd] += p [n][lanes] lanes [lanes][hd]. */
static void add_tile(const struct work *w, struct tb_tile *t, int n, const float *lanes)
{
    float full[MR * NR], *c = t->c;
    const int64_t ldc = t->ldc;
    for (int d = 0; d < w->hd; d += NR) {
        const size_t bytes = (size_t)(w->hd - d) * sizeof *c;
        t->b = lanes + d;
        t->c = c + d;
        t->ldc = ldc;
        if (d + NR <= w->hd) {
            ISA.wide[n](t);
            continue;
        }
        for (int i = 0; i < n; i++)
            memcpy(full + i * NR, c + i * ldc + d, bytes);
        t->c = full;
        t->ldc = NR;
        ISA.wide[n](t);
        for (int i = 0; i < n; i++)
            memcpy(c + i * ldc + d, full + i * NR, bytes);
    }
}

/* dk or dv += p [keys][NR] times the rows of the lanes */
static void to_keys(const struct work *w, bool is_v, const float *p, const float *lanes)
{
    for (int i = 0; i < w->n_runs; i++) {
        const struct run *r = &w->run[i];
        float *d = is_v ? r->dv : r->dk;
        const int64_t ld = is_v ? r->lddv : r->lddk;
        for (int j = r->lo; d && j < r->hi; j += MR) {
            struct tb_tile t = { .a = p + (int64_t)(r->row + j - r->lo) * NR,
                                 .ldb = w->hd_wide,
                                 .c = d + j * ld,
                                 .ldc = ld,
                                 .kc = w->n_lanes,
                                 .alpha = 1,
                                 .add = true };
            add_tile(w, &t, smaller(MR, r->hi - j), lanes);
        }
    }
}

/* exp for x <= 88, relative error 2e-7; exactly 0 below -87. x = n ln 2 + f with n from the
 * rounding of a sum with 1.5 2^23. max(low, x) and not (x, low): that way a NaN stays one. */
static inline vf vexp(vf x)
{
    const vf low = all(-87.0f), magic = all(12582912.0f);
    vf t = V(fmadd_ps)(V(max_ps)(low, x), all(1.44269504f), magic), n = V(sub_ps)(t, magic);
    vf f = V(fnmadd_ps)(n, all(0.693359375f), V(max_ps)(low, x));
    f = V(fnmadd_ps)(n, all(-2.12194440e-4f), f);
    vf y = all(1.9875691500e-4f);
    y = V(fmadd_ps)(y, f, all(1.3981999507e-3f));
    y = V(fmadd_ps)(y, f, all(8.3334519073e-3f));
    y = V(fmadd_ps)(y, f, all(4.1665795894e-2f));
    y = V(fmadd_ps)(y, f, all(1.6666665459e-1f));
    y = V(fmadd_ps)(y, f, all(5.0000001201e-1f));
    y = V(add_ps)(V(fmadd_ps)(y, V(mul_ps)(f, f), f), all(1));
    y = V(mul_ps)(
        y, of_bits(V(slli_epi32)(V(add_epi32)(bits(t), V(set1_epi32)(127 - 0x4b400000)), 23)));
    return where_not(below(x, low), y, V(setzero_ps)());
}

/* Scores of keys that a lane does not see. Only rows on the borders of what the block sees are
 * looked at. */
static void hide(const struct work *w)
{
    const int window = w->a->window;
    for (int i = 0; i < w->n_runs; i++) {
        const struct run *r = &w->run[i];
        float *s = w->s + (int64_t)r->row * NR;
        for (int j = r->lo; j < r->hi; j++, s += NR) {
            const int first = r->is_virtual ? 0 : r->pos + j; /* positions that see this key */
            const int last = window ? r->pos + j + window - 1 : INT_MAX;
            if (first <= w->pos_min && last >= w->pos_max)
                continue;
            for (int v = 0; v < NR; v += W) {
                vf pos = get(w->pos + v);
                put(s + v,
                    where_not(either(below(pos, all((float)first)), below(all((float)last), pos)),
                              get(s + v), all(HIDDEN)));
            }
        }
    }
}

/* S -> exp(S - max); the sums and maxima of the lanes. */
static void soften(const struct work *w, vf sum[2], vf max[2])
{
    const float *end = w->s + (int64_t)w->n_keys * NR;
    max[0] = max[1] = all(HIDDEN);
    sum[0] = sum[1] = V(setzero_ps)();
    for (const float *s = w->s; s < end; s += NR) {
        max[0] = V(max_ps)(max[0], get(s));
        max[1] = V(max_ps)(max[1], get(s + W));
    }
    for (float *s = w->s; s < end; s += NR) {
        vf a = vexp(V(sub_ps)(get(s), max[0])), b = vexp(V(sub_ps)(get(s + W), max[1]));
        put(s, a);
        put(s + W, b);
        sum[0] = V(add_ps)(sum[0], a);
        sum[1] = V(add_ps)(sum[1], b);
    }
}

static void put_lanes(const struct work *w, struct tb_mat m)
{
    float *to[NR];
    for (int i = 0; i < w->n_lanes; i++)
        to[i] = lane_of(w, m, i);
    tb_unpack_columns(to, w->n_lanes, w->ot, NR, w->hd);
}

static void forward_block(struct work *w)
{
    vf sum[2], max[2];
    float sums[NR], maxima[NR];
    pack_lanes(w, w->a->q, w->qt, NULL);
    by_keys(w, false, w->qt, w->a->scale, w->s);
    hide(w);
    soften(w, sum, max);
    over_keys(w, true, w->s);
    for (int v = 0; v < 2; v++) {
        vf f = V(div_ps)(all(1), sum[v]);
        for (float *o = w->ot + v * W; o < w->ot + w->hd * NR; o += NR)
            put(o, V(mul_ps)(get(o), f));
        put(sums + v * W, sum[v]);
        put(maxima + v * W, max[v]);
    }
    put_lanes(w, w->a->out);
    for (int i = 0; i < w->n_lanes; i++)
        w->a->lse.p[w->row[i] * w->a->lse.ld + w->head[i]] = maxima[i] + logf(sums[i]);
}

/* S -> P, dP -> dS */
static void turn_back(const struct work *w)
{
    float lse[NR];
    for (int i = 0; i < NR; i++)
        lse[i] = w->a->lse.p[w->row[i] * w->a->lse.ld + w->head[i]];
    const vf l0 = get(lse), l1 = get(lse + W), scale = all(w->a->scale);
    vf d0 = V(setzero_ps)(), d1 = d0;
    float *s = w->s, *dp = w->dp;
    for (int j = 0; j < w->n_keys; j++, s += NR, dp += NR) {
        vf a = vexp(V(sub_ps)(get(s), l0)), b = vexp(V(sub_ps)(get(s + W), l1));
        put(s, a);
        put(s + W, b);
        d0 = V(fmadd_ps)(a, get(dp), d0);
        d1 = V(fmadd_ps)(b, get(dp + W), d1);
    }
    s = w->s;
    dp = w->dp;
    for (int j = 0; j < w->n_keys; j++, s += NR, dp += NR) {
        put(dp, V(mul_ps)(V(mul_ps)(get(s), scale), V(sub_ps)(get(dp), d0)));
        put(dp + W, V(mul_ps)(V(mul_ps)(get(s + W), scale), V(sub_ps)(get(dp + W), d1)));
    }
}

static void back_block(struct work *w)
{
    pack_lanes(w, w->a->q, w->qt, w->q);
    pack_lanes(w, w->t->b->dout, w->dot, w->dout);
    by_keys(w, false, w->qt, w->a->scale, w->s);
    hide(w);
    by_keys(w, true, w->dot, 1, w->dp);
    turn_back(w);
    over_keys(w, false, w->dp);
    put_lanes(w, w->t->b->dq);
    to_keys(w, true, w->s, w->dout);
    to_keys(w, false, w->dp, w->q);
}

/* Rows are short, so the processor does not foresee the next block's. */
static void fetch_rows(const struct work *w, struct tb_mat m, int first)
{
    const struct tb_attend *t = w->t;
    const int end = smaller(t->n, (first + NR - 1) / w->group + 1), span = w->group * w->hd;
    for (int i = first / w->group; i < end; i++) {
        const float *row = m.p + (w->seg->start + t->first + i) * m.ld + (int64_t)t->kv * span;
        for (int d = 0; d < span; d += 16)
            _mm_prefetch((const char *)(row + d), _MM_HINT_T1);
    }
}

static void run_blocks(const struct tb_attend *t, void (*block)(struct work *w))
{
    struct work w;
    open_work(&w, t);
    pack_keys(&w);
    for (int first = 0; first < t->n * w.group; first += NR) {
        open_block(&w, first);
        fetch_rows(&w, w.a->q, first + NR);
        if (t->b)
            fetch_rows(&w, t->b->dout, first + NR);
        block(&w);
    }
}

void NAME(tb_attend)(const struct tb_attend *t)
{
    run_blocks(t, forward_block);
}

void NAME(tb_attend_back)(const struct tb_attend *t)
{
    run_blocks(t, back_block);
}
