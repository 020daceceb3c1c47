/* SPDX-License-Identifier: MIT */
/* verb_keep.c - tunebench keep: asks whoever trains a run for a checkpoint behind the step at hand, which stays
 * (store/keeping.h). */
#include <stdio.h>
#include <stdlib.h>

#include "cli/steer.h"
#include "cli/verb.h"

static void keep_run(struct tb_steer *s, size_t i)
{
    struct tb_asked asked;
    struct tb_err err = { 0 };
    char words[200], *dir = tb_choice_dir(&s->runs, i);
    snprintf(words, sizeof words,
             "is %s and makes no checkpoint now; 'tag RUN --at STEP +word' keeps one that is there",
             tb_state_name(tb_choice_item(&s->runs, i)->sight.state));
    if (!tb_steer_is_held(s, i))
        tb_steer_tell(s, i, &(struct tb_told){ .exit_code = tb_err_exit(TB_ERR_USAGE), .words = words });
    else if (!tb_request(dir, "checkpoint", NULL, s->wait_s, &asked, &err))
        tb_steer_fail(s, i, &err);
    else
        tb_steer_answer(s, i, &asked, NULL, NULL);
    free(dir);
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_steer s;
    if (!tb_args_count(a, 1, TB_ARGS_MAX, "keep RUN..", err))
        return false;
    bool good = tb_steer_open(&s, a, a->pos, a->n_pos, NULL, err);
    for (size_t i = 0; good && i < s.runs.n; i++)
        keep_run(&s, i);
    tb_steer_close(&s, good, exit_code);
    return good;
}

static const struct tb_flag flags[] = { TB_FLAG_WAIT, TB_FLAG_JSON, { 0 } };

const struct tb_verb tb_verb_keep = {
    .name = "keep", .usage = "RUN..",
    .help = "Makes a checkpoint of runs that are being trained, one that stays.\n"
            "It is made behind the step at hand, and training goes on. Checkpoints that are there already stay with a\n"
            "tag: 'tag RUN --at STEP +word'.\n"
            "RUN is a name, the beginning of an id, @last, @best, or a filter as ls takes it.",
    .examples = "  tunebench keep lora-r8-s0\n"
                "  tunebench keep state:running\n",
    .flags = flags, .run = run,
};
