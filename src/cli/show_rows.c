/* SPDX-License-Identifier: MIT */
/* show_rows.c - losses come out of the store, texts from the data that the run was trained on. */
#include "cli/show_rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "worker/session.h"

enum { WIDTH = 14 };

static void print_texts(const struct tb_out *o, const struct tb_json *row)
{
    const char *prompt = tb_json_str(tb_json_get(row, "prompt"), ""),
               *completion = tb_json_str(tb_json_get(row, "completion"), "");
    if (*prompt)
        tb_out_pair(o, WIDTH, "  prompt", prompt);
    if (*completion)
        tb_out_pair(o, WIDTH, "  completion", completion);
}

static void print_row(const struct tb_out *o, const struct tb_json *row, const char *what)
{
    char name[32];
    snprintf(name, sizeof name, "row %lld", (long long)tb_json_int(tb_json_get(row, "row_id"), -1));
    putchar('\n');
    tb_out_pair(o, WIDTH, name, what);
    print_texts(o, row);
}

static void set_run(struct tb_json *map, const struct tb_pick *p)
{
    tb_json_set(map, "id", tb_json_new_str(p->item.sum.id));
    tb_json_set(map, "name", tb_json_new_str(p->item.sum.name));
}

/* ---- trained on */

static const struct tb_train_row *train_row(const struct tb_metrics *m, int64_t step)
{
    for (size_t i = 0; i < m->n_train; i++)
        if (m->train[i].step == (double)step && step <= m->step)
            return &m->train[i];
    return NULL;
}

static void print_batch(const struct tb_out *o, const struct tb_pick *p, const struct tb_json *batch,
                        const struct tb_train_row *r)
{
    const struct tb_json *rows = tb_json_get(batch, "rows");
    char loss[32], norm[32], what[96];
    tb_out_safe(p->item.sum.name);
    printf("  step %.0f: loss %s, gradient norm %s; %zu rows of epoch %lld\n", r->step,
           tb_fmt_unit(loss, sizeof loss, TB_UNIT_LOSS, r->loss),
           tb_fmt_unit(norm, sizeof norm, TB_UNIT_LOSS, r->grad_norm), tb_json_len(rows),
           (long long)tb_json_int(tb_json_get(batch, "epoch"), 0) + 1);
    for (size_t i = 0; i < tb_json_len(rows); i++) {
        const struct tb_json *row = tb_json_at(rows, i);
        long long n = tb_json_int(tb_json_get(row, "tokens"), 0),
                  n_prompt = tb_json_int(tb_json_get(row, "prompt_tokens"), 0);
        snprintf(what, sizeof what, "%lld tokens, %lld of them prompt", n, n_prompt);
        print_row(o, row, what);
    }
}

bool tb_show_batch(const struct tb_out *o, const struct tb_pick *p, const char *store, int64_t step,
                   struct tb_err *err)
{
    const struct tb_train_row *r = train_row(&p->m, step);
    if (!r)
        return tb_fail(err, TB_ERR_NOTFOUND, "%s has no step %lld; its last one is %lld", p->item.sum.name,
                       (long long)step, (long long)p->m.step);
    struct tb_json *batch = tb_session_batch(store, p->item.sum.id, step, err);
    if (!batch)
        return false;
    if (o->form != TB_EMIT_JSON) {
        print_batch(o, p, batch, r);
        tb_json_free(batch);
        return true;
    }
    set_run(batch, p);
    tb_json_set(batch, "loss", tb_json_new_real(r->loss));
    tb_json_set(batch, "grad_norm", tb_json_new_real(r->grad_norm));
    tb_out_json(o, batch);
    return true;
}

/* ---- evaluated on */

/* The highest loss first, what is no number before all, equal ones by row. */
static int by_loss(const void *a, const void *b)
{
    const struct tb_row_loss *x = a, *y = b;
    if (isnan(x->loss) != isnan(y->loss))
        return isnan(x->loss) ? -1 : 1;
    if (x->loss != y->loss && !isnan(x->loss))
        return x->loss > y->loss ? -1 : 1;
    return (x->row_id > y->row_id) - (x->row_id < y->row_id);
}

static struct tb_row_loss *rows_of(const struct tb_metrics *m, int64_t step, size_t *n)
{
    struct tb_row_loss *rows = tb_xcalloc(m->n_rows + 1, sizeof *rows);
    *n = 0;
    for (size_t i = 0; i < m->n_rows; i++)
        if (m->rows[i].step == step)
            rows[(*n)++] = m->rows[i];
    qsort(rows, *n, sizeof *rows, by_loss);
    return rows;
}

static struct tb_json *texts_of(const struct tb_row_loss *rows, size_t n, const struct tb_pick *p, const char *store,
                                struct tb_err *why)
{
    int64_t *id = tb_xcalloc(n + 1, sizeof *id);
    for (size_t i = 0; i < n; i++)
        id[i] = rows[i].row_id;
    struct tb_json *texts = tb_session_row_texts(store, p->item.sum.id, id, n, why);
    free(id);
    return texts;
}

static struct tb_json *row_json(const struct tb_row_loss *r, const struct tb_json *text)
{
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "row_id", tb_json_new_int(r->row_id));
    tb_json_set(map, "loss", tb_json_new_real(r->loss));
    tb_json_set(map, "n_tok", tb_json_new_int(r->n_tok));
    for (void *it = tb_json_first(text); it; it = tb_json_next(text, it))
        tb_json_set(map, tb_json_iter_key(it), tb_json_copy(tb_json_iter_value(it)));
    return map;
}

static void print_rows(const struct tb_out *o, const struct tb_pick *p, const struct tb_json *list, int64_t step,
                       const struct tb_err *why)
{
    char loss[32], what[96], text[sizeof why->where + sizeof why->text + 32];
    tb_out_safe(p->item.sum.name);
    printf("  evaluation after step %lld, the highest loss first\n", (long long)step);
    if (why->kind != TB_ERR_NONE)
        tb_out_pair(o, WIDTH, "no texts", tb_err_string(why, text, sizeof text));
    for (size_t i = 0; i < tb_json_len(list); i++) {
        const struct tb_json *row = tb_json_at(list, i);
        tb_fmt_unit(loss, sizeof loss, TB_UNIT_LOSS, tb_json_real(tb_json_get(row, "loss"), NAN));
        snprintf(what, sizeof what, "loss %s over %lld tokens", loss,
                 (long long)tb_json_int(tb_json_get(row, "n_tok"), 0));
        print_row(o, row, what);
    }
}

bool tb_show_rows(const struct tb_out *o, const struct tb_pick *p, const char *store, int64_t step, struct tb_err *err)
{
    size_t n;
    struct tb_err why = { 0 };
    struct tb_row_loss *rows = rows_of(&p->m, step, &n);
    struct tb_json *texts = n ? texts_of(rows, n, p, store, &why) : NULL, *list = tb_json_new_list();
    for (size_t i = 0; i < n; i++)
        tb_json_append(list, row_json(&rows[i], tb_json_at(texts, i)));
    if (n && o->form == TB_EMIT_JSON) {
        struct tb_json *map = tb_json_new_map();
        set_run(map, p);
        tb_json_set(map, "step", tb_json_new_int(step));
        tb_json_set(map, "rows", tb_json_copy(list));
        tb_out_json(o, map);
    } else if (n) {
        print_rows(o, p, list, step, &why);
    }
    tb_json_free(list);
    tb_json_free(texts);
    free(rows);
    return n || tb_fail(err, TB_ERR_NOTFOUND, "%s has no results of single rows after step %lld; `show %s` lists its "
                        "evaluations", p->item.sum.name, (long long)step, p->item.sum.name);
}
