/* SPDX-License-Identifier: MIT */
/* inject.h - calls of the system that change files, seen before they are made. Linked into a test, `inject_hook` is
 * told of each and decides; preloaded into the real program (inject.so), the environment decides:
 *     TB_INJECT_UNDER   only paths that begin with this
 *     TB_INJECT_OPS     only these: open,write,sync,rename,truncate,unlink,mkdir,lock (default: all but lock)
 *     TB_INJECT_WHAT    ENOSPC EROFS EIO EINTR ENOLCK, short (half of a write), tear (half of it, then SIGKILL), kill
 *     TB_INJECT_AT      the call that this happens to, counted from 1
 *     TB_INJECT_LASTS   and how many from there on (default 1; 0: all)
 *     TB_INJECT_COUNT   a file that holds the number of calls when the process ends
 *     TB_INJECT_CLOCK   a file that holds seconds by which the wall clock is wrong */
#ifndef TB_TESTS_INJECT_H
#define TB_TESTS_INJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum inject_op {
    INJECT_OPEN = 1, /* for writing */
    INJECT_WRITE = 2,
    INJECT_SYNC = 4, /* a file or a folder */
    INJECT_RENAME = 8,
    INJECT_TRUNCATE = 16,
    INJECT_UNLINK = 32, /* a file or a folder */
    INJECT_MKDIR = 64,
    INJECT_LOCK = 128,
    INJECT_FILES = 127, /* all but locks */
};

struct inject_call {
    enum inject_op op;
    const char *path, *to; /* absolute; to: of a rename, else NULL */
    int flags;             /* of open and unlink */
    int64_t at;            /* of write: where; of truncate: the new size */
    const void *p;
    size_t n;
};

/* What happens: an errno > 0, or one of these. */
enum { INJECT_GO = 0, INJECT_SKIP = -1, INJECT_SHORT = -2, INJECT_TEAR = -3, INJECT_KILL = -4 };

typedef int inject_fn(const struct inject_call *c);
extern inject_fn *inject_hook; /* NULL: all calls go on */

/* The number behind a word of TB_INJECT_WHAT; INJECT_GO if it is none. */
int inject_what(const char *word);

#endif
