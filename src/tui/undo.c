/* SPDX-License-Identifier: MIT */
/* undo.c - lines as words; the run is the word behind the verb. */
#include "tui/undo.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "tui/acts.h"

enum { WORDS = 64, RUN = 2, RUNS_A_COMMAND = 400 };

static const char *const many[] = { "stop", "pause", "resume", "tag", "protect", "archive", NULL };

struct command {
    char *store;
    const char *word[WORDS];
    int n; /* words; 0: it is part of another command */
};

static bool takes_many(const struct command *c)
{
    return c->n > RUN && strcmp(c->word[0], "tunebench") == 0 && tb_str_in(c->word[1], many) && c->word[RUN][0] != '-';
}

static bool is_alike(const struct command *a, const struct command *b)
{
    if (a->n != b->n || !takes_many(b))
        return false;
    for (int i = 0; i < a->n; i++)
        if (i != RUN && strcmp(a->word[i], b->word[i]) != 0)
            return false;
    return true;
}

static void add_word(struct tb_buf *b, const char *word)
{
    if (b->n && b->p[b->n - 1] != '\n')
        tb_buf_char(b, ' ');
    tb_shell_quote(b, word);
}

/* The command with the runs of all that are like it. */
static void add(struct tb_buf *b, struct command *c, size_t n)
{
    int runs = 1;
    if (b->n)
        tb_buf_char(b, '\n');
    for (int i = 0; i < c->n; i++) {
        add_word(b, c->word[i]);
        for (size_t k = 1; i == RUN && takes_many(c) && k < n && runs < RUNS_A_COMMAND; k++)
            if (is_alike(c, &c[k])) {
                add_word(b, c[k].word[RUN]);
                c[k].n = 0;
                runs++;
            }
    }
}

char *tb_undo_join(const char *commands)
{
    struct command *c = NULL;
    struct tb_buf b = { 0 };
    size_t n = 0, cap = 0;
    char *text = tb_xstrdup(commands), *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));) {
        c = tb_grow(c, n, &cap, sizeof *c);
        c[n] = (struct command){ .store = NULL };
        c[n].n = tb_shell_words(line, &c[n].store, c[n].word, WORDS);
        n++;
    }
    bool good = true;
    for (size_t i = 0; i < n; i++)
        good = good && c[i].n > 0;
    for (size_t i = 0; good && i < n; i++)
        if (c[i].n)
            add(&b, &c[i], n - i);
    for (size_t i = 0; i < n; i++)
        free(c[i].store);
    free(c);
    free(text);
    return good ? tb_buf_take(&b) : tb_xstrdup(commands);
}
