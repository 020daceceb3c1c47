/* SPDX-License-Identifier: MIT */
/* completion.h - what the command line would complete, asked from the program itself (--complete) while typing goes on:
 * a line that was asked for is answered at once, a new one when the answer is there. */
#ifndef TB_TUI_COMPLETION_H
#define TB_TUI_COMPLETION_H

#include <poll.h>
#include <stdbool.h>

struct tb_completion;
struct tb_completion *tb_completion_open(void);
void tb_completion_close(struct tb_completion *c); /* NULL is fine */
/* Lines "candidate TAB what it is" for the words before `last` in a line, and `last`; lent until the next call. NULL:
 * they are asked for now, or have been. `waits`: until they are there, a second at most. */
const char *tb_completion_of(struct tb_completion *c, const char *before, const char *last, bool waits);
/* Reads what came; true if an answer is there that was not. */
bool tb_completion_pump(struct tb_completion *c);
int tb_completion_fds(const struct tb_completion *c, struct pollfd *fds, int room);

#endif
