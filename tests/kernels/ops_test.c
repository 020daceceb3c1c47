/* SPDX-License-Identifier: MIT */
/* ops_test.c - every operation of ops.def, on every back end that this processor can run, against ref. The cases are
 * in op_cases.c, attention_case.c and cache_case.c; an operation without one fails. For each case, size, variant and
 * weight type: values near ref's; nothing written beside the output; the same bits with 1, 2 and 3 threads and piece by
 * piece; in place where the contract allows it; a NaN stays one.
 *
 *     ops_test [part of an operation's name] */
#include <math.h>
#include <stdlib.h>

#include "tests/kernels/shot.h"
#include "tests/tap.h"

static const char *const op_names[] = {
#define TB_OP(name, params, args) #name,
#include "kernels/ops.def"
#undef TB_OP
};

enum { N_OPS = sizeof op_names / sizeof *op_names };

static struct tb_kernels *ref;

/* An operand of the call at hand. */
struct operand {
    char role, rows, cols;
    enum fill fill;
    struct image before;
};

struct shot {
    const struct op_case *c;
    struct given g;
    struct operand m[MAX_OPERANDS];
    int n, same[MAX_OPERANDS]; /* same[i] = j: operand i is operand j; itself else */
};

/* What is known about one case on one back end. */
struct tally {
    int n_calls, n_far, n_stray, n_bits;
    double worst;
    char where[160]; /* of the first failure */
};

static int64_t size_of(const struct dims *d, char letter)
{
    switch (letter) {
    case 't':
        return d->t;
    case 'n':
        return d->n;
    case 'k':
        return d->k;
    case 'p':
        return d->p;
    case 'b':
        return d->b;
    case 'T':
        return (int64_t)d->t * d->b;
    case 'q':
        return d->b * (d->b - 1) / 2;
    case 'R':
        return d->is_shared ? d->b : d->n;
    default:
        return letter - '0';
    }
}

static void open_shot(struct shot *s, uint32_t *state)
{
    static const char fills[] = " w+sid-lp";
    s->n = 0;
    for (const char *at = s->c->m; *at; at += strspn(at, " "), s->n++) {
        struct operand *o = &s->m[s->n];
        *o = (struct operand){ at[0], at[1], at[2], UNIT, { 0 } };
        at += 3;
        if (*at && *at != ' ')
            o->fill = (enum fill)(strchr(fills, *at++) - fills);
        int64_t rows = size_of(&s->g.d, o->rows), cols = size_of(&s->g.d, o->cols);
        o->before = image_open(rows, cols, cols == 1 || rows == 1 ? 0 : (s->n + s->g.variant) % 3 * 2);
        image_fill(&o->before, o->fill, &s->g.d, state);
        s->same[s->n] = s->n;
    }
}

static void close_shot(struct shot *s)
{
    for (int i = 0; i < s->n; i++)
        image_close(&s->m[i].before);
}

static struct tb_mat piece_of(const struct operand *o, char cut, struct tb_mat m, int64_t first, int64_t n)
{
    if (o->rows == cut)
        m = tb_mat_rows(m, first, n);
    return o->cols == cut ? tb_mat_cols(m, first, n) : m;
}

/* Operands after the call; with `piece` in calls for that many of the cut letter. */
static void fire(const struct shot *s, struct tb_kernels *k, int64_t piece, struct image after[MAX_OPERANDS])
{
    struct tb_mat m[MAX_OPERANDS] = { { 0 } }, part[MAX_OPERANDS] = { { 0 } };
    for (int i = 0; i < s->n; i++)
        if (s->same[i] == i)
            m[i] = image_put(k, &s->m[i].before);
    for (int i = 0; i < s->n; i++)
        m[i] = m[s->same[i]];
    if (!piece)
        s->c->call(k, m, &s->g);
    const int64_t all = size_of(&s->g.d, s->c->cut);
    for (int64_t first = 0; piece && first < all; first += piece) {
        for (int i = 0; i < s->n; i++)
            part[i] = piece_of(&s->m[i], s->c->cut, m[i], first, piece < all - first ? piece : all - first);
        s->c->call(k, part, &s->g);
    }
    for (int i = 0; i < s->n; i++) {
        after[i] = image_copy(&s->m[s->same[i]].before);
        image_get(k, m[i], &after[i]);
    }
    for (int i = 0; i < s->n; i++)
        if (s->same[i] == i)
            image_release(k, m[i], &s->m[i].before);
}

static void close_images(struct image *a, int n)
{
    for (int i = 0; i < n; i++)
        image_close(&a[i]);
}

static void note(struct tally *t, const struct shot *s, const char *what, int operand)
{
    const struct dims *d = &s->g.d;
    if (!t->where[0])
        snprintf(t->where, sizeof t->where, "%s operand %d: t %d n %d k %d p %d b %d variant %d weight %s rule %d",
                 what, operand, d->t, d->n, d->k, d->p, d->b, s->g.variant,
                 s->g.w.p ? tb_type_info((int)s->g.w.type)->name : "-", (int)s->g.w.rule);
}

/* Is operand i written, under its own or another's name? */
static bool is_written(const struct shot *s, int i)
{
    for (int j = 0; j < s->n; j++)
        if (s->m[j].role != 'r' && s->same[j] == s->same[i])
            return true;
    return false;
}

static void check_values(struct tally *t, const struct shot *s, const struct image *got, const struct image *want,
                         double tolerance)
{
    t->n_calls++;
    for (int i = 0; i < s->n; i++) {
        bool is_stray = !is_same(&got[i], &s->m[s->same[i]].before, is_written(s, i));
        double e = is_written(s, i) ? distance(&got[i], &want[i], 1e-30) : 0;
        t->worst = fmax(t->worst, e);
        t->n_stray += is_stray;
        t->n_far += e > tolerance;
        if (is_stray)
            note(t, s, "stray write at", i);
        else if (e > tolerance)
            note(t, s, "far from ref:", i);
    }
}

static void check_bits(struct tally *t, const struct shot *s, struct tb_kernels *k, int64_t piece,
                       const struct image *want)
{
    struct image again[MAX_OPERANDS];
    fire(s, k, piece, again);
    for (int i = 0; i < s->n; i++)
        if (!is_same(&again[i], &want[i], false)) {
            t->n_bits++;
            note(t, s, piece ? "other bits in pieces:" : "other bits by threads:", i);
        }
    close_images(again, s->n);
}

/* The word at `pairs` into s->same; behind it. */
static const char *share(struct shot *s, const char *pairs)
{
    for (int i = 0; i < s->n; i++)
        s->same[i] = i;
    for (; *pairs && *pairs != ' '; pairs += 2)
        s->same[pairs[0] - '0'] = pairs[1] - '0';
    return pairs + strspn(pairs, " ");
}

static double tolerance_of(const struct shot *s, const struct bench *b)
{
    if (b->is_exact)
        return 0;
    return s->c->coarse > 0 && tb_type_info((int)s->g.w.type)->block > 1 ? s->c->coarse : s->c->tolerance;
}

static void check_in_place(struct tally *t, struct shot *s, const struct bench *b)
{
    struct image want[MAX_OPERANDS], got[MAX_OPERANDS];
    for (const char *at = s->c->shared; at && *at;) {
        at = share(s, at);
        fire(s, ref, 0, want);
        fire(s, b->k[b->n - 1], 0, got);
        check_values(t, s, got, want, tolerance_of(s, b));
        close_images(want, s->n);
        close_images(got, s->n);
    }
    share(s, "");
}

/* NaN in the first number that is read: the rows that have one then are ref's. */
static void check_nan(struct tally *t, struct shot *s, const struct bench *b)
{
    struct image want[MAX_OPERANDS], got[MAX_OPERANDS];
    int at = 0;
    while (at < s->n && (s->m[at].role == 'w' || s->m[at].fill >= INDEX || !s->m[at].before.rows))
        at++;
    if (at == s->n || s->m[at].before.cols == 0)
        return;
    *image_at(&s->m[at].before, 0, 0) = NAN;
    fire(s, ref, 0, want);
    fire(s, b->k[0], 0, got);
    for (int i = 0; i < s->n; i++)
        if (s->m[i].role != 'r' && !has_same_nan_rows(&got[i], &want[i])) {
            t->n_far++;
            note(t, s, "lost or spread a NaN:", i);
        }
    close_images(want, s->n);
    close_images(got, s->n);
}

static void check_shot(struct tally *t, struct shot *s, const struct bench *b, uint32_t *state)
{
    static const int pieces[] = { 1, 7, 3, 30, 14 };
    struct image want[MAX_OPERANDS], got[MAX_OPERANDS];
    open_shot(s, state);
    fire(s, ref, 0, want);
    fire(s, b->k[0], 0, got);
    check_values(t, s, got, want, tolerance_of(s, b));
    for (int i = 1; i < b->n; i++)
        check_bits(t, s, b->k[i], 0, got);
    int64_t all = size_of(&s->g.d, s->c->cut ? s->c->cut : '0');
    if (all > 1)
        check_bits(t, s, b->k[t->n_calls % b->n], all > 200 ? 97 : pieces[t->n_calls % 5], got);
    close_images(want, s->n);
    close_images(got, s->n);
    check_in_place(t, s, b);
    if (s->g.variant == 0)
        check_nan(t, s, b);
    close_shot(s);
}

static void set(struct dims *d, char letter, int multiple)
{
    int *size = letter == 'n' ? &d->n : letter == 'k' ? &d->k : &d->p;
    *size = (*size + multiple - 1) / multiple * multiple;
}

/* Types that appear in files come at all sizes, the rest at every third. */
static bool is_wanted(int type, int i)
{
    static const bool is_common[] = { [TB_F32] = true,  [TB_F16] = true,  [TB_BF16] = true,
                                      [TB_Q8_0] = true, [TB_Q4_0] = true, [TB_Q4_1] = true };
    return tb_type_info(type)->is_built && (is_common[type] || (i + type) % 3 == 0);
}

static void check_weights(struct tally *t, struct shot *s, const struct bench *b, int i, uint32_t *state)
{
    const struct dims plain = s->g.d;
    const char *letters = s->c->weight;
    for (int type = 0; type <= TB_BF16; type++) {
        if (!is_wanted(type, i))
            continue;
        bool is_halved = (i + type) % 2;
        s->g.d = plain;
        set(&s->g.d, letters[0], is_halved ? 4 : 1);
        set(&s->g.d, letters[1], tb_type_info(type)->block);
        s->g.w = weight_open((enum tb_type)type, size_of(&s->g.d, letters[0]), size_of(&s->g.d, letters[1]), state);
        s->g.w.rule = is_halved ? TB_RULE_ROPE_HALVES : TB_RULE_NONE;
        s->g.w.head_dim = is_halved ? 4 : 0;
        check_shot(t, s, b, state);
        weight_close(&s->g.w);
    }
    s->g.d = plain;
}

static void test_case(const struct op_case *c, const struct bench *b)
{
    struct tally t = { 0 };
    uint32_t state = 7;
    for (int i = 0; i < c->n_dims; i++)
        for (int v = 0; v < (c->n_variants ? c->n_variants : 1); v++) {
            struct shot s = { .c = c, .g = { .d = c->dims[i], .variant = v } };
            if (c->weight)
                check_weights(&t, &s, b, i, &state);
            else
                check_shot(&t, &s, b, &state);
        }
    const char *note = c->note ? c->note : "";
    bool good = t.n_calls && !t.n_far && !t.n_stray;
    good = ok(good, "%s%s, %s: %d calls like ref, error %.1e", c->op, note, b->name, t.n_calls, t.worst) & good;
    good = ok(!t.n_bits, "%s%s, %s: one result whatever the threads and pieces", c->op, note, b->name) & good;
    if (!good)
        printf("# %d far, %d stray, %d with other bits; first: %s\n", t.n_far, t.n_stray, t.n_bits, t.where);
}

static bool has_case(const char *op)
{
    bool found = !strncmp(op, "attention", 9) || !strcmp(op, "attend_cache");
    for (int i = 0; i < n_op_cases; i++)
        found |= !strcmp(op_cases[i].op, op);
    return found;
}

static bool open_bench(struct bench *b, const char *name, int n)
{
    char why[256];
    *b = (struct bench){ .name = name, .is_exact = !strcmp(name, "guard") };
    for (; b->n < n; b->n++) {
        b->k[b->n] = tb_kernels_open(name, b->n + 1, why, sizeof why);
        if (!b->k[b->n]) {
            skip(name, why);
            break;
        }
    }
    return b->n == n;
}

static void report(bool good, const char *words)
{
    ok(good, "%s", words);
}

static void test_bench(const char *name, int n, const char *part)
{
    struct bench b;
    bool good = open_bench(&b, name, n);
    for (int i = 0; good && i < n_op_cases; i++)
        if (strstr(op_cases[i].op, part))
            test_case(&op_cases[i], &b);
    if (good && strstr("attention_back", part))
        test_attention(ref, &b, report);
    if (good && strstr("attend_cache", part))
        test_cache(ref, &b, report);
    while (b.n > 0) {
        b.n--;
        b.k[b.n]->close(b.k[b.n]);
    }
}

int main(int argc, char **argv)
{
    const char *part = argc > 1 ? argv[1] : "";
    char why[256];
    ref = tb_kernels_open("ref", 1, why, sizeof why);
    if (!ok(ref != NULL, "ref opens"))
        return 1;
    for (int i = 0; i < N_OPS; i++)
        if (!has_case(op_names[i]))
            ok(false, "no case for op %s", op_names[i]);
    test_bench("avx2", 3, part);
    test_bench("avx512", 3, part);
    test_bench("guard", 1, part);
    ref->close(ref);
    return done();
}
