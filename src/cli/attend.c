/* SPDX-License-Identifier: MIT */
/* attend.c - the worker is another process, and what is seen of it is what it writes into the store: so this client may
 * come and go. It follows only runs that somebody holds; those on the list are looked at by turns. A worker that was
 * killed leaves its runs lost, which is said; one that has left with runs on the list is started again. */
#include "cli/attend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/numeric.h"
#include "base/str.h"
#include "cli/told.h"
#include "store/ctl.h"
#include "store/duty.h"
#include "store/writer.h"

static const double poll_s = 0.1, memory_patience_s = 15, checkpoint_patience_s = 600;
enum { LOOKS = 32 }; /* at runs on the list, each time */

/* A run that is not over yet. */
struct followed {
    struct tb_worker_run *run;
    char *dir;
    bool is_asked, is_told; /* is_told: that it could not be asked */
    struct tb_told_run t;
    unsigned seq; /* of the request for a checkpoint */
};

struct attend {
    struct tb_store *store;
    struct tb_live *live;
    const struct tb_worker_spec *spec;
    struct followed *run;
    size_t n, n_left, next; /* next: whose turn to be looked at it is */
    double alone_since; /* nobody has any of them, and the worker waits for memory */
    int n_starts;
    bool is_foreground;
    char trouble[256]; /* of the worker, told already */
};

/* ---- one run */
static void end_run(struct attend *a, struct followed *r, enum tb_state state)
{
    r->run->state = state;
    tb_live_end(a->live, &r->t, state);
    tb_told_close(&r->t);
    free(r->dir);
    r->dir = NULL;
    a->n_left--;
}

/* One whose folder was removed, or that was damaged: nobody will train it. */
static void end_unreadable(struct attend *a, struct followed *r, const struct tb_err *why)
{
    char text[sizeof why->where + sizeof why->text + 16];
    tb_live_note(a->live, &r->t, (int64_t)r->t.step, "error", tb_err_string(why, text, sizeof text));
    end_run(a, r, TB_STATE_LOST);
}

static void look_at_open(struct attend *a, struct followed *r)
{
    struct tb_err err;
    if (!tb_told_news(&r->t, a->live, &err)) {
        end_unreadable(a, r, &err);
        return;
    }
    if (tb_state_is_over(r->t.f.sight.state) && r->t.f.sight.pid == 0) {
        end_run(a, r, r->t.f.sight.state);
    } else if (r->t.f.sight.state == TB_STATE_LOST && !a->is_foreground) {
        tb_live_note(a->live, &r->t, (int64_t)r->t.step, "lost",
                     "its worker was killed, or worker/*.log of the store says why it ended; go on with: "
                     "tunebench resume --all");
        end_run(a, r, TB_STATE_LOST);
    } else if (r->t.f.sight.state == TB_STATE_QUEUED && r->t.f.sight.pid == 0) {
        tb_live_end(a->live, &r->t, TB_STATE_QUEUED); /* given back: another worker takes it up */
        tb_told_close(&r->t);
        r->is_asked = false; /* who takes it next answers nothing that its owner before was asked */
    }
}

/* One on the list: somebody may have taken it, or ended it. The stored state is read only where there is a sign. */
static void look_at_listed(struct attend *a, struct followed *r)
{
    struct tb_run_sight sight;
    struct tb_metrics m;
    struct tb_err err = { 0 };
    tb_run_look(r->dir, TB_STATE_QUEUED, &sight);
    if (sight.beat_s < 0 && tb_dir_exists(r->dir))
        return; /* nobody ever had it */
    bool good = tb_metrics_load(&m, r->dir, &err);
    enum tb_state state = m.state;
    tb_metrics_free(&m);
    if (!good && err.kind != TB_ERR_BUSY)
        end_unreadable(a, r, &err);
    if (!good)
        return;
    tb_run_look(r->dir, state, &sight);
    if (sight.state != TB_STATE_QUEUED || sight.pid)
        tb_told_open(&r->t, a->live, r->dir);
    if (r->t.is_open)
        look_at_open(a, r);
    else if (tb_state_is_over(state))
        end_run(a, r, state);
}

static void look_at_all(struct attend *a)
{
    for (size_t i = 0; i < a->n; i++)
        if (a->run[i].t.is_open)
            look_at_open(a, &a->run[i]);
    for (size_t i = 0, looks = 0; i < a->n && looks < LOOKS; i++, a->next = (a->next + 1) % a->n) {
        struct followed *r = &a->run[a->next];
        if (r->t.is_open || !r->dir)
            continue;
        look_at_listed(a, r);
        looks++;
    }
}

/* ---- what somebody wants of this client */
static void ask_all(struct attend *a, const char *verb)
{
    for (size_t i = 0; i < a->n; i++) {
        struct followed *r = &a->run[i];
        if (!r->dir || r->is_asked || !r->t.is_open)
            continue;
        struct tb_err err = { 0 };
        r->is_asked = tb_ctl_post(r->dir, verb, NULL, &r->seq, &err);
        if (!r->is_asked && !r->is_told) /* a full disk, say; it is tried again */
            tb_live_note(a->live, &r->t, (int64_t)r->t.step, verb, err.text);
        r->is_told = !r->is_asked;
    }
}

/* Those on the list are stopped here, unless a worker is quicker: then it is asked the next time. */
static void stop_listed(struct attend *a)
{
    for (size_t i = a->n; i-- > 0;) {
        struct followed *r = &a->run[i];
        struct tb_run_writer *w = r->dir && !r->t.is_open ? tb_run_writer_open(r->dir, NULL) : NULL;
        bool is_sealed = w && tb_run_writer_metrics(w)->state == TB_STATE_QUEUED
                      && tb_run_writer_seal(w, TB_STATE_STOPPED, "user", "stopped on the list", NULL, NULL);
        tb_run_writer_close(w);
        if (is_sealed)
            end_run(a, r, TB_STATE_STOPPED);
    }
}

static void wait_for_answers(struct attend *a, const char *verb)
{
    double until = tb_clock_mono_s() + checkpoint_patience_s;
    struct tb_ctl_answer answer;
    for (size_t i = 0; i < a->n; i++) {
        struct followed *r = &a->run[i];
        do {
            if (!r->dir || !r->is_asked)
                break;
            tb_ctl_look(r->dir, r->seq, verb, &answer);
            look_at_all(a);
        } while (r->dir && !r->t.f.sight.stall && (answer.state == TB_CTL_ASKED || answer.state == TB_CTL_TAKEN)
                 && tb_clock_mono_s() < until && tb_follow_wait(poll_s));
    }
}

/* ---- the worker */
static void tell_trouble(struct attend *a, const struct tb_duty_sight *s)
{
    if (strcmp(s->trouble, a->trouble) == 0)
        return;
    if (s->trouble[0] || tb_train_wished() == TB_WISH_NONE) /* runs that were stopped do not go on */
        tb_live_trouble(a->live, s->trouble[0] ? s->trouble : NULL);
    tb_str_copy(a->trouble, sizeof a->trouble, s->trouble);
}

static void tell_version(const struct attend *a)
{
    struct tb_duty_sight s;
    tb_duty_look(tb_store_path(a->store), &s);
    if (s.is_held && strcmp(s.version, TB_VERSION) != 0)
        fprintf(stderr, "process %lld, which trains the runs of this store, is tunebench %s, this is " TB_VERSION
                "; it leaves when it has nothing to do, or after: kill %lld\n", (long long)s.pid,
                s.version[0] ? s.version : "of another version", (long long)s.pid);
}

static bool see_to_worker(struct attend *a, const struct tb_duty_sight *sight, struct tb_err *err)
{
    if (sight->is_held && !sight->is_leaving)
        return true;
    bool has_work = false;
    for (size_t i = 0; i < a->n && !has_work; i++)
        has_work = a->run[i].dir && !a->run[i].t.is_open;
    if (!has_work)
        return true;
    if (a->n_starts++ > 5)
        return tb_fail(err, TB_ERR_IO, "the worker ends without having trained what is on the list; its log is in %s/"
                       "worker", tb_store_path(a->store));
    return tb_worker_start(tb_store_path(a->store), a->spec, err);
}

/* All that is left waits for memory, and nothing of this store gives any back. */
static bool is_out_of_memory(struct attend *a)
{
    double now = tb_clock_mono_s();
    for (size_t i = 0; i < a->n; i++)
        if (a->run[i].t.is_open)
            a->alone_since = now;
    if (now < a->alone_since + memory_patience_s)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        struct followed *r = &a->run[i];
        struct tb_metrics m;
        bool waits = !r->dir || (tb_metrics_load(&m, r->dir, NULL) && m.n_events
                                 && strcmp(m.events[m.n_events - 1].kind, "memory") == 0);
        if (r->dir && waits)
            tb_live_note(a->live, &r->t, m.step, "memory", m.events[m.n_events - 1].text);
        if (r->dir)
            tb_metrics_free(&m);
        if (!waits) {
            a->alone_since = now;
            return false;
        }
    }
    return true;
}

static bool follow(struct attend *a, struct tb_err *err)
{
    a->alone_since = tb_clock_mono_s();
    while (a->n_left) {
        struct tb_duty_sight sight;
        look_at_all(a);
        tb_duty_look(tb_store_path(a->store), &sight);
        tell_trouble(a, &sight);
        if (tb_train_wished() == TB_WISH_YIELD) {
            ask_all(a, "checkpoint");
            wait_for_answers(a, "checkpoint");
            return true;
        }
        if (tb_train_wished() == TB_WISH_STOP) {
            stop_listed(a);
            ask_all(a, "stop");
        } else if (!see_to_worker(a, &sight, err)) {
            return false;
        }
        if (is_out_of_memory(a)) {
            for (size_t i = 0; i < a->n; i++)
                a->run[i].run->was_busy = a->run[i].dir != NULL;
            return true;
        }
        if (a->n_left)
            tb_follow_wait(poll_s);
    }
    return true;
}

static void open_all(struct attend *a, struct tb_worker_result *result)
{
    a->run = tb_xcalloc(result->n + 1, sizeof *a->run);
    a->n = result->n;
    a->next = 0;
    a->n_left = 0;
    for (size_t i = 0; i < result->n; i++) {
        a->run[i].run = &result->run[i];
        if (tb_state_is_over(result->run[i].state) || result->run[i].state == TB_STATE_LOST)
            continue;
        a->run[i].t.n_events = result->run[i].n_events;
        a->run[i].dir = tb_store_run_dir(a->store, result->run[i].id);
        a->n_left++;
    }
}

static void close_all(struct attend *a)
{
    for (size_t i = 0; i < a->n; i++) {
        tb_told_close(&a->run[i].t);
        free(a->run[i].dir);
    }
    free(a->run);
    a->run = NULL;
    a->n = 0;
}

static bool follow_result(struct attend *a, struct tb_worker_result *result, struct tb_err *err)
{
    open_all(a, result);
    bool good = follow(a, err);
    close_all(a);
    for (size_t i = 0; i < result->n; i++)
        result->n_busy += result->run[i].was_busy;
    return good;
}

/* ---- the whole */
static bool put(struct tb_worker *w, const struct tb_attend_spec *s, struct tb_worker_result *result,
                struct tb_err *err)
{
    if (s->plan)
        return tb_worker_put(w, s->plan, result, err);
    return tb_worker_pick(w, s->refs, s->n_refs, result, err);
}

/* While another process on this host has the duty it is followed; when it leaves, it is our turn. */
static bool serve_or_follow(struct tb_worker *w, struct attend *a, struct tb_worker_result *result, struct tb_err *err)
{
    for (;;) {
        struct tb_err why = { 0 };
        struct tb_duty_sight sight;
        if (tb_worker_serve(w, result, &why))
            return true;
        if (why.kind != TB_ERR_BUSY) {
            *err = why;
            return false;
        }
        fprintf(stderr, "%s; following it\n", why.text);
        open_all(a, result);
        do {
            look_at_all(a);
            tb_duty_look(tb_store_path(a->store), &sight);
        } while (a->n_left && sight.is_held && tb_train_wished() == TB_WISH_NONE && tb_follow_wait(poll_s));
        bool is_over = a->n_left == 0;
        close_all(a);
        if (is_over || tb_train_wished() != TB_WISH_NONE)
            return true;
    }
}

static bool is_listed(const struct tb_worker_run *r)
{
    return !tb_state_is_over(r->state) && !r->was_busy;
}

static bool print_detached(const struct attend *a, const struct tb_worker_result *r, FILE *to)
{
    struct tb_buf store = { 0 };
    size_t n = 0;
    tb_shell_quote(&store, tb_store_path(a->store));
    for (size_t i = 0; i < r->n; i++)
        n += is_listed(&r->run[i]);
    if (n == 0)
        fprintf(to, "nothing to train: every run is over\n");
    else
        fprintf(to, "%zu run%s on the list; look: tunebench watch --store %s; undo: tunebench stop --store %s", n,
               n == 1 ? "" : "s", store.p, store.p);
    for (size_t i = 0; i < r->n && n; i++)
        if (is_listed(&r->run[i]))
            fprintf(to, " %.8s", r->run[i].id);
    if (n)
        fputc('\n', to);
    tb_buf_free(&store);
    return true;
}

/* Why resume --all finds nothing. */
static void print_nothing(const struct tb_worker_result *r, FILE *to)
{
    size_t n = 0, n_live = 0;
    for (int s = 0; s < TB_N_STATES; s++) {
        n += r->n_of[s];
        n_live += tb_state_is_over((enum tb_state)s) ? 0 : r->n_of[s];
    }
    fprintf(to, "nothing to go on with: ");
    if (n == r->n_of[TB_STATE_DONE])
        fprintf(to, "every run is done");
    else
        fprintf(to, "%zu done", r->n_of[TB_STATE_DONE]);
    if (n_live)
        fprintf(to, ", %zu with a process that trains", n_live);
    if (r->n_of[TB_STATE_PRUNED])
        fprintf(to, ", %zu pruned", r->n_of[TB_STATE_PRUNED]);
    if (r->n_of[TB_STATE_FAILED])
        fprintf(to, ", %zu failed; tunebench resume state:failed tries again", r->n_of[TB_STATE_FAILED]);
    fputc('\n', to);
}

static bool wants_foreground(const struct tb_attend_spec *s, const struct tb_args *a)
{
    static const char *const batch[] = { "SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "TUNEBENCH_FOREGROUND" };
    bool wants = s->in_foreground || tb_args_has(a, "foreground");
    for (size_t i = 0; i < sizeof batch / sizeof *batch; i++) {
        const char *value = getenv(batch[i]);
        wants = wants || (value && *value);
    }
    return wants;
}

static bool attend(struct attend *a, const struct tb_attend_spec *s, const struct tb_args *args,
                   struct tb_worker_result *result, struct tb_err *err)
{
    bool detach = tb_args_has(args, "detach");
    struct tb_worker *w = tb_worker_open(a->spec, s->plan ? s->plan->recipe_path : "", s->plan != NULL, err);
    bool good = w && put(w, s, result, err);
    a->is_foreground = !detach && wants_foreground(s, args);
    a->store = good ? tb_store_open(a->spec->store, false, err) : NULL;
    good = good && a->store;
    if (good && a->is_foreground)
        good = serve_or_follow(w, a, result, err);
    tb_worker_close(w); /* the base and the data it read are not needed to look on */
    if (good && !a->is_foreground) {
        bool has_work = false;
        for (size_t i = 0; i < result->n; i++)
            has_work = has_work || !tb_state_is_over(result->run[i].state);
        if (has_work)
            good = tb_worker_start(tb_store_path(a->store), a->spec, err);
        if (good && has_work)
            tell_version(a);
        FILE *words = !s->plan && tb_args_has(args, "json") ? stderr : stdout; /* the verb's answer has stdout */
        if (good && detach && !s->plan && result->n == 0)
            print_nothing(result, words);
        else if (good)
            good = detach ? print_detached(a, result, words) : follow_result(a, result, err);
    }
    tb_store_close(a->store);
    return good;
}

bool tb_attend(const struct tb_attend_spec *s, const struct tb_args *args, const struct tb_out *out, int *exit_code,
               struct tb_err *err)
{
    struct tb_worker_spec spec;
    struct tb_live live;
    struct tb_worker_result result = { 0 };
    if (tb_args_has(args, "detach") && tb_args_has(args, "foreground"))
        return tb_fail(err, TB_ERR_USAGE, "--detach and --foreground are opposites: give one");
    if (!tb_live_open(&live, &spec, args, err))
        return false;
    struct attend a = { .live = &live, .spec = &spec };
    tb_live_signals(wants_foreground(s, args));
    bool good = attend(&a, s, args, &result, err);
    if (good && !tb_args_has(args, "detach")) {
        tb_worker_tally(spec.store, &result);
        if (!s->plan && result.n == 0)
            print_nothing(&result, stdout);
        else if (out)
            good = tb_live_compare(out, args, &result, err);
        *exit_code = tb_live_exit(&result);
    } else if (good) {
        for (size_t i = 0; i < result.n; i++)
            *exit_code = result.run[i].was_busy ? tb_err_exit(TB_ERR_BUSY) : *exit_code;
    }
    tb_worker_result_free(&result);
    tb_live_close(&live);
    return good;
}
