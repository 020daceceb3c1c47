/* SPDX-License-Identifier: MIT */
/* kept.c - one table of reasons, for words and for programs. */
#include "view/kept.h"

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

void tb_kept_words(const struct tb_metrics *m, const struct tb_kept *k, struct tb_buf *b)
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

struct tb_json *tb_kept_reasons(const struct tb_kept *k)
{
    struct tb_json *list = tb_json_new_list();
    for (int i = 0; i < N_REASONS; i++)
        if (k->why & reasons[i].why)
            tb_json_append(list, tb_json_new_str(reasons[i].name));
    return list;
}
