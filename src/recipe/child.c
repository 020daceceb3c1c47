/* SPDX-License-Identifier: MIT */
/* child.c - the process in which a recipe runs. What it may: base (without load, dofile, loadfile,
 * collectgarbage, warn), string (without dump), table, math (random is seeded with 0, so a recipe
 * means the same plan every time); text chunks only; 32 MiB; 0.3 s of processor time, and as much
 * for each call of `where`. A pcall cannot eat the stop: past the limit the hook raises at every
 * instruction. No finaliser is allowed (hooks do not reach it). C functions that take long
 * (patterns) are the parent's business, which kills the process after 2 s. */
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "recipe/recipe.h"
#include "recipe/recipe_priv.h"

static const double limit_s = 0.3;
enum { INSTRUCTIONS = 10000 }; /* between two looks at the clock */

struct tb_child *tb_child_of(lua_State *L)
{
    return *(struct tb_child **)lua_getextraspace(L);
}

static void *allocate(void *ud, void *p, size_t old, size_t size)
{
    struct tb_child *c = ud;
    if (!p)
        old = 0; /* it tells a type then */
    if (size == 0) {
        c->used_bytes -= old;
        free(p);
        return NULL;
    }
    if (size > old && c->used_bytes + (size - old) > TB_RECIPE_MAX_MEMORY) {
        struct tb_place at = { .line = 0 };
        if (c->L)
            tb_fault_place(c->L, &at);
        if (at.line) /* none: Lua asks once more while it unwinds, to make its stack smaller */
            c->oom = at;
        return NULL;
    }
    void *q = realloc(p, size);
    if (q)
        c->used_bytes += size - old;
    return q;
}

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void tick(lua_State *L, lua_Debug *ar)
{
    struct tb_place at;
    if (cpu_s() < tb_child_of(L)->deadline_s)
        return;
    lua_sethook(L, tick, LUA_MASKCOUNT, 1);
    tb_fault_place(L, &at);
    tb_fault_raise(L, &at, NULL, "stopped: it ran for more than 0.3 s here; is this loop endless?");
}

void tb_child_clock_on(lua_State *L)
{
    tb_child_of(L)->deadline_s = cpu_s() + limit_s;
    lua_sethook(L, tick, LUA_MASKCOUNT, INSTRUCTIONS);
}

void tb_child_clock_off(lua_State *L)
{
    lua_sethook(L, NULL, 0, 0);
}

static int print(lua_State *L)
{
    int n = lua_gettop(L);
    for (int i = 1; i <= n; i++) {
        size_t len;
        const char *s = luaL_tolstring(L, i, &len);
        fwrite(i > 1 ? "\t" : "", 1, i > 1, stderr);
        fwrite(s, 1, len, stderr);
        lua_pop(L, 1);
    }
    fputc('\n', stderr);
    return 0;
}

static int guarded_setmetatable(lua_State *L)
{
    struct tb_place at;
    if (lua_istable(L, 2)) {
        lua_pushliteral(L, "__gc");
        if (lua_rawget(L, 2) != LUA_TNIL) {
            tb_fault_place(L, &at);
            return tb_fault_raise(L, &at, NULL, "a recipe may have no finaliser (__gc)");
        }
        lua_pop(L, 1);
    }
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 1);
    return 1;
}

/* Sets fields of the table on top to nil. */
static void forget(lua_State *L, const char *const *names)
{
    for (; *names; names++) {
        lua_pushnil(L);
        lua_setfield(L, -2, *names);
    }
}

static void open_libraries(lua_State *L)
{
    static const char *const base[] = { "dofile", "loadfile", "load", "collectgarbage", "warn",
                                        NULL };
    static const char *const strings[] = { "dump", NULL }, *const maths[] = { "randomseed", NULL };
    luaL_requiref(L, LUA_GNAME, luaopen_base, 1);
    forget(L, base);
    lua_getfield(L, -1, "setmetatable");
    lua_pushcclosure(L, guarded_setmetatable, 1);
    lua_setfield(L, -2, "setmetatable");
    luaL_requiref(L, LUA_TABLIBNAME, luaopen_table, 1);
    luaL_requiref(L, LUA_STRLIBNAME, luaopen_string, 1);
    forget(L, strings);
    luaL_requiref(L, LUA_MATHLIBNAME, luaopen_math, 1);
    lua_getfield(L, -1, "randomseed");
    lua_pushinteger(L, 0);
    lua_call(L, 1, 0);
    forget(L, maths);
    lua_settop(L, 0);
    lua_register(L, "print", print);
    lua_register(L, "require", tb_require);
}

void tb_child_load(lua_State *L, const char *file, const char *text, size_t n)
{
    struct tb_place at = { .line = 0 };
    const char *words;
    snprintf(at.file, sizeof at.file, "%s", file);
    if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* Windows editors begin a file with it */
        text += 3;
        n -= 3;
    }
    if (n && *text == *LUA_SIGNATURE)
        tb_fault_raise(L, &at, NULL, "this is compiled Lua; a recipe must be text");
    lua_pushfstring(L, "@%s", file);
    if (luaL_loadbufferx(L, text, n, lua_tostring(L, -1), "t") != LUA_OK) {
        at.line = tb_fault_split(luaL_tolstring(L, -1, NULL), &words);
        tb_fault_raise(L, &at, NULL, words);
    }
    lua_remove(L, -2);
}

static int count_lines(const char *text)
{
    int n = 1;
    for (; *text; text++)
        n += *text == '\n' && text[1];
    return n;
}

/* Protected: everything that runs Lua. */
static int work(lua_State *L)
{
    struct tb_child *c = tb_child_of(L);
    struct tb_place end = { .line = count_lines(c->plan->recipe) };
    snprintf(end.file, sizeof end.file, "%s", c->path);
    open_libraries(L);
    tb_require_shipped(L, "tunebench");
    tb_require_shipped(L, "tunebench.strict");
    lua_settop(L, 0);
    tb_child_load(L, c->path, c->plan->recipe, strlen(c->plan->recipe));
    tb_child_clock_on(L);
    lua_call(L, 0, 1);
    tb_child_clock_off(L);
    tb_require_shipped(L, "tunebench.space");
    lua_getfield(L, -1, "enumerate");
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    if (!lua_toboolean(L, -1))
        return tb_fault_raise(L, &end, NULL, lua_pushfstring(L, "a recipe must return t.sweep{..} "
                              "or t.run{..}; this one returns %s", luaL_typename(L, 1)));
    return 0;
}

static struct tb_json *error_of(const struct tb_child *c, const struct tb_err *err)
{
    struct tb_json *j = tb_json_new_map();
    tb_json_set(j, "file", tb_json_new_str(*err->where ? err->where : c->path));
    tb_json_set(j, "line", tb_json_new_int(err->line));
    tb_json_set(j, "text", tb_json_new_str(err->text));
    tb_json_set(j, "kind", tb_json_new_str(err->kind == TB_ERR_USAGE ? "usage" : "recipe"));
    return j;
}

/* Runs the recipe; NULL if the plan is done, else the error. */
static struct tb_json *evaluate(struct tb_child *c)
{
    struct tb_json *fault = NULL;
    struct tb_err err = { 0 };
    lua_State *L = lua_newstate(allocate, c);
    tb_assert(L);
    c->L = L;
    *(struct tb_child **)lua_getextraspace(L) = c;
    lua_pushcfunction(L, tb_fault_handler);
    lua_pushcfunction(L, work);
    int status = lua_pcall(L, 0, 0, 1);
    tb_child_clock_off(L);
    if (status != LUA_OK)
        fault = tb_fault_json(L, status);
    c->L = NULL;
    lua_close(L);
    if (!fault && !tb_plan_finish(c->plan, &c->overrides, &err)) {
        if (!*err.where) {
            snprintf(err.where, sizeof err.where, "%.150s", c->sweep.file);
            err.line = c->sweep.line;
        }
        fault = error_of(c, &err);
    }
    return fault;
}

/* {"text", "grid"} of each override; the strings stay in j. */
static bool take_overrides(struct tb_child *c, const struct tb_json *j, struct tb_err *err)
{
    c->overrides.n = tb_json_len(j);
    c->overrides.at = tb_xcalloc(c->overrides.n + 1, sizeof *c->overrides.at);
    for (size_t i = 0; i < c->overrides.n; i++) {
        c->overrides.at[i].text = tb_json_str(tb_json_get(tb_json_at(j, i), "text"), "");
        c->overrides.at[i].is_grid = tb_json_bool(tb_json_get(tb_json_at(j, i), "grid"), false);
    }
    return tb_plan_take_overrides(c->plan, &c->overrides, err);
}

static bool take_recipe(struct tb_child *c, struct tb_err *err)
{
    size_t n;
    char *text = tb_file_read(c->path, TB_RECIPE_MAX_TEXT, &n, err);
    bool good = text != NULL;
    if (good && n && *text == *LUA_SIGNATURE)
        good = tb_fail(err, TB_ERR_RECIPE, "this is compiled Lua; a recipe must be text");
    else if (good && (!tb_utf8_valid(text, n) || memchr(text, 0, n)))
        good = tb_fail(err, TB_ERR_RECIPE, "this is not UTF-8 text");
    if (good)
        tb_plan_set_recipe(c->plan, c->path, text, n);
    free(text);
    return good;
}

static struct tb_json *read_stdin(void)
{
    struct tb_buf b = { 0 };
    char bytes[4096];
    ssize_t n;
    while ((n = read(STDIN_FILENO, bytes, sizeof bytes)) > 0 && b.n < TB_RECIPE_MAX_TEXT)
        tb_buf_add(&b, bytes, (size_t)n);
    struct tb_json *j = tb_json_parse(b.p ? b.p : "", b.n, "overrides", NULL);
    tb_buf_free(&b);
    return j;
}

static bool answer(const char *what, struct tb_json *value)
{
    struct tb_json *j = tb_json_new_map();
    tb_json_set(j, what, value);
    char *text = tb_json_text(j, TB_JSON_LINE);
    size_t n = strlen(text);
    bool fits = n <= TB_PLAN_MAX_BYTES;
    bool good = fits && tb_write_all(STDOUT_FILENO, text, n)
        && tb_write_all(STDOUT_FILENO, "\n", 1);
    free(text);
    tb_json_free(j);
    return good || fits;
}

int tb_recipe_child(int argc, char **argv)
{
    struct tb_child c = { .path = argc > 2 ? argv[2] : "", .where_ref = LUA_NOREF };
    struct tb_err err = { 0 };
    struct tb_json *said = read_stdin(), *fault = NULL;
    c.plan = tb_plan_new();
    bool good = take_recipe(&c, &err) && take_overrides(&c, said, &err);
    fault = good ? evaluate(&c) : error_of(&c, &err);
    if (fault) {
        answer("error", fault);
    } else if (!answer("plan", tb_plan_to_json(c.plan))) {
        tb_fail(&err, TB_ERR_RECIPE, "the plan is larger than 16 MiB");
        answer("error", error_of(&c, &err));
    }
    fflush(stderr);
    tb_plan_free(c.plan);
    free(c.overrides.at);
    tb_json_free(c.search);
    tb_json_free(c.templates);
    tb_json_free(said);
    return 0;
}
