/* SPDX-License-Identifier: MIT */
/* records.c - the data of journal records (doc/frozen.md 5): typed values to bytes. Train and eval rows
 * are the doubles of their struct, little-endian; everything else is one JSON map whose reals read
 * back to the same bits and whose NaN and inf are null. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/metrics.h"

static void doubles(struct tb_buf *b, const void *row, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += sizeof(double)) {
        uint64_t bits;
        memcpy(&bits, (const char *)row + i, sizeof bits);
        tb_buf_u64(b, bits);
    }
}

void tb_record_train(struct tb_buf *b, const struct tb_train_row *row)
{
    doubles(b, row, sizeof *row);
}

void tb_record_eval(struct tb_buf *b, const struct tb_eval_row *row)
{
    doubles(b, row, sizeof *row);
}

/* The map as text; takes it over. */
static void json(struct tb_buf *b, struct tb_json *map)
{
    char *text = tb_json_text(map, TB_JSON_LINE);
    tb_buf_str(b, text);
    free(text);
    tb_json_free(map);
}

static struct tb_json *names(const struct tb_column *columns, int n)
{
    struct tb_json *list = tb_json_new_list();
    for (int i = 0; i < n; i++)
        tb_json_append(list, tb_json_new_str(columns[i].name));
    return list;
}

void tb_record_schema(struct tb_buf *b)
{
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "schema", tb_json_new_str(TB_STORE_SCHEMA));
    tb_json_set(map, "version", tb_json_new_str(TB_STORE_VERSION));
    tb_json_set(map, "train", names(tb_train_columns, TB_N_TRAIN));
    tb_json_set(map, "eval", names(tb_eval_columns, TB_N_EVAL));
    json(b, map);
}

void tb_record_rows(struct tb_buf *b, const struct tb_row_loss *rows, size_t n)
{
    struct tb_json *map = tb_json_new_map(), *id = tb_json_new_list(), *prompt = tb_json_new_list(),
                   *tok = tb_json_new_list(), *loss = tb_json_new_list();
    for (size_t i = 0; i < n; i++) {
        tb_json_append(id, tb_json_new_int(rows[i].row_id));
        tb_json_append(prompt, tb_json_new_int(rows[i].prompt_id));
        tb_json_append(tok, tb_json_new_int(rows[i].n_tok));
        tb_json_append(loss, tb_json_new_real(rows[i].loss));
    }
    tb_json_set(map, "step", tb_json_new_int(n ? rows[0].step : 0));
    tb_json_set(map, "row_id", id);
    tb_json_set(map, "prompt_id", prompt);
    tb_json_set(map, "n_tok", tok);
    tb_json_set(map, "loss", loss);
    json(b, map);
}

void tb_record_event(struct tb_buf *b, const struct tb_event *e)
{
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "wall_s", tb_json_new_real(e->wall_s));
    tb_json_set(map, "step", tb_json_new_int(e->step));
    tb_json_set(map, "kind", tb_json_new_str(e->kind));
    tb_json_set(map, "text", tb_json_new_str(e->text));
    tb_json_set(map, "at", tb_json_new_str(e->at));
    json(b, map);
}

void tb_record_sample(struct tb_buf *b, const struct tb_sample *s)
{
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "step", tb_json_new_int(s->step));
    tb_json_set(map, "row_id", tb_json_new_int(s->row_id));
    tb_json_set(map, "prompt", tb_json_new_str(s->prompt));
    tb_json_set(map, "output", tb_json_new_str(s->output));
    json(b, map);
}

static void stamp(struct tb_json *map)
{
    char at[24];
    tb_json_set(map, "at", tb_json_new_str(tb_clock_iso(at, sizeof at, tb_clock_wall_ns())));
}

void tb_record_state(struct tb_buf *b, enum tb_state state, const char *ended_by, const char *note,
                     const struct tb_json *facts)
{
    struct tb_json *map = tb_json_new_map();
    if (state != TB_N_STATES) {
        tb_json_set(map, "state", tb_json_new_str(tb_state_name(state)));
        tb_json_set(map, "ended_by", tb_json_new_str(ended_by ? ended_by : ""));
        tb_json_set(map, "note", tb_json_new_str(note ? note : ""));
    }
    if (facts)
        tb_json_set(map, "facts", tb_json_copy(facts));
    stamp(map);
    json(b, map);
}

void tb_record_resume(struct tb_buf *b, int64_t step)
{
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "step", tb_json_new_int(step));
    stamp(map);
    json(b, map);
}
