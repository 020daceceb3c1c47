/* SPDX-License-Identifier: MIT */
/* combine.c - several adapters trained jointly as one lane. Parts compose unless two claim one place: a dense
 * weight, the prefix, the prompt; `full` joins nothing. */
#include "method/adapter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

static const struct tb_seat *seat_at(const struct tb_adapter *a, const struct tb_site *site)
{
    for (int i = 0; i < a->n_seats; i++)
        if (a->seats[i].site == site)
            return &a->seats[i];
    return NULL;
}

static bool conflict(const struct tb_adapter *a, const struct tb_adapter *b, struct tb_err *err)
{
    if (!a->method->peft_type || !b->method->peft_type)
        return tb_fail(err, TB_ERR_RECIPE, "full trains every weight and cannot be stacked with anything");
    if (a->method->rows && b->method->rows && a->method->sites == b->method->sites)
        return tb_fail(err, TB_ERR_RECIPE, "a stack holds at most one of %s: '%s' and '%s' claim the same rows",
                       a->method->name, a->part, b->part);
    for (int i = 0; i < a->n_seats && a->method->weight && b->method->weight; i++)
        if (seat_at(b, a->seats[i].site))
            return tb_fail(err, TB_ERR_RECIPE, "'%s' and '%s' both replace the weight of %s", a->part, b->part,
                           a->seats[i].site->name);
    return true;
}

/* Parts of one kind get distinct names: lora, lora2. */
static void name_apart(struct tb_stack *s)
{
    for (int i = 1; i < s->n; i++)
        for (int j = 0, n = 1; j < i; j++)
            if (strcmp(s->part[i]->part, s->part[j]->part) == 0) {
                snprintf(s->part[i]->part, sizeof s->part[i]->part, "%.40s%d", s->part[i]->method->name, ++n);
                j = -1;
            }
}

struct tb_stack *tb_stack_of(struct tb_adapter **parts, int n, struct tb_err *err)
{
    struct tb_stack *s = tb_xcalloc(1, sizeof *s);
    for (int i = 0; i < n && i < TB_STACK_PARTS; i++)
        s->part[s->n++] = parts[i];
    name_apart(s);
    for (int i = 0; i < s->n; i++)
        for (int j = 0; j < i; j++)
            if (!conflict(s->part[j], s->part[i], err)) {
                tb_stack_close(s);
                return NULL;
            }
    return s;
}

/* {key: value} of one part out of the flat keys under `prefix`; per-part lr belongs to the optimiser. */
static struct tb_json *keys_under(const struct tb_json *flat, const char *prefix)
{
    struct tb_json *keys = tb_json_new_map();
    size_t n = strlen(prefix);
    for (void *it = tb_json_first(flat); it; it = tb_json_next(flat, it)) {
        const char *key = tb_json_iter_key(it);
        if (strncmp(key, prefix, n) == 0 && strcmp(key + n, "lr") != 0)
            tb_json_set(keys, key + n, tb_json_copy(tb_json_iter_value(it)));
    }
    return keys;
}

/* Opens the part whose kind stands at "<at>kind"; NULL with *err if it is wrong. */
static struct tb_adapter *open_part(const struct tb_json *flat, const char *at, const struct tb_model *model,
                                    struct tb_err *err)
{
    char key[96];
    snprintf(key, sizeof key, "%skind", at);
    const char *kind = tb_json_str(tb_json_get(flat, key), "");
    const struct tb_method *m = tb_method_find(kind);
    if (!m) {
        tb_fail(err, TB_ERR_RECIPE, "%s = '%s' is no method", key, kind);
        return NULL;
    }
    snprintf(key, sizeof key, "%s%s.", at, kind);
    struct tb_json *keys = keys_under(flat, key);
    struct tb_adapter *a = tb_adapter_open(m, keys, model, m->name, err);
    tb_json_free(keys);
    if (a && !tb_targets_check(a, err)) {
        tb_adapter_close(a);
        return NULL;
    }
    return a;
}

struct tb_stack *tb_stack_open(const struct tb_json *flat, const struct tb_model *model, struct tb_err *err)
{
    struct tb_adapter *parts[TB_STACK_PARTS];
    const char *kind = tb_json_str(tb_json_get(flat, "method.kind"), NULL);
    char at[32] = "method.";
    int n = 0;
    bool is_stack = !kind || strcmp(kind, "stack") == 0;
    do {
        if (is_stack)
            snprintf(at, sizeof at, "method.%d.", n);
        parts[n] = open_part(flat, at, model, err);
        if (!parts[n])
            goto fail;
        n++;
        snprintf(at, sizeof at, "method.%d.kind", n);
    } while (is_stack && n < TB_STACK_PARTS && tb_json_get(flat, at));
    return tb_stack_of(parts, n, err);
fail:
    while (n-- > 0)
        tb_adapter_close(parts[n]);
    return NULL;
}

void tb_stack_close(struct tb_stack *s)
{
    if (!s)
        return;
    for (int i = 0; i < s->n; i++)
        tb_adapter_close(s->part[i]);
    free(s);
}

int64_t tb_stack_trainable(const struct tb_stack *s)
{
    int64_t n = 0;
    for (int i = 0; i < s->n; i++)
        n += s->part[i]->n_trainable;
    return n;
}

char *tb_stack_name(const struct tb_stack *s)
{
    struct tb_buf b = { 0 };
    for (int i = 0; i < s->n; i++)
        tb_buf_fmt(&b, "%s%s", i ? "+" : "", s->part[i]->method->name);
    return tb_buf_take(&b);
}

static int rows_at(const struct tb_stack *s, enum tb_site_kind kind)
{
    for (int i = 0; i < s->n; i++)
        if (s->part[i]->method->sites == (unsigned)kind)
            return s->part[i]->n_rows;
    return 0;
}

int tb_stack_kv_rows(const struct tb_stack *s)
{
    return rows_at(s, TB_SITE_KV);
}

int tb_stack_input_rows(const struct tb_stack *s)
{
    return rows_at(s, TB_SITE_INPUT);
}
