/* SPDX-License-Identifier: MIT */
/* Tables of a run as CSV: names of the columns, integers without a point, reals that read back, nan, unknown tables. */
#include "exchange/csv_out.h"

#include <stdlib.h>

#include "tests/tap.h"

static void table(const struct tb_metrics *m, const char *name, const char *want)
{
    struct tb_buf b = { 0 };
    struct tb_err err = { 0 };
    ok(tb_csv_write(m, name, &b, &err), "%s %s", name, err.text);
    is_str(b.p, want, name);
    tb_buf_free(&b);
}

int main(void)
{
    struct tb_train_row train[2] = { { 1, 320, 0.5, 4.25, 5e-4, 1.0 / 3, 640, 1073741824 },
                                     { 2, 640, 1, NAN, 5e-4, INFINITY, 640, 1073741824 } };
    struct tb_eval_row eval = { 0, 0, 0, 0.1, 4630 };
    struct tb_row_loss rows = { .step = 24, .row_id = 7, .prompt_id = 5, .n_tok = 12, .loss = 2.5 };
    struct tb_metrics m = { .train = train, .n_train = 2, .eval = &eval, .n_eval = 1, .rows = &rows, .n_rows = 1 };
    struct tb_buf b = { 0 };
    struct tb_err err = { 0 };
    table(&m, "train", "step,tokens,wall_s,loss,lr,grad_norm,tok_per_s,mem_bytes\r\n"
                       "1,320,0.5,4.25,0.00050000000000000001,0.33333333333333331,640,1073741824\r\n"
                       "2,640,1,nan,0.00050000000000000001,inf,640,1073741824\r\n");
    table(&m, "eval", "step,tokens,wall_s,loss,n_tok\r\n0,0,0,0.10000000000000001,4630\r\n");
    table(&m, "rows", "step,row_id,prompt_id,n_tok,loss\r\n24,7,5,12,2.5\r\n");
    m.n_train = 0;
    table(&m, "train", "step,tokens,wall_s,loss,lr,grad_norm,tok_per_s,mem_bytes\r\n");
    ok(!tb_csv_write(&m, "samples", &b, &err) && err.kind == TB_ERR_USAGE, "another name: %s", err.text);
    return done();
}
