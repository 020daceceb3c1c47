/* SPDX-License-Identifier: MIT */
/* losses.c - losses of rows as a measure. */
#include "worker/losses.h"

#include <math.h>

#include "base/mem.h"

struct tb_measure tb_losses_measure(const struct tb_dataset *d, const int *row, int n, const double *loss,
                                    const int *labels)
{
    struct tb_measure m = { .low = NAN, .high = NAN, .row = tb_xcalloc((size_t)n + 1, sizeof *m.row) };
    double sum = 0, n_tok = 0;
    for (int i = 0; i < n; i++) {
        if (labels[i] == 0)
            continue;
        m.row[m.n_rows++] = (struct tb_measure_row){ row[i], tb_dataset_group(d, row[i]), labels[i],
                                                     loss[i] / labels[i] };
        sum += loss[i];
        n_tok += labels[i];
    }
    m.value = n_tok > 0 ? sum / n_tok : NAN;
    return m;
}
