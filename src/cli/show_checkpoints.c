/* SPDX-License-Identifier: MIT */
/* show_checkpoints.c - what lies in ckpt/ beside what the policy of store/keeping.h says of it. The evaluations that a
 * run shown at an earlier step has are those up to there, so later checkpoints have no loss. */
#include "cli/show_checkpoints.h"

#include <stdlib.h>

#include "base/file.h"
#include "store/checkpoint.h"
#include "store/marks.h"
#include "view/kept.h"

static void put_row(struct tb_table *t, const struct tb_pick *p, const struct tb_kept *k)
{
    struct tb_buf why = { 0 };
    char *path = tb_checkpoint_path(p->dir, k->step);
    tb_kept_words(&p->m, k, &why);
    tb_table_int(t, k->step);
    tb_table_real(t, k->eval);
    tb_table_int(t, tb_file_size(path));
    tb_table_text(t, why.p);
    tb_table_text(t, path);
    tb_buf_free(&why);
    free(path);
}

void tb_show_checkpoints(const struct tb_out *o, const struct tb_pick *p)
{
    static const struct tb_table_column columns[] = {
        { "  step", NULL, TB_UNIT_PLAIN, false },   { "eval", NULL, TB_UNIT_LOSS, false },
        { "size", NULL, TB_UNIT_BYTES, false },     { "stays as", NULL, TB_UNIT_TEXT, false },
        { "file", NULL, TB_UNIT_TEXT, false },
    };
    struct tb_kept *list;
    struct tb_table t;
    size_t n = tb_keep_list(&p->m, p->dir, &list);
    tb_table_init(&t, columns, 5);
    for (size_t i = 0; i < n; i++)
        put_row(&t, p, &list[i]);
    if (n) {
        tb_out_head(o, "CHECKPOINTS");
        tb_out_table(o, &t);
    }
    tb_table_free(&t);
    free(list);
}

static struct tb_json *one(const struct tb_pick *p, const struct tb_kept *k)
{
    struct tb_json *c = tb_json_new_map();
    char *path = tb_checkpoint_path(p->dir, k->step);
    tb_json_set(c, "step", tb_json_new_int(k->step));
    tb_json_set(c, "eval", tb_json_new_real(k->eval));
    tb_json_set(c, "rank", k->rank ? tb_json_new_int(k->rank) : tb_json_new_null());
    tb_json_set(c, "kept", tb_kept_reasons(k));
    tb_json_set(c, "tags", tb_marks_checkpoint(&p->m, k->step));
    tb_json_set(c, "bytes", tb_json_new_int(tb_file_size(path)));
    tb_json_set(c, "path", tb_json_new_str(path));
    free(path);
    return c;
}

struct tb_json *tb_checkpoints_json(const struct tb_pick *p)
{
    struct tb_json *out = tb_json_new_list();
    struct tb_kept *list;
    size_t n = tb_keep_list(&p->m, p->dir, &list);
    for (size_t i = 0; i < n; i++)
        tb_json_append(out, one(p, &list[i]));
    free(list);
    return out;
}
