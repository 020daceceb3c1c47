/* SPDX-License-Identifier: MIT */
/* PEFT folders: what is written comes back bit for bit for every method; configurations equal the library's key by key;
 * small hand-written folders, other element types and names with "default" in them open; hostile folders are refused
 * with words that name the field or tensor. */
#include "exchange/exchange.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "exchange/peft_fields.h"
#include "kernels/rng.h"
#include "method/saved.h"
#include "tests/tap.h"

static char dir[300];
static struct tb_model *model;
static struct tb_kernels *k;

static struct tb_model *tiny(void)
{
    struct tb_scratch s = { .vocab = 61, .d = 32, .n_layers = 2, .n_heads = 4, .n_kv = 2, .ff = 48, .context = 64,
                            .rope_theta = 10000, .norm_eps = 1e-5, .is_tied = true, .init = "normal", .seed = 3 };
    return tb_model_scratch(&s, NULL);
}

static char *in_dir(const char *name)
{
    return tb_path_join(dir, name);
}

static void write_text(const char *folder, const char *name, const char *text)
{
    char *path = tb_path_join(folder, name);
    tb_dir_make(folder, 0777, NULL);
    if (!tb_file_replace(path, text, strlen(text), NULL))
        abort();
    free(path);
}

/* ---- adapters with numbers in them */

static bool start(struct tb_adapter *a, struct tb_err *err)
{
    static const int32_t text[1];
    struct tb_start s = { .seed = 5, .text = text, .n_text = 1 };
    return tb_adapter_bind(a, k, err) && tb_adapter_init(a, &s, err);
}

static void disturb(struct tb_adapter *a)
{
    for (int i = 0; i < a->n_tensors; i++) {
        struct tb_tensor *t = &a->tensors[i];
        int64_t n = t->w.rows * t->w.cols;
        float *w = tb_xcalloc((size_t)n, sizeof *w);
        for (int64_t j = 0; t->want.kind == TB_TRAINED && j < n; j++) {
            uint32_t c[4] = { 9, (uint32_t)i, 0, (uint32_t)j }, word[4];
            tb_philox(word, c, 2);
            w[j] = tb_rng_uniform(word[0]) - 0.5f;
        }
        if (t->want.kind == TB_TRAINED)
            tb_tensor_put(k, t, w);
        free(w);
    }
    if (a->method->derive)
        a->method->derive(a);
}

static struct tb_adapter *make(const char *method, const char *keys)
{
    struct tb_err err = { 0 };
    struct tb_json *j = tb_json_parse(keys, strlen(keys), method, &err);
    struct tb_adapter *a = j ? tb_adapter_open(tb_method_find(method), j, model, method, &err) : NULL;
    tb_json_free(j);
    if (!a || !start(a, &err)) {
        printf("# %s\n", err.text);
        return NULL;
    }
    disturb(a);
    return a;
}

static struct tb_adapter *read_back(const char *path, const struct tb_model *m, struct tb_err *err)
{
    struct tb_adapter *a = tb_peft_open(path, m, "part", err);
    if (a && start(a, err) && tb_peft_load(path, a, err)) {
        if (a->method->derive)
            a->method->derive(a);
        return a;
    }
    tb_adapter_close(a);
    return NULL;
}

static bool same_tensors(const struct tb_adapter *a, const struct tb_adapter *b)
{
    struct tb_saved s[2] = { { 0 }, { 0 } };
    tb_saved_peft(&s[0], a);
    tb_saved_encoder(&s[0], a);
    tb_saved_peft(&s[1], b);
    tb_saved_encoder(&s[1], b);
    bool same = s[0].n == s[1].n && s[0].n > 0;
    for (size_t i = 0; same && i < s[0].n; i++)
        same = strcmp(s[0].at[i].name, s[1].at[i].name) == 0 && s[0].at[i].n == s[1].at[i].n
            && memcmp(s[0].at[i].data, s[1].at[i].data, (size_t)s[0].at[i].n * sizeof(float)) == 0;
    tb_saved_free(&s[0]);
    tb_saved_free(&s[1]);
    return same;
}

static void round_trip(const char *method, const char *keys)
{
    struct tb_err err = { 0 };
    struct tb_adapter *a = make(method, keys), *b = NULL;
    char *path = in_dir("trip");
    bool written = a && tb_peft_write(a, path, "a base", &err);
    if (written)
        b = read_back(path, model, &err);
    ok(b && b->method == a->method && b->n_seats == a->n_seats && same_tensors(a, b), "%s %s comes back %s", method,
       keys, err.text);
    bool again = written && tb_peft_write(a, path, NULL, &err);
    ok(!again && err.kind == TB_ERR_USAGE, "%s: a folder that is there is not overwritten", method);
    tb_dir_remove(path, NULL);
    tb_adapter_close(a);
    tb_adapter_close(b);
    free(path);
}

static void round_trips(void)
{
    static const char *const of[][2] = {
        { "lora", "{\"r\": 3, \"alpha\": 5, \"targets\": [\"all\"]}" },
        { "lora", "{\"r\": 2, \"rslora\": true, \"lora_bias\": true, \"layers\": [1], \"dropout\": 0.25}" },
        { "lora", "{\"rank_pattern\": {\"v_proj\": 3}, \"alpha_pattern\": {\"layers.0.self_attn.q_proj\": 1.5}}" },
        { "lora", "{\"targets\": [\".*layers\\\\.0.*(q|v)_proj\"]}" },
        { "lora", "{\"targets\": [\".*q_proj\"], \"layers\": [1]}" },
        { "dora", "{\"r\": 2, \"targets\": [\"q\", \"down\"]}" },
        { "prefix", "{\"tokens\": 3, \"init\": \"zero\"}" },
        { "prefix", "{\"tokens\": 3, \"init\": \"random\", \"projection\": true, \"hidden\": 6}" },
        { "prompt", "{\"tokens\": 4, \"init\": \"random\"}" },
        { "ia3", "{}" },
        { "ia3", "{\"layers\": [1]}" },
        { "ia3", "{\"targets\": [\"k\", \"v\"]}" },
        { "ia3", "{\"targets\": [\"mlp.down_proj\", \"k\"]}" },
        { "oft", "{\"block\": 8}" },
        { "oft", "{\"block\": 4, \"terms\": 0, \"share\": true}" },
        { "loha", "{\"r\": 2, \"targets\": [\"q\", \"down\"]}" },
    };
    bool seen = true;
    for (size_t i = 0; i < sizeof of / sizeof *of; i++)
        round_trip(of[i][0], of[i][1]);
    for (int i = 0; tb_method_at(i); i++) {
        bool is_there = !tb_method_at(i)->peft_type;
        for (size_t n = 0; n < sizeof of / sizeof *of; n++)
            is_there |= strcmp(of[n][0], tb_method_at(i)->name) == 0;
        seen &= is_there && (!tb_method_at(i)->peft_type || tb_peft_fields(tb_method_at(i)->peft_type));
    }
    ok(seen, "every method with a PEFT type is here and has its table of fields");
}

static void stacks(void)
{
    struct tb_adapter *part[2] = { make("lora", "{}"), make("prompt", "{\"tokens\": 2, \"init\": \"random\"}") };
    struct tb_err err = { 0 };
    struct tb_stack *s = tb_stack_of(part, 2, &err);
    char *path = in_dir("stack"), **dirs = NULL, *single = in_dir("stack/lora");
    int n = 0;
    ok(tb_stack_write(s, path, NULL, &err) && tb_stack_dirs(path, &dirs, &n, &err), "a stack is written %s", err.text);
    ok(n == 2 && tb_str_ends(dirs[0], "/lora") && tb_str_ends(dirs[1], "/prompt"), "and its parts are found in order");
    for (int i = 0; i < n; i++) {
        struct tb_adapter *b = read_back(dirs[i], model, &err);
        ok(b && same_tensors(s->part[i], b), "part %d comes back %s", i, err.text);
        tb_adapter_close(b);
        free(dirs[i]);
    }
    free(dirs);
    ok(tb_stack_dirs(single, &dirs, &n, &err) && n == 1 && strcmp(dirs[0], single) == 0,
       "a PEFT folder stands for itself");
    free(dirs[0]);
    free(dirs);
    free(single);
    tb_dir_remove(path, NULL);
    free(path);
    tb_stack_close(s);
}

/* ---- against the library's own files */

static bool equal_lists(const struct tb_json *a, const struct tb_json *b)
{
    size_t found = 0;
    for (size_t i = 0; i < tb_json_len(a); i++)
        for (size_t j = 0; j < tb_json_len(b); j++)
            found += tb_json_equal(tb_json_at(a, i), tb_json_at(b, j));
    return tb_json_len(a) == tb_json_len(b) && found == tb_json_len(a);
}

static bool has_all(const struct tb_json *ours, const struct tb_json *theirs)
{
    for (void *it = tb_json_first(theirs); it; it = tb_json_next(theirs, it)) {
        const char *key = tb_json_iter_key(it);
        const struct tb_json *a = tb_json_get(ours, key), *b = tb_json_iter_value(it);
        bool is_list = tb_json_type(a) == TB_JSON_LIST && tb_json_type(b) == TB_JSON_LIST;
        if (!a || !(is_list ? equal_lists(a, b) : tb_json_equal(a, b))) {
            char *text = a ? tb_json_text(a, TB_JSON_LINE) : tb_xstrdup("missing");
            printf("# %s is %s\n", key, text);
            free(text);
            return false;
        }
    }
    return true;
}

static void compare_config(const char *root, const struct tb_model *m, const char *name)
{
    char *from = tb_xasprintf("%s/cases/%s/init", root, name), *to = in_dir("same");
    char *theirs = tb_path_join(from, "adapter_config.json"), *ours = tb_path_join(to, "adapter_config.json");
    struct tb_err err = { 0 };
    struct tb_json *want = tb_json_load(theirs, 1 << 20, &err), *got = NULL;
    const char *base = tb_json_str(tb_json_get(want, "base_model_name_or_path"), NULL);
    struct tb_adapter *a = want ? read_back(from, m, &err) : NULL;
    if (a && tb_peft_write(a, to, base, &err))
        got = tb_json_load(ours, 1 << 20, &err);
    ok(got && has_all(got, want) && tb_json_len(got) == tb_json_len(want),
       "%s: every field as the library writes it %s", name, err.text);
    tb_json_free(want);
    tb_json_free(got);
    tb_adapter_close(a);
    tb_dir_remove(to, NULL);
    free(theirs);
    free(ours);
    free(from);
    free(to);
}

static void library_files(void)
{
    static const char *const names[] = {
        "lora-qv",       "prefix", "prompt", "lora-all-rslora", "lora-bias", "lora-dora", "lora-layer1",
        "lora-patterns", "ia3",    "oft",    "oft-cayley",      "oft-share", "loha",      "prefix-projection"
    };
    const char *given = getenv("TUNEBENCH_GOLDEN"), *top = getenv("srcdir");
    char *all = tb_path_join(given ? given : "../shared/golden", "cases/llama-tied--loha");
    bool has_golden = tb_dir_exists(all);
    char *root =
        has_golden ? tb_xstrdup(given ? given : "../shared/golden") : tb_path_join(top ? top : ".", "tests/golden");
    char *path = tb_path_join(root, "models/llama-tied");
    struct tb_err err = { 0 };
    struct tb_model *m = tb_model_open(path, &err);
    ok(m != NULL, "golden's model opens %s", err.text);
    for (size_t i = 0; m && i < (has_golden ? sizeof names / sizeof *names : 3); i++) {
        char *name = tb_xasprintf("llama-tied--%s", names[i]);
        compare_config(root, m, name);
        free(name);
    }
    if (!has_golden)
        skip("configurations of other methods", "TUNEBENCH_GOLDEN is not there");
    tb_model_close(m);
    free(path);
    free(root);
    free(all);
}

/* ---- folders written by hand */

enum { ROWS = 2, WIDTH = 32, OUT = 32 };

/* A tensor of a hand-made safetensors file: `value` in every place. */
struct raw {
    const char *name, *dtype;
    int rows, cols;
    uint8_t value[8];
    int bytes; /* of one number */
};

static void write_raw(const char *folder, const struct raw *t, int n)
{
    struct tb_buf head = { 0 }, file = { 0 };
    size_t at = 0;
    for (int i = 0; i < n; i++) {
        size_t size = (size_t)(t[i].rows * t[i].cols * t[i].bytes);
        tb_buf_fmt(&head, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[%d,%d],\"data_offsets\":[%zu,%zu]}", i ? "," : "{",
                   t[i].name, t[i].dtype, t[i].rows, t[i].cols, at, at + size);
        at += size;
    }
    tb_buf_str(&head, n ? "}" : "{}");
    tb_buf_u64(&file, head.n);
    tb_buf_add(&file, head.p, head.n);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < t[i].rows * t[i].cols; j++)
            tb_buf_add(&file, t[i].value, (size_t)t[i].bytes);
    char *path = tb_path_join(folder, "adapter_model.safetensors");
    tb_dir_make(folder, 0777, NULL);
    if (!tb_file_replace(path, file.p, file.n, NULL))
        abort();
    free(path);
    tb_buf_free(&head);
    tb_buf_free(&file);
}

#define Q0 "base_model.model.model.layers.0.self_attn.q_proj."
#define HALF_F16 { 0x00, 0x38 }
#define HALF_BF16 { 0x00, 0x3f }
#define HALF_F32 { 0x00, 0x00, 0x00, 0x3f }
#define HALF_F64 { 0, 0, 0, 0, 0, 0, 0xe0, 0x3f }

static const struct raw one_layer[] = {
    { Q0 "lora_A.weight", "F32", ROWS, WIDTH, HALF_F32, 4 }, { Q0 "lora_B.weight", "F32", OUT, ROWS, HALF_F32, 4 },
};

/* The smallest configuration of the first block's q_proj, with `more` fields. */
static void write_lora(const char *folder, const char *more)
{
    char *text =
        tb_xasprintf("{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4, \"target_modules\": [\"q_proj\"], "
                     "\"layers_to_transform\": 0%s}",
                     more);
    write_text(folder, "adapter_config.json", text);
    free(text);
}

static bool all_half(const struct tb_adapter *a)
{
    struct tb_saved s = { 0 };
    tb_saved_peft(&s, a);
    bool good = s.n == 2;
    for (size_t i = 0; i < s.n; i++)
        for (int64_t j = 0; j < s.at[i].n; j++)
            good &= s.at[i].data[j] == 0.5f;
    tb_saved_free(&s);
    return good;
}

static void opens(const char *what, const struct raw *t, int n, const char *more)
{
    char *path = in_dir("small");
    struct tb_err err = { 0 };
    char text[800];
    write_lora(path, more);
    write_raw(path, t, n);
    struct tb_adapter *a = read_back(path, model, &err);
    ok(a && a->n_seats == 1 && all_half(a) && fabs(a->seats[0].scale - 2) < 1e-6f, "%s opens %s", what,
       a ? "" : tb_err_string(&err, text, sizeof text));
    tb_adapter_close(a);
    tb_dir_remove(path, NULL);
    free(path);
}

static void small_folders(void)
{
    static const struct raw half[] = { { Q0 "lora_A.weight", "F16", ROWS, WIDTH, HALF_F16, 2 },
                                       { Q0 "lora_B.weight", "BF16", OUT, ROWS, HALF_BF16, 2 } };
    static const struct raw wide[] = { { Q0 "lora_A.default.weight", "F64", ROWS, WIDTH, HALF_F64, 8 },
                                       { Q0 "lora_B.default.weight", "F32", OUT, ROWS, HALF_F32, 4 } };
    opens("a configuration of four fields", one_layer, 2, "");
    opens("F16 and BF16", half, 2, "");
    opens("F64, and \"default\" left in the names", wide, 2, "");
    opens("what means nothing here", one_layer, 2,
          ", \"task_type\": null, \"bias\": \"none\", \"inference_mode\": false, \"megatron_core\": \"x\", "
          "\"base_model_name_or_path\":"
          " \"elsewhere\", \"runtime_config\": {\"ephemeral_gpu_offload\": false}, \"a_new_field\": null, "
          "\"layers_pattern\": "
          "\"layers\", \"eva_config\": {\"rho\": 2.0}, \"init_lora_weights\": \"gaussian\"");
}

/* Opens what `fields` say about targets; how many seats. */
static int seats(const char *fields)
{
    char *path = in_dir("targets"),
         *text = tb_xasprintf("{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4%s}", fields);
    struct tb_err err = { 0 };
    write_text(path, "adapter_config.json", text);
    struct tb_adapter *a = tb_peft_open(path, model, "part", &err);
    int n = a ? a->n_seats : -1;
    tb_adapter_close(a);
    tb_dir_remove(path, NULL);
    free(text);
    free(path);
    return n;
}

static void targets(void)
{
    is_int(seats(""), 4, "no target_modules: q and v");
    is_int(seats(", \"target_modules\": \"all-linear\""), 14, "all-linear");
    is_int(seats(", \"target_modules\": [\"all-linear\"]"), 14, "all-linear in a list");
    is_int(seats(", \"target_modules\": [\"self_attn.k_proj\", \"down_proj\"]"), 4, "a list of endings");
    is_int(seats(", \"target_modules\": \".*\\\\.1\\\\.mlp\\\\.(up|gate)_proj\""), 2, "a regular expression");
    is_int(seats(", \"target_modules\": \"model.layers.0.mlp.(up|gate)\""), -1, "which is matched with the whole name");
    is_int(seats(", \"target_modules\": [\"proj\"]"), -1, "a part of a word is no ending");
    is_int(seats(", \"target_modules\": [\"q_proj\"], \"layers_to_transform\": [0, 1]"), 2, "blocks");
    is_int(seats(", \"rank_pattern\": {\"nonsense\": 64}"), 4, "PEFT passes over a pattern of no module");
    is_int(seats(", \"target_modules\": [\"q_proj\"], \"layers_to_transform\": [7]"), -1, "a block that is not there");
}

/* ---- hostile folders */

/* A configuration (whole) that must be refused with `word` in the message. */
static void refused(const char *config, const char *word)
{
    char *path = in_dir("bad");
    struct tb_err err = { 0 };
    char text[800];
    write_text(path, "adapter_config.json", config);
    struct tb_adapter *a = tb_peft_open(path, model, "part", &err);
    tb_err_string(&err, text, sizeof text);
    bool is_kind = err.kind == TB_ERR_FORMAT || err.kind == TB_ERR_LIMIT;
    ok(!a && is_kind && strstr(text, word), "refused: %s", a ? config : text);
    tb_adapter_close(a);
    tb_dir_remove(path, NULL);
    free(path);
}

#define PREFIX "{\"peft_type\": \"PREFIX_TUNING\", \"num_virtual_tokens\": 4, "

static void bad_configs(void)
{
    static const char *const field[][2] = {
        { "\"bias\": \"all\"", "bias" }, { "\"modules_to_save\": [\"lm_head\"]", "modules_to_save" },
        { "\"exclude_modules\": [\"k_proj\"]", "exclude_modules" }, { "\"fan_in_fan_out\": true", "fan_in_fan_out" },
        { "\"init_lora_weights\": \"pissa_niter_4\"", "init_lora_weights" },
        { "\"init_lora_weights\": \"olora\"", "init_lora_weights" }, { "\"layers_pattern\": \"h\"", "layers_pattern" },
        { "\"use_qalora\": true", "use_qalora" }, { "\"a_new_field\": 3", "a_new_field" },
        { "\"a_new_map\": {\"on\": true}", "a_new_map" }, { "\"task_type\": \"SEQ_CLS\"", "task_type" },
        { "\"trainable_token_indices\": [1]", "trainable_token_indices" }, { "\"r\": \"8\"", "r must be" },
        { "\"r\": 0", "r must be" }, { "\"r\": 1000000000000", "r must be" }, { "\"lora_alpha\": -1", "alpha must be" },
        { "\"rank_pattern\": [1]", "rank_pattern" }, { "\"target_modules\": 5", "targets" },
        { "\"target_modules\": []", "match no module" }, { "\"target_modules\": \"((((\"", "match no module" },
        { "\"layers_to_transform\": \"0\"", "layers" }, { "\"use_rslora\": 1", "rslora" },
        { "\"use_dora\": \"x\"", "use_dora must be true or false, not \"x\"" },
        { "\"rank_pattern\": {\"(\": 4}", "rank_pattern: '(' cannot be read" },
        { "\"alpha_pattern\": {\"q_proj\": 4, \"[a\": 4}", "alpha_pattern: '[a' cannot be read" },
    };
    for (size_t i = 0; i < sizeof field / sizeof *field; i++) {
        char *config = tb_xasprintf("{\"peft_type\": \"LORA\", %s}", field[i][0]);
        refused(config, field[i][1]);
        free(config);
    }
    refused("{\"r\": 8}", "peft_type");
    refused("{\"peft_type\": \"lora\"}", "peft_type is 'lora'");
    refused("{\"peft_type\": \"VERA\", \"r\": 8}", "LORA, PREFIX_TUNING");
    refused("{\"peft_type\": 7}", "peft_type");
    refused("[1, 2]", "object");
    refused("{\"peft_type\": \"LORA\", ", "adapter_config.json");
    refused("", "adapter_config.json");
    refused("{\"peft_type\": \"LORA\", \"r\": 8, \"r\": 4}", "r");
    refused("{\"peft_type\": \"PREFIX_TUNING\"}", "tokens");
    refused("{\"peft_type\": \"PREFIX_TUNING\", \"num_virtual_tokens\": -3}", "tokens");
    refused("{\"peft_type\": \"PROMPT_TUNING\", \"num_virtual_tokens\": 1e18}", "tokens");
    refused(PREFIX "\"num_layers\": 99}", "num_layers is 99; of this model it is 2");
    refused(PREFIX "\"token_dim\": -1}", "token_dim is -1; of this model it is");
    refused(PREFIX "\"token_dim\": \"16\"}", "token_dim is \"16\"; of this model it is");
    refused(PREFIX "\"num_attention_heads\": 77}", "num_attention_heads is 77");
    refused(PREFIX "\"prefix_projection\": 1}", "prefix_projection must be true or false, not 1");
    refused("{\"peft_type\": \"PROMPT_TUNING\", \"num_virtual_tokens\": 4, \"token_dim\": 1}", "token_dim is 1; of");
    refused("{\"peft_type\": \"OFT\", \"target_modules\": [\"q_proj\"]}", "oft_block_size");
    refused("{\"peft_type\": \"OFT\", \"oft_block_size\": 7, \"target_modules\": [\"q_proj\"]}", "does not divide");
    refused("{\"peft_type\": \"OFT\", \"oft_block_size\": 8, \"coft\": true}", "coft");
    refused("{\"peft_type\": \"LORA\", \"use_dora\": true, \"lora_bias\": true}", "lora_bias");
}

/* Tensors that do not fit the small configuration. */
static void unfit(const char *what, const struct raw *t, int n, const char *word)
{
    char *path = in_dir("unfit");
    struct tb_err err = { 0 };
    char text[800];
    write_lora(path, "");
    write_raw(path, t, n);
    struct tb_adapter *a = read_back(path, model, &err);
    tb_err_string(&err, text, sizeof text);
    ok(!a && err.kind == TB_ERR_FORMAT && strstr(text, word), "%s: %s", what, text);
    tb_adapter_close(a);
    tb_dir_remove(path, NULL);
    free(path);
}

static void bad_tensors(void)
{
    struct raw t[3] = { one_layer[0], one_layer[1], one_layer[0] };
    unfit("a tensor is missing", t, 1, "lora_B.weight is missing");
    unfit("no tensor at all", t, 0, "missing");
    t[2].name = "base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight";
    unfit("a tensor of a module that is not named", t, 3,
          "layers.1.self_attn.q_proj.lora_A.weight belongs to no module");
    t[2].name = Q0 "lora_A.default.weight";
    unfit("a tensor under two names", t, 3, "twice");
    t[0].rows = WIDTH, t[0].cols = ROWS;
    unfit("a transposed tensor", t, 2, "[32, 2]; this model and configuration need [2, 32]");
    t[0] = one_layer[0];
    t[0].name = "model.layers.0.self_attn.q_proj.lora_A.weight";
    unfit("a name without its prefix", t, 2, "belongs to no module");
    t[0] = one_layer[0];
    t[0].dtype = "I32";
    unfit("whole numbers", t, 2, "is of type I32; expected F32, F16, BF16 or F64");
    t[0].dtype = "U8", t[0].bytes = 1;
    unfit("an element type that is no number of ours", t, 2, "lora_A");
}

static void missing_files(void)
{
    char *path = in_dir("empty");
    struct tb_err err = { 0 };
    tb_dir_make(path, 0777, NULL);
    ok(!tb_peft_open(path, model, "part", &err) && err.kind == TB_ERR_NOTFOUND, "an empty folder: %s", err.text);
    write_lora(path, "");
    struct tb_adapter *a = read_back(path, model, &err);
    ok(!a && err.kind == TB_ERR_NOTFOUND && strstr(err.text, "adapter_model.safetensors"), "no tensors: %s", err.text);
    write_text(path, "adapter_model.bin", "\x80\x02");
    a = read_back(path, model, &err);
    ok(!a && err.kind == TB_ERR_FORMAT && strstr(err.text, "pickle"), "a pickle: %s", err.text);
    write_text(path, "adapter_model.safetensors", "\xff\xff\xff\xff\xff\xff\xff\x7f{}");
    a = read_back(path, model, &err);
    ok(!a && err.kind == TB_ERR_FORMAT, "a header longer than the file: %s", err.text);
    tb_dir_remove(path, NULL);
    free(path);
}

static void bad_manifests(void)
{
    static const char *const text[] = {
        "{\"schema\": \"tunebench.stack\", \"order\": [{\"dir\": \"../lora\"}]}",
        "{\"schema\": \"tunebench.stack\", \"order\": [{\"dir\": \"..\"}]}",
        "{\"schema\": \"tunebench.stack\", \"order\": [{\"dir\": \"/etc\"}]}",
        "{\"schema\": \"tunebench.stack\", \"order\": [{\"dir\": \"\"}]}",
        "{\"schema\": \"tunebench.stack\", \"order\": [{\"kind\": \"lora\"}]}",
        "{\"schema\": \"tunebench.stack\", \"order\": []}",
        "{\"schema\": \"tunebench.stack\", \"order\": {\"dir\": \"lora\"}}",
        "{\"schema\": \"tunebench.stack\", \"order\": [1, 2, 3, 4, 5, 6, 7, 8, 9]}",
        "{\"schema\": \"else\", \"order\": [{\"dir\": \"lora\"}]}",
        "[]", "{",
    };
    char *path = in_dir("manifest");
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        struct tb_err err = { 0 };
        char **dirs, words[800];
        int n;
        write_text(path, "tunebench.json", text[i]);
        bool good = tb_stack_dirs(path, &dirs, &n, &err);
        ok(!good && !dirs && n == 0 && err.kind == TB_ERR_FORMAT, "%s: %s", text[i],
           tb_err_string(&err, words, sizeof words));
    }
    tb_dir_remove(path, NULL);
    free(path);
}

int main(void)
{
    const char *temp = getenv("TMPDIR");
    char why[200];
    snprintf(dir, sizeof dir, "%s/exchange_peft_test-%ld", temp ? temp : "/tmp", (long)getpid());
    tb_dir_make(dir, 0700, NULL);
    tb_method_register();
    model = tiny();
    k = tb_kernels_open("ref", 1, why, sizeof why);
    ok(model && k, "a tiny model");
    round_trips();
    stacks();
    library_files();
    small_folders();
    targets();
    bad_configs();
    bad_tensors();
    missing_files();
    bad_manifests();
    k->close(k);
    tb_model_close(model);
    tb_dir_remove(dir, NULL);
    return done();
}
