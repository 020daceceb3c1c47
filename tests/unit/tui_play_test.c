/* SPDX-License-Identifier: MIT */
/* Children whose answers are written down: opened and asked as it stands there, or ended with words about it. */
#include "tests/tap.h"
#include "tui/child.h"

static const char text[] = "# two children, one after the other\n"
                           "= chat a --serve\n"
                           "ready\n"
                           "\n"
                           "> one\n"
                           "first\n"
                           "second\n"
                           "> two\n"
                           "! 3 no more\n"
                           "= chat b\n"
                           "> three\n"
                           "unheard\n";

static void test_play(void)
{
    const char *at = text;
    struct tb_child *c = tb_child_play(&at, (const char *[]){ "tunebench", "chat", "a", "--serve", NULL });
    is_str(tb_child_line(c), "ready", "said on opening");
    ok(!tb_child_line(c) && !tb_child_has_ended(c), "then it waits");
    tb_child_send(c, "one");
    is_str(tb_child_line(c), "first", "an answer");
    is_str(tb_child_line(c), "second", "and another");
    tb_child_send(c, "two");
    ok(tb_child_has_ended(c) && tb_child_exit(c) == 3, "its end, with a code");
    is_str(tb_child_err(c), "no more", "and words");
    struct pollfd fds[TB_CHILD_FDS];
    is_int(tb_child_fds(c, fds, TB_CHILD_FDS), 0, "nothing to wait for");
    tb_child_close(c);
    c = tb_child_play(&at, (const char *[]){ "tunebench", "chat", "b", NULL });
    tb_child_send(c, "thre");
    ok(tb_child_has_ended(c) && tb_child_exit(c) == 1, "asked anything else, it ends");
    is_str(tb_child_err(c), "not written down: > thre; but: > three", "and says so");
    ok(!tb_child_line(c), "what was not asked for is not said");
    tb_child_close(c);
}

int main(void)
{
    test_play();
    return done();
}
