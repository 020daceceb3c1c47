/* SPDX-License-Identifier: MIT */
/* votes.c - counting votes. Whatever a file says that is no count reads as 0. */
#include "store/votes.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

enum { MAX_PROMPT = 200, MOST = 1000000 }; /* bytes of it in an event; votes of one kind against one run */

static const char *const outcomes[] = { "won", "lost", "tied", NULL };

bool tb_vote_check(const struct tb_json *vote, struct tb_err *err)
{
    const struct tb_json *prompt = tb_json_get(vote, "prompt");
    bool is_text = !prompt || tb_json_type(prompt) == TB_JSON_STR || tb_json_type(prompt) == TB_JSON_NULL;
    if (tb_json_type(vote) == TB_JSON_MAP && tb_str_in(tb_json_str(tb_json_get(vote, "outcome"), ""), outcomes)
        && *tb_json_str(tb_json_get(vote, "against"), "") && is_text)
        return true;
    return tb_fail(err, TB_ERR_USAGE, "vote: expected {against: id, name, outcome: won, lost or tied, blind, prompt}");
}

static int64_t count(const struct tb_json *map, const char *key)
{
    int64_t n = tb_json_int(tb_json_get(map, key), 0);
    return n < 0 ? 0 : n < MOST ? n : MOST;
}

static void put(struct tb_json *to, const struct tb_json *from, const char *key, int64_t more)
{
    tb_json_set(to, key, tb_json_new_int(count(from, key) + more));
}

struct tb_json *tb_vote_add(const struct tb_metrics *m, const struct tb_json *vote, struct tb_err *err)
{
    const struct tb_json *had = tb_metrics_fact(m, "result", "votes");
    const char *against = tb_json_str(tb_json_get(vote, "against"), ""),
               *outcome = tb_json_str(tb_json_get(vote, "outcome"), "");
    const struct tb_json *old = tb_json_get(had, against);
    bool is_back = tb_json_bool(tb_json_get(vote, "back"), false);
    bool is_blind = tb_json_bool(tb_json_get(vote, "blind"), false);
    if (is_back && (count(old, outcome) == 0 || (is_blind && count(old, "blind") == 0))) {
        tb_fail(err, TB_ERR_NOTFOUND, "there is no such vote to take back");
        return NULL;
    }
    struct tb_json *all = tb_json_type(had) == TB_JSON_MAP ? tb_json_copy(had) : tb_json_new_map(),
                   *now = tb_json_new_map();
    tb_json_set(now, "name", tb_json_new_str(tb_json_str(tb_json_get(vote, "name"), against)));
    for (int i = 0; outcomes[i]; i++)
        put(now, old, outcomes[i], strcmp(outcome, outcomes[i]) != 0 ? 0 : is_back ? -1 : 1);
    put(now, old, "blind", !is_blind ? 0 : is_back ? -1 : 1);
    tb_json_set(all, against, now);
    return all;
}

char *tb_vote_words(const struct tb_json *vote)
{
    const char *outcome = tb_json_str(tb_json_get(vote, "outcome"), ""), *against =
        tb_json_str(tb_json_get(vote, "name"), tb_json_str(tb_json_get(vote, "against"), ""));
    const char *prompt = tb_json_str(tb_json_get(vote, "prompt"), "");
    return tb_xasprintf("%s%s %s %s%s%s%.*s", tb_json_bool(tb_json_get(vote, "back"), false) ? "taken back: " : "",
                        outcome, strcmp(outcome, "tied") == 0 ? "with" : "against", against,
                        tb_json_bool(tb_json_get(vote, "blind"), false) ? ", blind" : "", *prompt ? ": " : "",
                        MAX_PROMPT, prompt);
}

struct tb_votes tb_votes_of(const struct tb_metrics *m, const char *id)
{
    const struct tb_json *all = tb_metrics_fact(m, "result", "votes");
    struct tb_votes v = { 0 };
    for (void *it = tb_json_first(all); it; it = tb_json_next(all, it)) {
        const struct tb_json *one = tb_json_iter_value(it);
        if (id && strcmp(id, tb_json_iter_key(it)) != 0)
            continue;
        v.won += count(one, "won");
        v.lost += count(one, "lost");
        v.tied += count(one, "tied");
        v.blind += count(one, "blind");
    }
    return v;
}

void tb_votes_say(const struct tb_votes *v, char *dst, size_t n)
{
    size_t at = (size_t)snprintf(dst, n, "%lld won, %lld lost, %lld tied", (long long)v->won, (long long)v->lost,
                                 (long long)v->tied);
    if (v->blind && at < n)
        snprintf(dst + at, n - at, " (%lld blind)", (long long)v->blind);
}
