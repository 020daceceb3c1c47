/* SPDX-License-Identifier: MIT */
/* choose.h - the runs that a verb is to change, by what a person types: names, ids, their beginnings, @last, @best; or,
 * where a word has one of : = < > in it, a filter as `ls` takes it. All filter words together are one filter, and a
 * word that names no run is an error: nothing is changed by a typing error. */
#ifndef TB_CLI_CHOOSE_H
#define TB_CLI_CHOOSE_H

#include "base/buf.h"
#include "cli/args.h"
#include "store/store.h"

struct tb_choice {
    struct tb_store *store;
    struct tb_run_item *all; /* of the store */
    size_t n_all;
    size_t *at; /* indices of the chosen ones, each once */
    size_t n;
    bool *is_in; /* of each run of the store: whether it is one of them */
    const char *store_flag; /* --store as given, NULL if it was not; lent */
};

/* A filter passes runs that also pass `besides` ("archived:no"; may be NULL), unless it says itself what it wants of
 * that field. TB_ERR_NOTFOUND if there is no such run; c must be freed also then. */
bool tb_choose(struct tb_choice *c, const struct tb_args *a, const char *const *words, int n, const char *besides,
               struct tb_err *err);
void tb_choice_free(struct tb_choice *c);

const struct tb_run_item *tb_choice_item(const struct tb_choice *c, size_t i);
char *tb_choice_dir(const struct tb_choice *c, size_t i); /* malloc'ed */
/* The command `tunebench VERB RUN BEHIND` for a shell, with --store if that was given. RUN is the name where it means
 * this run only, else the id. malloc'ed. */
char *tb_choice_command(const struct tb_choice *c, size_t i, const char *verb, const char *behind);

/* Whether a filter says what it wants of the field of a term like "archived:no". */
bool tb_filter_says(const char *filter, const char *term);

#endif
