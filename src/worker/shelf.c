/* SPDX-License-Identifier: MIT */
/* shelf.c - finding files by the names in a recipe, and keeping what was opened. A data set depends on the tokenizer
 * and on the longest row it may hold, so both are part of its key. */
#include "worker/shelf.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "worker/stamp.h"

struct data_set {
    char *key;
    struct tb_dataset *d;
    struct tb_json *paths; /* of its files, and of the tokenizer */
    uint64_t stamp, own_bytes;
    unsigned round;
};

struct tb_shelf {
    char *recipe_dir; /* NULL: no recipe */
    char *data_dir;
    struct tb_base **base; /* each on its own: bases are lent while the list grows */
    char **base_key;
    size_t n_bases, cap_bases, cap_keys;
    struct data_set *data;
    size_t n_data, cap_data;
    unsigned round; /* plans so far */
};

enum { ROUNDS_KEPT = 8 };

static char *folder_of(const char *recipe_path)
{
    const char *base = tb_path_base(recipe_path);
    if (!*recipe_path)
        return NULL;
    return base == recipe_path ? tb_xstrdup(".") : tb_xasprintf("%.*s", (int)(base - recipe_path), recipe_path);
}

struct tb_shelf *tb_shelf_open(const char *recipe_path, const char *data_dir)
{
    struct tb_shelf *s = tb_xcalloc(1, sizeof *s);
    s->recipe_dir = folder_of(recipe_path);
    s->data_dir = tb_xstrdup(data_dir);
    return s;
}

static void close_base(struct tb_base *b)
{
    tb_model_close(b->model);
    tb_tokenizer_close(b->tokenizer);
    free(b->name);
    free(b->path);
    free(b->tokenizer_path);
    free(b);
}

static void close_data(struct data_set *d)
{
    tb_dataset_close(d->d);
    tb_json_free(d->paths);
    free(d->key);
}

void tb_shelf_close(struct tb_shelf *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n_data; i++)
        close_data(&s->data[i]);
    for (size_t i = 0; i < s->n_bases; i++) {
        close_base(s->base[i]);
        free(s->base_key[i]);
    }
    free(s->data);
    free(s->base);
    free(s->base_key);
    free(s->recipe_dir);
    free(s->data_dir);
    free(s);
}

static uint64_t stamp_of_base(const struct tb_base *b)
{
    return tb_stamp_of(b->path) ^ tb_stamp_of(b->tokenizer_path) << 1;
}

static uint64_t stamp_of_data(const struct tb_json *paths)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < tb_json_len(paths); i++)
        sum = sum * 31 + tb_stamp_of(tb_json_str(tb_json_at(paths, i), ""));
    return sum;
}

void tb_shelf_turn(struct tb_shelf *s, const char *recipe_path)
{
    size_t n = 0;
    free(s->recipe_dir);
    s->recipe_dir = folder_of(recipe_path);
    s->round++;
    for (size_t i = 0; i < s->n_data; i++) {
        struct data_set *d = &s->data[i];
        if (s->round - d->round <= ROUNDS_KEPT && stamp_of_data(d->paths) == d->stamp)
            s->data[n++] = *d;
        else
            close_data(d);
    }
    s->n_data = n;
    n = 0;
    for (size_t i = 0; i < s->n_bases; i++) {
        struct tb_base *b = s->base[i];
        s->base[n] = b;
        s->base_key[n] = s->base_key[i];
        if (s->round - b->round <= ROUNDS_KEPT && stamp_of_base(b) == b->stamp) {
            n++;
        } else {
            free(s->base_key[i]);
            close_base(b);
        }
    }
    s->n_bases = n;
}

uint64_t tb_shelf_idle_bytes(const struct tb_shelf *s)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < s->n_data; i++)
        sum += s->data[i].round == s->round ? 0 : s->data[i].own_bytes;
    for (size_t i = 0; i < s->n_bases; i++)
        sum += s->base[i]->round == s->round ? 0 : s->base[i]->own_bytes;
    return sum;
}

/* What the process took since it had `before`. */
static uint64_t grown(uint64_t before)
{
    uint64_t now = tb_mem_anon_bytes();
    return now > before ? now - before : 0;
}

static char *absolute(const char *path)
{
    char *real = realpath(path, NULL);
    return real ? real : tb_xstrdup(path);
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* A path as an absolute one, malloc'ed; NULL if it is nowhere. */
static char *look(const struct tb_shelf *s, const char *name)
{
    /* "data/places.txt" is what a recipe of the source tree says; installed, the same file lies in the data folder. */
    const char *shipped = tb_str_starts(name, "data/") ? name + 5 : name;
    const char *dirs[] = { s->recipe_dir, ".", s->data_dir }, *names[] = { name, name, shipped };
    for (int i = 0; i < 3; i++) {
        char *path = dirs[i] ? tb_path_join(dirs[i], names[i]) : NULL, *real = NULL;
        if (path && exists(path))
            real = absolute(path);
        free(path);
        if (real)
            return real;
    }
    return NULL;
}

static char *find_file(const struct tb_shelf *s, const char *name, const char *what, struct tb_err *err)
{
    char *path = look(s, name);
    if (!path)
        tb_fail(err, TB_ERR_NOTFOUND, "there is no %s %s; looked %s%s%sin the working folder and in %s", what, name,
                s->recipe_dir ? "beside the recipe (" : "", s->recipe_dir ? s->recipe_dir : "",
                s->recipe_dir ? "), " : "", s->data_dir ? s->data_dir : "the shipped data (which is not there)");
    return path;
}

/* A base by name or path: beside the recipe first, then where tb_model_find looks. */
static char *find_base(const struct tb_shelf *s, const char *name, struct tb_err *err)
{
    char *path = s->recipe_dir ? tb_path_join(s->recipe_dir, name) : NULL;
    bool is_here = path && exists(path);
    char *found = is_here ? tb_xstrdup(path) : tb_model_find(name, s->data_dir, err);
    free(path);
    path = found ? absolute(found) : NULL;
    free(found);
    return path;
}

static bool is_scratch(const struct tb_config *c)
{
    return strcmp(tb_config_str(c, "base"), "scratch") == 0;
}

static struct tb_scratch scratch_of(const struct tb_config *c, int vocab)
{
    struct tb_scratch s = { .vocab = (int)tb_config_int(c, "scratch.vocab"),
                            .d = (int)tb_config_int(c, "scratch.d"),
                            .n_layers = (int)tb_config_int(c, "scratch.layers"),
                            .n_heads = (int)tb_config_int(c, "scratch.heads"),
                            .n_kv = (int)tb_config_int(c, "scratch.kv_heads"),
                            .ff = (int)tb_config_int(c, "scratch.ff"),
                            .context = (int)tb_config_int(c, "scratch.context"),
                            .rope_theta = tb_config_real(c, "scratch.rope_theta"),
                            .norm_eps = 1e-5,
                            .is_tied = tb_config_bool(c, "scratch.tied"),
                            .seed = (uint64_t)tb_config_int(c, "seed") };
    if (!s.vocab)
        s.vocab = vocab;
    tb_str_copy(s.init, sizeof s.init, tb_config_str(c, "scratch.init"));
    return s;
}

/* Random weights: what they are depends on the tokenizer's bytes as well, so the id holds both. */
static bool open_scratch(struct tb_base *b, const struct tb_config *c, struct tb_err *err)
{
    b->tokenizer = tb_tokenizer_open(b->tokenizer_path, err);
    if (!b->tokenizer)
        return false;
    struct tb_scratch spec = scratch_of(c, tb_tokenizer_vocab(b->tokenizer));
    if (spec.vocab < tb_tokenizer_vocab(b->tokenizer))
        return tb_fail(err, TB_ERR_RECIPE, "scratch.vocab is %d, the tokenizer %s has %d entries", spec.vocab,
                       b->tokenizer_path, tb_tokenizer_vocab(b->tokenizer));
    b->model = tb_model_scratch(&spec, err);
    if (!b->model)
        return false;
    char *file = tb_dir_exists(b->tokenizer_path) ? tb_path_join(b->tokenizer_path, "tokenizer.json")
                                                  : tb_xstrdup(b->tokenizer_path);
    char sha[65] = "", *both = NULL;
    bool good = tb_sha256_file(file, sha, err);
    both = tb_xasprintf("%s %s", b->model->base_id, sha);
    tb_sha256_hex(both, strlen(both), b->id);
    free(both);
    free(file);
    return good;
}

static bool open_stored(struct tb_base *b, struct tb_err *err)
{
    b->model = tb_model_open(b->path, err);
    b->tokenizer = b->model ? tb_tokenizer_open(b->tokenizer_path, err) : NULL;
    if (!b->tokenizer)
        return false;
    if (tb_tokenizer_vocab(b->tokenizer) > b->model->shape.vocab)
        return tb_fail_at(err, TB_ERR_FORMAT, b->path, 0, "the tokenizer has %d entries, the model's table %d rows",
                          tb_tokenizer_vocab(b->tokenizer), b->model->shape.vocab);
    memcpy(b->id, b->model->base_id, sizeof b->id);
    return true;
}

static char *name_of(const char *path)
{
    char *name = tb_xstrdup(tb_path_base(path));
    size_t n = strlen(name);
    if (tb_str_ends(name, ".gguf"))
        name[n - 5] = '\0';
    return name;
}

/* Paths of what a config names; NULL and *err if something is not there. */
static struct tb_base *name_base(struct tb_shelf *s, const struct tb_config *c, struct tb_err *err)
{
    struct tb_base *b = tb_xcalloc(1, sizeof *b);
    const char *name = tb_config_str(c, "base");
    if (is_scratch(c)) {
        b->path = tb_xstrdup("scratch");
        b->name = tb_xstrdup("scratch");
        b->tokenizer_path = find_file(s, tb_config_str(c, "scratch.tokenizer"), "tokenizer", err);
    } else if ((b->path = find_base(s, name, err))) {
        b->name = name_of(b->path);
        b->tokenizer_path = tb_xstrdup(b->path);
    }
    if (b->tokenizer_path)
        return b;
    close_base(b);
    return NULL;
}

/* What makes two bases the same: the paths, and for random weights everything that shapes them. */
static char *key_of_base(const struct tb_base *b, const struct tb_config *c)
{
    if (!is_scratch(c))
        return tb_xstrdup(b->path);
    struct tb_json *section = tb_config_section(c, "scratch");
    tb_json_set(section, "seed", tb_json_new_int(tb_config_int(c, "seed")));
    tb_json_set(section, "tokenizer", tb_json_new_str(b->tokenizer_path));
    char *key = tb_json_text(section, TB_JSON_CANONICAL);
    tb_json_free(section);
    return key;
}

static bool open_base(const struct tb_shelf *s, struct tb_base *b, const struct tb_config *c, struct tb_err *err)
{
    uint64_t before = tb_mem_anon_bytes();
    b->stamp = stamp_of_base(b); /* before it is read: what changes meanwhile is read again */
    b->round = s->round;
    bool good = is_scratch(c) ? open_scratch(b, c, err) : open_stored(b, err);
    b->own_bytes = grown(before);
    return good;
}

const struct tb_base *tb_shelf_base(struct tb_shelf *s, const struct tb_config *c, struct tb_err *err)
{
    struct tb_base *b = name_base(s, c, err);
    char *key = b ? key_of_base(b, c) : NULL;
    for (size_t i = 0; b && i < s->n_bases; i++)
        if (strcmp(s->base_key[i], key) == 0) {
            close_base(b);
            free(key);
            s->base[i]->round = s->round;
            return s->base[i];
        }
    if (!b || !open_base(s, b, c, err)) {
        if (b)
            close_base(b);
        free(key);
        return NULL;
    }
    s->base = tb_grow(s->base, s->n_bases, &s->cap_bases, sizeof(struct tb_base *));
    s->base_key = tb_grow(s->base_key, s->n_bases, &s->cap_keys, sizeof(char *));
    s->base[s->n_bases] = b;
    s->base_key[s->n_bases++] = key;
    return b;
}

/* The files of one text, by their key. */
static bool settle_paths(struct tb_shelf *s, struct tb_config *c, const char *key, struct tb_err *err)
{
    struct tb_json *paths = tb_json_new_list();
    const struct tb_json *given = tb_config_get(c, key);
    bool good = true;
    for (size_t i = 0; good && i < tb_json_len(given); i++) {
        char *path = find_file(s, tb_json_str(tb_json_at(given, i), ""), "data file", err);
        good = path != NULL;
        if (good)
            tb_json_append(paths, tb_json_new_str(path));
        free(path);
    }
    if (good)
        tb_json_set(c->map, key, paths);
    else
        tb_json_free(paths);
    return good;
}

bool tb_shelf_settle(struct tb_shelf *s, struct tb_config *c, struct tb_err *err)
{
    char key[64];
    bool good = true;
    struct tb_base *b = name_base(s, c, err);
    if (!b)
        return false;
    tb_json_set(c->map, "base", tb_json_new_str(b->path));
    if (is_scratch(c))
        tb_json_set(c->map, "scratch.tokenizer", tb_json_new_str(b->tokenizer_path));
    close_base(b);
    for (int i = 0; good && i < tb_config_sources(c); i++)
        good = settle_paths(s, c, tb_config_source_key(c, i, "path", key), err);
    return good;
}

/* The files of all sources, and of the tokenizer; a new list. */
static struct tb_json *files_of(const struct tb_config *c, const struct tb_base *base)
{
    struct tb_json *all = tb_json_new_list();
    char key[64];
    for (int i = 0; i < tb_config_sources(c); i++) {
        const struct tb_json *paths = tb_config_get(c, tb_config_source_key(c, i, "path", key));
        for (size_t k = 0; k < tb_json_len(paths); k++)
            tb_json_append(all, tb_json_copy(tb_json_at(paths, k)));
    }
    tb_json_append(all, tb_json_new_str(base->tokenizer_path));
    return all;
}

/* One more on the shelf; takes key and files over. */
static struct tb_dataset *open_data(struct tb_shelf *s, char *key, struct tb_json *files, const struct tb_json *section,
                                    const struct tb_base *base, int max_tok, struct tb_err *err)
{
    struct data_set n = { .key = key, .paths = files, .round = s->round };
    n.stamp = stamp_of_data(n.paths); /* before it is read, likewise */
    uint64_t before = tb_mem_anon_bytes();
    n.d = tb_dataset_open(section, base->tokenizer, max_tok, err);
    n.own_bytes = grown(before);
    if (!n.d) {
        close_data(&n);
        return NULL;
    }
    s->data = tb_grow(s->data, s->n_data, &s->cap_data, sizeof *s->data);
    s->data[s->n_data++] = n;
    return n.d;
}

struct tb_dataset *tb_shelf_data(struct tb_shelf *s, const struct tb_config *c, const struct tb_base *base, int max_tok,
                                 struct tb_err *err)
{
    struct tb_json *section = tb_config_section(c, "data");
    char *text = tb_json_text(section, TB_JSON_CANONICAL);
    char *key = tb_xasprintf("%d %s %s", max_tok, base->tokenizer_path, text);
    struct tb_dataset *d = NULL;
    free(text);
    for (size_t i = 0; i < s->n_data && !d; i++)
        if (strcmp(s->data[i].key, key) == 0) {
            d = s->data[i].d;
            s->data[i].round = s->round;
        }
    if (!d)
        d = open_data(s, tb_xstrdup(key), files_of(c, base), section, base, max_tok, err);
    free(key);
    tb_json_free(section);
    return d;
}
