/* SPDX-License-Identifier: MIT */
/* mark.c - marks go through the writer of a run that nobody has, else through a request to who has it. Either may
 * change between two looks, so both are tried in turn. */
#include "cli/mark.h"

#include <stdlib.h>
#include <string.h>

#include "cli/verb.h"
#include "store/marks.h"
#include "store/writer.h"

enum { TRIES = 3, SEAL_S = 10 };

static bool write_marks(const char *dir, const struct tb_json *marks, struct tb_err *err)
{
    struct tb_run_writer *w = tb_run_writer_open(dir, err);
    bool good = w && tb_marks_write(w, marks, err);
    tb_run_writer_close(w);
    return good;
}

/* Asks; false if the owner has left, so that it is to be written here. */
static bool ask(struct tb_steer *s, size_t i, const char *dir, const struct tb_json *marks, struct tb_told *told)
{
    struct tb_asked asked;
    struct tb_err err = { 0 };
    if (!tb_request(dir, "facts", marks, s->wait_s, &asked, &err)) {
        tb_steer_fail(s, i, &err);
        free(told->inverse);
        return true;
    }
    if (asked.state == TB_ASKED_NOBODY || asked.state == TB_ASKED_REFUSED) {
        tb_request_wait_end(dir, SEAL_S);
        return false;
    }
    tb_steer_answer(s, i, &asked, told->words, told->inverse);
    return true;
}

/* Does it, or fails with *err. */
static bool mark(struct tb_steer *s, size_t i, const char *dir, const struct tb_json *marks, struct tb_told *told,
                 struct tb_err *err)
{
    struct tb_json *facts = tb_marks_facts(marks, err);
    bool good = false, is_held = tb_steer_is_held(s, i);
    for (int n = 0; facts && !good && n < TRIES; n++) {
        struct tb_err why = { 0 };
        good = is_held && ask(s, i, dir, marks, told);
        if (!good && write_marks(dir, marks, &why)) {
            tb_steer_tell(s, i, told);
            good = true;
        }
        *err = why;
        is_held = why.kind == TB_ERR_BUSY;
        if (!good && !is_held)
            break;
    }
    tb_json_free(facts);
    return good;
}

void tb_mark(struct tb_steer *s, size_t i, struct tb_json *marks, const char *words, char *inverse)
{
    struct tb_told told = { .has_changed = true, .words = words, .inverse = inverse };
    struct tb_err err = { 0 };
    char *dir = tb_choice_dir(&s->runs, i);
    if (!mark(s, i, dir, marks, &told, &err)) {
        tb_steer_fail(s, i, &err);
        free(inverse);
    }
    tb_json_free(marks);
    free(dir);
}

static bool is_on(const struct tb_run_summary *sum, const char *mark)
{
    return strcmp(mark, "protected") == 0 ? sum->is_protected : sum->is_archived;
}

static void set_switch(struct tb_steer *s, size_t i, const struct tb_mark_switch *m, bool on)
{
    const char *words = on ? m->on_words : m->off_words;
    char undo[32], already[64];
    if (is_on(&tb_choice_item(&s->runs, i)->sum, m->mark) == on) {
        snprintf(already, sizeof already, "%s already", words);
        tb_steer_tell(s, i, &(struct tb_told){ .words = on ? already : words });
        return;
    }
    struct tb_json *marks = tb_json_new_map();
    tb_json_set(marks, m->mark, tb_json_new_bool(on));
    snprintf(undo, sizeof undo, "--%s", m->off);
    tb_mark(s, i, marks, words, tb_choice_command(&s->runs, i, m->verb, on ? undo : NULL));
}

bool tb_mark_switch(const struct tb_mark_switch *m, const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_steer s;
    bool on = !tb_args_has(a, m->off);
    char usage[64];
    snprintf(usage, sizeof usage, "%s RUN..", m->verb);
    if (!tb_args_count(a, 1, TB_ARGS_MAX, usage, err))
        return false;
    bool good = tb_steer_open(&s, a, a->pos, a->n_pos, on ? m->besides : m->off_besides, err);
    for (size_t i = 0; good && i < s.runs.n; i++)
        set_switch(&s, i, m, on);
    tb_steer_close(&s, good, exit_code);
    return good;
}
