/* SPDX-License-Identifier: MIT */
/* sniff.c - a data file named on the command line without saying how it is read. */
#include "worker/worker.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "dataset/dataset.h"
#include "worker/sniff.h"

static void put_value(struct tb_buf *b, const struct tb_json *v)
{
    const char *s = tb_json_str(v, "");
    if (tb_json_type(v) == TB_JSON_LIST)
        for (size_t i = 0; i < tb_json_len(v); i++)
            tb_buf_fmt(b, "%s%s", i ? "+" : "", tb_json_str(tb_json_at(v, i), ""));
    else
        tb_buf_str(b, strcmp(s, "\t") == 0 ? "\\t" : s);
}

bool tb_sniff_has_word(const char *text)
{
    const char *colon = strchr(text, ':');
    return colon && !memchr(text, '/', (size_t)(colon - text));
}

char *tb_sniff_text(const struct tb_json *found, const char *path)
{
    struct tb_buf b = { 0 };
    tb_buf_fmt(&b, "%s:%s", tb_json_str(tb_json_get(found, "kind"), ""), path);
    for (void *it = tb_json_first(found); it; it = tb_json_next(found, it)) {
        const char *key = tb_json_iter_key(it);
        if (strcmp(key, "kind") == 0 || strcmp(key, "path") == 0)
            continue;
        tb_buf_fmt(&b, ",%s=", key);
        put_value(&b, tb_json_iter_value(it));
    }
    return tb_buf_take(&b);
}

char *tb_worker_sniff(const char *text, struct tb_err *err)
{
    const char *comma = strchr(text, ',');
    char *path = comma ? tb_xasprintf("%.*s", (int)(comma - text), text) : tb_xstrdup(text);
    struct tb_buf b = { 0 };
    if (tb_sniff_has_word(text) || !tb_file_exists(path)) {
        free(path);
        return tb_xstrdup(text);
    }
    struct tb_json *found = tb_dataset_sniff(path, err);
    if (!found) {
        free(path);
        return NULL;
    }
    char *as = tb_sniff_text(found, path);
    tb_buf_str(&b, as);
    free(as);
    tb_buf_str(&b, comma ? comma : "");
    tb_json_free(found);
    free(path);
    return tb_buf_take(&b);
}
