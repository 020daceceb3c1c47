/* SPDX-License-Identifier: MIT */
/* safetensors_write.c - writing safetensors files, byte for byte as the library (0.8) does: wider
 * types first, then by the bytes of the names. Data goes through a buffer into "<path>.tmp-<pid>",
 * which takes the place of the old file when it is complete and synced, or is removed. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "format/safetensors.h"
#include "format/tensorfile_priv.h"

enum { BUFFER_BYTES = 1 << 18, CHUNK_VALUES = 1 << 18, PADDED_TO = 8 };

static const struct {
    const char *name;
    int bytes, rank;
} dtypes[] = {
    [TB_DTYPE_F32] = { "F32", 4, 0 },
    [TB_DTYPE_BF16] = { "BF16", 2, 2 },
    [TB_DTYPE_I32] = { "I32", 4, 1 },
};

/* A tensor and, in s, its size in the file. */
struct item {
    const struct tb_to_write *w;
    struct tb_stored s;
};

struct out {
    int fd;
    uint8_t *p;
    size_t n;
    float *chunk; /* room for the longest chunk of rows */
};

static int by_rank(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    int wider = dtypes[x->w->type].rank - dtypes[y->w->type].rank;
    return wider ? wider : strcmp(x->w->name, y->w->name);
}

static int by_name(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    return strcmp(x->w->name, y->w->name);
}

/* Measures all and brings them into the order of the file. */
static bool arrange(struct item *items, const struct tb_to_write *tensors, size_t n,
                    const char *path, struct tb_err *err)
{
    for (size_t i = 0; i < n; i++) {
        const struct tb_to_write *w = &tensors[i];
        items[i].w = w;
        items[i].s = (struct tb_stored){ .name = w->name, .n_dims = w->n_dims };
        memcpy(items[i].s.dims, w->dims, sizeof w->dims);
        if (!tb_stored_measure(&items[i].s, 1, dtypes[w->type].bytes, path, err))
            return false;
        tb_assert(w->fill ? w->type != TB_DTYPE_I32 : w->data || !items[i].s.n);
    }
    qsort(items, n, sizeof *items, by_name);
    for (size_t i = 1; i < n; i++)
        if (by_name(&items[i - 1], &items[i]) == 0)
            return tb_fail_at(err, TB_ERR_FORMAT, path, 0, "tensor %s would be written twice",
                              items[i].w->name);
    qsort(items, n, sizeof *items, by_rank);
    return true;
}

static void put_entry(struct tb_buf *b, const struct item *it, uint64_t from)
{
    tb_buf_char(b, ',');
    tb_json_quote(b, it->w->name);
    tb_buf_fmt(b, ":{\"dtype\":\"%s\",\"shape\":[", dtypes[it->w->type].name);
    for (int i = 0; i < it->s.n_dims; i++)
        tb_buf_fmt(b, "%s%lld", i ? "," : "", (long long)it->s.dims[i]);
    tb_buf_fmt(b, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)from,
               (unsigned long long)(from + it->s.bytes));
}

/* The length and the JSON behind it. */
static void put_header(struct tb_buf *b, const struct item *items, size_t n)
{
    struct tb_buf json = { 0 };
    uint64_t at = 0;
    tb_buf_str(&json, "{\"__metadata__\":{\"format\":\"pt\"}");
    for (size_t i = 0; i < n; i++) {
        put_entry(&json, &items[i], at);
        at += items[i].s.bytes;
    }
    tb_buf_char(&json, '}');
    while (json.n % PADDED_TO)
        tb_buf_char(&json, ' ');
    tb_buf_u64(b, json.n);
    tb_buf_add(b, json.p, json.n);
    tb_buf_free(&json);
}

/* ---- data */

static bool flush(struct out *o)
{
    size_t n = o->n;
    o->n = 0;
    return tb_write_all(o->fd, o->p, n);
}

static bool put(struct out *o, const void *p, size_t n)
{
    if (n > BUFFER_BYTES - o->n && !flush(o))
        return false;
    if (n > BUFFER_BYTES)
        return tb_write_all(o->fd, p, n);
    if (n)
        memcpy(o->p + o->n, p, n);
    o->n += n;
    return true;
}

/* Nearest, ties to even. A NaN keeps its upper bits and becomes quiet, else it might turn into inf. */
static uint16_t bf16_of(uint32_t bits)
{
    if ((bits & 0x7fffffff) > 0x7f800000)
        return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* In place: value i goes to bytes 2 i, which value i / 2 has left already. */
static void narrow(float *x, int64_t n)
{
    uint8_t *dst = (uint8_t *)x;
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        uint16_t half = bf16_of(bits);
        memcpy(dst + 2 * i, &half, sizeof half);
    }
}

/* Values in a row, of a tensor that is not empty. */
static int64_t row_values(const struct item *it)
{
    return it->s.n_dims ? it->s.n / it->s.dims[0] : 1;
}

static int64_t chunk_rows(const struct item *it)
{
    int64_t rows = it->s.n / row_values(it), fit = CHUNK_VALUES / row_values(it);
    return fit < 1 ? 1 : fit < rows ? fit : rows;
}

static bool put_rows(struct out *o, const struct item *it)
{
    int64_t values = row_values(it), rows = it->s.n / values, step = chunk_rows(it);
    for (int64_t i = 0; i < rows; i += step) {
        int64_t n = step < rows - i ? step : rows - i;
        it->w->fill(it->w->arg, i, n, o->chunk);
        if (it->w->type == TB_DTYPE_BF16)
            narrow(o->chunk, n * values);
        if (!put(o, o->chunk, (size_t)(n * values * dtypes[it->w->type].bytes)))
            return false;
    }
    return true;
}

static bool put_all(struct out *o, const struct item *items, size_t n)
{
    struct tb_buf head = { 0 };
    put_header(&head, items, n);
    bool good = put(o, head.p, head.n);
    for (size_t i = 0; good && i < n; i++) {
        if (!items[i].s.n)
            continue;
        const struct tb_to_write *w = items[i].w;
        good = w->fill ? put_rows(o, &items[i]) : put(o, w->data, items[i].s.bytes);
    }
    tb_buf_free(&head);
    return good && flush(o) && fsync(o->fd) == 0;
}

/* ---- the file */

static bool open_out(struct out *o, const struct item *items, size_t n, struct tb_err *err)
{
    int64_t most = 1;
    for (size_t i = 0; i < n; i++) {
        if (!items[i].w->fill || !items[i].s.n)
            continue;
        int64_t values = chunk_rows(&items[i]) * row_values(&items[i]);
        most = values > most ? values : most;
    }
    o->p = malloc(BUFFER_BYTES);
    o->chunk = calloc((size_t)most, sizeof *o->chunk);
    return (o->p && o->chunk)
           || tb_fail(err, TB_ERR_LIMIT, "no memory for rows of %lld values", (long long)most);
}

static bool write_temp(struct out *o, const char *temp, const struct item *items, size_t n,
                       struct tb_err *err)
{
    o->fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (o->fd < 0)
        return tb_fail_errno(err, "cannot make %s", temp);
    bool good = put_all(o, items, n) || tb_fail_errno(err, "cannot write %s", temp);
    if (close(o->fd) != 0 && good)
        good = tb_fail_errno(err, "cannot write %s", temp);
    return good;
}

static bool replace(const char *path, const char *temp, struct tb_err *err)
{
    if (rename(temp, path) != 0)
        return tb_fail_errno(err, "cannot rename %s to %s", temp, path);
    int n = (int)(tb_path_base(path) - path);
    char *dir = n ? tb_xasprintf("%.*s", n, path) : tb_xstrdup(".");
    bool good = tb_dir_sync(dir, err);
    free(dir);
    return good;
}

bool tb_safetensors_write(const char *path, const struct tb_to_write *tensors, size_t n,
                          struct tb_err *err)
{
    struct out o = { .fd = -1 };
    struct item *items = tb_xcalloc(n, sizeof *items);
    char *temp = tb_xasprintf("%s.tmp-%ld", path, (long)getpid());
    bool good = arrange(items, tensors, n, path, err) && open_out(&o, items, n, err);
    if (good) {
        good = write_temp(&o, temp, items, n, err) && replace(path, temp, err);
        if (!good)
            unlink(temp);
    }
    free(o.chunk);
    free(o.p);
    free(temp);
    free(items);
    return good;
}
