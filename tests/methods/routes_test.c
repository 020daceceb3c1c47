/* SPDX-License-Identifier: MIT */
/* routes_test.c - several sets of adapters in one generation: every method, stacks of them and the bare model on one
 * base, all at once and in pairs, say with the same bits what each says alone; in ref, in guard and on the fastest
 * back end, with one thread and two. A scale of 0 is the base, of LoRA a half is half its alpha, and single tokens
 * agree with whole passes for any; losses by route are those of an evaluation; full is refused. */
#include <stdlib.h>

#include "engine/generate.h"
#include "tests/methods/rig.h"
#include "tests/tap.h"

enum { SETS = 12, ROWS = 2, MADE = 8, ROW_TOK = 30 };

static const struct tb_sampling greedy = { .repeat_penalty = 1, .top_p = 1 };
static const struct tb_sampling warm = { .repeat_penalty = 1.2, .temperature = 0.9, .top_p = 0.95, .seed = 4 };
static const int length[ROWS] = { 6, 13 };
static struct tb_model *model;

/* What stands on the base: the first is nothing at all. */
static const char *const sets[SETS][RIG_PARTS] = {
    { NULL }, { "lora" }, { "dora" }, { "ia3" }, { "loha" }, { "oft" }, { "prefix" }, { "prompt" },
    { "lora", "prefix" }, { "prefix", "prompt" }, { "oft", "lora", "prompt" }, { "loha", "ia3", "prefix" },
};

struct text {
    int32_t ids[ROWS][MADE];
    float logprob[ROWS][MADE];
    int n[ROWS];
};

static char *name_of(int set)
{
    const char *const *s = sets[set];
    return tb_xasprintf("%s%s%s%s%s", s[0] ? s[0] : "bare", s[1] ? "+" : "", s[1] ? s[1] : "", s[1] && s[2] ? "+" : "",
                        s[1] && s[2] ? s[2] : "");
}

static const char *cpu_name(const char *cpu)
{
    return cpu ? cpu : "the fastest";
}

/* ---- several sets on one engine */

struct shared {
    struct tb_kernels *k;
    struct tb_stack *stack[SETS];
    int n;
    struct tb_engine *engine;
    struct tb_generator *generator;
};

static void close_shared(struct shared *s)
{
    tb_generator_close(s->generator);
    tb_engine_close(s->engine);
    for (int i = 0; i < s->n; i++)
        tb_stack_close(s->stack[i]);
    if (s->k)
        s->k->close(s->k);
}

static bool stir(struct tb_stack *stack, struct tb_err *err)
{
    struct tb_start start = { .seed = 5 };
    for (int p = 0; stack && p < stack->n; p++) {
        if (!tb_adapter_init(stack->part[p], &start, err))
            return false;
        for (int i = 0; i < stack->part[p]->n_tensors; i++)
            if (stack->part[p]->tensors[i].want.kind == TB_TRAINED)
                rig_stir_tensor(stack->part[p], i, p);
    }
    return true;
}

/* The sets as routes 1 .. n; close it also after a failure. */
static bool open_shared(struct shared *s, const int *set, int n, const char *cpu, int threads, struct tb_err *err)
{
    char why[200];
    struct tb_generator_spec rows = { SETS * ROWS, ROW_TOK };
    *s = (struct shared){ .k = tb_kernels_open(cpu, threads, why, sizeof why) };
    for (; s->n < n; s->n++) {
        struct rig_setup u = { .method = { sets[set[s->n]][0], sets[set[s->n]][1], sets[set[s->n]][2] } };
        if (u.method[0] && !(s->stack[s->n] = rig_stack(model, &u, err)))
            return false;
    }
    struct tb_engine_spec spec = { .micro_tok = 64, .quantum_tok = 16, .step_rows = SETS * ROWS, .row_tok = ROW_TOK,
                                   .routes = s->stack, .n_routes = n };
    s->engine = tb_engine_open(model, s->k, NULL, &spec, err);
    for (int i = 0; s->engine && i < n; i++)
        if (!stir(s->stack[i], err))
            return false;
    s->generator = s->engine ? tb_generator_open(s->engine, &rows, err) : NULL;
    return s->generator != NULL;
}

/* Rows of all routes, interleaved, so that they must be sorted. */
static bool make_shared(struct shared *s, const struct tb_sampling *how, struct text *t, struct tb_err *err)
{
    struct tb_generate_row rows[SETS * ROWS];
    struct tb_made made[SETS * ROWS];
    int32_t ids[ROWS][RIG_TOK];
    int n = s->n * ROWS;
    for (int i = 0; i < n; i++) {
        int row = i / s->n;
        rig_tokens(ids[row], length[row], row + 30);
        rows[i] = (struct tb_generate_row){ .ids = ids[row], .n = length[row], .route = 1 + i % s->n,
                                            .number = (uint32_t)row };
    }
    memset(t, 0, (size_t)s->n * sizeof *t);
    if (!tb_generator_begin(s->generator, rows, n, err))
        return false;
    for (int m; (m = tb_generator_next(s->generator, how, made));)
        for (int i = 0; i < m; i++) {
            struct text *to = &t[made[i].row % s->n];
            int row = made[i].row / s->n, at = to->n[row]++;
            to->ids[row][at] = made[i].id;
            to->logprob[row][at] = made[i].logprob;
            if (to->n[row] == MADE)
                tb_generator_end(s->generator, made[i].row);
        }
    return true;
}

/* ---- each alone, as its own engine has it */

static bool make_alone(int set, const char *cpu, const struct tb_sampling *how, struct text *t, struct tb_err *err)
{
    struct rig_setup u = { .method = { sets[set][0], sets[set][1], sets[set][2] }, .cpu = cpu, .threads = 1,
                           .quantum_tok = 16, .micro_tok = 64 };
    struct tb_generator_spec spec = { 1, ROW_TOK };
    struct rig g;
    struct tb_generator *gen = NULL;
    bool good = rig_open(&g, model, &u, err) && (!g.stack || rig_start(&g, err))
             && (gen = tb_generator_open(g.engine, &spec, err));
    memset(t, 0, sizeof *t);
    for (int row = 0; good && row < ROWS; row++) {
        int32_t ids[RIG_TOK];
        struct tb_made made;
        rig_tokens(ids, length[row], row + 30);
        struct tb_generate_row from = { .ids = ids, .n = length[row], .number = (uint32_t)row };
        good = tb_generator_begin(gen, &from, 1, err);
        while (good && t->n[row] < MADE && tb_generator_next(gen, how, &made)) {
            t->ids[row][t->n[row]] = made.id;
            t->logprob[row][t->n[row]++] = made.logprob;
        }
    }
    tb_generator_close(gen);
    rig_close(&g);
    return good;
}

static bool same(const struct text *a, const struct text *b)
{
    return memcmp(a, b, sizeof *a) == 0 && a->n[0] == MADE;
}

static void check_all(const char *cpu, int threads)
{
    struct tb_err err = { 0 };
    struct shared s;
    struct text t[SETS], alone;
    int all[SETS];
    for (int i = 0; i < SETS; i++)
        all[i] = SETS - 1 - i;
    bool good = open_shared(&s, all, SETS, cpu, threads, &err) && make_shared(&s, &warm, t, &err);
    ok(good, "%s, %d threads: %d sets on one base %s", cpu_name(cpu), threads, SETS, err.text);
    for (int i = 0; good && i < SETS; i++) {
        char *name = name_of(all[i]);
        ok(make_alone(all[i], cpu, &warm, &alone, &err) && same(&alone, &t[i]),
           "%s, %d threads: %s says among others what it says alone, the same bits", cpu_name(cpu), threads,
           name);
        free(name);
    }
    close_shared(&s);
}

static void check_pairs(void)
{
    struct text alone[SETS], t[SETS];
    struct tb_err err = { 0 };
    bool good = true;
    int n = 0, n_same = 0, n_apart = 0;
    for (int i = 0; i < SETS; i++)
        good = good && make_alone(i, NULL, &greedy, &alone[i], &err);
    for (int i = 0; i < SETS; i++)
        for (int j = 0; good && j < SETS; j++) {
            struct shared s;
            if (i == j)
                continue;
            good = open_shared(&s, (int[]){ i, j }, 2, NULL, 1, &err) && make_shared(&s, &greedy, t, &err);
            n++;
            n_same += good && same(&t[0], &alone[i]) && same(&t[1], &alone[j]);
            n_apart += good && !same(&t[0], &t[1]);
            close_shared(&s);
        }
    ok(good && n_same == n, "%d of %d ordered pairs say what each says alone %s", n_same, n, err.text);
    is_int(n_apart, n, "and no two sets say the same");
}

/* ---- scales */

static double far(const struct text *a, const struct text *b)
{
    double far = 0;
    for (int r = 0; r < ROWS; r++)
        for (int i = 0; i < MADE; i++)
            far = fmax(far, a->ids[r][i] == b->ids[r][i] ? fabs((double)a->logprob[r][i] - (double)b->logprob[r][i])
                                                         : 1);
    return far;
}

/* The loss of what a route made, in a whole pass, against the sum of its tokens' log-probabilities. */
static double far_from_whole(struct shared *s, int route, const struct text *t, struct tb_err *err)
{
    double most = 0;
    for (int row = 0; row < ROWS; row++) {
        int32_t ids[RIG_TOK];
        double loss = 0, sum = 0;
        int labels = 0;
        rig_tokens(ids, length[row], row + 30);
        memcpy(ids + length[row], t->ids[row], MADE * sizeof *ids);
        struct tb_generate_row whole = { .ids = ids, .n = length[row] + MADE, .route = route };
        if (!tb_generator_loss(s->generator, &whole, length[row], &loss, &labels, err) || labels != MADE)
            return 1;
        for (int i = 0; i < MADE; i++)
            sum -= (double)t->logprob[row][i];
        most = fmax(most, fabs(sum - loss));
    }
    return most;
}

static void check_scales(const char *cpu)
{
    struct tb_err err = { 0 };
    struct shared s;
    struct text t[SETS], half[SETS];
    int all[SETS];
    for (int i = 0; i < SETS; i++)
        all[i] = i;
    bool good = open_shared(&s, all, SETS, cpu, 1, &err);
    for (int i = 1; good && i <= SETS; i++)
        tb_engine_set_scale(s.engine, i, 0);
    good = good && make_shared(&s, &greedy, t, &err);
    for (int i = 1; good && i <= SETS; i++)
        tb_engine_set_scale(s.engine, i, 0.5f);
    good = good && make_shared(&s, &greedy, half, &err);
    for (int i = 1; good && i < SETS; i++) {
        char *name = name_of(i);
        double base = far(&t[i], &t[0]), whole = far_from_whole(&s, 1 + i, &half[i], &err);
        ok(base < 1e-5, "%s: %s by 0 is the base, within %.1e", cpu_name(cpu), name, base);
        ok(!same(&half[i], &t[0]) && whole < 1e-4, "%s: %s by a half: tokens agree with whole passes within %.1e %s",
           cpu_name(cpu), name, whole, err.text);
        free(name);
    }
    ok(good, "%s: scales %s", cpu_name(cpu), err.text);
    close_shared(&s);
}

/* LoRA's B halved is LoRA by a half. */
static void check_half(void)
{
    struct tb_err err = { 0 };
    struct shared s;
    struct text by_scale, by_weight;
    bool good = open_shared(&s, (int[]){ 1 }, 1, NULL, 1, &err);
    if (good)
        tb_engine_set_scale(s.engine, 1, 0.5f);
    good = good && make_shared(&s, &greedy, &by_scale, &err);
    for (int i = 0; good && i < s.stack[0]->part[0]->n_tensors; i++) {
        const struct tb_tensor *t = &s.stack[0]->part[0]->tensors[i];
        if (strstr(t->name, "lora_B"))
            s.k->scale(s.k, t->w, 0.5f);
    }
    if (good)
        tb_engine_set_scale(s.engine, 1, 1);
    good = good && make_shared(&s, &greedy, &by_weight, &err);
    ok(good && far(&by_scale, &by_weight) < 1e-5, "lora by a half is lora with half the alpha %s", err.text);
    close_shared(&s);
}

/* ---- losses, alternatives, refusals */

static void check_losses(void)
{
    struct tb_err err = { 0 };
    struct shared s;
    int32_t ids[RIG_TOK];
    int all[SETS];
    double most = 0;
    rig_tokens(ids, 20, 9);
    for (int i = 0; i < SETS; i++)
        all[i] = i;
    bool good = open_shared(&s, all, SETS, NULL, 1, &err);
    for (int i = 0; good && i < SETS; i++) {
        struct rig_setup u = { .method = { sets[i][0], sets[i][1], sets[i][2] }, .threads = 1, .quantum_tok = 16,
                               .micro_tok = 64 };
        struct rig g;
        double by_route, alone;
        int n_route, n_alone;
        good = rig_open(&g, model, &u, &err) && (!g.stack || rig_start(&g, &err))
            && tb_generator_loss(s.generator, &(struct tb_generate_row){ .ids = ids, .n = 20, .route = 1 + i }, 7,
                                 &by_route, &n_route, &err)
            && tb_engine_evaluate(g.engine, &(struct tb_row){ ids, 20, 7 }, 1, &alone, &n_alone, &err)
            && n_route == n_alone;
        most = good ? fmax(most, fabs(by_route - alone)) : 1;
        rig_close(&g);
    }
    ok(good && most < 1e-5, "losses by route are those of an evaluation, within %.1e %s", most, err.text);
    close_shared(&s);
}

static void check_divergence(void)
{
    struct tb_err err = { 0 };
    struct shared s;
    int32_t ids[RIG_TOK];
    struct tb_made made[3];
    rig_tokens(ids, 9, 3);
    struct tb_generate_row rows[3] = { { ids, 9, 1, 0 }, { ids, 9, 2, 0 }, { ids, 9, 1, 0 } };
    bool good = open_shared(&s, (int[]){ 1, 6 }, 2, NULL, 1, &err) && tb_generator_begin(s.generator, rows, 3, &err)
             && tb_generator_next(s.generator, &greedy, made) == 3;
    ok(good && made[0].row == 0 && made[1].row == 2 && made[2].row == 1, "rows of one route stand together");
    double same = good ? tb_generator_divergence(s.generator, 0, 1) : 1, sum = 0, kl = 0;
    for (int id = 0; good && id < RIG_VOCAB; id++) {
        double p = tb_generator_logprob(s.generator, 0, id), q = tb_generator_logprob(s.generator, 2, id);
        sum += exp(p);
        kl += exp(p) * (p - q);
    }
    ok(good && same == 0 && fabs(sum - 1) < 1e-5, "a distribution sums to one and is where it is");
    ok(good && kl > 1e-6 && fabs(kl - tb_generator_divergence(s.generator, 0, 2)) < 1e-9, "divergence %.2e nats", kl);
    close_shared(&s);
}

static void check_refusals(void)
{
    struct tb_err err = { 0 };
    struct rig_setup lora = { .method = { "lora" } }, full = { .method = { "full" } };
    struct tb_stack *s[2] = { rig_stack(model, &lora, &err), rig_stack(model, &full, &err) };
    struct tb_kernels *k = tb_kernels_open(NULL, 1, err.text, sizeof err.text);
    struct tb_engine_spec spec = { .micro_tok = 64, .quantum_tok = 16, .step_rows = 2, .row_tok = 20, .routes = s,
                                   .n_routes = 2 };
    ok(!tb_engine_open(model, k, NULL, &spec, &err) && strstr(err.text, "base of its own"), "refused: %s", err.text);
    spec.n_routes = 1;
    ok(!tb_engine_open(model, k, s[1], &spec, &err) && err.kind == TB_ERR_LIMIT, "as the engine's own, too");
    tb_stack_close(s[0]);
    tb_stack_close(s[1]);
    k->close(k);
}

/* Another engine on the same stacks keeps what they hold. */
static void check_reopen(void)
{
    struct tb_err err = { 0 };
    struct shared s;
    struct text a, b;
    bool good = open_shared(&s, (int[]){ 2 }, 1, NULL, 1, &err) && make_shared(&s, &greedy, &a, &err);
    if (good) {
        struct tb_engine_spec spec = { .micro_tok = 64, .quantum_tok = 16, .step_rows = ROWS, .row_tok = RIG_TOK,
                                       .routes = s.stack, .n_routes = 1 };
        struct tb_generator_spec rows = { ROWS, RIG_TOK };
        tb_generator_close(s.generator);
        tb_engine_close(s.engine);
        s.engine = tb_engine_open(model, s.k, NULL, &spec, &err);
        s.generator = tb_generator_open(s.engine, &rows, &err);
        good = make_shared(&s, &greedy, &b, &err);
    }
    ok(good && same(&a, &b), "an engine for longer rows on the same stacks says the same %s", err.text);
    close_shared(&s);
}

int main(void)
{
    model = rig_model(2);
    ok(model != NULL, "a tiny model from scratch");
    if (!model)
        return done();
    check_all("ref", 1);
    check_all("guard", 1);
    check_all(NULL, 1);
    check_all(NULL, 2);
    check_pairs();
    model->shape.window = 6;
    check_all("ref", 1);
    model->shape.window = 0;
    check_scales("ref");
    check_scales(NULL);
    check_scales("guard");
    check_half();
    check_losses();
    check_divergence();
    check_refusals();
    check_reopen();
    tb_model_close(model);
    return done();
}
