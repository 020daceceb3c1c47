/* SPDX-License-Identifier: MIT */
/* sweep_lab.h - a sweep without training: a plan of two arms, and runs that record what a test says. */
#ifndef TB_TESTS_SWEEP_LAB_H
#define TB_TESTS_SWEEP_LAB_H

#include "base/mem.h"
#include "sweep/sweep.h"
#include "tests/tap.h"

static char *store;
static struct tb_err err;

/* `n` points in each of two arms; point k has rank 2 + k % 3 and rate k. */
static inline struct tb_plan *make_plan(int n, const char *rest)
{
    struct tb_plan *p = tb_plan_new();
    struct tb_buf b = { 0 };
    p->runs = tb_xcalloc((size_t)(2 * n), sizeof *p->runs);
    p->cap_runs = (size_t)(2 * n);
    for (int k = 0; k < 2 * n; k++) {
        struct tb_json *map = tb_json_new_map();
        char *name = tb_xasprintf("%s-%d-s0", k % 2 ? "prefix" : "lora", k / 2);
        tb_json_set(map, "exec.name", tb_json_new_str(name));
        tb_json_set(map, "method.kind", tb_json_new_str(k % 2 ? "prefix" : "lora"));
        tb_json_set(map, "optim.lr", tb_json_new_real(0.001 * (k / 2 + 1)));
        tb_json_set(map, "seed", tb_json_new_int(0));
        p->runs[p->n_runs++].map = map;
        free(name);
    }
    tb_buf_fmt(&b, "{\"search\": {\"kind\": \"random\", \"trials\": %d, \"seed\": 0}, %s, \"arms\": [", n, rest);
    for (int arm = 0; arm < 2; arm++)
        tb_buf_fmt(&b, "%s{\"name\": \"%s\", \"templates\": [{\"method.kind\": \"%s\", \"method.lr\": {\"draw\": "
                   "\"log_uniform\", \"of\": [0.001, 1]}, \"r\": {\"draw\": \"choice\", \"of\": [2, 3, 4]}}]}",
                   arm ? ", " : "", arm ? "prefix" : "lora", arm ? "prefix" : "lora");
    tb_buf_str(&b, "], \"points\": [");
    for (int k = 0; k < 2 * n; k++)
        tb_buf_fmt(&b, "%s{\"arm\": %d, \"point\": {\"template\": 0, \"method.lr\": %g, \"r\": %d}}", k ? ", " : "",
                   k % 2, 0.001 * (k / 2 + 1), 2 + k / 2 % 3);
    tb_buf_str(&b, "]}");
    p->sweep = tb_json_parse(b.p, b.n, "sweep", NULL);
    tb_buf_free(&b);
    return p;
}

/* The trial's run with one evaluation more. */
static inline void see(struct tb_sweep *s, size_t i, double tokens, double loss, bool is_protected)
{
    struct tb_metrics m;
    struct tb_eval_row rows[3] = { { .loss = 9 } };
    struct tb_train_row train = { .step = 1, .tokens = tokens };
    tb_metrics_init(&m);
    m.n_eval = 2;
    rows[1] = (struct tb_eval_row){ .step = tokens, .tokens = tokens, .loss = loss };
    m.eval = rows;
    m.train = &train;
    m.n_train = 1;
    m.state = TB_STATE_RUNNING;
    const char *text = is_protected ? "{\"plan\": {\"n_tokens\": 400}, \"result\": {\"protected\": true}}"
                                    : "{\"plan\": {\"n_tokens\": 400}}";
    struct tb_json *facts = tb_json_parse(text, strlen(text), "facts", NULL), *before = m.facts;
    m.facts = facts;
    ok(tb_sweep_see(s, i, &m, &err), "what is recorded is looked at");
    m.facts = before;
    m.eval = NULL;
    m.train = NULL;
    m.n_eval = m.n_train = 0;
    tb_json_free(facts);
    tb_metrics_free(&m);
}

#endif
