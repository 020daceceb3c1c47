/* SPDX-License-Identifier: MIT */
/* Model folders: every weight of a model comes back bit for bit, as bf16 rounded to nearest even; trained tensors of
 * full take the place of the model's; shape, rope and special tokens are in config.json; tokenizer files are copied. */
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "exchange/exchange.h"
#include "kernels/dequant.h"
#include "tests/tap.h"

static char dir[300];

static struct tb_model *scratch(bool is_tied)
{
    struct tb_scratch s = { .vocab = 61, .d = 32, .n_layers = 2, .n_heads = 4, .n_kv = 2, .ff = 48, .context = 64,
                            .rope_theta = 500000, .norm_eps = 1e-5, .is_tied = is_tied, .init = "normal", .seed = 3 };
    return tb_model_scratch(&s, NULL);
}

/* All numbers of a model in the order of tb_model_each. */
struct numbers {
    float *at;
    size_t n, cap;
};

static bool add(void *arg, const char *name, const struct tb_weight *w, const float *gain, int64_t rows, int64_t cols)
{
    struct numbers *all = arg;
    for (int64_t r = 0; r < rows; r++) {
        float *row = tb_xcalloc((size_t)cols, sizeof *row);
        if (w)
            tb_dequant_row(w->type, tb_weight_at(w, r), row, 0, cols);
        for (int64_t c = 0; c < cols; c++) {
            all->at = tb_grow(all->at, all->n, &all->cap, sizeof *all->at);
            all->at[all->n++] = w ? row[c] : gain[c];
        }
        free(row);
    }
    return true;
}

static float rounded(float v)
{
    uint32_t u;
    memcpy(&u, &v, sizeof u);
    u = (u + 0x7fff + (u >> 16 & 1)) & 0xffff0000u;
    memcpy(&v, &u, sizeof v);
    return v;
}

static bool same_numbers(const struct tb_model *a, const struct tb_model *b, bool as_bf16)
{
    struct numbers x = { 0 }, y = { 0 };
    tb_model_each(a, add, &x);
    tb_model_each(b, add, &y);
    bool same = x.n == y.n && x.n == (size_t)a->n_params;
    for (size_t i = 0; same && i < x.n; i++)
        same = y.at[i] == (as_bf16 ? rounded(x.at[i]) : x.at[i]);
    free(x.at);
    free(y.at);
    return same;
}

static bool same_shape(const struct tb_shape *a, const struct tb_shape *b)
{
    return a->n_layers == b->n_layers && a->d == b->d && a->n_heads == b->n_heads && a->n_kv == b->n_kv
        && a->head_dim == b->head_dim && a->ff == b->ff && a->vocab == b->vocab && a->context == b->context
        && a->window == b->window && a->norm_eps == b->norm_eps && a->is_tied == b->is_tied
        && a->rope.kind == b->rope.kind && a->rope.theta == b->rope.theta && a->rope.factor == b->rope.factor
        && a->rope.low_freq == b->rope.low_freq && a->rope.high_freq == b->rope.high_freq
        && a->rope.original_context == b->rope.original_context;
}

static void trip(const char *what, const struct tb_model *m, bool as_bf16)
{
    struct tb_err err = { 0 };
    char *path = tb_path_join(dir, "model");
    bool written = tb_hf_write(m, NULL, NULL, as_bf16, path, &err);
    struct tb_model *back = written ? tb_model_open(path, &err) : NULL;
    ok(back && same_shape(&m->shape, &back->shape) && same_numbers(m, back, as_bf16), "%s comes back %s", what,
       err.text);
    ok(!tb_hf_write(m, NULL, NULL, as_bf16, path, &err) && err.kind == TB_ERR_USAGE, "and is not overwritten");
    tb_model_close(back);
    tb_dir_remove(path, NULL);
    free(path);
}

static void shapes(void)
{
    struct tb_model *tied = scratch(true), *untied = scratch(false);
    trip("a tied model", tied, false);
    trip("an untied model", untied, false);
    trip("a model as bf16", untied, true);
    untied->shape.window = 8;
    trip("a sliding window", untied, false);
    untied->shape.window = 0;
    untied->shape.rope = (struct tb_rope){ .kind = TB_ROPE_LINEAR, .theta = 10000, .factor = 2.5 };
    trip("linear rope", untied, false);
    untied->shape.rope = (struct tb_rope){
        .kind = TB_ROPE_LLAMA3, .theta = 500000, .factor = 8, .low_freq = 1, .high_freq = 4, .original_context = 8192
    };
    trip("llama3 rope", untied, false);
    struct tb_err err = { 0 };
    float factors[4] = { 1, 1, 2, 3 };
    untied->shape.rope.factors = factors;
    ok(!tb_hf_write(untied, NULL, NULL, false, dir, &err) && strstr(err.text, "rope factors"),
       "a table of factors is refused: %s", err.text);
    untied->shape.rope.factors = NULL;
    tb_model_close(tied);
    tb_model_close(untied);
}

/* A copy of all weights, moved by one; in the folder they are what was trained. */
static void trained(void)
{
    struct tb_model *m = scratch(true);
    struct tb_json *keys = tb_json_new_map();
    struct tb_err err = { 0 };
    struct tb_start start = { .seed = 1 };
    struct tb_adapter *full = tb_adapter_open(tb_method_find("full"), keys, m, "full", &err);
    char why[200], *path = tb_path_join(dir, "full");
    struct tb_kernels *k = tb_kernels_open("guard", 1, why, sizeof why);
    bool good = full && k && tb_adapter_bind(full, k, &err) && tb_adapter_init(full, &start, &err);
    for (int i = 0; good && i < full->n_tensors; i++) {
        const struct tb_tensor *t = &full->tensors[i];
        int64_t n = t->w.rows * t->w.cols;
        float *w = tb_xcalloc((size_t)n, sizeof *w);
        tb_tensor_get(k, t, t->w, w);
        for (int64_t j = 0; j < n; j++)
            w[j] += 1;
        tb_tensor_put(k, t, w);
        free(w);
    }
    good = good && tb_hf_write(m, full, NULL, false, path, &err);
    struct tb_model *back = good ? tb_model_open(path, &err) : NULL;
    struct numbers x = { 0 }, y = { 0 };
    tb_model_each(m, add, &x);
    if (back)
        tb_model_each(back, add, &y);
    good = x.n == y.n && x.n > 0;
    for (size_t i = 0; good && i < x.n; i++)
        good = y.at[i] == x.at[i] + 1;
    ok(good, "trained tensors take the place of the model's %s", err.text);
    free(x.at);
    free(y.at);
    free(path);
    tb_model_close(back);
    tb_adapter_close(full);
    if (k)
        k->close(k);
    tb_json_free(keys);
    tb_model_close(m);
}

static void copies(void)
{
    static const char config[] = "{\"eos_token_id\": [2, 3], \"bos_token_id\": 1}", tokens[] = "{\"model\": 1}";
    struct tb_model *m = scratch(true);
    struct tb_err err = { 0 };
    char *from = tb_path_join(dir, "from"), *to = tb_path_join(dir, "to"), *a = tb_path_join(from, "tokenizer.json");
    char *b = tb_path_join(to, "tokenizer.json"), *c = tb_path_join(from, "config.json"),
         *d = tb_path_join(to, "config.json");
    tb_dir_make(from, 0777, NULL);
    tb_file_replace(a, tokens, strlen(tokens), NULL);
    tb_file_replace(c, config, strlen(config), NULL);
    ok(tb_hf_write(m, NULL, from, false, to, &err), "with a tokenizer's folder %s", err.text);
    char *text = tb_file_read(b, 1 << 20, NULL, &err);
    is_str(text, tokens, "tokenizer.json is copied");
    struct tb_json *j = tb_json_load(d, 1 << 20, &err), *old = tb_json_parse(config, strlen(config), "config", NULL);
    ok(tb_json_equal(tb_json_get(j, "eos_token_id"), tb_json_get(old, "eos_token_id"))
           && tb_json_int(tb_json_get(j, "bos_token_id"), 0) == 1, "special tokens go along");
    tb_json_free(old);
    tb_json_free(j);
    free(text);
    free(from);
    free(to);
    free(a);
    free(b);
    free(c);
    free(d);
    tb_model_close(m);
}

int main(void)
{
    const char *temp = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%s/exchange_hf_test-%ld", temp ? temp : "/tmp", (long)getpid());
    tb_dir_make(dir, 0700, NULL);
    tb_method_register();
    shapes();
    trained();
    copies();
    tb_dir_remove(dir, NULL);
    return done();
}
