/* SPDX-License-Identifier: MIT */
/* worker_probe_test.c - rates that are tried and for how long, which one wins; a probed run is the run that was given
 * its winner, bit for bit, also where it was interrupted; what it cost stands apart. */
#include "worker/probe.h"

#include "store/index.h"
#include "store/writer.h"
#include "tests/tap.h"
#include "tests/unit/worker_lab.h"

static struct lab lab;

/* The plan of a probe of the usual run with changes, over n_steps. */
static bool planned(struct tb_probe *p, const char *changes)
{
    struct tb_err err = { 0 };
    struct tb_job j;
    struct tb_shelf *s = tb_shelf_open("", NULL);
    struct tb_plan *plan = lab_plan(&lab, &changes, 1, &err);
    bool good = plan && tb_job_open(&j, s, &plan->runs[0], 0, 0, &err);
    if (good) {
        tb_probe_plan(p, &j);
        ok(tb_probe_tokens(&j) == (p->n ? p->n * tb_order_tokens(j.order, p->steps) : 0), "tokens of the probe");
    } else {
        printf("# %s\n", err.text);
    }
    if (plan)
        tb_job_close(&j);
    tb_plan_free(plan);
    tb_shelf_close(s);
    return good;
}

static void plans(void)
{
    struct tb_probe p;
    ok(planned(&p, NULL) && p.n == 0, "no probe by default");
    ok(planned(&p, "{\"probe.n\": 5, \"budget.n\": 1000}") && p.n == 5 && p.steps == 20, "2 %% of the steps");
    near(p.rate[0], 5e-4 / 9, 1e-18, "a ninth of the method's rate");
    near(p.rate[2], 5e-4, 0, "the rate itself");
    near(p.rate[4], 45e-4, 1e-17, "nine times the rate");
    ok(planned(&p, "{\"probe.n\": 4, \"budget.n\": 100, \"optim.lr\": 0.1}") && p.n == 4 && p.steps == 5, "at least 5");
    near(p.rate[0], 0.1 / 3, 1e-17, "around a rate that was given");
    near(p.rate[3], 0.9, 0, "an even number of them reaches higher");
    ok(planned(&p, "{\"probe.n\": 2, \"budget.n\": 3}") && p.steps == 3, "at most those of the run");
    ok(planned(&p, "{\"probe.n\": 2, \"budget.n\": 30, \"probe.steps\": 7}") && p.steps == 7,
       "or as many as are asked for");
    ok(planned(&p, "{\"probe.rates\": [0.3, 0.1, 0.3, 0.2]}") && p.n == 3 && p.rate[0] == 0.1 && p.rate[2] == 0.3,
       "given rates rise, and none is there twice");
    ok(planned(&p, "{\"probe.n\": 3, \"method.lr\": 0.1}") && p.n == 0,
       "a rate that an arm gives itself is not probed");
    ok(planned(&p, "{\"probe.n\": 3, \"method.probe.rates\": [0.1, 0.2]}") && p.n == 2 && p.rate[1] == 0.2,
       "the arm's own probe comes before that of all");
    ok(planned(&p, "{\"probe.n\": 3, \"method.kind\": \"stack\", \"method.0.kind\": \"lora\", "
                   "\"method.1.kind\": \"prompt\"}") && p.is_stack && p.rate[1] == 1 && p.rate[2] == 3,
       "a stack has factors");
}

static void refused(const char *changes, const char *words)
{
    struct tb_err err = { 0 };
    struct tb_plan *p = lab_plan(&lab, &changes, 1, &err);
    ok(!p && strstr(err.text, words), "refused: %s", err.text);
    tb_plan_free(p);
}

static void refusals(void)
{
    refused("{\"probe.n\": 3, \"probe.rates\": [0.1]}", "one of the two");
    refused("{\"probe.rates\": [0.1, 0]}", "above 0");
    refused("{\"probe.n\": 16}", "from 0 to 15");
    refused("{\"probe.n\": 3, \"budget.unit\": \"minutes\", \"schedule.name\": \"constant\"}", "give `steps`");
    refused("{\"probe.rates\": [0.1], \"method.kind\": \"stack\", \"method.0.kind\": \"lora\", "
            "\"method.1.kind\": \"prompt\"}", "give `n`");
}

static void winners(void)
{
    struct tb_probe p = { .n = 4, .rate = { 1, 2, 3, 4 }, .loss = { 3, 2, 2, 2.5 } };
    is_int(tb_probe_winner(&p), 1, "the lowest loss, the lower rate of two equal ones");
    p.loss[1] = p.loss[2] = INFINITY;
    is_int(tb_probe_winner(&p), 3, "never one that diverged");
    p.loss[0] = p.loss[3] = INFINITY;
    is_int(tb_probe_winner(&p), -1, "none if all did");
}

static const char probed[] = "{\"method.kind\": \"lora\", \"method.lora.dropout\": 0.1, \"budget.n\": 12, "
                             "\"batch.rows\": 4, \"data.eval\": 0.2, \"eval.every\": \"4steps\", "
                             "\"exec.checkpoint_s\": 1e6, \"probe.rates\": [0.0001, 0.01, 0.001], \"probe.steps\": 6}";
static const char plain[] = "{\"method.kind\": \"lora\", \"method.lora.dropout\": 0.1, \"budget.n\": 12, "
                            "\"batch.rows\": 4, \"data.eval\": 0.2, \"eval.every\": \"4steps\", "
                            "\"exec.checkpoint_s\": 1e6, \"optim.lr\": 0.01}";

static double fact(const struct tb_metrics *m, const char *key)
{
    return tb_json_real(tb_metrics_fact(m, "probe", key), NAN);
}

static void bits(struct lab_end *whole)
{
    struct lab_end e;
    struct tb_run_summary sum;
    bool good = lab_run(&lab, "probed", probed, 0, TB_WISH_NONE, whole);
    const struct tb_metrics *m = &whole->m;
    const struct tb_json *tried = tb_metrics_fact(m, "probe", "tried");
    ok(good && fact(m, "rate") == 0.01 && tb_json_len(tried) == 3 && fact(m, "steps") == 6,
       "the highest of three wins");
    bool falls = true;
    for (size_t i = 1; i < 3; i++)
        falls = falls && tb_json_real(tb_json_get(tb_json_at(tried, i), "loss"), NAN)
                             < tb_json_real(tb_json_get(tb_json_at(tried, i - 1), "loss"), NAN);
    ok(falls && tb_json_bool(tb_json_get(tb_json_at(tried, 2), "taken"), false), "its loss is the lowest");
    ok(lab_has_event(m, "probe", "rate 0.01 is taken") && fact(m, "seconds") > 0, "an event says so");
    ok(fact(m, "tokens") == 3 * m->train[5].tokens, "tokens of three times six steps, beside the run's");
    tb_summary_of(&sum, m);
    near(sum.lr, 0.01, 0, "the rate of the run");
    good = lab_run(&lab, "plain", plain, 0, TB_WISH_NONE, &e);
    ok(good && lab_same(m, &e.m), "the same bits as with that rate from the beginning");
    ok(good && strcmp(whole->id, e.id) != 0, "under another id");
    lab_forget(&e);
}

static void interrupted(const struct lab_end *whole)
{
    struct lab_end e;
    for (int64_t at = 1; at < 12; at += 5) {
        char store[32];
        snprintf(store, sizeof store, "parts%lld", (long long)at);
        bool good = lab_run(&lab, store, probed, at, TB_WISH_YIELD, &e);
        lab_forget(&e);
        good = lab_run(&lab, store, probed, 0, TB_WISH_NONE, &e) && good;
        int n = 0;
        for (size_t i = 0; i < e.m.n_events; i++)
            n += strcmp(e.m.events[i].kind, "probe") == 0;
        ok(good && lab_same(&whole->m, &e.m) && n == 1, "interrupted at step %lld: the same, probed once",
           (long long)at);
        lab_forget(&e);
    }
}

/* Facts that are lost with a journal: the checkpoint knows the rate. */
static void without_facts(const struct lab_end *whole)
{
    struct lab_end e;
    struct tb_err err = { 0 };
    struct tb_json *facts = tb_json_parse("{\"probe\": {\"rates\": null}}", 25, "facts", NULL);
    bool good = lab_run(&lab, "lost", probed, 6, TB_WISH_YIELD, &e);
    struct tb_run_writer *w = good ? tb_run_writer_open(e.dir, &err) : NULL;
    good = w && tb_run_writer_facts(w, facts, &err);
    tb_run_writer_close(w);
    tb_json_free(facts);
    lab_forget(&e);
    good = lab_run(&lab, "lost", probed, 0, TB_WISH_NONE, &e) && good;
    ok(good && lab_same(&whole->m, &e.m), "a checkpoint knows the rate as well %s", err.text);
    lab_forget(&e);
}

static void stacks(void)
{
    static const char stack[] = "{\"method.kind\": \"stack\", \"method.0.kind\": \"lora\", "
                                "\"method.1.kind\": \"prompt\", "
                                "\"method.1.prompt.tokens\": 3, \"budget.n\": 8, \"batch.rows\": 4, "
                                "\"data.eval\": 0.2, \"probe.n\": 3}";
    struct lab_end e;
    bool good = lab_run(&lab, "stack", stack, 0, TB_WISH_NONE, &e);
    const struct tb_json *rates = tb_metrics_fact(&e.m, "probe", "rates");
    double a = tb_json_real(tb_json_at(rates, 0), NAN), b = tb_json_real(tb_json_at(rates, 1), NAN);
    ok(good && isnan(fact(&e.m, "rate")) && tb_json_len(rates) == 2, "a stack has a rate for each part");
    near(a / 5e-4, b / 1e-2, 1e-12, "multiplied alike");
    lab_forget(&e);
}

/* Without eps, the first update of values without a gradient is 0 / 0. */
static void all_diverge(void)
{
    struct lab_end e;
    bool good = lab_run(&lab, "none", "{\"optim.eps\": 0, \"probe.n\": 3, \"data.eval\": 0.2}", 0, TB_WISH_NONE, &e);
    ok(good && e.state == TB_STATE_FAILED && e.m.step == 0 && strcmp(e.m.ended_by, "divergence") == 0
           && strstr(e.m.note, "every rate of the probe diverged"), "no rate is left: %s", e.m.note);
    lab_forget(&e);
}

int main(void)
{
    struct tb_err err = { 0 };
    struct lab_end whole;
    setenv("TUNEBENCH_QUANTUM", "64", 1);
    winners();
    bool good = lab_open(&lab, 16, &err);
    ok(good, "a tokenizer and pairs %s", err.text);
    if (good) {
        plans();
        refusals();
        bits(&whole);
        interrupted(&whole);
        without_facts(&whole);
        stacks();
        all_diverge();
        lab_forget(&whole);
    }
    lab_close(&lab);
    return done();
}
