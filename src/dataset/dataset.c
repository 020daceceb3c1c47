/* SPDX-License-Identifier: MIT */
/* dataset.c - from files to rows of tokens (doc/frozen.md 2, design 3 "Text").
 *     ids = [bos] encode(prompt template) encode(completion template) [eos], encoded apart
 * Labels are the completion and eos; without a prompt, every token but the first. Prompts are the
 * same where the first 8 bytes of their SHA-256 are, and that number decides what is held out.
 * Token ids and fields are kept in two pools; the files are unmapped when all is read. */
#include "dataset/dataset_priv.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"

enum { BYTES_PER_BYTE = 8 }; /* memory for a byte of text: its copy, ids, rows; a generous guess */

static uint64_t hash_of(struct tb_field f)
{
    struct tb_sha256 h;
    uint8_t digest[32];
    uint64_t v = 0;
    tb_sha256_begin(&h);
    tb_sha256_add(&h, f.p ? f.p : "", f.n);
    tb_sha256_end(&h, digest);
    for (int i = 0; i < 8; i++)
        v = v << 8 | digest[i];
    return v;
}

/* Appends the ids of a field in its template. */
static bool encode(struct tb_dataset *d, const char *template, const char *mark, struct tb_field f,
                   struct tb_err *err)
{
    const char *at = template ? strstr(template, mark) : NULL;
    tb_buf_clear(&d->scratch);
    if (at) {
        tb_buf_add(&d->scratch, template, (size_t)(at - template));
        tb_buf_add(&d->scratch, f.p, f.n);
        tb_buf_str(&d->scratch, at + strlen(mark));
        f = (struct tb_field){ d->scratch.p, d->scratch.n };
    }
    return tb_tokenizer_encode(d->t, f.p, f.n, d->parses_special, &d->ids, err);
}

static void add_id(struct tb_dataset *d, int32_t id)
{
    d->ids.p = tb_grow(d->ids.p, d->ids.n, &d->ids.cap, sizeof *d->ids.p);
    d->ids.p[d->ids.n++] = id;
}

/* Keeps the row whose ids are the last in the pool, or drops them and counts why. */
static void keep(struct tb_dataset *d, struct tb_data_row r, struct tb_field prompt,
                 struct tb_field completion, int line)
{
    struct tb_dataset_counts *c = &d->counts;
    size_t n = d->ids.n - r.ids;
    int first = r.n_prompt > 1 ? r.n_prompt : 1;
    bool has_label = completion.n > 0 && n > (size_t)first;
    c->read++;
    c->longest = n > (size_t)c->longest ? (int)n : c->longest;
    if (!has_label || n > (size_t)c->max_tok) {
        c->no_label += !has_label;
        c->too_long += has_label;
        int *where = has_label ? &c->long_line : &c->empty_line;
        *where = *where ? *where : line;
        d->ids.n = r.ids;
        return;
    }
    r.n = (int)n;
    r.text = d->text.n;
    r.prompt_bytes = (uint32_t)prompt.n;
    r.completion_bytes = (uint32_t)completion.n;
    r.hash = hash_of(prompt.p ? prompt : completion);
    r.is_held = ldexp((double)r.hash, -64) < d->share;
    r.source = (uint8_t)d->reading;
    if (prompt.n)
        tb_buf_add(&d->text, prompt.p, prompt.n);
    tb_buf_add(&d->text, completion.p, completion.n);
    d->row = tb_grow(d->row, d->n_rows, &d->row_cap, sizeof *d->row);
    d->row[d->n_rows++] = r;
    c->prompt_tok += r.n_prompt;
    c->completion_tok += r.n - r.n_prompt;
    c->own_tok += r.n;
}

bool tb_dataset_add(struct tb_dataset *d, struct tb_field prompt, struct tb_field completion,
                    int line, struct tb_err *err)
{
    struct tb_data_row r = { .ids = d->ids.n };
    int32_t eos = tb_tokenizer_eos(d->t);
    if (tb_tokenizer_adds_bos(d->t))
        add_id(d, tb_tokenizer_bos(d->t));
    if (prompt.p) {
        if (!encode(d, d->prompt_template, "{1}", prompt, err))
            return false;
        size_t n = d->ids.n - r.ids;
        r.n_prompt = n > TB_DATASET_MAX_ROW ? TB_DATASET_MAX_ROW : (int)n;
    }
    if (!encode(d, prompt.p ? d->completion_template : NULL, "{2}", completion, err))
        return false;
    if (eos >= 0)
        add_id(d, eos);
    keep(d, r, prompt, completion, line);
    return true;
}

bool tb_dataset_add_ids(struct tb_dataset *d, const int32_t *ids, size_t n, struct tb_err *err)
{
    struct tb_data_row r = { .ids = d->ids.n };
    struct tb_buf text = { 0 };
    bool good = tb_tokenizer_decode(d->t, ids, n, &text, err);
    if (good && tb_tokenizer_adds_bos(d->t))
        add_id(d, tb_tokenizer_bos(d->t));
    for (size_t i = 0; good && i < n; i++)
        add_id(d, ids[i]);
    if (good)
        keep(d, r, (struct tb_field){ NULL, 0 }, (struct tb_field){ text.p ? text.p : "", text.n },
             0);
    tb_buf_free(&text);
    return good;
}

static const struct tb_data_kind kinds[] = {
    { "pairs", "t.pairs", tb_dataset_keys_pairs, tb_read_pairs },
    { "jsonl", "t.jsonl", tb_dataset_keys_jsonl, tb_read_jsonl },
    { "text", "t.text", tb_dataset_keys_text, tb_read_text },
};

static const struct tb_data_kind *kind_of(const struct tb_json *config, struct tb_err *err)
{
    const char *name = tb_json_str(tb_json_get(config, "kind"), "");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    }
    tb_fail(err, TB_ERR_RECIPE, "data.kind is \"%.40s\"; expected pairs, jsonl or text", name);
    return NULL;
}

static bool load_template(struct tb_dataset *d, struct tb_err *err)
{
    const struct tb_json *both = tb_json_get(d->options, "template");
    if (!both)
        return true;
    d->prompt_template = tb_json_str(tb_json_at(both, 0), "");
    d->completion_template = tb_json_str(tb_json_at(both, 1), "");
    if (tb_json_len(both) != 2 || !strstr(d->prompt_template, "{1}")
        || strstr(d->prompt_template, "{2}") || !strstr(d->completion_template, "{2}")
        || strstr(d->completion_template, "{1}"))
        return tb_fail(err, TB_ERR_RECIPE,
                       "template: expected two strings, the first with {1}, the second with {2}");
    return true;
}

/* The config of source i becomes its options. */
static bool load_source(struct tb_dataset *d, int i, struct tb_err *err)
{
    struct tb_data_source *s = &d->source[i];
    struct tb_json *given = s->options;
    s->options = NULL;
    s->kind = kind_of(given, err);
    tb_json_del(given, "kind");
    if (s->kind)
        s->options = tb_key_check(s->kind->keys, given, s->kind->who, err);
    tb_json_free(given);
    if (!s->options || !tb_key_complete(s->kind->keys, s->options, s->kind->who, err))
        return false;
    const struct tb_json *fields = tb_json_get(s->options, "fields");
    if (fields && (tb_json_len(fields) < 1 || tb_json_len(fields) > 2))
        return tb_fail(err, TB_ERR_RECIPE,
                       "fields: expected two names (prompt, completion), or one for text");
    s->pub.kind = s->kind->name;
    s->pub.path = tb_json_str(tb_json_at(tb_json_get(s->options, "path"), 0), "");
    return true;
}

/* Keys of the data as a whole; of a single source they are its own. */
static bool load_shared(struct tb_dataset *d, const struct tb_json *o, int max_tok, struct tb_err *err)
{
    int64_t most = tb_json_int(tb_json_get(o, "max_tokens"), TB_DATASET_MAX_ROW);
    d->counts.max_tok = (int)(most < max_tok ? most : max_tok);
    d->share = tb_json_real(tb_json_get(o, "eval"), 0);
    d->parses_special = tb_json_bool(tb_json_get(o, "specials"), false);
    d->shares_prompts = tb_json_bool(tb_json_get(o, "share_prompts"), false);
    d->without = tb_json_str(tb_json_get(o, "without"), "");
    tb_order_kind_of(tb_json_str(tb_json_get(o, "order"), "shuffled"), &d->order);
    return d->counts.max_tok >= 2
           || tb_fail(err, TB_ERR_LIMIT,
                      "rows of at most %d tokens hold nothing to learn; the context is too short "
                      "for the virtual rows",
                      d->counts.max_tok);
}

static bool read_files(struct tb_dataset *d, struct tb_data_source *s, struct tb_err *err)
{
    const struct tb_json *paths = tb_json_get(s->options, "path");
    struct tb_sha256 h;
    uint8_t digest[32];
    bool good = true;
    tb_sha256_begin(&h);
    for (size_t i = 0; good && i < tb_json_len(paths); i++) {
        const char *path = tb_json_str(tb_json_at(paths, i), "");
        struct tb_map map = { 0 };
        if (!tb_map_open(&map, path, err))
            return false;
        d->bytes += map.n;
        if (d->bytes > TB_DATASET_MAX_BYTES || d->bytes * BYTES_PER_BYTE > tb_mem_free_bytes())
            good = tb_fail_at(err, TB_ERR_LIMIT, path, 0,
                              "data of %" PRIu64 " bytes; at most %d, and %d times as much "
                              "free memory",
                              d->bytes, TB_DATASET_MAX_BYTES, BYTES_PER_BYTE);
        if (good && map.n == 0)
            good = tb_fail_at(err, TB_ERR_FORMAT, path, 0, "the file is empty");
        if (good)
            tb_sha256_add(&h, map.p, map.n);
        good = good && s->kind->read(d, path, (struct tb_field){ (const char *)map.p, map.n }, err);
        tb_map_close(&map);
    }
    tb_sha256_end(&h, digest);
    tb_hex(digest, sizeof digest, s->hash);
    return good;
}

static bool check_rows(const struct tb_source *s, struct tb_err *err)
{
    const struct tb_dataset_counts *c = &s->n;
    if (c->read == 0)
        return tb_fail_at(err, TB_ERR_FORMAT, s->path, 0, "no rows in the data: every line is blank");
    return c->rows > 0
           || tb_fail_at(err, TB_ERR_FORMAT, s->path, 0,
                         "no row left of %d: %d longer than %d tokens (the longest has %d), "
                         "%d without a completion",
                         c->read, c->too_long, c->max_tok, c->longest, c->no_label);
}

/* Each source is counted for itself and then added to the whole. */
static bool read_source(struct tb_dataset *d, int i, struct tb_err *err)
{
    struct tb_data_source *s = &d->source[i];
    struct tb_dataset_counts sum = d->counts;
    d->counts = (struct tb_dataset_counts){ .max_tok = sum.max_tok };
    d->reading = i;
    d->options = s->options;
    s->pub.first = (int)d->n_rows;
    bool good = load_template(d, err) && read_files(d, s, err);
    s->pub.n = d->counts;
    s->pub.n.rows = (int)d->n_rows - s->pub.first;
    tb_mix_add_counts(&sum, &s->pub.n);
    d->counts = sum;
    return good && check_rows(&s->pub, err);
}

/* What goes wrong with a source of a mix says with which. */
static bool each_source(struct tb_dataset *d, bool (*f)(struct tb_dataset *d, int i, struct tb_err *err),
                        struct tb_err *err)
{
    for (int i = 0; i < d->n_sources; i++) {
        if (f(d, i, err))
            continue;
        if (d->is_mix)
            tb_err_prefix(err, "data.%d", i);
        return false;
    }
    return true;
}

struct hashed {
    uint64_t hash;
    int row;
};

static int by_hash(const void *a, const void *b)
{
    const struct hashed *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Numbers the prompts by their first rows, and lists all rows and those held out by hash. */
static void group(struct tb_dataset *d)
{
    int n = (int)d->n_rows, *first = tb_xcalloc(d->n_rows, sizeof *first);
    struct hashed *h = tb_xcalloc(d->n_rows, sizeof *h);
    for (int i = 0; i < n; i++)
        h[i] = (struct hashed){ d->row[i].hash, i };
    qsort(h, d->n_rows, sizeof *h, by_hash);
    for (int i = 0; i < n; i++) {
        bool is_same = i && h[i].hash == h[i - 1].hash;
        first[h[i].row] = is_same ? first[h[i - 1].row] : h[i].row;
        d->sorted[i] = h[i].row;
        if (d->row[h[i].row].is_held)
            d->held[d->counts.held++] = h[i].row;
    }
    for (int i = 0; i < n; i++)
        d->row[i].group = first[i] == i ? d->counts.prompts++ : d->row[first[i]].group;
    free(first);
    free(h);
}

static bool split(struct tb_dataset *d, struct tb_err *err)
{
    struct tb_dataset_counts *c = &d->counts;
    d->held = tb_xcalloc(d->n_rows, sizeof *d->held);
    d->sorted = tb_xcalloc(d->n_rows, sizeof *d->sorted);
    tb_mix_hash(d);
    group(d);
    if (!tb_without_take(d, d->without, err))
        return false;
    c->train = c->rows - c->held - c->left_out;
    if (!tb_mix_epoch(d, err))
        return false;
    if (c->epoch > 0)
        return true;
    return tb_fail_at(err, TB_ERR_FORMAT, d->source[0].pub.path, 0,
                      c->train      ? "of %d rows none is left to train on (key weight)"
                      : c->left_out ? "all %d rows are held out or left out; nothing is left to train on (key without)"
                                    : "all %d rows are held out; nothing is left to train on (key eval)", c->rows);
}

struct tb_dataset *tb_dataset_open(const struct tb_json *config, struct tb_tokenizer *t,
                                   int max_tok, struct tb_err *err)
{
    struct tb_dataset *d = tb_xcalloc(1, sizeof *d);
    struct tb_json *shared = NULL;
    d->t = t;
    bool good = tb_mix_sources(d, config, &shared, err) && each_source(d, load_source, err)
             && load_shared(d, d->is_mix ? shared : d->source[0].options, max_tok, err)
             && each_source(d, read_source, err) && split(d, err);
    tb_json_free(shared);
    d->t = NULL;
    d->without = NULL;
    tb_buf_free(&d->scratch);
    if (!good) {
        tb_dataset_close(d);
        return NULL;
    }
    return d;
}

void tb_dataset_close(struct tb_dataset *d)
{
    if (!d)
        return;
    for (int i = 0; i < d->n_sources; i++)
        tb_json_free(d->source[i].options);
    free(d->source);
    free(d->row);
    free(d->ids.p);
    free(d->train);
    free(d->train_tok);
    free(d->train_group);
    free(d->train_place);
    free(d->held);
    free(d->sorted);
    tb_buf_free(&d->text);
    tb_buf_free(&d->scratch);
    free(d);
}
