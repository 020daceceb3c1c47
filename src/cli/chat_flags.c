/* SPDX-License-Identifier: MIT */
/* chat_flags.c - words and flags as a spec and as a request. */
#include "cli/chat_flags.h"

#include <limits.h>
#include <string.h>

#include "base/str.h"
#include "cli/pick.h"

enum { MAX_THREADS = 4096 };

bool tb_chat_flags_read(struct tb_chat_flags *f, const struct tb_args *a, bool has_base, struct tb_err *err)
{
    long threads;
    *f = (struct tb_chat_flags){ .spec = { .store = tb_args_get(a, "store"), .runs = f->run, .has_base = has_base,
                                           .base = tb_args_get(a, "base"), .adapters = f->adapter,
                                           .data = tb_args_get(a, "data") } };
    if (a->n_pos + has_base > TB_CHAT_RUNS)
        return tb_fail(err, TB_ERR_USAGE, "%d sides at once; at most %d", a->n_pos + has_base, TB_CHAT_RUNS);
    for (int i = 0; i < a->n_pos; i++) {
        if (!tb_pick_ref(a, a->pos[i], f->ref[i], err))
            return false;
        f->run[f->spec.n_runs++] = f->ref[i];
    }
    while (f->spec.n_adapters < TB_CHAT_ADAPTERS
           && (f->adapter[f->spec.n_adapters] = tb_args_at(a, "adapter", f->spec.n_adapters)))
        f->spec.n_adapters++;
    if (!tb_args_int(a, "threads", 1, MAX_THREADS, 0, &threads, err))
        return false;
    f->spec.threads = (int)threads;
    return true;
}

static bool put_real(const struct tb_args *a, const char *flag, const char *key, double min, double max,
                     struct tb_json *to, struct tb_err *err)
{
    double v;
    if (!tb_args_real(a, flag, min, max, 0, &v, err))
        return false;
    if (tb_args_has(a, flag))
        tb_json_set(to, key, tb_json_new_real(v));
    return true;
}

static bool put_int(const struct tb_args *a, const char *flag, const char *key, long min, long max,
                    struct tb_json *to, struct tb_err *err)
{
    long v;
    if (!tb_args_int(a, flag, min, max, 0, &v, err))
        return false;
    if (tb_args_has(a, flag))
        tb_json_set(to, key, tb_json_new_int(v));
    return true;
}

/* "0.5" for all sides with a letter, "B=0.5" for one. */
static bool put_scales(const struct tb_args *a, int n_sides, struct tb_json *to, struct tb_err *err)
{
    struct tb_json *map = tb_json_new_map();
    const char *word;
    for (int i = 0; (word = tb_args_at(a, "scale", i)); i++) {
        double v;
        const char *at = strchr(word, '=');
        char side[2] = { *word, '\0' };
        if (!tb_str_real(at ? at + 1 : word, &v) || (at && at != word + 1)) {
            tb_json_free(map);
            return tb_fail(err, TB_ERR_USAGE, "--scale %s: expected a number, or a side and a number like B=0.5", word);
        }
        if (at)
            tb_json_set(map, side, tb_json_new_real(v));
        for (char letter = 'A'; !at && letter < 'A' + n_sides; letter++)
            tb_json_set(map, (char[]){ letter, '\0' }, tb_json_new_real(v));
    }
    tb_json_set(to, "scales", map);
    return true;
}

struct tb_json *tb_chat_settings(const struct tb_args *a, int n_sides, struct tb_err *err)
{
    struct tb_json *to = tb_json_new_map(), *stops = tb_json_new_list();
    const char *stop;
    for (int i = 0; (stop = tb_args_at(a, "stop", i)); i++)
        tb_json_append(stops, tb_json_new_str(stop));
    tb_json_set(to, "stop", stops);
    tb_json_set(to, "raw", tb_json_new_bool(tb_args_has(a, "raw")));
    if (put_int(a, "max", "max", 1, 1 << 20, to, err) && put_real(a, "temperature", "temperature", 0, 100, to, err)
        && put_int(a, "top-k", "top_k", 0, 1 << 30, to, err) && put_real(a, "top-p", "top_p", 0, 1, to, err)
        && put_real(a, "min-p", "min_p", 0, 1, to, err)
        && put_real(a, "repeat-penalty", "repeat_penalty", 0.01, 100, to, err)
        && put_int(a, "seed", "seed", 0, INT_MAX, to, err) && put_scales(a, n_sides, to, err))
        return to;
    tb_json_free(to);
    return NULL;
}
