/* SPDX-License-Identifier: MIT */
/* base_regex_test.c - pre-tokeniser patterns tile a text, targets match whole names, and a hostile
 * pattern gives up instead of running for ever. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/regex.h"
#include "tests/tap.h"

static const char gpt2[] =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
static const char llama3[] =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+"
    "[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/* Pieces of s with '|' between them; "gap" where they do not tile it. */
static void is_cut(const char *pattern, const char *s, const char *want)
{
    struct tb_err err;
    struct tb_regex *r = tb_regex_open(pattern, false, &err);
    struct tb_buf b = { 0 };
    size_t n = strlen(s), start, end;
    for (size_t at = 0; r && at < n; at = end) {
        if (tb_regex_find(r, s, n, at, &start, &end) != 1 || start != at || end == at) {
            tb_buf_str(&b, "gap");
            break;
        }
        if (at)
            tb_buf_char(&b, '|');
        tb_buf_add(&b, s + start, end - start);
    }
    is_str(b.p, want, want);
    tb_buf_free(&b);
    tb_regex_close(r);
}

static void finding(void)
{
    struct tb_err err;
    size_t start = 9, end = 9;
    struct tb_regex *r = tb_regex_open("\\d+", false, &err);
    is_int(tb_regex_find(r, "a12b345", 7, 0, &start, &end), 1, "first match");
    ok(start == 1 && end == 3, "where");
    is_int(tb_regex_find(r, "a12b345", 7, 3, &start, &end), 1, "next match");
    ok(start == 4 && end == 7, "where");
    is_int(tb_regex_find(r, "a12b345", 7, 7, &start, &end), 0, "no more");
    is_int(tb_regex_find(r, "a12b345", 7, 8, &start, &end), 0, "behind the end");
    is_int(tb_regex_find(r, NULL, 0, 0, &start, &end), 0, "no text");
    is_int(tb_regex_find(r, "\xd9\xa3", 2, 0, &start, &end), 1, "digits of other scripts");
    tb_regex_close(r);
    tb_regex_close(NULL);
}

static void whole(void)
{
    struct tb_err err;
    struct tb_regex *r = tb_regex_open("model\\.layers\\.\\d+\\.(q|q_proj)", true, &err);
    ok(tb_regex_matches(r, "model.layers.12.q_proj"), "the longer alternative");
    ok(!tb_regex_matches(r, "model.layers.12.q_projx"), "something behind");
    ok(!tb_regex_matches(r, "xmodel.layers.12.q"), "something before");
    ok(!tb_regex_matches(r, "model.layers.1.q\xff"), "invalid UTF-8 does not match");
    tb_regex_close(r);
    r = tb_regex_open(".*\xff", true, &err);
    ok(!r && err.kind == TB_ERR_FORMAT, "a pattern that is not UTF-8");
}

static void hostile(void)
{
    struct tb_err err = { 0 };
    char text[64];
    size_t start, end;
    struct tb_regex *r = tb_regex_open("(a+)+$", false, &err);
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = 'b';
    is_int(tb_regex_find(r, text, sizeof text, 0, &start, &end), -1, "the match limit is hit");
    tb_regex_close(r);
    ok(!tb_regex_open("a(b", false, &err) && err.kind == TB_ERR_FORMAT, "open bracket");
    ok(strstr(err.text, "byte 3"), "says where: %s", err.text);
    ok(!tb_regex_open("\\C", false, &err), "\\C is refused");
    char *huge = calloc(1, 70001);
    memset(huge, 'a', 70000);
    ok(!tb_regex_open(huge, false, &err) && err.kind == TB_ERR_LIMIT, "too long");
    free(huge);
}

/* Deep enough for the stack of the JIT code; the interpreter must give the same answer. */
static void deep(void)
{
    struct tb_err err;
    size_t n = 200000, start = 1, end = 0;
    char *text = malloc(n);
    struct tb_regex *r = tb_regex_open("(?:a|b|ab)*c", false, &err);
    memset(text, 'a', n);
    text[n - 1] = 'c';
    int rc = tb_regex_find(r, text, n, 0, &start, &end);
    ok(rc == 1 && start == 0 && end == n, "200,000 steps back (%d)", rc);
    tb_regex_close(r);
    free(text);
}

int main(void)
{
    is_cut(gpt2, "I'll say 123  go\n", "I|'ll| say| 123| | go|\n");
    is_cut(llama3, "I'LL don't say 12345\n\nx", "I|'LL| don|'t| say| |123|45|\n\n|x");
    is_cut(gpt2, "na\xc3\xafve \xe6\x97\xa5\xe6\x9c\xac", "na\xc3\xafve| \xe6\x97\xa5\xe6\x9c\xac");
    finding();
    whole();
    hostile();
    deep();
    return done();
}
