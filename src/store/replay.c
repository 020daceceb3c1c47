/* SPDX-License-Identifier: MIT */
/* replay.c - reading a journal. Whatever bytes are there, what comes out is a prefix of what was
 * written: reading stops at the first record that is short, has a bad magic, length or CRC, or does
 * not continue the sequence. At the end of the last segment that is a torn tail (a kill or power
 * loss in the middle of a write; also a last record with a bad CRC, or zeros where the length
 * reached the disk and the data did not); anywhere else it is damage, which the caller reports as
 * an event. Who reads on from a place reads the end of a segment only, once the last record that it took is found to be
 * there still: a segment may have been cut, or removed and begun anew under its number. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/journal_priv.h"

static const size_t max_segment = (size_t)64 << 20;

struct scan {
    uint64_t after;
    tb_record_fn *fn;
    void *user;
    struct tb_journal_end *end;
    bool is_last;   /* of the segments */
    const char *why; /* what is wrong with the record at hand */
};

static uint64_t little(const uint8_t *p, int n)
{
    uint64_t v = 0;
    while (n-- > 0)
        v = v << 8 | p[n];
    return v;
}

static int by_number(const void *a, const void *b)
{
    const struct tb_segment *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

size_t tb_segment_list(const char *dir, struct tb_segment **out)
{
    size_t n = 0, cap = 0;
    DIR *d = opendir(dir);
    struct dirent *e;
    *out = NULL;
    while (d && (e = readdir(d))) {
        int64_t number;
        if (!tb_str_starts(e->d_name, "journal.") || strlen(e->d_name) != 14
            || strspn(e->d_name + 8, "0123456789") != 6 || !tb_str_int(e->d_name + 8, &number))
            continue;
        *out = tb_grow(*out, n, &cap, sizeof **out);
        (*out)[n++] = (struct tb_segment){ (unsigned)number, 0 };
    }
    if (d)
        closedir(d);
    if (n)
        qsort(*out, n, sizeof **out, by_number);
    return n;
}

bool tb_journal_any(const char *dir)
{
    struct tb_segment *seg;
    size_t n = tb_segment_list(dir, &seg);
    free(seg);
    return n > 0;
}

/* Bytes of the good record at p, 0 if it is none: then s->why says what is wrong, and *is_torn
 * whether a write that was cut off looks like that. */
static size_t check(struct scan *s, const uint8_t *p, size_t left, struct tb_record *r,
                    bool *is_torn)
{
    uint8_t zeros[TB_JOURNAL_HEAD] = { 0 };
    *is_torn = left < TB_JOURNAL_HEAD;
    s->why = "ends inside a record";
    if (*is_torn)
        return 0;
    *r = (struct tb_record){ .seq = little(p + 8, 8), .kind = (unsigned)little(p + 16, 2),
        .version = (unsigned)little(p + 18, 2), .data = p + TB_JOURNAL_HEAD,
        .n = (size_t)little(p + 4, 4) };
    *is_torn = memcmp(p, zeros, sizeof zeros) == 0;
    s->why = "has bytes that are no record";
    if (memcmp(p, "TBJ1", 4) != 0 || r->n > TB_JOURNAL_MAX_DATA)
        return 0;
    *is_torn = r->n > left - TB_JOURNAL_HEAD;
    s->why = "ends inside a record";
    if (*is_torn)
        return 0;
    *is_torn = r->n == left - TB_JOURNAL_HEAD;
    s->why = "has a record with a bad CRC";
    if (tb_crc32(tb_crc32(0, p, 20), r->data, r->n) != little(p + 20, 4))
        return 0;
    *is_torn = false;
    s->why = "has a record out of sequence";
    if (r->seq == 0 || (s->end->last_seq && r->seq != s->end->last_seq + 1))
        return 0;
    return TB_JOURNAL_HEAD + r->n;
}

/* Whether a whole record lies behind p. Then p was never the end of the file: a length that was changed looks like a
 * record that was cut. Zeros are what a power loss leaves, whatever is behind them. */
static bool holds_more(struct scan *s, const uint8_t *p, size_t n)
{
    if (*p == 0)
        return false;
    struct tb_record r;
    struct scan any = { .end = &(struct tb_journal_end){ 0 } };
    bool is_torn;
    for (const uint8_t *at = p + 1; (at = memmem(at, n - (size_t)(at - p), "TBJ1", 4)); at++)
        if (check(&any, at, n - (size_t)(at - p), &r, &is_torn) && r.seq > s->end->last_seq)
            return true;
    return false;
}

/* Records of one segment. False only if fn failed; damage is in s->end. */
static bool scan_bytes(struct scan *s, const uint8_t *p, size_t n, const char *name,
                       struct tb_err *err)
{
    struct tb_journal_end *end = s->end;
    struct tb_record r;
    bool is_torn = false;
    for (end->good_bytes = 0; end->good_bytes < n;) {
        size_t took = check(s, p + end->good_bytes, n - end->good_bytes, &r, &is_torn);
        if (!took)
            break;
        if (s->fn && r.seq > s->after && !s->fn(s->user, &r, err))
            return false;
        end->first_seq = end->first_seq ? end->first_seq : r.seq;
        end->last_seq = r.seq;
        end->last_at = end->good_bytes;
        end->last_crc = (uint32_t)little(p + end->good_bytes + 20, 4);
        end->good_bytes += took;
    }
    if (end->good_bytes == n)
        return true;
    size_t at = end->good_bytes;
    if (s->is_last && is_torn && !holds_more(s, p + at, n - at)) {
        end->cut_bytes = n - end->good_bytes;
        return true;
    }
    end->is_damaged = true;
    snprintf(end->words, sizeof end->words, "%s %s at byte %zu; %zu bytes behind it are not read",
             name, s->why, end->good_bytes, n - end->good_bytes);
    return true;
}

static bool scan_segment(struct scan *s, const char *dir, struct tb_segment *seg,
                         struct tb_err *err)
{
    struct tb_err why = { 0 };
    char *path = tb_segment_path(dir, seg->number);
    size_t n = 0;
    bool is_file = tb_file_is_no_link(path, &why) && tb_file_is_plain(path, &why);
    char *bytes = is_file ? tb_file_read(path, max_segment, &n, &why) : NULL;
    bool good = bytes != NULL;
    s->end->segment = seg->number;
    if (!good && why.kind == TB_ERR_NOTFOUND)
        tb_fail(err, TB_ERR_BUSY, "%s vanished while the journal was read", path);
    else if (!good && err)
        *err = why;
    good = good && scan_bytes(s, (const uint8_t *)bytes, n, tb_path_base(path), err);
    seg->last_seq = s->end->last_seq;
    free(bytes);
    free(path);
    return good;
}

bool tb_journal_scan(const char *dir, uint64_t after, tb_record_fn *fn, void *user,
                     struct tb_journal_end *end, struct tb_segment **seg, size_t *n_seg,
                     struct tb_err *err)
{
    *end = (struct tb_journal_end){ 0 };
    struct scan s = { .after = after, .fn = fn, .user = user, .end = end };
    *n_seg = tb_segment_list(dir, seg);
    for (size_t i = 0; i < *n_seg && !end->is_damaged; i++) {
        s.is_last = i + 1 == *n_seg;
        if (!scan_segment(&s, dir, &(*seg)[i], err))
            return false;
    }
    return true;
}

bool tb_journal_replay(const char *dir, uint64_t after, tb_record_fn *fn, void *user,
                       struct tb_journal_end *end, struct tb_err *err)
{
    struct tb_segment *seg;
    size_t n;
    bool good = tb_journal_scan(dir, after, fn, user, end, &seg, &n, err);
    free(seg);
    return good;
}

/* ---- reading on */

struct tb_journal_place tb_journal_place_of(const struct tb_journal_end *end)
{
    return (struct tb_journal_place){ end->segment, end->good_bytes, end->last_at, end->last_crc, end->last_seq };
}

static bool read_exactly(int fd, void *to, size_t n, size_t from)
{
    for (size_t at = 0; at < n;) {
        ssize_t got = pread(fd, (char *)to + at, n - at, (off_t)(from + at));
        if (got <= 0)
            return false;
        at += (size_t)got;
    }
    return true;
}

/* Whether the file still holds what was read of it. */
static bool is_continued(int fd, const struct tb_journal_place *p)
{
    uint8_t head[TB_JOURNAL_HEAD];
    return p->bytes == 0
        || (read_exactly(fd, head, sizeof head, p->last_at) && little(head + 8, 8) == p->seq
            && little(head + 20, 4) == p->last_crc);
}

/* Records from p->bytes on of the open segment, which has `size` bytes. */
static bool read_rest(int fd, size_t size, bool is_last, uint64_t known, struct tb_journal_place *p,
                      struct scan *s, bool *is_gap, struct tb_err *err)
{
    size_t n = size - p->bytes;
    uint8_t *bytes = tb_xcalloc(n + 1, 1);
    bool good = true;
    *s->end = (struct tb_journal_end){ .last_seq = p->bytes ? p->seq : 0 };
    s->is_last = is_last;
    *is_gap = !read_exactly(fd, bytes, n, p->bytes)
           || (p->bytes == 0 && n >= TB_JOURNAL_HEAD && little(bytes + 8, 8) > known + 1);
    if (!*is_gap) {
        good = scan_bytes(s, bytes, n, "", err);
        *is_gap = s->end->is_damaged;
    }
    if (s->end->good_bytes && good) {
        p->last_at = p->bytes + s->end->last_at;
        p->last_crc = s->end->last_crc;
        p->seq = s->end->last_seq;
        p->bytes += s->end->good_bytes;
    }
    free(bytes);
    return good;
}

static bool read_segment(const char *dir, bool is_last, uint64_t known, struct tb_journal_place *p, struct scan *s,
                         bool *is_gap, struct tb_err *err)
{
    struct stat st;
    char *path = tb_segment_path(dir, p->segment);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    size_t size = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? (size_t)st.st_size : 0;
    bool good = true;
    *is_gap = fd < 0 || size < p->bytes || size > max_segment || !is_continued(fd, p);
    if (!*is_gap && size > p->bytes)
        good = read_rest(fd, size, is_last, known, p, s, is_gap, err);
    if (fd >= 0)
        close(fd);
    free(path);
    return good;
}

/* Segments are listed before they are read: where there was a next one, nothing more is added to this. */
bool tb_journal_read_on(const char *dir, uint64_t known, struct tb_journal_place *p, tb_record_fn *fn, void *user,
                        bool *is_gap, struct tb_err *err)
{
    struct tb_journal_end end = { 0 };
    struct scan s = { .fn = fn, .user = user, .end = &end };
    struct tb_segment *seg;
    size_t n = tb_segment_list(dir, &seg);
    bool good = true;
    *is_gap = n == 0 || seg[n - 1].number < p->segment;
    for (size_t i = 0; i < n && good && !*is_gap; i++) {
        if (seg[i].number < p->segment)
            continue;
        if (seg[i].number > p->segment)
            *p = (struct tb_journal_place){ .segment = seg[i].number, .seq = p->seq };
        good = read_segment(dir, i + 1 == n, p->seq > known ? p->seq : known, p, &s, is_gap, err);
    }
    free(seg);
    return good;
}
