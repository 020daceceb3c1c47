/* SPDX-License-Identifier: MIT */
/* verb_vote.c - tunebench vote: which of two runs wrote better, kept with both. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/mark.h"
#include "cli/verb.h"
#include "store/votes.h"

static const char base[] = "base"; /* the model without adapters: a side of a conversation, but no run */

/* As run i sees it: outcome 1 it won, -1 it lost, 0 neither. */
static struct tb_json *vote_of(const struct tb_args *a, const char *against, const char *name, int outcome)
{
    struct tb_json *vote = tb_json_new_map(), *marks = tb_json_new_map();
    tb_json_set(vote, "against", tb_json_new_str(against));
    tb_json_set(vote, "name", tb_json_new_str(name));
    tb_json_set(vote, "outcome", tb_json_new_str(outcome > 0 ? "won" : outcome < 0 ? "lost" : "tied"));
    tb_json_set(vote, "blind", tb_json_new_bool(tb_args_has(a, "blind")));
    tb_json_set(vote, "prompt", tb_json_new_str(tb_args_get(a, "prompt")));
    tb_json_set(vote, "back", tb_json_new_bool(tb_args_has(a, "back")));
    tb_json_set(marks, "vote", vote);
    return marks;
}

/* The command that undoes both, told with the first; NULL of one that undoes. */
static char *inverse(const struct tb_steer *s, const struct tb_args *a, const char *winner)
{
    struct tb_buf b = { 0 };
    if (tb_args_has(a, "back"))
        return NULL;
    tb_buf_str(&b, s->runs.n == 1 ? base : tb_choice_item(&s->runs, 1)->sum.id);
    tb_buf_fmt(&b, " --winner %s%s --back", winner, tb_args_has(a, "blind") ? " --blind" : "");
    char *command = tb_choice_command(&s->runs, 0, "vote", b.p);
    tb_buf_free(&b);
    return command;
}

static void vote(struct tb_steer *s, size_t i, const struct tb_args *a, const char *winner)
{
    bool is_alone = s->runs.n == 1;
    const struct tb_run_summary *other = is_alone ? NULL : &tb_choice_item(&s->runs, 1 - i)->sum;
    int outcome = strcmp(winner, "tie") == 0 ? 0 : (*winner == 'a') == (i == 0) ? 1 : -1;
    struct tb_json *marks = vote_of(a, other ? other->id : base, other ? other->name : base, outcome);
    char *words = tb_vote_words(tb_json_get(marks, "vote"));
    tb_mark(s, i, marks, words, i == 0 ? inverse(s, a, winner) : NULL);
    free(words);
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    static const char *const winners[] = { "a", "b", "tie", NULL };
    struct tb_steer s;
    const char *winner;
    if (!tb_args_count(a, 2, 2, "vote A B --winner a|b|tie", err)
        || !tb_args_choice(a, "winner", winners, NULL, &winner, err))
        return false;
    if (!winner)
        return tb_fail(err, TB_ERR_USAGE, "who wrote better? --winner a, b or tie");
    size_t n = strcmp(a->pos[1], base) == 0 ? 1 : 2;
    bool good = tb_steer_open(&s, a, a->pos, (int)n, NULL, err);
    if (good && s.runs.n != n)
        good = tb_fail(err, TB_ERR_USAGE, "a vote is between two runs, or a run and base");
    for (size_t i = 0; good && i < n; i++)
        vote(&s, i, a, winner);
    tb_steer_close(&s, good, exit_code);
    return good;
}

static const struct tb_flag flags[] = {
    { "winner", "a|b|tie", false, "who wrote better" },
    { "prompt", "TEXT", false, "behind what they wrote, for the record" },
    { "blind", NULL, false, "it was not known which was which" },
    { "back", NULL, false, "takes such a vote back" },
    TB_FLAG_WAIT, TB_FLAG_JSON, { 0 }
};

const struct tb_verb tb_verb_vote = {
    .name = "vote", .usage = "A B --winner a|b|tie",
    .help = "Records which of two runs wrote better.\n"
            "It is kept with both as an event and counted: `show`, `diff` and the columns votes_won, votes_lost and "
            "votes_tied of `ls` have the tally. B may be base, the model without adapters.",
    .examples = "  tunebench vote lora-r8-s0 prefix20-s0 --winner a\n"
                "  tunebench vote lora-r8-s0 prefix20-s0 --winner tie --blind --prompt 'name[Zizzi], near[Sorrento]'\n"
                "  tunebench vote lora-r8-s0 base --winner a --back\n",
    .flags = flags, .run = run,
};
