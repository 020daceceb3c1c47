/* SPDX-License-Identifier: MIT */
/* retune.c - changes (worker/change.h) in a run while it is trained: those that are recorded come into force at their
 * steps, and a request records new ones. The config of the job is always the one in force; the recipe's is kept beside
 * it. A change is on disk before it is answered, and comes into force with the next step, so whoever repeats that step
 * finds it. */
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
    if (!now)
        return false;
    tb_json_free(t->job->config.map);
    t->job->config.map = now;
    return tb_job_renew(t->job, err);
}

static char *rate_key(const struct tb_training *t, int part)
{
    return t->job->stack->n > 1 ? tb_xasprintf("method.%d.lr", part) : tb_xstrdup("optim.lr");
}

double tb_training_lr(const struct tb_training *t, int part)
{
    bool is_changed = false;
    if (t->probe.is_on || tb_json_len(t->changes) == 0) /* of nearly all steps */
        return t->lr[part];
    char *key = rate_key(t, part);
    for (size_t i = 0; i < tb_json_len(t->changes); i++) {
        const struct tb_json *c = tb_json_at(t->changes, i);
        is_changed |= tb_json_int(tb_json_get(c, "step"), -1) <= t->step
                   && strcmp(tb_json_str(tb_json_get(c, "key"), ""), key) == 0;
    }
    free(key);
    return is_changed ? tb_job_lr(t->job, part) : t->lr[part];
}

/* The config in force, with the rates that a probe may have found in the place of the recipe's. */
static struct tb_json *config_now(const struct tb_training *t)
{
    struct tb_json *now = tb_json_copy(t->job->config.map);
    for (int i = 0; i < t->job->stack->n; i++) {
        char *key = rate_key(t, i);
        tb_json_set(now, key, tb_json_new_real(tb_training_lr(t, i)));
        free(key);
    }
    return now;
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

/* The list becomes the run's, and its config the one in force; nothing changes if the job cannot follow it. */
static bool carry_out(struct tb_training *t, struct tb_json *list, const char *words, struct tb_err *err)
{
    struct set_call call = { .step = t->step, .changes = list, .words = words };
    struct tb_json *old = t->job->config.map, *now = tb_changes_config(t->recipe, list, t->step, err);
    t->job->config.map = now ? now : old;
    bool good = now && tb_job_renew(t->job, err) && tb_recorder_do(t->recorder, write_set, &call, err);
    if (!good) {
        t->job->config.map = old;
        tb_job_renew(t->job, NULL);
    }
    tb_json_free(good ? old : now);
    tb_json_free(good ? t->changes : list);
    t->changes = good ? list : t->changes;
    return good;
}

bool tb_training_set(struct tb_training *t, const struct tb_json *asked, char *note, size_t n, struct tb_err *err)
{
    if (t->probe.is_on)
        return tb_fail(err, TB_ERR_BUSY, "its rate is being probed");
    struct tb_json *now = config_now(t);
    struct tb_json *settled = tb_change_settle(now, asked, t->job->n_steps, t->job->n_tokens, err);
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
