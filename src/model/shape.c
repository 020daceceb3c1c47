/* SPDX-License-Identifier: MIT */
/* shape.c - limits of a shape. They keep every product of two sizes within 44 bits and the whole model within
 * 60, so that no later sum of bytes can overflow; each lies far above what a machine can hold. */
#include <math.h>

#include "model/model_priv.h"

enum { MAX_LAYERS = 4096, MAX_WIDTH = 1 << 20, MAX_HEAD = 4096, MAX_VOCAB = 1 << 24, MAX_CONTEXT = 1 << 30 };

static bool within(const char *what, int value, int low, int high, struct tb_err *err)
{
    return (value >= low && value <= high)
        || tb_fail(err, TB_ERR_FORMAT, "%s: %d; expected %d to %d", what, value, low, high);
}

static bool check_heads(const struct tb_shape *s, struct tb_err *err)
{
    if (!within("heads", s->n_heads, 1, MAX_WIDTH, err) || !within("key and value heads", s->n_kv, 1, MAX_WIDTH, err)
        || !within("head size", s->head_dim, 2, MAX_HEAD, err))
        return false;
    if (s->n_heads % s->n_kv)
        return tb_fail(err, TB_ERR_FORMAT, "%d heads are no multiple of %d key and value heads", s->n_heads, s->n_kv);
    if (s->head_dim % 2)
        return tb_fail(err, TB_ERR_FORMAT, "head size %d is odd; rotary embedding turns pairs", s->head_dim);
    if ((int64_t)s->n_heads * s->head_dim > MAX_WIDTH)
        return tb_fail(err, TB_ERR_FORMAT, "%d heads of %d are wider than %d", s->n_heads, s->head_dim, MAX_WIDTH);
    return true;
}

static bool is_positive(double x)
{
    return isfinite(x) && x > 0;
}

static bool check_rope(const struct tb_rope *r, struct tb_err *err)
{
    if (!is_positive(r->theta))
        return tb_fail(err, TB_ERR_FORMAT, "rope theta: %g; expected a number above 0", r->theta);
    if (r->kind != TB_ROPE_PLAIN && !r->factors && !is_positive(r->factor))
        return tb_fail(err, TB_ERR_FORMAT, "rope factor: %g; expected a number above 0", r->factor);
    if (r->kind != TB_ROPE_LLAMA3 || r->factors)
        return true;
    if (!is_positive(r->low_freq) || !is_positive(r->high_freq) || r->low_freq >= r->high_freq)
        return tb_fail(err, TB_ERR_FORMAT, "rope llama3: low_freq_factor %g, high_freq_factor %g; expected "
                       "0 < low < high", r->low_freq, r->high_freq);
    return within("rope's original context", r->original_context, 1, MAX_CONTEXT, err);
}

bool tb_shape_check(const struct tb_shape *s, struct tb_err *err)
{
    if (!within("layers", s->n_layers, 1, MAX_LAYERS, err) || !within("width", s->d, 1, MAX_WIDTH, err)
        || !within("width of the feed-forward layer", s->ff, 1, MAX_WIDTH, err)
        || !within("vocabulary", s->vocab, 1, MAX_VOCAB, err) || !within("context", s->context, 1, MAX_CONTEXT, err)
        || !within("sliding window", s->window, 0, MAX_CONTEXT, err) || !check_heads(s, err))
        return false;
    if (!(s->norm_eps >= 0 && s->norm_eps < 1))
        return tb_fail(err, TB_ERR_FORMAT, "epsilon of the norms: %g; expected 0 to 1", (double)s->norm_eps);
    return check_rope(&s->rope, err);
}
