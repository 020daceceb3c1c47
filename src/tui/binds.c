/* SPDX-License-Identifier: MIT */
/* binds.c - the two tables that all screens share (doc: keymap of the workbench). */
#include "tui/binds.h"

#include <stdio.h>
#include <string.h>

#define SCREEN(digit) TB_BIND(digit, "screen", "go to the screen of that number", NULL, TB_ACT_SCREEN)

const struct tb_bind tb_binds_global[] = {
    TB_BIND('/', "filter", "show only what matches", "/ filter", TB_ACT_FILTER),
    TB_BIND(':', "palette", "run any verb, with completion", ": cmd", TB_ACT_PALETTE),
    TB_BIND('?', "keys", "keys of this screen; type to search them", "? help", TB_ACT_HELP),
    TB_BIND('@', "log", "verbs of this session, to be saved as a shell script", NULL, TB_ACT_LOG),
    TB_BIND(TB_CTRL('r'), "absence", "what happened to runs since you looked last", NULL, TB_ACT_ABSENCE),
    TB_BIND('U', "undo", "undo the last act", NULL, TB_ACT_UNDO),
    TB_BIND('q', "leave", "leave; training goes on", NULL, TB_ACT_LEAVE),
    TB_BIND(TB_CTRL('c'), "leave", "", NULL, TB_ACT_LEAVE),
    TB_BIND('Q', "stop-all", "stop all runs and leave", NULL, TB_ACT_STOP_ALL),
    TB_BIND(TB_PRESS_ESC, "back", "back, out of what is open; never leaves", NULL, TB_ACT_BACK),
    SCREEN('0'), SCREEN('1'), SCREEN('2'), SCREEN('3'), SCREEN('4'), SCREEN('5'), SCREEN('6'), SCREEN('7'),
    TB_BIND(TB_CTRL('l'), "redraw", "draw the screen anew", NULL, TB_ACT_REDRAW),
    TB_BIND(TB_CTRL('z'), "suspend", "back to the shell; fg returns", NULL, TB_ACT_SUSPEND),
    TB_BIND_AS('j', "down", TB_PRESS_DOWN), TB_BIND_AS('k', "up", TB_PRESS_UP), TB_BIND_AS('h', "left", TB_PRESS_LEFT),
    TB_BIND_AS('l', "right", TB_PRESS_RIGHT), TB_BIND_AS('<', "first", TB_PRESS_HOME),
    TB_BIND_AS('>', "last", TB_PRESS_END),
    { 0 }
};

const struct tb_bind tb_binds_runs[] = {
    TB_BIND(' ', "mark", "mark the run: for charts, diff and every verb", "spc mark", TB_ACT_MARK),
    TB_BIND('v', "range", "mark from here on; again: up to here", NULL, TB_ACT_MARK_RANGE),
    TB_BIND('*', "mark-all", "mark all that are shown, or none", NULL, TB_ACT_MARK_ALL),
    TB_BIND('R', "reference", "differences are against this run", NULL, TB_ACT_REFERENCE),
    TB_BIND('c', "charts", "curves of the marked runs", "c charts", TB_ACT_GO),
    TB_BIND('d', "diff", "the marked runs side by side", "d diff", TB_ACT_GO),
    TB_BIND('t', "chat", "talk with the marked runs", "t chat", TB_ACT_GO),
    TB_BIND('C', "clone", "a new run out of this one, with other keys", "C clone", TB_ACT_INSPECT),
    TB_BIND_VERB('s', "stop", "stop behind a checkpoint", "s stop", "stop {runs}"),
    TB_BIND_VERB('u', "pause", "pause; the run keeps its memory", "u pause", "pause {runs}"),
    TB_BIND_VERB('r', "resume", "resume what was paused, stopped or lost", "r resume", "resume {runs} --detach"),
    TB_BIND_ASK('+', "seeds", "more seeds of the run", "clone {run} --seeds {text} --detach", "how many more seeds"),
    TB_BIND_ASK('N', "note", "a note with the run", "note {run} {text}", "note"),
    TB_BIND_ASK('T', "tag", "tags of the run", "tag {runs} {words}", "tags, +word -word"),
    TB_BIND_VERB('W', "winner", "tag the run as the winner", NULL, "tag {run} +winner"),
    TB_BIND_VERB('A', "archive", "put runs away; U brings them back", NULL, "archive {runs}"),
    TB_BIND('x', "export", "write the adapter or the tables into files", NULL, TB_ACT_INSPECT),
    { 0 }
};

const struct tb_bind *tb_bind_of(const struct tb_bind *table, uint32_t key)
{
    for (; table && table->key; table++)
        if (table->key == key)
            return table;
    return NULL;
}

const struct tb_bind *tb_bind_named(const struct tb_bind *table, const char *name)
{
    for (; table && table->key; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

bool tb_bind_is_told(const struct tb_bind *table, const struct tb_bind *b)
{
    return *b->help && tb_bind_named(table, b->name) == b;
}

char *tb_bind_keys(const struct tb_bind *table, const char *name, char *dst, size_t n)
{
    char key[16];
    dst[0] = '\0';
    for (; table && table->key; table++) {
        size_t used = strlen(dst);
        if (strcmp(table->name, name) == 0 && used + 1 < n)
            snprintf(dst + used, n - used, "%s%s", used ? " " : "", tb_press_name(table->key, key, sizeof key));
    }
    return dst;
}
