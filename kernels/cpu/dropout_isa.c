/* SPDX-License-Identifier: MIT */
/* dropout_isa.c - dropout with Philox 4x32-10 (kernels/rng.h, doc/frozen.md 4) on W counters at once, 4 W columns.
 * Lane 4 q + j computes group j * W/4 + q of four columns; turning each square of 4 lanes x 4 words then leaves the
 * words of columns W j .. W j + W - 1 in vector j. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/fills.h"
#include "kernels/cpu/vec_isa.h"

enum { COST = 8 };

struct job {
    struct tb_mat y, x;
    const struct tb_drop *d;
};

/* High and low halves of a * m in each lane. */
static inline void wide_mul(vi a, uint32_t m, vi *high, vi *low)
{
    const vi by = V(set1_epi32)((int)m);
    vi even = V(mul_epu32)(a, by), odd = V(mul_epu32)(V(srli_epi64)(a, 32), by);
#ifdef __AVX512F__
    *low = _mm512_mask_mov_epi32(even, 0xaaaa, _mm512_slli_epi64(odd, 32));
    *high = _mm512_mask_mov_epi32(_mm512_srli_epi64(even, 32), 0xaaaa, odd);
#else
    *low = _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
    *high = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
#endif
}

static inline vi xor3(vi a, vi b, uint32_t key)
{
#ifdef __AVX512F__
    return _mm512_xor_si512(_mm512_xor_si512(a, b), _mm512_set1_epi32((int)key));
#else
    return _mm256_xor_si256(_mm256_xor_si256(a, b), _mm256_set1_epi32((int)key));
#endif
}

static inline void philox(vi x[4], uint64_t seed)
{
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
        vi h0, l0, h1, l1;
        wide_mul(x[0], 0xD2511F53u, &h0, &l0);
        wide_mul(x[2], 0xCD9E8D57u, &h1, &l1);
        x[0] = xor3(h1, x[1], k0);
        x[2] = xor3(h0, x[3], k1);
        x[1] = l1;
        x[3] = l0;
    }
}

/* Words of columns first .. first + 4 W - 1, first a multiple of 4; vector j holds W of them. */
static inline void words(vi x[4], const struct tb_drop *d, uint32_t row, int64_t first)
{
#ifdef __AVX512F__
    const vi lane = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
#else
    const vi lane = _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
#endif
    x[0] = V(set1_epi32)((int)d->hash);
    x[1] = V(set1_epi32)((int)d->step);
    x[2] = V(set1_epi32)((int)row);
    x[3] = V(add_epi32)(V(set1_epi32)((int)(first / 4)), lane);
    philox(x, d->seed);
    vi a = V(unpacklo_epi32)(x[0], x[1]), b = V(unpackhi_epi32)(x[0], x[1]);
    vi c = V(unpacklo_epi32)(x[2], x[3]), e = V(unpackhi_epi32)(x[2], x[3]);
    x[0] = V(unpacklo_epi64)(a, c);
    x[1] = V(unpackhi_epi64)(a, c);
    x[2] = V(unpacklo_epi64)(b, e);
    x[3] = V(unpackhi_epi64)(b, e);
}

static void dropout_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    const vf limit = all(j->d->p), keep = all(1.0f / (1.0f - j->d->p));
    for (int64_t r = p->r0; r < p->r1; r++)
        for (int64_t c = p->c0; c < p->c1; c += 4 * W) {
            vi word[4];
            words(word, j->d, j->d->row[r], c);
            for (int v = 0; v < 4 && c + v * W < p->c1; v++) {
                int64_t at = c + v * W, n = p->c1 - at;
                vf uniform = mul(V(cvtepi32_ps)(V(srli_epi32)(word[v], 8)), all(0x1p-24f));
                vf x = mul(get(row_of(j->x, r) + at, n), keep);
                put(row_of(j->y, r) + at, select_less(uniform, limit, all(0), x), n);
            }
        }
}

static void dropout(struct tb_kernels *k, struct tb_mat y, struct tb_mat x, const struct tb_drop *d)
{
    tb_cpu_split(k, TB_CUT_CELLS, tb_part_of(y), COST, dropout_part, &(struct job){ .y = y, .x = x, .d = d });
}

void TB_ISA_NAME(tb_cpu_dropout_fill)(struct tb_kernels *k)
{
    k->dropout = dropout;
}
