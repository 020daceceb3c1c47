/* SPDX-License-Identifier: MIT */
/* show_rows.c - losses come out of the store, texts from the data that the run was trained on. */
#include "cli/show_rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- trained on */

static const struct tb_train_row *train_row(const struct tb_metrics *m, int64_t step)
{
    for (size_t i = 0; i < m->n_train; i++)
        if (m->train[i].step == (double)step && step <= m->step)
            return &m->train[i];
    return NULL;
}

/* The losses of a step with so many rows; NULL if they were not recorded. */
static const float *losses_of(const struct tb_metrics *m, int64_t step, size_t n_rows)
{
    size_t n;
    const float *loss = tb_step_rows_of(&m->step_rows, step, &n);
    return n == n_rows ? loss : NULL;
}

/* The rows with their losses and how far these are above that of the step, sorted; equal ones in the order of the step.
 * NULL if they were not recorded. */
static struct tb_json *with_losses(const struct tb_json *rows, const struct tb_metrics *m,
                                   const struct tb_train_row *r)
{
    size_t n = tb_json_len(rows);
    const float *loss = losses_of(m, (int64_t)r->step, n);
    if (!loss)
        return NULL;
    struct tb_row_loss *by = tb_xcalloc(n + 1, sizeof *by);
    struct tb_json *list = tb_json_new_list();
    for (size_t i = 0; i < n; i++)
        by[i] = (struct tb_row_loss){ .row_id = (int64_t)i, .loss = (double)loss[i] };
    qsort(by, n, sizeof *by, by_loss);
    for (size_t i = 0; i < n; i++) {
        struct tb_json *row = tb_json_copy(tb_json_at(rows, (size_t)by[i].row_id));
        tb_json_set(row, "loss", tb_json_new_real(by[i].loss));
        tb_json_set(row, "difference", tb_json_new_real(by[i].loss - r->loss));
        tb_json_append(list, row);
    }
    free(by);
    return list;
}

static void print_batch_row(const struct tb_out *o, const struct tb_json *row, bool has_losses)
{
    char loss[32], difference[32] = "", what[160] = "";
    double above = tb_json_real(tb_json_get(row, "difference"), NAN);
    tb_fmt_unit(loss, sizeof loss, TB_UNIT_LOSS, tb_json_real(tb_json_get(row, "loss"), NAN));
    if (isfinite(above))
        snprintf(difference, sizeof difference, " (%+.3f)", above);
    if (has_losses)
        snprintf(what, sizeof what, "loss %s%s, ", loss, difference);
    size_t n = strlen(what);
    snprintf(what + n, sizeof what - n, "%lld tokens, %lld of them prompt",
             (long long)tb_json_int(tb_json_get(row, "tokens"), 0),
             (long long)tb_json_int(tb_json_get(row, "prompt_tokens"), 0));
    print_row(o, row, what);
}

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The command that trains the run again without these rows, and without those that it left out itself. Its last word is
 * read by who shows this text (tb_batch_without). */
static void print_without(const struct tb_pick *p, const struct tb_args *a, const struct tb_json *rows)
{
    struct tb_buf word = { 0 }, line = { 0 };
    size_t n = tb_json_len(rows);
    int64_t *id = tb_xcalloc(n + 1, sizeof *id);
    for (size_t i = 0; i < n; i++)
        id[i] = tb_json_int(tb_json_get(tb_json_at(rows, i), "row_id"), 0);
    qsort(id, n, sizeof *id, by_number);
    tb_buf_fmt(&word, "data.without=%s", tb_json_str(tb_metrics_fact(&p->m, "config", "data.without"), ""));
    for (size_t i = 0; i < n; i++)
        tb_buf_fmt(&word, "%s%lld", word.p[word.n - 1] == '=' ? "" : " ", (long long)id[i]);
    tb_buf_fmt(&line, "tunebench clone %s", p->item.sum.id);
    tb_args_tell_store(&line, a);
    tb_buf_str(&line, " --set ");
    tb_shell_quote(&line, word.p);
    printf("\nto train without them, from the newest checkpoint (or --at STEP, --cold):\n");
    tb_out_safe(line.p);
    putchar('\n');
    tb_buf_free(&word);
    tb_buf_free(&line);
    free(id);
}

static void print_batch(const struct tb_out *o, const struct tb_pick *p, const struct tb_json *batch,
                        const struct tb_train_row *r, bool has_losses)
{
    const struct tb_json *rows = tb_json_get(batch, "rows");
    char loss[32], norm[32], bounds[96];
    tb_out_safe(p->item.sum.name);
    printf("  step %.0f: loss %s, gradient norm %s; %zu rows of epoch %lld%s\n", r->step,
           tb_fmt_unit(loss, sizeof loss, TB_UNIT_LOSS, r->loss),
           tb_fmt_unit(norm, sizeof norm, TB_UNIT_LOSS, r->grad_norm), tb_json_len(rows),
           (long long)tb_json_int(tb_json_get(batch, "epoch"), 0) + 1,
           has_losses ? ", the highest loss first (+ above the step's)" : "");
    snprintf(bounds, sizeof bounds, "a run keeps those of %d rows, and none of a step of more than %d",
             TB_STEP_ROWS_MAX, TB_STEP_ROWS_STEP);
    if (!has_losses)
        tb_out_words(o, WIDTH, "no losses", tb_step_rows_have_room(&p->m.step_rows, tb_json_len(rows))
                     ? "the version that trained this step did not record those of single rows"
                     : bounds);
    for (size_t i = 0; i < tb_json_len(rows); i++)
        print_batch_row(o, tb_json_at(rows, i), has_losses);
}

static void put_batch(const struct tb_out *o, const struct tb_pick *p, const struct tb_args *a, struct tb_json *batch,
                      const struct tb_train_row *r)
{
    static const struct tb_table_column columns[] = {
        { .name = "row_id" }, { .name = "loss", .is_f32 = true }, { .name = "difference" }, { .name = "tokens" },
        { .name = "prompt_tokens" }, { .name = "prompt", .unit = TB_UNIT_TEXT },
        { .name = "completion", .unit = TB_UNIT_TEXT },
    };
    struct tb_json *rows = with_losses(tb_json_get(batch, "rows"), &p->m, r);
    bool has_losses = rows;
    if (rows)
        tb_json_set(batch, "rows", rows);
    if (o->form == TB_EMIT_TEXT) {
        print_batch(o, p, batch, r, has_losses);
        print_without(p, a, tb_json_get(batch, "rows"));
    } else if (o->form != TB_EMIT_JSON) {
        tb_out_maps(o, tb_json_get(batch, "rows"), columns, sizeof columns / sizeof *columns);
    } else {
        set_run(batch, p);
        tb_json_set(batch, "loss", tb_json_new_real(r->loss));
        tb_json_set(batch, "grad_norm", tb_json_new_real(r->grad_norm));
        tb_json_set(batch, "has_row_losses", tb_json_new_bool(has_losses));
        tb_out_json(o, tb_json_copy(batch));
    }
    tb_json_free(batch);
}

bool tb_show_batch(const struct tb_out *o, const struct tb_pick *p, const struct tb_args *a, int64_t step,
                   struct tb_err *err)
{
    const struct tb_train_row *r = train_row(&p->m, step);
    if (!r)
        return tb_fail(err, TB_ERR_NOTFOUND, "%s has no step %lld; its last one is %lld", p->item.sum.name,
                       (long long)step, (long long)p->m.step);
    struct tb_json *batch = tb_session_batch(tb_args_get(a, "store"), p->item.sum.id, step, err);
    if (batch)
        put_batch(o, p, a, batch, r);
    return batch != NULL;
}

/* ---- evaluated on */

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
    static const struct tb_table_column columns[] = {
        { .name = "row_id" }, { .name = "loss" }, { .name = "n_tok" }, { .name = "prompt", .unit = TB_UNIT_TEXT },
        { .name = "completion", .unit = TB_UNIT_TEXT },
    };
    size_t n;
    struct tb_err why = { 0 };
    struct tb_row_loss *rows = rows_of(&p->m, step, &n);
    struct tb_json *texts = n ? texts_of(rows, n, p, store, &why) : NULL, *list = tb_json_new_list();
    for (size_t i = 0; i < n; i++)
        tb_json_append(list, row_json(&rows[i], tb_json_at(texts, i)));
    if (n && o->form != TB_EMIT_TEXT && o->form != TB_EMIT_JSON) {
        tb_out_maps(o, list, columns, sizeof columns / sizeof *columns);
    } else if (n && o->form == TB_EMIT_JSON) {
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
