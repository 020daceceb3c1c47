/* SPDX-License-Identifier: MIT */
/* sources.c - what each source of a mix brings to a run. */
#include "worker/job.h"

static void put_int(struct tb_json *map, const char *key, int64_t v)
{
    tb_json_set(map, key, tb_json_new_int(v));
}

static int scored_of(const struct tb_job *j, int source)
{
    int n = 0;
    for (int i = 0; i < j->n_eval; i++)
        n += tb_dataset_source_of(j->data, j->eval_row[i]) == source;
    return n;
}

struct tb_json *tb_job_sources(const struct tb_job *j)
{
    struct tb_json *list = tb_json_new_list();
    double all = (double)tb_dataset_counts(j->data)->train_tok;
    for (int i = 0; i < tb_dataset_sources(j->data); i++) {
        const struct tb_source *s = tb_dataset_source(j->data, i);
        struct tb_json *map = tb_json_new_map();
        tb_json_set(map, "path", tb_json_new_str(s->path));
        tb_json_set(map, "kind", tb_json_new_str(s->kind));
        tb_json_set(map, "weight", tb_json_new_real(s->weight));
        put_int(map, "first_row", s->first);
        put_int(map, "n_rows", s->n.rows);
        put_int(map, "n_train", s->n.train);
        put_int(map, "n_held", s->n.held);
        if (s->n.left_out)
            put_int(map, "n_left_out", s->n.left_out);
        put_int(map, "n_eval", scored_of(j, i));
        put_int(map, "n_dropped", s->n.too_long + s->n.no_label);
        put_int(map, "n_epoch", s->n.epoch);
        put_int(map, "tok", s->n.train_tok);
        tb_json_set(map, "share", tb_json_new_real((double)s->n.train_tok / all));
        tb_json_append(list, map);
    }
    return list;
}
