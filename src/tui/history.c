/* SPDX-License-Identifier: MIT */
/* history.c - a map of lists. */
#include "tui/history.h"

#include <string.h>

enum { MOST = 50, LONGEST = 4096 };

void tb_history_add(struct tb_json *history, const char *question, const char *line)
{
    if (!*line || strlen(line) > LONGEST)
        return;
    const struct tb_json *old = tb_json_get(history, question);
    struct tb_json *list = tb_json_new_list();
    size_t n = tb_json_len(old);
    for (size_t i = n >= MOST ? n - MOST + 1 : 0; i < n; i++) {
        const char *was = tb_json_str(tb_json_at(old, i), line);
        if (strcmp(was, line) != 0)
            tb_json_append(list, tb_json_new_str(was));
    }
    tb_json_append(list, tb_json_new_str(line));
    tb_json_set(history, question, list);
}

const char *tb_history_at(const struct tb_json *history, const char *question, size_t back)
{
    const struct tb_json *list = tb_json_get(history, question);
    size_t n = tb_json_len(list);
    return back < n ? tb_json_str(tb_json_at(list, n - 1 - back), NULL) : NULL;
}
