/* SPDX-License-Identifier: MIT */
/* h5_read.c - columns, strings and tensors out of a checked file of HDF5. Types, ranks and counts
 * are checked before anything is allocated: a column holds at most 2^27 values, a contiguous
 * dataset no more bytes than its file. Everything that is not as the layout says is TB_ERR_FORMAT
 * naming the dataset. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "store/h5_priv.h"

static const size_t max_values = (size_t)1 << 27;

static bool surprise(struct tb_h5_in *h, const char *path, const char *what, struct tb_err *err)
{
    return tb_fail_at(err, TB_ERR_FORMAT, h->name, 0, "dataset %s %s", path, what);
}

/* H5Lexists wants every part of the path to be there. */
static bool has(struct tb_h5_in *h, const char *path)
{
    char part[1024];
    if (!tb_str_copy(part, sizeof part, path))
        return false;
    for (char *s = strchr(part + 1, '/'); s; s = strchr(s + 1, '/')) {
        *s = '\0';
        bool there = H5Lexists(h->file, part, H5P_DEFAULT) > 0;
        *s = '/';
        if (!there)
            return false;
    }
    return H5Lexists(h->file, part, H5P_DEFAULT) > 0;
}

bool tb_h5_has(struct tb_h5_in *h, const char *path)
{
    tb_h5_enter();
    bool there = has(h, path);
    tb_h5_leave();
    return there;
}

struct opened {
    hid_t set, type, space;
    int rank;
    hsize_t dims[TB_ARRAY_MAX_RANK];
    size_t n;
};

static void shut(struct opened *o)
{
    if (o->space >= 0)
        H5Sclose(o->space);
    if (o->type >= 0)
        H5Tclose(o->type);
    if (o->set >= 0)
        H5Dclose(o->set);
}

static bool open_set(struct tb_h5_in *h, const char *path, struct opened *o, struct tb_err *err)
{
    *o = (struct opened){ .set = -1, .type = -1, .space = -1 };
    if (!has(h, path) || (o->set = H5Dopen2(h->file, path, H5P_DEFAULT)) < 0)
        return surprise(h, path, "is missing", err);
    o->type = H5Dget_type(o->set);
    o->space = H5Dget_space(o->set);
    o->rank = o->space >= 0 ? H5Sget_simple_extent_ndims(o->space) : -1;
    if (o->type < 0 || o->rank < 0 || o->rank > TB_ARRAY_MAX_RANK)
        return surprise(h, path, "has a type or rank that cannot be read", err);
    H5Sget_simple_extent_dims(o->space, o->dims, NULL);
    o->n = 1;
    for (int i = 0; i < o->rank; i++)
        if (__builtin_mul_overflow(o->n, o->dims[i], &o->n))
            return surprise(h, path, "has an impossible shape", err);
    return true;
}

static bool is_contiguous(const struct opened *o)
{
    hid_t dcpl = H5Dget_create_plist(o->set);
    bool chunked = dcpl >= 0 && H5Pget_layout(dcpl) == H5D_CHUNKED;
    if (dcpl >= 0)
        H5Pclose(dcpl);
    return !chunked;
}

/* n values of `size` bytes; room for one byte more, which is zero. */
static bool take(struct tb_h5_in *h, const char *path, struct opened *o, hid_t as, size_t size,
                 void **out, struct tb_err *err)
{
    size_t bytes;
    if (__builtin_mul_overflow(o->n, size, &bytes) || (is_contiguous(o) && bytes > h->bytes)
        || (!is_contiguous(o) && o->n > max_values))
        return surprise(h, path, "claims more values than its file can hold", err);
    char *p = malloc(bytes + 1);
    if (!p)
        return tb_fail_at(err, TB_ERR_LIMIT, h->name, 0, "no memory for %zu bytes of %s", bytes,
                          path);
    p[bytes] = '\0';
    if (o->n && H5Dread(o->set, as, H5S_ALL, H5S_ALL, H5P_DEFAULT, p) < 0) {
        free(p);
        return surprise(h, path, "cannot be read", err);
    }
    *out = p;
    return true;
}

static bool get_column(struct tb_h5_in *h, const char *path, H5T_class_t class, void **v,
                       size_t *n, struct tb_err *err)
{
    struct opened o;
    *v = NULL;
    tb_h5_enter();
    hid_t as = class == H5T_FLOAT ? H5T_NATIVE_DOUBLE : H5T_NATIVE_INT64;
    bool good = open_set(h, path, &o, err);
    if (good && (o.rank != 1 || H5Tget_class(o.type) != class))
        good = surprise(h, path, "is no column of its type", err);
    good = good && take(h, path, &o, as, 8, v, err);
    *n = good ? o.n : 0;
    shut(&o);
    tb_h5_leave();
    return good;
}

bool tb_h5_get_reals(struct tb_h5_in *h, const char *path, double **v, size_t *n,
                     struct tb_err *err)
{
    return get_column(h, path, H5T_FLOAT, (void **)v, n, err);
}

bool tb_h5_get_ints(struct tb_h5_in *h, const char *path, int64_t **v, size_t *n,
                    struct tb_err *err)
{
    return get_column(h, path, H5T_INTEGER, (void **)v, n, err);
}

/* Fixed-length strings only: a variable-length one would make the library hand out pointers. */
static bool get_fixed(struct tb_h5_in *h, const char *path, int rank, struct opened *o, char **v,
                      struct tb_err *err)
{
    *v = NULL;
    if (!open_set(h, path, o, err))
        return false;
    if (o->rank != rank || H5Tget_class(o->type) != H5T_STRING || H5Tis_variable_str(o->type) != 0)
        return surprise(h, path, "is no text of fixed length", err);
    return take(h, path, o, o->type, H5Tget_size(o->type), (void **)v, err);
}

bool tb_h5_get_strs(struct tb_h5_in *h, const char *path, char **v, size_t *width, size_t *n,
                    struct tb_err *err)
{
    struct opened o;
    char *raw;
    *v = NULL;
    *n = 0;
    tb_h5_enter();
    bool good = get_fixed(h, path, 1, &o, &raw, err);
    *width = good ? H5Tget_size(o.type) : 0;
    if (good && !(*v = calloc(o.n ? o.n : 1, *width + 1)))
        good = tb_fail_at(err, TB_ERR_LIMIT, h->name, 0, "no memory for %s", path);
    for (size_t i = 0; good && i < o.n; i++)
        memcpy(*v + i * (*width + 1), raw + i * *width, *width);
    *n = good ? o.n : 0;
    free(raw);
    shut(&o);
    tb_h5_leave();
    return good;
}

bool tb_h5_get_text(struct tb_h5_in *h, const char *path, char **s, size_t *n, struct tb_err *err)
{
    struct opened o;
    tb_h5_enter();
    bool good = get_fixed(h, path, 0, &o, s, err);
    size_t len = good ? H5Tget_size(o.type) : 0;
    while (len && (*s)[len - 1] == '\0') /* padding: an empty string takes one byte */
        len--;
    *n = len;
    shut(&o);
    tb_h5_leave();
    return good;
}

/* Which of our types a stored one is, -1 if none. */
static int tensor_type(hid_t type)
{
    size_t size = H5Tget_size(type);
    if (H5Tget_class(type) == H5T_FLOAT)
        return size == 4 ? TB_ARRAY_F32 : size == 8 ? TB_ARRAY_F64 : -1;
    if (H5Tget_class(type) != H5T_INTEGER)
        return -1;
    return size == 4 ? TB_ARRAY_I32 : size == 8 ? TB_ARRAY_I64 : size == 1 ? TB_ARRAY_U8 : -1;
}

bool tb_h5_get_tensor(struct tb_h5_in *h, const char *path, struct tb_array *t,
                      struct tb_err *err)
{
    struct opened o;
    tb_h5_enter();
    hid_t as[] = { H5T_NATIVE_FLOAT, H5T_NATIVE_DOUBLE, H5T_NATIVE_INT32, H5T_NATIVE_INT64,
                   H5T_NATIVE_UINT8 };
    bool good = open_set(h, path, &o, err);
    int type = good ? tensor_type(o.type) : -1;
    t->data = NULL;
    if (good && type < 0)
        good = surprise(h, path, "is of a type that no tensor has", err);
    if (!good)
        goto out;
    t->type = (enum tb_array_type)type;
    t->rank = o.rank;
    for (int i = 0; i < o.rank; i++)
        t->shape[i] = (int64_t)o.dims[i];
    good = take(h, path, &o, as[type], tb_array_type_bytes(t->type), &t->data, err);
out:
    shut(&o);
    tb_h5_leave();
    return good;
}

static hid_t open_attr(struct tb_h5_in *h, const char *path, const char *name)
{
    if (H5Aexists_by_name(h->file, path, name, H5P_DEFAULT) <= 0)
        return -1;
    return H5Aopen_by_name(h->file, path, name, H5P_DEFAULT, H5P_DEFAULT);
}

/* One value of this class? */
static bool is_one(hid_t a, H5T_class_t class)
{
    hid_t type = H5Aget_type(a), space = H5Aget_space(a);
    bool yes = type >= 0 && space >= 0 && H5Tget_class(type) == class
            && H5Sget_simple_extent_npoints(space) == 1
            && (class != H5T_STRING || H5Tis_variable_str(type) == 0);
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    return yes;
}

int64_t tb_h5_get_attr_int(struct tb_h5_in *h, const char *path, const char *name,
                           int64_t otherwise)
{
    int64_t v = otherwise;
    tb_h5_enter();
    hid_t a = open_attr(h, path, name);
    if (a >= 0 && (!is_one(a, H5T_INTEGER) || H5Aread(a, H5T_NATIVE_INT64, &v) < 0))
        v = otherwise;
    if (a >= 0)
        H5Aclose(a);
    tb_h5_leave();
    return v;
}

static void read_attr_str(hid_t a, char *dst, size_t n)
{
    hid_t type = H5Aget_type(a);
    size_t size = type >= 0 ? H5Tget_size(type) : 0;
    char *text = size < 65536 ? calloc(1, size + 1) : NULL;
    if (text && is_one(a, H5T_STRING) && H5Aread(a, type, text) >= 0)
        tb_str_copy(dst, n, text);
    free(text);
    if (type >= 0)
        H5Tclose(type);
}

void tb_h5_get_attr_str(struct tb_h5_in *h, const char *path, const char *name, char *dst,
                        size_t n)
{
    dst[0] = '\0';
    tb_h5_enter();
    hid_t a = open_attr(h, path, name);
    if (a >= 0) {
        read_attr_str(a, dst, n);
        H5Aclose(a);
    }
    tb_h5_leave();
}
