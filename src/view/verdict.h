/* SPDX-License-Identifier: MIT */
/* verdict.h - a comparison in a few sentences: what is known, what is not, what it costs, and what would settle it. */
#ifndef TB_VIEW_VERDICT_H
#define TB_VIEW_VERDICT_H

#include "view/arms.h"

/* Sentences are made from names that come out of files: make them safe before a terminal sees them. All malloc'ed,
 * "" where there is nothing to say. */
struct tb_verdict {
    char *result; /* which is better and how sure that is; why nothing can be said */
    char *cost;   /* what the other one takes: parameters, memory, time */
    char *but;    /* what is not the same for both, by name and value */
    char *doubt;  /* what the interval is not about */
    char *settle; /* commands that would tell more, and what they cost */
    size_t n_settled, seeds; /* arms that these are of; new seeds, the most of them for one arm */
};

/* Arm b against arm a. p: their difference, NULL if there is none, then why says why. */
void tb_verdict_pair(struct tb_verdict *v, const struct tb_arm *a, const struct tb_arm *b, const struct tb_paired *p,
                     const char *why);
/* All arms at once: which is the best, which are behind it for sure, which cannot be told apart from it. Pairs are
 * made here, with the best TB_VERDICT_ARMS arms only. Nothing is said of a single one. */
enum { TB_VERDICT_ARMS = 26 };
void tb_verdict_all(struct tb_verdict *v, const struct tb_arms *x);
void tb_verdict_free(struct tb_verdict *v);

#endif
