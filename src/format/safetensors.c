/* SPDX-License-Identifier: MIT */
/* safetensors.c - reading safetensors files (the layout is in the header; writing is in
 * safetensors_write.c). As in the library, a header has at most 100 MB and the tensors cover the
 * data without overlap and without holes. Types with less than a byte per value are not read. */
#include "format/safetensors.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "format/tensorfile_priv.h"
#include "kernels/dequant.h"

enum { HEAD_MAX = 100000000, LENGTH_BYTES = 8 };

struct tb_safetensors {
    struct tb_map map;
    uint64_t head; /* bytes in front of the data */
    struct tb_tensors all;
};

struct dtype {
    const char *name;
    int type, bytes;
};
static const struct dtype dtypes[] = {
    { "F32", TB_F32, 4 },     { "F16", TB_F16, 2 },     { "BF16", TB_BF16, 2 }, { "F64", -1, 8 },
    { "I64", -1, 8 },         { "I32", -1, 4 },         { "I16", -1, 2 },       { "I8", -1, 1 },
    { "U64", -1, 8 },         { "U32", -1, 4 },         { "U16", -1, 2 },       { "U8", -1, 1 },
    { "F8_E4M3", -1, 1 },     { "F8_E5M2", -1, 1 },     { "F8_E8M0", -1, 1 },   { "BOOL", -1, 1 },
    { "F8_E4M3FNUZ", -1, 1 }, { "F8_E5M2FNUZ", -1, 1 }, { "C64", -1, 8 },
};

/* A tensor of the header on its way into the list. */
struct entry {
    const struct tb_safetensors *s;
    const struct tb_json *j;
    struct tb_err *err;
    struct tb_stored t;
};

static bool bad(const struct entry *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool bad(const struct entry *e, const char *fmt, ...)
{
    char text[240];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return tb_fail_at(e->err, TB_ERR_FORMAT, e->s->map.path, 0, "tensor %.200s: %s", e->t.name,
                      text);
}

static const struct dtype *dtype_of(const struct tb_json *j)
{
    const char *name = tb_json_str(j, "");
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
        if (strlen(dtypes[i].name) == tb_json_str_len(j) && strcmp(dtypes[i].name, name) == 0)
            return &dtypes[i];
    return NULL;
}

static bool read_shape(struct entry *e)
{
    const struct tb_json *shape = tb_json_get(e->j, "shape");
    size_t n = tb_json_len(shape);
    if (tb_json_type(shape) != TB_JSON_LIST)
        return bad(e, "its shape is no list");
    if (n > TB_STORED_DIMS)
        return bad(e, "has %zu dimensions; at most %d are read", n, TB_STORED_DIMS);
    for (size_t i = 0; i < n; i++) {
        e->t.dims[i] = tb_json_int(tb_json_at(shape, i), -1);
        if (e->t.dims[i] < 0)
            return bad(e, "dimension %zu is no integer from 0 on", i);
    }
    e->t.n_dims = (int)n;
    return true;
}

static bool read_place(struct entry *e)
{
    const struct tb_json *place = tb_json_get(e->j, "data_offsets");
    uint64_t n = e->s->map.n - e->s->head;
    int64_t from = tb_json_int(tb_json_at(place, 0), -1);
    int64_t end = tb_json_int(tb_json_at(place, 1), -1);
    if (tb_json_type(place) != TB_JSON_LIST || tb_json_len(place) != 2 || from < 0 || end < from)
        return bad(e, "its data_offsets are not [begin, end]");
    if ((uint64_t)end > n)
        return bad(e, "ends at byte %lld of %llu bytes of data: the file is cut short",
                   (long long)end, (unsigned long long)n);
    if ((uint64_t)(end - from) != e->t.bytes)
        return bad(e, "has %lld bytes; its type and shape ask for %llu",
                   (long long)(end - from), (unsigned long long)e->t.bytes);
    e->t.p = e->s->map.p + e->s->head + from;
    return true;
}

static bool read_entry(struct entry *e)
{
    const struct tb_json *name = tb_json_get(e->j, "dtype");
    const struct dtype *dtype = dtype_of(name);
    const char *word = tb_json_str(name, "");
    if (tb_json_type(e->j) != TB_JSON_MAP)
        return bad(e, "is no {dtype, shape, data_offsets}");
    if (!dtype)
        return bad(e, "type \"%.40s\" is not read; these are: %s",
                   tb_name_is_plain(word, strlen(word)) ? word : "?",
                   "F64 F32 F16 BF16 I64 I32 I16 I8 U64 U32 U16 U8 BOOL F8_* C64");
    e->t.type = dtype->type;
    e->t.type_name = dtype->name;
    return read_shape(e) && tb_stored_measure(&e->t, 1, dtype->bytes, e->s->map.path, e->err)
           && read_place(e);
}

/* With every tensor inside the data and none overlapping, equal sums mean that there is no hole. */
static bool check_holes(const struct tb_safetensors *s, struct tb_err *err)
{
    uint64_t rest = s->map.n - s->head;
    for (size_t i = 0; i < s->all.n; i++)
        rest -= s->all.t[i].bytes;
    if (!rest)
        return true;
    return tb_fail_at(err, TB_ERR_FORMAT, s->map.path, 0,
                      "%llu bytes of the data belong to no tensor: the file is damaged",
                      (unsigned long long)rest);
}

static bool read_entries(struct tb_safetensors *s, const struct tb_json *j, struct tb_err *err)
{
    const char *path = s->map.path;
    if (tb_json_type(j) != TB_JSON_MAP)
        return tb_fail_at(err, TB_ERR_FORMAT, path, 0, "the header is no map of tensors");
    if (tb_json_len(j) > TB_TENSORS_MAX)
        return tb_fail_at(err, TB_ERR_LIMIT, path, 0, "%zu tensors; at most %d", tb_json_len(j),
                          TB_TENSORS_MAX);
    for (void *it = tb_json_first(j); it; it = tb_json_next(j, it)) {
        const char *name = tb_json_iter_key(it);
        struct entry e = { s, tb_json_iter_value(it), err, { .name = name } };
        if (strcmp(name, "__metadata__") == 0)
            continue;
        if (!tb_name_is_plain(name, strlen(name)))
            return tb_fail_at(err, TB_ERR_FORMAT, path, 0, "tensor %zu has no printable name",
                              s->all.n);
        if (!read_entry(&e))
            return false;
        tb_tensors_add(&s->all, &e.t, name, strlen(name));
    }
    return tb_tensors_index(&s->all, path, err) && check_holes(s, err);
}

static bool read_header(struct tb_safetensors *s, struct tb_err *err)
{
    const struct tb_map *m = &s->map;
    if (m->n < LENGTH_BYTES)
        return tb_fail_at(err, TB_ERR_FORMAT, m->path, 0,
                          "is no safetensors file: it has %zu bytes", m->n);
    uint64_t n = tb_le64(m->p);
    if (n > HEAD_MAX)
        return tb_fail_at(err, TB_ERR_FORMAT, m->path, 0,
                          "is no safetensors file: a header of %llu bytes; at most %d",
                          (unsigned long long)n, HEAD_MAX);
    if (n > m->n - LENGTH_BYTES)
        return tb_fail_at(err, TB_ERR_FORMAT, m->path, 0,
                          "a header of %llu bytes in a file of %zu: the file is cut short",
                          (unsigned long long)n, m->n);
    s->head = LENGTH_BYTES + n;
    struct tb_json *j = tb_json_parse((const char *)m->p + LENGTH_BYTES, n, m->path, err);
    bool good = j && read_entries(s, j, err);
    tb_json_free(j);
    return good;
}

struct tb_safetensors *tb_safetensors_open(const char *path, struct tb_err *err)
{
    struct tb_safetensors *s = tb_xcalloc(1, sizeof *s);
    if (tb_map_open(&s->map, path, err) && read_header(s, err))
        return s;
    tb_safetensors_close(s);
    return NULL;
}

void tb_safetensors_close(struct tb_safetensors *s)
{
    if (!s)
        return;
    tb_tensors_free(&s->all);
    tb_map_close(&s->map);
    free(s);
}

size_t tb_safetensors_n(const struct tb_safetensors *s)
{
    return s->all.n;
}

const struct tb_stored *tb_safetensors_at(const struct tb_safetensors *s, size_t i)
{
    return i < s->all.n ? &s->all.t[i] : NULL;
}

const struct tb_stored *tb_safetensors_find(const struct tb_safetensors *s, const char *name)
{
    return tb_tensors_find(&s->all, name);
}

const void *tb_safetensors_bytes(const struct tb_safetensors *s, uint64_t *n, uint64_t *head)
{
    *n = s->map.n;
    *head = s->head;
    return s->map.p;
}

/* Numbers that kernels do not read, under the names of safetensors; GGUF has them in small letters. */
static const char *const wide[] = { "F64", "I64", "I32", NULL };
enum { F64, I64, I32 };

static float number(const char *p, int kind)
{
    union {
        double f64;
        int64_t i64;
        int32_t i32;
    } v;
    memcpy(&v, p, kind == I32 ? sizeof v.i32 : sizeof v);
    return kind == F64 ? (float)v.f64 : kind == I64 ? (float)v.i64 : (float)v.i32;
}

bool tb_stored_floats(const struct tb_stored *t, float *dst, struct tb_err *err)
{
    int kind = 0;
    if (t->type >= 0 && tb_type_info(t->type)->is_built) {
        tb_dequant_row((enum tb_type)t->type, t->p, dst, 0, t->n);
        return true;
    }
    while (wide[kind] && strcasecmp(wide[kind], t->type_name) != 0)
        kind++;
    if (!wide[kind])
        return tb_fail(err, TB_ERR_FORMAT, "tensor %.200s: values of type %s are not read", t->name,
                       t->type_name);
    size_t bytes = kind == I32 ? 4 : 8;
    for (int64_t i = 0; i < t->n; i++)
        dst[i] = number((const char *)t->p + (size_t)i * bytes, kind);
    return true;
}
