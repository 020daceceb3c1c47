/* SPDX-License-Identifier: MIT */
/* show_checkpoints.c - what lies in ckpt/ beside what the policy of store/keeping.h says of it. The evaluations that a
 * run shown at an earlier step has are those up to there, so later checkpoints have no loss. */
#include "cli/show_checkpoints.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "store/checkpoint.h"
#include "store/keeping.h"
#include "store/marks.h"

static const struct {
    enum tb_keep why;
    const char *name;
} reasons[] = {
    { TB_KEEP_NEWEST, "newest" }, { TB_KEEP_BEST, "best" }, { TB_KEEP_ASKED, "asked for" },
    { TB_KEEP_TAGGED, "tagged" }, { TB_KEEP_START, "start" }, { TB_KEEP_PROTECTED, "protected" },
};
enum { N_REASONS = sizeof reasons / sizeof *reasons };

static void say_tags(const struct tb_metrics *m, int64_t step, struct tb_buf *b)
{
    struct tb_json *tags = tb_marks_checkpoint(m, step);
    for (size_t i = 0; i < tb_json_len(tags); i++)
        tb_buf_fmt(b, "%s%s", i ? "," : " ", tb_json_str(tb_json_at(tags, i), ""));
    tb_json_free(tags);
}

/* "newest, best", with the place of those behind the first: "best (2nd)", and tags: "tagged mid". */
static void say_why(const struct tb_metrics *m, const struct tb_kept *k, struct tb_buf *b)
{
    static const char *const ends[] = { "th", "st", "nd", "rd" };
    for (int i = 0; i < N_REASONS; i++)
        if (k->why & reasons[i].why) {
            int last = k->rank / 10 % 10 == 1 ? 0 : k->rank % 10;
            tb_buf_fmt(b, "%s%s", b->n ? ", " : "", reasons[i].name);
            if (reasons[i].why == TB_KEEP_BEST && k->rank > 1)
                tb_buf_fmt(b, " (%d%s)", k->rank, ends[last < 4 ? last : 0]);
            if (reasons[i].why == TB_KEEP_TAGGED)
                say_tags(m, k->step, b);
        }
    if (!k->why)
        tb_buf_str(b, "nothing keeps it");
}

static void put_row(struct tb_table *t, const struct tb_pick *p, const struct tb_kept *k)
{
    struct tb_buf why = { 0 };
    char *path = tb_checkpoint_path(p->dir, k->step);
    say_why(&p->m, k, &why);
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
    struct tb_json *c = tb_json_new_map(), *why = tb_json_new_list();
    char *path = tb_checkpoint_path(p->dir, k->step);
    for (int i = 0; i < N_REASONS; i++)
        if (k->why & reasons[i].why)
            tb_json_append(why, tb_json_new_str(reasons[i].name));
    tb_json_set(c, "step", tb_json_new_int(k->step));
    tb_json_set(c, "eval", tb_json_new_real(k->eval));
    tb_json_set(c, "rank", k->rank ? tb_json_new_int(k->rank) : tb_json_new_null());
    tb_json_set(c, "kept", why);
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
