/* SPDX-License-Identifier: MIT */
/* tail.c - the stamp of a run is made of the names, sizes and times of run.h5 and the journal's segments: a writer
 * appends to one of these or replaces one whenever it records something. It is taken before anything is read, so what
 * comes in between is looked at again. */
#include "store/tail.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"

/* The order in which the system lists files does not matter. */
static uint64_t stamp_of(const char *dir)
{
    uint64_t stamp = 1;
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        struct stat st;
        if ((!tb_str_starts(e->d_name, "journal.") && strcmp(e->d_name, TB_FILE_H5) != 0)
            || fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        uint64_t of[] = { tb_fnv1a32(e->d_name, strlen(e->d_name)), (uint64_t)st.st_size, (uint64_t)st.st_ino,
                          (uint64_t)st.st_mtim.tv_sec, (uint64_t)st.st_mtim.tv_nsec };
        stamp += (uint64_t)tb_crc32(7, of, sizeof of) << 32 | tb_fnv1a32(of, sizeof of);
    }
    if (d)
        closedir(d);
    return stamp;
}

static bool read_whole(struct tb_tail *t, struct tb_metrics *m, struct tb_err *err)
{
    struct tb_metrics fresh;
    if (!tb_metrics_load(&fresh, t->dir, err)) {
        tb_metrics_free(&fresh);
        return false;
    }
    tb_metrics_free(m);
    *m = fresh;
    t->place = tb_journal_place_of(&m->journal);
    t->n_whole++;
    return true;
}

bool tb_tail_open(struct tb_tail *t, struct tb_metrics *m, const char *dir, struct tb_err *err)
{
    *t = (struct tb_tail){ .dir = tb_xstrdup(dir), .stamp = stamp_of(dir) };
    tb_metrics_init(m);
    return read_whole(t, m, err);
}

/* run.h5 may have held more than the journal did when both were read. */
static bool apply(void *user, const struct tb_record *r, struct tb_err *err)
{
    struct tb_metrics *m = user;
    return r->seq <= m->seq || tb_metrics_apply(m, r, err);
}

bool tb_tail_poll(struct tb_tail *t, struct tb_metrics *m, bool *is_news, struct tb_err *err)
{
    struct tb_err why = { 0 };
    uint64_t stamp = stamp_of(t->dir), seq = m->seq, n_whole = t->n_whole;
    bool good = true, is_gap = t->n_whole == 0;
    if (is_news)
        *is_news = false;
    if (stamp == t->stamp)
        return true;
    t->stamp = stamp;
    if (!is_gap)
        good = tb_journal_read_on(t->dir, m->seq, &t->place, apply, m, &is_gap, &why);
    if (!good || is_gap)
        good = read_whole(t, m, &why);
    if (!good && why.kind == TB_ERR_BUSY) { /* between two snapshots; next time */
        t->stamp = 0;
        good = true;
    }
    if (!good && err)
        *err = why;
    if (is_news)
        *is_news = m->seq != seq || t->n_whole != n_whole;
    return good;
}

bool tb_tail_is_fresh(const struct tb_tail *t)
{
    return stamp_of(t->dir) == t->stamp;
}

void tb_tail_close(struct tb_tail *t)
{
    free(t->dir);
    *t = (struct tb_tail){ 0 };
}
