/* SPDX-License-Identifier: MIT */
/* dataset_order_test.c - the order of doc/frozen.md 10, epochs that hold every row once, steps by
 * number alone, budgets. */
#include <stdlib.h>

#include "dataset/order.h"
#include "tests/tap.h"

enum { N = 103 };
static int tok[N], group_of[N];

static struct tb_order *open_order(enum tb_order_kind kind, int rows, int64_t batch_tok, int n)
{
    struct tb_order_spec spec = { .kind = kind,
                                  .seed = 7,
                                  .batch_rows = rows,
                                  .batch_tok = batch_tok,
                                  .n_rows = n,
                                  .tok = tok,
                                  .group = group_of };
    struct tb_err err = { 0 };
    struct tb_order *o = tb_order_open(&spec, &err);
    if (!o)
        printf("# %s\n", err.text);
    return o;
}

static void vector(void)
{
    static const int want[] = { 8, 3, 5, 7, 4, 0, 9, 6, 1, 2 };
    struct tb_order *o = open_order(TB_ORDER_SHUFFLED, 10, 0, 10);
    int n;
    const int *row = tb_order_step(o, 0, &n);
    ok(n == 10 && memcmp(row, want, sizeof want) == 0, "10 rows, seed 7, epoch 0 as frozen");
    row = tb_order_step(o, 1, &n);
    ok(n == 10 && memcmp(row, want, sizeof want) != 0, "another order in epoch 1");
    tb_order_close(o);
}

/* Whether steps first .. end - 1 hold every row once; the sizes are within the batch. */
static bool is_epoch(struct tb_order *o, int64_t first, int64_t end, int rows, int64_t batch_tok)
{
    int count[N] = { 0 }, n;
    for (int64_t s = first; s < end; s++) {
        const int *row = tb_order_step(o, s, &n);
        int64_t sum = 0;
        for (int i = 0; i < n; i++) {
            count[row[i]]++;
            sum += tok[row[i]];
        }
        if (rows ? n > rows || (n < rows && s + 1 < end) : sum > batch_tok && n > 1)
            return false;
    }
    for (int i = 0; i < N; i++) {
        if (count[i] != 1)
            return false;
    }
    return true;
}

/* Tokens of the first n steps, one after the other. */
static int64_t walk(struct tb_order *o, int64_t n_steps)
{
    int64_t sum = 0;
    int n;
    for (int64_t s = 0; s < n_steps; s++) {
        const int *row = tb_order_step(o, s, &n);
        for (int i = 0; i < n; i++)
            sum += tok[row[i]];
    }
    return sum;
}

static void steps(enum tb_order_kind kind, int rows, int64_t batch_tok, const char *name)
{
    struct tb_order *o = open_order(kind, rows, batch_tok, N),
                    *fresh = open_order(kind, rows, batch_tok, N);
    int64_t e1 = tb_order_steps_of_epochs(o, 1), e2 = tb_order_steps_of_epochs(o, 2);
    ok(is_epoch(o, 0, e1, rows, batch_tok) && is_epoch(o, e1, e2, rows, batch_tok),
       "%s: each epoch holds every row once", name);
    ok(tb_order_epoch_of(o, e1 - 1) == 0 && tb_order_epoch_of(o, e1) == 1,
       "%s: epochs end where they should", name);
    bool same = true;
    for (int64_t s = e2 + 3; s >= 0; s -= 2) {
        int n, m;
        const int *a = tb_order_step(fresh, s, &n), *b = tb_order_step(o, s, &m);
        same = same && n == m && memcmp(a, b, (size_t)n * sizeof *a) == 0;
    }
    ok(same, "%s: a step is a function of its number", name);
    bool good = true;
    for (int64_t budget = 1; budget < 5000; budget += 137) {
        int64_t k = tb_order_steps_of_tokens(o, budget);
        good = good && tb_order_tokens(o, k) == walk(fresh, k) && walk(fresh, k) >= budget
               && walk(fresh, k - 1) < budget;
    }
    ok(good, "%s: a budget of tokens ends with the step that reaches it", name);
    ok(tb_order_steps_of_tokens(o, tb_order_tokens(o, e2)) == e2,
       "%s: two epochs' tokens are two epochs", name);
    tb_order_close(fresh);
    tb_order_close(o);
}

static void by_prompt(void)
{
    struct tb_order *o = open_order(TB_ORDER_BY_PROMPT, N, 0, N);
    int n, changes = 0, falls = 0;
    const int *row = tb_order_step(o, 0, &n);
    for (int i = 1; i < n; i++) {
        bool is_same = group_of[row[i]] == group_of[row[i - 1]];
        changes += !is_same;
        falls += is_same && row[i] < row[i - 1];
    }
    ok(changes == 16 && falls == 0, "17 prompts lie together, rows in file order");
    ok(group_of[row[0]] != 0 || group_of[row[N - 1]] != 16, "and are shuffled");
    tb_order_close(o);
}

/* Of all rows and of those that are left, each with the place it had: the others come in the same order. */
static void left_out(enum tb_order_kind kind, const char *name)
{
    enum { LEFT = N - 3 };
    static const int out[] = { 22, 40, 99 };
    int place[LEFT], left_tok[LEFT], left_group[LEFT], n = 0, n_all, n_left, at = 0;
    for (int i = 0; i < N; i++) {
        if (i == out[0] || i == out[1] || i == out[2])
            continue;
        place[n] = i;
        left_tok[n] = tok[i];
        left_group[n++] = group_of[i];
    }
    struct tb_order_spec spec = { .kind = kind, .seed = 7, .batch_rows = N, .n_rows = LEFT, .tok = left_tok,
                                  .place = place, .group = left_group };
    struct tb_err err = { 0 };
    struct tb_order *all = open_order(kind, N, 0, N), *left = tb_order_open(&spec, &err);
    const int *a = tb_order_step(all, 1, &n_all), *b = tb_order_step(left, 1, &n_left);
    for (int i = 0; i < n_all; i++)
        at += at < n_left && place[b[at]] == a[i];
    ok(n_left == LEFT && at == LEFT, "rows left out move no other: %s", name);
    tb_order_close(all);
    tb_order_close(left);
}

int main(void)
{
    enum tb_order_kind kind;
    for (int i = 0; i < N; i++) {
        tok[i] = 5 + i * 37 % 41;
        group_of[i] = i % 17;
    }
    vector();
    steps(TB_ORDER_SHUFFLED, 16, 0, "rows");
    steps(TB_ORDER_SHUFFLED, 0, 100, "tokens");
    steps(TB_ORDER_FILE, 7, 0, "file");
    steps(TB_ORDER_BY_PROMPT, 0, 300, "by prompt");
    by_prompt();
    left_out(TB_ORDER_SHUFFLED, "shuffled");
    left_out(TB_ORDER_FILE, "file");
    left_out(TB_ORDER_BY_PROMPT, "by prompt, which keep their first rows");
    ok(tb_order_kind_of("by_prompt", &kind) && kind == TB_ORDER_BY_PROMPT
           && !tb_order_kind_of("prompt", &kind),
       "names");
    ok(!open_order(TB_ORDER_FILE, 0, 0, N) && !open_order(TB_ORDER_FILE, 1, 0, 0),
       "no batch, no rows: refused");
    return done();
}
