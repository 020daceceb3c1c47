/* SPDX-License-Identifier: MIT */
/* compare.c - loads each run once: its line from the index, its rows for differences and sparkline. */
#include "view/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "view/diff.h"
#include "view/fmt.h"
#include "view/runs.h"
#include "view/series.h"

enum { SPARK = 16 };

static const struct tb_table_column for_people[] = {
    { "name", "run", TB_UNIT_TEXT, false }, { "state", NULL, TB_UNIT_TEXT, false },
    { "trainable", NULL, TB_UNIT_COUNT, false }, { "share", "of base", TB_UNIT_SHARE, false },
    { "adapter_bytes", "adapter", TB_UNIT_BYTES, false }, { "first_eval", "eval@0", TB_UNIT_LOSS, false },
    { "eval_loss", "eval", TB_UNIT_LOSS, false }, { "best_eval", "best", TB_UNIT_LOSS, false },
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
};

static const struct tb_run_item *item_of(const struct tb_run_item *all, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(all[i].sum.id, id) == 0)
            return &all[i];
    return NULL;
}

/* Own tokens over the seconds of training: the mean, where a row's rate is that of one step. */
static double mean_rate(const struct tb_run_item *item)
{
    return tb_run_tok_s(item);
}

static void put_count(struct tb_table *t, int64_t v)
{
    if (v < 0)
        tb_table_none(t);
    else
        tb_table_int(t, v);
}

static void put_costs(struct tb_table *t, const struct tb_run_item *item)
{
    const struct tb_run_summary *s = &item->sum;
    tb_table_int(t, s->tokens);
    tb_table_real(t, mean_rate(item));
    put_count(t, s->predicted_bytes);
    put_count(t, s->peak_bytes);
    tb_table_real(t, s->wall_s);
}

/* One run of the table: what it is compared with, and the result. */
struct arm {
    const struct tb_run_item *item;
    const struct tb_metrics *m;
    const char *reference; /* id; NULL: it is one itself */
    const struct tb_paired *paired; /* NULL: nothing can be compared */
};

static void put_difference(struct tb_table *t, const struct arm *a)
{
    char text[96];
    if (!a->reference) {
        tb_table_text(t, "(reference)");
    } else if (!a->paired) {
        tb_table_none(t);
    } else {
        snprintf(text, sizeof text, "%+.3f [%+.3f, %+.3f]", a->paired->difference, a->paired->low, a->paired->high);
        tb_table_text(t, text);
    }
}

static void put_spark(struct tb_table *t, const struct tb_metrics *m, bool is_ascii)
{
    struct tb_series s;
    if (!tb_series_of(&s, m, "train/loss", "step", NULL)) {
        tb_table_none(t);
        return;
    }
    char *text = tb_series_spark(&s, SPARK, is_ascii);
    tb_table_text(t, text);
    free(text);
    tb_series_free(&s);
}

static void put_losses(struct tb_table *t, const struct tb_run_summary *s)
{
    tb_table_real(t, s->first_eval);
    tb_table_real(t, s->last_eval);
    tb_table_real(t, s->best_eval);
}

static void row_for_people(struct tb_table *t, const struct arm *a, bool is_ascii)
{
    const struct tb_run_summary *s = &a->item->sum;
    tb_table_text(t, s->name);
    tb_table_text(t, tb_state_name(a->item->sight.state));
    put_count(t, s->n_trainable);
    tb_table_real(t, s->share);
    put_count(t, s->adapter_bytes);
    put_losses(t, s);
    put_difference(t, a);
    put_costs(t, a->item);
    put_spark(t, a->m, is_ascii);
}

static void row_for_programs(struct tb_table *t, const struct arm *a)
{
    const struct tb_run_summary *s = &a->item->sum;
    tb_table_text(t, s->id);
    tb_table_text(t, s->name);
    tb_table_text(t, tb_state_name(a->item->sight.state));
    tb_table_text(t, s->method);
    put_count(t, s->n_trainable);
    tb_table_real(t, s->share);
    put_count(t, s->adapter_bytes);
    put_losses(t, s);
    tb_table_text(t, a->reference);
    tb_table_real(t, a->paired ? a->paired->difference : NAN);
    tb_table_real(t, a->paired ? a->paired->low : NAN);
    tb_table_real(t, a->paired ? a->paired->high : NAN);
    put_costs(t, a->item);
    tb_table_text(t, s->final_hash);
}

static bool load(const struct tb_store *s, const char *id, struct tb_metrics *m, struct tb_err *err)
{
    char *dir = tb_store_run_dir(s, id);
    bool good = tb_metrics_load(m, dir, err);
    free(dir);
    return good;
}

/* The first runs of each order of rows, kept to compare the others with. */
struct references {
    struct tb_metrics *m;
    const char **id;
    size_t n, cap, cap_ids;
};

static const char *order_of(const struct tb_metrics *m)
{
    return tb_json_str(tb_metrics_fact(m, "data", "order_hash"), "");
}

/* The reference of a run; a run without one becomes one, and m is taken over. NULL then. */
static const struct tb_metrics *reference_of(struct references *r, struct tb_metrics *m, const char *id, struct arm *a)
{
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(order_of(&r->m[i]), order_of(m)) == 0) {
            a->reference = r->id[i];
            return &r->m[i];
        }
    r->m = tb_grow(r->m, r->n, &r->cap, sizeof *r->m);
    r->id = tb_grow(r->id, r->n, &r->cap_ids, sizeof *r->id);
    r->m[r->n] = *m;
    r->id[r->n++] = id;
    return NULL;
}

static void count_rows(struct tb_compare_note *note, const struct tb_paired *p)
{
    if (note->n_rows && note->n_rows <= p->n_rows)
        return;
    note->n_rows = p->n_rows;
    note->n_prompts = p->n_prompts;
}

struct compare {
    struct tb_table *t;
    struct tb_store *store;
    struct references refs;
    struct tb_compare_note *note;
    bool is_text, is_ascii;
};

static bool add_run(struct compare *c, const struct tb_run_item *item, const char *id, struct tb_err *err)
{
    struct tb_metrics m;
    struct tb_paired paired;
    struct arm a = { .item = item, .m = &m };
    if (!load(c->store, id, &m, err)) {
        tb_metrics_free(&m);
        return false;
    }
    const struct tb_metrics *reference = reference_of(&c->refs, &m, id, &a);
    if (reference && tb_paired_make(&paired, reference, &m, NULL)) {
        a.paired = &paired;
        count_rows(c->note, &paired);
    }
    if (c->is_text)
        row_for_people(c->t, &a, c->is_ascii);
    else
        row_for_programs(c->t, &a);
    if (reference)
        tb_metrics_free(&m);
    return true;
}

bool tb_compare_table(struct tb_table *t, struct tb_store *s, const char *const *ids, size_t n, enum tb_emit how,
                      bool is_ascii, struct tb_compare_note *note, struct tb_err *err)
{
    struct compare c = { .t = t, .store = s, .note = note, .is_text = how == TB_EMIT_TEXT, .is_ascii = is_ascii };
    struct tb_run_item *all = NULL;
    size_t n_all = 0;
    *note = (struct tb_compare_note){ 0 };
    tb_table_init(t, c.is_text ? for_people : for_programs, c.is_text ? sizeof for_people / sizeof *for_people
                                                                      : sizeof for_programs / sizeof *for_programs);
    bool good = tb_store_list(s, &all, &n_all, err);
    for (size_t i = 0; good && i < n; i++) {
        const struct tb_run_item *item = item_of(all, n_all, ids[i]);
        if (item && !item->sum.damage[0]) /* who trained has told that it cannot be read */
            good = add_run(&c, item, ids[i], err);
    }
    note->n_references = c.refs.n;
    for (size_t i = 0; i < c.refs.n; i++)
        tb_metrics_free(&c.refs.m[i]);
    free(c.refs.m);
    free(c.refs.id);
    free(all);
    return good;
}
