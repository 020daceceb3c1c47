/* SPDX-License-Identifier: MIT */
/* worker_keep_test.c - checkpoints that are left behind a run: the best of several, those that were asked for while it
 * ran, all of a protected one; also after it was interrupted. And the last good one of a run that breaks. */
#include "store/keeping.h"

#include <time.h>

#include "store/checkpoint.h"
#include "store/garbage.h"
#include "store/writer.h"
#include "tests/tap.h"
#include "tests/unit/worker_lab.h"

static struct lab lab;

/* A rate that makes the loss jump, evaluated after each second step. */
static const char jumpy[] =
    "{\"optim.lr\": 3, \"schedule.name\": \"constant\", \"schedule.warmup\": 0, \"budget.n\": 24, \"batch.rows\": 2, "
    "\"eval.every\": \"2steps\", \"data.eval\": 0.2, \"exec.keep_best\": 3, \"exec.checkpoint_s\": 1e6}";

/* Steps of the three lowest evaluations behind step 0, and the last, as "4 8 14 24"; malloc'ed. */
static char *expected(const struct tb_metrics *m)
{
    struct tb_buf b = { 0 };
    for (size_t i = 1; i < m->n_eval; i++) {
        int n_better = 0;
        for (size_t j = 1; j < m->n_eval; j++)
            n_better += m->eval[j].loss < m->eval[i].loss || (m->eval[j].loss == m->eval[i].loss && j < i);
        if (n_better < 3 || i + 1 == m->n_eval)
            tb_buf_fmt(&b, "%s%.0f", b.n ? " " : "", m->eval[i].step);
    }
    return tb_buf_take(&b);
}

static char *found(const char *dir)
{
    struct tb_buf b = { 0 };
    int64_t *steps;
    size_t n = tb_checkpoint_list(dir, &steps);
    for (size_t i = 0; i < n; i++)
        tb_buf_fmt(&b, "%s%lld", i ? " " : "", (long long)steps[i]);
    free(steps);
    return n ? tb_buf_take(&b) : tb_xstrdup("");
}

static void left(const struct lab_end *e, const char *want, const char *what)
{
    char *got = found(e->dir);
    is_str(got, want, what);
    free(got);
}

static void best(void)
{
    struct lab_end e, f;
    bool good = lab_run(&lab, "best", jumpy, 0, TB_WISH_NONE, &e);
    char *want = good ? expected(&e.m) : tb_xstrdup("");
    ok(good && strchr(want, ' '), "a run that is evaluated 12 times");
    left(&e, want, "leaves the three best and the last");
    for (int64_t at = 5; at < 24; at += 6) {
        char store[32];
        snprintf(store, sizeof store, "best%lld", (long long)at);
        good = lab_run(&lab, store, jumpy, at, TB_WISH_YIELD, &f);
        lab_forget(&f);
        good = lab_run(&lab, store, jumpy, 0, TB_WISH_NONE, &f) && good;
        ok(good && lab_same(&e.m, &f.m), "interrupted at step %lld", (long long)at);
        left(&f, want, "the same are left");
        lab_forget(&f);
    }
    lab_forget(&e);
    free(want);
}

/* Asks after step 5 for a checkpoint, and waits until the request is taken, so that the answer comes at once. */
static void ask(void *arg, const struct tb_job *j, const struct tb_train_row *row)
{
    struct timespec nap = { .tv_nsec = 5000000 };
    struct tb_ctl_answer a = { .state = TB_CTL_ASKED };
    const char *dir = arg;
    unsigned seq;
    if (row->step != 5 || !tb_ctl_post(dir, "checkpoint", NULL, &seq, NULL))
        return;
    for (int i = 0; i < 2000 && a.state == TB_CTL_ASKED; i++) {
        nanosleep(&nap, NULL);
        tb_ctl_look(dir, seq, "checkpoint", &a);
    }
}

static void asked(void)
{
    struct lab_end e;
    struct tb_garbage_list g;
    struct tb_err err = { 0 };
    struct tb_kept *k;
    char *path = tb_path_join(lab.dir, "asked");
    bool good = lab_run(&lab, "asked", jumpy, 1, TB_WISH_YIELD, &e);
    struct tb_train_view view = { .arg = e.dir, .step = ask };
    static char *argv[] = { "test", NULL };
    struct tb_worker_spec spec = { .store = path, .argv = argv, .threads = 1, .view = view };
    struct tb_worker_result r = { 0 };
    good = good && lab_go_on(NULL, 0, &spec, &r, &err);
    tb_worker_result_free(&r);
    tb_metrics_free(&e.m);
    good = tb_metrics_load(&e.m, e.dir, NULL) && good && e.m.state == TB_STATE_DONE;
    size_t n = tb_keep_list(&e.m, e.dir, &k);
    int n_asked = 0;
    for (size_t i = 0; i < n; i++)
        n_asked += k[i].step == 5 && k[i].why == TB_KEEP_ASKED && k[i].rank == 0;
    ok(good && n_asked == 1 && n >= 4, "a checkpoint that was asked for at step 5 is there at the end %s", err.text);
    struct tb_store *s = tb_store_open(path, false, NULL);
    good = s && tb_garbage_find(&g, s, false, NULL);
    ok(good && g.n == 0, "gc finds nothing that nobody needs");
    tb_garbage_free(&g);
    tb_store_close(s);
    lab_forget(&e);
    free(k);
    free(path);
}

static void protects(void)
{
    struct lab_end e;
    struct tb_json *facts = tb_json_parse("{\"result\": {\"protected\": true}}", 31, "facts", NULL);
    bool good = lab_run(&lab, "kept", jumpy, 1, TB_WISH_YIELD, &e);
    struct tb_run_writer *w = good ? tb_run_writer_open(e.dir, NULL) : NULL;
    good = w && tb_run_writer_facts(w, facts, NULL);
    tb_run_writer_close(w);
    lab_forget(&e);
    good = lab_run(&lab, "kept", jumpy, 0, TB_WISH_NONE, &e) && good;
    ok(good, "a run that is protected after its first step");
    left(&e, "1 2 4 6 8 10 12 14 16 18 20 22 24", "loses none");
    tb_json_free(facts);
    lab_forget(&e);
}

/* Puts an infinite moment into a checkpoint: the step behind it has a finite loss and leaves values that are not. */
static bool poison(const char *dir, int64_t step)
{
    struct tb_checkpoint c;
    bool good = false;
    if (!tb_checkpoint_read(&c, dir, step, NULL))
        return false;
    for (size_t i = 0; i < c.n; i++)
        if (strstr(c.tensor[i].name, "@m")) {
            ((float *)c.tensor[i].data)[0] = INFINITY;
            good = true;
        }
    good = good && tb_checkpoint_write(dir, &c, NULL);
    tb_checkpoint_free(&c);
    return good;
}

static const char broken[] = "{\"budget.n\": 12, \"batch.rows\": 2, \"eval.every\": \"%s\", \"data.eval\": 0.2, "
                             "\"exec.checkpoint_s\": %s}";

static void check_broken(const char *store, const char *every, const char *seconds, const char *reason, int64_t at)
{
    struct lab_end e;
    char *changes = tb_xasprintf(broken, every, seconds);
    bool good = lab_run(&lab, store, changes, 5, TB_WISH_YIELD, &e) && poison(e.dir, 5);
    lab_forget(&e);
    good = lab_run(&lab, store, changes, 0, TB_WISH_NONE, &e) && good;
    ok(good && e.state == TB_STATE_FAILED && e.m.step == at && strcmp(e.m.ended_by, "divergence") == 0,
       "%s: fails after step %lld: %s", store, (long long)e.m.step, e.m.note);
    ok(strstr(e.m.note, reason) && lab_has_event(&e.m, "divergence", "; the last checkpoint is that of step 5"),
       "%s: and names the checkpoint that is left", store);
    struct tb_checkpoint c = { 0 };
    ok(tb_checkpoint_newest(&c, e.dir, -1, false, NULL, 0, NULL) && c.step == 5, "%s: which is the newest", store);
    tb_checkpoint_free(&c);
    lab_forget(&e);
    free(changes);
}

static void breaks(void)
{
    check_broken("broken where it is evaluated", "2steps", "1e6", "the loss of the evaluation is", 6);
    check_broken("broken where it is saved", "12steps", "0", "the loss is", 7);
}

int main(void)
{
    struct tb_err err = { 0 };
    setenv("TUNEBENCH_QUANTUM", "64", 1);
    bool good = lab_open(&lab, 16, &err);
    ok(good, "a tokenizer and pairs %s", err.text);
    if (good) {
        best();
        asked();
        protects();
        breaks();
    }
    lab_close(&lab);
    return done();
}
