/* SPDX-License-Identifier: MIT */
/* run.c - the folder of a run: made under a temporary name and renamed, so an id is claimed by
 * exactly one creator and no half run is ever seen. The lock is flock on `lock`, which is never
 * unlinked: it goes with the descriptor when a process dies, however that happens. Whether a lock
 * is free is found out by taking it shared for a moment, hence the patience of tb_run_lock. Small
 * files are opened with O_NONBLOCK, so that a pipe in a damaged store keeps nobody waiting. */
#include "store/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/snapshot.h"

enum { BEAT_BYTES = 64, HOST_AT = 32, HOST_BYTES = 32, STALL_AT = 63 };
static const double silence_s = 30; /* of an owner elsewhere, which then may be gone */

static void put(struct tb_json *facts, const char *section, const struct tb_json *v)
{
    if (v)
        tb_json_set(facts, section, tb_json_copy(v));
}

/* The place of a run among others: the time in nanoseconds, later than that of the run before it also where the
 * clock stands still. */
static int64_t next_serial(int64_t now)
{
    static _Atomic int64_t last;
    int64_t before = atomic_load(&last), serial;
    do
        serial = now > before ? now : before + 1;
    while (!atomic_compare_exchange_weak(&last, &before, serial));
    return serial;
}

static struct tb_json *identity(const struct tb_run_new *run)
{
    char created[24];
    int64_t now = tb_clock_wall_ns();
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "run_id", tb_json_new_str(run->id));
    tb_json_set(map, "name", tb_json_new_str(run->name));
    tb_json_set(map, "created", tb_json_new_str(tb_clock_iso(created, sizeof created, now)));
    tb_json_set(map, "serial", tb_json_new_int(next_serial(now)));
    return map;
}

static bool first_snapshot(const char *dir, const struct tb_run_new *run, struct tb_err *err)
{
    struct tb_metrics m;
    tb_metrics_init(&m);
    tb_json_set(m.facts, "run", identity(run));
    put(m.facts, "config", run->config);
    put(m.facts, "overrides", run->overrides);
    put(m.facts, "plan", run->plan);
    put(m.facts, "base", run->base);
    put(m.facts, "data", run->data);
    put(m.facts, "lineage", run->lineage);
    put(m.facts, "changes", run->changes);
    m.step = run->start ? run->start->step : 0;
    put(m.facts, "env", run->env);
    tb_json_set(m.facts, "result", tb_json_new_map());
    if (run->recipe) {
        m.recipe = tb_xstrndup(run->recipe, run->n_recipe);
        m.n_recipe = run->n_recipe;
    }
    tb_clock_iso(m.changed, sizeof m.changed, tb_clock_wall_ns());
    bool good = tb_snapshot_write(&m, dir, NULL, false, err);
    tb_metrics_free(&m);
    return good;
}

static bool fill(const char *dir, const struct tb_run_new *run, struct tb_err *err)
{
    char *ctl = tb_path_join(dir, TB_DIR_CTL), *ckpt = tb_path_join(dir, TB_DIR_CKPT),
         *lock = tb_path_join(dir, TB_FILE_LOCK);
    bool good = tb_dir_make(ctl, 0700, err) && tb_dir_make(ckpt, 0700, err)
             && tb_file_replace(lock, "", 0, err) && first_snapshot(dir, run, err)
             && (!run->start || tb_checkpoint_write(dir, run->start, err));
    free(lock);
    free(ckpt);
    free(ctl);
    return good;
}

static bool is_id(const char *id)
{
    size_t n = strlen(id);
    return n > 0 && n < TB_RUN_ID && strspn(id, "0123456789abcdef-") == n && id[0] != '-';
}

bool tb_run_create(const char *runs, const struct tb_run_new *run, struct tb_err *err)
{
    if (!is_id(run->id))
        return tb_fail(err, TB_ERR_USAGE, "'%s' is no run id: expected hex digits", run->id);
    char *temp = tb_xasprintf("%s/.new-%s-%ld", runs, run->id, (long)getpid()),
         *dir = tb_path_join(runs, run->id);
    bool good = tb_dir_remove(temp, err) && tb_dir_make(temp, 0700, err) && fill(temp, run, err);
    if (good && rename(temp, dir) != 0) {
        bool exists = errno == ENOTEMPTY || errno == EEXIST;
        good = exists ? tb_fail(err, TB_ERR_USAGE, "run %s exists already", run->id)
                      : tb_fail_errno(err, "cannot make %s", dir);
    }
    if (!good)
        tb_dir_remove(temp, NULL);
    good = good && tb_dir_sync(runs, err);
    free(dir);
    free(temp);
    return good;
}

/* Why a lock could not be had: somebody has it, or there is none to be had. */
static void tell_lock(const char *dir, const char *path, struct tb_err *err)
{
    if (errno == EWOULDBLOCK || errno == EINTR)
        tb_fail_at(err, TB_ERR_BUSY, dir, 0, "the run is held by another process");
    else
        tb_fail_errno(err, "cannot lock %s (a store needs a file system with locks; `tunebench doctor` tests "
                      "them)", path);
}

/* Who writes into a run must not be led elsewhere. */
static bool leads_nowhere(const char *dir, struct tb_err *err)
{
    char *ctl = tb_path_join(dir, TB_DIR_CTL), *ckpt = tb_path_join(dir, TB_DIR_CKPT);
    bool good = tb_file_is_no_link(dir, err) && tb_file_is_no_link(ctl, err) && tb_file_is_no_link(ckpt, err);
    free(ckpt);
    free(ctl);
    return good;
}

int tb_run_lock(const char *dir, struct tb_err *err)
{
    if (!leads_nowhere(dir, err))
        return -1;
    char *path = tb_path_join(dir, TB_FILE_LOCK);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        tb_fail_errno(err, "cannot open %s", path);
    if (fd >= 0 && !tb_file_lock(fd)) {
        tell_lock(dir, path, err);
        close(fd);
        fd = -1;
    }
    free(path);
    return fd;
}

void tb_run_unlock(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* The errno for which the lock could not be had now, 0: it could. */
static int lock_trouble(const char *dir)
{
    char *path = tb_path_join(dir, TB_FILE_LOCK);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool is_free = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) == 0;
    int why = is_free ? 0 : errno;
    if (fd >= 0)
        close(fd);
    free(path);
    return fd < 0 && why == ENOENT ? 0 : why;
}

bool tb_run_is_held(const char *dir)
{
    return lock_trouble(dir) == EWOULDBLOCK;
}

/* Boot id of this machine as 16 bytes, zeros where unknown. */
static void boot_id(uint8_t out[16])
{
    size_t n = 0, at = 0;
    char *text = tb_file_read("/proc/sys/kernel/random/boot_id", 4096, &n, NULL);
    memset(out, 0, 16);
    for (size_t i = 0; text && i < n && at < 32; i++) {
        const char *digits = "0123456789abcdef", *d = text[i] ? strchr(digits, text[i]) : NULL;
        if (!d)
            continue;
        out[at / 2] = (uint8_t)(out[at / 2] << 4 | (uint8_t)(d - digits));
        at++;
    }
    free(text);
}

static void host_name(char out[33])
{
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    memset(out, 0, 33);
    tb_str_copy(out, 33, host);
}

enum tb_stall tb_stall_of(const struct tb_err *err)
{
    return err->os == ENOSPC || err->os == EDQUOT || err->os == EFBIG ? TB_STALL_ROOM : TB_STALL_OTHER;
}

const char *tb_stall_words(enum tb_stall s)
{
    return s == TB_STALL_ROOM ? "no space left on the device" : "its folder cannot be written";
}

const char *tb_stall_advice(enum tb_stall s)
{
    return s == TB_STALL_ROOM
               ? "no space left on the device; make room, and it goes on within 10 s; nothing is lost"
               : "its folder cannot be written; let it be written again, and it goes on within 10 s; nothing is lost";
}

bool tb_run_beat_write(const char *dir, uint64_t counter, enum tb_stall stall, struct tb_err *err)
{
    struct tb_buf b = { 0 };
    uint8_t boot[16];
    char host[33], *path = tb_path_join(dir, TB_FILE_BEAT);
    boot_id(boot);
    host_name(host);
    tb_buf_str(&b, "TBB1");
    tb_buf_u32(&b, (uint32_t)getpid());
    tb_buf_u64(&b, counter);
    tb_buf_add(&b, boot, sizeof boot);
    tb_buf_add(&b, host, HOST_BYTES);
    if (stall)
        b.p[STALL_AT] = (char)stall;
    /* In place: one write of 64 bytes, so that the folder does not change every 2 s. */
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    bool good = fd >= 0 && pwrite(fd, b.p, b.n, 0) == (ssize_t)b.n;
    if (!good)
        tb_fail_errno(err, "cannot write %s", path);
    if (fd >= 0)
        close(fd);
    free(path);
    tb_buf_free(&b);
    return good;
}

static uint64_t little(const char *p, int n)
{
    uint64_t v = 0;
    while (n-- > 0)
        v = v << 8 | (uint8_t)p[n];
    return v;
}

bool tb_run_beat_read(const char *dir, struct tb_run_beat *beat, double *age_s)
{
    char raw[BEAT_BYTES + 1], *path = tb_path_join(dir, TB_FILE_BEAT);
    struct stat st;
    struct timespec now;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool good = fd >= 0 && pread(fd, raw, sizeof raw, 0) == BEAT_BYTES && fstat(fd, &st) == 0
             && memcmp(raw, "TBB1", 4) == 0;
    if (fd >= 0)
        close(fd);
    free(path);
    if (!good)
        return false;
    *beat = (struct tb_run_beat){ .pid = (uint32_t)little(raw + 4, 4),
                                  .counter = little(raw + 8, 8) };
    memcpy(beat->boot, raw + 16, 16);
    memcpy(beat->host, raw + HOST_AT, HOST_BYTES);
    if (raw[STALL_AT] > 0 && raw[STALL_AT] < TB_N_STALLS) {
        beat->stall = (enum tb_stall)raw[STALL_AT];
        beat->host[STALL_AT - HOST_AT] = '\0';
    }
    clock_gettime(CLOCK_REALTIME, &now);
    *age_s = (double)(now.tv_sec - st.st_mtim.tv_sec)
           + 1e-9 * (double)(now.tv_nsec - st.st_mtim.tv_nsec);
    if (*age_s < 0) /* a clock was set back */
        *age_s = 0;
    return true;
}

void tb_run_look(const char *dir, enum tb_state stored, struct tb_run_sight *s)
{
    struct tb_run_beat beat;
    uint8_t boot[16];
    char host[33];
    *s = (struct tb_run_sight){ .state = stored, .beat_s = -1 };
    bool has_beat = tb_run_beat_read(dir, &beat, &s->beat_s);
    if (!has_beat && stored == TB_STATE_QUEUED)
        return; /* nobody ever had it; a store may hold a thousand of these */
    boot_id(boot);
    host_name(host);
    bool is_free = lock_trouble(dir) == 0, is_silent = has_beat && s->beat_s > silence_s,
         is_same_host = has_beat && strncmp(beat.host, host, beat.stall ? HOST_BYTES - 1 : HOST_BYTES) == 0;
    s->is_here = is_same_host && memcmp(beat.boot, boot, 16) == 0;
    s->counter = has_beat ? beat.counter : 0;
    /* Locks of another machine may not be seen here, but one that was started anew holds none of before, and whoever
     * takes a run does not leave it queued for long. */
    bool may_be_gone = is_silent && (is_same_host || stored == TB_STATE_QUEUED);
    bool is_nobodys = is_free && (s->is_here || !has_beat || may_be_gone);
    s->pid = has_beat && !is_nobodys && !tb_state_is_over(stored) ? beat.pid : 0;
    if ((stored == TB_STATE_RUNNING || stored == TB_STATE_PAUSED) && is_nobodys)
        s->state = TB_STATE_LOST;
    else if ((stored == TB_STATE_RUNNING || stored == TB_STATE_QUEUED) && s->pid && beat.stall)
        s->state = TB_STATE_STALLED;
    s->stall = s->state == TB_STATE_STALLED ? beat.stall : TB_STALL_NONE;
}
