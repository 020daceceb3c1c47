/* SPDX-License-Identifier: MIT */
/* journal.h - the append-only record of a run while it lives (doc/frozen.md 5): segments
 * `journal.000001` and on of 16 MiB, records with a sequence number and a CRC. A record whose
 * append returned true survives the death of the process; one that was synced survives a power
 * loss. */
#ifndef TB_STORE_JOURNAL_H
#define TB_STORE_JOURNAL_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum tb_record_kind {
    TB_RECORD_SCHEMA = 1, /* JSON: the columns of kinds 2 and 3 */
    TB_RECORD_TRAIN = 2,  /* struct tb_train_row */
    TB_RECORD_EVAL = 3,   /* struct tb_eval_row */
    TB_RECORD_ROWS = 4,   /* JSON, as all that follow */
    TB_RECORD_EVENT = 5,
    TB_RECORD_SAMPLE = 6,
    TB_RECORD_STATE = 7,
    TB_RECORD_RESUME = 8,
    TB_RECORD_MEASURE = 9,
    TB_RECORD_LOSSES = 10, /* bytes: tb_record_step_rows */
};

enum { TB_JOURNAL_HEAD = 24, TB_JOURNAL_MAX_DATA = 8 << 20, TB_JOURNAL_VERSION = 1 };

/* A record as read; data is lent until the callback returns. */
struct tb_record {
    uint64_t seq;
    unsigned kind, version;
    const uint8_t *data;
    size_t n;
};
/* Takes a record; false with *err ends the replay. */
typedef bool tb_record_fn(void *user, const struct tb_record *r, struct tb_err *err);

/* What a replay found. */
struct tb_journal_end {
    uint64_t last_seq;    /* 0: no record */
    uint64_t first_seq;   /* of the oldest record there is, 0: none */
    unsigned segment;     /* number of the segment with the last good record, 0: no segment */
    size_t good_bytes;    /* of that segment */
    size_t last_at;       /* where in its segment the last good record begins */
    uint32_t last_crc;    /* and its CRC */
    size_t cut_bytes;     /* torn tail behind it: a record that was being written */
    bool is_damaged;      /* a bad record before the tail: what follows it was not read */
    char words[160];      /* about the damage, for an event */
};

/* Hands every good record with a sequence above `after` to fn, in order. Never writes. No journal
 * at all is fine. TB_ERR_BUSY: a segment vanished meanwhile, begin again (run.h5 holds its records
 * by now). */
bool tb_journal_replay(const char *dir, uint64_t after, tb_record_fn *fn, void *user,
                       struct tb_journal_end *end, struct tb_err *err);

/* Where a reader is: behind the last record that it took, which it knows by its CRC. */
struct tb_journal_place {
    unsigned segment; /* 0: before all */
    size_t bytes, last_at;
    uint32_t last_crc;
    uint64_t seq;
};
struct tb_journal_place tb_journal_place_of(const struct tb_journal_end *end);
/* Hands the records behind *p to fn, and moves p behind them; what was read before is not read again. A record that is
 * being written waits for the next time. *is_gap: the journal does not go on from there: segments were removed before
 * they were read, records behind `known` are in no segment, or something is damaged. Then all is to be read anew.
 * False if fn failed or a file cannot be read. */
bool tb_journal_read_on(const char *dir, uint64_t known, struct tb_journal_place *p, tb_record_fn *fn, void *user,
                        bool *is_gap, struct tb_err *err);

struct tb_journal;
/* Replays, cuts the torn tail, moves a damaged rest aside as `<segment>.bad`, and is ready to
 * append behind the last good record, or behind `after` if that is later. The caller holds the
 * run's lock. */
struct tb_journal *tb_journal_open(const char *dir, uint64_t after, tb_record_fn *fn, void *user,
                                   struct tb_journal_end *end, struct tb_err *err);
void tb_journal_close(struct tb_journal *j); /* syncs what it can; NULL is fine */
/* One record by write(). On failure (TB_ERR_IO: disk full) nothing of it stays readable and the
 * same call may be tried again. */
bool tb_journal_append(struct tb_journal *j, unsigned kind, const void *data, size_t n,
                       struct tb_err *err);
uint64_t tb_journal_seq(const struct tb_journal *j); /* of the last record, 0 if none */
/* Seconds until tb_journal_sync must be called: 0 at once, negative: nothing to sync. */
double tb_journal_due(const struct tb_journal *j);
/* fdatasync, if anything is unsynced. */
bool tb_journal_sync(struct tb_journal *j, struct tb_err *err);
/* A sync has failed: the system may have dropped what it could not write, and say nothing the next time. Due from then
 * on until tb_journal_trim has removed all. */
bool tb_journal_is_doubted(const struct tb_journal *j);
/* Deletes segments whose records are all <= seq; the one being written stays unless `all`. */
bool tb_journal_trim(struct tb_journal *j, uint64_t seq, bool all, struct tb_err *err);
void tb_journal_set_segment(struct tb_journal *j, size_t bytes); /* size of a segment, for tests */
bool tb_journal_any(const char *dir); /* a segment is there */

/* The bytes of one record, appended to b. */
struct tb_buf;
void tb_record_encode(struct tb_buf *b, uint64_t seq, unsigned kind, const void *data, size_t n);

#endif
