/* SPDX-License-Identifier: MIT */
/* child.h - a process that answers line by line while the screen goes on: a verb, or one that stays open
 * (`plan --serve`, a chat). Nothing here waits. */
#ifndef TB_TUI_CHILD_H
#define TB_TUI_CHILD_H

#include "base/buf.h"
#include "base/err.h"

#include <poll.h>

struct tb_child;

/* argv[0] is replaced by this program itself; ends with NULL. */
struct tb_child *tb_child_open(const char *const *argv, struct tb_err *err);
/* One that says what is written down instead, for scripts whose frames are to be the same everywhere. Lines of *at,
 * which moves on behind what was said: "= WORDS" the command that opens it, "> LINE" what it is sent, "! CODE WORDS"
 * its end, with words on stderr, "# .." a comment; all others are said. Opened or sent anything else, it ends and says
 * so. */
struct tb_child *tb_child_play(const char **at, const char *const *argv);
void tb_child_close(struct tb_child *c); /* kills it if it has not ended; NULL is fine */

/* Queues a line (its newline is added here). Dropped if the child reads no more. */
void tb_child_send(struct tb_child *c, const char *line);
void tb_child_send_end(struct tb_child *c); /* closes its stdin behind what is queued */
/* Reads and writes what is possible now; true if there is something new: lines, or the end. */
bool tb_child_pump(struct tb_child *c);
/* The next whole line of its stdout without the newline, NULL if there is none yet; lent until the next call. The last
 * one may lack its newline. */
const char *tb_child_line(struct tb_child *c);
/* All of stdout so far that was not taken as lines, and of stderr; never NULL. */
const char *tb_child_out(const struct tb_child *c);
const char *tb_child_err(const struct tb_child *c);
/* Ended, and everything it said was read. */
/* The last line of such a text without its newline; malloc'ed, NULL if there is none. */
char *tb_child_last_line(const char *said);
bool tb_child_has_ended(const struct tb_child *c);
int tb_child_exit(const struct tb_child *c); /* its exit code, 128 + signal */

enum { TB_CHILD_FDS = 3 };
/* What to wait for, TB_CHILD_FDS at most; their number: 0 where there is no room for all of them, and of NULL. */
int tb_child_fds(const struct tb_child *c, struct pollfd *fds, int room);

#endif
