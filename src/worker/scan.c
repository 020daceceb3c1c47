/* SPDX-License-Identifier: MIT */
/* scan.c - models, data and adapters described for a list. A model is opened as a run would open it, with its
 * tokenizer, which maps the weights and touches few of them; so what is said of it is what a run would meet. */
#include "worker/scan.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "worker/session_priv.h"
#include "worker/sniff.h"

enum { MAX_CONFIG = 1 << 20, CHUNK = 1 << 16, MOST_COUNTED = 4 << 20, PREVIEW = 160 };

static void put_str(struct tb_json *map, const char *key, const char *s)
{
    tb_json_set(map, key, tb_json_new_str(s));
}

static void put_int(struct tb_json *map, const char *key, int64_t v)
{
    tb_json_set(map, key, tb_json_new_int(v));
}

static char *absolute(const char *path)
{
    char *real = realpath(path, NULL);
    return real ? real : tb_xstrdup(path);
}

/* Whether it came along with the program: what lies beside it is of more interest. */
static void put_shipped(struct tb_json *map, const char *path)
{
    const char *shipped = tb_session_data_dir();
    char *real = absolute(path), *dir = shipped ? absolute(shipped) : NULL;
    size_t n = dir ? strlen(dir) : 0;
    tb_json_set(map, "is_shipped", tb_json_new_bool(n && strncmp(real, dir, n) == 0 && real[n] == '/'));
    free(real);
    free(dir);
}

/* ok and why; the words name what is inside of it, not the path once more. */
static struct tb_json *judged(struct tb_json *map, const char *path, bool good, const struct tb_err *err)
{
    char *real = absolute(path), text[sizeof err->where + sizeof err->text + 16];
    struct tb_err why = *err;
    size_t n = strlen(real);
    if (tb_str_starts(why.where, real) && why.where[n] == '/')
        memmove(why.where, why.where + n + 1, strlen(why.where + n + 1) + 1);
    else if (strcmp(tb_path_base(why.where), tb_path_base(path)) == 0)
        why.where[0] = '\0';
    tb_json_set(map, "ok", tb_json_new_bool(good));
    put_str(map, "why", good ? NULL : tb_err_string(&why, text, sizeof text));
    free(real);
    return map;
}

/* ---- models */

/* The shortest word that finds this very model, malloc'ed: its name, else its path. */
static char *word_for(const char *path)
{
    char *name = tb_xstrdup(tb_path_base(path)), *real = absolute(path);
    if (tb_str_ends(name, ".gguf"))
        name[strlen(name) - 5] = '\0';
    char *found = tb_model_find(name, tb_session_data_dir(), NULL), *same = found ? absolute(found) : NULL;
    bool is_it = same && strcmp(same, real) == 0;
    free(found);
    free(same);
    free(real);
    if (is_it)
        return name;
    free(name);
    return tb_xstrdup(path);
}

/* A pipe in place of one of the files would be waited for. */
static bool is_plain(const char *path, struct tb_err *err)
{
    static const char *const parts[] = { "config.json", "tokenizer.json", "tokenizer_config.json", "tokenizer.model",
                                         "model.safetensors", "model.safetensors.index.json", "adapter_config.json" };
    bool good = tb_file_is_plain(path, err);
    for (size_t i = 0; good && i < sizeof parts / sizeof *parts; i++) {
        char *part = tb_path_join(path, parts[i]);
        good = tb_file_is_plain(part, err);
        free(part);
    }
    return good;
}

static const struct tb_base *open_base(struct tb_shelf *s, const char *path, struct tb_err *err)
{
    struct tb_config c = { .map = tb_json_new_map() };
    char *real = absolute(path);
    put_str(c.map, "base", real);
    const struct tb_base *b = is_plain(real, err) ? tb_shelf_base(s, &c, err) : NULL;
    free(real);
    tb_json_free(c.map);
    return b;
}

struct tb_json *tb_scan_model(const char *path)
{
    struct tb_json *map = tb_json_new_map();
    struct tb_err why = { 0 };
    struct tb_shelf *shelf = tb_shelf_open("", tb_session_data_dir());
    const struct tb_base *b = open_base(shelf, path, &why);
    const struct tb_model *m = b ? b->model : NULL;
    char *name = word_for(path);
    put_str(map, "path", path);
    put_str(map, "name", name);
    put_shipped(map, path);
    put_str(map, "kind", tb_dir_exists(path) ? "folder" : "gguf");
    put_str(map, "arch", m ? m->shape.family : NULL);
    put_str(map, "type", m ? m->type_name : NULL);
    tb_json_set(map, "parameters", m ? tb_json_new_int(m->n_params) : tb_json_new_null());
    tb_json_set(map, "context", m ? tb_json_new_int(m->shape.context) : tb_json_new_null());
    int64_t bytes = m ? (int64_t)m->bytes : tb_file_size(path);
    tb_json_set(map, "bytes", bytes >= 0 ? tb_json_new_int(bytes) : tb_json_new_null());
    tb_shelf_close(shelf);
    free(name);
    return judged(map, path, b != NULL, &why);
}

/* ---- data */

bool tb_scan_is_data(const char *name)
{
    static const char *const ends[] = { ".txt", ".jsonl", ".ndjson", ".json", ".csv", ".tsv" };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (tb_str_ends(name, ends[i]))
            return true;
    return false;
}

/* Rows as far as they were read: lines that are not blank, or pieces between blank lines. */
struct count {
    bool by_paragraph;
    bool in_line, in_piece; /* something stood in it so far */
    int64_t n_rows;
};

static void end_line(struct count *c)
{
    if (c->by_paragraph) {
        c->n_rows += c->in_line && !c->in_piece;
        c->in_piece = c->in_line;
    } else {
        c->n_rows += c->in_line;
    }
    c->in_line = false;
}

static void count(struct count *c, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] == '\n')
            end_line(c);
        else
            c->in_line |= !strchr(" \t\r", p[i]);
    }
}

static void count_rows(struct tb_json *map, const char *path, bool by_paragraph, int64_t *left)
{
    struct count c = { .by_paragraph = by_paragraph };
    char *chunk = tb_xcalloc(CHUNK, 1);
    int64_t size = tb_file_size(path), most = *left < MOST_COUNTED ? *left : MOST_COUNTED, n_read = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    ssize_t n;
    while (fd >= 0 && n_read < most && (n = read(fd, chunk, CHUNK)) > 0) {
        count(&c, chunk, (size_t)n);
        n_read += n;
    }
    bool is_exact = n_read >= size;
    if (is_exact)
        end_line(&c);
    if (n_read > 0 && !is_exact)
        c.n_rows = (int64_t)((double)c.n_rows * (double)size / (double)n_read);
    tb_json_set(map, "rows", n_read > 0 ? tb_json_new_int(c.n_rows) : tb_json_new_null());
    tb_json_set(map, "rows_are_exact", tb_json_new_bool(is_exact));
    *left -= n_read;
    if (fd >= 0)
        close(fd);
    free(chunk);
}

/* Words of a preview: one line, whole characters. */
static void put_words(struct tb_json *map, const char *key, const char *p, size_t n)
{
    struct tb_buf safe = { 0 };
    while (n && strchr(" \t\r\n", *p)) {
        p++;
        n--;
    }
    while (n && strchr(" \t\r\n", p[n - 1]))
        n--;
    tb_utf8_safe(&safe, p, n);
    size_t cut = 0, step;
    while (cut < safe.n && (step = tb_utf8_step(safe.p + cut, safe.n - cut, NULL)) && cut + step <= PREVIEW)
        cut += step;
    if (cut < safe.n) {
        safe.n = cut;
        tb_buf_str(&safe, "..");
    }
    put_str(map, key, safe.p ? safe.p : "");
    tb_buf_free(&safe);
}

static void preview_json(struct tb_json *map, const char *line, size_t n, const struct tb_json *fields)
{
    struct tb_json *row = tb_json_parse(line, n, "row", NULL);
    size_t n_fields = tb_json_len(fields);
    for (size_t i = 0; i < n_fields; i++) {
        const char *text = tb_json_str(tb_json_get(row, tb_json_str(tb_json_at(fields, i), "")), "");
        put_words(map, i + 1 == n_fields ? "completion" : "prompt", text, strlen(text));
    }
    tb_json_free(row);
}

static void preview_pair(struct tb_json *map, const char *line, size_t n, const char *sep)
{
    const char *at = memmem(line, n, sep, strlen(sep));
    size_t n_prompt = at ? (size_t)(at - line) : 0, skip = at ? n_prompt + strlen(sep) : 0;
    put_words(map, "prompt", line, n_prompt);
    put_words(map, "completion", line + skip, n - skip);
}

/* The first row, out of the first bytes. */
static void preview(struct tb_json *map, const char *path, const struct tb_json *found)
{
    char *head = tb_xcalloc(CHUNK + 1, 1), *line = head;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    ssize_t n = fd >= 0 ? read(fd, head, CHUNK) : -1;
    const char *kind = tb_json_str(tb_json_get(found, "kind"), ""), *rows = tb_json_str(tb_json_get(found, "rows"), "");
    line += n >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    line += strspn(line, " \t\r\n");
    char *blank = strcmp(rows, "paragraph") == 0 ? strstr(line, "\n\n") : strchr(line, '\n');
    size_t len = blank ? (size_t)(blank - line) : strlen(line);
    if (strcmp(kind, "jsonl") == 0)
        preview_json(map, line, len, tb_json_get(found, "fields"));
    else if (strcmp(kind, "pairs") == 0)
        preview_pair(map, line, len, tb_json_str(tb_json_get(found, "sep"), ""));
    else
        put_words(map, "completion", line, len);
    if (fd >= 0)
        close(fd);
    free(head);
}

/* What a recipe calls a file of the shipped data, wherever that is installed (shelf.c), unless the working folder has
 * one of that name; else its path. malloc'ed. */
static char *data_word(const char *path)
{
    const char *base = tb_path_base(path), *shipped = tb_session_data_dir();
    size_t n = shipped ? strlen(shipped) : 0;
    char *word = tb_xasprintf("data/%s", base);
    bool is_shipped = n && strncmp(path, shipped, n) == 0 && path + n + 1 == base;
    if (is_shipped && !tb_file_exists(word))
        return word;
    free(word);
    return tb_xstrdup(path);
}

struct tb_json *tb_scan_data(const char *path, int64_t *left)
{
    struct tb_json *map = tb_json_new_map();
    struct tb_err why = { 0 };
    struct tb_json *found = tb_dataset_sniff(path, &why);
    const char *rows = tb_json_str(tb_json_get(found, "rows"), NULL);
    bool good = found != NULL;
    put_str(map, "path", path);
    put_int(map, "bytes", tb_file_size(path));
    put_shipped(map, path);
    put_str(map, "kind", tb_json_str(tb_json_get(found, "kind"), NULL));
    if (tb_json_get(found, "sep"))
        tb_json_set(map, "sep", tb_json_copy(tb_json_get(found, "sep")));
    if (tb_json_get(found, "fields"))
        tb_json_set(map, "fields", tb_json_copy(tb_json_get(found, "fields")));
    if (rows)
        put_str(map, "rows_are", rows);
    if (found) {
        char *word = data_word(path), *text = tb_sniff_text(found, word);
        put_str(map, "name", word);
        put_str(map, "data", text);
        free(word);
        free(text);
        count_rows(map, path, rows && strcmp(rows, "paragraph") == 0, left);
        preview(map, path, found);
    }
    if (good && strchr(path, ','))
        good = tb_fail(&why, TB_ERR_USAGE, "--data ends its name at the comma; name it in a recipe");
    tb_json_free(found);
    return judged(map, path, good, &why);
}

/* ---- adapters */

struct tb_json *tb_scan_adapter(const char *path)
{
    struct tb_json *map = tb_json_new_map();
    struct tb_err why = { 0 };
    char *file = tb_path_join(path, "adapter_config.json"), *weights = tb_path_join(path, "adapter_model.safetensors");
    struct tb_json *config = is_plain(path, &why) ? tb_json_load(file, MAX_CONFIG, &why) : NULL;
    const char *type = tb_json_str(tb_json_get(config, "peft_type"), NULL);
    bool good = config != NULL;
    if (good && !type)
        good = tb_fail(&why, TB_ERR_FORMAT, "adapter_config.json says no peft_type");
    if (good && tb_file_size(weights) < 0)
        good = tb_fail(&why, TB_ERR_NOTFOUND, "there is no adapter_model.safetensors");
    put_str(map, "path", path);
    put_str(map, "peft_type", type);
    put_str(map, "base", tb_json_str(tb_json_get(config, "base_model_name_or_path"), NULL));
    tb_json_set(map, "bytes", tb_file_size(weights) < 0 ? tb_json_new_null() : tb_json_new_int(tb_file_size(weights)));
    tb_json_free(config);
    free(weights);
    free(file);
    return judged(map, path, good, &why);
}
