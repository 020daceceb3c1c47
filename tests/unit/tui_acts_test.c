/* SPDX-License-Identifier: MIT */
/* Words of commands, there and back; names of keys. */
#include <stdlib.h>

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

int main(void)
{
    test_words();
    test_quote();
    test_keys();
    return done();
}
