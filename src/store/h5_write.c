/* SPDX-License-Identifier: MIT */
/* h5_write.c - attributes, columns, strings and tensors into a file of HDF5 (conventions:
 * fixed-length UTF-8 strings, one 1-D dataset per column, contiguous unless packed, no filters but
 * shuffle + gzip 4, no time stamps, so that equal contents are equal bytes). */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/h5_priv.h"

enum { MAX_ATTRIBUTE = 60000, CHUNK = 16384 };

static void note(struct tb_h5_out *h, bool good, const char *path)
{
    if (!good && !h->bad[0])
        tb_str_copy(h->bad, sizeof h->bad, path);
}

void tb_h5_group(struct tb_h5_out *h, const char *path)
{
    if (h->bad[0])
        return;
    tb_h5_enter();
    hid_t gcpl = H5Pcreate(H5P_GROUP_CREATE), lcpl = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_obj_track_times(gcpl, 0);
    H5Pset_create_intermediate_group(lcpl, 1);
    hid_t g = H5Gcreate2(h->file, path, lcpl, gcpl, H5P_DEFAULT);
    note(h, g >= 0, path);
    if (g >= 0)
        H5Gclose(g);
    H5Pclose(lcpl);
    H5Pclose(gcpl);
    tb_h5_leave();
}

static hid_t str_type(size_t n)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, n ? n : 1);
    H5Tset_cset(type, H5T_CSET_UTF8);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    return type;
}

/* rank 0 or 1, n values. */
static void attribute(struct tb_h5_out *h, const char *path, const char *name, hid_t type,
                      const void *v, const hsize_t *n)
{
    if (h->bad[0])
        return;
    hid_t space = n ? H5Screate_simple(1, n, NULL) : H5Screate(H5S_SCALAR);
    hid_t a = H5Acreate_by_name(h->file, path, name, type, space, H5P_DEFAULT, H5P_DEFAULT,
                                H5P_DEFAULT);
    note(h, a >= 0 && H5Awrite(a, type, v) >= 0, name);
    if (a >= 0)
        H5Aclose(a);
    H5Sclose(space);
}

void tb_h5_attr_str(struct tb_h5_out *h, const char *path, const char *name, const char *s)
{
    size_t n = strlen(s);
    if (n > MAX_ATTRIBUTE) {
        char *at = tb_xasprintf("%s/%s", strcmp(path, "/") == 0 ? "" : path, name);
        tb_h5_text(h, at, s, n);
        free(at);
        return;
    }
    tb_h5_enter();
    hid_t type = str_type(n);
    attribute(h, path, name, type, s, NULL);
    H5Tclose(type);
    tb_h5_leave();
}

void tb_h5_attr_int(struct tb_h5_out *h, const char *path, const char *name, int64_t v)
{
    tb_h5_enter();
    attribute(h, path, name, H5T_NATIVE_INT64, &v, NULL);
    tb_h5_leave();
}

void tb_h5_attr_real(struct tb_h5_out *h, const char *path, const char *name, double v)
{
    tb_h5_enter();
    attribute(h, path, name, H5T_NATIVE_DOUBLE, &v, NULL);
    tb_h5_leave();
}

/* An enum of FALSE and TRUE over int8, which h5py reads as bool. */
static void attr_bool(struct tb_h5_out *h, const char *path, const char *name, bool v)
{
    int8_t no = 0, yes = 1, x = v;
    tb_h5_enter();
    hid_t type = H5Tenum_create(H5T_NATIVE_INT8);
    H5Tenum_insert(type, "FALSE", &no);
    H5Tenum_insert(type, "TRUE", &yes);
    attribute(h, path, name, type, &x, NULL);
    H5Tclose(type);
    tb_h5_leave();
}

/* Type of all entries; TB_JSON_NULL if they differ or there are none. Integers among reals are
 * reals. */
static enum tb_json_type list_type(const struct tb_json *list)
{
    enum tb_json_type all = tb_json_type(tb_json_at(list, 0));
    for (size_t i = 1; i < tb_json_len(list); i++) {
        enum tb_json_type t = tb_json_type(tb_json_at(list, i));
        bool numbers = (t == TB_JSON_INT || t == TB_JSON_REAL)
                    && (all == TB_JSON_INT || all == TB_JSON_REAL);
        if (t != all && !numbers)
            return TB_JSON_NULL;
        all = t == all ? all : TB_JSON_REAL;
    }
    return all;
}

static void attr_strs(struct tb_h5_out *h, const char *path, const char *name,
                      const struct tb_json *list)
{
    hsize_t n = tb_json_len(list);
    size_t width = 1;
    for (size_t i = 0; i < n; i++) {
        size_t len = tb_json_str_len(tb_json_at(list, i));
        width = len > width ? len : width;
    }
    char *all = tb_xcalloc(n, width);
    for (size_t i = 0; i < n; i++)
        memcpy(all + i * width, tb_json_str(tb_json_at(list, i), ""),
               tb_json_str_len(tb_json_at(list, i)));
    tb_h5_enter();
    hid_t type = str_type(width);
    attribute(h, path, name, type, all, &n);
    H5Tclose(type);
    tb_h5_leave();
    free(all);
}

static void attr_numbers(struct tb_h5_out *h, const char *path, const char *name,
                         const struct tb_json *list, bool is_int)
{
    hsize_t n = tb_json_len(list);
    int64_t *ints = tb_xcalloc(n, sizeof *ints);
    double *reals = tb_xcalloc(n, sizeof *reals);
    for (size_t i = 0; i < n; i++) {
        ints[i] = tb_json_int(tb_json_at(list, i), 0);
        reals[i] = tb_json_real(tb_json_at(list, i), 0);
    }
    tb_h5_enter();
    attribute(h, path, name, is_int ? H5T_NATIVE_INT64 : H5T_NATIVE_DOUBLE,
              is_int ? (void *)ints : (void *)reals, &n);
    tb_h5_leave();
    free(reals);
    free(ints);
}

static void attr_list(struct tb_h5_out *h, const char *path, const char *name,
                      const struct tb_json *v)
{
    enum tb_json_type type = list_type(v);
    size_t bytes = 8 * tb_json_len(v);
    for (size_t i = 0; type == TB_JSON_STR && i < tb_json_len(v); i++) {
        size_t all = (tb_json_str_len(tb_json_at(v, i)) + 1) * tb_json_len(v);
        bytes = all > bytes ? all : bytes;
    }
    if (type == TB_JSON_STR && bytes < MAX_ATTRIBUTE) {
        attr_strs(h, path, name, v);
    } else if ((type == TB_JSON_INT || type == TB_JSON_REAL) && bytes < MAX_ATTRIBUTE) {
        attr_numbers(h, path, name, v, type == TB_JSON_INT);
    } else {
        char *text = tb_json_text(v, TB_JSON_LINE);
        tb_h5_attr_str(h, path, name, text);
        free(text);
    }
}

void tb_h5_attr_json(struct tb_h5_out *h, const char *path, const char *name,
                     const struct tb_json *v)
{
    char *text;
    switch (tb_json_type(v)) {
    case TB_JSON_NULL: break;
    case TB_JSON_BOOL: attr_bool(h, path, name, tb_json_bool(v, false)); break;
    case TB_JSON_INT: tb_h5_attr_int(h, path, name, tb_json_int(v, 0)); break;
    case TB_JSON_REAL: tb_h5_attr_real(h, path, name, tb_json_real(v, 0)); break;
    case TB_JSON_STR: tb_h5_attr_str(h, path, name, tb_json_str(v, "")); break;
    case TB_JSON_LIST: attr_list(h, path, name, v); break;
    case TB_JSON_MAP:
        text = tb_json_text(v, TB_JSON_LINE);
        tb_h5_attr_str(h, path, name, text);
        free(text);
        break;
    }
}

void tb_h5_attrs(struct tb_h5_out *h, const char *path, const struct tb_json *map)
{
    for (void *it = tb_json_first(map); it; it = tb_json_next(map, it))
        tb_h5_attr_json(h, path, tb_json_iter_key(it), tb_json_iter_value(it));
}

static void dataset(struct tb_h5_out *h, const char *path, hid_t type, hid_t space, const void *v,
                    enum tb_h5_pack pack)
{
    if (h->bad[0])
        return;
    hsize_t n = (hsize_t)H5Sget_simple_extent_npoints(space);
    hid_t dcpl = H5Pcreate(H5P_DATASET_CREATE), lcpl = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_obj_track_times(dcpl, 0);
    H5Pset_create_intermediate_group(lcpl, 1);
    if (pack == TB_H5_GZIP && n > 64) {
        hsize_t chunk = n < CHUNK ? n : CHUNK;
        H5Pset_chunk(dcpl, 1, &chunk);
        H5Pset_shuffle(dcpl);
        H5Pset_deflate(dcpl, 4);
    }
    hid_t d = H5Dcreate2(h->file, path, type, space, lcpl, dcpl, H5P_DEFAULT);
    bool good = d >= 0;
    if (good && n)
        good = H5Dwrite(d, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, v) >= 0;
    note(h, good, path);
    if (d >= 0)
        H5Dclose(d);
    H5Pclose(lcpl);
    H5Pclose(dcpl);
}

/* Values that lie `stride` bytes apart, packed; malloc'ed. */
static void *gather(const void *v, size_t n, size_t stride)
{
    char *out = tb_xcalloc(n ? n : 1, 8);
    for (size_t i = 0; i < n; i++)
        memcpy(out + i * 8, (const char *)v + i * stride, 8);
    return out;
}

static void column(struct tb_h5_out *h, const char *path, hid_t type, void *packed, size_t n,
                   enum tb_h5_pack pack)
{
    hsize_t dim = n;
    hid_t space = H5Screate_simple(1, &dim, NULL);
    dataset(h, path, type, space, packed, pack);
    H5Sclose(space);
    free(packed);
}

void tb_h5_reals(struct tb_h5_out *h, const char *path, const double *v, size_t n, size_t stride,
                 enum tb_h5_pack pack)
{
    tb_h5_enter();
    column(h, path, H5T_NATIVE_DOUBLE, gather(v, n, stride), n, pack);
    tb_h5_leave();
}

void tb_h5_ints(struct tb_h5_out *h, const char *path, const int64_t *v, size_t n, size_t stride,
                enum tb_h5_pack pack)
{
    tb_h5_enter();
    column(h, path, H5T_NATIVE_INT64, gather(v, n, stride), n, pack);
    tb_h5_leave();
}

void tb_h5_floats(struct tb_h5_out *h, const char *path, const float *v, size_t n, enum tb_h5_pack pack)
{
    hsize_t dim = n;
    tb_h5_enter();
    hid_t space = H5Screate_simple(1, &dim, NULL);
    dataset(h, path, H5T_NATIVE_FLOAT, space, v, pack);
    H5Sclose(space);
    tb_h5_leave();
}

void tb_h5_strs(struct tb_h5_out *h, const char *path, const char *const *v, size_t n)
{
    size_t width = 1;
    for (size_t i = 0; i < n; i++)
        width = strlen(v[i]) > width ? strlen(v[i]) : width;
    char *all = tb_xcalloc(n ? n : 1, width);
    for (size_t i = 0; i < n; i++)
        memcpy(all + i * width, v[i], strlen(v[i]));
    tb_h5_enter();
    hid_t type = str_type(width);
    column(h, path, type, all, n, TB_H5_PLAIN);
    H5Tclose(type);
    tb_h5_leave();
}

void tb_h5_text(struct tb_h5_out *h, const char *path, const char *s, size_t n)
{
    tb_h5_enter();
    hid_t type = str_type(n), space = H5Screate(H5S_SCALAR);
    dataset(h, path, type, space, n ? s : "", TB_H5_PLAIN);
    H5Sclose(space);
    H5Tclose(type);
    tb_h5_leave();
}

static const struct {
    size_t bytes;
} widths[] = { { 4 }, { 8 }, { 4 }, { 8 }, { 1 } };

size_t tb_array_type_bytes(enum tb_array_type type)
{
    return widths[type].bytes;
}

int64_t tb_array_count(const struct tb_array *t)
{
    int64_t n = 1;
    for (int i = 0; i < t->rank; i++)
        if (t->shape[i] < 0 || __builtin_mul_overflow(n, t->shape[i], &n))
            return -1;
    return n;
}

static hid_t native(enum tb_array_type type)
{
    switch (type) {
    case TB_ARRAY_F32: return H5T_NATIVE_FLOAT;
    case TB_ARRAY_F64: return H5T_NATIVE_DOUBLE;
    case TB_ARRAY_I32: return H5T_NATIVE_INT32;
    case TB_ARRAY_I64: return H5T_NATIVE_INT64;
    case TB_ARRAY_U8: return H5T_NATIVE_UINT8;
    }
    return -1;
}

void tb_h5_tensor(struct tb_h5_out *h, const char *path, const struct tb_array *t)
{
    hsize_t dims[TB_ARRAY_MAX_RANK] = { 0 };
    bool good = t->rank >= 0 && t->rank <= TB_ARRAY_MAX_RANK && tb_array_count(t) >= 0;
    note(h, good, path);
    if (!good)
        return;
    for (int i = 0; i < t->rank; i++)
        dims[i] = (hsize_t)t->shape[i];
    tb_h5_enter();
    hid_t space = t->rank ? H5Screate_simple(t->rank, dims, NULL) : H5Screate(H5S_SCALAR);
    dataset(h, path, native(t->type), space, t->data, TB_H5_PLAIN);
    H5Sclose(space);
    tb_h5_leave();
}
