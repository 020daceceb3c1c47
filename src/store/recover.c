/* SPDX-License-Identifier: MIT */
/* recover.c - after a crash: files of writes that were never renamed are removed, requests that
 * were taken and not finished, or that the owner before never took, are answered, and what the
 * journal lost or kept is put into words.
 * Whole files and the journal need no repair: the journal was cut at its last good record when it
 * was opened, and the newest good checkpoint is found by tb_checkpoint_newest when the run is
 * resumed. */
#include "store/recover.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/file.h"
#include "store/ctl.h"

/* A request this young may be meant for the owner that begins now: its asker was quicker than the lock. */
static const double young_s = 5;

/* Folders that somebody removed. */
static void make_folder(const char *dir, const char *sub)
{
    char *path = tb_path_join(dir, sub);
    mkdir(path, 0700);
    free(path);
}

/* In ctl/ a client may be writing just now; who asks holds a lock on that folder meanwhile. */
static int remove_temp(const char *dir, const char *sub)
{
    int n = 0;
    char *path = tb_path_join(dir, sub);
    DIR *d = opendir(path);
    struct dirent *e;
    bool is_ours = d && (strcmp(sub, TB_DIR_CTL) != 0 || flock(dirfd(d), LOCK_EX | LOCK_NB) == 0);
    while (is_ours && (e = readdir(d))) {
        if (!strstr(e->d_name, ".tmp-"))
            continue;
        char *temp = tb_path_join(path, e->d_name); /* a file, or the folder of a model */
        n += tb_dir_remove(temp, NULL);
        free(temp);
    }
    if (d)
        closedir(d);
    free(path);
    return n;
}

static void say(struct tb_recovered *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct tb_recovered *r, const char *fmt, ...)
{
    size_t have = strlen(r->words);
    va_list ap;
    if (have)
        have += (size_t)snprintf(r->words + have, sizeof r->words - have, "; ");
    if (have >= sizeof r->words)
        return;
    va_start(ap, fmt);
    vsnprintf(r->words + have, sizeof r->words - have, fmt, ap);
    va_end(ap);
}

void tb_recover(const char *dir, const struct tb_metrics *m, struct tb_recovered *r)
{
    *r = (struct tb_recovered){ 0 };
    make_folder(dir, TB_DIR_CTL);
    make_folder(dir, TB_DIR_CKPT);
    r->n_temp =
        remove_temp(dir, ".") + remove_temp(dir, TB_DIR_CKPT) + remove_temp(dir, TB_DIR_CTL);
    r->n_requests = tb_ctl_answer_stale(dir, m->step,
                                        TB_CTL_NOT_DONE "the worker ended before this was carried out; ask again");
    r->n_old = tb_ctl_answer_old(dir, young_s, "facts", m->step,
                                 TB_CTL_NOT_DONE "asked before this process took the run; ask again");
    if (m->state == TB_STATE_RUNNING || m->state == TB_STATE_PAUSED)
        say(r, "the worker ended while the run was %s; %zu steps kept, up to step %lld",
            tb_state_name(m->state), m->n_train, (long long)m->step);
    if (m->journal.cut_bytes)
        say(r, "a torn record of %zu bytes was cut from the journal", m->journal.cut_bytes);
    if (m->journal.is_damaged)
        say(r, "%s; the damaged file is kept as .bad", m->journal.words);
    if (r->n_temp)
        say(r, "%d unfinished files removed", r->n_temp);
    if (r->n_requests)
        say(r, "%d unfinished requests answered", r->n_requests);
    if (r->n_old)
        say(r, "%d requests to the process before refused", r->n_old);
}
