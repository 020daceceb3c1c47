/* SPDX-License-Identifier: MIT */
/* leave.c - a run is left behind a checkpoint of this step and with its adapter. Where there is no room for them it is
 * left behind the checkpoint that there is: its last state is then a record of the journal, which takes a hundred
 * bytes, and if there is not even room for these, whoever looks finds it lost. */
#include <stdio.h>

#include "worker/train_priv.h"

struct end_call {
    enum tb_state state;
    const char *ended_by, *note;
};

static bool write_state(struct tb_run_writer *w, void *arg, struct tb_err *err)
{
    const struct end_call *c = arg;
    return tb_run_writer_state(w, c->state, c->ended_by, c->note, err);
}

void tb_training_behind(const struct tb_training *t, const struct tb_err *why, char *words, size_t n)
{
    char at[48] = "its beginning";
    if (t->last_kept >= 0)
        snprintf(at, sizeof at, "the checkpoint of step %lld", (long long)t->last_kept);
    snprintf(words, n, "behind %s: %s", at, tb_stall_words(tb_stall_of(why)));
}

/* False with *why if its state of now is on no disk. */
static bool keep(struct tb_training *t, struct tb_err *why)
{
    return t->step == t->last_kept || t->step == 0 || tb_training_save(t, why);
}

/* Sealed; where that finds no room, as a record. */
static bool end(struct tb_training *t, const char *note, struct tb_err *err)
{
    struct end_call c = { t->state, *t->why ? "sweep" : "user", note };
    struct tb_err why = { 0 };
    if (!tb_recorder_is_lost(t->recorder) && tb_training_seal(t, c.state, c.ended_by, c.note, &why))
        return true;
    if (why.kind && why.kind != TB_ERR_IO) {
        *err = why;
        return false;
    }
    return tb_recorder_do(t->recorder, write_state, &c, err);
}

bool tb_training_leave(struct tb_training *t, struct tb_err *err)
{
    char note[400];
    struct tb_err why = { 0 };
    const char *reason = *t->why ? t->why : t->is_pruned ? "pruned on request" : "stopped on request";
    if (t->probe.is_on && !tb_training_start(t, err))
        return false;
    bool is_kept = keep(t, &why);
    if (!is_kept && why.kind != TB_ERR_IO) {
        *err = why;
        return false;
    }
    if (tb_train_wished() == TB_WISH_YIELD) {
        t->state = TB_STATE_QUEUED;
        return tb_recorder_do(t->recorder, write_state, &(struct end_call){ .state = t->state }, err);
    }
    t->state = t->is_pruned ? TB_STATE_PRUNED : TB_STATE_STOPPED;
    size_t n = (size_t)snprintf(note, sizeof note, "%.150s%s", reason, is_kept ? "" : ", ");
    if (!is_kept)
        tb_training_behind(t, &why, note + n, sizeof note - n);
    return end(t, note, err);
}
