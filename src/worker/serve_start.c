/* SPDX-License-Identifier: MIT */
/* serve_start.c - a detached process that serves a store is started, and waited for until it is on duty. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/proc.h"
#include "store/duty.h"
#include "worker/worker.h"

static const double nap_s = 0.01, start_patience_s = 10;

/* With the last line that it had to say behind `from`. */
static bool fail_start(const char *log, int64_t from, struct tb_err *err)
{
    size_t n = 0, begin = from > 0 ? (size_t)from : 0, at;
    char *text = log ? tb_file_read(log, 16 << 20, &n, NULL) : NULL;
    while (n > begin && text[n - 1] == '\n')
        text[--n] = '\0';
    for (at = n; at > begin && text[at - 1] != '\n';)
        at--;
    tb_fail_at(err, TB_ERR_IO, log ? log : "worker", 0, "the worker did not come up: %s",
               n > begin ? text + at : "no word");
    free(text);
    return false;
}

/* A worker that is to come up. */
struct starting {
    char *log;
    int64_t log_bytes; /* before it */
    pid_t pid;         /* 0: not started yet */
    double until;
};

/* Waits until the worker is on duty, or was and has left; starts it if nobody is. */
static bool see_it_come_up(struct starting *p, const char *root, char *const argv[], struct tb_err *err)
{
    struct tb_duty_sight sight;
    for (;; tb_clock_nap(nap_s)) {
        bool is_gone = p->pid && !tb_proc_is_there(p->pid);
        tb_duty_look(root, &sight);
        bool is_on_duty = sight.is_held && !sight.is_leaving && !tb_proc_is_dying((pid_t)sight.pid);
        if (is_on_duty || (is_gone && sight.last_pid == p->pid))
            return true;
        if ((is_gone && !sight.is_held) || tb_clock_mono_s() > p->until)
            return fail_start(p->log, p->log_bytes, err);
        if (sight.is_held || p->pid)
            continue;
        if (!(p->log = tb_duty_log(root, err)))
            return false;
        p->log_bytes = tb_file_size(p->log);
        p->pid = tb_proc_detach(argv, p->log, err);
        if (!p->pid)
            return false;
    }
}

bool tb_worker_start(const char *store, const struct tb_worker_spec *spec, struct tb_err *err)
{
    char n_threads[16], n_runs[16], *root = realpath(store, NULL);
    snprintf(n_threads, sizeof n_threads, "%d", spec->threads);
    snprintf(n_runs, sizeof n_runs, "%d", spec->in_flight ? spec->in_flight : TB_WORKER_IN_FLIGHT);
    char *argv[13] = { (char *)tb_proc_self(), "worker", "--detached", "--store", root, "--in-flight", n_runs };
    struct starting p = { .until = tb_clock_mono_s() + start_patience_s };
    int n = 7;
    if (spec->threads) {
        argv[n++] = "--threads";
        argv[n++] = n_threads;
    }
    if (spec->memory) {
        argv[n++] = "--memory";
        argv[n++] = (char *)spec->memory;
    }
    bool good = root ? see_it_come_up(&p, root, argv, err) : tb_fail_errno(err, "cannot find %s", store);
    free(p.log);
    free(root);
    return good;
}
