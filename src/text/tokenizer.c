/* SPDX-License-Identifier: MIT */
/* tokenizer.c - byte-level BPE: added tokens are split off, the rest is normalised, cut by the
 * pre-tokeniser, spelled as single bytes and merged (Radford et al. 2019). Pieces of up to 24 bytes
 * that become at most 8 ids are remembered in a direct-mapped table, since words repeat.
 * Blanks beside an added token stay (its lstrip, rstrip and single_word are not applied), so that
 * decoding gives the text back. */
#include "text/tokenizer_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"

enum { WORD_BYTES = 24, WORD_IDS = 8, N_WORDS = 16384 };

struct tb_word {
    char text[WORD_BYTES];
    uint8_t n, n_ids; /* n 0: empty */
    int32_t ids[WORD_IDS];
};

static int by_first_byte_then_length(const void *a, const void *b, void *vocab)
{
    const struct tb_vocab *v = vocab;
    size_t na, nb;
    int32_t ia = *(const int32_t *)a, ib = *(const int32_t *)b;
    const char *ta = tb_vocab_bytes(v, ia, &na), *tb = tb_vocab_bytes(v, ib, &nb);
    if (ta[0] != tb[0])
        return (uint8_t)ta[0] < (uint8_t)tb[0] ? -1 : 1;
    if (na != nb)
        return na > nb ? -1 : 1;
    return ia < ib ? -1 : ia > ib;
}

static void index_added(struct tb_added *a, struct tb_vocab *v)
{
    int n = 0, at = 0;
    size_t bytes;
    a->id = tb_xcalloc((size_t)v->n, sizeof *a->id);
    for (int32_t i = 0; i < v->n; i++) {
        if (v->token[i].kind >= TB_TOKEN_ADDED && v->token[i].n > 0)
            a->id[n++] = i;
    }
    qsort_r(a->id, (size_t)n, sizeof *a->id, by_first_byte_then_length, v);
    for (int b = 0; b < 256; b++) {
        a->first[b] = at;
        while (at < n && (uint8_t)tb_vocab_bytes(v, a->id[at], &bytes)[0] == b)
            at++;
    }
    a->first[256] = at;
}

struct tb_tokenizer *tb_tokenizer_open(const char *path, struct tb_err *err)
{
    struct tb_tokenizer *t = tb_xcalloc(1, sizeof *t);
    t->bos = t->eos = -1;
    bool good = tb_str_ends(path, ".gguf") && !tb_dir_exists(path)
                    ? tb_tokenizer_load_gguf(t, path, err)
                    : tb_tokenizer_load_hf(t, path, err);
    if (!good) {
        tb_tokenizer_close(t);
        return NULL;
    }
    index_added(&t->added, &t->vocab);
    t->cache = tb_xcalloc(N_WORDS, sizeof *t->cache);
    return t;
}

void tb_tokenizer_close(struct tb_tokenizer *t)
{
    if (!t)
        return;
    tb_vocab_close(&t->vocab);
    tb_bpe_close(&t->bpe);
    tb_pretok_close(&t->pretok);
    free(t->added.id);
    free(t->cache);
    free(t->piece);
    free(t);
}

bool tb_tokenizer_merge(struct tb_tokenizer *t, const char *left, const char *right,
                        struct tb_err *err)
{
    struct tb_buf both = { 0 };
    tb_buf_str(&both, left);
    tb_buf_str(&both, right);
    int32_t a = tb_vocab_find_spelled(&t->vocab, left, strlen(left));
    int32_t b = tb_vocab_find_spelled(&t->vocab, right, strlen(right));
    int32_t made = tb_vocab_find_spelled(&t->vocab, both.p ? both.p : "", both.n);
    tb_buf_free(&both);
    if (a < 0 || b < 0 || made < 0)
        return tb_fail(err, TB_ERR_FORMAT,
                       "merge %u (\"%.40s\" \"%.40s\") names a token that the vocabulary lacks",
                       t->bpe.n, left, right);
    tb_bpe_add(&t->bpe, a, b, made);
    return true;
}

bool tb_tokenizer_merge_line(struct tb_tokenizer *t, const char *line, struct tb_err *err)
{
    const char *blank = line[0] ? strchr(line + 1, ' ') : NULL;
    if (!blank)
        return tb_fail(err, TB_ERR_FORMAT,
                       "merge %u is \"%.40s\"; expected two tokens with a blank between", t->bpe.n,
                       line);
    char *left = tb_xstrdup(line);
    left[blank - line] = 0;
    bool good = tb_tokenizer_merge(t, left, blank + 1, err);
    free(left);
    return good;
}

int tb_tokenizer_vocab(const struct tb_tokenizer *t)
{
    return t->vocab.n;
}

int32_t tb_tokenizer_bos(const struct tb_tokenizer *t)
{
    return t->bos;
}

int32_t tb_tokenizer_eos(const struct tb_tokenizer *t)
{
    return t->eos;
}

bool tb_tokenizer_adds_bos(const struct tb_tokenizer *t)
{
    return t->adds_bos && t->bos >= 0;
}

bool tb_tokenizer_is_special(const struct tb_tokenizer *t, int32_t id)
{
    if (id < 0 || id >= t->vocab.n)
        return true;
    enum tb_token_kind kind = t->vocab.token[id].kind;
    return kind == TB_TOKEN_SPECIAL || kind == TB_TOKEN_UNUSED;
}

const char *tb_tokenizer_token(const struct tb_tokenizer *t, int32_t id, size_t *n)
{
    *n = 0;
    return id < 0 || id >= t->vocab.n ? "" : tb_vocab_bytes(&t->vocab, id, n);
}

int32_t tb_tokenizer_find(const struct tb_tokenizer *t, const char *raw, size_t n)
{
    for (int32_t id = 0; id < t->vocab.n; id++) {
        const struct tb_token *k = &t->vocab.token[id];
        if (k->kind != TB_TOKEN_UNUSED && k->n == n && n
            && memcmp(t->vocab.pool.p + k->at, raw, n) == 0)
            return id;
    }
    return -1;
}

static void append(struct tb_ids *out, const int32_t *ids, size_t n)
{
    if (out->n + n > out->cap) {
        out->cap = (out->n + n) * 2 + 64;
        out->p = tb_xrealloc(out->p, out->cap, sizeof *out->p);
    }
    if (n)
        memcpy(out->p + out->n, ids, n * sizeof *ids);
    out->n += n;
}

/* Ids of a piece in t->piece; returns how many. */
static size_t merge_piece(struct tb_tokenizer *t, const char *s, size_t n)
{
    size_t k = 0;
    int32_t whole = t->ignores_merges ? tb_vocab_find(&t->vocab, s, n) : -1;
    if (n > t->piece_cap) {
        t->piece_cap = n * 2;
        t->piece = tb_xrealloc(t->piece, t->piece_cap, sizeof *t->piece);
    }
    if (whole >= 0) {
        t->piece[0] = whole;
        return 1;
    }
    for (size_t i = 0; i < n; i++) {
        int32_t id = t->vocab.byte[(uint8_t)s[i]];
        if (id >= 0)
            t->piece[k++] = id;
    }
    return tb_bpe_run(&t->bpe, t->piece, k);
}

struct target {
    struct tb_tokenizer *t;
    struct tb_ids *out;
};

static bool take_piece(void *ctx, const char *s, size_t n, struct tb_err *err)
{
    struct target *to = ctx;
    struct tb_word *w = &to->t->cache[tb_fnv1a32(s, n < WORD_BYTES ? n : WORD_BYTES) % N_WORDS];
    if (n <= WORD_BYTES && w->n == n && memcmp(w->text, s, n) == 0) {
        append(to->out, w->ids, w->n_ids);
        return true;
    }
    size_t k = merge_piece(to->t, s, n);
    append(to->out, to->t->piece, k);
    if (n <= WORD_BYTES && k <= WORD_IDS) {
        memcpy(w->text, s, n);
        memcpy(w->ids, to->t->piece, k * sizeof *w->ids);
        w->n = (uint8_t)n;
        w->n_ids = (uint8_t)k;
    }
    return true;
}

static bool encode_valid(struct target *to, const char *s, size_t n, struct tb_err *err)
{
    struct tb_pieces pieces = { take_piece, to };
    if (n == 0)
        return true;
    if (!to->t->is_nfc)
        return tb_pretok_split(&to->t->pretok, s, n, &pieces, err);
    size_t m;
    char *normal = tb_utf8_nfc(s, n, &m);
    bool good = tb_pretok_split(&to->t->pretok, normal, m, &pieces, err);
    free(normal);
    return good;
}

/* Text without added tokens: stretches of UTF-8, and each other byte alone. */
static bool encode_plain(struct target *to, const char *s, size_t n, struct tb_err *err)
{
    size_t done = 0, at = 0;
    while (at < n) {
        size_t step = tb_utf8_step(s + at, n - at, NULL);
        if (step) {
            at += step;
            continue;
        }
        if (!encode_valid(to, s + done, at - done, err) || !take_piece(to, s + at, 1, err))
            return false;
        done = ++at;
    }
    return encode_valid(to, s + done, n - done, err);
}

/* The longest added token that the text begins with, -1 if none. */
static int32_t added_at(const struct tb_tokenizer *t, const char *s, size_t n, bool parse_special,
                        size_t *len)
{
    const struct tb_added *a = &t->added;
    for (int i = a->first[(uint8_t)s[0]]; i < a->first[(uint8_t)s[0] + 1]; i++) {
        const char *text = tb_vocab_bytes(&t->vocab, a->id[i], len);
        if (!parse_special && t->vocab.token[a->id[i]].kind == TB_TOKEN_SPECIAL)
            continue;
        if (*len <= n && memcmp(s, text, *len) == 0)
            return a->id[i];
    }
    return -1;
}

bool tb_tokenizer_encode(struct tb_tokenizer *t, const char *text, size_t n, bool parse_special,
                         struct tb_ids *out, struct tb_err *err)
{
    struct target to = { t, out };
    size_t done = 0, at = 0, len;
    while (at < n) {
        int32_t id = added_at(t, text + at, n - at, parse_special, &len);
        if (id < 0) {
            at++;
            continue;
        }
        if (!encode_plain(&to, text + done, at - done, err))
            return false;
        append(out, &id, 1);
        done = at += len;
    }
    return encode_plain(&to, text + done, n - done, err);
}

bool tb_tokenizer_decode(const struct tb_tokenizer *t, const int32_t *ids, size_t n,
                         struct tb_buf *out, struct tb_err *err)
{
    for (size_t i = 0; i < n; i++) {
        size_t len;
        if (ids[i] < 0 || ids[i] >= t->vocab.n)
            return tb_fail(err, TB_ERR_LIMIT, "token id %d is outside the vocabulary of %d",
                           (int)ids[i], t->vocab.n);
        const char *raw = tb_vocab_bytes(&t->vocab, ids[i], &len);
        tb_buf_add(out, raw, len);
    }
    return true;
}
