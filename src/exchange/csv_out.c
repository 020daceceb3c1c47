/* SPDX-License-Identifier: MIT */
/* csv_out.c - the tables of a run as CSV. Names and order of the columns are those of the store (store/layout.h). */
#include "exchange/csv_out.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static void put_number(struct tb_buf *out, const struct tb_column *column, double v)
{
    if (column->is_int && v == floor(v) && fabs(v) < 9e15)
        tb_buf_fmt(out, "%" PRId64, (int64_t)v);
    else if (isnan(v))
        tb_buf_str(out, "nan");
    else
        tb_buf_fmt(out, "%.17g", v);
}

/* n rows of n_columns doubles each, the store's form of a table. */
static void put_table(struct tb_buf *out, const struct tb_column *column, int n_columns, const double *rows, size_t n)
{
    for (int c = 0; c < n_columns; c++)
        tb_buf_fmt(out, "%s%s", c ? "," : "", column[c].name);
    tb_buf_str(out, "\r\n");
    for (size_t i = 0; i < n; i++, rows += n_columns) {
        for (int c = 0; c < n_columns; c++) {
            tb_buf_str(out, c ? "," : "");
            put_number(out, &column[c], rows[c]);
        }
        tb_buf_str(out, "\r\n");
    }
}

static void put_rows(struct tb_buf *out, const struct tb_metrics *m)
{
    tb_buf_str(out, "step,row_id,prompt_id,n_tok,loss\r\n");
    for (size_t i = 0; i < m->n_rows; i++) {
        const struct tb_row_loss *r = &m->rows[i];
        tb_buf_fmt(out, "%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",", r->step, r->row_id, r->prompt_id, r->n_tok);
        if (isnan(r->loss))
            tb_buf_str(out, "nan\r\n");
        else
            tb_buf_fmt(out, "%.17g\r\n", r->loss);
    }
}

bool tb_csv_write(const struct tb_metrics *m, const char *table, struct tb_buf *out, struct tb_err *err)
{
    if (strcmp(table, "train") == 0)
        put_table(out, tb_train_columns, TB_N_TRAIN, (const double *)m->train, m->n_train);
    else if (strcmp(table, "eval") == 0)
        put_table(out, tb_eval_columns, TB_N_EVAL, (const double *)m->eval, m->n_eval);
    else if (strcmp(table, "rows") == 0)
        put_rows(out, m);
    else
        return tb_fail(err, TB_ERR_USAGE, "a run has no table '%.40s'; it has train, eval and rows", table);
    return true;
}
