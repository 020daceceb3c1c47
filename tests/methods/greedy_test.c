/* SPDX-License-Identifier: MIT */
/* greedy_test.c - SmolLM2 (TUNEBENCH_SMOLLM2, the .gguf file) continues 20 prompts by 32 tokens as transformers and
 * llama.cpp do on the same numbers: tests/golden/greedy_smollm2.json and greedy_smollm2_llama.json, made by
 * tests/peers/greedy.py and greedy_llama.py. Where the two most likely tokens are within 1e-3 either is right, and the
 * row is not compared any further. Log-probabilities may differ more, since x is rounded to 16 bits in each product
 * with a weight of blocks (ops.def, gemv_w): 2e-3 were seen. */
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "engine/generate.h"
#include "tests/tap.h"

enum { ROWS = 20, MADE = 32, ROW_TOK = 64 };

static const char *root(void)
{
    const char *dir = getenv("srcdir");
    return dir ? dir : ".";
}

static struct tb_json *read_golden(const char *name)
{
    struct tb_err err = { 0 };
    char *path = tb_xasprintf("%s/tests/golden/%s", root(), name);
    struct tb_json *j = tb_json_load(path, 1 << 20, &err);
    if (!j)
        printf("# %s\n", err.text);
    free(path);
    return j;
}

static double at(const struct tb_json *row, const char *key, int i)
{
    return tb_json_real(tb_json_at(tb_json_get(row, key), (size_t)i), NAN);
}

/* Makes all rows at once; ids and logprobs [ROWS][MADE]. */
static bool make(struct tb_generator *g, const struct tb_json *golden, int32_t (*ids)[MADE], float (*logprob)[MADE],
                 struct tb_err *err)
{
    static const struct tb_sampling greedy = { .repeat_penalty = 1, .top_p = 1 };
    struct tb_generate_row rows[ROWS];
    struct tb_made made[ROWS];
    int32_t prompt[ROWS][ROW_TOK];
    for (int r = 0; r < ROWS; r++) {
        const struct tb_json *list = tb_json_get(tb_json_at(golden, (size_t)r), "ids");
        rows[r] = (struct tb_generate_row){ .ids = prompt[r], .n = (int)tb_json_len(list) };
        for (int i = 0; i < rows[r].n; i++)
            prompt[r][i] = (int32_t)tb_json_int(tb_json_at(list, (size_t)i), -1);
    }
    bool good = tb_generator_begin(g, rows, ROWS, err);
    for (int i = 0; good && i < MADE; i++) {
        good = tb_generator_next(g, &greedy, made) == ROWS;
        for (int r = 0; good && r < ROWS; r++) {
            ids[r][i] = made[r].id;
            logprob[r][i] = made[r].logprob;
        }
    }
    return good;
}

static void compare(const char *peer, const struct tb_json *golden, int32_t (*ids)[MADE], float (*logprob)[MADE])
{
    int n_compared = 0;
    double far = 0;
    for (int r = 0; r < ROWS; r++) {
        const struct tb_json *row = tb_json_at(golden, (size_t)r);
        int i = 0;
        while (i < MADE && ids[r][i] == (int32_t)at(row, "made", i)) {
            far = fmax(far, fabs((double)logprob[r][i] - at(row, "logprob", i)));
            i++;
        }
        n_compared += i;
        if (!ok(i == MADE || at(row, "gap", i) < 1e-3, "%s, row %d: %d tokens alike", peer, r, i))
            printf("# token %d: %d here, %g there, gap %g\n", i, ids[r][i], at(row, "made", i), at(row, "gap", i));
    }
    ok(n_compared > ROWS * MADE * 9 / 10, "%s: %d of %d tokens were compared", peer, n_compared, ROWS * MADE);
    ok(far < 5e-3, "%s: log-probabilities are alike within %.1e", peer, far);
}

int main(void)
{
    const char *path = getenv("TUNEBENCH_SMOLLM2");
    struct tb_engine_spec spec = { .micro_tok = 512, .quantum_tok = 512, .step_rows = ROWS, .row_tok = ROW_TOK };
    struct tb_generator_spec rows = { ROWS, ROW_TOK };
    struct tb_err err = { 0 };
    char why[200] = "";
    int32_t ids[ROWS][MADE];
    float logprob[ROWS][MADE];
    if (!path || !*path) {
        skip("greedy text of SmolLM2", "TUNEBENCH_SMOLLM2 is not set");
        return done();
    }
    struct tb_json *golden = read_golden("greedy_smollm2.json"), *llama = read_golden("greedy_smollm2_llama.json");
    struct tb_model *m = tb_model_open(path, &err);
    struct tb_kernels *k = tb_kernels_open(NULL, tb_kernels_default_threads(), why, sizeof why);
    struct tb_engine *e = golden && m && k ? tb_engine_open(m, k, NULL, &spec, &err) : NULL;
    struct tb_generator *g = e ? tb_generator_open(e, &rows, &err) : NULL;
    if (ok(g && tb_json_len(golden) == ROWS && tb_json_len(llama) == ROWS && make(g, golden, ids, logprob, &err),
           "20 prompts of 32 tokens %s%s", err.text, why)) {
        compare("transformers", golden, ids, logprob);
        compare("llama.cpp", llama, ids, logprob);
    }
    tb_generator_close(g);
    tb_engine_close(e);
    if (k)
        k->close(k);
    tb_model_close(m);
    tb_json_free(golden);
    tb_json_free(llama);
    return done();
}
