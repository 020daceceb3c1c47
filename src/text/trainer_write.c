/* SPDX-License-Identifier: MIT */
/* trainer_write.c - a learned BPE as tokenizer.json (tokenizers library, version "1.0": Split by
 * the pattern, ByteLevel without its own; merges as pairs) and tokenizer_config.json. Texts end
 * with the first special token and begin with nothing. */
#include "text/trainer_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "text/bytes.h"

static void set_str(struct tb_json *map, const char *key, const char *value)
{
    tb_json_set(map, key, tb_json_new_str(value));
}

static void set_bool(struct tb_json *map, const char *key, bool value)
{
    tb_json_set(map, key, tb_json_new_bool(value));
}

static void set_null(struct tb_json *map, const char *key)
{
    tb_json_set(map, key, tb_json_new_null());
}

static struct tb_json *typed(const char *type)
{
    struct tb_json *j = tb_json_new_map();
    set_str(j, "type", type);
    return j;
}

static struct tb_json *byte_level(bool use_regex)
{
    struct tb_json *j = typed("ByteLevel");
    set_bool(j, "add_prefix_space", false);
    set_bool(j, "trim_offsets", true);
    set_bool(j, "use_regex", use_regex);
    return j;
}

static struct tb_json *pre_tokenizer(const char *pattern)
{
    struct tb_json *j = typed("Sequence"), *list = tb_json_new_list(), *split = typed("Split");
    struct tb_json *regex = tb_json_new_map();
    set_str(regex, "Regex", pattern);
    tb_json_set(split, "pattern", regex);
    set_str(split, "behavior", "Isolated");
    set_bool(split, "invert", false);
    tb_json_append(list, split);
    tb_json_append(list, byte_level(false));
    tb_json_set(j, "pretokenizers", list);
    return j;
}

static struct tb_json *added_tokens(const struct tb_learned *l)
{
    struct tb_json *list = tb_json_new_list();
    for (int i = 0; i < l->n_specials; i++) {
        struct tb_json *one = tb_json_new_map();
        tb_json_set(one, "id", tb_json_new_int(i));
        set_str(one, "content", l->specials[i]);
        set_bool(one, "single_word", false);
        set_bool(one, "lstrip", false);
        set_bool(one, "rstrip", false);
        set_bool(one, "normalized", false);
        set_bool(one, "special", true);
        tb_json_append(list, one);
    }
    return list;
}

/* Spelled tokens by id; the caller frees each and the list. */
static char **spell_all(const struct tb_learned *l)
{
    int n = l->n_specials;
    char **text = tb_xcalloc((size_t)(n + 256 + l->n_merges), sizeof *text);
    for (int i = 0; i < l->n_specials; i++)
        text[i] = tb_xstrdup(l->specials[i]);
    for (uint32_t c = 0; c < 0x144; c++) {
        for (int b = 0; b < 256; b++) {
            struct tb_buf one = { 0 };
            if (tb_bytes_char((uint8_t)b) != c)
                continue;
            tb_bytes_spell(&one, &(char){ (char)b }, 1);
            text[n++] = tb_buf_take(&one);
        }
    }
    for (int i = 0; i < l->n_merges; i++, n++)
        text[n] = tb_xasprintf("%s%s", text[l->merge[i].left], text[l->merge[i].right]);
    return text;
}

static struct tb_json *model(const struct tb_learned *l)
{
    static const char *const absent[] = { "dropout", "unk_token", "continuing_subword_prefix",
                                          "end_of_word_suffix" };
    static const char *const off[] = { "fuse_unk", "byte_fallback", "ignore_merges" };
    struct tb_json *j = typed("BPE"), *vocab = tb_json_new_map(), *merges = tb_json_new_list();
    char **text = spell_all(l);
    int n = l->n_specials + 256 + l->n_merges;
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        set_null(j, absent[i]);
    for (size_t i = 0; i < sizeof off / sizeof *off; i++)
        set_bool(j, off[i], false);
    for (int i = 0; i < n; i++)
        tb_json_set(vocab, text[i], tb_json_new_int(i));
    for (int i = 0; i < l->n_merges; i++) {
        struct tb_json *pair = tb_json_new_list();
        tb_json_append(pair, tb_json_new_str(text[l->merge[i].left]));
        tb_json_append(pair, tb_json_new_str(text[l->merge[i].right]));
        tb_json_append(merges, pair);
    }
    tb_json_set(j, "vocab", vocab);
    tb_json_set(j, "merges", merges);
    for (int i = 0; i < n; i++)
        free(text[i]);
    free(text);
    return j;
}

static struct tb_json *tokenizer_json(const struct tb_learned *l)
{
    struct tb_json *j = tb_json_new_map();
    set_str(j, "version", "1.0");
    set_null(j, "truncation");
    set_null(j, "padding");
    tb_json_set(j, "added_tokens", added_tokens(l));
    set_null(j, "normalizer");
    tb_json_set(j, "pre_tokenizer", pre_tokenizer(l->pattern));
    set_null(j, "post_processor");
    tb_json_set(j, "decoder", byte_level(true));
    tb_json_set(j, "model", model(l));
    return j;
}

static struct tb_json *config_json(const struct tb_learned *l)
{
    struct tb_json *j = tb_json_new_map();
    set_str(j, "tokenizer_class", "PreTrainedTokenizerFast");
    set_bool(j, "add_bos_token", false);
    set_bool(j, "clean_up_tokenization_spaces", false);
    if (l->n_specials)
        set_str(j, "eos_token", l->specials[0]);
    return j;
}

/* Takes j over. */
static bool write_json(const char *folder, const char *name, struct tb_json *j,
                       enum tb_json_form form, struct tb_err *err)
{
    char *path = tb_path_join(folder, name), *text = tb_json_text(j, form);
    bool good = tb_file_replace(path, text, strlen(text), err);
    tb_json_free(j);
    free(text);
    free(path);
    return good;
}

bool tb_learned_write(const struct tb_learned *l, const char *folder, struct tb_err *err)
{
    return write_json(folder, "tokenizer.json", tokenizer_json(l), TB_JSON_LINE, err)
           && write_json(folder, "tokenizer_config.json", config_json(l), TB_JSON_PRETTY, err);
}
