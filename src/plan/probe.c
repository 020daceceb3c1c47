/* SPDX-License-Identifier: MIT */
/* probe.c - what a probe of the learning rate may be asked for: t.probe{..} in the place of a rate. The rate of the run
 * is the middle of the rates that are tried around it, so a rate that an arm gives itself leaves nothing to probe. */
#include "plan/probe.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static struct tb_json *keys_under(const struct tb_json *draft, const char *prefix)
{
    struct tb_json *out = tb_json_new_map();
    size_t n = strlen(prefix);
    for (void *it = tb_json_first(draft); it; it = tb_json_next(draft, it))
        if (strncmp(tb_json_iter_key(it), prefix, n) == 0) {
            char *key = tb_xasprintf("probe.%s", tb_json_iter_key(it) + n);
            tb_json_set(out, key, tb_json_copy(tb_json_iter_value(it)));
            free(key);
        }
    return out;
}

struct tb_json *tb_probe_nearest(const struct tb_json *draft)
{
    struct tb_json *own = keys_under(draft, "method.probe.");
    if (tb_json_len(own))
        return own;
    tb_json_free(own);
    return keys_under(draft, "probe.");
}

static int rising(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool settle_rates(struct tb_json *out, struct tb_err *err)
{
    double rate[TB_PROBE_MOST];
    const struct tb_json *given = tb_json_get(out, "probe.rates");
    size_t n = tb_json_len(given);
    if (n > TB_PROBE_MOST)
        return tb_fail(err, TB_ERR_RECIPE, "probe.rates has %zu rates; the most are %d", n, TB_PROBE_MOST);
    for (size_t i = 0; i < n; i++) {
        rate[i] = tb_json_real(tb_json_at(given, i), 0);
        if (!(rate[i] > 0))
            return tb_fail(err, TB_ERR_RECIPE, "probe.rates must be numbers above 0");
    }
    if (n)
        qsort(rate, n, sizeof *rate, rising);
    struct tb_json *list = tb_json_new_list();
    for (size_t i = 0; i < n; i++)
        if (i == 0 || rate[i] != rate[i - 1])
            tb_json_append(list, tb_json_new_real(rate[i]));
    tb_json_set(out, "probe.rates", list);
    return true;
}

static bool is_word(const struct tb_json *map, const char *key, const char *word)
{
    return strcmp(tb_json_str(tb_json_get(map, key), ""), word) == 0;
}

bool tb_probe_settle(const struct tb_json *draft, struct tb_json *out, struct tb_err *err)
{
    bool has_rates = tb_json_len(tb_json_get(out, "probe.rates")) > 0,
         has_n = tb_json_int(tb_json_get(out, "probe.n"), 0) > 0;
    if (tb_json_get(draft, "method.lr") || (!has_rates && !has_n)) {
        tb_json_set(out, "probe.n", tb_json_new_int(0));
        tb_json_set(out, "probe.rates", tb_json_new_list());
        tb_json_set(out, "probe.steps", tb_json_new_int(0));
        return true;
    }
    if (has_rates && has_n)
        return tb_fail(err, TB_ERR_RECIPE, "a probe tries `rates`, or `n` of them around the run's own: give one of "
                       "the two");
    if (has_rates && is_word(out, "method.kind", "stack"))
        return tb_fail(err, TB_ERR_RECIPE, "each part of a stack has its own rate, so a probe cannot try `rates`: give "
                       "`n`, and the rates of all parts are multiplied alike");
    if (is_word(out, "budget.unit", "minutes") && tb_json_int(tb_json_get(out, "probe.steps"), 0) == 0)
        return tb_fail(err, TB_ERR_RECIPE, "a budget in minutes has no steps of which a probe could be a share: give "
                       "`steps`");
    return settle_rates(out, err);
}
