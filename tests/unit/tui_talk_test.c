/* SPDX-License-Identifier: MIT */
/* A conversation out of answers: turns, where texts part, votes as the store counts them, answers that make no
 * sense. */
#include <stdlib.h>

#include "tests/tap.h"
#include "tui/talk.h"

static unsigned take(struct tb_talk *t, const char *line, struct tb_err *err)
{
    struct tb_json *answer = tb_json_parse(line, strlen(line), "answer", NULL);
    unsigned what = tb_talk_take(t, answer, err);
    tb_json_free(answer);
    return what;
}

static struct tb_talk_turn *begin(struct tb_talk *t, const char *prompt)
{
    return tb_talk_add(t, prompt, -1, 3);
}

static void say(struct tb_talk *t, int64_t id, const char *side, const char *text)
{
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "event", tb_json_new_str("end"));
    tb_json_set(map, "side", tb_json_new_str(side));
    tb_json_set(map, "output", tb_json_new_str(text));
    tb_json_set(map, "tokens", tb_json_new_int(3));
    tb_json_set(map, "stop", tb_json_new_str("eos"));
    tb_json_set(map, "id", tb_json_new_int(id));
    tb_talk_take(t, map, NULL);
    tb_json_free(map);
}

static void seat_two(struct tb_talk *t)
{
    tb_talk_seat(t, 0, "1111", "lora");
    tb_talk_seat(t, 1, "2222", "prefix");
    tb_talk_seat(t, 2, NULL, "base");
}

static void test_turn(void)
{
    struct tb_talk t = { 0 };
    seat_two(&t);
    is_int(tb_talk_side(&t, "base"), 2, "the base is the last side");
    struct tb_talk_turn *turn = begin(&t, "hello");
    is_str(turn->who[1], "prefix", "a side has its name before it is loaded");
    is_int(take(&t, "{\"event\":\"ready\",\"sides\":[{\"side\":\"A\",\"run\":\"1111\",\"name\":\"lora\",\"step\":40},"
                    "{\"side\":\"B\",\"run\":\"2222\",\"name\":\"prefix\",\"step\":20,\"newer\":30}]}", NULL),
           TB_TALK_READY, "ready");
    is_str(turn->who[0], "lora at step 40", "and its step behind it");
    is_int(t.side[1].newer, 30, "a newer checkpoint");
    take(&t, "{\"event\":\"begin\",\"id\":1,\"prompt\":\"templated\",\"reference\":\"r\\u001b[2J\"}", NULL);
    is_str(turn->prompt, "hello", "what was typed stays the prompt");
    is_str(turn->reference, "r\xef\xbf\xbd[2J", "escapes of files are gone");
    take(&t, "{\"event\":\"piece\",\"side\":\"A\",\"text\":\"one\\ntw\",\"tokens\":2,\"id\":1}", NULL);
    take(&t, "{\"event\":\"piece\",\"side\":\"A\",\"text\":\"o\",\"tokens\":3,\"id\":1}", NULL);
    is_str(turn->text[0].text.p, "one\ntwo", "pieces in order");
    is_int(t.n_open, 1, "still open");
    ok(!tb_talk_can_vote(turn), "no vote on half a text");
    say(&t, 1, "A", "one\ntwo");
    say(&t, 1, "B", "one");
    is_int(take(&t, "{\"event\":\"done\",\"id\":1,\"newer\":{\"A\":50}}", NULL), TB_TALK_DONE, "done");
    ok(turn->is_done && t.n_open == 0 && tb_talk_can_vote(turn), "the turn is over");
    ok(t.side[0].newer == 50 && t.side[1].newer == -1, "what is newer now");
    tb_talk_free(&t);
}

static void test_errors(void)
{
    struct tb_talk t = { 0 };
    struct tb_err err = { 0 };
    seat_two(&t);
    begin(&t, "a");
    begin(&t, "b");
    is_int(take(&t, "{\"error\":{\"text\":\"too long\"},\"id\":1}", &err), TB_TALK_DONE, "an error of a turn");
    is_str(t.turn[0].trouble, "too long", "is told there");
    is_int(take(&t, "{\"error\":{\"text\":\"no rows\"},\"id\":\"rows\"}", &err), TB_TALK_TROUBLE, "of something else");
    is_str(err.text, "no rows", "it is the asker's");
    tb_talk_break(&t, "killed");
    is_str(t.turn[0].trouble, "too long", "a turn that was over stays as it is");
    is_str(t.turn[1].trouble, "killed", "one that was not says why");
    is_int(t.n_open, 0, "nobody is waited for");
    tb_talk_free(&t);
}

static void test_nonsense(void)
{
    static const char *const lines[] = {
        "{}", "[]", "3", "null", "{\"event\":7}", "{\"event\":\"piece\",\"side\":\"Z\",\"text\":3,\"id\":1}",
        "{\"event\":\"end\",\"side\":\"A\",\"slots\":[1],\"on_reference\":\"x\",\"output\":{},\"id\":1}",
        "{\"event\":\"compared\",\"fork\":{\"at\":\"x\",\"tokens\":{}},\"id\":1}",
        "{\"event\":\"compared\",\"fork\":{\"at\":9999999,\"tokens\":[{\"text\":\"zz\"}],\"kl\":null},\"id\":1}",
        "{\"event\":\"look\",\"top\":{\"A\":3,\"B\":[{},{},{},{},{},{},{},{}]},\"id\":1}",
        "{\"event\":\"ready\",\"sides\":[{},{},{},{},{},{}]}", "{\"event\":\"rows\",\"rows\":{\"a\":1}}",
        "{\"event\":\"done\",\"newer\":7}", "{\"error\":3}", "{\"event\":\"begin\",\"id\":1,\"prompt\":[]}",
    };
    struct tb_talk t = { 0 };
    seat_two(&t);
    begin(&t, "x");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        take(&t, lines[i], &(struct tb_err){ 0 });
    ok(tb_talk_fork_byte(&t.turn[0], 0) == 0, "a fork behind the end of a text is at its end");
    is_int(t.n_sides, TB_TALK_SIDES, "no more sides than there is room for");
    tb_talk_free(&t);
}

static void fork(const char *a, const char *b, const char *at_a, const char *at_b, size_t want)
{
    struct tb_talk t = { 0 };
    seat_two(&t);
    struct tb_talk_turn *turn = begin(&t, "x");
    say(&t, 1, "A", a);
    say(&t, 1, "B", b);
    turn->fork = 1;
    snprintf(turn->token[0].text, sizeof turn->token[0].text, "%s", at_a);
    snprintf(turn->token[1].text, sizeof turn->token[1].text, "%s", at_b);
    is_int(tb_talk_fork_byte(turn, 0), want, a);
    is_int(tb_talk_fork_byte(turn, 1), want, b);
    tb_talk_free(&t);
}

static void test_fork(void)
{
    fork("it is a pub", "it is an inn", " a", " an", 5);
    fork("it is a pub", "it is big", " a", " big", 5);
    fork("", "it", "<end>", "it", 0);
    fork("it is", "it is big", "<end>", " big", 5);
    fork("\xe5\xaf\xbf\xe5\x8f\xb8", "\xe5\xaf\xbf\xe3\x81\x99", "\xe5\x8f\xb8", "\xe3\x81\x99", 3);
}

static void ask_vote(struct tb_talk *t, size_t i)
{
    t->turn[i].vote = TB_VOTE_ASKED;
    t->turn[i].winner = 'a';
}

static void test_votes(void)
{
    struct tb_talk t = { 0 };
    seat_two(&t);
    for (int i = 0; i < 3; i++)
        begin(&t, "x");
    t.turn[1].is_blind = true;
    ok(tb_talk_is_hidden(&t.turn[1]) && !tb_talk_is_hidden(&t.turn[0]), "a blind turn is hidden");
    ask_vote(&t, 0);
    ask_vote(&t, 1);
    tb_talk_count(&t, 4, 4);
    is_int(t.turn[0].vote, TB_VOTE_ASKED, "nothing is kept before the store says so");
    tb_talk_count(&t, 4, 5);
    ok(t.turn[0].vote == TB_VOTE_KEPT && t.turn[1].vote == TB_VOTE_ASKED, "the first that asked has it");
    tb_talk_count(&t, 5, 6);
    is_int(t.turn[1].vote, TB_VOTE_KEPT, "then the next");
    tb_talk_count(&t, 6, 5);
    ok(t.turn[1].vote == TB_VOTE_NONE && t.turn[0].vote == TB_VOTE_KEPT, "a vote taken back is the last one");
    ok(!tb_talk_is_hidden(&t.turn[1]), "and what was seen is not hidden again");
    tb_talk_seat(&t, 1, "3333", "other");
    ask_vote(&t, 2);
    tb_talk_count(&t, 0, 1);
    is_int(t.turn[2].vote, TB_VOTE_ASKED, "votes between others are not this turn's");
    tb_talk_free(&t);
}

static void test_many(void)
{
    struct tb_talk t = { 0 };
    seat_two(&t);
    for (int i = 0; i < TB_TALK_TURNS + 5; i++)
        begin(&t, "x");
    ok(t.n == TB_TALK_TURNS && t.turn[0].id == 6, "the oldest turns go");
    say(&t, 1, "A", "late");
    tb_talk_free(&t);
}

static int64_t next(const struct tb_talk *t, int64_t at, int step)
{
    return tb_talk_next_row(t, at, step, NULL);
}

static void vote(struct tb_talk *t, int64_t row)
{
    tb_talk_add(t, t->row[row].prompt, t->row[row].id, 3)->vote = TB_VOTE_KEPT;
}

/* Four prompts in six rows. */
static void test_rows(void)
{
    struct tb_talk t = { 0 };
    size_t n_votes = 9;
    seat_two(&t);
    is_int(tb_talk_next_row(&t, -1, 1, &n_votes), -1, "no rows, no next one");
    is_int(n_votes, 0, "and no vote on it");
    is_int(take(&t, "{\"event\":\"rows\",\"rows\":[{\"row\":3,\"prompt\":\"a\"},{\"row\":4,\"prompt\":\"a\"},"
                    "{\"row\":5,\"prompt\":\"b\"},{\"row\":6,\"prompt\":\"b\\u001b\"},{\"row\":7,"
                    "\"prompt\":\"c\"},{\"row\":8,\"prompt\":\"a\"}]}", NULL), TB_TALK_ROWS, "rows");
    ok(t.n_rows == 6 && t.row[2].id == 5, "six");
    is_str(t.row[3].prompt, "b\xef\xbf\xbd", "their prompts made safe, as turns have them");
    ok(next(&t, -1, 1) == 0 && next(&t, -1, -1) == 5, "the first, the last");
    is_int(next(&t, 0, 1), 2, "past the rows with the same prompt");
    is_int(next(&t, 2, -1), 1, "backwards too");
    ok(next(&t, 4, 1) == 5 && next(&t, 5, 1) == 2, "round about");
    vote(&t, 2);
    is_int(next(&t, 0, 1), 3, "not to one that was voted on");
    vote(&t, 0);
    ok(next(&t, 4, 1) == 3 && next(&t, 3, 1) == 4, "nor to its other rows");
    vote(&t, 3);
    is_int(tb_talk_next_row(&t, 3, 1, &n_votes), 4, "one is left");
    is_int(n_votes, 0, "without a vote");
    is_int(next(&t, 4, 1), 4, "again, as long as it has none");
    vote(&t, 4);
    is_int(tb_talk_next_row(&t, 4, 1, &n_votes), 5, "all were voted on: they come again");
    is_int(n_votes, 1, "which is said");
    vote(&t, 5);
    is_int(next(&t, 4, 1), 2, "those with the fewest votes");
    t.turn[0].vote = TB_VOTE_NONE;
    is_int(tb_talk_next_row(&t, 4, 1, &n_votes), 2, "a vote taken back");
    is_int(n_votes, 0, "counts no more");
    tb_talk_seat(&t, 0, "3333", "other");
    is_int(next(&t, -1, 1), 0, "other runs: nothing was voted on");
    tb_talk_free(&t);
}

int main(void)
{
    test_turn();
    test_errors();
    test_nonsense();
    test_fork();
    test_votes();
    test_many();
    test_rows();
    return done();
}
