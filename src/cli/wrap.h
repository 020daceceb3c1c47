/* SPDX-License-Identifier: MIT */
/* wrap.h - words in lines that are not too long. */
#ifndef TB_CLI_WRAP_H
#define TB_CLI_WRAP_H

#include <stdbool.h>

#include "base/buf.h"

struct tb_wrap {
    int columns;   /* lines are no longer, where words allow it */
    int indent;    /* of further lines */
    bool is_marked; /* `between these` stands what is typed as it is: the marks are left out */
    bool is_bold;  /* and it is bold */
};

/* Appends words, which begin in column `at`; newlines count as blanks. Ends with one. */
void tb_wrap(struct tb_buf *b, const struct tb_wrap *w, int at, const char *text);

#endif
