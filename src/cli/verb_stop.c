/* SPDX-License-Identifier: MIT */
/* verb_stop.c - tunebench stop: a run that is trained is asked to end behind a checkpoint; one that waits or was lost
 * becomes stopped here. Those that wait come first: a worker whose run ends takes the next one at once. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "cli/steer.h"
#include "cli/verb.h"
#include "store/writer.h"

enum { SEAL_S = 10 }; /* patience with a run that has just come to its end */

static char *inverse(const struct tb_steer *s, size_t i)
{
    return tb_choice_command(&s->runs, i, "resume", NULL);
}

static void tell_over(struct tb_steer *s, size_t i, enum tb_state state)
{
    char words[80];
    snprintf(words, sizeof words, "is %s already; nothing to stop", tb_state_name(state));
    tb_steer_tell(s, i, &(struct tb_told){ .words = words });
}

/* Asks, and waits until the run is sealed. False if its owner has left without doing it. */
static bool stop_held(struct tb_steer *s, size_t i, const char *dir)
{
    struct tb_asked asked;
    struct tb_err err = { 0 };
    double until = tb_clock_mono_s() + s->wait_s;
    if (!tb_request(dir, "stop", NULL, s->wait_s, &asked, &err)) {
        tb_steer_fail(s, i, &err);
        return true;
    }
    if (asked.state == TB_ASKED_NOBODY || asked.state == TB_ASKED_REFUSED) {
        tb_request_wait_end(dir, SEAL_S);
        return false;
    }
    bool sealed = asked.state == TB_ASKED_DONE && tb_request_wait_end(dir, until - tb_clock_mono_s());
    const char *words = asked.state == TB_ASKED_DONE && !sealed ? "checkpoint kept; its files are still written" : NULL;
    tb_steer_answer(s, i, &asked, words, inverse(s, i));
    return true;
}

static void seal(struct tb_steer *s, size_t i, struct tb_run_writer *w)
{
    const struct tb_metrics *m = tb_run_writer_metrics(w);
    struct tb_err err = { 0 };
    char words[80] = "stopped before its first step";
    if (tb_state_is_over(m->state)) {
        tell_over(s, i, m->state);
        return;
    }
    if (m->step > 0)
        snprintf(words, sizeof words, "stopped at step %lld", (long long)m->step);
    if (tb_run_writer_seal(w, TB_STATE_STOPPED, "user", words, NULL, &err))
        tb_steer_tell(s, i, &(struct tb_told){ .has_changed = true, .words = words, .inverse = inverse(s, i) });
    else
        tb_steer_fail(s, i, &err);
}

/* Through the writer; whoever has taken the run since it was listed is asked. */
static void stop_free(struct tb_steer *s, size_t i, const char *dir)
{
    struct tb_err err = { 0 };
    struct tb_run_writer *w = tb_run_writer_open(dir, &err);
    if (w)
        seal(s, i, w);
    else if (err.kind != TB_ERR_BUSY || !stop_held(s, i, dir))
        tb_steer_fail(s, i, &err);
    tb_run_writer_close(w);
}

static void stop(struct tb_steer *s, size_t i)
{
    enum tb_state state = tb_choice_item(&s->runs, i)->sight.state;
    char *dir = tb_choice_dir(&s->runs, i);
    if (tb_state_is_over(state) && !tb_choice_item(&s->runs, i)->sum.damage[0])
        tell_over(s, i, state);
    else if (!tb_steer_is_held(s, i) || !stop_held(s, i, dir))
        stop_free(s, i, dir);
    free(dir);
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_steer s;
    if (!tb_args_count(a, 1, TB_ARGS_MAX, "stop RUN..", err))
        return false;
    bool good = tb_steer_open(&s, a, a->pos, a->n_pos, NULL, err);
    for (int held = 0; good && held < 2; held++)
        for (size_t i = 0; i < s.runs.n; i++)
            if (tb_steer_is_held(&s, i) == held)
                stop(&s, i);
    tb_steer_close(&s, good, exit_code);
    return good;
}

static const struct tb_flag flags[] = { TB_FLAG_WAIT, TB_FLAG_JSON, { 0 } };

const struct tb_verb tb_verb_stop = {
    .name = "stop", .usage = "RUN..",
    .help = "Stops runs behind a checkpoint; 'resume' goes on from there.\n"
            "It does not matter which process trains them.\n"
            "RUN is a name, the beginning of an id, @last, @best, or a filter as ls takes it.",
    .examples = "  tunebench stop lora-r8-s0\n"
                "  tunebench stop state:running,queued\n"
                "  tunebench stop @last --wait 0\n",
    .flags = flags, .run = run,
};
