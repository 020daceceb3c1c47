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
#include "view/series.h"

enum { SPARK = 16 };

static const struct tb_table_column for_people[] = {
    { "name", "run", TB_UNIT_TEXT, false }, { "state", NULL, TB_UNIT_TEXT, false },
    { "trainable", NULL, TB_UNIT_COUNT, false }, { "share", "of base", TB_UNIT_SHARE, false },
    { "adapter_bytes", "adapter", TB_UNIT_BYTES, false }, { "first_eval", "eval@0", TB_UNIT_LOSS, false },
    { "best_eval", "best", TB_UNIT_LOSS, false }, { "difference", "against the first", TB_UNIT_TEXT, false },
    { "tok_s", "tok/s", TB_UNIT_PLAIN, false }, { "predicted_bytes", "memory", TB_UNIT_BYTES, false },
    { "peak_bytes", "measured", TB_UNIT_BYTES, false }, { "wall_s", "time", TB_UNIT_SECONDS, false },
    { "spark", "training loss", TB_UNIT_TEXT, false },
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
    { "best_eval", NULL, TB_UNIT_LOSS, false },
    { "difference", NULL, TB_UNIT_LOSS, false },
    { "low", NULL, TB_UNIT_LOSS, false },
    { "high", NULL, TB_UNIT_LOSS, false },
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
static double mean_rate(const struct tb_run_summary *s)
{
    return s->wall_s > 0 ? floor((double)s->tokens / s->wall_s + 0.5) : NAN;
}

static void put_count(struct tb_table *t, int64_t v)
{
    if (v < 0)
        tb_table_none(t);
    else
        tb_table_int(t, v);
}

static void put_costs(struct tb_table *t, const struct tb_run_summary *s)
{
    tb_table_real(t, mean_rate(s));
    put_count(t, s->predicted_bytes);
    put_count(t, s->peak_bytes);
    tb_table_real(t, s->wall_s);
}

static void put_difference(struct tb_table *t, const struct tb_paired *p, bool is_first)
{
    char text[96];
    if (is_first) {
        tb_table_text(t, "(reference)");
    } else if (!p) {
        tb_table_none(t);
    } else {
        snprintf(text, sizeof text, "%+.3f [%+.3f, %+.3f]", p->difference, p->low, p->high);
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

static void row_for_people(struct tb_table *t, const struct tb_run_item *r, const struct tb_metrics *m,
                           const struct tb_paired *p, bool is_first, bool is_ascii)
{
    const struct tb_run_summary *s = &r->sum;
    tb_table_text(t, s->name);
    tb_table_text(t, s->ended_by[0] && r->sight.state != TB_STATE_DONE ? s->ended_by : tb_state_name(r->sight.state));
    put_count(t, s->n_trainable);
    tb_table_real(t, s->share);
    put_count(t, s->adapter_bytes);
    tb_table_real(t, s->first_eval);
    tb_table_real(t, s->best_eval);
    put_difference(t, p, is_first);
    put_costs(t, s);
    put_spark(t, m, is_ascii);
}

static void row_for_programs(struct tb_table *t, const struct tb_run_item *r, const struct tb_paired *p)
{
    const struct tb_run_summary *s = &r->sum;
    tb_table_text(t, s->id);
    tb_table_text(t, s->name);
    tb_table_text(t, tb_state_name(r->sight.state));
    tb_table_text(t, s->method);
    put_count(t, s->n_trainable);
    tb_table_real(t, s->share);
    put_count(t, s->adapter_bytes);
    tb_table_real(t, s->first_eval);
    tb_table_real(t, s->best_eval);
    tb_table_real(t, p ? p->difference : NAN);
    tb_table_real(t, p ? p->low : NAN);
    tb_table_real(t, p ? p->high : NAN);
    put_costs(t, s);
    tb_table_text(t, s->final_hash);
}

static bool load(const struct tb_store *s, const char *id, struct tb_metrics *m, struct tb_err *err)
{
    char *dir = tb_store_run_dir(s, id);
    bool good = tb_metrics_load(m, dir, err);
    free(dir);
    return good;
}

bool tb_compare_table(struct tb_table *t, struct tb_store *s, const char *const *ids, size_t n, enum tb_emit how,
                      bool is_ascii, struct tb_err *err)
{
    bool is_text = how == TB_EMIT_TEXT;
    struct tb_run_item *all = NULL;
    size_t n_all = 0;
    struct tb_metrics first = { 0 }, m;
    bool has_first = false;
    tb_table_init(t, is_text ? for_people : for_programs, is_text ? sizeof for_people / sizeof *for_people
                                                                  : sizeof for_programs / sizeof *for_programs);
    bool good = tb_store_list(s, &all, &n_all, err);
    for (size_t i = 0; good && i < n; i++) {
        const struct tb_run_item *r = item_of(all, n_all, ids[i]);
        struct tb_paired paired;
        if (!r || r->sum.damage[0]) /* who trained has told that it cannot be read */
            continue;
        good = load(s, ids[i], has_first ? &m : &first, err);
        bool has_pair = good && has_first && tb_paired_make(&paired, &first, &m, NULL);
        if (good && is_text)
            row_for_people(t, r, has_first ? &m : &first, has_pair ? &paired : NULL, !has_first, is_ascii);
        else if (good)
            row_for_programs(t, r, has_pair ? &paired : NULL);
        if (has_first)
            tb_metrics_free(&m);
        has_first = true;
    }
    tb_metrics_free(&first);
    free(all);
    return good;
}
