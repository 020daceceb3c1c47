/* SPDX-License-Identifier: MIT */
/* load_gguf.c - a tokenizer out of the tokenizer.ggml.* keys of a GGUF file.
 * Read are files whose model is "gpt2" (byte-level BPE) with a pre-tokeniser of doc/frozen.md 2; the
 * file gives its name only. Token types: 1 normal, 2 unknown, 3 control, 4 user defined, 5 unused,
 * 6 byte. As in the tokenizer.json of their makers, llama-bpe takes a piece that is a token as it
 * is and begins texts with bos unless the file says otherwise, and qwen2 normalises to NFC.
 * SentencePiece vocabularies ("llama") are refused. */
#include "text/tokenizer_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/gguf.h"

enum { TYPE_UNKNOWN = 2, TYPE_CONTROL = 3, TYPE_USER = 4, TYPE_UNUSED = 5 };

#define KEY(name) "tokenizer.ggml." name

static const char *str_or(const struct tb_gguf *g, const char *key, const char *otherwise)
{
    const char *s = tb_gguf_str(g, key);
    return s ? s : otherwise;
}

static bool set_token(struct tb_tokenizer *t, const struct tb_gguf *g, size_t i, bool has_types,
                      struct tb_err *err)
{
    size_t n;
    const char *text = tb_gguf_str_at(g, KEY("tokens"), i, &n);
    int64_t type = has_types ? tb_gguf_int_at(g, KEY("token_type"), i, 0) : 1;
    switch (type) {
    case TYPE_UNUSED:
        return true;
    case TYPE_UNKNOWN:
    case TYPE_CONTROL:
        return tb_vocab_set(&t->vocab, (int64_t)i, text, n, TB_TOKEN_SPECIAL, err);
    case TYPE_USER:
        return tb_vocab_set(&t->vocab, (int64_t)i, text, n, TB_TOKEN_ADDED, err);
    default:
        return tb_vocab_set_spelled(&t->vocab, (int64_t)i, text, n, TB_TOKEN_NORMAL, err);
    }
}

static bool load_tokens(struct tb_tokenizer *t, const struct tb_gguf *g, struct tb_err *err)
{
    size_t n = tb_gguf_len(g, KEY("tokens")), n_types = tb_gguf_len(g, KEY("token_type"));
    if (n == 0)
        return tb_fail(err, TB_ERR_FORMAT, "the file has no %s: no tokenizer is in it",
                       KEY("tokens"));
    if (n_types && n_types != n)
        return tb_fail(err, TB_ERR_FORMAT, "%s has %zu entries, %s has %zu", KEY("token_type"),
                       n_types, KEY("tokens"), n);
    if (!tb_vocab_open(&t->vocab, n > TB_VOCAB_MAX ? TB_VOCAB_MAX + 1 : (int64_t)n, err))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!set_token(t, g, i, n_types > 0, err))
            return false;
    }
    tb_vocab_index(&t->vocab);
    return true;
}

static bool load_merges(struct tb_tokenizer *t, const struct tb_gguf *g, struct tb_err *err)
{
    size_t n = tb_gguf_len(g, KEY("merges"));
    if (n == 0 || n > TB_VOCAB_MAX)
        return tb_fail(err, TB_ERR_FORMAT, "%s has %zu entries; expected 1 to %d", KEY("merges"), n,
                       TB_VOCAB_MAX);
    tb_bpe_open(&t->bpe, (uint32_t)n);
    struct tb_buf line = { 0 };
    bool good = true;
    for (size_t i = 0; good && i < n; i++) {
        size_t bytes;
        const char *text = tb_gguf_str_at(g, KEY("merges"), i, &bytes);
        tb_buf_clear(&line);
        tb_buf_add(&line, text, bytes);
        good = tb_tokenizer_merge_line(t, line.p ? line.p : "", err);
    }
    tb_buf_free(&line);
    return good;
}

/* -1 without the key, and where it is the number by which writers say that there is none. */
static bool end_id(const struct tb_tokenizer *t, const struct tb_gguf *g, const char *key, int32_t *id,
                   struct tb_err *err)
{
    int64_t v = tb_gguf_int(g, key, tb_gguf_has(g, key) ? INT64_MIN : -1);
    *id = v >= 0 && v < t->vocab.n ? (int32_t)v : -1;
    return *id >= 0 || v == -1 || v == UINT32_MAX
        || tb_fail(err, TB_ERR_FORMAT, "%s must be a token's number, 0 to %lld", key, (long long)t->vocab.n - 1);
}

static bool load(struct tb_tokenizer *t, const struct tb_gguf *g, struct tb_err *err)
{
    const char *model = str_or(g, KEY("model"), ""), *pre = str_or(g, KEY("pre"), "default");
    if (strcmp(model, "gpt2") != 0)
        return tb_fail(err, TB_ERR_FORMAT, "%s is \"%.40s\"; only gpt2 (byte-level BPE) is read",
                       KEY("model"), model);
    t->ignores_merges = strcmp(pre, "llama-bpe") == 0;
    t->is_nfc = strcmp(pre, "qwen2") == 0;
    if (!tb_pretok_named(&t->pretok, pre, err) || !load_tokens(t, g, err)
        || !load_merges(t, g, err))
        return false;
    if (!end_id(t, g, KEY("bos_token_id"), &t->bos, err) || !end_id(t, g, KEY("eos_token_id"), &t->eos, err))
        return false;
    t->adds_bos = tb_gguf_bool(g, KEY("add_bos_token"), t->ignores_merges);
    return true;
}

bool tb_tokenizer_load_gguf(struct tb_tokenizer *t, const char *path, struct tb_err *err)
{
    struct tb_err inner = { 0 };
    struct tb_gguf *g = tb_gguf_open(path, err);
    if (!g)
        return false;
    bool good = load(t, g, &inner);
    if (!good)
        tb_fail_at(err, inner.kind, path, 0, "%s", inner.text);
    tb_gguf_close(g);
    return good;
}
