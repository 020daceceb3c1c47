/* SPDX-License-Identifier: MIT */
/* text_trainer_test.c - merges in the order that counts and ties demand, files that open again, and
 * limits. */
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "tests/tap.h"
#include "text/tokenizer.h"
#include "text/trainer.h"

static struct tb_err err;
static char folder[256];

static char *train(int n_vocab, const char *const *texts, int *n)
{
    struct tb_trainer_spec spec = { .n_vocab = n_vocab };
    struct tb_trainer *t = tb_trainer_open(&spec, &err);
    bool good = t != NULL;
    for (; good && *texts; texts++)
        good = tb_trainer_add(t, *texts, strlen(*texts), &err);
    good = good && tb_trainer_write(t, folder, n, &err);
    tb_trainer_close(t);
    char *path = tb_path_join(folder, "tokenizer.json");
    char *text = good ? tb_file_read(path, 1 << 20, NULL, &err) : NULL;
    free(path);
    return text;
}

/* Merges "a b, c d" of the tokenizer.json just written. */
static const char *merges(const char *text)
{
    static char out[500];
    size_t at = 0;
    struct tb_json *j = tb_json_parse(text, strlen(text), "tokenizer.json", &err);
    const struct tb_json *list = tb_json_get(tb_json_get(j, "model"), "merges");
    out[0] = 0;
    for (size_t i = 0; i < tb_json_len(list) && at < sizeof out - 40; i++) {
        const struct tb_json *m = tb_json_at(list, i);
        at += (size_t)snprintf(out + at, sizeof out - at, "%s%s %s", i ? ", " : "",
                               tb_json_str(tb_json_at(m, 0), "?"),
                               tb_json_str(tb_json_at(m, 1), "?"));
    }
    tb_json_free(j);
    return out;
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    int n = 0, m = 0;
    snprintf(folder, sizeof folder, "%s/tunebench-train-XXXXXX", tmp ? tmp : "/tmp");
    ok(mkdtemp(folder) != NULL, "a folder");
    /* hug 10, pug 5, pun 12, bun 4, hugs 5: ug 20, un 16, hug 15 */
    static const char *const words[] = { " hug hug hug hug hug hug hug hug hug hug",
                                         " pug pug pug pug pug",
                                         " pun pun pun pun pun pun",
                                         " pun pun pun pun pun pun",
                                         " bun bun bun bun",
                                         " hugs hugs hugs hugs hugs",
                                         NULL };
    char *one = train(257 + 5, words, &n), *two = train(257 + 5, words, &m);
    /* After ug: a blank and p 17, un 16; h and ug 15, as a blank and h: h has a smaller id than the
     * blank's character. */
    is_str(one ? merges(one) : "", "u g, \xc4\xa0 p, u n, h ug, \xc4\xa0 hug",
           "by count, ties by id");
    ok(n == 262 && m == n && one && two && strcmp(one, two) == 0, "the same bytes again");
    struct tb_tokenizer *t = tb_tokenizer_open(folder, &err);
    struct tb_ids ids = { 0 };
    ok(t && tb_tokenizer_encode(t, " hug", 4, false, &ids, &err) && ids.n == 1 && ids.p[0] == 261,
       "it opens, and merges");
    ok(t && tb_tokenizer_eos(t) == 0 && tb_tokenizer_is_special(t, 0) && !tb_tokenizer_adds_bos(t),
       "id 0 ends a text");
    free(ids.p);
    tb_tokenizer_close(t);
    free(one);
    free(two);
    static const char *const few[] = { "aaaaaaa", "12 12", NULL };
    one = train(1000, few, &n);
    is_str(one ? merges(one) : "", "a a, aa aa, aa a, aaaa aaa",
           "runs of a letter; no merge across numerals");
    ok(n == 261, "text that has no more pairs ends it: %d", n);
    free(one);
    struct tb_trainer_spec tiny = { .n_vocab = 256 }, odd = { .n_vocab = 300, .pattern = "(" };
    ok(!tb_trainer_open(&tiny, &err) && err.kind == TB_ERR_LIMIT, "too small: %s", err.text);
    ok(!tb_trainer_open(&odd, &err), "a broken pattern: %s", err.text);
    struct tb_trainer_spec plain = { .n_vocab = 300 };
    struct tb_trainer *bad = tb_trainer_open(&plain, &err);
    ok(!tb_trainer_add(bad, "a\xff", 2, &err), "not UTF-8: %s", err.text);
    tb_trainer_close(bad);
    tb_trainer_close(NULL);
    tb_dir_remove(folder, &err);
    return done();
}
