/* SPDX-License-Identifier: MIT */
/* gguf_get.c - what an open GGUF file holds. Values are decoded where they lie; all lengths were
 * checked on opening. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/gguf_priv.h"

size_t tb_gguf_type_bytes(uint32_t type)
{
    static const uint8_t bytes[TB_GGUF_N_TYPES] = {
        [TB_GGUF_U8] = 1,  [TB_GGUF_I8] = 1,  [TB_GGUF_BOOL] = 1, [TB_GGUF_U16] = 2,
        [TB_GGUF_I16] = 2, [TB_GGUF_U32] = 4, [TB_GGUF_I32] = 4,  [TB_GGUF_F32] = 4,
        [TB_GGUF_U64] = 8, [TB_GGUF_I64] = 8, [TB_GGUF_F64] = 8,
    };
    return type < TB_GGUF_N_TYPES ? bytes[type] : 0;
}

static int compare(const char *a, size_t n, const struct tb_gguf_key *k)
{
    int differs = memcmp(a, k->name, n < k->name_n ? n : k->name_n);
    return differs ? differs : (n > k->name_n) - (n < k->name_n);
}

static int by_name(const void *a, const void *b)
{
    const struct tb_gguf_key *k = *(const struct tb_gguf_key *const *)a;
    return compare(k->name, k->name_n, *(const struct tb_gguf_key *const *)b);
}

static int named(const void *name, const void *k)
{
    return compare(name, strlen(name), *(const struct tb_gguf_key *const *)k);
}

bool tb_gguf_index(struct tb_gguf *g, struct tb_err *err)
{
    g->by_name = tb_xcalloc(g->n_keys, sizeof *g->by_name);
    for (size_t i = 0; i < g->n_keys; i++)
        g->by_name[i] = &g->keys[i];
    qsort(g->by_name, g->n_keys, sizeof *g->by_name, by_name);
    for (size_t i = 1; i < g->n_keys; i++) {
        if (by_name(&g->by_name[i - 1], &g->by_name[i]) == 0)
            return tb_fail_at(err, TB_ERR_FORMAT, g->map.path, 0, "key %.*s is there twice",
                              (int)g->by_name[i]->name_n, g->by_name[i]->name);
    }
    return true;
}

static const struct tb_gguf_key *find(const struct tb_gguf *g, const char *name)
{
    const struct tb_gguf_key *const *found = NULL;
    if (g->n_keys)
        found = bsearch(name, g->by_name, g->n_keys, sizeof *g->by_name, named);
    return found ? *found : NULL;
}

/* The key if it is of that form and has an element i. */
static const struct tb_gguf_key *form(const struct tb_gguf *g, const char *name, bool is_array,
                                      size_t i)
{
    const struct tb_gguf_key *k = find(g, name);
    return k && k->is_array == is_array && i < k->n ? k : NULL;
}

static int64_t integer(const struct tb_gguf_key *k, size_t i, int64_t otherwise)
{
    const uint8_t *p = k->p + i * tb_gguf_type_bytes(k->type);
    switch (k->type) {
    case TB_GGUF_U8: return p[0];
    case TB_GGUF_I8: return (int8_t)p[0];
    case TB_GGUF_U16: return p[0] | p[1] << 8;
    case TB_GGUF_I16: return (int16_t)(p[0] | p[1] << 8);
    case TB_GGUF_U32: return tb_le32(p);
    case TB_GGUF_I32: return (int32_t)tb_le32(p);
    case TB_GGUF_U64: return tb_le64(p) <= INT64_MAX ? (int64_t)tb_le64(p) : otherwise;
    case TB_GGUF_I64: return (int64_t)tb_le64(p);
    default: return otherwise;
    }
}

static double real(const struct tb_gguf_key *k, size_t i, double otherwise)
{
    const uint8_t *p = k->p + i * tb_gguf_type_bytes(k->type);
    float single;
    double twice;
    switch (k->type) {
    case TB_GGUF_F32: memcpy(&single, p, sizeof single); return single;
    case TB_GGUF_F64: memcpy(&twice, p, sizeof twice); return twice;
    case TB_GGUF_U64: return (double)tb_le64(p);
    case TB_GGUF_BOOL:
    case TB_GGUF_STR: return otherwise;
    default: return (double)integer(k, i, 0);
    }
}

bool tb_gguf_has(const struct tb_gguf *g, const char *key)
{
    return find(g, key) != NULL;
}

const char *tb_gguf_str(const struct tb_gguf *g, const char *key)
{
    const struct tb_gguf_key *k = find(g, key);
    return k ? k->text : NULL;
}

int64_t tb_gguf_int(const struct tb_gguf *g, const char *key, int64_t otherwise)
{
    const struct tb_gguf_key *k = form(g, key, false, 0);
    return k ? integer(k, 0, otherwise) : otherwise;
}

double tb_gguf_real(const struct tb_gguf *g, const char *key, double otherwise)
{
    const struct tb_gguf_key *k = form(g, key, false, 0);
    return k ? real(k, 0, otherwise) : otherwise;
}

bool tb_gguf_bool(const struct tb_gguf *g, const char *key, bool otherwise)
{
    const struct tb_gguf_key *k = form(g, key, false, 0);
    return k && k->type == TB_GGUF_BOOL ? *k->p : otherwise;
}

size_t tb_gguf_len(const struct tb_gguf *g, const char *key)
{
    const struct tb_gguf_key *k = find(g, key);
    return k && k->is_array ? k->n : 0;
}

const char *tb_gguf_str_at(const struct tb_gguf *g, const char *key, size_t i, size_t *n)
{
    const struct tb_gguf_key *k = form(g, key, true, i);
    *n = 0;
    if (!k || k->type != TB_GGUF_STR)
        return "";
    const uint8_t *s = k->p + k->at[i];
    *n = tb_le64(s);
    return (const char *)s + 8;
}

int64_t tb_gguf_int_at(const struct tb_gguf *g, const char *key, size_t i, int64_t otherwise)
{
    const struct tb_gguf_key *k = form(g, key, true, i);
    return k ? integer(k, i, otherwise) : otherwise;
}

double tb_gguf_real_at(const struct tb_gguf *g, const char *key, size_t i, double otherwise)
{
    const struct tb_gguf_key *k = form(g, key, true, i);
    return k ? real(k, i, otherwise) : otherwise;
}

size_t tb_gguf_n_tensors(const struct tb_gguf *g)
{
    return g->all.n;
}

const struct tb_stored *tb_gguf_at(const struct tb_gguf *g, size_t i)
{
    return i < g->all.n ? &g->all.t[i] : NULL;
}

const struct tb_stored *tb_gguf_find(const struct tb_gguf *g, const char *name)
{
    return tb_tensors_find(&g->all, name);
}

const void *tb_gguf_bytes(const struct tb_gguf *g, uint64_t *n, uint64_t *head)
{
    *n = g->map.n;
    *head = g->head;
    return g->map.p;
}
