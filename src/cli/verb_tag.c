/* SPDX-License-Identifier: MIT */
/* verb_tag.c - tunebench tag: words to find runs by; +word adds one, -word takes one away. With --at STEP they are
 * words for one checkpoint, which stays as long as it has any. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/mark.h"
#include "cli/verb.h"
#include "store/checkpoint.h"
#include "store/marks.h"

struct change {
    const char *word[TB_ARGS_MAX]; /* with its sign */
    int n;
    int64_t at; /* step of a checkpoint, -1: the run */
};

static bool has(const struct tb_json *tags, const char *tag)
{
    for (size_t i = 0; i < tb_json_len(tags); i++)
        if (strcmp(tb_json_str(tb_json_at(tags, i), ""), tag) == 0)
            return true;
    return false;
}

static struct tb_json *without(const struct tb_json *tags, const char *tag)
{
    struct tb_json *list = tb_json_new_list();
    for (size_t i = 0; i < tb_json_len(tags); i++)
        if (strcmp(tb_json_str(tb_json_at(tags, i), ""), tag) != 0)
            tb_json_append(list, tb_json_copy(tb_json_at(tags, i)));
    return list;
}

/* The tags after the change; the words that undo it go to `undo`. */
static struct tb_json *changed(const struct tb_json *old, const struct change *c, struct tb_buf *undo)
{
    struct tb_json *tags = tb_json_copy(old);
    for (int i = 0; i < c->n; i++) {
        const char *tag = c->word[i] + 1;
        bool adds = c->word[i][0] == '+';
        if (has(tags, tag) == adds)
            continue;
        if (adds) {
            tb_json_append(tags, tb_json_new_str(tag));
        } else {
            struct tb_json *rest = without(tags, tag);
            tb_json_free(tags);
            tags = rest;
        }
        char *word = tb_xasprintf("%c%s", adds ? '-' : '+', tag);
        tb_buf_str(undo, undo->n ? " " : "");
        tb_shell_quote(undo, word);
        free(word);
    }
    return tags;
}

/* The mark that holds the tags. */
static struct tb_json *marks_of(const struct tb_metrics *m, const struct change *c, const struct tb_json *tags)
{
    struct tb_json *marks = tb_json_new_map();
    if (c->at < 0)
        tb_json_set(marks, "tags", tb_json_copy(tags));
    else
        tb_json_set(marks, "checkpoints", tb_marks_set_checkpoint(m, c->at, tags));
    return marks;
}

static bool has_checkpoint(const char *dir, const struct change *c, struct tb_err *err)
{
    char *path = c->at < 0 ? NULL : tb_checkpoint_path(dir, c->at);
    bool good = !path || tb_file_exists(path)
             || tb_fail(err, TB_ERR_NOTFOUND, "has no checkpoint of step %lld", (long long)c->at);
    free(path);
    return good;
}

static char *in_words(const struct tb_json *tags)
{
    struct tb_buf b = { 0 };
    for (size_t i = 0; i < tb_json_len(tags); i++)
        tb_buf_fmt(&b, "%s%s", i ? "," : "tags ", tb_json_str(tb_json_at(tags, i), ""));
    if (!b.n)
        tb_buf_str(&b, "no tags");
    return tb_buf_take(&b);
}

/* The command that brings the old tags back; malloc'ed. */
static char *inverse_of(const struct tb_steer *s, size_t i, const struct change *c, const char *words)
{
    char *all = c->at < 0 ? tb_xstrdup(words) : tb_xasprintf("--at %lld %s", (long long)c->at, words);
    char *command = tb_choice_command(&s->runs, i, "tag", all);
    free(all);
    return command;
}

static void tag_run(struct tb_steer *s, size_t i, const struct change *c)
{
    struct tb_metrics m;
    struct tb_err err = { 0 };
    struct tb_buf undo = { 0 };
    char *dir = tb_choice_dir(&s->runs, i);
    if (!tb_metrics_load(&m, dir, &err) || !has_checkpoint(dir, c, &err)) {
        tb_steer_fail(s, i, &err);
    } else {
        struct tb_json *old = c->at < 0 ? tb_marks_tags(&m) : tb_marks_checkpoint(&m, c->at),
                       *tags = changed(old, c, &undo), *marks = marks_of(&m, c, tags);
        char *words = in_words(tags);
        if (undo.n)
            tb_mark(s, i, tb_json_ref(marks), words, inverse_of(s, i, c, undo.p));
        else
            tb_steer_tell(s, i, &(struct tb_told){ .words = words });
        tb_json_free(marks);
        tb_json_free(tags);
        tb_json_free(old);
        free(words);
    }
    tb_buf_free(&undo);
    tb_metrics_free(&m);
    free(dir);
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_steer s;
    struct change c = { .n = 0 };
    const char *runs[TB_ARGS_MAX];
    long at;
    int n = 0;
    if (!tb_args_int(a, "at", 0, LONG_MAX, -1, &at, err))
        return false;
    c.at = at;
    for (int i = 0; i < a->n_pos; i++) {
        bool is_tag = strchr("+-", a->pos[i][0]) && a->pos[i][0];
        if (is_tag && !tb_tag_check(a->pos[i] + 1, err))
            return false;
        if (is_tag)
            c.word[c.n++] = a->pos[i];
        else
            runs[n++] = a->pos[i];
    }
    if (n == 0)
        return tb_fail(err, TB_ERR_USAGE, "a run is missing; usage: tunebench tag RUN.. +WORD -WORD");
    bool good = tb_steer_open(&s, a, runs, n, "archived:no", err);
    for (size_t i = 0; good && i < s.runs.n; i++)
        tag_run(&s, i, &c);
    tb_steer_close(&s, good, exit_code);
    return good;
}

static const struct tb_flag flags[] = {
    TB_FLAG_DASH("takes a tag away; +WORD adds one; neither: the tags are printed"),
    { "at", "STEP", false, "tags of the checkpoint of this step, which stays while it has any" },
    TB_FLAG_WAIT, TB_FLAG_JSON, { 0 }
};

const struct tb_verb tb_verb_tag = {
    .name = "tag", .usage = "RUN.. [+WORD..] [-WORD..]",
    .help = "Gives runs tags and takes them away; 'ls WORD' finds them.\n"
            "RUN is a name, the beginning of an id, @last, @best, or a filter as ls takes it.",
    .examples = "  tunebench tag lora-r8-s0 +reference -try\n"
                "  tunebench tag 'eval<1.2' +good\n"
                "  tunebench tag lora-r8-s0 --at 400 +before-the-spike\n"
                "  tunebench tag @last\n",
    .flags = flags, .run = run,
};
