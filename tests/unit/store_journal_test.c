/* SPDX-License-Identifier: MIT */
/* The journal: the frozen vector, round trip over segments, torn tails, damage, trimming, a full
 * disk (a small RLIMIT_FSIZE stands for it). */
#include "store/journal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/hash.h"
#include "store/metrics.h"
#include "tests/tap.h"

static char dir[256];

static void fresh(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%s/tb-journal-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(dir))
        abort();
}

static void clean(void)
{
    ok(tb_dir_remove(dir, NULL), "cleaned up");
}

static void vector(void)
{
    struct tb_buf b = { 0 }, data = { 0 };
    char hex[65];
    struct tb_train_row row = { 12, 3072, 4.25, 2.5, 0.0005, 0.75, 600, 1073741824 };
    tb_record_train(&data, &row);
    tb_record_encode(&b, 41, TB_RECORD_TRAIN, data.p, data.n);
    is_int(b.n, 88, "record of a train row is 88 bytes");
    tb_hex((uint8_t *)b.p, TB_JOURNAL_HEAD, hex);
    is_str(hex, "54424a314000000029000000000000000200010044a981e4", "its header, as frozen");
    tb_sha256_hex(b.p, b.n, hex);
    is_str(hex, "976e3c5fdaa8012f92d485deba641de0067c337273d6e5230712cc52ca82ce5c", "its SHA-256");
    tb_buf_free(&data);
    tb_buf_free(&b);
}

struct sum {
    uint64_t n, last;
    bool in_order;
    size_t bytes;
};

static bool take(void *user, const struct tb_record *r, struct tb_err *err)
{
    struct sum *s = user;
    s->in_order = s->n == 0 || r->seq == s->last + 1;
    s->last = r->seq;
    s->n++;
    s->bytes += r->n;
    return r->n < 8 || memcmp(r->data, &r->seq, 8) == 0;
}

static struct tb_journal *reopen(uint64_t after, struct sum *s, struct tb_journal_end *end)
{
    struct tb_err err = { 0 };
    *s = (struct sum){ .in_order = true };
    struct tb_journal *j = tb_journal_open(dir, after, take, s, end, &err);
    ok(j != NULL, "journal opens %s", err.text);
    return j;
}

static bool add(struct tb_journal *j, struct tb_err *err)
{
    uint64_t data[13] = { tb_journal_seq(j) + 1 };
    return tb_journal_append(j, TB_RECORD_EVENT, data, sizeof data, err);
}

static void segments(void)
{
    struct sum s;
    struct tb_journal_end end;
    fresh();
    ok(!tb_journal_any(dir), "no journal");
    struct tb_journal *j = reopen(0, &s, &end);
    tb_journal_set_segment(j, 1000); /* seven records each */
    ok(tb_journal_due(j) < 0, "nothing to sync");
    bool good = true;
    for (int i = 0; i < 100; i++)
        good = good && add(j, NULL);
    ok(good && tb_journal_due(j) >= 0 && tb_journal_due(j) <= 1,
       "100 records, to be synced within 1 s");
    ok(tb_journal_sync(j, NULL) && tb_journal_due(j) < 0, "synced");
    ok(tb_journal_trim(j, 50, false, NULL), "trimmed");
    tb_journal_close(j);
    j = reopen(50, &s, &end);
    ok(s.n == 50 && s.last == 100 && s.in_order, "51 to 100 are replayed");
    is_int(end.first_seq, 50, "1 to 49 are gone with their seven segments");
    tb_journal_set_segment(j, 1000);
    ok(add(j, NULL) && tb_journal_seq(j) == 101, "goes on at 101");
    ok(tb_journal_trim(j, 100, true, NULL) && tb_journal_any(dir),
       "a segment with a newer record stays");
    ok(tb_journal_trim(j, 101, true, NULL) && !tb_journal_any(dir),
       "all gone when all is held elsewhere");
    ok(add(j, NULL) && tb_journal_seq(j) == 102, "and begins anew");
    tb_journal_close(j);
    j = reopen(500, &s, &end);
    ok(add(j, NULL) && tb_journal_seq(j) == 501, "behind what run.h5 holds, if that is more");
    tb_journal_close(j);
    j = reopen(500, &s, &end);
    ok(s.n == 1 && s.last == 501, "which is replayed");
    tb_journal_close(j);
    clean();
}

static void make(int n)
{
    struct sum s;
    struct tb_journal_end end;
    fresh();
    struct tb_journal *j = reopen(0, &s, &end);
    for (int i = 0; i < n; i++)
        add(j, NULL);
    tb_journal_close(j);
}

static void write_at(const char *path, long at, const void *p, size_t n)
{
    FILE *f = fopen(path, "r+b");
    if (!f || fseek(f, at, SEEK_SET) || fwrite(p, 1, n, f) != n)
        abort();
    fclose(f);
}

static void damage(void)
{
    struct sum s;
    struct tb_journal_end end;
    char path[300];
    static const char zeros[300];
    make(10);
    snprintf(path, sizeof path, "%s/journal.000001", dir);
    write_at(path, 10 * 128, "TBJ1garbage", 11);
    struct tb_journal *j = reopen(0, &s, &end);
    ok(s.n == 10 && end.cut_bytes == 11 && !end.is_damaged, "a torn header is cut");
    is_int(tb_file_size(path), 1280, "to the last good record");
    tb_journal_close(j);
    write_at(path, 1280, zeros, sizeof zeros);
    tb_journal_close(reopen(0, &s, &end));
    ok(s.n == 10 && end.cut_bytes == 300 && !end.is_damaged, "zeros at the end are a torn tail");
    write_at(path, 9 * 128 + 50, "x", 1);
    tb_journal_close(reopen(0, &s, &end));
    ok(s.n == 9 && end.cut_bytes == 128 && !end.is_damaged, "so is a last record with a bad CRC");
    write_at(path, 4 * 128 + 50, "x", 1);
    j = reopen(0, &s, &end);
    ok(s.n == 4 && end.is_damaged && strstr(end.words, "bad CRC"), "in the middle it is damage: %s",
       end.words);
    ok(add(j, NULL) && tb_journal_seq(j) == 5, "the run goes on behind the last good record");
    tb_journal_close(j);
    tb_journal_close(reopen(0, &s, &end));
    ok(s.n == 5 && !end.is_damaged, "and reads whole again");
    snprintf(path, sizeof path, "%s/journal.000001.bad", dir);
    is_int(tb_file_size(path), 9 * 128, "the damaged file is kept");
    clean();
}

static void full_disk(void)
{
    struct sum s;
    struct tb_journal_end end;
    struct tb_err err = { 0 };
    struct rlimit old, small;
    fresh();
    struct tb_journal *j = reopen(0, &s, &end);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 300; /* two records and a bit */
    setrlimit(RLIMIT_FSIZE, &small);
    bool first = add(j, &err), second = add(j, &err), third = add(j, &err), again = add(j, &err);
    setrlimit(RLIMIT_FSIZE, &old);
    ok(first && second, "two records fit");
    ok(!third && !again && err.kind == TB_ERR_IO, "the third does not: %s", err.text);
    struct tb_journal_end seen;
    struct sum r = { 0 };
    ok(tb_journal_replay(dir, 0, take, &r, &seen, NULL) && r.n == 2 && seen.cut_bytes == 0,
       "nothing torn is left to read");
    ok(add(j, NULL) && tb_journal_seq(j) == 3, "with room again the same record goes in");
    tb_journal_close(j);
    tb_journal_close(reopen(0, &s, &end));
    ok(s.n == 3 && s.in_order, "and all three replay");
    clean();
}

int main(void)
{
    vector();
    segments();
    damage();
    full_disk();
    return done();
}
