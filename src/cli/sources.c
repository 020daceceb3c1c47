/* SPDX-License-Identifier: MIT */
/* sources.c - the sources of a mix as a table, and the rows of an evaluation added up by source: the rows of a source
 * are numbered without a gap from its first_row on. */
#include "cli/sources.h"

#include <math.h>
#include <stdio.h>

#include "base/file.h"

static double real(const struct tb_json *map, const char *key)
{
    return tb_json_real(tb_json_get(map, key), NAN);
}

static int64_t count(const struct tb_json *map, const char *key)
{
    return tb_json_int(tb_json_get(map, key), 0);
}

static struct tb_json *loss_of(const struct tb_metrics *m, int64_t step, const struct tb_json *source)
{
    int64_t first = count(source, "first_row"), behind = first + count(source, "n_rows"), n_tok = 0, n_rows = 0;
    struct tb_json *out = tb_json_new_map();
    double sum = 0;
    for (size_t i = 0; i < m->n_rows; i++) {
        const struct tb_row_loss *r = &m->rows[i];
        if (r->step != step || r->row_id < first || r->row_id >= behind)
            continue;
        sum += r->loss * (double)r->n_tok;
        n_tok += r->n_tok;
        n_rows++;
    }
    tb_json_set(out, "loss", n_tok ? tb_json_new_real(sum / (double)n_tok) : tb_json_new_null());
    tb_json_set(out, "n_tok", tb_json_new_int(n_tok));
    tb_json_set(out, "n_rows", tb_json_new_int(n_rows));
    return out;
}

struct tb_json *tb_sources_losses(const struct tb_metrics *m, int64_t step)
{
    const struct tb_json *sources = tb_metrics_fact(m, "data", "sources");
    struct tb_json *out = tb_json_len(sources) ? tb_json_new_list() : NULL;
    for (size_t i = 0; i < tb_json_len(sources); i++)
        tb_json_append(out, loss_of(m, step, tb_json_at(sources, i)));
    return out;
}

static void put_source(struct tb_table *t, size_t i, const struct tb_json *s, const struct tb_json *loss)
{
    char name[32], weight[32];
    snprintf(name, sizeof name, "  data.%zu", i);
    snprintf(weight, sizeof weight, "%.6g", real(s, "weight"));
    tb_table_text(t, name);
    tb_table_text(t, tb_path_base(tb_json_str(tb_json_get(s, "path"), "")));
    tb_table_text(t, tb_json_str(tb_json_get(s, "kind"), ""));
    tb_table_text(t, weight);
    tb_table_int(t, count(s, "n_rows"));
    tb_table_int(t, count(s, "n_held"));
    tb_table_int(t, count(s, "n_dropped"));
    tb_table_int(t, count(s, "n_epoch"));
    tb_table_int(t, count(s, "tok"));
    tb_table_real(t, real(s, "share"));
    tb_table_int(t, count(s, "n_eval"));
    tb_table_real(t, real(loss, "loss"));
}

void tb_sources_print(const struct tb_out *o, const struct tb_json *data, const struct tb_metrics *m)
{
    static const struct tb_table_column columns[] = {
        { "  source", NULL, TB_UNIT_TEXT, false },  { "file", NULL, TB_UNIT_TEXT, false },
        { "kind", NULL, TB_UNIT_TEXT, false },      { "weight", NULL, TB_UNIT_TEXT, false },
        { "rows", NULL, TB_UNIT_COUNT, false },     { "held out", NULL, TB_UNIT_COUNT, false },
        { "dropped", NULL, TB_UNIT_COUNT, false },  { "in an epoch", NULL, TB_UNIT_COUNT, false },
        { "tokens", NULL, TB_UNIT_COUNT, false },   { "of all", NULL, TB_UNIT_SHARE, false },
        { "scored", NULL, TB_UNIT_COUNT, false },   { "loss", NULL, TB_UNIT_LOSS, false },
    };
    static const char *const missed_least[] = { "dropped", "kind", "scored", "rows", NULL };
    const struct tb_json *sources = tb_json_get(data, "sources");
    bool has_losses = m && m->n_eval;
    struct tb_json *losses = has_losses ? tb_sources_losses(m, (int64_t)m->eval[m->n_eval - 1].step) : NULL;
    struct tb_table t;
    if (!tb_json_len(sources))
        return;
    tb_table_init(&t, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < tb_json_len(sources); i++)
        put_source(&t, i, tb_json_at(sources, i), tb_json_at(losses, i));
    if (!has_losses)
        tb_table_drop(&t, "loss");
    tb_out_head(o, "SOURCES");
    tb_out_table_fit(o, &t, missed_least);
    tb_table_free(&t);
    tb_json_free(losses);
}
