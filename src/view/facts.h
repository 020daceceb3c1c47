/* SPDX-License-Identifier: MIT */
/* facts.h - what is recorded of a run beside its tables, for people, and what a stranger needs to trust it. */
#ifndef TB_VIEW_FACTS_H
#define TB_VIEW_FACTS_H

#include "store/metrics.h"

/* A value as people read it: strings bare, bytes and shares with units, all else as JSON; malloc'ed. */
char *tb_fact_text(const char *key, const struct tb_json *v);

/* One thing that somebody who did not train the run may want to know. */
enum tb_trust { TB_TRUST_KNOWN, TB_TRUST_DOUBT, TB_TRUST_UNKNOWN };
struct tb_proof {
    const char *name; /* "base", "row order" */
    char *text;       /* what is known, with the beginnings of hashes; malloc'ed */
    enum tb_trust trust;
};
enum { TB_PROOFS = 12 };
/* Into proof[]; their number. What is doubtful says why: a run that was taken up again by another version, a journal
 * that is damaged. Free with tb_proofs_free. */
size_t tb_proofs_make(const struct tb_metrics *m, struct tb_proof proof[TB_PROOFS]);
void tb_proofs_free(struct tb_proof *proof, size_t n);

#endif
