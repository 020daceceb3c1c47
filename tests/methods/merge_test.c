/* SPDX-License-Identifier: MIT */
/* Every method that changes weights, and stacks of them in both orders, folded into the model: the model that is
 * written and read back has the losses of model and adapter. What cannot be folded is refused by name. */
#include "exchange/exchange.h"

#include <math.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/methods/rig.h"
#include "tests/tap.h"

enum { ROWS = 4 };

static char dir[300];
static const char all[] = "{\"targets\":\"all-linear\"}", ia3[] = "{\"targets\":[\"q\",\"v\",\"down\"]}";
static const char oft[] = "{\"block\":8}";

static const struct rig_setup folded[] = {
    { .method = { "lora" }, .keys = { "{\"r\":3,\"alpha\":9,\"rslora\":true,\"targets\":\"all-linear\"}" } },
    { .method = { "dora" }, .keys = { all } },
    { .method = { "ia3" }, .keys = { ia3 } },
    { .method = { "oft" }, .keys = { oft } },
    { .method = { "loha" }, .keys = { all } },
    { .method = { "lora", "ia3" }, .keys = { all, ia3 } },
    { .method = { "ia3", "lora" }, .keys = { ia3, all } },
    { .method = { "ia3", "loha" }, .keys = { ia3, all } },
    { .method = { "oft", "lora" }, .keys = { oft, all } },
    { .method = { "oft", "dora", "ia3" }, .keys = { oft, all, ia3 } },
    { .method = { "ia3", "oft" }, .keys = { "{\"targets\":[\"q\"],\"feedforward\":[\"q\"]}", oft } },
};
static const struct rig_setup refused[] = {
    { .method = { "prompt" } },
    { .method = { "lora", "prefix" } },
    { .method = { "lora" }, .keys = { "{\"lora_bias\":true}" } },
};

static bool losses(struct rig *g, double *loss, struct tb_err *err)
{
    static int32_t ids[ROWS][RIG_TOK];
    struct tb_row row[ROWS];
    int labels[ROWS];
    for (int i = 0; i < ROWS; i++) {
        rig_tokens(ids[i], RIG_TOK, i);
        row[i] = (struct tb_row){ ids[i], RIG_TOK, 1 };
    }
    return tb_engine_evaluate(g->engine, row, ROWS, loss, labels, err);
}

/* The largest difference of a row's loss, relative; NaN on failure. */
static double difference(const struct tb_model *m, const struct rig_setup *setup, const char *cpu, bool as_bf16,
                         struct tb_err *err)
{
    struct rig_setup with = *setup, bare = { .cpu = cpu, .threads = 1 };
    struct rig a, b = { 0 };
    double x[ROWS], y[ROWS], most = 0;
    char *path = tb_path_join(dir, "merged");
    with.cpu = cpu;
    with.threads = 1;
    bool good = rig_open(&a, m, &with, err) && rig_start(&a, err) && losses(&a, x, err)
             && tb_hf_write_merged(m, a.stack, NULL, as_bf16, path, err);
    struct tb_model *back = good ? tb_model_open(path, err) : NULL;
    good = back && rig_open(&b, back, &bare, err) && losses(&b, y, err);
    for (int i = 0; good && i < ROWS; i++)
        most = fmax(most, fabs(x[i] / y[i] - 1));
    rig_close(&b);
    tb_model_close(back);
    rig_close(&a);
    tb_dir_remove(path, NULL);
    free(path);
    return good ? most : NAN;
}

static void check(const struct tb_model *m, const struct rig_setup *s, const char *cpu)
{
    struct tb_err err = { 0 };
    double d = difference(m, s, cpu, false, &err);
    ok(d < 2e-7, "%s %s %s on %s: losses differ by %.1e %s", s->method[0], s->method[1] ? s->method[1] : "",
       s->method[2] ? s->method[2] : "", cpu ? cpu : "the fastest", d, err.text);
}

int main(void)
{
    struct tb_err err = { 0 };
    tb_method_register();
    snprintf(dir, sizeof dir, "%s/merge-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    struct tb_model *m = rig_model(2);
    if (!ok(mkdtemp(dir) && m, "a folder and a model"))
        return done();
    for (size_t i = 0; i < sizeof folded / sizeof *folded; i++)
        check(m, &folded[i], NULL);
    check(m, &folded[9], "guard");
    double d = difference(m, &folded[0], NULL, true, &err);
    ok(d > 1e-6 && d < 0.02, "in 16 bits about the same: %.1e %s", d, err.text);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        err = (struct tb_err){ 0 };
        ok(isnan(difference(m, &refused[i], NULL, false, &err)) && err.kind == TB_ERR_USAGE
           && strstr(err.text, "cannot be merged"), "%s", err.text);
    }
    tb_model_close(m);
    ok(rmdir(dir) == 0, "nothing is left behind");
    return done();
}
