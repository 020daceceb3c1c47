/* SPDX-License-Identifier: MIT */
/* Two texts by lines: what is told of known ones, and that any two can be put together again. */
#include "view/lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/tap.h"

static void is_diff(const char *a, const char *b, size_t context, const char *want, const char *what)
{
    struct tb_lines x;
    tb_lines_diff(&x, a, b, context);
    is_str(x.text, want, what);
    tb_lines_free(&x);
}

static void known(void)
{
    is_diff("a\nb\nc\n", "a\nb\nc\n", 1, "  ..\n", "the same");
    is_diff(NULL, NULL, 1, "", "nothing");
    is_diff(NULL, "a\nb", 1, "+ a\n+ b\n", "from nothing; no newline at the end");
    is_diff("a\nb\nc\nd\ne\n", "a\nb\nX\nd\ne\n", 1, "  ..\n  b\n- c\n+ X\n  d\n  ..\n", "a line that changed");
    is_diff("a\nb\nc\n", "b\nc\nd\n", 0, "- a\n  ..\n+ d\n", "one less, one more");
    is_diff("a\nx\nb\ny\nc\n", "a\nb\nc\n", 9, "  a\n- x\n  b\n- y\n  c\n", "all around it");
}

/* Lines of one side of a whole diff. */
static char *side(const char *text, char sign)
{
    struct tb_buf b = { 0 };
    for (const char *at = text; *at;) {
        size_t n = strcspn(at, "\n");
        if (*at == ' ' || *at == sign)
            tb_buf_fmt(&b, "%.*s\n", (int)n - 2, at + 2);
        at += n + 1;
    }
    return tb_buf_take(&b);
}

static char *text_of(uint32_t *seed, size_t n)
{
    struct tb_buf b = { 0 };
    for (size_t i = 0; i < n; i++) {
        *seed = *seed * 1664525 + 1013904223;
        tb_buf_fmt(&b, "%c\n", (int)('a' + (*seed >> 24) % 4));
    }
    return tb_buf_take(&b);
}

static void any(void)
{
    uint32_t seed = 7;
    int bad = 0;
    for (size_t i = 0; i < 200; i++) {
        struct tb_lines x;
        char *a = text_of(&seed, i % 23), *b = text_of(&seed, i % 17);
        tb_lines_diff(&x, a, b, 1000);
        char *from = side(x.text, '-'), *to = side(x.text, '+');
        bad += strcmp(a, b) != 0 && (strcmp(from, a) != 0 || strcmp(to, b) != 0);
        free(to);
        free(from);
        free(b);
        free(a);
        tb_lines_free(&x);
    }
    is_int(bad, 0, "both sides of 200 diffs are the two texts");
    struct tb_lines x;
    char *a = text_of(&seed, 30000), *b = text_of(&seed, 30000);
    tb_lines_diff(&x, a, b, 0);
    ok(x.n_removed > 0 && x.n_added > 0 && x.n_removed <= 30000, "texts too long to be compared are replaced");
    tb_lines_free(&x);
    free(b);
    free(a);
}

int main(void)
{
    known();
    any();
    return done();
}
