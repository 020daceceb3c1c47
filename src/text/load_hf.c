/* SPDX-License-Identifier: MIT */
/* load_hf.c - a tokenizer out of a Hugging Face folder.
 * tokenizer.json (tokenizers library, version 1.0): model BPE with byte-level spelling, merges as
 * "a b" or ["a", "b"]; pre_tokenizer ByteLevel, or a Sequence of Digits, Split(Regex) and
 * ByteLevel; normalizer null or NFC. tokenizer_config.json, then config.json, name the tokens that
 * begin and end a text; a post_processor template or add_bos_token says that texts begin with one.
 * What would change ids and is not done here (other models and normalisers, unknown tokens, prefix
 * blanks) is refused. */
#include "text/tokenizer_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

enum { MAX_TOKENIZER = 256 << 20, MAX_CONFIG = 16 << 20 };

static const char *str(const struct tb_json *map, const char *key)
{
    return tb_json_str(tb_json_get(map, key), "");
}

static bool flag(const struct tb_json *map, const char *key, bool otherwise)
{
    return tb_json_bool(tb_json_get(map, key), otherwise);
}

/* Highest id + 1 of the vocabulary and the added tokens. */
static int64_t vocab_size(const struct tb_json *vocab, const struct tb_json *added)
{
    int64_t most = -1;
    for (void *it = tb_json_first(vocab); it; it = tb_json_next(vocab, it)) {
        int64_t id = tb_json_int(tb_json_iter_value(it), -1);
        most = id > most ? id : most;
    }
    for (size_t i = 0; i < tb_json_len(added); i++) {
        int64_t id = tb_json_int(tb_json_get(tb_json_at(added, i), "id"), -1);
        most = id > most ? id : most;
    }
    return most < TB_VOCAB_MAX ? most + 1 : most;
}

static bool read_id(const struct tb_json *j, const char *token, int64_t *id, struct tb_err *err)
{
    *id = tb_json_int(j, -1);
    if (tb_json_type(j) == TB_JSON_INT)
        return true;
    char *text = tb_json_text(j, TB_JSON_LINE);
    tb_fail(err, TB_ERR_FORMAT, "token '%.60s' has the id %.40s; expected a whole number", token, text);
    free(text);
    return false;
}

static bool load_vocab(struct tb_tokenizer *t, const struct tb_json *vocab,
                       const struct tb_json *added, struct tb_err *err)
{
    if (tb_json_type(vocab) != TB_JSON_MAP)
        return tb_fail(err, TB_ERR_FORMAT,
                       "model.vocab is missing; expected a map from token to id");
    if (!tb_vocab_open(&t->vocab, vocab_size(vocab, added), err))
        return false;
    for (size_t i = 0; i < tb_json_len(added); i++) {
        const struct tb_json *one = tb_json_at(added, i), *text = tb_json_get(one, "content");
        enum tb_token_kind kind = flag(one, "special", false) ? TB_TOKEN_SPECIAL : TB_TOKEN_ADDED;
        int64_t id;
        if (!read_id(tb_json_get(one, "id"), tb_json_str(text, ""), &id, err)
            || !tb_vocab_set(&t->vocab, id, tb_json_str(text, ""), tb_json_str_len(text), kind, err))
            return false;
    }
    for (void *it = tb_json_first(vocab); it; it = tb_json_next(vocab, it)) {
        const char *text = tb_json_iter_key(it);
        int64_t id;
        if (!read_id(tb_json_iter_value(it), text, &id, err))
            return false;
        bool is_added = id >= 0 && id < t->vocab.n && t->vocab.token[id].kind >= TB_TOKEN_ADDED;
        if (!is_added
            && !tb_vocab_set_spelled(&t->vocab, id, text, strlen(text), TB_TOKEN_NORMAL, err))
            return false;
    }
    tb_vocab_index(&t->vocab);
    return true;
}

static bool load_merges(struct tb_tokenizer *t, const struct tb_json *merges, struct tb_err *err)
{
    if (tb_json_type(merges) != TB_JSON_LIST || tb_json_len(merges) > TB_VOCAB_MAX)
        return tb_fail(err, TB_ERR_FORMAT, "model.merges is missing; expected a list of pairs");
    tb_bpe_open(&t->bpe, (uint32_t)tb_json_len(merges));
    for (size_t i = 0; i < tb_json_len(merges); i++) {
        const struct tb_json *m = tb_json_at(merges, i);
        bool good = tb_json_len(m) == 2 ? tb_tokenizer_merge(t, tb_json_str(tb_json_at(m, 0), ""),
                                                             tb_json_str(tb_json_at(m, 1), ""), err)
                                        : tb_tokenizer_merge_line(t, tb_json_str(m, ""), err);
        if (!good)
            return false;
    }
    return true;
}

static bool load_model(struct tb_tokenizer *t, const struct tb_json *root, struct tb_err *err)
{
    const struct tb_json *model = tb_json_get(root, "model");
    if (strcmp(tb_json_str(tb_json_get(model, "type"), "BPE"), "BPE") != 0)
        return tb_fail(err, TB_ERR_FORMAT, "model.type is \"%.40s\"; only byte-level BPE is read",
                       str(model, "type"));
    if (flag(model, "byte_fallback", false) || str(model, "continuing_subword_prefix")[0]
        || str(model, "end_of_word_suffix")[0]
        || tb_json_real(tb_json_get(model, "dropout"), 0) > 0)
        return tb_fail(err, TB_ERR_FORMAT,
                       "model uses byte_fallback, a prefix, a suffix or dropout; "
                       "only byte-level BPE without them is read");
    t->ignores_merges = flag(model, "ignore_merges", false);
    return load_vocab(t, tb_json_get(model, "vocab"), tb_json_get(root, "added_tokens"), err)
           && load_merges(t, tb_json_get(model, "merges"), err);
}

static bool is_nfc(const struct tb_json *j)
{
    return strcmp(str(j, "type"), "NFC") == 0;
}

static bool load_normalizer(struct tb_tokenizer *t, const struct tb_json *j, struct tb_err *err)
{
    const struct tb_json *list = tb_json_get(j, "normalizers");
    bool is_known =
        tb_json_type(j) == TB_JSON_NULL || is_nfc(j) || strcmp(str(j, "type"), "Sequence") == 0;
    for (size_t i = 0; i < tb_json_len(list); i++)
        is_known = is_known && is_nfc(tb_json_at(list, i));
    t->is_nfc = is_nfc(j) || tb_json_len(list) > 0;
    return is_known
           || tb_fail(err, TB_ERR_FORMAT, "normalizer is \"%.40s\"; only none and NFC are read",
                      str(j, "type"));
}

static bool load_split(struct tb_tokenizer *t, const struct tb_json *j, struct tb_err *err)
{
    const struct tb_json *pattern = tb_json_get(tb_json_get(j, "pattern"), "Regex");
    bool is_isolated = strcmp(str(j, "behavior"), "Isolated") == 0 && !flag(j, "invert", false);
    bool is_kept = strcmp(str(j, "behavior"), "Removed") == 0 && flag(j, "invert", false);
    if (tb_json_type(pattern) != TB_JSON_STR || (!is_isolated && !is_kept))
        return tb_fail(err, TB_ERR_FORMAT,
                       "pre_tokenizer: Split is read with a Regex and the behavior Isolated");
    return tb_pretok_add(&t->pretok, tb_json_str(pattern, ""), err);
}

static bool load_pretok(struct tb_tokenizer *t, const struct tb_json *j, bool *has_bytes,
                        struct tb_err *err)
{
    const char *type = str(j, "type");
    if (strcmp(type, "ByteLevel") == 0) {
        *has_bytes = true;
        if (flag(j, "add_prefix_space", true))
            return tb_fail(err, TB_ERR_FORMAT, "pre_tokenizer: add_prefix_space is not read");
        return !flag(j, "use_regex", true) || tb_pretok_add(&t->pretok, tb_pretok_gpt2, err);
    }
    if (strcmp(type, "Digits") == 0)
        return tb_pretok_add(
            &t->pretok, flag(j, "individual_digits", false) ? tb_pretok_digits : "\\p{N}+", err);
    if (strcmp(type, "Split") == 0)
        return load_split(t, j, err);
    return tb_fail(err, TB_ERR_FORMAT,
                   "pre_tokenizer has \"%.40s\"; read are ByteLevel, Digits, Split and a "
                   "Sequence of them",
                   type);
}

static bool load_pretoks(struct tb_tokenizer *t, const struct tb_json *j, struct tb_err *err)
{
    bool has_bytes = false;
    const struct tb_json *list = tb_json_get(j, "pretokenizers");
    bool is_one = tb_json_type(j) != TB_JSON_NULL && strcmp(str(j, "type"), "Sequence") != 0;
    if (is_one && !load_pretok(t, j, &has_bytes, err))
        return false;
    for (size_t i = 0; i < tb_json_len(list); i++) {
        if (!load_pretok(t, tb_json_at(list, i), &has_bytes, err))
            return false;
    }
    return has_bytes
           || tb_fail(err, TB_ERR_FORMAT,
                      "pre_tokenizer has no ByteLevel; only byte-level BPE is read");
}

/* The token that a template puts before a text, NULL if none. */
static const char *template_bos(const struct tb_json *post)
{
    const struct tb_json *list = tb_json_get(post, "processors");
    for (size_t i = 0; i < tb_json_len(list); i++) {
        const char *found = strcmp(str(tb_json_at(list, i), "type"), "TemplateProcessing") == 0
                                ? template_bos(tb_json_at(list, i))
                                : NULL;
        if (found)
            return found;
    }
    const struct tb_json *first = tb_json_at(tb_json_get(post, "single"), 0);
    return tb_json_str(tb_json_get(tb_json_get(first, "SpecialToken"), "id"), NULL);
}

static int32_t token_id(const struct tb_tokenizer *t, const char *text)
{
    return text ? tb_tokenizer_find(t, text, strlen(text)) : -1;
}

/* A wrong type must not make a token disappear in silence. */
static bool is_token(const struct tb_json *token)
{
    const struct tb_json *content = tb_json_type(token) == TB_JSON_MAP ? tb_json_get(token, "content") : token;
    return tb_json_type(token) == TB_JSON_NULL || tb_json_type(content) == TB_JSON_STR;
}

static bool is_id(const struct tb_json *id)
{
    for (size_t i = 0; tb_json_type(id) == TB_JSON_LIST && i < tb_json_len(id); i++)
        if (tb_json_type(tb_json_at(id, i)) != TB_JSON_INT)
            return false;
    return tb_json_type(id) == TB_JSON_NULL || tb_json_type(id) == TB_JSON_INT || tb_json_type(id) == TB_JSON_LIST;
}

static bool wrong_end(const char *folder, const char *file, const char *key, const char *want, struct tb_err *err)
{
    char *path = tb_path_join(folder[0] ? folder : ".", file);
    tb_fail_at(err, TB_ERR_FORMAT, path, 0, "\"%s\" must be %s, or null", key, want);
    free(path);
    return false;
}

static bool check_ends(const char *folder, const struct tb_json *tc, const struct tb_json *mc, struct tb_err *err)
{
    static const char *const names[][2] = { { "bos_token", "bos_token_id" }, { "eos_token", "eos_token_id" } };
    for (int i = 0; i < 2; i++) {
        if (!is_token(tb_json_get(tc, names[i][0])))
            return wrong_end(folder, "tokenizer_config.json", names[i][0], "a token's text", err);
        if (!is_id(tb_json_get(mc, names[i][1])))
            return wrong_end(folder, "config.json", names[i][1], "a token's number or a list of them", err);
    }
    return true;
}

/* Id of `<which>_token` of tokenizer_config.json (a string, or a map with content), else
 * `<which>_token_id` of config.json (a number, or a list of which the first counts). */
static int32_t named_id(const struct tb_tokenizer *t, const struct tb_json *token,
                        const struct tb_json *id)
{
    const struct tb_json *content = tb_json_get(token, "content");
    int32_t found = token_id(t, tb_json_str(content ? content : token, NULL));
    if (found >= 0)
        return found;
    int64_t n = tb_json_int(tb_json_type(id) == TB_JSON_LIST ? tb_json_at(id, 0) : id, -1);
    return n < t->vocab.n ? (int32_t)n : -1;
}

static bool load_optional(const char *folder, const char *name, struct tb_json **j,
                          struct tb_err *err)
{
    char *path = tb_path_join(folder[0] ? folder : ".", name);
    if (tb_file_exists(path))
        *j = tb_json_load(path, MAX_CONFIG, err);
    bool good = *j || !tb_file_exists(path);
    free(path);
    return good;
}

static bool load_ends(struct tb_tokenizer *t, const char *folder, const struct tb_json *post,
                      struct tb_err *err)
{
    struct tb_json *tc = NULL, *mc = NULL;
    const char *bos = template_bos(post);
    bool good = load_optional(folder, "tokenizer_config.json", &tc, err)
                && load_optional(folder, "config.json", &mc, err) && check_ends(folder, tc, mc, err);
    if (good) {
        t->bos = bos ? token_id(t, bos)
                     : named_id(t, tb_json_get(tc, "bos_token"), tb_json_get(mc, "bos_token_id"));
        t->eos = named_id(t, tb_json_get(tc, "eos_token"), tb_json_get(mc, "eos_token_id"));
        t->adds_bos = flag(tc, "add_bos_token", bos != NULL);
    }
    tb_json_free(tc);
    tb_json_free(mc);
    return good;
}

bool tb_tokenizer_load_hf(struct tb_tokenizer *t, const char *path, struct tb_err *err)
{
    bool is_folder = tb_dir_exists(path);
    char *file = is_folder ? tb_path_join(path, "tokenizer.json") : tb_xstrdup(path);
    char *folder = tb_xasprintf(
        "%.*s", is_folder ? (int)strlen(path) : (int)(tb_path_base(path) - path), path);
    struct tb_err inner = { 0 };
    struct tb_json *root = NULL;
    bool good = false;
    if (!tb_file_exists(file)) {
        tb_fail(err, TB_ERR_NOTFOUND,
                "%.300s: no such file; a tokenizer comes from tokenizer.json or a .gguf", file);
        goto out;
    }
    root = tb_json_load(file, MAX_TOKENIZER, err);
    if (!root)
        goto out;
    good = load_normalizer(t, tb_json_get(root, "normalizer"), &inner)
           && load_pretoks(t, tb_json_get(root, "pre_tokenizer"), &inner)
           && load_model(t, root, &inner);
    if (!good)
        tb_fail_at(err, inner.kind, file, 0, "%s", inner.text);
    good = good && load_ends(t, folder, tb_json_get(root, "post_processor"), err);
out:
    tb_json_free(root);
    free(folder);
    free(file);
    return good;
}
