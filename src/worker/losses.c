/* SPDX-License-Identifier: MIT */
/* losses.c - rows, an engine, losses. */
#include "worker/losses.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

enum { STEP_ROWS = 64 };

void tb_losses_open(struct tb_losses *l, const struct tb_dataset *d, const int *row, int n)
{
    size_t room = (size_t)n + 1;
    *l = (struct tb_losses){ .data = d, .row = row, .n = n, .rows = tb_xcalloc(room, sizeof *l->rows),
                             .loss = tb_xcalloc(room, sizeof *l->loss),
                             .labels = tb_xcalloc(room, sizeof *l->labels) };
    for (int i = 0; i < n; i++) {
        l->rows[i] = tb_dataset_row(d, row[i]);
        l->longest = l->rows[i].n > l->longest ? l->rows[i].n : l->longest;
    }
}

void tb_losses_close(struct tb_losses *l)
{
    free(l->rows);
    free(l->loss);
    free(l->labels);
}

struct tb_engine_spec tb_losses_spec(const struct tb_losses *l)
{
    return (struct tb_engine_spec){ .step_rows = l->n < STEP_ROWS ? l->n : STEP_ROWS, .row_tok = l->longest,
                                    .share_prompts = tb_dataset_shares_prompts(l->data) };
}

bool tb_losses_take(struct tb_losses *l, struct tb_engine *e, struct tb_err *err)
{
    return tb_engine_evaluate(e, l->rows, l->n, l->loss, l->labels, err);
}

struct tb_measure tb_losses_measure(const struct tb_losses *l)
{
    struct tb_measure m = { .low = NAN, .high = NAN, .row = tb_xcalloc((size_t)l->n + 1, sizeof *m.row) };
    double sum = 0, n_tok = 0;
    for (int i = 0; i < l->n; i++) {
        if (l->labels[i] == 0)
            continue;
        m.row[m.n_rows++] = (struct tb_measure_row){ l->row[i], tb_dataset_group(l->data, l->row[i]), l->labels[i],
                                                     l->loss[i] / l->labels[i] };
        sum += l->loss[i];
        n_tok += l->labels[i];
    }
    m.value = n_tok > 0 ? sum / n_tok : NAN;
    return m;
}
