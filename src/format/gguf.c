/* SPDX-License-Identifier: MIT */
/* gguf.c - opening GGUF files, all checks included. Layout, little-endian:
 *     "GGUF"  u32 version  u64 tensors  u64 keys
 *     a key: string name, u32 type, value; an array's value: u32 type, u64 n, elements
 *     a tensor: string name, u32 dims, u64 dims[] (fastest first), u32 type, u64 offset
 *     blanks to a multiple of general.alignment, then the data, where offsets count from
 * A string is a u64 length and bytes. Nothing is allocated by a count before bytes of the file
 * stand behind it. Version 1 (32-bit counts) and big-endian files are refused. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/gguf_priv.h"

enum { NAME_BYTES_MAX = 65535, KEYS_MAX = 1 << 16 };
enum { ALIGN_DEFAULT = 32, ALIGN_MIN = 8, ALIGN_MAX = 1 << 16 };

/* Element types of GGUF that kernels do not read, but whose size is known. */
struct other_type {
    uint32_t number;
    const char *name;
    int block, bytes;
};
static const struct other_type other_types[] = {
    { 9, "q8_1", 32, 36 },     { 15, "q8_k", 256, 292 },   { 16, "iq2_xxs", 256, 66 },
    { 17, "iq2_xs", 256, 74 }, { 18, "iq3_xxs", 256, 98 }, { 19, "iq1_s", 256, 50 },
    { 21, "iq3_s", 256, 110 }, { 22, "iq2_s", 256, 82 },   { 24, "i8", 1, 1 },
    { 25, "i16", 1, 2 },       { 26, "i32", 1, 4 },        { 27, "i64", 1, 8 },
    { 28, "f64", 1, 8 },       { 29, "iq1_m", 256, 56 },   { 34, "tq1_0", 256, 54 },
    { 35, "tq2_0", 256, 66 },  { 39, "mxfp4", 32, 17 },
};

/* The file from byte `at` on; `place` says in words what is being read. */
struct reader {
    const uint8_t *p;
    uint64_t n, at;
    const char *path;
    char place[160];
    struct tb_err *err;
};

static bool bad(const struct reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool bad(const struct reader *r, const char *fmt, ...)
{
    char text[320];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return tb_fail_at(r->err, TB_ERR_FORMAT, r->path, 0, "%s, byte %llu: %s", r->place,
                      (unsigned long long)r->at, text);
}

/* The next n bytes, or NULL where the file ends before. */
static const uint8_t *take(struct reader *r, uint64_t n)
{
    if (n > r->n - r->at) {
        bad(r, "asks for %llu bytes where %llu are left: the file is cut short or damaged",
            (unsigned long long)n, (unsigned long long)(r->n - r->at));
        return NULL;
    }
    r->at += n;
    return r->p + r->at - n;
}

static bool take32(struct reader *r, uint32_t *v)
{
    const uint8_t *p = take(r, sizeof *v);
    *v = p ? tb_le32(p) : 0;
    return p != NULL;
}

static bool take64(struct reader *r, uint64_t *v)
{
    const uint8_t *p = take(r, sizeof *v);
    *v = p ? tb_le64(p) : 0;
    return p != NULL;
}

/* The name of key or tensor i; from then on `place` bears it. */
static bool take_name(struct reader *r, const char *what, uint64_t i, const char **name, size_t *n)
{
    uint64_t bytes;
    snprintf(r->place, sizeof r->place, "%s %llu", what, (unsigned long long)i);
    if (!take64(r, &bytes))
        return false;
    if (bytes > NAME_BYTES_MAX)
        return bad(r, "a name of %llu bytes; at most %d", (unsigned long long)bytes,
                   NAME_BYTES_MAX);
    *name = (const char *)take(r, bytes);
    *n = bytes;
    if (!*name)
        return false;
    if (!tb_name_is_plain(*name, *n))
        return bad(r, "its name is not printable text: the file is damaged");
    snprintf(r->place, sizeof r->place, "%s %.*s", what, (int)*n, *name);
    return true;
}

/* ---- keys */

static bool take_string(struct reader *r, struct tb_gguf_key *k)
{
    uint64_t n;
    k->p = r->p + r->at;
    const uint8_t *s = take64(r, &n) ? take(r, n) : NULL;
    if (!s || memchr(s, 0, n))
        return s != NULL;
    k->text = malloc(n + 1);
    if (!k->text)
        return tb_fail_at(r->err, TB_ERR_LIMIT, r->path, 0, "%s: no memory for %llu bytes",
                          r->place, (unsigned long long)n);
    memcpy(k->text, s, n);
    k->text[n] = '\0';
    return true;
}

/* Walks over all strings once, so that element i is found without walking. */
static bool take_strings(struct reader *r, struct tb_gguf_key *k)
{
    uint64_t from = r->at, n;
    if (k->n > (r->n - r->at) / sizeof n)
        return bad(r, "%llu strings in %llu bytes: the file is cut short or damaged",
                   (unsigned long long)k->n, (unsigned long long)(r->n - r->at));
    k->at = calloc(k->n ? k->n : 1, sizeof *k->at);
    if (!k->at)
        return tb_fail_at(r->err, TB_ERR_LIMIT, r->path, 0, "%s: no memory for %llu strings",
                          r->place, (unsigned long long)k->n);
    k->p = r->p + r->at;
    for (uint64_t i = 0; i < k->n; i++) {
        k->at[i] = r->at - from;
        if (!take64(r, &n) || !take(r, n))
            return false;
    }
    return true;
}

static bool take_numbers(struct reader *r, struct tb_gguf_key *k)
{
    size_t bytes = tb_gguf_type_bytes(k->type);
    if (k->n > (r->n - r->at) / bytes)
        return bad(r, "%llu values in %llu bytes: the file is cut short or damaged",
                   (unsigned long long)k->n, (unsigned long long)(r->n - r->at));
    k->p = take(r, k->n * bytes);
    for (uint64_t i = 0; k->type == TB_GGUF_BOOL && i < k->n; i++)
        if (k->p[i] > 1)
            return bad(r, "a truth value of %d: the file is damaged", k->p[i]);
    return true;
}

static bool take_value(struct reader *r, struct tb_gguf_key *k)
{
    uint32_t type;
    k->n = 1;
    if (!take32(r, &type))
        return false;
    k->is_array = type == TB_GGUF_ARRAY;
    if (k->is_array && (!take32(r, &type) || !take64(r, &k->n)))
        return false;
    if (type == TB_GGUF_ARRAY)
        return bad(r, "arrays of arrays are not read");
    if (type >= TB_GGUF_N_TYPES)
        return bad(r, "%u is no type of value; these are 0 to %d", type, TB_GGUF_N_TYPES - 1);
    k->type = (enum tb_gguf_type)type;
    if (k->type != TB_GGUF_STR)
        return take_numbers(r, k);
    return k->is_array ? take_strings(r, k) : take_string(r, k);
}

static bool read_keys(struct tb_gguf *g, struct reader *r, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        const char *name;
        size_t bytes;
        if (!take_name(r, "key", i, &name, &bytes))
            return false;
        g->keys = tb_grow(g->keys, g->n_keys, &g->cap_keys, sizeof *g->keys);
        struct tb_gguf_key *k = &g->keys[g->n_keys++];
        *k = (struct tb_gguf_key){ .name = name, .name_n = bytes };
        if (!take_value(r, k))
            return false;
    }
    return tb_gguf_index(g, r->err);
}

static bool read_align(struct tb_gguf *g, struct reader *r)
{
    static const char key[] = "general.alignment";
    int64_t align = tb_gguf_has(g, key) ? tb_gguf_int(g, key, -1) : ALIGN_DEFAULT;
    if (align < ALIGN_MIN || align > ALIGN_MAX || (align & (align - 1)))
        return tb_fail_at(r->err, TB_ERR_FORMAT, r->path, 0,
                          "%s is %lld; expected a power of two from %d to %d", key, (long long)align,
                          ALIGN_MIN, ALIGN_MAX);
    g->align = (uint64_t)align;
    return true;
}

/* ---- tensors */

static bool unknown_type(const struct reader *r, uint32_t number)
{
    char known[200] = "";
    size_t n = 0;
    for (int i = 0; i <= TB_BF16; i++) {
        const char *name = tb_type_info(i)->name;
        if (name && n < sizeof known)
            n += (size_t)snprintf(known + n, sizeof known - n, " %s", name);
    }
    return bad(r, "unknown element type %u; these are read:%s", number, known);
}

static bool set_type(const struct reader *r, struct tb_stored *t, uint32_t number)
{
    const struct tb_type_info *info = tb_type_info(number <= INT32_MAX ? (int)number : -1);
    if (info->name) {
        t->type = (int)number;
        t->type_name = info->name;
        return tb_stored_measure(t, info->block, info->bytes, r->path, r->err);
    }
    for (size_t i = 0; i < sizeof other_types / sizeof *other_types; i++) {
        const struct other_type *o = &other_types[i];
        if (o->number != number)
            continue;
        t->type = -1;
        t->type_name = o->name;
        return tb_stored_measure(t, o->block, o->bytes, r->path, r->err);
    }
    return unknown_type(r, number);
}

static bool take_dims(struct reader *r, struct tb_stored *t)
{
    uint32_t n;
    uint64_t dim;
    if (!take32(r, &n))
        return false;
    if (n > TB_STORED_DIMS)
        return bad(r, "has %u dimensions; at most %d are read", n, TB_STORED_DIMS);
    t->n_dims = (int)n;
    for (int i = t->n_dims - 1; i >= 0; i--) {
        if (!take64(r, &dim))
            return false;
        if (dim > INT64_MAX)
            return bad(r, "a dimension of %llu", (unsigned long long)dim);
        t->dims[i] = (int64_t)dim;
    }
    return true;
}

/* Until the end of the directory is known, p holds the offset. */
static bool read_tensor(struct tb_gguf *g, struct reader *r, uint64_t i)
{
    struct tb_stored t = { 0 };
    const char *name;
    size_t n;
    uint32_t type;
    uint64_t offset;
    if (!take_name(r, "tensor", i, &name, &n) || !take_dims(r, &t) || !take32(r, &type)
        || !take64(r, &offset))
        return false;
    if (offset % g->align)
        return bad(r, "its offset %llu is no multiple of %llu", (unsigned long long)offset,
                   (unsigned long long)g->align);
    if (offset > r->n)
        return bad(r, "its offset %llu lies behind the end of the file of %llu bytes",
                   (unsigned long long)offset, (unsigned long long)r->n);
    t.p = (const void *)(uintptr_t)offset;
    return set_type(r, tb_tensors_add(&g->all, &t, name, n), type);
}

static bool place_tensors(struct tb_gguf *g, const struct reader *r)
{
    uint64_t data = (r->at + g->align - 1) / g->align * g->align;
    data = data < r->n ? data : r->n;
    for (size_t i = 0; i < g->all.n; i++) {
        struct tb_stored *t = &g->all.t[i];
        uint64_t offset = (uintptr_t)t->p, left = r->n - data;
        if (offset > left || t->bytes > left - offset)
            return tb_fail_at(r->err, TB_ERR_FORMAT, r->path, 0,
                              "tensor %.200s: %llu bytes from byte %llu of the data on, which has "
                              "%llu: the file is cut short or damaged",
                              t->name, (unsigned long long)t->bytes, (unsigned long long)offset,
                              (unsigned long long)left);
        t->p = r->p + data + offset;
    }
    return tb_tensors_index(&g->all, r->path, r->err);
}

static bool read_tensors(struct tb_gguf *g, struct reader *r, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        if (!read_tensor(g, r, i))
            return false;
    g->head = r->at;
    return place_tensors(g, r);
}

/* ---- the file */

static bool check_version(struct reader *r, uint32_t version)
{
    if (version == 2 || version == 3)
        return true;
    if (version && (version & 0xffff) == 0)
        return bad(r, "a big-endian file; only little-endian ones are read");
    return bad(r, "version %u; 2 and 3 are read", version);
}

static bool read_all(struct tb_gguf *g, struct tb_err *err)
{
    struct reader r = { g->map.p, g->map.n, 0, g->map.path, "header", err };
    uint32_t version;
    uint64_t n_tensors, n_keys;
    if (r.n < 4 || memcmp(r.p, "GGUF", 4) != 0)
        return tb_fail_at(err, TB_ERR_FORMAT, r.path, 0, "is no GGUF file");
    r.at = 4;
    if (!take32(&r, &version) || !check_version(&r, version) || !take64(&r, &n_tensors)
        || !take64(&r, &n_keys))
        return false;
    if (n_tensors > TB_TENSORS_MAX || n_keys > KEYS_MAX)
        return bad(&r, "%llu tensors and %llu keys; at most %d and %d",
                   (unsigned long long)n_tensors, (unsigned long long)n_keys, TB_TENSORS_MAX,
                   KEYS_MAX);
    return read_keys(g, &r, n_keys) && read_align(g, &r) && read_tensors(g, &r, n_tensors);
}

struct tb_gguf *tb_gguf_open(const char *path, struct tb_err *err)
{
    struct tb_gguf *g = tb_xcalloc(1, sizeof *g);
    if (tb_map_open(&g->map, path, err) && read_all(g, err))
        return g;
    tb_gguf_close(g);
    return NULL;
}

void tb_gguf_close(struct tb_gguf *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->n_keys; i++) {
        free(g->keys[i].text);
        free(g->keys[i].at);
    }
    free(g->keys);
    free(g->by_name);
    tb_tensors_free(&g->all);
    tb_map_close(&g->map);
    free(g);
}
