/* SPDX-License-Identifier: MIT */
/* Numbers with units, and a table in its four forms. */
#include "view/emit.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tests/tap.h"

static const char *unit(enum tb_unit u, double v)
{
    static char text[64];
    return tb_fmt_unit(text, sizeof text, u, v);
}

static void units(void)
{
    char t[64];
    is_str(tb_fmt_count(t, sizeof t, 460800), "460,800", "count");
    is_str(tb_fmt_count(t, sizeof t, INT64_MIN), "-9,223,372,036,854,775,808", "the lowest count");
    is_str(tb_fmt_count(t, sizeof t, 999), "999", "small count");
    is_str(unit(TB_UNIT_BYTES, 1.31 * 1073741824), "1.31 GiB", "bytes");
    is_str(unit(TB_UNIT_BYTES, 1023), "1023 B", "few bytes");
    is_str(unit(TB_UNIT_BYTES, 1048575), "1.00 MiB", "bytes round up to the next unit");
    is_str(unit(TB_UNIT_BYTES, -1), "-", "unknown bytes");
    is_str(unit(TB_UNIT_SECONDS, 4860), "1h21m", "hours");
    is_str(unit(TB_UNIT_SECONDS, 125), "2m05s", "minutes");
    is_str(unit(TB_UNIT_SECONDS, 4.2), "4.2s", "seconds");
    is_str(unit(TB_UNIT_SECONDS, 59.7), "1m00s", "rounding carries");
    is_str(unit(TB_UNIT_SECONDS, 90000), "1d01h", "days");
    is_str(unit(TB_UNIT_SHARE, 0.00342), "0.342 %", "share");
    is_str(unit(TB_UNIT_SHORT, 460800), "461k", "short");
    is_str(unit(TB_UNIT_SHORT, 1843200), "1.8M", "short millions");
    is_str(unit(TB_UNIT_SHORT, 999999), "1.0M", "short rounds up to the next unit");
    is_str(unit(TB_UNIT_SHORT, 42), "42", "short small");
    is_str(unit(TB_UNIT_RATE, 3e-4), "3e-4", "rate");
    is_str(unit(TB_UNIT_RATE, 2.31e-4), "2.31e-4", "rate with digits");
    is_str(unit(TB_UNIT_RATE, 0.3), "0.3", "large rate");
    is_str(unit(TB_UNIT_RATE, 1e-10), "1e-10", "tiny rate");
    is_str(unit(TB_UNIT_RATE, 0), "0", "no rate");
    is_str(unit(TB_UNIT_LOSS, 1.1424), "1.142", "loss");
    is_str(unit(TB_UNIT_LOSS, NAN), "-", "unknown loss");
    is_str(unit(TB_UNIT_LOSS, INFINITY), "inf", "infinite loss");
    is_str(tb_fmt_raw(t, sizeof t, 0.1f, 1), "0.100000001", "float, to be read back");
    is_str(tb_fmt_raw(t, sizeof t, 0.1, 0), "0.10000000000000001", "double, to be read back");
}

static void table(void)
{
    struct tb_table t;
    struct tb_buf b = { 0 };
    static const struct tb_table_column columns[] = {
        { "name", NULL, TB_UNIT_TEXT, false }, { "loss", "eval", TB_UNIT_LOSS, true },
        { "n", NULL, TB_UNIT_COUNT, false },
    };
    tb_table_init(&t, columns, 3);
    tb_table_text(&t, "a,\"\x1b[2J");
    tb_table_real(&t, 1.5);
    tb_table_int(&t, 12345);
    tb_table_text(&t, "b");
    tb_table_real(&t, NAN);
    tb_table_none(&t);
    is_int(tb_table_rows(&t), 2, "rows");
    tb_table_emit(&t, TB_EMIT_TEXT, &b);
    is_str(b.p,
           "name      eval       n\na,\"\xef\xbf\xbd[2J  1.500  12,345\nb            -       -\n",
           "text, safe for a terminal");
    tb_buf_clear(&b);
    tb_table_emit(&t, TB_EMIT_JSON, &b);
    is_str(b.p,
           "[\n{\"name\":\"a,\\\"\\u001b[2J\",\"loss\":1.5,\"n\":12345},\n{\"name\":\"b\",\"loss\":"
           "null,\"n\":null}\n]\n",
           "JSON");
    tb_buf_clear(&b);
    tb_table_emit(&t, TB_EMIT_CSV, &b);
    is_str(b.p, "name,loss,n\r\n\"a,\"\"\xef\xbf\xbd[2J\",1.5,12345\r\nb,nan,\r\n", "CSV, safe as well");
    tb_buf_clear(&b);
    tb_table_emit(&t, TB_EMIT_PLAIN, &b);
    is_str(b.p, "name\tloss\tn\na,\"\xef\xbf\xbd[2J\t1.5\t12345\nb\tnan\t\n", "plain");
    tb_buf_free(&b);
    tb_table_free(&t);
}

/* The columns of a table that is fitted, as names. */
static const char *fitted(int width)
{
    static const struct tb_table_column columns[] = {
        { "name", NULL, TB_UNIT_TEXT, false }, { "n", NULL, TB_UNIT_COUNT, false },
        { "note", NULL, TB_UNIT_TEXT, false },
    };
    static const char *const missed_least[] = { "nothing", "note", "n", NULL };
    static char names[64];
    struct tb_table t;
    tb_table_init(&t, columns, 3);
    tb_table_text(&t, "four");
    tb_table_int(&t, 12345);
    tb_table_text(&t, "wide \xe2\x96\x87\xe2\x96\x87");
    tb_table_add(&t, &(struct tb_table_column){ "more", NULL, TB_UNIT_TEXT, false }, (const char *[]){ "yes" });
    tb_table_fit(&t, width, missed_least);
    names[0] = '\0';
    for (size_t i = 0; i < t.n_columns; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s ", t.column[i].name);
    tb_table_free(&t);
    return names;
}

static void fitting(void)
{
    is_str(fitted(27), "name n note more ", "as wide as it is: nothing goes");
    is_str(fitted(26), "name n more ", "one less: what is missed least goes");
    is_str(fitted(17), "name more ", "then the next");
    is_str(fitted(1), "name more ", "what is not on the list stays");
}

static void parts(void)
{
    static const struct tb_table_column column = { "lr", NULL, TB_UNIT_RATE, false };
    struct tb_table t;
    struct tb_buf b = { 0 };
    tb_table_init(&t, &column, 1);
    tb_table_cell(&t, &(struct tb_cell){ .type = TB_CELL_REAL, .r = NAN, .s = "0.0005,0.01" });
    tb_table_emit(&t, TB_EMIT_TEXT, &b);
    tb_table_emit(&t, TB_EMIT_JSON, &b);
    is_str(b.p, "       lr\n5e-4+0.01\n[\n{\"lr\":null}\n]\n", "rates of parts for people, unknown for programs");
    tb_buf_free(&b);
    tb_table_free(&t);
}

/* What CSV can say stays: lines and tabs are text, an escape or a carriage return alone is not. */
static void csv_texts(void)
{
    static const struct tb_table_column columns[] = { { "note", NULL, TB_UNIT_TEXT, false } };
    static const char *const cases[][2] = {
        { "a\tb", "a\tb" }, { "a\nb", "\"a\nb\"" }, { "\x1b]0;x\x07", "\xef\xbf\xbd]0;x\xef\xbf\xbd" },
        { "a\rb", "\"a\xef\xbf\xbd" "b\"" }, { "\xc3\xa9", "\xc3\xa9" }, { "\xff", "\xef\xbf\xbd" },
        { "\"", "\"\"\"\"" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tb_table t;
        struct tb_buf b = { 0 };
        char *want = tb_xasprintf("note\r\n%s\r\n", cases[i][1]);
        tb_table_init(&t, columns, 1);
        tb_table_text(&t, cases[i][0]);
        tb_table_emit(&t, TB_EMIT_CSV, &b);
        is_str(b.p, want, "a text in CSV");
        free(want);
        tb_buf_free(&b);
        tb_table_free(&t);
    }
}

int main(void)
{
    units();
    table();
    fitting();
    parts();
    csv_texts();
    return done();
}
