/* SPDX-License-Identifier: MIT */
/* What happened to a run in order, told at once and bit by bit with the same result, and what is known of it. */
#include "view/history.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/tap.h"
#include "view/facts.h"

static void take(void *arg, const struct tb_happening *what)
{
    char time[48];
    tb_buf_fmt(arg, "%s %lld %s\n", tb_happening_time(what, time), (long long)what->step, what->kind);
}

static void add_event(struct tb_metrics *m, const char *at, int64_t step, const char *kind)
{
    struct tb_event *e = &m->events[m->n_events++];
    *e = (struct tb_event){ .wall_s = NAN, .step = step, .kind = tb_xstrdup(kind), .text = tb_xstrdup("") };
    snprintf(e->at, sizeof e->at, "%s", at);
}

/* Six steps, evaluated behind 2, 4 and 6; a checkpoint at 4, a replay behind the end of it. */
static void make(struct tb_metrics *m)
{
    tb_metrics_init(m);
    m->train = tb_xcalloc(6, sizeof *m->train);
    m->eval = tb_xcalloc(3, sizeof *m->eval);
    m->events = tb_xcalloc(4, sizeof *m->events);
    m->cap_train = 6;
    m->cap_eval = 3;
    m->cap_events = 4;
    m->state = TB_STATE_RUNNING;
    snprintf(m->changed, sizeof m->changed, "2026-01-01T00:00:00Z");
    m->resumed_at = -1;
}

static void step(struct tb_metrics *m)
{
    double k = (double)(m->n_train + 1);
    m->train[m->n_train++] = (struct tb_train_row){ .step = k, .tokens = 10 * k, .wall_s = k, .loss = 9 - k };
    m->step = (int64_t)k;
    if (m->n_train % 2 == 0)
        m->eval[m->n_eval++] = (struct tb_eval_row){ .step = k, .tokens = 10 * k, .wall_s = k, .loss = 8 - k };
}

static const char whole[] = "2026-01-01T00:00:00Z 0 state\n+1.0s 1 step\n+2.0s 2 step\n+2.0s 2 eval\n+3.0s 3 step\n"
                            "+4.0s 4 step\n+4.0s 4 eval\n2026-01-01T00:00:04Z 4 checkpoint\n+5.0s 5 step\n"
                            "+6.0s 6 step\n+6.0s 6 eval\n";

static void at_once(void)
{
    struct tb_metrics m;
    struct tb_history h;
    struct tb_buf b = { 0 };
    make(&m);
    for (int i = 0; i < 6; i++)
        step(&m);
    add_event(&m, "2026-01-01T00:00:04Z", 4, "checkpoint");
    tb_history_open(&h, true);
    tb_history_next(&h, &m, take, &b);
    is_str(b.p, whole, "all at once");
    tb_buf_clear(&b);
    tb_history_next(&h, &m, take, &b);
    ok(b.n == 0, "nothing twice");
    tb_history_open(&h, false);
    tb_history_next(&h, &m, take, &b);
    ok(!strstr(b.p, "step") && strstr(b.p, "6 eval"), "without steps");
    tb_buf_free(&b);
    tb_metrics_free(&m);
}

static void bit_by_bit(void)
{
    struct tb_metrics m;
    struct tb_history h;
    struct tb_buf b = { 0 };
    make(&m);
    tb_history_open(&h, true);
    tb_history_next(&h, &m, take, &b);
    for (int i = 0; i < 6; i++) {
        step(&m);
        if (i == 3)
            add_event(&m, "2026-01-01T00:00:04Z", 4, "checkpoint");
        tb_history_next(&h, &m, take, &b);
    }
    is_str(b.p, whole, "bit by bit the same");
    m.state = TB_STATE_DONE;
    snprintf(m.changed, sizeof m.changed, "2026-01-01T00:00:09Z");
    tb_history_next(&h, &m, take, &b);
    ok(strcmp(b.p + strlen(whole), "2026-01-01T00:00:09Z 6 state\n") == 0, "its end");
    tb_buf_free(&b);
    tb_metrics_free(&m);
}

static const struct tb_proof *find(const struct tb_proof *proof, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(proof[i].name, name) == 0)
            return &proof[i];
    return NULL;
}

static void proofs(void)
{
    static const char facts[] =
        "{\"config\":{\"seed\":3},\"base\":{\"name\":\"tiny\",\"id\":\"0123456789abcdef0123\",\"type\":\"bf16\"},"
        "\"data\":{\"path\":\"data/places.txt\",\"id\":\"ffff\",\"n_rows\":5250,\"n_dropped\":2,\"n_eval\":66},"
        "\"env\":{\"version\":\"0.1.0\",\"numeric\":1,\"host\":\"vm\",\"isa\":\"avx2\",\"device\":\"cpu\","
        "\"threads\":2,\"os\":\"Linux\"},\"overrides\":[\"seed=3\"],\"changes\":[{\"key\":\"optim.lr\"}]}";
    struct tb_metrics m;
    struct tb_proof proof[TB_PROOFS];
    tb_metrics_init(&m);
    size_t n = tb_proofs_make(&m, proof);
    ok(find(proof, n, "base")->trust == TB_TRUST_UNKNOWN && find(proof, n, "machine")->trust == TB_TRUST_UNKNOWN,
       "of an empty record nothing is known");
    tb_proofs_free(proof, n);
    tb_json_free(m.facts);
    m.facts = tb_json_parse(facts, strlen(facts), "test", NULL);
    m.n_resumes = 2;
    n = tb_proofs_make(&m, proof);
    is_str(find(proof, n, "base")->text, "tiny 0123456789ab, bf16", "base");
    is_str(find(proof, n, "data")->text, "places.txt ffff, 5,250 rows, 2 left out as too long", "data");
    ok(find(proof, n, "row order")->trust == TB_TRUST_UNKNOWN, "an order without its hash");
    is_str(find(proof, n, "machine")->text, "vm, cpu avx2, 2 threads, Linux", "machine");
    is_str(find(proof, n, "under way")->text,
           "resumed 2 times from checkpoints; 1 key changed under way, which rerun repeats", "what was done to it");
    tb_proofs_free(proof, n);
    m.journal.is_damaged = true;
    snprintf(m.journal.words, sizeof m.journal.words, "torn");
    n = tb_proofs_make(&m, proof);
    ok(find(proof, n, "record")->trust == TB_TRUST_DOUBT, "a damaged journal is a doubt");
    tb_proofs_free(proof, n);
    tb_metrics_free(&m);
}

int main(void)
{
    at_once();
    bit_by_bit();
    proofs();
    return done();
}
