/* SPDX-License-Identifier: MIT */
/* probe.c - the plan of a probe, its steps, its decision. A step of a probe is one of the training loop's turns, so
 * that requests and signals are answered as always; t->step stays 0 meanwhile. */
#include "worker/probe.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "worker/train_priv.h"

static const double share = 0.02;
enum { LEAST_STEPS = 5 };

/* x times 3^k with one rounding. */
static double times_three(double x, int k)
{
    double by = 1;
    for (int i = 0; i < abs(k); i++)
        by *= 3;
    return k < 0 ? x / by : x * by;
}

void tb_probe_plan(struct tb_probe *p, const struct tb_job *j)
{
    const struct tb_json *rates = tb_config_get(&j->config, "probe.rates");
    int64_t n = tb_config_int(&j->config, "probe.n"), given = tb_config_int(&j->config, "probe.steps");
    *p = (struct tb_probe){ .is_stack = j->stack->n > 1, .n = (int)tb_json_len(rates) };
    for (int i = 0; i < p->n; i++)
        p->rate[i] = tb_json_real(tb_json_at(rates, (size_t)i), 0);
    for (int i = 0; p->n == 0 && i < (int)n; i++)
        p->rate[i] = times_three(p->is_stack ? 1 : tb_job_lr(j, 0), i - ((int)n - 1) / 2);
    p->n = p->n ? p->n : (int)n;
    p->steps = given > 0 ? given : (int64_t)fmax(LEAST_STEPS, ceil(share * (double)j->n_steps));
    if (j->n_steps && p->steps > j->n_steps)
        p->steps = j->n_steps;
}

int64_t tb_probe_tokens(const struct tb_job *j)
{
    struct tb_probe p;
    tb_probe_plan(&p, j);
    return p.n ? p.n * tb_order_tokens(j->order, p.steps) : 0;
}

bool tb_probe_rates(const struct tb_json *list, int n_parts, double *lr)
{
    double rate[TB_STACK_PARTS];
    if (tb_json_len(list) != (size_t)n_parts)
        return false;
    for (int i = 0; i < n_parts; i++) {
        rate[i] = tb_json_real(tb_json_at(list, (size_t)i), 0);
        if (!(rate[i] > 0))
            return false;
    }
    memcpy(lr, rate, (size_t)n_parts * sizeof *lr);
    return true;
}

struct tb_json *tb_probe_rates_json(const double *lr, int n_parts)
{
    struct tb_json *list = tb_json_new_list();
    for (int i = 0; i < n_parts; i++)
        tb_json_append(list, tb_json_new_real(lr[i]));
    return list;
}

int tb_probe_winner(const struct tb_probe *p)
{
    int best = -1;
    for (int i = 0; i < p->n; i++)
        if (isfinite(p->loss[i]) && (best < 0 || p->loss[i] < p->loss[best]))
            best = i;
    return best;
}

/* The rate of a part when this one of the probe's is used. */
static double rate_of(const struct tb_training *t, int i, int part)
{
    const struct tb_probe *p = &t->probe;
    return p->is_stack ? tb_job_lr(t->job, part) * p->rate[i] : p->rate[i];
}

static void set_rates(struct tb_training *t, int i)
{
    for (int part = 0; part < t->job->stack->n; part++)
        t->lr[part] = rate_of(t, i, part);
}

struct look_call {
    struct tb_training *t;
    bool found;
};

static bool look(struct tb_run_writer *w, void *arg, struct tb_err *err)
{
    struct look_call *c = arg;
    const struct tb_json *rates = tb_metrics_fact(tb_run_writer_metrics(w), "probe", "rates");
    c->found = tb_probe_rates(rates, c->t->job->stack->n, c->t->lr);
    return true;
}

bool tb_training_probe_begin(struct tb_training *t, struct tb_err *err)
{
    struct look_call c = { .t = t, .found = t->lr[0] > 0 }; /* a checkpoint had them */
    tb_probe_plan(&t->probe, t->job);
    for (int i = 0; i < t->job->stack->n && !c.found; i++)
        t->lr[i] = tb_job_lr(t->job, i);
    if (t->probe.n == 0 || c.found)
        return true;
    if (!tb_recorder_do(t->recorder, look, &c, err))
        return false;
    t->probe.is_on = !c.found;
    return true;
}

/* ---- the decision */
struct decision {
    struct tb_training *t;
    int winner;
    const char *words;
    bool has_facts; /* written already, when a full disk makes it try again */
};

static struct tb_json *facts_of(const struct tb_training *t, int winner)
{
    const struct tb_probe *p = &t->probe;
    struct tb_json *facts = tb_json_new_map(), *map = tb_json_new_map(), *tried = tb_json_new_list();
    for (int i = 0; i < p->n; i++) {
        struct tb_json *one = tb_json_new_map();
        tb_json_set(one, p->is_stack ? "factor" : "rate", tb_json_new_real(p->rate[i]));
        tb_json_set(one, "loss", tb_json_new_real(p->loss[i]));
        tb_json_set(one, "taken", tb_json_new_bool(i == winner));
        tb_json_append(tried, one);
    }
    tb_json_set(map, "rate", p->is_stack ? tb_json_new_null() : tb_json_new_real(t->lr[0]));
    tb_json_set(map, "rates", tb_probe_rates_json(t->lr, t->job->stack->n));
    tb_json_set(map, "steps", tb_json_new_int(p->steps));
    tb_json_set(map, "tokens", tb_json_new_int(p->tokens));
    tb_json_set(map, "seconds", tb_json_new_real(p->seconds));
    tb_json_set(map, "tried", tried);
    tb_json_set(facts, "probe", map);
    return facts;
}

static bool write_decision(struct tb_run_writer *w, void *arg, struct tb_err *err)
{
    struct decision *d = arg;
    if (!d->has_facts) {
        struct tb_json *facts = facts_of(d->t, d->winner);
        d->has_facts = tb_run_writer_facts(w, facts, err);
        tb_json_free(facts);
    }
    return d->has_facts && tb_run_writer_event(w, 0, "probe", err, "%s", d->words);
}

static void say_rate(const struct tb_probe *p, int i, struct tb_buf *b)
{
    tb_buf_fmt(b, "%s%.3g: ", p->is_stack ? "x" : "", p->rate[i]);
    if (isfinite(p->loss[i]))
        tb_buf_fmt(b, "%.4f", p->loss[i]);
    else
        tb_buf_str(b, "diverged");
}

/* "rate 0.0015 is taken; loss 0.0005: 3.98, 0.0015: 3.88; 40 steps each, 9000 tokens beside the budget" */
static void say_all(const struct tb_training *t, int winner, struct tb_buf *b)
{
    const struct tb_probe *p = &t->probe;
    if (winner >= 0)
        tb_buf_fmt(b, "%s %.6g is taken; loss", p->is_stack ? "factor" : "rate", p->rate[winner]);
    for (int i = 0; i < p->n; i++) {
        tb_buf_str(b, i ? ", " : " ");
        say_rate(p, i, b);
    }
    tb_buf_fmt(b, "; %lld steps each, %lld tokens beside the budget", (long long)p->steps, (long long)p->tokens);
}

static bool decide(struct tb_training *t, bool *diverged, char words[256], struct tb_err *err)
{
    int winner = tb_probe_winner(&t->probe);
    struct tb_buf text = { 0 };
    struct decision d = { .t = t, .winner = winner };
    t->probe.is_on = false;
    if (winner >= 0)
        set_rates(t, winner);
    say_all(t, winner, &text);
    d.words = text.p;
    bool good = winner < 0 || tb_recorder_do(t->recorder, write_decision, &d, err);
    if (good && winner >= 0 && t->view->note)
        t->view->note(t->view->arg, t->job, 0, "probe", text.p);
    *diverged = winner < 0;
    if (*diverged)
        snprintf(words, 256, "every rate of the probe diverged:%.200s", text.p);
    tb_buf_free(&text);
    return good;
}

/* ---- its steps */

/* What one rate came to; the next begins from the start values, and so does the run. */
static bool next(struct tb_training *t, double loss, bool *diverged, char words[256], struct tb_err *err)
{
    struct tb_probe *p = &t->probe;
    p->loss[p->i++] = loss;
    p->at = 0;
    p->watch = (struct tb_watch){ 0 };
    return tb_training_start(t, err) && (p->i < p->n || decide(t, diverged, words, err));
}

static struct tb_update update_of(struct tb_training *t)
{
    const struct tb_probe *p = &t->probe;
    struct tb_schedule s = { .kind = TB_SCHEDULE_CONSTANT, .warmup = t->job->schedule.warmup, .n_steps = p->steps };
    set_rates(t, p->i);
    struct tb_update u = tb_training_update(t, tb_schedule_factor(&s, p->at));
    u.step = p->at;
    return u;
}

bool tb_training_probe_step(struct tb_training *t, bool *diverged, char words[256], struct tb_err *err)
{
    struct tb_probe *p = &t->probe;
    struct tb_update u = update_of(t);
    struct tb_step_out out;
    double begin_s = tb_clock_mono_s();
    int n = tb_training_rows(t, p->at, &p->tokens);
    if (!tb_engine_gradient(t->engine, t->rows, n, (uint64_t)tb_config_int(&t->job->config, "seed"), p->at, &out, err))
        return false;
    tb_engine_update(t->engine, &u, &out);
    p->at++;
    p->seconds += tb_clock_mono_s() - begin_s;
    bool is_lost = tb_watch_diverged(&p->watch, out.loss, words, 256) || !out.is_finite, good = true;
    if (is_lost || p->at == p->steps)
        good = next(t, is_lost ? INFINITY : p->watch.sum / p->watch.weight, diverged, words, err);
    tb_training_go_on(t);
    return good;
}
