/* SPDX-License-Identifier: MIT */
/* sample.c - candidates stand in a heap, so that a few of a large vocabulary come out in order without sorting it. */
#include "engine/sample.h"

#include <math.h>
#include <stdbool.h>

#include "kernels/rng.h"

static bool is_before(const struct tb_candidate *a, const struct tb_candidate *b)
{
    return a->logit > b->logit || (a->logit == b->logit && a->id < b->id);
}

static void swap(struct tb_candidate *a, struct tb_candidate *b)
{
    struct tb_candidate c = *a;
    *a = *b;
    *b = c;
}

static void sink(struct tb_candidate *heap, int n, int at)
{
    for (int child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && is_before(&heap[child + 1], &heap[child]))
            child++;
        if (!is_before(&heap[child], &heap[at]))
            return;
        swap(&heap[child], &heap[at]);
    }
}

static void heapify(struct tb_candidate *heap, int n)
{
    for (int i = n / 2 - 1; i >= 0; i--)
        sink(heap, n, i);
}

/* Moves the best of n to place n - 1. */
static const struct tb_candidate *pop(struct tb_candidate *heap, int n)
{
    swap(&heap[0], &heap[n - 1]);
    sink(heap, n - 1, 0);
    return &heap[n - 1];
}

static void list(const float *logits, int n, struct tb_candidate *out)
{
    for (int i = 0; i < n; i++)
        out[i] = (struct tb_candidate){ logits[i], i };
}

/* A token that stands in the row twice pays once. */
static void penalise(struct tb_candidate *c, const float *logits, const int32_t *seen, int n_seen, double penalty)
{
    for (int i = 0; i < n_seen; i++) {
        float from = logits[seen[i]];
        c[seen[i]].logit = (float)(from > 0 ? from / penalty : from * penalty);
    }
}

static int32_t largest(const struct tb_candidate *c, int n)
{
    int best = 0;
    for (int i = 1; i < n; i++)
        if (is_before(&c[i], &c[best]))
            best = i;
    return c[best].id;
}

static int32_t argmax(const float *logits, int n)
{
    int best = 0;
    for (int i = 1; i < n; i++)
        if (logits[i] > logits[best])
            best = i;
    return best;
}

static double weight(const struct tb_sampling *s, const struct tb_candidate *c, float max)
{
    return exp(((double)c->logit - (double)max) / s->temperature);
}

static double sum_of(const struct tb_sampling *s, const struct tb_candidate *c, int n, float max)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += weight(s, &c[i], max);
    return sum;
}

/* The fewest of the last n candidates, which stand in rising order, that hold top_p of their weight. */
static int nucleus(const struct tb_sampling *s, const struct tb_candidate *last, int n, double total, float max)
{
    double sum = 0;
    int kept = 0;
    while (kept < n && (kept == 0 || sum < s->top_p * total))
        sum += weight(s, last - kept++, max);
    return kept;
}

/* Candidates that top_k and top_p leave come to stand last, the best at the end; how many they are. */
static int cut(const struct tb_sampling *s, struct tb_candidate *c, int n)
{
    int k = s->top_k > 0 && s->top_k < n ? s->top_k : n, kept = 0;
    heapify(c, n);
    const float max = c[0].logit;
    double sum = 0, total = k == n ? s->top_p * sum_of(s, c, n, max) : INFINITY;
    for (; kept < k && sum < total; kept++)
        sum += weight(s, pop(c, n - kept), max);
    return s->top_p < 1 && k < n ? nucleus(s, c + n - 1, kept, sum, max) : kept;
}

static float draw(uint64_t seed, uint32_t number, uint32_t position)
{
    uint32_t c[4] = { tb_rng_hash("sample", ""), position >> 12, number << 12 | (position & 0xfff), 0 }, word[4];
    tb_philox(word, c, seed);
    return tb_rng_uniform(word[0]);
}

/* One of n candidates whose weight is min_p of the largest's or more. */
static int32_t pick(const struct tb_sampling *s, const struct tb_candidate *c, int n, float max, double u)
{
    double sum = 0, up_to = 0;
    int32_t id = -1;
    for (int i = 0; i < n; i++) {
        double w = weight(s, &c[i], max);
        sum += w >= s->min_p ? w : 0;
    }
    for (int i = 0; i < n && up_to <= u * sum; i++) {
        double w = weight(s, &c[i], max);
        if (w < s->min_p)
            continue;
        up_to += w;
        id = c[i].id;
    }
    return id;
}

int32_t tb_sample(const struct tb_sampling *s, const float *logits, int n, const int32_t *seen, int n_seen,
                  uint32_t number, uint32_t position, struct tb_candidate *scratch)
{
    bool is_greedy = s->temperature <= 0, has_penalty = s->repeat_penalty != 1;
    if (is_greedy && !has_penalty)
        return argmax(logits, n);
    list(logits, n, scratch);
    if (has_penalty)
        penalise(scratch, logits, seen, n_seen, s->repeat_penalty);
    int32_t best = largest(scratch, n);
    if (is_greedy)
        return best;
    const float max = scratch[best].logit;
    int kept = s->top_k > 0 || s->top_p < 1 ? cut(s, scratch, n) : n;
    int32_t id = pick(s, scratch + (n - kept), kept, max, draw(s->seed, number, position));
    return id < 0 ? best : id; /* logits that are no numbers */
}

int tb_sample_top(const float *logits, int n, int want, struct tb_candidate *scratch, struct tb_candidate *top)
{
    list(logits, n, scratch);
    heapify(scratch, n);
    int i = 0;
    for (; i < want && i < n; i++)
        top[i] = *pop(scratch, n - i);
    return i;
}
