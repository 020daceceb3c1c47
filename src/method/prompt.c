/* SPDX-License-Identifier: MIT */
/* prompt.c - trained rows in front of the embedded tokens.  Lester et al. 2021, arXiv:2104.08691
 * One table [tokens, width], PEFT's prompt_embeddings. The rows take positions 0 .. tokens - 1; the loss is on real
 * tokens only. They start as rows of the embedding table (drawn, or those of a text) or as N(0, 1). */
#include "method/peft.h"

#include <stdlib.h>

#include "base/mem.h"
#include "kernels/rng.h"

enum { TABLE };

static const struct tb_key keys[] = {
    { .name = "tokens", .type = TB_KEY_INT, .min = 1, .max = 2048, .def = "20", .peft = "num_virtual_tokens",
      .help = "number of virtual rows" },
    { .name = "init", .type = TB_KEY_CHOICE, .choices = "vocab|text|random", .def = "\"vocab\"",
      .help = "start from drawn rows of the vocabulary, from a text's rows, or from N(0, 1)" },
    { .name = "text", .type = TB_KEY_STR, .def = "\"\"", .neutral = "\"\"",
      .help = "the text to start from; empty: the training prompts" },
    TB_END_KEY
};

static bool declare_all(struct tb_adapter *a, struct tb_err *err)
{
    bool is_random = strcmp(tb_adapter_str(a, "init"), "random") == 0;
    a->n_rows = (int)tb_adapter_int(a, "tokens");
    return tb_adapter_tensor(a,
                             &(struct tb_want){ .slot = TABLE,
                                                .suffix = "prompt_embeddings",
                                                .is_whole = true,
                                                .rows = a->n_rows,
                                                .cols = a->model->shape.d,
                                                .init = is_random ? TB_INIT_NORMAL : TB_INIT_HOOK,
                                                .init_a = 1 },
                             err);
}

static bool takes(const struct tb_adapter *a, const struct tb_site *site)
{
    return true;
}

static bool is_special(const struct tb_start *s, int32_t id)
{
    for (int i = 0; i < s->n_special; i++)
        if (s->special[i] == id)
            return true;
    return false;
}

/* The i-th drawn token: columns of row i in turn until one is not special (doc/frozen.md 4, purpose vocab). */
static int32_t draw(const struct tb_start *s, uint32_t hash, int i, int64_t vocab)
{
    int32_t id = 0;
    for (uint32_t column = 0; column < 4096; column++) {
        uint32_t counter[4] = { hash, 0, (uint32_t)i, column / 4 }, word[4];
        tb_philox(word, counter, s->seed);
        id = (int32_t)(((uint64_t)word[column % 4] * (uint64_t)vocab) >> 32);
        if (!is_special(s, id))
            break;
    }
    return id;
}

static bool choose(const struct tb_adapter *a, const struct tb_start *s, int32_t *ids, struct tb_err *err)
{
    bool is_text = strcmp(tb_adapter_str(a, "init"), "text") == 0;
    uint32_t hash = tb_rng_hash("vocab", a->tensors[a->tensor[TABLE]].name);
    if (is_text && s->n_text < 1)
        return tb_fail(err, TB_ERR_RECIPE, "t.prompt: init = \"text\" has no text to start from; set text = \"...\"");
    for (int i = 0; i < a->n_rows; i++)
        ids[i] = is_text ? s->text[i % s->n_text] : draw(s, hash, i, a->model->shape.vocab);
    return true;
}

static bool init_all(struct tb_adapter *a, const struct tb_start *s, struct tb_err *err)
{
    struct tb_kernels *k = a->k;
    if (strcmp(tb_adapter_str(a, "init"), "random") == 0)
        return true;
    size_t bytes = (size_t)a->n_rows * sizeof(int32_t);
    int32_t *ids = tb_xcalloc((size_t)a->n_rows, sizeof *ids);
    int32_t *device = k->alloc(k, bytes);
    bool good = device ? choose(a, s, ids, err) : tb_fail(err, TB_ERR_LIMIT, "no memory for %d token ids", a->n_rows);
    if (good) {
        k->put(k, device, ids, bytes);
        k->weight_rows(k, a->w[TABLE], &a->model->embed, device, 1);
    }
    k->release(k, device);
    free(ids);
    return good;
}

static void rows(const struct tb_seat *s, struct tb_pass *p)
{
    p->y = s->adapter->w[TABLE];
}

static void rows_back(const struct tb_seat *s, struct tb_pass *p)
{
    p->k->axpy(p->k, s->adapter->g[TABLE], p->dy, 1);
}

static void to_peft(const struct tb_adapter *a, struct tb_json *c)
{
    const struct tb_shape *s = &a->model->shape;
    tb_json_set(c, "num_virtual_tokens", tb_json_new_int(a->n_rows));
    tb_json_set(c, "num_attention_heads", tb_json_new_int(s->n_heads));
    tb_json_set(c, "num_layers", tb_json_new_int(s->n_layers));
    tb_json_set(c, "num_transformer_submodules", tb_json_new_int(1));
    tb_json_set(c, "token_dim", tb_json_new_int(s->d));
    tb_json_set(c, "prompt_tuning_init", tb_json_new_str("RANDOM"));
}

static bool from_peft(const struct tb_json *c, struct tb_json *out, struct tb_err *err)
{
    static const char *const refused[] = { "modules_to_save", NULL };
    tb_peft_take(c, "num_virtual_tokens", out, "tokens", "0");
    tb_json_set(out, "init", tb_json_new_str("random"));
    return tb_peft_refuse(c, refused, err);
}

const struct tb_method tb_method_prompt = {
    .name = "prompt", .paper = "arXiv:2104.08691", .help = "trained rows in front of the embedded tokens",
    .peft_type = "PROMPT_TUNING", .sites = TB_SITE_INPUT, .keys = keys, .lr = 1e-2, .declare_all = declare_all,
    .init_all = init_all, .takes = takes, .rows = rows, .rows_back = rows_back, .to_peft = to_peft,
    .from_peft = from_peft,
};
