/* SPDX-License-Identifier: MIT */
/* votes.h - which of two runs somebody preferred when both wrote behind one prompt. A vote is a mark of both runs: an
 * event "vote", and counted by opponent in the fact votes of section "result": {"<id>": {name, won, lost, tied,
 * blind}}. */
#ifndef TB_STORE_VOTES_H
#define TB_STORE_VOTES_H

#include "store/metrics.h"

/* Seen from one of the two. */
struct tb_votes {
    int64_t won, lost, tied;
    int64_t blind; /* of these, without knowing which was which */
};

/* A vote as a mark: {against: id, name, outcome: "won" | "lost" | "tied", blind: bool, prompt: text or null, back: bool
 * (true takes such a vote back)}. TB_ERR_USAGE if it is anything else: marks come out of files. */
bool tb_vote_check(const struct tb_json *vote, struct tb_err *err);
/* The fact votes with it; a new map. TB_ERR_NOTFOUND where there is none to take back. */
struct tb_json *tb_vote_add(const struct tb_metrics *m, const struct tb_json *vote, struct tb_err *err);
/* "won against prefix20-s0, blind: name : Silver Shield"; malloc'ed. */
char *tb_vote_words(const struct tb_json *vote);

/* All votes of a run, or those against one other (id NULL: all). */
struct tb_votes tb_votes_of(const struct tb_metrics *m, const char *id);
/* "6 won, 1 lost, 3 tied (4 blind)"; n >= 96. */
void tb_votes_say(const struct tb_votes *v, char *dst, size_t n);

#endif
