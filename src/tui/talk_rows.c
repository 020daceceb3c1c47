/* SPDX-License-Identifier: MIT */
/* talk_rows.c - which of the rows held out comes next. Rows beside each other often share a prompt, and a prompt that
 * was voted on is known: as long as there are others it is not offered again. */
#include "tui/talk.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static bool is_vote_on(const struct tb_talk *t, const struct tb_talk_turn *turn, const char *prompt)
{
    return turn->vote != TB_VOTE_NONE && tb_talk_is_pair(t, turn) && strcmp(turn->prompt, prompt) == 0;
}

static size_t n_votes_on(const struct tb_talk *t, const char *prompt)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++)
        n += is_vote_on(t, &t->turn[i], prompt);
    return n;
}

int64_t tb_talk_next_row(const struct tb_talk *t, int64_t at, int step, size_t *n_votes)
{
    int64_t n = (int64_t)t->n_rows, best = -1;
    size_t least = SIZE_MAX;
    const char *now = at >= 0 && at < n ? t->row[at].prompt : "";
    int64_t from = at >= 0 && at < n ? at : step > 0 ? -1 : n;
    for (int64_t k = 1; k <= n && least > 0; k++) {
        int64_t i = (from + step * k + 2 * n) % n;
        size_t votes = n_votes_on(t, t->row[i].prompt);
        bool is_other = strcmp(t->row[i].prompt, now) != 0 || k == n;
        if (is_other && votes < least) {
            least = votes;
            best = i;
        }
    }
    if (n_votes)
        *n_votes = best >= 0 ? least : 0;
    return best;
}
