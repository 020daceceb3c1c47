/* SPDX-License-Identifier: MIT */
/* prefix.c - trained key and value rows in front of every block's attention.  Li & Liang 2021, arXiv:2101.00190
 * One table [tokens, layers x (K, V) x kv width], as PEFT saves it: layer-major, K then V, head, head_dim. Keys are
 * used as they are (no rotation); real tokens start at position `tokens`.
 * projection: table = tanh(E W1' + b1) W2' + b2; the network is trained and kept, the folded table is what PEFT's
 * folder holds.
 * init = "text" copies the K (rotated, positions 0..) and V that a text puts into the cache. */
#include "method/peft.h"

#include <math.h>

enum { TABLE, E, W1, B1, W2, B2, H };

static const struct tb_key keys[] = {
    { .name = "tokens", .type = TB_KEY_INT, .min = 1, .max = 2048, .def = "20", .peft = "num_virtual_tokens",
      .help = "number of virtual key/value rows" },
    { .name = "init", .type = TB_KEY_CHOICE, .choices = "text|zero|random", .def = "\"text\"",
      .help = "start from the keys and values of a text, from zeroes, or from N(0, 1)" },
    { .name = "text", .type = TB_KEY_STR, .def = "\"\"", .neutral = "\"\"",
      .help = "the text to start from; empty: the training prompts" },
    { .name = "projection", .type = TB_KEY_BOOL, .def = "false", .neutral = "false", .peft = "prefix_projection",
      .help = "train the rows through a two-layer network (needs init = \"random\")" },
    { .name = "hidden", .type = TB_KEY_INT, .min = 0, .max = 65536, .def = "0", .neutral = "0",
      .peft = "encoder_hidden_size", .help = "width of that network; 0: the width of a key" },
    TB_END_KEY
};

static bool want(struct tb_adapter *a, int slot, const char *name, int64_t rows, int64_t cols, enum tb_init init,
                 double init_a, struct tb_err *err)
{
    bool is_bias = slot == B1 || slot == B2;
    return tb_adapter_tensor(a, &(struct tb_want){ .slot = slot, .suffix = name, .is_whole = true, .is_encoder = true,
                                                   .rows = rows, .cols = cols, .n_dims = is_bias ? 1 : 2,
                                                   .dims = { (int)(is_bias ? cols : rows), (int)cols }, .init = init,
                                                   .init_a = init_a }, err);
}

static bool declare_network(struct tb_adapter *a, int64_t width, int64_t table_cols, struct tb_err *err)
{
    int64_t hidden = tb_adapter_int(a, "hidden") ? tb_adapter_int(a, "hidden") : width;
    if (strcmp(tb_adapter_str(a, "init"), "random") != 0)
        return tb_fail(err, TB_ERR_RECIPE,
                       "t.prefix: projection = true needs init = \"random\" beside it (--method "
                       "prefix:projection=true,init=random): a network's output cannot be set to a text's keys and "
                       "values, nor to zero");
    return want(a, E, "embedding.weight", a->n_rows, width, TB_INIT_NORMAL, 1, err)
        && want(a, W1, "transform.0.weight", hidden, width, TB_INIT_KAIMING, 0, err)
        && want(a, B1, "transform.0.bias", 1, hidden, TB_INIT_UNIFORM, 1 / sqrt((double)width), err)
        && want(a, W2, "transform.2.weight", table_cols, hidden, TB_INIT_KAIMING, 0, err)
        && want(a, B2, "transform.2.bias", 1, table_cols, TB_INIT_UNIFORM, 1 / sqrt((double)hidden), err)
        && tb_adapter_tensor(a, &(struct tb_want){ .slot = H, .suffix = "hidden", .is_whole = true, .rows = a->n_rows,
                                                   .cols = hidden, .kind = TB_DERIVED }, err);
}

static bool declare_all(struct tb_adapter *a, struct tb_err *err)
{
    const struct tb_shape *s = &a->model->shape;
    int64_t width = (int64_t)s->n_kv * s->head_dim, cols = 2 * width * s->n_layers;
    const char *init = tb_adapter_str(a, "init");
    bool has_network = tb_adapter_bool(a, "projection");
    a->n_rows = (int)tb_adapter_int(a, "tokens");
    struct tb_want table = { .slot = TABLE, .suffix = "prompt_embeddings", .is_whole = true, .rows = a->n_rows,
                             .cols = cols, .kind = has_network ? TB_DERIVED : TB_TRAINED, .is_folded = has_network,
                             .init = strcmp(init, "zero") == 0 ? TB_INIT_ZERO : TB_INIT_NORMAL, .init_a = 1 };
    return tb_adapter_tensor(a, &table, err) && (!has_network || declare_network(a, width, cols, err));
}

static bool takes(const struct tb_adapter *a, const struct tb_site *site)
{
    return true;
}

/* Columns of one block's keys (0) or values (1) in the table or its gradient. */
static struct tb_mat part(const struct tb_seat *s, struct tb_mat table, int which)
{
    int64_t width = s->site->out;
    return tb_mat_cols(table, (2 * s->site->layer + which) * width, width);
}

static void derive(struct tb_adapter *a)
{
    if (!a->w[E].p)
        return;
    struct tb_kernels *k = a->k;
    k->gemm_nt(k, a->w[H], a->w[E], a->w[W1], 1, 0);
    k->add_row(k, a->w[H], a->w[B1], 1);
    k->tanh_fwd(k, a->w[H], a->w[H]);
    k->gemm_nt(k, a->w[TABLE], a->w[H], a->w[W2], 1, 0);
    k->add_row(k, a->w[TABLE], a->w[B2], 1);
}

static double settle(struct tb_adapter *a)
{
    if (!a->w[E].p)
        return 0;
    struct tb_kernels *k = a->k;
    k->gemm_tn(k, a->g[W2], a->g[TABLE], a->w[H], 1, 1);
    k->col_sum(k, a->g[B2], a->g[TABLE], 1);
    k->gemm_nn(k, a->g[H], a->g[TABLE], a->w[W2], 1, 0);
    k->tanh_back(k, a->g[H], a->g[H], a->w[H]);
    k->gemm_tn(k, a->g[W1], a->g[H], a->w[E], 1, 1);
    k->col_sum(k, a->g[B1], a->g[H], 1);
    k->gemm_nn(k, a->g[E], a->g[H], a->w[W1], 1, 1);
    return 0;
}

static void rows(const struct tb_seat *s, struct tb_pass *p)
{
    p->kv[0] = part(s, s->adapter->w[TABLE], 0);
    p->kv[1] = part(s, s->adapter->w[TABLE], 1);
}

static void rows_back(const struct tb_seat *s, struct tb_pass *p)
{
    p->k->axpy(p->k, part(s, s->adapter->g[TABLE], 0), p->dkv[0], 1);
    p->k->axpy(p->k, part(s, s->adapter->g[TABLE], 1), p->dkv[1], 1);
}

static void text_kv(struct tb_seat *s, const struct tb_pass *p)
{
    for (int i = 0; i < 2; i++)
        p->k->copy(p->k, part(s, s->adapter->w[TABLE], i), p->kv[i]);
}

static void to_peft(const struct tb_adapter *a, struct tb_json *c)
{
    const struct tb_shape *s = &a->model->shape;
    int64_t width = (int64_t)s->n_kv * s->head_dim, hidden = tb_adapter_int(a, "hidden");
    tb_json_set(c, "num_virtual_tokens", tb_json_new_int(a->n_rows));
    tb_json_set(c, "num_attention_heads", tb_json_new_int(s->n_kv));
    tb_json_set(c, "num_layers", tb_json_new_int(s->n_layers));
    tb_json_set(c, "num_transformer_submodules", tb_json_new_int(1));
    tb_json_set(c, "token_dim", tb_json_new_int(width));
    tb_json_set(c, "encoder_hidden_size", tb_json_new_int(hidden ? hidden : width));
    tb_json_set(c, "prefix_projection", tb_json_new_bool(tb_adapter_bool(a, "projection")));
}

static bool from_peft(const struct tb_json *c, struct tb_json *out, struct tb_err *err)
{
    static const char *const refused[] = { "modules_to_save", NULL };
    bool has_network = tb_json_bool(tb_json_get(c, "prefix_projection"), false);
    tb_peft_take(c, "num_virtual_tokens", out, "tokens", "0");
    tb_json_set(out, "init", tb_json_new_str(has_network ? "random" : "zero"));
    tb_json_set(out, "projection", tb_json_new_bool(has_network));
    if (has_network)
        tb_peft_take(c, "encoder_hidden_size", out, "hidden", "0");
    return tb_peft_refuse(c, refused, err);
}

const struct tb_method tb_method_prefix = {
    .name = "prefix", .paper = "arXiv:2101.00190", .help = "trained key and value rows in every block's attention",
    .peft_type = "PREFIX_TUNING", .sites = TB_SITE_KV, .keys = keys, .lr = 5e-3, .declare_all = declare_all,
    .takes = takes, .derive = derive, .settle = settle, .text_kv = text_kv, .rows = rows, .rows_back = rows_back,
    .to_peft = to_peft, .from_peft = from_peft,
};
