/* SPDX-License-Identifier: MIT */
/* proc.h - child processes: run this program itself in another mode, with limits, and read what it says. */
#ifndef TB_BASE_PROC_H
#define TB_BASE_PROC_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

/* Limits of a child; 0 = none. */
struct tb_proc_limits {
    double wall_s;
    unsigned cpu_s;
    uint64_t as_bytes; /* left out in sanitizer builds */
    size_t out_bytes;  /* most that is read from its stdout; default 64 MiB */
};

/* Runs argv (NULL-terminated; argv[0] a path), feeds it `in`, collects stdout and stderr until it ends.
 * True if it ran; *status is its wait status. Kills it and fails with TB_ERR_LIMIT when a limit is hit. */
bool tb_proc_run(char *const argv[], const char *in, size_t n_in, const struct tb_proc_limits *limits,
                 struct tb_buf *out, struct tb_buf *errout, int *status, struct tb_err *err);
/* Starts argv as a process that outlives this one and its terminal: a session of its own, working folder "/", nothing
 * to read, stdout and stderr appended to the file `log`, no other descriptor of ours. Its process id, 0 if it could not
 * be started. */
pid_t tb_proc_detach(char *const argv[], const char *log, struct tb_err *err);

/* A child that is talked with while other things go on. Ends of its stdin, stdout and stderr, -1 once they are closed;
 * none of them blocks, and writing must be send() with MSG_NOSIGNAL. */
struct tb_proc {
    pid_t pid; /* 0: it has ended and was waited for */
    int in, out, err;
};
bool tb_proc_spawn(struct tb_proc *p, char *const argv[], struct tb_err *err);
/* Whether it has ended, with its wait status; never waits. */
bool tb_proc_has_ended(struct tb_proc *p, int *status);
/* Closes the ends; kills it if it has not ended. */
void tb_proc_close(struct tb_proc *p);
/* Runs a command of the shell that has this process's terminal until it ends. False if it could not be run or ended
 * with an error. */
bool tb_proc_terminal(const char *command, struct tb_err *err);
/* Whether a process of that number is on this machine; and whether it was killed or ends, and so gives back this moment
 * what it holds, as far as the system tells. */
bool tb_proc_is_there(pid_t pid);
bool tb_proc_is_dying(pid_t pid);
/* Path of this very program, for running it again (/proc/self/exe). */
const char *tb_proc_self(void);

#endif
