/* SPDX-License-Identifier: MIT */
/* view_repeat_test.c - two recordings of one run: equal to the last bit, or from where on they part. */
#include "view/repeat.h"

#include "tests/tap.h"

enum { STEPS = 6, EVALS = 3 };

static struct tb_train_row train[2][STEPS];
static struct tb_eval_row eval[2][EVALS];
static struct tb_metrics m[2];

/* Two equal runs; evaluated at 0, 3 and 6. */
static void begin(void)
{
    for (int r = 0; r < 2; r++) {
        tb_metrics_free(&m[r]);
        tb_metrics_init(&m[r]);
        for (int i = 0; i < STEPS; i++)
            train[r][i] = (struct tb_train_row){ .step = i + 1, .loss = 3 - 0.1 * i, .grad_norm = 1 + i, .wall_s = r };
        for (int i = 0; i < EVALS; i++)
            eval[r][i] = (struct tb_eval_row){ .step = 3 * i, .loss = 3.5 - i };
        m[r].train = train[r];
        m[r].eval = eval[r];
        m[r].n_train = m[r].step = STEPS;
        m[r].n_eval = EVALS;
        struct tb_json *result = tb_json_new_map();
        tb_json_set(result, "final_hash", tb_json_new_str("abc"));
        tb_json_set(m[r].facts, "result", result);
    }
}

static void end(void)
{
    for (int r = 0; r < 2; r++) {
        m[r].train = NULL;
        m[r].eval = NULL;
        tb_metrics_free(&m[r]);
    }
}

static void says(const char *want, bool is_exact)
{
    struct tb_repeat r;
    char words[200];
    tb_repeat_compare(&r, &m[0], &m[1]);
    tb_repeat_words(&r, words, sizeof words);
    is_str(words, want, want);
    ok(r.is_exact == is_exact, "  which is %s", is_exact ? "exact" : "not exact");
    end();
    begin();
}

int main(void)
{
    begin();
    says("bit-exact: 6 steps, 3 evaluations, final_hash equal", true);
    train[1][3].loss = 2.5;
    train[1][4].loss = 2.4;
    says("parts at step 4: loss 2.7 against 2.5", false);
    train[1][3].loss = nextafter(train[0][3].loss, 9);
    says("parts at step 4: loss 2.7 against 2.7000000000000006", false);
    train[1][1].grad_norm = 5;
    says("parts at step 2: grad_norm 2 against 5", false);
    eval[1][1].loss = 9;
    train[1][4].loss = 9;
    says("parts at step 3: eval/loss 2.5 against 9", false);
    eval[1][1].loss = 9;
    train[1][2].loss = 9;
    says("parts at step 3: loss 2.8 against 9", false);
    train[0][2].loss = train[1][2].loss = NAN;
    says("bit-exact: 6 steps, 3 evaluations, final_hash equal", true);
    m[1].n_train = 4;
    says("parts at step 5, which was not made again", false);
    m[1].n_eval = 2;
    says("parts at step 6, which was not made again", false);
    m[0].step = 4; /* rows behind it were left by an earlier try */
    m[0].n_eval = 2;
    train[1][5].loss = 9;
    says("bit-exact: 4 steps, 2 evaluations, final_hash equal", true);
    tb_json_set(m[1].facts, "result", tb_json_new_map());
    says("bit-exact: 6 steps, 3 evaluations, final_hash not recorded", true);
    struct tb_json *other = tb_json_new_map();
    tb_json_set(other, "final_hash", tb_json_new_str("abd"));
    tb_json_set(m[1].facts, "result", other);
    says("parts at its end: 6 steps, 3 evaluations, final_hash differs", false);
    end();
    return done();
}
