/* SPDX-License-Identifier: MIT */
/* completion.c - one question at a time: who types on has no use for the answers of lines in between. */
#include "tui/completion.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tui/acts.h"

enum { WORDS = 64, KEPT = 64 };
static const double most_s = 1;

struct answer {
    char *line, *text;
};

struct tb_completion {
    struct tb_child *child; /* NULL: nothing is being asked */
    char *line;             /* what it was asked */
    struct answer kept[KEPT];
    size_t n;               /* answers so far; the oldest is written over */
};

struct tb_completion *tb_completion_open(void)
{
    return tb_xcalloc(1, sizeof(struct tb_completion));
}

static void give_up(struct tb_completion *c)
{
    tb_child_close(c->child);
    free(c->line);
    c->child = NULL;
    c->line = NULL;
}

void tb_completion_close(struct tb_completion *c)
{
    if (!c)
        return;
    give_up(c);
    for (size_t i = 0; i < KEPT; i++) {
        free(c->kept[i].line);
        free(c->kept[i].text);
    }
    free(c);
}

static const char *known(const struct tb_completion *c, const char *line)
{
    for (size_t i = 0; i < KEPT; i++)
        if (c->kept[i].line && strcmp(c->kept[i].line, line) == 0)
            return c->kept[i].text;
    return NULL;
}

static void keep(struct tb_completion *c, char *line, const char *text)
{
    struct answer *a = &c->kept[c->n++ % KEPT];
    free(a->line);
    free(a->text);
    *a = (struct answer){ line, tb_xstrdup(text) };
}

static void ask(struct tb_completion *c, const char *before, const char *last, char *line)
{
    const char *word[WORDS + 4] = { "tunebench", "--complete" };
    char *store = NULL;
    int n = tb_shell_words(before, &store, word + 2, WORDS);
    give_up(c);
    if (n >= 0) {
        word[2 + n] = last;
        word[3 + n] = NULL;
        c->child = tb_child_open(word, NULL);
    }
    if (c->child) {
        tb_child_send_end(c->child);
        c->line = line;
    } else {
        keep(c, line, "");
    }
    free(store);
}

bool tb_completion_pump(struct tb_completion *c)
{
    if (!c->child)
        return false;
    tb_child_pump(c->child);
    if (!tb_child_has_ended(c->child))
        return false;
    keep(c, c->line, tb_child_out(c->child));
    c->line = NULL;
    give_up(c);
    return true;
}

const char *tb_completion_of(struct tb_completion *c, const char *before, const char *last, bool waits)
{
    double until = tb_clock_mono_s() + most_s;
    char *line = tb_xasprintf("%s\n%s", before, last);
    const char *text = known(c, line);
    if (!text && (!c->line || strcmp(c->line, line) != 0))
        ask(c, before, last, tb_xstrdup(line));
    while (waits && c->child && !tb_completion_pump(c) && tb_clock_mono_s() < until)
        tb_clock_nap(0.005);
    text = known(c, line);
    free(line);
    return text;
}

int tb_completion_fds(const struct tb_completion *c, struct pollfd *fds, int room)
{
    return tb_child_fds(c->child, fds, room);
}
