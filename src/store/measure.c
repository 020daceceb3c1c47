/* SPDX-License-Identifier: MIT */
/* measure.c - the table of measures, and one of them as a journal record: a JSON map {step, name, value, low, high}
 * with the columns row_id, prompt_id, n_tok and values of its rows. NaN is null. */
#include "store/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

void tb_measures_free(struct tb_measures *m)
{
    for (size_t i = 0; i < m->n; i++)
        free(m->at[i].row);
    free(m->at);
    *m = (struct tb_measures){ 0 };
}

static int order(const struct tb_measure *a, int64_t step, const char *name)
{
    return a->step != step ? (a->step > step) - (a->step < step) : strcmp(a->name, name);
}

/* Most come last. */
void tb_measures_put(struct tb_measures *m, const struct tb_measure *one)
{
    size_t i = m->n;
    while (i > 0 && order(&m->at[i - 1], one->step, one->name) >= 0)
        i--;
    if (i < m->n && order(&m->at[i], one->step, one->name) == 0) {
        free(m->at[i].row);
        m->at[i] = *one;
        return;
    }
    m->at = tb_grow(m->at, m->n, &m->cap, sizeof *m->at);
    memmove(m->at + i + 1, m->at + i, (m->n - i) * sizeof *m->at);
    m->at[i] = *one;
    m->n++;
}

void tb_measures_drop(struct tb_measures *m, int64_t step)
{
    while (m->n && m->at[m->n - 1].step > step)
        free(m->at[--m->n].row);
}

const struct tb_measure *tb_measures_at(const struct tb_measures *m, const char *name, int64_t step)
{
    for (size_t i = m->n; i-- > 0;)
        if (order(&m->at[i], step, name) == 0)
            return &m->at[i];
    return NULL;
}

const struct tb_measure *tb_measures_last(const struct tb_measures *m, const char *name, int64_t step)
{
    for (size_t i = m->n; i-- > 0;)
        if (m->at[i].step <= step && strcmp(m->at[i].name, name) == 0)
            return &m->at[i];
    return NULL;
}

void tb_record_measure(struct tb_buf *b, const struct tb_measure *one)
{
    struct tb_json *map = tb_json_new_map(), *id = tb_json_new_list(), *prompt = tb_json_new_list(),
                   *tok = tb_json_new_list(), *values = tb_json_new_list();
    for (size_t i = 0; i < one->n_rows; i++) {
        tb_json_append(id, tb_json_new_int(one->row[i].row_id));
        tb_json_append(prompt, tb_json_new_int(one->row[i].prompt_id));
        tb_json_append(tok, tb_json_new_int(one->row[i].n_tok));
        tb_json_append(values, tb_json_new_real(one->row[i].value));
    }
    tb_json_set(map, "step", tb_json_new_int(one->step));
    tb_json_set(map, "name", tb_json_new_str(one->name));
    tb_json_set(map, "value", tb_json_new_real(one->value));
    tb_json_set(map, "low", tb_json_new_real(one->low));
    tb_json_set(map, "high", tb_json_new_real(one->high));
    tb_json_set(map, "row_id", id);
    tb_json_set(map, "prompt_id", prompt);
    tb_json_set(map, "n_tok", tok);
    tb_json_set(map, "values", values);
    char *text = tb_json_text(map, TB_JSON_LINE);
    tb_buf_str(b, text);
    free(text);
    tb_json_free(map);
}

bool tb_measures_apply(struct tb_measures *m, const struct tb_json *map)
{
    const struct tb_json *id = tb_json_get(map, "row_id"), *prompt = tb_json_get(map, "prompt_id"),
                         *tok = tb_json_get(map, "n_tok"), *values = tb_json_get(map, "values");
    const char *name = tb_json_str(tb_json_get(map, "name"), "");
    struct tb_measure one = { .step = tb_json_int(tb_json_get(map, "step"), -1),
                              .value = tb_json_real(tb_json_get(map, "value"), NAN),
                              .low = tb_json_real(tb_json_get(map, "low"), NAN),
                              .high = tb_json_real(tb_json_get(map, "high"), NAN), .n_rows = tb_json_len(id) };
    size_t n = one.n_rows;
    if (one.step < 0 || !*name || strlen(name) >= sizeof one.name || n != tb_json_len(prompt) || n != tb_json_len(tok)
        || n != tb_json_len(values))
        return false;
    tb_str_copy(one.name, sizeof one.name, name);
    one.row = tb_xcalloc(n + 1, sizeof *one.row);
    for (size_t i = 0; i < n; i++)
        one.row[i] = (struct tb_measure_row){
            tb_json_int(tb_json_at(id, i), -1), tb_json_int(tb_json_at(prompt, i), -1),
            tb_json_int(tb_json_at(tok, i), 0), tb_json_real(tb_json_at(values, i), NAN) };
    tb_measures_put(m, &one);
    return true;
}
