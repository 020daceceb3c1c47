/* SPDX-License-Identifier: MIT */
/* mix.c - several texts as the data of one run: data.kind = "mix", data.<i>.kind, data.<i>.path, data.<i>.weight and
 * data.<i>.<key> of that kind (i from 0; doc/frozen.md 1). What the table of the word "mix" has belongs to the mix as a
 * whole and stands under data.<key>, though the kinds have it too. */
#include "plan/plan_priv.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "plan/keys.h"
#include "plan/schema.h"

static bool is_mix(const struct tb_json *map)
{
    return strcmp(tb_json_str(tb_json_get(map, "data.kind"), ""), "mix") == 0;
}

int tb_config_sources(const struct tb_config *c)
{
    char key[64];
    int n = 0;
    if (!is_mix(c->map))
        return 1;
    while (n < TB_PLAN_MAX_SOURCES && tb_json_get(c->map, tb_config_source_key(c, n, "kind", key)))
        n++;
    return n;
}

char *tb_config_source_key(const struct tb_config *c, int i, const char *name, char dst[64])
{
    if (is_mix(c->map))
        snprintf(dst, 64, "data.%d.%.40s", i, name);
    else
        snprintf(dst, 64, "data.%.40s", name);
    return dst;
}

bool tb_config_is_path(const char *dotted)
{
    return tb_str_starts(dotted, "data.") && tb_str_ends(dotted, ".path");
}

bool tb_mix_is_shared(const char *name)
{
    const struct tb_schema *mix = tb_schema_find("data", "mix");
    return mix && tb_key_find(mix->keys, name);
}

/* The entry of one key of a source; NULL if it has none of that name. */
static const struct tb_key *key_of(const char *kind, const char *name)
{
    const struct tb_schema *s = strcmp(kind, "mix") != 0 ? tb_schema_find("data", kind) : NULL;
    if (!s || tb_mix_is_shared(name))
        return NULL;
    const struct tb_key *own = tb_key_find(tb_keys_section("data"), name);
    own = own ? own : tb_key_find(tb_keys_section("data.<i>"), name);
    return own ? own : tb_key_find(s->keys, name);
}

const struct tb_key *tb_mix_key(const struct tb_json *map, const char *rest)
{
    const char *dot = strchr(rest, '.');
    char key[64];
    if (!is_mix(map) || !dot || (size_t)(dot - rest) > 2)
        return NULL;
    snprintf(key, sizeof key, "data.%.*s.kind", (int)(dot - rest), rest);
    return key_of(tb_json_str(tb_json_get(map, key), ""), dot + 1);
}

bool tb_mix_keys(const char *kind, struct tb_key keys[TB_MIX_KEYS])
{
    const struct tb_schema *s = tb_schema_find("data", kind);
    const struct tb_key *tables[] = { tb_keys_section("data"), s ? s->keys : NULL, tb_keys_section("data.<i>") };
    int n = 0;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const struct tb_key *k = tables[i]; k && k->type != TB_KEY_NONE; k++) {
            const struct tb_key *own = key_of(kind, k->name);
            bool is_second = i > 0 && tb_key_find(tables[0], k->name);
            tb_assert(n + 1 < TB_MIX_KEYS);
            if (own && !is_second)
                keys[n++] = *own;
        }
    keys[n] = (struct tb_key)TB_END_KEY;
    return n > 0;
}
