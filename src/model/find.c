/* SPDX-License-Identifier: MIT */
/* find.c - a base by name. A folder that only happens to have the name (no config.json in it) does not hide a
 * model of that name farther down the list; if nothing is found it is handed over all the same, for
 * tb_model_open to say what it lacks. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "model/model.h"

static const char variable[] = "TUNEBENCH_MODELS";

static bool is_model(const char *path)
{
    char *config = tb_path_join(path, "config.json");
    bool good = tb_file_exists(path) || tb_file_exists(config);
    free(config);
    return good;
}

/* DIR/NAME or DIR/NAME.gguf ("": the name as it is); NULL if neither is there. */
static char *in_folder(const char *dir, const char *name)
{
    char *path = tb_path_join(dir, name);
    if (is_model(path))
        return path;
    char *gguf = tb_xasprintf("%s.gguf", path);
    free(path);
    if (tb_file_exists(gguf))
        return gguf;
    free(gguf);
    return NULL;
}

/* The folders of the colon list, in turn. */
static char *in_list(const char *list, const char *name)
{
    char *found = NULL, *copy = tb_xstrdup(list ? list : ""), *rest = copy, *dir;
    while (!found && (dir = strsep(&rest, ":")))
        found = *dir ? in_folder(dir, name) : NULL;
    free(copy);
    return found;
}

char *tb_model_find(const char *name, const char *data_dir, struct tb_err *err)
{
    const char *list = getenv(variable);
    char *found = *name ? in_folder("", name) : NULL;
    bool is_word = *name && *name != '/';
    if (!found && is_word)
        found = in_list(list, name);
    if (!found && is_word && data_dir)
        found = in_folder(data_dir, name);
    if (!found && *name && tb_dir_exists(name))
        found = tb_xstrdup(name);
    if (!found)
        tb_fail(err, TB_ERR_NOTFOUND, "no model \"%.100s\": looked for it and for %.100s.gguf in ., $%s (%.100s) "
                "and %.100s", name, name, variable, list && *list ? list : "not set",
                data_dir ? data_dir : "no data folder");
    return found;
}
