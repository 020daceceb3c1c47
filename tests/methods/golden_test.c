/* SPDX-License-Identifier: MIT */
/* golden_test.c - training traces of the real PEFT library (golden/README.md) made again by the trace session: loss,
 * row losses, logits, every gradient, ten losses, final loss and logits, with quanta of 512 and of 16 tokens.
 * Tolerances are golden's: the larger of the proposed figure and 5 times the case's own distance of float32 from
 * float64 where the case's README says so. Walks TUNEBENCH_GOLDEN, else ../shared/golden, else the three cases in
 * tests/golden; cases of models and methods that are not built are left out. TUNEBENCH_SMOLLM2 = the .gguf also runs
 * golden's real model. Usage: golden_test [PART OF A CASE'S NAME]. */
#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/safetensors.h"
#include "method/method.h"
#include "tests/tap.h"
#include "worker/session.h"

static const struct {
    double loss, logits, gradient, losses, final;
} proposed = { 1e-6, 1e-5, 2e-5, 1e-5, 1e-4 };

static char *root, *out; /* golden's folder, and where traces go */

/* A case: its folder and what to start from. */
struct given {
    char *dir, *base, *init[8];
    int n;
    bool is_full;
    struct tb_json *want;
};

/* ---- numbers */

static double real(const struct tb_json *j, const char *key)
{
    return tb_json_real(tb_json_get(j, key), NAN);
}

static double worst_real(const struct tb_json *got, const struct tb_json *want)
{
    double worst = tb_json_len(got) == tb_json_len(want) ? 0 : INFINITY;
    for (size_t i = 0; i < tb_json_len(want); i++) {
        double w = tb_json_real(tb_json_at(want, i), NAN), g = tb_json_real(tb_json_at(got, i), NAN);
        worst = fabs(g - w) / fabs(w) <= worst ? worst : fabs(g - w) / fabs(w);
    }
    return worst;
}

static float *floats(const struct tb_safetensors *f, const char *name, int64_t *n)
{
    const struct tb_stored *t = tb_safetensors_find(f, name);
    float *v = t ? tb_xcalloc((size_t)t->n, sizeof *v) : NULL;
    *n = t ? t->n : -1;
    if (t && !tb_stored_floats(t, v, NULL))
        *n = -2;
    return v;
}

/* Largest difference over largest value, or (norms) norm of the difference over norm; infinite where shapes differ. */
static double distance(const struct tb_safetensors *got, const struct tb_safetensors *want, const char *name,
                       bool norms)
{
    int64_t n, m;
    float *g = floats(got, name, &n), *w = floats(want, name, &m);
    double most = 0, diff = 0, sum = 0, square = 0;
    for (int64_t i = 0; i < n && n == m; i++) {
        double d = (double)g[i] - (double)w[i];
        diff = fabs(d) <= diff ? diff : fabs(d);
        most = fmax(most, fabs((double)w[i]));
        square += d * d;
        sum += (double)w[i] * (double)w[i];
    }
    free(g);
    free(w);
    if (n != m || n < 0)
        return INFINITY;
    return norms ? sqrt(square / sum) : diff / most;
}

static double worst_gradient(const struct tb_safetensors *got, const struct tb_safetensors *want, char name[300])
{
    double worst = 0;
    for (size_t i = 0; i < tb_safetensors_n(want); i++) {
        const struct tb_stored *t = tb_safetensors_at(want, i);
        double d = tb_str_starts(t->name, "grad/") ? distance(got, want, t->name, true) : 0;
        if (d <= worst)
            continue;
        worst = d;
        snprintf(name, 300, "%s", t->name);
    }
    return worst;
}

/* ---- one case */

static double tolerance(const struct given *c, double least, const char *field)
{
    return fmax(least, 5 * tb_json_real(tb_json_get(tb_json_get(c->want, "f32_vs_f64"), field), 0));
}

static bool below(const char *what, double got, double limit)
{
    if (got <= limit)
        return true;
    printf("# %s: off by %.3g, allowed %.3g\n", what, got, limit);
    return false;
}

static bool same_numbers(const struct given *c, const struct tb_json *got)
{
    const struct tb_json *w = c->want;
    double loss = real(w, "loss"), final = real(w, "final_loss"), losses = tolerance(c, proposed.losses, "losses_max");
    bool good = below("loss", fabs(real(got, "loss") - loss) / loss, proposed.loss);
    good &= below("row losses", worst_real(tb_json_get(got, "row_losses"), tb_json_get(w, "row_losses")),
                  proposed.loss * 2);
    good &= below("ten losses", worst_real(tb_json_get(got, "losses"), tb_json_get(w, "losses")), losses);
    good &= below("final loss", fabs(real(got, "final_loss") - final) / final, losses);
    if (real(got, "n_trainable") != real(w, "n_trainable"))
        good = below("n_trainable", real(got, "n_trainable"), real(w, "n_trainable"));
    return good;
}

static bool same_tensors(const struct given *c)
{
    char *mine = tb_path_join(out, "trace.safetensors"), *theirs = tb_path_join(c->dir, "trace.safetensors"), name[300];
    struct tb_safetensors *g = tb_safetensors_open(mine, NULL), *w = tb_safetensors_open(theirs, NULL);
    bool good = g && w;
    if (good) {
        good = below("logits", distance(g, w, "logits", false), proposed.logits);
        double gradient = worst_gradient(g, w, name);
        good &= below(gradient > proposed.gradient ? name : "gradients", gradient, proposed.gradient);
        good &= below("final logits", distance(g, w, "final_logits", false),
                      tolerance(c, proposed.final, "final_logits_max"));
    }
    tb_safetensors_close(g);
    tb_safetensors_close(w);
    free(mine);
    free(theirs);
    return good;
}

static struct tb_json *trace(const struct given *c, const char *rows, double lr)
{
    struct tb_trace_spec s = { .base = c->base, .adapters = (const char *const *)c->init, .n_adapters = c->n,
                               .train = c->is_full ? "full" : NULL, .rows = rows, .out = out, .steps = 10, .lr = lr,
                               .decay = -1 };
    struct tb_err err = { 0 };
    struct tb_json *j = tb_session_trace(&s, &err);
    char text[800];
    if (!j)
        printf("# %s\n", tb_err_string(&err, text, sizeof text));
    return j;
}

static void check_case(const struct given *c, const char *name, const char *quantum)
{
    char *rows = tb_path_join(root, "batch.json");
    setenv("TUNEBENCH_QUANTUM", quantum, 1);
    struct tb_json *got = trace(c, rows, 0);
    bool good = got && same_numbers(c, got);
    good = got && same_tensors(c) && good;
    ok(good, "%s with quanta of %s tokens", name, quantum);
    tb_json_free(got);
    tb_dir_remove(out, NULL);
    free(rows);
}

/* ---- which cases */

/* Methods whose cases are made of what is built; pissa and olora move the base. */
static bool is_built(const char *method)
{
    static const char *const word[] = { "lora", "prefix", "prompt", "ia3", "oft", "loha", "full", "stack", NULL };
    char first[32] = "";
    size_t n = strcspn(method, "-");
    memcpy(first, method, n < sizeof first ? n : 0);
    return tb_str_in(first, word) && !tb_str_ends(method, "pissa") && !tb_str_ends(method, "olora");
}

static bool has_model(const char *name)
{
    static const char *const models[] = { "llama-tied--", "llama-untied--", "mistral--", NULL };
    for (int i = 0; models[i]; i++)
        if (tb_str_starts(name, models[i]))
            return true;
    return false;
}

/* "stack-lora-prefix": the parts in order, each a folder of init/. */
static void add_parts(struct given *c, const char *method)
{
    char *init = tb_path_join(c->dir, "init"), *words = tb_xstrdup(method), *rest = words, *word;
    c->is_full = strcmp(method, "full") == 0;
    strsep(&rest, "-");
    if (!tb_str_starts(method, "stack-") && !c->is_full)
        c->init[c->n++] = tb_xstrdup(init);
    while (tb_str_starts(method, "stack-") && c->n < 8 && (word = strsep(&rest, "-")))
        c->init[c->n++] = tb_path_join(init, word);
    free(words);
    free(init);
}

static void run_case(const char *name)
{
    struct given c = { 0 };
    struct tb_err err = { 0 };
    const char *dashes = strstr(name, "--");
    char *cases = tb_path_join(root, "cases"), *models = tb_path_join(root, "models");
    char *model = tb_xasprintf("%.*s", (int)(dashes - name), name);
    c.dir = tb_path_join(cases, name);
    c.base = tb_path_join(models, model);
    add_parts(&c, dashes + 2);
    char *path = tb_path_join(c.dir, "trace.json");
    c.want = tb_json_load(path, 16 << 20, &err);
    ok(c.want != NULL, "%s: trace.json %s", name, err.text);
    if (c.want) {
        check_case(&c, name, "512");
        check_case(&c, name, "16");
    }
    tb_json_free(c.want);
    for (int i = 0; i < c.n; i++)
        free(c.init[i]);
    free(path);
    free(c.dir);
    free(c.base);
    free(model);
    free(models);
    free(cases);
}

static void walk(const char *part)
{
    char *dir = tb_path_join(root, "cases");
    struct dirent **names = NULL;
    int n = scandir(dir, &names, NULL, alphasort), n_run = 0;
    for (int i = 0; i < n; i++) {
        const char *name = names[i]->d_name;
        if (has_model(name) && is_built(strstr(name, "--") + 2) && strstr(name, part)) {
            run_case(name);
            n_run++;
        }
        free(names[i]);
    }
    ok(n_run > 0 || *part, "%d cases in %s", n_run, dir);
    free(names);
    free(dir);
}

/* ---- the real model: losses and norms of twelve steps */

static void run_smollm2(const char *gguf, const char *method)
{
    char *dir = tb_xasprintf("%s/smollm2/%s", root, method), *rows = tb_path_join(dir, "rows.json");
    char *path = tb_path_join(dir, "trace.json");
    struct given c = { .dir = dir, .base = (char *)gguf, .init = { tb_path_join(dir, "init") }, .n = 1,
                       .want = tb_json_load(path, 16 << 20, NULL) };
    struct tb_json *got = c.want ? trace(&c, rows, real(tb_json_get(c.want, "optimizer"), "lr")) : NULL;
    bool good = got && below("losses", worst_real(tb_json_get(got, "losses"), tb_json_get(c.want, "losses")), 1e-4);
    good =
        got
        && below("norms", worst_real(tb_json_get(got, "gradient_norms"), tb_json_get(c.want, "gradient_norms")), 1e-3)
        && good;
    ok(good, "SmolLM2, %s: losses and norms of gradients", method);
    tb_json_free(got);
    tb_json_free(c.want);
    tb_dir_remove(out, NULL);
    free(c.init[0]);
    free(path);
    free(rows);
    free(dir);
}

static void smollm2(const char *part)
{
    static const char *const methods[] = { "lora", "prefix", "prompt" };
    const char *gguf = getenv("TUNEBENCH_SMOLLM2");
    char *dir = tb_path_join(root, "smollm2");
    for (int i = 0; gguf && *gguf && tb_dir_exists(dir) && i < 3; i++)
        if (strstr("smollm2", part) || !*part)
            run_smollm2(gguf, methods[i]);
    if (!gguf || !*gguf || !tb_dir_exists(dir))
        skip("SmolLM2", "TUNEBENCH_SMOLLM2 or its golden traces are not there");
    free(dir);
}

static char *find_root(void)
{
    const char *given = getenv("TUNEBENCH_GOLDEN"), *top = getenv("srcdir");
    char *cases = tb_path_join(given ? given : "../shared/golden", "cases");
    bool is_there = tb_dir_exists(cases);
    free(cases);
    return is_there ? tb_xstrdup(given ? given : "../shared/golden") : tb_path_join(top ? top : ".", "tests/golden");
}

int main(int argc, char **argv)
{
    const char *temp = getenv("TMPDIR"), *part = argc > 1 ? argv[1] : "";
    root = find_root();
    out = tb_xasprintf("%s/golden_test-%ld", temp ? temp : "/tmp", (long)getpid());
    tb_method_register();
    walk(part);
    smollm2(part);
    free(root);
    free(out);
    return done();
}
