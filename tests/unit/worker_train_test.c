/* SPDX-License-Identifier: MIT */
/* worker_train_test.c - a run that was interrupted ends with the bits of one that was not: stopped inside an epoch,
 * gone on from an older checkpoint, past a damaged one, from none; with dropout, a stack, and batches that do not
 * divide the epoch. And what becomes of runs that diverge, are done already, or are asked for once more. */
#include "worker/worker.h"

#include "store/checkpoint.h"
#include "store/metrics.h"
#include "tests/tap.h"
#include "tests/unit/worker_lab.h"

enum { PROMPTS = 16, STEPS = 22, BATCH = 5, EVERY = 4 };

/* Epochs of 8 steps, the last of one row; evaluations and with them checkpoints at 4, 8, .. */
static const char usual[] =
    "{\"method.kind\": \"stack\", \"method.0.kind\": \"lora\", \"method.0.lora.r\": 2, \"method.0.lora.dropout\": 0.2, "
    "\"method.1.kind\": \"prompt\", \"method.1.prompt.tokens\": 3, \"budget.n\": 22, \"batch.rows\": 5, "
    "\"eval.every\": \"4steps\", \"data.eval\": 0.2, \"exec.checkpoint_s\": 1e6, \"exec.threads\": 1}";

static struct lab lab;

/* What was seen of a run, and what is to be done at a step. */
struct seen {
    int n_steps, n_skipped;
    int64_t from; /* step that it began with, -1: it did not */
    int64_t wish_at;
    enum tb_wish wish;
    double best;  /* evaluation */
    int64_t best_at, eval_at, n_extra; /* checkpoints that are neither the newest nor the best */
    char dir[400];
    struct tb_worker_result result;
};

static void on_begin(void *arg, const struct tb_job *j, const char *dir, int64_t from_step)
{
    struct seen *s = arg;
    s->from = from_step;
    s->best = INFINITY;
    snprintf(s->dir, sizeof s->dir, "%s", dir);
}

static void count_extra(struct seen *s)
{
    int64_t *steps;
    size_t n = tb_checkpoint_list(s->dir, &steps);
    for (size_t i = 0; i < n; i++)
        s->n_extra += steps[i] != s->eval_at && steps[i] != s->best_at;
    free(steps);
}

static void on_step(void *arg, const struct tb_job *j, const struct tb_train_row *row)
{
    struct seen *s = arg;
    s->n_steps++;
    count_extra(s);
    if (s->wish_at && row->step == (double)s->wish_at)
        tb_train_wish(s->wish);
}

static void on_eval(void *arg, const struct tb_job *j, const struct tb_eval_row *row)
{
    struct seen *s = arg;
    s->eval_at = (int64_t)row->step;
    if (row->loss < s->best) {
        s->best = row->loss;
        s->best_at = s->eval_at;
    }
}

static void on_skipped(void *arg, const char *id, const char *name, enum tb_state state)
{
    struct seen *s = arg;
    s->n_skipped++;
}

static const char *memory; /* mode of the next calls, NULL: as the run's config says */

/* Trains the plan of one run in a store of this name; wish_at 0: to the end. */
static bool train(const char *store, const char *changes, bool again, int64_t wish_at, enum tb_wish wish,
                  struct seen *s)
{
    static char *argv[] = { "test", NULL };
    struct tb_err err = { 0 };
    char *path = tb_path_join(lab.dir, store);
    *s = (struct seen){ .from = -1, .wish_at = wish_at, .wish = wish };
    struct tb_worker_spec spec = { .store = path, .argv = argv, .threads = 1, .memory = memory, .again = again,
                                   .skipped = on_skipped,
                                   .view = { .arg = s, .begin = on_begin, .step = on_step, .eval = on_eval } };
    struct tb_plan *p = lab_plan(&lab, &changes, 1, &err);
    tb_train_wish(TB_WISH_NONE);
    bool good = p && lab_carry_out(p, &spec, &s->result, &err) && s->result.n == 1;
    if (!good)
        printf("# %s: %s\n", store, err.text);
    tb_train_wish(TB_WISH_NONE);
    tb_plan_free(p);
    free(path);
    return good;
}

static enum tb_state state_of(const struct seen *s)
{
    return s->result.n == 1 ? s->result.run[0].state : TB_N_STATES;
}

static void forget(struct seen *s)
{
    tb_worker_result_free(&s->result);
}

static char *dir_of(const char *store, const char *id)
{
    return tb_xasprintf("%s/%s/runs/%s", lab.dir, store, id);
}

static const char *final_hash(const struct tb_metrics *m)
{
    return tb_json_str(tb_metrics_fact(m, "result", "final_hash"), "");
}

static bool same_train(const struct tb_train_row *a, const struct tb_train_row *b)
{
    return a->step == b->step && a->tokens == b->tokens && a->loss == b->loss && a->lr == b->lr
        && a->grad_norm == b->grad_norm;
}

/* Every row, every loss, the adapter's bits. */
static bool same_end(const struct tb_metrics *a, const struct tb_metrics *b)
{
    bool same = a->state == b->state && a->n_train == b->n_train && a->n_eval == b->n_eval && a->n_rows == b->n_rows
             && strlen(final_hash(a)) == 64 && strcmp(final_hash(a), final_hash(b)) == 0;
    for (size_t i = 0; same && i < a->n_train; i++)
        same = same_train(&a->train[i], &b->train[i]);
    for (size_t i = 0; same && i < a->n_eval; i++)
        same = a->eval[i].step == b->eval[i].step && a->eval[i].loss == b->eval[i].loss
            && a->eval[i].tokens == b->eval[i].tokens;
    for (size_t i = 0; same && i < a->n_rows; i++)
        same = memcmp(&a->rows[i], &b->rows[i], sizeof a->rows[i]) == 0;
    return same;
}

static bool has_event(const struct tb_metrics *m, const char *kind, const char *word)
{
    for (size_t i = 0; i < m->n_events; i++)
        if (strcmp(m->events[i].kind, kind) == 0 && strstr(m->events[i].text, word))
            return true;
    return false;
}

/* ---- the run that is not interrupted */

static struct tb_metrics whole;
static char id[TB_RUN_ID];

static void reference(void)
{
    struct seen s;
    bool good = train("whole", usual, false, 0, TB_WISH_NONE, &s);
    ok(good && state_of(&s) == TB_STATE_DONE && s.n_steps == STEPS && s.from == 0, "a run to its end");
    if (good)
        snprintf(id, sizeof id, "%s", s.result.run[0].id);
    char *dir = dir_of("whole", id);
    good = tb_metrics_load(&whole, dir, NULL);
    ok(good && whole.n_train == STEPS && whole.n_eval == 7 && strlen(final_hash(&whole)) == 64,
       "%zu rows, %zu evaluations, a final hash", whole.n_train, whole.n_eval);
    ok(good && whole.train[STEPS - 1].loss < whole.train[0].loss && !has_event(&whole, "replay", ""),
       "the loss goes down, nothing was repeated");
    free(dir);
    forget(&s);
}

/* The tokens of each epoch are those of all training rows, in another order each time. */
static void epochs(void)
{
    int n = (int)tb_json_int(tb_metrics_fact(&whole, "data", "n_train"), 0), per = (n + BATCH - 1) / BATCH;
    bool good = per > 1 && 2 * per < STEPS && n % BATCH;
    double epoch = good ? whole.train[per - 1].tokens : 0;
    ok(good && whole.train[2 * per - 1].tokens == 2 * epoch, "%d rows in %d steps: an epoch has all rows again", n,
       per);
    int n_other = 0;
    for (int i = 1; good && i < per; i++)
        n_other += whole.train[per + i].tokens - whole.train[per + i - 1].tokens
                != whole.train[i].tokens - whole.train[i - 1].tokens;
    ok(n_other > 0, "in another order");
}

/* ---- interrupted */

/* Stops the run of a new store at `at`; then what `harm` does to its folder; then to the end. */
static void check_resume(const char *name, const char *store, int64_t at, enum tb_wish wish,
                         void (*harm)(const char *dir), int64_t from, const char *event)
{
    struct seen first, second;
    struct tb_metrics m;
    char *dir = dir_of(store, id);
    bool good = train(store, usual, false, at, wish, &first);
    enum tb_state want = wish == TB_WISH_YIELD ? TB_STATE_QUEUED : TB_STATE_STOPPED;
    ok(good && state_of(&first) == want && first.n_steps == at && first.result.n_unfinished == 1,
       "%s: left as %s after step %lld", name, tb_state_name(want), (long long)at);
    if (harm)
        harm(dir);
    good = train(store, usual, false, 0, TB_WISH_NONE, &second);
    ok(good && state_of(&second) == TB_STATE_DONE && second.from == from && second.n_steps == STEPS - from,
       "%s: goes on from step %lld", name, (long long)second.from);
    good = tb_metrics_load(&m, dir, NULL);
    ok(good && same_end(&m, &whole) && !has_event(&m, "replay", ""), "%s: the same bits at the end", name);
    if (event)
        ok(has_event(&m, "checkpoint", event), "%s: an event says so", name);
    tb_metrics_free(&m);
    forget(&first);
    forget(&second);
    free(dir);
}

static const char *mode_of(const struct tb_metrics *m)
{
    return tb_json_str(tb_metrics_fact(m, "plan", "memory"), "");
}

/* What a run needs itself: the process beside it has grown between two of them. */
static int64_t own_bytes(const struct tb_metrics *m)
{
    return tb_json_int(tb_metrics_fact(m, "plan", "predicted_bytes"), 0)
           - tb_json_int(tb_json_get(tb_metrics_fact(m, "plan", "predicted"), "fixed"), 0);
}

/* Begun with activations kept, gone on with them computed again, ended with them kept. */
static void other_memory(void)
{
    struct seen s;
    struct tb_metrics m[3];
    char *dir = dir_of("modes", id);
    bool good = true;
    for (int i = 0; i < 3; i++) {
        memory = i == 1 ? "small" : "fast";
        good = train("modes", usual, false, i < 2 ? 6 + 7 * i : 0, TB_WISH_YIELD, &s) && good;
        good = tb_metrics_load(&m[i], dir, NULL) && good;
        forget(&s);
    }
    memory = NULL;
    ok(good && strcmp(mode_of(&m[0]), "fast") == 0 && strcmp(mode_of(&m[1]), "small") == 0
           && strcmp(mode_of(&m[2]), "fast") == 0,
       "each part of a run tells in which mode it was");
    ok(good && own_bytes(&m[1]) > 0 && own_bytes(&m[1]) < own_bytes(&m[2]), "and what that needs");
    ok(good && m[2].n_resumes == 2 && same_end(&m[2], &whole),
       "gone on with in the other mode: the same bits at the end");
    for (int i = 0; i < 3; i++)
        tb_metrics_free(&m[i]);
    free(dir);
}

static int n_checkpoints(const char *dir, int64_t *oldest, int64_t *newest)
{
    int64_t *steps;
    int n = (int)tb_checkpoint_list(dir, &steps);
    *oldest = n ? steps[0] : -1;
    *newest = n ? steps[n - 1] : -1;
    free(steps);
    return n;
}

static void keep_oldest(const char *dir)
{
    int64_t oldest, newest;
    while (n_checkpoints(dir, &oldest, &newest) > 1)
        tb_checkpoint_remove(dir, newest, NULL);
    printf("# kept %lld\n", (long long)oldest);
}

static void keep_none(const char *dir)
{
    int64_t oldest, newest;
    while (n_checkpoints(dir, &oldest, &newest) > 0)
        tb_checkpoint_remove(dir, newest, NULL);
}

static void flip(const char *dir, int64_t step)
{
    char *path = tb_checkpoint_path(dir, step);
    FILE *f = fopen(path, "r+b");
    int c = f && fseek(f, -200, SEEK_END) == 0 ? fgetc(f) : EOF;
    if (c == EOF || fseek(f, -200, SEEK_END) != 0 || fputc(c ^ 1, f) == EOF)
        printf("# no byte flipped in %s\n", path);
    if (f)
        fclose(f);
    free(path);
}

static void flip_newest(const char *dir)
{
    int64_t oldest, newest;
    n_checkpoints(dir, &oldest, &newest);
    flip(dir, newest);
}

static void flip_all(const char *dir)
{
    int64_t *steps;
    size_t n = tb_checkpoint_list(dir, &steps);
    for (size_t i = 0; i < n; i++)
        flip(dir, steps[i]);
    free(steps);
}

static void resumes(void)
{
    check_resume("yielded inside an epoch", "yield", 11, TB_WISH_YIELD, NULL, 11, NULL);
    check_resume("stopped inside an epoch", "stop", 14, TB_WISH_STOP, NULL, 14, NULL);
    check_resume("yielded where it is evaluated", "border", 8, TB_WISH_YIELD, NULL, 8, NULL);
    check_resume("yielded after the first step", "first", 1, TB_WISH_YIELD, NULL, 1, NULL);
    check_resume("the newest checkpoint gone", "older", 11, TB_WISH_YIELD, keep_oldest, 8, NULL);
    check_resume("all checkpoints gone", "none", 11, TB_WISH_YIELD, keep_none, 0, NULL);
    check_resume("the newest checkpoint damaged", "damaged", 11, TB_WISH_YIELD, flip_newest, 8, "000011");
    check_resume("all checkpoints damaged", "ruined", 11, TB_WISH_YIELD, flip_all, 0, "000008");
}

/* Yields after steps 1, 3, 6, 10, 15 and 21. */
static void often(void)
{
    struct tb_metrics m;
    struct seen s;
    char *dir = dir_of("often", id);
    bool good = true;
    int64_t from = 0;
    for (int64_t at = 1, gap = 1; good && at < STEPS; from = at, at += ++gap) {
        good = train("often", usual, false, at, TB_WISH_YIELD, &s) && s.n_steps == gap && s.from == from;
        forget(&s);
    }
    good = train("often", usual, false, 0, TB_WISH_NONE, &s) && s.n_steps == 1 && good;
    forget(&s);
    good = tb_metrics_load(&m, dir, NULL) && good;
    ok(good && m.n_resumes == 6 && same_end(&m, &whole), "interrupted six times: the same bits at the end");
    tb_metrics_free(&m);
    free(dir);
}

/* A run that went to step 11, lost its checkpoints, began again and was stopped at 3 has no rows behind 3: it is the
 * run that was stopped at 3 at once. */
static void shorter(void)
{
    struct seen s;
    struct tb_metrics m, direct = { 0 };
    char *dir = dir_of("shorter", id), *other = dir_of("direct", id);
    bool good = train("shorter", usual, false, 11, TB_WISH_YIELD, &s);
    forget(&s);
    keep_none(dir);
    good = train("shorter", usual, false, 3, TB_WISH_STOP, &s) && good;
    ok(good && s.from == 0 && state_of(&s) == TB_STATE_STOPPED, "begun again and stopped earlier");
    good = tb_metrics_load(&m, dir, NULL) && good;
    ok(good && m.n_train == 3 && m.n_eval == 1 && m.step == 3, "rows of steps it did not reach again are gone: %zu",
       m.n_train);
    forget(&s);
    good = train("direct", usual, false, 3, TB_WISH_STOP, &s) && tb_metrics_load(&direct, other, NULL) && good;
    ok(good && same_end(&m, &direct), "and the final hash is that of a run stopped there at once");
    tb_metrics_free(&m);
    tb_metrics_free(&direct);
    forget(&s);
    free(dir);
    free(other);
}

/* ---- other ends */

/* The same plan once more trains nothing; `again` makes another run of the same bits. */
static void twice(void)
{
    struct seen s;
    struct tb_metrics m;
    bool good = train("whole", usual, false, 0, TB_WISH_NONE, &s);
    ok(good && s.n_steps == 0 && s.from == -1 && s.n_skipped == 1 && state_of(&s) == TB_STATE_DONE
           && strcmp(s.result.run[0].id, id) == 0 && s.result.n_unfinished == 0 && s.result.n_failed == 0,
       "a run that is done is not trained again");
    forget(&s);
    good = train("whole", usual, true, 0, TB_WISH_NONE, &s);
    char *want = tb_xasprintf("%s-2", id), *dir = dir_of("whole", want);
    ok(good && s.n_steps == STEPS && state_of(&s) == TB_STATE_DONE, "once more if that is asked for");
    is_str(good ? s.result.run[0].id : "", want, "under another id");
    good = tb_metrics_load(&m, dir, NULL);
    ok(good && same_end(&m, &whole), "with the same bits");
    tb_metrics_free(&m);
    forget(&s);
    free(want);
    free(dir);
}

/* A rate at which every weight runs away. */
static void divergence(void)
{
    static const char runaway[] =
        "{\"method.kind\": \"full\", \"optim.lr\": 100, \"schedule.name\": \"constant\", \"schedule.warmup\": 0, "
        "\"optim.decay\": 0, \"budget.n\": 400, \"batch.rows\": 2, \"data.eval\": 0.2, \"exec.checkpoint_s\": 1e6}";
    struct seen s;
    struct tb_metrics m;
    bool good = train("runaway", runaway, false, 0, TB_WISH_NONE, &s);
    ok(good && state_of(&s) == TB_STATE_FAILED && s.result.n_failed == 1 && s.n_steps < 400,
       "a run that diverges has failed, after %d steps", s.n_steps);
    char *dir = dir_of("runaway", good ? s.result.run[0].id : "");
    good = tb_metrics_load(&m, dir, NULL);
    is_str(m.ended_by, "divergence", "it says by what");
    ok(good && has_event(&m, "divergence", "loss") && (int)m.n_train == s.n_steps, "in an event too: %s", m.note);
    int n = s.n_steps;
    tb_metrics_free(&m);
    forget(&s);
    good = train("runaway", runaway, false, 0, TB_WISH_NONE, &s);
    ok(good && n > 0 && s.n_steps == 0 && s.n_skipped == 1 && s.result.n_failed == 1, "and is not tried again");
    forget(&s);
    free(dir);
}

/* Evaluated after each step, at a rate that makes the loss jump: only the newest checkpoint and the best are there. */
static void checkpoints(void)
{
    static const char jumpy[] =
        "{\"optim.lr\": 3, \"schedule.name\": \"constant\", \"schedule.warmup\": 0, \"budget.n\": 40, "
        "\"batch.rows\": 2, \"eval.every\": \"1steps\", \"data.eval\": 0.2, \"exec.checkpoint_s\": 1e6}";
    struct seen s;
    bool good = train("jumpy", jumpy, false, 0, TB_WISH_NONE, &s);
    int64_t oldest, newest;
    count_extra(&s);
    int n = n_checkpoints(s.dir, &oldest, &newest);
    ok(good && s.n_extra == 0 && newest == 40 && n <= 2,
       "kept are the newest checkpoint and the best (of step %lld), nothing else", (long long)s.best_at);
    forget(&s);
}

int main(void)
{
    struct tb_err err = { 0 };
    setenv("TUNEBENCH_QUANTUM", "64", 1);
    bool good = lab_open(&lab, PROMPTS, &err);
    ok(good, "a tokenizer and pairs %s", err.text);
    if (good) {
        reference();
        epochs();
        resumes();
        other_memory();
        often();
        shorter();
        twice();
        divergence();
        checkpoints();
        tb_metrics_free(&whole);
    }
    lab_close(&lab);
    return done();
}
