/* SPDX-License-Identifier: MIT */
/* method.c - the table of methods, and the small things method files share. */
#include "method/method.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "plan/schema.h"

#define TB_METHOD(name) extern const struct tb_method tb_method_##name;
#include "method/methods.def"
#undef TB_METHOD

static const struct tb_method *const methods[] = {
#define TB_METHOD(name) &tb_method_##name,
#include "method/methods.def"
#undef TB_METHOD
    NULL
};

enum { N_METHODS = sizeof methods / sizeof methods[0] - 1 };

static struct tb_schema schemas[N_METHODS];

const struct tb_method *tb_method_at(int i)
{
    return i >= 0 && i < N_METHODS ? methods[i] : NULL;
}

const struct tb_method *tb_method_find(const char *name)
{
    for (int i = 0; i < N_METHODS; i++)
        if (strcmp(methods[i]->name, name) == 0)
            return methods[i];
    return NULL;
}

void tb_method_register(void)
{
    for (int i = 0; i < N_METHODS; i++) {
        const struct tb_method *m = methods[i];
        schemas[i] = (struct tb_schema){ .group = "method", .name = m->name, .help = m->help, .keys = m->keys,
                                         .lr = m->lr, .can_stack = m->peft_type != NULL };
        tb_schema_add(&schemas[i]);
    }
}

int64_t tb_adapter_int(const struct tb_adapter *a, const char *key)
{
    return tb_json_int(tb_json_get(a->config, key), 0);
}

double tb_adapter_real(const struct tb_adapter *a, const char *key)
{
    return tb_json_real(tb_json_get(a->config, key), 0);
}

bool tb_adapter_bool(const struct tb_adapter *a, const char *key)
{
    return tb_json_bool(tb_json_get(a->config, key), false);
}

const char *tb_adapter_str(const struct tb_adapter *a, const char *key)
{
    return tb_json_str(tb_json_get(a->config, key), "");
}

const struct tb_json *tb_adapter_json(const struct tb_adapter *a, const char *key)
{
    return tb_json_get(a->config, key);
}

static struct tb_mat bump(float **at, int64_t rows, int64_t cols)
{
    struct tb_mat m = tb_mat_of(*at, rows, cols);
    *at += (rows * cols + 15) / 16 * 16;
    return m;
}

struct tb_mat tb_pass_keep(struct tb_pass *p, int64_t cols)
{
    return bump(&p->keep, p->n_tok, cols);
}

struct tb_mat tb_pass_temp(struct tb_pass *p, int64_t cols)
{
    return bump(&p->temp, p->n_tok, cols);
}

struct tb_mat tb_pass_drop(const struct tb_seat *s, struct tb_pass *p, struct tb_mat x)
{
    if (!p->is_training || s->drop == 0)
        return x;
    struct tb_mat y = tb_pass_temp(p, x.cols);
    p->drop.p = s->drop;
    p->drop.hash = s->drop_hash;
    p->k->dropout(p->k, y, x, &p->drop);
    return y;
}

void tb_tensor_put(struct tb_kernels *k, const struct tb_tensor *t, const float *src)
{
    k->put(k, t->w.p, src, (size_t)(t->w.rows * t->w.cols) * sizeof *src);
}

void tb_seat_scale_rows(const struct tb_seat *s, struct tb_mat w, int slot)
{
    struct tb_kernels *k = s->adapter->k;
    float *v = tb_xcalloc((size_t)w.rows, sizeof *v);
    k->get(k, v, s->w[slot].p, (size_t)w.rows * sizeof *v);
    for (int64_t i = 0; i < w.rows; i++)
        k->scale(k, tb_mat_of(w.p + i * w.ld, 1, w.cols), v[i]);
    free(v);
}

void tb_tensor_get(struct tb_kernels *k, const struct tb_tensor *t, struct tb_mat which, float *dst)
{
    k->get(k, dst, which.p, (size_t)(t->w.rows * t->w.cols) * sizeof *dst);
}
