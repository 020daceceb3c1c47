/* SPDX-License-Identifier: MIT */
/* defaults.c - defaults are completed from what must be given, so that a default of one key that hangs on another key's
 * value is the one of that run. */
#include "view/defaults.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "plan/plan.h"

/* A choice, without which a run is not what it is; everything else has a default. */
static bool is_given(const struct tb_json *config, const char *key)
{
    static const char *const given[] = { "base", "budget.unit", "budget.n", NULL };
    const char *unit = tb_json_str(tb_json_get(config, "budget.unit"), "");
    bool needs_schedule = strcmp(unit, "minutes") == 0 && strcmp(key, "schedule.name") == 0;
    return tb_str_in(key, given) || needs_schedule || tb_config_is_path(key) || tb_str_ends(key, ".kind");
}

/* Defaults that follow another key follow the value that was chosen for it: alpha = 2 r. */
static void follow(struct tb_json *defaults, const struct tb_json *config)
{
    for (void *it = tb_json_first(config); it; it = tb_json_next(config, it)) {
        const char *key = tb_json_iter_key(it), *dot = strrchr(key, '.');
        const struct tb_key *k = dot ? tb_config_key(config, key) : NULL;
        if (!k || !k->follows)
            continue;
        char *leader = tb_xasprintf("%.*s.%s", (int)(dot - key), key, k->follows);
        double v = tb_json_real(tb_json_get(config, leader), NAN) * k->times;
        bool is_int = (k->type == TB_KEY_INT || tb_json_type(tb_json_iter_value(it)) == TB_JSON_INT) && v == floor(v)
                   && v > -0x1p53 && v < 0x1p53;
        if (isfinite(v))
            tb_json_set(defaults, key, is_int ? tb_json_new_int((int64_t)v) : tb_json_new_real(v));
        free(leader);
    }
}

struct tb_json *tb_run_defaults(const struct tb_json *config)
{
    struct tb_json *draft = tb_json_new_map();
    for (void *it = tb_json_first(config); it; it = tb_json_next(config, it))
        if (is_given(config, tb_json_iter_key(it)))
            tb_json_set(draft, tb_json_iter_key(it), tb_json_copy(tb_json_iter_value(it)));
    struct tb_json *whole = tb_config_complete(draft, NULL);
    tb_json_free(draft);
    if (whole)
        follow(whole, config);
    return whole;
}

bool tb_run_chose(const struct tb_json *defaults, const char *key, const struct tb_json *value)
{
    return tb_str_ends(key, ".kind") || tb_str_starts(key, "budget.") || strcmp(key, "base") == 0
        || tb_config_is_path(key) || !tb_json_equal(tb_json_get(defaults, key), value);
}
