/* SPDX-License-Identifier: MIT */
/* worker_measuring_test.c - what a run measures beside its loss: the base on a general text, the run on it, metrics of
 * texts at each evaluation. None of it changes a bit of the run, and a kill in the middle of it changes none of it. */
#include <math.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "tests/tap.h"
#include "tests/unit/worker_lab.h"
#include "view/measured.h"
#include "view/series.h"

static struct lab lab;
static char *general;

#define USUAL \
    "\"budget.n\": 6, \"batch.rows\": 2, \"eval.every\": \"2steps\", \"data.eval\": 0.2, \"exec.checkpoint_s\": 1e6"

static char *with(const char *more)
{
    return tb_xasprintf("{" USUAL ", \"eval.forget\": \"%s\"%s}", general, more);
}

static char *measured(void)
{
    return with(", \"eval.metrics\": [\"bleu\", \"slots\"], \"eval.when\": \"each\", \"eval.texts\": 2");
}

static const struct tb_measure *at(const struct lab_end *e, const char *name, int64_t step)
{
    return tb_measures_at(&e->m.measures, name, step);
}

static bool same_rows(const struct tb_measure *a, const struct tb_measure *b)
{
    bool eq = a && b && a->value == b->value && a->n_rows == b->n_rows && a->n_rows > 0;
    for (size_t i = 0; eq && i < a->n_rows; i++)
        eq = a->row[i].row_id == b->row[i].row_id && a->row[i].n_tok == b->row[i].n_tok
          && (a->row[i].value == b->row[i].value || (isnan(a->row[i].value) && isnan(b->row[i].value)));
    return eq;
}

static bool same_measures(const struct tb_metrics *a, const struct tb_metrics *b)
{
    bool eq = a->measures.n == b->measures.n;
    for (size_t i = 0; eq && i < a->measures.n; i++)
        eq = a->measures.at[i].step == b->measures.at[i].step
          && strcmp(a->measures.at[i].name, b->measures.at[i].name) == 0
          && same_rows(&a->measures.at[i], &b->measures.at[i]);
    return eq;
}

static void plain(struct lab_end *e)
{
    bool good = lab_run(&lab, "plain", "{" USUAL "}", 0, TB_WISH_NONE, e);
    ok(good && e->m.measures.n == 0, "nothing unless it is asked for");
}

static void at_end(const struct lab_end *plain)
{
    struct lab_end e;
    struct tb_forgetting f;
    char *changes = with("");
    bool good = lab_run(&lab, "end", changes, 0, TB_WISH_NONE, &e);
    ok(good && e.m.measures.n == 2 && at(&e, "forget/loss", 0) && at(&e, "forget/loss", 6), "before and after");
    ok(good && lab_same(&e.m, &plain->m), "the same bits as without");
    ok(good && strcmp(e.id, plain->id) != 0, "another id");
    ok(good && tb_forgetting_of(&f, &e.m) && f.pair.n_rows >= 16 && f.pair.low <= f.pair.difference
           && fabs(f.after - f.before - f.pair.difference) < 1e-9, "row by row: %g", f.pair.difference);
    ok(tb_json_real(tb_metrics_fact(&e.m, "forget", "change"), NAN) == f.pair.difference
           && lab_has_event(&e.m, "forget", "of the base"), "as it is recorded");
    lab_forget(&e);
    free(changes);
}

/* Whatever stands before or in the place of the base's weights is left out. */
static void base_alone(void)
{
    static const char *const kinds[] = {
        "", ", \"method.kind\": \"prompt\", \"method.prompt.tokens\": 4, \"method.prompt.init\": \"random\"",
        ", \"method.kind\": \"prefix\", \"method.prefix.tokens\": 4", ", \"method.kind\": \"full\"",
        ", \"optim.lr\": 1e-30",
    };
    struct lab_end first = { 0 }, e;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char store[16], *changes = with(kinds[i]);
        snprintf(store, sizeof store, "base-%zu", i);
        bool good = lab_run(&lab, store, changes, 0, TB_WISH_NONE, i ? &e : &first);
        if (i)
            ok(good && same_rows(at(&first, "forget/loss", 0), at(&e, "forget/loss", 0)), "before is the same: %s",
               kinds[i]);
        if (i + 1 == sizeof kinds / sizeof *kinds)
            ok(good && same_rows(at(&e, "forget/loss", 0), at(&e, "forget/loss", 6)),
               "nothing learned, nothing forgotten");
        if (i)
            lab_forget(&e);
        free(changes);
    }
    lab_forget(&first);
}

static void each(const struct lab_end *plain, struct lab_end *e)
{
    char *changes = measured();
    struct tb_series s;
    bool good = lab_run(&lab, "each", changes, 0, TB_WISH_NONE, e);
    ok(good && lab_same(&e->m, &plain->m), "texts at each evaluation: the same bits");
    ok(good && e->m.measures.n == 12, "three measures at four evaluations: %zu", e->m.measures.n);
    bool two = good;
    for (int64_t step = 0; step <= 6; step += 2)
        two = two && at(e, "bleu", step) && at(e, "bleu", step)->n_rows == 2 && at(e, "slots", step);
    ok(two, "of two prompts, at the end too");
    ok(tb_json_int(tb_metrics_fact(&e->m, "scores", "n_prompts"), 0) > 2, "the scores of the end are of all");
    good = tb_series_of(&s, &e->m, "eval/bleu", "tokens", NULL) && s.n == 4 && s.x[3] == e->m.eval[3].tokens;
    ok(good, "as a series by tokens");
    tb_series_free(&s);
    good = tb_series_of(&s, &e->m, "forget/loss", "step", NULL) && s.n == 4 && s.y[0] == at(e, "forget/loss", 0)->value;
    ok(good, "and the general text from the base on");
    tb_series_free(&s);
    ok(!tb_series_of(&s, &e->m, "eval/rougeL", "step", NULL), "others are none");
    free(changes);
}

/* The first evaluations of a run, the later ones killed so long behind their beginning that it may be anywhere. */
static void on_eval(void *arg, const struct tb_job *j, const struct tb_eval_row *row)
{
    const double *s = arg;
    struct itimerval timer = { .it_value = { 0, (suseconds_t)(*s * 1e6) } };
    if (row->step == 4)
        setitimer(ITIMER_REAL, &timer, NULL);
    (void)j;
}

static void train_and_die(const char *path, const char *changes, double s)
{
    static char *argv[] = { "test", NULL };
    struct tb_err err = { 0 };
    struct tb_worker_result r = { 0 };
    struct tb_worker_spec spec = { .store = path, .argv = argv, .threads = 1, .view = { .arg = &s, .eval = on_eval } };
    struct tb_plan *p = lab_plan(&lab, &changes, 1, &err);
    signal(SIGALRM, SIG_DFL);
    if (p)
        lab_carry_out(p, &spec, &r, &err);
    _exit(0);
}

static void killed(const struct lab_end *whole)
{
    static const double delay[] = { 0.0005, 0.002, 0.005, 0.01, 0.02 };
    char *changes = measured();
    int n_killed = 0;
    for (size_t i = 0; i < sizeof delay / sizeof *delay; i++) {
        struct lab_end e;
        char store[16];
        int status = 0;
        snprintf(store, sizeof store, "kill-%zu", i);
        char *path = tb_path_join(lab.dir, store);
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0)
            train_and_die(path, changes, delay[i]);
        waitpid(pid, &status, 0);
        n_killed += WIFSIGNALED(status);
        bool good = lab_run(&lab, store, changes, 0, TB_WISH_NONE, &e);
        ok(good && lab_same(&e.m, &whole->m) && same_measures(&e.m, &whole->m), "killed %g s behind an evaluation",
           delay[i]);
        lab_forget(&e);
        free(path);
    }
    ok(n_killed > 0, "%d were", n_killed);
    free(changes);
}

/* The text's content is what counts, not its name; a run that has begun goes on with the one it began with. */
static void content(void)
{
    struct lab_end a, b;
    struct tb_err err = { 0 };
    struct tb_worker_result r = { 0 };
    char *changes = with(""), *kept = general, *other = tb_path_join(lab.dir, "moved.txt");
    bool good = lab_run(&lab, "one", changes, 3, TB_WISH_YIELD, &a);
    size_t n;
    char *text = tb_file_read(kept, 1 << 20, &n, NULL);
    free(changes);
    general = other;
    changes = with("");
    good = good && lab_write(other, text, NULL) && lab_run(&lab, "two", changes, 1, TB_WISH_YIELD, &b);
    ok(good && strcmp(a.id, b.id) == 0, "another name, the same id");
    lab_forget(&b);
    free(changes);
    general = kept;
    text[0] = text[0] == 'Q' ? 'R' : 'Q';
    changes = with("");
    good = lab_write(kept, text, NULL) && lab_run(&lab, "three", changes, 1, TB_WISH_YIELD, &b);
    ok(good && strcmp(a.id, b.id) != 0, "another text, another id");
    const char *ref = a.id;
    char *path = tb_path_join(lab.dir, "one");
    struct tb_worker_spec spec = { .store = path, .argv = (char *[]){ "test", NULL }, .threads = 1 };
    good = lab_go_on(&ref, 1, &spec, &r, &err);
    ok(r.n == 1 && r.run[0].state == TB_STATE_FAILED, "a text that changed under way ends the run (%d)", good);
    tb_worker_result_free(&r);
    lab_forget(&a);
    lab_forget(&b);
    free(path);
    free(changes);
    free(text);
    free(other);
}

static void refused(void)
{
    static const struct { const char *changes, *words; } bad[] = {
        { "{" USUAL ", \"eval.forget\": \"nowhere.txt\"}", "eval.forget: there is no data file nowhere.txt" },
        { "{" USUAL ", \"eval.forget\": \"texts:a.txt\"}", "did you mean 'text'?" },
        { "{" USUAL ", \"data.kind\": \"text\", \"data.rows\": \"line\", \"eval.metrics\": [\"bleu\"]}", "no row of" },
        { "{" USUAL ", \"eval.when\": \"often\"}", "end, each" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct tb_err err = { 0 };
        struct tb_worker_spec spec = { .argv = (char *[]){ "test", NULL } };
        struct tb_plan *p = lab_plan(&lab, &bad[i].changes, 1, &err);
        struct tb_json *plan = p ? tb_worker_plan(p, &spec, &err) : NULL;
        ok(!plan && strstr(err.text, bad[i].words), "%s", err.text);
        tb_json_free(plan);
        tb_plan_free(p);
    }
}

int main(void)
{
    struct tb_err err = { 0 };
    struct tb_buf text = { 0 };
    struct lab_end none, whole;
    setenv("TUNEBENCH_QUANTUM", "64", 1);
    bool good = lab_open(&lab, 16, &err);
    general = tb_path_join(lab.dir, "general.txt");
    for (int i = 0; i < 40; i++)
        tb_buf_fmt(&text, "The river ran past %d mills and a park, where %d people sat and ate.\n\n", i, 7 * i % 11);
    good = good && lab_write(general, text.p, &err);
    if (ok(good, "a tokenizer, pairs and a text %s", err.text)) {
        plain(&none);
        at_end(&none);
        base_alone();
        each(&none, &whole);
        killed(&whole);
        content();
        refused();
        lab_forget(&none);
        lab_forget(&whole);
    }
    tb_buf_free(&text);
    free(general);
    lab_close(&lab);
    return done();
}
