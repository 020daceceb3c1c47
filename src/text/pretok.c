/* SPDX-License-Identifier: MIT */
/* pretok.c - pre-tokenisers as chains of patterns (doc/frozen.md 2), the way the tokenizers library
 * applies them: each stage sees one piece of the stage before as if it were the whole text, so a
 * look-ahead stops at its end. Patterns are the published ones of GPT-2, SmolLM, Llama 3, Qwen 2.
 */
#include "text/pretok.h"

#include <string.h>

#include "base/regex.h"
#include "base/utf8.h"

#define TAIL "|\\s+(?!\\S)|\\s+"
#define MARKS "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|"
#define LINES "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+" TAIL

const char tb_pretok_gpt2[] =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+" TAIL;
const char tb_pretok_digits[] = "\\p{N}";
const char tb_pretok_single[] = "'(?:[sdmt]|ll|ve|re)| ?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+" TAIL;
static const char llama3[] = MARKS "\\p{N}{1,3}" LINES;
static const char qwen2[] = MARKS "\\p{N}" LINES;

static const struct {
    const char *name, *first, *second;
} named[] = {
    { "default", tb_pretok_gpt2, NULL },
    { "gpt-2", tb_pretok_gpt2, NULL },
    { "smollm", tb_pretok_digits, tb_pretok_gpt2 },
    { "llama-bpe", llama3, NULL },
    { "qwen2", qwen2, NULL },
};

bool tb_pretok_add(struct tb_pretok *p, const char *pattern, struct tb_err *err)
{
    if (p->n == TB_PRETOK_STAGES)
        return tb_fail(err, TB_ERR_LIMIT, "pre_tokenizer has more than %d stages",
                       TB_PRETOK_STAGES);
    struct tb_regex *r = tb_regex_open(pattern, false, err);
    if (!r)
        return false;
    p->stage[p->n++] = r;
    return true;
}

bool tb_pretok_named(struct tb_pretok *p, const char *name, struct tb_err *err)
{
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        if (strcmp(named[i].name, name) == 0)
            return tb_pretok_add(p, named[i].first, err)
                   && (!named[i].second || tb_pretok_add(p, named[i].second, err));
    }
    return tb_fail(
        err, TB_ERR_FORMAT,
        "tokenizer.ggml.pre is \"%.40s\"; known are default, gpt-2, smollm, "
        "llama-bpe, qwen2. Use the Hugging Face folder, whose tokenizer.json has the pattern",
        name);
}

void tb_pretok_close(struct tb_pretok *p)
{
    for (int i = 0; i < p->n; i++)
        tb_regex_close(p->stage[i]);
    *p = (struct tb_pretok){ 0 };
}

static bool walk(const struct tb_pretok *p, int stage, const char *s, size_t n,
                 const struct tb_pieces *to, struct tb_err *err)
{
    size_t done = 0, from = 0, start, end;
    int found;
    if (n == 0)
        return true;
    if (stage == p->n)
        return to->take(to->ctx, s, n, err);
    while ((found = tb_regex_find(p->stage[stage], s, n, from, &start, &end)) > 0) {
        if (end <= done || start >= end) {
            from = from < n ? from + tb_utf8_step(s + from, n - from, NULL) : n + 1;
            continue;
        }
        if (start < done)
            start = done;
        if (!walk(p, stage + 1, s + done, start - done, to, err)
            || !walk(p, stage + 1, s + start, end - start, to, err))
            return false;
        done = from = end;
    }
    if (found < 0)
        return tb_fail(err, TB_ERR_LIMIT,
                       "the tokenizer's pattern gave up after %zu bytes of a text of %zu", done, n);
    return walk(p, stage + 1, s + done, n - done, to, err);
}

bool tb_pretok_split(const struct tb_pretok *p, const char *s, size_t n, const struct tb_pieces *to,
                     struct tb_err *err)
{
    return walk(p, 0, s, n, to, err);
}
