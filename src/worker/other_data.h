/* SPDX-License-Identifier: MIT */
/* other_data.h - a text beside the one that a run is trained on, in the words of --data: "FILE", or
 * "text:FILE,rows=line". */
#ifndef TB_WORKER_OTHER_DATA_H
#define TB_WORKER_OTHER_DATA_H

#include "plan/plan.h"
#include "worker/shelf.h"

/* A new config with the keys of that text under data., where c's own were; the file's name is as given. map NULL and
 * *err on failure. */
struct tb_config tb_other_data(const struct tb_config *c, const char *text, struct tb_err *err);
/* The text with the absolute path of its file, and how it is read in front, which is sniffed where it was not said;
 * malloc'ed. NULL and *err on failure. */
char *tb_other_data_settle(struct tb_shelf *s, const struct tb_config *c, const char *text, struct tb_err *err);

#endif
