/* SPDX-License-Identifier: MIT */
/* recipe_priv.h - what the files of the child share. Everything here runs in the recipe's process.
 * Lua raises errors by longjmp, so a C function that may raise holds nothing that must be freed. */
#ifndef TB_RECIPE_RECIPE_PRIV_H
#define TB_RECIPE_RECIPE_PRIV_H

#include <lua.h>

#include "plan/plan.h"

enum {
    TB_RECIPE_MAX_TEXT = 1 << 20,   /* of the recipe, and of a module beside it */
    TB_RECIPE_MAX_MODULES = 64,
    TB_RECIPE_MAX_POINTS = 100000,  /* that `where` is asked about */
    TB_RECIPE_MAX_MEMORY = 32 << 20,
};

struct tb_place {
    char file[256];
    int line;
};

struct tb_child {
    const char *path;       /* of the recipe, as given */
    struct tb_plan *plan;
    struct tb_overrides overrides;
    lua_State *L;           /* NULL while it is made and closed */
    size_t used_bytes;      /* of Lua's memory */
    struct tb_place oom;    /* where memory ran out */
    double deadline_s;      /* processor time at which Lua is stopped; 0: never */
    int n_points;
    struct tb_place sweep;  /* where the sweep was written */
    int where_ref;          /* its filter in the registry, or LUA_NOREF */
    struct tb_json *search; /* its settings; NULL: every point of it is a run */
    struct tb_json *templates; /* of a search: drafts with ranges */
};

struct tb_child *tb_child_of(lua_State *L);
/* Stops Lua code that takes longer than 0.3 s from now on; off ends that. */
void tb_child_clock_on(lua_State *L);
void tb_child_clock_off(lua_State *L);
/* Loads a text chunk named "@file"; a fault with its line if it has an error. */
void tb_child_load(lua_State *L, const char *file, const char *text, size_t n);

/* fault.c: an error with a place: {file, line, key, text}. */
/* The innermost line of the recipe (or a file beside it) that runs now; line 0 if none does. */
void tb_fault_place(lua_State *L, struct tb_place *at);
/* Raises one; key may be NULL. */
int tb_fault_raise(lua_State *L, const struct tb_place *at, const char *key, const char *text);
/* Message handler: turns any error value into a fault. */
int tb_fault_handler(lua_State *L);
/* Line of a message "name:12: words", and *words; 0 if it has none. */
int tb_fault_split(const char *message, const char **words);
/* The fault on top of the stack as {file, line, key, text}; `status` is lua_pcall's. */
struct tb_json *tb_fault_json(lua_State *L, int status);

/* locate.c: moves a place, the line of a call, to the line on which it was given `key`; "eval.rows": in the table of
 * eval. Stays where it is if that is not found. */
void tb_locate_key(const struct tb_child *c, struct tb_place *at, const char *key);

/* value.c: NULL and *why for what is no plain data. Never raises. */
struct tb_refusal {
    const char *words; /* "a function" */
    char at[96];       /* where in the value: ".target", "[2]"; empty: all of it */
};
struct tb_json *tb_value_read(lua_State *L, int index, struct tb_refusal *why);
void tb_value_push(lua_State *L, const struct tb_json *j);
/* A config as a table with both c["method.lora.r"] and c.method.lora.r. */
void tb_value_push_config(lua_State *L, const struct tb_json *map);

/* bind.c: pushes the table of C functions that the shipped modules get. */
void tb_bind_push(lua_State *L);
/* Asks `where`: a filter for tb_plan_add with the state as its context. Leaves the fault on the stack if it fails. */
int tb_bind_keep(void *ctx, const struct tb_config *config, struct tb_err *err);
/* Raises err, or the fault that tb_bind_keep has left above `top`. */
int tb_bind_raise(lua_State *L, int top, const struct tb_err *err);
/* draw.c: a draft of a search, kept for the drawing; false and *err if an override does not fit. */
bool tb_draw_take(struct tb_child *c, const struct tb_json *draft, struct tb_err *err);
/* Draws the points of a search and adds them to the plan. */
int tb_draw_all(lua_State *L);
/* require.c: the global `require`. */
int tb_require(lua_State *L);
/* Pushes what a shipped module returns, loading it first; false if there is none of that name. */
bool tb_require_shipped(lua_State *L, const char *name);

#endif
