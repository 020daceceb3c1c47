/* SPDX-License-Identifier: MIT */
/* sweep_objective_test.c - which series a run's keys produce, and that series of its records as a curve. */
#include <math.h>
#include <stdlib.h>

#include "plan/objective.h"
#include "sweep/objective.h"
#include "tests/tap.h"

static struct tb_json *parse(const char *text)
{
    return tb_json_parse(text, strlen(text), "test", NULL);
}

/* What is said of an objective ("eval/slots max"), "" if nothing. */
static const char *said(const char *objective, const char *config, bool is_pruned)
{
    static struct tb_err err;
    char metric[64], goal[8], text[128] = "null";
    if (sscanf(objective, "%63s %7s", metric, goal) == 2)
        snprintf(text, sizeof text, "{\"metric\": \"%s\", \"goal\": \"%s\"}", metric, goal);
    struct tb_json *o = parse(text);
    struct tb_config c = { parse(config) };
    err = (struct tb_err){ 0 };
    bool good = tb_objective_check(o, &c, is_pruned, &err);
    tb_json_free(o);
    tb_json_free(c.map);
    return good ? "" : err.text;
}

static void names(void)
{
    const char *plain = "{\"eval.metrics\": [\"loss\"]}",
               *late = "{\"eval.metrics\": [\"slots\"], \"eval.when\": \"end\"}",
               *texts = "{\"eval.metrics\": [\"slots\", \"perplexity\", \"rude=contains:damn\"], "
                        "\"eval.when\": \"each\", \"eval.forget\": \"text:a.txt\"}";
    is_str(said("", plain, true), "", "without an objective it is the loss");
    is_str(said("eval/loss min", texts, true), "", "which every run evaluates");
    is_str(said("eval/slots max", texts, true), "", "a metric of texts");
    is_str(said("eval/perplexity min", texts, true), "", "one that is better when lower");
    is_str(said("forget/loss min", texts, true), "", "what is forgotten");
    is_str(said("eval/rude min", texts, true), "", "a matcher of what is not wanted");
    is_str(said("eval/rude max", texts, true), "", "or wanted");
    ok(strstr(said("eval/slot max", texts, true), "did you mean 'eval/slots'?"), "near");
    ok(strstr(said("eval/bleu max", plain, true), "there is eval/loss."), "what there is");
    ok(strstr(said("forget/loss min", plain, false), "no evaluation produces"), "no text");
    ok(strstr(said("eval/slots min", texts, true), "better when it is higher"), "its end");
    is_str(said("eval/slots max", late, false), "", "at the end, where nothing is pruned");
    ok(strstr(said("eval/slots max", late, true), "when = \"each\""), "rungs need it before");
}

static void put(struct tb_metrics *m, int64_t step, const char *name, double value)
{
    struct tb_measure one = { .step = step, .value = value, .low = NAN, .high = NAN };
    snprintf(one.name, sizeof one.name, "%s", name);
    tb_measures_put(&m->measures, &one);
}

static void curves(void)
{
    struct tb_eval_row eval[] = { { 0, 0, 0, 4, 9 }, { 2, 200, 1, 3, 9 }, { 4, 400, 2, 3.5, 9 } };
    struct tb_metrics m = { .eval = eval, .n_eval = 3 };
    struct tb_json *spec = parse("{\"metric\": \"eval/slots\", \"goal\": \"max\", \"target\": 0.75}");
    struct tb_objective loss = tb_objective_read(NULL), slots = tb_objective_read(spec);
    struct tb_curve c = { 0 };
    put(&m, 0, "slots", 0);
    put(&m, 4, "slots", 0.5);
    put(&m, 2, "forget/loss", 5);
    put(&m, 2, "slots", 0.75);
    tb_objective_curve(&loss, &m, &c);
    ok(c.n == 2 && c.value[0] == 3 && c.value[1] == 3.5 && c.tokens[1] == 400, "the loss, behind the first step");
    tb_objective_curve(&slots, &m, &c);
    ok(c.n == 2 && c.tokens[0] == 200 && tb_objective_shown(&slots, c.value[0]) == 0.75, "a measure by its tokens");
    ok(tb_objective_shown(&slots, tb_curve_best(&c, c.n)) == 0.75, "the highest is the best of it");
    ok(tb_curve_best(&c, 1) <= slots.target && isnan(loss.target), "and reaches its target");
    put(&m, 2, "slots", 0.7);
    tb_objective_curve(&slots, &m, &c);
    ok(c.n == 2 && tb_curve_best(&c, c.n) > slots.target, "a repeated one takes its place");
    is_int((int64_t)m.measures.n, 4, "instead of standing beside it");
    tb_measures_drop(&m.measures, 2);
    tb_objective_curve(&slots, &m, &c);
    ok(c.n == 1, "what was not reached again is gone");
    free(c.tokens);
    free(c.value);
    tb_measures_free(&m.measures);
    tb_json_free(spec);
}

int main(void)
{
    names();
    curves();
    return done();
}
