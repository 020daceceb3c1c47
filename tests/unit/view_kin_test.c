/* SPDX-License-Identifier: MIT */
/* The tree of clones: order, branches, a parent that is gone, rings and long lines that only a damaged store has; what
 * a clone fixes. */
#include "view/kin.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "tests/tap.h"
#include "view/clone_rules.h"

/* Runs "id parent". */
static struct tb_run_item *runs(const char *const (*of)[2], size_t n)
{
    struct tb_run_item *all = tb_xcalloc(n, sizeof *all);
    for (size_t i = 0; i < n; i++) {
        tb_str_copy(all[i].sum.id, TB_RUN_ID, of[i][0]);
        tb_str_copy(all[i].sum.parent, TB_RUN_ID, of[i][1]);
    }
    return all;
}

/* The tree as text, a line a run. */
static char *drawn(const struct tb_run_item *all, size_t n, const char *id)
{
    struct tb_kin *list;
    struct tb_buf b = { 0 };
    char branch[TB_KIN_DEPTH * 3 + 1];
    size_t n_kin = tb_kin_make(all, n, id, &list);
    for (size_t i = 0; i < n_kin; i++)
        tb_buf_fmt(&b, "%s%s%s\n", tb_kin_branch(&list[i], branch, sizeof branch), list[i].id,
                   list[i].item ? "" : " is gone");
    free(list);
    return b.n ? tb_buf_take(&b) : tb_xstrdup("");
}

static void is_drawn(const struct tb_run_item *all, size_t n, const char *id, const char *want, const char *name)
{
    char *got = drawn(all, n, id);
    is_str(got, want, name);
    free(got);
}

static void trees(void)
{
    static const char *const of[][2] = {
        { "other", "" }, { "root", "" }, { "a", "root" }, { "b", "root" }, { "a1", "a" }, { "c", "root" },
        { "a2", "a" },   { "x", "gone" }, { "y", "gone" },
    };
    static const char tree[] = "root\n|- a\n|  |- a1\n|  `- a2\n|- b\n`- c\n";
    struct tb_run_item *all = runs(of, 9);
    is_drawn(all, 9, "root", tree, "all that came out of a run");
    is_drawn(all, 9, "a2", tree, "the same tree from a leaf of it");
    is_drawn(all, 9, "other", "other\n", "a run alone");
    is_drawn(all, 9, "y", "gone is gone\n|- x\n`- y\n", "children of a run that is gone");
    is_drawn(all, 9, "nobody", "", "a run that is not there");
    free(all);
}

static void damaged(void)
{
    static const char *const ring[][2] = { { "a", "c" }, { "b", "a" }, { "c", "b" }, { "self", "self" } };
    struct tb_run_item *all = runs(ring, 4), *line = tb_xcalloc(200, sizeof *line);
    struct tb_kin *list;
    bool is_in = false;
    ok(tb_kin_make(all, 4, "a", &list) == 3, "parents in a ring are each shown once");
    free(list);
    is_drawn(all, 4, "self", "self\n", "its own parent");
    for (int i = 0; i < 200; i++) {
        snprintf(line[i].sum.id, TB_RUN_ID, "r%d", i);
        snprintf(line[i].sum.parent, TB_RUN_ID, "r%d", i - 1);
    }
    size_t n = tb_kin_make(line, 200, "r100", &list);
    for (size_t i = 0; i < n; i++)
        is_in = is_in || strcmp(list[i].id, "r100") == 0;
    ok(n > TB_KIN_UP && n <= TB_KIN_DEPTH && is_in, "of a long line the part around the run");
    free(list);
    free(line);
    free(all);
}

static void wide(void)
{
    struct tb_run_item *all = tb_xcalloc(3000, sizeof *all);
    struct tb_kin *list;
    for (int i = 0; i < 3000; i++) {
        snprintf(all[i].sum.id, TB_RUN_ID, "r%d", i);
        tb_str_copy(all[i].sum.parent, TB_RUN_ID, i ? "r0" : "");
    }
    ok(tb_kin_make(all, 3000, "r0", &list) == TB_KIN_MOST, "a limit to siblings");
    free(list);
    free(all);
}

static void relations(void)
{
    struct tb_metrics m;
    char how[64];
    static const char warm[] = "{\"lineage\":{\"mode\":\"warm\",\"parent\":\"p\",\"parent_step\":400,\"start\":400}}",
                      cold[] = "{\"lineage\":{\"mode\":\"cold\",\"parent\":\"p\"}}";
    tb_metrics_init(&m);
    is_str(tb_kin_relation(&m, how), "", "made from no other");
    tb_json_free(m.facts);
    m.facts = tb_json_parse(warm, strlen(warm), "test", NULL);
    is_str(tb_kin_relation(&m, how), "warm from step 400", "warm");
    tb_json_free(m.facts);
    m.facts = tb_json_parse(cold, strlen(cold), "test", NULL);
    is_str(tb_kin_relation(&m, how), "cold", "cold");
    tb_metrics_free(&m);
}

static void rules(void)
{
    ok(tb_clone_fixed_by(TB_CLONE_WARM, "method.lora.r") == TB_CLONE_BY_SHAPE
           && tb_clone_fixed_by(TB_CLONE_WARM, "seed") == TB_CLONE_BY_PLACE
           && tb_clone_fixed_by(TB_CLONE_WARM, "data.path") == TB_CLONE_BY_PLACE
           && tb_clone_fixed_by(TB_CLONE_WEIGHTS, "base") == TB_CLONE_BY_BASE,
       "what a warm start fixes, and why");
    ok(tb_clone_fixed_by(TB_CLONE_WARM, "method.0.lr") == TB_CLONE_FREE
           && tb_clone_fixed_by(TB_CLONE_WARM, "method.lora.dropout") == TB_CLONE_FREE
           && tb_clone_fixed_by(TB_CLONE_WEIGHTS, "seed") == TB_CLONE_FREE
           && tb_clone_fixed_by(TB_CLONE_COLD, "base") == TB_CLONE_FREE,
       "what it leaves free, and other ways to begin");
}

int main(void)
{
    trees();
    damaged();
    wide();
    relations();
    rules();
    return done();
}
