/* SPDX-License-Identifier: MIT */
/* key.h - typed options. Every option of a recipe, flag or form has one entry in a key table; checking, defaults, help,
 * did-you-mean, man pages and the run id all come from it. Values are JSON (base/json). */
#ifndef TB_PLAN_KEY_H
#define TB_PLAN_KEY_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

enum tb_key_type {
    TB_KEY_NONE, /* ends a table */
    TB_KEY_INT,
    TB_KEY_REAL,
    TB_KEY_BOOL,
    TB_KEY_STR,
    TB_KEY_CHOICE, /* a string out of `choices`, "a|b|c" */
    TB_KEY_NAMES,  /* a list of strings; "q+v" on the command line; one string is a list of one */
    TB_KEY_INTS,   /* a list of integers; "0+3+5" on the command line */
    TB_KEY_REALS,  /* a list of numbers; "0.001+0.003" on the command line */
    TB_KEY_MAP,    /* string -> number: rank_pattern */
};

/* What a key changes: numbers, evaluation, or only how the run is carried out (doc/frozen.md 1). */
enum tb_key_class { TB_CLASS_MODEL, TB_CLASS_REPORT, TB_CLASS_EXEC };

struct tb_key {
    const char *name;
    enum tb_key_type type;
    double min, max;         /* of numbers, inclusive */
    bool is_above;           /* min itself is none: the default may be it, and stands for something else */
    const char *def;         /* default as JSON text; NULL: must be given, unless follows */
    const char *neutral;     /* value left out of the run id, as JSON text; NULL: never left out */
    const char *follows;     /* default = this key's value times `times` */
    double times;
    const char *choices;
    const char *peft;        /* its name in PEFT's adapter_config.json where it differs, else NULL */
    enum tb_key_class klass;
    bool in_flight;          /* may be changed while the run is trained (worker/change.h) */
    const char *help;        /* one sentence */
};

#define TB_INT_KEY(n, d, lo, hi, h) \
    { .name = n, .type = TB_KEY_INT, .min = lo, .max = hi, .def = d, .help = h }
#define TB_REAL_KEY(n, d, lo, hi, h) \
    { .name = n, .type = TB_KEY_REAL, .min = lo, .max = hi, .def = d, .help = h }
#define TB_END_KEY { .type = TB_KEY_NONE }

/* Value of key out of a map {name: value}, else its default (also of `follows`); a new reference, checked. NULL + error
 * naming the key, what was expected and the nearest valid key. */
struct tb_json *tb_key_value(const struct tb_key *keys, const struct tb_json *map, const char *name,
                             struct tb_err *err);

/* Checks every entry of map against keys: unknown names (did you mean), wrong types, ranges, choices. Returns a new map
 * with normalised values (one string -> list, 8.0 -> 8) and no defaults filled in; NULL on error. `who`: "t.lora". */
struct tb_json *tb_key_check(const struct tb_key *keys, const struct tb_json *map, const char *who, struct tb_err *err);

/* Fills defaults into a checked map, in place. Fails on a key that must be given. */
bool tb_key_complete(const struct tb_key *keys, struct tb_json *map, const char *who, struct tb_err *err);

/* "8", "0.5", "q+v", "text", "true" from a command line into a value of this key's type. */
struct tb_json *tb_key_parse(const struct tb_key *key, const char *text, struct tb_err *err);

/* Appends what its values are: "an integer from 1 to 4096", "one of text, zero, random". */
void tb_key_expected(const struct tb_key *key, struct tb_buf *b);

const struct tb_key *tb_key_find(const struct tb_key *keys, const char *name);

#endif
