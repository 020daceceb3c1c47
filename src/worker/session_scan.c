/* SPDX-License-Identifier: MIT */
/* session_scan.c - folders walked for models, data, adapters and recipes, level by level, so that where too much lies
 * about it is what lies deepest that is missed. Links are followed, but no folder is entered twice. Passed over: names
 * with a dot in front, stores (what is in them is listed by ls), and whatever is neither file nor folder. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "worker/scan.h"
#include "worker/session.h"

enum { MAX_DEPTH = 3, MAX_ENTRIES = 4096, KEPT_BACK = 1024, MAX_MODELS = 256, MAX_DATA = 1024, MAX_RECIPES = 256 };
static const int64_t counted_bytes = 64 << 20; /* of all data files together */

struct place {
    char *path;
    int depth;
    dev_t dev;
    ino_t ino;
};

struct scan {
    struct place *place; /* those before `at` were looked into */
    size_t n, cap, at;
    int n_entries, most; /* names looked at, and how many may be */
    bool is_cut;
    int64_t left; /* bytes that may be read to count rows */
    struct tb_json *models, *data, *adapters, *recipes, *unread;
};

/* A folder to be looked into, unless it was seen. Takes path over. */
static void add_place(struct scan *s, char *path, int depth, const struct stat *st)
{
    bool is_known = false;
    for (size_t i = 0; !is_known && i < s->n; i++)
        is_known = s->place[i].dev == st->st_dev && s->place[i].ino == st->st_ino;
    if (is_known) {
        free(path);
        return;
    }
    s->place = tb_grow(s->place, s->n, &s->cap, sizeof *s->place);
    s->place[s->n++] = (struct place){ path, depth, st->st_dev, st->st_ino };
}

static void add_unread(struct scan *s, const char *path, const char *why)
{
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "path", tb_json_new_str(path));
    tb_json_set(map, "why", tb_json_new_str(why));
    tb_json_append(s->unread, map);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void free_names(char **names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

/* Names in a folder, sorted; as many as may still be looked at. */
static char **names_in(struct scan *s, const char *path, size_t *n)
{
    char **names = NULL;
    size_t cap = 0;
    struct dirent *d = NULL;
    DIR *dir = opendir(path);
    *n = 0;
    if (!dir)
        add_unread(s, path, strerror(errno));
    while (dir && (d = readdir(dir))) {
        if (d->d_name[0] == '.')
            continue;
        if (s->n_entries >= s->most) {
            s->is_cut = true;
            break;
        }
        s->n_entries++;
        names = tb_grow(names, *n, &cap, sizeof *names);
        names[(*n)++] = tb_xstrdup(d->d_name);
    }
    if (dir)
        closedir(dir);
    if (*n)
        qsort(names, *n, sizeof *names, by_name);
    return names;
}

static bool holds(char *const *names, size_t n, const char *name)
{
    return n && bsearch(&name, names, n, sizeof *names, by_name);
}

/* A folder with a config.json that is a model's: files of that name are common. */
static bool is_model(const char *path, char *const *names, size_t n)
{
    char *file = tb_path_join(path, "config.json");
    bool is_there = holds(names, n, "config.json") && tb_file_size(file) >= 0;
    struct tb_json *config = is_there ? tb_json_load(file, 1 << 20, NULL) : NULL;
    bool good = tb_json_get(config, "model_type") || holds(names, n, "model.safetensors")
             || holds(names, n, "model.safetensors.index.json");
    tb_json_free(config);
    free(file);
    return good;
}

static void add(struct scan *s, struct tb_json *list, size_t most, struct tb_json *entry)
{
    if (tb_json_len(list) >= most) {
        s->is_cut = true;
        tb_json_free(entry);
    } else {
        tb_json_append(list, entry);
    }
}

/* A .json file is mostly a setting of something, no data: it is listed if it reads as rows. */
static void look_at_data(struct scan *s, const char *path)
{
    struct tb_json *entry = tb_scan_data(path, &s->left);
    const char *kind = tb_json_str(tb_json_get(entry, "kind"), "");
    if (tb_str_ends(path, ".json") && strcmp(kind, "jsonl") != 0)
        tb_json_free(entry);
    else
        add(s, s->data, MAX_DATA, entry);
}

static void look_at_recipe(struct scan *s, const char *path)
{
    struct tb_json *entry = tb_scan_recipe(path);
    if (entry)
        add(s, s->recipes, MAX_RECIPES, entry);
}

static void look_at(struct scan *s, const struct place *in, const char *name, bool is_own)
{
    struct stat st;
    char *path = strcmp(in->path, ".") == 0 ? tb_xstrdup(name) : tb_path_join(in->path, name);
    bool is_there = stat(path, &st) == 0;
    if (is_there && S_ISDIR(st.st_mode) && in->depth < MAX_DEPTH) {
        add_place(s, path, in->depth + 1, &st);
        return;
    }
    if (is_there && S_ISREG(st.st_mode) && tb_str_ends(name, ".gguf"))
        add(s, s->models, MAX_MODELS, tb_scan_model(path));
    else if (is_there && S_ISREG(st.st_mode) && !is_own && tb_scan_is_data(name))
        look_at_data(s, path);
    else if (is_there && S_ISREG(st.st_mode) && tb_str_ends(name, ".lua"))
        look_at_recipe(s, path);
    free(path);
}

/* What lies in one folder. Files of a model or an adapter are its own. */
static void look_into(struct scan *s, size_t at)
{
    struct place in = s->place[at]; /* the list grows meanwhile */
    size_t n;
    char **names = names_in(s, in.path, &n);
    bool is_store = holds(names, n, "runs") && holds(names, n, "recipes"),
         is_adapter = holds(names, n, "adapter_config.json"), is_base = !is_adapter && is_model(in.path, names, n);
    if (is_adapter)
        add(s, s->adapters, MAX_MODELS, tb_scan_adapter(in.path));
    else if (is_base)
        add(s, s->models, MAX_MODELS, tb_scan_model(in.path));
    for (size_t i = 0; !is_store && i < n; i++)
        look_at(s, &in, names[i], is_adapter || is_base);
    free_names(names, n);
}

static void look_into_all(struct scan *s)
{
    for (; s->at < s->n; s->at++)
        look_into(s, s->at);
}

static bool add_root(struct scan *s, const char *path, struct tb_err *err)
{
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return tb_fail(err, TB_ERR_NOTFOUND, "there is no folder %s", path);
    add_place(s, tb_xstrdup(path), 0, &st);
    return true;
}

/* A folder, or a file by itself, whatever its name ends with. */
static bool add_named(struct scan *s, const char *path, struct tb_err *err)
{
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return add_root(s, path, err);
    if (tb_str_ends(path, ".gguf"))
        add(s, s->models, MAX_MODELS, tb_scan_model(path));
    else
        add(s, s->data, MAX_DATA, tb_scan_data(path, &s->left));
    return true;
}

/* Folders of the colon list that are not there are no error: the list is for all machines. */
static void add_list(struct scan *s, const char *list)
{
    char *copy = tb_xstrdup(list ? list : ""), *rest = copy, *dir;
    while ((dir = strsep(&rest, ":")))
        if (*dir)
            add_root(s, dir, NULL);
    free(copy);
}

/* Data and recipes that come along: beside each other in the tree and where they are installed. */
static void add_shipped(struct scan *s, const char *data)
{
    char *beside = tb_path_join(data, "../recipes"), *real = realpath(beside, NULL);
    add_root(s, data, NULL);
    if (real)
        add_root(s, real, NULL);
    free(beside);
    free(real);
}

static struct tb_json *result(struct scan *s)
{
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "models", s->models);
    tb_json_set(map, "data", s->data);
    tb_json_set(map, "adapters", s->adapters);
    tb_json_set(map, "recipes", s->recipes);
    tb_json_set(map, "unread", s->unread);
    tb_json_set(map, "entries", tb_json_new_int(s->n_entries));
    tb_json_set(map, "is_cut", tb_json_new_bool(s->is_cut));
    return map;
}

struct tb_json *tb_session_scan(const char *const *dirs, int n, struct tb_err *err)
{
    struct scan s = { .left = counted_bytes, .most = MAX_ENTRIES - KEPT_BACK, .models = tb_json_new_list(),
                      .data = tb_json_new_list(), .adapters = tb_json_new_list(),
                      .recipes = tb_json_new_list(), .unread = tb_json_new_list() };
    bool good = n > 0 || add_root(&s, ".", err);
    for (int i = 0; good && i < n; i++)
        good = add_named(&s, dirs[i], err);
    if (good)
        look_into_all(&s); /* first, so that what lies there is called by the names that the caller knows */
    s.most = MAX_ENTRIES; /* however much lay there */
    add_list(&s, getenv("TUNEBENCH_MODELS"));
    if (tb_session_data_dir())
        add_shipped(&s, tb_session_data_dir());
    if (good)
        look_into_all(&s);
    for (size_t i = 0; i < s.n; i++)
        free(s.place[i].path);
    free(s.place);
    struct tb_json *out = result(&s);
    if (good)
        return out;
    tb_json_free(out);
    return NULL;
}
