/* SPDX-License-Identifier: MIT */
/* model_open_test.c - Hugging Face folders: the golden models, folders written here in every form that is read, and the
 * words for what is not. Also how bases are found by name. */
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/safetensors.h"
#include "model/model.h"
#include "tests/tap.h"

enum { VOCAB = 50, D = 16, LAYERS = 2, HEADS = 4, KV = 2, HD = 4, FF = 24, MOST = 64 };

static struct tb_err err;
static char root[256];

static char *path_of(const char *name)
{
    return tb_path_join(root, name);
}

/* ---- the golden models */

static char *golden_path(const char *name)
{
    const char *dir = getenv("TUNEBENCH_GOLDEN");
    return tb_xasprintf("%s/models/%s", dir ? dir : "../shared/golden", name);
}

static struct tb_model *golden(const char *name)
{
    char *path = golden_path(name);
    struct tb_model *m = tb_model_open(path, &err);
    if (!m)
        printf("# %s: %s\n", err.where, err.text);
    free(path);
    return m;
}

static void golden_llama(void)
{
    struct tb_model *m = golden("llama-tied");
    if (!ok(m != NULL, "llama-tied opens"))
        return;
    const struct tb_shape *s = &m->shape;
    ok(s->n_layers == 3 && s->d == 64 && s->n_heads == 4 && s->n_kv == 2 && s->head_dim == 16 && s->ff == 144
       && s->vocab == 300 && s->context == 256 && s->window == 0 && s->is_tied, "llama-tied: sizes");
    ok(s->rope.kind == TB_ROPE_PLAIN && s->rope.theta == 10000 && s->norm_eps == 1e-5f, "llama-tied: rope and epsilon");
    is_int(m->n_params, 139456, "llama-tied: numbers");
    ok(m->head.p == m->embed.p && strcmp(m->type_name, "f32") == 0 && m->bytes == 4 * 139456,
       "llama-tied: head, type, bytes");
    tb_model_close(m);

    m = golden("llama-untied");
    ok(m && m->shape.n_kv == 1 && !m->shape.is_tied && m->head.p != m->embed.p, "llama-untied: sizes");
    ok(m && m->shape.rope.kind == TB_ROPE_LLAMA3 && m->shape.rope.factor == 4 && m->shape.rope.low_freq == 1
       && m->shape.rope.high_freq == 4 && m->shape.rope.original_context == 64 && !m->shape.rope.factors,
       "llama-untied: llama3 rope");
    is_int(m ? m->n_params : 0, 152512, "llama-untied: numbers");
    tb_model_close(m);

    m = golden("mistral");
    ok(m && m->shape.window == 8 && strcmp(m->shape.family, "mistral") == 0, "mistral: window");
    is_int(m ? m->n_params : 0, 158656, "mistral: numbers");
    tb_model_close(m);
}

static void golden_refused(const char *name, const char *type)
{
    struct tb_model *m = golden(name);
    ok(!m && err.kind == TB_ERR_FORMAT && strstr(err.text, type) && strstr(err.text, "known are llama, mistral")
       && tb_str_ends(err.where, "config.json"), "%s is refused: %s", name, err.text);
    tb_model_close(m);
}

static void golden_models(void)
{
    char *path = golden_path("llama-tied");
    bool is_there = tb_dir_exists(path);
    free(path);
    if (!is_there) {
        skip("golden models", "TUNEBENCH_GOLDEN is not there");
        return;
    }
    golden_llama();
    golden_refused("gpt2", "\"gpt2\"");
    golden_refused("gemma3", "\"gemma3_text\"");
}

/* ---- folders written here */

/* The tensors of a model from scratch, as they are written. */
struct tensors {
    struct tb_to_write at[MOST];
    size_t n;
    enum tb_dtype type;
};

static bool collect(void *arg, const char *name, const struct tb_weight *w, const float *gain, int64_t rows,
                    int64_t cols)
{
    struct tensors *t = arg;
    t->at[t->n++] = (struct tb_to_write){ .name = tb_xstrdup(name), .type = TB_DTYPE_F32, .n_dims = w ? 2 : 1,
                                          .dims = { w ? rows : cols, w ? cols : 0 },
                                          .data = w ? w->p : (const void *)gain };
    return true;
}

static void free_tensors(struct tensors *t)
{
    for (size_t i = 0; i < t->n; i++)
        free((char *)(uintptr_t)t->at[i].name);
}

static struct tb_model *scratch(bool is_tied)
{
    struct tb_scratch s = { .vocab = VOCAB, .d = D, .n_layers = LAYERS, .n_heads = HEADS, .n_kv = KV, .ff = FF,
                            .context = 64, .rope_theta = 10000, .norm_eps = 1e-5, .is_tied = is_tied,
                            .init = "normal" };
    return tb_model_scratch(&s, &err);
}

static const char config_text[] =
    "{\"model_type\": \"llama\", \"hidden_size\": 16, \"num_hidden_layers\": 2, \"num_attention_heads\": 4,"
    " \"num_key_value_heads\": 2, \"intermediate_size\": 24, \"vocab_size\": 50, \"max_position_embeddings\": 64,"
    " \"rms_norm_eps\": 1e-05, \"hidden_act\": \"silu\", \"tie_word_embeddings\": false}";

/* Writes name/config.json: the one above with the keys of `changes` (a JSON map, NULL: none) on top. */
static void write_config(const char *name, const char *changes)
{
    struct tb_json *c = tb_json_parse(config_text, strlen(config_text), "config", &err);
    struct tb_json *over = changes ? tb_json_parse(changes, strlen(changes), "changes", &err) : NULL;
    for (void *it = tb_json_first(over); it; it = tb_json_next(over, it))
        tb_json_set(c, tb_json_iter_key(it), tb_json_copy(tb_json_iter_value(it)));
    char *text = tb_json_text(c, TB_JSON_PRETTY), *dir = path_of(name), *file = tb_path_join(dir, "config.json");
    if (!tb_dir_make(dir, 0700, &err) || !tb_file_replace(file, text, strlen(text), &err))
        printf("# %s\n", err.text);
    tb_json_free(c);
    tb_json_free(over);
    free(text);
    free(dir);
    free(file);
}

static void write_tensors(const char *name, const char *file, const struct tb_to_write *at, size_t n)
{
    char *dir = path_of(name), *path = tb_path_join(dir, file);
    if (!tb_dir_make(dir, 0700, &err) || !tb_safetensors_write(path, at, n, &err))
        printf("# %s\n", err.text);
    free(dir);
    free(path);
}

static void write_text(const char *name, const char *file, const char *text)
{
    char *dir = path_of(name), *path = tb_path_join(dir, file);
    if (!tb_file_replace(path, text, strlen(text), &err))
        printf("# %s\n", err.text);
    free(dir);
    free(path);
}

static struct tb_model *open_model(const char *name)
{
    char *path = path_of(name);
    memset(&err, 0, sizeof err);
    struct tb_model *m = tb_model_open(path, &err);
    if (!m)
        printf("# %s: %s\n", err.where, err.text);
    free(path);
    return m;
}

static void write_folder(const char *name, const char *changes, bool is_tied)
{
    struct tb_model *m = scratch(is_tied);
    struct tensors t = { 0 };
    tb_model_each(m, collect, &t);
    write_config(name, changes);
    write_tensors(name, "model.safetensors", t.at, t.n);
    free_tensors(&t);
    tb_model_close(m);
}

/* Compares the f32 weights of two models by walking both. */
struct other {
    const struct tensors *t;
    size_t n_same;
};

static bool compare(void *arg, const char *name, const struct tb_weight *w, const float *gain, int64_t rows,
                    int64_t cols)
{
    struct other *o = arg;
    for (size_t i = 0; i < o->t->n; i++)
        if (strcmp(o->t->at[i].name, name) == 0)
            o->n_same += memcmp(o->t->at[i].data, w ? w->p : (const void *)gain, (size_t)(rows * cols) * 4) == 0;
    return true;
}

static bool same_weights(const struct tb_model *a, const struct tb_model *b)
{
    struct tensors t = { 0 };
    struct other o = { .t = &t };
    if (!a || !b)
        return false;
    tb_model_each(a, collect, &t);
    tb_model_each(b, compare, &o);
    free_tensors(&t);
    return t.n > 0 && o.n_same == t.n && a->n_params == b->n_params;
}

static void written(void)
{
    struct tb_model *want = scratch(false), *tied = scratch(true), *m;
    write_folder("plain", NULL, false);
    m = open_model("plain");
    ok(same_weights(want, m) && m->bytes == want->bytes && m->n_sites == want->n_sites,
       "the weights as they were written");
    ok(m && m->shape.head_dim == HD && m->shape.rope.theta == 10000 && m->shape.rope.kind == TB_ROPE_PLAIN
       && m->layers[1].linear[TB_DOWN].row_bytes == FF * 4, "head size and theta by default");
    tb_model_close(m);

    write_folder("tied", "{\"tie_word_embeddings\": true, \"head_dim\": null, \"rope_theta\": 5e5}", true);
    m = open_model("tied");
    ok(same_weights(tied, m) && m->head.p == m->embed.p && m->shape.rope.theta == 5e5,
       "a tied head that is not in the file");
    tb_model_close(m);
    write_folder("tied-twice", "{\"tie_word_embeddings\": true}", false);
    m = open_model("tied-twice");
    ok(m && m->head.p == m->embed.p && m->n_params == tied->n_params, "a tied head that is in the file");
    tb_model_close(m);
    tb_model_close(tied);
    tb_model_close(want);
}

/* bf16, and names without "model.". */
static void other_forms(void)
{
    struct tb_model *from = scratch(false), *m;
    struct tensors t = { 0 };
    tb_model_each(from, collect, &t);
    for (size_t i = 0; i < t.n; i++) {
        const char *name = t.at[i].name;
        if (tb_str_starts(name, "model.")) {
            t.at[i].name = tb_xstrdup(name + 6);
            free((char *)(uintptr_t)name);
        }
    }
    write_config("bare", NULL);
    write_tensors("bare", "model.safetensors", t.at, t.n);
    m = open_model("bare");
    ok(same_weights(from, m), "names without \"model.\"");
    tb_model_close(m);
    uint16_t half[VOCAB * D];
    for (int i = 0; i < VOCAB * D; i++)
        half[i] = (uint16_t)(0x3f80 + i % 7);
    for (size_t i = 0; i < t.n; i++) {
        t.at[i].type = TB_DTYPE_BF16;
        t.at[i].data = half;
    }
    write_config("bf16", NULL);
    write_tensors("bf16", "model.safetensors", t.at, t.n);
    m = open_model("bf16");
    ok(m && m->embed.type == TB_BF16 && m->embed.row_bytes == 2 * D && strcmp(m->type_name, "bf16") == 0,
       "bf16 in place");
    ok(m && m->final_norm[0] == 1 && m->final_norm[1] == 1.0078125f, "gains become fp32");
    tb_model_close(m);
    free_tensors(&t);
    tb_model_close(from);
}

/* Puts a blank behind the header, so that all data lie at odd addresses. */
static void shift(const char *from, const char *to)
{
    char *a = path_of(from), *b = path_of(to), *p;
    size_t n;
    uint64_t head = 0;
    struct tb_buf out = { 0 };
    p = tb_file_read(a, 1 << 20, &n, &err);
    for (int i = 0; i < 8; i++)
        head |= (uint64_t)(uint8_t)p[i] << 8 * i;
    tb_buf_u64(&out, head + 1);
    tb_buf_add(&out, p + 8, head);
    tb_buf_char(&out, ' ');
    tb_buf_add(&out, p + 8 + head, n - 8 - head);
    tb_file_replace(b, out.p, out.n, &err);
    tb_buf_free(&out);
    free(p);
    free(a);
    free(b);
}

static void misaligned(void)
{
    struct tb_model *want = scratch(false), *m;
    write_config("odd", NULL);
    shift("plain/model.safetensors", "odd/model.safetensors");
    m = open_model("odd");
    ok(same_weights(want, m), "data at odd addresses");
    ok(m && (uintptr_t)m->embed.p % 4 == 0 && (uintptr_t)m->layers[1].linear[TB_UP].p % 4 == 0,
       "are copied to even ones");
    int64_t gains = (2 * LAYERS + 1) * D;
    ok(m && m->bytes == 4 * (uint64_t)(2 * m->n_params - gains), "and counted");
    tb_model_close(m);
    tb_model_close(want);
}

static void shards(void)
{
    struct tb_model *want = scratch(false), *m;
    struct tensors t = { 0 };
    struct tb_buf index = { 0 };
    tb_model_each(want, collect, &t);
    write_config("shards", NULL);
    write_tensors("shards", "model-00001-of-00002.safetensors", t.at, 9);
    write_tensors("shards", "model-00002-of-00002.safetensors", t.at + 9, t.n - 9);
    tb_buf_str(&index, "{\"metadata\": {\"total_size\": 1}, \"weight_map\": {");
    for (size_t i = t.n; i-- > 0;)
        tb_buf_fmt(&index, "\"%s\": \"model-0000%d-of-00002.safetensors\"%s", t.at[i].name, i < 9 ? 1 : 2,
                   i ? ", " : "}}");
    write_text("shards", "model.safetensors.index.json", index.p);
    m = open_model("shards");
    ok(same_weights(want, m), "two shards and an index");
    tb_model_close(m);
    write_text("shards", "model.safetensors.index.json", "{\"weight_map\": {\"x\": \"../plain/model.safetensors\"}}");
    m = open_model("shards");
    ok(!m && strstr(err.text, "no file beside it"), "an index that leaves the folder");
    write_text("shards", "model.safetensors.index.json", "{\"weight_map\": {\"x\": \"gone.safetensors\"}}");
    m = open_model("shards");
    ok(!m && err.kind == TB_ERR_NOTFOUND && strstr(err.where, "gone.safetensors"), "a shard that is not there");
    write_text("shards", "model.safetensors.index.json", "{\"weight_map\": 7}");
    m = open_model("shards");
    ok(!m && strstr(err.text, "weight_map"), "an index without a map");
    tb_buf_free(&index);
    free_tensors(&t);
    tb_model_close(want);
}

static void refused(const char *changes, const char *word)
{
    write_config("plain", changes);
    struct tb_model *m = open_model("plain");
    ok(!m && err.kind == TB_ERR_FORMAT && strstr(err.text, word), "refused: %s", changes);
    tb_model_close(m);
}

static void configs(void)
{
    struct tb_model *m;
    refused("{\"hidden_act\": \"gelu\"}", "gelu");
    refused("{\"attention_bias\": true}", "attention_bias");
    refused("{\"mlp_bias\": true}", "mlp_bias");
    refused("{\"num_hidden_layers\": null}", "\"num_hidden_layers\" is missing");
    refused("{\"num_hidden_layers\": -3}", "num_hidden_layers");
    refused("{\"num_hidden_layers\": 5000}", "4096");
    refused("{\"hidden_size\": 99999999999}", "hidden_size");
    refused("{\"vocab_size\": \"50\"}", "vocab_size");
    refused("{\"num_key_value_heads\": 3}", "no multiple");
    refused("{\"num_attention_heads\": 3, \"num_key_value_heads\": 1}", "head_dim");
    refused("{\"head_dim\": 3}", "odd");
    refused("{\"model_type\": 3}", "model_type is missing");
    refused("{\"quantization_config\": {\"quant_method\": \"gptq\"}}", "gptq");
    refused("{\"rope_scaling\": {\"type\": \"dynamic\", \"factor\": 2}}", "\"dynamic\"");
    refused("{\"rope_scaling\": {\"type\": \"linear\"}}", "factor");
    refused("{\"rope_scaling\": \"x\"}", "\"rope_scaling\" must be an object");
    refused("{\"rope_parameters\": []}", "\"rope_parameters\" must be an object");
    refused("{\"rope_parameters\": {}, \"rope_scaling\": 3}", "\"rope_scaling\" must be an object");
    refused("{\"rope_parameters\": {\"rope_type\": \"linear\", \"factor\": 0}}", "above 0");
    refused("{\"rope_parameters\": {\"rope_type\": \"llama3\", \"factor\": 4, \"low_freq_factor\": 4,"
            " \"high_freq_factor\": 1, \"original_max_position_embeddings\": 64}}", "low < high");
    refused("{\"rope_parameters\": {\"full_attention\": {\"rope_type\": \"default\"}}}", "full_attention");
    refused("{\"partial_rotary_factor\": 0.5}", "partial_rotary_factor");
    refused("{\"rope_theta\": \"1e6\"}", "\"rope_theta\" must be a number");
    refused("{\"tie_word_embeddings\": \"yes\"}", "true or false");
    refused("{\"rms_norm_eps\": 2}", "epsilon");
    refused("{\"rope_scaling\": {\"rope_type\": 3}}", "rope_type");
    refused("{\"intermediate_size\": 32}",
            "tensor model.layers.0.mlp.gate_proj.weight: expected [32, 16], found [24, 16]");
    refused("{\"num_hidden_layers\": 3}", "tensor model.layers.2.input_layernorm.weight is missing");

    write_config("plain", "{\"rope_scaling\": {\"type\": \"linear\", \"factor\": 2}, \"sliding_window\": 7}");
    m = open_model("plain");
    ok(m && m->shape.rope.kind == TB_ROPE_LINEAR && m->shape.rope.factor == 2 && m->shape.window == 0,
       "linear rope of transformers 4; llama knows no window");
    tb_model_close(m);
    write_config("plain", "{\"rope_parameters\": {\"rope_type\": \"default\", \"rope_theta\": 77}, \"rope_theta\": 5}");
    m = open_model("plain");
    ok(m && m->shape.rope.theta == 77, "transformers 5 goes before transformers 4");
    tb_model_close(m);
    write_config("plain", "{\"model_type\": \"mistral\", \"sliding_window\": null}");
    m = open_model("plain");
    ok(m && m->shape.window == 0, "mistral without a window");
    tb_model_close(m);
    write_config("plain", "{\"model_type\": \"mistral\"}");
    m = open_model("plain");
    ok(m && m->shape.window == 4096, "mistral's window by default");
    tb_model_close(m);
    write_config("plain", NULL);
}

/* One tensor in another form than its model needs. */
static void broken(void)
{
    struct tb_model *from = scratch(false), *m;
    struct tensors t = { 0 };
    tb_model_each(from, collect, &t);
    struct tb_to_write *k = &t.at[3], was = *k;
    write_config("broken", NULL);
    k->type = TB_DTYPE_I32;
    write_tensors("broken", "model.safetensors", t.at, t.n);
    m = open_model("broken");
    ok(!m && strstr(err.text, "tensor model.layers.0.self_attn.k_proj.weight is I32; read are F32, F16 and BF16"),
       "a type that is not read");
    *k = was;
    k->n_dims = 1;
    k->dims[0] = KV * HD * D;
    write_tensors("broken", "model.safetensors", t.at, t.n);
    m = open_model("broken");
    ok(!m && strstr(err.text, "expected [8, 16], found [128]"), "a vector for a matrix");
    *k = was;
    write_tensors("broken", "model.safetensors", t.at, t.n - 1);
    m = open_model("broken");
    ok(!m && strstr(err.text, "tensor lm_head.weight is missing"), "no head");
    write_text("broken", "model.safetensors", "\x08\0\0");
    m = open_model("broken");
    ok(!m && strstr(err.where, "model.safetensors"), "a file cut short");
    free_tensors(&t);
    tb_model_close(from);
}

static void kinds_of_path(void)
{
    struct tb_model *m = open_model("nowhere");
    ok(!m && err.kind == TB_ERR_NOTFOUND, "nothing there");
    m = open_model("plain/model.safetensors");
    ok(!m && strstr(err.text, "give the folder"), "a weight file instead of its folder");
    write_text("plain", "notes.txt", "GGU");
    m = open_model("plain/notes.txt");
    ok(!m && strstr(err.text, "no GGUF file"), "another file");
    m = open_model(".");
    ok(!m && err.kind == TB_ERR_NOTFOUND && strstr(err.text, "config.json"), "a folder without config.json");
    write_text(".", "adapter_config.json", "{}");
    m = open_model(".");
    ok(!m && strstr(err.text, "adapter"), "an adapter's folder");
    write_config("empty", NULL);
    m = open_model("empty");
    ok(!m && strstr(err.text, "model.safetensors.index.json"), "a folder without weights");
}

static void flip_last(const char *name)
{
    size_t n;
    char *path = path_of(name), *p = tb_file_read(path, 1 << 20, &n, &err);
    p[n - 1] ^= 1;
    tb_file_replace(path, p, n, &err);
    free(p);
    free(path);
}

static void ids(void)
{
    struct tb_model *a = open_model("plain"), *b, *other;
    write_folder("copy", "{\"transformers_version\": \"4.0\"}", false);
    b = open_model("copy");
    ok(a && b && strlen(a->base_id) == 64 && strcmp(a->base_id, b->base_id) == 0,
       "equal bytes elsewhere have the same id");
    write_config("copy", "{\"rope_theta\": 20000}");
    other = open_model("copy");
    ok(a && other && strcmp(a->base_id, other->base_id) != 0, "another theta is another base");
    tb_model_close(other);
    other = open_model("tied-twice");
    ok(a && other && strcmp(a->base_id, other->base_id) != 0, "so is a tied head");
    tb_model_close(other);
    other = open_model("odd");
    ok(a && other && strcmp(a->base_id, other->base_id) != 0, "and another header");
    tb_model_close(other);
    write_config("copy", NULL);
    flip_last("copy/model.safetensors");
    other = open_model("copy");
    ok(a && other && strcmp(a->base_id, other->base_id) != 0, "and one bit of a weight");
    tb_model_close(other);
    tb_model_close(a);
    tb_model_close(b);
}

static void found_at(const char *name, const char *want)
{
    char *data = path_of("data"), *found = tb_model_find(name, data, &err);
    is_str(found, want, want);
    free(found);
    free(data);
}

static void finding(void)
{
    char *before = getcwd(NULL, 0), *list = tb_xasprintf("/nowhere::%s/models", root), *want;
    static const char *const dirs[] = { "data", "models", "work", "work/tiny" };
    for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
        char *dir = path_of(dirs[i]);
        tb_dir_make(dir, 0700, &err);
        free(dir);
    }
    write_config("data/tiny", NULL);
    write_text("models", "small.gguf", "GGUF");
    write_text("data", "small.gguf", "GGUF");
    write_text("work", "here.gguf", "GGUF");
    char *work = path_of("work");
    setenv("TUNEBENCH_MODELS", list, 1);
    if (chdir(work) != 0)
        printf("# cannot go to %s\n", work);
    found_at("here", "here.gguf");
    found_at("here.gguf", "here.gguf");
    want = tb_xasprintf("%s/models/small.gguf", root);
    found_at("small", want);
    found_at(want, want);
    free(want);
    want = tb_xasprintf("%s/data/tiny", root);
    found_at("tiny", want);
    free(want);
    setenv("TUNEBENCH_MODELS", "", 1);
    want = tb_xasprintf("%s/data/small.gguf", root);
    found_at("small", want);
    free(want);
    ok(!tb_model_find("absent", NULL, &err) && err.kind == TB_ERR_NOTFOUND && strstr(err.text, "absent.gguf")
       && strstr(err.text, "TUNEBENCH_MODELS"), "%s", err.text);
    want = tb_model_find("tiny", NULL, &err);
    is_str(want, "tiny", "a folder that is no model, if there is nothing else");
    ok(!tb_model_find("", NULL, &err), "no name");
    if (chdir(before) != 0)
        printf("# cannot go back\n");
    free(want);
    free(work);
    free(before);
    free(list);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(root, sizeof root, "%s/tb-open-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(root)) {
        printf("Bail out! no temporary folder\n");
        return 1;
    }
    golden_models();
    written();
    other_forms();
    misaligned();
    shards();
    configs();
    broken();
    kinds_of_path();
    ids();
    finding();
    tb_dir_remove(root, &err);
    return done();
}
