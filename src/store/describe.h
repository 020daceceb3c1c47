/* SPDX-License-Identifier: MIT */
/* describe.h - what a store holds, in words, for manual pages: what layout.h's tables of columns do not say. Each list
 * ends with a NULL name. */
#ifndef TB_STORE_DESCRIBE_H
#define TB_STORE_DESCRIBE_H

#include "store/layout.h"

struct tb_described {
    const char *name;
    const char *units; /* NULL where there are none */
    const char *text;
};

extern const struct tb_described tb_described_store[];      /* files and folders of a store */
extern const struct tb_described tb_described_run[];        /* of the folder of a run */
extern const struct tb_described tb_described_attributes[]; /* of the root of run.h5 */
extern const struct tb_described tb_described_groups[];     /* of run.h5 */
extern const struct tb_described tb_described_columns[];    /* of its tables beside the two curves, by path */
extern const struct tb_described tb_described_checkpoint[]; /* what stands in one */
extern const struct tb_described tb_described_records[];    /* kinds of journal records, "1 schema" */

/* What a state means, in a sentence. */
const char *tb_state_text(enum tb_state s);

#endif
