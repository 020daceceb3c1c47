/* SPDX-License-Identifier: MIT */
/* retune.c - changes (worker/change.h) in a run while it is trained: those that are recorded come into force at their
 * steps, and a request records new ones. The config of the job is always the one in force; the recipe's is kept beside
 * it. A change is on disk before it is answered, and comes into force with the next step, so whoever repeats that step
 * finds it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/lineage.h"
#include "worker/change.h"
#include "worker/train_priv.h"

static bool recall(struct tb_run_writer *w, void *arg, struct tb_err *err)
{
    struct tb_training *t = arg;
    const struct tb_metrics *m = tb_run_writer_metrics(w);
    const struct tb_json *list = tb_changes_of(m);
    t->changes = list ? tb_json_copy(list) : tb_json_new_list();
    t->start = tb_lineage_start(m);
    t->until = tb_lineage_until(m);
    return true;
}

bool tb_training_recall(struct tb_training *t, struct tb_err *err)
{
    t->recipe = tb_json_copy(t->job->config.map);
    t->followed = -1;
    return tb_recorder_do(t->recorder, recall, t, err);
}

void tb_training_forget(struct tb_training *t)
{
    tb_json_free(t->recipe);
    tb_json_free(t->changes);
}

/* Whether a change up to this step gave the part its rate; else it is the recipe's, or the one that was probed. */
static bool has_own_rate(const struct tb_training *t, int part)
{
    char key[32];
    snprintf(key, sizeof key, t->job->stack->n > 1 ? "method.%d.lr" : "optim.lr", part);
    for (size_t i = 0; i < tb_json_len(t->changes); i++) {
        const struct tb_json *c = tb_json_at(t->changes, i);
        if (tb_json_int(tb_json_get(c, "step"), 0) <= t->step && strcmp(tb_json_str(tb_json_get(c, "key"), ""), key) == 0)
            return true;
    }
    return false;
}

/* Makes this map the config in force. */
static bool take_config(struct tb_training *t, struct tb_json *map, struct tb_err *err)
{
    tb_json_free(t->job->config.map);
    t->job->config.map = map;
    for (int i = 0; i < t->job->stack->n; i++)
        if (has_own_rate(t, i))
            t->lr[i] = tb_job_lr(t->job, i);
    return tb_job_renew(t->job, err);
}

/* The config with the rates that were probed, a new map. */
static struct tb_json *in_force(const struct tb_training *t)
{
    struct tb_json *map = tb_json_copy(t->job->config.map);
    for (int i = 0; i < t->job->stack->n && t->probe.n; i++) {
        char key[32];
        snprintf(key, sizeof key, t->job->stack->n > 1 ? "method.%d.lr" : "optim.lr", i);
        tb_json_set(map, key, tb_json_new_real(t->lr[i]));
    }
    return map;
}

bool tb_training_follow(struct tb_training *t, struct tb_err *err)
{
    bool is_due = false;
    for (size_t i = 0; i < tb_json_len(t->changes); i++) {
        int64_t step = tb_json_int(tb_json_get(tb_json_at(t->changes, i), "step"), -1);
        is_due |= step > t->followed && step <= t->step;
    }
    if (!is_due)
        return true;
    t->followed = t->step;
    struct tb_json *now = tb_changes_config(t->recipe, t->changes, t->step, err);
    return now && take_config(t, now, err);
}

struct set_call {
    int64_t step;
    const struct tb_json *changes;
    const char *words;
    bool has_event; /* written already, when a full disk makes it try again */
};

static bool write_set(struct tb_run_writer *w, void *arg, struct tb_err *err)
{
    struct set_call *c = arg;
    return tb_changes_record(w, c->step, c->changes, c->words, &c->has_event, err);
}

/* The list becomes the run's, and its config the one in force. */
static bool carry_out(struct tb_training *t, struct tb_json *list, const char *words, struct tb_err *err)
{
    struct set_call call = { .step = t->step, .changes = list, .words = words };
    struct tb_json *now = tb_changes_config(t->recipe, list, t->step, err);
    if (!now || !tb_recorder_do(t->recorder, write_set, &call, err)) {
        tb_json_free(now);
        tb_json_free(list);
        return false;
    }
    tb_json_free(t->changes);
    t->changes = list;
    return take_config(t, now, err);
}

bool tb_training_set(struct tb_training *t, const struct tb_json *asked, char *note, size_t n, struct tb_err *err)
{
    if (t->probe.is_on)
        return tb_fail(err, TB_ERR_BUSY, "its rate is being probed");
    struct tb_json *now = in_force(t), *settled = tb_change_settle(now, asked, t->job->n_steps, t->job->n_tokens, err);
    if (!settled) {
        tb_json_free(now);
        return false;
    }
    char *words = tb_change_words(now, settled);
    bool good = carry_out(t, tb_changes_with(t->changes, now, settled, t->step), words, err);
    tb_str_copy(note, n, words);
    if (good && t->view->note)
        t->view->note(t->view->arg, t->job, t->step, "set", words);
    free(words);
    tb_json_free(settled);
    tb_json_free(now);
    return good;
}
