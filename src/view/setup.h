/* SPDX-License-Identifier: MIT */
/* setup.h - what a person puts together on the way to runs: base, data, methods to compare, budget. It is written as
 * the words of a command and as a recipe, which make the same runs under the same ids. */
#ifndef TB_VIEW_SETUP_H
#define TB_VIEW_SETUP_H

#include "base/err.h"
#include "base/json.h"

#include <stddef.h>
#include <stdint.h>

/* Where the rate of an arm comes from that gives itself none. */
enum tb_setup_rates {
    TB_RATES_SIZE,    /* what is known for bases of this size, see tb_setup_rate() */
    TB_RATES_DEFAULT, /* of the method */
    TB_RATES_PROBE,   /* short trials before the run, t.probe */
};

struct tb_setup_arm {
    bool is_on;
    char *text; /* as behind --method: "lora:r=8", "stack(lora;prompt)" */
};

struct tb_setup {
    char *base, *data; /* as behind --base and --data; NULL: none */
    int64_t n_params;  /* of the base; 0: not known */
    struct tb_setup_arm *arm;
    size_t n_arms, cap_arms;
    char *budget;      /* "100k", "300steps" */
    char *held_out;    /* share of the prompts; "": as data has it */
    char *every;       /* of evaluations, "10k", "50steps"; "": as usual */
    int64_t n_seeds;   /* 0 .. n - 1 */
    enum tb_setup_rates rates;
};

/* An arm for each method there is; LoRA, prefix and prompt are ticked. */
void tb_setup_init(struct tb_setup *s);
void tb_setup_free(struct tb_setup *s);
/* A new arm at index i, those from there on move; it is ticked. */
void tb_setup_add(struct tb_setup *s, size_t i, const char *text);
void tb_setup_remove(struct tb_setup *s, size_t i);
size_t tb_setup_n_on(const struct tb_setup *s);
/* Replaces one of the texts; NULL or "" where that is allowed. */
void tb_setup_put(char **text, const char *to);

/* Peak rate for a method on a base of n_params weights; NaN: nothing better is known than the method's default. */
double tb_setup_rate(const char *kind, int64_t n_params);
/* The budget to begin with: what shows a difference between methods on a base of that size, and, once it is known how
 * many tokens a second all arms together are trained at (else 0), is over in half an hour. Lent. */
const char *tb_setup_budget(int64_t n_params, size_t n_runs, double tok_per_s);

/* Arm i with its rate, as behind --method; malloc'ed, NULL with *err if its text is wrong. */
char *tb_setup_method(const struct tb_setup *s, size_t i, struct tb_err *err);
/* The method of an arm, "lora" or "stack"; malloc'ed. */
char *tb_setup_kind(const struct tb_setup_arm *a);
/* Values of an arm of one method, key -> value, with "lr" if it gives itself a rate; a new map, NULL if it is a stack
 * or wrong. */
struct tb_json *tb_setup_values(const struct tb_setup_arm *a);
/* "lora:r=4" out of a method and the texts of its keys (a map of strings, as behind --method); those that are empty or
 * the default are left out. malloc'ed. Fails on a text that cannot stand behind --method. */
char *tb_setup_compose(const char *kind, const struct tb_json *texts, struct tb_err *err);
/* A value as it is typed behind --method: "q+v", "0.01", "true"; malloc'ed. */
char *tb_setup_typed(const struct tb_json *value);

/* False with *err if something is missing or wrong. */
bool tb_setup_check(const struct tb_setup *s, struct tb_err *err);
/* Words behind `plan` or `run`, a new list; NULL and *err as of check. */
struct tb_json *tb_setup_words(const struct tb_setup *s, struct tb_err *err);
/* The recipe; malloc'ed, NULL and *err as of check. `path`: what its head calls it. */
char *tb_setup_recipe(const struct tb_setup *s, const char *path, struct tb_err *err);
/* "t.lora { r = 4 }" of a text behind --method; malloc'ed, NULL with *err. */
char *tb_setup_lua(const char *method, struct tb_err *err);

#endif
