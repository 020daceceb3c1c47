/* SPDX-License-Identifier: MIT */
/* The one-line grammar: unknown values, lists of numbers, several sorts, words that are no terms; columns by
 * other names. */
#include "view/filter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tests/tap.h"

enum { N = 5 };
static struct tb_run_item items[N];

static void fill(void)
{
    static const char *const names[N] = { "lora-r8-s0", "prefix20-s0", "Lora-r8-s1", "", "full-s0" };
    for (int i = 0; i < N; i++) {
        struct tb_run_summary *s = &items[i].sum;
        snprintf(s->id, sizeof s->id, "%016x", 0xa0 + i);
        tb_str_copy(s->name, sizeof s->name, names[i]);
        tb_str_copy(s->note, sizeof s->note, i == 1 ? "b" : i == 2 ? "a" : "");
        tb_str_copy(s->created, sizeof s->created, i < 2 ? "2026-01-01T00:00:00Z" : "2026-02-01T00:00:00Z");
        s->seed = i == 4 ? -1 : i;
        s->best_eval = i == 2 ? NAN : 1.5;
        s->lr = i == 0 ? 3e-4 : 1e-2;
        s->tokens = i * 50000;
        items[i].sight.state = i == 0 ? TB_STATE_RUNNING : TB_STATE_DONE;
    }
    tb_str_copy(items[3].sum.damage, sizeof items[3].sum.damage, "run.h5: CRC");
}

/* Numbers of the runs that pass, in order, as digits. */
static const char *passing(const char *text)
{
    static char digits[N + 1];
    size_t order[N], n;
    struct tb_err err = { 0 };
    struct tb_filter *f = tb_filter_open(text, &err);
    if (!f)
        return "error";
    n = tb_filter_apply(f, items, N, order);
    for (size_t i = 0; i < n; i++)
        digits[i] = (char)('0' + order[i]);
    digits[n] = '\0';
    tb_filter_close(f);
    return digits;
}

static void terms(void)
{
    is_str(passing("  \t "), "01234", "blanks are no term");
    is_str(passing("name:LORA"), "02", "text in any case");
    is_str(passing("name=lora-r8-s0"), "0", "the whole text");
    is_str(passing("seed:0,2"), "02", "numbers one by one");
    is_str(passing("seed!=0,2"), "134", "neither; an unknown seed is neither");
    is_str(passing("!seed<2"), "234", "not");
    is_str(passing("lr<=3e-4"), "0", "small numbers");
    is_str(passing("tokens>=100k"), "24", "the damaged run has no tokens");
    is_str(passing("state=damaged"), "3", "damaged runs can be asked for");
    is_str(passing("damage!="), "3", "or by having a reason");
    is_str(passing("note="), "034", "nothing is a text too");
    is_str(passing("created<2026-01-15"), "01", "times compare as text");
    is_str(passing("created>=2026-02 state:done"), "24", "all terms must pass");
    is_str(passing("00a1"), "1", "a word also looks at ids");
    is_str(passing("a:b:c"), "error", "a field that is none");
    is_str(passing("seed=one"), "error", "a word where numbers are compared");
    is_str(passing("seed=1,two"), "error", "also behind a comma");
    is_str(passing("tokens<1x"), "error", "no unit of ours");
}

static void sorts(void)
{
    is_str(passing("sort:note"), "21034", "no note comes last");
    is_str(passing("sort:-note"), "12034", "also downwards");
    is_str(passing("sort:-seed"), "21034", "unknown numbers too");
    is_str(passing("sort:-tokens sort:created"), "10423", "equal ones keep the earlier order, unknown last");
    is_str(passing("sort:bogus"), "error", "a key that is none");
    is_str(passing("sort:best"), "01423", "by another name of the column");
}

static void names(void)
{
    struct tb_err err = { 0 };
    struct tb_filter *f = tb_filter_open("evall_loss<2", &err);
    ok(!f && err.kind == TB_ERR_USAGE && strstr(err.text, "'eval_loss'"), "the nearest field: %s", err.text);
    ok(tb_run_column_named("eval") == tb_run_column_named("last eval/loss"), "two names of one column");
    ok(tb_run_column_named("hash") == tb_run_column_named("final_hash"), "an old name");
    is_int(tb_run_column_named("nothing"), -1, "no such name");
    for (size_t i = 0; tb_run_column_at(i); i++)
        if (tb_run_column_named(tb_run_column_at(i)->name) != (int)i)
            ok(false, "column %s is found by its name", tb_run_column_at(i)->name);
    for (int s = 0; s < TB_N_STATES; s++) {
        struct tb_run_item item = { .sight.state = (enum tb_state)s };
        struct tb_cell c = tb_run_cell(&item, tb_run_column_named("letter"));
        if (c.s[0] != *tb_state_letter((enum tb_state)s))
            ok(false, "letter of %s", tb_state_name((enum tb_state)s));
    }
}

static const char *emitted(const char *columns, enum tb_emit how)
{
    static struct tb_buf b;
    struct tb_table t;
    struct tb_err err = { 0 };
    tb_buf_clear(&b);
    if (tb_runs_table(&t, items, NULL, 1, columns, &err))
        tb_table_emit(&t, how, &b);
    else
        tb_buf_str(&b, err.text);
    tb_table_free(&t);
    return b.p;
}

static void columns(void)
{
    is_str(emitted("name as arm, min eval/loss as b\x1b", TB_EMIT_PLAIN), "arm\tb\xef\xbf\xbd\nlora-r8-s0\t1.5\n",
           "columns by another name, which is made safe");
    is_str(emitted("name as \"x\"", TB_EMIT_CSV), "\"\"\"x\"\"\"\r\nlora-r8-s0\r\n", "names are quoted in CSV");
    is_str(emitted("letter,state", TB_EMIT_TEXT), "   state\nR  running\n", "letter and word");
    ok(strstr(emitted("nam", TB_EMIT_TEXT), "'name'"), "the nearest column: %s", emitted("nam", TB_EMIT_TEXT));
    ok(strstr(emitted("name,,seed", TB_EMIT_TEXT), "no column ''"), "an empty name");
    free((void *)(uintptr_t)emitted("name", TB_EMIT_TEXT));
}

int main(void)
{
    fill();
    terms();
    sorts();
    names();
    columns();
    return done();
}
