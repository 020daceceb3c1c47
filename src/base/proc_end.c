/* SPDX-License-Identifier: MIT */
/* proc_end.c - the end of other processes: between SIGKILL and the last lock that is given back there may be seconds,
 * in which all memory is freed. Linux tells it in /proc/PID: the signal that is pending (status), then PF_EXITING
 * (stat, the ninth field), then the state. */
#include "base/proc.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

enum { EXITING = 4 };

bool tb_proc_is_there(pid_t pid)
{
    return pid > 0 && (kill(pid, 0) == 0 || errno != ESRCH);
}

static char *read_about(pid_t pid, const char *what)
{
    size_t n;
    char *path = tb_xasprintf("/proc/%ld/%s", (long)pid, what), *text = tb_file_read(path, 1 << 16, &n, NULL);
    free(path);
    return text;
}

/* "Name:\tvalue" as a hexadecimal set of signals; 0 if it is not there. */
static unsigned long long signals(const char *status, const char *name)
{
    const char *at = strstr(status, name);
    return at ? strtoull(at + strlen(name), NULL, 16) : 0;
}

static bool is_killed(pid_t pid)
{
    char *status = read_about(pid, "status");
    unsigned long long pending = status ? signals(status, "\nSigPnd:\t") | signals(status, "\nShdPnd:\t") : 0;
    free(status);
    return pending >> (SIGKILL - 1) & 1;
}

/* The name before the state may hold anything, but no ")" stands behind its own. */
static bool is_ending(pid_t pid)
{
    char state = 'R', *stat = read_about(pid, "stat"), *at = stat ? strrchr(stat, ')') : NULL;
    unsigned flags = 0;
    bool good = at && sscanf(at + 1, " %c %*d %*d %*d %*d %*d %u", &state, &flags) == 2;
    free(stat);
    return good && (flags & EXITING || strchr("ZXx", state));
}

bool tb_proc_is_dying(pid_t pid)
{
    return pid > 0 && (is_killed(pid) || is_ending(pid));
}
