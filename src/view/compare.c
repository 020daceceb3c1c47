/* SPDX-License-Identifier: MIT */
/* compare.c - loads each run once, keeps of it what differences need (the rows of its evaluations and its facts) and a
 * sparkline, and writes a line for each arm. */
#include "view/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "view/fmt.h"
#include "view/series.h"

enum { SPARK = 16 };

static const struct tb_table_column for_people[] = {
    { "name", "run", TB_UNIT_TEXT, false }, { "state", NULL, TB_UNIT_TEXT, false },
    { "seeds", NULL, TB_UNIT_PLAIN, false },
    { "trainable", NULL, TB_UNIT_COUNT, false }, { "share", "of base", TB_UNIT_SHARE, false },
    { "adapter_bytes", "adapter", TB_UNIT_BYTES, false }, { "first_eval", "eval@0", TB_UNIT_LOSS, false },
    { "eval_loss", "eval", TB_UNIT_LOSS, false }, { "eval_sd", "+-", TB_UNIT_LOSS, false },
    { "best_eval", "best", TB_UNIT_LOSS, false },
    { "difference", "against the reference", TB_UNIT_TEXT, false }, { "tokens", NULL, TB_UNIT_COUNT, false },
    { "tok_s", "tok/s", TB_UNIT_PLAIN, false }, { "predicted_bytes", "planned", TB_UNIT_BYTES, false },
    { "peak_bytes", "peak", TB_UNIT_BYTES, false }, { "wall_s", "training", TB_UNIT_SECONDS, false },
    { "spark", "loss by step", TB_UNIT_TEXT, false },
};
static const struct tb_table_column for_programs[] = {
    { "id", NULL, TB_UNIT_TEXT, false },
    { "name", NULL, TB_UNIT_TEXT, false },
    { "state", NULL, TB_UNIT_TEXT, false },
    { "method", NULL, TB_UNIT_TEXT, false },
    { "trainable", NULL, TB_UNIT_COUNT, false },
    { "share", NULL, TB_UNIT_SHARE, false },
    { "adapter_bytes", NULL, TB_UNIT_BYTES, false },
    { "first_eval", NULL, TB_UNIT_LOSS, false },
    { "eval_loss", NULL, TB_UNIT_LOSS, false },
    { "best_eval", NULL, TB_UNIT_LOSS, false },
    { "reference", NULL, TB_UNIT_TEXT, false },
    { "difference", NULL, TB_UNIT_LOSS, false },
    { "low", NULL, TB_UNIT_LOSS, false },
    { "high", NULL, TB_UNIT_LOSS, false },
    { "tokens", NULL, TB_UNIT_COUNT, false },
    { "tok_s", NULL, TB_UNIT_PLAIN, false },
    { "predicted_bytes", NULL, TB_UNIT_BYTES, false },
    { "peak_bytes", NULL, TB_UNIT_BYTES, false },
    { "wall_s", NULL, TB_UNIT_SECONDS, false },
    { "final_hash", NULL, TB_UNIT_TEXT, false },
    { "seeds", NULL, TB_UNIT_PLAIN, false },
    { "eval_sd", NULL, TB_UNIT_LOSS, false },
    { "ids", NULL, TB_UNIT_TEXT, false },
};

/* One run as it is kept. */
struct loaded {
    const struct tb_run_item *item;
    struct tb_metrics m;
};

struct compare {
    struct tb_table *t;
    struct tb_store *store;
    const struct tb_compare_spec *spec;
    struct tb_compare_note *note;
    struct tb_run_item *all;
    char **spark; /* of each of all, NULL where it is not compared */
    size_t n_all;
    struct loaded *run;
    size_t n;
    struct tb_arms arms;
    const struct tb_arm **reference; /* so far, one for each order of rows; all of them where arms are single runs */
};

/* One line of the table: an arm or a run of it, and what it is compared with. */
struct line {
    const struct tb_arm *arm;
    const char *indent, *spark;
    const struct tb_arm *reference; /* NULL: it is one itself, or a run below its arm */
    const struct tb_paired *paired; /* NULL: nothing can be compared */
    bool is_reference;
};

/* Runs of an arm may end at different steps, of their own accord. */
static int64_t mean_tokens(const struct tb_arm *a)
{
    double sum = 0;
    for (size_t i = 0; i < a->n; i++)
        sum += (double)a->item[i]->sum.tokens;
    return (int64_t)(sum / (double)a->n);
}

static void put_costs(struct tb_table *t, const struct tb_arm *a)
{
    tb_table_int(t, mean_tokens(a));
    tb_table_real(t, a->tok_s);
    tb_table_known_int(t, a->predicted_bytes);
    tb_table_known_int(t, a->peak_bytes);
    tb_table_real(t, a->wall_s);
}

static void put_difference(struct tb_table *t, const struct line *l)
{
    char text[96];
    if (l->is_reference) {
        tb_table_text(t, "(reference)");
    } else if (!l->paired) {
        tb_table_none(t);
    } else {
        snprintf(text, sizeof text, "%+.3f [%+.3f, %+.3f]", l->paired->difference, l->paired->low, l->paired->high);
        tb_table_text(t, text);
    }
}

/* "done", "2 done, 1 failed" */
static void put_state(struct tb_table *t, const struct tb_arm *a)
{
    struct tb_buf b = { 0 };
    for (int s = 0; s < TB_N_STATES; s++) {
        size_t n = 0;
        for (size_t i = 0; i < a->n; i++)
            n += a->item[i]->sight.state == (enum tb_state)s;
        if (n == a->n)
            tb_buf_str(&b, tb_state_name((enum tb_state)s));
        else if (n)
            tb_buf_fmt(&b, "%s%zu %s", b.n ? ", " : "", n, tb_state_name((enum tb_state)s));
    }
    tb_table_text(t, b.p);
    tb_buf_free(&b);
}

static void line_for_people(struct tb_table *t, const struct line *l)
{
    const struct tb_arm *a = l->arm;
    char *name = tb_xasprintf("%s%s", l->indent, a->name);
    tb_table_text(t, name);
    put_state(t, a);
    tb_table_int(t, (int64_t)a->n);
    tb_table_known_int(t, a->n_trainable);
    tb_table_real(t, a->share);
    tb_table_known_int(t, a->adapter_bytes);
    tb_table_real(t, a->first_eval);
    tb_table_real(t, a->eval);
    tb_table_real(t, a->eval_sd);
    tb_table_real(t, a->best);
    put_difference(t, l);
    put_costs(t, a);
    tb_table_text(t, l->spark);
    free(name);
}

static void line_for_programs(struct tb_table *t, const struct line *l)
{
    const struct tb_arm *a = l->arm;
    const struct tb_run_summary *first = &a->item[0]->sum;
    tb_table_text(t, a->n == 1 ? first->id : NULL);
    tb_table_text(t, a->name);
    put_state(t, a);
    tb_table_text(t, first->method);
    tb_table_known_int(t, a->n_trainable);
    tb_table_real(t, a->share);
    tb_table_known_int(t, a->adapter_bytes);
    tb_table_real(t, a->first_eval);
    tb_table_real(t, a->eval);
    tb_table_real(t, a->best);
    tb_table_text(t, l->reference ? l->reference->item[0]->sum.id : NULL);
    tb_table_real(t, l->paired ? l->paired->difference : NAN);
    tb_table_real(t, l->paired ? l->paired->low : NAN);
    tb_table_real(t, l->paired ? l->paired->high : NAN);
    put_costs(t, a);
    tb_table_text(t, a->n == 1 ? first->final_hash : NULL);
    tb_table_int(t, (int64_t)a->n);
    tb_table_real(t, a->eval_sd);
    tb_arm_put_ids(t, a);
}

static void put_line(struct compare *c, struct line *l)
{
    if (c->spec->how == TB_EMIT_TEXT)
        line_for_people(c->t, l);
    else
        line_for_programs(c->t, l);
}

static const char *spark_of(const struct compare *c, const struct tb_run_item *item)
{
    return c->spark[item - c->all];
}

/* The runs of an arm as arms of their own. */
static void put_runs(struct compare *c, const struct tb_arm *a)
{
    struct tb_arms single;
    tb_arms_make(&single, a->item, a->m, a->n, c->all, c->n_all, TB_ARMS_SINGLE);
    for (size_t i = 0; i < single.n; i++)
        put_line(c, &(struct line){ .arm = &single.arm[i], .indent = "  ",
                                    .spark = spark_of(c, single.arm[i].item[0]) });
    tb_arms_free(&single);
}

static const char *order_of(const struct tb_arm *a)
{
    return tb_json_str(tb_metrics_fact(a->m[0], "data", "order_hash"), "");
}

/* The first arm with the same order of rows, the first one of all where there are several seeds each; NULL: from now on
 * it is one itself. */
static const struct tb_arm *reference_of(struct compare *c, const struct tb_arm *a)
{
    size_t n = c->note->n_references;
    for (size_t i = 0; i < n; i++)
        if (c->arms.is_grouped || strcmp(order_of(c->reference[i]), order_of(a)) == 0)
            return c->reference[i];
    c->reference[c->note->n_references++] = a;
    return NULL;
}

static void count_rows(struct tb_compare_note *note, const struct tb_paired *p, bool is_grouped)
{
    size_t n_seeds = p->n_seeds_a < p->n_seeds_b ? p->n_seeds_a : p->n_seeds_b;
    if (note->n_rows && note->n_rows <= p->n_rows)
        return;
    note->n_rows = p->n_rows;
    note->n_prompts = p->n_prompts;
    note->n_seeds = is_grouped ? n_seeds : 0;
    note->is_by_seed = p->is_by_seed;
}

static void put_arms(struct compare *c)
{
    const struct tb_arms *x = &c->arms;
    c->reference = tb_xcalloc(x->n + 1, sizeof *c->reference);
    for (size_t i = 0; i < x->n; i++) {
        struct tb_paired paired;
        struct line l = { .arm = &x->arm[i], .indent = "", .reference = reference_of(c, &x->arm[i]),
                          .spark = spark_of(c, x->arm[i].item[0]) };
        l.is_reference = !l.reference;
        if (l.reference && tb_arms_pair(&paired, l.reference, l.arm, NULL)) {
            l.paired = &paired;
            count_rows(c->note, &paired, x->is_grouped);
        }
        put_line(c, &l);
        if (c->spec->has_runs && x->arm[i].n > 1)
            put_runs(c, l.arm);
    }
    free(c->reference);
}

static char *make_spark(const struct tb_metrics *m, bool is_ascii)
{
    struct tb_series s;
    if (!tb_series_of(&s, m, "train/loss", "step", NULL))
        return NULL;
    char *text = tb_series_spark(&s, SPARK, is_ascii);
    tb_series_free(&s);
    return text;
}

/* Steps of training are many and have been looked at. */
static void drop_steps(struct tb_metrics *m)
{
    free(m->train);
    m->train = NULL;
    m->n_train = m->cap_train = 0;
}

static bool load_run(struct compare *c, const struct tb_run_item *item, struct tb_err *err)
{
    struct loaded *r = &c->run[c->n++];
    char *dir = tb_store_run_dir(c->store, item->sum.id);
    bool good = tb_metrics_load(&r->m, dir, err);
    r->item = item;
    if (good)
        c->spark[item - c->all] = make_spark(&r->m, c->spec->is_ascii);
    drop_steps(&r->m);
    free(dir);
    return good;
}

static int by_id(const void *a, const void *b)
{
    const struct tb_run_item *const *x = a, *const *y = b;
    return strcmp((*x)->sum.id, (*y)->sum.id);
}

/* Whatever can be read; who trained has told what cannot. */
static bool load(struct compare *c, const char *const *ids, size_t n, struct tb_err *err)
{
    const struct tb_run_item **sorted = tb_xcalloc(c->n_all + 1, sizeof *sorted);
    struct tb_run_item *key = tb_xcalloc(1, sizeof *key);
    bool good = true;
    for (size_t i = 0; i < c->n_all; i++)
        sorted[i] = &c->all[i];
    qsort(sorted, c->n_all, sizeof *sorted, by_id);
    for (size_t i = 0; good && i < n; i++) {
        snprintf(key->sum.id, sizeof key->sum.id, "%s", ids[i]);
        const struct tb_run_item *const *found = bsearch(&(const struct tb_run_item *){ key }, sorted, c->n_all,
                                                         sizeof *sorted, by_id);
        if (found && !(*found)->sum.damage[0])
            good = load_run(c, *found, err);
    }
    free(key);
    free(sorted);
    return good;
}

static void make_arms(const struct compare *c, struct tb_arms *arms, enum tb_arms_by by)
{
    const struct tb_run_item **item = tb_xcalloc(c->n + 1, sizeof *item);
    const struct tb_metrics **m = tb_xcalloc(c->n + 1, sizeof *m);
    for (size_t i = 0; i < c->n; i++) {
        item[i] = c->run[i].item;
        m[i] = &c->run[i].m;
    }
    tb_arms_make(arms, item, m, c->n, c->all, c->n_all, by);
    free(m);
    free(item);
}

/* The verdict is about arms, also where the table shows runs. */
static void judge(struct compare *c)
{
    struct tb_arms arms;
    make_arms(c, &arms, TB_ARMS_BY_SEED);
    tb_verdict_all(&c->note->verdict, &arms);
    tb_arms_free(&arms);
}

/* Columns that say nothing where every arm is one run. */
static void drop_seeds(struct compare *c)
{
    for (size_t i = 0; i < c->arms.n; i++)
        if (c->arms.arm[i].n > 1)
            return;
    tb_table_drop(c->t, "seeds");
    tb_table_drop(c->t, "eval_sd");
}

bool tb_compare_table(struct tb_table *t, struct tb_store *s, const char *const *ids, size_t n,
                      const struct tb_compare_spec *spec, struct tb_compare_note *note, struct tb_err *err)
{
    struct compare c = { .t = t, .store = s, .spec = spec, .note = note, .run = tb_xcalloc(n + 1, sizeof *c.run) };
    bool is_text = spec->how == TB_EMIT_TEXT;
    *note = (struct tb_compare_note){ 0 };
    tb_table_init(t, is_text ? for_people : for_programs, is_text ? sizeof for_people / sizeof *for_people
                                                                  : sizeof for_programs / sizeof *for_programs);
    bool good = tb_store_list(s, &c.all, &c.n_all, err);
    c.spark = tb_xcalloc(c.n_all + 1, sizeof *c.spark);
    good = good && load(&c, ids, n, err);
    if (good) {
        make_arms(&c, &c.arms, spec->by);
        put_arms(&c);
        if (is_text)
            drop_seeds(&c);
        judge(&c);
        tb_arms_free(&c.arms);
    }
    for (size_t i = 0; i < c.n; i++)
        tb_metrics_free(&c.run[i].m);
    for (size_t i = 0; i < c.n_all; i++)
        free(c.spark[i]);
    free(c.spark);
    free(c.run);
    free(c.all);
    return good;
}

void tb_compare_note_free(struct tb_compare_note *note)
{
    tb_verdict_free(&note->verdict);
}
