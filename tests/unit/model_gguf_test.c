/* SPDX-License-Identifier: MIT */
/* model_gguf_test.c - bases out of GGUF files written here: keys, tensor names, rows of q and k, block types, tied
 * heads, rope factors, and the words for what is not read. With TUNEBENCH_SMOLLM2 also the real model. */
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "kernels/dequant.h"
#include "model/model.h"
#include "tests/tap.h"

enum { VOCAB = 40, D = 32, LAYERS = 2, HEADS = 4, KV = 2, HD = 8, FF = 64, ALIGN = 32, MOST = 40 };
enum { U32 = 4, F32 = 6, STR = 8, ARRAY = 9 }; /* GGUF's types of values */

static struct tb_err err;
static char root[256], path[300];

/* A key as it is written: a text (STR), a real (F32), or whole numbers: one (U32) or n of them (ARRAY). */
struct key {
    const char *name;
    int type;
    const char *text;
    double value[3];
    int n;
};

static const struct key usual[] = {
    { "general.architecture", STR, "llama", { 0 }, 0 },
    { "llama.block_count", U32, NULL, { LAYERS }, 1 },
    { "llama.context_length", U32, NULL, { 64 }, 1 },
    { "llama.embedding_length", U32, NULL, { D }, 1 },
    { "llama.feed_forward_length", ARRAY, NULL, { FF, FF }, 2 },
    { "llama.attention.head_count", U32, NULL, { HEADS }, 1 },
    { "llama.attention.head_count_kv", ARRAY, NULL, { KV, KV }, 2 },
    { "llama.attention.layer_norm_rms_epsilon", F32, NULL, { 1e-5 }, 1 },
    { "llama.rope.freq_base", F32, NULL, { 5e5 }, 1 },
};
enum { N_USUAL = sizeof usual / sizeof usual[0] };

struct tensor {
    const char *name;
    int n_dims;
    int64_t rows, cols;
    int type;
};

static const struct tensor layer_tensors[] = {
    { "attn_norm", 1, 1, D, TB_F32 },    { "attn_q", 2, HEADS * HD, D, TB_F32 }, { "attn_k", 2, KV * HD, D, TB_F32 },
    { "attn_v", 2, KV * HD, D, TB_F16 }, { "attn_output", 2, D, D, TB_BF16 },    { "ffn_norm", 1, 1, D, TB_F32 },
    { "ffn_gate", 2, FF, D, TB_Q4_0 },   { "ffn_up", 2, FF, D, TB_Q4_1 },        { "ffn_down", 2, D, FF, TB_Q4_1 },
};
static const struct tensor outside[] = {
    { "token_embd", 2, VOCAB, D, TB_Q8_0 },
    { "output_norm", 1, 1, D, TB_F32 },
};

/* A file in the making; the names of its tensors stand apart, so that it can be copied. */
struct file {
    struct key keys[MOST];
    char names[MOST][48];
    struct tensor tensors[MOST];
    int n_keys, n_tensors;
};

static void add_tensor(struct file *f, const char *name, const struct tensor *like)
{
    f->tensors[f->n_tensors] = *like;
    snprintf(f->names[f->n_tensors++], sizeof f->names[0], "%s", name);
}

static struct file usual_file(void)
{
    struct file f = { .n_keys = N_USUAL };
    char name[48];
    memcpy(f.keys, usual, sizeof usual);
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        snprintf(name, sizeof name, "%s.weight", outside[i].name);
        add_tensor(&f, name, &outside[i]);
    }
    for (int l = 0; l < LAYERS; l++)
        for (size_t i = 0; i < sizeof layer_tensors / sizeof layer_tensors[0]; i++) {
            snprintf(name, sizeof name, "blk.%d.%s.weight", l, layer_tensors[i].name);
            add_tensor(&f, name, &layer_tensors[i]);
        }
    return f;
}

/* Replaces the key of that name, or adds it. */
static void set_key(struct file *f, struct key key)
{
    int i = 0;
    while (i < f->n_keys && strcmp(f->keys[i].name, key.name) != 0)
        i++;
    f->keys[i] = key;
    f->n_keys += i == f->n_keys;
}

static struct tensor *tensor_of(struct file *f, const char *name)
{
    for (int i = 0; i < f->n_tensors; i++)
        if (strcmp(f->names[i], name) == 0)
            return &f->tensors[i];
    return NULL;
}

static void put_string(struct tb_buf *b, const char *s)
{
    tb_buf_u64(b, strlen(s));
    tb_buf_str(b, s);
}

static void put_real(struct tb_buf *b, double v)
{
    float x = (float)v;
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    tb_buf_u32(b, bits);
}

static void put_key(struct tb_buf *b, const struct key *k)
{
    put_string(b, k->name);
    tb_buf_u32(b, (uint32_t)k->type);
    if (k->type == STR)
        put_string(b, k->text);
    if (k->type == F32)
        put_real(b, k->value[0]);
    if (k->type == ARRAY) {
        tb_buf_u32(b, U32);
        tb_buf_u64(b, (uint64_t)k->n);
    }
    for (int i = 0; k->type != STR && k->type != F32 && i < k->n; i++)
        tb_buf_u32(b, (uint32_t)k->value[i]);
}

static uint64_t bytes_of(const struct tensor *t)
{
    const struct tb_type_info *info = tb_type_info(t->type);
    int block = info->name ? info->block : 32, bytes = info->name ? info->bytes : 17;
    return (uint64_t)(t->rows * t->cols / block) * (uint64_t)bytes;
}

/* fp32 value of row r, column c: a row's number is its first value. Other types hold a fixed pattern. */
static void put_data(struct tb_buf *b, const struct tensor *t)
{
    uint64_t n = bytes_of(t);
    for (int64_t i = 0; t->type == TB_F32 && i < t->rows * t->cols; i++)
        put_real(b, i % t->cols ? 0.5 : (double)(1 + i / t->cols));
    for (uint64_t i = 0; t->type != TB_F32 && i < n; i++)
        tb_buf_char(b, (char)(i % 32));
    while (b->n % ALIGN)
        tb_buf_char(b, '\0');
}

static struct tb_model *open_file(const struct file *f)
{
    struct tb_buf b = { 0 };
    uint64_t offset = 0;
    tb_buf_str(&b, "GGUF");
    tb_buf_u32(&b, 3);
    tb_buf_u64(&b, (uint64_t)f->n_tensors);
    tb_buf_u64(&b, (uint64_t)f->n_keys);
    for (int i = 0; i < f->n_keys; i++)
        put_key(&b, &f->keys[i]);
    for (int i = 0; i < f->n_tensors; i++) {
        const struct tensor *t = &f->tensors[i];
        put_string(&b, f->names[i]);
        tb_buf_u32(&b, (uint32_t)t->n_dims);
        tb_buf_u64(&b, (uint64_t)t->cols);
        if (t->n_dims == 2)
            tb_buf_u64(&b, (uint64_t)t->rows);
        tb_buf_u32(&b, (uint32_t)t->type);
        tb_buf_u64(&b, offset);
        offset += (bytes_of(t) + ALIGN - 1) / ALIGN * ALIGN;
    }
    while (b.n % ALIGN)
        tb_buf_char(&b, '\0');
    for (int i = 0; i < f->n_tensors; i++)
        put_data(&b, &f->tensors[i]);
    memset(&err, 0, sizeof err);
    struct tb_model *m = tb_file_replace(path, b.p, b.n, &err) ? tb_model_open(path, &err) : NULL;
    if (!m)
        printf("# %s: %s\n", err.where, err.text);
    tb_buf_free(&b);
    return m;
}

/* Canonical row r of a head is stored at 2 i + half, and stored rows are numbered from 1. */
static bool rows_are_halves(const struct tb_weight *w)
{
    for (int r = 0; r < w->rows; r++) {
        float first[D];
        int head = r / HD, i = r % HD;
        tb_dequant_row(w->type, tb_weight_at(w, r), first, 0, D);
        if (first[0] != (float)(1 + head * HD + (i < HD / 2 ? 2 * i : 2 * (i - HD / 2) + 1)))
            return false;
    }
    return true;
}

static void usual_model(void)
{
    struct file f = usual_file();
    struct tb_model *m = open_file(&f);
    if (!ok(m != NULL, "opens"))
        return;
    const struct tb_shape *s = &m->shape;
    const struct tb_weight *w = m->layers[1].linear;
    ok(s->n_layers == LAYERS && s->d == D && s->n_heads == HEADS && s->n_kv == KV && s->head_dim == HD && s->ff == FF
       && s->vocab == VOCAB && s->context == 64 && s->window == 0 && strcmp(s->family, "llama") == 0, "sizes");
    ok(s->rope.kind == TB_ROPE_PLAIN && s->rope.theta == 5e5 && s->norm_eps == 1e-5f, "rope and epsilon");
    ok(s->is_tied && m->head.p == m->embed.p, "without output.weight the head is tied");
    ok(w[TB_Q].rule == TB_RULE_ROPE_HALVES && w[TB_Q].head_dim == HD && rows_are_halves(&w[TB_Q])
       && rows_are_halves(&w[TB_K]), "rows of q and k in canonical order");
    ok(w[TB_V].rule == TB_RULE_NONE && w[TB_V].type == TB_F16 && w[TB_O].type == TB_BF16 && w[TB_GATE].type == TB_Q4_0
       && w[TB_UP].type == TB_Q4_1 && m->embed.type == TB_Q8_0, "types");
    ok(w[TB_UP].row_bytes == 20 && w[TB_DOWN].row_bytes == 40 && w[TB_O].row_bytes == 2 * D && w[TB_UP].rows == FF,
       "rows");
    ok(m->final_norm[0] == 1 && m->final_norm[1] == 0.5f, "gains");
    is_int(m->n_params, VOCAB * D + D + LAYERS * (2 * D + 2 * D * D + 2 * KV * HD * D + 3 * D * FF), "numbers");
    is_str(m->type_name, "q4_1", "the commonest type");
    is_int(strlen(m->base_id), 64, "id");
    tb_model_close(m);
}

static void variants(void)
{
    struct file f = usual_file();
    struct tb_model *m;
    add_tensor(&f, "output.weight", &outside[0]);
    set_key(&f, (struct key){ "llama.attention.sliding_window", U32, NULL, { 9 }, 1 });
    set_key(&f, (struct key){ "llama.rope.scaling.type", STR, "linear", { 0 }, 0 });
    set_key(&f, (struct key){ "llama.rope.scaling.factor", F32, NULL, { 4 }, 1 });
    m = open_file(&f);
    ok(m && !m->shape.is_tied && m->head.p != m->embed.p, "a head of its own");
    ok(m && m->shape.window == 9 && m->shape.rope.kind == TB_ROPE_LINEAR && m->shape.rope.factor == 4,
       "window and linear rope");
    tb_model_close(m);

    f = usual_file();
    add_tensor(&f, "rope_freqs.weight", &(struct tensor){ NULL, 1, 1, HD / 2, TB_F32 });
    m = open_file(&f);
    ok(m && m->shape.rope.kind == TB_ROPE_LLAMA3 && m->shape.rope.factors && m->shape.rope.factors[0] == 1
       && m->shape.rope.factors[3] == 0.5f, "rope factors");
    tb_model_close(m);

    f = usual_file();
    set_key(&f, (struct key){ "llama.attention.key_length", U32, NULL, { 16 }, 1 });
    set_key(&f, (struct key){ "llama.attention.value_length", U32, NULL, { 16 }, 1 });
    for (int i = 0; i < f.n_tensors; i++) {
        struct tensor *t = &f.tensors[i];
        bool is_qkv = strstr(f.names[i], "attn_q") || strstr(f.names[i], "attn_k") || strstr(f.names[i], "attn_v");
        t->rows *= is_qkv ? 2 : 1;
        t->cols *= strstr(f.names[i], "attn_output") ? 2 : 1;
    }
    m = open_file(&f);
    ok(m && m->shape.head_dim == 16 && m->layers[0].linear[TB_O].cols == 64, "heads wider than their share");
    tb_model_close(m);
}

static void refused(const struct file *f, const char *word)
{
    struct tb_model *m = open_file(f);
    ok(!m && err.kind == TB_ERR_FORMAT && strstr(err.text, word), "refused: %s", word);
    tb_model_close(m);
}

static void refused_key(struct key key, const char *word)
{
    struct file f = usual_file();
    set_key(&f, key);
    refused(&f, word);
}

static void keys(void)
{
    refused_key((struct key){ "general.architecture", STR, "gemma3", { 0 }, 0 },
                "\"gemma3\", which is not built; known are llama");
    refused_key((struct key){ "llama.block_count", F32, NULL, { 2 }, 1 }, "key llama.block_count: expected");
    refused_key((struct key){ "llama.block_count", U32, NULL, { 3 }, 1 }, "tensor blk.2.attn_norm.weight is missing");
    refused_key((struct key){ "llama.attention.head_count_kv", ARRAY, NULL, { 2, 1 }, 2 }, "for all layers");
    refused_key((struct key){ "llama.attention.head_count", U32, NULL, { 5 }, 1 }, "no multiple");
    refused_key((struct key){ "llama.attention.head_count", U32, NULL, { 0 }, 1 }, "head_count");
    refused_key((struct key){ "llama.attention.value_length", U32, NULL, { 4 }, 1 }, "value_length");
    refused_key((struct key){ "llama.rope.scaling.type", STR, "yarn", { 0 }, 0 }, "\"yarn\"");
    refused_key((struct key){ "llama.rope.dimension_count", U32, NULL, { 4 }, 1 }, "whole heads");
    refused_key((struct key){ "llama.rope.freq_base", F32, NULL, { -1 }, 1 }, "theta");
    refused_key((struct key){ "llama.rope.freq_base", STR, "1e6", { 0 }, 0 }, "theta");
    refused_key((struct key){ "llama.attention.sliding_window", STR, "9", { 0 }, 0 }, "sliding_window");
    refused_key((struct key){ "llama.expert_count", U32, NULL, { 8 }, 1 }, "experts");
    refused_key((struct key){ "split.count", U32, NULL, { 3 }, 1 }, "several files");
    refused_key((struct key){ "llama.attention.layer_norm_rms_epsilon", F32, NULL, { 7 }, 1 }, "epsilon");
    struct file f = usual_file();
    f.keys[3].name = "llama.embedding_lengths";
    refused(&f, "key llama.embedding_length is missing");
    f = usual_file();
    f.keys[0].name = "general.name";
    refused(&f, "general.architecture is missing");
}

static void tensors(void)
{
    struct file f = usual_file();
    tensor_of(&f, "blk.1.ffn_up.weight")->rows = 96;
    refused(&f, "tensor blk.1.ffn_up.weight: expected [64, 32], found [96, 32]");
    f = usual_file();
    tensor_of(&f, "blk.1.ffn_up.weight")->type = 39;
    refused(&f, "tensor blk.1.ffn_up.weight is mxfp4; read are f32, f16, q4_0");
    f = usual_file();
    tensor_of(&f, "output_norm.weight")->cols = 64;
    refused(&f, "tensor output_norm.weight: expected [32], found [64]");
    f = usual_file();
    add_tensor(&f, "blk.0.attn_q.bias", &(struct tensor){ NULL, 1, 1, D, TB_F32 });
    refused(&f, "blk.0.attn_q.bias");
    f = usual_file();
    snprintf(f.names[0], sizeof f.names[0], "token_embed.weight");
    refused(&f, "tensor token_embd.weight is missing");
    f = usual_file();
    add_tensor(&f, "rope_freqs.weight", &(struct tensor){ NULL, 1, 1, HD, TB_F32 });
    refused(&f, "rope_freqs.weight: expected [4]");
    set_key(&f, (struct key){ "llama.rope.scaling.factor", F32, NULL, { 2 }, 1 });
    f.tensors[f.n_tensors - 1].cols = HD / 2;
    refused(&f, "linear");
}

static void smollm2(void)
{
    const char *file = getenv("TUNEBENCH_SMOLLM2");
    if (!file) {
        skip("SmolLM2", "TUNEBENCH_SMOLLM2 is not set");
        return;
    }
    struct tb_model *m = tb_model_open(file, &err);
    if (!ok(m != NULL, "SmolLM2 opens %s", err.text))
        return;
    const struct tb_shape *s = &m->shape;
    ok(s->n_layers == 30 && s->d == 576 && s->n_heads == 9 && s->n_kv == 3 && s->head_dim == 64 && s->ff == 1536
       && s->vocab == 49152 && s->context == 8192 && s->is_tied && s->rope.theta == 100000, "SmolLM2: sizes");
    is_int(m->n_params, 134515008, "SmolLM2: numbers");
    printf("# %s, %llu bytes, %s\n", m->type_name, (unsigned long long)m->bytes, m->base_id);
    ok(m->bytes < (uint64_t)tb_file_size(file), "SmolLM2: bytes");
    tb_model_close(m);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(root, sizeof root, "%s/tb-gguf-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(root)) {
        printf("Bail out! no temporary folder\n");
        return 1;
    }
    snprintf(path, sizeof path, "%s/m.gguf", root);
    usual_model();
    variants();
    keys();
    tensors();
    smollm2();
    tb_dir_remove(root, &err);
    return done();
}
