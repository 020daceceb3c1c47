/* SPDX-License-Identifier: MIT */
/* other_data.c - keys of a second text in the place of a run's own, so that whoever opens data opens this too. */
#include "worker/other_data.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "worker/sniff.h"
#include "worker/worker.h"

struct tb_config tb_other_data(const struct tb_config *c, const char *text, struct tb_err *err)
{
    struct tb_config out = { tb_json_new_map() };
    for (void *it = tb_json_first(c->map); it; it = tb_json_next(c->map, it))
        if (!tb_str_starts(tb_json_iter_key(it), "data."))
            tb_json_set(out.map, tb_json_iter_key(it), tb_json_copy(tb_json_iter_value(it)));
    if (!tb_plan_data_parse(text, out.map, err)) {
        tb_json_free(out.map);
        return (struct tb_config){ NULL };
    }
    struct tb_json *paths = tb_json_new_list();
    tb_json_append(paths, tb_json_copy(tb_config_get(&out, "data.path")));
    tb_json_set(out.map, "data.path", paths);
    return out;
}

char *tb_other_data_settle(struct tb_shelf *s, const struct tb_config *c, const char *text, struct tb_err *err)
{
    struct tb_config other = tb_other_data(c, text, err);
    char *out = NULL;
    if (!other.map)
        return NULL;
    if (tb_shelf_settle(s, &other, err)) {
        const char *path = tb_json_str(tb_json_at(tb_config_get(&other, "data.path"), 0), "");
        const char *keys = strchr(text, ',');
        int n_word = tb_sniff_has_word(text) ? (int)strcspn(text, ":") + 1 : 0;
        char *whole = tb_xasprintf("%.*s%s%s", n_word, text, path, keys ? keys : "");
        out = tb_worker_sniff(whole, err);
        free(whole);
    }
    tb_json_free(other.map);
    return out;
}
