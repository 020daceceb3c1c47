/* SPDX-License-Identifier: MIT */
/* worker_stopping_test.c - early stopping: what is an improvement, when patience is over, the same after a resume; a
 * run that ends so, one that was protected, and one that was interrupted between the decision and its end. */
#include "worker/stopping.h"

#include "store/writer.h"
#include "tests/tap.h"
#include "tests/unit/worker_lab.h"

static struct lab lab;

/* Number of the evaluation (from 1) that ends a run with these losses, 0: none. With `resumed`, the state goes through
 * JSON before each, and each evaluation is made twice. */
static int ends_at(const double *loss, int n, int64_t patience, double min_delta, bool resumed)
{
    struct tb_stopping s;
    tb_stopping_from_json(&s, NULL);
    for (int i = 0; i < n; i++) {
        bool ends = tb_stopping_take(&s, patience, min_delta, 10 * i, loss[i]);
        if (resumed) {
            struct tb_json *j = tb_stopping_to_json(&s);
            char *text = tb_json_text(j, TB_JSON_LINE);
            struct tb_json *back = tb_json_parse(text, strlen(text), "stopping", NULL);
            memset(&s, 0xff, sizeof s);
            tb_stopping_from_json(&s, back);
            ends = ends && !tb_stopping_take(&s, patience, min_delta, 10 * i, loss[i]);
            tb_json_free(j);
            tb_json_free(back);
            free(text);
        }
        if (ends)
            return i + 1;
    }
    return 0;
}

static void rule(void)
{
    static const double falls[] = { 5, 4, 3, 2, 1, 0 }, flat[] = { 5, 4, 4, 4.5, 3.9, 4, 4 },
                        slow[] = { 5, 4.9, 4.8, 4.7, 4.6, 4.5 }, nan[] = { 5, NAN, NAN, NAN },
                        none[] = { NAN, NAN, NAN }, late[] = { NAN, 5, 6, 7 };
    for (int resumed = 0; resumed < 2; resumed++) {
        is_int(ends_at(falls, 6, 1, 0, resumed), 0, "a loss that falls never ends a run");
        is_int(ends_at(flat, 7, 0, 0, resumed), 0, "nor does any without patience");
        is_int(ends_at(flat, 7, 1, 0, resumed), 3, "the same loss again is no improvement");
        is_int(ends_at(flat, 7, 2, 0, resumed), 4, "two of them");
        is_int(ends_at(flat, 7, 3, 0, resumed), 0, "an improvement begins the count anew");
        is_int(ends_at(slow, 6, 1, 0.1 - 1e-9, resumed), 0, "a step of just min_delta is one");
        is_int(ends_at(slow, 6, 1, 0.11, resumed), 2, "a smaller one is none");
        is_int(ends_at(slow, 6, 2, 0.15, resumed), 0, "small ones add up, against the best that counted");
        is_int(ends_at(nan, 4, 3, 0, resumed), 4, "NaN is none");
        is_int(ends_at(none, 3, 3, 0, resumed), 3, "not even the first");
        is_int(ends_at(late, 4, 2, 0, resumed), 4, "nor does it stay the best");
    }
}

/* At a rate of nothing every evaluation is the same. */
static const char still[] = "{\"optim.lr\": 1e-30, \"schedule.name\": \"constant\", \"schedule.warmup\": 0, "
                            "\"budget.n\": 20, \"batch.rows\": 2, \"eval.every\": \"2steps\", \"data.eval\": 0.2, "
                            "\"stop.patience\": 3, \"exec.checkpoint_s\": 1e6}";

/* A process that dies between the checkpoint of the decision and the end of the run leaves just that checkpoint. */
static void decided(const struct lab_end *whole)
{
    struct lab_end f;
    bool good = lab_run(&lab, "decided", still, 5, TB_WISH_YIELD, &f);
    char *from = tb_checkpoint_path(whole->dir, 6), *to = good ? tb_checkpoint_path(f.dir, 6) : NULL;
    ok(good && link(from, to) == 0, "a checkpoint at which it was decided that the run ends");
    lab_forget(&f);
    good = lab_run(&lab, "decided", still, 0, TB_WISH_NONE, &f);
    ok(good && f.n_steps == 0 && f.state == TB_STATE_DONE && strcmp(f.m.ended_by, "patience") == 0
           && strcmp(f.m.note, whole->m.note) == 0, "ends it without another step");
    lab_forget(&f);
    free(from);
    free(to);
}

static void ends_early(void)
{
    struct lab_end e, f;
    bool good = lab_run(&lab, "early", still, 0, TB_WISH_NONE, &e);
    ok(good && e.state == TB_STATE_DONE && e.m.step == 6 && e.n_steps == 6, "done after step %lld of 20",
       (long long)e.m.step);
    is_str(e.m.ended_by, "patience", "it says by what");
    ok(strstr(e.m.note, "no improvement in 3 evaluations; the best is ") && strstr(e.m.note, " of step 0"),
       "and why: %s", e.m.note);
    ok(lab_has_event(&e.m, "patience", e.m.note), "in an event too");
    good = lab_run(&lab, "early", still, 0, TB_WISH_NONE, &f);
    ok(good && f.n_steps == 0 && f.state == TB_STATE_DONE, "and is not trained again");
    lab_forget(&f);
    for (int64_t at = 1; at <= 5; at += 2) {
        char store[32];
        snprintf(store, sizeof store, "parts%lld", (long long)at);
        good = lab_run(&lab, store, still, at, TB_WISH_YIELD, &f) && f.m.step == at;
        lab_forget(&f);
        good = good && lab_run(&lab, store, still, 0, TB_WISH_NONE, &f);
        ok(good && strcmp(f.m.ended_by, "patience") == 0 && lab_same(&e.m, &f.m), "interrupted at %lld: the same end",
           (long long)at);
        lab_forget(&f);
    }
    decided(&e);
    lab_forget(&e);
}

/* Yields after its first step, is marked, goes on. */
static void marked(const char *store, const char *changes, bool is_protected, struct lab_end *e)
{
    struct tb_err err = { 0 };
    struct tb_json *facts = tb_json_new_map(), *result = tb_json_new_map();
    tb_json_set(result, "protected", tb_json_new_bool(is_protected));
    tb_json_set(facts, "result", result);
    bool good = lab_run(&lab, store, changes, 1, TB_WISH_YIELD, e);
    struct tb_run_writer *w = good ? tb_run_writer_open(e->dir, &err) : NULL;
    ok(w && tb_run_writer_facts(w, facts, &err), "%s after its first step %s", is_protected ? "protected" : "free",
       err.text);
    tb_run_writer_close(w);
    tb_json_free(facts);
    lab_forget(e);
    good = lab_run(&lab, store, changes, 0, TB_WISH_NONE, e) && good;
    ok(good && e->state != TB_STATE_QUEUED, "and trained on");
}

static void exempt(void)
{
    struct lab_end e;
    marked("kept", still, true, &e);
    ok(e.state == TB_STATE_DONE && e.m.step == 20 && strcmp(e.m.ended_by, "budget") == 0,
       "a protected run spends its budget: step %lld, ended by %s", (long long)e.m.step, e.m.ended_by);
    ok(lab_has_event(&e.m, "patience", "protected, so it goes on"), "and says that it was exempt");
    int n = 0;
    for (size_t i = 0; i < e.m.n_events; i++)
        n += strcmp(e.m.events[i].kind, "patience") == 0;
    is_int(n, 1, "once");
    lab_forget(&e);
    marked("free", still, false, &e);
    is_str(e.m.ended_by, "patience", "one that is protected no more is not");
    lab_forget(&e);
}

/* A loss that has grown ends a run, unless it is protected; one that is not a number ends any. */
static void divergence(void)
{
    static const char grows[] = "{\"optim.lr\": 100, \"schedule.name\": \"constant\", \"schedule.warmup\": 0, "
                                "\"budget.n\": 200, \"batch.rows\": 2, \"data.eval\": 0.2, "
                                "\"optim.decay\": 0, \"method.kind\": \"full\", \"exec.checkpoint_s\": 1e6}";
    struct lab_end e;
    bool good = lab_run(&lab, "grows", grows, 0, TB_WISH_NONE, &e);
    ok(good && e.state == TB_STATE_FAILED && e.m.step < 200 && lab_has_event(&e.m, "divergence", "mean loss"),
       "a loss that grows ends a run at step %lld: %s", (long long)e.m.step, e.m.note);
    lab_forget(&e);
    marked("grows2", grows, true, &e);
    ok(e.state == TB_STATE_DONE && e.m.step == 200 && lab_has_event(&e.m, "divergence", "it goes on"),
       "not a protected one: %s at step %lld", e.m.ended_by, (long long)e.m.step);
    lab_forget(&e);
}

int main(void)
{
    struct tb_err err = { 0 };
    setenv("TUNEBENCH_QUANTUM", "64", 1);
    rule();
    bool good = lab_open(&lab, 16, &err);
    ok(good, "a tokenizer and pairs %s", err.text);
    if (good) {
        ends_early();
        exempt();
        divergence();
    }
    lab_close(&lab);
    return done();
}
