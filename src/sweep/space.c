/* SPDX-License-Identifier: MIT */
/* space.c - points by Philox, purpose "search": counter (hash of "search/<arm>/<key>", i, 0, 0), key = seed; the first
 * two words make u in [0, 1) with 53 bits. Uniform: low + u (high - low); log-uniform the same of logarithms; int and
 * choice: floor(u n) of their n values. */
#include "sweep/space.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "kernels/rng.h"

static const char *const kinds[] = { "uniform", "log_uniform", "int", "choice" };

bool tb_range_read(const struct tb_json *v, struct tb_range *r)
{
    const char *draw = tb_json_str(tb_json_get(v, "draw"), "");
    const struct tb_json *of = tb_json_get(v, "of");
    if (tb_json_type(v) != TB_JSON_MAP || tb_json_len(v) != 2 || tb_json_len(of) == 0)
        return false;
    for (int k = TB_RANGE_UNIFORM; k <= TB_RANGE_CHOICE; k++)
        if (strcmp(draw, kinds[k]) == 0) {
            *r = (struct tb_range){ .kind = k, .low = tb_json_real(tb_json_at(of, 0), 0),
                                    .high = tb_json_real(tb_json_at(of, 1), 0), .items = of };
            return true;
        }
    return false;
}

const struct tb_json *tb_space_template(const struct tb_json *arm, const struct tb_json *point)
{
    int64_t i = tb_json_int(tb_json_get(point, TB_POINT_TEMPLATE), -1);
    return i < 0 ? NULL : tb_json_at(tb_json_get(arm, "templates"), (size_t)i);
}

static double draw_unit(const struct tb_json *arm, const char *key, uint64_t seed, uint32_t i)
{
    char *name = tb_xasprintf("%s/%s", tb_json_str(tb_json_get(arm, "name"), ""), key);
    uint32_t c[4] = { tb_rng_hash("search", name), i, 0, 0 }, out[4];
    tb_philox(out, c, seed);
    free(name);
    return (double)(((uint64_t)out[0] << 32 | out[1]) >> 11) * 0x1p-53;
}

static struct tb_json *readable(double v, const struct tb_range *r)
{
    char text[32];
    snprintf(text, sizeof text, "%.3g", v);
    return tb_json_new_real(fmin(fmax(strtod(text, NULL), r->low), r->high));
}

static struct tb_json *draw_value(const struct tb_range *r, double u)
{
    size_t n = tb_json_len(r->items);
    switch (r->kind) {
    case TB_RANGE_UNIFORM: return readable(r->low + u * (r->high - r->low), r);
    case TB_RANGE_LOG_UNIFORM: return readable(exp(log(r->low) + u * (log(r->high) - log(r->low))), r);
    case TB_RANGE_INT: return tb_json_new_int((int64_t)(r->low + floor(u * (r->high - r->low + 1))));
    case TB_RANGE_CHOICE: break;
    }
    return tb_json_copy(tb_json_at(r->items, (size_t)(u * (double)n)));
}

/* The order of a table's names in a recipe is not the same each time; sums over a point's keys must be. */
static struct tb_json *sorted(struct tb_json *point)
{
    char *text = tb_json_text(point, TB_JSON_CANONICAL);
    struct tb_json *again = tb_json_parse(text, strlen(text), "point", NULL);
    free(text);
    tb_json_free(point);
    return again;
}

struct tb_json *tb_space_draw(const struct tb_json *arm, uint64_t seed, uint32_t i)
{
    struct tb_json *point = tb_json_new_map();
    struct tb_range r;
    size_t n = tb_json_len(tb_json_get(arm, "templates"));
    int64_t which = (int64_t)(draw_unit(arm, TB_POINT_TEMPLATE, seed, i) * (double)n);
    tb_json_set(point, TB_POINT_TEMPLATE, tb_json_new_int(which));
    const struct tb_json *t = tb_space_template(arm, point);
    for (void *it = tb_json_first(t); it; it = tb_json_next(t, it))
        if (tb_range_read(tb_json_iter_value(it), &r)) {
            const char *key = tb_json_iter_key(it);
            tb_json_set(point, key, draw_value(&r, draw_unit(arm, key, seed, i)));
        }
    return sorted(point);
}

struct tb_json *tb_space_draft(const struct tb_json *arm, const struct tb_json *point)
{
    const struct tb_json *t = tb_space_template(arm, point);
    struct tb_json *draft = t ? tb_json_copy(t) : tb_json_new_map();
    for (void *it = tb_json_first(point); it; it = tb_json_next(point, it))
        if (strcmp(tb_json_iter_key(it), TB_POINT_TEMPLATE) != 0)
            tb_json_set(draft, tb_json_iter_key(it), tb_json_copy(tb_json_iter_value(it)));
    return draft;
}
