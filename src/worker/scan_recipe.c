/* SPDX-License-Identifier: MIT */
/* scan_recipe.c - a recipe is told by its first words: it asks for the module "tunebench". */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "worker/scan.h"

enum { HEAD = 8192, TITLE = 120 };

/* The first HEAD bytes as a string; it may have zero bytes in it. NULL if they cannot be read. */
static char *head_of(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    char *head = tb_xcalloc(HEAD + 1, 1);
    ssize_t n = fd >= 0 ? read(fd, head, HEAD) : -1;
    if (fd >= 0)
        close(fd);
    if (n >= 0)
        return head;
    free(head);
    return NULL;
}

/* "-- name.lua - what it asks" says what it asks; a licence says nothing. */
static char *title_of(const char *head)
{
    for (const char *line = head; tb_str_starts(line, "--"); line += strcspn(line, "\n") + 1) {
        size_t n = strcspn(line, "\r\n");
        const char *dash = strstr(line, " - ");
        if (tb_str_starts(line, "-- SPDX") || n < 4) {
            if (!line[n])
                break;
            continue;
        }
        const char *from = dash && dash < line + n ? dash + 3 : line + 2 + strspn(line + 2, "- ");
        size_t len = from < line + n ? (size_t)(line + n - from) : 0;
        return tb_xstrndup(from, len < TITLE ? len : TITLE);
    }
    return NULL;
}

struct tb_json *tb_scan_recipe(const char *path)
{
    char *head = head_of(path);
    bool is_ours = head && strstr(head, "tunebench");
    struct tb_json *map = is_ours ? tb_json_new_map() : NULL;
    if (map) {
        char *title = title_of(head);
        tb_json_set(map, "path", tb_json_new_str(path));
        tb_json_set(map, "title", tb_json_new_str(title));
        tb_json_set(map, "ok", tb_json_new_bool(true));
        tb_json_set(map, "why", tb_json_new_null());
        free(title);
    }
    free(head);
    return map;
}
