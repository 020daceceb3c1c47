/* SPDX-License-Identifier: MIT */
/* wrap.c - breaks where a word would not fit; a word that is longer than a line has one of its own. */
#include "cli/wrap.h"

#include <string.h>

#include "base/utf8.h"

/* One word; what is bold may go on in the next. */
static void put_word(struct tb_buf *b, const struct tb_wrap *w, const char *word, size_t n, bool *is_open)
{
    for (size_t i = 0; i < n; i++) {
        if (!w->is_marked || word[i] != '`') {
            tb_buf_char(b, word[i]);
            continue;
        }
        *is_open = !*is_open;
        if (w->is_bold)
            tb_buf_str(b, *is_open ? "\033[1m" : "\033[0m");
    }
}

static int width_of(const struct tb_wrap *w, const char *word, size_t n)
{
    int width = tb_utf8_width(word, n);
    for (size_t i = 0; w->is_marked && i < n; i++)
        width -= word[i] == '`';
    return width;
}

void tb_wrap(struct tb_buf *b, const struct tb_wrap *w, int at, const char *text)
{
    static const char blanks[] = " \n";
    bool is_first = true, is_open = false;
    for (text += strspn(text, blanks); *text; text += strspn(text, blanks)) {
        size_t n = strcspn(text, blanks);
        int width = width_of(w, text, n);
        if (!is_first && at + 1 + width > w->columns) {
            tb_buf_fmt(b, "\n%*s", w->indent, "");
            at = w->indent;
        } else if (!is_first) {
            tb_buf_char(b, ' ');
            at++;
        }
        put_word(b, w, text, n, &is_open);
        at += width;
        text += n;
        is_first = false;
    }
    tb_buf_char(b, '\n');
}
