/* SPDX-License-Identifier: MIT */
/* base_utf8_test.c - every code point goes there and back, what is not UTF-8 is refused, and text
 * from files cannot steer a terminal. */
#include <stdlib.h>

#include "base/utf8.h"
#include "tests/tap.h"

static void stepping(void)
{
    static const char *const bad[] = {
        "\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80",
        "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc3", "\xe6\x97",
        "\xf0\x9f\x98", "\xc3(", NULL
    };
    int wrong = 0;
    for (uint32_t cp = 0; cp < 0x110000; cp++) {
        char s[4];
        uint32_t back = 0;
        size_t n = tb_utf8_put(s, cp);
        bool is_surrogate = cp >= 0xd800 && cp < 0xe000;
        wrong += tb_utf8_step(s, n, &back) != n || back != (is_surrogate ? 0xfffd : cp);
        wrong += n > 1 && tb_utf8_step(s, n - 1, NULL) != 0;
    }
    is_int(wrong, 0, "every code point there and back");
    for (int i = 0; bad[i]; i++) {
        size_t n = strlen(bad[i]);
        ok(!tb_utf8_step(bad[i], n, NULL) && !tb_utf8_valid(bad[i], n), "bad sequence %d", i);
    }
    ok(tb_utf8_step("", 0, NULL) == 0 && tb_utf8_valid(NULL, 0), "nothing");
    ok(tb_utf8_valid("a\0\xc3\xa9", 4) && !tb_utf8_valid("ok\xff", 3), "valid");
}

static void is_safe(const char *s, const char *want, const char *name)
{
    struct tb_buf b = { 0 };
    tb_utf8_safe(&b, s, strlen(s));
    is_str(b.p, want, name);
    tb_buf_free(&b);
}

static void printing(void)
{
    is_int(tb_utf8_width("abc", 3), 3, "width of ASCII");
    is_int(tb_utf8_width("\xe6\x97\xa5\xe6\x9c\xac", 6), 4, "width of CJK");
    is_int(tb_utf8_width("e\xcc\x81", 3), 1, "width with a combining accent");
    is_int(tb_utf8_width("a\xff", 2), 2, "width of an invalid byte");
    is_int((int64_t)tb_utf8_fit("e\xcc\x81\xe6\x97\xa5" "b", 7, 3), 6, "three columns: what is one, and what is two");
    is_int((int64_t)tb_utf8_fit("e\xcc\x81\xe6\x97\xa5" "b", 7, 2), 3, "half of what is two does not fit");
    is_int((int64_t)tb_utf8_fit("a\xff", 2, 9), 1, "nor what is no UTF-8");
    is_safe("a\tb\nc", "a b c", "tab and newline");
    is_safe("\x1b[31m", "\xef\xbf\xbd[31m", "escape");
    is_safe("\xc2\x9b" "31m", "\xef\xbf\xbd" "31m", "escape of 8 bits");
    is_safe("x\xe2\x80\xaey\x7f", "x\xef\xbf\xbdy\xef\xbf\xbd", "right to left, delete");
    is_safe("\xff\xc3\xa9\xe6\x97", "\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd", "invalid");
}

static void normal(void)
{
    size_t n;
    char *s = tb_utf8_nfc("e\xcc\x81", 3, &n);
    is_str(s, "\xc3\xa9", "composed");
    is_int(n, 2, "length");
    free(s);
    s = tb_utf8_nfc("\xff" "e\xcc\x81", 4, &n);
    ok(n == 4 && !strcmp(s, "\xff" "e\xcc\x81"), "what is not UTF-8 stays");
    free(s);
    s = tb_utf8_nfc("a\0b", 3, &n);
    ok(n == 3 && memcmp(s, "a\0b", 4) == 0, "zero bytes stay");
    free(s);
    s = tb_utf8_nfc("", 0, &n);
    ok(n == 0 && s[0] == 0, "empty");
    free(s);
}

int main(void)
{
    stepping();
    printing();
    normal();
    return done();
}
