/* SPDX-License-Identifier: MIT */
/* Lines that were typed: the last first, each once, not too many. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tests/tap.h"
#include "tui/history.h"

int main(void)
{
    struct tb_json *h = tb_json_new_map();
    char line[16];
    ok(tb_history_at(h, "/", 0) == NULL, "nothing yet");
    tb_history_add(h, "/", "a");
    tb_history_add(h, "/", "b");
    tb_history_add(h, "/", "");
    tb_history_add(h, ":", "c");
    is_str(tb_history_at(h, "/", 0), "b", "the last");
    is_str(tb_history_at(h, "/", 1), "a", "the one before");
    ok(tb_history_at(h, "/", 2) == NULL, "no more");
    is_str(tb_history_at(h, ":", 0), "c", "another question");
    tb_history_add(h, "/", "a");
    is_str(tb_history_at(h, "/", 0), "a", "said again: it is the last");
    ok(tb_history_at(h, "/", 2) == NULL, "and there once");
    for (int i = 0; i < 200; i++) {
        snprintf(line, sizeof line, "line %d", i);
        tb_history_add(h, "/", line);
    }
    is_str(tb_history_at(h, "/", 49), "line 150", "the oldest that is kept");
    ok(tb_history_at(h, "/", 50) == NULL, "fifty are kept");
    char *large = tb_xcalloc(5001, 1);
    memset(large, 'x', 5000);
    tb_history_add(h, "/", large);
    is_str(tb_history_at(h, "/", 0), "line 199", "a page of text is no line");
    tb_json_set(h, "/", tb_json_new_int(3));
    ok(tb_history_at(h, "/", 0) == NULL, "a file that was changed by hand");
    tb_history_add(h, "/", "x");
    is_str(tb_history_at(h, "/", 0), "x", "is mended");
    free(large);
    tb_json_free(h);
    return done();
}
