/* SPDX-License-Identifier: MIT */
/* One run from creation to seal: what the writer records is what a reader loads, at every stage;
 * states, resume, replayed rows, facts, requests, a full disk, damaged files. */
#include "store/writer.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "store/run.h"
#include "tests/tap.h"

static char root[256], dir[320];

static struct tb_json *parse(const char *text)
{
    struct tb_err err;
    struct tb_json *j = tb_json_parse(text, strlen(text), "test", &err);
    if (!j)
        abort();
    return j;
}

static void create(const char *id)
{
    struct tb_err err = { 0 };
    char *argv[] = { "tunebench", "run", NULL };
    struct tb_json *config = parse(
                       "{\"method.kind\":\"lora\",\"method.lora.r\":8,\"optim.lr\":5e-4,"
                       "\"method.lora.targets\":[\"q\",\"v\"],\"data.specials\":false,\"seed\":0,"
                       "\"eval.mixed\":[1,\"a\"],\"budget.n\":100000}"),
                   *plan = parse("{\"n_trainable\":460800,\"share\":0.00342}"),
                   *overrides = parse("[\"optim.lr=5e-4\"]"), *env = tb_run_env(argv, "0.1.0", 1);
    struct tb_run_new run = { .id = id,
                              .name = "lora-r8-s0",
                              .config = config,
                              .recipe = "return 1\n",
                              .n_recipe = 9,
                              .overrides = overrides,
                              .plan = plan,
                              .env = env };
    ok(tb_run_create(root, &run, &err), "created %s %s", id, err.text);
    ok(!tb_run_create(root, &run, &err) && err.kind == TB_ERR_USAGE, "not twice: %s", err.text);
    tb_json_free(env);
    tb_json_free(overrides);
    tb_json_free(plan);
    tb_json_free(config);
    snprintf(dir, sizeof dir, "%s/%s", root, id);
}

static struct tb_run_writer *begin(void)
{
    struct tb_err err = { 0 };
    struct tb_run_writer *w = tb_run_writer_open(dir, &err);
    if (!ok(w != NULL, "writer opens %s", err.text))
        exit(1);
    return w;
}

static bool step(struct tb_run_writer *w, int i, double shift)
{
    struct tb_train_row row = { i,    256.0 * i, i * 0.1, 3.0 / (i + 1) + shift,
                                5e-4, 0.75,      600,     1 << 20 };
    return tb_run_writer_train(w, &row, NULL);
}

static bool same_measure(const struct tb_measure *a, const struct tb_measure *b)
{
    return a->step == b->step && strcmp(a->name, b->name) == 0 && a->n_rows == b->n_rows
        && memcmp(&a->value, &b->value, 3 * sizeof a->value) == 0
        && memcmp(a->row, b->row, a->n_rows * sizeof *a->row) == 0;
}

/* Equal tables, texts and state. */
static bool same(const struct tb_metrics *a, const struct tb_metrics *b)
{
    bool eq = a->n_train == b->n_train && a->n_eval == b->n_eval && a->n_rows == b->n_rows
           && a->n_events == b->n_events && a->n_samples == b->n_samples && a->state == b->state
           && a->step == b->step && a->seq == b->seq && a->resumed_at == b->resumed_at
           && strcmp(a->ended_by, b->ended_by) == 0 && tb_json_equal(a->facts, b->facts)
           && a->n_recipe == b->n_recipe;
    eq = eq && (!a->n_train || !memcmp(a->train, b->train, a->n_train * sizeof *a->train));
    eq = eq && (!a->n_eval || !memcmp(a->eval, b->eval, a->n_eval * sizeof *a->eval));
    eq = eq && (!a->n_rows || !memcmp(a->rows, b->rows, a->n_rows * sizeof *a->rows));
    for (size_t i = 0; eq && i < a->n_events; i++)
        eq = !strcmp(a->events[i].text, b->events[i].text)
             && !strcmp(a->events[i].kind, b->events[i].kind)
             && !strcmp(a->events[i].at, b->events[i].at) && a->events[i].step == b->events[i].step;
    for (size_t i = 0; eq && i < a->n_samples; i++)
        eq = !strcmp(a->samples[i].prompt, b->samples[i].prompt)
          && !strcmp(a->samples[i].output, b->samples[i].output);
    eq = eq && a->measures.n == b->measures.n;
    for (size_t i = 0; eq && i < a->measures.n; i++)
        eq = same_measure(&a->measures.at[i], &b->measures.at[i]);
    return eq;
}

static void check(struct tb_run_writer *w, const char *when)
{
    struct tb_metrics m;
    struct tb_err err = { 0 };
    bool loaded = tb_metrics_load(&m, dir, &err);
    ok(loaded && same(&m, tb_run_writer_metrics(w)), "%s: a reader sees what the writer has %s",
       when, err.text);
    tb_metrics_free(&m);
}

static void record_all(struct tb_run_writer *w)
{
    struct tb_eval_row eval = { 0, 0, 0, 4.5, 900 };
    struct tb_row_loss rows[] = { { 0, 7, 7, 10, 4.25 },
                                  { 0, 9, 7, 12, 0.1 },
                                  { 0, 11, 11, 3, NAN } };
    struct tb_sample sample = { 0, 7, "name[Zizzi]\n", "Zizzi \xe2\x9c\x93 is a pub" };
    struct tb_measure_row scored[] = { { 7, 7, 22, 31.5 }, { 11, 11, 3, NAN } };
    struct tb_measure bleu = { 0, "bleu", 31.5, 20.25, 40, scored, 2 },
                      forget = { 0, TB_MEASURE_FORGET, 4.5, NAN, NAN, scored, 1 };
    struct tb_json *facts = parse("{\"result\":{\"peak_bytes\":1234,\"final_hash\":\"abcd\"}}");
    ok(tb_run_writer_state(w, TB_STATE_RUNNING, NULL, NULL, NULL), "running");
    ok(tb_run_writer_eval(w, &eval, NULL) && tb_run_writer_rows(w, rows, 3, NULL),
       "eval and its rows");
    ok(tb_run_writer_sample(w, &sample, NULL), "sample");
    ok(tb_run_writer_measure(w, &bleu, NULL) && tb_run_writer_measure(w, &forget, NULL)
           && tb_run_writer_measure(w, &bleu, NULL) && tb_run_writer_metrics(w)->measures.n == 2,
       "measures, one of them twice");
    ok(tb_run_writer_facts(w, facts, NULL), "facts");
    tb_json_free(facts);
    bool good = true;
    for (int i = 1; i <= 200; i++)
        good = good && step(w, i, 0);
    ok(good && tb_run_writer_event(w, 200, "note", NULL, "half %d %%", 50),
       "200 steps and an event");
}

static void life(void)
{
    struct tb_err err = { 0 };
    struct tb_metrics m;
    create("00000000000000aa");
    struct tb_run_writer *w = begin();
    ok(!tb_run_writer_open(dir, &err) && err.kind == TB_ERR_BUSY, "a second writer is refused");
    check(w, "queued");
    ok(!tb_run_writer_seal(w, TB_STATE_DONE, NULL, NULL, NULL, NULL), "done cannot follow queued");
    record_all(w);
    check(w, "journal only");
    ok(tb_run_writer_snapshot_due(w) > 5, "no snapshot due yet");
    ok(tb_run_writer_snapshot(w, &err) && tb_run_writer_snapshot_due(w) < 0, "snapshot %s",
       err.text);
    check(w, "snapshot");
    ok(step(w, 201, 0) && step(w, 202, 0), "two more steps");
    check(w, "snapshot and journal");
    float a[6] = { 1, 2, 3, 4, 5, 6 };
    struct tb_array t = { "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight",
                           TB_ARRAY_F32,
                           2,
                           { 2, 3 },
                           a };
    struct tb_final ad = { &t, 1, "{\"peft_type\": \"LORA\"}" };
    ok(tb_run_writer_seal(w, TB_STATE_DONE, "budget", NULL, &ad, &err), "sealed %s", err.text);
    ok(!tb_journal_any(dir), "a sealed run has no journal");
    check(w, "sealed");
    ok(!tb_run_writer_state(w, TB_STATE_RUNNING, NULL, NULL, &err), "nothing leaves done: %s",
       err.text);
    struct tb_json *tags = parse("{\"result\":{\"tags\":[\"ref\"]}}");
    ok(tb_run_writer_facts(w, tags, NULL), "a tag on a sealed run");
    tb_json_free(tags);
    tb_run_writer_close(w);
    ok(!tb_journal_any(dir), "seals it again when closed");
    struct tb_final back;
    ok(tb_snapshot_final(&back, dir, &err) && back.n == 1 && !strcmp(back.tensor[0].name, t.name)
           && !memcmp(back.tensor[0].data, a, sizeof a)
           && !strcmp(back.peft_config, ad.peft_config),
       "the adapter is still there %s", err.text);
    tb_final_free(&back);
    ok(tb_metrics_load(&m, dir, NULL), "loads");
    is_int(tb_json_int(tb_metrics_fact(&m, "result", "peak_bytes"), 0), 1234, "facts are merged");
    is_str(tb_json_str(tb_metrics_fact(&m, "env", "version"), ""), "0.1.0", "environment kept");
    is_str(m.recipe, "return 1\n", "recipe kept");
    tb_metrics_free(&m);
}

static void resume(void)
{
    create("00000000000000ab");
    struct tb_run_writer *w = begin();
    tb_run_writer_state(w, TB_STATE_RUNNING, NULL, NULL, NULL);
    for (int i = 1; i <= 50; i++)
        step(w, i, 0);
    tb_run_writer_seal(w, TB_STATE_STOPPED, "user", NULL, NULL, NULL);
    tb_run_writer_close(w);
    w = begin();
    const struct tb_metrics *m = tb_run_writer_metrics(w);
    ok(tb_run_writer_state(w, TB_STATE_RUNNING, NULL, NULL, NULL)
           && tb_run_writer_resume(w, 30, NULL),
       "resumed at 30");
    is_int(m->n_train, 50, "rows of the repeated steps stay");
    is_int(m->step, 30, "the run is at 30");
    for (int i = 31; i <= 40; i++)
        step(w, i, i >= 35 ? 0.5 : 0);
    check(w, "resumed");
    is_int(m->n_train, 50, "ten of them replaced");
    near(m->train[34].loss, 3.0 / 36 + 0.5, 0, "by the later ones");
    is_int(m->n_events, 1, "one event for replayed losses with other bits");
    ok(m->n_events && strstr(m->events[0].text, "step 35"), "which names the first");
    ok(tb_run_writer_seal(w, TB_STATE_STOPPED, "user", NULL, NULL, NULL), "stopped at 40");
    is_int(m->n_train, 40, "steps not reached again are dropped");
    tb_run_writer_close(w);
}

static void crash_words(void)
{
    struct tb_ctl_request q;
    struct tb_ctl_answer a;
    unsigned seq;
    char path[400];
    create("00000000000000ac");
    struct tb_run_writer *w = begin();
    tb_run_writer_state(w, TB_STATE_RUNNING, NULL, NULL, NULL);
    step(w, 1, 0);
    snprintf(path, sizeof path, "%s/ctl/000009-bad name.json", dir);
    tb_file_replace(path, "junk", 4, NULL);
    ok(tb_ctl_post(dir, "stop", NULL, &seq, NULL), "asked");
    ok(tb_run_writer_request(w, &q) && strcmp(q.verb, "stop") == 0, "taken");
    tb_ctl_free(&q);
    ok(!tb_run_writer_request(w, &q), "one request only");
    is_int(tb_run_writer_metrics(w)->n_events, 1, "garbage became an event");
    tb_run_writer_close(w); /* without an end state: as after a crash */
    snprintf(path, sizeof path, "%s/run.h5.tmp-1", dir);
    tb_file_replace(path, "half", 4, NULL);
    w = begin();
    const struct tb_metrics *m = tb_run_writer_metrics(w);
    ok(m->n_events == 2 && !strcmp(m->events[1].kind, "recovered"), "recovered: %s",
       m->n_events == 2 ? m->events[1].text : "");
    ok(!tb_file_exists(path), "unfinished file removed");
    tb_ctl_look(dir, seq, "stop", &a);
    ok(a.state == TB_CTL_DONE && strstr(a.note, "ask again"), "unfinished request answered: %s",
       a.note);
    tb_run_writer_close(w);
}

/* What was asked while nobody had the run, and long ago, is refused by who takes it; a mark and a new wish are not. */
static void old_requests(void)
{
    struct timespec hour_ago[2] = { { .tv_sec = time(NULL) - 3600 }, { .tv_sec = time(NULL) - 3600 } };
    struct tb_ctl_request q;
    struct tb_ctl_answer a;
    unsigned old = 0, mark = 0, young = 0;
    char path[400];
    create("00000000000000b7");
    ok(tb_ctl_post(dir, "stop", NULL, &old, NULL) && tb_ctl_post(dir, "facts", NULL, &mark, NULL)
           && tb_ctl_post(dir, "pause", NULL, &young, NULL), "three asked of nobody");
    snprintf(path, sizeof path, "%s/ctl/%06u-stop.json", dir, old);
    utimensat(AT_FDCWD, path, hour_ago, 0);
    snprintf(path, sizeof path, "%s/ctl/%06u-facts.json", dir, mark);
    utimensat(AT_FDCWD, path, hour_ago, 0);
    struct tb_run_writer *w = begin();
    const struct tb_metrics *m = tb_run_writer_metrics(w);
    tb_ctl_look(dir, old, "stop", &a);
    is_str(a.note, "not done: asked before this process took the run; ask again", "the old one is refused");
    ok(m->n_events == 1 && strstr(m->events[0].text, "1 requests to the process before refused"), "and that is told");
    ok(tb_run_writer_request(w, &q) && q.seq == mark, "a mark is taken");
    tb_ctl_free(&q);
    ok(tb_run_writer_request(w, &q) && q.seq == young, "and so is what was asked a moment ago");
    tb_ctl_free(&q);
    tb_run_writer_close(w);
}

static void full_disk(void)
{
    struct rlimit old, small;
    struct tb_err err = { 0 };
    char path[400];
    create("00000000000000ad");
    struct tb_run_writer *w = begin();
    tb_run_writer_state(w, TB_STATE_RUNNING, NULL, NULL, NULL);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 4096;
    setrlimit(RLIMIT_FSIZE, &small);
    int i = 1;
    while (i < 1000 && step(w, i, 0))
        i++;
    bool snap = tb_run_writer_snapshot(w, &err);
    setrlimit(RLIMIT_FSIZE, &old);
    ok(i > 10 && i < 1000, "the disk is full at step %d", i);
    ok(!snap && err.kind == TB_ERR_IO, "no snapshot either: %s", err.text);
    check(w, "full disk");
    ok(step(w, i, 0) && tb_run_writer_snapshot(w, NULL), "both work with room again");
    check(w, "after the full disk");
    snprintf(path, sizeof path, "%s/run.h5.tmp-%ld", dir, (long)getpid());
    ok(!tb_file_exists(path), "nothing left behind");
    ok(tb_run_writer_seal(w, TB_STATE_FAILED, "divergence", "loss is NaN", NULL, NULL),
       "sealed as failed");
    tb_run_writer_close(w);
}

/* run.h5 with n bytes changed by `how`: the error names the file. */
static void damaged(const char *name, char *bytes, size_t n, const char *words)
{
    struct tb_err err = { 0 };
    struct tb_metrics m;
    char path[400], text[700];
    snprintf(path, sizeof path, "%s/run.h5", dir);
    tb_file_replace(path, bytes, n, NULL);
    bool loaded = tb_metrics_load(&m, dir, &err);
    tb_err_string(&err, text, sizeof text);
    ok(!loaded && err.kind == TB_ERR_FORMAT && strstr(text, "run.h5") && strstr(text, words),
       "%s: %s", name, text);
    tb_metrics_free(&m);
}

static void damage(void)
{
    struct tb_err err;
    char path[400];
    size_t n;
    create("00000000000000ae");
    snprintf(path, sizeof path, "%s/run.h5", dir);
    char *good = tb_file_read(path, 1 << 24, &n, &err), *bad = malloc(n + 8);
    memcpy(bad, good, n);
    bad[n / 2] ^= 1;
    damaged("a flipped bit", bad, n, "CRC");
    damaged("cut", good, n - 7, "cut short");
    memcpy(bad, good, n);
    damaged("longer", bad, n + 8, "holds");
    damaged("empty", good, 0, "check block");
    damaged("half a block", good, 100, "check block");
    damaged("no block", good + 512, n - 512, "check block");
    bad[4] = 9;
    damaged("version 9", bad, n, "version 9");
    tb_file_replace(path, good, n, NULL);
    struct tb_metrics m;
    ok(tb_metrics_load(&m, dir, &err), "the whole file reads");
    tb_metrics_free(&m);
    free(bad);
    free(good);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(root, sizeof root, "%s/tb-writer-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(root))
        abort();
    life();
    resume();
    crash_words();
    old_requests();
    full_disk();
    damage();
    if (!getenv("KEEP"))
        ok(tb_dir_remove(root, NULL), "cleaned up");
    return done();
}
