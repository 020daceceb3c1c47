/* SPDX-License-Identifier: MIT */
/* step_rows.c - the table, and a step of it as a journal record: u64 step, then an f32 for each row, little-endian. */
#include "store/step_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void tb_step_rows_free(struct tb_step_rows *r)
{
    free(r->at);
    free(r->loss);
    *r = (struct tb_step_rows){ 0 };
}

static int64_t step_at(const void *entry, size_t i, size_t size)
{
    int64_t step;
    memcpy(&step, (const char *)entry + i * size, sizeof step);
    return step;
}

size_t tb_step_find(const void *entry, size_t n, size_t size, int64_t step)
{
    size_t lo = 0, hi = n;
    if (n && step_at(entry, n - 1, size) < step) /* what most ask for: behind the last */
        return n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (step_at(entry, mid, size) < step)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static size_t lower(const struct tb_step_rows *r, int64_t step)
{
    return tb_step_find(r->at, r->n, sizeof *r->at, step);
}

static size_t begin_of(const struct tb_step_rows *r, size_t i)
{
    return i < r->n ? (size_t)r->at[i].first : r->n_loss;
}

bool tb_step_rows_have_room(const struct tb_step_rows *r, size_t n)
{
    return n <= TB_STEP_ROWS_STEP && r->n_loss + n <= TB_STEP_ROWS_MAX;
}

/* Makes `was` losses from `first` on into n, and moves those of steps from `next` on. */
static void resize(struct tb_step_rows *r, size_t next, size_t first, size_t was, size_t n)
{
    if (r->n_loss + n > r->cap_loss) {
        r->cap_loss = 2 * (r->n_loss + n);
        r->loss = tb_xrealloc(r->loss, r->cap_loss, sizeof *r->loss);
    }
    memmove(r->loss + first + n, r->loss + first + was, (r->n_loss - first - was) * sizeof *r->loss);
    r->n_loss = r->n_loss - was + n;
    for (size_t i = next; n != was && i < r->n; i++)
        r->at[i].first += (int64_t)n - (int64_t)was;
}

void tb_step_rows_put(struct tb_step_rows *r, int64_t step, const float *loss, size_t n)
{
    size_t i = lower(r, step), first = begin_of(r, i);
    bool is_there = i < r->n && r->at[i].step == step;
    size_t was = is_there ? begin_of(r, i + 1) - first : 0;
    if (n == 0 || n > TB_STEP_ROWS_STEP || (n > was && !tb_step_rows_have_room(r, n - was)))
        return;
    if (!is_there) {
        r->at = tb_grow(r->at, r->n, &r->cap, sizeof *r->at);
        memmove(r->at + i + 1, r->at + i, (r->n - i) * sizeof *r->at);
        r->at[i] = (struct tb_step_place){ step, (int64_t)first };
        r->n++;
    }
    resize(r, i + 1, first, was, n);
    memcpy(r->loss + first, loss, n * sizeof *loss);
}

const float *tb_step_rows_of(const struct tb_step_rows *r, int64_t step, size_t *n)
{
    size_t i = lower(r, step);
    *n = 0;
    if (i == r->n || r->at[i].step != step)
        return NULL;
    *n = begin_of(r, i + 1) - begin_of(r, i);
    return r->loss + begin_of(r, i);
}

void tb_step_rows_drop(struct tb_step_rows *r, int64_t step)
{
    size_t i = lower(r, step + 1);
    r->n_loss = begin_of(r, i);
    r->n = i;
}

void tb_record_step_rows(struct tb_buf *b, int64_t step, const float *loss, size_t n)
{
    tb_buf_u64(b, (uint64_t)step);
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &loss[i], sizeof bits);
        tb_buf_u32(b, bits);
    }
}

static uint64_t little(const uint8_t *p, int n)
{
    uint64_t v = 0;
    while (n-- > 0)
        v = v << 8 | p[n];
    return v;
}

bool tb_step_rows_apply(struct tb_step_rows *r, const uint8_t *data, size_t n)
{
    size_t n_rows = n / 4 - 2;
    if (n < 12 || n % 4 != 0 || little(data, 8) >= (uint64_t)1 << 53)
        return false;
    float *loss = tb_xcalloc(n_rows, sizeof *loss);
    for (size_t i = 0; i < n_rows; i++) {
        uint32_t bits = (uint32_t)little(data + 8 + 4 * i, 4);
        memcpy(&loss[i], &bits, sizeof bits);
    }
    tb_step_rows_put(r, (int64_t)little(data, 8), loss, n_rows);
    free(loss);
    return true;
}
