/* SPDX-License-Identifier: MIT */
/* text_stream_test.c - pieces of every length of some texts: what is shown is always a beginning of what stays, stop
 * strings are cut exactly wherever pieces end, and characters come whole. */
#include <stdlib.h>

#include "base/utf8.h"
#include "tests/tap.h"
#include "text/stream.h"

static const struct {
    const char *text, *stops[3], *lead, *want;
} cases[] = {
    { "one two", { NULL }, NULL, "one two" },
    { "", { "x" }, NULL, "" },
    { "one\ntwo", { "\n" }, NULL, "one" },
    { "a##b###c", { "###" }, NULL, "a##b" },
    { "ababac", { "abac" }, NULL, "ab" },
    { "first END second STOP", { "STOP", "END" }, NULL, "first " },
    { "both abc", { "abc", "bc" }, NULL, "both " },
    { "ends with a begun ##", { "###" }, NULL, "ends with a begun ##" },
    { "stop", { "stop" }, NULL, "" },
    { " led", { NULL }, " ", "led" },
    { "  led", { NULL }, " ", " led" },
    { "not led", { NULL }, " ", "not led" },
    { "<a>", { ">" }, "<a> ", "<a" },
    { " ", { "x" }, " x", " " },
    { "Caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8d\xba.", { NULL }, NULL, "Caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8d\xba." },
    { "\xc3\xa9\xc3\xa8", { "\xc3\xa8" }, NULL, "\xc3\xa9" },
    { "broken \xc3", { NULL }, NULL, "broken \xc3" },
    { "bad \xff\xff then", { "n" }, NULL, "bad \xff\xff the" },
};

/* Feeds the text in pieces; what was shown, and whether each piece of it held whole characters. */
static bool feed(size_t i, size_t piece, struct tb_buf *shown)
{
    int n_stops = 0;
    while (n_stops < 3 && cases[i].stops[n_stops])
        n_stops++;
    struct tb_text_stream s = { .stops = cases[i].stops, .n_stops = n_stops, .lead = cases[i].lead };
    size_t n = strlen(cases[i].text), len;
    bool is_whole = tb_utf8_valid(cases[i].text, n), good = true, ended = false;
    tb_buf_clear(shown);
    for (size_t at = 0; at < n && !ended; at += piece) {
        ended = tb_text_stream_add(&s, cases[i].text + at, n - at < piece ? n - at : piece);
        const char *p = tb_text_stream_take(&s, &len);
        good &= !is_whole || tb_utf8_valid(p, len);
        tb_buf_add(shown, p, len);
    }
    tb_text_stream_end(&s);
    const char *p = tb_text_stream_take(&s, &len);
    tb_buf_add(shown, p, len);
    good &= shown->n == s.text.n && (shown->n == 0 || memcmp(shown->p, s.text.p, shown->n) == 0);
    tb_text_stream_close(&s);
    return good;
}

int main(void)
{
    struct tb_buf shown = { 0 };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t want = strlen(cases[i].want);
        bool good = true;
        for (size_t piece = 1; piece <= strlen(cases[i].text) + 1; piece++)
            good &= feed(i, piece, &shown) && shown.n == want
                 && (want == 0 || memcmp(shown.p, cases[i].want, want) == 0);
        if (!ok(good, "case %zu: '%s', whatever the pieces", i, cases[i].want))
            printf("# got '%s'\n", shown.p ? shown.p : "");
    }
    tb_buf_free(&shown);
    return done();
}
