/* SPDX-License-Identifier: MIT */
/* cache_isa.c - single queries against a cache: a task is one head of one row, which reads its keys, then their
 * values. Scores stand in the scratch of the thread; the order of every sum depends on the number of keys alone. */
#include <math.h>

#include "kernels/cpu/cpu.h"
#include "kernels/cpu/fills.h"
#include "kernels/cpu/gemm_priv.h"
#include "kernels/cpu/pool.h"
#include "kernels/cpu/vec_isa.h"

enum {
    WIDE = 8, /* vectors of a value row that are summed at once */
    FEW = 4,  /* keys that are multiplied at once */
    AHEAD = 8 /* rows: a head reads a stripe of them, which processors do not foresee */
};

struct job {
    struct tb_kernels *k;
    const struct tb_cache_attention *a;
};

/* The keys that one head of one query sees: some virtual rows, then neighbours in the cache. */
struct keys {
    const float *virt, *cache;
    int64_t virt_ld, ld;
    int n_virt, n; /* n: all of them */
};

static struct keys keys_of(const struct tb_cache_attention *a, const struct tb_cache_row *r, int64_t col,
                           struct tb_mat virt, struct tb_mat cache)
{
    const int n = r->n_virt + r->n, skip = a->window && a->window < n ? n - a->window : 0;
    const int of_virt = skip < r->n_virt ? skip : r->n_virt;
    struct keys s = { .virt_ld = virt.ld, .ld = cache.ld, .n_virt = r->n_virt - of_virt, .n = n - skip };
    s.virt = s.n_virt ? row_of(virt, r->virt + of_virt) + col : NULL;
    s.cache = row_of(cache, r->first + skip - of_virt) + col;
    return s;
}

static inline const float *key_at(const struct keys *s, int i)
{
    return i < s->n_virt ? s->virt + i * s->virt_ld : s->cache + (i - s->n_virt) * s->ld;
}

#ifdef __AVX512F__
static inline __m256 folded(vf v)
{
    return _mm256_add_ps(_mm512_castps512_ps256(v),
                         _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(v), 1)));
}
#else
static inline __m256 folded(vf v)
{
    return v;
}
#endif

/* The sums of four vectors, each in the same tree. */
static inline __m128 sums_of(const vf v[FEW])
{
    const __m256 a = folded(v[0]), b = folded(v[1]), c = folded(v[2]), d = folded(v[3]);
    const __m256 ab = _mm256_add_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
    const __m256 cd = _mm256_add_ps(_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
    const __m256 all_four = _mm256_add_ps(_mm256_shuffle_ps(ab, cd, 0x44), _mm256_shuffle_ps(ab, cd, 0xee));
    return _mm_add_ps(_mm256_castps256_ps128(all_four), _mm256_extractf128_ps(all_four, 1));
}

/* Products of q with keys n .. n + FEW - 1, the last key in place of those that there are not. */
static inline void few_dots(float *p, const struct keys *s, int n, const float *q, int64_t hd)
{
    const float *key[FEW];
    float out[FEW];
    vf sum[FEW];
    for (int i = 0; i < FEW; i++) {
        key[i] = key_at(s, n + i < s->n ? n + i : s->n - 1);
        sum[i] = all(0);
    }
    EACH_VECTOR (i, left, 0, hd) {
        const vf x = get(q + i, left);
        TB_UNROLL
        for (int j = 0; j < FEW; j++) {
            fetch(key[j] + AHEAD * s->ld + i);
            sum[j] = fma_of(x, get(key[j] + i, left), sum[j]);
        }
    }
    _mm_storeu_ps(out, sums_of(sum));
    for (int i = 0; i < FEW && n + i < s->n; i++)
        p[n + i] = out[i];
}

/* Scores become exp(score - max); their sum. */
static float weigh(float *p, int count, float max)
{
    vf sum = all(0);
    EACH_VECTOR (i, n, 0, count) {
        vf e = exp_of(sub(get(p + i, n), all(max)));
        put(p + i, e, n);
        sum = add(sum, get(p + i, n)); /* zeros behind the last */
    }
    return (float)sum_lanes(sum);
}

/* `n_vec` vectors of the sum of p[i] times value row i; the last holds `last` floats. */
static inline __attribute__((always_inline)) void sum_values(float *out, const struct keys *s, const float *p,
                                                             int64_t at, int n_vec, int64_t last, float factor)
{
    vf acc[WIDE];
    TB_UNROLL
    for (int v = 0; v < n_vec; v++)
        acc[v] = all(0);
    for (int i = 0; i < s->n; i++) {
        const float *value = key_at(s, i) + at;
        const vf weight = all(p[i]);
        TB_UNROLL
        for (int v = 0; v < n_vec; v++) {
            fetch(value + AHEAD * s->ld + v * W);
            acc[v] = fma_of(weight, get(value + v * W, v + 1 == n_vec ? last : W), acc[v]);
        }
    }
    TB_UNROLL
    for (int v = 0; v < n_vec; v++)
        put(out + at + v * W, mul(acc[v], all(factor)), v + 1 == n_vec ? last : W);
}

static void mix(float *out, const struct keys *s, const float *p, int64_t hd, float factor)
{
    int64_t at = 0;
    for (; at + 8 * W <= hd; at += 8 * W)
        sum_values(out, s, p, at, 8, W, factor);
    for (; at + 4 * W <= hd; at += 4 * W)
        sum_values(out, s, p, at, 4, W, factor);
    for (; at < hd; at += W)
        sum_values(out, s, p, at, 1, hd - at < W ? hd - at : W, factor);
}

static void task(void *arg, int i, int thread)
{
    const struct job *j = arg;
    const struct tb_cache_attention *a = j->a;
    const int row = i / a->n_heads, h = i % a->n_heads;
    const int64_t hd = a->head_dim, col = h / (a->n_heads / a->n_kv) * hd;
    const struct tb_cache_row *r = &a->row[row];
    struct keys keys = keys_of(a, r, col, a->virt_k, a->k), values = keys_of(a, r, col, a->virt_v, a->v);
    float *p = tb_cpu_scratch(j->k, thread, (size_t)keys.n), max = -INFINITY;
    const float *q = row_of(a->q, row) + h * hd;
    for (int n = 0; n < keys.n; n += FEW)
        few_dots(p, &keys, n, q, hd);
    for (int n = 0; n < keys.n; n++) {
        p[n] *= a->scale;
        max = p[n] > max ? p[n] : max;
    }
    mix(row_of(a->out, row) + h * hd, &values, p, hd, 1 / weigh(p, keys.n, max));
}

static void attend_cache(struct tb_kernels *k, const struct tb_cache_attention *a)
{
    struct job j = { .k = k, .a = a };
    tb_pool_run(((struct tb_cpu *)k->state)->pool, (int)a->q.rows * a->n_heads, task, &j);
}

void TB_ISA_NAME(tb_cpu_cache_fill)(struct tb_kernels *k)
{
    k->attend_cache = attend_cache;
}
