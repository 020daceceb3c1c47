/* SPDX-License-Identifier: MIT */
/* verb_note.c - tunebench note: a sentence kept with a run. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/mark.h"
#include "cli/verb.h"
#include "store/marks.h"

static char *inverse(const struct tb_steer *s, size_t i, const char *old)
{
    struct tb_buf b = { 0 };
    tb_shell_quote(&b, old);
    char *command = tb_choice_command(&s->runs, i, "note", b.p);
    tb_buf_free(&b);
    return command;
}

static void set_note(struct tb_steer *s, size_t i, const char *old, const char *text)
{
    struct tb_json *marks = tb_json_new_map();
    char *words = *text ? tb_xasprintf("note: %s", text) : tb_xstrdup("has no note any more");
    tb_json_set(marks, "note", tb_json_new_str(text));
    tb_mark(s, i, marks, words, inverse(s, i, old));
    free(words);
}

/* Without text: says the note. */
static void note(struct tb_steer *s, size_t i, const char *text)
{
    struct tb_metrics m;
    struct tb_err err = { 0 };
    char *dir = tb_choice_dir(&s->runs, i);
    if (!tb_metrics_load(&m, dir, &err)) {
        tb_steer_fail(s, i, &err);
    } else {
        const char *old = tb_marks_note(&m);
        if (text && strcmp(text, old) != 0)
            set_note(s, i, old, text);
        else if (*old || s->out.form == TB_EMIT_JSON)
            tb_steer_tell(s, i, &(struct tb_told){ .words = old });
        else
            tb_steer_tell(s, i, &(struct tb_told){ .words = "has no note" });
    }
    tb_metrics_free(&m);
    free(dir);
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_steer s;
    if (!tb_args_count(a, 1, 2, "note RUN [TEXT]", err))
        return false;
    bool good = tb_steer_open(&s, a, a->pos, 1, "archived:no", err);
    for (size_t i = 0; good && i < s.runs.n; i++)
        note(&s, i, a->n_pos > 1 ? a->pos[1] : NULL);
    tb_steer_close(&s, good, exit_code);
    return good;
}

static const struct tb_flag flags[] = { TB_FLAG_WAIT, TB_FLAG_JSON, { 0 } };

const struct tb_verb tb_verb_note = {
    .name = "note", .usage = "RUN [TEXT]",
    .help = "Keeps a note with a run.\n"
            "An empty one removes it, none at all prints it.\n"
            "RUN is a name, the beginning of an id, @last, @best, or a filter as ls takes it.",
    .examples = "  tunebench note lora-r8-s0 'lr too high from step 300 on'\n"
                "  tunebench note lora-r8-s0\n"
                "  tunebench note lora-r8-s0 ''\n",
    .flags = flags, .run = run,
};
