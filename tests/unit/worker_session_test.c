/* SPDX-License-Identifier: MIT */
/* eval and export on runs that were really trained (4 steps, a random model of 2 blocks): the loss is the one that
 * the run recorded, the exported folder computes the same bits, checkpoints are found by step, a base that changed
 * is refused; traces: what they refuse, and that one made again replaces the old. */
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "dataset/dataset.h"
#include "exchange/exchange.h"
#include "tests/tap.h"
#include "worker/session_priv.h"
#include "worker/worker.h"

enum { VOCAB = 300, LINES = 160 };

static char dir[256];

static char *at(const char *name)
{
    return tb_path_join(dir, name);
}

/* ---- a base, a text, runs */

static void write_rows(const char *name)
{
    static const char *const food[] = { "pizza", "noodles", "soup", "bread" }, *const place[] = { "inn", "pub", "bar" };
    struct tb_buf b = { 0 };
    char *path = at(name);
    for (int i = 0; i < LINES; i++)
        tb_buf_fmt(&b, "food : %s | kind : %s | number : %d || The %s number %d has %s.\n", food[i % 4], place[i % 3],
                   i / 2, place[i % 3], i / 2, food[i % 4]);
    if (!tb_file_replace(path, b.p, b.n, NULL))
        abort();
    tb_buf_free(&b);
    free(path);
}

static bool make_base(struct tb_err *err)
{
    struct tb_scratch s = { .vocab = VOCAB, .d = 32, .n_layers = 2, .n_heads = 4, .n_kv = 2, .ff = 48, .context = 128,
                            .rope_theta = 10000, .norm_eps = 1e-5, .is_tied = true, .init = "normal", .seed = 3 };
    char *rows = at("rows.txt"), *words = at("words"), *base = at("base");
    struct tb_model *m = tb_model_scratch(&s, err);
    bool good = m && tb_session_train_tokenizer((const char *const[]){ rows }, 1, VOCAB, words, NULL, err)
             && tb_hf_write(m, NULL, words, false, base, err);
    tb_model_close(m);
    free(rows);
    free(words);
    free(base);
    return good;
}

static bool train(struct tb_err *err)
{
    static const char *const methods[] = { "lora:r=2", "stack(lora:r=2;prompt:tokens=2)", "dora:r=2",
                                           "prefix:tokens=2,init=random,projection=true", "full" };
    char *base = at("base"), *rows = at("rows.txt"), *store = at("store");
    struct tb_plan_flags f = { .base = base, .data = rows, .budget = "4steps", .methods = methods,
                               .n_methods = sizeof methods / sizeof *methods };
    char *argv[] = { (char *)"test", NULL };
    struct tb_worker_spec spec = { .store = store, .argv = argv };
    struct tb_worker_result result = { 0 };
    struct tb_plan *p = NULL;
    struct tb_worker *w = tb_worker_open(&spec, "", true, err);
    bool good = w && tb_plan_from_flags(&f, &p, err) && tb_worker_put(w, p, &result, err)
             && tb_worker_serve(w, &result, err);
    tb_worker_close(w);
    if (good)
        tb_worker_tally(store, &result);
    good = good && result.n_failed == 0;
    tb_worker_result_free(&result);
    tb_plan_free(p);
    free(base);
    free(rows);
    free(store);
    return good;
}

/* ---- runs */

static double loss_of(const struct tb_eval_spec *s, struct tb_err *err)
{
    struct tb_json *j = tb_session_eval(s, err);
    double loss = tb_json_real(tb_json_get(j, "loss"), NAN);
    tb_json_free(j);
    return loss;
}

static double recorded(const char *run_dir, int64_t *step)
{
    struct tb_metrics m;
    double loss = NAN;
    if (tb_metrics_load(&m, run_dir, NULL) && m.n_eval) {
        loss = m.eval[m.n_eval - 1].loss;
        *step = (int64_t)m.eval[m.n_eval - 1].step;
    }
    tb_metrics_free(&m);
    return loss;
}

/* The run against its folder on the base, on all rows of the text. */
static void check_folder(const struct tb_run_item *run, const char *store, const char *folder, bool is_model)
{
    struct tb_err err = { 0 };
    char *rows = at("rows.txt"), *base = at("base");
    struct tb_eval_spec of_run = { .store = store, .run = run->sum.id, .data = rows, .threads = 1 };
    struct tb_eval_spec of_folder = { .base = is_model ? folder : base, .adapters = &folder, .n_adapters = !is_model,
                                      .data = rows, .threads = 1 };
    double a = loss_of(&of_run, &err), b = loss_of(&of_folder, &err);
    ok(a == b, "%s: the exported folder has the loss of the run (%.9g) %s", run->sum.name, a, err.text);
    free(rows);
    free(base);
}

static void check_run(const struct tb_run_item *run, const char *store, const char *run_dir)
{
    struct tb_err err = { 0 };
    int64_t step = -1;
    double want = recorded(run_dir, &step);
    bool is_model = strcmp(run->sum.method, "full") == 0;
    char *ref = tb_xasprintf("%s:%lld", run->sum.id, (long long)step), *none = tb_xasprintf("%s:1", run->sum.id);
    char *folder = at("exported");
    struct tb_eval_spec s = { .store = store, .run = run->sum.id, .threads = 1 };
    /* Weights of a model are multiplied by another kernel than trained copies of them. */
    near(loss_of(&s, &err), want, is_model ? 1e-7 : 0, run->sum.name);
    s.run = ref;
    ok(loss_of(&s, &err) == want, "%s: its last checkpoint has the same loss %s", run->sum.name, err.text);
    s.run = none;
    ok(isnan(loss_of(&s, &err)) && err.kind == TB_ERR_NOTFOUND, "%s: no checkpoint: %s", run->sum.name, err.text);
    err.text[0] = '\0';
    struct tb_json *j = tb_session_export(store, run->sum.id, folder, false, 1, &err);
    ok(j && tb_json_real(tb_json_get(j, "max_logit_difference"), 1) == 0, "%s: exported and read back %s",
       run->sum.name, err.text);
    check_folder(run, store, folder, is_model);
    ok(!tb_session_export(store, run->sum.id, folder, false, 1, &err) && err.kind == TB_ERR_USAGE,
       "and is not overwritten");
    tb_dir_remove(folder, NULL);
    tb_json_free(j);
    free(folder);
    free(ref);
    free(none);
}

static void check_runs(void)
{
    struct tb_err err = { 0 };
    char *path = at("store");
    struct tb_store *s = tb_store_open(path, false, &err);
    struct tb_run_item *all = NULL;
    size_t n = 0;
    ok(s && tb_store_list(s, &all, &n, &err) && n == 5, "five runs are in the store %s", err.text);
    for (size_t i = 0; i < n; i++) {
        char *run_dir = tb_store_run_dir(s, all[i].sum.id);
        check_run(&all[i], path, run_dir);
        free(run_dir);
    }
    free(all);
    tb_store_close(s);
    free(path);
}

/* One number of the base is another: what a run learned on it means nothing any more. */
static void check_changed_base(void)
{
    struct tb_err err = { 0 };
    char *store = at("store"), *weights = at("base/model.safetensors");
    struct tb_eval_spec s = { .store = store, .run = "@last", .threads = 1 };
    size_t n;
    char *bytes = tb_file_read(weights, 1 << 24, &n, &err);
    bytes[n - 1] ^= 1;
    tb_file_replace(weights, bytes, n, &err);
    ok(isnan(loss_of(&s, &err)) && err.kind == TB_ERR_FORMAT && strstr(err.text, "another model"), "a changed base: %s",
       err.text);
    bytes[n - 1] ^= 1;
    tb_file_replace(weights, bytes, n, &err);
    free(bytes);
    free(store);
    free(weights);
}

static void check_usage(void)
{
    static const struct tb_eval_spec wrong[] = {
        { .threads = 1 }, { .base = "x", .run = "y" }, { .base = "x" }, { .adapters = NULL, .data = "x" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct tb_err err = { 0 };
        ok(isnan(loss_of(&wrong[i], &err)) && err.kind == TB_ERR_USAGE, "eval: %s", err.text);
    }
}

/* ---- traces */

static bool trace(const char *rows, const char *train_what, struct tb_json **out, struct tb_err *err)
{
    char *base = at("base"), *path = at("rows.json"), *to = at("trace");
    struct tb_trace_spec s = { .base = base, .train = train_what, .rows = path, .out = to, .steps = 2, .decay = -1,
                               .counters = true, .threads = 1 };
    if (!tb_file_replace(path, rows, strlen(rows), NULL))
        abort();
    struct tb_json *j = tb_session_trace(&s, err);
    bool good = j != NULL;
    if (out)
        *out = j;
    else
        tb_json_free(j);
    free(base);
    free(path);
    free(to);
    return good;
}

static void check_traces(void)
{
    static const char *const wrong[] = {
        "{}", "[]", "{\"rows\": []}", "{\"rows\": [{}]}", "{\"rows\": [{\"input_ids\": [1, 2]}]}",
        "{\"rows\": [{\"input_ids\": [1, 2], \"n_prompt\": 3}]}", "{\"rows\": [{\"input_ids\": [], \"n_prompt\": 0}]}",
        "{\"rows\": [{\"input_ids\": [1, 300], \"n_prompt\": 1}]}",
        "{\"rows\": [{\"input_ids\": [1, -1], \"n_prompt\": 1}]}",
        "{\"rows\": [{\"input_ids\": [1, 2.5], \"n_prompt\": 1}]}", "{\"steps\": [{}]}", "{\"steps\": 3}",
        "{\"rows\": [{\"input_ids\": [1, 2], \"n_prompt\": 1}], \"steps\": []}",
    };
    static const char good[] = "{\"rows\": [{\"input_ids\": [1, 2, 3, 4], \"n_prompt\": 1}], \"more\": 1}";
    static const char steps[] = "{\"steps\": [[{\"input_ids\": [1, 2, 3], \"n_prompt\": 1}], "
                                "[{\"input_ids\": [9, 8, 7, 6], \"n_prompt\": 0}, "
                                "{\"input_ids\": [5, 4], \"n_prompt\": 2}]]}";
    struct tb_json *j = NULL;
    struct tb_err err = { 0 };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct tb_err why = { 0 };
        ok(!trace(wrong[i], "full", NULL, &why) && why.kind == TB_ERR_FORMAT, "%s: %s", wrong[i], why.text);
    }
    ok(!trace(good, NULL, NULL, &err) && err.kind == TB_ERR_USAGE, "nothing to train: %s", err.text);
    ok(!trace(good, "half", NULL, &err) && err.kind == TB_ERR_USAGE, "%s", err.text);
    err.text[0] = '\0';
    ok(trace(good, "full", &j, &err), "a trace %s", err.text);
    ok(tb_json_len(tb_json_get(j, "losses")) == 2 && tb_json_type(tb_json_get(j, "gradient_norms")) == TB_JSON_MAP,
       "two losses, norms by name");
    is_int(tb_json_int(tb_json_get(tb_json_get(j, "counters"), "labels"), 0), 3, "labels of the first step");
    is_int(tb_json_int(tb_json_get(j, "allocations"), -1), 0, "no allocation in later steps");
    tb_json_free(j);
    ok(trace(steps, "full", &j, &err), "a trace made again takes the place of the old %s", err.text);
    ok(tb_json_len(tb_json_get(j, "losses")) == 2 && tb_json_len(tb_json_get(j, "gradient_norms")) == 2,
       "steps: a loss and a norm each");
    tb_json_free(j);
}

int main(void)
{
    const char *temp = getenv("TMPDIR");
    struct tb_err err = { 0 };
    snprintf(dir, sizeof dir, "%s/worker_session_test-%ld", temp ? temp : "/tmp", (long)getpid());
    tb_dir_make(dir, 0700, NULL);
    tb_method_register();
    tb_dataset_register();
    write_rows("rows.txt");
    if (ok(make_base(&err) && train(&err), "five runs are trained %s", err.text)) {
        check_runs();
        check_changed_base();
        check_usage();
        check_traces();
    }
    tb_dir_remove(dir, NULL);
    return done();
}
