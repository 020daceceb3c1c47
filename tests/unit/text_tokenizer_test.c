/* SPDX-License-Identifier: MIT */
/* text_tokenizer_test.c - ids of llama.cpp and of the tokenizers library for whole lists of texts,
 * decoding of any bytes, every form of tokenizer.json that is read, and the words of refusal for
 * those that are not. */
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/tap.h"
#include "text/tokenizer.h"

static struct tb_err err;
static char folder[256];

static const char *golden(const char *name)
{
    static char path[512];
    const char *root = getenv("TUNEBENCH_GOLDEN");
    snprintf(path, sizeof path, "%s/tokenizers/%s", root ? root : "../shared/golden", name);
    return path;
}

static bool is_same(const struct tb_ids *got, const struct tb_json *want)
{
    bool same = got->n == tb_json_len(want);
    for (size_t i = 0; same && i < got->n; i++)
        same = got->p[i] == tb_json_int(tb_json_at(want, i), -1);
    return same;
}

/* Texts of smollm2.json whose ids differ under one reading of special tokens; decoding must give
 * each text back. */
static int differing(struct tb_tokenizer *t, const struct tb_json *texts, bool parse_special)
{
    int bad = 0;
    for (size_t i = 0; i < tb_json_len(texts); i++) {
        const struct tb_json *one = tb_json_at(texts, i), *text = tb_json_get(one, "text");
        struct tb_ids ids = { 0 };
        struct tb_buf back = { 0 };
        size_t n = tb_json_str_len(text);
        bool good = tb_tokenizer_encode(t, tb_json_str(text, ""), n, parse_special, &ids, &err)
                    && is_same(&ids, tb_json_get(one, parse_special ? "ids_with_special" : "ids"))
                    && tb_tokenizer_decode(t, ids.p, ids.n, &back, &err) && back.n == n
                    && (n == 0 || memcmp(back.p, tb_json_str(text, ""), n) == 0);
        bad += !good;
        free(ids.p);
        tb_buf_free(&back);
    }
    return bad;
}

static void smollm2(const char *path, int n_known)
{
    struct tb_tokenizer *t =
        path && tb_file_exists(golden("smollm2.json")) ? tb_tokenizer_open(path, &err) : NULL;
    struct tb_json *texts = t ? tb_json_load(golden("smollm2.json"), 1 << 22, &err) : NULL;
    if (!t) {
        skip("154 texts of SmolLM2", path ? err.text : "TUNEBENCH_SMOLLM2 is not set");
        return;
    }
    is_int(tb_json_len(texts), 154, "the list is there");
    is_int(differing(t, texts, false), n_known, "special tokens as text");
    is_int(differing(t, texts, true), n_known, "special tokens parsed");
    ok(tb_tokenizer_vocab(t) == 49152 && tb_tokenizer_bos(t) == 1 && tb_tokenizer_eos(t) == 2
           && !tb_tokenizer_adds_bos(t),
       "vocabulary, ends of texts");
    ok(tb_tokenizer_is_special(t, 0) && !tb_tokenizer_is_special(t, 1000)
           && tb_tokenizer_is_special(t, -1),
       "special");
    tb_json_free(texts);
    tb_tokenizer_close(t);
}

/* llama.cpp's vocabulary tests: texts between lines of a mark, a line of ids for each. */
static void gpt2(void)
{
    static const char mark[] = "\n__ggml_vocab_test__\n";
    struct tb_tokenizer *t =
        tb_file_exists(golden("gpt-2.gguf")) ? tb_tokenizer_open(golden("gpt-2.gguf"), &err) : NULL;
    if (!t) {
        skip("GPT-2", tb_file_exists(golden("gpt-2.gguf")) ? err.text : "golden is not there");
        return;
    }
    char *texts = tb_file_read(golden("gpt-2.gguf.inp"), 1 << 20, NULL, &err);
    char *lines = tb_file_read(golden("gpt-2.gguf.out"), 1 << 20, NULL, &err), *line = lines;
    int n = 0, bad = 0;
    for (char *s = texts, *end; s && line && *line; s = end ? end + strlen(mark) : NULL, n++) {
        struct tb_ids ids = { 0 };
        struct tb_buf got = { 0 };
        end = strstr(s, mark);
        tb_tokenizer_encode(t, s, end ? (size_t)(end - s) : strlen(s), false, &ids, &err);
        for (size_t i = 0; i < ids.n; i++)
            tb_buf_fmt(&got, " %d", (int)ids.p[i]);
        size_t len = strcspn(line, "\n");
        bad += got.n != len || (len && memcmp(got.p, line, len) != 0);
        line += len + (line[len] == '\n');
        free(ids.p);
        tb_buf_free(&got);
    }
    ok(n > 40 && bad == 0, "GPT-2: %d of %d texts as llama.cpp has them", n - bad, n);
    free(texts);
    free(lines);
    tb_tokenizer_close(t);
}

/* A copy of the file in which the end of texts has this number: its key is followed by the type, 4 bytes, and it. */
static struct tb_tokenizer *with_end(uint32_t id)
{
    static const char key[] = "tokenizer.ggml.eos_token_id";
    size_t n, at = 0, len = sizeof key - 1;
    char *bytes = tb_file_read(golden("gpt-2.gguf"), 64 << 20, &n, &err), *copy = tb_path_join(folder, "end.gguf");
    while (bytes && at + len + 8 < n && memcmp(bytes + at, key, len) != 0)
        at++;
    for (int i = 0; bytes && i < 4; i++)
        bytes[at + len + 4 + (size_t)i] = (char)(id >> 8 * i);
    struct tb_tokenizer *t = bytes && tb_file_replace(copy, bytes, n, &err) ? tb_tokenizer_open(copy, &err) : NULL;
    free(copy);
    free(bytes);
    return t;
}

static void gguf_ends(void)
{
    if (!tb_file_exists(golden("gpt-2.gguf"))) {
        skip("ends of a .gguf", "golden is not there");
        return;
    }
    struct tb_tokenizer *t = with_end(5);
    ok(t && tb_tokenizer_eos(t) == 5, "an end");
    tb_tokenizer_close(t);
    t = with_end(UINT32_MAX);
    ok(t && tb_tokenizer_eos(t) == -1, "the number that says there is none");
    tb_tokenizer_close(t);
    t = with_end(UINT32_MAX - 1);
    ok(!t && strstr(err.where, "end.gguf") && strstr(err.text, "eos_token_id must be a token's number, 0 to 50256"),
       "no token: %s", err.text);
    tb_tokenizer_close(t);
}

/* A tokenizer.json over the letters a to z, blank and all bytes above, with merges and parts given
 * as JSON. */
static struct tb_tokenizer *make(const char *pre, const char *normalizer, const char *more,
                                 const char *merges)
{
    struct tb_buf b = { 0 };
    tb_buf_fmt(
        &b,
        "{\"added_tokens\": [{\"id\": 300, \"content\": \"<s>\", \"special\": true}, {\"id\": 301, "
        "\"content\": "
        "\"<tag>\", \"special\": false}, {\"id\": 302, \"content\": \"<s>x\", \"special\": true}],"
        " \"normalizer\": %s, \"pre_tokenizer\": %s, \"post_processor\": null,"
        " \"model\": {\"type\": \"BPE\", %s \"vocab\": {",
        normalizer, pre, more);
    int id = 0;
    for (int c = 0x21; c <= 0x143; c++) {
        if ((c > 0x7e && c < 0xa1) || c == 0xad)
            continue;
        tb_buf_fmt(&b, "\"\\u%04x\": %d, ", (unsigned)c, id++);
    }
    tb_buf_fmt(
        &b,
        "\"ab\": 256, \"abc\": 257, \"bc\": 258, \"\\u0120a\": 259, \"12\": 260, \"xyz\": 261, "
        "\"\\u00c3\\u00a9\": 262}, \"merges\": %s}}",
        merges);
    char *path = tb_path_join(folder, "tokenizer.json");
    tb_file_replace(path, b.p, b.n, &err);
    free(path);
    tb_buf_free(&b);
    memset(&err, 0, sizeof err);
    return tb_tokenizer_open(folder, &err);
}

#define BYTE_LEVEL "{\"type\": \"ByteLevel\", \"add_prefix_space\": false}"
#define BYTES_ONLY "{\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"use_regex\": false}"
#define MERGES "[\"a b\", [\"b\", \"c\"], \"ab c\", \"\\u0120 a\", \"1 2\", \"\\u00c3 \\u00a9\"]"

/* The tokens of a text with '|' between, "!" where it failed. */
static const char *cut(struct tb_tokenizer *t, const char *text, bool parse_special)
{
    static struct tb_buf b;
    struct tb_ids ids = { 0 };
    tb_buf_clear(&b);
    if (!t || !tb_tokenizer_encode(t, text, strlen(text), parse_special, &ids, &err))
        tb_buf_str(&b, "!");
    for (size_t i = 0; i < ids.n; i++) {
        size_t n;
        const char *raw = tb_tokenizer_token(t, ids.p[i], &n);
        tb_buf_str(&b, i ? "|" : "");
        tb_buf_add(&b, raw, n);
    }
    free(ids.p);
    return b.p ? b.p : "";
}

static void forms(void)
{
    struct tb_tokenizer *t = make(BYTE_LEVEL, "null", "", MERGES);
    is_str(cut(t, "abc ab bc 12", false), "abc| |ab| |bc| |12",
           "merges by rank, as strings and as pairs");
    is_str(cut(t, "a<s>b<tag><s>xx", false), "a|<|s|>|b|<tag>|<|s|>|x|x",
           "special text is text, added tokens are not");
    is_str(cut(t, "a<s>b<tag><s>xx", true), "a|<s>|b|<tag>|<s>x|x", "parsed: the longest first");
    ok(tb_tokenizer_eos(t) == -1 && tb_tokenizer_bos(t) == -1 && !tb_tokenizer_adds_bos(t),
       "no ends without a config");
    ok(tb_tokenizer_is_special(t, 299) && tb_tokenizer_vocab(t) == 303, "holes in the numbering");
    ok(!tb_tokenizer_decode(t, (int32_t[]){ 303 }, 1, &(struct tb_buf){ 0 }, &err),
       "an id outside: %s", err.text);
    tb_tokenizer_close(t);
    t = make("{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"Digits\", "
             "\"individual_digits\": true}, " BYTE_LEVEL "]}",
             "null", "", MERGES);
    is_str(cut(t, "a12  1", false), "a|1|2| | |1",
           "digits alone, then GPT-2's pattern in each piece");
    tb_tokenizer_close(t);
    t = make("{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"Split\", \"pattern\": "
             "{\"Regex\": \"a\"}, "
             "\"behavior\": \"Isolated\", \"invert\": false}, " BYTES_ONLY "]}",
             "{\"type\": \"NFC\"}", "\"ignore_merges\": true,", MERGES);
    is_str(cut(t, "abc12xyz", false), "a|bc|12|x|y|z", "a pattern of its own");
    is_str(cut(t, "axyzae\xcc\x81", false), "a|xyz|a|\xc3\xa9", "ignore_merges; NFC");
    tb_tokenizer_close(t);
}

/* Every byte value, and text that is nearly UTF-8, comes back. */
static void any_bytes(void)
{
    struct tb_tokenizer *t = make(BYTE_LEVEL, "null", "", MERGES);
    char text[3000];
    unsigned seed = 1;
    int bad = 0;
    for (int round = 0; round < 200; round++) {
        size_t n = (size_t)round * 15;
        struct tb_ids ids = { 0 };
        struct tb_buf back = { 0 };
        for (size_t i = 0; i < n; i++) {
            seed = seed * 1103515245u + 12345u;
            text[i] =
                round < 100 ? (char)(seed >> 16) : "a b\xc3\xa9<s>1\xe2\x82"[(seed >> 16) % 12];
        }
        bad += !tb_tokenizer_encode(t, text, n, round & 1, &ids, &err)
               || !tb_tokenizer_decode(t, ids.p, ids.n, &back, &err) || back.n != n
               || (n && memcmp(back.p, text, n) != 0);
        free(ids.p);
        tb_buf_free(&back);
    }
    is_int(bad, 0, "any bytes come back");
    size_t n = 1 << 20;
    char *big = tb_xcalloc(n, 1);
    struct tb_ids ids = { 0 };
    for (size_t i = 0; i < n; i++)
        big[i] = "abc"[i % 3];
    ok(tb_tokenizer_encode(t, big, n, false, &ids, &err) && ids.n == (n + 2) / 3,
       "a word of a megabyte");
    free(ids.p);
    free(big);
    tb_tokenizer_close(t);
}

static void put(const char *name, const char *text)
{
    char *path = tb_path_join(folder, name);
    tb_file_replace(path, text, strlen(text), &err);
    free(path);
}

static void ends(void)
{
    put("config.json", "{\"bos_token_id\": 300, \"eos_token_id\": [302, 300]}");
    struct tb_tokenizer *t = make(BYTE_LEVEL, "null", "", MERGES);
    ok(tb_tokenizer_bos(t) == 300 && tb_tokenizer_eos(t) == 302 && !tb_tokenizer_adds_bos(t),
       "ends from config.json");
    tb_tokenizer_close(t);
    put("tokenizer_config.json", "{\"bos_token\": \"<s>\", \"eos_token\": {\"content\": "
                                 "\"<tag>\"}, \"add_bos_token\": true}");
    t = make(BYTE_LEVEL, "null", "", MERGES);
    ok(tb_tokenizer_bos(t) == 300 && tb_tokenizer_eos(t) == 301 && tb_tokenizer_adds_bos(t),
       "tokenizer_config.json comes first");
    tb_tokenizer_close(t);
}

/* An end that is no token: an error that names file and key. Both files are left without ends. */
static void wrong_ends(void)
{
    static const char *const wrong[][3] = {
        { "tokenizer_config.json", "{\"eos_token\": 5}", "\"eos_token\" must be a token's text" },
        { "tokenizer_config.json", "{\"eos_token\": []}", "\"eos_token\"" },
        { "tokenizer_config.json", "{\"bos_token\": {\"content\": 1}}", "\"bos_token\"" },
        { "config.json", "{\"eos_token_id\": \"x\"}", "\"eos_token_id\" must be a token's number" },
        { "config.json", "{\"eos_token_id\": [1.5]}", "\"eos_token_id\"" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        put("tokenizer_config.json", "{}");
        put("config.json", "{}");
        put(wrong[i][0], wrong[i][1]);
        struct tb_tokenizer *t = make(BYTE_LEVEL, "null", "", MERGES);
        ok(!t && strstr(err.where, wrong[i][0]) && strstr(err.text, wrong[i][2]), "%s: %s", wrong[i][1], err.text);
        tb_tokenizer_close(t);
    }
    put("tokenizer_config.json", "{\"eos_token\": null}");
    put("config.json", "{\"eos_token_id\": null}");
    struct tb_tokenizer *t = make(BYTE_LEVEL, "null", "", MERGES);
    ok(t && tb_tokenizer_eos(t) == -1, "none is no error");
    tb_tokenizer_close(t);
}

static void is_refused(struct tb_tokenizer *t, const char *words)
{
    if (!ok(!t && strstr(err.text, words), "refused: %s", words))
        printf("# %s\n", err.text);
    tb_tokenizer_close(t);
}

static void refusals(void)
{
    is_refused(make("null", "null", "", MERGES), "no ByteLevel");
    is_refused(make("{\"type\": \"Metaspace\"}", "null", "", MERGES), "Metaspace");
    is_refused(make(BYTE_LEVEL, "{\"type\": \"NFKC\"}", "", MERGES), "normalizer is \"NFKC\"");
    is_refused(make(BYTE_LEVEL, "null", "\"byte_fallback\": true,", MERGES), "byte_fallback");
    is_refused(make(BYTE_LEVEL, "null", "", "[\"a q\"]"),
               "names a token that the vocabulary lacks");
    is_refused(make(BYTE_LEVEL, "null", "", "[\"ab\"]"), "expected two tokens");
    is_refused(make("{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"Split\", "
                    "\"pattern\": {\"Regex\": \"(\"}, "
                    "\"behavior\": \"Isolated\"}, " BYTES_ONLY "]}",
                    "null", "", MERGES),
               "regular expression");
    ok(!tb_tokenizer_open("/nowhere", &err) && err.kind == TB_ERR_NOTFOUND, "no such folder: %s",
       err.text);
    tb_tokenizer_close(NULL);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/tunebench-text-XXXXXX", tmp ? tmp : "/tmp");
    ok(mkdtemp(folder) != NULL, "a folder");
    forms();
    any_bytes();
    ends();
    wrong_ends();
    refusals();
    gpt2();
    gguf_ends();
    /* A folder made from the GGUF file by transformers has lost the stage that sets digits alone:
     * two texts differ. */
    smollm2(getenv("TUNEBENCH_SMOLLM2"), 0);
    if (getenv("TUNEBENCH_SMOLLM2_HF"))
        smollm2(getenv("TUNEBENCH_SMOLLM2_HF"), 2);
    tb_dir_remove(folder, &err);
    return done();
}
