/* SPDX-License-Identifier: MIT */
/* A recipe's text: lines, the place of an error, words and what stands around them, insertion; paths that are typed. */
#include "tui/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "tests/tap.h"
#include "tui/paths.h"

static struct tb_source source;

static void set(const char *text)
{
    tb_source_set(&source, text, strlen(text));
}

static void lines(void)
{
    size_t n;
    set("");
    is_int(source.n_lines, 1, "an empty text has a line");
    set("a\r\nbb\n\nc");
    is_int(source.n_lines, 4, "lines");
    ok(strncmp(tb_source_line(&source, 1, &n), "bb", 2) == 0 && n == 2, "a line without its end");
    tb_source_line(&source, 0, &n);
    is_int(n, 1, "nor its carriage return");
    tb_source_line(&source, 2, &n);
    is_int(n, 0, "an empty one");
    tb_source_line(&source, 9, &n);
    is_int(n, 0, "one that is not there");
    tb_source_set(&source, "a\0b\n", 4);
    tb_source_line(&source, 0, &n);
    is_int(n, 3, "zero bytes are bytes");
}

static struct tb_place_in place(int line, const char *text)
{
    struct tb_err err = { 0 };
    tb_fail_at(&err, TB_ERR_RECIPE, "r.lua", line, "%s", text);
    return tb_source_error(&source, &err);
}

static void errors(void)
{
    set("local t = require \"tunebench\"\nreturn t.sweep {\n  method = t.lora {\n    r = 4, aplha = 16,\n  },\n"
        "  r2 = 1\n}\n");
    struct tb_place_in at = place(3, "t.lora has no 'aplha'; did you mean 'alpha'?");
    ok(at.line == 3 && at.column == 11 && at.n == 5, "the key that is meant, lines away from the call");
    at = place(4, "t.lora: r must be an integer from 1 to 4096, not \"x\"");
    ok(at.line == 3 && at.column == 4 && at.n == 1, "a key that is named in front, as a whole word");
    at = place(2, "'}' expected near '<eof>'");
    ok(at.line == 4 && at.n == 1, "a sign is found where one stands");
    at = place(2, "something else");
    ok(at.line == 1 && at.n == 0, "no word: the line");
    at = place(99, "has no 'nowhere'");
    ok(at.line == 6 && at.n == 0, "a line behind the end is the last");
    is_int(place(0, "no line 'r'").line, -1, "without a line there is no place");
}

static void words(void)
{
    char name[32];
    set("x = t.prefix { init = \"text\", tokens = t.grid { 4, 8 } }\ny");
    struct tb_place_in w = tb_source_word(&source, 0, 16);
    ok(w.column == 15 && w.n == 4, "the word under the cursor");
    w = tb_source_word(&source, 0, 13);
    ok(w.column == 6 && w.n == 6, "else the one before it");
    is_int(tb_source_word(&source, 5, 0).line, -1, "none in a line that is not there");
    tb_source_around(&source, 0, 16, name, sizeof name);
    is_str(name, "prefix", "an argument of t.prefix");
    tb_source_around(&source, 0, 48, name, sizeof name);
    is_str(name, "grid", "of the innermost word");
    tb_source_around(&source, 1, 0, name, sizeof name);
    is_str(name, "", "of none");
    tb_source_around(&source, 0, 16, name, 4);
    is_str(name, "", "a name that does not fit is none");
}

static void inks(void)
{
    static const char line[] = "r = t.lora{ \"a--\" } -- t.x";
    uint8_t ink[sizeof line];
    tb_source_paint(line, sizeof line - 1, ink);
    ok(ink[0] == TB_INK_PLAIN && ink[6] == TB_INK_WORD && ink[9] == TB_INK_WORD && ink[10] == TB_INK_PLAIN, "a word");
    ok(ink[12] == TB_INK_STRING && ink[16] == TB_INK_STRING && ink[17] == TB_INK_PLAIN, "a string with dashes in it");
    ok(ink[20] == TB_INK_COMMENT && ink[25] == TB_INK_COMMENT, "a comment");
}

static void insertion(void)
{
    set("a = {\n    b,\n}");
    char *text = tb_source_insert(&source, 1, "c,");
    is_str(text, "a = {\n    b,\n    c,\n}", "indented as the line above");
    free(text);
    text = tb_source_insert(&source, 2, "c");
    is_str(text, "a = {\n    b,\n}\nc\n", "behind a last line without an end");
    free(text);
}

static void complete(const char *typed, const char *want, const char *want_others, const char *what)
{
    struct tb_buf others = { 0 };
    char *got = tb_path_complete(typed, &others);
    is_str(got, want, what);
    is_str(others.p ? others.p : "", want_others, "and the others");
    free(got);
    tb_buf_free(&others);
}

static void paths(void)
{
    const char *tmp = getenv("TMPDIR");
    char *dir = tb_xasprintf("%s/tb-paths-XXXXXX", tmp ? tmp : "/tmp"), *home;
    if (!ok(mkdtemp(dir) && chdir(dir) == 0, "a folder"))
        return;
    mkdir("models", 0700);
    tb_file_replace("models/tiny.gguf", "", 0, NULL);
    tb_file_replace("models/tiny.txt", "", 0, NULL);
    tb_file_replace("models/.hidden", "", 0, NULL);
    complete("mo", "models/", "", "a folder gets its slash");
    complete("models/", "models/tiny.", "tiny.gguf  tiny.txt", "as far as all agree");
    complete("models/tiny.g", "models/tiny.gguf", "", "a file");
    complete("models/.", "models/.hidden", "", "hidden ones are to be asked for");
    complete("nothing/x", "nothing/x", "", "nothing there");
    setenv("HOME", dir, 1);
    home = tb_path_typed(" ~/models ");
    ok(strncmp(home, dir, strlen(dir)) == 0 && strcmp(home + strlen(dir), "/models") == 0, "the home folder");
    free(home);
    ok(chdir("/") == 0 && tb_dir_remove(dir, NULL), "removed");
    free(dir);
}

int main(void)
{
    lines();
    errors();
    words();
    inks();
    insertion();
    paths();
    tb_source_free(&source);
    return done();
}
