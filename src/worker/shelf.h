/* SPDX-License-Identifier: MIT */
/* shelf.h - models, tokenizers and data sets that the runs of a plan use: found by name, opened once, kept until the
 * end. Names in a recipe are looked for beside the recipe, then in the working folder, then in the shipped data. */
#ifndef TB_WORKER_SHELF_H
#define TB_WORKER_SHELF_H

#include "dataset/dataset.h"
#include "model/model.h"
#include "plan/plan.h"
#include "text/tokenizer.h"

/* A base as runs see it. */
struct tb_base {
    char *name;                    /* as somebody would call it: "tiny", "smollm2" */
    char *path;                    /* absolute; "scratch" for random weights */
    char *tokenizer_path;
    struct tb_model *model;
    struct tb_tokenizer *tokenizer;
    char id[65]; /* the model's, for scratch with the tokenizer's bytes in it */
    uint64_t stamp; /* of its files when they were opened */
    unsigned round; /* of the shelf, in which it was asked for last */
    uint64_t own_bytes; /* of memory that the process took for it */
};

struct tb_shelf;

/* recipe_path: "" where there is no recipe; data_dir: the shipped data, may be NULL. */
struct tb_shelf *tb_shelf_open(const char *recipe_path, const char *data_dir);
void tb_shelf_close(struct tb_shelf *s); /* NULL is fine */

/* Turns to another plan: names are looked for beside that recipe from now on; what changed on disk since it was opened,
 * and what no plan of the last rounds asked for, is closed. Nothing may be lent from the shelf then. */
void tb_shelf_turn(struct tb_shelf *s, const char *recipe_path);

/* Memory of what is kept and was not asked for since the last turn. */
uint64_t tb_shelf_idle_bytes(const struct tb_shelf *s);

/* The base of a run, lent. NULL and *err if it cannot be found or read. */
const struct tb_base *tb_shelf_base(struct tb_shelf *s, const struct tb_config *c, struct tb_err *err);
/* Its data set with rows of at most max_tok tokens, lent. */
struct tb_dataset *tb_shelf_data(struct tb_shelf *s, const struct tb_config *c, const struct tb_base *base, int max_tok,
                                 struct tb_err *err);
/* Writes the absolute paths of base, tokenizer and data into a config, so that it stands without recipe and folder. */
bool tb_shelf_settle(struct tb_shelf *s, struct tb_config *c, struct tb_err *err);

#endif
