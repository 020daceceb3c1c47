/* SPDX-License-Identifier: MIT */
/* index_priv.h - the file `index`: what index.c believes of it, one entry after the other. */
#ifndef TB_STORE_INDEX_PRIV_H
#define TB_STORE_INDEX_PRIV_H

#include "base/file.h"
#include "store/index.h"

/* What the files of a run looked like when its entry was made. */
struct tb_index_print {
    int64_t dir_ns, h5_ns, h5_bytes, segment, segment_bytes; /* dir_ns 0: not to be believed */
};

struct tb_index_entry {
    struct tb_index_print print;
    struct tb_run_summary sum;
};

struct tb_index_file {
    struct tb_map map;
    bool is_good;   /* it is there, whole and of this version; else it has no entries */
    size_t n;       /* entries */
    size_t n_taken; /* of them */
    size_t begin, at; /* bytes of the entry taken last */
};

void tb_index_open(struct tb_index_file *f, const char *path);
void tb_index_close(struct tb_index_file *f);
/* The next entry, in the order of their ids; false behind the last one, and if it is not one. */
bool tb_index_take(struct tb_index_file *f, struct tb_index_entry *e);

/* A new file: room for the head, entries one by one in the order of their ids, then the head. */
void tb_index_begin(struct tb_buf *b);
void tb_index_put(struct tb_buf *b, const struct tb_index_entry *e);
void tb_index_end(struct tb_buf *b, size_t n);

#endif
