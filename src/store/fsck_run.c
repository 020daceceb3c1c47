/* SPDX-License-Identifier: MIT */
/* fsck_run.c - the folder of one run: kinds of files, checksums, what the files hold, the journal's frames, lock and
 * heartbeat, requests. First everything is looked at, then, if the lock can be had, what can be repaired is, then it
 * is told. A journal is repaired by opening the run for writing, which is how a crash is recovered from; all else is
 * removing remains and moving damaged files aside. A run.h5 that is damaged takes its folder with it (`<id>.bad`):
 * nothing can be known of the run without it, and so its id is free to be trained again. */
#include "store/fsck.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/fsck_priv.h"
#include "store/journal_priv.h"
#include "store/lineage.h"
#include "store/run.h"
#include "store/writer.h"

enum { MAX_FOUND = 1000, MAX_DEPTH = 4 };

enum fix { FIX_NONE, FIX_NOTE, FIX_LOCK, FIX_REMAINS, FIX_REQUESTS, FIX_JOURNAL, FIX_ASIDE, FIX_RUN, N_FIXES };

static const char *const remedies[N_FIXES] = {
    [FIX_NONE] = "",          [FIX_NOTE] = "",
    [FIX_LOCK] = "made",      [FIX_REMAINS] = "removed",
    [FIX_REQUESTS] = "answered: not done",
    [FIX_JOURNAL] = "recovered as when the run is resumed: cut behind the last good record, damaged rest kept as .bad",
    [FIX_ASIDE] = "moved aside as .bad",
    [FIX_RUN] = "the run's folder moved aside as .bad; the run can be trained again",
};

struct found {
    char *file, *what;
    enum fix fix;
    bool is_repaired;
};

struct run {
    const struct tb_fsck *k;
    const char *id;
    char *dir;
    struct tb_metrics m;
    bool is_loaded, is_held; /* is_held: by another process */
    struct found *found;
    size_t n, cap;
};

static void add(struct run *r, enum fix fix, const char *file, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void add(struct run *r, enum fix fix, const char *file, const char *fmt, ...)
{
    char what[600];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    if (r->n == MAX_FOUND)
        return;
    r->found = tb_grow(r->found, r->n, &r->cap, sizeof *r->found);
    fix = r->is_held && fix > FIX_NOTE ? FIX_NONE : fix;
    r->found[r->n++] = (struct found){ tb_xstrdup(file), tb_xstrdup(what), fix, false };
}

static char *path_of(const struct run *r, const char *file)
{
    return tb_path_join(r->dir, file);
}

static void begin(const struct run *r, const char *file)
{
    if (r->k->begin)
        r->k->begin(r->k->user, file);
}

/* ---- files as files */

static void check_names(struct run *r, const char *sub, int depth);

static void check_name(struct run *r, const char *file, int depth)
{
    char *path = path_of(r, file);
    enum tb_entry is = tb_entry_of(path);
    bool is_shared = tb_str_starts(file, TB_DIR_CTL "/"); /* askers write there without a lock */
    if (is == TB_ENTRY_LINK)
        add(r, FIX_NONE, file, "is a link: nothing in a store may lead out of it");
    else if (is == TB_ENTRY_OTHER)
        add(r, FIX_NONE, file, "is neither a file nor a folder");
    else if (tb_fsck_is_temp(tb_path_base(file))) {
        if (!r->is_held && (!is_shared || tb_fsck_is_old(path)))
            add(r, FIX_REMAINS, file, "is left of a write that did not end");
    } else if (tb_str_ends(file, ".bad"))
        add(r, FIX_NOTE, file, "was moved aside as damaged; 'tunebench gc' removes such files");
    else if (is == TB_ENTRY_FOLDER)
        check_names(r, file, depth + 1);
    free(path);
}

/* sub "": the run's folder. */
static void check_names(struct run *r, const char *sub, int depth)
{
    char **names, *dir = *sub ? path_of(r, sub) : tb_xstrdup(r->dir);
    size_t n = tb_fsck_names(dir, &names);
    if (n == 0 && access(dir, R_OK | X_OK) != 0)
        add(r, FIX_NONE, *sub ? sub : ".", "cannot be read");
    if (depth > MAX_DEPTH && n)
        add(r, FIX_NOTE, sub, "lies deeper than anything a run makes; not looked at");
    for (size_t i = 0; depth <= MAX_DEPTH && i < n; i++) {
        char *file = *sub ? tb_path_join(sub, names[i]) : tb_xstrdup(names[i]);
        check_name(r, file, depth);
        free(file);
    }
    tb_fsck_names_free(names, n);
    free(dir);
}

/* ---- lock, heartbeat, requests */

static void check_lock(struct run *r)
{
    char *path = path_of(r, TB_FILE_LOCK);
    enum tb_entry is = tb_entry_of(path);
    int fd = is == TB_ENTRY_FILE ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
    r->is_held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0;
    if (is == TB_ENTRY_GONE)
        add(r, FIX_LOCK, TB_FILE_LOCK, "is not there");
    else if (is == TB_ENTRY_FOLDER)
        add(r, FIX_NONE, TB_FILE_LOCK, "is no file");
    else if (is == TB_ENTRY_FILE && fd < 0)
        add(r, FIX_NONE, TB_FILE_LOCK, "cannot be opened");
    if (fd >= 0)
        close(fd);
    free(path);
}

static void check_beat(struct run *r)
{
    struct tb_run_beat beat;
    struct tb_run_sight sight;
    double age_s;
    char *path = path_of(r, TB_FILE_BEAT);
    enum tb_entry is = tb_entry_of(path);
    if (is == TB_ENTRY_FILE && !tb_run_beat_read(r->dir, &beat, &age_s))
        add(r, FIX_ASIDE, TB_FILE_BEAT, "is no heartbeat");
    else if (r->is_loaded && (is == TB_ENTRY_FILE || is == TB_ENTRY_GONE)) {
        tb_run_look(r->dir, r->m.state, &sight);
        if (sight.state == TB_STATE_LOST)
            add(r, FIX_NOTE, TB_FILE_BEAT, "was %s when its worker ended; 'tunebench resume %s' goes on",
                tb_state_name(r->m.state), r->id);
        else if (sight.stall)
            add(r, FIX_NOTE, TB_FILE_BEAT, "is stalled: %s", tb_stall_advice(sight.stall));
        else if (is == TB_ENTRY_FILE && !sight.is_here && !tb_state_is_over(r->m.state))
            add(r, FIX_NOTE, TB_FILE_BEAT, "%s on host %.32s, heartbeat %.0f s old", tb_state_name(r->m.state),
                beat.host, age_s);
    }
    free(path);
}

static void check_requests(struct run *r)
{
    char **names, *dir = path_of(r, TB_DIR_CTL);
    size_t n = tb_fsck_names(dir, &names);
    for (size_t i = 0; !r->is_held && i < n; i++) {
        char *file = tb_path_join(TB_DIR_CTL, names[i]);
        if (tb_str_ends(file, ".taken") && tb_entry_of(dir) == TB_ENTRY_FOLDER)
            add(r, FIX_REQUESTS, file, "was taken by a worker that ended before it was carried out");
        free(file);
    }
    tb_fsck_names_free(names, n);
    free(dir);
}

/* ---- what files hold */

/* An error in words, without the place if that is the file itself. */
static const char *words(const struct tb_err *why, const char *file, char dst[700])
{
    bool is_here = strcmp(tb_path_base(why->where), tb_path_base(file)) == 0;
    return is_here ? why->text : tb_err_string(why, dst, 700);
}

/* Whether HDF5 may have the file: a third of the free memory holds it. */
static bool is_small(struct run *r, const char *file, const char *path)
{
    int64_t bytes = tb_file_size(path);
    if (bytes >= 0 && (uint64_t)bytes < tb_mem_free_bytes() / 3)
        return true;
    add(r, FIX_NOTE, file, "is larger than a third of the free memory: only its checksum was looked at");
    return false;
}

/* The checksum; true if what is in the file may be looked at. */
static bool check_sum(struct run *r, const char *file, enum fix fix)
{
    struct tb_err why = { 0 };
    char *path = path_of(r, file);
    begin(r, file);
    enum tb_sum sum = tb_fsck_sum(path, &why);
    if (sum == TB_SUM_BAD)
        add(r, fix, file, "%s", why.text);
    else if (sum == TB_SUM_UNKNOWN && tb_entry_of(path) != TB_ENTRY_LINK
             && (why.kind != TB_ERR_NOTFOUND || !r->is_held)) /* a worker may just have removed it */
        add(r, FIX_NONE, file, "%s", why.text);
    bool good = sum == TB_SUM_GOOD && !r->k->is_shallow && is_small(r, file, path);
    free(path);
    return good;
}

static void check_identity(struct run *r)
{
    const char *id = tb_json_str(tb_metrics_fact(&r->m, "run", "run_id"), "");
    if (strcmp(id, r->id) != 0)
        add(r, FIX_NOTE, TB_FILE_H5, "was written as run '%.31s': a copy made by hand", id);
}

static void check_journal(struct run *r)
{
    struct tb_journal_end end;
    struct tb_err why = { 0 };
    struct tb_segment *seg;
    char file[24], text[700];
    size_t n = tb_segment_list(r->dir, &seg);
    snprintf(file, sizeof file, "journal.%06u", n ? seg[n - 1].number % 1000000 : 1);
    free(seg);
    begin(r, file);
    if (!n || (!tb_journal_replay(r->dir, 0, NULL, NULL, &end, &why) && r->is_held))
        return;
    bool is_spent = r->is_loaded && tb_state_is_over(r->m.state) && end.last_seq <= r->m.h5_seq;
    enum fix fix = r->is_loaded ? FIX_JOURNAL : FIX_NONE;
    if (why.kind)
        add(r, FIX_NONE, file, "%s", words(&why, file, text));
    else if (end.is_damaged)
        add(r, fix, file, "%s", end.words);
    else if (end.cut_bytes && !r->is_held)
        add(r, fix, file, "ends in %zu bytes of a record that was being written", end.cut_bytes);
    else if (is_spent && !r->is_held)
        add(r, fix, file, "holds nothing that " TB_FILE_H5 " has not: the run ended, but this was not removed");
}

static void check_checkpoint(struct run *r, int64_t step)
{
    struct tb_checkpoint c;
    struct tb_err why = { 0 };
    char file[48], text[700];
    snprintf(file, sizeof file, TB_DIR_CKPT "/%06lld.h5", (long long)step);
    if (!check_sum(r, file, FIX_ASIDE))
        return;
    if (!tb_checkpoint_read(&c, r->dir, step, &why)) {
        if (why.kind != TB_ERR_NOTFOUND || !r->is_held)
            add(r, FIX_NONE, file, "its checksum is right, but: %s", words(&why, file, text));
        return;
    }
    tb_checkpoint_free(&c);
    if (r->is_loaded && !r->is_held && step > r->m.step)
        add(r, FIX_NOTE, file, "is of a step that the run has no records of, which end at step %lld",
            (long long)r->m.step);
}

/* A clone without its start can only go on from a later checkpoint. */
static void check_start(struct run *r, const int64_t *steps, size_t n)
{
    int64_t start = r->is_loaded ? tb_lineage_start(&r->m) : -1;
    char file[48];
    snprintf(file, sizeof file, TB_DIR_CKPT "/%06lld.h5", (long long)start);
    for (size_t i = 0; i < n; i++)
        start = steps[i] == start ? -1 : start;
    if (start >= 0)
        add(r, FIX_NOTE, file, "is what the run begins from, and is not there");
}

static void check_checkpoints(struct run *r)
{
    int64_t *steps = NULL;
    char *dir = path_of(r, TB_DIR_CKPT);
    size_t n = tb_entry_of(dir) == TB_ENTRY_FOLDER ? tb_checkpoint_list(r->dir, &steps) : 0;
    for (size_t i = 0; i < n; i++)
        check_checkpoint(r, steps[i]);
    check_start(r, steps, n);
    free(steps);
    free(dir);
}

static void check_h5(struct run *r)
{
    struct tb_err why = { 0 };
    char text[700];
    if (!check_sum(r, TB_FILE_H5, FIX_RUN))
        return;
    tb_metrics_free(&r->m);
    r->is_loaded = tb_metrics_load(&r->m, r->dir, &why);
    if (r->is_loaded)
        check_identity(r);
    else if (why.kind != TB_ERR_BUSY)
        add(r, FIX_NONE, TB_FILE_H5, "its checksum is right, but: %s", words(&why, TB_FILE_H5, text));
}

/* ---- repair */

static bool wants(const struct run *r, enum fix fix)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->found[i].fix == fix)
            return true;
    return false;
}

static void set_repaired(struct run *r, enum fix fix)
{
    for (size_t i = 0; i < r->n; i++)
        r->found[i].is_repaired |= r->found[i].fix == fix;
}

/* Under the run's lock. */
static void repair_files(struct run *r)
{
    if (wants(r, FIX_REQUESTS))
        tb_ctl_answer_stale(r->dir, r->m.step, TB_CTL_NOT_DONE "its worker ended before; ask again");
    for (size_t i = 0; i < r->n; i++) {
        struct found *f = &r->found[i];
        char *path = path_of(r, f->file);
        if (f->fix == FIX_REMAINS)
            f->is_repaired = tb_dir_remove(path, NULL);
        else if (f->fix == FIX_ASIDE)
            f->is_repaired = tb_fsck_set_aside(path, NULL);
        else if (f->fix == FIX_REQUESTS)
            f->is_repaired = tb_entry_of(path) == TB_ENTRY_GONE;
        free(path);
    }
}

/* As a worker would take the run up; one that is over is sealed again. */
static void repair_journal(struct run *r)
{
    struct tb_run_writer *w = tb_run_writer_open(r->dir, NULL);
    const struct tb_metrics *m = w ? tb_run_writer_metrics(w) : NULL;
    bool good = w != NULL;
    if (good && tb_state_is_over(m->state))
        good = tb_run_writer_seal(w, m->state, m->ended_by, m->note, NULL, NULL);
    tb_run_writer_close(w);
    if (good)
        set_repaired(r, FIX_JOURNAL);
}

static void repair(struct run *r)
{
    int lock = tb_run_lock(r->dir, NULL);
    if (lock < 0)
        return;
    set_repaired(r, FIX_LOCK);
    repair_files(r);
    if (wants(r, FIX_RUN) && tb_fsck_set_aside(r->dir, NULL))
        set_repaired(r, FIX_RUN);
    tb_run_unlock(lock);
    if (wants(r, FIX_JOURNAL) && !wants(r, FIX_RUN) && r->is_loaded)
        repair_journal(r);
}

static bool is_repairable(const struct run *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->found[i].fix > FIX_NOTE)
            return true;
    return false;
}

static void tell_all(const struct run *r)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct found *f = &r->found[i];
        struct tb_finding told = { r->id, f->file, f->what, remedies[f->fix], f->fix == FIX_NOTE, f->is_repaired };
        r->k->tell(r->k->user, &told);
    }
    if (r->n == MAX_FOUND)
        r->k->tell(r->k->user, &(struct tb_finding){ r->id, ".", "has more findings than are told", "", false, false });
}

void tb_fsck_run(const struct tb_fsck *k, const char *root, const char *id)
{
    struct run r = { .k = k, .id = id, .dir = tb_xasprintf("%s/runs/%s", root, id) };
    tb_metrics_init(&r.m);
    check_lock(&r);
    check_names(&r, "", 0);
    check_h5(&r);
    check_journal(&r);
    check_checkpoints(&r);
    check_beat(&r);
    check_requests(&r);
    if (k->repairs && !r.is_held && is_repairable(&r))
        repair(&r);
    tell_all(&r);
    for (size_t i = 0; i < r.n; i++) {
        free(r.found[i].file);
        free(r.found[i].what);
    }
    free(r.found);
    tb_metrics_free(&r.m);
    free(r.dir);
}
