/* SPDX-License-Identifier: MIT */
/* dataset_mix_test.c - rows of several sources: what an epoch holds for whole and broken weights, the share of a row by
 * the frozen rule, prompts held out in all sources at once, hashes, and errors that say where. */
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "dataset/dataset.h"
#include "tests/tap.h"
#include "text/tokenizer.h"
#include "text/trainer.h"

static char folder[256];
static struct tb_tokenizer *tokenizer;
static struct tb_err err;

static char *put(const char *name, const char *text)
{
    char *path = tb_path_join(folder, name);
    if (!tb_file_replace(path, text, strlen(text), &err))
        printf("# %s\n", err.text);
    return path;
}

/* A mix of two files: pairs a.txt and `kind` b.txt, with the keys of a JSON object without its braces. */
static struct tb_dataset *open_mix(const char *a, const char *kind, const char *b, const char *keys)
{
    char *path_a = put("a.txt", a), *path_b = put("b.txt", b);
    char *json = tb_xasprintf("{\"kind\": \"mix\", \"0.kind\": \"pairs\", \"0.path\": \"%s\", \"1.kind\": \"%s\", "
                              "\"1.path\": \"%s\", %s}", path_a, kind, path_b, keys);
    struct tb_json *config = tb_json_parse(json, strlen(json), "config", &err);
    memset(&err, 0, sizeof err);
    struct tb_dataset *d = config ? tb_dataset_open(config, tokenizer, 100, &err) : NULL;
    tb_json_free(config);
    free(json);
    free(path_a);
    free(path_b);
    return d;
}

static bool epoch_is(const struct tb_dataset *d, const char *want)
{
    struct tb_buf b = { 0 };
    int n;
    const int *row = tb_dataset_train(d, &n);
    for (int i = 0; i < n; i++)
        tb_buf_fmt(&b, "%s%d", i ? " " : "", row[i]);
    bool same = strcmp(b.p ? b.p : "", want) == 0;
    if (!same)
        printf("# got %s\n", b.p ? b.p : "nothing");
    tb_buf_free(&b);
    return same;
}

static void left_out(void)
{
    const char *two = "\"eval\": 0, \"0.weight\": 3, \"1.rows\": \"line\", \"without\": \"1, 3-4\"";
    struct tb_dataset *d = open_mix("a||b\nc||d\n", "text", "one\ntwo\nthree\n", two);
    if (!ok(d != NULL, "a mix without some rows opens: %s", err.text))
        return;
    const struct tb_dataset_counts *c = tb_dataset_counts(d);
    struct tb_order_spec spec = { .batch_rows = 9 };
    tb_dataset_order(d, &spec);
    static const int place[] = { 0, 2, 4, 6 };
    ok(epoch_is(d, "0 0 0 2") && c->rows == 5 && c->train == 2 && c->left_out == 3, "they are in no turn of an epoch");
    ok(spec.place && memcmp(spec.place, place, sizeof place) == 0, "the places of the others are those with them");
    ok(tb_dataset_source(d, 0)->n.left_out == 1 && tb_dataset_source(d, 1)->n.left_out == 2,
       "each source counts its own");
    tb_dataset_close(d);
}

static void left_out_wrongly(void)
{
    static const struct {
        const char *text, *said;
    } bad[] = {
        { "5", "there is no row 5; the 5 rows are numbered from 0" },  { "2 x", "'x' is no row" },
        { "3-2", "'3-2' is no row" },                                  { "3-", "'3-' is no row" },
        { "99999999999999999999", "'99999999999999999999' is no row" }, { "0-4", "nothing is left to train on" },
        { "-1", "'-1' is no row" },                                    { "1.5", "'1.5' is no row" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *keys = tb_xasprintf("\"eval\": 0, \"1.rows\": \"line\", \"without\": \"%s\"", bad[i].text);
        struct tb_dataset *d = open_mix("a||b\nc||d\n", "text", "one\ntwo\nthree\n", keys);
        ok(!d && strstr(err.text, bad[i].said), "without %s: %s", bad[i].text, err.text);
        tb_dataset_close(d);
        free(keys);
    }
}

/* "key" names a prompt; which of them are held out is asked first. */
static void left_out_of_held(void)
{
    const char *rows = "p0||a\np1||b\np2||c\np3||d\np4||e\np5||f\np6||g\np7||h\n";
    struct tb_dataset *all = open_mix(rows, "text", "one\n", "\"eval\": 0.5, \"1.rows\": \"line\"");
    int n = 0, *held = all ? tb_dataset_eval(all, 1000, 64, &n) : NULL;
    if (!ok(n > 0 && n < 8, "%d of 9 rows are held out", n))
        return;
    char *keys = tb_xasprintf("\"eval\": 0.5, \"1.rows\": \"line\", \"without\": \"%d\"", held[0]);
    struct tb_dataset *one = open_mix(rows, "text", "one\n", keys);
    ok(!one && strstr(err.text, "is held out, so not trained on anyway"), "one of them: %s", err.text);
    free(keys);
    struct tb_dataset *most = open_mix(rows, "text", "one\n",
                                       "\"eval\": 0.5, \"1.rows\": \"line\", \"without\": \"0-7\"");
    ok(!most || (tb_dataset_counts(most)->held == n && tb_dataset_counts(most)->train == 1),
       "a range passes them over");
    tb_dataset_close(most);
    tb_dataset_close(all);
    free(held);
}

static void whole_weights(void)
{
    struct tb_dataset *d = open_mix("a||b\nc||d\n", "text", "one\ntwo\nthree\n",
                                    "\"eval\": 0, \"0.weight\": 3, \"1.rows\": \"line\"");
    if (!ok(d != NULL, "a mix opens: %s", err.text))
        return;
    const struct tb_dataset_counts *c = tb_dataset_counts(d);
    ok(epoch_is(d, "0 1 0 1 0 1 2 3 4"), "an epoch: source after source, each over and over");
    ok(c->rows == 5 && c->train == 5 && c->epoch == 9 && c->held == 0, "rows are counted once, an epoch's apart");
    const struct tb_source *a = tb_dataset_source(d, 0), *b = tb_dataset_source(d, 1);
    ok(tb_dataset_sources(d) == 2 && a->first == 0 && b->first == 2 && a->n.rows == 2 && b->n.rows == 3,
       "rows of a source follow each other");
    ok(a->n.epoch == 6 && b->n.epoch == 3 && a->weight == 3 && b->weight == 1, "weights");
    is_str(b->kind, "text", "kinds");
    ok(a->n.train_tok == 3 * a->n.own_tok && c->train_tok == a->n.train_tok + b->n.train_tok, "tokens");
    ok(tb_dataset_source_of(d, 1) == 0 && tb_dataset_source_of(d, 2) == 1, "each row knows its source");
    struct tb_order_spec spec = { .seed = 1, .batch_rows = 9 };
    int n, seen[5] = { 0 }, at;
    tb_dataset_order(d, &spec);
    struct tb_order *o = tb_order_open(&spec, &err);
    const int *train = tb_dataset_train(d, &n), *place = tb_order_step(o, 0, &at);
    for (int i = 0; i < at; i++)
        seen[train[place[i]]]++;
    ok(at == 9 && seen[0] == 3 && seen[1] == 3 && seen[4] == 1, "an order is one over the epoch");
    tb_order_close(o);
    tb_dataset_close(d);
    d = open_mix("a||b\nc||d\n", "pairs", "a||b\n", "\"eval\": 0, \"0.weight\": 0");
    ok(d && epoch_is(d, "2"), "weight 0 leaves a source out");
    tb_dataset_close(d);
}

/* First 8 bytes of SHA-256("mix\na\nb"): 0xe4f2.. = 0.8943 of the range, "mix\nc\nd": 0.1852. */
static void broken_weights(void)
{
    struct tb_dataset *d = open_mix("a||b\nc||d\n", "text", "one\n", "\"eval\": 0, \"0.weight\": 1.186");
    ok(d && epoch_is(d, "0 1 1 2"), "the share of a row is below 0.186");
    tb_dataset_close(d);
    d = open_mix("a||b\nc||d\n", "text", "one\n", "\"eval\": 0, \"0.weight\": 1.185");
    ok(d && epoch_is(d, "0 1 2"), "  but not below 0.185");
    tb_dataset_close(d);
}

/* 4,000 prompts in both sources, and those that are held out in the one are in the other. */
static void splits(void)
{
    struct tb_buf a = { 0 }, b = { 0 };
    for (int i = 0; i < 4000; i++) {
        tb_buf_fmt(&a, "prompt %d||one %d\n", i, i);
        tb_buf_fmt(&b, "{\"prompt\": \"prompt %d\", \"completion\": \"two\"}\n", i);
    }
    struct tb_dataset *d = open_mix(a.p, "jsonl", b.p, "\"eval\": 0.2, \"order\": \"by_prompt\", \"1.weight\": 0.25");
    const struct tb_source *one = tb_dataset_source(d, 0), *two = tb_dataset_source(d, 1);
    const struct tb_dataset_counts *c = tb_dataset_counts(d);
    ok(one->n.held == two->n.held && one->n.held > 600 && one->n.held < 1000, "%d prompts are held out in both",
       one->n.held);
    is_int(c->prompts, 4000, "equal prompts are one");
    ok(two->n.epoch > 700 && two->n.epoch < 900, "a quarter of the training rows: %d of %d", two->n.epoch,
       two->n.train);
    int n, all;
    const int *train = tb_dataset_train(d, &n);
    int *eval = tb_dataset_eval(d, 1000000000, 512, &all), *times = tb_xcalloc(8000, sizeof *times);
    bool *is_held = tb_xcalloc(4000, sizeof *is_held), leaks = false, twice = false;
    for (int i = 0; i < all; i++) {
        is_held[tb_dataset_group(d, eval[i])] = true;
        twice = twice || times[eval[i]]++;
    }
    for (int i = 0; i < n; i++)
        leaks = leaks || is_held[tb_dataset_group(d, train[i])];
    ok(all == 512 && !leaks && !twice, "no row is scored twice, no scored prompt is trained on");
    struct tb_order_spec spec = { .seed = 1, .batch_rows = 64 };
    tb_dataset_order(d, &spec);
    struct tb_order *o = tb_order_open(&spec, &err);
    int at, changes = 0, pairs = 0;
    const int *place = tb_order_step(o, 0, &at);
    for (int i = 1; i < at; i++) {
        bool same = tb_dataset_group(d, train[place[i]]) == tb_dataset_group(d, train[place[i - 1]]);
        changes += !same;
        pairs += same;
    }
    ok(spec.kind == TB_ORDER_BY_PROMPT && pairs > 4 && changes + pairs == 63,
       "by_prompt: rows of a prompt stand together, whatever their source");
    tb_order_close(o);
    free(times);
    free(is_held);
    free(eval);
    tb_buf_free(&a);
    tb_buf_free(&b);
    tb_dataset_close(d);
}

static void starts(void)
{
    struct tb_dataset *d = open_mix("abc||b\nd||e\n", "pairs", "abc||x\n", "\"eval\": 0, \"0.weight\": 0");
    struct tb_buf text = { 0 };
    int32_t ids[3];
    ok(d && tb_dataset_init_ids(d, tokenizer, 3, ids, &err) && tb_tokenizer_decode(tokenizer, ids, 3, &text, &err),
       "text to start from");
    is_str(text.p, "abc", "is that of the rows of an epoch, though another source had the prompt first");
    tb_buf_free(&text);
    tb_dataset_close(d);
}

static void hashes(void)
{
    char one[65], two[65], both[129], want[65], had[65];
    struct tb_dataset *d = open_mix("a||b\n", "pairs", "c||d\n", "\"eval\": 0");
    tb_sha256_hex("a||b\n", 5, one);
    tb_sha256_hex("c||d\n", 5, two);
    snprintf(both, sizeof both, "%s%s", one, two);
    tb_sha256_hex(both, 128, want);
    snprintf(had, sizeof had, "%s", tb_dataset_hash(d));
    is_str(had, want, "the hash of a mix is that of the hashes of its sources");
    tb_dataset_close(d);
    d = open_mix("a||b\nc||d\n", "pairs", "e||f\n", "\"eval\": 0");
    snprintf(had, sizeof had, "%s", tb_dataset_hash(d));
    tb_dataset_close(d);
    d = open_mix("a||b\n", "pairs", "c||d\ne||f\n", "\"eval\": 0");
    ok(strcmp(had, tb_dataset_hash(d)) != 0, "a line that moves to another source makes another text");
    tb_dataset_close(d);
}

static void is_refused(const char *a, const char *b, const char *keys, const char *where, int line, const char *words)
{
    struct tb_dataset *d = open_mix(a, "pairs", b, keys);
    bool is_there = !*where || strstr(err.where, where);
    if (!ok(!d && is_there && err.line == line && strstr(err.text, words), "refused: %s", words))
        printf("# %s:%d: %s\n", err.where, err.line, err.text);
    tb_dataset_close(d);
}

static void refusals(void)
{
    static const char plain[] = "\"eval\": 0";
    is_refused("a||b\n", "c||d\nno bar\n", plain, "b.txt", 2, "data.1: no separator");
    is_refused("a||b\n", "", plain, "b.txt", 0, "data.1: the file is empty");
    is_refused("a||b\n", "c||\n", plain, "b.txt", 0, "data.1: no row left of 1: 0 longer");
    is_refused("a||b\n", "c||d\n", "\"1.sep\": \"\"", "", 0, "data.1: sep is empty");
    is_refused("a||b\n", "c||d\n", "\"1.nope\": 1", "", 0, "data.1: t.pairs has no 'nope'");
    is_refused("a||b\n", "c||d\n", "\"1.weight\": -1", "", 0, "data.1: weight must be a number from 0 to 1000");
    is_refused("a||b\n", "c||d\n", "\"sep\": \"||\"", "", 0, "t.mix has no 'sep'");
    is_refused("a||b\n", "c||d\n", "\"2.kind\": \"mix\"", "", 0, "data.2: data.kind is \"mix\"");
    is_refused("a||b\n", "c||d\n", "\"eval\": 0, \"0.weight\": 0, \"1.weight\": 0", "a.txt", 0,
               "of 2 rows none is left to train on (key weight)");
    struct tb_json *config = tb_json_parse("{\"kind\": \"mix\"}", 15, "config", &err);
    ok(!tb_dataset_open(config, tokenizer, 100, &err) && strstr(err.text, "no sources"), "a mix of nothing");
    tb_json_free(config);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/tunebench-mix-XXXXXX", tmp ? tmp : "/tmp");
    struct tb_trainer_spec spec = { .n_vocab = 280 };
    struct tb_trainer *trainer = mkdtemp(folder) ? tb_trainer_open(&spec, &err) : NULL;
    ok(trainer && tb_trainer_add(trainer, "name : place answer prompt the the", 34, &err)
           && tb_trainer_write(trainer, folder, NULL, &err),
       "a tokenizer");
    tb_trainer_close(trainer);
    tokenizer = tb_tokenizer_open(folder, &err);
    whole_weights();
    left_out();
    left_out_wrongly();
    left_out_of_held();
    broken_weights();
    splits();
    starts();
    hashes();
    refusals();
    tb_tokenizer_close(tokenizer);
    tb_dir_remove(folder, NULL);
    return done();
}
