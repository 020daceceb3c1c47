/* SPDX-License-Identifier: MIT */
/* redraw.c - moves up as many lines as were drawn, writes over them, and clears what is left of each and below. */
#include "cli/redraw.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/utf8.h"

bool tb_redraw_is_possible(const struct tb_out *o)
{
    const char *term = getenv("TERM");
    return o->is_terminal && o->form == TB_EMIT_TEXT && term && strcmp(term, "dumb") != 0;
}

int tb_redraw_rows(void)
{
    struct winsize size = { 0 };
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 4 ? size.ws_row : 24;
}

void tb_redraw_begin(struct tb_redraw *r)
{
    static char whole[1 << 16];
    if (!r->n_drawn)
        setvbuf(stdout, whole, _IOFBF, sizeof whole);
    tb_out_open(&r->o, r->a, NULL);
    if (r->n_drawn)
        printf("\033[%dA\r", r->n_drawn);
    r->n_drawn = 0;
}

void tb_redraw_line(struct tb_redraw *r, enum tb_paint paint, const char *line, size_t n)
{
    struct tb_buf cut = { 0 };
    tb_buf_add(&cut, line, tb_utf8_fit(line, n, r->o.columns > 0 ? r->o.columns - 1 : INT_MAX));
    tb_out_paint(&r->o, paint, cut.p ? cut.p : "");
    fputs("\033[K\n", stdout);
    tb_buf_free(&cut);
    r->n_drawn++;
}

void tb_redraw_end(struct tb_redraw *r)
{
    fputs("\033[J", stdout);
    fflush(stdout);
}

enum tb_paint tb_redraw_paint(enum tb_state state)
{
    switch (state) {
    case TB_STATE_RUNNING: return TB_PAINT_LIVE;
    case TB_STATE_PAUSED:
    case TB_STATE_STALLED:
    case TB_STATE_LOST: return TB_PAINT_WARN;
    case TB_STATE_FAILED: return TB_PAINT_BAD;
    default: return TB_PAINT_PLAIN;
    }
}
