/* SPDX-License-Identifier: MIT */
/* prompt.c - texts from elsewhere as prompts of a data config: the same beginning and template that its rows have. */
#include "dataset/prompt.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dataset/dataset_priv.h"

static bool is_mix(const struct tb_json *data)
{
    return strcmp(tb_json_str(tb_json_get(data, "kind"), ""), "mix") == 0;
}

static bool has_prompts(const struct tb_json *data)
{
    return strcmp(tb_json_str(tb_json_get(data, is_mix(data) ? "0.kind" : "kind"), "text"), "text") != 0;
}

/* The template that rows of the text have, of a mix those of its first source; a new reference. */
static struct tb_json *template_of(const struct tb_json *data, struct tb_err *err)
{
    const struct tb_json *given = tb_json_get(data, is_mix(data) ? "0.template" : "template");
    struct tb_json *map = tb_json_new_map(), *both;
    if (given)
        tb_json_set(map, "template", tb_json_copy(given));
    both = tb_key_value(tb_dataset_keys_pairs, map, "template", err);
    tb_json_free(map);
    return both;
}

bool tb_prompt_form_open(struct tb_prompt_form *f, const struct tb_json *data, struct tb_err *err)
{
    *f = (struct tb_prompt_form){ 0 };
    if (!data || !has_prompts(data))
        return true;
    struct tb_json *both = template_of(data, err);
    const char *prompt = tb_json_str(tb_json_at(both, 0), ""), *at = strstr(prompt, "{1}");
    const char *completion = tb_json_str(tb_json_at(both, 1), ""), *end = strstr(completion, "{2}");
    bool good = both && at && end;
    if (good) {
        f->head = tb_xasprintf("%.*s", (int)(at - prompt), prompt);
        f->tail = tb_xstrdup(at + 3);
        f->lead = tb_xasprintf("%.*s", (int)(end - completion), completion);
        f->parses_special = tb_json_bool(tb_json_get(data, "specials"), false);
    } else if (both) {
        tb_fail(err, TB_ERR_RECIPE, "template: expected two strings, the first with {1}, the second with {2}");
    }
    tb_json_free(both);
    return good;
}

void tb_prompt_form_close(struct tb_prompt_form *f)
{
    free(f->head);
    free(f->tail);
    free(f->lead);
    *f = (struct tb_prompt_form){ 0 };
}

bool tb_prompt_form_encode(const struct tb_prompt_form *f, struct tb_tokenizer *t, const char *text, size_t n,
                           struct tb_ids *out, struct tb_err *err)
{
    struct tb_buf b = { 0 };
    struct tb_field trimmed = tb_field_trim((struct tb_field){ text, n });
    if (tb_tokenizer_adds_bos(t)) {
        out->p = tb_grow(out->p, out->n, &out->cap, sizeof *out->p);
        out->p[out->n++] = tb_tokenizer_bos(t);
    }
    tb_buf_str(&b, f->head ? f->head : "");
    tb_buf_add(&b, f->head ? trimmed.p : text, f->head ? trimmed.n : n);
    tb_buf_str(&b, f->tail ? f->tail : "");
    bool good = tb_tokenizer_encode(t, b.p ? b.p : "", b.n, f->parses_special, out, err);
    tb_buf_free(&b);
    return good;
}
