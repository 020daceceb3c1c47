/* SPDX-License-Identifier: MIT */
/* Words of commands, there and back; names of keys; what a verb answers, played by this very program. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "tests/tap.h"
#include "tui/acts.h"
#include "tui/press.h"

static void is_words(const char *line, int want, const char *joined)
{
    const char *word[8];
    char *store, text[256] = "";
    int n = tb_shell_words(line, &store, word, 8);
    for (int i = 0; i < n; i++) {
        strcat(text, i ? "," : "");
        strcat(text, word[i]);
    }
    is_int(n, want, line);
    is_str(text, joined, "its words");
    free(store);
}

static void test_words(void)
{
    is_words("stop a  b", 3, "stop,a,b");
    is_words("note a 'two words' \"it's\"", 4, "note,a,two words,it's");
    is_words("a\\ b ''", 2, "a b,");
    is_words("", 0, "");
    is_words("note 'open", -1, "");
    is_words("1 2 3 4 5 6 7 8 9", -1, "");
}

static void test_quote(void)
{
    static const char *const text[] = { "plain", "", "two words", "it's", "$(rm -rf x)", "-flag", "a;b", "\xc3\xa9" };
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        struct tb_buf b = { 0 };
        const char *word[2];
        char *store;
        tb_shell_quote(&b, text[i]);
        int n = tb_shell_words(b.p, &store, word, 2);
        ok(n == 1 && strcmp(word[0], text[i]) == 0, "there and back: %s", b.p);
        free(store);
        tb_buf_free(&b);
    }
}

static void test_keys(void)
{
    static const uint32_t key[] = { 'a', ' ', '\n', '\t', TB_PRESS_ESC, TB_PRESS_UP, TB_CTRL('d'), 0xe9,
                                    TB_PRESS_BACKTAB };
    char name[16];
    for (size_t i = 0; i < sizeof key / sizeof *key; i++)
        is_int(tb_press_named(tb_press_name(key[i], name, sizeof name)), key[i], name);
    is_int(tb_press_named("nonsense"), TB_PRESS_NONE, "no such key");
    is_int(tb_press_named(""), TB_PRESS_NONE, "no name");
}

static const struct tb_act *answered(struct tb_acts *a, const char *command, bool is_shown)
{
    const struct tb_act *act = NULL;
    tb_acts_run(a, command, is_shown, 0, NULL);
    for (int i = 0; i < 2000 && !(act = tb_acts_pump(a)); i++)
        tb_clock_nap(0.005);
    return act;
}

static void test_answers(void)
{
    struct tb_acts a = { 0 };
    const struct tb_act *act = answered(&a, "clone a", false);
    ok(act && !act->has_failed, "a verb that tells run by run");
    is_str(act->answer, "b: warm clone of a", "in its words");
    is_str(act->inverse, "tunebench stop b\ntunebench archive b", "two commands that undo it together");
    act = answered(&a, "sweep s.lua --detach", true);
    is_str(act->answer, "sweep 1f is led by the worker", "one line, typed or not, without what shells are told");
    is_str(act->inverse, "tunebench sweep 1f --stop", "but for what undoes it");
    act = answered(&a, "quiet", false);
    is_str(act->answer, "done: tunebench quiet", "one that says nothing");
    tb_acts_free(&a);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "clone") == 0)
        puts("[{\"name\":\"b\",\"text\":\"warm clone of a\","
             "\"inverse\":\"tunebench stop b && tunebench archive b\"}]");
    if (argc > 1 && strcmp(argv[1], "sweep") == 0)
        puts("sweep 1f is led by the worker; look on: tunebench sweep 1f --follow; undo: tunebench sweep 1f --stop");
    if (argc > 1)
        return 0;
    test_words();
    test_quote();
    test_keys();
    test_answers();
    return done();
}
