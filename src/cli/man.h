/* SPDX-License-Identifier: MIT */
/* man.h - the manual pages: prose out of man/, and between it what the program's own tables say. */
#ifndef TB_CLI_MAN_H
#define TB_CLI_MAN_H

#include "cli/args.h"
#include "cli/doc.h"

/* "tunebench", "recipe", "store"; NULL behind the last. */
const char *tb_man_at(int i);
/* The page into d, whose form is set. TB_ERR_USAGE if there is none of that name. */
bool tb_man_write(struct tb_doc *d, const char *name, struct tb_err *err);
/* On stdout, as text for a terminal. */
bool tb_man_print(const char *name, const struct tb_args *a, struct tb_err *err);

/* A line "@name word" of a page stands for what one of these puts there; lists of them end with a NULL name. */
struct tb_man_part {
    const char *name;
    void (*put)(struct tb_doc *d, const char *word);
};
extern const struct tb_man_part tb_man_verbs[], tb_man_recipe[], tb_man_store[];

/* Rows of keys for "@workbench", from whoever has them: place, keys, what they do; false behind the last. */
typedef bool tb_man_keys_fn(int i, const char **place, const char **keys, const char **what);
void tb_man_set_keys(tb_man_keys_fn *fn);

/* A page's file, compiled in by build-aux/text2c.sh. */
struct tb_man_page {
    const char *name;
    const char *text; /* not terminated */
    unsigned long n;
};
extern const struct tb_man_page tb_man_pages[]; /* ends with a NULL name */

#endif
