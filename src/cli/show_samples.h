/* SPDX-License-Identifier: MIT */
/* show_samples.h - the sampled rows of one evaluation with their losses. */
#ifndef TB_CLI_SHOW_SAMPLES_H
#define TB_CLI_SHOW_SAMPLES_H

#include "cli/out.h"
#include "cli/pick.h"

/* Those of the run's last evaluation that has any (p ends at the step behind the colon), as text or as JSON {id, name,
 * step, samples [{row_id, loss, n_tok, prompt, output}]}. `worst`: by falling loss, else by row. TB_ERR_NOTFOUND if
 * there are none. */
bool tb_show_samples(const struct tb_out *o, const struct tb_pick *p, bool worst, struct tb_err *err);
/* All samples of a run: [{step, row_id, loss, prompt, output}]; a new list. */
struct tb_json *tb_samples_json(const struct tb_metrics *m);

#endif
