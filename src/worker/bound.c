/* SPDX-License-Identifier: MIT */
/* bound.c - max_trainable, and ranks above what a matrix has. What to lower is found in the key tables of the methods:
 * the first key, where that is an integer, is the size of a method (as in the names of runs), and `targets` are the
 * places where it sits. */
#include "worker/bound.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "plan/schema.h"

/* Appends "method.lora.r = 64 or method.lora.targets" for one part; nothing for a method without such keys. */
static void say_keys(const struct tb_config *c, int i, struct tb_buf *b)
{
    const char *kind = tb_config_part_kind(c, i);
    const struct tb_schema *s = tb_schema_find("method", kind);
    struct tb_buf prefix = { 0 };
    if (tb_config_parts(c) > 1)
        tb_buf_fmt(&prefix, "method.%d.%s", i, kind);
    else
        tb_buf_fmt(&prefix, "method.%s", kind);
    if (s && s->keys->type == TB_KEY_INT) {
        struct tb_json *keys = tb_config_part_keys(c, i);
        tb_buf_fmt(b, "%s%s.%s = %lld", b->n ? " or " : "", prefix.p, s->keys->name,
                   (long long)tb_json_int(tb_json_get(keys, s->keys->name), 0));
        tb_json_free(keys);
    }
    if (s && tb_key_find(s->keys, "targets"))
        tb_buf_fmt(b, "%s%s.targets", b->n ? " or " : "", prefix.p);
    tb_buf_free(&prefix);
}

bool tb_bound_check(const struct tb_config *c, const struct tb_stack *s, int64_t n_params, struct tb_err *err)
{
    double bound = tb_config_real(c, "max_trainable");
    int64_t n = tb_stack_trainable(s);
    struct tb_buf keys = { 0 };
    if (bound <= 0 || (double)n <= bound * (double)n_params)
        return true;
    for (int i = 0; i < tb_config_parts(c); i++)
        say_keys(c, i, &keys);
    tb_fail(err, TB_ERR_RECIPE, "trains %lld of the base's %lld parameters, a share of %.3g, above max_trainable = "
            "%.6g; %s%.200s, or raise max_trainable", (long long)n, (long long)n_params,
            (double)n / (double)n_params, bound, keys.n ? "lower " : "take another method", keys.n ? keys.p : "");
    tb_buf_free(&keys);
    return false;
}

char *tb_bound_excess(const struct tb_stack *s)
{
    const struct tb_seat *most = NULL;
    int side = 0;
    for (int p = 0; p < s->n; p++)
        for (int i = 0; i < s->part[p]->n_seats; i++) {
            const struct tb_seat *at = &s->part[p]->seats[i];
            int least = (int)(at->site->in < at->site->out ? at->site->in : at->site->out);
            if (at->rank <= least || (most && at->rank - least <= most->rank - side))
                continue;
            most = at;
            side = least;
        }
    if (!most)
        return NULL;
    return tb_xasprintf("rank %d is above %d, the smaller side of %s: it costs more and expresses no more", most->rank,
                        side, most->site->name);
}
