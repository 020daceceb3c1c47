/* SPDX-License-Identifier: MIT */
/* bind.c - the C functions that the shipped Lua modules are given (as their one argument); a recipe
 * never sees them.
 *   word(f)                 function that calls f(here, ..), here = line of the recipe that calls
 *   fail(here, key, text)   raises a fault there, at the line of the key if that is found; here.within: its table
 *   words(group)            list of {name, help, can_stack} of "method" or "data"
 *   keys(group, name)       names of the keys of a word, or of a section (group "")
 *   check(group, name, key, value)   the normalised value, or nil and words
 *   unknown(who, key, list) "who has no 'key'; did you mean ..?"
 *   begin(here, where, settings)   the sweep that is about to be walked; settings of a search or nil
 *   emit(draft)             one point of it: completed, filtered, added to the plan; of a search a draft with ranges
 *   draw()                  after the last: the points of a search
 *   part(name)              what another shipped module returns */
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "plan/keys.h"
#include "plan/schema.h"
#include "recipe/recipe_priv.h"

static void push_place(lua_State *L, const struct tb_place *at)
{
    lua_createtable(L, 0, 2);
    lua_pushstring(L, at->file);
    lua_setfield(L, -2, "file");
    lua_pushinteger(L, at->line);
    lua_setfield(L, -2, "line");
}

static void read_place(lua_State *L, int i, struct tb_place *at)
{
    luaL_checktype(L, i, LUA_TTABLE);
    lua_getfield(L, i, "file");
    lua_getfield(L, i, "line");
    tb_str_copy(at->file, sizeof at->file, luaL_checkstring(L, -2));
    at->line = (int)luaL_checkinteger(L, -1);
    lua_pop(L, 2);
}

/* A C function on purpose: `return t.sweep{..}` would drop the frame of a Lua function's caller. */
static int call_word(lua_State *L)
{
    struct tb_place at;
    tb_fault_place(L, &at);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    push_place(L, &at);
    lua_insert(L, 2);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

static int word(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    lua_pushcclosure(L, call_word, 1);
    return 1;
}

static int fail(lua_State *L)
{
    struct tb_place at;
    const char *key = luaL_optstring(L, 2, NULL), *text = luaL_checkstring(L, 3);
    read_place(L, 1, &at);
    if (key && lua_getfield(L, 1, "within") == LUA_TSTRING)
        key = lua_pushfstring(L, "%s.%s", lua_tostring(L, -1), key);
    tb_locate_key(tb_child_of(L), &at, key);
    return tb_fault_raise(L, &at, key, text);
}

static int words(lua_State *L)
{
    const char *group = luaL_checkstring(L, 1);
    lua_newtable(L);
    for (int i = 0; tb_schema_at(group, i); i++) {
        const struct tb_schema *s = tb_schema_at(group, i);
        lua_createtable(L, 0, 3);
        lua_pushstring(L, s->name);
        lua_setfield(L, -2, "name");
        lua_pushstring(L, s->help);
        lua_setfield(L, -2, "help");
        lua_pushboolean(L, s->can_stack);
        lua_setfield(L, -2, "can_stack");
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

static const struct tb_key *table_of(lua_State *L, const char *group, const char *name)
{
    const struct tb_schema *s = *group ? tb_schema_find(group, name) : NULL;
    const struct tb_key *keys = *group ? (s ? s->keys : NULL) : tb_keys_section(name);
    if (!keys)
        luaL_error(L, "no key table %s %s", group, name);
    return keys;
}

static int keys_of(lua_State *L)
{
    const struct tb_key *keys = table_of(L, luaL_checkstring(L, 1), luaL_checkstring(L, 2));
    lua_newtable(L);
    for (int i = 0; keys[i].type != TB_KEY_NONE; i++) {
        lua_pushstring(L, keys[i].name);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* A value that must be freed when its Lua box is collected, whatever is raised meanwhile. */
static int drop_box(lua_State *L)
{
    struct tb_json **box = lua_touserdata(L, 1);
    tb_json_free(*box);
    *box = NULL;
    return 0;
}

static struct tb_json **push_box(lua_State *L)
{
    struct tb_json **box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = NULL;
    if (luaL_newmetatable(L, "tunebench.box")) {
        lua_pushcfunction(L, drop_box);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return box;
}

static int sorry(lua_State *L, const char *text)
{
    lua_pushnil(L);
    lua_pushstring(L, text);
    return 2;
}

static const char *who(lua_State *L, const char *group, const char *name)
{
    if (!*group)
        return *name ? name : "t.sweep";
    return lua_pushfstring(L, "t.%s", name);
}

/* With what was expected in its place; key may be NULL. */
static int refused(lua_State *L, const struct tb_key *key, const char *text)
{
    struct tb_buf want = { 0 };
    char words[400];
    if (key)
        tb_key_expected(key, &want);
    snprintf(words, sizeof words, "%s%s%s", text, want.p ? "; expected " : "", want.p ? want.p : "");
    tb_buf_free(&want);
    return sorry(L, words);
}

static int check(lua_State *L)
{
    const char *group = luaL_checkstring(L, 1), *name = luaL_checkstring(L, 2);
    const char *key = luaL_checkstring(L, 3), *by = who(L, group, name);
    const struct tb_key *keys = table_of(L, group, name);
    struct tb_refusal why;
    struct tb_err err;
    struct tb_json **given = push_box(L), **checked = push_box(L);
    struct tb_json *value = tb_value_read(L, 4, &why);
    if (!value)
        return refused(L, tb_key_find(keys, key), lua_pushfstring(L, "%s: %s%s is %s", by, key, why.at, why.words));
    *given = tb_json_new_map();
    tb_json_set(*given, key, value);
    *checked = tb_key_check(keys, *given, by, &err);
    if (!*checked)
        return sorry(L, err.text);
    tb_value_push(L, tb_json_get(*checked, key));
    return 1;
}

static int unknown(lua_State *L)
{
    const char *list[128], *by = luaL_checkstring(L, 1), *key = luaL_checkstring(L, 2);
    struct tb_err err;
    int n = (int)lua_rawlen(L, 3);
    luaL_checkstack(L, 130, "too many keys");
    if (n > 127)
        n = 127;
    for (int i = 0; i < n; i++) {
        lua_rawgeti(L, 3, i + 1);
        list[i] = luaL_checkstring(L, -1);
    }
    list[n] = NULL;
    tb_keys_unknown(by, key, list, &err);
    lua_pushstring(L, err.text);
    return 1;
}

static int begin(lua_State *L)
{
    struct tb_child *c = tb_child_of(L);
    struct tb_refusal why;
    read_place(L, 1, &c->sweep);
    lua_settop(L, 3);
    if (!lua_isnil(L, 3) && !(c->search = tb_value_read(L, 3, &why)))
        return tb_fault_raise(L, &c->sweep, "search", lua_pushfstring(L, "%s is %s", why.at + (*why.at == '.'),
                                                                      why.words));
    lua_settop(L, 2);
    c->where_ref = lua_isnil(L, 2) ? LUA_NOREF : luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

/* Protected: where(config); the config is a light pointer at 1. */
static int ask(lua_State *L)
{
    struct tb_child *c = tb_child_of(L);
    const struct tb_config *config = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, c->where_ref);
    tb_value_push_config(L, config->map);
    tb_child_clock_on(L);
    lua_call(L, 1, 1);
    if (!lua_isboolean(L, -1))
        return tb_fault_raise(L, &c->sweep, "where", lua_pushfstring(L, "where must return true or "
                              "false, not %s", luaL_typename(L, -1)));
    return 1;
}

int tb_bind_keep(void *ctx, const struct tb_config *config, struct tb_err *err)
{
    lua_State *L = ctx;
    if (tb_child_of(L)->where_ref == LUA_NOREF)
        return 1;
    lua_pushcfunction(L, tb_fault_handler);
    lua_pushcfunction(L, ask);
    lua_pushlightuserdata(L, (void *)(uintptr_t)config);
    int status = lua_pcall(L, 1, 1, -3);
    tb_child_clock_off(L);
    if (status != LUA_OK) {
        tb_fail(err, TB_ERR_RECIPE, "where failed");
        return -1;
    }
    int kept = lua_toboolean(L, -1);
    lua_pop(L, 2);
    return kept;
}

int tb_bind_raise(lua_State *L, int top, const struct tb_err *err)
{
    struct tb_place at = tb_child_of(L)->sweep;
    char key[64]; /* words that begin with a key are about it: "eval.metrics: there is no metric .." */
    size_t n = strspn(err->text, "abcdefghijklmnopqrstuvwxyz_.");
    if (lua_gettop(L) > top)
        return lua_error(L);
    snprintf(key, sizeof key, "%.*s", (int)n, err->text);
    tb_locate_key(tb_child_of(L), &at, key);
    if (*err->where) {
        tb_str_copy(at.file, sizeof at.file, err->where);
        at.line = err->line;
    }
    return tb_fault_raise(L, &at, NULL, err->text);
}

static int emit(lua_State *L)
{
    struct tb_child *c = tb_child_of(L);
    struct tb_err err = { 0 };
    struct tb_refusal why;
    struct tb_json **box = push_box(L);
    struct tb_place at = c->sweep;
    if (++c->n_points > TB_RECIPE_MAX_POINTS)
        return tb_fault_raise(L, &at, NULL,
                              "this makes more than 100000 points for `where` to look at");
    *box = tb_value_read(L, 1, &why);
    if (!*box)
        return tb_fault_raise(L, &at, NULL, lua_pushfstring(L, "a run%s is %s", why.at, why.words));
    int top = lua_gettop(L);
    bool good = c->search ? tb_draw_take(c, *box, &err)
                          : tb_plan_add(c->plan, *box, &c->overrides, tb_bind_keep, L, &err);
    return good ? 0 : tb_bind_raise(L, top, &err);
}

static int part(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    if (!tb_require_shipped(L, lua_pushfstring(L, "tunebench.%s", name)))
        return luaL_error(L, "no shipped module %s", name);
    return 1;
}

void tb_bind_push(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "word", word }, { "fail", fail }, { "words", words }, { "keys", keys_of },
        { "check", check }, { "unknown", unknown }, { "begin", begin }, { "emit", emit },
        { "draw", tb_draw_all },
        { "part", part }, { NULL, NULL },
    };
    luaL_newlib(L, functions);
}
