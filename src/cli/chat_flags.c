/* SPDX-License-Identifier: MIT */
/* chat_flags.c - words and flags as a spec and as a request. */
#include "cli/chat_flags.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/pick.h"

enum { MAX_THREADS = 4096 };
static const char mix[] = "mix"; /* the flag, and the side that it makes */

bool tb_chat_flags_read(struct tb_chat_flags *f, const struct tb_args *a, struct tb_err *err)
{
    long threads;
    bool has_base = tb_args_has(a, "base-too"), has_mix = tb_args_has(a, mix);
    *f = (struct tb_chat_flags){ .spec = { .store = tb_args_get(a, "store"), .runs = f->run, .has_base = has_base,
                                           .has_mix = has_mix,
                                           .base = tb_args_get(a, "base"), .adapters = f->adapter,
                                           .data = tb_args_get(a, "data") } };
    int n = a->n_pos + has_base + has_mix;
    if (n > TB_CHAT_RUNS)
        return tb_fail(err, TB_ERR_USAGE, "%d sides at once; at most %d", n, TB_CHAT_RUNS);
    for (int i = 0; i < a->n_pos; i++) {
        if (!tb_pick_ref(a, a->pos[i], f->ref[i], err))
            return false;
        f->run[f->spec.n_runs++] = f->ref[i];
    }
    if (!tb_args_list(a, "adapter", f->adapter, TB_CHAT_ADAPTERS, &f->spec.n_adapters, err)
        || !tb_args_int(a, "threads", 1, MAX_THREADS, 0, &threads, err))
        return false;
    f->spec.threads = (int)threads;
    return true;
}

/* What TB_FLAGS_SAMPLING say, but for stops. */
static const struct sampling {
    const char *flag, *key;
    bool is_whole;
    double min, max;
} samplings[] = {
    { "max", "max", true, 1, 1 << 20 },        { "temperature", "temperature", false, 0, 100 },
    { "top-k", "top_k", true, 0, 1 << 30 },    { "top-p", "top_p", false, 0, 1 },
    { "min-p", "min_p", false, 0, 1 },         { "repeat-penalty", "repeat_penalty", false, 0.01, 100 },
    { "seed", "seed", true, 0, INT_MAX },
};

static bool put_sampling(const struct tb_args *a, const struct sampling *s, struct tb_json *to, struct tb_err *err)
{
    long whole = 0;
    double real = 0;
    bool good = s->is_whole ? tb_args_int(a, s->flag, (long)s->min, (long)s->max, 0, &whole, err)
                            : tb_args_real(a, s->flag, s->min, s->max, 0, &real, err);
    if (good && tb_args_has(a, s->flag))
        tb_json_set(to, s->key, s->is_whole ? tb_json_new_int(whole) : tb_json_new_real(real));
    return good;
}

/* "0.5" for all sides with adapters, "B=0.5" or "mix=0.5" for one. */
static bool put_scales(const struct tb_args *a, int n_sides, struct tb_json *to, struct tb_err *err)
{
    struct tb_json *map = tb_json_new_map();
    const char *word;
    for (int i = 0; (word = tb_args_at(a, "scale", i)); i++) {
        double v;
        const char *at = strchr(word, '=');
        char side[8];
        snprintf(side, sizeof side, "%.*s", at ? (int)(at - word) : 0, word);
        if (!tb_str_real(at ? at + 1 : word, &v) || (at && at != word + 1 && strcmp(side, mix) != 0)) {
            tb_json_free(map);
            return tb_fail(err, TB_ERR_USAGE, "--scale %s: expected a number, or a side and a number like B=0.5", word);
        }
        if (at || tb_args_has(a, mix))
            tb_json_set(map, at ? side : mix, tb_json_new_real(v));
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
    bool good = true;
    for (size_t i = 0; good && i < sizeof samplings / sizeof *samplings; i++)
        good = put_sampling(a, &samplings[i], to, err);
    if (good && put_scales(a, n_sides, to, err))
        return to;
    tb_json_free(to);
    return NULL;
}
