/* SPDX-License-Identifier: MIT */
/* journal.c - appending to the journal of a run. Record, all little-endian (doc/frozen.md 5):
 *     0 'TBJ1'   4 u32 length of data   8 u64 sequence   16 u16 kind   18 u16 version
 *     20 u32 CRC-32 of bytes 0..19 and the data   24 data
 * Invariant: between two calls the file holds whole records only, `size` bytes of them. After a
 * failed write the file is cut back to `size` before anything else is written; until that has
 * worked every append fails, so a torn record can only ever be the last thing in the last segment.
 * A sync that fails leaves the records unsynced, the deadline passed and the journal in doubt. Reading is in
 * replay.c. */
#include "store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "store/journal_priv.h"

static const double sync_within_s = 1;

struct tb_journal {
    char *dir;
    int fd; /* of the newest segment, -1 before the first */
    uint64_t seq;
    size_t size, limit;
    bool is_torn;      /* the last write failed: cut back first */
    bool is_new;       /* the folder entry is not synced yet */
    bool is_doubted;
    double unsynced_s; /* when the first unsynced record was written, negative: none */
    struct tb_segment *segment;
    size_t n, cap;
    struct tb_buf record;
};

char *tb_segment_path(const char *dir, unsigned number)
{
    return tb_xasprintf("%s/journal.%06u", dir, number);
}

void tb_record_encode(struct tb_buf *b, uint64_t seq, unsigned kind, const void *data, size_t n)
{
    size_t at = b->n;
    tb_buf_str(b, "TBJ1");
    tb_buf_u32(b, (uint32_t)n);
    tb_buf_u64(b, seq);
    tb_buf_u16(b, (uint16_t)kind);
    tb_buf_u16(b, TB_JOURNAL_VERSION);
    uint32_t crc = tb_crc32(0, b->p + at, b->n - at);
    tb_buf_u32(b, n ? tb_crc32(crc, data, n) : crc);
    tb_buf_add(b, data, n);
}

/* Keeps a segment as `.bad`; its first `good` bytes, if any, stay under its name, at every moment. */
static bool set_aside(const char *path, size_t good, struct tb_err *err)
{
    size_t n;
    char *bytes = tb_file_read(path, (size_t)1 << 30, &n, err), *bad = tb_xasprintf("%s.bad", path);
    bool done = bytes && (!good || tb_file_replace(bad, bytes, n, err));
    if (done && good)
        done = tb_file_replace(path, bytes, good < n ? good : n, err);
    else if (done && rename(path, bad) != 0)
        done = tb_fail_errno(err, "cannot move the damaged %s aside", path);
    free(bad);
    free(bytes);
    return done;
}

/* What follows a bad record cannot be read in order: out of the way, for a person to look at. */
static bool set_rest_aside(struct tb_journal *j, const struct tb_journal_end *end,
                           struct tb_err *err)
{
    bool good = true;
    for (; good && j->n && j->segment[j->n - 1].number > end->segment; j->n--) {
        char *path = tb_segment_path(j->dir, j->segment[j->n - 1].number);
        good = set_aside(path, 0, err);
        free(path);
    }
    if (!good || !j->n)
        return good;
    char *path = tb_segment_path(j->dir, end->segment);
    good = set_aside(path, end->good_bytes, err);
    free(path);
    return good;
}

/* Synced one by one: a power loss that brought back an older one would leave a gap in the sequence. */
static bool remove_segment(struct tb_journal *j, size_t i, struct tb_err *err)
{
    char *path = tb_segment_path(j->dir, j->segment[i].number);
    bool good =
        unlink(path) == 0 || errno == ENOENT || tb_fail_errno(err, "cannot remove %s", path);
    good = good && tb_dir_sync(j->dir, err);
    free(path);
    if (good)
        memmove(j->segment + i, j->segment + i + 1, (--j->n - i) * sizeof *j->segment);
    return good;
}

static bool open_segment(struct tb_journal *j, unsigned number, size_t size, struct tb_err *err)
{
    char *path = tb_segment_path(j->dir, number);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = fd >= 0 || tb_fail_errno(err, "cannot open %s", path);
    if (good && ftruncate(fd, (off_t)size) != 0)
        good = tb_fail_errno(err, "cannot cut %s to its last good record", path);
    if (good) {
        j->fd = fd;
        j->size = size;
        j->is_new = true;
    } else if (fd >= 0) {
        close(fd);
    }
    free(path);
    return good;
}

/* Behind the last good record; from nothing where run.h5 already holds more than the journal. */
static bool position(struct tb_journal *j, uint64_t after, const struct tb_journal_end *end,
                     struct tb_err *err)
{
    if (end->is_damaged && !set_rest_aside(j, end, err))
        return false;
    j->seq = end->last_seq > after ? end->last_seq : after;
    if (end->last_seq > after) /* who wrote it may not have come to its sync */
        j->unsynced_s = tb_clock_mono_s();
    while (end->last_seq < after && j->n)
        if (!remove_segment(j, j->n - 1, err))
            return false;
    if (!j->n)
        return true;
    return open_segment(j, j->segment[j->n - 1].number, end->good_bytes, err);
}

struct tb_journal *tb_journal_open(const char *dir, uint64_t after, tb_record_fn *fn, void *user,
                                   struct tb_journal_end *end, struct tb_err *err)
{
    struct tb_journal *j = tb_xcalloc(1, sizeof *j);
    j->dir = tb_xstrdup(dir);
    j->fd = -1;
    j->limit = (size_t)16 << 20;
    j->unsynced_s = -1;
    bool good = tb_journal_scan(dir, after, fn, user, end, &j->segment, &j->n, err);
    j->cap = j->n;
    if (good && position(j, after, end, err))
        return j;
    tb_journal_close(j);
    return NULL;
}

void tb_journal_close(struct tb_journal *j)
{
    if (!j)
        return;
    tb_journal_sync(j, NULL);
    if (j->fd >= 0)
        close(j->fd);
    tb_buf_free(&j->record);
    free(j->segment);
    free(j->dir);
    free(j);
}

/* The next segment; the one before is synced first, since later syncs see the new one only. */
static bool rotate(struct tb_journal *j, struct tb_err *err)
{
    unsigned number = j->n ? j->segment[j->n - 1].number + 1 : 1;
    if (!tb_journal_sync(j, err))
        return false;
    int old = j->fd;
    if (!open_segment(j, number, 0, err))
        return false;
    if (old >= 0)
        close(old);
    j->segment = tb_grow(j->segment, j->n, &j->cap, sizeof *j->segment);
    j->segment[j->n++] = (struct tb_segment){ number, 0 };
    return true;
}

/* Cuts a torn record away; false while the system refuses that too. */
static bool mend(struct tb_journal *j)
{
    if (j->is_torn && ftruncate(j->fd, (off_t)j->size) == 0)
        j->is_torn = false;
    return !j->is_torn;
}

static bool write_record(struct tb_journal *j, struct tb_err *err)
{
    if (tb_write_all(j->fd, j->record.p, j->record.n))
        return true;
    int why = errno;
    j->is_torn = true;
    mend(j);
    errno = why;
    return tb_fail_errno(err, "cannot write to the journal in %s", j->dir);
}

bool tb_journal_append(struct tb_journal *j, unsigned kind, const void *data, size_t n,
                       struct tb_err *err)
{
    if (n > TB_JOURNAL_MAX_DATA)
        return tb_fail(err, TB_ERR_LIMIT, "a journal record of %zu bytes; at most %d", n,
                       TB_JOURNAL_MAX_DATA);
    if (!mend(j))
        return tb_fail_errno(err, "cannot cut a torn record from the journal in %s", j->dir);
    if ((j->fd < 0 || (j->size && j->size + TB_JOURNAL_HEAD + n > j->limit)) && !rotate(j, err))
        return false;
    tb_buf_clear(&j->record);
    tb_record_encode(&j->record, j->seq + 1, kind, data, n);
    if (!write_record(j, err))
        return false;
    j->size += j->record.n;
    j->segment[j->n - 1].last_seq = ++j->seq;
    if (j->unsynced_s < 0)
        j->unsynced_s = tb_clock_mono_s();
    return true;
}

uint64_t tb_journal_seq(const struct tb_journal *j)
{
    return j->seq;
}

double tb_journal_due(const struct tb_journal *j)
{
    if (j->is_doubted)
        return 0;
    if (j->unsynced_s < 0)
        return -1;
    double left = j->unsynced_s + sync_within_s - tb_clock_mono_s();
    return left > 0 ? left : 0;
}

bool tb_journal_sync(struct tb_journal *j, struct tb_err *err)
{
    if (j->unsynced_s < 0)
        return true;
    if (fdatasync(j->fd) != 0) {
        j->is_doubted = true;
        return tb_fail_errno(err, "cannot sync the journal in %s", j->dir);
    }
    if (j->is_new && !tb_dir_sync(j->dir, err))
        return false;
    j->is_new = false;
    j->unsynced_s = -1;
    return true;
}

bool tb_journal_is_doubted(const struct tb_journal *j)
{
    return j->is_doubted;
}

bool tb_journal_trim(struct tb_journal *j, uint64_t seq, bool all, struct tb_err *err)
{
    bool good = true;
    while (good && j->n > 1 && j->segment[0].last_seq <= seq)
        good = remove_segment(j, 0, err);
    if (!good || !all || j->n != 1 || j->segment[0].last_seq > seq)
        return good;
    if (j->fd >= 0)
        close(j->fd);
    j->fd = -1;
    j->size = 0;
    j->is_torn = j->is_doubted = false;
    j->unsynced_s = -1;
    return remove_segment(j, 0, err);
}

void tb_journal_set_segment(struct tb_journal *j, size_t bytes)
{
    j->limit = bytes;
}
