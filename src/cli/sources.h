/* SPDX-License-Identifier: MIT */
/* sources.h - what each source of a mix brings, as the facts of a run's data and `plan` have it. */
#ifndef TB_CLI_SOURCES_H
#define TB_CLI_SOURCES_H

#include "cli/out.h"
#include "store/metrics.h"

/* The table of the sources in data {.., "sources": [..]}; nothing if it has none. With m (may be NULL) the losses of
 * its last evaluation too. */
void tb_sources_print(const struct tb_out *o, const struct tb_json *data, const struct tb_metrics *m);

/* The losses of each source at the evaluation after a step: a list of {loss, n_tok, n_rows}, loss null where no row of
 * it was scored; NULL if the run's data is no mix. */
struct tb_json *tb_sources_losses(const struct tb_metrics *m, int64_t step);

#endif
