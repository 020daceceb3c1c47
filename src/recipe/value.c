/* SPDX-License-Identifier: MIT */
/* value.c - Lua values to JSON and back. Plain data only: nil, booleans, finite numbers, UTF-8
 * strings, tables that are a list (1..n) or have names for keys; no metatable, function or userdata
 * passes. Reading uses only calls that never raise, so a half-made value cannot be lost. */
#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "recipe/recipe_priv.h"

enum { MAX_DEPTH = 16, MAX_ENTRIES = 100000 };

static struct tb_json *read_value(lua_State *L, int i, int depth, struct tb_refusal *why);

static struct tb_json *refuse(struct tb_refusal *why, const char *words)
{
    *why = (struct tb_refusal){ .words = words };
    return NULL;
}

/* On the way out of what holds the refused value: ".key" or "[3]" in front. What is too long is cut at its end. */
static void locate(struct tb_refusal *why, const char *step)
{
    char behind[sizeof why->at];
    tb_str_copy(behind, sizeof behind, why->at);
    tb_str_copy(why->at, sizeof why->at, step);
    size_t n = strlen(why->at);
    tb_str_copy(why->at + n, sizeof why->at - n, behind);
}

static struct tb_json *read_string(lua_State *L, int i, struct tb_refusal *why)
{
    size_t n;
    const char *s = lua_tolstring(L, i, &n);
    if (!tb_utf8_valid(s, n) || memchr(s, 0, n))
        return refuse(why, "a string that is not UTF-8 text");
    return tb_json_new_strn(s, n);
}

static struct tb_json *read_number(lua_State *L, int i, struct tb_refusal *why)
{
    if (lua_isinteger(L, i))
        return tb_json_new_int(lua_tointeger(L, i));
    double v = lua_tonumber(L, i);
    return isfinite(v) ? tb_json_new_real(v) : refuse(why, "not a finite number");
}

/* Entries of the table at i; names are those whose key is a string. */
static int count(lua_State *L, int i, int *n_names)
{
    int n = 0;
    *n_names = 0;
    for (lua_pushnil(L); lua_next(L, i); lua_pop(L, 1)) {
        *n_names += lua_type(L, -2) == LUA_TSTRING;
        n++;
    }
    return n;
}

static struct tb_json *read_list(lua_State *L, int i, int n, int depth, struct tb_refusal *why)
{
    struct tb_json *list = tb_json_new_list();
    for (int k = 1; k <= n; k++) {
        lua_rawgeti(L, i, k);
        struct tb_json *v = read_value(L, lua_gettop(L), depth, why);
        lua_pop(L, 1);
        if (!v) {
            char step[24];
            snprintf(step, sizeof step, "[%d]", k);
            locate(why, step);
            tb_json_free(list);
            return NULL;
        }
        tb_json_append(list, v);
    }
    return list;
}

static struct tb_json *read_map(lua_State *L, int i, int depth, struct tb_refusal *why)
{
    struct tb_json *map = tb_json_new_map();
    for (lua_pushnil(L); lua_next(L, i); lua_pop(L, 1)) {
        size_t n;
        const char *key = lua_tolstring(L, -2, &n);
        bool is_text = tb_utf8_valid(key, n) && !memchr(key, 0, n);
        struct tb_json *v = is_text ? read_value(L, lua_gettop(L), depth, why)
                                    : refuse(why, "a table with a name that is not UTF-8 text");
        if (!v) {
            char step[sizeof why->at];
            snprintf(step, sizeof step, ".%s", is_text ? key : "?");
            locate(why, step);
            lua_pop(L, 2);
            tb_json_free(map);
            return NULL;
        }
        tb_json_set(map, key, v);
    }
    return map;
}

static struct tb_json *read_table(lua_State *L, int i, int depth, struct tb_refusal *why)
{
    int n_names, n;
    if (lua_getmetatable(L, i)) {
        lua_pop(L, 1);
        return refuse(why, "an object, not plain data");
    }
    if (depth >= MAX_DEPTH)
        return refuse(why, "a table nested too deeply, or within itself");
    n = count(L, i, &n_names);
    if (n > MAX_ENTRIES)
        return refuse(why, "a table that is too long");
    if (n_names == 0 && (size_t)n == lua_rawlen(L, i))
        return read_list(L, i, n, depth + 1, why);
    if (n_names == n)
        return read_map(L, i, depth + 1, why);
    return refuse(why, "a table that mixes a list with names");
}

static struct tb_json *read_value(lua_State *L, int i, int depth, struct tb_refusal *why)
{
    if (!lua_checkstack(L, 8))
        return refuse(why, "a table nested too deeply");
    switch (lua_type(L, i)) {
    case LUA_TNIL: return tb_json_new_null();
    case LUA_TBOOLEAN: return tb_json_new_bool(lua_toboolean(L, i));
    case LUA_TNUMBER: return read_number(L, i, why);
    case LUA_TSTRING: return read_string(L, i, why);
    case LUA_TTABLE: return read_table(L, i, depth, why);
    case LUA_TFUNCTION: return refuse(why, "a function");
    default: return refuse(why, "no plain data");
    }
}

struct tb_json *tb_value_read(lua_State *L, int index, struct tb_refusal *why)
{
    return read_value(L, lua_absindex(L, index), 0, why);
}

static void push_list(lua_State *L, const struct tb_json *j)
{
    lua_createtable(L, (int)tb_json_len(j), 0);
    for (size_t i = 0; i < tb_json_len(j); i++) {
        tb_value_push(L, tb_json_at(j, i));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static void push_map(lua_State *L, const struct tb_json *j)
{
    lua_newtable(L);
    for (void *it = tb_json_first(j); it; it = tb_json_next(j, it)) {
        tb_value_push(L, tb_json_iter_value(it));
        lua_setfield(L, -2, tb_json_iter_key(it));
    }
}

void tb_value_push(lua_State *L, const struct tb_json *j)
{
    luaL_checkstack(L, 8, "nested too deeply");
    switch (tb_json_type(j)) {
    case TB_JSON_NULL: lua_pushnil(L); break;
    case TB_JSON_BOOL: lua_pushboolean(L, tb_json_bool(j, false)); break;
    case TB_JSON_INT: lua_pushinteger(L, tb_json_int(j, 0)); break;
    case TB_JSON_REAL: lua_pushnumber(L, tb_json_real(j, 0)); break;
    case TB_JSON_STR: lua_pushlstring(L, tb_json_str(j, ""), tb_json_str_len(j)); break;
    case TB_JSON_LIST: push_list(L, j); break;
    case TB_JSON_MAP: push_map(L, j); break;
    }
}

/* Pushes a component of a dotted key: the part of a stack or mix is a number. */
static void push_word(lua_State *L, const char *word, size_t n)
{
    if (n <= 2 && strspn(word, "0123456789") >= n)
        lua_pushinteger(L, strtol(word, NULL, 10));
    else
        lua_pushlstring(L, word, n);
}

/* Replaces the table on top by its field `word`, which is made if it is missing. */
static void descend(lua_State *L, const char *word, size_t n)
{
    push_word(L, word, n);
    if (lua_rawget(L, -2) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        push_word(L, word, n);
        lua_pushvalue(L, -2);
        lua_rawset(L, -4);
    }
    lua_remove(L, -2);
}

void tb_value_push_config(lua_State *L, const struct tb_json *map)
{
    lua_newtable(L);
    for (void *it = tb_json_first(map); it; it = tb_json_next(map, it)) {
        const char *key = tb_json_iter_key(it), *dot;
        tb_value_push(L, tb_json_iter_value(it));
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, key);
        lua_pushvalue(L, -2);
        while ((dot = strchr(key, '.'))) {
            descend(L, key, (size_t)(dot - key));
            key = dot + 1;
        }
        push_word(L, key, strlen(key));
        lua_pushvalue(L, -3);
        lua_rawset(L, -3);
        lua_pop(L, 2);
    }
}
