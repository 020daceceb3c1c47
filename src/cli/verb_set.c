/* SPDX-License-Identifier: MIT */
/* verb_set.c - tunebench set: keys of a run under way. Who trains it is asked and does it at the end of the step at
 * hand; in a run that nobody has it is recorded here, for the step at which it will go on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/steer.h"
#include "cli/verb.h"
#include "store/checkpoint.h"
#include "worker/change.h"

enum { TRIES = 3, SEAL_S = 10 };

struct wanted {
    const char *word[TB_ARGS_MAX]; /* "optim.lr=5e-4" */
    int n;
};

static bool is_change(const char *word)
{
    size_t n = strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_.");
    return n > 0 && word[n] == '=';
}

/* A run that failed goes on from before its end, so that is where a change has to be. */
static int64_t change_step(const struct tb_metrics *m, const char *dir)
{
    int64_t *steps, step = m->step;
    size_t n = m->state == TB_STATE_FAILED ? tb_checkpoint_list(dir, &steps) : 0;
    if (m->state != TB_STATE_FAILED)
        return step;
    step = n ? steps[n - 1] : 0;
    free(steps);
    return step < m->step ? step : m->step;
}

struct work {
    struct tb_steer *s;
    size_t i;
    char *dir;
    struct tb_json *now, *settled; /* the config in force, and what of it becomes what */
};

/* The command that takes the change back; what the keys were is in the words of whoever changed them, since somebody
 * else may have been quicker. */
static char *inverse(const struct work *x, const char *words)
{
    struct tb_buf b = { 0 };
    for (void *it = tb_json_first(x->settled); it; it = tb_json_next(x->settled, it)) {
        char *was = tb_change_was(words, tb_json_iter_key(it));
        char *word = tb_xasprintf("%s=%s", tb_json_iter_key(it), was ? was : "");
        tb_buf_str(&b, b.n ? " " : "");
        if (was)
            tb_shell_quote(&b, word);
        free(word);
        free(was);
    }
    char *command = tb_choice_command(&x->s->runs, x->i, "set", b.p);
    tb_buf_free(&b);
    return command;
}

/* What is to be done to a run as it is recorded, worked out at `step`. */
static bool settle(struct work *x, const struct wanted *wanted, const struct tb_metrics *m, int64_t step,
                   struct tb_err *err)
{
    const struct tb_json *config = tb_json_get(m->facts, "config");
    struct tb_json *asked = tb_change_parse(config, wanted->word, wanted->n, err);
    tb_json_free(x->now);
    tb_json_free(x->settled);
    x->settled = NULL;
    x->now = asked ? tb_changes_config(config, tb_changes_of(m), step, err) : NULL;
    if (x->now)
        x->settled = tb_change_settle(x->now, asked, tb_json_int(tb_metrics_fact(m, "plan", "n_steps"), 0),
                                      tb_json_int(tb_metrics_fact(m, "plan", "n_tokens"), 0), err);
    tb_json_free(asked);
    return x->settled != NULL;
}

/* A value that is none is told before what to do with it. */
static bool refuse_done(const struct tb_metrics *m, const struct wanted *wanted, struct tb_err *err)
{
    struct tb_json *asked = tb_change_parse(tb_json_get(m->facts, "config"), wanted->word, wanted->n, err);
    if (!asked)
        return false;
    tb_json_free(asked);
    return tb_fail(err, TB_ERR_USAGE, "is done, so no step is left to change; a new run from its end: tunebench clone "
                   "RUN --set %.80s --set budget=..", wanted->word[0]);
}

static void tell(struct work *x, int64_t step, const char *words)
{
    char *line = tb_xasprintf("%s, from step %lld on", words, (long long)step);
    tb_steer_tell(x->s, x->i, &(struct tb_told){ .has_changed = true, .words = line,
                                                 .inverse = inverse(x, words) });
    free(line);
}

/* Under the lock. */
static bool record(struct work *x, const struct wanted *wanted, struct tb_err *err)
{
    struct tb_run_writer *w = tb_run_writer_open(x->dir, err);
    const struct tb_metrics *m = w ? tb_run_writer_metrics(w) : NULL;
    int64_t step = w ? change_step(m, x->dir) : 0;
    bool has_event = false, good = w && (m->state != TB_STATE_DONE || refuse_done(m, wanted, err))
                             && settle(x, wanted, m, step, err);
    if (good) {
        char *words = tb_change_words(x->now, x->settled);
        struct tb_json *list = tb_changes_with(tb_changes_of(m), x->now, x->settled, step);
        good = tb_changes_record(w, step, list, words, &has_event, err);
        if (good)
            tell(x, step, words);
        tb_json_free(list);
        free(words);
    }
    tb_run_writer_close(w);
    return good;
}

/* Asks; false if the owner has left, so that it is to be recorded here. */
static bool ask(struct work *x)
{
    struct tb_asked asked;
    struct tb_err err = { 0 };
    if (!tb_request(x->dir, "set", x->settled, x->s->wait_s, &asked, &err)) {
        tb_steer_fail(x->s, x->i, &err);
        return true;
    }
    bool has_left = strcmp(asked.note, TB_CTL_NOT_DONE TB_CTL_ENDED) == 0;
    if (asked.state == TB_ASKED_NOBODY || (asked.state == TB_ASKED_REFUSED && has_left)) {
        tb_request_wait_end(x->dir, SEAL_S);
        return false;
    }
    char *expected = tb_change_words(x->now, x->settled);
    tb_steer_answer(x->s, x->i, &asked, NULL, inverse(x, asked.state == TB_ASKED_DONE ? asked.note : expected));
    free(expected);
    return true;
}

/* What a request is made of, by what is recorded just now. */
static bool look(struct work *x, const struct wanted *wanted, struct tb_err *err)
{
    struct tb_metrics m;
    bool good = tb_metrics_load(&m, x->dir, err) && settle(x, wanted, &m, m.step, err);
    tb_metrics_free(&m);
    return good;
}

static bool set_run(struct work *x, const struct wanted *wanted, struct tb_err *err)
{
    bool is_held = tb_steer_is_held(x->s, x->i);
    for (int n = 0; n < TRIES; n++) {
        struct tb_err why = { 0 };
        if (is_held && !look(x, wanted, err))
            return false;
        if ((is_held && ask(x)) || record(x, wanted, &why))
            return true;
        *err = why;
        is_held = why.kind == TB_ERR_BUSY;
        if (!is_held)
            return false;
    }
    return false;
}

static void set(struct tb_steer *s, size_t i, const struct wanted *wanted)
{
    struct tb_err err = { 0 };
    struct work x = { .s = s, .i = i, .dir = tb_choice_dir(&s->runs, i) };
    if (!set_run(&x, wanted, &err))
        tb_steer_fail(s, i, &err);
    tb_json_free(x.now);
    tb_json_free(x.settled);
    free(x.dir);
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_steer s;
    struct wanted wanted = { .n = 0 };
    const char *runs[TB_ARGS_MAX];
    int n = 0;
    for (int i = 0; i < a->n_pos; i++)
        if (is_change(a->pos[i]))
            wanted.word[wanted.n++] = a->pos[i];
        else
            runs[n++] = a->pos[i];
    if (n == 0 || wanted.n == 0)
        return tb_fail(err, TB_ERR_USAGE, "a %s is missing; usage: tunebench set RUN.. KEY=VALUE..",
                       n == 0 ? "run" : "KEY=VALUE");
    bool good = tb_steer_open(&s, a, runs, n, "archived:no", err);
    for (size_t i = 0; good && i < s.runs.n; i++)
        set(&s, i, &wanted);
    tb_steer_close(&s, good, exit_code);
    return good;
}

static const struct tb_flag flags[] = { TB_FLAG_WAIT, TB_FLAG_JSON, { 0 } };

const struct tb_verb tb_verb_set = {
    .name = "set", .usage = "RUN.. KEY=VALUE..",
    .help = "Changes the learning rate and the like of runs under way.\n"
            "Keys: optim.lr, optim.decay, optim.clip, schedule.name, eval.every, exec.checkpoint_s, method.0.lr of a\n"
            "stack. It holds from the next step on, is kept with the run, and met again by 'resume' and 'rerun'.\n"
            "RUN is a name, the beginning of an id, @last, @best, or a filter with ':', '<' or '>'.",
    .examples = "  tunebench set lora-r8-s0 optim.lr=5e-4\n"
                "  tunebench set state:running eval.every=50steps\n"
                "  tunebench set @last lr=1e-4 optim.clip=0.5\n",
    .flags = flags, .run = run,
};
