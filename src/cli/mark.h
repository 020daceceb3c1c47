/* SPDX-License-Identifier: MIT */
/* mark.h - writing marks (store/marks.h) to a run, whoever has it. */
#ifndef TB_CLI_MARK_H
#define TB_CLI_MARK_H

#include "cli/steer.h"

/* Sets the marks of run i and tells it in these words; takes over marks and inverse. */
void tb_mark(struct tb_steer *s, size_t i, struct tb_json *marks, const char *words, char *inverse);

/* The whole of protect and archive: sets `mark` of all runs to `on`, or the other way round with flag `off`. */
struct tb_mark_switch {
    const char *verb, *mark, *off; /* "protect", "protected", "off" */
    const char *on_words, *off_words; /* "is protected" */
    const char *besides, *off_besides; /* of a filter */
};
bool tb_mark_switch(const struct tb_mark_switch *m, const struct tb_args *a, int *exit_code, struct tb_err *err);

#endif
