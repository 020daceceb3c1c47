/* SPDX-License-Identifier: MIT */
/* chat_wish.c - a request to write, read and checked: which prompt or row, who writes, how. Requests come from another
 * program, so every key and every range is looked at. */
#include <limits.h>
#include <string.h>

#include "base/str.h"
#include "worker/chat_priv.h"

static const char *const keys[] = { "id", "ask", "prompt", "row", "raw", "max", "temperature", "top_k", "top_p",
                                    "min_p", "repeat_penalty", "seed", "stop", "scales", "sides", NULL };

bool tb_chat_check_keys(const struct tb_json *request, const char *const *known, struct tb_err *err)
{
    for (void *it = tb_json_first(request); it; it = tb_json_next(request, it)) {
        const char *key = tb_json_iter_key(it);
        if (tb_str_in(key, known))
            continue;
        const char *near = tb_str_nearest(key, known);
        return tb_fail(err, TB_ERR_USAGE, "'%.60s' has no meaning in this request%s%s%s", key,
                       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    return true;
}

int tb_chat_side(const struct tb_chat *c, const char *name, struct tb_err *err)
{
    for (int i = 0; i < c->sides.n; i++)
        if (strcmp(tb_side_letter(&c->sides, i), name) == 0 || strcmp(tb_side_name(&c->sides, i), name) == 0)
            return i;
    tb_fail(err, TB_ERR_USAGE, "there is no side '%.60s'; sides are called A, B .. and base", name);
    return -1;
}

/* A number between min and max; `otherwise` where the key is missing. */
static bool number(const struct tb_json *request, const char *key, double min, double max, double otherwise, double *to,
                   struct tb_err *err)
{
    const struct tb_json *v = tb_json_get(request, key);
    *to = tb_json_real(v, v ? min - 1 : otherwise);
    return (*to >= min && *to <= max)
        || tb_fail(err, TB_ERR_USAGE, "%s: expected a number from %g to %g", key, min, max);
}

static bool whole(const struct tb_json *request, const char *key, int64_t min, int64_t max, int64_t otherwise,
                  int64_t *to, struct tb_err *err)
{
    const struct tb_json *v = tb_json_get(request, key);
    *to = tb_json_int(v, v ? min - 1 : otherwise);
    return (*to >= min && *to <= max)
        || tb_fail(err, TB_ERR_USAGE, "%s: expected a whole number from %lld to %lld", key, (long long)min,
                   (long long)max);
}

static bool read_sampling(const struct tb_json *request, struct tb_chat_wish *w, struct tb_err *err)
{
    struct tb_sampling *s = &w->sampling;
    int64_t top_k, seed, max;
    if (!number(request, "temperature", 0, 100, 0, &s->temperature, err)
        || !whole(request, "top_k", 0, 1 << 30, 0, &top_k, err) || !number(request, "top_p", 0, 1, 1, &s->top_p, err)
        || !number(request, "min_p", 0, 1, 0, &s->min_p, err)
        || !number(request, "repeat_penalty", 0.01, 100, 1, &s->repeat_penalty, err)
        || !whole(request, "seed", 0, INT_MAX, 0, &seed, err) || !whole(request, "max", 1, 1 << 20, 128, &max, err))
        return false;
    s->top_k = (int)top_k;
    s->seed = (uint64_t)seed;
    w->max_tok = (int)max;
    return true;
}

static bool read_stops(const struct tb_json *request, struct tb_chat_wish *w, struct tb_err *err)
{
    const struct tb_json *v = tb_json_get(request, "stop");
    bool is_one = tb_json_type(v) == TB_JSON_STR;
    size_t n = is_one ? 1 : tb_json_len(v);
    if (v && (n > TB_CHAT_STOPS || (!is_one && tb_json_type(v) != TB_JSON_LIST)))
        return tb_fail(err, TB_ERR_USAGE, "stop: expected a text or a list of at most %d", TB_CHAT_STOPS);
    for (size_t i = 0; i < n; i++) {
        const char *stop = tb_json_str(is_one ? v : tb_json_at(v, i), "");
        if (!*stop)
            return tb_fail(err, TB_ERR_USAGE, "stop: expected texts that are not empty");
        w->stops[w->n_stops++] = stop;
    }
    return true;
}

static bool read_sides(const struct tb_chat *c, const struct tb_json *request, struct tb_chat_wish *w,
                       struct tb_err *err)
{
    const struct tb_json *list = tb_json_get(request, "sides");
    if (list && (tb_json_type(list) != TB_JSON_LIST || tb_json_len(list) == 0))
        return tb_fail(err, TB_ERR_USAGE, "sides: expected a list like [\"A\", \"B\"]");
    for (int i = 0; !list && i < c->sides.n; i++)
        w->is_wanted[i] = true;
    for (size_t i = 0; i < tb_json_len(list); i++) {
        int side = tb_chat_side(c, tb_json_str(tb_json_at(list, i), ""), err);
        if (side < 0)
            return false;
        w->is_wanted[side] = true;
    }
    return true;
}

/* Scales stay until others are set. */
static bool read_scales(struct tb_chat *c, const struct tb_json *request, struct tb_err *err)
{
    const struct tb_json *map = tb_json_get(request, "scales");
    if (map && tb_json_type(map) != TB_JSON_MAP)
        return tb_fail(err, TB_ERR_USAGE, "scales: expected a map like {\"A\": 0.5}");
    for (void *it = tb_json_first(map); it; it = tb_json_next(map, it)) {
        int side = tb_chat_side(c, tb_json_iter_key(it), err);
        double scale;
        if (side < 0 || !number(map, tb_json_iter_key(it), -8, 8, 1, &scale, err))
            return false;
        if (scale != 1 && !c->sides.side[side].stack)
            return tb_fail(err, TB_ERR_USAGE, "scales: %s has no adapter to scale", tb_side_name(&c->sides, side));
        tb_sides_set_scale(&c->sides, side, scale);
    }
    return true;
}

static bool read_row(struct tb_chat *c, const struct tb_json *v, struct tb_chat_wish *w, struct tb_err *err)
{
    struct tb_subject *on = &c->sides.on;
    int64_t row = tb_json_int(v, -1);
    if (!on->data && !tb_subject_rows(on, err))
        return false;
    int n = tb_dataset_counts(on->data)->rows;
    if (row < 0 || row >= n)
        return tb_fail(err, TB_ERR_USAGE, "row: expected a whole number from 0 to %d", n - 1);
    if (tb_dataset_row(on->data, (int)row).n_prompt < 1)
        return tb_fail(err, TB_ERR_USAGE, "row %lld has no prompt to write behind", (long long)row);
    w->row = (int)row;
    w->prompt = tb_dataset_prompt(on->data, w->row, &w->n_prompt);
    w->reference = tb_dataset_completion(on->data, w->row, &w->n_reference);
    return true;
}

bool tb_chat_wish_read(struct tb_chat *c, const struct tb_json *request, struct tb_chat_wish *w, struct tb_err *err)
{
    const struct tb_json *row = tb_json_get(request, "row"), *prompt = tb_json_get(request, "prompt");
    *w = (struct tb_chat_wish){ .row = -1, .is_raw = tb_json_bool(tb_json_get(request, "raw"), false),
                                .prompt = tb_json_str(prompt, NULL), .n_prompt = tb_json_str_len(prompt) };
    if (!tb_chat_check_keys(request, keys, err))
        return false;
    if ((row != NULL) == (w->prompt != NULL))
        return tb_fail(err, TB_ERR_USAGE, "behind what? either \"prompt\", a text, or \"row\", a number");
    return (!row || read_row(c, row, w, err)) && read_sampling(request, w, err) && read_stops(request, w, err)
        && read_sides(c, request, w, err) && read_scales(c, request, err);
}
