/* SPDX-License-Identifier: MIT */
/* start.c - what the start values of a run are made from: its seed, the text that prefixes and prompts begin as, the
 * tokens that are never drawn. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "worker/job.h"

/* Control tokens, malloc'ed. */
static int32_t *specials(struct tb_tokenizer *t, int vocab, int *n)
{
    int32_t *ids = NULL;
    size_t cap = 0;
    *n = 0;
    for (int32_t id = 0; id < vocab; id++)
        if (tb_tokenizer_is_special(t, id)) {
            ids = tb_grow(ids, (size_t)*n, &cap, sizeof *ids);
            ids[(*n)++] = id;
        }
    return ids;
}

/* The text of one part as tokens: its key `text`, else the training prompts. */
static bool put_text(const struct tb_job *j, const struct tb_adapter *a, struct tb_start *s, struct tb_err *err)
{
    struct tb_ids ids = { 0 };
    const char *text = tb_adapter_str(a, "text");
    if (!tb_adapter_starts_from_text(a))
        return true;
    if (*text) {
        if (!tb_tokenizer_encode(j->base->tokenizer, text, strlen(text), false, &ids, err)) {
            free(ids.p);
            return false;
        }
        s->text = ids.p;
        s->n_text = (int)ids.n;
        return true;
    }
    int32_t *own = tb_xcalloc((size_t)a->n_rows, sizeof *own);
    s->text = own;
    s->n_text = a->n_rows;
    return tb_dataset_init_ids(j->data, j->base->tokenizer, a->n_rows, own, err);
}

struct tb_start *tb_job_start(const struct tb_job *j, struct tb_err *err)
{
    struct tb_start *all = tb_xcalloc((size_t)j->stack->n, sizeof *all);
    for (int i = 0; i < j->stack->n; i++) {
        all[i].seed = (uint64_t)tb_config_int(&j->config, "seed");
        all[i].special = specials(j->base->tokenizer, j->base->model->shape.vocab, &all[i].n_special);
        if (!put_text(j, j->stack->part[i], &all[i], err)) {
            tb_job_start_free(j, all);
            return NULL;
        }
    }
    return all;
}

void tb_job_start_free(const struct tb_job *j, struct tb_start *s)
{
    for (int i = 0; s && i < j->stack->n; i++) {
        free((int32_t *)s[i].text);
        free((int32_t *)s[i].special);
    }
    free(s);
}
