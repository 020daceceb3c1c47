/* SPDX-License-Identifier: MIT */
/* report_selection.c - what is left of a difference when the runs are taken away that a search chose. The best of many
 * trials is best by luck, too (the winner's curse), and that luck is of its seed and of the rows it was chosen by.
 * Other seeds share the rows but not the seed; rows that chose nothing are not in a store. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "view/report_priv.h"

/* Runs of an arm but the chosen one; malloc'ed. */
static const struct tb_metrics **others(const struct tb_report *r, size_t i, size_t *n)
{
    const struct tb_arm *a = &r->arms->arm[i];
    const char *chosen = r->sweep->arm[i].run ? r->sweep->arm[i].run : "";
    const struct tb_metrics **m = tb_xcalloc(a->n + 1, sizeof *m);
    *n = 0;
    for (size_t k = 0; k < a->n; k++)
        if (strcmp(a->item[k]->sum.id, chosen) != 0)
            m[(*n)++] = a->m[k];
    return m;
}

void tb_report_selection(struct tb_report *r)
{
    size_t n_reference, n;
    if (!r->sweep)
        return;
    const struct tb_metrics **reference = others(r, r->reference, &n_reference);
    for (size_t i = 0; i < r->arms->n; i++) {
        struct tb_report_arm *to = &r->arm[i];
        const struct tb_metrics **m = others(r, i, &n);
        struct tb_err why = { 0 };
        to->has_fresh = i != r->reference && n && n_reference
                     && tb_paired_arms(&to->fresh, reference, n_reference, m, n, &why);
        free(m);
    }
    free(reference);
}
