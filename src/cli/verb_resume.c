/* SPDX-License-Identifier: MIT */
/* verb_resume.c - tunebench resume: goes on with runs that were left unfinished. One that is paused is with a process
 * that holds it; that is asked. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/attend.h"
#include "cli/steer.h"
#include "cli/verb.h"
#include "store/writer.h"

static const struct tb_flag flags[] = {
    { "all", NULL, false, "all that were left unfinished: queued, stopped, lost" },
    { "threads", "N", false, "threads; as the run was begun if not given (the bits are the same)" },
    { "stage", NULL, false, "only put them on the list; a worker takes them when there is one" },
    { "memory", "MODE", false, "auto, fast or small; as the run was begun if not given (the bits are the same)" },
    TB_ATTEND_FLAGS,
    TB_FLAG_WAIT,
    TB_FLAGS_COMPARE,
    { "json", NULL, false, "the comparison as JSON" },
    { "csv", NULL, false, "the comparison as CSV" },
    { "plain", NULL, false, "the comparison separated by tabs" },
    { 0 }
};

static bool train(const char *const *refs, size_t n, const struct tb_args *a, const struct tb_out *out, int *exit_code,
                  struct tb_err *err)
{
    return tb_attend(&(struct tb_attend_spec){ .refs = refs, .n_refs = n }, a, out, exit_code, err);
}

static bool is_asked(const struct tb_steer *s, size_t i)
{
    return tb_choice_item(&s->runs, i)->sight.state == TB_STATE_PAUSED && tb_steer_is_held(s, i);
}

static void ask(struct tb_steer *s, size_t i)
{
    struct tb_asked asked;
    struct tb_err err = { 0 };
    char *dir = tb_choice_dir(&s->runs, i);
    if (tb_request(dir, "resume", NULL, s->wait_s, &asked, &err))
        tb_steer_answer(s, i, &asked, "goes on", tb_choice_command(&s->runs, i, "pause", NULL));
    else
        tb_steer_fail(s, i, &err);
    free(dir);
}

/* Puts a run that has ended back among those that wait. */
static bool queue(const char *dir, char words[120], struct tb_err *err)
{
    struct tb_run_writer *w = tb_run_writer_open(dir, err);
    enum tb_state state = w ? tb_run_writer_metrics(w)->state : TB_STATE_QUEUED;
    bool good = w && (state == TB_STATE_QUEUED || tb_run_writer_state(w, TB_STATE_QUEUED, NULL, NULL, err));
    snprintf(words, 120, state == TB_STATE_QUEUED ? "waits already" : "was %s, waits again", tb_state_name(state));
    tb_run_writer_close(w);
    return good;
}

static void stage(struct tb_steer *s, size_t i)
{
    enum tb_state state = tb_choice_item(&s->runs, i)->sight.state;
    const char *verb = state == TB_STATE_PRUNED ? "prune" : "stop";
    struct tb_told t = { .has_changed = state != TB_STATE_QUEUED };
    struct tb_err err = { 0 };
    char words[120], *dir = tb_choice_dir(&s->runs, i);
    t.words = words;
    if (queue(dir, words, &err)) {
        t.inverse = t.has_changed ? tb_choice_command(&s->runs, i, verb, NULL) : NULL;
        tb_steer_tell(s, i, &t);
    } else {
        tb_steer_fail(s, i, &err);
    }
    free(dir);
}

static bool stage_named(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_steer s;
    bool good = tb_steer_open(&s, a, a->pos, a->n_pos, "archived:no", err);
    for (size_t i = 0; good && i < s.runs.n; i++)
        stage(&s, i);
    tb_steer_close(&s, good, exit_code);
    return good;
}

/* On stderr, before training: the comparison has stdout. */
static void tell_going_on(struct tb_steer *s, size_t i)
{
    const struct tb_run_item *item = tb_choice_item(&s->runs, i);
    if (item->sight.state != TB_STATE_DONE && !item->sum.damage[0])
        tb_steer_tell(s, i, &(struct tb_told){ .has_changed = true, .words = "goes on",
                                               .inverse = tb_choice_command(&s->runs, i, "stop", NULL) });
}

/* Asks for those that are paused, trains the others. */
static bool resume_named(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_steer s;
    bool good = tb_steer_open(&s, a, a->pos, a->n_pos, "archived:no", err);
    const char **ids = tb_xcalloc(s.runs.n + 1, sizeof *ids);
    size_t n = 0;
    for (size_t i = 0; i < s.runs.n; i++)
        if (!is_asked(&s, i))
            ids[n++] = tb_choice_item(&s.runs, i)->sum.id;
    s.to = n ? stderr : stdout; /* the comparison has stdout */
    for (size_t i = 0; good && i < s.runs.n; i++)
        if (is_asked(&s, i))
            ask(&s, i);
        else
            tell_going_on(&s, i);
    int trained = 0;
    bool is_trained = !good || n == 0 || train(ids, n, a, &s.out, &trained, err);
    tb_steer_close(&s, good, exit_code);
    *exit_code = trained ? trained : *exit_code;
    free(ids);
    return good && is_trained;
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_out out;
    bool all = tb_args_has(a, "all");
    if (!tb_out_open(&out, a, err))
        return false;
    if (all == (a->n_pos > 0))
        return tb_fail(err, TB_ERR_USAGE, "name runs, or give --all");
    if (tb_args_has(a, "stage"))
        return all ? tb_fail(err, TB_ERR_USAGE, "--stage goes with runs that are named: --all are waiting already")
                   : stage_named(a, exit_code, err);
    return all ? train(NULL, 0, a, &out, exit_code, err) : resume_named(a, exit_code, err);
}

const struct tb_verb tb_verb_resume = {
    .name = "resume", .usage = "RUN.. | --all",
    .help = "Goes on with runs from their newest checkpoint.\n"
            "They end with the same bits as if they had never stopped.\n"
            "A paused run goes on in the process that has it.\n"
            "RUN is a name, the beginning of an id, @last, @best, or a filter as ls takes it.",
    .examples = "  tunebench resume lora-r8-s0\n  tunebench resume --all\n  tunebench resume state:lost\n",
    .flags = flags, .run = run,
};
