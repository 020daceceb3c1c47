/* SPDX-License-Identifier: MIT */
/* journal_priv.h - what the two halves of the journal share: journal.c appends, replay.c reads. */
#ifndef TB_STORE_JOURNAL_PRIV_H
#define TB_STORE_JOURNAL_PRIV_H

#include "store/journal.h"

struct tb_segment {
    unsigned number;
    uint64_t last_seq; /* 0: none */
};

/* Path of a segment, malloc'ed. */
char *tb_segment_path(const char *dir, unsigned number);
/* Segments in dir, ascending, malloc'ed into *out; their number. */
size_t tb_segment_list(const char *dir, struct tb_segment **out);
/* tb_journal_replay that also gives the segments read, with the last sequence of each. */
bool tb_journal_scan(const char *dir, uint64_t after, tb_record_fn *fn, void *user,
                     struct tb_journal_end *end, struct tb_segment **seg, size_t *n_seg,
                     struct tb_err *err);

#endif
