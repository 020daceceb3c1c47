/* SPDX-License-Identifier: MIT */
/* snapshot.h - all of a run as one run.h5, written whole, and read back. */
#ifndef TB_STORE_SNAPSHOT_H
#define TB_STORE_SNAPSHOT_H

#include "store/metrics.h"
#include "store/array.h"

/* The final adapter: tensors by their name in PEFT's state dict, and adapter_config.json as text.
 */
struct tb_final {
    const struct tb_array *tensor;
    size_t n;
    const char *peft_config; /* NULL: none */
};

/* Writes dir/run.h5 with @journal_seq = m->seq. adapter may be NULL; `is_sealed` packs the tables.
 * The adapter of an older snapshot is not carried over. Store thread only. */
bool tb_snapshot_write(const struct tb_metrics *m, const char *dir,
                       const struct tb_final *adapter, bool is_sealed, struct tb_err *err);
/* Reads dir/run.h5 into m, which was initialised. TB_ERR_NOTFOUND if there is none. */
bool tb_snapshot_read(struct tb_metrics *m, const char *dir, struct tb_err *err);

/* The adapter in dir/run.h5. n is 0 if there is none. Free with tb_final_free. */
bool tb_snapshot_final(struct tb_final *a, const char *dir, struct tb_err *err);
void tb_final_free(struct tb_final *a); /* of tb_snapshot_final only */

#endif
