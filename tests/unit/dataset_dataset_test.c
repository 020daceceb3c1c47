/* SPDX-License-Identifier: MIT */
/* dataset_dataset_test.c - rows out of small files of every kind, with a tokenizer trained on the
 * spot: templates, masks, drops and their reasons, the split by prompt, evaluation rows, guesses,
 * and files that are broken. */
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "dataset/dataset.h"
#include "plan/schema.h"
#include "tests/tap.h"
#include "text/tokenizer.h"
#include "text/trainer.h"

static char folder[256];
static struct tb_tokenizer *tokenizer;
static struct tb_err err;

static const char *in_folder(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static const char *put(const char *name, const char *text, size_t n)
{
    const char *path = in_folder(name);
    if (!tb_file_replace(path, text, n, &err))
        printf("# %s\n", err.text);
    return path;
}

/* Opens text with the options of a JSON object without its braces. */
static struct tb_dataset *open_text(const char *text, const char *options, int max_tok)
{
    char *json =
        tb_xasprintf("{\"path\": \"%s\", %s}", put("data.txt", text, strlen(text)), options);
    struct tb_json *config = tb_json_parse(json, strlen(json), "config", &err);
    struct tb_dataset *d = tb_dataset_open(config, tokenizer, max_tok, &err);
    tb_json_free(config);
    free(json);
    return d;
}

/* The row decoded: prompt part, "<", completion part. */
static const char *shown(const struct tb_dataset *d, int row)
{
    static struct tb_buf b;
    struct tb_row r = tb_dataset_row(d, row);
    tb_buf_clear(&b);
    tb_tokenizer_decode(tokenizer, r.ids, (size_t)r.n_prompt, &b, &err);
    tb_buf_char(&b, '<');
    tb_tokenizer_decode(tokenizer, r.ids + r.n_prompt, (size_t)(r.n - r.n_prompt), &b, &err);
    return b.p;
}

static void is_refused(const char *text, const char *options, int line, const char *words)
{
    memset(&err, 0, sizeof err);
    struct tb_dataset *d = open_text(text, options, 100);
    if (!ok(!d && err.line == line && strstr(err.text, words), "refused: %s", words))
        printf("# got line %d: %s\n", err.line, err.text);
    tb_dataset_close(d);
}

static void pairs(void)
{
    struct tb_dataset *d =
        open_text(" name : X || A place . \r\n\nname : X||Another . \n q ||  r || s\nempty||  \n",
                  "\"kind\": \"pairs\", \"eval\": 0", 100);
    const struct tb_dataset_counts *c = tb_dataset_counts(d);
    is_int(c->rows, 3, "three rows");
    is_int(c->no_label, 1, "one without a completion");
    is_int(c->empty_line, 5, "in line 5");
    is_int(c->prompts, 2, "two prompts");
    is_str(shown(d, 0), "name : X\n< A place .<|endoftext|>", "template, trimmed, end of text");
    is_str(shown(d, 2), "q\n< r || s<|endoftext|>", "the first separator counts");
    ok(tb_dataset_group(d, 0) == 0 && tb_dataset_group(d, 1) == 0 && tb_dataset_group(d, 2) == 1,
       "groups");
    size_t n;
    const char *text = tb_dataset_completion(d, 1, &n);
    ok(n == 9 && memcmp(text, "Another .", n) == 0, "the completion's text");
    text = tb_dataset_prompt(d, 1, &n);
    ok(n == 8 && memcmp(text, "name : X", n) == 0, "the prompt's text");
    ok(c->own_tok == c->prompt_tok + c->completion_tok && c->train_tok == c->own_tok,
       "token totals");
    char hex[65];
    tb_sha256_file(in_folder("data.txt"), hex, &err);
    is_str(tb_dataset_hash(d), hex, "content hash");
    struct tb_buf words = { 0 };
    tb_dataset_report(d, &words);
    ok(strstr(words.p, "3 rows") && strstr(words.p, "line 5"), "report: %s", words.p);
    tb_buf_free(&words);
    tb_dataset_close(d);
    d = open_text("a\tb\nc\td<|endoftext|>\n",
                  "\"kind\": \"pairs\", \"sep\": \"\\\\t\", \"eval\": 0", 100);
    is_str(shown(d, 0), "a\n< b<|endoftext|>", "a tab as separator");
    struct tb_row plain = tb_dataset_row(d, 1);
    ok(plain.ids[plain.n - 1] == 0 && plain.ids[plain.n - 2] != 0,
       "names of special tokens are text");
    tb_dataset_close(d);
    d = open_text("a||b<|endoftext|>\n",
                  "\"kind\": \"pairs\", \"specials\": true, \"eval\": 0, "
                  "\"template\": [\"Q: {1} A:\", \"{2}!\"]",
                  100);
    struct tb_row r = tb_dataset_row(d, 0);
    is_str(shown(d, 0), "Q: a A:<b<|endoftext|>!<|endoftext|>", "another template");
    ok(r.ids[r.n - 1] == 0 && r.ids[r.n - 3] == 0, "and tokens with specials = true");
    tb_dataset_close(d);
}

static void other_kinds(void)
{
    struct tb_dataset *d = open_text("{\"q\": \" hi \", \"a\": \"x\\ny\", \"z\": 1}\n",
                                     "\"kind\": \"jsonl\", \"eval\": 0, "
                                     "\"fields\": [\"q\", \"a\"]",
                                     100);
    is_str(shown(d, 0), "hi\n< x\ny<|endoftext|>", "jsonl: named fields");
    tb_dataset_close(d);
    d = open_text("{\"text\": \"alone\"}\n",
                  "\"kind\": \"jsonl\", \"eval\": 0, \"fields\": [\"text\"]", 100);
    is_str(shown(d, 0), "<alone<|endoftext|>", "jsonl: one field is text without prompt");
    tb_dataset_close(d);
    d = open_text("\n one\ntwo \n \n\nthree\n", "\"kind\": \"text\", \"eval\": 0", 100);
    is_int(tb_dataset_counts(d)->rows, 2, "text: paragraphs");
    is_str(shown(d, 0), "<one\ntwo<|endoftext|>", "  with their lines");
    is_str(shown(d, 1), "<three<|endoftext|>", "  the last one ends with the file");
    tb_dataset_close(d);
    d = open_text("\xef\xbb\xbfone\ntwo", "\"kind\": \"text\", \"rows\": \"line\", \"eval\": 0",
                  100);
    ok(tb_dataset_counts(d)->rows == 2 && strcmp(shown(d, 0), "<one<|endoftext|>") == 0,
       "text: lines, no mark");
    tb_dataset_close(d);
    d = open_text("q w e r t y u i o p a s",
                  "\"kind\": \"text\", \"rows\": \"window:5\", \"eval\": 0", 100);
    struct tb_row r = tb_dataset_row(d, 0),
                  last = tb_dataset_row(d, tb_dataset_counts(d)->rows - 1);
    ok(r.n == 5 && r.n_prompt == 0 && last.n <= 5 && last.ids[last.n - 1] != 0,
       "text: windows of 5 tokens");
    int total = 0;
    for (int i = 0; i < tb_dataset_counts(d)->rows; i++)
        total += tb_dataset_row(d, i).n;
    struct tb_ids ids = { 0 };
    tb_tokenizer_encode(tokenizer, "q w e r t y u i o p a s", 23, false, &ids, &err);
    ok((size_t)total == ids.n || (size_t)total + 1 == ids.n, "  that hold the whole text");
    free(ids.p);
    tb_dataset_close(d);
}

static void broken(void)
{
    is_refused("a||b\nno bar\n", "\"kind\": \"pairs\"", 2, "no separator \"||\"");
    is_refused("a||b\nc\xff||d\n", "\"kind\": \"pairs\"", 2, "byte 2 of the line (0xff)");
    is_refused("", "\"kind\": \"pairs\"", 0, "empty");
    is_refused("\n \n", "\"kind\": \"pairs\"", 0, "no rows");
    is_refused("a||\n||\n", "\"kind\": \"pairs\"", 0, "2 without a completion");
    is_refused("a||b\n", "\"kind\": \"pairs\", \"sep\": \"\"", 0, "sep is empty");
    is_refused("a||b\n", "\"kind\": \"csv\"", 0, "expected pairs, jsonl or text");
    is_refused("a||b\n", "\"kind\": \"pairs\", \"evil\": 0.1", 0, "eval");
    is_refused("a||b\n", "\"kind\": \"pairs\", \"template\": [\"{1}\"]", 0, "two strings");
    is_refused("{\"prompt\": \"a\"}\n", "\"kind\": \"jsonl\"", 1,
               "no field \"completion\"; the line has the fields: prompt");
    is_refused("\n{\"prompt\": 1, \"completion\": \"\"}\n", "\"kind\": \"jsonl\"", 2,
               "is not a string");
    is_refused("{\"prompt\": \"a\", \"completion\": \"b\"}\n[1]\n", "\"kind\": \"jsonl\"", 2,
               "not a JSON object");
    is_refused("{\"prompt\": \"a\"", "\"kind\": \"jsonl\"", 1, "");
    is_refused("a b", "\"kind\": \"text\", \"rows\": \"window:2\"", 0, "window:N");
    char *big = tb_xcalloc(1 << 20 | 16, 1);
    memset(big, 'a', 1 << 20);
    strcpy(big + (1 << 20), "||b\nc||d\n");
    struct tb_dataset *d = open_text(big, "\"kind\": \"pairs\", \"eval\": 0", 50);
    const struct tb_dataset_counts *c = tb_dataset_counts(d);
    ok(d && c->rows == 1 && c->too_long == 1 && c->long_line == 1 && c->longest > 50,
       "a line of 1 MB is dropped");
    tb_dataset_close(d);
    free(big);
}

/* 600 prompts, two rows each. */
static void splits(void)
{
    struct tb_buf text = { 0 };
    for (int i = 0; i < 1200; i++)
        tb_buf_fmt(&text, "prompt %d||answer %d\n", i % 600, i);
    struct tb_dataset *d =
        open_text(text.p, "\"kind\": \"pairs\", \"eval\": 0.2, \"order\": \"by_prompt\"", 100);
    const struct tb_dataset_counts *c = tb_dataset_counts(d);
    ok(c->train + c->held == 1200 && c->held > 160 && c->held < 320 && c->held % 2 == 0,
       "%d of 1200 held out", c->held);
    int n, all;
    const int *train = tb_dataset_train(d, &n);
    bool *is_train = tb_xcalloc(600, sizeof *is_train);
    for (int i = 0; i < n; i++)
        is_train[tb_dataset_group(d, train[i])] = true;
    int *eval = tb_dataset_eval(d, 1000000, 0, &all), few, some;
    bool leaks = false;
    for (int i = 0; i < all; i++)
        leaks = leaks || is_train[tb_dataset_group(d, eval[i])];
    ok(all == c->held && !leaks,
       "all held-out rows for a large budget, and no prompt is trained on");
    int *small = tb_dataset_eval(d, 1, 0, &few), *asked = tb_dataset_eval(d, 1, 11, &some);
    ok(few == 64 && some == 11 && memcmp(small, eval, 64 * sizeof *eval) == 0,
       "at least 64, or as many as asked for");
    int64_t tok = 0;
    for (int i = 0; i < 100; i++)
        tok += tb_dataset_row(d, eval[i]).n;
    free(small);
    small = tb_dataset_eval(d, tok * 25, 0, &few);
    ok(few == 100, "4 %% of the budget: %d", few);
    struct tb_order_spec spec = { .seed = 1, .batch_rows = 4 };
    tb_dataset_order(d, &spec);
    struct tb_order *o = tb_order_open(&spec, &err);
    const int *row = tb_order_step(o, 0, &n);
    ok(spec.n_rows == c->train && spec.kind == TB_ORDER_BY_PROMPT
           && tb_dataset_group(d, train[row[0]]) == tb_dataset_group(d, train[row[1]]),
       "an order over the training rows");
    int32_t ids[4000], first[8];
    struct tb_buf back = { 0 };
    ok(tb_dataset_init_ids(d, tokenizer, 8, first, &err)
           && tb_dataset_init_ids(d, tokenizer, 4000, ids, &err)
           && memcmp(ids, first, sizeof first) == 0
           && tb_tokenizer_decode(tokenizer, ids, 20, &back, &err)
           && strncmp(back.p, "prompt ", 7) == 0,
       "text to start prompts from");
    tb_buf_free(&back);
    tb_order_close(o);
    free(small);
    free(asked);
    free(eval);
    free(is_train);
    tb_buf_free(&text);
    tb_dataset_close(d);
}

/* SHA-256 of "abc" begins with ba7816bf = 0.7284 of the range, of "hello" with 2cf2 = 0.17, of ""
 * with e3b0 = 0.88. */
static void share(void)
{
    static const char text[] = "abc||x\nhello||y\n||z\n";
    struct tb_dataset *d = open_text(text, "\"kind\": \"pairs\", \"eval\": 0.729", 100);
    ok(d && tb_dataset_counts(d)->held == 2, "abc and hello are below 0.729");
    tb_dataset_close(d);
    d = open_text(text, "\"kind\": \"pairs\", \"eval\": 0.728", 100);
    ok(d && tb_dataset_counts(d)->held == 1 && tb_dataset_train(d, &(int){ 0 })[0] == 0,
       "abc is not below 0.728");
    tb_dataset_close(d);
    is_refused("hello||y\n", "\"kind\": \"pairs\", \"eval\": 0.2", 0, "all 1 rows are held out");
}

static void is_guessed(const char *text, const char *want)
{
    struct tb_json *j = tb_dataset_sniff(put("sniff", text, strlen(text)), &err);
    tb_json_del(j, "path");
    char *got = j ? tb_json_text(j, TB_JSON_CANONICAL) : tb_xstrdup(err.text);
    ok(j ? strcmp(got, want) == 0 : strstr(got, want) != NULL, "guessed: %s", want);
    if (!j || strcmp(got, want) != 0)
        printf("# %s\n", got);
    free(got);
    tb_json_free(j);
}

static void sniffing(void)
{
    is_guessed("a||b\n\nc||d", "{\"kind\":\"pairs\",\"sep\":\"||\"}");
    is_guessed("a\tb\nc\td\n", "{\"kind\":\"pairs\",\"sep\":\"\\t\"}");
    is_guessed("a||b\nc\n", "{\"kind\":\"text\",\"rows\":\"line\"}");
    is_guessed("1||a\n2||a\n3||a\n4||a\nodd\n6||a\n7||a\n8||a\n9||a\n10||a\n", "{\"kind\":\"pairs\",\"sep\":\"||\"}");
    is_guessed("1||a\n2||a\n3||a\n4||a\nodd\n6||a\n7||a\n8||a\n9||a\n", "{\"kind\":\"text\",\"rows\":\"line\"}");
    is_guessed("1\ta\n2\ta\n3\ta\n4\ta\nodd\n6\ta\n7\ta\n8\ta\n9\ta\n10\ta\n", "{\"kind\":\"pairs\",\"sep\":\"\\t\"}");
    is_guessed("a\nb\n\nc\n", "{\"kind\":\"text\",\"rows\":\"paragraph\"}");
    is_guessed("{\"question\": \"a\", \"answer\": \"b\"}\n",
               "{\"fields\":[\"question\",\"answer\"],\"kind\":\"jsonl\"}");
    is_guessed("{\"text\": \"a\"}\n", "{\"fields\":[\"text\"],\"kind\":\"jsonl\"}");
    is_guessed("{\"foo\": \"a\", \"bar\": 2}\n", "objects with the fields foo, bar");
    is_guessed("[\n{}\n]\n", "a JSON list");
    is_guessed("\n\n", "nothing but blank lines");
    is_guessed("a\xff", "not UTF-8");
    ok(!tb_dataset_sniff("/nowhere/at/all", &err), "no such file: %s", err.text);
}

static void words(void)
{
    tb_dataset_register();
    static const char *const names[] = { "pairs", "jsonl", "text" };
    for (int i = 0; i < 3; i++) {
        const struct tb_schema *s = tb_schema_find("data", names[i]);
        struct tb_json *given = tb_json_new_map(), *paths = tb_json_new_list();
        tb_json_append(paths, tb_json_new_str("x"));
        tb_json_set(given, "path", paths);
        struct tb_json *all = s ? tb_key_check(s->keys, given, names[i], &err) : NULL;
        ok(all && tb_key_complete(s->keys, all, names[i], &err), "t.%s: defaults are valid",
           names[i]);
        for (const struct tb_key *k = s ? s->keys : NULL; k && k->type != TB_KEY_NONE; k++) {
            struct tb_json *v =
                k->neutral ? tb_json_parse(k->neutral, strlen(k->neutral), k->name, &err) : NULL;
            ok((v || !k->neutral) && k->help && (k->neutral || k->klass == TB_CLASS_EXEC), "  %s",
               k->name);
            tb_json_free(v);
        }
        tb_json_free(all);
        tb_json_free(given);
    }
}

/* The real task in the real tokenizer, where it is: its counts. */
static void real(const char *model, const char *file)
{
    struct tb_tokenizer *t = tb_tokenizer_open(model, &err);
    struct tb_json *config = tb_dataset_sniff(file, &err);
    tb_json_set(config, "eval", tb_json_new_real(0));
    struct tb_dataset *d = t ? tb_dataset_open(config, t, 1024, &err) : NULL;
    if (ok(d != NULL, "E2E opens")) {
        const struct tb_dataset_counts *c = tb_dataset_counts(d);
        is_int(c->rows, 4672, "rows of E2E valid");
        is_int(c->prompts, 547, "prompts");
        near((double)c->prompt_tok / c->rows, 33.0, 0.002, "prompt tokens a row");
        near((double)c->completion_tok / c->rows, 28.9, 0.002, "completion tokens a row");
    }
    tb_dataset_close(d);
    tb_json_free(config);
    tb_tokenizer_close(t);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR"), *smollm2 = getenv("TUNEBENCH_SMOLLM2"),
               *golden = getenv("TUNEBENCH_GOLDEN");
    snprintf(folder, sizeof folder, "%s/tunebench-data-XXXXXX", tmp ? tmp : "/tmp");
    struct tb_trainer_spec spec = { .n_vocab = 280 };
    struct tb_trainer *trainer = mkdtemp(folder) ? tb_trainer_open(&spec, &err) : NULL;
    ok(trainer && tb_trainer_add(trainer, "name : place answer prompt the the", 34, &err)
           && tb_trainer_write(trainer, folder, NULL, &err),
       "a tokenizer");
    tb_trainer_close(trainer);
    tokenizer = tb_tokenizer_open(folder, &err);
    pairs();
    other_kinds();
    broken();
    splits();
    share();
    sniffing();
    words();
    char *file = tb_xasprintf("%s/../data/e2e/valid.txt", golden ? golden : "../shared/golden");
    if (smollm2 && tb_file_exists(file))
        real(smollm2, file);
    else
        skip("E2E in SmolLM2's tokens", "TUNEBENCH_SMOLLM2 is not set, or the data is not there");
    free(file);
    tb_tokenizer_close(tokenizer);
    tb_dir_remove(folder, &err);
    return done();
}
