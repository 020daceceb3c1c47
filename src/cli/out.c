/* SPDX-License-Identifier: MIT */
/* out.c - colour by flag before environment: --color, then NO_COLOR (no-color.org: set and not empty) and
 * TERM=dumb, then whether stdout is a terminal. Glyphs by the locale's name, since the program itself stays
 * in the C locale. */
#include "cli/out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "cli/pager.h"

static const char *env(const char *name)
{
    const char *v = getenv(name);
    return v ? v : "";
}

static bool choose_color(struct tb_out *o, const char *when, struct tb_err *err)
{
    bool is_dumb = !*env("TERM") || strcmp(env("TERM"), "dumb") == 0;
    o->is_color = o->is_terminal && !*env("NO_COLOR") && !is_dumb;
    if (!when || strcmp(when, "auto") == 0)
        return true;
    o->is_color = strcmp(when, "always") == 0;
    return o->is_color || strcmp(when, "never") == 0
        || tb_fail(err, TB_ERR_USAGE, "--color %s: expected auto, always or never", when);
}

static bool choose_form(struct tb_out *o, const struct tb_args *a, struct tb_err *err)
{
    bool json = tb_args_has(a, "json"), csv = tb_args_has(a, "csv"), plain = tb_args_has(a, "plain");
    if (json + csv + plain > 1)
        return tb_fail(err, TB_ERR_USAGE, "--json, --csv and --plain exclude each other");
    o->form = json ? TB_EMIT_JSON : csv ? TB_EMIT_CSV : plain ? TB_EMIT_PLAIN : TB_EMIT_TEXT;
    return true;
}

static int terminal_columns(void)
{
    struct winsize size = { 0 };
    int64_t n;
    if (tb_str_int(env("COLUMNS"), &n) && n > 0 && n < 10000)
        return (int)n;
    return ioctl(tb_pager_terminal(), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* The first of LC_ALL, LC_CTYPE and LANG that is set decides, as in setlocale(3). */
static bool is_utf8(void)
{
    const char *name = *env("LC_ALL") ? env("LC_ALL") : *env("LC_CTYPE") ? env("LC_CTYPE") : env("LANG");
    return strcasestr(name, "utf-8") || strcasestr(name, "utf8");
}

bool tb_out_open(struct tb_out *o, const struct tb_args *a, struct tb_err *err)
{
    *o = (struct tb_out){ .is_terminal = isatty(tb_pager_terminal()) == 1 };
    o->columns = o->is_terminal ? terminal_columns() : 0;
    o->is_ascii = !is_utf8();
    return choose_form(o, a, err) && choose_color(o, tb_args_get(a, "color"), err);
}

void tb_out_paint(const struct tb_out *o, enum tb_paint paint, const char *text)
{
    static const char *const code[] = { "", "1", "2", "32", "33", "31", "36" };
    if (o->is_color && paint != TB_PAINT_PLAIN)
        printf("\033[%sm%s\033[0m", code[paint], text);
    else
        fputs(text, stdout);
}

void tb_out_safe(const char *text)
{
    struct tb_buf b = { 0 };
    tb_utf8_safe(&b, text, strlen(text));
    if (b.p)
        fputs(b.p, stdout);
    tb_buf_free(&b);
}

void tb_out_pair(const struct tb_out *o, int width, const char *name, const char *value)
{
    struct tb_buf b = { 0 };
    tb_utf8_safe(&b, name, strlen(name));
    for (int w = tb_utf8_width(b.p ? b.p : "", b.n); w < width; w++)
        tb_buf_char(&b, ' ');
    fputs("  ", stdout);
    tb_out_paint(o, TB_PAINT_DIM, b.p ? b.p : "");
    fputs("  ", stdout);
    tb_out_safe(value);
    fputc('\n', stdout);
    tb_buf_free(&b);
}

/* Bytes of safe text that fit into so many columns, cut between words where that is possible. */
static size_t line_of(const char *s, int columns)
{
    size_t n = 0, cut = 0, step;
    for (; s[n] && (step = tb_utf8_step(s + n, strlen(s + n), NULL)); n += step) {
        if (tb_utf8_width(s, n + step) > columns)
            return cut ? cut : n ? n : step;
        cut = s[n] == ' ' ? n : cut;
    }
    return n;
}

void tb_out_words(const struct tb_out *o, int width, const char *name, const char *words)
{
    struct tb_buf safe = { 0 };
    int room = o->columns - width - 4;
    tb_utf8_safe(&safe, words, strlen(words));
    const char *at = safe.p ? safe.p : "";
    do {
        size_t n = room >= 20 ? line_of(at, room) : strlen(at);
        char *line = tb_xasprintf("%.*s", (int)n, at);
        tb_out_pair(o, width, name, line);
        free(line);
        at += n + strspn(at + n, " ");
        name = "";
    } while (*at);
    tb_buf_free(&safe);
}

void tb_out_head(const struct tb_out *o, const char *title)
{
    fputc('\n', stdout);
    tb_out_paint(o, TB_PAINT_HEAD, title);
    fputc('\n', stdout);
}

void tb_out_bytes(const struct tb_out *o, const char *p, size_t n)
{
    struct tb_buf safe = { 0 };
    for (size_t at = 0, len; o->is_terminal && at < n; at += len + 1) {
        const char *end = memchr(p + at, '\n', n - at);
        len = end ? (size_t)(end - p) - at : n - at;
        bool has_cr = len > 0 && p[at + len - 1] == '\r';
        tb_utf8_safe(&safe, p + at, len - has_cr);
        tb_buf_str(&safe, end ? "\n" : "");
    }
    if (safe.p)
        fwrite(safe.p, 1, safe.n, stdout);
    else if (n)
        fwrite(p, 1, n, stdout);
    tb_buf_free(&safe);
}

void tb_out_table(const struct tb_out *o, const struct tb_table *t)
{
    struct tb_buf b = { 0 };
    tb_table_emit(t, o->form, &b);
    size_t title = o->form == TB_EMIT_TEXT && b.p ? strcspn(b.p, "\n") : 0;
    if (title) {
        b.p[title] = '\0';
        tb_out_paint(o, TB_PAINT_HEAD, b.p);
        b.p[title] = '\n';
    }
    tb_out_bytes(o, b.p + title, b.n - title);
    tb_buf_free(&b);
}

int tb_out_width(const struct tb_buf *text)
{
    int most = 0;
    for (size_t at = 0, len; at < text->n; at += len + 1) {
        len = strcspn(text->p + at, "\n");
        int w = tb_utf8_width(text->p + at, len);
        most = w > most ? w : most;
    }
    return most;
}

void tb_out_table_fit(const struct tb_out *o, struct tb_table *t, const char *const *missed_least)
{
    if (o->form == TB_EMIT_TEXT && o->columns > 0)
        tb_table_fit(t, o->columns, missed_least);
    tb_out_table(o, t);
}

void tb_out_rows(const struct tb_out *o, const struct tb_table *t, bool is_first)
{
    struct tb_buf b = { 0 };
    tb_table_emit(t, o->form == TB_EMIT_CSV ? TB_EMIT_CSV : TB_EMIT_PLAIN, &b);
    size_t head = is_first || !b.p ? 0 : strcspn(b.p, "\n") + 1;
    tb_out_bytes(o, b.p + head, b.n - head);
    tb_buf_free(&b);
}

static void put_value(struct tb_table *t, const struct tb_json *v)
{
    switch (tb_json_type(v)) {
    case TB_JSON_INT: tb_table_int(t, tb_json_int(v, 0)); break;
    case TB_JSON_REAL: tb_table_real(t, tb_json_real(v, 0)); break;
    case TB_JSON_BOOL: tb_table_text(t, tb_json_bool(v, false) ? "yes" : "no"); break;
    default: tb_table_text(t, tb_json_str(v, "")); break;
    }
}

void tb_out_maps(const struct tb_out *o, const struct tb_json *list, const struct tb_table_column *columns, size_t n)
{
    struct tb_table t;
    tb_table_init(&t, columns, n);
    for (size_t i = 0; i < tb_json_len(list); i++)
        for (size_t c = 0; c < n; c++)
            put_value(&t, tb_json_get(tb_json_at(list, i), columns[c].name));
    tb_out_table(o, &t);
    tb_table_free(&t);
}

void tb_out_json(const struct tb_out *o, struct tb_json *j)
{
    char *text = tb_json_text(j, TB_JSON_PRETTY);
    size_t n = strlen(text);
    tb_out_bytes(o, text, n);
    if (n == 0 || text[n - 1] != '\n')
        fputc('\n', stdout);
    free(text);
    tb_json_free(j);
}
