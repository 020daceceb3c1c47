/* SPDX-License-Identifier: MIT */
/* sniff.h - what was sniffed in a data file, as the text that --data takes. */
#ifndef TB_WORKER_SNIFF_H
#define TB_WORKER_SNIFF_H

#include "base/json.h"

/* Whether a word of the language stands in front: "pairs:FILE". */
bool tb_sniff_has_word(const char *text);
/* "pairs:FILE,sep=||" of what tb_dataset_sniff found; malloc'ed. */
char *tb_sniff_text(const struct tb_json *found, const char *path);

#endif
