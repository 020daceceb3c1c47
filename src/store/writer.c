/* SPDX-License-Identifier: MIT */
/* writer.c - the owner of a run. Every record is encoded, appended to the journal, and only then
 * applied to the tables in memory, by the same function that replays it: what a reader sees is what
 * is here. A snapshot writes those tables as run.h5 and drops the journal segments it makes
 * superfluous. */
#include "store/writer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/recover.h"

static const double beat_every_s = 2, snapshot_every_s = 10, snapshot_share = 100, doubted_every_s = 1;

struct tb_run_writer {
    char *dir;
    int lock;
    struct tb_metrics m;
    struct tb_journal *journal;
    struct tb_buf data;
    bool has_schema;  /* the journal on disk begins with one */
    bool has_differed; /* replayed rows with other bits were reported since the last resume */
    uint64_t beat;
    enum tb_stall stall;
    double beat_at, snapshot_at, snapshot_took;
};

/* w->data as a record of this kind. */
static bool append(struct tb_run_writer *w, unsigned kind, struct tb_err *err)
{
    if (!w->has_schema) {
        struct tb_buf schema = { 0 };
        tb_record_schema(&schema);
        w->has_schema = tb_journal_append(w->journal, TB_RECORD_SCHEMA, schema.p, schema.n, err);
        tb_buf_free(&schema);
        if (!w->has_schema)
            return false;
    }
    if (!tb_journal_append(w->journal, kind, w->data.p, w->data.n, err))
        return false;
    struct tb_record r = { tb_journal_seq(w->journal), kind, TB_JOURNAL_VERSION,
                           (const uint8_t *)w->data.p, w->data.n };
    return tb_metrics_apply(&w->m, &r, err);
}

static bool replayed(void *user, const struct tb_record *r, struct tb_err *err)
{
    return tb_metrics_apply(user, r, err);
}

/* What this version does not know would not be in what it writes. */
static bool is_known(const struct tb_run_writer *w, struct tb_err *err)
{
    return !w->m.is_newer
        || tb_fail_at(err, TB_ERR_FORMAT, w->dir, 0,
                      "was written by a newer tunebench: this one reads what it knows of it and changes nothing");
}

static bool load(struct tb_run_writer *w, struct tb_err *err)
{
    if (!tb_snapshot_read(&w->m, w->dir, err) || !is_known(w, err))
        return false;
    w->journal = tb_journal_open(w->dir, w->m.seq, replayed, &w->m, &w->m.journal, err);
    if (!w->journal)
        return false;
    w->has_schema = tb_journal_any(w->dir) && w->m.journal.last_seq >= w->m.h5_seq
                 && w->m.journal.last_seq > 0;
    return true;
}

static bool recover(struct tb_run_writer *w, struct tb_err *err)
{
    struct tb_recovered found;
    tb_recover(w->dir, &w->m, &found);
    return !found.words[0]
        || tb_run_writer_event(w, w->m.step, "recovered", err, "%s", found.words);
}

struct tb_run_writer *tb_run_writer_open(const char *dir, struct tb_err *err)
{
    struct tb_run_beat old;
    double age;
    struct tb_run_writer *w = tb_xcalloc(1, sizeof *w);
    tb_metrics_init(&w->m);
    w->dir = tb_xstrdup(dir);
    w->snapshot_at = tb_clock_mono_s();
    w->lock = tb_run_lock(dir, err);
    w->beat = tb_run_beat_read(dir, &old, &age) ? old.counter : 0;
    if (w->lock >= 0 && load(w, err) && is_known(w, err) && tb_run_writer_beat(w, err) && recover(w, err))
        return w;
    tb_run_writer_close(w);
    return NULL;
}

/* Brings run.h5 up to date. A journal that could not be removed when the run ended goes now. */
static void finish(struct tb_run_writer *w)
{
    if (w->m.seq > w->m.h5_seq)
        tb_run_writer_snapshot(w, NULL);
    else if (tb_state_is_over(w->m.state))
        tb_journal_trim(w->journal, w->m.h5_seq, true, NULL);
}

void tb_run_writer_close(struct tb_run_writer *w)
{
    if (!w)
        return;
    bool is_ours = w->journal && !w->m.is_newer && !tb_run_writer_is_gone(w);
    if (is_ours && (tb_run_writer_sync(w, NULL) || tb_journal_is_doubted(w->journal)))
        finish(w);
    tb_journal_close(w->journal);
    tb_run_unlock(w->lock);
    tb_metrics_free(&w->m);
    tb_buf_free(&w->data);
    free(w->dir);
    free(w);
}

const struct tb_metrics *tb_run_writer_metrics(const struct tb_run_writer *w)
{
    return &w->m;
}

const char *tb_run_writer_dir(const struct tb_run_writer *w)
{
    return w->dir;
}

/* The lock is never unlinked: if its path leads to another file or to none, the folder is another. */
bool tb_run_writer_is_gone(const struct tb_run_writer *w)
{
    struct stat ours, there;
    char *path = tb_path_join(w->dir, TB_FILE_LOCK);
    bool is_there = stat(path, &there) == 0;
    bool gone = is_there ? fstat(w->lock, &ours) == 0 && (ours.st_ino != there.st_ino || ours.st_dev != there.st_dev)
                         : errno == ENOENT || errno == ENOTDIR;
    free(path);
    return gone;
}

static double wall_s(const struct tb_run_writer *w)
{
    for (size_t i = w->m.n_train; i-- > 0;)
        if (w->m.train[i].step <= (double)w->m.step)
            return w->m.train[i].wall_s;
    return 0;
}

/* The row of that step which is there already, NULL if none. Only a resumed run has one. */
static const struct tb_train_row *row_before(const struct tb_metrics *m, double step)
{
    for (size_t i = m->n_train; i-- > 0 && m->train[i].step >= step;)
        if (m->train[i].step == step)
            return &m->train[i];
    return NULL;
}

/* A record that cannot be replayed must never get into the journal. */
static bool is_step(double step, struct tb_err *err)
{
    if (step >= 0 && step < 0x1p53)
        return true;
    return tb_fail(err, TB_ERR_USAGE, "a row of step %g: expected a count", step);
}

bool tb_run_writer_train(struct tb_run_writer *w, const struct tb_train_row *row,
                         struct tb_err *err)
{
    if (!is_step(row->step, err))
        return false;
    const struct tb_train_row *old = row_before(&w->m, row->step);
    double was = old ? old->loss : row->loss;
    bool differs = memcmp(&was, &row->loss, sizeof was) != 0;
    tb_buf_clear(&w->data);
    tb_record_train(&w->data, row);
    if (!append(w, TB_RECORD_TRAIN, err))
        return false;
    if (differs && !w->has_differed)
        w->has_differed = tb_run_writer_event(
            w, (int64_t)row->step, "replay", NULL,
            "step %lld repeated with another loss: %.17g, was %.17g", (long long)row->step,
            row->loss, was);
    return true;
}

bool tb_run_writer_step_rows(struct tb_run_writer *w, int64_t step, const float *loss, size_t n, struct tb_err *err)
{
    if (!is_step((double)step, err))
        return false;
    if (n == 0 || !tb_step_rows_have_room(&w->m.step_rows, n))
        return true;
    tb_buf_clear(&w->data);
    tb_record_step_rows(&w->data, step, loss, n);
    return append(w, TB_RECORD_LOSSES, err);
}

bool tb_run_writer_eval(struct tb_run_writer *w, const struct tb_eval_row *row, struct tb_err *err)
{
    if (!is_step(row->step, err))
        return false;
    tb_buf_clear(&w->data);
    tb_record_eval(&w->data, row);
    return append(w, TB_RECORD_EVAL, err);
}

bool tb_run_writer_rows(struct tb_run_writer *w, const struct tb_row_loss *rows, size_t n,
                        struct tb_err *err)
{
    tb_buf_clear(&w->data);
    tb_record_rows(&w->data, rows, n);
    return append(w, TB_RECORD_ROWS, err);
}

bool tb_run_writer_measure(struct tb_run_writer *w, const struct tb_measure *one, struct tb_err *err)
{
    tb_buf_clear(&w->data);
    tb_record_measure(&w->data, one);
    return append(w, TB_RECORD_MEASURE, err);
}

bool tb_run_writer_sample(struct tb_run_writer *w, const struct tb_sample *s, struct tb_err *err)
{
    tb_buf_clear(&w->data);
    tb_record_sample(&w->data, s);
    return append(w, TB_RECORD_SAMPLE, err);
}

bool tb_run_writer_event(struct tb_run_writer *w, int64_t step, const char *kind,
                         struct tb_err *err, const char *fmt, ...)
{
    char text[1024], name[32];
    struct tb_event e = { .wall_s = wall_s(w), .step = step, .kind = name, .text = text };
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    snprintf(name, sizeof name, "%s", kind);
    tb_clock_iso(e.at, sizeof e.at, tb_clock_wall_ns());
    tb_buf_clear(&w->data);
    tb_record_event(&w->data, &e);
    return append(w, TB_RECORD_EVENT, err);
}

static bool check_state(const struct tb_run_writer *w, enum tb_state state, struct tb_err *err)
{
    return state == w->m.state || tb_state_may(w->m.state, state)
        || tb_fail_at(err, TB_ERR_USAGE, w->dir, 0, "a run that is %s cannot become %s",
                      tb_state_name(w->m.state), tb_state_name(state));
}

bool tb_run_writer_state(struct tb_run_writer *w, enum tb_state state, const char *ended_by,
                         const char *note, struct tb_err *err)
{
    if (!check_state(w, state, err))
        return false;
    tb_buf_clear(&w->data);
    tb_record_state(&w->data, state, ended_by, note, NULL);
    return append(w, TB_RECORD_STATE, err);
}

bool tb_run_writer_facts(struct tb_run_writer *w, const struct tb_json *facts, struct tb_err *err)
{
    tb_buf_clear(&w->data);
    tb_record_state(&w->data, TB_N_STATES, NULL, NULL, facts);
    return append(w, TB_RECORD_STATE, err);
}

bool tb_run_writer_resume(struct tb_run_writer *w, int64_t step, struct tb_err *err)
{
    tb_buf_clear(&w->data);
    tb_record_resume(&w->data, step);
    w->has_differed = false;
    return append(w, TB_RECORD_RESUME, err);
}

static double left(double since, double span)
{
    double s = since + span - tb_clock_mono_s();
    return s > 0 ? s : 0;
}

double tb_run_writer_sync_due(const struct tb_run_writer *w)
{
    double due = tb_journal_due(w->journal);
    return tb_journal_is_doubted(w->journal) ? left(w->snapshot_at, doubted_every_s) : due;
}

/* What is in memory, in a new file, is sure where a journal is not. */
bool tb_run_writer_sync(struct tb_run_writer *w, struct tb_err *err)
{
    return tb_journal_is_doubted(w->journal) ? tb_run_writer_snapshot(w, err) : tb_journal_sync(w->journal, err);
}

double tb_run_writer_snapshot_due(const struct tb_run_writer *w)
{
    double share = snapshot_share * w->snapshot_took;
    if (w->m.seq == w->m.h5_seq)
        return -1;
    return left(w->snapshot_at, share > snapshot_every_s ? share : snapshot_every_s);
}

static bool snapshot(struct tb_run_writer *w, const struct tb_final *adapter, bool is_sealed,
                     struct tb_err *err)
{
    double begin = tb_clock_mono_s();
    bool good = tb_snapshot_write(&w->m, w->dir, adapter, is_sealed, err);
    w->snapshot_at = tb_clock_mono_s(); /* also after a failure: not again at once */
    w->snapshot_took = w->snapshot_at - begin;
    if (!good)
        return false;
    w->m.h5_seq = w->m.seq;
    bool is_last = is_sealed || tb_journal_is_doubted(w->journal);
    if (!tb_journal_trim(w->journal, w->m.h5_seq, is_last, err))
        return false;
    w->has_schema = w->has_schema && !is_last;
    return true;
}

bool tb_run_writer_snapshot(struct tb_run_writer *w, struct tb_err *err)
{
    bool is_over = tb_state_is_over(w->m.state); /* a note on a sealed run: sealed again */
    return snapshot(w, NULL, is_over, err);
}

double tb_run_writer_beat_due(const struct tb_run_writer *w)
{
    return left(w->beat_at, beat_every_s);
}

bool tb_run_writer_beat(struct tb_run_writer *w, struct tb_err *err)
{
    w->beat_at = tb_clock_mono_s();
    return tb_run_beat_write(w->dir, ++w->beat, w->stall, err);
}

void tb_run_writer_stall(struct tb_run_writer *w, enum tb_stall stall)
{
    w->stall = stall;
    tb_run_writer_beat(w, NULL);
}

bool tb_run_writer_tend(struct tb_run_writer *w, struct tb_err *err)
{
    struct tb_err why = { 0 };
    bool good = true;
    if (tb_run_writer_beat_due(w) == 0 && !tb_run_writer_beat(w, &why))
        good = false;
    if (tb_run_writer_sync_due(w) == 0 && !tb_run_writer_sync(w, good ? &why : NULL))
        good = false;
    if (tb_run_writer_snapshot_due(w) == 0 && !tb_run_writer_snapshot(w, good ? &why : NULL))
        good = false;
    if (!good && err)
        *err = why;
    return good;
}

bool tb_run_writer_checkpoint(struct tb_run_writer *w, struct tb_checkpoint *c, struct tb_err *err)
{
    c->journal_seq = w->m.seq;
    return tb_run_writer_sync(w, err) && tb_checkpoint_write(w->dir, c, err);
}

bool tb_run_writer_request(struct tb_run_writer *w, struct tb_ctl_request *q)
{
    char words[256];
    enum tb_ctl_found found;
    while ((found = tb_ctl_take(w->dir, q, words)) == TB_CTL_GARBAGE)
        tb_run_writer_event(w, w->m.step, "request", NULL, "%s", words);
    return found == TB_CTL_REQUEST;
}

/* State, reason and time of the change, in memory only. */
static bool take_state(struct tb_run_writer *w, enum tb_state state, const char *ended_by, const char *note,
                       struct tb_err *err)
{
    tb_buf_clear(&w->data);
    tb_record_state(&w->data, state, ended_by, note, NULL);
    struct tb_record r = { w->m.seq, TB_RECORD_STATE, TB_JOURNAL_VERSION, (const uint8_t *)w->data.p, w->data.n };
    return tb_metrics_apply(&w->m, &r, err);
}

/* The last state is in no record: it comes with the adapter by the rename of run.h5, so that no crash and no full disk
 * leaves a run done without what it was made for. */
bool tb_run_writer_seal(struct tb_run_writer *w, enum tb_state state, const char *ended_by,
                        const char *note, const struct tb_final *adapter, struct tb_err *err)
{
    static const struct tb_final none;
    struct tb_metrics *m = &w->m, before = *m;
    if (!tb_state_is_over(state))
        return tb_fail_at(err, TB_ERR_USAGE, w->dir, 0, "a run cannot end as %s",
                          tb_state_name(state));
    if (!check_state(w, state, err))
        return false;
    /* The adapter in run.h5 is of this state only if the run has ended before. */
    if (!adapter && !tb_state_is_over(m->state))
        adapter = &none;
    if (m->state != state && !take_state(w, state, ended_by, note, err))
        return false;
    tb_metrics_drop_stale(m);
    if (snapshot(w, adapter, true, err))
        return true;
    m->state = before.state;
    memcpy(m->ended_by, before.ended_by, sizeof m->ended_by);
    memcpy(m->note, before.note, sizeof m->note);
    memcpy(m->changed, before.changed, sizeof m->changed);
    return false;
}

void tb_run_writer_set_segment(struct tb_run_writer *w, size_t bytes)
{
    tb_journal_set_segment(w->journal, bytes);
}
