/* SPDX-License-Identifier: MIT */
/* fault.c - errors with a place. Whatever goes wrong in the child ends as a table {file, line, key,
 * text} with a metatable of its own, so a recipe may catch and print it, and the parent gets the
 * four fields. The place is the innermost line of the recipe, not of the modules that serve it;
 * chunks of the recipe are named "@path", the shipped ones "=tunebench". */
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "recipe/recipe_priv.h"

static const char fault_name[] = "tunebench.fault";

/* Also called by the allocator: allocates nothing. */
static bool find_place(lua_State *L, struct tb_place *at, char short_src[LUA_IDSIZE])
{
    lua_Debug ar;
    for (int level = 0; lua_getstack(L, level, &ar); level++) {
        if (!lua_getinfo(L, "Sl", &ar) || *ar.source != '@' || ar.currentline < 1)
            continue;
        tb_str_copy(at->file, sizeof at->file, ar.source + 1);
        tb_str_copy(short_src, LUA_IDSIZE, ar.short_src);
        at->line = ar.currentline;
        return true;
    }
    tb_str_copy(at->file, sizeof at->file, tb_child_of(L)->path);
    at->line = 0;
    return false;
}

void tb_fault_place(lua_State *L, struct tb_place *at)
{
    char short_src[LUA_IDSIZE];
    find_place(L, at, short_src);
}

static int say_fault(lua_State *L)
{
    lua_getfield(L, 1, "file");
    lua_getfield(L, 1, "line");
    lua_getfield(L, 1, "text");
    lua_pushfstring(L, "%s:%d: %s", luaL_tolstring(L, 2, NULL), (int)lua_tointeger(L, 3),
                    luaL_tolstring(L, 4, NULL));
    return 1;
}

static void push_fault(lua_State *L, const struct tb_place *at, const char *key, const char *text)
{
    luaL_checkstack(L, 8, "no room for an error");
    lua_createtable(L, 0, 4);
    lua_pushstring(L, at->file);
    lua_setfield(L, -2, "file");
    lua_pushinteger(L, at->line);
    lua_setfield(L, -2, "line");
    lua_pushstring(L, key);
    lua_setfield(L, -2, "key");
    lua_pushstring(L, text);
    lua_setfield(L, -2, "text");
    if (luaL_newmetatable(L, fault_name)) {
        lua_pushcfunction(L, say_fault);
        lua_setfield(L, -2, "__tostring");
        lua_pushboolean(L, false);
        lua_setfield(L, -2, "__metatable"); /* getmetatable must not hand it to a recipe */
    }
    lua_setmetatable(L, -2);
}

int tb_fault_raise(lua_State *L, const struct tb_place *at, const char *key, const char *text)
{
    push_fault(L, at, key, text);
    return lua_error(L);
}

static bool is_fault(lua_State *L, int i)
{
    if (!lua_istable(L, i) || !lua_getmetatable(L, i))
        return false;
    luaL_getmetatable(L, fault_name);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same;
}

int tb_fault_split(const char *message, const char **words)
{
    *words = message;
    for (const char *c = strchr(message, ':'); c; c = strchr(c + 1, ':')) {
        char *end;
        long line = strtol(c + 1, &end, 10);
        if (end > c + 1 && c[1] >= '0' && c[1] <= '9' && end[0] == ':' && end[1] == ' ') {
            *words = end + 2;
            return line < 1 << 24 ? (int)line : 0;
        }
    }
    return 0;
}

int tb_fault_handler(lua_State *L)
{
    struct tb_place at;
    char short_src[LUA_IDSIZE] = "";
    if (is_fault(L, 1))
        return 1;
    bool found = find_place(L, &at, short_src);
    const char *text = lua_type(L, 1) == LUA_TSTRING ? lua_tostring(L, 1) : NULL;
    const char *words = text;
    if (!text)
        text = words = lua_pushfstring(L, "an error of type %s was raised", luaL_typename(L, 1));
    /* "file:12: words" names its line itself; error(.., 2) names another one than where we are. */
    size_t n = strlen(short_src);
    if (found && n && strncmp(text, short_src, n) == 0 && text[n] == ':') {
        int line = tb_fault_split(text + n, &words);
        at.line = line ? line : at.line;
    }
    push_fault(L, &at, NULL, words);
    return 1;
}

static struct tb_json *fault(const struct tb_place *at, const char *key, const char *text)
{
    struct tb_json *j = tb_json_new_map();
    tb_json_set(j, "file", tb_json_new_str(at->file));
    tb_json_set(j, "line", tb_json_new_int(at->line));
    tb_json_set(j, "key", tb_json_new_str(key));
    tb_json_set(j, "text", tb_json_new_str(text));
    return j;
}

/* A field's string or otherwise; leaves it on the stack, which keeps it alive. */
static const char *field(lua_State *L, int i, const char *name, const char *otherwise)
{
    lua_pushstring(L, name);
    return lua_rawget(L, i) == LUA_TSTRING ? lua_tostring(L, -1) : otherwise;
}

struct tb_json *tb_fault_json(lua_State *L, int status)
{
    const struct tb_child *c = tb_child_of(L);
    struct tb_place at = { .line = 0 };
    int i = lua_gettop(L);
    tb_str_copy(at.file, sizeof at.file, c->path);
    if (status == LUA_ERRMEM)
        return fault(c->oom.line ? &c->oom : &at, NULL,
                     "a recipe may use 32 MiB, and this one wants more (a table or string that "
                     "grows in a loop, or a call of itself?)");
    if (!is_fault(L, i)) {
        bool has_words = lua_type(L, i) == LUA_TSTRING;
        return fault(&at, NULL, has_words ? lua_tostring(L, i) : "an error without words");
    }
    tb_str_copy(at.file, sizeof at.file, field(L, i, "file", c->path));
    lua_pushstring(L, "line");
    lua_rawget(L, i);
    at.line = (int)lua_tointeger(L, -1);
    const char *key = field(L, i, "key", NULL), *text = field(L, i, "text", "");
    struct tb_json *j = fault(&at, key, text);
    lua_settop(L, i);
    return j;
}
