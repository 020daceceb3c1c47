/* SPDX-License-Identifier: MIT */
/* require.c - `require` of a recipe: the word "tunebench", and files beside the recipe ("arms" is
 * arms.lua in the same folder). No path leaves that folder: a name holds letters, digits, _ and -.
 * Every file is text, read once and noted in the plan with its hash. */
#include <ctype.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/utf8.h"
#include "recipe/lua_modules.h"
#include "recipe/recipe_priv.h"

static const char loaded[] = "tunebench.loaded";

/* Pushes what was loaded under that name and true, or nothing and false. */
static bool push_loaded(lua_State *L, const char *name)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX, loaded);
    bool is_there = lua_getfield(L, -1, name) != LUA_TNIL;
    lua_remove(L, -2);
    if (!is_there)
        lua_pop(L, 1);
    return is_there;
}

/* Remembers the value on top, which stays there. */
static void remember(lua_State *L, const char *name)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX, loaded);
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, name);
    lua_pop(L, 1);
}

bool tb_require_shipped(lua_State *L, const char *name)
{
    const struct tb_lua_module *m = tb_lua_modules;
    lua_pushfstring(L, "shipped %s", name);
    const char *kept = lua_tostring(L, -1);
    if (push_loaded(L, kept)) {
        lua_remove(L, -2);
        return true;
    }
    while (m->name && strcmp(m->name, name) != 0)
        m++;
    if (!m->name) {
        lua_pop(L, 1);
        return false;
    }
    if (luaL_loadbufferx(L, m->text, m->n, "=tunebench", "t") != LUA_OK)
        lua_error(L);
    tb_bind_push(L);
    lua_call(L, 1, 1);
    remember(L, kept);
    lua_remove(L, -2);
    return true;
}

static bool is_plain_name(const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)name[i]) && name[i] != '_' && name[i] != '-')
            return false;
    return n > 0 && n <= 64;
}

static int refuse(lua_State *L, const char *name, const char *words)
{
    struct tb_place at;
    tb_fault_place(L, &at);
    return tb_fault_raise(L, &at, NULL, lua_pushfstring(L, "require \"%s\": %s", name, words));
}

/* Pushes "folder of the recipe/name.lua". */
static const char *push_path(lua_State *L, const char *name)
{
    const char *recipe = tb_child_of(L)->path;
    lua_pushlstring(L, recipe, (size_t)(tb_path_base(recipe) - recipe));
    lua_pushfstring(L, "%s%s.lua", lua_tostring(L, -1), name);
    lua_remove(L, -2);
    return lua_tostring(L, -1);
}

/* Reads, notes and compiles; the function is on top then. */
static void load_beside(lua_State *L, const char *name)
{
    struct tb_plan *plan = tb_child_of(L)->plan;
    const char *path = push_path(L, name);
    struct tb_err err;
    size_t n;
    if (!tb_file_exists(path))
        refuse(L, name, "no such file beside the recipe; what is shipped is \"tunebench\"");
    if (plan->n_modules == TB_RECIPE_MAX_MODULES)
        refuse(L, name, "too many files");
    char *text = tb_file_read_plain(path, TB_RECIPE_MAX_TEXT, &n, &err);
    if (!text)
        refuse(L, name, err.text);
    bool is_text = tb_utf8_valid(text, n) && !memchr(text, 0, n);
    if (is_text)
        tb_plan_add_module(plan, name, text, n);
    free(text);
    if (!is_text)
        refuse(L, name, "that file is not text");
    const struct tb_plan_module *m = &plan->modules[plan->n_modules - 1];
    tb_child_load(L, path, m->text, n);
    lua_remove(L, -2);
}

int tb_require(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    lua_settop(L, 1);
    if (strcmp(name, "tunebench") == 0)
        return tb_require_shipped(L, name) ? 1 : 0;
    if (!is_plain_name(name))
        return refuse(L, name,
                      "a name has letters, digits, _ and - only, and means a file beside the "
                      "recipe");
    if (push_loaded(L, name)) {
        if (lua_type(L, -1) == LUA_TLIGHTUSERDATA)
            return refuse(L, name, "these files require each other in a circle");
        return 1;
    }
    lua_pushlightuserdata(L, (void *)&loaded);
    remember(L, name);
    lua_pop(L, 1);
    load_beside(L, name);
    lua_call(L, 0, 1);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushboolean(L, true);
    }
    remember(L, name);
    return 1;
}
