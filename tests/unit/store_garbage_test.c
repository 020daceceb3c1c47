/* SPDX-License-Identifier: MIT */
/* What is garbage and what is not: the best checkpoint before the newest, one that was asked for, a damaged newest one;
 * runs that are held, protected, archived, resumed between finding and removing; and marks that are none. */
#include "store/garbage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "store/marks.h"
#include "store/writer.h"
#include "tests/tap.h"

enum { STEPS = 50, EVERY = 10, BEST = 20 };

static struct tb_store *store;
static char root[256];

static struct tb_json *parse(const char *text)
{
    struct tb_json *j = tb_json_parse(text, strlen(text), "test", NULL);
    if (!j)
        abort();
    return j;
}

static struct tb_run_writer *begin(const char *id)
{
    struct tb_json *config = parse("{\"method.kind\":\"lora\"}");
    struct tb_run_new run = { .id = id, .name = id, .config = config };
    char *dir = tb_store_run_dir(store, id);
    tb_run_create(tb_store_runs_dir(store), &run, NULL);
    struct tb_run_writer *w = tb_run_writer_open(dir, NULL);
    if (!w || !tb_run_writer_state(w, TB_STATE_RUNNING, NULL, NULL, NULL))
        abort();
    tb_json_free(config);
    free(dir);
    return w;
}

/* Evaluations and checkpoints every ten steps; the loss is lowest at step BEST. */
static void train(struct tb_run_writer *w)
{
    struct tb_json *state = parse("{}");
    for (int i = EVERY; i <= STEPS; i += EVERY) {
        struct tb_train_row row = { .step = i, .loss = 1 };
        struct tb_eval_row eval = { .step = i, .loss = i == BEST ? 1 : 2, .n_tok = 1 };
        struct tb_checkpoint c = { .step = i, .state = state };
        tb_run_writer_train(w, &row, NULL);
        tb_run_writer_eval(w, &eval, NULL);
        tb_run_writer_checkpoint(w, &c, NULL);
    }
    tb_json_free(state);
}

static void make(const char *id, enum tb_state end, const char *facts)
{
    struct tb_run_writer *w = begin(id);
    struct tb_json *j = facts ? parse(facts) : NULL;
    train(w);
    if (j)
        tb_run_writer_facts(w, j, NULL);
    if (tb_state_is_over(end))
        tb_run_writer_seal(w, end, "budget", NULL, NULL, NULL);
    tb_run_writer_close(w);
    tb_json_free(j);
}

/* "10 30" of the checkpoints that are listed as garbage. */
static const char *steps_of(const struct tb_garbage_list *g, const char *id)
{
    static char text[128];
    text[0] = '\0';
    for (size_t i = 0; i < g->n; i++)
        if (g->at[i].kind == TB_GARBAGE_CHECKPOINT && strcmp(g->at[i].run, id) == 0)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s%d", *text ? " " : "",
                     atoi(tb_path_base(g->at[i].path)));
    return text;
}

static const char *found(const char *id)
{
    struct tb_garbage_list g;
    ok(tb_garbage_find(&g, store, false, NULL), "looked");
    const char *text = steps_of(&g, id);
    tb_garbage_free(&g);
    return text;
}

static void ask_for(const char *id, int step, const char *note)
{
    struct tb_ctl_request q;
    unsigned seq;
    char words[256], *dir = tb_store_run_dir(store, id);
    ok(tb_ctl_post(dir, "checkpoint", NULL, &seq, NULL) && tb_ctl_take(dir, &q, words) == TB_CTL_REQUEST
           && tb_ctl_done(dir, &q, step, note, NULL),
       "a checkpoint is asked for: %s", note);
    tb_ctl_free(&q);
    free(dir);
}

static void checkpoints(void)
{
    char *dir = tb_store_run_dir(store, "a1");
    make("a1", TB_STATE_DONE, NULL);
    is_str(found("a1"), "10 30 40", "the best and the newest stay");
    ask_for("a1", 30, "checkpoint kept");
    ask_for("a1", 40, TB_CTL_NOT_DONE "no room");
    is_str(found("a1"), "10 40", "and one that was asked for, if it was made");
    char *newest = tb_checkpoint_path(dir, STEPS);
    tb_file_replace(newest, "junk", 4, NULL);
    is_str(found("a1"), "10", "a damaged one is not the newest");
    free(newest);
    free(dir);
    make("a2", TB_STATE_RUNNING, NULL);
    is_str(found("a2"), "", "a run that is not over keeps all");
    make("a3", TB_STATE_STOPPED, "{\"result\":{\"protected\":true}}");
    is_str(found("a3"), "", "so does a protected one");
}

static void held(void)
{
    struct tb_garbage_list g;
    char *dir = tb_store_run_dir(store, "b1");
    make("b1", TB_STATE_STOPPED, NULL);
    int lock = tb_run_lock(dir, NULL);
    ok(tb_garbage_find(&g, store, false, NULL) && g.n_held == 1 && !*steps_of(&g, "b1"), "a held run is passed over");
    tb_garbage_free(&g);
    tb_run_unlock(lock);
    ok(tb_garbage_find(&g, store, false, NULL) && g.n_held == 0, "not held any more");
    is_str(steps_of(&g, "b1"), "10 30 40", "found");
    struct tb_run_writer *w = tb_run_writer_open(dir, NULL);
    ok(w && tb_run_writer_state(w, TB_STATE_RUNNING, NULL, NULL, NULL), "resumed meanwhile");
    tb_run_writer_close(w);
    tb_garbage_remove(&g, store, false, NULL);
    int64_t *steps;
    is_int(tb_checkpoint_list(dir, &steps), STEPS / EVERY, "then nothing of it is removed");
    free(steps);
    tb_garbage_free(&g);
    free(dir);
}

static void archived(void)
{
    struct tb_garbage_list g;
    make("c1", TB_STATE_DONE, "{\"result\":{\"archived\":true}}");
    make("c2", TB_STATE_DONE, "{\"result\":{\"archived\":true,\"protected\":true}}");
    is_str(found("c1"), "10 30 40", "an archived run is a run");
    ok(tb_garbage_find(&g, store, true, NULL), "with archived ones");
    size_t n = 0;
    int64_t bytes = 0;
    for (size_t i = 0; i < g.n; i++)
        if (g.at[i].kind == TB_GARBAGE_RUN) {
            n++;
            bytes = g.at[i].bytes;
            is_str(g.at[i].run, "c1", "the one that is not protected");
        }
    ok(n == 1 && bytes > 10000, "is one thing of %lld bytes", (long long)bytes);
    ok(tb_garbage_remove(&g, store, true, NULL), "removed");
    ok(!tb_store_has(store, "c1") && tb_store_has(store, "c2"), "gone, and the other is there");
    tb_garbage_free(&g);
    ok(tb_garbage_find(&g, store, true, NULL) && g.n == 0, "nothing is left to remove");
    tb_garbage_free(&g);
}

static void marks(void)
{
    static const char *const bad[] = {
        "{}", "[]", "{\"final_hash\":\"x\"}", "{\"tags\":\"a\"}", "{\"tags\":[1]}", "{\"tags\":[\"a b\"]}",
        "{\"tags\":[\"-a\"]}", "{\"note\":1}", "{\"protected\":1}", "{\"archived\":\"yes\",\"note\":\"\"}",
        "{\"vote\":{\"against\":\"a\"}}", "{\"vote\":{\"outcome\":\"won\"}}", "{\"vote\":[]}",
        "{\"vote\":{\"against\":\"a\",\"outcome\":\"best\"}}",
    };
    struct tb_err err = { 0 };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct tb_json *j = parse(bad[i]);
        ok(!tb_marks_facts(j, &err) && err.text[0], "no marks: %s: %s", bad[i], err.text);
        tb_json_free(j);
    }
    struct tb_json *j = parse("{\"tags\":[\"a\",\"b\"],\"note\":\"n\",\"protected\":true,\"archived\":false}"),
                   *facts = tb_marks_facts(j, &err);
    ok(facts && tb_json_equal(tb_json_get(facts, "result"), j), "marks are facts");
    tb_json_free(facts);
    tb_json_free(j);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(root, sizeof root, "%s/tb-garbage-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(root))
        abort();
    store = tb_store_open(root, true, NULL);
    checkpoints();
    held();
    archived();
    marks();
    tb_store_close(store);
    ok(tb_dir_remove(root, NULL), "cleaned up");
    return done();
}
