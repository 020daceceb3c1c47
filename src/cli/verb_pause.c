/* SPDX-License-Identifier: MIT */
/* verb_pause.c - tunebench pause: asks whoever trains a run to hold still behind the step at hand; it keeps its memory
 * and its lock. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/steer.h"
#include "cli/verb.h"

static void pause_run(struct tb_steer *s, size_t i)
{
    enum tb_state state = tb_choice_item(&s->runs, i)->sight.state;
    struct tb_asked asked;
    struct tb_err err = { 0 };
    char words[120], *dir = tb_choice_dir(&s->runs, i);
    snprintf(words, sizeof words, "is %s; only a run that is being trained can be paused", tb_state_name(state));
    if (state == TB_STATE_PAUSED)
        tb_steer_tell(s, i, &(struct tb_told){ .words = "is paused already" });
    else if (!tb_steer_is_held(s, i))
        tb_steer_tell(s, i, &(struct tb_told){ .exit_code = tb_err_exit(TB_ERR_USAGE), .words = words });
    else if (!tb_request(dir, "pause", NULL, s->wait_s, &asked, &err))
        tb_steer_fail(s, i, &err);
    else
        tb_steer_answer(s, i, &asked, "paused", tb_choice_command(&s->runs, i, "resume", NULL));
    free(dir);
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_steer s;
    if (!tb_args_count(a, 1, TB_ARGS_MAX, "pause RUN..", err))
        return false;
    bool good = tb_steer_open(&s, a, a->pos, a->n_pos, NULL, err);
    for (size_t i = 0; good && i < s.runs.n; i++)
        pause_run(&s, i);
    tb_steer_close(&s, good, exit_code);
    return good;
}

static const struct tb_flag flags[] = { TB_FLAG_WAIT, TB_FLAG_JSON, { 0 } };

const struct tb_verb tb_verb_pause = {
    .name = "pause", .usage = "RUN..",
    .help = "Pauses runs that are being trained; 'resume' lets them go on.\n"
            "They go on in the same process.\n"
            "RUN is a name, the beginning of an id, @last, @best, or a filter as ls takes it.",
    .examples = "  tunebench pause lora-r8-s0\n"
                "  tunebench pause state:running\n",
    .flags = flags, .run = run,
};
